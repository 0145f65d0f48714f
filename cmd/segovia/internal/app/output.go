package app

import (
	"math"
	"os"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"segovia/engine/table"
	"segovia/io/anyio"
	"segovia/kernels/problem"
)

// outColumn is one column of a table to be written: exactly one of the slices is set, one value per row. NaN and infinite
// floats are written as null, texts where missing is true too.
type outColumn struct {
	field   arrow.Field
	ints    []int64
	floats  []float64
	bools   []float64 // 0, 1, NaN = missing
	texts   []string
	missing []bool
}

// idColumn holds the ids of the rows: text, or the row number.
func (t *readyTable) idColumn(name string) outColumn {
	if !t.rowNumbers {
		return outColumn{field: arrow.Field{Name: name, Type: arrow.BinaryTypes.String}, texts: t.Keys}
	}
	numbers := make([]int64, t.Rows())
	for i := range numbers {
		numbers[i] = int64(t.order[i]) + 1
	}
	return outColumn{field: arrow.Field{Name: name, Type: arrow.PrimitiveTypes.Int64}, ints: numbers}
}

// featureColumns are the columns of features.parquet: the key, then every feature with unit, formula and kind.
func featureColumns(t *table.Table, key string) []outColumn {
	columns := []outColumn{{field: arrow.Field{Name: key, Type: arrow.BinaryTypes.String}, texts: t.Keys}}
	for _, c := range t.Columns {
		profileOnly := "false"
		if c.ProfileOnly {
			profileOnly = "true"
		}
		out := outColumn{field: arrow.Field{Name: c.Name, Type: arrow.PrimitiveTypes.Float64, Nullable: true,
			Metadata: arrow.NewMetadata([]string{"unit", "formula", "type", "label_de", "label_en", "profile_only"},
				[]string{c.Unit, c.Formula, c.Type, c.LabelDE, c.LabelEN, profileOnly})}}
		switch c.Kind {
		case table.Number:
			out.floats = c.Numbers
		case table.Bool:
			out.field.Type, out.bools = arrow.FixedWidthTypes.Boolean, c.Numbers
		case table.Category:
			out.field.Type, out.texts, out.missing = arrow.BinaryTypes.String, c.Strings, c.Missing
		}
		columns = append(columns, out)
	}
	return columns
}

// record returns rows lo..hi of the columns.
func record(schema *arrow.Schema, columns []outColumn, lo, hi int) arrow.Record {
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for j, c := range columns {
		switch f := b.Field(j).(type) {
		case *array.Int64Builder:
			f.AppendValues(c.ints[lo:hi], nil)
		case *array.Float64Builder:
			for _, v := range c.floats[lo:hi] {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					f.AppendNull()
				} else {
					f.Append(v)
				}
			}
		case *array.BooleanBuilder:
			for _, v := range c.bools[lo:hi] {
				if math.IsNaN(v) {
					f.AppendNull()
				} else {
					f.Append(v != 0)
				}
			}
		case *array.StringBuilder:
			for i := lo; i < hi; i++ {
				if c.missing != nil && c.missing[i] {
					f.AppendNull()
				} else {
					f.Append(c.texts[i])
				}
			}
		}
	}
	return b.NewRecord()
}

func arrowSchema(columns []outColumn) (schema *arrow.Schema, rows int) {
	fields := make([]arrow.Field, len(columns))
	for j, c := range columns {
		fields[j] = c.field
		rows = max(rows, len(c.ints), len(c.floats), len(c.bools), len(c.texts))
	}
	return arrow.NewSchema(fields, nil), rows
}

// recordWriter is what the writers of all formats have in common.
type recordWriter interface {
	Write(arrow.Record) error
	Close() error
}

// writeRecords writes the columns to w in batches and closes it.
func writeRecords(w recordWriter, schema *arrow.Schema, columns []outColumn, rows int) error {
	const batch = 1 << 16
	for lo := 0; lo < rows || lo == 0; lo += batch {
		rec := record(schema, columns, lo, min(lo+batch, rows))
		err := w.Write(rec)
		rec.Release()
		if err != nil {
			_ = w.Close()
			return err
		}
	}
	return w.Close()
}

// writeTable writes the columns to file in the format that its name says, whole or not at all.
func writeTable(file string, columns []outColumn) error { return writeTableAs(file, "", columns) }

// writeTableAs writes the columns to file in a format; "" takes the one that its name says.
func writeTableAs(file, format string, columns []outColumn) error {
	schema, rows := arrowSchema(columns)
	w, err := anyio.Create(file, format, schema)
	if err != nil {
		return err
	}
	return writeRecords(w, schema, columns, rows)
}

// writeFile writes data to file through a temporary one beside it.
func writeFile(file string, data []byte) error {
	tmp, err := anyio.CreateBeside(file)
	if err != nil {
		return notWritable(file, err)
	}
	_, err = tmp.Write(data)
	for _, step := range []func() error{tmp.Sync, tmp.Close, func() error { return os.Rename(tmp.Name(), file) }} {
		if err == nil {
			err = step()
		}
	}
	if err != nil {
		_ = tmp.Close()
		_ = os.Remove(tmp.Name())
		return notWritable(file, err)
	}
	return nil
}

func notWritable(file string, err error) error {
	id := "SEG-OUT-003"
	if strings.Contains(err.Error(), "no space left") {
		id = "SEG-OUT-002"
	}
	return &problem.Problem{ID: id, What: "cannot write the file", File: file, Why: err.Error(), Fix: "check rights and space of the folder", Err: err}
}
