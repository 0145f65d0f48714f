package sweep

import (
	"context"
	"math"
	"slices"
	"testing"

	"segovia/engine/company"
	"segovia/engine/ports"
	"segovia/kernels/ref"
	"segovia/kernels/rng"
)

// groups returns rows normally distributed about centers, in columns.
func groups(seed uint64, centers [][]float64, sizes []int, sd float64) [][]float64 {
	s := rng.New(seed, "groups", 0, 0)
	x := make([][]float64, len(centers[0]))
	row := uint64(0)
	for c, size := range sizes {
		for range size {
			for j := range x {
				x[j] = append(x[j], centers[c][j]+sd*company.Normal(s, uint64(j), row))
			}
			row++
		}
	}
	return x
}

// A small group of its own within a large segment is pointed out while the limit on segments hides it; chosen, it is a
// segment and no niche.
func TestNiche(t *testing.T) {
	x := groups(1, [][]float64{{0, 0, 0}, {30, 0, 0}, {0, 30, 0}, {4, 4, 12}}, []int{300, 300, 300, 25}, 1)
	in := input(t, x)
	in.Names = []string{"east", "north", "height"}
	cfg := Config{K: []int{2, 3, 4, 5}, Restarts: 10, Bootstrap: 10, BootRestarts: 10, Seed: 1, Choose: Choose{Rule: "3"}}
	r, solutions, err := Run(context.Background(), in, cfg, ref.Path{}, ports.Silent{})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Niches) != 1 {
		t.Fatalf("niches: %+v", r.Niches)
	}
	n := r.Niches[0]
	if n.Customers != 25 || n.K < 4 || !slices.Contains(n.SeenAt, 4) || n.Stability < .9 || n.Silhouette < .5 || n.Features[0].Name != "height" || n.Features[0].Effect < 3 {
		t.Errorf("niche: %+v", n)
	}
	// It lies in the segment of the rows about the origin.
	if want := int(solutions[1].Labels[0]) + 1; n.Within == nil || *n.Within != want || n.WithinOf != 1 {
		t.Errorf("it lies in %v (%v), want %d", n.Within, n.WithinOf, want)
	}
	cfg.Choose.Rule = "4"
	if r, _, err = Run(context.Background(), in, cfg, ref.Path{}, ports.Silent{}); err != nil || len(r.Niches) != 0 {
		t.Errorf("with four segments: %+v, %v", r.Niches, err)
	}
}

// What two chosen segments make up together is no niche.
func TestTwoSegmentsAreNoNiche(t *testing.T) {
	x := groups(1, [][]float64{{0, 0}, {40, 0}, {20, 40}, {21, 46}}, []int{400, 400, 18, 18}, 1)
	r, _, err := Run(context.Background(), input(t, x), Config{K: []int{2, 3, 4}, Restarts: 10, Bootstrap: 10, BootRestarts: 10, Seed: 1,
		Choose: Choose{Rule: "4"}}, ref.Path{}, ports.Silent{})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Niches) != 0 {
		t.Errorf("niches: %+v", r.Niches)
	}
}

// Four groups are the corners of a square in two features, and a third has no part in them: without one of the two, two
// pairs of corners fall together; without the third, all stay.
func TestInfluence(t *testing.T) {
	x := groups(2, [][]float64{{0, 0, 0}, {20, 0, 0}, {0, 30, 0}, {20, 30, 0}}, []int{100, 110, 120, 130}, 1)
	in := input(t, x)
	in.Names = []string{"east", "north_1", "height"}
	r, _, err := Run(context.Background(), in, Config{K: []int{4}, Restarts: 10, Seed: 1, Influence: true, Choose: Choose{Rule: "4"}}, ref.Path{}, ports.Silent{})
	if err != nil {
		t.Fatal(err)
	}
	f := r.Influence.Features
	if len(f) != 3 || r.Influence.K != 4 || r.Influence.Rows != 460 {
		t.Fatalf("influence: %+v", r.Influence)
	}
	if f[2].Feature != "height" || f[2].APN != 0 || f[2].ARI != 1 || slices.Min(f[2].Jaccard) != 1 {
		t.Errorf("without the feature that has no part: %+v", f[2])
	}
	// The figure of merit of an unused normal feature is its deviation.
	if math.Abs(*f[2].FOM-1) > .1 {
		t.Errorf("figure of merit %v of a feature of deviation 1", *f[2].FOM)
	}
	for _, lost := range f[:2] {
		if lost.APN < .3 || lost.ARI > .6 || *lost.FOM < 5 {
			t.Errorf("without %s: %+v", lost.Feature, lost)
		}
	}
	// Columns of one feature are left out together.
	in.Sources = []string{"place", "place", ""}
	r, _, err = Run(context.Background(), in, Config{K: []int{4}, Restarts: 10, Seed: 1, Influence: true, Choose: Choose{Rule: "4"}}, ref.Path{}, ports.Silent{})
	if err != nil {
		t.Fatal(err)
	}
	if f := r.Influence.Features; len(f) != 2 || f[0].Feature != "place" || f[1].Feature != "height" || f[0].ARI > .1 || f[1].ARI != 1 {
		t.Errorf("by feature: %+v", f)
	}
	if r, _, _ = Run(context.Background(), input(t, x[:1]), Config{K: []int{2}, Seed: 1, Influence: true}, ref.Path{}, ports.Silent{}); r.Influence != nil {
		t.Errorf("one feature: %+v", r.Influence)
	}
}
