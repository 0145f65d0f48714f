package csvio

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
)

// TestBadInputs holds the errors of bad-inputs.md: id, place, and what the message must say.
func TestBadInputs(t *testing.T) {
	for _, c := range []struct {
		name         string
		opt          Options
		text         string
		id           string
		line, column int
		says         []string // in the whole message
	}{
		{name: "empty", text: "", id: "SEG-SRC-002"},
		{name: "blank lines only", text: "\n \r\n\n", id: "SEG-SRC-002"},
		{name: "mark only", text: "\xEF\xBB\xBF", id: "SEG-SRC-002"},
		{name: "empty, header given", opt: Options{Header: []string{"a"}}, text: "\n", id: "SEG-SRC-002"},
		{name: "header only", text: "a,b\n\n", id: "SEG-SRC-003"},
		{name: "cp1252", text: "a,b\nx,1\nK\xf6ln,2\n", id: "SEG-CSV-001", line: 3, column: 2, says: []string{"looks like Windows-1252", "encoding: cp1252"}},
		{name: "cp1252 in a quoted line", text: "a,b\n\"x\nK\xf6ln\",2\n", id: "SEG-CSV-001", line: 3, column: 2},
		{name: "neither", text: "a,b\nx\x81\xf6,1\n", id: "SEG-CSV-001", line: 2, column: 2, says: []string{"not UTF-8 |"}},
		{name: "not in cp1252", opt: Options{Encoding: "cp1252"}, text: "a,b\nx\x81,1\n", id: "SEG-CSV-001", line: 2, column: 2},
		{name: "mark against encoding", opt: Options{Encoding: "cp1252"}, text: "\xEF\xBB\xBFa,b\n1,2\n", id: "SEG-CSV-001", line: 1, column: 1},
		{name: "utf-16 without order", opt: Options{Encoding: "utf-16"}, text: "a,b\n1,2\n", id: "SEG-CSV-002"},
		{name: "wrong delimiter", opt: Options{Delimiter: ","}, text: "a;b;c\nx;1;2\ny;3;4\n", id: "SEG-CSV-003", says: []string{"with ',' every row has 1 column, with ';' 3", "\";\""}},
		{name: "wrong delimiter, decimal commas", opt: Options{Delimiter: ","}, text: "a;b\n1,5;2\n1,5;3\n", id: "SEG-CSV-003", says: []string{"with ',' the header has 1 column, with ';' every row has 2"}},
		{name: "wrong delimiter, header given", opt: Options{Delimiter: ",", Header: []string{"x", "y", "z"}}, text: "1 2  3\n4 5  6\n", id: "SEG-CSV-003", says: []string{"whitespace 3"}},
		{name: "two delimiters fit", text: "a,b;c\nx,1;2\ny,3;4\n", id: "SEG-CSV-003", says: []string{"with ',' every row has 2 columns", "with ';' every row has 2 columns"}},
		{name: "title line", text: "Report\na;b;c\nx;1;2\ny;3;4\n", id: "SEG-CSV-003", says: []string{"with ';' the first line has 1 column, all the others 3"}},
		{name: "header and rows do not fit", opt: Options{Header: []string{"x", "y"}}, text: "1;2;3\n", id: "SEG-CSV-003", says: []string{"3 columns"}},
		{name: "ambiguous", text: "x;n\na;1.234\nb;5.678\n", id: "SEG-CSV-004", line: 2, column: 3, says: []string{`column "n"`, "1.234 may mean 1234", "1 and 234 thousandths", "2 such cells, first in lines 2, 3", "numbers: de|en"}},
		{name: "ambiguous comma", text: "x;n\na;7,890\nb;17\n", id: "SEG-CSV-004", line: 2, says: []string{"1,234 may mean 1234 (English", "numbers: de|en"}},
		{name: "two styles", text: "x;n\na;1,234.56\nb;1.234,56\n", id: "SEG-CSV-005", line: 3, column: 3, says: []string{"first in f.csv:2", "first in f.csv:3"}},
		{name: "against the option", opt: Options{Numbers: "de"}, text: "x;n\na;1,5\nb;1.5\n", id: "SEG-CSV-005", line: 3, column: 3},
		{name: "no such day", text: "x;d\na;01.02.2026\nb;31.02.2026\n", id: "SEG-CSV-006", line: 3, column: 3, says: []string{"1 date is no day of the calendar"}},
		{name: "no such day, alone", text: "x;d\na;31.02.2026\n", id: "SEG-CSV-006", line: 2},
		{name: "no month in either order", text: "x;d\na;13/14/2026\n", id: "SEG-CSV-006", line: 2},
		{name: "no leap year", text: "d,x\n1900-02-29,1\n", id: "SEG-CSV-006", line: 2},
		{name: "no such time", text: "d,x\n2026-01-01 25:00,1\n", id: "SEG-CSV-006", line: 2},
		{name: "placeholder date", text: "d,x\n2026-01-01,1\n0000-00-00,2\n", id: "SEG-CSV-006", line: 3, says: []string{"nulls"}},
		{name: "eight digits, no day", text: "datum,x\n20260101,1\n20260231,2\n", id: "SEG-CSV-006", line: 3},
		{name: "mixed date styles", text: "d,x\n2026-01-01,1\n02.01.2026,2\n", id: "SEG-CSV-006", line: 3, says: []string{"yyyy-mm-dd (1, first in f.csv:2)", "dd.mm.yyyy (1, first in f.csv:3)"}},
		{name: "mixed with the option", opt: Options{Dates: "dd.mm.yyyy"}, text: "d,x\n2026-01-01,1\n02.01.2026,2\n", id: "SEG-CSV-006", line: 2},
		{name: "day or month", text: "d,x\n01/02/2026,1\n03/04/2026,2\n", id: "SEG-CSV-006", line: 2, says: []string{"ambiguous", "dates: \"dd/mm/yyyy\"", "mm/dd/yyyy"}},
		{name: "both orders", text: "d,x\n13/02/2026,1\n03/14/2026,2\n", id: "SEG-CSV-006", line: 3},
		{name: "declared order does not fit", opt: Options{Dates: "dd/mm/yyyy"}, text: "d,x\n03/14/2026,2\n", id: "SEG-CSV-006", line: 2},
		{name: "zones and none", text: "d,x\n2026-01-01 10:00,1\n2026-01-01 10:00Z,2\n", id: "SEG-CSV-006", line: 3},
		{name: "artefacts in dates", text: "d,x\n2026-01-01,1\nNULL,2\n", id: "SEG-CSV-006", line: 3, says: []string{"NULL: 1", `nulls: ["NULL"]`}},
		{name: "unclosed quote to the end", text: "a,b\n1,2\n3,\"x\n4,5\n6,7\n", id: "SEG-CSV-007", line: 3, column: 3, says: []string{"end of the file"}},
		{name: "unclosed quote, another follows", text: "a,b\n1,\"x\n2,\"y\"\n", id: "SEG-CSV-007", line: 2, column: 3, says: []string{"line 3"}},
		{name: "unclosed quote, limit", opt: Options{MaxField: 50}, text: "a,b\n1,\"x\n" + strings.Repeat("2,3\n", 100), id: "SEG-CSV-007", line: 2, column: 3},
		{name: "text behind a quote", text: "a,b\n1,\"x\"y\n", id: "SEG-CSV-007", line: 2, column: 3},
		{name: "too many fields", text: "a,b\n1,2\n\"3\n\",4,5\n", id: "SEG-CSV-008", line: 4, column: 5, says: []string{"3 fields where the header has 2"}},
		{name: "too few fields", text: "a,b\n1,2\n3\n", id: "SEG-CSV-008", line: 3, column: 2},
		{name: "15 of 14", text: "a;b;c;d;e;f;g;h;i;j;k;l;m;n\n1;2;3;4;5;6;7;8;9;10;11;12;13;14;15\n", id: "SEG-CSV-008", line: 2, says: []string{"15 fields", "14"}},
		{name: "duplicate header", text: "a,b,a\n1,2,3\n", id: "SEG-CSV-009", line: 1, column: 5, says: []string{"columns 1 and 3"}},
		{name: "empty header", text: "a,,c\n1,2,3\n", id: "SEG-CSV-009", line: 1, column: 3, says: []string{"column 2 of 3"}},
		{name: "renamed onto another", opt: Options{Rename: map[string]string{"a": "b"}}, text: "a,b\n1,2\n", id: "SEG-CSV-009"},
		{name: "NUL", text: "a,b\nx\x00y,1\n", id: "SEG-CSV-010", line: 2, column: 2},
		{name: "long field", opt: Options{MaxField: 10}, text: "a,b\n1,2\n3,12345678901\n", id: "SEG-CSV-011", line: 3, column: 3},
		{name: "long quoted field", opt: Options{MaxField: 10}, text: "a,b\n1,2\n3,\"12345678901\"\n", id: "SEG-CSV-011", line: 3, column: 4},
		{name: "artefacts", text: "x;n\na;1\nb;2\nc;#NV\nd;3\ne;-\nf;#NV\ng;4\nh;5\n", id: "SEG-NUM-001", line: 4, column: 3,
			says: []string{`column "n"`, "#NV: 2, -: 1", `nulls: ["#NV", "-"]`}},
		{name: "foreign notations", text: "n,x\n1,1\n1_000,1\n0x1p4,1\n2,1\n", id: "SEG-NUM-001", line: 3, says: []string{"1_000", "0x1p4", "repair"}},
		{name: "beyond float64", text: "n,x\n1e999,1\n", id: "SEG-NUM-002", line: 2},
		{name: "unknown encoding", opt: Options{Encoding: "ebcdic"}, id: "SEG-CFG-003"},
		{name: "unknown delimiter", opt: Options{Delimiter: "ab"}, id: "SEG-CFG-003"},
		{name: "unknown numbers", opt: Options{Numbers: "fr"}, id: "SEG-CFG-003"},
		{name: "unknown dates", opt: Options{Dates: "yyyy-dd-mm"}, id: "SEG-CFG-003"},
		{name: "unknown quote", opt: Options{Quote: "x"}, id: "SEG-CFG-003"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := Scan(strings.NewReader(c.text), "f.csv", c.opt)
			if err == nil {
				_, err = p.Layout()
			}
			got := wantProblem(t, err, c.id)
			if c.line > 0 && (got.File != "f.csv" || got.Line != c.line) || c.column > 0 && got.Column != c.column {
				t.Errorf("at %s, want f.csv:%d:%d", got.At(), c.line, c.column)
			}
			for _, s := range c.says {
				if !strings.Contains(got.Error(), s) {
					t.Errorf("%q is not in: %s", s, got.Error())
				}
			}
			if got.Values != "" {
				t.Errorf("values shown without being asked: %q", got.Values)
			}
		})
	}
}

