package csvio

import (
	"context"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"segovia/kernels/problem"
)

const (
	batchRows  = 16384
	batchBytes = 32 << 20 // of text cells: far below what 32-bit offsets reach
)

// Read parses the file by l and hands its rows to yield in batches, in file order. firstRow is the number of the
// batch's first row, from 1 per file; rejected rows are not counted. A record is released when yield returns; an error
// of yield or the end of ctx ends the reading and is returned.
//
// The file need not be one that was scanned. It must have l's columns (SEG-SCH-001), others are skipped; a cell that
// does not fit its column's type is SEG-NUM-001, SEG-NUM-002, SEG-CSV-004, -005 or -006 with its place. Options must
// say about the file what they said to Scan; number and date styles left to the data are those of the layout.
func Read(ctx context.Context, r io.Reader, name string, opt Options, l *Layout, yield func(rec arrow.Record,
	firstRow int64) error) error {
	f, err := open(r, name, opt)
	if err != nil {
		return err
	}
	defer f.close()
	p, err := newParser(f, l)
	if err != nil {
		return err
	}
	defer p.build.Release()
	first, rows, text := int64(1), 0, 0
	flush := func() error {
		if rows == 0 {
			return nil
		}
		rec := p.build.NewRecord()
		defer rec.Release()
		if err := ctx.Err(); err != nil {
			return err
		}
		at := first
		first += int64(rows)
		rows, text = 0, 0
		return yield(rec, at)
	}
	for {
		ok, err := f.nextRow()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if err := p.row(); err != nil {
			return err
		}
		rows++
		text += f.stop - f.records.start
		if rows == batchRows || text >= batchBytes {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if f.row == 0 {
		return f.noRows()
	}
	return flush()
}

// parser turns the current row of a file into one row of a record builder.
type parser struct {
	f     *file
	build *array.RecordBuilder
	cols  []target
}

// target is one column: where it stands in the file and how it is parsed there.
type target struct {
	Column
	field  int
	style  style // of this file
	append func(t *target, cell, raw []byte) error
	null   func()

	text    *array.BinaryBuilder
	bool    *array.BooleanBuilder
	int     *array.Int64Builder
	decimal *array.Decimal128Builder
	float   *array.Float64Builder
	time    *array.TimestampBuilder
}

func newParser(f *file, l *Layout) (*parser, error) {
	at := make(map[string]int, len(f.names))
	for i, n := range f.names {
		at[n] = i
	}
	p := &parser{f: f, cols: make([]target, len(l.columns))}
	for i, c := range l.columns {
		j, ok := at[c.Name]
		if !ok {
			return nil, &problem.Problem{
				ID: "SEG-SCH-001", What: fmt.Sprintf("column %q is missing", c.Name), File: f.name,
				Place: fmt.Sprintf("column %q", c.Name), Why: "other files of the source have it",
				Fix: "use `rename`, or give the file as a source of its own",
			}
		}
		p.cols[i] = target{Column: c, field: j, style: c.decision.style}
		if f.d.numbers != styleNone {
			p.cols[i].style = f.d.numbers
		}
	}
	p.build = array.NewRecordBuilder(memory.DefaultAllocator, l.schema)
	for i := range p.cols {
		t := &p.cols[i]
		b := p.build.Field(i)
		t.null = b.AppendNull
		switch t.decision.kind {
		case kindText:
			t.text, t.append = b.(*array.StringBuilder).BinaryBuilder, p.appendText
		case kindBool:
			t.bool, t.append = b.(*array.BooleanBuilder), p.appendBool
		case kindInt:
			t.int, t.append = b.(*array.Int64Builder), p.appendInt
		case kindDecimal:
			t.decimal, t.append = b.(*array.Decimal128Builder), p.appendDecimal
		case kindFloat:
			t.float, t.append = b.(*array.Float64Builder), p.appendFloat
		case kindTime:
			t.time, t.append = b.(*array.TimestampBuilder), p.appendTime
		}
	}
	return p, nil
}

func (p *parser) row() error {
	for i := range p.cols {
		t := &p.cols[i]
		cell, raw := p.f.value(t.field)
		if cell == nil {
			t.null()
			continue
		}
		if err := t.append(t, cell, raw); err != nil {
			return err
		}
	}
	return nil
}

// refuse is the error for a cell that the layout has no room for.
func (p *parser) refuse(t *target, id, what, fix string) error {
	at := here(p.f, t.field)
	return &problem.Problem{
		ID: id, What: fmt.Sprintf("column %q: %s", t.Name, what), File: at.file, Line: int(at.line), Column: at.column,
		Place: fmt.Sprintf("column %q", t.Name), Why: "the files that the column's type was decided from have no such cell",
		Fix: fix, Values: at.cell,
	}
}

func (p *parser) appendText(t *target, _, raw []byte) error {
	t.text.Append(raw)
	return nil
}

func (p *parser) appendBool(t *target, cell, _ []byte) error {
	w, ok := lexWord(cell)
	switch {
	case ok && w == t.decision.words.yes:
		t.bool.Append(true)
	case ok && w == t.decision.words.no:
		t.bool.Append(false)
	default:
		return p.refuse(t, "SEG-SCH-001", fmt.Sprintf("a cell is neither of %s", t.Words),
			"repair the cell, or look at all files when the types are decided")
	}
	return nil
}

// number reads the shape of a cell of a number column, and refuses what cannot be read in the column's style.
func (p *parser) number(t *target, cell []byte) (number, error) {
	n, ok := lexNumber(cell)
	switch {
	case !ok || n.padded:
		return n, p.refuse(t, "SEG-NUM-001", "a cell is no number", "repair the cell, or list it under `nulls`")
	case n.fits(t.style) || t.style == styleNone && n.only != styleNone:
		return n, nil
	case n.ambiguous != 0:
		return n, p.refuse(t, "SEG-CSV-004", "an ambiguous number", "set `numbers: de|en`")
	}
	return n, p.refuse(t, "SEG-CSV-005", "a number in another style", "set the right `numbers: de|en` for the file")
}

// styleFor is the style in which a number that passed parser.number is read.
func (t *target) styleFor(n *number) style {
	if t.style == styleNone {
		return n.only
	}
	return t.style
}

func (p *parser) tooLarge(t *target) error {
	return p.refuse(t, "SEG-NUM-002", fmt.Sprintf("a number does not fit %s", t.Type),
		"repair the cell, or look at all files when the types are decided")
}

func (p *parser) appendInt(t *target, cell, _ []byte) error {
	n, err := p.number(t, cell)
	if err != nil {
		return err
	}
	if _, decimals := n.digitsIn(t.styleFor(&n)); decimals > 0 || n.exponent {
		return p.tooLarge(t)
	}
	v, ok := parseInt(cell)
	if !ok {
		return p.tooLarge(t)
	}
	t.int.Append(v)
	return nil
}

func (p *parser) appendDecimal(t *target, cell, _ []byte) error {
	n, err := p.number(t, cell)
	if err != nil {
		return err
	}
	if n.exponent {
		return p.tooLarge(t)
	}
	v, ok := parseDecimal(cell, t.styleFor(&n), t.decision.scale)
	if !ok {
		return p.tooLarge(t)
	}
	t.decimal.Append(v)
	return nil
}

func (p *parser) appendFloat(t *target, cell, _ []byte) error {
	n, err := p.number(t, cell)
	if err != nil {
		return err
	}
	v, ok := parseFloat(cell, t.styleFor(&n))
	if !ok {
		return p.tooLarge(t)
	}
	t.float.Append(v)
	return nil
}

func (p *parser) appendTime(t *target, cell, _ []byte) error {
	want := p.f.d.dates
	d, ok := lexDate(cell, want != nil && want.shape >= shapeDotYY)
	if !ok {
		return p.refuse(t, "SEG-CSV-006", "a cell is no date", "repair the cell, or list it under `nulls`")
	}
	st := t.decision.date
	if want != nil && want.shape == d.shape {
		st = *want
	}
	if d.shape != st.shape && st.shape != shapeNone || st.shape == shapeNone && d.shape.open() {
		return p.refuse(t, "SEG-CSV-006", "a date in another style", "set `dates` for the file")
	}
	if !d.valid(st.monthFirst) {
		return p.refuse(t, "SEG-CSV-006", "no day of the calendar or no time of day",
			"repair the cell, or list it under `nulls`")
	}
	t.time.Append(arrow.Timestamp(d.micros(st.monthFirst)))
	return nil
}
