package sweep_test

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"segovia/engine/enginetest"
	"segovia/engine/pool"
	"segovia/engine/stability"
	"segovia/engine/sweep"
	"segovia/kernels/ref"
	"segovia/kernels/rng"
)

// coarse draws columns of multiples of 1/32 below 64, with two different rows at least: whatever is done to them here by
// powers of two is exact.
func coarse(t *rapid.T) [][]float64 {
	n := rapid.IntRange(8, 60).Draw(t, "n")
	x := make([][]float64, rapid.IntRange(1, 3).Draw(t, "d"))
	for j := range x {
		for _, v := range rapid.SliceOfN(rapid.IntRange(-2048, 2047), n, n).Draw(t, "column") {
			x[j] = append(x[j], float64(v)/32)
		}
	}
	x[0][0], x[0][1] = -64, 63
	return x
}

// moved returns the columns times factor, plus by.
func moved(x [][]float64, factor, by float64) [][]float64 {
	out := make([][]float64, len(x))
	for j := range x {
		for _, v := range x[j] {
			out[j] = append(out[j], factor*v+by)
		}
	}
	return out
}

// everything asks for all figures.
var everything = sweep.Config{K: ks(1, 5), KFromRange: true, Restarts: 2, Bootstrap: 3, BootRestarts: 2, Clusterboot: 3, PredictionStrength: 2, Gap: 3}

// values are the statistics of one k that are no counts.
func values(k *sweep.KResult) map[string]*float64 {
	return map[string]*float64{"silhouette": k.Silhouette, "simplified silhouette": k.SilhouetteSimplified, "squared silhouette": k.SilhouetteSquared,
		"Calinski-Harabasz": k.CalinskiHarabasz, "Davies-Bouldin": k.DaviesBouldin, "Dunn": k.Dunn, "gap": k.Gap, "standard error of the gap": k.GapSE}
}

// closeTo holds the statistics of one k against others, each within what limit gives for its name and value; then they are
// the same, or both missing.
func closeTo(t *rapid.T, got, want *sweep.KResult, limit func(name string, v float64) float64) {
	t.Helper()
	other := values(want)
	for name, v := range values(got) {
		w := other[name]
		if (v == nil) != (w == nil) || v != nil && !(math.Abs(*v-*w) <= limit(name, *w)) {
			t.Fatalf("k=%d: the %s is %v, want %v", got.K, name, value(v), value(w))
		}
	}
}

// logLimit is by how much two gaps may differ whose dispersions differ by a factor. A dispersion is at most 60 rows * 3
// columns * 2^16 < 2^24 and at least 2^-24, so logs are below 17; each is rounded to 0.6 units of at most 2^-48, and the mean
// over references, the difference and the standard error are rounded some four times more.
const logLimit = 16 * 0x1p-48

// Twice the features give the same segments and the same figures, to the bit but for logarithms: every distance is twice
// as long, on the grid too, and every sum of squares four times as large. By a power of two nothing is rounded anew.
func TestTwiceTheFeatures(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		x := coarse(rt)
		cfg := everything
		if rapid.Bool().Draw(rt, "original") {
			cfg.GapSpace = "original"
		}
		if rapid.Bool().Draw(rt, "random") {
			cfg.Init = "random"
		}
		want, solutions := run(t, x, cfg)
		got, twice := run(t, moved(x, 2, 0), cfg)
		sameSegments(rt, twice, solutions, 2)
		for i := range want.K {
			g, w := &got.K[i], &want.K[i]
			if g.Inertia != 4*w.Inertia {
				rt.Fatalf("k=%d: inertia %v, want four times %v", g.K, g.Inertia, w.Inertia)
			}
			if (g.LogW == nil) != (w.LogW == nil) || g.LogW != nil && math.Abs(*g.LogW-*w.LogW-2*math.Ln2) > logLimit {
				rt.Fatalf("k=%d: log W %v, before %v", g.K, value(g.LogW), value(w.LogW))
			}
			closeTo(rt, g, w, func(name string, _ float64) float64 {
				if name == "gap" || name == "standard error of the gap" {
					return logLimit
				}
				return 0
			})
			g.Inertia, g.LogW, g.Gap, g.GapSE = w.Inertia, w.LogW, w.Gap, w.GapSE
			if !reflect.DeepEqual(g, w) {
				rt.Fatalf("k=%d: %+v, want %+v", g.K, g, w)
			}
		}
		sameChoice(rt, got, want)
		if !reflect.DeepEqual(got.DudaHart, want.DudaHart) || !reflect.DeepEqual(got.Niches, want.Niches) {
			rt.Fatal("other niches, or another test of Duda and Hart")
		}
	})
}