func TestEveryArtefact(t *testing.T) {
	for _, token := range []string{
		"NaN", "nan", "-nan", "inf", "-Inf", "+inf", "Infinity", "-Infinity", "#DIV/0!", "#N/A", "#NV", "#WERT!", "#VALUE!", "#BEZUG!", "#NAME?", "#ZAHL!",
		"-", "--", ".", "?", "n/a", "NA", "null", "NULL", "None", "1_000", "1_000.5", "-1_000", "0x1p4", "0xFF", "-0x10", "1.#QNAN",
	} {
		_, _, err := load(Options{}, "x,n\na,1\nb,"+token+"\n")
		wantProblem(t, err, "SEG-NUM-001")
		types, values, err := load(Options{Nulls: []string{token}}, "x,n\na,1\nb,"+token+"\n")
		if err != nil || types != "x utf8, n int64" || values != "a,1\nb,\n" {
			t.Errorf("%q as null: %q %q %v", token, types, values, err)
		}
	}
	for _, text := range []string{"_", "x_1", "1_", "0x", "0xyz", "no idea", "12 Stück", "1-2", "+", "e5", "1e", "1e+", "--5", "1e12345"} {
		types, _, err := load(Options{}, "x,n\na,1\nb,"+text+"\n")
		if err != nil || types != "x utf8, n utf8" {
			t.Errorf("%q should be text: %q %v", text, types, err)
		}
	}
}

