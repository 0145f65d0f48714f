package sweep_test

import (
	"context"
	"fmt"
	"testing"

	"segovia/engine/enginetest"
	"segovia/engine/ports"
	"segovia/engine/sweep"
	"segovia/kernels"
	"segovia/kernels/cuda/cudatest"
	"segovia/kernels/kerneltest"
	"segovia/kernels/paths"
)

// Every path gives the labels and adjusted Rand indices of algorithm v1 with any number of threads.
func TestGolden(t *testing.T) {
	for _, g := range enginetest.Goldens() {
		t.Run(g.Name, func(t *testing.T) {
			in := enginetest.Input(t, g.X)
			for _, path := range append(paths.All(), emulated(t)) {
				for _, threads := range []int{1, 2, 3, 7} {
					t.Run(fmt.Sprintf("path=%s/threads=%d", path.Name(), threads), func(t *testing.T) {
						kerneltest.Require(t, path.Name(), path.Available() == nil)
						if _, slow := path.(emulatedPath); slow && (threads != 2 || testing.Short()) {
							t.Skip("slow: the device is emulated")
						}
						if testing.Short() && threads != 3 && (path.Name() == "blas" || path.Name() == "gorgonia") {
							t.Skip("slow under the race detector; make test runs it without")
						}
						cfg := g.Sweep
						cfg.Threads, cfg.Silhouette = threads, "none"
						r, solutions, err := sweep.Run(context.Background(), in, cfg, path, ports.Silent{})
						if err != nil {
							t.Fatal(err)
						}
						if len(solutions) != len(g.Sweep.K) {
							t.Fatalf("%d solutions for k %v", len(solutions), g.Sweep.K)
						}
						labels := g.LabelHash(len(solutions), func(k, row int) int { return int(solutions[k].Labels[row]) + 1 })
						if ari := enginetest.ARIHash(r); labels != g.Labels || ari != g.ARI {
							t.Errorf("labels %s, want %s\nadjusted Rand indices %s, want %s", labels, g.Labels, ari, g.ARI)
						}
					})
				}
			}
		})
	}
}

// emulatedPath is the path on a device that is emulated, under a name of its own.
type emulatedPath struct{ kernels.Resident }

func (emulatedPath) Name() string { return "emulated" }

func emulated(t *testing.T) kernels.Path { return emulatedPath{cudatest.Path(t, cudatest.Device{})} }
