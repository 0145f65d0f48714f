package arrowio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/decimal256"
	"github.com/apache/arrow/go/v17/arrow/float16"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"segovia/kernels/problem"
)

// build returns an array of type t whose values are given as JSON.
func build(t *testing.T, mem memory.Allocator, typ arrow.DataType, json string) arrow.Array {
	t.Helper()
	arr, _, err := array.FromJSON(mem, typ, strings.NewReader(json))
	if err != nil {
		t.Fatalf("%s %s: %v", typ, json, err)
	}
	return arr
}

func TestCanonical(t *testing.T) {
	dict := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.PrimitiveTypes.Uint32}
	for _, c := range []struct {
		typ      arrow.DataType
		json     string
		want     arrow.DataType
		wantJSON string
	}{
		{arrow.Null, `[null,null]`, arrow.Null, `[null,null]`},
		{arrow.FixedWidthTypes.Boolean, `[true,null,false]`, arrow.FixedWidthTypes.Boolean, `[true,null,false]`},
		{arrow.PrimitiveTypes.Int8, `[-128,null,127]`, arrow.PrimitiveTypes.Int64, `[-128,null,127]`},
		{arrow.PrimitiveTypes.Int16, `[-32768,null]`, arrow.PrimitiveTypes.Int64, `[-32768,null]`},
		{arrow.PrimitiveTypes.Int32, `[-2147483648,null]`, arrow.PrimitiveTypes.Int64, `[-2147483648,null]`},
		{arrow.PrimitiveTypes.Int64, `[-9,null,9]`, arrow.PrimitiveTypes.Int64, `[-9,null,9]`},
		{arrow.PrimitiveTypes.Uint8, `[255]`, arrow.PrimitiveTypes.Int64, `[255]`},
		{arrow.PrimitiveTypes.Uint16, `[65535]`, arrow.PrimitiveTypes.Int64, `[65535]`},
		{arrow.PrimitiveTypes.Uint32, `[4294967295]`, arrow.PrimitiveTypes.Int64, `[4294967295]`},
		{arrow.PrimitiveTypes.Uint64, `[7,null]`, arrow.PrimitiveTypes.Int64, `[7,null]`},
		{arrow.PrimitiveTypes.Float32, `[0.5,null]`, arrow.PrimitiveTypes.Float64, `[0.5,null]`},
		{arrow.PrimitiveTypes.Float64, `[0.1,null]`, arrow.PrimitiveTypes.Float64, `[0.1,null]`},
		{&arrow.Decimal128Type{Precision: 12, Scale: 3}, `["1.250",null,"-0.001"]`, Decimal(3), `["1.250",null,"-0.001"]`},
		{&arrow.Decimal256Type{Precision: 50, Scale: 2}, `["1.25",null]`, Decimal(2), `["1.25",null]`},
		{arrow.FixedWidthTypes.Date32, `["1969-12-31",null,"2026-02-28"]`, Timestamp, `["1969-12-31",null,"2026-02-28"]`},
		{arrow.FixedWidthTypes.Date64, `["2026-02-28"]`, Timestamp, `["2026-02-28"]`},
		{arrow.FixedWidthTypes.Timestamp_s, `["2026-02-28 01:02:03"]`, Timestamp, `["2026-02-28 01:02:03"]`},
		{arrow.FixedWidthTypes.Timestamp_ms, `["2026-02-28 01:02:03.004"]`, Timestamp, `["2026-02-28 01:02:03.004"]`},
		{arrow.FixedWidthTypes.Timestamp_us, `["2026-02-28 01:02:03.000004"]`, Timestamp, `["2026-02-28 01:02:03.000004"]`},
		{arrow.FixedWidthTypes.Timestamp_ns, `["1969-12-31 23:59:59.999999999",null]`, Timestamp, `["1969-12-31 23:59:59.999999",null]`},
		{arrow.BinaryTypes.String, `["ä",null,""]`, arrow.BinaryTypes.String, `["ä",null,""]`},
		{arrow.BinaryTypes.LargeString, `["ä",null,""]`, arrow.BinaryTypes.String, `["ä",null,""]`},
		{arrow.BinaryTypes.StringView, `["ä",null,"a long one, longer than twelve"]`, arrow.BinaryTypes.String, `["ä",null,"a long one, longer than twelve"]`},
		{arrow.BinaryTypes.Binary, `["w6Q=",null]`, arrow.BinaryTypes.String, `["ä",null]`},
		{arrow.BinaryTypes.LargeBinary, `["w6Q="]`, arrow.BinaryTypes.String, `["ä"]`},
		{&arrow.FixedSizeBinaryType{ByteWidth: 2}, `["w6Q=",null]`, arrow.BinaryTypes.String, `["ä",null]`},
		{dict, `[7,4294967295,null,7]`, arrow.PrimitiveTypes.Int64, `[7,4294967295,null,7]`},
	} {
		t.Run(c.typ.String(), func(t *testing.T) {
			mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
			defer mem.AssertSize(t, 0)
			in := build(t, mem, c.typ, c.json)
			defer in.Release()
			want := build(t, mem, c.want, c.wantJSON)
			defer want.Release()
			if typ, ok := CanonicalType(c.typ); !ok || !arrow.TypeEqual(typ, c.want) {
				t.Fatalf("CanonicalType = %v, %v, want %v", typ, ok, c.want)
			}
			got, err := Canonical(in, "c", 1, mem)
			if err != nil {
				t.Fatal(err)
			}
			defer got.Release()
			if !array.Equal(got, want) || !arrow.TypeEqual(got.DataType(), c.want) {
				t.Fatalf("got %v %v, want %v", got.DataType(), got, want)
			}
			if in.Len() > 1 { // a slice must be read from its offset
				cut := array.NewSlice(in, 1, int64(in.Len()))
				defer cut.Release()
				wantCut := array.NewSlice(want, 1, int64(want.Len()))
				defer wantCut.Release()
				gotCut, err := Canonical(cut, "c", 1, mem)
				if err != nil {
					t.Fatal(err)
				}
				defer gotCut.Release()
				if !array.Equal(gotCut, wantCut) {
					t.Fatalf("sliced: got %v, want %v", gotCut, wantCut)
				}
			}
		})
	}
}

