package sweep

import (
	"fmt"
	"slices"
	"strings"

	"segovia/engine/validity"
)

// language is one of the two that sentences are written in.
type language int

const (
	english language = iota
	german
)

// number writes v with three decimals and the language's decimal sign.
func (l language) number(v float64) string {
	s := fmt.Sprintf("%.3f", v)
	if l == german {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s
}

// of returns the text in the language.
func (l language) of(en, de string) string {
	if l == german {
		return de
	}
	return en
}

// write sets both sentences.
func (ch *Chosen) write(text func(l language) string) {
	ch.Because, ch.BecauseDE = text(english), text(german)
}

// reasons word what a rule prefers; in German also with the verb before k.
var reasons = map[string]struct{ en, de, deInverted string }{
	"stable-then-gap": {"is the smallest whose gap is within one standard error of the largest",
		"ist das kleinste, dessen Gap höchstens einen Standardfehler unter dem größten liegt",
		"ist k = %d das kleinste, dessen Gap höchstens einen Standardfehler unter dem größten liegt"},
	"gap:globalSEmax": {"is the smallest whose gap is within one standard error of the largest",
		"ist das kleinste, dessen Gap höchstens einen Standardfehler unter dem größten liegt",
		"ist k = %d das kleinste, dessen Gap höchstens einen Standardfehler unter dem größten liegt"},
	"gap:firstSEmax": {"is the smallest whose gap is within one standard error of the first local maximum",
		"ist das kleinste, dessen Gap höchstens einen Standardfehler unter dem ersten lokalen Maximum liegt",
		"ist k = %d das kleinste, dessen Gap höchstens einen Standardfehler unter dem ersten lokalen Maximum liegt"},
	"gap:Tibs2001SEmax": {"is the smallest whose gap the next one exceeds by at most one standard error",
		"ist das kleinste, dessen Gap vom nächsten um höchstens einen Standardfehler übertroffen wird",
		"ist k = %d das kleinste, dessen Gap vom nächsten um höchstens einen Standardfehler übertroffen wird"},
	"gap:globalmax":          {"has the largest gap", "hat das größte Gap", "hat k = %d das größte Gap"},
	"gap:firstmax":           {"is the first local maximum of the gap", "ist das erste lokale Maximum des Gap", "ist k = %d das erste lokale Maximum des Gap"},
	"stable-then-silhouette": {"has the best silhouette", "hat die beste Silhouette", "hat k = %d die beste Silhouette"},
	"silhouette":             {"has the best silhouette", "hat die beste Silhouette", "hat k = %d die beste Silhouette"},
	"stability":              {"is the most stable", "ist am stabilsten", "ist k = %d am stabilsten"},
	"elbow":                  {"is the elbow of the inertia curve", "ist der Knick der Inertia-Kurve", "ist k = %d der Knick der Inertia-Kurve"},
	"prediction-strength": {"is the largest with a prediction strength above 0.8", "ist das größte mit einer Vorhersagestärke über 0,8",
		"ist k = %d das größte mit einer Vorhersagestärke über 0,8"},
}

// figures lists in parentheses what is known of one k: gap, prediction strength, silhouette, mean ARI, the last with its
// Monte-Carlo standard error.
func figures(k *KResult, l language) string {
	var parts []string
	give := func(en, de string, v, se *float64) {
		if v == nil {
			return
		}
		text := l.of(en, de) + " " + l.number(*v)
		if se != nil {
			text += " ± " + l.number(*se)
		}
		parts = append(parts, text)
	}
	give("gap", "Gap", k.Gap, k.GapSE)
	give("prediction strength", "Vorhersagestärke", k.PredictionStrength, k.PredictionStrengthSE)
	switch {
	case k.Silhouette != nil:
		give("silhouette", "Silhouette", k.Silhouette, k.SilhouetteSE)
	case k.SilhouetteSimplified != nil:
		give("simplified silhouette", "vereinfachte Silhouette", k.SilhouetteSimplified, nil)
	}
	if st := k.Stability; st != nil {
		give("mean ARI", "mittlerer ARI", st.ARIMean, st.ARIMCSE)
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, l.of(", ", "; ")) + ")"
}

// gateTexts name what a k fails.
var gateTexts = map[string][2]string{"large_enough": {"a segment is too small", "ein Segment ist zu klein"},
	"stable_global":   {"not stable as a whole", "insgesamt nicht stabil"},
	"stable_segments": {"a segment is not stable", "ein Segment ist nicht stabil"},
	"distinguishable": {"a segment is not distinguishable", "ein Segment ist nicht unterscheidbar"},
	"max_segments":    {"too many segments", "zu viele Segmente"}}

// names lists what a k fails.
func (g Gate) names(l language) string {
	var out []string
	for _, f := range g.Failed {
		out = append(out, gateTexts[f][l])
	}
	return strings.Join(out, ", ")
}

// tested says how many k were tried and how many pass.
func tested(r *Result, passing int, l language) string {
	if len(r.K) > 0 && r.K[0].Stability == nil {
		return fmt.Sprintf(l.of("Of the %d k tried, %d pass the checks for size and distinctness (stability was not tested)",
			"Von %d geprüften k bestehen %d die Prüfungen auf Größe und Unterscheidbarkeit (Stabilität wurde nicht geprüft)"), len(r.K), passing)
	}
	return fmt.Sprintf(l.of("Of the %d k tried, %d pass the checks for size, stability and distinctness",
		"Von %d geprüften k bestehen %d die Prüfungen auf Größe, Stabilität und Unterscheidbarkeit"), len(r.K), passing)
}

// sentence says why best was chosen among some k, with the figures that decided.
func (ch *Chosen) sentence(r *Result, p *picker, among []int, passing, best int) {
	k, why := p.ks[best], reasons[p.rule]
	second := p.second(among, best)
	ch.write(func(l language) string {
		s := tested(r, passing, l)
		these := l.of("; among these k = %d %s%s", "; darunter %s%s")
		if p.ranksOne() && among[0] == 0 && p.ks[0].K == 1 {
			these = l.of("; among these and k = 1, k = %d %s%s", "; mit k = 1 darunter %s%s")
		}
		if l == german {
			s += fmt.Sprintf(these, fmt.Sprintf(why.deInverted, k.K), figures(k, l))
		} else {
			s += fmt.Sprintf(these, k.K, why.en, figures(k, l))
		}
		if second >= 0 {
			s += fmt.Sprintf(l.of("; the runner-up is k = %d%s", "; an zweiter Stelle steht k = %d%s"), p.ks[second].K, figures(p.ks[second], l))
		}
		s += "."
		if c := r.GapChoice; c != nil && c.FirstMax == 1 && p.ranksOne() {
			s += l.of(" But the gap first falls from k = 1 on: these may be cuts through continuous structure, not separate segments.",
				" Das Gap fällt aber von k = 1 an zunächst: Dies können Schnitte durch eine zusammenhängende Struktur sein und keine getrennten Segmente.")
		}
		return s
	})
}

// second returns the position of the k that would be chosen if best were not there, -1 for none.
func (p *picker) second(among []int, best int) int {
	var rest []int
	for _, i := range among {
		if i != best {
			rest = append(rest, i)
		}
	}
	if p.ranksOne() && len(rest) > 0 && p.ks[rest[0]].K == 1 && len(rest) > 1 {
		rest = rest[1:] // to have no segments is no runner-up where others are
	}
	return p.best(rest)
}

// unclear says that no k passes, or that the one which the rule prefers does not.
func (ch *Chosen) unclear(p *picker, best, passing int) {
	k, why := p.ks[best], reasons[p.rule]
	var gate Gate
	for _, g := range ch.Gates {
		if g.K == k.K {
			gate = g
		}
	}
	ch.write(func(l language) string {
		if passing > 0 {
			return fmt.Sprintf(l.of("The rule %s prefers k = %d%s, which fails the checks: %s.", "Die Regel %s zieht k = %d%s vor, das die Prüfungen nicht besteht: %s."),
				p.rule, k.K, figures(k, l), gate.names(l))
		}
		return fmt.Sprintf(l.of("No k passes the checks; the rule would take k = %d, which %s%s, but fails: %s.",
			"Kein k besteht die Prüfungen; die Regel nähme k = %d: Es %s%s, besteht aber nicht: %s."), k.K, l.of(why.en, why.de), figures(k, l), gate.names(l))
	})
}

// none says plainly that there are no segments, or that those which can be cut reproducibly are not separate.
func (ch *Chosen) none(r *Result, c Choose, p *picker, rivals []int) {
	one := p.ks[0]
	if len(rivals) == 0 {
		ch.Because, ch.BecauseDE = "Only k = 1 was tried.", "Nur k = 1 wurde geprüft."
		return
	}
	ch.write(func(l language) string {
		var s string
		if cuts := c.reproducible(r); ch.Structure == "continuous" {
			s = fmt.Sprintf(l.of("The data hold no separate segments. The solutions for %s can be reproduced%s, but their pieces are cuts through continuous structure, not separate segments: ",
				"Die Daten enthalten keine getrennten Segmente. Die Lösungen für %s sind reproduzierbar%s, ihre Stücke sind aber Schnitte durch eine zusammenhängende Struktur und keine getrennten Segmente: "),
				listOfK(cuts), ariRange(cuts, l))
		} else {
			s = l.of("The data hold no segments: ", "Die Daten enthalten keine Segmente: ")
		}
		best := -1 // what speaks most for segments
		if rule, ok := c.gapRule(); ok {
			best = p.bestGap("globalmax", rivals)
			s += l.of("the gap statistic", "Die Gap-Statistik")
			if p.rule != "stable-then-gap" {
				s += " (" + rule + ")"
			}
			s += l.of(" prefers one group", " zieht eine einzige Gruppe vor") + figures(one, l)
			if slices.ContainsFunc(ch.Gates, func(g Gate) bool { return g.K > 1 && g.Passed }) {
				s += l.of(" to those that pass the checks", " gegenüber denen, die die Prüfungen bestehen")
			}
		} else {
			best = p.strongest(rivals)
			s += l.of("no k of more than one segment has a prediction strength above 0.8", "Kein k mit mehr als einem Segment hat eine Vorhersagestärke über 0,8")
		}
		if best >= 0 {
			s += fmt.Sprintf(l.of("; the best of the others is k = %d%s", "; das beste andere ist k = %d%s"), p.ks[best].K, figures(p.ks[best], l))
		}
		s += "."
		if d := r.DudaHart; d != nil {
			verdict := l.of("would split it in two", "würde sie in zwei teilen")
			if d.One {
				verdict = l.of("accepts one group too", "nimmt ebenfalls eine Gruppe an")
			}
			s += fmt.Sprintf(l.of(" The test of Duda and Hart %s (ratio %s, limit %s).", " Der Test von Duda und Hart %s (Verhältnis %s, Grenze %s)."),
				verdict, l.number(d.Ratio), l.number(d.Limit))
		}
		return s
	})
}

// strongest returns the position of the largest prediction strength, -1 for none.
func (p *picker) strongest(among []int) int {
	best := -1
	for _, i := range among {
		if v := p.ks[i].PredictionStrength; v != nil && (best < 0 || *v > *p.ks[best].PredictionStrength) {
			best = i
		}
	}
	return best
}

// listOfK gives "k = 2, 3, 5", or "k = 2..9" for successive ones.
func listOfK(ks []*KResult) string {
	first, last := ks[0].K, ks[len(ks)-1].K
	if len(ks) > 2 && last-first == len(ks)-1 {
		return fmt.Sprintf("k = %d..%d", first, last)
	}
	var out []string
	for _, k := range ks {
		out = append(out, fmt.Sprint(k.K))
	}
	return "k = " + strings.Join(out, ", ")
}

// ariRange gives the smallest and the largest mean ARI of some k.
func ariRange(ks []*KResult, l language) string {
	lo, hi := *ks[0].Stability.ARIMean, *ks[0].Stability.ARIMean
	for _, k := range ks {
		lo, hi = min(lo, *k.Stability.ARIMean), max(hi, *k.Stability.ARIMean)
	}
	if len(ks) == 1 {
		return fmt.Sprintf(l.of(" (mean ARI %s)", " (mittlerer ARI %s)"), l.number(lo))
	}
	return fmt.Sprintf(l.of(" (mean ARI %s to %s)", " (mittlerer ARI %s bis %s)"), l.number(lo), l.number(hi))
}

// dudaHart tests one segment against two, where the sweep has two.
func (s *runner) dudaHart(r *Result) {
	for i, k := range r.K {
		if k.K != 2 {
			continue
		}
		total := s.solutions[i].Moments.Total
		if total == 0 {
			return
		}
		ratio, limit, one := validity.DudaHart(total, k.Inertia, r.N, r.D)
		r.DudaHart = &DudaHart{Ratio: ratio, Limit: limit, One: one, Alpha: validity.DudaHartAlpha}
	}
}
