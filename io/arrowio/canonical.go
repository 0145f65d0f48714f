package arrowio

import (
	"fmt"
	"math/big"
	"math/bits"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/decimal256"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"segovia/kernels/problem"
)

// Timestamp is the canonical type of dates and times: microseconds since 1970-01-01 UTC, without zone.
var Timestamp = &arrow.TimestampType{Unit: arrow.Microsecond}

// Decimal returns the canonical decimal type of scale s, 0 <= s <= 38.
func Decimal(s int32) *arrow.Decimal128Type { return &arrow.Decimal128Type{Precision: 38, Scale: s} }

// CanonicalType returns the type in which a column of type t is delivered; false if it has none.
func CanonicalType(t arrow.DataType) (arrow.DataType, bool) {
	switch t := t.(type) {
	case *arrow.NullType:
		return arrow.Null, true
	case *arrow.BooleanType:
		return arrow.FixedWidthTypes.Boolean, true
	case *arrow.Int8Type, *arrow.Int16Type, *arrow.Int32Type, *arrow.Int64Type,
		*arrow.Uint8Type, *arrow.Uint16Type, *arrow.Uint32Type, *arrow.Uint64Type:
		return arrow.PrimitiveTypes.Int64, true
	case *arrow.Float16Type, *arrow.Float32Type, *arrow.Float64Type:
		return arrow.PrimitiveTypes.Float64, true
	case *arrow.Decimal128Type:
		return decimalType(t.Scale)
	case *arrow.Decimal256Type:
		return decimalType(t.Scale)
	case *arrow.Date32Type, *arrow.Date64Type, *arrow.TimestampType:
		return Timestamp, true
	case *arrow.StringType, *arrow.LargeStringType, *arrow.StringViewType,
		*arrow.BinaryType, *arrow.LargeBinaryType, *arrow.BinaryViewType, *arrow.FixedSizeBinaryType:
		return arrow.BinaryTypes.String, true
	case *arrow.DictionaryType:
		if t.ValueType.ID() == arrow.DICTIONARY {
			return nil, false
		}
		return CanonicalType(t.ValueType)
	case arrow.ExtensionType:
		return CanonicalType(t.StorageType())
	}
	return nil, false
}

func decimalType(scale int32) (arrow.DataType, bool) {
	if scale > 38 || scale < -38 {
		return nil, false
	}
	return Decimal(max(scale, 0)), true
}

// IsBinary reports whether values of type t are bytes that may or may not be text.
func IsBinary(t arrow.DataType) bool {
	switch t := t.(type) {
	case *arrow.BinaryType, *arrow.LargeBinaryType, *arrow.BinaryViewType, *arrow.FixedSizeBinaryType:
		return true
	case *arrow.DictionaryType:
		return IsBinary(t.ValueType)
	case arrow.ExtensionType:
		return IsBinary(t.StorageType())
	}
	return false
}

