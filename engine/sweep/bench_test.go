package sweep

import (
	"context"
	"fmt"
	"testing"

	"segovia/engine/ports"
	"segovia/engine/validity"
	"segovia/kernels/paths"
)

// BenchmarkGap is the workload W8 with two reference sets instead of 50: 100,000 x 10, k = 1..15, one start each.
// The figure to compare is references/s.
func BenchmarkGap(b *testing.B) {
	const n, references = 100_000, 2
	m := validity.Reference([]float64{20, 18, 16, 14, 12, 10, 8, 6, 4, 2}, n, 9, 0)
	x := make([][]float64, m.D)
	for j := range x {
		x[j] = make([]float64, n)
		for i := range x[j] {
			x[j][i] = float64(m.At(i, j) + float32(i%8)*float32(j%3)*6) // eight segments
		}
	}
	in := input(b, x)
	for _, path := range paths.All() {
		if path.Available() != nil || path.Name() == "gorgonia" {
			continue
		}
		for _, threads := range []int{1, 2} {
			b.Run(fmt.Sprintf("path=%s/rows=100k/dim=10/k=15/threads=%d", path.Name(), threads), func(b *testing.B) {
				var seconds float64
				for b.Loop() {
					r, _, err := Run(context.Background(), in, Config{K: []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, Restarts: 1,
						Silhouette: "none", Gap: references, Seed: 1, Threads: threads}, path, ports.Silent{})
					if err != nil {
						b.Fatal(err)
					}
					seconds += r.Environment.Timings["gap_s"]
				}
				b.ReportMetric(float64(b.N)*references/seconds, "references/s")
			})
		}
	}
}