func TestShowValues(t *testing.T) {
	_, _, err := load(Options{ShowValues: true}, "x;n\na;1.234\n")
	if p := wantProblem(t, err, "SEG-CSV-004"); p.Values != "1.234" || strings.Contains(p.What, "5.678") {
		t.Errorf("values %q", p.Values)
	}
}

// TestReject: the hook decides row by row, and rows are numbered without those left out.
func TestReject(t *testing.T) {
	const text = "a,b\n1,2\n3\n4,5\n6,7,8\n9,10\n"
	var lines []int64
	opt := Options{Reject: func(line int64, code string) bool {
		if code != "SEG-CSV-008" {
			t.Errorf("code %s", code)
		}
		lines = append(lines, line)
		return line != 5
	}}
	_, err := Scan(strings.NewReader(text), "f", opt)
	if p := wantProblem(t, err, "SEG-CSV-008"); p.Line != 5 {
		t.Errorf("line %d", p.Line)
	}
	opt.Reject = func(line int64, _ string) bool { return true }
	p, err := Scan(strings.NewReader(text), "f", opt)
	if err != nil || p.Rows() != 3 || p.Rejected() != 2 {
		t.Fatalf("%v %+v", err, p)
	}
	l, err := p.Layout()
	if err != nil {
		t.Fatal(err)
	}
	rows := int64(0)
	if err := Read(context.Background(), strings.NewReader(text), "f", opt, l, func(rec arrow.Record, _ int64) error { rows += rec.NumRows(); return nil }); err != nil || rows != 3 {
		t.Errorf("%d rows, %v", rows, err)
	}
	_, err = Scan(strings.NewReader("a,b\n1\n2\n"), "f", opt)
	if p := wantProblem(t, err, "SEG-SRC-003"); !strings.Contains(p.Why, "all 2 rows") {
		t.Errorf("%v", p)
	}
}

