package csvio

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"unicode/utf8"

	"segovia/kernels/problem"
)

// bufferBytes is the buffer's first size and with it the sample that the delimiter is found in: well over 1,000
// ordinary rows.
const bufferBytes = 256 << 10

var buffers = sync.Pool{New: func() any { b := make([]byte, bufferBytes); return &b }}

// maxFields bounds the fields of one row, and with them the memory that a row of nothing but delimiters takes.
const maxFields = 1 << 17

// records splits text into records and fields. It holds one record at a time, never more than maxRow bytes.
type records struct {
	src      io.Reader
	name     string
	delim    byte // whitespace = runs of blanks; 0 = the line is one field
	quote    byte // 0 = none
	newline  byte // '\n' (a '\r' before it is dropped) or '\r'
	checked  bool // src is valid UTF-8 by construction
	maxField int
	maxRow   int

	pooled   *[]byte
	buf      []byte
	pos, end int
	eof      bool
	added    bool // the last byte is a newline that the text did not have

	nextLine int64 // physical line of pos, from 1
	line     int64 // physical line where the current record starts
	start    int   // of the current record in buf
	stop     int
	newlines int64 // inside the current record
	fields   []span
	counted  counted
	scratch  []byte
}

// span is a field in the buffer, without its quotes.
type span struct {
	beg, end int
	quoted   bool
	escaped  bool // has doubled quotes
}

func newRecords(src io.Reader, name string, d *dialect, checked bool) *records {
	r := &records{
		src: src, name: name, delim: d.delim, quote: d.quote, newline: '\n', checked: checked, maxField: d.maxField,
		maxRow:   d.maxRow,
		nextLine: 1, pooled: buffers.Get().(*[]byte),
	}
	r.buf = *r.pooled
	return r
}

// close gives the buffer back; r must not be used afterwards.
func (r *records) close() {
	if r.pooled != nil {
		buffers.Put(r.pooled)
		r.pooled, r.buf = nil, nil
	}
}

// fill reads until the buffer holds at least want bytes from pos on, or the text ends. A text that does not end with a
// newline gets one, so that every record is closed by one.
func (r *records) fill(want int) error {
	if r.pos > 0 {
		copy(r.buf, r.buf[r.pos:r.end])
		r.end -= r.pos
		r.pos = 0
	}
	if want > len(r.buf)-1 {
		grown := make([]byte, max(want+1, 2*len(r.buf)))
		copy(grown, r.buf[:r.end])
		r.buf = grown
	}
	for idle := 0; r.end < want && !r.eof; {
		n, err := r.src.Read(r.buf[r.end : len(r.buf)-1])
		r.end += n
		if n > 0 {
			idle = 0
		} else if idle++; idle > 100 && err == nil {
			err = io.ErrNoProgress
		}
		if err == io.EOF {
			r.eof = true
			if r.end > 0 && r.buf[r.end-1] != r.newline {
				r.buf[r.end] = r.newline
				r.end++
				r.added = true
			}
		} else if err != nil {
			return readProblem(r.name, err)
		}
	}
	return nil
}

// begin fills the buffer for the first time, until it holds a whole line, and finds the kind of line end: CR alone only
// if there is no LF in it.
func (r *records) begin() error {
	for want := len(r.buf) - 1; ; want *= 2 {
		if err := r.fill(want); err != nil {
			return err
		}
		if r.eof || r.end > r.maxRow || bytes.ContainsAny(r.buf[:r.end], "\r\n") {
			break
		}
	}
	head := r.buf[:r.end]
	lf := bytes.IndexByte(head, '\n')
	if bytes.IndexByte(head, '\r') < 0 || lf >= 0 && !(r.added && lf == r.end-1) {
		return nil
	}
	r.newline = '\r'
	switch {
	case r.added && r.end > 1 && head[r.end-2] == '\r':
		r.end-- // the text ended well: what fill added is not needed
	case r.added:
		head[r.end-1] = '\r'
	}
	return nil
}

// next splits the next record. It returns io.EOF behind the last one. An empty line is a record with one empty field,
// or none if runs of blanks separate.
func (r *records) next() error {
	for {
		done, err := r.split()
		if done || err != nil {
			if err == nil && done {
				err = r.check()
			}
			return err
		}
		pending := r.end - r.pos
		if r.eof {
			return io.EOF // only with nothing pending: every record ends with a newline or has failed
		}
		if pending > r.maxRow {
			return r.rowTooLong(fmt.Sprintf("a row is longer than %d bytes", r.maxRow))
		}
		if err := r.fill(2*pending + 64<<10); err != nil {
			return err
		}
	}
}

