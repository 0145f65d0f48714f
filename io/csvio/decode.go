package csvio

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"segovia/kernels/problem"
)

// sniffBytes is how far the encoding is looked for: a pattern of UTF-16 is plain in a few lines.
const sniffBytes = 4096

// decode returns the text of r as UTF-8 without byte order mark, and the encoding's name. checked is true if what comes
// out is valid UTF-8 by construction.
func decode(r io.Reader, name string, d *dialect) (text io.Reader, encoding string, checked bool, err error) {
	br := bufio.NewReaderSize(r, sniffBytes)
	head, err := br.Peek(sniffBytes)
	if err != nil && err != io.EOF {
		return nil, "", false, readProblem(name, err)
	}
	mark := ""
	switch {
	case bytes.HasPrefix(head, []byte("\xEF\xBB\xBF")):
		mark = "utf-8"
	case bytes.HasPrefix(head, []byte("\xFF\xFE")):
		mark = "utf-16le"
	case bytes.HasPrefix(head, []byte("\xFE\xFF")):
		mark = "utf-16be"
	}
	enc := d.encoding
	switch {
	case enc == "" && mark != "":
		enc = mark
	case enc == "":
		if enc = utf16Pattern(head); enc == "" {
			enc = "utf-8"
		}
	case enc == "utf-16" && (mark == "utf-16le" || mark == "utf-16be"):
		enc = mark
	case enc == "utf-16":
		if enc = utf16Pattern(head); enc == "" && len(head) > 0 {
			return nil, "", false, &problem.Problem{
				ID: "SEG-CSV-002", What: "UTF-16 without byte order mark, and the order of its bytes cannot be told",
				File: name, Line: 1,
				Fix: "set `encoding: utf-16le` or `encoding: utf-16be`",
			}
		}
	case mark != "" && mark != enc:
		id := "SEG-CSV-001"
		if mark != "utf-8" {
			id = "SEG-CSV-002"
		}
		return nil, "", false, &problem.Problem{
			ID: id, What: fmt.Sprintf("the file starts with the byte order mark of %s, but `encoding: %s` is set", mark, enc),
			File: name, Line: 1, Column: 1, Fix: "take `encoding` out of the source: the mark tells it",
		}
	}
	if mark == enc {
		n := 2
		if mark == "utf-8" {
			n = 3
		}
		br.Discard(n) // cannot fail: the bytes were peeked
	}
	switch enc {
	case "utf-16le", "utf-16be":
		return &utf16Reader{src: br, name: name, big: enc == "utf-16be", line: 1, column: 1}, enc, true, nil
	case "cp1252":
		return newByteReader(br, name, enc, charmap.Windows1252), enc, true, nil
	case "iso-8859-15":
		return newByteReader(br, name, enc, charmap.ISO8859_15), enc, true, nil
	}
	return br, "utf-8", false, nil
}

// utf16Pattern finds UTF-16 without mark: at least half of the bytes in every second place are NUL, as in any European
// text, and almost none (one in twenty) in the other places.
func utf16Pattern(head []byte) string {
	if len(head) < 4 {
		return ""
	}
	var nul [2]int
	for i, c := range head {
		if c == 0 {
			nul[i&1]++
		}
	}
	half := len(head) / 2
	switch {
	case 2*nul[1] >= half && 20*nul[0] <= half:
		return "utf-16le"
	case 2*nul[0] >= half && 20*nul[1] <= half:
		return "utf-16be"
	}
	return ""
}

func readProblem(name string, err error) error {
	var p *problem.Problem
	if errors.As(err, &p) {
		return err
	}
	return &problem.Problem{ID: "SEG-SRC-004", What: "the file cannot be read", File: name, Why: err.Error(), Err: err}
}

// byteReader decodes one-byte encodings.
type byteReader struct {
	src    *bufio.Reader
	name   string
	enc    string
	table  [256]rune
	in     [4096]byte
	out    []byte // decoded, not yet given
	store  []byte
	line   int
	column int
	err    error
}

func newByteReader(src *bufio.Reader, name, enc string, m *charmap.Charmap) *byteReader {
	r := &byteReader{src: src, name: name, enc: enc, line: 1, column: 1}
	for i := range r.table {
		r.table[i] = m.DecodeByte(byte(i))
	}
	return r
}

func (r *byteReader) Read(p []byte) (int, error) {
	for len(r.out) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		var n int
		n, r.err = r.src.Read(r.in[:])
		r.store = r.store[:0]
		for _, c := range r.in[:n] {
			v := r.table[c]
			if v == utf8.RuneError {
				r.err = &problem.Problem{
					ID: "SEG-CSV-001", What: fmt.Sprintf("byte 0x%02X has no meaning in %s", c, r.enc),
					File: r.name, Line: r.line, Column: r.column,
					Why: "the file was written in another encoding", Fix: "set another `encoding` for the source",
				}
				break
			}
			r.column++
			if c == '\n' {
				r.line++
				r.column = 1
			}
			r.store = utf8.AppendRune(r.store, v)
		}
		r.out = r.store
	}
	n := copy(p, r.out)
	r.out = r.out[n:]
	return n, nil
}

// utf16Reader decodes UTF-16 strictly: half characters are errors, never replaced.
type utf16Reader struct {
	src    *bufio.Reader
	name   string
	big    bool
	high   rune // a high surrogate that waits for its low one; 0 = none
	odd    int  // a first byte that waits for its second, plus one; 0 = none
	in     [4096]byte
	out    []byte
	store  []byte
	line   int
	column int
	err    error
}

func (r *utf16Reader) damaged(what string) error {
	return &problem.Problem{
		ID: "SEG-CSV-002", What: what, File: r.name, Line: r.line, Column: r.column,
		Why: "the file is cut off or damaged, or it is no UTF-16", Fix: "write it as UTF-8, or set its `encoding`",
	}
}

func (r *utf16Reader) Read(p []byte) (int, error) {
	for len(r.out) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		n, err := r.src.Read(r.in[:])
		r.err = err
		r.store = r.store[:0]
		for _, c := range r.in[:n] {
			if r.odd == 0 {
				r.odd = int(c) + 1
				continue
			}
			u := rune(r.odd-1)<<8 | rune(c)
			if !r.big {
				u = rune(c)<<8 | rune(r.odd-1)
			}
			r.odd = 0
			if msg := r.unit(u); msg != "" {
				r.err = r.damaged(msg)
				break
			}
		}
		if r.err == io.EOF && (r.odd != 0 || r.high != 0) {
			r.err = r.damaged("the UTF-16 text ends in the middle of a character")
		}
		r.out = r.store
	}
	n := copy(p, r.out)
	r.out = r.out[n:]
	return n, nil
}

// unit takes the next 16 bits; what it returns is the reason why they cannot stand here.
func (r *utf16Reader) unit(u rune) string {
	switch {
	case r.high != 0:
		v := utf16.DecodeRune(r.high, u)
		if v == utf8.RuneError {
			return "half a character (high surrogate without its low one)"
		}
		r.store = utf8.AppendRune(r.store, v)
		r.high = 0
	case u >= 0xD800 && u < 0xDC00:
		r.high = u
		return ""
	case utf16.IsSurrogate(u):
		return "half a character (low surrogate without its high one)"
	default:
		r.store = utf8.AppendRune(r.store, u)
	}
	r.column++
	if u == '\n' {
		r.line++
		r.column = 1
	}
	return ""
}
