package parquetio

import (
	"bytes"
	"context"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"
	"pgregory.net/rapid"

	"segovia/io/arrowio"
)

// chunkReader and arrow's readers give the same records, over pages of both versions, dictionaries that end in the middle of
// a chunk, and runs of nulls.
func TestChunkReaderIsArrows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		schema := arrow.NewSchema([]arrow.Field{
			{Name: "whole", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
			{Name: "all", Type: arrow.PrimitiveTypes.Int64},
			{Name: "time", Type: &arrow.TimestampType{Unit: rapid.SampledFrom([]arrow.TimeUnit{arrow.Millisecond, arrow.Microsecond}).Draw(t, "unit")}, Nullable: true},
			{Name: "ratio", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
			{Name: "money", Type: &arrow.Decimal128Type{Precision: rapid.Int32Range(1, 38).Draw(t, "digits")}, Nullable: true},
		}, nil)
		b := array.NewRecordBuilder(memory.NewGoAllocator(), schema)
		defer b.Release()
		rows := rapid.IntRange(1, 5000).Draw(t, "rows")
		levels := rapid.SampledFrom([]int64{1, 2, 9, 700, 1 << 40}).Draw(t, "values")
		run := rapid.IntRange(1, 2000).Draw(t, "run of nulls")
		every := rapid.IntRange(2, 5).Draw(t, "one in")
		for i := range rows {
			v := int64(uint64(i)*0x9e3779b97f4a7c15>>1) % levels
			for j, f := range b.Fields() {
				if j != 1 && (i/run+j)%every == 0 {
					f.AppendNull()
					continue
				}
				switch f := f.(type) {
				case *array.Int64Builder:
					f.Append(v - 5)
				case *array.TimestampBuilder:
					f.Append(arrow.Timestamp(v))
				case *array.Float64Builder:
					f.Append(float64(v) / 8)
				case *array.Decimal128Builder:
					f.Append(decimal128.FromI64(v % 10))
				}
			}
		}
		rec := b.NewRecord()
		defer rec.Release()
		version := rapid.SampledFrom([]parquet.DataPageVersion{parquet.DataPageV1, parquet.DataPageV2}).Draw(t, "pages")
		var content bytes.Buffer
		w, err := pqarrow.NewFileWriter(schema, &content, parquet.NewWriterProperties(parquet.WithDataPageSize(rapid.Int64Range(64, 20_000).Draw(t, "page")),
			parquet.WithBatchSize(64), parquet.WithDataPageVersion(version), parquet.WithDictionaryDefault(rapid.Bool().Draw(t, "dictionary")),
			parquet.WithDictionaryPageSizeLimit(rapid.Int64Range(64, 20_000).Draw(t, "dictionary's limit")),
			parquet.WithCompression(rapid.SampledFrom([]compress.Compression{compress.Codecs.Uncompressed, compress.Codecs.Zstd}).Draw(t, "codec"))),
			pqarrow.DefaultWriterProps())
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(rec); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		read := func(slow bool) (out []arrow.Record) {
			r, err := Open(bytes.NewReader(content.Bytes()), int64(content.Len()), "x.parquet", arrowio.Options{})
			if err != nil {
				t.Fatal(err)
			}
			r.slow = slow
			if err := r.Read(context.Background(), func(rec arrow.Record) error { rec.Retain(); out = append(out, rec); return nil }); err != nil {
				t.Fatal(err)
			}
			return out
		}
		fast, slow := read(false), read(true)
		if len(fast) != len(slow) {
			t.Fatalf("%d records, arrow has %d", len(fast), len(slow))
		}
		for i := range fast {
			if !array.RecordEqual(fast[i], slow[i]) {
				t.Fatalf("%v, arrow has %v", fast[i], slow[i])
			}
		}
	})
}
