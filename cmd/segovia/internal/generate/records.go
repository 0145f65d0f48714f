package generate

import (
	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"segovia/engine/company"
	"segovia/io/arrowio"
)

// schemaOf is the Arrow schema of a table: the canonical types, but that text files get dates without a time of day.
func schemaOf(columns []company.Column, format string) *arrow.Schema {
	fields := make([]arrow.Field, len(columns))
	for i, c := range columns {
		fields[i] = arrow.Field{Name: c.Name, Type: typeOf(c, format), Nullable: true}
	}
	return arrow.NewSchema(fields, nil)
}

func typeOf(c company.Column, format string) arrow.DataType {
	switch c.Kind {
	case company.Int:
		return arrow.PrimitiveTypes.Int64
	case company.Decimal:
		return arrowio.Decimal(int32(c.Scale))
	case company.Bool:
		return arrow.FixedWidthTypes.Boolean
	case company.Time:
		return arrowio.Timestamp
	case company.Date:
		if format == "csv" {
			return arrow.FixedWidthTypes.Date32
		}
		return arrowio.Timestamp
	}
	return arrow.BinaryTypes.String
}

const microsPerDay = 24 * 60 * 60 * 1_000_000

// recordOf builds a record of the given rows of a table, all of them if rows is nil. Empty text is null.
func recordOf(schema *arrow.Schema, columns []company.Column, rows []int32) arrow.Record {
	n := len(rows)
	if rows == nil {
		n = max(len(columns[0].Texts), len(columns[0].Ints))
	}
	at := func(i int) int {
		if rows == nil {
			return i
		}
		return int(rows[i])
	}
	b := array.NewRecordBuilder(memory.NewGoAllocator(), schema)
	defer b.Release()
	b.Reserve(n)
	for j, c := range columns {
		switch b := b.Field(j).(type) {
		case *array.StringBuilder:
			for i := range n {
				if v := c.Texts[at(i)]; v == "" {
					b.AppendNull()
				} else {
					b.Append(v)
				}
			}
		case *array.Int64Builder:
			each(b, c.Ints, n, at, b.UnsafeAppend)
		case *array.BooleanBuilder:
			each(b, c.Ints, n, at, func(v int64) { b.UnsafeAppend(v != 0) })
		case *array.TimestampBuilder:
			each(b, c.Ints, n, at, func(v int64) { b.UnsafeAppend(arrow.Timestamp(v)) })
		case *array.Date32Builder:
			each(b, c.Ints, n, at, func(v int64) { b.UnsafeAppend(arrow.Date32(v / microsPerDay)) })
		case *array.Decimal128Builder:
			each(b, c.Ints, n, at, func(v int64) { b.UnsafeAppend(decimal128.FromI64(v)) })
		default:
			panic("BUG: generate: no builder for column " + c.Name)
		}
	}
	return b.NewRecord()
}

// each appends n values, whose room is reserved.
func each(b array.Builder, values []int64, n int, at func(int) int, add func(int64)) {
	for i := range n {
		if v := values[at(i)]; v == company.Missing {
			b.AppendNull()
		} else {
			add(v)
		}
	}
}
