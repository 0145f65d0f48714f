package prep

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"segovia/engine/internal/par"
	"segovia/engine/table"
	"segovia/kernels/problem"
	"segovia/kernels/tile"
)

// Prepared are the columns of the matrix for the rows of one table.
type Prepared struct {
	Names   []string
	X       [][]float64 // X[j][i] is row i of column j: scaled and weighted, not rounded, the grid's offset not subtracted
	Grids   []tile.Grid
	Sources []string // the feature each column came from; "" for a principal component
	// Unknown counts, by feature, the rows whose level has no place of its own in the model: levels that were rare or
	// absent when it was fitted count as "other", ordinal levels without a rank as missing. Fit leaves it empty.
	Unknown []Count
}

// Matrix returns the columns on their grids.
func (p *Prepared) Matrix() *tile.Matrix { return tile.New(p.X, p.Grids) }

// TakeMatrix is Matrix for a table so large that its columns cannot be kept beside it: X is empty afterwards.
func (p *Prepared) TakeMatrix() *tile.Matrix {
	m := tile.Take(p.X, p.Grids)
	p.X = nil
	return m
}

// Rows returns the number of rows.
func (p *Prepared) Rows() int {
	if len(p.X) == 0 {
		return 0
	}
	return len(p.X[0])
}

// source names the feature of column j, or the column where there is none.
func (p *Prepared) source(j int) string {
	if p.Sources[j] != "" {
		return p.Sources[j]
	}
	return p.Names[j]
}

// Apply prepares the rows of t as m was fitted; nothing is fitted again. Levels that are not known count as "other" (where
// Fit saw none, as no level at all), values outside the fitted range are where their formula puts them.
//
// Features of m that t does not have, or that have become text or numbers, are SEG-STA-001; infinite values SEG-NUM-001
// unless m takes them as missing, missing values SEG-FEA-006 if m imputes nothing, numbers that overflow SEG-NUM-002.
func (m *Model) Apply(t *table.Table) (*Prepared, error) {
	columns := make([]*table.Column, len(m.Features))
	var l problem.List
	for i := range m.Features {
		f := &m.Features[i]
		columns[i] = t.Column(f.Name)
		switch col := columns[i]; {
		case col == nil:
			l = append(l, &problem.Problem{ID: "SEG-STA-001", Place: fmt.Sprintf("feature %q", f.Name),
				What: fmt.Sprintf("the model needs feature %q, which the data do not have", f.Name),
				Why:  "the model was fitted on other features", Fix: "use the configuration of the model, or run again" +
					didYouMean(f.Name, t.Names())})
		case (col.Kind == table.Category) != (f.Kind == table.Category.String()):
			l = append(l, &problem.Problem{ID: "SEG-STA-001", Place: fmt.Sprintf("feature %q", f.Name),
				What: fmt.Sprintf("feature %q is a %s here and was a %s when the model was fitted", f.Name, col.Kind, f.Kind),
				Fix:  "repair the source's types, or run again"})
		}
	}
	if err := l.Err(); err != nil {
		return nil, err
	}
	xs := make([][][]float64, len(m.Features))
	unknown := make([]int, len(m.Features))
	errs := make([]error, len(m.Features))
	_ = par.Each(context.Background(), m.threads, len(m.Features), func(_, i int) error {
		f := &m.Features[i]
		xs[i], unknown[i], errs[i] = m.expand(f, m.columnsOf(f.Name), columns[i])
		return nil
	})
	if err := joined(errs); err != nil {
		return nil, err
	}
	p := &Prepared{Names: m.Names(), X: slices.Concat(xs...), Grids: m.Grids, Sources: m.sources()}
	for i, n := range unknown {
		if n > 0 {
			p.Unknown = append(p.Unknown, Count{m.Features[i].Name, n})
		}
	}
	if m.PCA != nil {
		p.X = m.PCA.apply(p.X, m.threads)
	}
	return p, nil
}

// columnsOf returns the columns of one feature, which stand together.
func (m *Model) columnsOf(feature string) []Column {
	lo := slices.IndexFunc(m.Columns, func(c Column) bool { return c.Feature == feature })
	if lo < 0 {
		return nil
	}
	hi := lo
	for hi < len(m.Columns) && m.Columns[hi].Feature == feature {
		hi++
	}
	return m.Columns[lo:hi]
}

// sources returns the feature of each column of the matrix.
func (m *Model) sources() []string {
	if m.PCA != nil {
		return make([]string, len(m.PCA.Vectors))
	}
	s := make([]string, len(m.Columns))
	for j, c := range m.Columns {
		s[j] = c.Feature
	}
	return s
}

// String names the features and columns, for logs.
func (m *Model) String() string {
	return fmt.Sprintf("%d features, columns %s", len(m.Features), strings.Join(m.Names(), ", "))
}
