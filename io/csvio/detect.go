package csvio

import (
	"fmt"
	"strings"

	"segovia/kernels/problem"
)

// sampleRecords is how many records the delimiter is judged by.
const sampleRecords = 1000

// candidates are the delimiters that are looked for, in the order in which messages name them.
var candidates = []byte{',', ';', '\t', '|', whitespace}

// trial is what splitting the sample with one delimiter gives.
type trial struct {
	delim   byte
	first   int  // fields of the first record
	records int  // records in the sample
	agree   int  // records with as many fields as the first, or as the given header
	other   int  // the most frequent number of fields behind the first record, smallest on ties
	others  int  // records behind the first that have it
	numeric bool // all fields behind the first record are numbers or dates
	between bool // behind the first record the delimiter only stands between two digits, as a decimal comma does
}

// try splits the first limit records in r's first buffer with delimiter c. want is the number of columns, 0 = that of
// the first record.
func (r *records) try(c byte, want, limit int) trial {
	probe := records{
		name: r.name, delim: c, quote: r.quote, newline: r.newline, maxField: r.maxField, maxRow: r.maxRow, buf: r.buf,
		pos: r.pos, end: r.end,
		eof: r.eof, nextLine: 1,
	}
	t := trial{delim: c, numeric: true, between: true}
	counts := map[int]int{}
	for t.records < limit {
		done, err := probe.split()
		if !done || err != nil {
			break // cut off by the end of the sample, or to be reported by the real pass
		}
		if probe.blank() {
			continue
		}
		n := len(probe.fields)
		if t.records == 0 {
			t.first = n
			if want == 0 {
				want = n
			}
		} else {
			counts[n]++
			t.judge(&probe)
		}
		if n == want {
			t.agree++
		}
		t.records++
	}
	for n, c := range counts {
		if c > t.others || c == t.others && n < t.other {
			t.other, t.others = n, c
		}
	}
	return t
}

func (t *trial) judge(r *records) {
	for i, f := range r.fields {
		if t.numeric {
			cell := trim(r.buf[f.beg:f.end])
			_, number := lexNumber(cell)
			_, date := lexDate(cell, false)
			t.numeric = number || date
		}
		if i > 0 && t.between {
			t.between = !f.quoted && f.end > f.beg && r.buf[f.beg]-'0' <= 9 && f.beg >= 2 && r.buf[f.beg-2]-'0' <= 9
		}
	}
}

// findDelimiter returns the delimiter of the text in r's first buffer, 0 for a text of one column. A configured one is
// checked.
func (r *records) findDelimiter(d *dialect) (byte, error) {
	if len(d.opt.Header) > 0 {
		return r.delimiterForHeader(d, len(d.opt.Header))
	}
	if d.delim != 0 {
		return d.delim, r.checkDelimiter(d)
	}
	only, several := byte(0), false // the usual case: just one splits the first record
	for _, c := range candidates {
		if c != whitespace && r.try(c, 0, 1).first > 1 {
			several = only != 0
			only = c
		}
	}
	if only != 0 && !several {
		return only, nil
	}
	var found []trial // those that split the first record, without whitespace
	var blanks trial
	var single trial // one that splits all the rest and not the first record
	for _, c := range candidates {
		t := r.try(c, 0, sampleRecords)
		switch {
		case t.records == 0:
			return 0, nil
		case c == whitespace:
			blanks = t
		case t.first > 1:
			found = append(found, t)
		case t.records > 2 && t.others == t.records-1 && (t.other > 2 || t.other == 2 && c != ',') && t.other > single.other:
			single = t
		}
	}
	if len(found) == 0 {
		if blanks.first > 1 && blanks.agree == blanks.records && blanks.records > 1 && blanks.numeric {
			return whitespace, nil
		}
		if single.records > 0 {
			return 0, &problem.Problem{
				ID: "SEG-CSV-003", File: r.name, Line: 1,
				What: fmt.Sprintf("the delimiter cannot be found: with %s the first line has 1 column, all the others %d",
					quotedDelimiter(single.delim), single.other),
				Why: "a line with the names of the columns was expected first",
				Fix: "take the lines before the header out of the file, or set `delimiter` and `header`",
			}
		}
		return 0, nil // a genuine file of one column
	}
	return r.choose(found)
}

