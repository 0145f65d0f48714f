package prep

import (
	"fmt"
	"math"
	"strconv"

	"segovia/engine/table"
	"segovia/kernels/problem"
)

// numbers returns a fresh copy of the feature's values as numbers, NaN where missing, with the number of infinite values
// (turned into NaN) and of levels that an ordinal feature does not know (NaN too).
func (f *Feature) numbers(col *table.Column) (values []float64, infinite, unknown int) {
	if f.Encode == "ordinal" {
		rank := make(map[string]float64, len(f.Levels))
		for i, l := range f.Levels {
			rank[l] = float64(i)
		}
		values = make([]float64, rowsOf(col))
		infinite = eachLevel(col, func(i int, level string, missing bool) {
			r, ok := rank[level]
			switch {
			case missing:
				r = math.NaN()
			case !ok:
				r = math.NaN()
				unknown++
			}
			values[i] = r
		})
		return values, infinite, unknown
	}
	values = make([]float64, len(col.Numbers))
	for i, x := range col.Numbers {
		if math.IsInf(x, 0) {
			infinite++
			x = math.NaN()
		}
		values[i] = x
	}
	return values, infinite, 0
}

// eachLevel calls f with the level of every row: the text of a category, the shortest text of a number. It returns the
// number of infinite values, which are missing.
func eachLevel(col *table.Column, f func(i int, level string, missing bool)) (infinite int) {
	if col.Kind == table.Category {
		for i, s := range col.Strings {
			missing := col.IsMissing(i)
			if missing {
				s = ""
			}
			f(i, s, missing)
		}
		return 0
	}
	for i, x := range col.Numbers {
		switch {
		case x != x:
			f(i, "", true)
		case math.IsInf(x, 0):
			infinite++
			f(i, "", true)
		default:
			f(i, strconv.FormatFloat(x+0, 'g', -1, 64), false) // + 0: no negative zero
		}
	}
	return infinite
}

func rowsOf(col *table.Column) int {
	if col.Kind == table.Category {
		return len(col.Strings)
	}
	return len(col.Numbers)
}

// expand returns the given columns of feature f, freshly made from col, and the number of rows whose level has no
// place in it. Fit and Apply both come through here.
func (m *Model) expand(f *Feature, columns []Column, col *table.Column) (x [][]float64, unknown int, err error) {
	x = make([][]float64, len(columns))
	for j := range x {
		x[j] = make([]float64, rowsOf(col))
	}
	var values []float64
	var infinite int
	if f.Encode == "one_hot" {
		infinite, unknown = f.expandLevels(x, columns, col)
	} else {
		values, infinite, unknown = f.numbers(col)
	}
	if infinite > 0 && m.NonFinite == "error" {
		return nil, 0, infiniteProblem(f.Name, infinite)
	}
	if f.Encode != "one_hot" {
		err = f.expandNumbers(x, columns, values)
	}
	return x, unknown, err
}

func (f *Feature) expandLevels(x [][]float64, columns []Column, col *table.Column) (infinite, unknown int) {
	at := make(map[string]int, len(columns))
	missing, other := -1, -1
	for j, c := range columns {
		switch c.Role {
		case roleMissing:
			missing = j
		case roleOther:
			other = j
		default:
			at[c.Level] = j
		}
	}
	infinite = eachLevel(col, func(i int, level string, isMissing bool) {
		j, ok := at[level]
		switch {
		case isMissing && missing >= 0:
			j = missing
		case isMissing:
			j = other
		case !ok:
			j = other
			unknown++
		}
		if j >= 0 {
			x[j][i] = columns[j].place(1)
		}
	})
	for j := range x { // a centre other than 0 moves the zeros too
		if zero := columns[j].place(0); zero != 0 {
			for i, v := range x[j] {
				if v == 0 {
					x[j][i] = zero
				}
			}
		}
	}
	return infinite, unknown
}

func (f *Feature) expandNumbers(x [][]float64, columns []Column, values []float64) error {
	missing := 0
	for i, v := range values {
		isMissing := v != v
		if isMissing {
			missing++
			if f.Impute != nil {
				v = *f.Impute
			}
		}
		t := transformed(f.Transform, f.clip(v))
		for j := range columns {
			y := t
			if columns[j].Role == roleMissing {
				y = 0
				if isMissing {
					y = 1
				}
			}
			x[j][i] = columns[j].place(y)
		}
	}
	if missing > 0 && f.Impute == nil {
		return missingProblem(f.Name, missing, len(values))
	}
	for j := range x {
		large := 0
		for _, v := range x[j] {
			if math.IsInf(v, 0) || v != v {
				large++
			}
		}
		if large > 0 {
			return tooLarge(f.Name, large)
		}
	}
	return nil
}

func (f *Feature) clip(x float64) float64 {
	if f.Clip == nil {
		return x
	}
	return math.Max(f.Clip.Low, math.Min(f.Clip.High, x)) // NaN stays NaN
}

// place returns t on the column: centred, scaled, weighted.
func (c *Column) place(t float64) float64 {
	x := (t - c.Centre) / c.Scale
	if c.Weight != 1 {
		x = float64(x * c.Weight)
	}
	return x
}

func infiniteProblem(feature string, n int) *problem.Problem {
	return &problem.Problem{ID: "SEG-NUM-001", Place: fmt.Sprintf("feature %q", feature),
		What: fmt.Sprintf("feature %q is infinite in %d rows", feature, n),
		Why:  "an infinite value has no place among the others", Fix: "repair it at its source (a division by zero?), " +
			"or set `prep: {non_finite: missing}`"}
}

func tooLarge(feature string, n int) *problem.Problem {
	return &problem.Problem{ID: "SEG-NUM-002", Place: fmt.Sprintf("feature %q", feature),
		What: fmt.Sprintf("feature %q has %d values that are too large to be scaled", feature, n),
		Why:  "their squares leave the range of numbers", Fix: fmt.Sprintf("repair them, clip the feature "+
			"(`prep: {clip: [0.5%%, 99.5%%]}`) or transform it (`prep: {transform: {%s: log1p}}`)", feature)}
}

func missingProblem(feature string, missing, rows int) error {
	return &problem.Problem{ID: "SEG-FEA-006", Place: fmt.Sprintf("feature %q", feature),
		What: fmt.Sprintf("feature %q is missing in %d of %d rows and prep.impute is none", feature, missing, rows),
		Why:  "distances need a value in every row", Fix: "set `prep: {impute: median}`, or leave the feature out"}
}
