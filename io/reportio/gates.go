package reportio

import (
	"math"
	"slices"
)

// gateTable is every number of segments that was tried, with its figures and checks.
type gateTable struct {
	Columns []string // statistics
	More    []string // statistics that decide nothing, in a table of their own
	Gates   []string // checks; empty if nothing was chosen
	Rows    []gateRow
}

type gateRow struct {
	K       int
	Chosen  bool
	Figures []figure
	More    []figure
	Checks  []check
	Verdict string
	State   string // "yes", "no", "chosen", "failing", "" if there is no verdict
}

// figure is a value with its standard error, "" where there is none.
type figure struct{ Value, Error string }

var nothing = figure{Value: none}

// gateOrder is the order of the checks; the limit on the number of segments is shown only where it mattered.
var gateOrder = []string{"large_enough", "stable_global", "stable_segments", "distinguishable", "max_segments"}

// known writes a statistic with its standard error; either may be null.
func (p *page) known(v, e *float64) figure {
	if v == nil {
		return nothing
	}
	return figure{p.figure(*v), p.plusMinus(e, 3)}
}

// plusMinus writes a standard error with so many decimals, "" for null. One that would round to nothing has three, and
// one below those is said to be so.
func (p *page) plusMinus(e *float64, decimals int) string {
	if e == nil {
		return ""
	}
	if *e > 0 && *e < float64(math.Pow10(-decimals)/2) {
		decimals = 3
	}
	s := p.L.dec(*e, decimals)
	if *e > 0 && *e < 0.0005 {
		s = "<" + p.L.dec(0.001, 3)
	}
	return "±" + nbsp + s
}

// weakest returns the smallest mean of the segments of one k, with its standard error.
func weakest(k sweepK, of func(s stabilityOfSegment) (mean, se *float64)) (least, se *float64) {
	if k.Stability == nil {
		return nil, nil
	}
	for _, s := range k.Stability.Segments {
		if v, e := of(s); v != nil && (least == nil || *v < *least) {
			least, se = v, e
		}
	}
	return least, se
}

func (p *page) gates() *gateTable {
	t := &gateTable{}
	type column struct {
		name  string
		value func(k sweepK) figure
	}
	known := func(columns []column) []column {
		return slices.DeleteFunc(columns, func(c column) bool {
			return !slices.ContainsFunc(p.sweep.K, func(k sweepK) bool { return c.value(k) != nothing })
		})
	}
	exact := slices.ContainsFunc(p.sweep.K, func(k sweepK) bool { return k.Silhouette != nil })
	columns := known([]column{
		{p.t("short.ari"), func(k sweepK) figure {
			if k.Stability == nil {
				return nothing
			}
			return p.known(k.Stability.ARIMean, k.Stability.ARIMCSE)
		}},
		{p.t("weakest"), func(k sweepK) figure {
			return p.known(weakest(k, func(s stabilityOfSegment) (_, _ *float64) { return s.SLSwMean, s.SLSwMCSE }))
		}},
		{p.t("weakest.jaccard"), func(k sweepK) figure {
			return p.known(weakest(k, func(s stabilityOfSegment) (_, _ *float64) { return s.JaccardMean, s.JaccardMCSE }))
		}},
		{p.t("smallest"), func(k sweepK) figure {
			if len(k.Sizes) == 0 {
				return nothing
			}
			least := slices.Min(k.Sizes)
			if least < p.least() {
				return figure{Value: p.t("few", p.L.int(int64(p.least())))}
			}
			return figure{Value: p.L.int(int64(least))}
		}},
		{p.t("stat.gap"), func(k sweepK) figure { return p.known(k.Gap, k.GapSE) }},
		{p.t("short.strength"), func(k sweepK) figure { return p.known(k.Strength, k.StrengthSE) }},
		{p.t("stat.silhouette"), func(k sweepK) figure { return p.known(k.Silhouette, k.SilhouetteSE) }},
		{p.t("short.simplified"), func(k sweepK) figure {
			if exact {
				return nothing
			}
			return p.known(k.SilhouetteSimplified, nil)
		}},
	})
	more := known([]column{
		{p.t("stat.ch"), func(k sweepK) figure { return p.known(k.CalinskiHarabasz, nil) }},
		{p.t("stat.db"), func(k sweepK) figure { return p.known(k.DaviesBouldin, nil) }},
		{p.t("short.inertia"), func(k sweepK) figure { return p.known(&k.Inertia, nil) }},
	})
	for _, c := range columns {
		t.Columns = append(t.Columns, c.name)
	}
	for _, c := range more {
		t.More = append(t.More, c.name)
	}
	gates := p.usedGates()
	for _, g := range gates {
		t.Gates = append(t.Gates, p.t("gate."+g))
	}
	for _, k := range p.sweep.all() {
		r := gateRow{K: k.K, Chosen: k.K == p.chosenK()}
		for _, c := range columns {
			r.Figures = append(r.Figures, c.value(k))
		}
		for _, c := range more {
			r.More = append(r.More, c.value(k))
		}
		p.verdict(&r, gates)
		t.Rows = append(t.Rows, r)
	}
	return t
}

// usedGates lists the checks that the table shows; none if no choice was made.
func (p *page) usedGates() []string {
	if p.sweep.Chosen == nil || len(p.sweep.Chosen.Gates) == 0 {
		return nil
	}
	gates := slices.Clone(gateOrder[:4])
	for _, g := range p.sweep.Chosen.Gates {
		if slices.Contains(g.Failed, gateOrder[4]) {
			return gateOrder
		}
	}
	return gates
}

// verdict fills in the checks and what came of them. A chosen k that failed them is said to have failed.
func (p *page) verdict(r *gateRow, gates []string) {
	if p.sweep.Chosen == nil {
		return
	}
	if r.Chosen {
		r.Verdict, r.State = p.t("verdict.chosen"), "chosen"
	}
	g := p.gate(r.K)
	if g == nil {
		return
	}
	for _, name := range gates {
		c := check{Name: p.t("gate." + name), State: "yes"}
		if slices.Contains(g.Failed, name) {
			c.State = "no"
		}
		c.Verdict = p.t("check." + c.State)
		r.Checks = append(r.Checks, c)
	}
	switch {
	case r.Chosen && !g.Passed && r.K > 1:
		r.Verdict, r.State = p.t("verdict.shown"), "failing"
	case r.Chosen:
	case g.Passed:
		r.Verdict, r.State = p.t("verdict.passed"), "yes"
	default:
		r.Verdict, r.State = p.t("verdict.failed"), "no"
	}
}

// gate returns the verdict on k; nil if there is none.
func (p *page) gate(k int) *gate {
	if p.sweep == nil || p.sweep.Chosen == nil {
		return nil
	}
	for i := range p.sweep.Chosen.Gates {
		if g := &p.sweep.Chosen.Gates[i]; g.K == k {
			return g
		}
	}
	return nil
}
