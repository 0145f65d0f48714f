package reportio

import (
	"fmt"
	"slices"
	"strings"
)

// tiersView is the tiers, the rule that makes them, and how the rule does over countries.
type tiersView struct {
	Rows       []tierRow
	HasMoney   bool
	HasEffort  bool
	Grid       []*chart
	GridTable  []gridTable
	Cuts       []cutView
	Formula    string
	Score      []pair // how the score of behaviour is spread
	Comparison *comparisonView
}

type tierRow struct {
	tierKey
	Customers, Share string
	ShareBar         bar
	Hidden           string
	Revenue          string
	Potential        string
	Money            *moneyView
	Effort           *effortView
}

// cutView is one dimension with its classes in words.
type cutView struct {
	Name, Feature, How string
	Classes            []pair
}

// tiersView describes the tiers. Tiers and cells of the grid below the least cell are suppressed, and of the others what
// would give them away.
func (p *page) tiersView() *tiersView {
	in := p.value.Tiers
	if in == nil || len(in.Tiers) == 0 {
		return nil
	}
	v := &tiersView{}
	c := p.tierCover()
	money, effort, most := 1e-9, 1e-9, 0.01
	for i, t := range in.Tiers {
		if !c.size[i] {
			money, most = mostMoney(money, &t.Revenue, t.Unrealised), max(most, t.Share)
		}
		if !c.all[i] {
			effort = mostEffort(effort, t.Contacts, t.Orders)
		}
	}
	for i, t := range in.Tiers {
		r := tierRow{tierKey: tierKey{t.Tier, tierClass(i)}, Customers: p.count(t.Customers, c.size[i]), Share: none, Revenue: none, Potential: none}
		if c.size[i] && t.Customers > 0 {
			r.Hidden = p.t("suppressed")
		}
		if !c.size[i] && t.Customers > 0 {
			r.Share, r.ShareBar = p.L.pct(t.Share), lengthBar(t.Share/most)
			r.Revenue, r.Potential = p.money(t.Revenue), p.moneyOf(t.Potential)
			if t.Unrealised != nil {
				r.Money = p.moneyBar(&t.Revenue, t.Unrealised, money)
			}
		}
		if !c.all[i] {
			r.Effort = p.effort(t.Contacts, t.Orders, effort)
		}
		v.HasMoney, v.HasEffort = v.HasMoney || r.Money != nil, v.HasEffort || r.Effort != nil
		v.Rows = append(v.Rows, r)
	}
	p.tierGrid(v, c)
	for _, d := range in.Dimensions {
		v.Cuts = append(v.Cuts, p.cuts(d))
	}
	if b := p.value.Behaviour; b != nil {
		v.Formula = b.Formula
		for _, f := range []struct {
			key string
			x   float64
		}{{"score.mean", b.Mean}, {"score.q10", b.Q10}, {"score.median", b.Median}, {"score.q90", b.Q90}} {
			v.Score = append(v.Score, pair{Name: p.t(f.key), Value: p.L.sig(f.x)})
		}
		missing := p.L.int(int64(b.Missing))
		if b.Missing > 0 && b.Missing < p.least() {
			missing = p.t("few", p.L.int(int64(p.least())))
		}
		v.Score = append(v.Score, pair{Name: p.t("score.missing"), Value: missing})
	}
	v.Comparison = p.comparison()
	return v
}

// tierCover applies the least cell to the tiers; one without customers hides nothing.
func (p *page) tierCover() cover {
	counts, all := []int{}, []int{}
	for i, t := range p.value.Tiers.Tiers {
		counts, all = append(counts, t.Customers), append(all, i)
	}
	c := cover{all: make([]bool, len(counts)), size: hideCells(counts, [][]int{all}, p.least(), nil)}
	for i, n := range counts {
		c.all[i] = n < p.least() // figures of nobody are no figures either
	}
	return c
}

