package tiers

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// slowCut is the definition of one cut, without a sorted pass.
func slowCut(by string, at float64, known []float64) float64 {
	if by == "value" {
		return at
	}
	if len(known) == 0 {
		return math.Inf(1)
	}
	sorted := slices.Clone(known)
	slices.Sort(sorted)
	distinct := slices.Compact(slices.Clone(sorted))
	if by == "quantile" {
		h := float64(len(sorted)-1) * at
		lo := int(h)
		q := sorted[lo]
		if lo+1 < len(sorted) {
			q += (h - float64(lo)) * (sorted[lo+1] - sorted[lo])
		}
		if len(distinct) == 1 {
			return math.Inf(1)
		}
		return max(q, distinct[1])
	}
	var total float64
	for _, v := range known {
		total += max(0, v)
	}
	for _, v := range distinct {
		var below float64
		for _, w := range known {
			if w < v {
				below += max(0, w)
			}
		}
		if below > 0 && below >= at*total {
			return v
		}
	}
	return math.Inf(1)
}

// Values are whole, so that sums are exact.
func TestCutsAgainstSlowDefinitions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spread := rapid.SampledFrom([]int{0, 1, 3, 1000}).Draw(t, "spread")
		base := rapid.SampledFrom([]int{-2, 0, 5}).Draw(t, "base")
		values := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) float64 {
			if rapid.IntRange(0, 9).Draw(t, "missing") == 0 {
				return nan
			}
			return float64(base + rapid.IntRange(0, spread).Draw(t, "value"))
		}), 0, 40).Draw(t, "values")
		var rows []int
		var known []float64
		for i, v := range values {
			if rapid.Bool().Draw(t, "row") {
				if rows = append(rows, i); v == v {
					known = append(known, v)
				}
			}
		}
		c := Cut{By: rapid.SampledFrom([]string{"value", "quantile", "revenue"}).Draw(t, "by")}
		for i := range rapid.IntRange(1, 4).Draw(t, "cuts") {
			c.At = append(c.At, (float64(i)+rapid.Float64Range(0.01, 0.99).Draw(t, "at"))/4)
		}
		cuts := c.cutValues(values, rows)
		for j, at := range c.At {
			want := slowCut(c.By, at, known)
			// Interpolation rounds three times, each by less than half an ulp of numbers up to 1000.
			if got := cuts[j]; got != want && !(c.By == "quantile" && math.Abs(got-want) <= 3*1000*0x1p-53) {
				t.Fatalf("cut %d by %s at %v of %v is %v, want %v", j, c.By, at, known, got, want)
			}
		}
		if !slices.IsSorted(cuts) {
			t.Fatalf("cuts %v do not rise", cuts)
		}
		for _, x := range append(values, cuts...) {
			want := 0
			for _, cut := range cuts {
				if x >= cut {
					want++
				}
			}
			if got := class(x, cuts); got != want {
				t.Fatalf("%v is of class %d under %v, want %d", x, got, cuts, want)
			}
		}
	})
}

// Where most customers have nothing, they are the lowest class, and not one that begins at nothing.
func TestCutsOfManyEqual(t *testing.T) {
	all := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	mostly := []float64{0, 0, 0, 0, 0, 0, 0, 10, 20, 30}
	for _, c := range []struct {
		by     string
		values []float64
		want   []float64
	}{
		{"quantile", mostly, []float64{10, 12}}, {"revenue", mostly, []float64{30, math.Inf(1)}},
		{"quantile", make([]float64, 10), []float64{math.Inf(1), math.Inf(1)}}, {"revenue", make([]float64, 10), []float64{math.Inf(1), math.Inf(1)}},
		{"revenue", slices.Repeat([]float64{7}, 10), []float64{math.Inf(1), math.Inf(1)}},
	} {
		cuts := Cut{By: c.by, At: []float64{0.5, 0.8}}.cutValues(c.values, all)
		if math.Abs(cuts[0]-c.want[0]) > 1e-12 || math.Abs(cuts[1]-c.want[1]) > 1e-12 {
			t.Errorf("%s of %v: %v, want %v", c.by, c.values, cuts, c.want)
		}
	}
}
