package reportio

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// nicheView is a small group that the chosen solution does not show.
type nicheView struct {
	Size, Share string
	Within      string // "92 % of it lies in segment", "" if it is not known
	Number      int    // of that segment
	Colour      string
	Segment     string
	Anchor      string
	Drivers     []driver
	Coarse      bool // figures are left out: the group is smaller than the least cell
	Stability   grade
	Seen        string
}

// niches lists the small groups. Those below the least cell are described in words only, and no figure lets a cell below
// it be reckoned: neither what of the group lies outside its segment nor what else the segment holds.
func (p *page) niches() []nicheView {
	var out []nicheView
	for _, n := range p.sweep.Niches {
		v := nicheView{
			Size: p.t("customers.n", p.L.int(int64(n.Customers))), Share: p.L.pct(n.Share), Stability: p.read(&n.Stability, nil),
			Coarse: n.Customers < p.least(),
		}
		p.nicheWithin(&v, n)
		if v.Coarse {
			v.Size, v.Share = p.t("customers.few"), ""
		}
		for _, f := range n.Features {
			if math.Abs(f.Effect) < heatSteps[0] {
				continue
			}
			d := driver{Label: p.label(f.Name), Effect: p.nicheEffect(f.Effect), Up: f.Effect > 0}
			if v.Coarse {
				d.Bar = effectBar(math.Copysign(1, f.Effect)) // the direction only
			} else {
				d.Mean, d.Bar = p.L.signed(f.Effect, 1)+nbsp+"SD", effectBar(f.Effect)
			}
			v.Drivers = append(v.Drivers, d)
		}
		var seen []string
		for _, k := range slices.Sorted(slices.Values(n.SeenAt)) {
			seen = append(seen, fmt.Sprint(k))
		}
		switch len(seen) {
		case 0:
		case 1:
			v.Seen = p.t("niche.seen.one", seen[0])
		default:
			v.Seen = p.t("niche.seen", strings.Join(seen, ", "), fmt.Sprint(n.K))
		}
		out = append(out, v)
	}
	return out
}

// nicheEffect says in words how far from the mean of all a group lies.
func (p *page) nicheEffect(effect float64) string {
	key := "niche.above"
	if effect < 0 {
		key = "niche.below"
	}
	if math.Abs(effect) >= 2 {
		key += ".far"
	}
	return p.t(key)
}

// nicheWithin says in which segment most of the group lies.
func (p *page) nicheWithin(v *nicheView, n niche) {
	if n.Within == nil || len(p.segments) < 2 {
		return
	}
	i := slices.IndexFunc(p.segments, func(s segment) bool { return s.Number == *n.Within })
	if i < 0 {
		return
	}
	s := p.segments[i]
	v.Number, v.Colour, v.Segment, v.Anchor = s.Number, colour(s.Number), s.Name.in(p.Lang), p.id(fmt.Sprintf("s%d", s.Number))
	inside := int(math.Round(float64(n.WithinOf * float64(n.Customers))))
	small := func(customers int) bool { return customers > 0 && customers < p.least() }
	if small(s.Customers - inside) {
		v.Coarse = true // the rest of the segment could be reckoned
	}
	switch {
	case v.Coarse || p.cover.size[i] || small(inside) || small(n.Customers-inside):
		v.Within = p.t("niche.mostly")
		if n.WithinOf < 0.5 {
			v.Within = p.t("niche.partly")
		}
	case inside == n.Customers:
		v.Within = p.t("niche.whole")
	default:
		v.Within = p.t("niche.within", p.L.pct0(n.WithinOf))
	}
}