// sumLimit is by how much, relatively, the rounding of means and of sums of at most 180 squares can change an inertia: each
// term by four roundings, the sum by one for each term. That all terms are taken about a mean that is off does not count,
// since their differences from the right one sum to zero.
const sumLimit = (4 + 180) * 0x1p-53

// apart is the smallest distance between two means of a solution.
func apart(s sweep.Solution) float64 {
	d, least := len(s.Centroids)/s.K, math.Inf(1)
	for a := range s.K {
		for b := range a {
			var square float64
			for j := range d {
				diff := float64(s.Centroids[a*d+j]) - float64(s.Centroids[b*d+j])
				square += float64(diff * diff)
			}
			least = min(least, math.Sqrt(square))
		}
	}
	return least
}

// roundedMeans returns by how much statistics of n values below 2^9 may differ that are taken about means which are rounded
// otherwise: they are off by 2^-43 in each of at most three columns, and distances to them by 2^-42. Distances of rows from
// each other are exact.
func roundedMeans(s sweep.Solution, n int) func(name string, v float64) float64 {
	const off = 0x1p-42
	return func(name string, v float64) float64 {
		switch name {
		case "silhouette": // a mean of n values of at most 1
			return float64(n) * 0x1p-53
		case "Calinski-Harabasz": // (n - k) / (k - 1) (T / W - 1)
			return 2 * sumLimit * (float64(n) + v)
		case "Davies-Bouldin":
			return 4 * (off/apart(s) + sumLimit) * v
		case "simplified silhouette": // the larger of two distances to means is at least half of that between the means
			return 4*off/apart(s) + sumLimit
		case "squared silhouette": // the sum of two distances is below 2^11
			return 4*off*0x1p11/(apart(s)*apart(s)) + sumLimit
		}
		return 0
	}
}

// sameSegments compares labels, and centroids up to a factor, to the bit.
func sameSegments(t *rapid.T, got, want []sweep.Solution, factor float32) {
	t.Helper()
	for i, s := range got {
		if !slices.Equal(s.Labels, want[i].Labels) {
			t.Fatalf("k=%d: labels %v, want %v", s.K, s.Labels, want[i].Labels)
		}
		for c, v := range s.Centroids {
			if v != factor*want[i].Centroids[c] {
				t.Fatalf("k=%d: a centroid's value is %v, was %v", s.K, v, want[i].Centroids[c])
			}
		}
	}
}

// sameChoice compares what the rules choose and why, but for the sentence.
func sameChoice(t *rapid.T, got, want *sweep.Result) {
	t.Helper()
	g, w := *got.Chosen, *want.Chosen
	g.Because, g.BecauseDE, w.Because, w.BecauseDE = "", "", "", ""
	if !reflect.DeepEqual(got.GapChoice, want.GapChoice) || !reflect.DeepEqual(got.PredictionStrengthChoice, want.PredictionStrengthChoice) ||
		!reflect.DeepEqual(got.Elbow, want.Elbow) || !reflect.DeepEqual(g, w) {
		t.Fatalf("another choice: %+v and %+v, before %+v and %+v", got.GapChoice, got.Chosen, want.GapChoice, want.Chosen)
	}
}

// Twice the features and a power of two give the same segments, and to the bit all that follows from labels: the grid moves
// with the columns, so that its integers stay. Differences of rows are exact too, and with them silhouettes and the Dunn
// index. Means are rounded anew.
func TestShiftedFeatures(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		x := coarse(rt)
		cfg := everything
		cfg.GapSpace = "original" // turned, the box of the references would be rounded anew
		by := math.Ldexp(rapid.SampledFrom([]float64{-1, 1}).Draw(rt, "sign"), rapid.IntRange(-3, 8).Draw(rt, "shift"))
		want, solutions := run(t, x, cfg)
		got, shifted := run(t, moved(x, 2, by), cfg)
		sameSegments(rt, shifted, solutions, 2)
		for i := range want.K {
			g, w := &got.K[i], &want.K[i]
			if !reflect.DeepEqual(g.Stability, w.Stability) || !slices.Equal(g.PredictionStrengths, w.PredictionStrengths) ||
				!slices.Equal(g.SegmentSilhouette, w.SegmentSilhouette) || !slices.Equal(g.Sizes, w.Sizes) || g.Iterations != w.Iterations {
				rt.Fatalf("k=%d: %+v, want %+v", g.K, g, w)
			}
			if math.Abs(g.Inertia-4*w.Inertia) > 4*sumLimit*w.Inertia {
				rt.Fatalf("k=%d: inertia %v, want four times %v", g.K, g.Inertia, w.Inertia)
			}
			limit := roundedMeans(shifted[i], len(x[0]))
			closeTo(rt, g, w, func(name string, v float64) float64 {
				switch name {
				case "silhouette":
					return 0
				case "gap", "standard error of the gap":
					return logLimit + sumLimit
				}
				return limit(name, v)
			})
		}
		sameChoice(rt, got, want)
	})
}