// TestReadRefuses: cells that the layout has no room for are errors with their place, never null or rounded.
func TestReadRefuses(t *testing.T) {
	l, _, err := layoutOf(Options{}, "i,d,f,t,b,s\n1,0.5,1e3,2026-01-01,yes,x\n2,1.25,1e4,2026-01-02,no,y\n")
	if err != nil {
		t.Fatal(err)
	}
	read := func(opt Options, text string) error {
		return Read(context.Background(), strings.NewReader(text), "g.csv", opt, l, func(arrow.Record, int64) error { return nil })
	}
	for _, c := range []struct{ row, id string }{
		{"x,0.5,1,2026-01-01,yes,x", "SEG-NUM-001"},
		{"NaN,0.5,1,2026-01-01,yes,x", "SEG-NUM-001"},
		{"007,0.5,1,2026-01-01,yes,x", "SEG-NUM-001"},
		{"1.5,0.5,1,2026-01-01,yes,x", "SEG-NUM-002"},
		{"1e3,0.5,1,2026-01-01,yes,x", "SEG-NUM-002"},
		{"9223372036854775808,0.5,1,2026-01-01,yes,x", "SEG-NUM-002"},
		{"1.234,0.5,1,2026-01-01,yes,x", "SEG-CSV-004"},
		{"1,0.125,1,2026-01-01,yes,x", "SEG-NUM-002"},
		{"1,1e2,1,2026-01-01,yes,x", "SEG-NUM-002"},
		{"1,\"0,5\",1,2026-01-01,yes,x", "SEG-CSV-005"},
		{"1,0.5,1e999,2026-01-01,yes,x", "SEG-NUM-002"},
		{"1,0.5,1,01.01.2026,yes,x", "SEG-CSV-006"},
		{"1,0.5,1,2026-02-30,yes,x", "SEG-CSV-006"},
		{"1,0.5,1,soon,yes,x", "SEG-CSV-006"},
		{"1,0.5,1,2026-01-01,true,x", "SEG-SCH-001"},
	} {
		p := wantProblem(t, read(Options{}, "i,d,f,t,b,s\n"+c.row+"\n"), c.id)
		if p.File != "g.csv" || p.Line != 2 || p.Values != "" {
			t.Errorf("%s: %v", c.row, p)
		}
	}
	if err := read(Options{}, "s,b,t,f,d,i,extra\n,,,,,,z\n"); err != nil {
		t.Errorf("other order, a further column and nulls: %v", err)
	}
	wantProblem(t, read(Options{}, "i,d,f,t,b\n1,0.5,1,2026-01-01,yes\n"), "SEG-SCH-001")
	wantProblem(t, read(Options{}, ""), "SEG-SRC-002")
	wantProblem(t, read(Options{}, "i,d,f,t,b,s\n"), "SEG-SRC-003")
	_, err = l.Select("i", "nope")
	wantProblem(t, err, "SEG-FEA-002")
}

