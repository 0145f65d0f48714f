package reportio

import (
	"fmt"
	"slices"
)

// indicator is the number of segments that one statistic speaks for.
type indicator struct {
	Name, Rule string // Rule is the name that other tools give it, "" if none
	Says       string
	How        string // what it goes by
	Agrees     bool   // with the choice
}

// indicators lists what each statistic would choose by itself.
func (p *page) indicators() []indicator {
	var out []indicator
	add := func(key, rule string, k int, figures ...string) {
		says := p.t("says.none")
		switch {
		case k == 1:
			says = p.t("says.one")
		case k > 1:
			says = p.t("says.k", fmt.Sprint(k))
		}
		out = append(out, indicator{p.t("ind." + key), rule, says, p.t("ind."+key+".how", figures...), k > 0 && k == p.chosenK()})
	}
	if g := p.sweep.GapChoice; g != nil {
		add("globalse", "globalSEmax", g.GlobalSEmax)
		add("firstse", "firstSEmax", g.FirstSEmax)
		add("tibs", "Tibs2001SEmax", g.Tibs2001SEmax)
		add("globalmax", "globalmax", g.GlobalMax)
		add("firstmax", "firstmax", g.FirstMax)
	}
	if k := p.sweep.StrengthChoice; k != nil {
		add("strength", "", *k, p.L.dec(strengthCutoff, 1))
	}
	if k := p.bestSilhouette(); k > 0 {
		add("silhouette", "", k)
	}
	if e := p.sweep.Elbow; e != nil && len(p.sweep.K) > 2 {
		add("elbow", "", value(e.K))
		if p.sweep.K[0].K > 1 && e.KFromOne != nil {
			add("elbow1", "", *e.KFromOne)
		}
	}
	if d := p.sweep.DudaHart; d != nil {
		i := indicator{
			Name: p.t("ind.duda"), Says: p.t("says.more"), How: p.t("ind.duda.how", p.L.dec(d.Ratio, 3), p.L.dec(d.Limit, 3)),
			Agrees: p.chosenK() > 0 && d.One == (p.chosenK() == 1),
		}
		if d.One {
			i.Says = p.t("says.one")
		}
		out = append(out, i)
	}
	return out
}

// value is *v, 0 for null.
func value(v *int) int {
	if v == nil {
		return 0
	}
	return *v
}

// bestSilhouette returns the k of the largest silhouette, of the simplified one where there is no other; 0 for none.
func (p *page) bestSilhouette() int {
	best, most := 0, 0.0
	exact := slices.ContainsFunc(p.sweep.K, func(k sweepK) bool { return k.Silhouette != nil })
	for _, k := range p.sweep.K {
		v := k.Silhouette
		if !exact {
			v = k.SilhouetteSimplified
		}
		if v != nil && (best == 0 || *v > most) {
			best, most = k.K, *v
		}
	}
	return best
}