// Canonical returns arr in its canonical type, which CanonicalType must know; the caller releases it. Column is for
// messages, first the row number (from 1) of arr's first value. It returns SEG-NUM-002 for a value that the canonical type
// cannot hold and SEG-SCH-002 for bytes that are not UTF-8. It panics where arr's buffers are inconsistent, so arrays
// from files go through Guard.
func Canonical(arr arrow.Array, column string, first int64, mem memory.Allocator) (arrow.Array, error) {
	c := converter{column: column, first: first, mem: mem}
	switch a := arr.(type) {
	case *array.Null:
		return array.NewNull(a.Len()), nil
	case *array.Boolean, *array.Int64, *array.Float64:
		return share(arr, arr.DataType()), nil
	case *array.Int8:
		return ints(c, a), nil
	case *array.Int16:
		return ints(c, a), nil
	case *array.Int32:
		return ints(c, a), nil
	case *array.Uint8:
		return ints(c, a), nil
	case *array.Uint16:
		return ints(c, a), nil
	case *array.Uint32:
		return ints(c, a), nil
	case *array.Uint64:
		return c.uint64s(a)
	case *array.Float16:
		return c.floats(a, func(i int) float64 { return float64(a.Value(i).Float32()) }), nil
	case *array.Float32:
		return c.floats(a, func(i int) float64 { return float64(a.Value(i)) }), nil
	case *array.Decimal128:
		return c.decimal128s(a)
	case *array.Decimal256:
		return c.decimal256s(a)
	case *array.Date32:
		return c.times(a, func(i int) (int64, bool) { return scaleUp(int64(a.Value(i)), 86_400_000_000) })
	case *array.Date64:
		return c.times(a, func(i int) (int64, bool) { return scaleUp(int64(a.Value(i)), 1000) })
	case *array.Timestamp:
		return c.timestamps(a)
	case *array.String:
		return c.strings(a)
	case *array.LargeString:
		return c.texts(a, func(i int) string { return a.Value(i) })
	case *array.StringView:
		return c.texts(a, func(i int) string { return a.Value(i) })
	case *array.Binary:
		return c.texts(a, func(i int) string { return string(a.Value(i)) })
	case *array.LargeBinary:
		return c.texts(a, func(i int) string { return string(a.Value(i)) })
	case *array.BinaryView:
		return c.texts(a, func(i int) string { return string(a.Value(i)) })
	case *array.FixedSizeBinary:
		return c.texts(a, func(i int) string { return string(a.Value(i)) })
	case *array.Dictionary:
		values, err := Canonical(a.Dictionary(), column, 0, mem)
		if err != nil {
			return nil, err
		}
		defer values.Release()
		return c.take(a, values)
	case array.ExtensionArray:
		return Canonical(a.Storage(), column, first, mem)
	}
	return nil, Unsupported("", column, arr.DataType().String())
}

type converter struct {
	column string
	first  int64
	mem    memory.Allocator
}

func (c converter) problem(id string, i int, what, why, fix string) error {
	place := fmt.Sprintf("column %q", c.column)
	if c.first > 0 {
		place = fmt.Sprintf("column %q, row %d", c.column, c.first+int64(i))
	}
	return &problem.Problem{ID: id, What: what, Place: place, Why: why, Fix: fix}
}

func (c converter) tooLarge(i int) error {
	return c.problem("SEG-NUM-002", i, fmt.Sprintf("a value of column %q is too large to be kept exactly", c.column),
		"integers go up to 9223372036854775807, decimals up to 38 digits, times from year -290307 to 294246",
		"repair the value, or leave the column out where the file is written")
}

// share returns arr's values under type t without copying them. The number of nulls is counted anew: a damaged file may
// state another one than its bitmap holds.
func share(arr arrow.Array, t arrow.DataType) arrow.Array {
	d := arr.Data()
	fresh := array.NewData(t, d.Len(), d.Buffers(), nil, array.UnknownNullCount, d.Offset())
	if b := d.Buffers()[0]; b == nil || b.Len() == 0 {
		fresh.SetNullN(0)
	}
	defer fresh.Release()
	out := array.MakeFromData(fresh)
	out.NullN()
	return out
}

func ints[T int8 | int16 | int32 | uint8 | uint16 | uint32](c converter, a interface {
	arrow.Array
	Value(int) T
}) arrow.Array {
	b := array.NewInt64Builder(c.mem)
	defer b.Release()
	b.Reserve(a.Len())
	for i := range a.Len() {
		if a.IsNull(i) {
			b.UnsafeAppendBoolToBitmap(false)
		} else {
			b.UnsafeAppend(int64(a.Value(i)))
		}
	}
	return b.NewInt64Array()
}

func (c converter) uint64s(a *array.Uint64) (arrow.Array, error) {
	b := array.NewInt64Builder(c.mem)
	defer b.Release()
	b.Reserve(a.Len())
	for i := range a.Len() {
		switch {
		case a.IsNull(i):
			b.UnsafeAppendBoolToBitmap(false)
		case a.Value(i) > 1<<63-1:
			return nil, c.tooLarge(i)
		default:
			b.UnsafeAppend(int64(a.Value(i)))
		}
	}
	return b.NewInt64Array(), nil
}