// cuts says in words where the classes of a dimension begin.
func (p *page) cuts(d dimension) cutView {
	v := cutView{Name: p.dimensionName(d.Dimension), Feature: d.Label.in(p.Lang)}
	if v.Feature == "" {
		v.Feature = p.label(d.Feature)
	}
	if strings.Contains(strings.ToLower(v.Feature), strings.ToLower(v.Name)) {
		v.Name = capital(v.Feature) // says the same, and more
		v.Feature = v.Name
	}
	money := p.isMoney("", d.Unit)
	write := func(x float64) string {
		if money {
			return p.money(x)
		}
		return p.L.value(x, d.Unit)
	}
	var given []string
	for _, x := range d.Given {
		given = append(given, p.L.pct0(x))
	}
	switch d.By {
	case "quantile", "revenue":
		v.How = p.t("cuts."+d.By, strings.Join(given, ", "))
	default:
		v.How = p.t("cuts.value")
	}
	for i, class := range d.Classes {
		var words string
		switch next := i + 1; {
		case class.From == nil && (next >= len(d.Classes) || d.Classes[next].From == nil):
			words = none
		case class.From == nil:
			words = p.t("cut.below", write(*d.Classes[next].From))
		case next >= len(d.Classes) || d.Classes[next].From == nil:
			words = p.t("cut.from", write(*class.From))
		default:
			words = p.t("cut.between", write(*class.From), write(*d.Classes[next].From))
		}
		if money && words != none {
			words = p.t("a_year", words)
		}
		v.Classes = append(v.Classes, pair{Name: p.className(class.Class, class.Label), Value: words})
	}
	return v
}

func (p *page) dimensionName(name string) string {
	if w := p.word("dim.", name); w != "" {
		return w
	}
	return p.label(name)
}

// className is a class of a dimension for people.
func (p *page) className(class string, label text) string {
	if s := label.in(p.Lang); s != "" {
		return s
	}
	if _, known := texts["class."+class]; known {
		return p.t("class." + class)
	}
	return class
}

// gridAxis is one dimension of the grid: its name and its classes, from low to high.
type gridAxis struct {
	name  string
	class []string
	label map[string]string
}

func (p *page) gridAxis(name string, pick func(gridCell) string) gridAxis {
	a := gridAxis{name: p.dimensionName(name), label: map[string]string{}}
	for _, d := range p.value.Tiers.Dimensions {
		if d.Dimension == name {
			for _, c := range d.Classes {
				a.class = append(a.class, c.Class)
				a.label[c.Class] = p.className(c.Class, c.Label)
			}
		}
	}
	for _, c := range p.value.Tiers.Grid {
		class := pick(c)
		if !slices.Contains(a.class, class) { // a grid without its dimension
			a.class = append(a.class, class)
			a.label[class] = p.className(class, text{})
		}
	}
	return a
}

// gridTable is the tiles of one class of behaviour as a table.
type gridTable struct {
	Name    string
	Columns []string
	Rows    []gridTableRow
}

type gridTableRow struct {
	Name  string
	Cells []string
}

// tierGrid draws potential by share of wallet for each class of behaviour.
func (p *page) tierGrid(v *tiersView, c cover) {
	grid := p.value.Tiers.Grid
	if len(grid) == 0 {
		return
	}
	rows := p.gridAxis("potential", func(c gridCell) string { return c.Potential })
	columns := p.gridAxis("share_of_wallet", func(c gridCell) string { return c.ShareOfWallet })
	blocks := p.gridAxis("behaviour", func(c gridCell) string { return c.Behaviour })
	hidden := p.gridHidden(c)
	for b, block := range blocks.class {
		name := p.t("grid.block", blocks.name, blocks.label[block])
		if block == "" {
			name = p.t("grid.all")
		}
		table := gridTable{Name: name}
		for _, column := range columns.class {
			table.Columns = append(table.Columns, columns.name+": "+columns.label[column])
		}
		for _, row := range slices.Backward(rows.class) {
			out := gridTableRow{Name: rows.name + ": " + rows.label[row]}
			for _, column := range columns.class {
				i := slices.IndexFunc(grid, func(c gridCell) bool {
					return c.Potential == row && c.ShareOfWallet == column && c.Behaviour == block
				})
				if i < 0 {
					out.Cells = append(out.Cells, none)
				} else {
					out.Cells = append(out.Cells, grid[i].Tier+": "+p.count(grid[i].Customers, hidden[i]))
				}
			}
			table.Rows = append(table.Rows, out)
		}
		v.GridTable = append(v.GridTable, table)
		v.Grid = append(v.Grid, p.gridChart(b, name, block, rows, columns, hidden))
	}
}

