package sweep_test

import (
	"fmt"
	"strings"
	"testing"

	"segovia/engine/enginetest/fixture"
	"segovia/engine/internal/exact"
	"segovia/engine/sweep"
	"segovia/kernels/rng"
)

// bells are n rows around each of the given places, normal with standard deviation 1 in every column.
func bells(n int, places ...[]float64) [][]float64 {
	s := rng.New(1, "bells", 0, 0)
	x := make([][]float64, len(places[0]))
	for p, place := range places {
		for j, at := range place {
			for i := range n {
				x[j] = append(x[j], at+exact.Normal(s, uint64(j), uint64(p*n+i)))
			}
		}
	}
	return x
}

// even are n rows of d columns, uniform from 0 to 1.
func even(n, d int) [][]float64 {
	s := rng.New(1, "even", 0, 0)
	x := make([][]float64, d)
	for j := range x {
		for i := range n {
			x[j] = append(x[j], s.Float64(uint64(j), uint64(i)))
		}
	}
	return x
}

// What every rule chooses for data whose structure is known, and what the choice says of them. The packed sets are the
// benchmarks of Fränti and Sieranoja (2018), with 15, 15, 20 and 8 clusters, and of Ultsch (2005), in which rings hold
// no clusters that k-means could find.
func TestChoiceOfKnownStructure(t *testing.T) {
	for _, c := range []struct {
		name      string
		x         func(t *testing.T) [][]float64
		to        int // the largest k
		pairs     int
		gap       sweep.GapChoice
		strength  int
		chosen    int
		structure string
		slow      bool
	}{
		{"three Gaussians", func(*testing.T) [][]float64 { return bells(100, []float64{0, 0}, []float64{10, 0}, []float64{5, 9}) }, 8, 20,
			sweep.GapChoice{FirstSEmax: 3, Tibs2001SEmax: 3, GlobalSEmax: 3, FirstMax: 3, GlobalMax: 3}, 3, 3, "segments", false},
		{"one Gaussian", func(*testing.T) [][]float64 { return bells(300, []float64{0, 0}) }, 8, 20,
			sweep.GapChoice{FirstSEmax: 1, Tibs2001SEmax: 1, GlobalSEmax: 1, FirstMax: 1, GlobalMax: 1}, 1, 1, "none", false},
		{"noise", func(*testing.T) [][]float64 { return even(500, 10) }, 8, 20,
			sweep.GapChoice{FirstSEmax: 1, Tibs2001SEmax: 1, GlobalSEmax: 1, FirstMax: 1, GlobalMax: 1}, 1, 1, "none", false},
		// The first local maximum, which R's default stops at, is early; firstSEmax and Tibs2001SEmax stop there too.
		{"s1", points("s1"), 17, 5, sweep.GapChoice{FirstSEmax: 3, Tibs2001SEmax: 3, GlobalSEmax: 15, FirstMax: 3, GlobalMax: 15}, 15, 15, "segments", true},
		{"s2", points("s2"), 17, 5, sweep.GapChoice{FirstSEmax: 3, Tibs2001SEmax: 3, GlobalSEmax: 15, FirstMax: 3, GlobalMax: 15}, 15, 15, "segments", true},
		{"a1", points("a1"), 23, 5, sweep.GapChoice{FirstSEmax: 4, Tibs2001SEmax: 4, GlobalSEmax: 20, FirstMax: 4, GlobalMax: 20}, 20, 20, "segments", true},
		{"unbalance", points("unbalance"), 11, 5, sweep.GapChoice{FirstSEmax: 8, Tibs2001SEmax: 8, GlobalSEmax: 8, FirstMax: 8, GlobalMax: 8}, 8, 8, "segments", true},
		// Stable pieces, but among those that are stable and one group, the gap is largest for one group. Over all k of
		// chainlink it still rises at the last.
		{"chainlink", points("chainlink"), 6, 50, sweep.GapChoice{FirstSEmax: 1, Tibs2001SEmax: 1, GlobalSEmax: 6, FirstMax: 1, GlobalMax: 6}, 2, 1, "continuous", false},
		{"target", points("target"), 6, 50, sweep.GapChoice{FirstSEmax: 1, Tibs2001SEmax: 1, GlobalSEmax: 1, FirstMax: 1, GlobalMax: 1}, 1, 1, "continuous", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.slow && testing.Short() {
				t.Skip("takes minutes under the race detector; make test runs it without")
			}
			r, _ := run(t, c.x(t), sweep.Config{K: ks(2, c.to), Gap: 20, Bootstrap: c.pairs, PredictionStrength: 20})
			if r.GapChoice == nil || *r.GapChoice != c.gap {
				t.Errorf("the gap chooses %+v, want %+v", r.GapChoice, c.gap)
			}
			if *r.PredictionStrengthChoice != c.strength {
				t.Errorf("prediction strength chooses %d, want %d", *r.PredictionStrengthChoice, c.strength)
			}
			ch := r.Chosen
			if ch.Rule != "stable-then-gap" || ch.K == nil || *ch.K != c.chosen || ch.Structure != c.structure || !ch.Passed {
				t.Errorf("%+v, want k = %d, %s", ch, c.chosen, c.structure)
			}
			says := map[string][2]string{
				"segments": {fmt.Sprintf("k = %d is the smallest whose gap", c.chosen), fmt.Sprintf("ist k = %d das kleinste, dessen Gap", c.chosen)},
				"none":     {"The data hold no segments: ", "Die Daten enthalten keine Segmente: "},
				"continuous": {"their pieces are cuts through continuous structure, not separate segments",
					"ihre Stücke sind aber Schnitte durch eine zusammenhängende Struktur und keine getrennten Segmente"},
			}[c.structure]
			if !strings.Contains(ch.Because, says[0]) || !strings.Contains(ch.BecauseDE, says[1]) {
				t.Errorf("the sentences are\n%s\n%s\nand lack\n%s\n%s", ch.Because, ch.BecauseDE, says[0], says[1])
			}
			t.Logf("gap %+v, prediction strength %d. %s", *r.GapChoice, *r.PredictionStrengthChoice, ch.Because)
		})
	}
}

func points(set string) func(t *testing.T) [][]float64 {
	return func(t *testing.T) [][]float64 { return fixture.Points(t, set) }
}

// Prediction strength measures the optimiser where it fails in the halves: random starts, as fpc's kmeansCBI makes them,
// stop at 4 of the 20 clusters of a1.
func TestPredictionStrengthNeedsGoodFits(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes under the race detector; make test runs it without")
	}
	r, _ := run(t, fixture.Points(t, "a1"), sweep.Config{K: ks(2, 23), Silhouette: "none", Init: "random", PredictionStrength: 20})
	if *r.PredictionStrengthChoice != 4 {
		t.Errorf("random starts: prediction strength chooses %d, want 4", *r.PredictionStrengthChoice)
	}
}
