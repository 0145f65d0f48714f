package csvio

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/decimal256"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// write builds one record with fill and writes it.
func write(t *testing.T, fields []arrow.Field, opt WriterOptions, fill func(b *array.RecordBuilder)) (string, error) {
	t.Helper()
	schema := arrow.NewSchema(fields, nil)
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	b := array.NewRecordBuilder(mem, schema)
	defer b.Release()
	fill(b)
	rec := b.NewRecord()
	defer rec.Release()
	var out bytes.Buffer
	w, err := NewWriter(&out, schema, opt)
	if err != nil {
		return "", err
	}
	if err := w.Write(rec); err != nil {
		return "", err
	}
	err = w.Close()
	return out.String(), err
}

func TestWriterForms(t *testing.T) {
	dict := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}
	for _, c := range []struct {
		typ  arrow.DataType
		fill func(b array.Builder)
		want string
	}{
		{arrow.PrimitiveTypes.Float64, func(b array.Builder) {
			b.(*array.Float64Builder).AppendValues([]float64{0.1, 25, -0.000001, 1e-7, 1e21, 123456789012345680000, math.NaN(), math.MaxFloat64, 1.0 / 3}, nil)
		}, "0.1 25 -0.000001 1e-07 1e+21 123456789012345680000 \"\" 1.7976931348623157e+308 0.3333333333333333"},
		{arrow.PrimitiveTypes.Float32, func(b array.Builder) { b.(*array.Float32Builder).AppendValues([]float32{0.1, 16777216}, nil) }, "0.1 16777216"},
		{&arrow.Decimal128Type{Precision: 38, Scale: 2}, func(b array.Builder) {
			for _, v := range []int64{0, 1, -1, 99, 100, -12345} {
				b.(*array.Decimal128Builder).Append(decimal128.FromI64(v))
			}
		}, "0.00 0.01 -0.01 0.99 1.00 -123.45"},
		{&arrow.Decimal128Type{Precision: 38, Scale: 0}, func(b array.Builder) {
			b.(*array.Decimal128Builder).Append(decimal128.New(math.MaxInt64, math.MaxUint64))
		}, "170141183460469231731687303715884105727"},
		{&arrow.Decimal256Type{Precision: 70, Scale: 3}, func(b array.Builder) { b.(*array.Decimal256Builder).Append(decimal256.FromI64(-1234)) }, "-1.234"},
		{&arrow.Decimal128Type{Precision: 10, Scale: -2}, func(b array.Builder) { b.(*array.Decimal128Builder).Append(decimal128.FromI64(12)) }, "1200"},
		{arrow.PrimitiveTypes.Int8, func(b array.Builder) { b.(*array.Int8Builder).Append(-128) }, "-128"},
		{arrow.PrimitiveTypes.Int16, func(b array.Builder) { b.(*array.Int16Builder).Append(-300) }, "-300"},
		{arrow.PrimitiveTypes.Int32, func(b array.Builder) { b.(*array.Int32Builder).Append(70000) }, "70000"},
		{arrow.PrimitiveTypes.Uint8, func(b array.Builder) { b.(*array.Uint8Builder).Append(255) }, "255"},
		{arrow.PrimitiveTypes.Uint16, func(b array.Builder) { b.(*array.Uint16Builder).Append(65535) }, "65535"},
		{arrow.PrimitiveTypes.Uint32, func(b array.Builder) { b.(*array.Uint32Builder).Append(math.MaxUint32) }, "4294967295"},
		{arrow.PrimitiveTypes.Uint64, func(b array.Builder) { b.(*array.Uint64Builder).Append(math.MaxUint64) }, "18446744073709551615"},
		{arrow.FixedWidthTypes.Boolean, func(b array.Builder) { b.(*array.BooleanBuilder).AppendValues([]bool{true, false}, nil) }, "true false"},
		{arrow.FixedWidthTypes.Date32, func(b array.Builder) { b.(*array.Date32Builder).Append(-1) }, "1969-12-31"},
		{arrow.FixedWidthTypes.Date64, func(b array.Builder) { b.(*array.Date64Builder).Append(86400000) }, "1970-01-02"},
		{&arrow.TimestampType{Unit: arrow.Millisecond}, func(b array.Builder) { b.(*array.TimestampBuilder).AppendValues([]arrow.Timestamp{0, 1}, nil) },
			"1970-01-01_00:00:00 1970-01-01_00:00:00.001"},
		{&arrow.TimestampType{Unit: arrow.Second, TimeZone: "UTC"}, func(b array.Builder) { b.(*array.TimestampBuilder).Append(60) }, "1970-01-01_00:01:00Z"},
		{arrow.BinaryTypes.LargeString, func(b array.Builder) { b.(*array.LargeStringBuilder).Append("x") }, "x"},
		{arrow.Null, func(b array.Builder) { b.AppendNull() }, `""`},
		{dict, func(b array.Builder) {
			d := b.(*array.BinaryDictionaryBuilder)
			for _, v := range []string{"u", "v", "u"} {
				if err := d.AppendString(v); err != nil {
					t.Fatal(err)
				}
			}
			d.AppendNull()
		}, `u v u ""`},
		{arrow.BinaryTypes.String, func(b array.Builder) {
			b.(*array.StringBuilder).AppendValues([]string{"", "a,b", "\"", " x", "x\t", "a\nb", "a\rb", "plain text", "\uFEFF"}, nil)
			b.AppendNull()
		}, "\"\" \"a,b\" \"\"\"\" \"_x\" \"x\t\" \"a\nb\" \"a\rb\" plain_text \"\uFEFF\" \"\""},
	} {
		got, err := write(t, []arrow.Field{{Name: "x", Type: c.typ, Nullable: true}}, WriterOptions{NoHeader: true}, func(b *array.RecordBuilder) { c.fill(b.Field(0)) })
		if err != nil {
			t.Errorf("%s: %v", c.typ, err)
			continue
		}
		want := strings.ReplaceAll(strings.ReplaceAll(c.want, " ", "\x00"), "_", " ")
		if got != strings.ReplaceAll(want, "\x00", "\n")+"\n" {
			t.Errorf("%s:\n got %q\nwant %q", c.typ, got, c.want)
		}
	}
}