// split tries to cut one record out of buf[pos:end]; it returns false if that holds no whole record.
func (r *records) split() (bool, error) {
	buf, p, end := r.buf, r.pos, r.end
	r.start, r.line, r.newlines = p, r.nextLine, 0
	r.fields = r.fields[:0]
	quote, newline, delim := r.quote, r.newline, r.delim
	if p >= end {
		return false, nil
	}
	if delim == 0 {
		delim = newline
	}
	for {
		if r.delim == whitespace {
			for p < end && (buf[p] == ' ' || buf[p] == '\t' || buf[p] == '\r' && newline == '\n') {
				p++
			}
			if p < end && buf[p] == newline {
				return r.finish(p), nil
			}
		}
		if p >= end {
			return false, nil
		}
		if quote != 0 && buf[p] == quote {
			f, next, err := r.quotedField(p)
			if err != nil || next < 0 {
				return false, err
			}
			r.fields = append(r.fields, f)
			if p = next; buf[p] == newline {
				return r.finish(p), nil
			}
			p++
			continue
		}
		beg := p
		if r.delim == whitespace {
			for p < end && buf[p] != ' ' && buf[p] != '\t' && buf[p] != newline {
				p++
			}
		} else {
			for p < end && buf[p] != delim && buf[p] != newline {
				p++
			}
		}
		if p-beg > r.maxField {
			return false, r.tooLong(beg)
		}
		if p >= end {
			return false, nil
		}
		f := span{beg: beg, end: p}
		if buf[p] == newline {
			if newline == '\n' && f.end > beg && buf[f.end-1] == '\r' {
				f.end--
			}
			r.fields = append(r.fields, f)
			return r.finish(p), nil
		}
		if len(r.fields) == maxFields {
			return false, r.rowTooLong(fmt.Sprintf("a row has more than %d fields", maxFields))
		}
		r.fields = append(r.fields, f)
		p++
	}
}

// finish closes the record at the newline in position p.
func (r *records) finish(p int) bool {
	r.stop = p
	r.pos = p + 1
	r.nextLine += r.newlines + 1
	return true
}

// quotedField reads the field whose opening quote is at p. next is the position of the delimiter or newline behind it,
// -1 if the buffer does not reach that far.
func (r *records) quotedField(p int) (f span, next int, err error) {
	buf, end := r.buf, r.end
	f = span{beg: p + 1, quoted: true}
	opened := r.line + r.newlines
	inside := int64(0)
	q := p + 1
	for {
		i := bytes.IndexByte(buf[q:end], r.quote)
		tail := end
		if i >= 0 {
			tail = q + i
		}
		inside += int64(bytes.Count(buf[q:tail], []byte{r.newline}))
		if tail-f.beg > r.maxField {
			if inside > 0 {
				return f, 0, r.unclosed(p, opened, fmt.Sprintf("it does not close within %d bytes", r.maxField))
			}
			return f, 0, r.tooLong(f.beg)
		}
		if i < 0 {
			if r.eof {
				return f, 0, r.unclosed(p, opened, "it is still open at the end of the file")
			}
			return f, -1, nil
		}
		q = tail + 1
		if q >= end {
			if r.eof { // not reached: the text ends with a newline
				return f, 0, r.unclosed(p, opened, "it is still open at the end of the file")
			}
			return f, -1, nil
		}
		if buf[q] != r.quote {
			break
		}
		f.escaped = true
		q++
	}
	f.end = q - 1
	if r.newline == '\n' && buf[q] == '\r' {
		if q+1 >= end {
			return f, -1, nil
		}
		if buf[q+1] == '\n' {
			q++
		}
	}
	closed := buf[q] == r.newline
	switch {
	case r.delim == whitespace:
		closed = closed || buf[q] == ' ' || buf[q] == '\t'
	case r.delim != 0:
		closed = closed || buf[q] == r.delim
	}
	if !closed {
		if inside > 0 {
			return f, 0, r.unclosed(p, opened,
				fmt.Sprintf("text follows the next quote, in line %d: one of the two is missing its partner", opened+inside))
		}
		return f, 0, r.unclosed(p, opened, "text follows the closing quote; a quote inside a value must be doubled")
	}
	r.newlines += inside
	return f, q, nil
}

func (r *records) unclosed(p int, line int64, why string) error {
	return &problem.Problem{
		ID: "SEG-CSV-007", What: "unclosed quote", File: r.name, Line: int(line), Column: r.column(p),
		Why: "a quoted field opens here and " + why,
		Fix: "repair the quotes of this line, or set `quote: none` if quotes are ordinary characters",
	}
}

