package profile

import (
	"context"
	"fmt"
	"math"
	"slices"

	"segovia/engine/internal/exact"
	"segovia/engine/internal/par"
	"segovia/engine/table"
	"segovia/kernels/problem"
)

// moments are count, mean and sum of squared deviations of one segment's values, and the values' median.
type moments struct {
	n                int
	mean, ss, median float64
}

// numeric is what is known of one number or bool feature. Missing and infinite values take no part.
type numeric struct {
	col    *table.Column
	meta   meta
	sorted []float64 // all values, ascending
	all    moments
	sd     float64   // population
	seg    []moments // one per segment
	effect []float64 // one per segment
	// clustered features have a prepared column, or may be part of a component.
	clustered bool
	zeroOne   bool // all values are 0 or 1
}

// sumUp returns the moments of xs for each of k segments and for all rows, without medians. The mean is corrected by
// the mean of the residuals, so that the mean of equal values is that value.
func sumUp(xs []float64, labels []int, k int) (seg []moments, all moments) {
	seg = make([]moments, k)
	sums := make([]exact.Accumulator, k+1)
	for i, x := range xs {
		if finite(x) {
			seg[labels[i]].n++
			sums[labels[i]].Add(x)
			sums[k].Add(x)
		}
	}
	for s := range seg {
		all.n += seg[s].n
		seg[s].mean = sums[s].Sum() / float64(seg[s].n)
	}
	all.mean = sums[k].Sum() / float64(all.n)

	rest := make([]exact.Accumulator, k+1)
	squares := make([]exact.Accumulator, k+1)
	for i, x := range xs {
		if finite(x) {
			s := labels[i]
			d, e := x-seg[s].mean, x-all.mean
			rest[s].Add(d)
			rest[k].Add(e)
			squares[s].Add(float64(d * d))
			squares[k].Add(float64(e * e))
		}
	}
	correct := func(m *moments, rest, squares *exact.Accumulator) {
		if m.n == 0 {
			m.mean = math.NaN()
			return
		}
		r := rest.Sum()
		m.mean += r / float64(m.n)
		m.ss = max(0, squares.Sum()-float64(r*r)/float64(m.n))
	}
	for s := range seg {
		correct(&seg[s], &rest[s], &squares[s])
	}
	correct(&all, &rest[k], &squares[k])
	return seg, all
}

// maxEffect bounds effects, so that a feature that separates without any spread has a finite one.
const maxEffect = 100

// effects returns, for each segment, (its mean - mean of the others) / pooled standard deviation (Cohen's d: sums of
// squares within over n - 2). It is 0 where a side has no values, and at most maxEffect in magnitude.
func effects(seg []moments) []float64 {
	out := make([]float64, len(seg))
	for s, m := range seg {
		rest := moments{}
		var sum float64
		for t, o := range seg {
			if t != s && o.n > 0 {
				rest.n += o.n
				sum += float64(float64(o.n) * o.mean)
			}
		}
		if m.n == 0 || rest.n == 0 {
			continue
		}
		rest.mean = sum / float64(rest.n)
		for t, o := range seg {
			if t != s && o.n > 0 {
				d := o.mean - rest.mean
				rest.ss += o.ss + float64(float64(o.n)*float64(d*d))
			}
		}
		diff := m.mean - rest.mean
		// Differences in the last bits of equal means are none.
		if math.Abs(diff) <= 1e-12*max(math.Abs(m.mean), math.Abs(rest.mean)) {
			continue
		}
		pooled := 0.0
		if n := m.n + rest.n - 2; n > 0 {
			pooled = math.Sqrt((m.ss + rest.ss) / float64(n))
		}
		if pooled == 0 {
			out[s] = math.Copysign(maxEffect, diff)
		} else {
			out[s] = min(max(diff/pooled, -maxEffect), maxEffect)
		}
	}
	return out
}

