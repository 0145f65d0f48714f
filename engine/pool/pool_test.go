package pool

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"segovia/engine/kmeans"
	"segovia/kernels"
	"segovia/kernels/ref"
	"segovia/kernels/rng"
	"segovia/kernels/tile"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func matrix(t testing.TB, n, d int) *tile.Matrix {
	s := rng.New(1, "pool test", 0, 0)
	columns, grids := make([][]float64, d), make([]tile.Grid, d)
	for j := range columns {
		columns[j] = make([]float64, n)
		for i := range columns[j] {
			columns[j][i] = s.Float64(uint64(j), uint64(i)) + float64(s.Below(4, uint64(d), uint64(i)))
		}
		g, err := tile.FitGrid(columns[j])
		if err != nil {
			t.Fatal(err)
		}
		grids[j] = g
	}
	return tile.New(columns, grids)
}

func batch(b int) Batch {
	out := Batch{K: []int{1, 2, 3, 7}, MaxIter: 300, Random: b%2 == 1}
	for r := range 1 + b%3 {
		out.Seeds = append(out.Seeds, rng.New(5, "seeds", r, b))
	}
	if b%4 == 2 {
		out.Weights = make([]uint16, 500)
		for i := range out.Weights {
			out.Weights[i] = uint16((i * (b + 3)) % 4)
		}
	}
	return out
}

// The fits of a batch are the best of its restarts, whatever else runs and on how many threads.
func TestRunEqualsOneByOne(t *testing.T) {
	m := matrix(t, 500, 3)
	worker, err := kmeans.NewData(m).NewWorker(ref.Path{})
	if err != nil {
		t.Fatal(err)
	}
	defer worker.Close()
	const n = 9
	var want [n]Fits
	fits := 0
	for b := range n {
		set := batch(b)
		worker.Open(set.Weights)
		want[b] = make(Fits, len(set.K))
		for r, s := range set.Seeds {
			for at, k := range set.K {
				start := worker.Seed(k, s)
				if set.Random {
					start = worker.SeedRandom(k, s)
				}
				f, err := worker.Lloyd(context.Background(), start, set.MaxIter)
				if err != nil {
					t.Fatal(err)
				}
				worker.Complete(&f)
				fits++
				if r == 0 || worker.Inertia(&f) < worker.Inertia(&want[b][at]) {
					want[b][at] = f
				}
			}
		}
	}
	for _, set := range []struct {
		threads int
		pooling string
	}{{1, "per-model"}, {2, ""}, {5, "per-model"}, {1, "shared"}, {2, "shared"}, {5, "shared"}} {
		var got [n]Fits
		var ticks atomic.Int64
		p := New(m, ref.Path{}, set.threads)
		p.Data.Pooling = set.pooling
		err := p.Run(context.Background(), n, batch, func(b int, f Fits) error {
			got[b] = f
			return nil
		}, func() { ticks.Add(1) })
		if err != nil {
			t.Fatal(err)
		}
		if int(ticks.Load()) != fits {
			t.Errorf("%d ticks for %d fits", ticks.Load(), fits)
		}
		for b := range got {
			for at := range got[b] {
				g, w := got[b][at], want[b][at]
				if !slices.Equal(g.Labels, w.Labels) || !slices.Equal(g.Centroids, w.Centroids) {
					t.Fatalf("%+v, batch %d, k=%d: another fit", set, b, batch(b).K[at])
				}
			}
		}
	}
}

