package kmeans

import (
	"math"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"segovia/kernels"
	"segovia/kernels/rng"
	"segovia/kernels/tile"
)

// slowDraw returns the row in which floor(sum * r / 2^64) falls; the sum of the masses is positive.
func slowDraw(mass []*big.Int, r uint64) int {
	sum := new(big.Int)
	for _, m := range mass {
		sum.Add(sum, m)
	}
	target := sum.Mul(sum, new(big.Int).SetUint64(r))
	target.Rsh(target, 64)
	for i, m := range mass {
		if target.Cmp(m) < 0 {
			return i
		}
		target.Sub(target, m)
	}
	panic("BUG: a draw beyond the masses")
}

func slowMass(m *tile.Matrix, weights []uint16, share func(i int) int64) []*big.Int {
	mass := make([]*big.Int, m.N)
	for i := range mass {
		mass[i] = big.NewInt(int64(weightOf(weights, i)))
		mass[i].Mul(mass[i], big.NewInt(share(i)))
	}
	return mass
}

// slowSeed is the contract's text on seeding, with a list of masses for every draw.
func slowSeed(m *tile.Matrix, weights []uint16, k int, stream rng.Stream) (seeds []float32) {
	nearest := func(seeds []float32) (dist []float64, largest float64) {
		dist = make([]float64, m.N)
		for i := range dist {
			dist[i] = math.Inf(1)
			for c := 0; c < len(seeds); c += m.D {
				dist[i] = min(dist[i], distance(m.Row(nil, i), seeds[c:c+m.D]))
			}
			if weightOf(weights, i) > 0 {
				largest = max(largest, dist[i])
			}
		}
		return dist, largest
	}
	masses := func(dist []float64, largest float64) []*big.Int {
		return slowMass(m, weights, func(i int) int64 {
			if weightOf(weights, i) == 0 {
				return 0
			}
			return int64(math.Ceil(dist[i] / largest * (1 << 32)))
		})
	}
	for j := range k {
		if j == 0 {
			seeds = m.Row(nil, slowDraw(slowMass(m, weights, func(int) int64 { return 1 }), stream.Uint64(0, 0)))
			continue
		}
		dist, largest := nearest(seeds)
		if largest == 0 {
			return seeds
		}
		mass, best, bestRow := masses(dist, largest), (*big.Int)(nil), -1
		for c := range kernels.Candidates(j) {
			row := slowDraw(mass, stream.Uint64(uint64(j), uint64(c)))
			after, _ := nearest(m.Row(slices.Clone(seeds), row))
			sum := new(big.Int)
			for _, v := range masses(after, largest) {
				sum.Add(sum, v)
			}
			if best == nil || sum.Cmp(best) < 0 || sum.Cmp(best) == 0 && row < bestRow {
				best, bestRow = sum, row
			}
		}
		seeds = m.Row(seeds, bestRow)
	}
	return seeds
}

// slowSeedRandom draws by weight from the rows that equal none of the earlier ones.
func slowSeedRandom(m *tile.Matrix, weights []uint16, k int, stream rng.Stream) (seeds []float32) {
	for j := range k {
		free := int64(0)
		mass := slowMass(m, weights, func(i int) int64 {
			for c := 0; c < len(seeds); c += m.D {
				if slices.Equal(m.Row(nil, i), seeds[c:c+m.D]) {
					return 0
				}
			}
			free += int64(weightOf(weights, i))
			return 1
		})
		if free == 0 {
			return seeds
		}
		seeds = m.Row(seeds, slowDraw(mass, stream.Uint64(uint64(j), 0)))
	}
	return seeds
}

