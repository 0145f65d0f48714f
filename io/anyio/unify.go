package anyio

import (
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"

	"segovia/io/arrowio"
	"segovia/kernels/problem"
)

// member is what one file contributes to the unified schema.
type member struct {
	file    string
	columns []memberColumn
}

// memberColumn is a column of a file in its canonical type; null if the file holds no value in it.
type memberColumn struct {
	name string
	typ  arrow.DataType
	csv  bool // can be read again as text
	meta arrow.Metadata
}

// class is what kinds of values can be mixed.
type class int

const (
	classNull class = iota
	classText
	classNumber
	classBool
	classTime
)

func classOf(t arrow.DataType) class {
	switch t.ID() {
	case arrow.STRING:
		return classText
	case arrow.INT64, arrow.FLOAT64, arrow.DECIMAL128:
		return classNumber
	case arrow.BOOL:
		return classBool
	case arrow.TIMESTAMP:
		return classTime
	}
	return classNull
}

// floatScale is the least number of decimals of a column in which floats meet exact numbers.
const floatScale = 6

// unify returns the schema of all members together, with the columns in the order of the first. It returns SEG-SCH-001
// for columns that some members lack and for types that do not go together; all of them at once.
func unify(members []member, keyColumns []string) (*arrow.Schema, error) {
	var bad problem.List
	first := members[0]
	at := make([]map[string]memberColumn, len(members))
	for i, m := range members {
		at[i] = make(map[string]memberColumn, len(m.columns))
		for _, c := range m.columns {
			if _, twice := at[i][c.name]; twice {
				bad = append(bad, schemaProblem(c.name, m.file, "stands twice in the file", "a column is found by its name, after `rename`"))
			}
			at[i][c.name] = c
		}
	}
	lacking := map[string]bool{}
	for i, m := range members[1:] {
		for _, c := range first.columns {
			if _, ok := at[i+1][c.name]; !ok && !lacking[c.name] {
				lacking[c.name] = true
				bad = append(bad, schemaProblem(c.name, m.file, "is missing", fmt.Sprintf("%s has it, as %s", first.file, c.typ)))
			}
		}
		for _, c := range m.columns {
			if _, ok := at[0][c.name]; !ok && !lacking[c.name] {
				lacking[c.name] = true
				bad = append(bad, schemaProblem(c.name, first.file, "is missing", fmt.Sprintf("%s has it, as %s", m.file, c.typ)))
			}
		}
	}
	if len(bad) > 0 {
		return nil, bad
	}
	fields := make([]arrow.Field, len(first.columns))
	for k, c := range first.columns {
		parts := make([]part, len(members))
		meta := arrow.Metadata{}
		for i, m := range members {
			col := at[i][c.name]
			parts[i] = part{memberColumn: col, file: m.file}
			if meta.Len() == 0 {
				meta = col.meta
			}
		}
		var t arrow.DataType = arrow.BinaryTypes.String
		if !slices.Contains(keyColumns, c.name) {
			var p *problem.Problem
			if t, p = unifyColumn(parts); p != nil {
				bad = append(bad, p)
				continue
			}
		}
		if !slices.ContainsFunc(parts, func(p part) bool { return classOf(p.typ) != classNull }) {
			meta = withEmpty(meta)
		}
		fields[k] = arrow.Field{Name: c.name, Type: t, Nullable: true, Metadata: meta}
	}
	if len(bad) > 0 {
		return nil, bad
	}
	return arrow.NewSchema(fields, nil), nil
}

// withEmpty adds "empty" = "true": no file has a value in the column, so nothing says what its type should be.
func withEmpty(m arrow.Metadata) arrow.Metadata {
	return arrow.NewMetadata(append(slices.Clone(m.Keys()), "empty"), append(slices.Clone(m.Values()), "true"))
}

// part is one file's share of a column.
type part struct {
	memberColumn
	file string
}

// unifyColumn returns the type of one column over all files. The outcome does not depend on their order.
func unifyColumn(parts []part) (arrow.DataType, *problem.Problem) {
	example := map[class]part{}
	fixed := map[class]part{} // an example that is not from CSV
	var ints, floats, decimals bool
	scale := int32(0)
	for _, p := range parts {
		c := classOf(p.typ)
		if c == classNull {
			continue
		}
		if e, ok := example[c]; !ok || e.csv && !p.csv { // a CSV file may be text only because another one is
			example[c] = p
		}
		if _, ok := fixed[c]; !ok && !p.csv {
			fixed[c] = p
		}
		switch t := p.typ.(type) {
		case *arrow.Int64Type:
			ints = true
		case *arrow.Float64Type:
			floats = true
		case *arrow.Decimal128Type:
			decimals, scale = true, max(scale, t.Scale)
		}
	}
	switch len(example) {
	case 0:
		return arrow.BinaryTypes.String, nil
	case 1:
		switch {
		case !floats && !decimals:
			for _, p := range example {
				return p.typ, nil
			}
		case floats && (ints || decimals):
			return arrowio.Decimal(max(scale, floatScale)), nil
		case floats:
			return arrow.PrimitiveTypes.Float64, nil
		}
		return arrowio.Decimal(scale), nil
	}
	text, mixed := example[classText]
	delete(fixed, classText)
	if mixed && len(fixed) == 0 {
		return arrow.BinaryTypes.String, nil // all that is no text comes from CSV and is read again as it is written
	}
	// Name two files that contradict each other: what is not from CSV against anything of another class.
	a, b := text, part{}
	for c := classNumber; c <= classTime; c++ {
		p, ok := fixed[c]
		if !ok {
			p, ok = example[c], example[c].typ != nil
		}
		switch {
		case !ok:
		case a.typ == nil:
			a = p
		case b.typ == nil || b.csv && !p.csv:
			b = p
		}
	}
	return nil, schemaProblem(a.name, b.file, fmt.Sprintf("is %s here and %s in %s", b.typ, a.typ, a.file), "text, numbers, times and yes/no do not go together")
}

func schemaProblem(column, file, what, why string) *problem.Problem {
	return &problem.Problem{ID: "SEG-SCH-001", What: fmt.Sprintf("column %q %s", column, what), File: file, Place: fmt.Sprintf("column %q", column), Why: why,
		Fix: "use `rename`, write the files alike, or give them as sources of their own"}
}