func (c converter) floats(a arrow.Array, value func(int) float64) arrow.Array {
	b := array.NewFloat64Builder(c.mem)
	defer b.Release()
	b.Reserve(a.Len())
	for i := range a.Len() {
		if a.IsNull(i) {
			b.UnsafeAppendBoolToBitmap(false)
		} else {
			b.UnsafeAppend(value(i))
		}
	}
	return b.NewFloat64Array()
}

func (c converter) decimal128s(a *array.Decimal128) (arrow.Array, error) {
	scale := a.DataType().(*arrow.Decimal128Type).Scale
	if scale >= 0 {
		out := share(a, Decimal(scale)).(*array.Decimal128)
		for i, v := range out.Values() {
			if !short(v) && out.IsValid(i) && !v.FitsInPrecision(38) {
				out.Release()
				return nil, c.tooLarge(i)
			}
		}
		return out, nil
	}
	b := array.NewDecimal128Builder(c.mem, Decimal(max(scale, 0)))
	defer b.Release()
	b.Reserve(a.Len())
	for i := range a.Len() {
		if a.IsNull(i) {
			b.UnsafeAppendBoolToBitmap(false)
			continue
		}
		v, ok := Rescale(a.Value(i), scale, max(scale, 0))
		if !ok {
			return nil, c.tooLarge(i)
		}
		b.UnsafeAppend(v)
	}
	return b.NewDecimal128Array(), nil
}

func (c converter) decimal256s(a *array.Decimal256) (arrow.Array, error) {
	scale := a.DataType().(*arrow.Decimal256Type).Scale
	b := array.NewDecimal128Builder(c.mem, Decimal(max(scale, 0)))
	defer b.Release()
	b.Reserve(a.Len())
	for i := range a.Len() {
		if a.IsNull(i) {
			b.UnsafeAppendBoolToBitmap(false)
			continue
		}
		v, ok := narrow(a.Value(i))
		if ok {
			v, ok = Rescale(v, scale, max(scale, 0))
		}
		if !ok {
			return nil, c.tooLarge(i)
		}
		b.UnsafeAppend(v)
	}
	return b.NewDecimal128Array(), nil
}

func narrow(v decimal256.Num) (decimal128.Num, bool) {
	n := v.BigInt()
	if n.CmpAbs(maxDecimal) > 0 {
		return decimal128.Num{}, false
	}
	return decimal128.FromBigInt(n), true
}

// maxDecimal is the largest magnitude of 38 digits.
var maxDecimal = new(big.Int).Sub(new(big.Int).Exp(big.NewInt(10), big.NewInt(38), nil), big.NewInt(1))

// short reports whether v fits 64 bits.
func short(v decimal128.Num) bool { return v.HighBits() == int64(v.LowBits())>>63 }

var powers = func() (p [19]uint64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = 10 * p[i-1]
	}
	return p
}()

// Rescale returns v, which has scale from, at the scale to, which must not be smaller; false if it does not fit 38
// digits.
func Rescale(v decimal128.Num, from, to int32) (decimal128.Num, bool) {
	if short(v) && to-from <= 18 {
		lo := int64(v.LowBits())
		hi, product := bits.Mul64(uint64(max(lo, -lo)), powers[to-from]) // below 2^123, so of 38 digits
		if lo < 0 {
			return decimal128.New(int64(hi), product).Negate(), true
		}
		return decimal128.New(int64(hi), product), true
	}
	if v.FitsInPrecision(38 - (to - from)) {
		return v.IncreaseScaleBy(to - from), true
	}
	return decimal128.Num{}, v == decimal128.Num{}
}

func (c converter) times(a arrow.Array, value func(int) (int64, bool)) (arrow.Array, error) {
	b := array.NewTimestampBuilder(c.mem, Timestamp)
	defer b.Release()
	b.Reserve(a.Len())
	for i := range a.Len() {
		if a.IsNull(i) {
			b.UnsafeAppendBoolToBitmap(false)
			continue
		}
		v, ok := value(i)
		if !ok {
			return nil, c.tooLarge(i)
		}
		b.UnsafeAppend(arrow.Timestamp(v))
	}
	return b.NewTimestampArray(), nil
}

