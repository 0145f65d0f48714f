package csvio

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"pgregory.net/rapid"
)

// column is a generated column: how to add a random value, and how a value reads in canonical text.
type column struct {
	typ arrow.DataType
	add func(t *rapid.T, b array.Builder) string
}

var columnKinds = []column{
	{arrow.BinaryTypes.String, func(t *rapid.T, b array.Builder) string {
		v := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.RuneFrom([]rune("ab,;|\t\r\n\"' =+-@0")))).Draw(t, "text")
		v = strings.ReplaceAll(v, "\x00", "0")
		b.(*array.StringBuilder).Append(v)
		if len(trim([]byte(v))) == 0 {
			return "" // blank text is a missing value
		}
		return v
	}},
	{arrow.PrimitiveTypes.Int64, func(t *rapid.T, b array.Builder) string {
		v := rapid.Int64().Draw(t, "int")
		b.(*array.Int64Builder).Append(v)
		return strconv.FormatInt(v, 10)
	}},
	{&arrow.Decimal128Type{Precision: 38, Scale: 3}, func(t *rapid.T, b array.Builder) string {
		v := rapid.Int64().Draw(t, "decimal")
		b.(*array.Decimal128Builder).Append(decimal128.FromI64(v))
		abs := strings.TrimPrefix(fmt.Sprintf("%04d", v), "-")
		if v < 0 {
			abs = fmt.Sprintf("%04s", abs)
		}
		return map[bool]string{true: "-"}[v < 0] + abs[:len(abs)-3] + "." + abs[len(abs)-3:]
	}},
	{arrow.PrimitiveTypes.Float64, func(t *rapid.T, b array.Builder) string {
		v := rapid.Float64().Draw(t, "float")
		if math.IsInf(v, 0) || math.IsNaN(v) {
			v = 0.5
		}
		b.(*array.Float64Builder).Append(v)
		return strconv.FormatFloat(v, 'g', -1, 64)
	}},
	{&arrow.TimestampType{Unit: arrow.Microsecond}, func(t *rapid.T, b array.Builder) string {
		v := arrow.Timestamp(rapid.Int64Range(-62135596800e6, 253402300799e6).Draw(t, "time"))
		b.(*array.TimestampBuilder).Append(v)
		return v.ToTime(arrow.Microsecond).Format("2006-01-02 15:04:05.999999")
	}},
	{arrow.FixedWidthTypes.Boolean, func(t *rapid.T, b array.Builder) string {
		v := rapid.Bool().Draw(t, "bool")
		b.(*array.BooleanBuilder).Append(v)
		return strconv.FormatBool(v)
	}},
}

// TestRoundTrip: what the writer writes, the reader reads back equal, whatever the options.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var fields []arrow.Field
		var cols []column
		opt := Options{Encoding: "utf-8"}
		for i := range rapid.IntRange(2, 5).Draw(t, "columns") {
			c := columnKinds[rapid.IntRange(0, len(columnKinds)-1).Draw(t, "kind")]
			name := fmt.Sprintf("%d%s", i, rapid.SampledFrom([]string{"", "a b", "x,y", "p;q", "\"", "ä\n", "'", "date"}).Draw(t, "name"))
			fields = append(fields, arrow.Field{Name: strings.TrimSpace(name), Type: c.typ, Nullable: true})
			cols = append(cols, c)
			if c.typ.ID() == arrow.STRING {
				opt.Text = append(opt.Text, strings.TrimSpace(name))
			}
		}
		schema := arrow.NewSchema(fields, nil)
		b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
		defer b.Release()
		rows := rapid.IntRange(1, 20).Draw(t, "rows")
		want := make([][]string, rows)
		for i := range want {
			for j, c := range cols {
				if rapid.IntRange(0, 5).Draw(t, "null") == 0 {
					b.Field(j).AppendNull()
					want[i] = append(want[i], "")
				} else {
					want[i] = append(want[i], c.add(t, b.Field(j)))
				}
			}
		}
		rec := b.NewRecord()
		defer rec.Release()
		wopt := WriterOptions{
			Delimiter: rapid.SampledFrom([]string{",", ";", "tab", "|"}).Draw(t, "delimiter"), Numbers: rapid.SampledFrom([]string{"en", "de"}).Draw(t, "numbers"),
			CRLF: rapid.Bool().Draw(t, "crlf"), BOM: rapid.Bool().Draw(t, "bom"),
		}
		opt.Delimiter, opt.Numbers = wopt.Delimiter, wopt.Numbers
		var out bytes.Buffer
		w, err := NewWriter(&out, schema, wopt)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(rec); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		p, err := Scan(bytes.NewReader(out.Bytes()), "f", opt)
		if err != nil {
			t.Fatalf("%v in %q", err, out.String())
		}
		l, err := p.Layout()
		if err != nil {
			t.Fatalf("%v in %q", err, out.String())
		}
		at := 0
		err = Read(context.Background(), bytes.NewReader(out.Bytes()), "f", opt, l, func(rec arrow.Record, first int64) error {
			for i := range int(rec.NumRows()) {
				for j, f := range fields {
					if got := rec.Schema().Field(j).Name; got != f.Name {
						return fmt.Errorf("column %q, want %q", got, f.Name)
					}
					got := text(rec.Column(j), i)
					if f.Type.ID() == arrow.FLOAT64 && want[at][j] != "" {
						a, _ := strconv.ParseFloat(got, 64)
						b, _ := strconv.ParseFloat(want[at][j], 64)
						if a == b {
							continue
						}
					}
					if got != want[at][j] {
						return fmt.Errorf("row %d column %q: %q, want %q", at, f.Name, got, want[at][j])
					}
				}
				at++
			}
			return nil
		})
		if err != nil || at != rows {
			t.Fatalf("%v after %d of %d rows of %q", err, at, rows, out.String())
		}
	})
}

