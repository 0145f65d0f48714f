package csvio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/apache/arrow/go/v17/arrow"

	"segovia/kernels/problem"
)

// load runs both passes over the texts, named a.csv, b.csv ..., and returns the types and the values in canonical text.
func load(opt Options, texts ...string) (types, values string, err error) {
	l, p, err := layoutOf(opt, texts...)
	if err != nil {
		return "", "", err
	}
	var parts []string
	for _, f := range l.Schema().Fields() {
		parts = append(parts, f.Name+" "+f.Type.String())
	}
	var out bytes.Buffer
	w, err := NewWriter(&out, l.Schema(), WriterOptions{NoHeader: true})
	if err != nil {
		return "", "", err
	}
	rows := int64(0)
	for i, text := range texts {
		next := int64(1)
		err := Read(context.Background(), strings.NewReader(text), fileName(i), opt, l, func(rec arrow.Record, first int64) error {
			if first != next {
				return fmt.Errorf("batch starts at row %d, want %d", first, next)
			}
			next += rec.NumRows()
			rows += rec.NumRows()
			return w.Write(rec)
		})
		if err != nil {
			return "", "", fmt.Errorf("read: %w", err)
		}
	}
	if rows != p.Rows() {
		return "", "", fmt.Errorf("read %d rows, scanned %d", rows, p.Rows())
	}
	err = w.Close()
	return strings.Join(parts, ", "), out.String(), err
}

func fileName(i int) string { return string(rune('a'+i)) + ".csv" }

func layoutOf(opt Options, texts ...string) (*Layout, *Profile, error) {
	var p *Profile
	for i, text := range texts {
		q, err := Scan(strings.NewReader(text), fileName(i), opt)
		if err != nil {
			return nil, nil, err
		}
		if p == nil {
			p = q
		} else if err := p.Merge(q); err != nil {
			return nil, nil, err
		}
	}
	l, err := p.Layout()
	return l, p, err
}

