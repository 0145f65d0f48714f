package tiers

import (
	"cmp"
	"slices"
	"strings"
)

// regions sums up by country, region and postcode area. Areas of fewer customers than MinCell are summed into one figure of
// customers without amounts. What a country's areas that are shown leave of its own figures can be found by subtraction: so
// the next smallest areas are hidden too, until that is no single area's and not of fewer customers than MinCell.
func (a *assigner) regions() *RegionsReport {
	c := a.cfg.Regions
	r := &RegionsReport{Schema: RegionsSchema, FormatVersion: FormatVersion, MinCell: a.cfg.MinCell, Currency: a.cfg.Profile.Currency, Levels: []RegionLevel{}}
	countries := a.texts("country")
	for _, l := range []struct{ level, column string }{{"country", c.Country}, {"region", c.Region}, {"postcode", c.Postcode}} {
		areas := a.texts(l.level)
		if l.column == "" || areas == nil {
			continue
		}
		level := RegionLevel{Level: l.level, Column: l.column, Cells: []RegionCell{}}
		if l.level == "postcode" {
			level.Prefix = max(c.Prefix, 1)
			for i, area := range areas {
				areas[i] = prefixOf(area, level.Prefix)
			}
		}
		type place struct{ country, area string }
		index := map[place]int{}
		var places []place
		of := make([]int, len(areas))
		for i, area := range areas {
			p := place{area: area}
			if l.level != "country" && countries != nil {
				p.country = countries[i]
			}
			if area == "" {
				level.Unknown++
				of[i] = -1
				continue
			}
			k, ok := index[p]
			if !ok {
				k = len(places)
				index[p] = k
				places = append(places, p)
			}
			of[i] = k
		}
		cells := a.regionCells(of, len(places))
		order := make([]int, len(places))
		for k := range order {
			order[k] = k
			cells[k].Country, cells[k].Area = places[k].country, places[k].area
			if l.level == "country" {
				cells[k].Country = places[k].area
			}
		}
		slices.SortFunc(order, func(x, y int) int {
			return cmp.Or(strings.Compare(cells[x].Country, cells[y].Country), strings.Compare(cells[x].Area, cells[y].Area))
		})
		without := map[string]int{}
		for i, k := range of {
			switch {
			case k >= 0:
			case l.level != "country" && countries != nil:
				without[countries[i]]++
			default:
				without[""]++
			}
		}
		hidden := hide(cells, without, a.cfg.MinCell, l.level == "country")
		for _, k := range order {
			if hidden[k] {
				level.SuppressedCells++
				level.SuppressedCustomers += cells[k].Customers
				continue
			}
			level.Cells = append(level.Cells, cells[k])
		}
		if level.Unknown < a.cfg.MinCell && level.Unknown > 0 {
			// So few that they could be told: they count with what is suppressed.
			level.SuppressedCustomers, level.Unknown = level.SuppressedCustomers+level.Unknown, 0
		}
		r.Levels = append(r.Levels, level)
	}
	return r
}

// hide decides which cells are not shown: those below least, and the next smallest of a country as long as a single cell is
// hidden or what is not shown, with the country's customers without an area, is of
// fewer than least. whole takes all cells to be of one country.
func hide(cells []RegionCell, without map[string]int, least int, whole bool) []bool {
	hidden := make([]bool, len(cells))
	groups := map[string][]int{}
	for k := range cells {
		country := cells[k].Country
		if whole { // the cells are countries
			country = ""
		}
		groups[country] = append(groups[country], k)
	}
	for country, members := range groups {
		slices.SortFunc(members, func(x, y int) int {
			return cmp.Or(cmp.Compare(cells[x].Customers, cells[y].Customers), strings.Compare(cells[x].Area, cells[y].Area))
		})
		n, rest := 0, without[country]
		for n < len(members) && (cells[members[n]].Customers < least || n == 1 || 0 < rest && rest < least) {
			rest += cells[members[n]].Customers
			n++
		}
		for _, k := range members[:n] {
			hidden[k] = true
		}
	}
	return hidden
}

func (a *assigner) regionCells(of []int, k int) []RegionCell {
	cells := make([]RegionCell, k)
	sum := func(values []float64) []float64 {
		if values == nil {
			return nil
		}
		out := make([]float64, k)
		a.sumBy(values, of, out)
		return out
	}
	spend, could, open := sum(a.spend), sum(a.whole()), sum(a.numbers("unrealised_potential"))
	key, top := make([]int, k), make([]int, k)
	group := make([]int, k)
	g := slices.Index(a.out.Groups, "potential_customers")
	for i, c := range of {
		if c < 0 {
			continue
		}
		cells[c].Customers++
		if a.out.Tier != nil {
			switch a.out.Tier[i] {
			case 0:
				key[c]++
			case 1:
				top[c]++
			}
		}
		if g >= 0 && a.out.InGroup[g][i] {
			group[c]++
		}
	}
	for c := range cells {
		r := &cells[c]
		r.Revenue, r.Potential, r.Unrealised = at(spend, c), at(could, c), at(open, c)
		if a.out.Tier != nil {
			r.KeyAccounts, r.A = a.publishable(key[c]), a.publishable(top[c])
		}
		if g >= 0 {
			r.PotentialCustomers = a.publishable(group[c])
		}
	}
	return cells
}

// publishable returns a count that is of none or of at least MinCell customers; else nil.
func (a *assigner) publishable(count int) *int {
	if 0 < count && count < a.cfg.MinCell {
		return nil
	}
	return &count
}

// texts returns a hidden column as texts, empty where missing; nil without it.
func (a *assigner) texts(name string) []string {
	c := a.hidden[name]
	if c == nil {
		return nil
	}
	names, of := levels(c)
	out := make([]string, len(of))
	for i, l := range of {
		out[i] = names[l]
	}
	return out
}

// prefixOf returns the first n characters of a postcode without blanks.
func prefixOf(code string, n int) string {
	runes := []rune(strings.ReplaceAll(code, " ", ""))
	return string(runes[:min(n, len(runes))])
}
