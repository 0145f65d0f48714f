package quality

import (
	"context"
	"math"
	"slices"
	"strings"

	"segovia/engine/internal/exact"
	"segovia/engine/internal/par"
	"segovia/engine/table"
)

// Features judges every column of the feature table: what is missing, constant, skewed, and how the complete customers
// differ from all, on so many threads (0 = one per core). It returns the verdicts in table order and the number of customers without any missing feature.
func Features(t *table.Table, threads int) (features []Feature, complete []bool) {
	complete = make([]bool, t.Rows())
	for i := range complete {
		complete[i] = !slices.ContainsFunc(t.Columns, func(c *table.Column) bool { return c.IsMissing(i) })
	}
	features = make([]Feature, len(t.Columns))
	_ = par.Each(context.Background(), threads, len(t.Columns), func(_, i int) error { // nothing fails, nobody cancels
		features[i] = feature(t.Columns[i], complete)
		return nil
	})
	return features, complete
}

func feature(c *table.Column, complete []bool) Feature {
	f := Feature{Name: c.Name, Kind: c.Kind.String(), Unit: c.Unit}
	var levels []string
	var values, inComplete []float64
	for i := range complete {
		switch {
		case c.IsMissing(i):
			f.Missing++
		case c.Kind == table.Category:
			if !slices.Contains(levels, c.Strings[i]) && len(levels) < 2 {
				levels = append(levels, c.Strings[i])
			}
		default:
			values = append(values, c.Numbers[i])
			if complete[i] {
				inComplete = append(inComplete, c.Numbers[i])
			}
		}
	}
	if c.Kind == table.Category {
		f.Constant = len(levels) == 1
	} else if len(values) > 0 {
		f.Constant = slices.Min(values) == slices.Max(values)
		f.Skew = known(exact.Skew(values))
		mean, sd := exact.SD(values, false)
		if len(inComplete) > 0 && sd > 0 {
			f.CompleteShift = known((exact.Mean(inComplete) - mean) / sd)
		}
		f.Outliers = outliers(values)
	}
	why := ""
	switch {
	case f.Missing == int64(len(complete)):
		why = "all values missing"
	case f.Constant:
		why = "constant"
	case c.ProfileOnly:
		why = "profile only"
	}
	f.Used = why == ""
	if why != "" {
		f.WhyNot = &why
	}
	return f
}

func known(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}

func outliers(values []float64) int64 {
	sorted := slices.Sorted(slices.Values(values))
	low, high := exact.Quantile(sorted, 0.25), exact.Quantile(sorted, 0.75)
	reach := 3 * (high - low)
	if reach <= 0 || math.IsInf(reach, 0) {
		return 0
	}
	var n int64
	for _, x := range sorted {
		if x < low-reach || x > high+reach {
			n++
		}
	}
	return n
}

// minCoverage is the least number of customers under which a level is named.
const minCoverage = 10

// Cover counts customers by the level of column: level, active and complete hold one value per customer.
func Cover(column string, level []string, active, complete []bool) []Coverage {
	byLevel := map[string]*Coverage{}
	for i, l := range level {
		c := byLevel[l]
		if c == nil {
			c = &Coverage{Column: column, Level: l}
			byLevel[l] = c
		}
		c.Customers++
		if active[i] {
			c.Active++
		}
		if complete[i] {
			c.Complete++
		}
	}
	var out []Coverage
	other := Coverage{Column: column, Level: "other"}
	for _, c := range byLevel {
		if c.Customers >= minCoverage || c.Level == "" {
			out = append(out, *c)
			continue
		}
		other.Customers += c.Customers
		other.Active += c.Active
		other.Complete += c.Complete
	}
	slices.SortFunc(out, func(a, b Coverage) int {
		if a.Customers != b.Customers {
			return int(b.Customers - a.Customers)
		}
		return strings.Compare(a.Level, b.Level)
	})
	if other.Customers > 0 {
		out = append(out, other)
	}
	return out
}
