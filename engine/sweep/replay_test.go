package sweep_test

import (
	"context"
	"errors"
	"testing"

	"segovia/engine/enginetest"
	"segovia/engine/ports"
	"segovia/engine/sweep"
	"segovia/kernels/problem"
	"segovia/kernels/ref"
)

// Clusterboot takes a resample for each replicate, and there are two for each pair.
func TestClusterbootOfReplay(t *testing.T) {
	replay := &sweep.Replay{Pairs: [][2][]int32{{{0, 1, 2, 2}, {1, 2, 3, 3}}}}
	for replicates, fits := range map[int]bool{0: true, 2: true, 3: false} {
		r, _, err := sweep.Run(context.Background(), enginetest.Input(t, [][]float64{{1, 2, 8, 9}}),
			sweep.Config{K: []int{2}, Replay: replay, Clusterboot: replicates}, ref.Path{}, ports.Silent{})
		switch {
		case !fits && !errors.Is(err, &problem.Problem{ID: "SEG-SEG-001"}):
			t.Errorf("%d replicates of 2 resamples: %v", replicates, err)
		case fits && (err != nil || !r.Convention.Replay || r.Convention.BootScheme != "replay"):
			t.Errorf("%d replicates: %v, %+v", replicates, err, r)
		}
	}
}
