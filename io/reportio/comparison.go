package reportio

// comparisonView compares countries or subsidiaries: their customers by tier under the cuts of all and under their own.
type comparisonView struct {
	By         string
	Sub        string
	Tiers      []tierKey
	Rows       []comparisonRow
	Suppressed int
}

type comparisonRow struct {
	Level, Customers  string
	CommonBar, OwnBar stack
	Common, Own       []string // customers by tier
}

// comparison tells the counts of the levels; those that the engine suppressed or that have fewer customers than the least
// cell are counted only.
func (p *page) comparison() *comparisonView {
	in := p.value.Tiers
	if len(in.Comparison) == 0 {
		return nil
	}
	v := &comparisonView{By: p.label(in.By), Sub: p.t("compare.sub")}
	if in.Per != "" {
		v.Sub = p.t("compare.per", p.label(in.Per))
	}
	for i, t := range in.Tiers {
		v.Tiers = append(v.Tiers, tierKey{t.Tier, tierClass(i)})
	}
	sizes := make([]segment, len(in.Comparison))
	common, own := make([][]int, len(in.Comparison)), make([][]int, len(in.Comparison))
	for i, l := range in.Comparison {
		sizes[i].Customers, common[i], own[i] = l.Customers, l.Common, l.Own
	}
	hide := covers(sizes, p.least()).size
	for i, l := range in.Comparison {
		hide[i] = hide[i] || l.Suppressed
	}
	c, o := newCrossTable(common, len(in.Tiers), p.least(), hide), newCrossTable(own, len(in.Tiers), p.least(), hide)
	for i, l := range in.Comparison {
		if hide[i] {
			v.Suppressed++
			continue
		}
		r := comparisonRow{Level: p.levelName(l.Level), Customers: p.L.int(int64(l.Customers))}
		r.CommonBar, _ = p.tierStack(c.counts[i], c.hidden[i])
		r.OwnBar, _ = p.tierStack(o.counts[i], o.hidden[i])
		for j := range in.Tiers {
			r.Common = append(r.Common, p.count(c.counts[i][j], c.hidden[i][j]))
			r.Own = append(r.Own, p.count(o.counts[i][j], o.hidden[i][j]))
		}
		v.Rows = append(v.Rows, r)
	}
	return v
}
