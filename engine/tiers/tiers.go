package tiers

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"

	"segovia/engine/internal/exact"
	"segovia/engine/table"
)

type accumulator = exact.Accumulator

var dimensionLabels = [dimensions]Text{
	tx("Potenzial", "potential"), tx("Lieferanteil", "share of wallet"), tx("Kaufverhalten", "purchase behaviour"),
}

// values returns the column that a dimension is measured by: the potential of the installed base, or the wallet without one.
func (a *assigner) values(d int) (*table.Column, string) {
	switch d {
	case dimPotential:
		if c := a.columns["potential"]; c != nil {
			return c, a.cfg.Profile.Currency
		}
		return a.columns["wallet"], a.cfg.Profile.Currency
	case dimShare:
		return a.columns["share_of_wallet"], "share"
	}
	return a.columns["behaviour_score"], "score"
}

// cutValues turns cuts into values, for the customers that rows name; a cut that no customer reaches is +Inf. No quantile
// lies below the second smallest value (+Inf where all are equal): where half of the customers have nothing, a cut at
// nothing would leave the lowest class empty.
func (c Cut) cutValues(values []float64, rows []int) []float64 {
	if c.By == "value" {
		return slices.Clone(c.At)
	}
	var known []float64
	for _, i := range rows {
		if v := values[i]; v == v {
			known = append(known, v)
		}
	}
	slices.Sort(known)
	out := make([]float64, len(c.At))
	if len(known) == 0 {
		for j := range out {
			out[j] = math.Inf(1)
		}
		return out
	}
	if c.By == "quantile" {
		second := above(known, known[0])
		for j, p := range c.At {
			out[j] = max(exact.Quantile(known, p), second)
		}
		return out
	}
	// Shares of the sum: the smallest value below which lies at least that share. Equal values lie on the same side.
	positive := func(i int) float64 { return max(0, known[i]) }
	total := exact.SumFunc(len(known), positive)
	var sum exact.Accumulator
	below, j := 0.0, 0
	for i := range known {
		if i == 0 || known[i] > known[i-1] {
			below = sum.Sum()
		}
		for j < len(out) && below > 0 && below >= float64(c.At[j]*total) {
			out[j] = known[i]
			j++
		}
		sum.Add(positive(i))
	}
	for ; j < len(out); j++ {
		out[j] = math.Inf(1)
	}
	return out
}

// above returns the smallest of the sorted values that is larger than x; +Inf where none is.
func above(sorted []float64, x float64) float64 {
	if at := sort.Search(len(sorted), func(i int) bool { return sorted[i] > x }); at < len(sorted) {
		return sorted[at]
	}
	return math.Inf(1)
}

// class is the number of cuts that x reaches; a missing value reaches none.
func class(x float64, cuts []float64) int {
	n := 0
	for n < len(cuts) && x >= cuts[n] {
		n++
	}
	return n
}

// tiers gives every customer exactly one tier.
func (a *assigner) tiers() error {
	r := a.cfg.Rules.WithDefaults()
	lookup, err := r.table("tiers")
	if err != nil {
		return err
	}
	n := a.in.Table.Rows()
	rep := &TiersReport{Per: r.Per, By: a.cfg.Compare, Comparison: []ComparedLevel{}}
	if rep.By == "" {
		rep.By = r.Per
	}
	var columns [dimensions]*table.Column
	var units [dimensions]string
	for d := range columns {
		if columns[d], units[d] = a.values(d); columns[d] == nil {
			a.warn("Es gibt keine Kundenklassen: "+dimensionLabels[d].DE+" ist nicht bekannt.", "there are no tiers: the "+dimensionLabels[d].EN+" is not known")
			return nil
		}
	}
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	cutsFor := func(rows []int) (cuts [dimensions][]float64) {
		for d, c := range r.Cuts {
			cuts[d] = c.cutValues(columns[d].Numbers, rows)
		}
		return cuts
	}
	common := cutsFor(all)
	cuts := make([][dimensions][]float64, 1, 8) // by level of Per; the first for all
	cuts[0] = common
	level := make([]int, n)
	if c := a.hidden["per"]; c != nil && r.Per != "" {
		names, of := levels(c)
		cuts = cuts[:0]
		for l := range names {
			cuts = append(cuts, cutsFor(rowsOf(of, l)))
		}
		level = of
		a.out.Per = make([]string, n)
		for i, l := range of {
			a.out.Per[i] = names[l]
		}
	}
	tierOf := func(i int, cuts [dimensions][]float64) (int, cell) {
		var c cell
		for d := range c {
			c[d] = class(columns[d].Numbers[i], cuts[d])
		}
		return lookup[c], c
	}
	o := a.out
	o.Tiers, o.Tier = r.Tiers, make([]int, n)
	for d := range o.Class {
		o.Class[d], o.Classes[d] = make([]int, n), r.Cuts[d].Classes
	}
	inCell := map[cell]int{}
	for i := range n {
		t, c := tierOf(i, cuts[level[i]])
		o.Tier[i] = t
		inCell[c]++
		for d := range c {
			o.Class[d][i] = c[d]
		}
	}
	o.Reason = func(i int, german bool) string {
		return a.reason(i, german, columns, units, cuts[level[i]], r)
	}
	a.tierSums(rep)
	for d, c := range r.Cuts {
		dim := DimensionReport{Dimension: Dimensions[d], Feature: columns[d].Name, Label: tx(columns[d].LabelDE, columns[d].LabelEN), Unit: units[d], By: c.By, Direction: c.Direction,
			Given: c.At, Cuts: finiteOnly(common[d])}
		for k, name := range c.Classes {
			cr := ClassReport{Class: name, Label: classLabel(name), Customers: countOf(o.Class[d], k)}
			if k > 0 && !math.IsInf(common[d][k-1], 0) {
				cr.From = &common[d][k-1]
			}
			dim.Classes = append(dim.Classes, cr)
		}
		rep.Dimensions = append(rep.Dimensions, dim)
	}
	for _, c := range r.cells() {
		rep.Grid = append(rep.Grid, GridCell{Potential: r.Cuts[0].Classes[c[0]], ShareOfWallet: r.Cuts[1].Classes[c[1]], Behaviour: r.Cuts[2].Classes[c[2]],
			Tier: r.Tiers[lookup[c]], Customers: inCell[c]})
	}
	compare := a.hidden["compare"]
	if compare == nil {
		compare = a.hidden["per"]
	}
	if compare != nil {
		names, of := levels(compare)
		for l, name := range names {
			rows := rowsOf(of, l)
			own := cutsFor(rows)
			row := ComparedLevel{Level: name, Customers: len(rows), Common: make([]int, len(r.Tiers)), Own: make([]int, len(r.Tiers))}
			if row.Suppressed = len(rows) < a.cfg.MinCell; row.Suppressed {
				row.Common, row.Own, row.OwnCuts = []int{}, []int{}, [][]float64{}
				rep.Comparison = append(rep.Comparison, row)
				continue
			}
			for _, i := range rows {
				t, _ := tierOf(i, common)
				row.Common[t]++
				t, _ = tierOf(i, own)
				row.Own[t]++
			}
			for d := range own {
				row.OwnCuts = append(row.OwnCuts, finiteOnly(own[d]))
			}
			rep.Comparison = append(rep.Comparison, row)
		}
	}
	a.report.Tiers = rep
	return nil
}

