package reportio

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// regionsView is where customers and their potential are.
type regionsView struct {
	Map       *chart
	MapNote   string
	Legend    []legendStep
	Levels    []levelView
	Potential bool // any area has a potential
	Tiers     bool // any area has a count of Key Accounts or A customers
	Groups    bool // any area has a count of potential customers
}

type legendStep struct{ Class, Text string }

// levelView is the table of one level.
type levelView struct {
	Name, Sub  string
	Country    bool // the areas lie in countries
	Rows, More []regionRow
	MoreText   string
	Suppressed []string // what is not shown
}

type regionRow struct {
	Country, Area, Customers       string
	Revenue, Potential, Unrealised string
	Money                          *moneyView
	KeyAccounts, A, Candidates     string
}

// areasView is some rows of the table of a level.
type areasView struct {
	View  *regionsView
	Level levelView
	Rows  []regionRow
}

// topAreas is how many areas a table shows at first.
const topAreas = 30

// buildRegions fills in everything that comes from regions.json.
func (p *page) buildRegions() {
	v := &regionsView{}
	for _, l := range p.regions.Levels {
		l = p.safeLevel(l)
		if len(l.Cells) == 0 && l.SuppressedCells == 0 {
			continue
		}
		for _, c := range l.Cells {
			v.Potential = v.Potential || c.Potential != nil
			v.Tiers = v.Tiers || c.KeyAccounts != nil || c.A != nil
			v.Groups = v.Groups || c.PotentialCustomers != nil
		}
		if l.Level == "region" && v.Map == nil {
			p.regionMap(v, l.Cells)
		}
		v.Levels = append(v.Levels, p.levelTable(l))
	}
	if len(v.Levels) > 0 {
		p.Regions = v
	}
}

// safeLevel applies the least cell of the page, which may be larger than the one that regions.json was made with: areas
// below it are left out, with as many more of the same country as keep them from being reckoned.
func (p *page) safeLevel(l regionLevel) regionLevel {
	if p.least() <= p.regions.MinCell {
		return l
	}
	counts := make([]int, len(l.Cells))
	all, byCountry := make([]int, len(l.Cells)), map[string][]int{}
	var sums [][]int
	for i, c := range l.Cells {
		counts[i], all[i] = c.Customers, i
		byCountry[c.Country] = append(byCountry[c.Country], i)
	}
	for _, country := range slices.Sorted(maps.Keys(byCountry)) {
		sums = append(sums, byCountry[country])
	}
	if l.Level == "country" {
		sums = nil // each is alone in its country; the sum is that of all
	}
	hidden := hideCells(counts, append(sums, all), p.least(), nil)
	cells := l.Cells
	l.Cells = nil
	for i, c := range cells {
		if hidden[i] {
			l.SuppressedCells++
			l.SuppressedCustomers += c.Customers
			continue
		}
		for _, n := range []**int{&c.KeyAccounts, &c.A, &c.PotentialCustomers} {
			if *n != nil && **n > 0 && **n < p.least() {
				*n = nil
			}
		}
		l.Cells = append(l.Cells, c)
	}
	return l
}

// unrealised is what an area is ranked and coloured by; revenue where potential is not known.
func (p *page) unrealised(c regionCell) float64 {
	switch {
	case c.Unrealised != nil:
		return *c.Unrealised
	case c.Revenue != nil:
		return *c.Revenue
	}
	return 0
}