// gridHidden says which cells of the grid are not shown. The page tells the sums of all and of each tier.
func (p *page) gridHidden(c cover) []bool {
	grid := p.value.Tiers.Grid
	counts, all := make([]int, len(grid)), make([]int, len(grid))
	byTier := map[string][]int{}
	hidden := make([]bool, len(grid))
	for i, cell := range grid {
		counts[i], all[i] = cell.Customers, i
		byTier[cell.Tier] = append(byTier[cell.Tier], i)
	}
	var sums [][]int
	for i, t := range p.value.Tiers.Tiers {
		sums = append(sums, byTier[t.Tier])
		for _, j := range byTier[t.Tier] { // the cells of a hidden tier would sum to it
			hidden[j] = c.size[i]
		}
	}
	return hideCells(counts, append(sums, all), p.least(), hidden) // small sums first: they decide who joins
}

// gridChart is one class of behaviour: potential upwards, share of wallet to the right.
func (p *page) gridChart(n int, name, block string, rows, columns gridAxis, hidden []bool) *chart {
	const left, tile, high, gap, top = 92.0, 96.0, 54.0, 4.0, 18.0
	grid := p.value.Tiers.Grid
	w := left + float64(tile+gap)*float64(max(len(columns.class), 2))
	h := top + float64(high+gap)*float64(len(rows.class))
	c := &chart{
		ID: p.id(fmt.Sprintf("grid%d", n)), Class: "tiles", W: int(w), H: int(h) + 42,
		Title: p.t("grid.title", name), Desc: p.t("grid.desc"),
	}
	c.text("tick", 0, 11, rows.name+" ↑")
	for i, row := range slices.Backward(rows.class) {
		y := top + float64(high+gap)*float64(len(rows.class)-1-i)
		for m, line := range wrap(rows.label[row], 12, left-14, 2) {
			c.text("label12 end", left-10, y+high/2+4+14*float64(m), line)
		}
		for j, column := range columns.class {
			x := left + float64(tile+gap)*float64(j)
			at := slices.IndexFunc(grid, func(c gridCell) bool {
				return c.Potential == row && c.ShareOfWallet == column && c.Behaviour == block
			})
			if at < 0 {
				c.rect("h0", x, y, tile, high, 6, "")
				continue
			}
			cell := grid[at]
			class := p.tierClassOf(cell.Tier)
			if class == "" {
				class = "h0"
			}
			if cell.Customers == 0 {
				class += " empty"
			}
			count := p.count(cell.Customers, hidden[at])
			tip := fmt.Sprintf("%s: %s · %s: %s · %s: %s", rows.name, rows.label[row], columns.name, columns.label[column], cell.Tier, count)
			c.rect("tile "+class, x, y, tile, high, 6, tip)
			size := "tt mid big "
			if textWidth(cell.Tier, 14) > tile-6 {
				size = "tt mid bold "
			}
			c.text(size+class, x+tile/2, y+24, fit(cell.Tier, 12.5, tile-6))
			c.text("tt mid "+class, x+tile/2, y+42, count)
		}
	}
	for j, column := range columns.class {
		c.text("label12 mid", left+float64(tile+gap)*(float64(j)+0.5)-gap/2, h+14, fit(columns.label[column], 12, tile))
	}
	c.text("tick end", w-gap, h+33, columns.name+" →")
	return c
}