// TestSeveralProblems: Layout names all columns that cannot be decided.
func TestSeveralProblems(t *testing.T) {
	_, _, err := load(Options{}, "a;b\n1.234;31.02.2026\n")
	wantProblem(t, err, "SEG-CSV-004")
	if !strings.Contains(err.Error(), "SEG-CSV-006") {
		t.Errorf("only one: %v", err)
	}
}

// endless gives a quote that never closes.
type endless struct{ given int64 }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = "x,y\n"[i%4]
	}
	if e.given == 0 {
		copy(p, "a,b\n1,\"")
	}
	e.given += int64(len(p))
	return len(p), nil
}

// TestBoundedMemory: an endless field or row is given up after a few times the limit, not at the end of the stream.
func TestBoundedMemory(t *testing.T) {
	src := &endless{}
	_, err := Scan(src, "f", Options{})
	if p := wantProblem(t, err, "SEG-CSV-007"); p.Line != 2 {
		t.Errorf("line %d", p.Line)
	}
	if src.given > 8<<20 {
		t.Errorf("read %d bytes", src.given)
	}
	long := io.MultiReader(strings.NewReader("a,b\n1,"), io.LimitReader(&repeated{unit: strings.Repeat("z", 4096)}, 200<<20))
	_, err = Scan(long, "f", Options{})
	if p := wantProblem(t, err, "SEG-CSV-011"); p.Line != 2 || p.Column != 3 {
		t.Errorf("at %s", p.At())
	}
	for _, unit := range []string{",", strings.Repeat("y", 1000) + ","} {
		row := io.MultiReader(strings.NewReader("a,b\n"), io.LimitReader(&repeated{unit: unit}, 200<<20))
		_, err = Scan(row, "f", Options{})
		if p := wantProblem(t, err, "SEG-CSV-011"); !strings.Contains(p.What, "row") || p.Line != 2 {
			t.Errorf("%v", p)
		}
	}
}

// repeated gives its unit for ever.
type repeated struct {
	unit string
	at   int
}

func (r *repeated) Read(p []byte) (int, error) {
	n := copy(p, r.unit[r.at:])
	r.at = (r.at + n) % len(r.unit)
	return n, nil
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestReadErrorsAreKept(t *testing.T) {
	_, err := Scan(io.MultiReader(strings.NewReader("a,b\n1,2\n"), failing{}), "f", Options{})
	wantProblem(t, err, "SEG-SRC-004")
}