func TestTypesAndValues(t *testing.T) {
	for _, c := range []struct {
		name   string
		opt    Options
		text   string
		types  string
		values string
	}{
		{name: "integers", text: "a,b\n1,-5\n+2,0\n,7\n", types: "a int64, b int64", values: "1,-5\n2,0\n,7\n"},
		{name: "int64 limits", text: "a\n9223372036854775807\n-9223372036854775808\n", types: "a int64", values: "9223372036854775807\n-9223372036854775808\n"},
		{name: "beyond int64", text: "a\n9223372036854775808\n-1\n", types: "a decimal(38, 0)", values: "9223372036854775808\n-1\n"},
		{name: "38 digits", text: "a\n12345678901234567890123456789012345.678\n-0.5\n", types: "a decimal(38, 3)",
			values: "12345678901234567890123456789012345.678\n-0.500\n"},
		{name: "39 digits", text: "a\n123456789012345678901234567890123456.789\n0.5\n", types: "a float64", values: "1.2345678901234568e+35\n0.5\n"},
		{name: "point zero", text: "id,x\n17850.0,1\n,2\n", types: "id decimal(38, 1), x int64", values: "17850.0,1\n,2\n"},
		{name: "exponents", text: "a\n1e3\n-2.5E-3\n7\n", types: "a float64", values: "1000\n-0.0025\n7\n"},
		{name: "German exponents", text: "a;b\n1,5E+03;1\n2,5;2\n", types: "a float64, b int64", values: "1500,1\n2.5,2\n"},
		{name: "leading zeros", text: "a,b\n00123,0\n5,0.5\n", types: "a utf8, b decimal(38, 1)", values: "00123,0.0\n5,0.5\n"},
		{name: "half numbers", text: "a,b\n.5,5.\n-.25,7.\n", types: "a decimal(38, 2), b int64", values: "0.50,5\n-0.25,7\n"},
		{name: "German", text: "a;b\n1.234,56;1.234\n0,5;1.234.567\n", types: "a decimal(38, 2), b int64", values: "1234.56,1234\n0.50,1234567\n"},
		{name: "English", text: "a;b\n1,234.56;1,234\n0.5;1,234,567\n", types: "a decimal(38, 2), b int64", values: "1234.56,1234\n0.50,1234567\n"},
		{name: "dot decided by others", text: "a\n1.234\n12.5\n", types: "a decimal(38, 3)", values: "1.234\n12.500\n"},
		{name: "dot decided by 0.123", text: "a\n1.234\n0.123\n", types: "a decimal(38, 3)", values: "1.234\n0.123\n"},
		{name: "dot decided by four digits", text: "a\n1.234\n1234.567\n", types: "a decimal(38, 3)", values: "1.234\n1234.567\n"},
		{name: "declared de", opt: Options{Numbers: "de"}, text: "a;b\n1.234;7\n", types: "a int64, b int64", values: "1234,7\n"},
		{name: "declared en", opt: Options{Numbers: "en"}, text: "a;b\n1.234;7\n", types: "a decimal(38, 3), b int64", values: "1.234,7\n"},
		{name: "ISO dates", text: "d\n2026-11-21\n1969-12-31\n", types: "d timestamp[us]", values: "2026-11-21 00:00:00\n1969-12-31 00:00:00\n"},
		{name: "times", text: "d\n2026-11-21 08:05\n2026-11-21T23:59:59.1234567\n", types: "d timestamp[us]", values: "2026-11-21 08:05:00\n2026-11-21 23:59:59.123456\n"},
		{name: "zones become UTC", text: "d\n2026-11-21T08:05:00Z\n2026-11-21 00:30:00+02:00\n", types: "d timestamp[us]", values: "2026-11-21 08:05:00\n2026-11-20 22:30:00\n"},
		{name: "AM PM", text: "d\n12/31/2026 12:05 AM\n1/2/2026 1:05:09 pm\n", types: "d timestamp[us]", values: "2026-12-31 00:05:00\n2026-01-02 13:05:09\n"},
		{name: "German dates", text: "d;x\n1.2.2026;1\n28.02.2026 7:30;2\n", types: "d timestamp[us], x int64", values: "2026-02-01 00:00:00,1\n2026-02-28 07:30:00,2\n"},
		{name: "month first, decided", text: "d\n01/02/2026\n01/13/2026\n", types: "d timestamp[us]", values: "2026-01-02 00:00:00\n2026-01-13 00:00:00\n"},
		{name: "day first, decided", text: "d\n01-02-2026\n13-01-2026\n", types: "d timestamp[us]", values: "2026-02-01 00:00:00\n2026-01-13 00:00:00\n"},
		{name: "same both ways", text: "d\n02/02/2026\n", types: "d timestamp[us]", values: "2026-02-02 00:00:00\n"},
		{name: "declared order", opt: Options{Dates: "mm/dd/yyyy"}, text: "d\n01/02/2026\n", types: "d timestamp[us]", values: "2026-01-02 00:00:00\n"},
		{name: "declared with time", opt: Options{Dates: "dd/mm/yyyy hh:mm:ss"}, text: "d\n01/02/2026 10:00:00\n", types: "d timestamp[us]", values: "2026-02-01 10:00:00\n"},
		{name: "two-digit years when asked", opt: Options{Dates: "dd.mm.yy"}, text: "d\n31.12.68\n31.12.69\n", types: "d timestamp[us]", values: "2068-12-31 00:00:00\n1969-12-31 00:00:00\n"},
		{name: "two-digit years else", text: "d\n31.12.68\n", types: "d utf8", values: "31.12.68\n"},
		{name: "leap days", text: "d\n2000-02-29\n2024-02-29\n", types: "d timestamp[us]", values: "2000-02-29 00:00:00\n2024-02-29 00:00:00\n"},
		{name: "eight digits", text: "n,order_date,customer\n20260101,20260101,20260101\n", types: "n int64, order_date timestamp[us], customer int64",
			values: "20260101,2026-01-01 00:00:00,20260101\n"},
		{name: "eight digits declared", opt: Options{Dates: "yyyymmdd"}, text: "n,id\n20260101,10000001\n20261231,99999999\n", types: "n timestamp[us], id int64",
			values: "2026-01-01 00:00:00,10000001\n2026-12-31 00:00:00,99999999\n"},
		{name: "eight digits with time", text: "n\n20260101\n20260102 10:00\n", types: "n timestamp[us]", values: "2026-01-01 00:00:00\n2026-01-02 10:00:00\n"},
		{name: "Bestelldatum", text: "Bestelldatum,x\n20260101,1\n", types: "Bestelldatum timestamp[us], x int64", values: "2026-01-01 00:00:00,1\n"},
		{name: "bool", text: "a,b,c,d\nyes,TRUE,Ja,wahr\nNo,false,nein,\n", types: "a bool, b bool, c bool, d bool", values: "true,true,true,true\nfalse,false,false,\n"},
		{name: "one word is not enough", text: "a,b,c\nNO,Y,true\nno,y,true\n", types: "a utf8, b utf8, c bool", values: "NO,Y,true\nno,y,true\n"},
		{name: "mixed words", text: "a\nyes\nfalse\n", types: "a utf8", values: "yes\nfalse\n"},
		{name: "j n", text: "a,b\nJ,y\nN,n\n", types: "a bool, b bool", values: "true,true\nfalse,false\n"},
		{name: "empty column", text: "a,b\n,1\n  ,2\n", types: "a utf8, b int64", values: ",1\n,2\n"},
		{name: "nulls", opt: Options{Nulls: []string{"n/a", "-999"}}, text: "a,b\nn/a,x\n-999,n/a\n5,N/A\n", types: "a int64, b utf8", values: ",x\n,\n5,N/A\n"},
		{name: "text option", opt: Options{Text: []string{"id"}}, text: "id,x\n 17850.0 ,1\n1e5,2\n", types: "id utf8, x int64", values: "\" 17850.0 \",1\n1e5,2\n"},
		{name: "free text wins", text: "a,b\n1,2026-01-01\n2,tomorrow\nthree,2026-01-02\n", types: "a utf8, b utf8", values: "1,2026-01-01\n2,tomorrow\nthree,2026-01-02\n"},
		{name: "artefacts in the majority", text: "a\n-\n-\nn/a\n1\n", types: "a utf8", values: "-\n-\nn/a\n1\n"},
		{name: "no dates but codes", text: "a\n12.34.5678\n99.99.9999\n", types: "a utf8", values: "12.34.5678\n99.99.9999\n"},
		{name: "versions and addresses", text: "a,b\n1.2.3,10.0.0.1\n2.0.1,10.0.0.2\n", types: "a utf8, b utf8", values: "1.2.3,10.0.0.1\n2.0.1,10.0.0.2\n"},
		{name: "quotes", text: "a,b\n\"x, \"\"y\"\"\",1\n\"two\nlines\",2\n5\" pipe,3\n\"\",4\n", types: "a utf8, b int64", values: "\"x, \"\"y\"\"\",1\n\"two\nlines\",2\n\"5\"\" pipe\",3\n,4\n"},
		{name: "single quotes", opt: Options{Quote: "'"}, text: "a,b\n'x,y',1\n", types: "a utf8, b int64", values: "\"x,y\",1\n"},
		{name: "no quotes", opt: Options{Quote: "none"}, text: "a,b\n\"x,1\n", types: "a utf8, b int64", values: "\"\"\"x\",1\n"},
		{name: "CRLF and blank lines", text: "\r\na,b\r\n\r\n1,2\r\n   \r\n3,4\r\n\r\n\r\n", types: "a int64, b int64", values: "1,2\n3,4\n"},
		{name: "CR alone", text: "a,b\r1,2\r3,4", types: "a int64, b int64", values: "1,2\n3,4\n"},
		{name: "blank lines of one column", text: "a\n1\n\n2\n\n\n", types: "a int64", values: "1\n\"\"\n2\n"},
		{name: "BOM", text: "\xEF\xBB\xBFa,b\n1,2\n", types: "a int64, b int64", values: "1,2\n"},
		{name: "quoted BOM header", text: "\xEF\xBB\xBF\"a\",b\n1,2\n", types: "a int64, b int64", values: "1,2\n"},
		{name: "header option", opt: Options{Header: []string{"x", "y"}}, text: "1,2\n3,4\n", types: "x int64, y int64", values: "1,2\n3,4\n"},
		{name: "rename", opt: Options{Rename: map[string]string{"Kunde": "kundennr"}, Text: []string{"kundennr"}}, text: "Kunde,n\n1,2\n", types: "kundennr utf8, n int64", values: "1,2\n"},
		{name: "numbers as names", text: "150,4,setosa\n5.1,3.5,0\n", types: "150 decimal(38, 1), 4 decimal(38, 1), setosa int64", values: "5.1,3.5,0\n"},
		{name: "blanks around", text: "a , b\n 1 ,\t2026-01-01 \n 2\u00a0, 2026-01-02\n", types: "a int64, b timestamp[us]", values: "1,2026-01-01 00:00:00\n2,2026-01-02 00:00:00\n"},
		{name: "umlauts", opt: Options{Encoding: "cp1252"}, text: "stra\xdfe,b\nK\xf6ln \x80,1\n", types: "straße utf8, b int64", values: "Köln €,1\n"},
		{name: "latin9", opt: Options{Encoding: "latin9"}, text: "a,b\n\xa4 5,1\n", types: "a utf8, b int64", values: "€ 5,1\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			types, values, err := load(c.opt, c.text)
			if err != nil {
				t.Fatal(err)
			}
			if types != c.types {
				t.Errorf("types:\n got %s\nwant %s", types, c.types)
			}
			if values != c.values {
				t.Errorf("values:\n got %q\nwant %q", values, c.values)
			}
		})
	}
}

