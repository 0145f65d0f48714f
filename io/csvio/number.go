package csvio

import (
	"math/bits"
	"strconv"

	"github.com/apache/arrow/go/v17/arrow/decimal128"
)

// style says which of dot and comma starts the decimals.
type style uint8

const (
	styleNone style = iota // not decided, or both read the same
	styleEN                // 1,234.5
	styleDE                // 1.234,5
)

func (s style) String() string { return [...]string{"", "en", "de"}[s] }

func (s style) decimal() byte {
	if s == styleDE {
		return ','
	}
	return '.'
}

// number is the shape of a cell that reads as a number in at least one style. The digits themselves stay in the cell.
type number struct {
	only      style // the only style that it can have; styleNone = any (plain) or two readings (ambiguous)
	ambiguous byte  // '.' or ',': one separator that may group thousands or start decimals; 0 = clear
	padded    bool  // needless leading zero: not a number by the rule of the package
	exponent  bool
	intDigits int // significant digits before the decimals; with an ambiguous separator: before it
	decimals  int // digits behind the decimal separator; with an ambiguous separator: behind it (3)
}

// digitsIn returns the significant integer digits and the decimals of n when read in style s.
func (n *number) digitsIn(s style) (integer, decimals int) {
	if n.ambiguous != 0 && s.decimal() != n.ambiguous {
		return n.intDigits + 3, 0
	}
	return n.intDigits, n.decimals
}

// fits reports whether n can be read in style s; styleNone fits numbers without any doubt only.
func (n *number) fits(s style) bool {
	if s == styleNone {
		return n.only == styleNone && n.ambiguous == 0
	}
	return n.only == styleNone || n.only == s
}

// lexNumber reads b, without blanks around, by this grammar; ok is false for everything else.
//
//	[+-] digits
//	[+-] digits? sep digits?                    at least one digit; sep is . or ,
//	[+-] ddd (sep ddd)+ with one to three digits first, not 0
//	[+-] ddd (sep ddd)+ othersep digits
//	the first two with [eE] [+-] digits (at most four)
func lexNumber(b []byte) (n number, ok bool) {
	i := 0
	if i < len(b) && (b[i] == '+' || b[i] == '-') {
		i++
	}
	start := i
	var (
		run, first, seps int  // digits since the last separator; before the first; number of separators
		sep, last        byte // first and last separator
		total            int
		groups           = true // all groups between separators have three digits
	)
scan:
	for ; i < len(b); i++ {
		c := b[i]
		switch {
		case c-'0' <= 9:
			run++
		case c == '.' || c == ',':
			switch {
			case seps == 0:
				first, sep = run, c
			case last != sep:
				return n, false // nothing follows the decimal separator
			default:
				groups = groups && run == 3
			}
			last = c
			seps++
			total += run
			run = 0
		case (c == 'e' || c == 'E') && seps <= 1:
			break scan
		default:
			return n, false
		}
	}
	total += run
	if total == 0 {
		return n, false
	}
	if seps == 0 {
		first = run
	}
	zero := first > 0 && b[start] == '0'
	n.padded = zero && first > 1
	n.intDigits = first
	if zero {
		n.intDigits = 0
	}
	if i < len(b) { // exponent: then a separator can only start decimals
		n.exponent = true
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if i == len(b) || len(b)-i > 4 {
			return n, false
		}
		for ; i < len(b); i++ {
			if b[i]-'0' > 9 {
				return n, false
			}
		}
		if seps == 1 {
			n.decimals = run
			n.only = styleOf(sep)
		}
		return n, true
	}
	switch {
	case seps == 0:
	case seps == 1:
		n.decimals = run
		if run == 3 && first >= 1 && first <= 3 && !zero {
			n.ambiguous = sep
		} else {
			n.only = styleOf(sep)
		}
	case first < 1 || first > 3 || zero || !groups:
		return n, false
	case last == sep: // groups only
		if run != 3 {
			return n, false
		}
		n.intDigits = total
		n.only = styleOf('.' + ',' - sep)
	default: // groups, then decimals
		if run == 0 {
			return n, false
		}
		n.intDigits = total - run
		n.decimals = run
		n.only = styleOf(last)
	}
	return n, true
}

// styleOf is the style whose decimals start with sep.
func styleOf(sep byte) style {
	if sep == ',' {
		return styleDE
	}
	return styleEN
}

// parseDecimal returns the value of b, which lexNumber accepted without exponent and which fits s, in units of
// 10^-scale. It returns false if there are more than scale decimals or the value does not fit 38 digits.
func parseDecimal(b []byte, s style, scale int) (decimal128.Num, bool) {
	var hi, lo uint64
	neg, dot, decimals, digits := false, s.decimal(), -1, 0
	for i, c := range b {
		switch {
		case c-'0' <= 9:
			if lo|hi != 0 || c != '0' {
				digits++
			}
			if digits > 38 {
				return decimal128.Num{}, false
			}
			hi, lo = mulAdd10(hi, lo, uint64(c-'0'))
			if decimals >= 0 {
				decimals++
			}
		case c == dot:
			decimals = 0
		case i == 0:
			neg = c == '-'
		}
	}
	decimals = max(decimals, 0)
	if decimals > scale {
		return decimal128.Num{}, false
	}
	for ; decimals < scale; decimals++ {
		if lo|hi != 0 {
			digits++
		}
		if digits > 38 {
			return decimal128.Num{}, false
		}
		hi, lo = mulAdd10(hi, lo, 0)
	}
	v := decimal128.New(int64(hi), lo)
	if neg {
		v = v.Negate()
	}
	return v, true
}

// mulAdd10 is (hi:lo)*10 + d; the callers keep it below 10^38.
func mulAdd10(hi, lo, d uint64) (uint64, uint64) {
	h, l := bits.Mul64(lo, 10)
	l, carry := bits.Add64(l, d, 0)
	return hi*10 + h + carry, l
}

// parseInt returns the value of b, which lexNumber accepted without exponent and which has no decimals in the style it
// is read in: then every separator groups, or stands behind the last digit. It returns false beyond int64.
func parseInt(b []byte) (int64, bool) {
	var v uint64
	neg := false
	for i, c := range b {
		switch {
		case c-'0' <= 9:
			if v > (1<<63)/10 {
				return 0, false
			}
			v = v*10 + uint64(c-'0')
			if v > 1<<63 {
				return 0, false
			}
		case i == 0:
			neg = c == '-'
		}
	}
	if neg {
		return -int64(v), true // -(1<<63) wraps to itself
	}
	return int64(v), v < 1<<63
}

// parseFloat returns the float64 nearest to b, which lexNumber accepted and which fits s. strconv sees only what the
// grammar let through, with a dot for the decimals; ok is false if the value is beyond the range of float64.
func parseFloat(b []byte, s style) (v float64, ok bool) {
	var local [64]byte
	buf, dot := local[:0], s.decimal()
	for _, c := range b {
		switch {
		case c == dot:
			buf = append(buf, '.')
		case c != '.' && c != ',':
			buf = append(buf, c)
		}
	}
	v, err := strconv.ParseFloat(string(buf), 64)
	return v, err == nil
}