func TestGivenStarts(t *testing.T) {
	m := matrix(t, 100, 2)
	start := append(m.Row(nil, 3), m.Row(nil, 50)...)
	set := Batch{K: []int{2}, Starts: map[int][]float32{2: start}, MaxIter: 300}
	worker, _ := kmeans.NewData(m).NewWorker(ref.Path{})
	defer worker.Close()
	want, err := worker.Lloyd(context.Background(), start, 300)
	if err != nil {
		t.Fatal(err)
	}
	err = New(m, ref.Path{}, 1).Run(context.Background(), 1, func(int) Batch { return set }, func(_ int, f Fits) error {
		if !slices.Equal(f[0].Labels, want.Labels) {
			t.Error("another fit than from the given start")
		}
		return nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
}

func TestErrorsEndTheRun(t *testing.T) {
	m := matrix(t, 500, 3)
	stop := errors.New("stop")
	err := New(m, ref.Path{}, 3).Run(context.Background(), 50, batch, func(b int, _ Fits) error {
		if b >= 7 {
			return stop
		}
		return nil
	}, nil)
	if !errors.Is(err, stop) {
		t.Errorf("error of done: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	err = New(m, ref.Path{}, 2).Run(ctx, 50, batch, func(b int, _ Fits) error {
		cancel()
		return nil
	}, nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	err = New(m, broken{}, 2).Run(context.Background(), 2, batch, func(int, Fits) error { return nil }, nil)
	if !errors.Is(err, kernels.ErrUnavailable) {
		t.Errorf("a path that does not open: %v", err)
	}
}

type broken struct{ ref.Path }

func (broken) Open(int) (kernels.Scorer, error) { return nil, kernels.ErrUnavailable }

// A budget changes how the pool works, never what it finds; the least one is named.
func TestBudget(t *testing.T) {
	m := matrix(t, 3000, 3)
	set := Batch{K: []int{2, 5}, MaxIter: 300, Seeds: []rng.Stream{rng.New(5, "seeds", 0, 0), rng.New(5, "seeds", 1, 0)}, Weights: make([]uint16, 3000)}
	for i := range set.Weights {
		set.Weights[i] = uint16(i % 3)
	}
	fits := func(p *Pool) (all Fits) {
		err := p.Run(context.Background(), 1, func(int) Batch { return set }, func(_ int, f Fits) error { all = f; return nil }, nil)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	plain := New(m, ref.Path{}, 2)
	want := fits(plain)
	full := plain.Data.Need(*plain.Data.Limits(), 2)
	lean := false
	for memory := full; ; memory -= full / 40 {
		p := New(m, ref.Path{}, 2)
		if err := p.Fit(memory); err != nil {
			var least *TooLittleError
			if !errors.As(err, &least) || least.Least <= memory || New(m, ref.Path{}, 2).Fit(least.Least) != nil {
				t.Fatal(err)
			}
			break
		}
		if need := p.Data.Need(*p.Data.Limits(), p.Threads); need > memory {
			t.Fatalf("%d bytes needed of %d", need, memory)
		}
		lean = lean || p.Data.Limits().Lean && p.Threads == 1
		for at, f := range fits(p) {
			if !slices.Equal(f.Labels, want[at].Labels) || !slices.Equal(f.Centroids, want[at].Centroids) {
				t.Fatalf("with %d bytes another fit for k = %d", memory, set.K[at])
			}
		}
	}
	if !lean {
		t.Error("the leanest way was never taken")
	}
}

// The best of the first half of the restarts, and the best by the sum of distances, are those of a search one by one.
func TestHalfAndByDistance(t *testing.T) {
	m := matrix(t, 500, 3)
	worker, err := kmeans.NewData(m).NewWorker(ref.Path{})
	if err != nil {
		t.Fatal(err)
	}
	defer worker.Close()
	euclidean := func(f *kmeans.Fit, weights []uint16) (sum float64) {
		row := make([]float32, m.D)
		for i, w := range weights {
			var square float64
			for j, x := range m.Row(row[:0], i) {
				d := float64(x) - float64(f.Centroids[int(f.Labels[i])*m.D+j])
				square += float64(d * d)
			}
			sum += float64(w) * math.Sqrt(square)
		}
		return sum
	}
	other := 0
	for b := range 6 {
		set := batch(b)
		set.Seeds = nil
		for r := range 5 {
			set.Seeds = append(set.Seeds, rng.New(7, "seeds", r, b))
		}
		if set.Weights == nil {
			set.Weights = slices.Repeat([]uint16{1}, m.N)
		}
		for _, byDistance := range []bool{false, true} {
			set.ByDistance = byDistance
			worker.Open(set.Weights)
			want, wantHalf := make(Fits, len(set.K)), make(Fits, len(set.K))
			for r, s := range set.Seeds {
				for at, k := range set.K {
					start := worker.Seed(k, s)
					if set.Random {
						start = worker.SeedRandom(k, s)
					}
					f, err := worker.Lloyd(context.Background(), start, set.MaxIter)
					if err != nil {
						t.Fatal(err)
					}
					worker.Complete(&f)
					better := func(g *kmeans.Fit) bool {
						if byDistance {
							return euclidean(&f, set.Weights) < euclidean(g, set.Weights)
						}
						return worker.Inertia(&f) < worker.Inertia(g)
					}
					if r == 0 || better(&want[at]) {
						want[at] = f
					}
					if r == 0 || r < 2 && better(&wantHalf[at]) {
						wantHalf[at] = f
					}
				}
			}
			for _, pooling := range []string{"per-model", "shared"} {
				p := New(m, ref.Path{}, 1)
				p.Data.Pooling = pooling
				var half Fits
				set.Half = func(f Fits) { half = f }
				err := p.Run(context.Background(), 1, func(int) Batch { return set }, func(_ int, got Fits) error {
					for at := range got {
						if !slices.Equal(got[at].Labels, want[at].Labels) {
							t.Errorf("batch %d, k=%d, by distance %v: another best", b, set.K[at], byDistance)
						}
						if !slices.Equal(half[at].Labels, wantHalf[at].Labels) {
							t.Errorf("batch %d, k=%d, by distance %v: another best of the first half", b, set.K[at], byDistance)
						}
						if !slices.Equal(half[at].Labels, got[at].Labels) {
							other++
						}
					}
					return nil
				}, nil)
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if other == 0 {
		t.Error("half of the restarts always found the best: nothing was tested")
	}
}