func TestWriterOptions(t *testing.T) {
	fields := []arrow.Field{
		{Name: "=name", Type: arrow.BinaryTypes.String, Nullable: true}, {Name: "n", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	}
	fill := func(b *array.RecordBuilder) {
		b.Field(0).(*array.StringBuilder).AppendValues([]string{"=cmd|' /C calc'!A0", "+1", "-1", "@x", "\tx", "\rx", "a=b", ""}, nil)
		b.Field(1).(*array.Float64Builder).AppendValues([]float64{-1.5, 2, 3, 4, 5, 6, 7}, nil)
		b.Field(1).AppendNull()
	}
	got, err := write(t, fields, WriterOptions{Delimiter: ";", Numbers: "de", CRLF: true, BOM: true, Spreadsheet: true}, fill)
	want := "\xEF\xBB\xBF\"'=name\";n\r\n\"'=cmd|' /C calc'!A0\";-1,5\r\n\"'+1\";2\r\n\"'-1\";3\r\n\"'@x\";4\r\n\"'\tx\";5\r\n\"'\rx\";6\r\na=b;7\r\n\"\";\r\n"
	if err != nil || got != want {
		t.Errorf("%v\n got %q\nwant %q", err, got, want)
	}
	got, err = write(t, fields, WriterOptions{}, fill)
	want = "=name,n\n=cmd|' /C calc'!A0,-1.5\n+1,2\n-1,3\n@x,4\n\"\tx\",5\n\"\rx\",6\na=b,7\n\"\",\n"
	if err != nil || got != want {
		t.Errorf("%v\n got %q\nwant %q", err, got, want)
	}
	_, err = write(t, fields[1:], WriterOptions{}, func(b *array.RecordBuilder) { b.Field(0).(*array.Float64Builder).Append(math.Inf(1)) })
	wantProblem(t, err, "SEG-NUM-002")
	_, err = write(t, fields, WriterOptions{Delimiter: "x"}, fill)
	wantProblem(t, err, "SEG-CFG-003")
	_, err = write(t, fields, WriterOptions{Numbers: "fr"}, fill)
	wantProblem(t, err, "SEG-CFG-003")
	_, err = write(t, []arrow.Field{{Name: "l", Type: arrow.ListOf(arrow.PrimitiveTypes.Int8)}}, WriterOptions{}, func(b *array.RecordBuilder) {})
	wantProblem(t, err, "SEG-SCH-002")
}

type fullDisk struct{}

var errFull = errors.New("no space left")

func (fullDisk) Write(p []byte) (int, error) { return 0, errFull }

func TestWriterKeepsErrors(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{{Name: "s", Type: arrow.BinaryTypes.String}}, nil)
	w, err := NewWriter(fullDisk{}, schema, WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	b.Field(0).(*array.StringBuilder).Append(strings.Repeat("x", 1<<20))
	rec := b.NewRecord()
	defer rec.Release()
	if err := w.Write(rec); !errors.Is(err, errFull) {
		t.Errorf("Write: %v", err)
	}
	if err := w.Close(); !errors.Is(err, errFull) {
		t.Errorf("Close: %v", err)
	}
	other := arrow.NewSchema([]arrow.Field{{Name: "s", Type: arrow.PrimitiveTypes.Int8}}, nil)
	if w, err = NewWriter(&bytes.Buffer{}, other, WriterOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := w.Write(rec); err == nil {
		t.Error("a record of another schema was written")
	}
}
