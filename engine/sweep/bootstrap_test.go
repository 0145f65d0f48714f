package sweep

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"segovia/engine/ports"
	"segovia/kernels/problem"
	"segovia/kernels/ref"
)

func sweepOf(t *testing.T, in Input, cfg Config) *Result {
	t.Helper()
	r, _, err := Run(context.Background(), in, cfg, ref.Path{}, ports.Silent{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The pairs end after a whole round once they are enough, and those that were made are the first of all.
func TestEarlyStop(t *testing.T) {
	in := input(t, synthetic(300, 7))
	cfg := Config{K: []int{2, 4}, Restarts: 3, Bootstrap: 45, BootRestarts: 3, Seed: 3, Silhouette: "none"}
	all := sweepOf(t, in, cfg)
	for _, se := range []float64{1, .09, .08, .07, .065, 1e-9} {
		cfg.BootSE = se
		r := sweepOf(t, in, cfg)
		want := 45
		for done := bootRound; done < 45; done += bootRound {
			enough := true
			for _, k := range all.K {
				enough = enough && mcse(k.Stability.ARI[:done]) <= se
			}
			if enough {
				want = done
				break
			}
		}
		for i, k := range r.K {
			if k.Stability.Pairs != want || !slices.Equal(k.Stability.ARI, all.K[i].Stability.ARI[:want]) {
				t.Errorf("standard error %v, k = %d: %d pairs, want the first %d", se, k.K, k.Stability.Pairs, want)
			}
			if len(k.Stability.Segments[0].SLSw) != want {
				t.Errorf("%d values of SLSw for %d pairs", len(k.Stability.Segments[0].SLSw), want)
			}
		}
		if want := 2*3 + 2*want*3*2; r.Fits != want {
			t.Errorf("%d fits, want %d", r.Fits, want)
		}
		t.Logf("standard error %v: %d pairs", se, want)
	}
}

func mcse(x []float64) float64 {
	var mean, ss float64
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		ss += (v - mean) * (v - mean)
	}
	return math.Sqrt(ss / float64(len(x)-1) / float64(len(x)))
}

// Starts that are drawn at random miss the best fit of many groups often: the mean ARI measures that, and a warning says
// so. Two far groups are found by every start.
func TestWarningOfFewRestarts(t *testing.T) {
	var centers [][]float64
	var sizes []int
	for i := range 12 {
		centers, sizes = append(centers, []float64{float64(i%4) * 10, float64(i/4) * 10}), append(sizes, 30)
	}
	r := sweepOf(t, input(t, groups(1, centers, sizes, 1)), Config{K: []int{12}, Init: "random", Restarts: 10, Bootstrap: 40, BootRestarts: 6, Seed: 1, Silhouette: "none"})
	if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "more restarts would change it") || *r.K[0].Stability.ARIMeanHalf >= *r.K[0].Stability.ARIMean {
		t.Errorf("twelve groups: mean ARI %v, %v with half; %v", *r.K[0].Stability.ARIMean, *r.K[0].Stability.ARIMeanHalf, r.Warnings)
	}
	r = sweepOf(t, input(t, groups(1, [][]float64{{0, 0}, {20, 0}}, []int{100, 100}, 1)), Config{K: []int{2}, Bootstrap: 20, Seed: 1, Silhouette: "none"})
	if len(r.Warnings) != 0 {
		t.Errorf("two groups: %v", r.Warnings)
	}
}

// Every scheme gives the same on any number of threads, and finds three far groups again.
func TestSchemes(t *testing.T) {
	in := input(t, groups(1, [][]float64{{0, 0}, {20, 0}, {0, 20}}, []int{60, 50, 40}, 1))
	for _, scheme := range []string{"multinomial", "poisson", "subset"} {
		for _, clusterboot := range []string{"boot", "subset", "noise", "jitter"} {
			var want string
			for _, threads := range []int{1, 3} {
				r := sweepOf(t, in, Config{K: []int{2, 3}, Restarts: 3, Bootstrap: 5, BootRestarts: 3, BootScheme: scheme, Clusterboot: 9,
					ClusterbootScheme: clusterboot, PredictionStrength: 4, Seed: 1, Threads: threads})
				r.Environment = Environment{}
				got, err := json.Marshal(r)
				if err != nil {
					t.Fatal(err)
				}
				if want == "" {
					want = string(got)
				}
				if want != string(got) {
					t.Errorf("%s, %s: another result on %d threads", scheme, clusterboot, threads)
				}
				three := r.K[1]
				if *three.Stability.ARIMean != 1 || *three.PredictionStrength != 1 || *r.PredictionStrengthChoice != 3 {
					t.Errorf("%s: mean ARI %v, prediction strength %v", scheme, *three.Stability.ARIMean, *three.PredictionStrength)
				}
				for _, s := range three.Stability.Segments {
					if *s.JaccardMean < .95 || *s.Recovered != 9 || *s.Dissolved != 0 || len(s.Jaccard) != 9 {
						t.Errorf("%s: segment %d: %+v", clusterboot, s.Segment, s)
					}
				}
			}
		}
	}
	// Clusterboot alone has no pairs, and the gate for segments goes by its Jaccard.
	r := sweepOf(t, in, Config{K: []int{3, 5}, Clusterboot: 10, Seed: 1})
	if st := r.K[0].Stability; st.Pairs != 0 || st.ARIMean != nil || st.Segments[0].SLSwMean != nil || st.Segments[0].JaccardMean == nil {
		t.Errorf("clusterboot alone: %+v", st)
	}
	if !r.Chosen.Gates[0].Passed || slices.Contains(r.Chosen.Gates[0].Failed, "stable_segments") {
		t.Errorf("gates: %+v", r.Chosen.Gates)
	}
}

// Very few rows leave Poisson resamples empty; they still give figures.
func TestPoissonOfTwoRows(t *testing.T) {
	r := sweepOf(t, input(t, [][]float64{{1, 9}}), Config{K: []int{1, 2}, Bootstrap: 30, BootRestarts: 2, BootScheme: "poisson", Seed: 1})
	if len(r.K[1].Stability.ARI) != 30 {
		t.Errorf("%+v", r.K[1].Stability)
	}
}

func TestWhatCannotBeComputed(t *testing.T) {
	in := input(t, [][]float64{{1, 2, 3, 9, 8, 7}})
	for _, cfg := range []Config{{BootScheme: "jackknife"}, {Clusterboot: 1, ClusterbootScheme: "dice"}, {Compat: "python"}, {Gap: 1},
		{Bootstrap: -1}, {BootSE: -1}, {PredictionStrength: -2}, {Choose: Choose{Rule: "gut feeling"}}, {Choose: Choose{Rule: "stable-then-gap"}},
		{Choose: Choose{Rule: "gap:firstSEmax"}}, {Choose: Choose{Rule: "stability"}}, {Choose: Choose{Rule: "prediction-strength"}},
		{Choose: Choose{Rule: "silhouette"}, Silhouette: "none"}} {
		cfg.K = []int{2}
		if _, _, err := Run(context.Background(), in, cfg, ref.Path{}, ports.Silent{}); !errors.Is(err, &problem.Problem{ID: "SEG-CFG-003"}) {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
	rows := []int32{0, 1, 2, 3}
	for _, rp := range []*Replay{{}, {Pairs: [][2][]int32{{rows, nil}}}, {Pairs: [][2][]int32{{rows, {0, 6}}}},
		{Pairs: [][2][]int32{{rows, rows}}, Fitted: [][2][][]float64{{{{1}}, {{1}, {2}}}}},
		{Pairs: [][2][]int32{{rows, rows}}, Starts: [][2][][]float64{}}} {
		if _, _, err := Run(context.Background(), in, Config{K: []int{2}, Replay: rp}, ref.Path{}, ports.Silent{}); !errors.Is(err, &problem.Problem{ID: "SEG-SEG-001"}) {
			t.Errorf("%+v: %v", rp, err)
		}
	}
}

// The gap of a sample is near that of all rows, is named, and depends on the seed alone.
func TestGapOfASample(t *testing.T) {
	in := input(t, groups(4, [][]float64{{0, 0}, {12, 0}, {0, 12}}, []int{2000, 1500, 1000}, 1))
	cfg := Config{K: []int{2, 3, 4}, Restarts: 4, Gap: 15, Seed: 1, Silhouette: "none"}
	all := sweepOf(t, in, cfg)
	cfg.GapRows = 900
	var want string
	for _, threads := range []int{1, 2, 5} {
		cfg.Threads = threads
		r := sweepOf(t, in, cfg)
		r.Environment = Environment{}
		got, _ := json.Marshal(r)
		if want == "" {
			want = string(got)
		}
		if want != string(got) {
			t.Errorf("another result on %d threads", threads)
		}
		if r.Convention.GapRows != 900 || all.Convention.GapRows != 4500 || r.GapChoice.GlobalSEmax != 3 {
			t.Errorf("%+v %+v", r.Convention, r.GapChoice)
		}
		for i, k := range r.K {
			// The sampled log W is off by about the relative standard error of a mean of 900 squares of normal figures, 1/sqrt(900).
			if math.Abs(*k.Gap-*all.K[i].Gap) > 4/30.+4**k.GapSE {
				t.Errorf("k = %d: gap %v of a sample, %v of all", k.K, *k.Gap, *all.K[i].Gap)
			}
		}
	}
	if want := 4*3 + 4*3 + 15*4*4; sweepOf(t, in, cfg).Fits != want {
		t.Errorf("fits, want %d", want)
	}
}
