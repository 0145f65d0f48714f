package kmeans

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"segovia/kernels"
	"segovia/kernels/ref"
	"segovia/kernels/rng"
	"segovia/kernels/simd"
	"segovia/kernels/tile"
)

// slow is the contract's text, with nothing skipped: every row is scored in every iteration, sums are made anew.
func slow(m *tile.Matrix, weights []uint16, start []float32, maxIter int) (labels []uint8, c []float32, iterations int, converged bool) {
	n, d := m.N, m.D
	k := len(start) / d
	c = slices.Clone(start)
	labels = make([]uint8, n)
	rows := make([][]float32, n)
	for i := range rows {
		rows[i] = m.Row(nil, i)
	}
	dist := func(i, a int) float64 {
		var sum float64
		for j, v := range rows[i] {
			diff := float64(v) - float64(c[a*d+j])
			sum += float64(diff * diff)
		}
		return sum
	}
	assign := func() {
		for i := range rows {
			best := math.Inf(1)
			for a := range k {
				if s := dist(i, a); s < best {
					best, labels[i] = s, uint8(a)
				}
			}
		}
	}
	state := func() string {
		var s []byte
		for i, l := range labels {
			if weightOf(weights, i) > 0 {
				s = append(s, l)
			}
		}
		return string(s)
	}
	former := map[string]bool{}
	last := ""
	for iterations < maxIter {
		iterations++
		assign()
		filled := false
		for a := range k {
			var wt int
			for i, l := range labels {
				if int(l) == a {
					wt += int(weightOf(weights, i))
				}
			}
			if wt > 0 {
				continue
			}
			values := make([]map[string]bool, k)
			for i, l := range labels {
				if weightOf(weights, i) > 0 {
					if values[l] == nil {
						values[l] = map[string]bool{}
					}
					values[l][fmt.Sprint(rows[i])] = true
				}
			}
			best, at := -1.0, -1
			for i, l := range labels {
				if weightOf(weights, i) > 0 && len(values[l]) >= 2 && dist(i, int(l)) > best {
					best, at = dist(i, int(l)), i
				}
			}
			if at < 0 {
				break
			}
			filled = true
			for i := range rows {
				if weightOf(weights, i) > 0 && slices.Equal(rows[i], rows[at]) {
					labels[i] = uint8(a)
				}
			}
		}
		now := state()
		if iterations > 1 && now == last && !filled {
			converged = true
			break
		}
		if former[now] {
			break
		}
		former[now], last = true, now
		for a := range k {
			for j := range d {
				var sum, wt int64
				for i, l := range labels {
					if int(l) == a {
						sum += int64(weightOf(weights, i)) * int64(math.Ldexp(float64(rows[i][j]), m.Grids[j].E))
						wt += int64(weightOf(weights, i))
					}
				}
				if wt > 0 {
					c[a*d+j] = float32(math.Ldexp(float64(sum)/float64(wt), -m.Grids[j].E))
				}
			}
		}
	}
	assign()
	return labels, c, iterations, converged
}

func drawMatrix(t *rapid.T) (*tile.Matrix, []uint16) {
	n := rapid.IntRange(1, 400).Draw(t, "n")
	d := rapid.IntRange(1, 6).Draw(t, "d")
	levels := rapid.SampledFrom([]int{2, 5, 1000, 1 << 20}).Draw(t, "levels")
	s := rng.New(rapid.Uint64().Draw(t, "seed"), "test", 0, 0)
	columns, grids := make([][]float64, d), make([]tile.Grid, d)
	for j := range columns {
		columns[j] = make([]float64, n)
		for i := range columns[j] {
			columns[j][i] = float64(s.Below(uint64(levels), uint64(j), uint64(i))) / 16
			if levels > 5 {
				columns[j][i] += float64(s.Below(4, uint64(d), uint64(i)) * uint64(levels) / 8)
			}
		}
		grids[j], _ = tile.FitGrid(columns[j])
	}
	var weights []uint16
	if rapid.Bool().Draw(t, "weighted") {
		weights = make([]uint16, n)
		for range n {
			weights[s.Below(uint64(n), uint64(d+1), uint64(len(weights)))]++
		}
		for i := range n {
			weights[i] = uint16(s.Below(3, uint64(d+2), uint64(i)))
		}
	}
	return tile.New(columns, grids), weights
}

