package csvio

import (
	"fmt"
	"strings"

	"segovia/kernels/problem"
)

// Options says how one file is to be read. The zero value detects everything.
type Options struct {
	// Encoding is "utf-8", "utf-16" (by its mark), "utf-16le", "utf-16be", "cp1252" or "iso-8859-15" ("latin9");
	// "" = UTF-8, or UTF-16 where its mark or the pattern of its bytes shows it.
	Encoding  string
	Delimiter string            // "" = detect; one character, "tab", or "whitespace": runs of blanks, none around the line
	Numbers   string            // "" = the data decide; "de" (1.234,5), "en" (1,234.5)
	Dates     string            // "" = the data decide; one of DateStyles, with or without a time behind it
	Header    []string          // names of the columns when the file has no header line
	Quote     string            // "" = '"'; "none"; "'"
	Nulls     []string          // cells that mean missing, besides the empty one; compared exactly, without blanks around
	MaxField  int64             // bytes of the longest field; 0 = 1 MiB. A row may have 16 times as many, at least 16 MiB
	Text      []string          // columns (after Rename) that are kept as text exactly as written
	Rename    map[string]string // name in the file -> name of the column
	// ShowValues lets problems carry offending cells in their Values.
	ShowValues bool
	// Reject is asked about each row that cannot be split into the right number of fields (SEG-CSV-008): true leaves the
	// row out and counts it, false or a nil Reject fails. Scan and Read both ask; the answers must be the same.
	Reject func(line int64, code string) bool
}

// DateStyles lists the values of Options.Dates. A time (" hh:mm", " hh:mm:ss", ".ffffff", "T", "Z", "+hh:mm", AM/PM)
// may follow each date in the data; in the option it may be written or left out. Two-digit years are read only when
// asked for: 69..99 are 1969..1999, 00..68 are 2000..2068.
var DateStyles = []string{
	"yyyy-mm-dd", "yyyy/mm/dd", "yyyy.mm.dd", "yyyymmdd", "dd.mm.yyyy", "dd/mm/yyyy", "mm/dd/yyyy", "dd-mm-yyyy",
	"mm-dd-yyyy",
	"dd.mm.yy", "dd/mm/yy", "mm/dd/yy",
}

// whitespace stands for the delimiter "whitespace"; 0 for none (one column).
const whitespace = ' '

const (
	defaultMaxField = 1 << 20
	minMaxRow       = 16 << 20
)

// dialect is Options, checked and in the form that the reader uses.
type dialect struct {
	opt      Options
	encoding string
	delim    byte // 0 = detect
	quote    byte // 0 = none
	numbers  style
	dates    *dateStyle // nil = the data decide
	maxField int
	maxRow   int
	nulls    nullSet
}

func optionProblem(name, value, want string) error {
	return &problem.Problem{
		ID: "SEG-CFG-003", What: fmt.Sprintf("csv: %s: %q is not possible", name, value),
		Place: "csv." + name, Fix: "use " + want,
	}
}

func (o Options) dialect() (*dialect, error) {
	d := &dialect{opt: o, quote: '"', maxField: defaultMaxField}
	switch strings.ToLower(o.Encoding) {
	case "", "auto":
	case "utf-8", "utf8":
		d.encoding = "utf-8"
	case "utf-16", "utf16":
		d.encoding = "utf-16"
	case "utf-16le", "utf16le":
		d.encoding = "utf-16le"
	case "utf-16be", "utf16be":
		d.encoding = "utf-16be"
	case "cp1252", "windows-1252":
		d.encoding = "cp1252"
	case "iso-8859-15", "latin9", "latin-9":
		d.encoding = "iso-8859-15"
	default:
		return nil, optionProblem("encoding", o.Encoding, "utf-8, utf-16, utf-16le, utf-16be, cp1252 or iso-8859-15")
	}
	switch o.Quote {
	case "", `"`:
	case "none":
		d.quote = 0
	case "'":
		d.quote = '\''
	default:
		return nil, optionProblem("quote", o.Quote, `none, ' or "`)
	}
	switch {
	case o.Delimiter == "" || o.Delimiter == "auto":
	case o.Delimiter == "tab":
		d.delim = '\t'
	case o.Delimiter == "whitespace":
		d.delim = whitespace
	case len(o.Delimiter) == 1 && strings.Contains(",;\t|:^~#!$%&*/=@\\", o.Delimiter):
		d.delim = o.Delimiter[0]
	default:
		return nil, optionProblem("delimiter", o.Delimiter, `",", ";", "tab", "|" or "whitespace"`)
	}
	switch o.Numbers {
	case "", "auto":
	case "de":
		d.numbers = styleDE
	case "en":
		d.numbers = styleEN
	default:
		return nil, optionProblem("numbers", o.Numbers, "de or en")
	}
	if o.Dates != "" && o.Dates != "auto" {
		if d.dates = parseDateStyle(o.Dates); d.dates == nil {
			return nil, optionProblem("dates", o.Dates, strings.Join(DateStyles, ", "))
		}
	}
	if o.MaxField < 0 || o.MaxField > 1<<30 {
		return nil, optionProblem("max_field", fmt.Sprint(o.MaxField), "1 byte to 1 GiB")
	}
	if o.MaxField > 0 {
		d.maxField = int(o.MaxField)
	}
	d.maxRow = max(16*d.maxField, minMaxRow)
	d.nulls = newNullSet(o.Nulls)
	return d, nil
}

// nullSet finds the configured missing tokens fast: most cells are refused by their length.
type nullSet struct {
	lengths uint64 // bit min(len, 63)
	tokens  []string
}

func newNullSet(tokens []string) nullSet {
	var s nullSet
	for _, t := range tokens {
		t = string(trim([]byte(t)))
		if t != "" {
			s.lengths |= 1 << min(len(t), 63)
			s.tokens = append(s.tokens, t)
		}
	}
	return s
}

func (s *nullSet) has(cell []byte) bool {
	if s.lengths>>min(len(cell), 63)&1 == 0 {
		return false
	}
	for _, t := range s.tokens {
		if string(cell) == t {
			return true
		}
	}
	return false
}

// trim takes blanks, tabs and no-break spaces from both ends.
func trim(b []byte) []byte {
	for len(b) > 0 {
		switch {
		case b[0] == ' ' || b[0] == '\t' || b[0] == '\r':
			b = b[1:]
		case len(b) > 1 && b[0] == 0xC2 && b[1] == 0xA0:
			b = b[2:]
		default:
			goto tail
		}
	}
tail:
	for n := len(b); n > 0; n = len(b) {
		switch {
		case b[n-1] == ' ' || b[n-1] == '\t' || b[n-1] == '\r':
			b = b[:n-1]
		case n > 1 && b[n-2] == 0xC2 && b[n-1] == 0xA0:
			b = b[:n-2]
		default:
			return b
		}
	}
	return b
}

// delimiterName is how a delimiter is written in messages and in Options.
func delimiterName(d byte) string {
	switch d {
	case 0:
		return "none"
	case '\t':
		return "tab"
	case whitespace:
		return "whitespace"
	}
	return string(rune(d))
}

// quoted names a delimiter inside a sentence: ',' or whitespace.
func quotedDelimiter(d byte) string {
	if len(delimiterName(d)) == 1 {
		return "'" + delimiterName(d) + "'"
	}
	return delimiterName(d)
}
