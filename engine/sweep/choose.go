package sweep

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"segovia/kernels/problem"
)

// Rules are the names that `choose` takes, besides a number for a fixed k.
var Rules = []string{"stable-then-silhouette", "silhouette", "stability", "elbow"}

// WithDefaults returns c with its zero values replaced.
func (c Choose) WithDefaults() Choose {
	if c.Rule == "" {
		c.Rule = "stable-then-silhouette"
	}
	if c.Global == 0 {
		c.Global = 0.80
	}
	if c.EachSegment == 0 {
		c.EachSegment = 0.60
	}
	if c.MinSize == 0 {
		c.MinSize = 0.01
	}
	return c
}

// choose applies the gates to every k, then the rule to those that pass, and writes the choice with its sentence into r.
func choose(r *Result, c Choose) error {
	c = c.WithDefaults()
	chosen := &Chosen{Rule: c.Rule}
	r.Chosen = chosen
	var passing []int // positions in r.K
	for i, k := range r.K {
		g := c.gate(r, k)
		chosen.Gates = append(chosen.Gates, g)
		if g.Passed {
			passing = append(passing, i)
		}
	}
	if fixed, err := strconv.Atoi(c.Rule); err == nil {
		at := slices.IndexFunc(r.K, func(k KResult) bool { return k.K == fixed })
		if at < 0 {
			return &problem.Problem{ID: "SEG-SEG-001", What: fmt.Sprintf("choose: %d is not in the sweep", fixed),
				Fix: "widen the range of k, or choose another"}
		}
		k := r.K[at]
		chosen.K, chosen.Passed = &k.K, chosen.Gates[at].Passed
		chosen.Because = fmt.Sprintf("k = %d was fixed by the configuration%s.", k.K, figuresEN(k))
		chosen.BecauseDE = fmt.Sprintf("k = %d ist in der Konfiguration festgelegt%s.", k.K, figuresDE(k))
		if !chosen.Passed {
			chosen.Because += " It does not pass these checks: " + strings.Join(names(chosen.Gates[at].Failed, gateEN), ", ") + "."
			chosen.BecauseDE += " Nicht bestanden: " + strings.Join(names(chosen.Gates[at].Failed, gateDE), ", ") + "."
		}
		return nil
	}
	score, err := c.ranking(r)
	if err != nil {
		return err
	}
	candidates := passing
	chosen.Passed = len(passing) > 0
	if !chosen.Passed {
		for i := range r.K {
			candidates = append(candidates, i)
		}
	}
	best, second := -1, -1
	for _, i := range candidates {
		v, ok := score(i)
		if !ok {
			continue
		}
		if best < 0 {
			best = i
		} else if b, _ := score(best); v > b {
			best, second = i, best
		} else if second < 0 {
			second = i
		} else if s, _ := score(second); v > s {
			second = i
		}
	}
	if best < 0 {
		chosen.Passed = false
		chosen.Because = fmt.Sprintf("No k could be chosen: the rule %s needs figures that this sweep does not have.", c.Rule)
		chosen.BecauseDE = fmt.Sprintf("Kein k gewählt: Der Regel %s fehlen die nötigen Kennzahlen.", c.Rule)
		return nil
	}
	chosen.sentence(r, c, len(passing), best, second)
	if chosen.Passed || c.BestFailing {
		chosen.K = &r.K[best].K
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
	fail("large_enough", float64(slices.Min(k.Sizes)) < c.MinSize*float64(r.N))
	if k.Stability != nil {
		fail("stable_global", k.Stability.ARIMean < c.Global)
		fail("stable_segments", slices.ContainsFunc(k.Stability.Segments, func(s SegmentStability) bool { return s.SLSwMean < c.EachSegment }))
	}
	fail("distinguishable", slices.ContainsFunc(k.SegmentSilhouette, func(s float64) bool { return s < c.Distinguish }))
	fail("max_segments", c.MaxSegments > 0 && k.K > c.MaxSegments)
	g.Passed = len(g.Failed) == 0
	return g
}

// ranking returns the figure that the rule maximises, by position in r.K; not ok where it does not exist.
func (c Choose) ranking(r *Result) (func(i int) (float64, bool), error) {
	silhouette := func(i int) (float64, bool) {
		for _, s := range []*float64{r.K[i].Silhouette, r.K[i].SilhouetteSimplified} {
			if s != nil {
				return *s, true
			}
		}
		return 0, false
	}
	switch c.Rule {
	case "stable-then-silhouette", "silhouette":
		return silhouette, nil
	case "stability":
		return func(i int) (float64, bool) {
			if r.K[i].Stability == nil || r.K[i].K < 2 {
				return 0, false
			}
			return r.K[i].Stability.ARIMean, true
		}, nil
	case "elbow":
		return func(i int) (float64, bool) { return 0, r.Elbow.K != nil && *r.Elbow.K == r.K[i].K }, nil
	}
	return nil, &problem.Problem{ID: "SEG-CFG-003", What: fmt.Sprintf("the rule %q is not known to this version", c.Rule),
		Fix: "use " + strings.Join(Rules, ", ") + ", or a number"}
}

// sentence says why best was chosen, with the figures that decided.
func (ch *Chosen) sentence(r *Result, c Choose, passing, best, second int) {
	k := r.K[best]
	tested := "Of the %d k tried, %d pass the checks for size, stability and distinctness"
	geprueft := "Von %d geprüften k bestehen %d die Prüfungen auf Größe, Stabilität und Unterscheidbarkeit"
	if k.Stability == nil {
		tested = "Of the %d k tried, %d pass the checks for size and distinctness (stability was not tested)"
		geprueft = "Von %d geprüften k bestehen %d die Prüfungen auf Größe und Unterscheidbarkeit (Stabilität wurde nicht geprüft)"
	}
	why := reasons[c.Rule]
	if passing == 0 {
		ch.Because = fmt.Sprintf("No k passes the checks; k = %d comes closest and %s%s, but fails: %s.", k.K, why.en, figuresEN(k),
			strings.Join(names(ch.Gates[best].Failed, gateEN), ", "))
		ch.BecauseDE = fmt.Sprintf("Kein k besteht die Prüfungen; k = %d kommt am nächsten und %s%s, besteht aber nicht: %s.", k.K, why.de, figuresDE(k),
			strings.Join(names(ch.Gates[best].Failed, gateDE), ", "))
		return
	}
	ch.Because = fmt.Sprintf(tested+"; among these k = %d %s%s", len(r.K), passing, k.K, why.en, figuresEN(k))
	ch.BecauseDE = fmt.Sprintf(geprueft+"; darunter %s%s", len(r.K), passing, fmt.Sprintf(why.deInverted, k.K), figuresDE(k))
	if second >= 0 {
		ch.Because += fmt.Sprintf("; the runner-up is k = %d%s", r.K[second].K, figuresEN(r.K[second]))
		ch.BecauseDE += fmt.Sprintf("; an zweiter Stelle steht k = %d%s", r.K[second].K, figuresDE(r.K[second]))
	}
	ch.Because += "."
	ch.BecauseDE += "."
}

// reasons word what a rule prefers; in German also with the verb before k.
var reasons = map[string]struct{ en, de, deInverted string }{
	"stable-then-silhouette": {"has the best silhouette", "hat die beste Silhouette", "hat k = %d die beste Silhouette"},
	"silhouette":             {"has the best silhouette", "hat die beste Silhouette", "hat k = %d die beste Silhouette"},
	"stability":              {"is the most stable", "ist am stabilsten", "ist k = %d am stabilsten"},
	"elbow":                  {"is the elbow of the inertia curve", "ist der Knick der Inertia-Kurve", "ist k = %d der Knick der Inertia-Kurve"},
}

func figuresEN(k KResult) string { return figures(k, "silhouette", "mean ARI", ".") }
func figuresDE(k KResult) string { return figures(k, "Silhouette", "mittlerer ARI", ",") }

func figures(k KResult, silhouette, ari, point string) string {
	var parts []string
	if s := k.Silhouette; s != nil {
		parts = append(parts, fmt.Sprintf("%s %.3f", silhouette, *s))
	} else if s := k.SilhouetteSimplified; s != nil {
		parts = append(parts, fmt.Sprintf("%s %.3f", silhouette, *s))
	}
	if k.Stability != nil {
		parts = append(parts, fmt.Sprintf("%s %.3f", ari, k.Stability.ARIMean))
	}
	if len(parts) == 0 {
		return ""
	}
	sep := ", "
	if point == "," {
		sep = "; "
	}
	return " (" + strings.ReplaceAll(strings.Join(parts, sep), ".", point) + ")"
}

var gateEN = map[string]string{"large_enough": "a segment is too small", "stable_global": "not stable as a whole",
	"stable_segments": "a segment is not stable", "distinguishable": "a segment is not distinguishable", "max_segments": "too many segments"}

var gateDE = map[string]string{"large_enough": "ein Segment ist zu klein", "stable_global": "insgesamt nicht stabil",
	"stable_segments": "ein Segment ist nicht stabil", "distinguishable": "ein Segment ist nicht unterscheidbar", "max_segments": "zu viele Segmente"}

func names(failed []string, text map[string]string) []string {
	var out []string
	for _, f := range failed {
		out = append(out, text[f])
	}
	return out
}