// levelTable lists the areas of one level, the most unrealised potential first.
func (p *page) levelTable(l regionLevel) levelView {
	v := levelView{Name: p.word("region.level.", l.Level), Sub: p.label(l.Column)}
	if v.Name == "" {
		v.Name = capital(l.Level)
	}
	if l.Prefix > 0 {
		v.Sub = p.t("region.prefix", v.Sub, p.L.int(int64(l.Prefix)))
	}
	cells := slices.Clone(l.Cells)
	slices.SortStableFunc(cells, func(a, b regionCell) int { return cmp.Compare(p.unrealised(b), p.unrealised(a)) })
	most := 1e-9
	for _, c := range cells {
		v.Country = v.Country || l.Level != "country" && c.Country != ""
		most = mostMoney(most, c.Revenue, c.Unrealised)
	}
	small := func(n *int) string {
		if n == nil {
			return p.t("few", p.L.int(int64(max(p.least(), p.regions.MinCell))))
		}
		return p.L.int(int64(*n))
	}
	for i, c := range cells {
		r := regionRow{
			Country: c.Country, Area: p.levelName(c.Area), Customers: p.L.int(int64(c.Customers)), Revenue: p.moneyOf(c.Revenue),
			Potential: p.moneyOf(c.Potential), Unrealised: p.moneyOf(c.Unrealised),
			KeyAccounts: small(c.KeyAccounts), A: small(c.A), Candidates: small(c.PotentialCustomers),
		}
		if c.Unrealised != nil {
			r.Money = p.moneyBar(c.Revenue, c.Unrealised, most)
		}
		if i < topAreas {
			v.Rows = append(v.Rows, r)
		} else {
			v.More = append(v.More, r)
		}
	}
	if len(v.More) > 0 {
		v.MoreText = p.t("region.more", p.L.int(int64(len(v.More))))
	}
	if l.SuppressedCells > 0 {
		least := p.L.int(int64(max(p.least(), p.regions.MinCell)))
		v.Suppressed = append(v.Suppressed, p.t("region.suppressed", p.L.int(int64(l.SuppressedCells)), p.L.int(int64(l.SuppressedCustomers)), least))
	}
	if l.Unknown > 0 {
		n := p.L.int(int64(l.Unknown))
		if l.Unknown < p.least() {
			n = p.t("few", p.L.int(int64(p.least())))
		}
		v.Suppressed = append(v.Suppressed, p.t("region.unknown", n))
	}
	return v
}

// steps is how many colours the map has.
const steps = 5

// regionMap draws one tile for each region, grouped by country: colour for unrealised potential, a count for Key Accounts
// and A customers. A map of tiles shows small regions as well as large ones and needs no geography.
func (p *page) regionMap(v *regionsView, cells []regionCell) {
	const w, tile, gap, head = 1100.0, 88.0, 4.0, 26.0 // 12 tiles in a row
	type block struct {
		country string
		cells   []regionCell
		sum     float64
	}
	var blocks []*block
	at := map[string]*block{}
	for _, c := range cells {
		b := at[c.Country]
		if b == nil {
			b = &block{country: c.Country}
			at[c.Country] = b
			blocks = append(blocks, b)
		}
		b.cells = append(b.cells, c)
		b.sum += p.unrealised(c)
	}
	if len(cells) == 0 {
		return
	}
	slices.SortStableFunc(blocks, func(a, b *block) int { return cmp.Compare(b.sum, a.sum) })
	breaks := p.breaks(cells)
	c := &chart{ID: p.id("regionmap"), Class: "tiles", W: int(w), Title: p.t("map.title"), Desc: p.t("map.desc")}
	x, y, row := 0.0, 0.0, 0.0
	for _, b := range blocks {
		columns := min(len(b.cells), max(3, int(math.Ceil(math.Sqrt(float64(len(b.cells))*1.5)))), 12)
		width := max(float64(tile+gap)*float64(columns), textWidth(b.country, 14)+8)
		if x > 0 && x+width-gap > w {
			x, y, row = 0, y+row+22, 0
		}
		name := b.country
		if name == "" {
			name = p.t("map.nocountry")
		}
		c.text("label maphead", x, y+15, fit(name, 14, w-x))
		slices.SortStableFunc(b.cells, func(a, d regionCell) int { return cmp.Compare(p.unrealised(d), p.unrealised(a)) })
		for i, cell := range b.cells {
			p.regionTile(c, cell, breaks, x+float64(tile+gap)*float64(i%columns), y+head+float64(tile+gap)*float64(i/columns), tile)
		}
		lines := (len(b.cells) + columns - 1) / columns
		row = max(row, head+float64(tile+gap)*float64(lines))
		x += width + 26
	}
	c.H = int(y + row)
	v.Map, v.MapNote = c, p.t("map.note")
	for i := range len(breaks) + 1 {
		s := legendStep{Class: fmt.Sprintf("q%d", i+1)}
		switch {
		case len(breaks) == 0:
			s.Text = p.t("map.all")
		case i == 0:
			s.Text = p.t("map.upto", p.money(breaks[0]))
		case i == len(breaks):
			s.Text = p.t("map.over", p.money(breaks[i-1]))
		default:
			s.Text = p.t("map.to", p.money(breaks[i]))
		}
		v.Legend = append(v.Legend, s)
	}
}