func TestUTF16(t *testing.T) {
	const text = "größe;d\r\n1,5;x😀\r\n2,5;y\r\n"
	encode := func(big bool, mark bool) string {
		var b []byte
		put := func(u uint16) {
			if big {
				b = append(b, byte(u>>8), byte(u))
			} else {
				b = append(b, byte(u), byte(u>>8))
			}
		}
		if mark {
			put(0xFEFF)
		}
		for _, r := range text {
			if r > 0xFFFF {
				r -= 0x10000
				put(uint16(0xD800 + r>>10))
				put(uint16(0xDC00 + r&0x3FF))
			} else {
				put(uint16(r))
			}
		}
		return string(b)
	}
	for _, big := range []bool{false, true} {
		name := map[bool]string{false: "utf-16le", true: "utf-16be"}[big]
		for _, mark := range []bool{false, true} {
			for _, enc := range []string{"", "utf-16", name} {
				types, values, err := load(Options{Encoding: enc}, encode(big, mark))
				if err != nil {
					t.Fatalf("%s mark %v, encoding %q: %v", name, mark, enc, err)
				}
				if types != "größe decimal(38, 1), d utf8" || values != "1.5,x😀\n2.5,y\n" {
					t.Errorf("%s mark %v, encoding %q: got %q %q", name, mark, enc, types, values)
				}
			}
		}
		whole := encode(big, true)
		lone := strings.Replace(whole, encodeUnit(0xDE00, big), encodeUnit('z', big), 1)
		for _, damaged := range []string{whole[:len(whole)-1], lone} {
			_, _, err := load(Options{}, damaged)
			wantProblem(t, err, "SEG-CSV-002")
		}
	}
}

