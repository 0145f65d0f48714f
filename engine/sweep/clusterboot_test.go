package sweep

import (
	"context"
	"math"
	"testing"

	"segovia/engine/internal/exact"
	"segovia/engine/pool"
	"segovia/engine/stability"
	"segovia/kernels/ref"
	"segovia/kernels/rng"
)

// The mean Jaccard of each segment of iris, k = 3, by scheme, against 1,500 replicates of fpc::clusterboot with kmeansCBI,
// runs = 10.
func TestClusterbootOfIris(t *testing.T) {
	x := reference(t, "reference/iris_r.csv", "Sepal.Length", "Sepal.Width", "Petal.Length", "Petal.Width")
	const replicates, rows = 300, 150
	seeds := make([]rng.Stream, 10)
	for r := range seeds {
		seeds[r] = rng.New(1, "kmeans++", r, 0)
	}
	fit := func(x [][]float64, weights []uint16) (labels []uint8) {
		t.Helper()
		p := pool.New(input(t, x).Matrix, ref.Path{}, 1)
		err := p.Run(context.Background(), 1, func(int) pool.Batch {
			return pool.Batch{Weights: weights, K: []int{3}, Seeds: seeds, MaxIter: 300}
		}, func(_ int, fits pool.Fits) error { labels = fits[0].Labels; return nil }, func() {})
		if err != nil {
			t.Fatal(err)
		}
		return labels
	}
	base := fit(x, nil)
	var size [3]int
	for _, l := range base {
		size[l]++
	}
	perturb, err := stability.NewPerturber(context.Background(), x, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, scheme := range []struct {
		name     string
		mean, sd map[int]float64 // of R, by size
		draw     func(r int) ([][]float64, []uint16)
	}{
		{"boot", map[int]float64{50: 1, 62: .95857, 38: .94702}, map[int]float64{62: .08875, 38: .09759},
			func(r int) ([][]float64, []uint16) {
				return x, stability.Distinct(stability.Weights("multinomial", 1, r, rows))
			}},
		{"subset", map[int]float64{50: .99995, 62: .92500, 38: .90884}, map[int]float64{50: .00133, 62: .13050, 38: .14111},
			func(r int) ([][]float64, []uint16) { return x, stability.Weights("subset", 1, r, rows) }},
		{"jitter", map[int]float64{50: 1, 62: .99806, 38: .99692}, map[int]float64{62: .00524, 38: .00834},
			func(r int) ([][]float64, []uint16) { return perturb.Jitter(1, r), nil }},
		{"noise", map[int]float64{50: .99870, 62: .94583, 38: .90396}, map[int]float64{50: .00762, 62: .07643, 38: .13795},
			func(r int) ([][]float64, []uint16) { return perturb.Noise(1, r) }},
	} {
		var gamma [3][]float64
		for r := range replicates {
			x, weights := scheme.draw(r)
			fitted := weights
			if scheme.name == "noise" {
				fitted = nil // replaced rows are fitted and not counted
			}
			for c, g := range stability.ClusterJaccard(base, fit(x, fitted), 3, 3, weights) {
				gamma[c] = append(gamma[c], g)
			}
		}
		for c, n := range size {
			mean := exact.Mean(gamma[c])
			// Four and a half standard errors of the difference, and half of the last digit.
			if limit := 4.5*scheme.sd[n]*math.Sqrt(1./replicates+1./1500) + 5e-6; math.Abs(mean-scheme.mean[n]) > limit {
				t.Errorf("%s, segment of %d: %.5f, want %.5f +- %.5f", scheme.name, n, mean, scheme.mean[n], limit)
			}
		}
	}
}
