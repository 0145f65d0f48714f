package anyio

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"segovia/kernels/problem"
)

// KeyText returns the canonical form of a key written as text; empty if it is null. It returns false for a key in the
// scientific notation that spreadsheets write (1.7E+04).
//
// A fraction of zeros is dropped: 17850.0 and 17850,00 are 17850. Three zeros behind at most three digits (17.000) may
// also group thousands, and such text stays as it is.
func KeyText(s string) (string, bool) {
	s = strings.TrimSpace(s)
	i := 0
	if strings.HasPrefix(s, "-") {
		i = 1
	}
	whole := digits(s[i:])
	if whole == 0 {
		return s, true
	}
	rest := s[i+whole:]
	if rest == "" {
		return s, true
	}
	fraction := 0
	if rest[0] == '.' || rest[0] == ',' {
		fraction = digits(rest[1:])
		if fraction == 0 {
			return s, true
		}
		rest = rest[1+fraction:]
	}
	if len(rest) > 2 && (rest[0] == 'E' || rest[0] == 'e') && rest[1] == '+' && digits(rest[2:]) == len(rest)-2 {
		return s, false
	}
	zeros := s[i+whole+1 : i+whole+1+fraction]
	switch {
	case rest != "" || fraction == 0 || strings.Trim(zeros, "0") != "":
	case s[i] == '0' && whole > 1: // zeros in front mean something
	case fraction == 3 && whole <= 3:
	case s[i] == '0':
		return "0", true
	default:
		return s[:i+whole], true
	}
	return s, true
}

// digits returns how many digits s begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// keys returns arr, which has a canonical type, as canonical key text. First is the row number of its first value.
func keys(arr arrow.Array, place place, mem memory.Allocator) (arrow.Array, error) {
	switch a := arr.(type) {
	case *array.Int64:
		return intKeys(a), nil
	case *array.String:
		if areKeys(a) {
			a.Retain()
			return a, nil
		}
	}
	b := array.NewStringBuilder(mem)
	defer b.Release()
	b.Reserve(arr.Len())
	put := func(i int, text string, good bool) error {
		if !good {
			return &problem.Problem{ID: "SEG-KEY-002", What: fmt.Sprintf("a key in column %q has lost digits", place.column), File: place.file,
				Place:  fmt.Sprintf("column %q, row %d", place.column, place.first+int64(i)),
				Why:    "it is in scientific notation, or a floating-point number beyond 2^53; a spreadsheet or a data frame saved it",
				Fix:    "export the key as text",
				Values: text}
		}
		if text == "" {
			b.AppendNull()
		} else {
			b.Append(text)
		}
		return nil
	}
	for i := range arr.Len() {
		if arr.IsNull(i) {
			b.AppendNull()
			continue
		}
		text, good := "", true
		switch a := arr.(type) {
		case *array.String:
			text, good = KeyText(a.Value(i))
		case *array.Float64:
			text, good = floatKey(a.Value(i))
		case *array.Decimal128:
			text = decimalKey(a.Value(i).ToString(a.DataType().(*arrow.Decimal128Type).Scale))
		case *array.Timestamp:
			text = a.Value(i).ToTime(arrow.Microsecond).Format("2006-01-02T15:04:05.999999")
			text = strings.TrimSuffix(text, "T00:00:00")
		default:
			text = arr.ValueStr(i)
		}
		if err := put(i, text, good); err != nil {
			return nil, err
		}
	}
	return b.NewArray(), nil
}

// areKeys reports whether all texts are keys in canonical form already, as most are.
func areKeys(a *array.String) bool {
	last := ""
	for i := range a.Len() {
		v := a.Value(i)
		if v == last && v != "" || a.IsNull(i) {
			continue
		}
		if text, good := KeyText(v); !good || text != v || v == "" {
			return false
		}
		last = v
	}
	return true
}

// intKeys writes whole numbers without a string for each.
func intKeys(a *array.Int64) arrow.Array {
	offsets := make([]int32, a.Len()+1)
	text := make([]byte, 0, 8*a.Len()+20)
	digits, last := 0, int64(0)         // of the number before, at the end of text
	for i, v := range a.Int64Values() { // under a null may stand any number
		if a.NullN() == 0 || a.IsValid(i) {
			if digits > 0 && v == last {
				text = append(text, text[len(text)-digits:]...)
			} else {
				n := len(text)
				text = strconv.AppendInt(text, v, 10)
				digits, last = len(text)-n, v
			}
		}
		offsets[i+1] = int32(len(text))
	}
	var valid *memory.Buffer
	if a.NullN() > 0 {
		bits := make([]byte, bitutil.BytesForBits(int64(a.Len())))
		for i := range a.Len() {
			bitutil.SetBitTo(bits, i, a.IsValid(i))
		}
		valid = memory.NewBufferBytes(bits)
	}
	data := array.NewData(arrow.BinaryTypes.String, a.Len(), []*memory.Buffer{valid,
		memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(offsets)), memory.NewBufferBytes(text)}, nil, a.NullN(), 0)
	defer data.Release()
	return array.NewStringData(data)
}

func floatKey(v float64) (string, bool) {
	switch {
	case v != v:
		return "", true
	case math.Abs(v) > 1<<53:
		return strconv.FormatFloat(v, 'g', -1, 64), false
	case v == 0:
		return "0", true
	}
	return strconv.FormatFloat(v, 'f', -1, 64), true
}

func decimalKey(s string) string {
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if s == "-0" {
		return "0"
	}
	return s
}
