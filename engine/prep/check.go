package prep

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"segovia/engine/table"
	"segovia/kernels/problem"
)

// check returns everything that is wrong with c for this table, in a fixed order. c has its defaults.
func (c Config) check(t *table.Table) problem.List {
	var l problem.List
	oneOf := func(place, value string, allowed ...string) {
		if !slices.Contains(allowed, value) {
			l = append(l, &problem.Problem{ID: "SEG-CFG-003", What: fmt.Sprintf("%q is not possible here", value),
				Place: place, Fix: "use one of: " + strings.Join(allowed, ", ") + didYouMean(value, allowed)})
		}
	}
	within := func(place string, ok bool, want string) {
		if !ok {
			l = append(l, &problem.Problem{ID: "SEG-CFG-003", What: "value out of range", Place: place, Fix: "give " + want})
		}
	}
	names := t.Names()
	known := func(place, name string) bool {
		if slices.Contains(names, name) {
			return true
		}
		l = append(l, &problem.Problem{ID: "SEG-FEA-002", What: fmt.Sprintf("there is no feature %q", name), Place: place,
			Why: "the feature table has no column of that name", Fix: "correct the name" + didYouMean(name, names)})
		return false
	}

	oneOf("prep.non_finite", c.NonFinite, "error", "missing")
	oneOf("prep.impute", c.Impute, "median", "mean", "zero", "none")
	oneOf("prep.scale", c.Scale, "zscore", "zscore-sample", "robust", "minmax", "none")
	within("prep.indicate", c.Indicate >= 0 && c.Indicate < 1, "a share from 0 (never) to below 1")
	within("prep.clip", c.Clip == [2]float64{} || c.Clip[0] >= 0 && c.Clip[0] < c.Clip[1] && c.Clip[1] <= 1,
		"two quantiles in ascending order, such as [0.5%, 99.5%]")
	within("prep.one_hot.min_level", c.OneHot.MinLevel > 0 && c.OneHot.MinLevel < 1, "a share between 0 and 1")
	within("prep.one_hot.max_levels", c.OneHot.MaxLevels > 0, "a number above 0")
	within("prep.one_hot.max_raw", c.OneHot.MaxRaw > 0, "a number above 0")
	within("prep.correlation", c.Correlation >= 0 && c.Correlation <= 1, "a number from 0 (keep all) to 1")
	within("prep.pca.variance", c.PCA.Variance >= 0 && c.PCA.Variance <= 1, "a share from 0 (off) to 1")
	within("prep.pca.components", c.PCA.Components >= 0, "0 (off) or more")

	seen := map[string]bool{}
	for i, name := range c.Features {
		place := fmt.Sprintf("prep.features[%d]", i)
		if known(place, name) && seen[name] {
			l = append(l, &problem.Problem{ID: "SEG-CFG-008", What: fmt.Sprintf("feature %q stands twice", name),
				Place: place, Fix: "remove one; to make it count more, give it a weight"})
		}
		seen[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(c.Encode)) {
		place := "prep.encode." + name
		if !known(place, name) {
			continue
		}
		oneOf(place, c.Encode[name], "number", "one_hot", "ordinal")
		if c.Encode[name] == "number" && t.Column(name).Kind == table.Category {
			l = append(l, &problem.Problem{ID: "SEG-CFG-008", What: fmt.Sprintf("feature %q is text, not a number", name),
				Place: place, Fix: "use one_hot or ordinal"})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Order)) {
		place := "prep.order." + name
		if known(place, name) && c.Encode[name] != "ordinal" {
			l = append(l, &problem.Problem{ID: "SEG-CFG-008", What: fmt.Sprintf("feature %q has an order but is not ordinal", name),
				Place: place, Fix: fmt.Sprintf("add `encode: {%s: ordinal}`, or remove the order", name)})
		}
		if sorted := slices.Sorted(slices.Values(c.Order[name])); len(slices.Compact(sorted)) != len(c.Order[name]) {
			l = append(l, &problem.Problem{ID: "SEG-CFG-008", What: "a level stands twice", Place: place, Fix: "remove one"})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Transform)) {
		place := "prep.transform." + name
		oneOf(place, c.Transform[name], "auto", "log1p", "signed-log1p", "sqrt", "none")
		if name != "*" && known(place, name) && c.encoding(t.Column(name)) == "one_hot" && c.Transform[name] != "none" {
			l = append(l, &problem.Problem{ID: "SEG-CFG-008", Place: place, Fix: "remove the transform",
				What: fmt.Sprintf("feature %q is a category and has no %s", name, c.Transform[name])})
		}
	}
	return append(l, c.checkWeights(names, known)...)
}

// checkWeights is the part of check about weights and groups.
func (c Config) checkWeights(names []string, known func(place, name string) bool) problem.List {
	var l problem.List
	in := map[string]string{}
	for _, g := range slices.Sorted(maps.Keys(c.Groups)) {
		if slices.Contains(names, g) {
			l = append(l, &problem.Problem{ID: "SEG-CFG-008", What: fmt.Sprintf("%q names a group and a feature", g),
				Place: "prep.groups." + g, Fix: "rename the group"})
		}
		for i, name := range c.Groups[g] {
			place := fmt.Sprintf("prep.groups.%s[%d]", g, i)
			if !known(place, name) {
				continue
			}
			if other, ok := in[name]; ok {
				l = append(l, &problem.Problem{ID: "SEG-CFG-008", Place: place, Fix: "leave it in one group",
					What: fmt.Sprintf("feature %q stands twice, first in group %q", name, other)})
			}
			in[name] = g
		}
	}
	groups := slices.Sorted(maps.Keys(c.Groups))
	for _, name := range slices.Sorted(maps.Keys(c.Weights)) {
		place := "prep.weights." + name
		if w := c.Weights[name]; !(w >= 0 && w <= 1e6) {
			l = append(l, &problem.Problem{ID: "SEG-CFG-003", What: "value out of range", Place: place,
				Fix: "give a weight from 0 to 1000000"})
		}
		if !slices.Contains(names, name) && !slices.Contains(groups, name) {
			l = append(l, &problem.Problem{ID: "SEG-FEA-002", What: fmt.Sprintf("there is no feature or group %q", name),
				Place: place, Fix: "correct the name" + didYouMean(name, append(slices.Clone(names), groups...))})
		}
	}
	return l
}

// encoding returns "number", "one_hot" or "ordinal" for a column.
func (c Config) encoding(col *table.Column) string {
	if e := c.Encode[col.Name]; e != "" {
		return e
	}
	if col.Kind == table.Category {
		return "one_hot"
	}
	return "number"
}

// didYouMean returns `; did you mean "a" or "b"?` with the up to three names that are nearest to name, or "".
func didYouMean(name string, names []string) string {
	type near struct {
		name string
		d    int
	}
	var found []near
	limit := max(2, len([]rune(name))/3)
	for _, n := range names {
		if d := distance(strings.ToLower(name), strings.ToLower(n)); d <= limit {
			found = append(found, near{n, d})
		}
	}
	if len(found) == 0 {
		return ""
	}
	slices.SortFunc(found, func(a, b near) int {
		return cmp.Or(cmp.Compare(a.d, b.d), cmp.Compare(a.name, b.name))
	})
	var quoted []string
	for _, f := range found[:min(3, len(found))] {
		quoted = append(quoted, fmt.Sprintf("%q", f.name))
	}
	return "; did you mean " + strings.Join(quoted, " or ") + "?"
}

// distance returns the number of letters to insert, delete, replace or swap with the next to turn a into b.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			same := 1
			if x[i-1] == y[j-1] {
				same = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+same)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}
