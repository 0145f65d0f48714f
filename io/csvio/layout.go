package csvio

import (
	"fmt"
	"maps"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"

	"segovia/kernels/problem"
)

// Layout says how the cells of each column are parsed. It is immutable.
type Layout struct {
	columns []Column
	schema  *arrow.Schema
}

// Layout decides the types of all columns. If some cannot be decided, it returns their problems, all at once:
// SEG-CSV-004, -005, -006, SEG-NUM-001, -002, SEG-SCH-001.
func (p *Profile) Layout() (*Layout, error) {
	cols := p.Columns()
	var bad problem.List
	for _, c := range cols {
		if c.Problem != nil {
			bad = append(bad, c.Problem)
		}
	}
	switch len(bad) {
	case 0:
		return newLayout(cols), nil
	case 1:
		return nil, bad[0]
	}
	return nil, bad
}

func newLayout(cols []Column) *Layout {
	fields := make([]arrow.Field, len(cols))
	for i, c := range cols {
		fields[i] = arrow.Field{Name: c.Name, Type: c.Type, Nullable: true, Metadata: sorted(c.Metadata)}
	}
	return &Layout{columns: cols, schema: arrow.NewSchema(fields, nil)}
}

// Schema is the schema of the batches that Read gives: utf8, bool, int64, decimal128(38, s), float64 and timestamp[us]
// without zone.
//
// A float64 field, and a utf8 field that has numbers or dates among its cells, carry the evidence in their metadata, as
// decimal integers: csv.cells, csv.numbers, csv.not_numbers, csv.leading_zeros, csv.exponents, csv.artefacts, csv.dates
// (counts; absent when 0) and, for the first such cell, csv.first_not_number_file and _line,
// csv.first_leading_zero_..., csv.first_exponent_....
func (l *Layout) Schema() *arrow.Schema { return l.schema }

// Columns describes the columns in schema order. The caller must not change them.
func (l *Layout) Columns() []Column { return l.columns }

// Select returns the layout of the named columns in the given order: Read then parses no others. It returns SEG-FEA-002
// for a name that is not there.
func (l *Layout) Select(names ...string) (*Layout, error) {
	cols := make([]Column, len(names))
	for i, n := range names {
		j := l.schema.FieldIndices(n)
		if len(j) == 0 {
			return nil, &problem.Problem{ID: "SEG-FEA-002", What: fmt.Sprintf("there is no column %q", n),
				Place: fmt.Sprintf("column %q", n), Fix: "check the name; capitals count"}
		}
		cols[i] = l.columns[j[0]]
	}
	return newLayout(cols), nil
}

// sorted puts metadata in the order of its keys, so that the schema is the same every time.
func sorted(m map[string]string) arrow.Metadata {
	keys := slices.Sorted(maps.Keys(m))
	values := make([]string, len(keys))
	for i, k := range keys {
		values[i] = m[k]
	}
	return arrow.NewMetadata(keys, values)
}