func TestCanonicalFloat16(t *testing.T) {
	b := array.NewFloat16Builder(memory.NewGoAllocator())
	b.Append(float16.New(-1.5))
	b.AppendNull()
	got, err := Canonical(b.NewArray(), "c", 1, memory.NewGoAllocator())
	if err != nil {
		t.Fatal(err)
	}
	if a := got.(*array.Float64); a.Value(0) != -1.5 || !a.IsNull(1) {
		t.Fatalf("got %v", a)
	}
}

func TestCanonicalRefuses(t *testing.T) {
	mem := memory.NewGoAllocator()
	d256 := array.NewDecimal256Builder(mem, &arrow.Decimal256Type{Precision: 50, Scale: 0})
	d256.Append(decimal256.FromBigInt(maxDecimal))
	d256.Append(decimal256.FromBigInt(maxDecimal).Add(decimal256.FromI64(1)))
	neg := array.NewDecimal128Builder(mem, &arrow.Decimal128Type{Precision: 38, Scale: -2})
	neg.Append(decimal128.FromI64(12)) // 1200
	neg.Append(decimal128.FromBigInt(maxDecimal))
	for _, c := range []struct {
		arr   arrow.Array
		id    string
		place string
	}{
		{build(t, mem, arrow.PrimitiveTypes.Uint64, `[1,9223372036854775808]`), "SEG-NUM-002", `column "c", row 11`},
		{build(t, mem, arrow.FixedWidthTypes.Timestamp_s, `[9223372036855]`), "SEG-NUM-002", `column "c", row 10`},
		{d256.NewArray(), "SEG-NUM-002", `column "c", row 11`},
		{neg.NewArray(), "SEG-NUM-002", `column "c", row 11`},
		{build(t, mem, arrow.BinaryTypes.Binary, `["/w=="]`), "SEG-SCH-002", `column "c", row 10`},
	} {
		_, err := Canonical(c.arr, "c", 10, mem)
		var p *problem.Problem
		if !errors.As(err, &p) || p.ID != c.id || p.Place != c.place {
			t.Errorf("%v: got %v, want %s at %s", c.arr.DataType(), err, c.id, c.place)
		}
	}
}

// sample has one column of each canonical type and 3 * n rows.
func sample(mem memory.Allocator, n int) arrow.Record {
	md := arrow.NewMetadata([]string{"unit", "formula"}, []string{"days", "max(a, b)"})
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "yes", Type: arrow.FixedWidthTypes.Boolean, Nullable: true},
		{Name: "count", Type: arrow.PrimitiveTypes.Int64, Nullable: true, Metadata: md},
		{Name: "ratio", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
		{Name: "money", Type: Decimal(3), Nullable: true},
		{Name: "time", Type: Timestamp, Nullable: true},
	}, nil)
	b := array.NewRecordBuilder(mem, schema)
	defer b.Release()
	for i := range 3 * n {
		for j, f := range b.Fields() {
			if (i+j)%3 == 0 {
				f.AppendNull()
				continue
			}
			switch f := f.(type) {
			case *array.StringBuilder:
				f.Append(fmt.Sprintf("kunde-ä-%d", i))
			case *array.BooleanBuilder:
				f.Append(i%2 == 0)
			case *array.Int64Builder:
				f.Append(int64(i) - 5)
			case *array.Float64Builder:
				f.Append(float64(i) / 7)
			case *array.Decimal128Builder:
				f.Append(decimal128.FromI64(int64(i) * 1001))
			case *array.TimestampBuilder:
				f.Append(arrow.Timestamp(int64(i) * 86_400_000_001))
			}
		}
	}
	return b.NewRecord()
}