func (c converter) timestamps(a *array.Timestamp) (arrow.Array, error) {
	switch a.DataType().(*arrow.TimestampType).Unit {
	case arrow.Second:
		return c.times(a, func(i int) (int64, bool) { return scaleUp(int64(a.Value(i)), 1_000_000) })
	case arrow.Millisecond:
		return c.times(a, func(i int) (int64, bool) { return scaleUp(int64(a.Value(i)), 1000) })
	case arrow.Microsecond:
		return share(a, Timestamp), nil
	default:
		return c.times(a, func(i int) (int64, bool) { return floorDiv(int64(a.Value(i)), 1000), true })
	}
}

func scaleUp(v, by int64) (int64, bool) {
	out := v * by
	return out, out/by == v
}

func floorDiv(v, by int64) int64 {
	q := v / by
	if v%by < 0 {
		q--
	}
	return q
}

func (c converter) notText(i int) error {
	return c.problem("SEG-SCH-002", i, fmt.Sprintf("column %q holds bytes that are not UTF-8 text", c.column),
		"text is kept as UTF-8", "write the column as UTF-8 text, or leave it out where the file is written")
}

func (c converter) strings(a *array.String) (arrow.Array, error) {
	for i := range a.Len() {
		if !utf8.ValidString(a.Value(i)) && a.IsValid(i) {
			return nil, c.notText(i)
		}
	}
	return share(a, arrow.BinaryTypes.String), nil
}

func (c converter) texts(a arrow.Array, value func(int) string) (arrow.Array, error) {
	b := array.NewStringBuilder(c.mem)
	defer b.Release()
	b.Reserve(a.Len())
	for i := range a.Len() {
		if a.IsNull(i) {
			b.AppendNull()
			continue
		}
		s := value(i)
		if !utf8.ValidString(s) {
			return nil, c.notText(i)
		}
		b.Append(s)
	}
	return b.NewStringArray(), nil
}

// take returns values[a[i]] for every i.
func (c converter) take(a *array.Dictionary, values arrow.Array) (arrow.Array, error) {
	b := array.NewBuilder(c.mem, values.DataType())
	defer b.Release()
	b.Reserve(a.Len())
	for i := range a.Len() {
		if a.IsNull(i) {
			b.AppendNull()
			continue
		}
		k := a.GetValueIndex(i)
		if k < 0 || k >= values.Len() {
			return nil, fmt.Errorf("row %d of column %q points outside the dictionary", c.first+int64(i), c.column)
		}
		appendValue(b, values, k)
	}
	return b.NewArray(), nil
}

// appendValue appends value i of arr, which has a canonical type, to the builder of that type.
func appendValue(b array.Builder, arr arrow.Array, i int) {
	if arr.IsNull(i) {
		b.AppendNull()
		return
	}
	switch a := arr.(type) {
	case *array.String:
		b.(*array.StringBuilder).Append(a.Value(i))
	case *array.Boolean:
		b.(*array.BooleanBuilder).Append(a.Value(i))
	case *array.Int64:
		b.(*array.Int64Builder).Append(a.Value(i))
	case *array.Float64:
		b.(*array.Float64Builder).Append(a.Value(i))
	case *array.Decimal128:
		b.(*array.Decimal128Builder).Append(a.Value(i))
	case *array.Timestamp:
		b.(*array.TimestampBuilder).Append(a.Value(i))
	default:
		b.AppendNull()
	}
}

// CanonicalRecord converts the chosen columns of rec; first is the row number (from 1) of its first row. The caller
// releases the result.
func (s *Selection) CanonicalRecord(rec arrow.Record, first int64, mem memory.Allocator) (arrow.Record, error) {
	cols := make([]arrow.Array, 0, len(s.Index))
	defer func() {
		for _, c := range cols {
			c.Release()
		}
	}()
	for i, at := range s.Index {
		if n := rec.Column(at).Len(); n != int(rec.NumRows()) {
			return nil, fmt.Errorf("column %q has %d rows, the batch %d", s.Schema.Field(i).Name, n, rec.NumRows())
		}
		col, err := Canonical(rec.Column(at), s.Schema.Field(i).Name, first, mem)
		if err != nil {
			return nil, err
		}
		cols = append(cols, col)
	}
	return array.NewRecord(s.Schema, cols, rec.NumRows()), nil
}
