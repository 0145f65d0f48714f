package csvio

import (
	"fmt"
	"io"
	"strconv"

	"segovia/kernels/problem"
)

// file is an opened text: its dialect found, its header read, its rows checked for their number of fields.
type file struct {
	*records
	d         *dialect
	encoding  string
	names     []string // of the columns, after Rename
	dataNames bool     // the header line is made of consecutive integers: names, or a row of data
	noHeader  bool     // the first line is a row of data
	replay    bool     // that row is to be given
	row       int64    // rows given so far
	rejected  int64

	blanks int  // blank lines of a one-column file that wait for a row behind them
	held   bool // the current record is that row
	empty  bool // the current row is a blank line
}

func open(r io.Reader, name string, opt Options) (*file, error) {
	d, err := opt.dialect()
	if err != nil {
		return nil, err
	}
	text, encoding, checked, err := decode(r, name, d)
	if err != nil {
		return nil, err
	}
	f := &file{records: newRecords(text, name, d, checked), d: d, encoding: encoding}
	if err := f.start(); err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

func (f *file) start() error {
	err := f.begin()
	if err != nil {
		return err
	}
	if f.records.delim, err = f.findDelimiter(f.d); err != nil {
		return err
	}
	if h := f.d.opt.Header; len(h) > 0 {
		return f.setHeader(h, func(int) (line, column int) { return 0, 0 })
	}
	for {
		if err := f.records.next(); err == io.EOF {
			return &problem.Problem{
				ID: "SEG-SRC-002", What: "empty file", File: f.name, Why: "it has no bytes, or nothing but blank lines",
				Fix: "write the file again, or take it out of the source",
			}
		} else if err != nil {
			return err
		}
		if !f.blank() {
			break
		}
	}
	header := make([]string, len(f.fields))
	numbers := true
	for i := range header {
		cell := trim(f.cell(i))
		header[i] = string(cell)
		if _, number := lexNumber(cell); !number {
			numbers = false
		}
	}
	if numbers && !consecutive(header) {
		f.noHeader, f.replay = true, true
		for i := range header {
			header[i] = fmt.Sprintf("column_%d", i+1)
		}
	}
	f.dataNames = numbers && !f.noHeader
	return f.setHeader(header, func(i int) (line, column int) { return int(f.fieldLine(i)), f.column(f.fields[i].beg) })
}

// consecutive reports whether the cells count upwards one by one, as names such as 0, 1, 2 or 2024, 2025, 2026 do and rows
// of data hardly ever do.
func consecutive(cells []string) bool {
	if len(cells) < 2 {
		return false
	}
	for i, c := range cells {
		n, err := strconv.Atoi(c)
		first, firstErr := strconv.Atoi(cells[0])
		if err != nil || firstErr != nil || n != first+i {
			return false
		}
	}
	return true
}

// setHeader checks the names of the columns. at gives a name's place in the file, 0 if it does not stand there.
func (f *file) setHeader(header []string, at func(i int) (line, column int)) error {
	f.names = make([]string, len(header))
	seen := map[string]int{}
	for i, name := range header {
		if to, ok := f.d.opt.Rename[name]; ok {
			name = to
		}
		f.names[i] = name
		line, column := at(i)
		p := &problem.Problem{ID: "SEG-CSV-009", File: f.name, Line: line, Column: column,
			Fix: "name the columns with `header: [...]` or `rename`, or repair the header line"}
		if name == "" {
			p.What = fmt.Sprintf("column %d of %d has no name", i+1, len(header))
			p.Why = "a column can only be used by its name"
			return p
		}
		if j, ok := seen[name]; ok {
			p.What = fmt.Sprintf("columns %d and %d have the same name %q", j+1, i+1, name)
			p.Why = "a name must mean one column"
			return p
		}
		seen[name] = i
	}
	return nil
}

// nextRow moves to the next data row; false behind the last. Blank lines are left out, but for those inside a file of
// one column, where they are rows without a value.
func (f *file) nextRow() (bool, error) {
	if f.blanks > 0 && f.held {
		f.blanks--
		f.empty = true
		f.row++
		return true, nil
	}
	f.empty = false
	if f.replay {
		f.replay = false
		f.row++
		return true, nil
	}
	if f.held {
		f.held = false
		f.row++
		return true, nil
	}
	for {
		if err := f.records.next(); err == io.EOF {
			return false, nil
		} else if err != nil {
			return false, err
		}
		if f.blank() {
			if len(f.names) == 1 {
				f.blanks++
			}
			continue
		}
		if len(f.fields) == len(f.names) {
			break
		}
		if reject := f.d.opt.Reject; reject == nil || !reject(f.line, "SEG-CSV-008") {
			return false, f.wrongFields()
		}
		f.rejected++
	}
	if f.blanks > 0 {
		f.held = true
		return f.nextRow()
	}
	f.row++
	return true, nil
}

func (f *file) wrongFields() error {
	n, want := len(f.fields), len(f.names)
	than := "the header"
	if len(f.d.opt.Header) > 0 {
		than = "`header`"
	}
	at := f.stop
	if n > want {
		at = f.fields[want].beg
	}
	return &problem.Problem{
		ID: "SEG-CSV-008", What: fmt.Sprintf("row with %d %s where %s has %d", n, plural(n, "field"), than, want),
		File: f.name,
		Line: f.lineAt(at - f.records.start), Column: f.column(at),
		Why: "a delimiter inside a value must be quoted, and no field may be missing",
		Fix: "repair the row, or allow a share of such rows with `quality: {max_rejects: ...}`",
	}
}

// value returns field i without blanks around when it is not null. raw is the field as written.
func (f *file) value(i int) (trimmed, raw []byte) {
	if f.empty {
		return nil, nil
	}
	raw = f.cell(i)
	trimmed = raw
	// Most cells have no blanks around: look before calling.
	if n := len(raw); n > 0 && (edge(raw[0]) || edge(raw[n-1])) {
		trimmed = trim(raw)
	}
	if len(trimmed) == 0 || f.d.nulls.lengths != 0 && f.d.nulls.has(trimmed) {
		return nil, nil
	}
	return trimmed, raw
}

// edge reports whether c may belong to a blank that trim takes away.
func edge(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == 0xC2 || c == 0xA0 }

// noRows is the error for a file whose header is followed by nothing.
func (f *file) noRows() error {
	p := &problem.Problem{
		ID: "SEG-SRC-003", What: "header without rows", File: f.name, Why: "the file ends behind its header",
		Fix: "check the export that wrote it, or take the file out of the source",
	}
	switch {
	case f.rejected > 0:
		p.What, p.Why = "no usable row", fmt.Sprintf("all %d rows have a wrong number of fields", f.rejected)
	case len(f.d.opt.Header) > 0:
		p.ID, p.What, p.Why = "SEG-SRC-002", "empty file", "it has no bytes, or nothing but blank lines"
	}
	return p
}
