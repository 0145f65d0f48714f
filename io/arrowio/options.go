package arrowio

import (
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"segovia/kernels/problem"
)

// Options say what a reader of a columnar file delivers. The zero value reads everything that has a canonical type.
type Options struct {
	// Columns are the columns to deliver, in the file's order; nil = all that have a canonical type. A column named here
	// that has none is SEG-SCH-002.
	Columns []string
	// Alloc serves the records; nil = Go's memory.
	Alloc memory.Allocator
	// MaxBuffer limits a single decompressed page or buffer in bytes; 0 = 1 GiB.
	MaxBuffer int64
}

// DefaultMaxBuffer is the largest single decompressed page or buffer that is accepted unless the options say otherwise.
const DefaultMaxBuffer = 1 << 30

// Allocator returns the allocator to use.
func (o Options) Allocator() memory.Allocator {
	if o.Alloc == nil {
		return memory.NewGoAllocator()
	}
	return o.Alloc
}

// BufferLimit returns MaxBuffer or its default.
func (o Options) BufferLimit() int64 {
	if o.MaxBuffer <= 0 {
		return DefaultMaxBuffer
	}
	return o.MaxBuffer
}

// Expands reports whether a block that claims to grow from stored to full bytes is to be refused: beyond the limit, or
// large and beyond a thousandfold, which no honest writer's blocks of that size reach.
func (o Options) Expands(stored, full int64) bool {
	const large, times = 64 << 20, 1000
	return full > o.BufferLimit() || full > large && full/times > stored
}

// Note tells why a column is not delivered.
type Note struct {
	Column string
	Type   string // the type in the file
	Why    string
}

// Selection is the outcome of Select.
type Selection struct {
	Index  []int // positions in the file's schema
	Schema *arrow.Schema
	Notes  []Note
}

// Select decides which fields of a file's schema are delivered and as what. File is for messages. It returns SEG-SCH-001
// for a name that stands twice and SEG-SCH-002 for a column that was asked for by name and has no canonical type.
// A name in Columns that the file does not have is not an error here: the caller unifies several files.
func (o Options) Select(schema *arrow.Schema, file string) (*Selection, error) {
	sel := &Selection{}
	seen := make(map[string]int, schema.NumFields())
	var fields []arrow.Field
	for i, f := range schema.Fields() {
		if first, twice := seen[f.Name]; twice {
			return nil, &problem.Problem{ID: "SEG-SCH-001", What: fmt.Sprintf("two columns have the name %q", f.Name), File: file,
				Place: fmt.Sprintf("columns %d and %d", first+1, i+1), Why: "columns are found by name",
				Fix: "rename one of them where the file is written"}
		}
		seen[f.Name] = i
		if o.Columns != nil && !slices.Contains(o.Columns, f.Name) {
			continue
		}
		t, ok := CanonicalType(f.Type)
		if !ok {
			if o.Columns != nil {
				return nil, Unsupported(file, f.Name, f.Type.String())
			}
			sel.Notes = append(sel.Notes, Note{Column: f.Name, Type: f.Type.String(), Why: "nested and other types without a meaning here are not read"})
			continue
		}
		sel.Index = append(sel.Index, i)
		fields = append(fields, arrow.Field{Name: f.Name, Type: t, Nullable: true, Metadata: f.Metadata})
	}
	sel.Schema = arrow.NewSchema(fields, nil)
	return sel, nil
}

// Drop returns the selection without the columns at the given positions of its schema, with a note for each.
func (s *Selection) Drop(at map[int]Note) *Selection {
	if len(at) == 0 {
		return s
	}
	out := &Selection{Notes: slices.Clone(s.Notes)}
	var fields []arrow.Field
	for i, f := range s.Schema.Fields() {
		if n, drop := at[i]; drop {
			out.Notes = append(out.Notes, n)
			continue
		}
		out.Index = append(out.Index, s.Index[i])
		fields = append(fields, f)
	}
	out.Schema = arrow.NewSchema(fields, nil)
	return out
}

// Unsupported is the problem of a column that was asked for and has no canonical type.
func Unsupported(file, column, typ string) *problem.Problem {
	return &problem.Problem{ID: "SEG-SCH-002", What: fmt.Sprintf("column %q is of type %s, which cannot be used", column, typ), File: file,
		Place: fmt.Sprintf("column %q", column), Why: "only text, yes/no, numbers, dates and timestamps have a meaning here",
		Fix: "flatten the column where the file is written, or leave it out"}
}
