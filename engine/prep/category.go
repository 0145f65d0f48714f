package prep

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"segovia/engine/table"
	"segovia/kernels/problem"
)

// fitCategory fits a one-hot feature: levels with a share of at least MinLevel have a column each, most frequent first,
// the others share one; missing is a level like any other.
func (c Config) fitCategory(f *fitted, col *table.Column) error {
	name := f.feature.Name
	counts := map[string]int64{}
	var missing int64
	infinite := eachLevel(col, func(_ int, level string, isMissing bool) {
		if isMissing {
			missing++
			return
		}
		if len(counts) <= c.OneHot.MaxRaw { // one too many is enough to know
			counts[level]++
		}
	})
	if infinite > 0 && c.NonFinite == "error" {
		return infiniteProblem(name, infinite)
	}
	f.nonFinite = infinite
	switch {
	case len(counts) == 0:
		f.leftOut = leftOut(name, "no_values")
		return nil
	case len(counts) == 1 && missing == 0:
		f.leftOut = leftOut(name, "constant")
		return nil
	case len(counts) > c.OneHot.MaxRaw:
		return tooManyLevels(name, fmt.Sprintf("more than %d levels", c.OneHot.MaxRaw), "max_raw", c.OneHot.MaxRaw)
	}

	n := int64(rowsOf(col))
	least := float64(c.OneHot.MinLevel * float64(n))
	levels := make([]string, 0, len(counts))
	var merged Merged
	var other int64
	for level, count := range counts {
		if float64(count) >= least {
			levels = append(levels, level)
			continue
		}
		merged.Levels++
		other += count
	}
	slices.SortFunc(levels, func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), strings.Compare(a, b))
	})
	if len(levels) > c.OneHot.MaxLevels {
		return tooManyLevels(name, fmt.Sprintf("%d levels after merging rare ones", len(levels)), "max_levels", c.OneHot.MaxLevels)
	}
	if merged.Levels > 0 {
		merged.Feature, merged.Rows, merged.Share = name, int(other), float64(other)/float64(n)
		f.merged = &merged
	}
	ownMissing := float64(missing) >= least && missing > 0
	if !ownMissing {
		other += missing
	}
	if missing > 0 {
		f.imputed = &Imputed{Feature: name, Rows: int(missing), Share: float64(missing) / float64(n), Indicator: ownMissing}
	}

	var shares []int64
	add := func(label, role, level string, count int64) {
		f.columns = append(f.columns, Column{Name: name + "=" + label, Feature: name, Role: role, Level: level, Weight: 1})
		shares = append(shares, count)
	}
	for _, level := range levels {
		add(level, roleLevel, level, counts[level])
	}
	if other > 0 {
		add("(other)", roleOther, "", other)
	}
	if ownMissing {
		add("(missing)", roleMissing, "", missing)
	}
	if len(f.columns) < 2 {
		f.leftOut = leftOut(name, "rare_levels")
		return nil
	}
	f.feature.Levels = levels
	scale := c.indicatorScale(shares, 2, 1)
	for j := range f.columns {
		f.columns[j].Scale = scale
	}
	return nil
}

// indicatorScale returns the divisor of 0/1 columns, by the package's rule: for a category over counts of its levels with
// ends = 2 and copies = 1; for a single yes/no column, with counts of both values, ends = 1 and copies = 2, since one
// column then stands for both levels. ends is the squared distance between two different rows before scaling.
func (c Config) indicatorScale(counts []int64, ends, copies float64) float64 {
	if c.Scale == "none" || c.Scale == "minmax" {
		return math.Sqrt(ends)
	}
	var n float64
	for _, k := range counts {
		n += float64(k)
	}
	variance := 0.0 // of all columns together: sum of p (1 - p)
	for _, k := range counts {
		p := float64(k) / n
		variance += float64(p * (1 - p))
	}
	variance /= copies
	switch c.Scale {
	case "zscore-sample":
		variance *= n / (n - 1)
	case "robust":
		return float64(normalIQR * math.Sqrt(variance))
	}
	return math.Sqrt(variance)
}

func tooManyLevels(name, what, option string, limit int) error {
	return &problem.Problem{ID: "SEG-FEA-003", Place: fmt.Sprintf("feature %q", name),
		What: fmt.Sprintf("feature %q has %s, too many for one-hot", name, what),
		Why:  fmt.Sprintf("one_hot.%s is %d; every level is a column, and most would say nothing", option, limit),
		Fix: "merge levels (`prep: {one_hot: {min_level: 5%}}`), name a coarser feature, or list it under " +
			"`features: {profile_only: [...]}`"}
}

// fitOrder sets the levels of an ordinal feature in ascending order.
func (c Config) fitOrder(f *fitted, col *table.Column) error {
	found := map[string]bool{}
	eachLevel(col, func(_ int, level string, missing bool) {
		if !missing && len(found) <= c.OneHot.MaxRaw {
			found[level] = true
		}
	})
	if len(found) > c.OneHot.MaxRaw {
		return tooManyLevels(f.feature.Name, fmt.Sprintf("more than %d levels", c.OneHot.MaxRaw), "max_raw", c.OneHot.MaxRaw)
	}
	given, ok := c.Order[f.feature.Name]
	if !ok {
		for level := range found {
			given = append(given, level)
		}
		slices.SortFunc(given, natural)
		f.feature.Levels = given
		return nil
	}
	f.feature.Levels = slices.Clone(given)
	for _, level := range given {
		delete(found, level)
	}
	if len(found) > 0 {
		return &problem.Problem{ID: "SEG-CFG-008", Place: "prep.order." + f.feature.Name,
			What: fmt.Sprintf("%d levels of feature %q are not in its order", len(found), f.feature.Name),
			Fix:  "list all levels, lowest first", Values: strings.Join(slices.Sorted(maps.Keys(found)), ", ")}
	}
	return nil
}

// natural compares text with runs of digits as numbers: "2-9" < "10-49" < "50+". Texts that differ in leading zeros only
// are ordered bytewise.
func natural(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		dx, dy := digits(x), digits(y)
		if dx == 0 || dy == 0 {
			if x[0] != y[0] {
				return cmp.Compare(x[0], y[0])
			}
			x, y = x[1:], y[1:]
			continue
		}
		nx, ny := strings.TrimLeft(x[:dx], "0"), strings.TrimLeft(y[:dy], "0")
		if c := cmp.Or(cmp.Compare(len(nx), len(ny)), strings.Compare(nx, ny)); c != 0 {
			return c
		}
		x, y = x[dx:], y[dy:]
	}
	return cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(a, b))
}

// digits returns the length of the run of digits that s begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}
