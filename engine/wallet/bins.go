package wallet

import (
	"cmp"
	"slices"
	"sort"

	"segovia/engine/table"
)

const (
	missingBin = 0
	maxBin     = 255 // values are in bins 1 to maxBin
	// minLevel is how many customers of the pool a level needs to have a bin of its own, in pools of 600 and more; a twentieth
	// of the pool in smaller ones, but rareLevel. Trees order levels by the means of their draws, half a pool at most, and
	// means of fewer are mostly noise: 200 levels without meaning, of about 20 customers each, had 12 % of the importance with
	// a limit of 10, 6 % with 20, and the pinball loss fell by 2 % with 40 (TestMarket, 5000 customers, sigma 1).
	minLevel  = 30
	rareLevel = 5
)

// predictor turns a column into bins: 0 for missing values; for numbers, 1 + the number of cuts below the value; for
// categories, a bin for each of the most frequent levels and one for all others.
type predictor struct {
	col   *table.Column
	cuts  []float64        // numbers: ascending; a value equal to a cut lies below it
	level map[string]uint8 // categories
	other uint8            // categories: bin of every other level
	bins  int              // 1 + the last bin
}

// newPredictor chooses the bins from the rows of the pool. It returns a reason instead where all of them have one bin.
func newPredictor(col *table.Column, pool []int32) (*predictor, string) {
	p := &predictor{col: col}
	if col.Kind == table.Category {
		p.levels(pool)
	} else {
		p.quantiles(pool)
	}
	first := p.bin(int(pool[0]))
	switch {
	case slices.ContainsFunc(pool, func(i int32) bool { return p.bin(int(i)) != first }):
		return p, ""
	case first == missingBin:
		return nil, "it is missing everywhere"
	case col.Kind == table.Category && len(p.level) == 0:
		return nil, "none of its levels is frequent enough"
	}
	return nil, "it is the same everywhere"
}

// quantiles cuts a number between all its values in the pool, or at 254 quantiles where it has more than 255.
func (p *predictor) quantiles(pool []int32) {
	values := make([]float64, 0, len(pool))
	for _, i := range pool {
		if v := p.col.Numbers[i]; v == v {
			values = append(values, v)
		}
	}
	slices.Sort(values)
	distinct := slices.Compact(slices.Clone(values))
	switch n := len(distinct); {
	case n == 0:
	case n <= maxBin:
		p.cuts = distinct[:n-1]
	default:
		for k := 1; k < maxBin; k++ {
			p.cuts = append(p.cuts, values[k*len(values)/maxBin])
		}
		p.cuts = slices.Compact(p.cuts)
		if p.cuts[len(p.cuts)-1] == distinct[n-1] {
			p.cuts = p.cuts[:len(p.cuts)-1]
		}
	}
	p.bins = len(p.cuts) + 2
}

// levels gives bins to the levels that are frequent enough in the pool, the most frequent first.
func (p *predictor) levels(pool []int32) {
	counts := map[string]int{}
	for _, i := range pool {
		if !p.col.IsMissing(int(i)) {
			counts[p.col.Strings[i]]++
		}
	}
	least := min(minLevel, max(rareLevel, len(pool)/20))
	names := make([]string, 0, len(counts))
	for name, n := range counts {
		if n >= least {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	names = names[:min(len(names), maxBin-1)]
	p.level = make(map[string]uint8, len(names))
	for at, name := range names {
		p.level[name] = uint8(at + 1)
	}
	p.other = uint8(len(names) + 1)
	p.bins = len(names) + 2
}

// bin returns the bin of row i.
func (p *predictor) bin(i int) uint8 {
	switch {
	case p.col.IsMissing(i):
		return missingBin
	case p.col.Kind == table.Category:
		if b, ok := p.level[p.col.Strings[i]]; ok {
			return b
		}
		return p.other
	}
	return uint8(1 + sort.SearchFloat64s(p.cuts, p.col.Numbers[i]))
}
