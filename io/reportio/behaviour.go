package reportio

// behaviourView is the archetypes of behaviour.
type behaviourView struct {
	Sub        string
	Archetypes []archetypeView
	Rows       []prototypeRow
}

type archetypeView struct {
	Name, Customers, Share, Similarity string
	ShareBar                           bar
	Hidden                             bool
}

// prototypeRow is one feature of all prototypes.
type prototypeRow struct {
	Label string
	Cells []prototypeCell
}

// prototypeCell has a value and the class that colours it by its distance from the mean of all.
type prototypeCell struct{ Value, Class string }

func (p *page) behaviourView() *behaviourView {
	in := p.value.Profiles
	if in == nil || len(in.Archetypes) == 0 {
		return nil
	}
	v := &behaviourView{Sub: p.t(map[bool]string{true: "behaviour.learned", false: "behaviour.given"}[in.Learned])}
	var sizes []segment
	most := 0.01
	for _, a := range in.Archetypes {
		sizes = append(sizes, segment{Customers: a.Customers})
	}
	c := covers(sizes, p.least())
	for i, a := range in.Archetypes {
		if !c.size[i] {
			most = max(most, a.Share)
		}
	}
	for i, a := range in.Archetypes {
		view := archetypeView{Name: a.Name.in(p.Lang), Hidden: c.size[i], Customers: p.count(a.Customers, c.size[i]), Share: none, Similarity: none}
		if view.Name == "" {
			view.Name = a.ID
		}
		if !c.size[i] {
			view.Share, view.ShareBar = p.L.pct(a.Share), lengthBar(a.Share/most)
		}
		if !c.all[i] {
			view.Similarity = p.L.dec(a.MeanSimilarity, 2)
		}
		v.Archetypes = append(v.Archetypes, view)
	}
	for j, feature := range in.Features {
		info := p.info[feature]
		row := prototypeRow{Label: p.label(feature)}
		for i, a := range in.Archetypes {
			cell := prototypeCell{none, "h0"}
			// A prototype that was configured is nobody's figure; one that was learned is that of its customers.
			if j < len(a.Prototype) && !(in.Learned && c.all[i]) {
				cell.Value = p.featureValue(a.Prototype[j], feature, info.Unit)
				if info.SD > 0 {
					cell.Class = heatClass((a.Prototype[j] - info.Mean) / info.SD)
				}
			}
			row.Cells = append(row.Cells, cell)
		}
		v.Rows = append(v.Rows, row)
	}
	return v
}