// available are the paths that run here and are not only for comparison.
func available() []kernels.Path {
	var out []kernels.Path
	for _, p := range []kernels.Path{ref.Path{}, simd.AVX2{}, simd.AVX512{}} {
		if p.Available() == nil {
			out = append(out, p)
		}
	}
	return out
}

// drawWorker draws a path and a way of doing less work.
func drawWorker(t *rapid.T, m *tile.Matrix) *Worker {
	data := NewData(m)
	data.Unmerged, data.Limits().Lean = rapid.Bool().Draw(t, "unmerged"), rapid.Bool().Draw(t, "lean")
	if rapid.Bool().Draw(t, "unpacked") {
		data.Limits().Packed = 0
	}
	w, err := data.NewWorker(rapid.SampledFrom(available()).Draw(t, "path"))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestLloydEqualsTheContract(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, weights := drawMatrix(t)
		w := drawWorker(t, m)
		k := rapid.IntRange(1, 12).Draw(t, "k")
		maxIter := rapid.SampledFrom([]int{1, 3, 300}).Draw(t, "maxIter")
		w.Open(weights)
		start := w.Seed(k, rng.New(3, "kmeans++", 0, 0))
		if rapid.Bool().Draw(t, "bad start") { // far away or equal centroids: empty clusters
			start = start[:0]
			for a := range k {
				row := m.Row(nil, a%m.N)
				row[0] += float32(a%3) * 100
				start = append(start, row...)
			}
		}
		if len(start) == 0 || len(w.SeedRandom(1, rng.New(3, "any", 0, 0))) == 0 { // no row has weight
			return
		}
		for range 2 { // the second fit meets used buffers
			fit := lloyd(w, start, maxIter)
			w.Complete(&fit)
			labels, c, iterations, converged := slow(m, weights, start, maxIter)
			if fit.K == len(start)/m.D && (!slices.Equal(fit.Labels, labels) || !slices.Equal(fit.Centroids, c)) {
				t.Fatalf("labels or centroids differ from the contract")
			}
			if fit.Iterations != iterations || fit.Converged != converged {
				t.Fatalf("%d iterations, converged %v; want %d, %v", fit.Iterations, fit.Converged, iterations, converged)
			}
			used := map[uint8]bool{}
			for i, l := range fit.Labels {
				if weightOf(weights, i) > 0 {
					used[l] = true
				}
				if int(l) >= fit.K {
					t.Fatalf("label %d of %d clusters", l, fit.K)
				}
			}
			if fit.Converged && len(used) != fit.K {
				t.Fatalf("%d of %d clusters used", len(used), fit.K)
			}
		}
	})
}

func TestClustersWhileRowsLast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, weights := drawMatrix(t)
		data := NewData(m)
		w, _ := data.NewWorker(ref.Path{})
		values := map[string]bool{}
		for i := range m.N {
			if weightOf(weights, i) > 0 {
				values[fmt.Sprint(m.Row(nil, i))] = true
			}
		}
		k := rapid.IntRange(1, 20).Draw(t, "k")
		w.Open(weights)
		for _, start := range [][]float32{w.Seed(k, rng.New(1, "a", 0, 0)), w.SeedRandom(k, rng.New(1, "a", 0, 0))} {
			if got, want := len(start)/m.D, min(k, len(values)); got != want {
				t.Fatalf("%d seeds, want %d", got, want)
			}
			if len(start) == 0 {
				continue
			}
			if fit := lloyd(w, start, 300); fit.K != min(k, len(values)) {
				t.Fatalf("%d clusters, want %d", fit.K, min(k, len(values)))
			}
		}
	})
}

