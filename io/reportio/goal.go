package reportio

import (
	"cmp"
	"slices"
	"strings"
)

// goalView ranks the segments by what they could still bring.
type goalView struct {
	Name       string
	Conclusion string
	Sub        string
	Bar        stack // realised and what is missing, of all
	Rows       []goalRow
	Saturated  []goalRow // named again, since that is where to do less
	Hidden     int       // segments that are not ranked because they are suppressed
}

type goalRow struct {
	Rank, Number            int
	Colour, Name, Anchor    string
	Uplift, Share, PerHead  string
	Bar                     bar
	Realised                string
	RealisedBar             bar
	Saturated               bool
	Actual, Reachable, Note string
}

func (p *page) goalView() *goalView {
	g := p.value.Goal
	if g == nil {
		return nil
	}
	unit := p.info[g.Actual].Unit
	write := func(x float64) string { return p.featureValue(x, g.Actual, unit) }
	v := &goalView{Name: g.Name.in(p.Lang), Conclusion: p.prose(g.Conclusion.in(p.Lang))}
	if g.Reachable > 0 {
		share := g.Total / g.Reachable
		v.Sub = p.t("goal.sub", write(g.Total), write(g.Reachable), p.L.pct0(share), write(g.Uplift))
		v.Bar.push("real", share, p.t("realised.of", write(g.Total)))
		v.Bar.push("open", g.Uplift/g.Reachable, p.t("open.of", write(g.Uplift)))
	}
	if p.One {
		return v // there is nothing to rank
	}
	ranked := slices.Clone(g.Segments)
	slices.SortStableFunc(ranked, func(a, b goalSegment) int { return cmp.Compare(b.Uplift, a.Uplift) })
	most := 1e-9
	for _, s := range ranked {
		if i := p.segmentAt(s.Segment); i >= 0 && !p.cover.size[i] {
			most = max(most, s.Uplift)
		}
	}
	for _, s := range ranked {
		i := p.segmentAt(s.Segment)
		if i < 0 {
			continue
		}
		name := p.segments[i].Name.in(p.Lang)
		if p.cover.size[i] {
			v.Hidden++
			if name != "" && strings.Contains(v.Conclusion, name) { // it would tell what the table does not
				v.Conclusion = ""
			}
			continue
		}
		r := goalRow{
			Rank: len(v.Rows) + 1, Number: s.Segment, Colour: colour(s.Segment), Name: name, Anchor: p.Rows[i].Anchor,
			Uplift: write(s.Uplift), Share: p.L.pct0(s.Share), PerHead: write(s.PerHead), Bar: lengthBar(s.Uplift / most),
			Realised: p.L.pct0(s.Realised), RealisedBar: lengthBar(s.Realised), Saturated: s.Saturated,
			Actual: write(s.Actual), Reachable: write(s.Reachable),
		}
		r.Note = p.t("goal.of", r.Actual, r.Reachable)
		if r.Saturated {
			v.Saturated = append(v.Saturated, r)
		}
		v.Rows = append(v.Rows, r)
	}
	return v
}

// saturatedFrom is the realised share from which a segment counts as saturated, in words.
func (p *page) saturatedFrom() string {
	if g := p.value.Goal; g != nil {
		return p.L.pct0(g.Saturated)
	}
	return none
}
