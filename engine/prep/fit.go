package prep

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"segovia/engine/internal/par"
	"segovia/engine/table"
	"segovia/kernels/problem"
	"segovia/kernels/tile"
)

// Fit finds the preparation of t that cfg asks for. The table's rows must be in key order: sums are taken in it.
//
// All that is wrong is returned at once, as problems: SEG-CFG-003 and -008 and SEG-FEA-002 for the configuration,
// SEG-NUM-001 for infinite values, SEG-NUM-002 for values too large to be scaled, SEG-NUM-003 for outliers that squeeze a
// column, SEG-FEA-001 when no feature is usable, SEG-FEA-003 for too many levels, SEG-FEA-006 for missing values that may
// not be imputed, SEG-FEA-007 for a transform that is not defined, SEG-SEG-002 for a table without rows. The report
// is returned with SEG-FEA-001 and SEG-NUM-003 too.
func Fit(t *table.Table, cfg Config) (*Model, *Report, error) {
	m, _, r, err := FitApply(t, cfg)
	return m, r, err
}

// FitApply is Fit followed by Apply on the same table, without doing the work twice.
func FitApply(t *table.Table, cfg Config) (*Model, *Prepared, *Report, error) {
	cfg = cfg.defaults()
	if err := cfg.check(t).Err(); err != nil {
		return nil, nil, nil, err
	}
	if t.Rows() == 0 {
		return nil, nil, nil, &problem.Problem{ID: "SEG-SEG-002", What: "there are no rows to prepare",
			Why: "the feature table is empty", Fix: "check filters and window"}
	}
	m := &Model{FormatVersion: formatVersion, NonFinite: cfg.NonFinite, Impute: cfg.Impute, Scale: cfg.Scale, threads: cfg.Threads}
	r := &Report{Rows: t.Rows(), LeftOut: []LeftOut{}, NonFinite: []Count{}, Imputed: []Imputed{}, Clipped: []Clipped{},
		Transformed: []Transformed{}, Rescaled: []string{}, Merged: []Merged{}, Pruned: []Pruned{}}

	chosen := cfg.choose(t)
	fits := make([]*fitted, len(chosen))
	xs := make([][][]float64, len(chosen))
	var errs = make([]error, len(chosen))
	_ = par.Each(context.Background(), cfg.Threads, len(chosen), func(_, i int) error {
		if fits[i], errs[i] = cfg.fitFeature(chosen[i]); errs[i] == nil && fits[i].leftOut == nil {
			xs[i], _, errs[i] = m.expand(&fits[i].feature, fits[i].columns, chosen[i])
			if cfg.Consume {
				chosen[i].Numbers, chosen[i].Strings = nil, nil
			}
		}
		return nil
	})
	if err := joined(errs); err != nil {
		return nil, nil, nil, err
	}

	w := &work{cfg: cfg, m: m, r: r}
	for i, f := range fits {
		w.add(f, xs[i])
	}
	w.leaveOutWeightless()
	w.prune()
	if len(m.Columns) == 0 {
		return nil, nil, r, noFeature(r)
	}
	w.weigh()
	if cfg.PCA != (PCA{}) {
		w.rotate()
	}
	p := &Prepared{Names: m.Names(), X: w.x, Sources: m.sources()}
	if err := fitGrids(p, cfg.Threads); err != nil {
		return nil, nil, r, err
	}
	m.Grids = p.Grids
	return m, p, r, nil
}

// choose returns the columns of t that cfg uses, in order.
func (c Config) choose(t *table.Table) []*table.Column {
	var chosen []*table.Column
	if len(c.Features) > 0 {
		for _, name := range c.Features {
			chosen = append(chosen, t.Column(name))
		}
		return chosen
	}
	for _, col := range t.Columns {
		if !col.ProfileOnly {
			chosen = append(chosen, col)
		}
	}
	return chosen
}

// joined returns all problems of errs in order, or the first error that is none.
func joined(errs []error) error {
	var l problem.List
	for _, err := range errs {
		if err == nil {
			continue
		}
		all := problem.All(err)
		if len(all) == 0 {
			return err
		}
		l = append(l, all...)
	}
	return l.Err()
}

// noFeature says why nothing is left, feature by feature as far as there is room.
func noFeature(r *Report) error {
	var why []string
	for i, l := range r.LeftOut {
		if i == 10 {
			why = append(why, fmt.Sprintf("and %d more", len(r.LeftOut)-i))
			break
		}
		why = append(why, fmt.Sprintf("%q: %s", l.Feature, l.EN))
	}
	if len(why) == 0 {
		why = []string{"the table has no feature to cluster on"}
	}
	return &problem.Problem{ID: "SEG-FEA-001", What: "no usable feature remains", Why: strings.Join(why, "; "),
		Fix: "check the columns that these features come from, or use features that differ between customers"}
}

// work is a fit between the features and the grid: x holds the columns of m.
type work struct {
	cfg Config
	m   *Model
	r   *Report
	x   [][]float64
}