// choose takes the delimiter by which most records agree with the first one.
func (r *records) choose(found []trial) (byte, error) {
	best := found[0]
	for _, t := range found[1:] {
		if t.agree > best.agree {
			best = t
		}
	}
	var rivals []trial
	for _, t := range found {
		if t.agree == best.agree {
			rivals = append(rivals, t)
		}
	}
	if len(rivals) == 2 && rivals[0].delim == ',' && rivals[0].between {
		rivals = rivals[1:] // decimal commas
	}
	if len(rivals) == 1 && (len(found) == 1 || 2*rivals[0].agree > rivals[0].records) {
		return rivals[0].delim, nil
	}
	return 0, &problem.Problem{
		ID: "SEG-CSV-003", What: "the delimiter cannot be found: " + describe(found), File: r.name, Line: 1,
		Why: "more than one delimiter would fit, or none splits the rows evenly",
		Fix: `set the right one, for example ` + "`delimiter: \";\"`",
	}
}

// describe says how each trial splits: "with ',' every row has 2 columns, with ';' 3 of 4 rows have 5 columns".
func describe(trials []trial) string {
	var parts []string
	for _, t := range trials {
		rows := "every row has"
		if t.agree < t.records {
			rows = fmt.Sprintf("%d of %d rows have", t.agree, t.records)
		}
		columns := plural(t.first, "column")
		parts = append(parts, fmt.Sprintf("with %s %s %d %s", quotedDelimiter(t.delim), rows, t.first, columns))
	}
	return strings.Join(parts, ", ")
}

// checkDelimiter refuses a configured delimiter that leaves one column where another one splits the file evenly.
func (r *records) checkDelimiter(d *dialect) error {
	t := r.try(d.delim, 0, sampleRecords)
	if t.records == 0 || t.first > 1 {
		return nil
	}
	better, ok := r.better(d.delim, 0)
	if !ok {
		return nil
	}
	what := fmt.Sprintf("wrong delimiter: with %s every row has 1 column, with %s %d", quotedDelimiter(d.delim),
		quotedDelimiter(better.delim), better.first)
	if t.agree < t.records {
		what = fmt.Sprintf("wrong delimiter: with %s the header has 1 column, with %s every row has %d",
			quotedDelimiter(d.delim), quotedDelimiter(better.delim), better.first)
	}
	return r.wrong(what, better)
}

// better returns the delimiter that splits at least 95 % of the sample's records like the first one (or into want
// fields).
func (r *records) better(than byte, want int) (trial, bool) {
	var best trial
	for _, c := range candidates {
		t := r.try(c, want, sampleRecords)
		if c == than || t.first < 2 || t.records < 2 || 20*t.agree < 19*t.records || c == whitespace && !t.numeric {
			continue
		}
		if best.records == 0 || t.agree > best.agree {
			best = t
		}
	}
	return best, best.records > 0
}

func (r *records) wrong(what string, better trial) error {
	return &problem.Problem{
		ID: "SEG-CSV-003", What: what, File: r.name, Line: 1,
		Why: "the configured delimiter does not separate the columns of this file",
		Fix: fmt.Sprintf("set `delimiter: %q` or leave it out", delimiterName(better.delim)),
	}
}

// delimiterForHeader finds or checks the delimiter of a file without header line, whose rows must have want fields.
func (r *records) delimiterForHeader(d *dialect, want int) (byte, error) {
	if d.delim != 0 {
		t := r.try(d.delim, want, sampleRecords)
		if t.records == 0 || 2*t.agree >= t.records {
			return d.delim, nil
		}
		if better, ok := r.better(d.delim, want); ok {
			what := fmt.Sprintf("wrong delimiter: `header` has %d names; with %s the first row has %d %s, with %s %d", want,
				quotedDelimiter(d.delim), t.first, plural(t.first, "column"), quotedDelimiter(better.delim), better.first)
			return 0, r.wrong(what, better)
		}
		return d.delim, nil
	}
	if want == 1 {
		return 0, nil
	}
	var trials, fit []trial
	for _, c := range candidates {
		t := r.try(c, want, sampleRecords)
		if t.records == 0 {
			return 0, nil
		}
		trials = append(trials, t)
		if c != whitespace || len(fit) == 0 {
			if 2*t.agree > t.records {
				fit = append(fit, t)
			}
		}
	}
	if len(fit) > 0 {
		return r.choose(fit)
	}
	var parts []string
	for _, t := range trials {
		if t.first > 1 {
			parts = append(parts, fmt.Sprintf("with %s the first row has %d columns", quotedDelimiter(t.delim), t.first))
		}
	}
	if len(parts) == 0 {
		parts = []string{"no usual one splits the first row"}
	}
	return 0, &problem.Problem{
		ID: "SEG-CSV-003", File: r.name, Line: 1, Why: "`header` and the rows of the file do not fit each other",
		What: fmt.Sprintf("no delimiter gives the %d columns that `header` names: %s", want, strings.Join(parts, ", ")),
		Fix:  "give `header` one name for each column, or set `delimiter`",
	}
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}
