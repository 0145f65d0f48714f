package reportio

import (
	"fmt"
	"math"
	"sort"
)

// Segments are told apart by number first and by one of eight colours second.
const colours = 8

func colour(number int) string { return fmt.Sprintf("s%d", (number-1)%colours+1) }

// flow is the picture at the top: the customers' shares above, the revenue's below, and bands between.
func (p *page) flow() *chart {
	const w, left, right, barH = 1100.0, 0.0, 1100.0, 40.0
	type part struct {
		number     int
		name       string
		share, rev float64
	}
	var parts []part
	rest := part{share: 1, rev: 1}
	revenue, hidden := true, false
	for i, s := range p.segments {
		if p.cover.size[i] {
			hidden = true
			continue
		}
		if s.RevenueShare == nil {
			revenue = false
			parts = append(parts, part{number: s.Number, name: s.Name.in(p.Lang), share: s.Share})
		} else {
			r := min(max(*s.RevenueShare, 0), 1)
			parts = append(parts, part{number: s.Number, name: s.Name.in(p.Lang), share: s.Share, rev: r})
			rest.rev -= r
		}
		rest.share -= s.Share
	}
	if hidden {
		parts = append(parts, part{name: p.t("suppressed"), share: max(rest.share, 0), rev: max(rest.rev, 0)})
	}
	c := &chart{ID: p.id("flow"), Class: "flow", W: int(w), H: 84, Title: p.t("flow.title"), Desc: p.t("flow.desc")}
	top, bottom := 28.0, 156.0
	if revenue {
		c.H = 224
	}
	c.text("cap", left, 18, p.t("flow.customers"))
	total, totalRev := 0.0, 0.0
	for _, q := range parts {
		total += q.share
		totalRev += q.rev
	}
	if total == 0 {
		return nil
	}
	x, xr := left, left
	const gap = 2.0
	usable := right - left - gap*float64(len(parts)-1)
	var labels []func()
	for _, q := range parts {
		class := "rest"
		if q.number > 0 {
			class = colour(q.number)
		}
		dw := float64(usable * (q.share / total))
		tip := fmt.Sprintf("%s: %s", q.name, p.L.pct(q.share))
		if revenue && totalRev > 0 {
			dr := float64(usable * (q.rev / totalRev))
			tip = fmt.Sprintf("%s: %s → %s", q.name, p.L.pct(q.share), p.L.pct(q.rev))
			mid := (top + barH + bottom) / 2
			d := fmt.Sprintf("M%s %sC%s %s %s %s %s %sL%s %sC%s %s %s %s %s %sZ",
				px(x), px(top+barH), px(x), px(mid), px(xr), px(mid), px(xr), px(bottom),
				px(xr+dr), px(bottom), px(xr+dr), px(mid), px(x+dw), px(mid), px(x+dw), px(top+barH))
			c.path("band "+class, d, tip)
			c.rect("fill "+class, xr, bottom, dr, barH, 3, tip)
			mx, my, rev := xr+dr/2, bottom, q.rev
			labels = append(labels, func() { p.flowLabel(c, q.number, mx, my, dr, p.L.pct0(rev)) })
			xr += dr + gap
		}
		c.rect("fill "+class, x, top, dw, barH, 3, tip)
		mx, share := x+dw/2, q.share
		labels = append(labels, func() { p.flowLabel(c, q.number, mx, top, dw, p.L.pct0(share)) })
		x += dw + gap
	}
	for _, label := range labels {
		label()
	}
	if revenue {
		c.text("cap", left, bottom+barH+20, p.t("flow.revenue"))
	}
	return c
}

// flowLabel writes number and share into a bar, as far as there is room.
func (p *page) flowLabel(c *chart, number int, x, y, width float64, share string) {
	n := ""
	if number > 0 {
		n = fmt.Sprint(number)
	}
	switch {
	case n == "" && width > 44:
		c.text("on mid", x, y+26, share)
	case n != "" && width > textWidth(n, 16)+textWidth(share, 14)+24:
		c.text("on mid big", x-textWidth(share, 14)/2-5, y+26, n)
		c.text("on mid", x+textWidth(n, 16)/2+5, y+26, share)
	case n != "" && width > textWidth(n, 14)+6:
		c.text("on mid", x, y+26, n)
	}
}