// The first seeds do not depend on how many are drawn.
func TestSeedsArePrefixes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, weights := drawMatrix(t)
		w, _ := NewData(m).NewWorker(ref.Path{})
		w.Open(weights)
		long := w.Seed(15, rng.New(9, "p", 0, 0))
		for k := range 15 {
			if short := w.Seed(k, rng.New(9, "p", 0, 0)); !slices.Equal(short, long[:len(short)]) {
				t.Fatalf("k=%d is no prefix", k)
			}
		}
	})
}

// One draw follows the masses: a row of mass m out of s is drawn with probability m/s (binomial, five standard errors).
func TestDrawFollowsMasses(t *testing.T) {
	sample := sample{points: &points{Rows: kernels.Rows{N: 10_000}}, weight: make([]int32, 10_000)}
	sample.weight[5], sample.weight[4095], sample.weight[4096], sample.weight[9999] = 1, 2, 3, 4
	var m draws
	m.weigh(&sample)
	s := rng.New(1, "draw", 0, 0)
	count := map[int]float64{}
	const draws = 100_000
	for i := range uint64(draws) {
		count[m.draw(s.Uint64(0, i), sample.weightAt)]++
	}
	for row, p := range map[int]float64{5: .1, 4095: .2, 4096: .3, 9999: .4} {
		if se := math.Sqrt(draws * p * (1 - p)); math.Abs(count[row]-draws*p) > 5*se {
			t.Errorf("row %d drawn %.0f times of %d", row, count[row], draws)
		}
	}
}

func TestCandidates(t *testing.T) {
	for j := range 300 {
		if want := 2 + int(math.Floor(math.Log(float64(j+1)))); kernels.Candidates(j) != want {
			t.Errorf("step %d: %d candidates, want %d", j, kernels.Candidates(j), want)
		}
	}
}

func TestNumber(t *testing.T) {
	got := Number([]uint8{2, 0, 0, 2, 1, 3, 3, 3}, 5)
	if want := []int{2, 3, 1, 0, 4}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func BenchmarkLloyd(b *testing.B) {
	for _, k := range []int{4, 8, 16} {
		b.Run(fmt.Sprintf("path=ref/rows=20k/dim=15/k=%d", k), func(b *testing.B) {
			const n, d = 20_000, 15
			s := rng.New(1, "benchmark", 0, 0)
			columns, grids := make([][]float64, d), make([]tile.Grid, d)
			for j := range columns {
				columns[j] = make([]float64, n)
				for i := range columns[j] {
					g := s.Below(5, 99, uint64(i))
					for r := range uint64(4) {
						columns[j][i] += s.Float64(uint64(j)*4+r, uint64(i))
					}
					columns[j][i] += float64((g*uint64(j+3))%5) * .5
				}
				grids[j], _ = tile.FitGrid(columns[j])
			}
			w, _ := NewData(tile.New(columns, grids)).NewWorker(ref.Path{})
			iterations := 0
			b.ResetTimer()
			for i := range b.N {
				iterations += lloyd(w, w.Seed(k, rng.New(uint64(i), "b", 0, 0)), 300).Iterations
			}
			b.ReportMetric(float64(iterations)/float64(b.N), "iterations/fit")
		})
	}
}

// Refine never makes a fit worse, ends in a fixed point of the labels, and leaves nothing to gain by moving one row.
func TestRefine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, _ := drawMatrix(t)
		data := NewData(m)
		w, _ := data.NewWorker(ref.Path{})
		start := w.Seed(rapid.IntRange(2, 6).Draw(t, "k"), rng.New(1, "a", 0, 0))
		fit := lloyd(w, start, 300)
		w.Complete(&fit)
		refined := refine(w, fit, 300)
		if before, after := w.Inertia(&fit), w.Inertia(&refined); after > before {
			t.Fatalf("inertia rose from %v to %v", before, after)
		}
		if refined.K != fit.K {
			t.Fatalf("%d clusters became %d", fit.K, refined.K)
		}
		labels, _, _, _ := slow(m, nil, refined.Centroids, 1)
		if refined.Converged && !slices.Equal(labels, refined.Labels) {
			t.Fatal("labels are not the argmin to the centroids")
		}
	})
}
