package tiers

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"segovia/engine/internal/exact"
)

// goal ranks the segments by what is left to gain: for each customer, what the feature could reach minus what it is, at
// least 0.
func (a *assigner) goal() error {
	g := a.cfg.Goal
	if _, err := a.in.column(g.Raise, "goal.raise"); err != nil {
		return err
	}
	upTo := g.UpTo
	if upTo == "" {
		upTo = "wallet"
		if a.columns["wallet"] == nil {
			upTo = "potential"
		}
	}
	if !slices.Contains(Added, upTo) {
		if _, err := a.in.column(upTo, "goal.up_to"); err != nil {
			return err
		}
	} else if a.columns[upTo] == nil {
		a.warn("Das Ziel wird nicht bewertet: "+upTo+" ist nicht bekannt.", "the goal is not judged: "+upTo+" is not known")
		return nil
	}
	actual := a.perYear(g.Raise)
	reach := a.numbers(upTo) // already a year's
	if reach == nil {
		reach = a.perYear(upTo)
	}
	n := len(actual)
	could, uplift := make([]float64, n), make([]float64, n)
	for i := range could {
		if could[i] = actual[i]; reach[i] > actual[i] {
			could[i], uplift[i] = reach[i], max(0, reach[i]-max(0, actual[i]))
		}
	}
	by := func(values []float64) []float64 {
		out := make([]float64, a.k)
		a.sumBy(values, a.seg.Labels, out)
		return out
	}
	is, can, more := by(actual), by(could), by(uplift)
	r := &GoalReport{Name: g.Name, Actual: g.Raise, Potential: upTo, Total: exact.Sum(actual), Reachable: exact.Sum(could), Uplift: exact.Sum(uplift),
		Saturated: cmp.Or(g.Saturated, 0.8)}
	label := tx(g.Raise, g.Raise)
	if c := a.in.Table.Column(g.Raise); c != nil {
		label = tx(cmp.Or(c.LabelDE, label.DE), cmp.Or(c.LabelEN, label.EN))
	}
	r.Name = orText(r.Name, tx("Ziel: mehr "+label.DE, "goal: more "+label.EN))
	for s, seg := range a.seg.Segments.Segments {
		gs := GoalSegment{Segment: s + 1, Actual: is[s], Reachable: can[s], Uplift: more[s], PerHead: more[s] / float64(seg.Customers)}
		if r.Uplift > 0 {
			gs.Share = more[s] / r.Uplift
		}
		if can[s] > 0 {
			gs.Realised = math.Max(0, is[s]) / can[s]
		}
		gs.Saturated = gs.Realised >= r.Saturated
		r.Segments = append(r.Segments, gs)
	}
	slices.SortStableFunc(r.Segments, func(x, y GoalSegment) int { return cmp.Compare(y.Uplift, x.Uplift) })
	r.Conclusion = a.conclusion(r)
	a.report.Goal = r
	return nil
}

// conclusion says where most is to gain and which segments are saturated.
func (a *assigner) conclusion(r *GoalReport) Text {
	names := func(german bool, keep func(GoalSegment) bool) string {
		var out []string
		for _, s := range r.Segments {
			if keep(s) {
				name := a.seg.Segments.Segments[s.Segment-1].Name
				out = append(out, tx("„"+name.DE+"“", "“"+name.EN+"”").in(german))
			}
		}
		return strings.Join(out, ", ")
	}
	if r.Uplift <= 0 {
		return tx("Das Ziel ist überall erreicht.", "The goal is reached everywhere.")
	}
	reach := tx(r.Potential, r.Potential)
	if c := cmp.Or(a.columns[r.Potential], a.in.Table.Column(r.Potential)); c != nil {
		reach = tx(cmp.Or(c.LabelDE, reach.DE), cmp.Or(c.LabelEN, reach.EN))
	}
	return both(func(german bool) string {
		// The segments that hold two thirds of what is to gain, most first.
		var sum float64
		top := names(german, func(s GoalSegment) bool {
			before := sum
			sum += s.Share
			return before < 2.0/3 && s.Share > 0
		})
		money := shortAmount(r.Uplift, a.cfg.Profile.Currency, german)
		full := names(german, func(s GoalSegment) bool { return s.Saturated })
		text := tx(money+" im Jahr sind zu gewinnen (bis zu: "+reach.DE+"); das meiste davon in "+top+".",
			money+" a year are to be gained (up to: "+reach.EN+"); most of it in "+top+".").in(german)
		if full != "" {
			text += tx(" Ausgeschöpft: "+full+".", " Saturated: "+full+".").in(german)
		}
		return text
	})
}