// text is a value in canonical form, by other means than the writer's.
func text(arr arrow.Array, i int) string {
	if arr.IsNull(i) {
		return ""
	}
	switch a := arr.(type) {
	case *array.String:
		return a.Value(i)
	case *array.Boolean:
		return strconv.FormatBool(a.Value(i))
	case *array.Int64:
		return strconv.FormatInt(a.Value(i), 10)
	case *array.Float64:
		return strconv.FormatFloat(a.Value(i), 'g', -1, 64)
	case *array.Timestamp:
		return a.Value(i).ToTime(arrow.Microsecond).Format("2006-01-02 15:04:05.999999")
	case *array.Decimal128:
		return a.Value(i).ToString(a.DataType().(*arrow.Decimal128Type).Scale)
	}
	return arr.DataType().String()
}

// outcome is all that both passes say about a text.
func outcome(r func() io.Reader, opt Options) string {
	p, err := Scan(r(), "f", opt)
	if err != nil {
		return err.Error()
	}
	s := fmt.Sprintf("%+v", p.Files)
	for _, c := range p.Columns() {
		s += fmt.Sprint(c.Name, c.Type, c.Cells, c.Nulls, c.Numbers, c.Dates, c.Words, c.Metadata)
	}
	l, err := p.Layout()
	if err != nil {
		return s + err.Error()
	}
	rows := int64(0)
	err = Read(context.Background(), r(), "f", opt, l, func(rec arrow.Record, first int64) error {
		if first != rows+1 {
			return fmt.Errorf("batch at %d, want %d", first, rows+1)
		}
		rows += rec.NumRows()
		for j := range int(rec.NumCols()) {
			for i := range int(rec.NumRows()) {
				s += text(rec.Column(j), i) + "|"
			}
		}
		return nil
	})
	if err != nil || rows != p.Rows() {
		return fmt.Sprintf("BROKEN: %s scanned, then read %d rows: %v", s, rows, err)
	}
	return s
}

// TestAnyBytes: whatever the bytes are, the answer is a table or a problem, both passes agree, and it does not depend on the chunks.
func TestAnyBytes(t *testing.T) {
	pieces := []string{
		"a", "b,c", ",", ";", "\t", "|", " ", "\n", "\r\n", "\r", "\"", "\"\"", "'", "1", "1.234", "1,5", "007", "20260101", "2026-01-01", "01/02/2026", "31.02.2026",
		"yes", "no", "NaN", "-", "1e5", "\x00", "\xff\xfe", "\xfe\xff", "\xef\xbb\xbf", "\xe4", "ü", "\xc2\xa0", "\xed\xa0\x80",
	}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(pieces), rapid.Map(rapid.Byte(), func(b byte) string { return string([]byte{b}) })), 0, 60).Draw(t, "text"), "")
		opt := Options{
			Encoding:  rapid.SampledFrom([]string{"", "utf-8", "utf-16", "utf-16le", "utf-16be", "cp1252", "latin9"}).Draw(t, "encoding"),
			Delimiter: rapid.SampledFrom([]string{"", "", ",", ";", "whitespace"}).Draw(t, "delimiter"),
			Quote:     rapid.SampledFrom([]string{"", "none", "'"}).Draw(t, "quote"),
			Dates:     rapid.SampledFrom([]string{"", "dd.mm.yyyy", "mm/dd/yyyy", "yyyymmdd", "dd.mm.yy"}).Draw(t, "dates"),
			Numbers:   rapid.SampledFrom([]string{"", "de", "en"}).Draw(t, "numbers"),
			Header:    rapid.SampledFrom([][]string{nil, nil, {"x"}, {"x", "y"}}).Draw(t, "header"),
			MaxField:  rapid.SampledFrom([]int64{0, 5}).Draw(t, "max"),
		}
		whole := outcome(func() io.Reader { return strings.NewReader(text) }, opt)
		if strings.HasPrefix(whole, "BROKEN") {
			t.Fatalf("%q: %s", text, whole)
		}
		if chunks := outcome(func() io.Reader { return iotest.OneByteReader(strings.NewReader(text)) }, opt); chunks != whole {
			t.Fatalf("%q:\nwhole  %s\nchunks %s", text, whole, chunks)
		}
	})
}

func FuzzScan(f *testing.F) {
	f.Add("a;b\n1,5;\"x\n\"\"y\"\r\n", "", "")
	f.Add("\xff\xfea\x00\n\x001\x00", "utf-16", ";")
	f.Add(" 1 2\n 3  4\n", "", "whitespace")
	f.Fuzz(func(t *testing.T, text, encoding, delimiter string) {
		opt := Options{Encoding: encoding, Delimiter: delimiter}
		if got := outcome(func() io.Reader { return strings.NewReader(text) }, opt); strings.HasPrefix(got, "BROKEN") {
			t.Fatal(got)
		}
	})
}
