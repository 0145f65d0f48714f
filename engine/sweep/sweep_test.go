package sweep

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"testing"

	"segovia/engine/enginetest/fixture"
	"segovia/engine/internal/exact"
	"segovia/engine/ports"
	"segovia/kernels/problem"
	"segovia/kernels/ref"
	"segovia/kernels/tile"
)

func input(t testing.TB, x [][]float64) Input {
	grids := make([]tile.Grid, len(x))
	names := make([]string, len(x))
	for j := range x {
		g, err := tile.FitGrid(x[j])
		if err != nil {
			t.Fatal(err)
		}
		grids[j], names[j] = g, strconv.Itoa(j)
	}
	return Input{Matrix: tile.New(x, grids), X: x, Names: names, Scale: "none"}
}

func near(t *testing.T, name string, got *float64, want, relative float64) {
	t.Helper()
	if got == nil {
		t.Fatalf("%s: not computed", name)
	}
	if math.Abs(*got-want) > relative*math.Abs(want) {
		t.Errorf("%s: got %v, want %v", name, *got, want)
	}
}

// Everything outside the environment is the same for any number of threads.
func TestThreadsChangeNothing(t *testing.T) {
	in := input(t, synthetic(700, 3))
	var want []byte
	for _, threads := range []int{1, 2, 7} {
		r, solutions, err := Run(context.Background(), in,
			Config{K: []int{2, 3, 4, 5}, Restarts: 4, Bootstrap: 6, BootRestarts: 3, Seed: 5, Threads: threads}, ref.Path{}, ports.Silent{})
		if err != nil {
			t.Fatal(err)
		}
		r.Environment = Environment{}
		got, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range solutions {
			got = append(got, s.Labels...)
		}
		if want == nil {
			want = got
		}
		if string(got) != string(want) {
			t.Fatalf("%d threads: another result", threads)
		}
	}
}

// synthetic is n rows around the corners of a triangle, in two columns.
func synthetic(n int, spread float64) [][]float64 {
	x := [][]float64{make([]float64, n), make([]float64, n)}
	for i := range n {
		a, b := float64(i*7919%n)/float64(n), float64(i*104729%n)/float64(n)
		x[0][i] = a*spread + []float64{0, 10, 5}[i%3]
		x[1][i] = b*spread + []float64{0, 0, 8}[i%3]
	}
	return x
}

