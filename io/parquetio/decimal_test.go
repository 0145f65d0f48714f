package parquetio

import (
	"bytes"
	"context"
	"math/big"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"
	"pgregory.net/rapid"

	"segovia/io/arrowio"
)

// Decimals of every width, with and without nulls and dictionary, over several pages, arrive as they were written.
func TestDecimalsOfEveryWidth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		precision := rapid.Int32Range(1, 38).Draw(t, "digits")
		typ := &arrow.Decimal128Type{Precision: precision, Scale: rapid.Int32Range(0, precision).Draw(t, "scale")}
		limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(precision)), nil)
		n := rapid.IntRange(1, 300).Draw(t, "rows")
		nulls := rapid.Bool().Draw(t, "nulls")
		b := array.NewDecimal128Builder(memory.NewGoAllocator(), typ)
		defer b.Release()
		want := make([]*big.Int, n)
		for i := range n {
			if nulls && i%3 == 1 {
				b.AppendNull()
				continue
			}
			v := decimal128.New(rapid.Int64().Draw(t, "hi"), uint64(i%7)<<60|uint64(i)).BigInt()
			want[i] = v.Rem(v, limit)
			b.Append(decimal128.FromBigInt(want[i]))
		}
		schema := arrow.NewSchema([]arrow.Field{{Name: "x", Type: typ, Nullable: nulls}}, nil)
		col := b.NewArray()
		defer col.Release()
		rec := array.NewRecord(schema, []arrow.Array{col}, int64(n))
		defer rec.Release()
		var out bytes.Buffer
		w, err := pqarrow.NewFileWriter(schema, &out, parquet.NewWriterProperties(parquet.WithDataPageSize(64), parquet.WithBatchSize(16),
			parquet.WithDictionaryDefault(rapid.Bool().Draw(t, "dictionary"))), pqarrow.DefaultWriterProps())
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(rec); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := Open(bytes.NewReader(out.Bytes()), int64(out.Len()), "x.parquet", arrowio.Options{})
		if err != nil {
			t.Fatal(err)
		}
		at := 0
		if err := r.Read(context.Background(), func(rec arrow.Record) error {
			got := rec.Column(0).(*array.Decimal128)
			for i := range got.Len() {
				if got.IsNull(i) != (want[at] == nil) || want[at] != nil && got.Value(i).BigInt().Cmp(want[at]) != 0 {
					t.Fatalf("row %d: %s, want %v", at, got.ValueStr(i), want[at])
				}
				at++
			}
			return nil
		}); err != nil || at != n {
			t.Fatalf("%d rows of %d: %v", at, n, err)
		}
	})
}