func encodeUnit(u uint16, big bool) string {
	if big {
		return string([]byte{byte(u >> 8), byte(u)})
	}
	return string([]byte{byte(u), byte(u >> 8)})
}

func wantProblem(t *testing.T, err error, id string) *problem.Problem {
	t.Helper()
	var p *problem.Problem
	if !errors.As(err, &p) || p.ID != id {
		t.Fatalf("got %v, want %s", err, id)
	}
	if _, ok := problem.Lookup(p.ID); !ok || p.What == "" || strings.HasPrefix(p.ID, "SEG-CSV") && p.Fix == "" {
		t.Fatalf("unfinished problem: %v", p)
	}
	return p
}

// TestStylesOverFiles: a value in any file decides for all.
func TestStylesOverFiles(t *testing.T) {
	types, values, err := load(Options{}, "a;d\n1.234;01/02/2026\n", "d;a\n13/02/2026;1.234,5\n")
	if err != nil {
		t.Fatal(err)
	}
	if types != "a decimal(38, 1), d timestamp[us]" || values != "1234.0,2026-02-01 00:00:00\n1234.5,2026-02-13 00:00:00\n" {
		t.Errorf("got %s\n%s", types, values)
	}
	_, _, err = load(Options{}, "a;x\n1,5;1\n", "a;x\n1.5;1\n")
	p := wantProblem(t, err, "SEG-CSV-005")
	if !strings.Contains(p.Why, "a.csv:2") || !strings.Contains(p.Why, "b.csv:2") {
		t.Errorf("both places are needed: %v", p)
	}
	// Files with a style of their own do not contradict each other.
	q1, err := Scan(strings.NewReader("a;x\n1.234;1\n"), "de.csv", Options{Numbers: "de"})
	if err != nil {
		t.Fatal(err)
	}
	q2, err := Scan(strings.NewReader("a;x\n1,234.5;1\n"), "en.csv", Options{Numbers: "en"})
	if err != nil {
		t.Fatal(err)
	}
	if err := q1.Merge(q2); err != nil {
		t.Fatal(err)
	}
	l, err := q1.Layout()
	if err != nil {
		t.Fatal(err)
	}
	if got := l.Schema().Field(0).Type.String(); got != "decimal(38, 1)" {
		t.Errorf("type %s", got)
	}
}

