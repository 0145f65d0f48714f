package csvio

import (
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/apache/arrow/go/v17/arrow"

	"segovia/kernels/problem"
)

// Profile is what Scan found in one file, or Merge in several.
type Profile struct {
	Files    []FileProfile
	evidence []*evidence // in the order of the first file's columns
}

// FileProfile describes one file.
type FileProfile struct {
	Name      string
	Encoding  string // "utf-8", "utf-16le", "utf-16be", "cp1252", "iso-8859-15"
	Delimiter string // as in Options; "none" for a file of one column that has none
	LineEnd   string // "lf" (with or without cr before it) or "cr"
	Rows      int64  // data rows, without the rejected ones
	Rejected  int64  // rows left out with the consent of Options.Reject
	// NoHeader says that the first line holds numbers only and was taken for a row of data; the columns are then named
	// column_1, column_2 and so on. NumericHeader says that it was taken for names since its numbers count upwards one by
	// one. Options.Header decides where that is wrong.
	NoHeader, NumericHeader bool
}

// Column describes one column of a profile or layout.
type Column struct {
	Name     string
	Type     arrow.DataType
	Cells    int64  // with a value
	Nulls    int64  // empty, or one of Options.Nulls
	MinWidth int    // characters of the shortest and the longest cell with a value
	MaxWidth int    //
	Numbers  string // number style: "de", "en", or "" where the column needs none
	Dates    string // date style ("declared" if the options set it), with " hh:mm" or " hh:mm:ss" if there are times
	Words    string // words of a bool column: "yes/no"
	// Metadata holds the evidence about a float64 column, and a text column that has numbers or dates in it; see
	// Layout.Schema.
	Metadata map[string]string
	// Problem is why the column cannot be read; nil if it can. Layout raises it.
	Problem *problem.Problem

	decision decision
}

// Scan reads the whole stream, in memory that depends on Options.MaxField and the number of columns alone, and returns
// the evidence about every column. name is used in problems. Errors are problems of the families SEG-SRC, SEG-CSV and
// SEG-CFG.
func Scan(r io.Reader, name string, opt Options) (*Profile, error) {
	f, err := open(r, name, opt)
	if err != nil {
		return nil, err
	}
	defer f.close()
	cols := make([]*evidence, len(f.names))
	for i, n := range f.names {
		cols[i] = &evidence{
			name: n, text: slices.Contains(opt.Text, n),
			eightWanted: saysDate(n) || f.d.dates != nil && f.d.dates.shape == shapeEight,
		}
	}
	for {
		ok, err := f.nextRow()
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		for i, e := range cols {
			if cell, raw := f.value(i); cell != nil {
				e.add(cell, raw, f, i)
			} else {
				e.nulls++
			}
		}
	}
	if f.row == 0 {
		return nil, f.noRows()
	}
	for _, e := range cols {
		e.closeFile(f)
	}
	end := "lf"
	if f.newline == '\r' {
		end = "cr"
	}
	return &Profile{
		Files: []FileProfile{{
			Name: name, Encoding: f.encoding, Delimiter: delimiterName(f.delim), LineEnd: end, Rows: f.row, Rejected: f.rejected,
			NoHeader: f.noHeader, NumericHeader: f.dataNames,
		}},
		evidence: cols,
	}, nil
}

// Merge adds the profile of another file of the same source to p. Columns are matched by name; their order may differ.
// It returns SEG-SCH-001 if one file lacks a column of the other. q must not be used afterwards.
func (p *Profile) Merge(q *Profile) error {
	missing := func(name, has, lacks string) error {
		return &problem.Problem{
			ID: "SEG-SCH-001", What: fmt.Sprintf("column %q of %s is missing in another file of the source", name, has),
			File: lacks, Place: fmt.Sprintf("column %q", name), Why: "the files of one source are read as one table",
			Fix: "use `rename` for files with other names, or give the files as sources of their own",
		}
	}
	index := make(map[string]*evidence, len(q.evidence))
	for _, e := range q.evidence {
		index[e.name] = e
	}
	for _, e := range p.evidence {
		if index[e.name] == nil {
			return missing(e.name, p.Files[0].Name, q.Files[0].Name)
		}
	}
	if len(index) > len(p.evidence) {
		have := map[string]bool{}
		for _, e := range p.evidence {
			have[e.name] = true
		}
		for _, e := range q.evidence {
			if !have[e.name] {
				return missing(e.name, q.Files[0].Name, p.Files[0].Name)
			}
		}
	}
	for _, e := range p.evidence {
		e.merge(index[e.name])
	}
	p.Files = append(p.Files, q.Files...)
	return nil
}

// Rows is the number of data rows in all files, without the rejected ones.
func (p *Profile) Rows() int64 {
	n := int64(0)
	for _, f := range p.Files {
		n += f.Rows
	}
	return n
}

// Rejected is the number of rows left out in all files.
func (p *Profile) Rejected() int64 {
	n := int64(0)
	for _, f := range p.Files {
		n += f.Rejected
	}
	return n
}

// Columns describes the columns as far as the evidence goes, also those with a problem.
func (p *Profile) Columns() []Column {
	cols := make([]Column, len(p.evidence))
	for i, e := range p.evidence {
		cols[i] = e.describe()
	}
	return cols
}

func (e *evidence) describe() Column {
	d := e.decide()
	c := Column{
		Name: e.name, Cells: e.cells, Nulls: e.nulls, MinWidth: e.minWidth, MaxWidth: e.maxWidth, Words: d.words.name,
		Problem: d.problem, decision: d,
	}
	switch d.kind {
	case kindText:
		c.Type = arrow.BinaryTypes.String
		c.Metadata = e.metadata()
	case kindBool:
		c.Type = arrow.FixedWidthTypes.Boolean
	case kindInt:
		c.Type = arrow.PrimitiveTypes.Int64
	case kindDecimal:
		c.Type = &arrow.Decimal128Type{Precision: 38, Scale: int32(d.scale)}
	case kindFloat:
		c.Type = arrow.PrimitiveTypes.Float64
		c.Metadata = e.metadata()
	case kindTime:
		c.Type = &arrow.TimestampType{Unit: arrow.Microsecond}
		c.Dates = "declared"
		if d.date.shape != shapeNone {
			c.Dates = d.date.String()
		}
		switch {
		case e.seconds:
			c.Dates += " hh:mm:ss"
		case e.clocks[0]+e.clocks[1] > 0:
			c.Dates += " hh:mm"
		}
	}
	if d.kind.number() {
		c.Numbers = d.style.String()
	}
	return c
}

// metadata says why a text column with numbers or dates in it is no number or date, and where a float column has
// exponents.
func (e *evidence) metadata() map[string]string {
	if e.numbers+e.padded+e.dateLike == 0 {
		return nil
	}
	m := map[string]string{}
	put := func(key string, n int64) {
		if n > 0 {
			m["csv."+key] = strconv.FormatInt(n, 10)
		}
	}
	at := func(key string, p place) {
		if p.line > 0 {
			m["csv."+key+"_file"] = p.file
			put(key+"_line", p.line)
		}
	}
	put("cells", e.cells)
	put("numbers", e.numbers)
	put("not_numbers", e.cells-e.numbers)
	at("first_not_number", e.notNumber)
	put("leading_zeros", e.padded)
	at("first_leading_zero", e.firstPadded)
	put("exponents", e.exponents)
	at("first_exponent", e.firstExp)
	put("artefacts", e.artefactCells)
	put("dates", e.dateLike)
	return m
}
