package reportio

// groupView is a group that a rule makes.
type groupView struct {
	Name, Hint, Rule    string
	Customers, Share    string
	Hidden              string // why figures are not shown, "" if they are
	Empty               bool
	Revenue, Unrealised string // "" if not known or not shown
	Spread              []spreadRow
}

// spreadRow is the customers of a group in one segment.
type spreadRow struct {
	Number       int
	Colour, Name string
	Customers    string
	Bar          bar
	Known        bool
}

// groupViews lists the groups. Those below the least cell keep their name, hint and rule only; amounts are left out too
// where the customers outside the group are too few.
func (p *page) groupViews() []groupView {
	var out []groupView
	for _, g := range p.value.Groups {
		v := groupView{Name: g.Label.in(p.Lang), Hint: p.prose(g.Hint.in(p.Lang)), Rule: g.Rule, Empty: g.Customers == 0}
		if v.Name == "" {
			v.Name = capital(g.Name)
		}
		switch {
		case v.Empty:
			v.Customers = p.L.int(0)
		case g.Customers < p.least():
			v.Customers = p.t("few", p.L.int(int64(p.least())))
			v.Hidden = p.t("suppressed.few", p.L.int(int64(p.least())))
		default:
			v.Customers, v.Share = p.L.int(int64(g.Customers)), p.L.pct(g.Share)
			rest := p.value.Customers - g.Customers
			if rest <= 0 || rest >= p.least() {
				if g.Revenue != nil {
					v.Revenue = p.money(*g.Revenue)
				}
				if g.Unrealised != nil {
					v.Unrealised = p.money(*g.Unrealised)
				}
			}
			v.Spread = p.spreadOver(g)
		}
		out = append(out, v)
	}
	return out
}

// spreadOver is the group's customers by segment.
func (p *page) spreadOver(g group) []spreadRow {
	if len(p.segments) < 2 {
		return nil
	}
	counts, sum, most := make([]int, len(p.segments)), make([]int, len(p.segments)), 1
	for i, s := range p.segments {
		sum[i] = i
		if s.Number >= 1 && s.Number <= len(g.Segments) {
			counts[i] = max(g.Segments[s.Number-1], 0)
		}
	}
	hidden := hideCells(counts, [][]int{sum}, p.least(), p.cover.size)
	for i, n := range counts {
		if !hidden[i] {
			most = max(most, n)
		}
	}
	var out []spreadRow
	for i, s := range p.segments {
		if counts[i] == 0 && !hidden[i] {
			continue
		}
		r := spreadRow{Number: s.Number, Colour: colour(s.Number), Name: s.Name.in(p.Lang), Customers: p.count(counts[i], hidden[i])}
		if !hidden[i] {
			r.Known, r.Bar = true, lengthBar(float64(counts[i])/float64(most))
		}
		out = append(out, r)
	}
	return out
}