// regionTile is one region: its code, its unrealised potential as colour and figure, its best customers as a count.
func (p *page) regionTile(c *chart, cell regionCell, breaks []float64, x, y, tile float64) {
	step := 1
	for _, b := range breaks {
		if p.unrealised(cell) > b {
			step++
		}
	}
	class := fmt.Sprintf("q%d", step)
	name := p.levelName(cell.Area)
	tip := []string{name, p.t("map.customers", p.L.int(int64(cell.Customers)))}
	if cell.Country != "" {
		tip[0] = cell.Country + " · " + name
	}
	if cell.Unrealised != nil {
		tip = append(tip, p.t("open.of", p.money(*cell.Unrealised)))
	}
	count := func(n *int) string {
		if n == nil {
			return p.t("few", p.L.int(int64(max(p.least(), p.regions.MinCell))))
		}
		return p.L.int(int64(*n))
	}
	tip = append(tip, p.t("map.best", count(cell.KeyAccounts), count(cell.A)))
	c.rect("tile "+class, x, y, tile, tile, 5, strings.Join(tip, " · "))
	lines := wrap(name, 13, tile-8, 2)
	size := "mt mid big "
	if len(lines) > 1 || textWidth(name, 15) > tile-8 {
		size, lines = "mt mid ", wrap(name, 11.5, tile-6, 2)
	}
	for i, line := range lines {
		c.text(size+class, x+tile/2, y+21+13*float64(i), line)
	}
	if best := p.bestCount(cell); best != "" {
		c.text("mt mid best "+class, x+tile/2, y+tile-25, best)
	}
	if cell.Unrealised != nil {
		c.text("mt mid tiny "+class, x+tile/2, y+tile-9, fit(p.money(*cell.Unrealised), 10.5, tile-4))
	}
}

// bestCount is the number of Key Accounts and A customers together; of one alone where the other may not be told, "" if
// there is nothing to tell.
func (p *page) bestCount(c regionCell) string {
	switch {
	case c.KeyAccounts != nil && c.A != nil:
		return p.t("map.ka.a", p.L.int(int64(*c.KeyAccounts+*c.A)))
	case c.A != nil && *c.A > 0:
		return p.t("map.a", p.L.int(int64(*c.A)))
	case c.KeyAccounts != nil && *c.KeyAccounts > 0:
		return p.t("map.ka", p.L.int(int64(*c.KeyAccounts)))
	}
	return ""
}

// breaks are the amounts between the colours of the map: the quintiles of the regions, rounded to two digits, so that
// every colour has about as many regions. Equal ones are one.
func (p *page) breaks(cells []regionCell) []float64 {
	var values []float64
	for _, c := range cells {
		values = append(values, p.unrealised(c))
	}
	slices.Sort(values)
	var out []float64
	for i := 1; i < steps; i++ {
		x, err := strconv.ParseFloat(strconv.FormatFloat(quantile7(values, float64(i)/steps), 'e', 1, 64), 64)
		if err == nil && (len(out) == 0 || x > out[len(out)-1]) && x < values[len(values)-1] {
			out = append(out, x)
		}
	}
	return out
}