func TestStableSegmentsAreFoundStable(t *testing.T) {
	r, _, err := Run(context.Background(), input(t, synthetic(600, 2)), Config{K: []int{2, 3, 4, 5}, Restarts: 5, Bootstrap: 10,
		BootRestarts: 5, Seed: 1}, ref.Path{}, ports.Silent{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Chosen.K == nil || *r.Chosen.K != 3 || !r.Chosen.Passed {
		t.Fatalf("chosen %+v", r.Chosen)
	}
	three := r.K[1].Stability
	if *three.ARIMean != 1 || *three.ARIQ1 != 1 {
		t.Errorf("three far corners: mean ARI %v", *three.ARIMean)
	}
	for _, s := range three.Segments {
		if *s.SLSwMean != 1 {
			t.Errorf("segment %d: SLSw %v", s.Segment, *s.SLSwMean)
		}
	}
	if five := r.K[3].Stability; *five.ARIMean > 0.95 {
		t.Errorf("five segments out of three corners look stable: %v", *five.ARIMean)
	}
	if want := 5*4 + 2*10*5*4; r.Fits != want {
		t.Errorf("%d fits, want %d", r.Fits, want)
	}
}

func TestImpossibleK(t *testing.T) {
	three := [][]float64{{1, 1, 2, 2, 3, 3}}
	for _, c := range []struct {
		name string
		x    [][]float64
		cfg  Config
		id   string
		ks   []int
	}{
		{"zero", three, Config{K: []int{0}}, "SEG-SEG-001", nil},
		{"above the distinct rows", three, Config{K: []int{4}}, "SEG-SEG-001", nil},
		{"range", three, Config{K: []int{2, 3, 4, 5}, KFromRange: true}, "", []int{2, 3}},
		{"range from zero", three, Config{K: []int{0, 1, 2}, KFromRange: true}, "", []int{1, 2}},
		{"one row", [][]float64{{1}}, Config{K: []int{2}}, "SEG-SEG-002", nil},
		{"identical rows", [][]float64{{1, 1, 1}}, Config{K: []int{2}}, "SEG-SEG-002", nil},
		{"no rows", [][]float64{{}}, Config{K: []int{2}}, "SEG-SEG-002", nil},
		{"two distinct rows", [][]float64{{1, 1, 2}}, Config{K: []int{2}, Bootstrap: 5}, "", []int{2}},
	} {
		r, solutions, err := Run(context.Background(), input(t, c.x), c.cfg, ref.Path{}, ports.Silent{})
		if c.id != "" {
			if !errors.Is(err, &problem.Problem{ID: c.id}) {
				t.Errorf("%s: %v, want %s", c.name, err, c.id)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var ks []int
		for i, k := range r.K {
			ks = append(ks, k.K)
			for _, v := range solutions[i].Centroids {
				if v != v {
					t.Errorf("%s: NaN centroid", c.name)
				}
			}
		}
		if !slices.Equal(ks, c.ks) || len(c.ks) < len(c.cfg.K) && len(r.Warnings) == 0 {
			t.Errorf("%s: k %v, warnings %v", c.name, ks, r.Warnings)
		}
	}
}

func TestChoiceByRule(t *testing.T) {
	result := func() *Result {
		f := func(v float64) *float64 { return &v }
		three := 3
		return &Result{N: 100, Elbow: Elbow{K: &three}, K: []KResult{
			{K: 2, Sizes: []int{60, 40}, Silhouette: f(.7), SegmentSilhouette: []float64{.7, .7}, Stability: &Stability{ARIMean: f(.5)}},
			{K: 3, Sizes: []int{40, 30, 30}, Silhouette: f(.5), SegmentSilhouette: []float64{.5, .5, .5}, Stability: &Stability{ARIMean: f(.85)}},
			{K: 4, Sizes: []int{40, 30, 20, 10}, Silhouette: f(.6), SegmentSilhouette: []float64{.6, .6, .6, .6}, Stability: &Stability{ARIMean: f(.82),
				Segments: []SegmentStability{{SLSwMean: f(.9)}}}},
			{K: 5, Sizes: []int{40, 30, 20, 10, 0}, Silhouette: f(.9), SegmentSilhouette: []float64{.6, .6, .6, .6, .6}, Stability: &Stability{ARIMean: f(.95)}},
		}}
	}
	for _, c := range []struct {
		choose Choose
		want   int
		passed bool
	}{
		{Choose{Rule: "stable-then-silhouette"}, 4, true},
		{Choose{Rule: "silhouette"}, 4, true},
		{Choose{Rule: "silhouette", MaxSegments: 3}, 3, true},
		{Choose{Rule: "stability"}, 3, true},
		{Choose{Rule: "elbow"}, 3, true},
		{Choose{Rule: "2"}, 2, false},
		{Choose{Rule: "silhouette", Global: .99}, 0, false},
		{Choose{Rule: "silhouette", Global: .99, BestFailing: true}, 5, false},
	} {
		r := result()
		if err := choose(r, c.choose); err != nil {
			t.Fatal(err)
		}
		got := 0
		if r.Chosen.K != nil {
			got = *r.Chosen.K
		}
		if got != c.want || r.Chosen.Passed != c.passed || r.Chosen.Because == "" || r.Chosen.BecauseDE == "" {
			t.Errorf("%+v: chose %d (%v): %s / %s", c.choose, got, r.Chosen.Passed, r.Chosen.Because, r.Chosen.BecauseDE)
		}
	}
}

// ln(spend), z-scored, of the wholesale customers: the WSS that scikit-learn finds.
func TestWholesaleFigures(t *testing.T) {
	var x [][]float64
	for _, c := range fixture.Columns(t, "data/wholesale/customers.txt", "Fresh", "Milk", "Grocery", "Frozen", "Detergents_Paper", "Delicassen") {
		for i := range c {
			c[i] = exact.Log(c[i])
		}
		mean, sd := exact.SD(c, false)
		for i := range c {
			c[i] = (c[i] - mean) / sd
		}
		x = append(x, c)
	}
	r, _, err := Run(context.Background(), input(t, x), Config{K: []int{2, 3, 4}, Restarts: 100, Seed: 1}, ref.Path{}, ports.Silent{})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "k=2", &r.K[0].Inertia, 1847.980, 1e-6)
	near(t, "k=3", &r.K[1].Inertia, 1558.035894, 1e-9)
	near(t, "k=4", &r.K[2].Inertia, 1391.755, 1e-6)
}