// slowSeedValues draws one after the other from a list of the distinct values, in the order of their first rows.
func slowSeedValues(m *tile.Matrix, weights []uint16, k int, stream rng.Stream) (seeds []float32) {
	var values [][]float32
	known := func(in [][]float32, row []float32) bool {
		return slices.ContainsFunc(in, func(v []float32) bool { return slices.Equal(v, row) })
	}
	var drawn [][]float32
	for i := range m.N {
		if weightOf(weights, i) > 0 {
			drawn = append(drawn, m.Row(nil, i))
		}
	}
	for i := range m.N {
		if row := m.Row(nil, i); known(drawn, row) && !known(values, row) {
			values = append(values, row)
		}
	}
	for j := range min(k, len(values)) {
		at := j + int(stream.Below(uint64(len(values)-j), uint64(j), 0))
		values[j], values[at] = values[at], values[j]
		seeds = append(seeds, values[j]...)
	}
	return seeds
}

// Seeds are those of the contract, with equal rows merged or not, rows of weight zero among the others or not, and weights
// whose sum over equal rows is beyond 16 bits.
func TestSeedsEqualTheContract(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, weights := drawMatrix(t)
		if weights != nil && rapid.Bool().Draw(t, "heavy") {
			for i := range weights {
				weights[i] *= 32767
			}
		}
		w := drawWorker(t, m)
		w.Open(weights)
		k, stream := rapid.IntRange(1, 9).Draw(t, "k"), rng.New(4, "seeds", 0, 0)
		if w.sample.total == 0 {
			if len(w.Seed(k, stream))+len(w.SeedRandom(k, stream))+len(w.SeedValues(k, stream)) > 0 {
				t.Fatal("seeds without weight")
			}
			return
		}
		if got, want := w.Seed(k, stream), slowSeed(m, weights, k, stream); !slices.Equal(got, want) {
			t.Fatalf("seeds %v, want %v", got, want)
		}
		if got, want := w.SeedRandom(k, stream), slowSeedRandom(m, weights, k, stream); !slices.Equal(got, want) {
			t.Fatalf("random rows %v, want %v", got, want)
		}
		if got, want := w.SeedValues(k, stream), slowSeedValues(m, weights, k, stream); !slices.Equal(got, want) {
			t.Fatalf("random values %v, want %v", got, want)
		}
	})
}

// Equal rows whose weights sum up to more than 16 bits are seeded and fitted as the contract says.
func TestHeavyRows(t *testing.T) {
	m := blobs(t, 12_000, 2, true)
	weights := resample(m.N, 3)
	for i := range weights {
		weights[i] *= 8191
	}
	for _, path := range available() {
		w, err := NewData(m).NewWorker(path)
		if err != nil {
			t.Fatal(err)
		}
		w.Open(weights)
		s := &w.sample
		if !s.heavy || s.merged == nil {
			t.Fatal("no merged row is heavy")
		}
		dist := make([]float64, s.N)
		for from := range s.N {
			w.distances(dist, s.row(from))
			largest, want := s.largest(dist), new(big.Int)
			for i, v := range dist {
				share := new(big.Int).SetInt64(int64(math.Ceil(v / largest * (1 << 32))))
				want.Add(want, share.Mul(share, big.NewInt(int64(s.weight[i]))))
			}
			sum := w.potential(dist, dist, dist, largest)
			got := new(big.Int).SetUint64(sum.hi)
			if got.Lsh(got, 64).Add(got, new(big.Int).SetUint64(sum.lo)).Cmp(want) != 0 {
				t.Errorf("%s: potential of row %d is %v, want %v", path.Name(), from, got, want)
			}
		}
		stream := rng.New(5, "seeds", 0, 0)
		seeds := w.Seed(8, stream)
		if !slices.Equal(seeds, slowSeed(m, weights, 8, stream)) {
			t.Errorf("%s: other seeds", path.Name())
		}
		fit := lloyd(w, seeds, 300)
		w.Complete(&fit)
		labels, c, iterations, _ := slow(m, weights, seeds, 300)
		if !slices.Equal(fit.Labels, labels) || !slices.Equal(fit.Centroids, c) || fit.Iterations != iterations {
			t.Errorf("%s: another fit", path.Name())
		}
	}
}