func TestMerge(t *testing.T) {
	_, _, err := load(Options{}, "a,b\n1,2\n", "a\n1\n")
	if p := wantProblem(t, err, "SEG-SCH-001"); p.File != "b.csv" {
		t.Errorf("file %q", p.File)
	}
	_, _, err = load(Options{}, "a,b\n1,2\n", "a,b,c\n1,2,3\n")
	if p := wantProblem(t, err, "SEG-SCH-001"); p.File != "a.csv" || !strings.Contains(p.What, `"c"`) {
		t.Errorf("%v", p)
	}
	_, _, err = load(Options{}, "a,b\n1,2\n", "a,b\n2026-01-01,2\n")
	if p := wantProblem(t, err, "SEG-SCH-001"); !strings.Contains(p.What, "number in a.csv, date in b.csv") {
		t.Errorf("%v", p)
	}
	types, _, err := load(Options{}, "a,b\n536365,2\n", "a,b\nC536379,2\n")
	if err != nil || types != "a utf8, b int64" {
		t.Errorf("%s %v", types, err)
	}
	types, _, err = load(Options{}, "a,b\n,2\n", "a,b\n5,2\n", "a,b\n0.25,2\n")
	if err != nil || types != "a decimal(38, 2), b int64" {
		t.Errorf("%s %v", types, err)
	}
}

// TestWideHeader: a first line beyond the first buffer is still split by its delimiter.
func TestWideHeader(t *testing.T) {
	var names, row []string
	for i := range 40000 {
		names = append(names, fmt.Sprintf("column_%d", i))
		row = append(row, "1")
	}
	p, err := Scan(strings.NewReader(strings.Join(names, ";")+"\n"+strings.Join(row, ";")+"\n"), "f", Options{})
	if err != nil || len(p.Columns()) != len(names) {
		t.Fatalf("%v", err)
	}
}

