package arrowio

import (
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// Chunker copies records of canonical types into records of a fixed number of rows, so that what a writer puts into a
// file depends on the table and not on how it arrived. Values under nulls become zero.
type Chunker struct {
	b    *array.RecordBuilder
	rows int
	n    int
	emit func(arrow.Record) error
}

// NewChunker returns a Chunker that gives records of the given number of rows (the last may be shorter) to emit. It
// returns an error for a column whose type is not canonical.
func NewChunker(schema *arrow.Schema, rows int, mem memory.Allocator, emit func(arrow.Record) error) (*Chunker, error) {
	for _, f := range schema.Fields() {
		if t, ok := CanonicalType(f.Type); !ok || !arrow.TypeEqual(t, f.Type) || t.ID() == arrow.NULL {
			return nil, fmt.Errorf("arrowio: column %q is %s, which is not a canonical type", f.Name, f.Type)
		}
	}
	return &Chunker{b: array.NewRecordBuilder(mem, schema), rows: rows, emit: emit}, nil
}

// Append takes rec's rows. The columns must be those of the schema, in its order.
func (c *Chunker) Append(rec arrow.Record) error {
	if int(rec.NumCols()) != len(c.b.Fields()) {
		return fmt.Errorf("arrowio: a record has %d columns, the schema %d", rec.NumCols(), len(c.b.Fields()))
	}
	for i, col := range rec.Columns() {
		if f := c.b.Schema().Field(i); !arrow.TypeEqual(col.DataType(), f.Type) {
			return fmt.Errorf("arrowio: column %q is %s in a record and %s in the schema", f.Name, col.DataType(), f.Type)
		}
	}
	for from := 0; from < int(rec.NumRows()); {
		to := min(int(rec.NumRows()), from+c.rows-c.n)
		for i, col := range rec.Columns() {
			b := c.b.Field(i)
			b.Reserve(to - from)
			for row := from; row < to; row++ {
				appendValue(b, col, row)
			}
		}
		c.n += to - from
		from = to
		if c.n == c.rows {
			if err := c.Flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// Flush emits the rows that wait, if any.
func (c *Chunker) Flush() error {
	if c.n == 0 {
		return nil
	}
	c.n = 0
	rec := c.b.NewRecord()
	defer rec.Release()
	return c.emit(rec)
}

// Release gives back the memory of rows that were not flushed.
func (c *Chunker) Release() { c.b.Release() }
