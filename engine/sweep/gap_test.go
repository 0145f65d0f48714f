package sweep

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"segovia/engine/ports"
	"segovia/kernels/blas"
	"segovia/kernels/problem"
	"segovia/kernels/ref"
)

// Every figure is the same for any number of threads and on any path.
func TestGapDependsOnInputAlone(t *testing.T) {
	in := input(t, synthetic(500, 3))
	cfg := Config{K: []int{2, 3, 4}, Restarts: 2, Seed: 5, Silhouette: "none", Gap: 7}
	for _, power := range []int{1, 2} {
		for _, space := range []string{"pca", "original"} {
			cfg.GapPower, cfg.GapSpace = power, space
			var want string
			for _, threads := range []int{1, 2, 3, 7} {
				cfg.Threads = threads
				r := sweepOf(t, in, cfg)
				r.Environment = Environment{}
				got, err := json.Marshal(r)
				if err != nil {
					t.Fatal(err)
				}
				if want == "" {
					want = string(got)
				}
				if string(got) != want {
					t.Fatalf("power %d, %s, %d threads: another result", power, space, threads)
				}
			}
		}
	}
	r, _, err := Run(context.Background(), in, cfg, blas.Path{}, ports.Silent{})
	if err != nil {
		t.Fatal(err)
	}
	if want := sweepOf(t, in, cfg); *r.K[2].Gap != *want.K[2].Gap {
		t.Error("another gap on the path blas")
	}
}

// Three far corners are three segments; a sweep from 2 on can still learn that there is one.
func TestGapFindsStructureOrNone(t *testing.T) {
	r := sweepOf(t, input(t, synthetic(600, 2)), Config{K: []int{2, 3, 4, 5}, Restarts: 3, Seed: 1, Gap: 20})
	if r.GapChoice == nil || r.GapChoice.GlobalSEmax != 3 || r.GapChoice.FirstSEmax != 3 {
		t.Errorf("three corners: %+v", r.GapChoice)
	}
	if want := 3*4 + 20*3*5; r.Fits != want {
		t.Errorf("%d fits, want %d", r.Fits, want)
	}
	square := [][]float64{make([]float64, 900), make([]float64, 900)}
	for i := range 900 {
		square[0][i], square[1][i] = float64(i%30), float64(i/30)
	}
	r = sweepOf(t, input(t, square), Config{K: []int{2, 3, 5}, Restarts: 3, Seed: 1, Gap: 20})
	if r.GapChoice == nil || r.GapChoice.GlobalSEmax != 1 {
		t.Errorf("a square: %+v", r.GapChoice)
	}
}

func TestGapAtTheEdges(t *testing.T) {
	// As many clusters as rows: no dispersion, no gap, and no NaN in the JSON.
	r := sweepOf(t, input(t, [][]float64{{1, 2, 4, 8}, {3, 3, 3, 3}}), Config{K: []int{1, 2, 4}, Seed: 1, Gap: 5})
	if r.K[2].LogW != nil || r.K[2].Gap != nil || r.K[1].Gap == nil || r.GapChoice == nil {
		t.Errorf("four rows: %+v %+v", r.K[2], r.GapChoice)
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
	for _, cfg := range []Config{{Gap: 1}, {Gap: -3}, {Gap: 5, GapSpace: "moon"}, {Gap: 5, GapPower: 3}} {
		cfg.K = []int{2}
		_, _, err := Run(context.Background(), input(t, [][]float64{{1, 2, 3}}), cfg, ref.Path{}, ports.Silent{})
		if !errors.Is(err, &problem.Problem{ID: "SEG-CFG-003"}) {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}
