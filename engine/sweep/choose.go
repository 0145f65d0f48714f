package sweep

import (
	"fmt"
	"slices"
	"strings"

	"segovia/engine/validity"
	"segovia/kernels/problem"
)

// Rules are the names that `choose` takes, besides a number for a fixed k. Each ranks the k that pass the gates; those that
// need a gap or prediction strength rank k = 1 with them, which stands for no segments.
//
//	stable-then-gap         globalSEmax of the gap statistic; the silhouette breaks ties
//	stable-then-silhouette  the largest silhouette
//	gap:RULE                one of the five rules for the gap (validity.SERules)
//	prediction-strength     the largest k with a prediction strength above 0.8
//	silhouette, stability   the largest silhouette, the largest mean ARI
//	elbow                   the knee of the inertia curve
var Rules = []string{"stable-then-gap", "stable-then-silhouette", "gap:globalSEmax", "gap:firstSEmax", "gap:Tibs2001SEmax", "gap:globalmax",
	"gap:firstmax", "elbow", "silhouette", "stability", "prediction-strength"}

// strengthCutoff is the prediction strength above which k counts as predictable (Tibshirani and Walther 2005).
const strengthCutoff = 0.8

// gapRule returns the rule that is applied to the gaps, if the choice goes by them.
func (c Choose) gapRule() (name string, ok bool) {
	if c.Rule == "stable-then-gap" {
		return "globalSEmax", true
	}
	return strings.CutPrefix(c.Rule, "gap:")
}

// check returns SEG-CFG-003 for an unknown rule, and for one whose figures the sweep does not compute.
func (c Choose) check(of Config) error {
	if _, ok := c.fixed(); ok {
		return nil
	}
	if !slices.Contains(Rules, c.Rule) {
		return &problem.Problem{ID: "SEG-CFG-003", What: fmt.Sprintf("the rule %q is not known to this version", c.Rule),
			Fix: "use " + strings.Join(Rules, ", ") + ", or a number"}
	}
	needs := func(missing bool, what, fix string) error {
		if !missing {
			return nil
		}
		return &problem.Problem{ID: "SEG-CFG-003", What: fmt.Sprintf("the rule %s needs %s, which the sweep does not compute", c.Rule, what), Fix: fix}
	}
	if _, ok := c.gapRule(); ok {
		return needs(of.Gap == 0, "the gap statistic", "set gap to 50 reference sets, or choose by another rule")
	}
	switch c.Rule {
	case "prediction-strength":
		return needs(of.PredictionStrength == 0, "the prediction strength", "set prediction-strength to 50 splits, or choose by another rule")
	case "stability":
		return needs(of.Bootstrap == 0, "the bootstrap", "set bootstrap to 100 pairs, or choose by another rule")
	case "silhouette", "stable-then-silhouette":
		return needs(of.Silhouette == "none" && c.Rule == "silhouette", "a silhouette", "set silhouette to auto, or choose by another rule")
	}
	return nil
}

