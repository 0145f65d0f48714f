package reportio

// planView is the strategy plans of one segment.
type planView struct {
	Number               int
	Colour, Name, Anchor string
	Suppressed           string // why there is none, "" if there is
	Open                 bool
	Fields               []string
	Rows                 []planRow
	Why                  []planWhy
}

type planRow struct {
	Tier, Class, Customers string
	Cells                  []planCell
}

// planCell is one field. It spans the following rows that say the same; those have none.
type planCell struct {
	Text, Why string
	Note      int // number of the why below the table, 0 = none
	Proposed  bool
	Span      int // 0 = part of the cell above
}

type planWhy struct {
	Note int
	Text string
}

// openPlans is up to how many segments all plans are open; with more, only the first is.
const openPlans = 6

// planViews makes a table for each segment: a row for each tier, a column for each field.
func (p *page) planViews(tiers crossTable) []planView {
	var out []planView
	for i, s := range p.segments {
		v := planView{
			Number: s.Number, Colour: colour(s.Number), Name: s.Name.in(p.Lang), Anchor: p.Rows[i].Anchor,
			Open: len(out) == 0 || len(p.segments) <= openPlans,
		}
		var of []plan
		for _, q := range p.value.Plans {
			if q.Segment == s.Number {
				of = append(of, q)
			}
		}
		switch {
		case len(of) == 0:
			continue
		case p.cover.all[i]:
			v.Suppressed = p.suppressed(i)
		default:
			p.fillPlan(&v, of, tiers, i)
		}
		out = append(out, v)
	}
	return out
}

func (p *page) fillPlan(v *planView, of []plan, tiers crossTable, i int) {
	column := map[string]int{}
	for _, q := range of {
		for _, f := range q.Fields {
			if _, seen := column[f.Field]; !seen {
				column[f.Field] = len(v.Fields)
				v.Fields = append(v.Fields, p.fieldName(f.Field))
			}
		}
	}
	notes := map[string]int{}
	for _, q := range of {
		few := q.Customers < p.least()
		row := planRow{Tier: q.Tier, Customers: p.tierCount(q, tiers, i), Class: p.tierClassOf(q.Tier), Cells: make([]planCell, len(v.Fields))}
		for j := range row.Cells {
			row.Cells[j] = planCell{Text: none, Span: 1}
		}
		for _, f := range q.Fields {
			c := planCell{Text: p.prose(f.Text.in(p.Lang)), Proposed: f.Proposed, Span: 1}
			if c.Text == "" {
				c.Text = none
			}
			if why := p.prose(f.Why.in(p.Lang)); f.Proposed && why != "" && !few {
				if notes[why] == 0 {
					notes[why] = len(notes) + 1
					v.Why = append(v.Why, planWhy{notes[why], why})
				}
				c.Why, c.Note = why, notes[why]
			}
			row.Cells[column[f.Field]] = c
		}
		v.Rows = append(v.Rows, row)
	}
	for j := range v.Fields {
		first := 0
		for r := 1; r < len(v.Rows); r++ {
			a, b := &v.Rows[first].Cells[j], &v.Rows[r].Cells[j]
			if a.Text == b.Text && a.Proposed == b.Proposed && a.Note == b.Note {
				a.Span++
				b.Span = 0
			} else {
				first = r
			}
		}
	}
}

// tierCount is the customers of a plan, from the table of segments by tier so that the page says one thing.
func (p *page) tierCount(q plan, tiers crossTable, i int) string {
	if t := p.value.Tiers; t != nil {
		for j, of := range t.Tiers {
			if of.Tier == q.Tier {
				return p.count(tiers.counts[i][j], tiers.hidden[i][j])
			}
		}
	}
	return p.count(q.Customers, p.cover.size[i] || q.Customers < p.least())
}

func (p *page) tierClassOf(name string) string {
	if t := p.value.Tiers; t != nil {
		for j, of := range t.Tiers {
			if of.Tier == name {
				return tierClass(j)
			}
		}
	}
	return ""
}

// fieldName is a field of a plan for people.
func (p *page) fieldName(field string) string {
	if w := p.word("field.", field); w != "" {
		return w
	}
	return p.label(field)
}