// add appends a fitted feature and its columns, and its part of the report.
func (w *work) add(f *fitted, x [][]float64) {
	if f.nonFinite > 0 {
		w.r.NonFinite = append(w.r.NonFinite, Count{f.feature.Name, f.nonFinite})
	}
	if f.leftOut != nil {
		w.r.LeftOut = append(w.r.LeftOut, *f.leftOut)
		return
	}
	if f.imputed != nil {
		w.r.Imputed = append(w.r.Imputed, *f.imputed)
	}
	if f.clipped != nil {
		w.r.Clipped = append(w.r.Clipped, *f.clipped)
	}
	if f.transformed != nil {
		w.r.Transformed = append(w.r.Transformed, *f.transformed)
	}
	if f.rescaled {
		w.r.Rescaled = append(w.r.Rescaled, f.feature.Name)
	}
	if f.merged != nil {
		w.r.Merged = append(w.r.Merged, *f.merged)
	}
	w.m.Features = append(w.m.Features, f.feature)
	for j, c := range f.columns {
		for n, base := 2, c.Name; w.taken(c.Name); n++ { // a feature may be called like another's level
			c.Name = fmt.Sprintf("%s (%d)", base, n)
		}
		w.m.Columns = append(w.m.Columns, c)
		w.x = append(w.x, x[j])
	}
}

func (w *work) taken(name string) bool {
	for i := range w.m.Columns {
		if w.m.Columns[i].Name == name {
			return true
		}
	}
	return false
}

// keep drops the columns j with !ok[j], and the features that have none left.
func (w *work) keep(ok []bool) {
	columns, x := w.m.Columns, w.x
	w.m.Columns, w.x = nil, nil
	left := map[string]bool{}
	for j, c := range columns {
		if ok[j] {
			w.m.Columns, w.x = append(w.m.Columns, c), append(w.x, x[j])
			left[c.Feature] = true
		}
	}
	features := w.m.Features
	w.m.Features = nil
	for _, f := range features {
		if left[f.Name] {
			w.m.Features = append(w.m.Features, f)
		}
	}
}

// weight returns the weight of a feature, without its group's size.
func (w *work) weight(feature string) float64 {
	weight := 1.0
	if v, ok := w.cfg.Weights[feature]; ok {
		weight = v
	}
	if v, ok := w.cfg.Weights[w.group(feature)]; ok {
		weight = float64(weight * v)
	}
	return weight
}

// group returns the name of the feature's group, or "": check has seen that there is at most one.
func (w *work) group(feature string) string {
	for g, members := range w.cfg.Groups {
		for _, name := range members {
			if name == feature {
				return g
			}
		}
	}
	return ""
}

func (w *work) leaveOutWeightless() {
	ok := make([]bool, len(w.m.Columns))
	for j, c := range w.m.Columns {
		ok[j] = w.weight(c.Feature) > 0
	}
	for _, f := range w.m.Features {
		if w.weight(f.Name) <= 0 {
			w.r.LeftOut = append(w.r.LeftOut, *leftOut(f.Name, "weight_zero"))
		}
	}
	w.keep(ok)
}

// weigh sets the weights of the columns and multiplies them.
func (w *work) weigh() {
	size := map[string]int{}
	for _, f := range w.m.Features {
		if g := w.group(f.Name); g != "" {
			size[g]++
		}
	}
	for j := range w.m.Columns {
		c := &w.m.Columns[j]
		c.Weight = w.weight(c.Feature)
		if n := size[w.group(c.Feature)]; n > 1 {
			c.Weight /= math.Sqrt(float64(n))
		}
		if c.Weight != 1 {
			for i, v := range w.x[j] {
				w.x[j][i] = float64(v * c.Weight)
			}
		}
	}
}

// fitGrids sets the grid of every column.
func fitGrids(p *Prepared, threads int) error {
	p.Grids = make([]tile.Grid, len(p.X))
	errs := make([]error, len(p.X))
	_ = par.Each(context.Background(), threads, len(p.X), func(_, j int) error {
		g, err := tile.FitGrid(p.X[j])
		p.Grids[j] = g
		var squeezed *tile.SqueezedError
		var outside *tile.RangeError
		switch {
		case errors.As(err, &squeezed):
			err = &problem.Problem{ID: "SEG-NUM-003", Place: fmt.Sprintf("column %q", p.Names[j]), Err: err,
				What: fmt.Sprintf("%d outlying rows squeeze the rest of column %q", squeezed.Outliers, p.Names[j]),
				Why: fmt.Sprintf("they leave %.3g steps of the grid for the middle half of the rows, 1024 are needed",
					squeezed.Steps),
				Fix: fmt.Sprintf("clip (`prep: {clip: [0.5%%, 99.5%%]}`) or transform the feature "+
					"(`prep: {transform: {%s: log1p}}`), or repair the rows", p.source(j))}
		case errors.As(err, &outside):
			err = tooLarge(p.source(j), 1)
		}
		errs[j] = err
		return nil
	})
	return joined(errs)
}