// choose applies the gates to every k, then the rule to those that pass, and writes the choice with its sentence into r.
func choose(r *Result, c Choose) error {
	c = c.WithDefaults()
	chosen := &Chosen{Rule: c.Rule, Structure: "segments"}
	r.Chosen = chosen
	for _, k := range r.K {
		chosen.Gates = append(chosen.Gates, c.gate(r, k))
	}
	if fixed, ok := c.fixed(); ok {
		return chosen.fix(r, fixed)
	}
	p := &picker{rule: c.Rule, r: r}
	if r.OneSegment != nil {
		p.ks = append(p.ks, r.OneSegment)
	}
	var passing, all []int // positions in p.ks of more than one segment
	one := -1
	for i := range r.K {
		at := len(p.ks)
		p.ks = append(p.ks, &r.K[i])
		if r.K[i].K > 1 {
			all = append(all, at)
			if chosen.Gates[i].Passed {
				passing = append(passing, at)
			}
		}
	}
	if len(p.ks) > 0 && p.ks[0].K == 1 {
		one = 0
	}
	rivals := passing // of k = 1; where none passes, all must speak against segments
	if len(passing) == 0 {
		rivals = all
	}
	if _, ok := c.gapRule(); ok && len(rivals) > 0 && !p.anyGap(rivals) {
		// Without dispersion, as where there are as many segments as distinct rows, the gap says nothing.
		p.rule, chosen.Rule = "stable-then-silhouette", "stable-then-silhouette"
	}
	with := func(among []int) []int { // k = 1, where the rule can choose it
		if one < 0 || !p.ranksOne() {
			return among
		}
		return append([]int{one}, among...)
	}
	best := p.best(with(rivals))
	switch {
	case best >= 0 && best == one:
		chosen.K, chosen.Passed, chosen.Structure = &p.ks[one].K, true, "none"
		if len(c.reproducible(r)) > 0 {
			chosen.Structure = "continuous"
		}
		chosen.none(r, c, p, rivals)
	case len(passing) > 0 && best >= 0:
		chosen.K, chosen.Passed = &p.ks[best].K, true
		chosen.sentence(r, p, with(passing), len(passing), best)
	default:
		chosen.Structure = "unclear"
		best = p.best(all)
		if best < 0 { // as the elbow where the curve has none
			chosen.Because = fmt.Sprintf("No k could be chosen: the rule %s finds none.", c.Rule)
			chosen.BecauseDE = fmt.Sprintf("Kein k gewählt: Die Regel %s findet keines.", c.Rule)
			if len(passing) == 0 {
				chosen.Because += " No k passes the checks."
				chosen.BecauseDE += " Kein k besteht die Prüfungen."
			}
			return nil
		}
		chosen.unclear(p, best, len(passing))
		if c.BestFailing && len(passing) == 0 {
			chosen.K = &p.ks[best].K
		}
	}
	return nil
}

// fix takes the k that the configuration names.
func (ch *Chosen) fix(r *Result, fixed int) error {
	at := slices.IndexFunc(r.K, func(k KResult) bool { return k.K == fixed })
	if at < 0 {
		return &problem.Problem{ID: "SEG-SEG-001", What: fmt.Sprintf("choose: %d is not in the sweep", fixed),
			Fix: "widen the range of k, or choose another"}
	}
	k := &r.K[at]
	ch.K, ch.Passed, ch.Structure = &k.K, ch.Gates[at].Passed, "fixed"
	ch.Because = fmt.Sprintf("k = %d was fixed by the configuration%s.", k.K, figures(k, english))
	ch.BecauseDE = fmt.Sprintf("k = %d ist in der Konfiguration festgelegt%s.", k.K, figures(k, german))
	if !ch.Passed {
		ch.Because += " It does not pass these checks: " + ch.Gates[at].names(english) + "."
		ch.BecauseDE += " Nicht bestanden: " + ch.Gates[at].names(german) + "."
	}
	return nil
}

// gate checks one k against the four criteria and the limit.
func (c Choose) gate(r *Result, k KResult) Gate {
	g := Gate{K: k.K, Failed: []string{}}
	fail := func(name string, failed bool) {
		if failed {
			g.Failed = append(g.Failed, name)
		}
	}
	below := func(v *float64, least float64) bool { return v != nil && *v < least }
	fail("large_enough", float64(slices.Min(k.Sizes)) < c.MinSize*float64(r.N))
	if st := k.Stability; st != nil {
		fail("stable_global", below(st.ARIMean, c.Global))
		fail("stable_segments", slices.ContainsFunc(st.Segments, func(s SegmentStability) bool { return below(s.trust(), c.EachSegment) }))
	}
	fail("distinguishable", slices.ContainsFunc(k.SegmentSilhouette, func(s float64) bool { return s < c.Distinguish }))
	fail("max_segments", c.MaxSegments > 0 && k.K > c.MaxSegments)
	g.Passed = len(g.Failed) == 0
	return g
}

