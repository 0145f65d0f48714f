package reportio

import (
	"cmp"
	"slices"
	"strings"
)

// influenceView is what becomes of the segments when one feature is left out.
type influenceView struct {
	Rows   []influenceRow // the most influential feature first
	FOM    bool           // any feature has one
	Hangs  []hanging
	Sample string // of how many customers, "" for all
}

// hanging is a segment that hangs on one feature, or on each of several.
type hanging struct {
	Number       int
	Colour, Text string
}

type influenceRow struct {
	Label         string
	Cells         []influenceCell
	APN, ARI, FOM string
}

// influenceCell is the Jaccard of one segment without the feature.
type influenceCell struct{ Class, Value string }

// hangs is the Jaccard below which a segment hangs on the feature: without it, no group shares half with the segment. It is
// what clusterboot calls dissolved.
const hangs = 0.5

func (p *page) influence() *influenceView {
	in := p.sweep.Influence
	if in == nil || len(in.Features) == 0 || len(p.segments) < 2 || in.K != len(p.segments) {
		return nil
	}
	v := &influenceView{}
	if in.Rows > 0 && in.Rows < p.sweep.N {
		v.Sample = p.t("influence.sample", p.L.int(int64(in.Rows)))
	}
	features := slices.Clone(in.Features)
	slices.SortStableFunc(features, func(a, b featureInfluence) int { return cmp.Compare(b.APN, a.APN) })
	without := make([][]string, len(p.segments))
	for _, f := range features {
		r := influenceRow{Label: p.label(f.Feature), APN: p.L.dec(f.APN, 2), ARI: p.L.dec(f.ARI, 2), FOM: none}
		if f.FOM != nil {
			r.FOM, v.FOM = p.L.dec(*f.FOM, 2), true
		}
		for i := range p.segments {
			at := p.segments[i].Number - 1
			if at < 0 || at >= len(f.Jaccard) || p.cover.all[i] { // of a handful, the Jaccard tells how many they are
				r.Cells = append(r.Cells, influenceCell{"j0", none})
				continue
			}
			j := f.Jaccard[at]
			r.Cells = append(r.Cells, influenceCell{influenceClass(j), p.L.dec(j, 2)})
			if j < hangs {
				without[i] = append(without[i], r.Label+" ("+p.L.dec(j, 2)+")")
			}
		}
		v.Rows = append(v.Rows, r)
	}
	for i, features := range without {
		name, list := p.segments[i].Name.in(p.Lang), strings.Join(features, ", ")
		switch len(features) {
		case 0:
			continue
		case 1:
			list = p.t("influence.hangs", name, list)
		default:
			list = p.t("influence.many", name, p.L.word(len(features)), list)
		}
		v.Hangs = append(v.Hangs, hanging{p.segments[i].Number, colour(p.segments[i].Number), list})
	}
	return v
}

// influenceClass is "j0" for a segment that is found again highly stable, to "j4" for one that hangs on the feature.
func influenceClass(jaccard float64) string {
	for i, least := range []float64{0.85, 0.75, 0.6, hangs} {
		if jaccard >= least {
			return "j" + string(rune('0'+i))
		}
	}
	return "j4"
}