// Weights of two for one, and in general twice the weights, give the same starts, labels and centroids from the same draws,
// and twice the inertia.
func TestTwiceTheWeights(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		x := coarse(rt)
		n := len(x[0])
		once := slices.Repeat([]uint16{1}, n)
		if rapid.Bool().Draw(rt, "resampled") {
			once = rapid.SliceOfN(rapid.Uint16Range(0, 3), n, n).Draw(rt, "weights")
			once[0], once[1] = 1, 1
		}
		twice := make([]uint16, n)
		for i, w := range once {
			twice[i] = 2 * w
		}
		batch := pool.Batch{K: ks(1, 6), Random: rapid.Bool().Draw(rt, "random"), Alike: rapid.Bool().Draw(rt, "alike"),
			ByDistance: rapid.Bool().Draw(rt, "by distance"), MaxIter: 300}
		for r := range 3 {
			batch.Seeds = append(batch.Seeds, rng.New(1, "weights", r, 0))
		}
		p := pool.New(enginetest.Input(t, x).Matrix, ref.Path{}, 2)
		var fits [2]pool.Fits
		err := p.Run(context.Background(), 2, func(b int) pool.Batch {
			out := batch
			out.Weights = [][]uint16{once, twice}[b]
			return out
		}, func(b int, f pool.Fits) error { fits[b] = f; return nil }, nil)
		if err != nil {
			rt.Fatal(err)
		}
		for at, one := range fits[0] {
			two := fits[1][at]
			a, _ := one.Estimate()
			b, _ := two.Estimate()
			if one.K != two.K || !slices.Equal(one.Labels, two.Labels) || !slices.Equal(one.Centroids, two.Centroids) || b != 2*a {
				rt.Fatalf("k=%d: labels %v and %v, inertia %v and %v", one.K, one.Labels, two.Labels, a, b)
			}
			if ari := stability.Cross(one.Labels, two.Labels, one.K, two.K).ARI(); ari != 1 {
				rt.Fatalf("k=%d: ARI %v", one.K, ari)
			}
		}
	})
}

// Rows in another order, with the same starts for each k, are the same segments, and figures that follow from a partition
// change by rounding alone: the sums of a block are taken in the order of the rows. Rows of a table are put into the order
// of their keys before anything is drawn, so that there every figure is the same: the tests of the command line hold that.
func TestRowsInAnotherOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		x := coarse(rt)
		n := len(x[0])
		order := rapid.Permutation(ks(0, n-1)).Draw(rt, "order")
		other := make([][]float64, len(x))
		for j := range x {
			for _, i := range order {
				other[j] = append(other[j], x[j][i])
			}
		}
		k := rapid.IntRange(2, min(5, distinct(x))).Draw(rt, "k")
		cfg := sweep.Config{K: []int{k}, KFromRange: true, InitCenters: map[int][][]float64{}}
		for c := range k {
			var start []float64
			for j := range x {
				start = append(start, x[j][c*(n-1)/(k-1)])
			}
			cfg.InitCenters[k] = append(cfg.InitCenters[k], start)
		}
		if distinct(columnsOf(cfg.InitCenters[k])) < k {
			rt.Skip("equal starts: the first row of several as far away fills the second cluster")
		}
		want, solutions := run(t, x, cfg)
		got, permuted := run(t, other, cfg)
		labels := make([]uint8, n)
		for at, i := range order {
			labels[i] = permuted[0].Labels[at]
		}
		// Segments of equal size are numbered by their first rows.
		if ari := stability.Cross(labels, solutions[0].Labels, k, k).ARI(); ari != 1 || !slices.Equal(got.K[0].Sizes, want.K[0].Sizes) {
			rt.Fatalf("labels %v, want %v", labels, solutions[0].Labels)
		}
		closeTo(rt, &got.K[0], &want.K[0], roundedMeans(solutions[0], n))
	})
}

// distinct is the number of different rows.
func distinct(x [][]float64) int {
	seen := map[string]bool{}
	for i := range x[0] {
		var row []float64
		for _, c := range x {
			row = append(row, c[i])
		}
		seen[fmt.Sprint(row)] = true
	}
	return len(seen)
}

// columnsOf turns rows into columns.
func columnsOf(rows [][]float64) [][]float64 {
	x := make([][]float64, len(rows[0]))
	for _, row := range rows {
		for j, v := range row {
			x[j] = append(x[j], v)
		}
	}
	return x
}
