package tiers

import (
	"slices"
	"testing"
)

// towards is a company in three segments of two customers whose goal is consumables.
func towards(actual, devices []float64) (Input, Segmentation, Config) {
	in := tableOf(column("revenue", "currency", "transactional", actual...), column("consumables", "currency", "transactional", actual...))
	in.Hidden = append(in.Hidden, column("~devices_x", "", "", devices...))
	cfg := Config{Potential: &Potential{From: "d", Type: "t", Prices: map[string]Price{"x": {ConsumablesPerYear: ptr(1)}}}, Goal: &Goal{Raise: "consumables"}}
	cfg.Profile.Revenue, cfg.Profile.Currency = "revenue", "€"
	return in, inSegments([]int{0, 0, 1, 1, 2, 2}, 3), cfg
}

func TestGoal(t *testing.T) {
	// Segment 1 could bring 200 more, of 100; segment 2 nothing, and one of its customers buys more than their potential;
	// segment 3 could bring 1000 and 300, and was paid back 50.
	in, seg, cfg := towards([]float64{100, 0, 500, 80, -50, nan}, []float64{150, 150, 400, 80, 1000, 300})
	o := mustWork(t, in, seg, cfg)
	g := o.report.Goal
	want := []GoalSegment{
		{Segment: 3, Actual: -50, Reachable: 1300, Uplift: 1300, PerHead: 650, Share: 1300.0 / 1500},
		{Segment: 1, Actual: 100, Reachable: 300, Uplift: 200, PerHead: 100, Share: 200.0 / 1500, Realised: 1.0 / 3},
		{Segment: 2, Actual: 580, Reachable: 580, Realised: 1, Saturated: true},
	}
	if !slices.Equal(g.Segments, want) || g.Total != 630 || g.Reachable != 2180 || g.Uplift != 1500 || g.Saturated != 0.8 || g.Potential != "potential" || g.Actual != "consumables" {
		t.Errorf("%+v", g)
	}
	de := "1,5 Tsd. € im Jahr sind zu gewinnen (bis zu: Potenzial der Geräte); das meiste davon in „Gruppe 3“. Ausgeschöpft: „Gruppe 2“."
	en := "1.5 k € a year are to be gained (up to: potential of the installed base); most of it in “Segment no 3”. Saturated: “Segment no 2”."
	if g.Conclusion.DE != de || g.Conclusion.EN != en || g.Name.EN != "goal: more consumables" {
		t.Errorf("%+v, %+v", g.Conclusion, g.Name)
	}
}

// The segments that together hold two thirds are named, in order.
func TestConclusionNamesTheMost(t *testing.T) {
	in, seg, cfg := towards([]float64{0, 0, 0, 0, 0, 0}, []float64{30, 0, 25, 0, 45, 0})
	o := mustWork(t, in, seg, cfg)
	if c := o.report.Goal.Conclusion.EN; !contains(c, "most of it in “Segment no 3”, “Segment no 1”.") || contains(c, "Saturated") {
		t.Errorf("%s", c)
	}
}

func TestNothingToGain(t *testing.T) {
	for _, actual := range [][]float64{{5, 5, 5, 5, 5, 5}, {0, 0, 0, 0, 0, 0}} {
		in, seg, cfg := towards(actual, make([]float64, 6))
		o := mustWork(t, in, seg, cfg)
		g := o.report.Goal
		if g.Uplift != 0 || g.Conclusion != (Text{"Das Ziel ist überall erreicht.", "The goal is reached everywhere."}) {
			t.Errorf("%+v", g)
		}
		for s, x := range g.Segments {
			if x.Segment != s+1 || x.Share != 0 || x.Saturated != (actual[0] > 0) {
				t.Errorf("%+v", x)
			}
		}
	}
}

func TestGoalsThatCannotBeJudged(t *testing.T) {
	for _, c := range []struct{ raise, upTo, want string }{
		{"consumable", "", "SEG-FEA-002 goal.raise"}, {"consumables", "revenu", "SEG-FEA-002 goal.up_to"}, {"kind", "", "SEG-FEA-002 goal.raise"},
		{"consumables", "wallet", ""}, {"consumables", "lifetime_value", ""},
	} {
		in, seg, cfg := towards(make([]float64, 6), make([]float64, 6))
		in.Table.Columns = append(in.Table.Columns, category("kind", "a", "b", "a", "b", "a", "b"))
		cfg.Goal = &Goal{Raise: c.raise, UpTo: c.upTo}
		o, err := work(in, seg, cfg)
		if c.want != "" {
			if !slices.Equal(placesOf(err), []string{c.want}) {
				t.Errorf("%+v: %v", c, err)
			}
		} else if err != nil || o.report.Goal != nil || !o.warned("the goal is not judged: "+c.upTo+" is not known") {
			t.Errorf("%+v: %v, %+v", c, err, o.report.Warnings)
		}
	}
	// A feature can be the aim; what would be less than nothing is no gain.
	in, seg, cfg := towards([]float64{-9, 1, 1, 1, 1, 1}, make([]float64, 6))
	in.Table.Columns = append(in.Table.Columns, column("aim", "", "", -5, 3, nan, 1, 0, 1))
	cfg.Goal.UpTo = "aim"
	if g := mustWork(t, in, seg, cfg).report.Goal; g.Uplift != 2 || g.Segments[0].Uplift != 2 {
		t.Errorf("%+v", g)
	}
}
