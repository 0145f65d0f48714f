package parquetio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"segovia/io/arrowio"
	"segovia/kernels/problem"
)

// sample has one column of each canonical type and n rows, about a third of the values null.
func sample(mem memory.Allocator, n int) arrow.Record {
	md := arrow.NewMetadata([]string{"unit", "formula"}, []string{"days", "max(a, b)"})
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "yes", Type: arrow.FixedWidthTypes.Boolean, Nullable: true},
		{Name: "count", Type: arrow.PrimitiveTypes.Int64, Nullable: true, Metadata: md},
		{Name: "ratio", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
		{Name: "money", Type: arrowio.Decimal(3), Nullable: true},
		{Name: "time", Type: arrowio.Timestamp, Nullable: true},
		{Name: "level", Type: arrow.BinaryTypes.String, Nullable: true},
	}, nil)
	b := array.NewRecordBuilder(mem, schema)
	defer b.Release()
	r := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		for j, f := range b.Fields() {
			if (i+j)%3 == 0 {
				f.AppendNull()
				continue
			}
			switch f := f.(type) {
			case *array.StringBuilder:
				if j == 0 {
					f.Append(fmt.Sprintf("kunde-ä-%d", i))
				} else {
					f.Append([]string{"low", "high", ""}[i%3])
				}
			case *array.BooleanBuilder:
				f.Append(r.IntN(2) == 0)
			case *array.Int64Builder:
				f.Append(r.Int64() - r.Int64())
			case *array.Float64Builder:
				f.Append(r.NormFloat64())
			case *array.Decimal128Builder:
				f.Append(decimal128.New(int64(r.Uint32()), r.Uint64()))
			case *array.TimestampBuilder:
				f.Append(arrow.Timestamp(int64(i) * 86_400_000_001))
			}
		}
	}
	return b.NewRecord()
}

