package csvio

import "bytes"

// word is a yes/no word; the even ones say no.
type word uint8

const (
	wordFalse word = iota
	wordTrue
	wordFalsch
	wordWahr
	wordNo
	wordYes
	wordNein
	wordJa
	wordN
	wordY
	_ // n of j/n is wordN
	wordJ
	words
)

// pair is two words that make a bool column.
type pair struct {
	no, yes word
	clear   bool // one of the words is enough: nothing else is written that way
	name    string
}

var pairs = []pair{
	{wordFalse, wordTrue, true, "true/false"},
	{wordFalsch, wordWahr, true, "wahr/falsch"},
	{wordNo, wordYes, false, "yes/no"},
	{wordNein, wordJa, false, "ja/nein"},
	{wordN, wordY, false, "y/n"},
	{wordN, wordJ, false, "j/n"},
}

// lower copies at most len(dst) bytes of b in ASCII lower case.
func lower(dst *[16]byte, b []byte) []byte {
	n := copy(dst[:], b)
	for i, c := range dst[:n] {
		if c-'A' < 26 {
			dst[i] = c | 0x20
		}
	}
	return dst[:n]
}

// lexWord recognises yes/no words in any case.
func lexWord(b []byte) (word, bool) {
	if len(b) > 6 {
		return 0, false
	}
	var buf [16]byte
	switch string(lower(&buf, b)) {
	case "false":
		return wordFalse, true
	case "true":
		return wordTrue, true
	case "falsch":
		return wordFalsch, true
	case "wahr":
		return wordWahr, true
	case "no":
		return wordNo, true
	case "yes":
		return wordYes, true
	case "nein":
		return wordNein, true
	case "ja":
		return wordJa, true
	case "n":
		return wordN, true
	case "y":
		return wordY, true
	case "j":
		return wordJ, true
	}
	return 0, false
}

// The names under which numbers in foreign notation are counted: their digits are a customer's.
const (
	underscored = "1_000 (digits with underscores)"
	hexadecimal = "0x1p4 (hexadecimal)"
)

// lexArtefact recognises what programs write where a number is missing or broken, in any case, and returns the name
// under which it is counted. Such a token is nobody's data, so it may be named in messages.
func lexArtefact(b []byte) (name string, ok bool) {
	if len(b) == 0 {
		return "", false
	}
	if len(b) <= 12 {
		var buf [16]byte
		low := lower(&buf, b)
		if low[0] == '+' || low[0] == '-' {
			switch string(low[1:]) {
			case "nan", "inf", "infinity", "1.#inf", "1.#ind", "1.#qnan":
				return string(b), true
			}
		}
		switch string(low) {
		case "nan", "inf", "infinity", "1.#inf", "1.#ind", "1.#qnan", "nan(ind)",
			"#div/0!", "#n/a", "#n/v", "#nv", "#value!", "#wert!", "#ref!", "#bezug!", "#name?", "#num!", "#zahl!", "#null!",
			"#####", "######", "#######", "########",
			"-", "--", "---", ".", "..", "...", "?", "*", "/", "n/a", "n.a.", "n.a", "na", "<na>", "nat", "nil", "null",
			"<null>", "(null)", "none",
			"k.a.", "k. a.", "k.a", "\\n", "\xe2\x80\x93", "\xe2\x80\x94": // en and em dash
			return string(b), true
		}
	}
	digit, i := false, 0
	if b[0] == '+' || b[0] == '-' {
		i = 1
	}
	if len(b)-i > 2 && b[i] == '0' && b[i+1]|0x20 == 'x' {
		for _, c := range b[i+2:] {
			if c-'0' > 9 && (c|0x20)-'a' > 5 && !bytes.ContainsRune([]byte(".pP+-_"), rune(c)) {
				return "", false
			}
		}
		return hexadecimal, true
	}
	under := false
	for _, c := range b[i:] {
		switch {
		case c-'0' <= 9:
			digit = true
		case c == '_' && digit:
			under = true
		case c != '.' && c != ',':
			return "", false
		}
	}
	if under && digit && b[len(b)-1] != '_' {
		return underscored, true
	}
	return "", false
}