// trust is the figure that a segment's stability is judged by: SLSw, and clusterboot's Jaccard where there were no pairs.
func (s SegmentStability) trust() *float64 {
	if s.SLSwMean != nil {
		return s.SLSwMean
	}
	return s.JaccardMean
}

// reproducible lists the k of more than one segment that were tested and are stable, whatever else they fail.
func (c Choose) reproducible(r *Result) (ks []*KResult) {
	for i, g := range r.Chosen.Gates {
		k := &r.K[i]
		if k.K > 1 && k.Stability != nil && k.Stability.ARIMean != nil && !slices.Contains(g.Failed, "stable_global") && !slices.Contains(g.Failed, "stable_segments") {
			ks = append(ks, k)
		}
	}
	return ks
}

// picker applies a rule to some of the k.
type picker struct {
	rule string
	r    *Result
	ks   []*KResult // ascending
}

// ranksOne reports whether the rule can answer k = 1.
func (p *picker) ranksOne() bool {
	_, gap := Choose{Rule: p.rule}.gapRule()
	return gap || p.rule == "prediction-strength"
}

// anyGap reports whether one of some k has a gap.
func (p *picker) anyGap(among []int) bool {
	return slices.ContainsFunc(among, func(i int) bool { return p.ks[i].Gap != nil })
}

// best returns the position of the k that the rule prefers among some, in ascending order; -1 where it prefers none.
func (p *picker) best(among []int) int {
	if rule, ok := (Choose{Rule: p.rule}).gapRule(); ok {
		return p.bestGap(rule, among)
	}
	best := -1
	for _, i := range among {
		v, ok := p.score(i)
		if !ok {
			continue
		}
		if b, _ := p.score(max(best, 0)); best < 0 || v > b {
			best = i
		}
	}
	return best
}

// bestGap applies a rule of maxSE to the gaps of some k. Of equal gaps the larger silhouette counts.
func (p *picker) bestGap(rule string, among []int) int {
	var at []int
	var gaps, ses []float64
	for _, i := range among {
		if k := p.ks[i]; k.Gap != nil && k.GapSE != nil {
			at, gaps, ses = append(at, i), append(gaps, *k.Gap), append(ses, *k.GapSE)
		}
	}
	if len(at) == 0 {
		return -1
	}
	c := validity.SERules(gaps, ses, 1)
	best := map[string]int{"globalSEmax": c.GlobalSEmax, "firstSEmax": c.FirstSEmax, "Tibs2001SEmax": c.Tibs2001SEmax,
		"globalmax": c.GlobalMax, "firstmax": c.FirstMax}[rule]
	for i := range at {
		s, ok := silhouetteOf(p.ks[at[i]])
		if t, known := silhouetteOf(p.ks[at[best]]); gaps[i] == gaps[best] && ok && known && s > t {
			best = i
		}
	}
	return at[best]
}

// score is the figure that a rule without a gap maximises; not ok where it does not exist.
func (p *picker) score(i int) (float64, bool) {
	k := p.ks[i]
	switch p.rule {
	case "stability":
		if k.Stability == nil || k.Stability.ARIMean == nil || k.K < 2 {
			return 0, false
		}
		return *k.Stability.ARIMean, true
	case "elbow":
		return 0, p.r.Elbow.K != nil && *p.r.Elbow.K == k.K
	case "prediction-strength":
		return float64(k.K), k.K == 1 || k.PredictionStrength != nil && *k.PredictionStrength > strengthCutoff
	}
	return silhouetteOf(k)
}

// silhouetteOf returns the silhouette, else the simplified one.
func silhouetteOf(k *KResult) (float64, bool) {
	for _, s := range []*float64{k.Silhouette, k.SilhouetteSimplified} {
		if s != nil {
			return *s, true
		}
	}
	return 0, false
}
