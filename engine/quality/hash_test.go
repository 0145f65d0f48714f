package quality

import (
	"math"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/zeebo/xxh3"
	"pgregory.net/rapid"
)

func TestAppendDecimalIsDecimalText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := decimal128.FromI64(rapid.OneOf(rapid.Int64(), rapid.Int64Range(-1000, 1000),
			rapid.SampledFrom([]int64{0, math.MinInt64, math.MaxInt64, 100, -100})).Draw(t, "value"))
		if rapid.Bool().Draw(t, "wide") {
			v = decimal128.New(rapid.Int64().Draw(t, "hi"), rapid.Uint64().Draw(t, "lo"))
		}
		for scale := int32(-2); scale <= 38; scale++ {
			if got, want := string(appendDecimal([]byte("x"), v, scale)), "x"+decimalText(v, scale); got != want {
				t.Fatalf("scale %d: got %s, want %s", scale, got, want)
			}
		}
	})
}

// The hashes of a column are those of its cells one by one, and its tallies count every cell.
func TestColumnHashesAreCellHashes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 40).Draw(t, "rows")
		mem := memory.NewGoAllocator()
		b := rapid.SampledFrom([]array.Builder{array.NewInt64Builder(mem), array.NewFloat64Builder(mem), array.NewBooleanBuilder(mem),
			array.NewStringBuilder(mem), array.NewTimestampBuilder(mem, &arrow.TimestampType{Unit: arrow.Microsecond}),
			array.NewDecimal128Builder(mem, &arrow.Decimal128Type{Precision: 38, Scale: 2})}).Draw(t, "type")
		at := rapid.OneOf(rapid.Int64Range(-20, 20), rapid.Int64()).Draw(t, "start")
		for range n {
			v := at + rapid.Int64Range(0, 12).Draw(t, "step")
			if at = v; rapid.IntRange(0, 6).Draw(t, "null") == 0 {
				b.AppendNull()
				continue
			}
			switch b := b.(type) {
			case *array.Int64Builder:
				b.Append(v)
			case *array.Float64Builder:
				b.Append(float64(v%50) / 4)
			case *array.BooleanBuilder:
				b.Append(v%2 == 0)
			case *array.StringBuilder:
				b.Append([]string{"", "a", "b"}[v&1+v>>1&1])
			case *array.TimestampBuilder:
				b.Append(arrow.Timestamp(v))
			case *array.Decimal128Builder:
				b.Append(decimal128.FromI64(v))
			}
		}
		a := b.NewArray()
		c := cellHasher{seed: 7}
		rows := make([]Hash, n)
		c.column(a, rows)
		known := map[uint64]bool{}
		var counted int64
		for _, tally := range c.tallies {
			known[tally.hash] = true
			counted += tally.n
		}
		for i, row := range rows {
			var want xxh3.Uint128
			if cell := AppendCell(nil, a, i); len(cell) > 0 {
				want = xxh3.Hash128Seed(cell, 7)
			}
			if row != (Hash{want.Hi, want.Lo}) {
				t.Fatalf("row %d: %x, want %x", i, row, want)
			}
			if a.IsValid(i) && !known[want.Lo] {
				t.Fatalf("row %d is not counted", i)
			}
		}
		if id := a.DataType().ID(); id != arrow.STRING && id != arrow.BOOL && counted != int64(n-a.NullN()) {
			t.Fatalf("%d cells counted, want %d", counted, n-a.NullN())
		}
	})
}