// sizes is a pair of bars for each segment: share of customers and share of revenue.
func (p *page) sizes() *chart {
	const w, rowH, left = 1100.0, 50.0, 300.0
	most, revenue := 0.0, false
	for i, s := range p.segments {
		if p.cover.size[i] {
			continue
		}
		most = max(most, s.Share)
		if s.RevenueShare != nil {
			most, revenue = max(most, *s.RevenueShare), true
		}
	}
	c := &chart{
		ID: p.id("sizes"), W: int(w), H: int(rowH)*len(p.segments) + 40, Title: p.t("sizes.title"), Desc: p.t("sizes.desc"),
	}
	values, _ := ticks(0, max(most, 0.01), 5)
	sc := scale{0, values[len(values)-1], left, w - 70}
	bottom := rowH*float64(len(p.segments)) + 8
	for _, v := range values {
		c.line("grid", sc.at(v), 4, sc.at(v), bottom)
		c.text("tick mid", sc.at(v), bottom+18, p.L.pct0(v))
	}
	for i, s := range p.segments {
		y := rowH*float64(i) + 8
		p.segmentLabel(c, s, y+rowH/2-4, left-20)
		if p.cover.size[i] {
			c.text("muted", left+8, y+rowH/2, p.suppressed(i))
			continue
		}
		barH, y0 := 16.0, y+4
		if !revenue {
			barH, y0 = 24, y+8
		}
		c.rect("fill "+colour(s.Number), left, y0, sc.at(s.Share)-left, barH, 2, p.t("customers")+": "+p.L.pct(s.Share))
		c.text("val", sc.at(s.Share)+7, y0+barH-3.5, p.L.pct(s.Share))
		if s.RevenueShare != nil {
			r := max(*s.RevenueShare, 0)
			tip := p.t("revenue") + ": " + p.L.pct(*s.RevenueShare)
			c.rect("fill soft "+colour(s.Number), left, y0+barH+2, sc.at(r)-left, barH, 2, tip)
			c.text("val", sc.at(r)+7, y0+2*barH-1.5, p.L.pct(*s.RevenueShare))
		}
	}
	c.line("axis", left, 4, left, bottom)
	return c
}

// segmentLabel is the number in its colour and the name in one or two lines, right-aligned at x.
func (p *page) segmentLabel(c *chart, s segment, y, x float64) {
	lines := wrap(s.Name.in(p.Lang), 13, x-40, 2)
	for i, line := range lines {
		c.text("label end", x-32, y+4.5+16*(float64(i)-float64(len(lines)-1)/2), line)
	}
	p.chip(c, s.Number, x-12, y)
}

// chip is a segment's number in a disc.
func (p *page) chip(c *chart, number int, x, y float64) {
	c.circle("fill "+colour(number), x, y, 11, "")
	c.text("on mid small", x, y+4, fmt.Sprint(number))
}

// heatRows is how many features the first heat map shows; the others follow in a second one.
const heatRows = 24

// heat is the profile heat map: a row for each feature, a column for each segment, the effect size in colour and figures.
func (p *page) heat(id string, rows []profileRow) *chart {
	const w, left, rowH = 1100.0, 270.0, 28.0
	k := len(p.segments)
	cw := (w - left) / float64(k)
	head := 34.0
	if cw >= 84 {
		head = 78
	}
	c := &chart{
		ID: p.id(id), W: int(w), H: int(head+rowH*float64(len(rows))) + 6, Title: p.t("heat.title"), Desc: p.t("heat.desc"),
	}
	for j, s := range p.segments {
		x := left + float64(cw*(float64(j)+0.5))
		p.chip(c, s.Number, x, 13)
		if cw >= 84 {
			for i, line := range wrap(s.Name.in(p.Lang), 11, cw-8, 3) {
				c.text("tick mid", x, 38+13*float64(i), line)
			}
		}
	}
	for i, r := range rows {
		y := head + rowH*float64(i)
		if textWidth(r.Label, 13) <= left-14 {
			c.text("label end", left-12, y+rowH/2+4.5, r.Label)
		} else {
			for n, line := range wrap(r.Label, 11, left-14, 2) {
				c.text("label11 end", left-12, y+rowH/2-2.5+12*float64(n), line)
			}
		}
		for j, cell := range r.Cells {
			x := left + float64(cw*float64(j))
			if !cell.Known {
				c.rect("h0", x+1, y+1, cw-2, rowH-2, 3, p.suppressed(j))
				c.text("muted mid", x+cw/2, y+rowH/2+4.5, none)
				continue
			}
			tip := fmt.Sprintf("%s · %s: %s (%s %s)", r.Label, p.segments[j].Name.in(p.Lang), cell.Mean, average, cell.Overall)
			c.rect(heatClass(cell.Effect), x+1, y+1, cw-2, rowH-2, 3, tip)
			if cw >= 34 {
				class := "cell mid"
				if math.Abs(cell.Effect) >= heatSteps[len(heatSteps)-2] {
					class += " strong"
				}
				c.text(class, x+cw/2, y+rowH/2+4.5, p.L.signed(cell.Effect, 1))
			}
		}
	}
	return c
}

// heatSteps are the effect sizes at which the colour deepens; 0.2, 0.5 and 0.8 are Cohen's small, medium and large.
var heatSteps = []float64{0.2, 0.5, 0.8, 1.2, 2}

// heatClass is "h0", "hp1".."hp5" above and "hm1".."hm5" below the average.
func heatClass(effect float64) string {
	n := 0
	for _, s := range heatSteps {
		if math.Abs(effect) >= s {
			n++
		}
	}
	switch {
	case n == 0:
		return "h0"
	case effect > 0:
		return fmt.Sprintf("hp%d", n)
	}
	return fmt.Sprintf("hm%d", n)
}