// gather collects the numeric features of the table, in table order. Features without any finite value are left out.
// It returns SEG-NUM-002 for a feature whose sums leave the range of float64.
func gather(in Input, cfg Config) ([]*numeric, error) {
	prepared := preparedColumn(in)
	components := slices.ContainsFunc(in.Sources, func(s string) bool { return in.Table.Column(s) == nil })
	slots := make([]*numeric, len(in.Table.Columns))
	err := par.Each(context.Background(), cfg.Threads, len(slots), func(_, c int) error {
		col := in.Table.Columns[c]
		if col.Kind == table.Category {
			return nil
		}
		f := &numeric{col: col, meta: describeColumn(col, cfg)}
		f.seg, f.all = sumUp(col.Numbers, in.Labels, in.K)
		if f.all.n == 0 {
			return nil
		}
		f.sd = math.Sqrt(f.all.ss / float64(f.all.n))
		f.medians(in.Labels)
		f.zeroOne = col.Kind == table.Bool || f.isZeroOne()
		f.meta.share = f.meta.share || f.zeroOne
		j, ok := prepared[col.Name]
		f.clustered = ok || components && !col.ProfileOnly
		values := f.clipped()
		if ok {
			values = in.X[j]
		}
		seg, all := sumUp(values, in.Labels, in.K)
		f.effect = effects(seg)
		if !finite(f.sd) || !finite(f.all.mean) || !finite(all.ss) {
			return &problem.Problem{
				ID: "SEG-NUM-002", What: "values too large to describe", Place: fmt.Sprintf("feature %q", col.Name),
				Why: "The sum of the values or of their squares leaves the range of numbers.",
				Fix: "Clip or transform the feature, or repair the values.",
			}
		}
		slots[c] = f
		return nil
	})
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slots, func(f *numeric) bool { return f == nil }), nil
}

// preparedColumn maps a feature to the prepared column that carries its value: the one of its name, else its first one.
func preparedColumn(in Input) map[string]int {
	at := make(map[string]int)
	for j := len(in.Sources) - 1; j >= 0; j-- {
		if src := in.Sources[j]; in.Columns[j] != src+"_missing" {
			at[src] = j
		}
	}
	for j, src := range in.Sources {
		if in.Columns[j] == src {
			at[src] = j
		}
	}
	return at
}

// medians fills sorted and the medians of all rows and of each segment.
func (f *numeric) medians(labels []int) {
	by := make([][]float64, len(f.seg))
	for s, m := range f.seg {
		by[s] = make([]float64, 0, m.n)
	}
	f.sorted = make([]float64, 0, f.all.n)
	for i, x := range f.col.Numbers {
		if finite(x) {
			by[labels[i]] = append(by[labels[i]], x)
			f.sorted = append(f.sorted, x)
		}
	}
	slices.Sort(f.sorted)
	f.all.median = exact.Quantile(f.sorted, 0.5)
	for s := range by {
		slices.Sort(by[s])
		f.seg[s].median = exact.Quantile(by[s], 0.5)
	}
}

func (f *numeric) isZeroOne() bool {
	if f.col.Unit != "" || f.meta.concept != nil || f.sorted[0] != 0 || f.sorted[len(f.sorted)-1] != 1 {
		return false
	}
	ones, _ := slices.BinarySearch(f.sorted, 1)
	zeros, _ := slices.BinarySearch(f.sorted, math.SmallestNonzeroFloat64)
	return zeros == ones
}

// clipped returns the raw values cut to their 0.5 % and 99.5 % quantiles, so that the effect of a feature that was not
// clustered on is not that of a few outliers; uncut where the quantiles are equal.
func (f *numeric) clipped() []float64 {
	lo, hi := exact.Quantile(f.sorted, 0.005), exact.Quantile(f.sorted, 0.995)
	if lo == hi {
		return f.col.Numbers
	}
	out := make([]float64, len(f.col.Numbers))
	for i, x := range f.col.Numbers {
		if out[i] = x; finite(x) {
			out[i] = min(max(x, lo), hi)
		}
	}
	return out
}

// info returns the feature's entry of Report.FeatureInfo.
func (f *numeric) info() FeatureInfo {
	return FeatureInfo{
		Name: f.col.Name, Label: f.meta.title, Unit: f.col.Unit, Mean: f.all.mean, SD: f.sd, Clustered: f.clustered,
		Q05: exact.Quantile(f.sorted, 0.05), Median: f.all.median, Q95: exact.Quantile(f.sorted, 0.95),
	}
}