func TestEvidenceOfTextColumns(t *testing.T) {
	l, _, err := layoutOf(Options{}, "id,a\n1,007\n2,5\n3,12\n4,x\n5,1e5\n6,n/a\n7,2026-01-01\n")
	if err != nil {
		t.Fatal(err)
	}
	m := l.Schema().Field(1).Metadata
	got := map[string]string{}
	for i, k := range m.Keys() {
		got[k] = m.Values()[i]
	}
	want := map[string]string{
		"csv.cells": "7", "csv.numbers": "3", "csv.not_numbers": "4", "csv.first_not_number_file": "a.csv", "csv.first_not_number_line": "2",
		"csv.leading_zeros": "1", "csv.first_leading_zero_file": "a.csv", "csv.first_leading_zero_line": "2",
		"csv.exponents": "1", "csv.first_exponent_file": "a.csv", "csv.first_exponent_line": "6", "csv.artefacts": "1", "csv.dates": "1",
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

func TestDelimiter(t *testing.T) {
	for _, c := range []struct {
		name, text, delim string
		opt               Options
		columns           int
	}{
		{"comma", "a,b,c\n1,2,3\n", ",", Options{}, 3},
		{"semicolon over decimal commas", "a;b;c\n1,5;2,5;3,5\n1,5;2,5;3,5\n", ";", Options{}, 3},
		{"commas in names too", "Umsatz, netto;Menge, Stk\n1,5;2,5\n3,5;2,5\n", ";", Options{}, 2},
		{"tab", "a\tb\n1,5\t2\n", "tab", Options{}, 2},
		{"pipe", "a|b\n1,5|2\n", "|", Options{}, 2},
		{"quoted delimiters do not count", "\"a;x\",\"b;y\",c\n1,2,3\n", ",", Options{}, 3},
		{"blanks", " id  date n   value\n 00001 19970101  1   11.77\n 00002 19970112  12  1.00\n", "whitespace", Options{}, 4},
		{"words are one column", "first name\nBrion Stark\nEthyl Botsford\n", "none", Options{}, 1},
		{"one column of decimal commas", "preis\n1,5\n2,5\n7,25\n", "none", Options{}, 1},
		{"one column", "x\n1\n2\n", "none", Options{}, 1},
		{"one column, delimiter set", "x\n1\n2\n", ";", Options{Delimiter: ";"}, 1},
		{"one bad row", "a,b\n1,2\n", ",", Options{}, 2},
		{"header given", " 00004 0001 19970101  2   29.33\n 00004 0001 19970118  2   29.73\n", "whitespace", Options{Header: []string{"m", "c", "d", "n", "v"}}, 5},
		{"header of one", "1,5\n2,5\n", "none", Options{Header: []string{"x"}}, 1},
		{"header of two, decimal commas", "1,5;2\n2,5;3\n", ";", Options{Header: []string{"x", "y"}}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := Scan(strings.NewReader(c.text), "f", c.opt)
			if err != nil {
				t.Fatal(err)
			}
			if p.Files[0].Delimiter != c.delim || len(p.Columns()) != c.columns {
				t.Errorf("got %q with %d columns, want %q with %d", p.Files[0].Delimiter, len(p.Columns()), c.delim, c.columns)
			}
		})
	}
}

// TestChunks: the result depends on the bytes alone, not on how they arrive.
func TestChunks(t *testing.T) {
	var text strings.Builder
	text.WriteString("\xEF\xBB\xBFid;text;d\r\n")
	for i := range 300 {
		fmt.Fprintf(&text, "%d;\"line \"\"%d\"\"\r\nsecond ü\";0%d.02.2026\r\n", i, i, i%9+1)
	}
	type result struct {
		profile string
		rows    int64
	}
	run := func(wrap func(io.Reader) io.Reader) result {
		p, err := Scan(wrap(strings.NewReader(text.String())), "f", Options{})
		if err != nil {
			t.Fatal(err)
		}
		l, err := p.Layout()
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		w, _ := NewWriter(&out, l.Schema(), WriterOptions{})
		if err := Read(context.Background(), wrap(strings.NewReader(text.String())), "f", Options{}, l, func(rec arrow.Record, _ int64) error { return w.Write(rec) }); err != nil {
			t.Fatal(err)
		}
		w.Close()
		return result{fmt.Sprint(p.Files, l.Schema(), out.String()), p.Rows()}
	}
	want := run(func(r io.Reader) io.Reader { return r })
	if want.rows != 300 {
		t.Fatalf("%d rows", want.rows)
	}
	for name, wrap := range map[string]func(io.Reader) io.Reader{"one byte": iotest.OneByteReader, "half": iotest.HalfReader, "data with EOF": iotest.DataErrReader} {
		if got := run(wrap); got != want {
			t.Errorf("%s: differs", name)
		}
	}
}

// TestBatches: batches are cut at batchRows and numbered from 1.
func TestBatches(t *testing.T) {
	var text strings.Builder
	text.WriteString("n,x\n")
	for i := range 2*batchRows + 5 {
		fmt.Fprintf(&text, "%d,%d\n", i, i%7)
	}
	l, _, err := layoutOf(Options{}, text.String())
	if err != nil {
		t.Fatal(err)
	}
	if l, err = l.Select("x"); err != nil {
		t.Fatal(err)
	}
	var firsts []int64
	read := func(ctx context.Context, stop int) error {
		firsts = nil
		return Read(ctx, strings.NewReader(text.String()), "f", Options{}, l, func(rec arrow.Record, first int64) error {
			if rec.NumCols() != 1 {
				t.Errorf("%d columns", rec.NumCols())
			}
			if firsts = append(firsts, first); len(firsts) == stop {
				return io.ErrClosedPipe
			}
			return nil
		})
	}
	if err := read(context.Background(), -1); err != nil || !slices.Equal(firsts, []int64{1, batchRows + 1, 2*batchRows + 1}) {
		t.Errorf("%v %v", firsts, err)
	}
	if err := read(context.Background(), 2); err != io.ErrClosedPipe || len(firsts) != 2 {
		t.Errorf("error of yield: %v after %d", err, len(firsts))
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := read(ctx, -1); !errors.Is(err, context.Canceled) || len(firsts) != 0 {
		t.Errorf("cancelled: %v after %d", err, len(firsts))
	}
}

// A first line of numbers is data, unless it counts upwards one by one as names do.
func TestFirstLineOfNumbers(t *testing.T) {
	for _, c := range []struct {
		text          string
		rows          int64
		first         string
		data, numeric bool
	}{
		{"664159 550946\n665845 557965\n", 2, "column_1", true, false},
		{"1.5,2\n3,4\n", 2, "column_1", true, false},
		{"2024,2025,2026\n1,2,3\n", 1, "2024", false, true},
		{"0,1,2\n5,6,7\n", 1, "0", false, true},
		{"7\n8\n9\n", 3, "column_1", true, false},
		{"150,4,setosa\n5,3,0\n", 1, "150", false, false},
		{"x,1\n5,3\n", 1, "x", false, false},
	} {
		p, err := Scan(strings.NewReader(c.text), "f.csv", Options{})
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		f := p.Files[0]
		if f.Rows != c.rows || f.NoHeader != c.data || f.NumericHeader != c.numeric || p.Columns()[0].Name != c.first {
			t.Errorf("%q: %d rows, first column %q, no header %v, numeric %v", c.text, f.Rows, p.Columns()[0].Name, f.NoHeader, f.NumericHeader)
		}
		layout, err := p.Layout()
		if err != nil {
			t.Fatal(err)
		}
		var rows int64
		err = Read(context.Background(), strings.NewReader(c.text), "f.csv", Options{}, layout, func(rec arrow.Record, first int64) error {
			rows += rec.NumRows()
			return nil
		})
		if err != nil || rows != c.rows {
			t.Errorf("%q: read %d rows: %v", c.text, rows, err)
		}
	}
}