func writeFile(t testing.TB, rec arrow.Record, split int) []byte {
	t.Helper()
	var buf bytes.Buffer
	w, err := NewWriter(&buf, rec.Schema())
	if err != nil {
		t.Fatal(err)
	}
	for at := int64(0); at < rec.NumRows(); at += int64(split) {
		part := rec.NewSlice(at, min(at+int64(split), rec.NumRows()))
		if err := w.Write(part); err != nil {
			t.Fatal(err)
		}
		part.Release()
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// readAll returns all rows as text, one line a row.
func readAll(b []byte, opt Options) (string, error) {
	r, err := Open(bytes.NewReader(b), int64(len(b)), "f.arrow", opt)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	err = r.Read(context.Background(), func(rec arrow.Record) error {
		for i := range int(rec.NumRows()) {
			for _, c := range rec.Columns() {
				out.WriteString(c.ValueStr(i))
				out.WriteByte('|')
			}
			out.WriteByte('\n')
		}
		return nil
	})
	return out.String(), err
}

func TestRoundTrip(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	rec := sample(mem, 30_000) // more than one batch
	defer rec.Release()
	one := writeFile(t, rec, 1<<30)
	if two := writeFile(t, rec, 777); !bytes.Equal(one, two) {
		t.Fatal("the bytes depend on how the rows arrive")
	}
	r, err := Open(bytes.NewReader(one), int64(len(one)), "f.arrow", Options{Alloc: mem})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Schema().Equal(rec.Schema()) || r.Rows() != rec.NumRows() || r.Stream() {
		t.Fatalf("schema %v, rows %d, stream %v", r.Schema(), r.Rows(), r.Stream())
	}
	at := int64(0)
	err = r.Read(context.Background(), func(got arrow.Record) error {
		want := rec.NewSlice(at, at+got.NumRows())
		defer want.Release()
		at += got.NumRows()
		if !array.RecordEqual(got, want) {
			t.Fatalf("rows from %d differ", at)
		}
		return nil
	})
	if err != nil || at != rec.NumRows() {
		t.Fatalf("%d rows, %v", at, err)
	}
	if f, _ := r.Schema().FieldsByName("count"); f[0].Metadata.Values()[0] != "days" {
		t.Fatal("field metadata are lost")
	}
}

// stream writes rec as a stream of foreign making: dictionaries, compression, a nested and a binary column.
func stream(t testing.TB, opts ...ipc.Option) []byte {
	t.Helper()
	mem := memory.NewGoAllocator()
	dict := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int16, ValueType: arrow.BinaryTypes.String}
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "d", Type: dict}, {Name: "l", Type: arrow.ListOf(arrow.PrimitiveTypes.Int32)},
		{Name: "b", Type: arrow.BinaryTypes.Binary}, {Name: "x", Type: arrow.BinaryTypes.Binary},
		{Name: "u", Type: arrow.PrimitiveTypes.Uint32}, {Name: "v", Type: arrow.BinaryTypes.StringView},
	}, nil)
	cols := make([]arrow.Array, 0, 6)
	for i, json := range []string{`["p","q",null,"p"]`, `[[1,2],null,[],[3]]`, `["YWI=","","YQ==",null]`, `["/w==","","YQ==",null]`, `[1,2,3,null]`,
		`["short","a text of more than twelve bytes",null,"another text of more than twelve"]`} {
		cols = append(cols, build(t.(*testing.T), mem, schema.Field(i).Type, json))
	}
	rec := array.NewRecord(schema, cols, 4)
	var buf bytes.Buffer
	w := ipc.NewWriter(&buf, append(opts, ipc.WithSchema(schema))...)
	for range 3 {
		if err := w.Write(rec); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

const streamRow = "p|ab|1|short|\nq||2|a text of more than twelve bytes|\n(null)|a|3|(null)|\np|(null)|(null)|another text of more than twelve|\n"

func TestStream(t *testing.T) {
	for name, opts := range map[string][]ipc.Option{"plain": nil, "zstd": {ipc.WithZstd()}, "lz4": {ipc.WithLZ4()}} {
		t.Run(name, func(t *testing.T) {
			b := stream(t, opts...)
			got, err := readAll(b, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got != strings.Repeat(streamRow, 3) {
				t.Fatalf("got\n%s", got)
			}
			r, err := Open(bytes.NewReader(b), int64(len(b)), "s", Options{})
			if err != nil {
				t.Fatal(err)
			}
			if n := r.Notes(); len(n) != 2 || n[0].Column != "l" || n[1].Column != "x" || !r.Stream() {
				t.Fatalf("notes %v", n)
			}
			_, err = readAll(b, Options{Columns: []string{"l"}})
			if !errors.Is(err, &problem.Problem{ID: "SEG-SCH-002"}) {
				t.Fatalf("a nested column asked for: %v", err)
			}
			_, err = readAll(b, Options{Columns: []string{"x"}})
			if !errors.Is(err, &problem.Problem{ID: "SEG-SCH-002"}) {
				t.Fatalf("bytes asked for as text: %v", err)
			}
			if got, err := readAll(b, Options{Columns: []string{"u"}}); err != nil || got != strings.Repeat("1|\n2|\n3|\n(null)|\n", 3) {
				t.Fatalf("one column: %q %v", got, err)
			}
		})
	}
}

// damage flips and cuts b at every step-th byte, reads it, and holds that nothing panics, that memory stays in bounds and that an
// error has the id.
func damage(t *testing.T, b []byte, step int) {
	t.Helper()
	// Two readings of a zstd buffer whose frame header asks for the 64 MiB window of the decoder are the worst.
	const limit = 160 << 20

	try := func(what string, at int, b []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := readAll(b, Options{})
		runtime.ReadMemStats(&after)
		if d := after.TotalAlloc - before.TotalAlloc; d > limit {
			t.Fatalf("%s at %d made the reader of %d bytes allocate %d: %v", what, at, len(b), d, err)
		}
		if p := problem.All(err); err != nil && (len(p) == 0 || !strings.HasPrefix(p[0].ID, "SEG-")) {
			t.Fatalf("%s at %d: no problem: %v", what, at, err)
		} else if err != nil && p[0].ID == "SEG-BUG-001" {
			t.Fatal(err)
		} else if what == "cut" && !errors.Is(err, &problem.Problem{ID: "SEG-IPC-001"}) {
			t.Fatalf("cut to %d bytes: %v", at, err)
		}
	}
	for at := 0; at < len(b); at += step {
		try("cut", at, b[:at])
		for _, mask := range []byte{0x01, 0x80, 0xFF, b[at] ^ 0x7F} {
			if mask == 0 {
				continue
			}
			bad := bytes.Clone(b)
			bad[at] ^= mask
			try("flip", at, bad)
		}
	}
}

func TestDamagedFile(t *testing.T) {
	rec := sample(memory.NewGoAllocator(), 4)
	damage(t, writeFile(t, rec, 100), 1)
}

func TestDamagedStream(t *testing.T) { damage(t, stream(t), 1) }

func TestDamagedCompressedStream(t *testing.T) { damage(t, stream(t, ipc.WithZstd()), 7) }

func TestTrailingBytes(t *testing.T) {
	_, err := readAll(append(stream(t), 'x'), Options{})
	if !errors.Is(err, &problem.Problem{ID: "SEG-IPC-001"}) {
		t.Fatal(err)
	}
}

func TestYieldErrorAndPanicPassThrough(t *testing.T) {
	b := stream(t)
	r, err := Open(bytes.NewReader(b), int64(len(b)), "s", Options{})
	if err != nil {
		t.Fatal(err)
	}
	mine := errors.New("mine")
	if err := r.Read(context.Background(), func(arrow.Record) error { return mine }); err != mine {
		t.Fatalf("got %v", err)
	}
	defer func() {
		if p := recover(); p != "mine" {
			t.Fatalf("the panic of the callee became %v", p)
		}
	}()
	_ = r.Read(context.Background(), func(arrow.Record) error { panic("mine") })
}

// A flipped byte in a column's name leaves a schema that arrow accepts; it must not reach anybody as a name.
func TestNameThatIsNoUTF8(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{{Name: "amount", Type: arrow.PrimitiveTypes.Int64}}, nil)
	var b bytes.Buffer
	w, err := NewWriter(&b, schema)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	data := bytes.ReplaceAll(b.Bytes(), []byte("amount"), []byte("am\xffunt"))
	_, err = Open(bytes.NewReader(data), int64(len(data)), "x.arrow", Options{})
	if !errors.Is(err, &problem.Problem{ID: "SEG-IPC-001"}) {
		t.Errorf("got %v", err)
	}
}
