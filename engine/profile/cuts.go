package profile

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"segovia/engine/table"
)

// maxCuts cut points make at most 255 bins, so that a bin fits a byte with one value left for missing.
const maxCuts = 254

// missingBin marks a row whose value is missing.
const missingBin = 255

// splitter is a feature as the tree sees it: numbers cut into bins, or levels each tested for equality.
type splitter struct {
	col    *table.Column
	cuts   []float64 // ascending; bin b holds the values above cuts[b-1] and up to cuts[b]
	digits []int     // significant digits of each cut: fewer are easier to say
	levels []string  // category: bin b is this level, bin len(levels) any other
	bool01 bool
}

// bins is the number of bins without the one for missing values.
func (f *splitter) bins() int {
	if f.levels != nil {
		return len(f.levels) + 1
	}
	return len(f.cuts) + 1
}

// numberCuts returns cut points of ascending values: one between each two different values while these are few, else one
// near each of maxCuts quantiles. Each is the roundest number that splits the values there.
func numberCuts(sorted []float64) (cuts []float64, digits []int) {
	n := len(sorted)
	distinct := slices.Compact(slices.Clone(sorted))
	// above returns the smallest value above x; there is one.
	above := func(x float64) float64 {
		at, found := slices.BinarySearch(distinct, x)
		if found {
			at++
		}
		return distinct[at]
	}
	add := func(a, b float64) {
		if len(cuts) > 0 && cuts[len(cuts)-1] >= a {
			// The interval overlaps the last one: begin with the first value that the last cut left above it.
			a = above(cuts[len(cuts)-1])
		}
		if c, d, ok := roundest(a, b); ok {
			cuts, digits = append(cuts, c), append(digits, d)
		}
	}
	if len(distinct) <= maxCuts+1 {
		for i := 1; i < len(distinct); i++ {
			add(distinct[i-1], distinct[i])
		}
		return cuts, digits
	}
	// The cut may lie anywhere within half a bin on either side of the quantile, so that no round number is missed.
	slack := n / (2 * (maxCuts + 1))
	for q := 1; q <= maxCuts; q++ {
		rank := q * n / (maxCuts + 1)
		a, b := sorted[max(rank-1-slack, 0)], sorted[min(rank+slack, n-1)]
		if a == b {
			// A value that fills the neighbourhood: cut above it.
			if a == sorted[n-1] {
				break
			}
			b = above(a)
		}
		add(a, b)
	}
	return cuts, digits
}

// roundest returns the number c with a <= c < b that has the fewest significant digits in decimal notation, and how many;
// 5 as the last digit goes before others, then the one nearest to the middle. It reports false where a < b does not hold.
func roundest(a, b float64) (c float64, digits int, ok bool) {
	if !(a < b) {
		return 0, 0, false
	}
	if a <= 0 && b > 0 {
		return 0, 1, true
	}
	top := exponent(max(math.Abs(a), math.Abs(b))) + 1
	mid := a/2 + b/2
	for e := top; e >= top-18 && e > -300; e-- {
		for _, step := range []int64{10, 5, 1} { // multiples of 10^(e+1), half of it, a tenth of it
			if c, ok := multiple(a, b, mid, step, e); ok {
				return c, significant(c), true
			}
		}
	}
	return a, significant(a), true
}

// exponent is the power of ten of x's leading digit.
func exponent(x float64) int {
	_, e, _ := strings.Cut(strconv.FormatFloat(x, 'e', -1, 64), "e")
	n, err := strconv.Atoi(e)
	if err != nil {
		return 0 // Inf, which no finite value is cut against
	}
	return n
}

// multiple returns the multiple of step * 10^e in [a, b) nearest to mid, the lower one on ties.
func multiple(a, b, mid float64, step int64, e int) (float64, bool) {
	unit := decimal(step, e)
	from, to := math.Floor(a/unit)-1, math.Ceil(b/unit)+1
	if unit == 0 || math.Abs(from) > 1e15 || math.Abs(to) > 1e15 {
		return 0, false
	}
	if to-from > 40 { // only the neighbourhood of the middle can win
		m := math.Floor(mid / unit)
		from, to = m-2, m+2
	}
	best, found := 0.0, false
	for m := from; m <= to; m++ {
		c := decimal(int64(m)*step, e)
		if c >= a && c < b && (!found || math.Abs(c-mid) < math.Abs(best-mid)) {
			best, found = c, true
		}
	}
	return best, found
}

// decimal returns the float64 nearest to m * 10^e.
func decimal(m int64, e int) float64 {
	x, err := strconv.ParseFloat(strconv.FormatInt(m, 10)+"e"+strconv.Itoa(e), 64)
	if err != nil {
		return 0
	}
	return x
}

// significant counts the significant decimal digits of x.
func significant(x float64) int {
	s := strconv.FormatFloat(math.Abs(x), 'e', -1, 64)
	n := 0
	for i := 0; i < len(s) && s[i] != 'e'; i++ {
		if s[i] != '.' {
			n++
		}
	}
	return n
}

// bin returns the bin of row i.
func (f *splitter) bin(i int, index map[string]int) uint8 {
	if f.levels != nil {
		l, ok := level(f.col, i)
		if !ok {
			return missingBin
		}
		if at, kept := index[l]; kept && at < len(f.levels) {
			return uint8(at)
		}
		return uint8(len(f.levels))
	}
	x := f.col.Numbers[i]
	if !finite(x) {
		return missingBin
	}
	at, _ := slices.BinarySearch(f.cuts, x)
	return uint8(at)
}
