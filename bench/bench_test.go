package bench

import (
	"context"
	"fmt"
	"testing"

	"segovia/engine/ports"
	"segovia/engine/sweep"
	"segovia/kernels/paths"
)

// BenchmarkSweep times every workload on every path that runs here, on one core and on two. The figure to compare is
// fits/s; labels are the same on all, which the sum of the inertias shows.
func BenchmarkSweep(b *testing.B) {
	for _, w := range Workloads {
		in, err := w.Input()
		if err != nil {
			b.Fatal(err)
		}
		inertia := map[string]float64{}
		for _, path := range paths.All() {
			if path.Available() != nil {
				continue
			}
			for _, threads := range []int{1, 2} {
				b.Run(fmt.Sprintf("path=%s/work=%s/threads=%d", path.Name(), w.Name, threads), func(b *testing.B) {
					fits := 0
					for range b.N {
						r, _, err := sweep.Run(context.Background(), in, w.Config(threads), path, ports.Silent{})
						if err != nil {
							b.Fatal(err)
						}
						fits += r.Fits
						var sum float64
						for _, k := range r.K {
							sum += k.Inertia
						}
						if first, ok := inertia[w.Name]; ok && first != sum {
							b.Fatalf("inertia %v, on another path %v", sum, first)
						}
						inertia[w.Name] = sum
					}
					b.ReportMetric(float64(fits)/b.Elapsed().Seconds(), "fits/s")
				})
			}
		}
	}
}

// TestWorkloadsAreTheSame guards the points: other figures are other work.
func TestWorkloadsAreTheSame(t *testing.T) {
	for _, w := range Workloads {
		in, err := w.Input()
		if err != nil {
			t.Fatal(err)
		}
		if in.Matrix.N != w.Rows || in.Matrix.D != w.Dim || in.X[0][0] == in.X[0][1] {
			t.Errorf("%s: %d rows of %d", w.Name, in.Matrix.N, in.Matrix.D)
		}
	}
	in, _ := Workloads[0].Input()
	if got, want := in.X[3][7], goldenValue; got != want {
		t.Errorf("a point of %s is %x, want %x", Workloads[0].Name, got, want)
	}
}

const goldenValue = 0x1.64e940f92d0b2p+01