func (r *records) rowTooLong(what string) error {
	return &problem.Problem{
		ID: "SEG-CSV-011", What: what, File: r.name, Line: int(r.nextLine), Column: 1,
		Why: "a quote or line ends may have been lost, or this is no text file",
		Fix: "repair the file; raise `max_field` if a long row is genuine",
	}
}

func (r *records) tooLong(beg int) error {
	return &problem.Problem{
		ID: "SEG-CSV-011", What: fmt.Sprintf("a field is longer than %d bytes", r.maxField), File: r.name,
		Line: int(r.nextLine + int64(bytes.Count(r.buf[r.pos:beg], []byte{r.newline}))), Column: r.column(beg),
		Why: "a quote or a line end may have been lost", Fix: "repair the row; raise `max_field` if the field is genuine",
	}
}

// column returns the place of buf[p] in its physical line, in characters from 1. Calls with growing p in one record
// take together no longer than one for the last.
func (r *records) column(p int) int {
	if r.counted.line != r.line || p < r.start+r.counted.bytes {
		r.counted = counted{line: r.line, column: 1}
	}
	passed := r.buf[r.start+r.counted.bytes : p]
	r.counted.bytes = p - r.start
	if i := bytes.LastIndexByte(passed, r.newline); i >= 0 {
		r.counted.column = 1
		passed = passed[i+1:]
	}
	r.counted.column += utf8.RuneCount(passed)
	return r.counted.column
}

// counted is how far the characters of a record have been counted.
type counted struct {
	line   int64 // where the record starts; none starts in line 0
	bytes  int   // from the start of the record
	column int
}

// check refuses NUL bytes and bytes that are no UTF-8 in the current record.
func (r *records) check() error {
	rec := r.buf[r.start:r.stop]
	if i := bytes.IndexByte(rec, 0); i >= 0 {
		return &problem.Problem{
			ID: "SEG-CSV-010", What: "NUL byte in text", File: r.name, Line: r.lineAt(i), Column: r.column(r.start + i),
			Why: "the file is binary, damaged, or UTF-16 without its mark",
			Fix: "repair the export; UTF-16 needs `encoding: utf-16le` or `utf-16be`",
		}
	}
	if r.checked || utf8.Valid(rec) {
		return nil
	}
	i := 0
	for {
		v, n := utf8.DecodeRune(rec[i:])
		if v == utf8.RuneError && n <= 1 {
			break
		}
		i += n
	}
	p := &problem.Problem{
		ID: "SEG-CSV-001", What: fmt.Sprintf("byte 0x%02X is not UTF-8", rec[i]), File: r.name, Line: r.lineAt(i),
		Column: r.column(r.start + i),
		Why:    "the text is in another encoding, or damaged", Fix: "write the file as UTF-8, or set its `encoding`",
	}
	if looksLike1252(rec) {
		p.What += ": looks like Windows-1252"
		p.Why = "every byte of the row has a meaning in Windows-1252, where accented letters are single bytes"
		p.Fix = "set `encoding: cp1252` (or `iso-8859-15`) for the source"
	}
	return p
}

// looksLike1252 reports whether rec has only bytes that Windows-1252 defines.
func looksLike1252(rec []byte) bool {
	for _, c := range rec {
		switch c {
		case 0x81, 0x8D, 0x8F, 0x90, 0x9D:
			return false
		}
	}
	return true
}

// lineAt is the physical line of the byte i of the current record.
func (r *records) lineAt(i int) int {
	return int(r.line) + bytes.Count(r.buf[r.start:r.start+i], []byte{r.newline})
}

// cell returns field i without quotes. It is valid until the next call of cell with a doubled quote, or of next.
func (r *records) cell(i int) []byte {
	f := &r.fields[i]
	raw := r.buf[f.beg:f.end]
	if !f.escaped {
		return raw
	}
	r.scratch = r.scratch[:0]
	for {
		j := bytes.IndexByte(raw, r.quote)
		if j < 0 {
			r.scratch = append(r.scratch, raw...)
			return r.scratch
		}
		r.scratch = append(r.scratch, raw[:j+1]...)
		raw = raw[j+2:]
	}
}

// fieldLine is the physical line where field i starts.
func (r *records) fieldLine(i int) int64 {
	if r.newlines == 0 {
		return r.line
	}
	return int64(r.lineAt(r.fields[i].beg - r.start))
}

// blank reports whether the current record is a line without anything but blanks.
func (r *records) blank() bool {
	switch len(r.fields) {
	case 0:
		return true
	case 1:
		return !r.fields[0].quoted && len(trim(r.buf[r.fields[0].beg:r.fields[0].end])) == 0
	}
	return false
}