func writeFile(t testing.TB, rec arrow.Record, split int64) []byte {
	t.Helper()
	var buf bytes.Buffer
	w, err := NewWriter(&buf, rec.Schema())
	if err != nil {
		t.Fatal(err)
	}
	for at := int64(0); at < rec.NumRows(); at += split {
		part := rec.NewSlice(at, min(at+split, rec.NumRows()))
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

func open(b []byte, opt arrowio.Options) (*Reader, error) {
	return Open(bytes.NewReader(b), int64(len(b)), "f.parquet", opt)
}

// readAll returns all rows as text, one line a row.
func readAll(b []byte, opt arrowio.Options) (string, error) {
	r, err := open(b, opt)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	for _, f := range r.Schema().Fields() {
		fmt.Fprintf(&out, "%s %s|", f.Name, f.Type)
	}
	err = r.Read(context.Background(), func(rec arrow.Record) error {
		for i := range int(rec.NumRows()) {
			out.WriteByte('\n')
			for _, c := range rec.Columns() {
				out.WriteString(c.ValueStr(i))
				out.WriteByte('|')
			}
		}
		return nil
	})
	return out.String(), err
}

func TestRoundTrip(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	rec := sample(mem, groupRows+3000) // two row groups
	defer rec.Release()
	one := writeFile(t, rec, 1<<40)
	if two := writeFile(t, rec, 997); !bytes.Equal(one, two) {
		t.Fatal("the bytes depend on how the rows arrive")
	}
	r, err := open(one, arrowio.Options{Alloc: mem})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Schema().Equal(rec.Schema()) || r.Rows() != rec.NumRows() || r.Codec() != "zstd" {
		t.Fatalf("schema %v, rows %d, codec %s", r.Schema(), r.Rows(), r.Codec())
	}
	at := int64(0)
	err = r.Read(context.Background(), func(got arrow.Record) error {
		want := rec.NewSlice(at, at+got.NumRows())
		defer want.Release()
		at += got.NumRows()
		if !array.RecordEqual(got, want) {
			t.Fatalf("rows up to %d differ", at)
		}
		return nil
	})
	if err != nil || at != rec.NumRows() {
		t.Fatalf("%d rows, %v", at, err)
	}
	if f, _ := r.Schema().FieldsByName("count"); f[0].Metadata.Values()[0] != "days" {
		t.Fatal("field metadata are lost")
	}
	pages, sums, err := r.Verify(context.Background())
	if err != nil || pages < 14 || sums != pages {
		t.Fatalf("%d pages, %d with a CRC, %v", pages, sums, err)
	}
}

func TestSameTableSameBytes(t *testing.T) {
	rec := sample(memory.NewGoAllocator(), 20_000) // "id" falls back from its dictionary: two page encodings, which arrow orders by map
	want := writeFile(t, rec, 5000)
	for range 20 {
		if !bytes.Equal(want, writeFile(t, rec, 5000)) {
			t.Fatal("two runs, two files")
		}
	}
}

func TestEmptyTable(t *testing.T) {
	rec := sample(memory.NewGoAllocator(), 0)
	got, err := readAll(writeFile(t, rec, 1), arrowio.Options{})
	if err != nil || strings.Count(got, "\n") != 0 || !strings.HasPrefix(got, "id utf8|yes bool|") {
		t.Fatalf("%q %v", got, err)
	}
}

func id(err error) string {
	if p := problem.All(err); len(p) > 0 {
		return p[0].ID
	}
	return ""
}

func TestFrame(t *testing.T) {
	good := writeFile(t, sample(memory.NewGoAllocator(), 50), 50)
	huge := append(append([]byte(magic), 0xFF, 0xFF, 0xFF, 0x7F), magic...)
	for _, c := range []struct {
		name string
		b    []byte
		want string
	}{
		{"PAR1PAR1", []byte("PAR1PAR1"), "SEG-PQ-001"},
		{"footer of 2 GiB", huge, "SEG-PQ-001"},
		{"cut off", good[:len(good)/2], "SEG-PQ-002"},
		{"last byte missing", good[:len(good)-1], "SEG-PQ-002"},
		{"magic only", []byte(magic), "SEG-PQ-002"},
		{"encrypted footer", append(append([]byte("PARE"), make([]byte, 40)...), "PARE"...), "SEG-PQ-007"},
		{"other", []byte("hello, this is text and no Parquet"), "SEG-PQ-008"},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := open(c.b, arrowio.Options{})
		runtime.ReadMemStats(&after)
		if id(err) != c.want {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
		if d := after.TotalAlloc - before.TotalAlloc; d > 1<<20 {
			t.Errorf("%s: %d bytes allocated", c.name, d)
		}
	}
}

// region tells what a byte of a file belongs to.
func pagesOf(t *testing.T, b []byte) (payload []bool) {
	t.Helper()
	f, err := readFooter(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	payload = make([]bool, len(b))
	for _, g := range f.groups {
		for _, c := range g.chunks {
			for pos := c.start(); pos < c.start()+c.compressed; {
				var h pageHeader
				n, err := parse(b[pos:], func(c *cursor) { h = readPageHeader(c) })
				if err != nil {
					t.Fatal(err)
				}
				pos += int64(n)
				for range h.compressed {
					payload[pos] = true
					pos++
				}
			}
		}
	}
	return payload
}

func TestDamaged(t *testing.T) {
	good := writeFile(t, sample(memory.NewGoAllocator(), 40), 40)
	want, err := readAll(good, arrowio.Options{})
	if err != nil {
		t.Fatal(err)
	}
	payload := pagesOf(t, good)
	end := bytes.LastIndex(good, []byte(createdBy)) // the footer
	f, err := readFooter(bytes.NewReader(good), int64(len(good)))
	if err != nil || end < int(f.end) {
		t.Fatal("no footer", err)
	}
	const limit = 64 << 20
	try := func(what string, at int, b []byte) (string, error) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := readAll(b, arrowio.Options{})
		runtime.ReadMemStats(&after)
		if d := after.TotalAlloc - before.TotalAlloc; d > limit {
			t.Fatalf("%s at %d made the reader of %d bytes allocate %d: %v", what, at, len(b), d, err)
		}
		if err != nil && id(err) == "" {
			t.Fatalf("%s at %d: no problem: %v", what, at, err)
		}
		return got, err
	}
	for at := range good {
		if at%3 != 0 && !payload[at] && int64(at) > f.end {
			continue // the footer is long
		}
		if _, err := try("cut", at, good[:at]); err == nil {
			t.Fatalf("cut to %d bytes and read", at)
		}
		for _, mask := range []byte{0x01, 0x80} {
			bad := bytes.Clone(good)
			bad[at] ^= mask
			got, err := try("flip", at, bad)
			switch {
			case payload[at] && id(err) != "SEG-PQ-003":
				t.Fatalf("flip at %d in a page: %v", at, err)
			case int64(at) < f.end && err == nil && got != want:
				t.Fatalf("flip at %d in a page header changed values", at)
			}
		}
	}
}

func TestChecksumNamesThePlace(t *testing.T) {
	good := writeFile(t, sample(memory.NewGoAllocator(), 40), 40)
	f, err := readFooter(bytes.NewReader(good), int64(len(good)))
	if err != nil {
		t.Fatal(err)
	}
	c := f.groups[0].chunks[3]
	bad := bytes.Clone(good)
	bad[c.start()+c.compressed-1] ^= 1
	_, err = readAll(bad, arrowio.Options{})
	var p *problem.Problem
	if !errors.As(err, &p) || p.ID != "SEG-PQ-003" || p.File != "f.parquet" || !strings.HasPrefix(p.Place, `column "ratio", row group 1, page `) {
		t.Fatalf("%+v", p)
	}
	if _, err := readAll(bad, arrowio.Options{Columns: []string{"id", "money"}}); err != nil {
		t.Fatalf("a column that is not read: %v", err)
	}
	r, err := open(bad, arrowio.Options{Columns: []string{"id"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.Verify(context.Background()); id(err) != "SEG-PQ-003" {
		t.Fatalf("Verify: %v", err)
	}
}
