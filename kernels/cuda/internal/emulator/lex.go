package emulator

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A token is an identifier with its dots ("ld.global.v4.f32", "%tid.x", ".reg"), a number, a string or one sign.
type token struct {
	kind byte // 'i', 'n', 's', 'p'; 0 at the end
	text string
	line int
}

// loadError says why a text is no module; it travels as a panic from the place that found it to loadModule.
type loadError struct {
	line int
	text string
}

func (e *loadError) Error() string {
	if e.line == 0 {
		return e.text
	}
	return fmt.Sprintf("ptx line %d: %s", e.line, e.text)
}

// reject gives up on a module.
func reject(line int, format string, args ...any) {
	panic(&loadError{line, fmt.Sprintf(format, args...)})
}

func letter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '$' || c == '%' || c == '.'
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// lex splits a PTX text.
func lex(text string) []token {
	var tokens []token
	line := 1
	for i := 0; i < len(text); {
		c := text[i]
		start := i
		switch {
		case c == '\n':
			line++
			i++
		case c == ' ' || c == '\t' || c == '\r':
			i++
		case strings.HasPrefix(text[i:], "//"):
			for i < len(text) && text[i] != '\n' {
				i++
			}
		case strings.HasPrefix(text[i:], "/*"):
			end := strings.Index(text[i:], "*/")
			if end < 0 {
				reject(line, "comment without an end")
			}
			line += strings.Count(text[i:i+end], "\n")
			i += end + 2
		case c == '"':
			end := strings.IndexByte(text[i+1:], '"')
			if end < 0 {
				reject(line, "string without an end")
			}
			i += end + 2
			tokens = append(tokens, token{'s', text[start+1 : i-1], line})
		case digit(c):
			for i < len(text) && (letter(text[i]) || digit(text[i]) || (text[i] == '-' || text[i] == '+') && exponent(text[start:i])) {
				i++
			}
			tokens = append(tokens, token{'n', text[start:i], line})
		case letter(c):
			for i < len(text) && (letter(text[i]) || digit(text[i]) || strings.HasPrefix(text[i:], "::") || strings.HasPrefix(text[i-1:], "::")) {
				i++
			}
			tokens = append(tokens, token{'i', text[start:i], line})
		case strings.IndexByte("{}[]()<>,;:+-=|!@~*/", c) >= 0:
			i++
			tokens = append(tokens, token{'p', text[start:i], line})
		default:
			reject(line, "unexpected character %q", c)
		}
	}
	return append(tokens, token{0, "end of the text", line})
}

// exponent reports whether a sign may follow s within a decimal number.
func exponent(s string) bool {
	return !strings.HasPrefix(s, "0x") && !strings.HasPrefix(s, "0f") && !strings.HasPrefix(s, "0d") && (s[len(s)-1] == 'e' || s[len(s)-1] == 'E')
}

// An immediate is a constant as written; its bits depend on the type that an instruction wants (see immediate.as).
type immediate struct {
	form  byte // 'i' integer, 'f' bits of a float32, 'd' bits or value of a float64
	bits  uint64
	minus bool
}

// number reads an integer, a decimal fraction, 0fXXXXXXXX or 0dXXXXXXXXXXXXXXXX.
func number(t token) immediate {
	s := t.text
	bad := func() { reject(t.line, "%q is not a number", s) }
	if len(s) == 10 && (s[:2] == "0f" || s[:2] == "0F") {
		v, err := strconv.ParseUint(s[2:], 16, 32)
		if err != nil {
			bad()
		}
		return immediate{form: 'f', bits: v}
	}
	if len(s) == 18 && (s[:2] == "0d" || s[:2] == "0D") {
		v, err := strconv.ParseUint(s[2:], 16, 64)
		if err != nil {
			bad()
		}
		return immediate{form: 'd', bits: v}
	}
	if strings.Contains(s, ".") || !strings.HasPrefix(s, "0x") && strings.ContainsAny(s, "eE") {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil {
			bad()
		}
		return immediate{form: 'd', bits: math.Float64bits(v)}
	}
	v, err := strconv.ParseUint(strings.TrimSuffix(s, "U"), 0, 64)
	if err != nil {
		bad()
	}
	return immediate{form: 'i', bits: v}
}

// as returns the bits of the immediate for an operand of type t.
func (im immediate) as(line int, t dataType) uint64 {
	switch {
	case im.form == 'i' && t.kind != 'f':
		v := im.bits
		if im.minus {
			v = -v
		}
		return v & t.mask()
	case im.form == 'f' && t.bits == 32 && t.kind != 's' && t.kind != 'u':
		if im.minus {
			return im.bits ^ 1<<31
		}
		return im.bits
	case im.form == 'd' && t.bits == 64 && t.kind != 's' && t.kind != 'u':
		if im.minus {
			return im.bits ^ 1<<63
		}
		return im.bits
	case im.form == 'd' && t.kind == 'f' && t.bits == 32:
		v := math.Float64frombits(im.bits)
		if im.minus {
			v = -v
		}
		return uint64(math.Float32bits(float32(v)))
	}
	reject(line, "a constant of this form does not fit %s", t)
	return 0
}

// dataType is a fundamental type: u, s, f, b or p (a predicate) and the bits.
type dataType struct {
	kind byte
	bits int
}

func (t dataType) String() string {
	if t.kind == 'p' {
		return ".pred"
	}
	return fmt.Sprintf(".%c%d", t.kind, t.bits)
}

func (t dataType) mask() uint64 { return ^uint64(0) >> (64 - t.bits) }

// shift moves a value's sign to bit 63.
func (t dataType) shift() int { return 64 - t.bits }

func (t dataType) bytes() int { return t.bits / 8 }

// parseType reads "u32"; ok is false for what is no fundamental type.
func parseType(s string) (t dataType, ok bool) {
	switch s {
	case "pred":
		return dataType{'p', 1}, true
	case "u8", "s8", "b8", "u16", "s16", "b16", "u32", "s32", "b32", "u64", "s64", "b64", "f32", "f64":
		n, _ := strconv.Atoi(s[1:])
		return dataType{s[0], n}, true
	}
	return dataType{}, false
}

var (
	u32 = dataType{'u', 32}
	b32 = dataType{'b', 32}
	b64 = dataType{'b', 64}
	f32 = dataType{'f', 32}
	f64 = dataType{'f', 64}
)
