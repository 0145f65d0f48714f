package tile

import (
	"fmt"
	"math"
	"slices"
)

// MaxQ bounds the integers of the grid: |q| < MaxQ, so that q * 2^-e is exactly a float32.
const MaxQ = 1 << 23

// minSteps is the least number of steps that the middle half of a column must span.
const minSteps = 1 << 10

// Grid is the frozen rounding of one column: x becomes (x - Offset) rounded to a multiple of 2^-E. Offset is itself such a
// multiple. The zero Grid rounds to integers.
type Grid struct {
	Offset float64 `json:"offset"`
	E      int     `json:"e"`
}

// SqueezedError says that outliers leave too few steps of the grid for the rest of a column.
type SqueezedError struct {
	Outliers int     // values outside the quartiles by more than a thousand times the middle half
	Steps    float64 // steps that the middle half spans
}

// Error gives the two figures.
func (e *SqueezedError) Error() string {
	return fmt.Sprintf("%d outlying values leave %.3g steps of the grid for the middle half of the column, %d are needed",
		e.Outliers, e.Steps, minSteps)
}

// RangeError says that a column holds a value that no grid can hold: not finite, or beyond 2^100.
type RangeError struct{ Row int }

// Error names the row.
func (e *RangeError) Error() string {
	return fmt.Sprintf("row %d is not finite or beyond 2^100", e.Row)
}

// FitGrid returns the finest grid that holds every value of the column. A constant column gets E = 0 and an offset that
// makes it zero up to rounding.
//
// It returns a *SqueezedError where the middle half of the column spans fewer than 2^10 steps. The middle half is the
// range between the quartiles; where they are equal (more than half of the rows share one value, as in yes/no columns),
// between the quartiles of the distinct values. It returns a *RangeError for values that are not finite or too large.
func FitGrid(column []float64) (Grid, error) {
	if len(column) == 0 {
		return Grid{}, nil
	}
	lo, hi := column[0], column[0]
	for i, x := range column {
		if !(math.Abs(x) <= 0x1p100) {
			return Grid{}, &RangeError{i}
		}
		lo, hi = min(lo, x), max(hi, x)
	}
	if lo == hi {
		return Grid{Offset: math.RoundToEven(lo)}, nil
	}
	middle := lo/2 + hi/2
	_, exp := math.Frexp(hi/2 - lo/2) // half the range < 2^exp
	// Offset and values keep below 2^52 steps, where float64 is exact.
	_, magnitude := math.Frexp(max(math.Abs(lo), math.Abs(hi)))
	g := gridAt(middle, min(23-exp, 51-magnitude))
	for max(g.steps(hi), -g.steps(lo)) >= MaxQ { // the rounding of the offset may cost one more bit
		g = gridAt(middle, g.E-1)
	}
	if err := g.squeezed(column); err != nil {
		return Grid{}, err
	}
	return g, nil
}

func gridAt(middle float64, e int) Grid {
	e = min(max(e, -100), 100)
	return Grid{Offset: math.Ldexp(math.RoundToEven(math.Ldexp(middle, e)), -e), E: e}
}

// steps returns the integer q of x.
func (g Grid) steps(x float64) float64 {
	return math.RoundToEven(math.Ldexp(x, g.E)) - math.Ldexp(g.Offset, g.E)
}

// squeezed returns a *SqueezedError if the middle half of the column spans too few steps of g.
func (g Grid) squeezed(column []float64) error {
	values := slices.Clone(column)
	low := nth(values, len(values)/4)
	high := nth(values, len(values)-1-len(values)/4)
	if low == high {
		slices.Sort(values)
		distinct := slices.Compact(values)
		low, high = distinct[len(distinct)/4], distinct[len(distinct)-1-len(distinct)/4]
	}
	span := high - low
	steps := math.Ldexp(span, g.E)
	if steps >= minSteps {
		return nil
	}
	outliers := 0
	for _, x := range column {
		if x < low-1000*span || x > high+1000*span {
			outliers++
		}
	}
	if outliers == 0 {
		return nil // close clusters far apart, not a few values that squeeze the others
	}
	return &SqueezedError{outliers, steps}
}

// nth returns the value that would stand at position n if xs were sorted; it reorders xs (Hoare's selection).
func nth(xs []float64, n int) float64 {
	for len(xs) > 16 {
		a, b, c := xs[0], xs[len(xs)/2], xs[len(xs)-1]
		pivot := max(min(a, b), min(max(a, b), c)) // the middle of the three
		i, j := 0, len(xs)-1
		for i <= j {
			for xs[i] < pivot {
				i++
			}
			for xs[j] > pivot {
				j--
			}
			if i <= j {
				xs[i], xs[j] = xs[j], xs[i]
				i++
				j--
			}
		}
		switch { // xs[:j+1] <= pivot <= xs[i:]
		case n <= j:
			xs = xs[:j+1]
		case n >= i:
			xs, n = xs[i:], n-i
		default:
			return pivot
		}
	}
	slices.Sort(xs)
	return xs[n]
}

// Round returns x on the grid, offset subtracted: q * 2^-E with q an integer. Within the fitted column |q| < MaxQ and the
// result is exactly a float32; outside it the result is as far away as x is, without saturation.
func (g Grid) Round(x float64) float64 {
	return math.Ldexp(g.steps(x), -g.E) + 0 // no negative zero: equal rows have equal bits
}

// Restore returns the value in the column's own units that a grid value (or a mean of such) stands for.
func (g Grid) Restore(x float64) float64 { return x + g.Offset }