// maxAxes is how many axes fit beside each other with their names.
const maxAxes = 8

// lines are parallel coordinates: one line for each segment through its standardised means. Up to eight segments share a
// picture with their names beside; more would be a tangle, so then each has a small one of its own, before the others in
// grey.
func (p *page) lines() []*chart {
	axes := p.axes(maxAxes)
	if len(axes) < 2 {
		return nil
	}
	var order []int
	for i := range p.segments {
		if !p.cover.all[i] {
			order = append(order, i)
		}
	}
	lo, hi := 0.0, 0.0
	for _, a := range axes {
		for _, i := range order {
			lo, hi = min(lo, a.Z[i]), max(hi, a.Z[i])
		}
	}
	values, dec := ticks(lo, hi, 5)
	lo, hi = values[0], values[len(values)-1]
	if len(order) > colours {
		var small []*chart
		for _, i := range order {
			small = append(small, p.smallLines(axes, order, i, lo, hi))
		}
		return small
	}
	const w, left, right, top, bottom = 1100.0, 64.0, 860.0, 18.0, 330.0
	c := &chart{ID: p.id("lines"), W: int(w), Title: p.t("lines.title"), Desc: p.t("lines.desc")}
	sc := scale{lo, hi, bottom, top}
	for _, v := range values {
		class := "grid"
		if v == 0 {
			class = "zero"
		}
		c.line(class, left, sc.at(v), right, sc.at(v))
		c.text("tick end", left-8, sc.at(v)+4, p.L.signed(v, dec))
	}
	step := (right - left) / float64(len(axes)-1)
	for j, a := range axes {
		x := left + float64(step*float64(j))
		c.line("rail", x, top, x, bottom)
		room := step + 4
		if j == 0 {
			room = min(room, 2*left) // the first stands at the edge
		}
		for n, line := range wrap(a.Label, 11, room, 4) {
			c.text("tick mid", x, bottom+20+13*float64(n), line)
			c.H = max(c.H, int(bottom)+40+13*n)
		}
	}
	for _, i := range order {
		var points []float64
		for j, a := range axes {
			points = append(points, left+float64(step*float64(j)), sc.at(a.Z[i]))
		}
		class := colour(p.segments[i].Number)
		c.path("line "+class, polyline(points...), p.segments[i].Name.in(p.Lang))
		for j, a := range axes {
			c.circle("dot "+class, points[2*j], points[2*j+1], 4,
				fmt.Sprintf("%s · %s: %s", p.segments[i].Name.in(p.Lang), a.Label, p.L.signed(a.Z[i], 2)))
		}
	}
	last := axes[len(axes)-1]
	sort.SliceStable(order, func(a, b int) bool { return last.Z[order[a]] > last.Z[order[b]] })
	wanted := make([]float64, len(order))
	for n, i := range order {
		wanted[n] = sc.at(last.Z[i])
	}
	for n, y := range spread(wanted, 34, top+10, bottom) {
		s := p.segments[order[n]]
		c.path("lead "+colour(s.Number), polyline(right+6, wanted[n], right+16, wanted[n], right+24, y, right+30, y), "")
		p.chip(c, s.Number, right+42, y)
		lines := wrap(s.Name.in(p.Lang), 12, w-right-62, 2)
		for m, line := range lines {
			c.text("label12", right+60, y+4.5+14*(float64(m)-float64(len(lines)-1)/2), line)
		}
	}
	return []*chart{c}
}

func (p *page) smallLines(axes []axis, order []int, which int, lo, hi float64) *chart {
	const w, h, left, right, top, bottom = 260.0, 150.0, 10.0, 250.0, 34.0, 128.0
	s := p.segments[which]
	name := s.Name.in(p.Lang)
	c := &chart{
		ID: p.id(fmt.Sprintf("lines%d", s.Number)), W: int(w), H: int(h),
		Title: p.t("lines.title") + ": " + name, Desc: p.t("lines.desc"),
	}
	p.chip(c, s.Number, 14, 14)
	c.text("label12", 32, 18.5, fit(name, 12, w-36))
	sc := scale{lo, hi, bottom, top}
	step := (right - left) / float64(len(axes)-1)
	trace := func(i int) string {
		var points []float64
		for j, a := range axes {
			points = append(points, left+float64(step*float64(j)), sc.at(a.Z[i]))
		}
		return polyline(points...)
	}
	for _, i := range order {
		if i != which {
			c.path("ghost", trace(i), "")
		}
	}
	c.line("zero", left, sc.at(0), right, sc.at(0))
	c.path("line "+colour(s.Number), trace(which), name)
	for j, a := range axes {
		x := left + float64(step*float64(j))
		c.circle("dot "+colour(s.Number), x, sc.at(a.Z[which]), 3, fmt.Sprintf("%s: %s", a.Label, p.L.signed(a.Z[which], 2)))
		c.text("tick mid", x, h-6, fmt.Sprint(j+1))
	}
	return c
}