// whole is what a customer could spend: the wallet, or the potential of the installed base where there are no wallets.
func (e *Estimates) whole() []float64 {
	if w := e.numbers("wallet"); w != nil {
		return w
	}
	return e.numbers("potential")
}

// tierSums fills the figures of each tier.
func (a *assigner) tierSums(rep *TiersReport) {
	n := len(a.out.Tier)
	k := len(a.out.Tiers)
	sum := func(values []float64) []float64 {
		if values == nil {
			return nil
		}
		out := make([]float64, k)
		a.sumBy(values, a.out.Tier, out)
		return out
	}
	spend, potential, open := sum(a.spend), sum(a.whole()), sum(a.numbers("unrealised_potential"))
	contacts, orders := sum(a.contacts), sum(a.orders)
	for t, name := range a.out.Tiers {
		count := countOf(a.out.Tier, t)
		tr := TierReport{Tier: name, Customers: count, Share: float64(count) / float64(n), Potential: at(potential, t), Unrealised: at(open, t)}
		if spend != nil {
			tr.Revenue = spend[t]
		}
		if count > 0 {
			tr.Contacts, tr.Orders = mean(contacts, t, count), mean(orders, t, count)
		}
		rep.Tiers = append(rep.Tiers, tr)
	}
}

func mean(sums []float64, i, n int) *float64 {
	if sums == nil {
		return nil
	}
	m := sums[i] / float64(n)
	return &m
}

func countOf(given []int, k int) int {
	n := 0
	for _, v := range given {
		if v == k {
			n++
		}
	}
	return n
}

func finiteOnly(xs []float64) []float64 {
	out := []float64{}
	for _, x := range xs {
		if !math.IsInf(x, 0) {
			out = append(out, x)
		}
	}
	return out
}

// levels numbers the levels of a category in byte order; customers without one are the level "".
func levels(c *table.Column) (names []string, of []int) {
	text := func(i int) string {
		if c.IsMissing(i) {
			return ""
		}
		if c.Kind == table.Category {
			return c.Strings[i]
		}
		return strconv.FormatFloat(c.Numbers[i], 'f', -1, 64)
	}
	n := max(len(c.Strings), len(c.Numbers))
	index := map[string]int{}
	for i := range n {
		index[text(i)] = 0
	}
	for name := range index {
		names = append(names, name)
	}
	sort.Strings(names)
	for l, name := range names {
		index[name] = l
	}
	of = make([]int, n)
	for i := range of {
		of[i] = index[text(i)]
	}
	return names, of
}

func rowsOf(of []int, l int) []int {
	var rows []int
	for i, x := range of {
		if x == l {
			rows = append(rows, i)
		}
	}
	return rows
}

// reason says why a customer has the tier: each dimension with its class, its figure and the cut next to it.
func (a *assigner) reason(i int, german bool, columns [dimensions]*table.Column, units [dimensions]string, cuts [dimensions][]float64, r Rules) string {
	parts := make([]string, dimensions)
	for d := range parts {
		k, x := a.out.Class[d][i], columns[d].Numbers[i]
		label, cl := dimensionLabels[d].in(german), classLabel(r.Cuts[d].Classes[k]).in(german)
		bounds := tx("nicht bekannt", "not known").in(german)
		if x == x {
			figure := func(v float64) string { return Amount(v, units[d], german) }
			below := k < len(cuts[d]) && !math.IsInf(cuts[d][k], 0)
			if below && figure(x) == figure(cuts[d][k]) {
				figure = func(v float64) string { return amountBy(v, units[d], german, precise) }
			}
			bounds = figure(x)
			if k > 0 {
				bounds += " ≥ " + figure(cuts[d][k-1])
			}
			if below {
				bounds += map[bool]string{false: " < ", true: ", < "}[k > 0] + figure(cuts[d][k])
			}
		}
		parts[d] = fmt.Sprintf("%s %s (%s)", label, cl, bounds)
	}
	return r.Tiers[a.out.Tier[i]] + ": " + strings.Join(parts, "; ")
}
