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

// way is one combination of the ways of doing less work.
type way struct {
	path                               kernels.Path
	unmerged, unpacked, unpruned, lean bool
	pooling                            string
}

func (w way) String() string {
	return fmt.Sprintf("%s %s unmerged=%v unpacked=%v unpruned=%v lean=%v", w.path.Name(), w.pooling, w.unmerged, w.unpacked, w.unpruned, w.lean)
}

// fits are fits over all rows and over a resample, from both kinds of seeds.
func (w way) fits(t *testing.T, m *tile.Matrix, ks []int) (out []Fit) {
	t.Helper()
	data, largest := NewData(m), ks[len(ks)-1]
	data.Unmerged, data.Unpruned, data.Pooling = w.unmerged, w.unpruned, w.pooling
	data.Limits().Lean = w.lean
	if w.unpacked {
		data.Limits().Packed = 0
	}
	worker, err := data.NewWorker(w.path)
	if err != nil {
		t.Fatal(err)
	}
	for r, weights := range [][]uint16{nil, resample(m.N, 1)} {
		worker.Open(weights)
		stream := rng.New(7, "seeds", r, 0)
		for _, seeds := range [][]float32{worker.Seed(largest, stream), worker.SeedRandom(largest, stream)} {
			fits := make([]Fit, len(ks))
			start := func(i int) []float32 { return seeds[:min(ks[i]*m.D, len(seeds))] }
			if err := worker.FitAll(context.Background(), len(ks), start, 15, func(i int, f Fit) { fits[i] = f }); err != nil {
				t.Fatal(err)
			}
			for i := range fits {
				worker.Inertia(&fits[i])
				worker.Complete(&fits[i])
			}
			out = append(out, fits...)
		}
	}
	if err := worker.Close(); err != nil {
		t.Error(err)
	}
	return out
}

// Every way of doing less work gives the same fits, bit for bit: bounds or none, equal rows merged or not, rows packed or
// skipped, in one layout or two, passes shared or not, on every path. All combinations run on three columns, those that are used also on
// other numbers of columns, for which the kernels have other code.
func TestEveryWayGivesTheSameFits(t *testing.T) {
	for _, c := range []struct {
		d   int
		ks  []int
		all bool
	}{{1, []int{1, 2, 9}, false}, {3, []int{1, 2, 5, 17, 40}, true}, {17, []int{2, 9}, false}} {
		for _, coarse := range []bool{true, false} {
			m := blobs(t, 4500, c.d, coarse)
			want := way{ref.Path{}, true, true, true, false, "per-model"}.fits(t, m, c.ks)
			for _, p := range available() {
				for _, pooling := range []string{"per-model", "shared"} {
					for bits := range 16 {
						way := way{path: p, unmerged: bits&1 > 0, unpacked: bits&2 > 0, unpruned: bits&4 > 0, lean: bits&8 > 0, pooling: pooling}
						if isRef := p.Name() == "ref"; way.unpruned && (isRef || way.lean || !c.all) || isRef && !c.all && bits > 0 {
							continue
						}
						for i, f := range way.fits(t, m, c.ks) {
							g := want[i]
							if f.K != g.K || f.Iterations != g.Iterations || f.Converged != g.Converged || *f.inertia != *g.inertia ||
								!slices.Equal(f.Labels, g.Labels) || !slices.Equal(f.Centroids, g.Centroids) {
								t.Fatalf("d=%d coarse=%v, fit %d: %v differs from the slow way", c.d, coarse, i, way)
							}
						}
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
			f := lloyd(w, w.Seed(2+3*r, rng.New(1, "s", r, 0)), 2+r*10)
			if off := f.about - w.Inertia(&f); max(off, -off) > f.within || f.within > 1e-6*f.about {
				t.Errorf("estimate %v within %v, inertia %v", f.about, f.within, w.Inertia(&f))
			}
		}
	}
}
