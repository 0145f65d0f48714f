package kmeans

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"segovia/kernels"
	"segovia/kernels/ref"
	"segovia/kernels/rng"
	"segovia/kernels/tile"
)

// blobs is n points of d columns around five centres, drawn from few values where coarse.
func blobs(t testing.TB, n, d int, coarse bool) *tile.Matrix {
	s := rng.New(1, "blobs", n, d)
	columns, grids := make([][]float64, d), make([]tile.Grid, d)
	for j := range columns {
		columns[j] = make([]float64, n)
		for i := range columns[j] {
			centre := s.Below(5, 1<<20, uint64(i))
			columns[j][i] = 4*s.Float64(uint64(j), 1<<40+centre) + s.Float64(uint64(j), uint64(i)) + s.Float64(uint64(j+d), uint64(i))
			if coarse {
				columns[j][i] = float64(int(columns[j][i]))
			}
		}
		var err error
		if grids[j], err = tile.FitGrid(columns[j]); err != nil {
			t.Fatal(err)
		}
	}
	return tile.New(columns, grids)
}

// resample is how often each of n rows was drawn.
func resample(n, r int) []uint16 {
	s, w := rng.New(1, "resample", r, n), make([]uint16, n)
	for i := range uint64(n) {
		w[s.Below(uint64(n), 0, i)]++
	}
	return w
}

// Every way of doing less work gives the same fits, bit for bit: bounds or none, equal rows merged or not, rows packed or
// skipped, passes shared or not, on every path.
func TestEveryWayGivesTheSameFits(t *testing.T) {
	type way struct {
		name                               string
		path                               kernels.Path
		unmerged, unpacked, unpruned, lean bool
		pooling                            string
	}
	ways := []way{{"slow", ref.Path{}, true, true, true, false, "per-model"}}
	for _, p := range available() {
		for _, pooling := range []string{"per-model", "shared"} {
			for bits := range 16 {
				w := way{path: p, unmerged: bits&1 > 0, unpacked: bits&2 > 0, unpruned: bits&4 > 0, lean: bits&8 > 0, pooling: pooling}
				w.name = fmt.Sprintf("%s %s unmerged=%v unpacked=%v unpruned=%v lean=%v", p.Name(), pooling, w.unmerged, w.unpacked, w.unpruned, w.lean)
				ways = append(ways, w)
			}
		}
	}
	ks := []int{1, 2, 5, 17, 40}
	for _, d := range []int{1, 3, 17} {
		for _, coarse := range []bool{true, false} {
			m := blobs(t, 4500, d, coarse)
			var want []Fit
			for _, way := range ways {
				data := NewData(m)
				data.Unmerged, data.Unpruned, data.Pooling = way.unmerged, way.unpruned, way.pooling
				data.Limits().Lean = way.lean
				if way.unpacked {
					data.Limits().Packed = 0
				}
				w, err := data.NewWorker(way.path)
				if err != nil {
					t.Fatal(err)
				}
				var got []Fit
				for r, weights := range [][]uint16{nil, resample(m.N, 1)} {
					w.Open(weights)
					for _, random := range []bool{false, true} {
						var seeds []float32
						if s := rng.New(7, "seeds", r, 0); random {
							seeds = w.SeedRandom(40, s)
						} else {
							seeds = w.Seed(40, s)
						}
						fits := make([]Fit, len(ks))
						start := func(i int) []float32 { return seeds[:min(ks[i]*d, len(seeds))] }
						err := w.FitAll(context.Background(), len(ks), start, 20, func(i int, f Fit) { fits[i] = f })
						if err != nil {
							t.Fatal(err)
						}
						for i := range fits {
							w.Inertia(&fits[i])
							w.Complete(&fits[i])
						}
						got = append(got, fits...)
					}
				}
				if err := w.Close(); err != nil {
					t.Error(err)
				}
				if want == nil {
					want = got
				}
				for i, f := range got {
					g := want[i]
					if f.K != g.K || f.Iterations != g.Iterations || f.Converged != g.Converged || *f.inertia != *g.inertia ||
						!slices.Equal(f.Labels, g.Labels) || !slices.Equal(f.Centroids, g.Centroids) {
						t.Fatalf("d=%d coarse=%v, fit %d: %s differs from the slow way", d, coarse, i, way.name)
					}
				}
			}
		}
	}
}

// The estimate of an inertia and its bound hold.
func TestEstimatesHold(t *testing.T) {
	for _, coarse := range []bool{true, false} {
		m := blobs(t, 20_000, 7, coarse)
		w, err := NewData(m).NewWorker(ref.Path{})
		if err != nil {
			t.Fatal(err)
		}
		for r := range 6 {
			w.Open(resample(m.N, r))
			f := w.Lloyd(w.Seed(2+3*r, rng.New(1, "s", r, 0)), 2+r*10)
			if off := f.about - w.Inertia(&f); max(off, -off) > f.within || f.within > 1e-6*f.about {
				t.Errorf("estimate %v within %v, inertia %v", f.about, f.within, w.Inertia(&f))
			}
		}
	}
}
