package tile

import (
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestGridHoldsItsColumn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scale := math.Ldexp(1, rapid.IntRange(-90, 70).Draw(t, "exponent"))
		shift := rapid.Float64Range(-1e6, 1e6).Draw(t, "shift")
		column := rapid.SliceOfN(rapid.Float64Range(-1, 1), 1, 60).Draw(t, "column")
		for i := range column {
			column[i] = (column[i] + shift) * scale
		}
		g, err := FitGrid(column)
		var squeezed *SqueezedError
		if errors.As(err, &squeezed) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		step := math.Ldexp(1, -g.E)
		if q := math.Ldexp(g.Offset, g.E); q != math.Trunc(q) {
			t.Fatalf("offset %g is no multiple of the step", g.Offset)
		}
		for _, x := range column {
			r := g.Round(x)
			q := math.Ldexp(r, g.E)
			if q != math.Trunc(q) || math.Abs(q) >= MaxQ {
				t.Fatalf("q = %g", q)
			}
			if float64(float32(r)) != r {
				t.Fatalf("%g is no float32", r)
			}
			if d := math.Abs(g.Restore(r) - x); d > step/2 {
				t.Fatalf("%g is off by %g, more than half a step %g", x, d, step)
			}
		}
	})
}

func TestGridIsFine(t *testing.T) {
	g, err := FitGrid([]float64{0, 0.25, 0.5, 0.75, 1})
	if err != nil || g.E != 23 {
		t.Errorf("grid %+v, %v: half a unit of range should get 2^23 steps a unit", g, err)
	}
}

func TestGridOfSpecialColumns(t *testing.T) {
	for _, c := range []struct {
		name   string
		column []float64
		fails  bool
	}{
		{"constant", []float64{7.5, 7.5}, false},
		{"yes/no", []float64{0, 0, 0, 0, 0, 0, 0, 1}, false},
		{"one outlier", append(ramp(1000), 1e9), true},
		{"one outlier over mostly zeros", append(append(make([]float64, 5000), ramp(1000)...), 1e9), true},
		{"spread", append(ramp(1000), 50), false},
	} {
		_, err := FitGrid(c.column)
		var squeezed *SqueezedError
		if got := errors.As(err, &squeezed); got != c.fails {
			t.Errorf("%s: error %v", c.name, err)
		}
		if c.fails && squeezed.Outliers != 1 {
			t.Errorf("%s: %d outliers", c.name, squeezed.Outliers)
		}
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1), 1e300} {
		_, err := FitGrid([]float64{1, 2, bad})
		var r *RangeError
		if !errors.As(err, &r) || r.Row != 2 {
			t.Errorf("%g: error %v", bad, err)
		}
	}
}

func ramp(n int) []float64 {
	r := make([]float64, n)
	for i := range r {
		r[i] = float64(i) / float64(n)
	}
	return r
}

func TestMatrixLayout(t *testing.T) {
	for n := range 50 {
		for d := 1; d < 5; d++ {
			columns := make([][]float64, d)
			for j := range columns {
				columns[j] = make([]float64, n)
				for i := range columns[j] {
					columns[j][i] = float64(i*10 + j)
				}
			}
			grids := make([]Grid, d)
			m := New(columns, grids)
			kept := make([][]float64, d)
			copy(kept, columns)
			if taken := Take(kept, grids); !slices.Equal(taken.Tiles, m.Tiles) || taken.N != m.N || n > 0 && kept[0] != nil {
				t.Fatalf("n=%d d=%d: Take differs from New", n, d)
			}
			if len(m.Tiles) != m.TileCount()*d*Lanes {
				t.Fatalf("n=%d d=%d: %d values", n, d, len(m.Tiles))
			}
			for i := range n {
				row := m.Row(nil, i)
				for j := range d {
					if want := float32(i*10 + j); m.At(i, j) != want || row[j] != want {
						t.Fatalf("n=%d d=%d: (%d,%d) is %g, %g", n, d, i, j, m.At(i, j), row[j])
					}
				}
			}
		}
	}
}

func TestNth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		levels := rapid.SampledFrom([]int{1, 3, 1000}).Draw(t, "levels")
		xs := rapid.SliceOfN(rapid.IntRange(0, levels), 1, 300).Draw(t, "values")
		values := make([]float64, len(xs))
		for i, x := range xs {
			values[i] = float64(x)
		}
		sorted := slices.Sorted(slices.Values(values))
		for n := range sorted {
			if got := nth(slices.Clone(values), n); got != sorted[n] {
				t.Fatalf("value %d is %v, want %v", n, got, sorted[n])
			}
		}
	})
}
