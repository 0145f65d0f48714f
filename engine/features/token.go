package features

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
)

// Limits of one expression: beyond them it is refused before the parser sees it.
const (
	maxExprBytes = 16 << 10
	maxExprDepth = 100
)

// exprError is a fault in an expression, with its place in the text as the user wrote it.
type exprError struct {
	id   string // SEG-FEA-002, SEG-FEA-005 or SEG-NUM-001
	pos  int    // byte offset in the source text
	what string
	why  string
	fix  string
}

func (e *exprError) Error() string { return e.what }

// lexeme is one token of the source text and what the parser gets for it.
type lexeme struct {
	kind lexKind
	text string // operator or keyword in lower case; name, number or string content
	pos  int    // byte offset in the source text
}

type lexKind uint8

const (
	lexOp lexKind = iota
	lexName
	lexNumber
	lexString
	lexKeyword // and or not in is null true false contains startswith endswith
)

// tree is a parsed expression. Names, literals and function names stand in it as placeholders (x0, x1, ...), so that
// nothing a user writes can meet a keyword of the expression language or lose digits in its number parser.
type tree struct {
	node    ast.Node
	lexemes []lexeme
	byName  map[string]int // placeholder -> lexeme
	out     []int          // offset in the rewritten text of each rewritten token, ascending
	src     []int          // and the source offset of each
	length  int            // of the source text
	written int            // of the rewritten text
}

var keywords = map[string]bool{"and": true, "or": true, "not": true, "in": true, "is": true, "null": true, "true": true,
	"false": true, "contains": true, "startswith": true, "endswith": true, "nil": true}

// spelling is how the parser writes the keywords that are binary operators.
var spelling = map[string]string{"in": "in", "contains": "contains", "startswith": "startsWith", "endswith": "endsWith"}

// parse reads an expression in SQL's or Go's spelling. Differences between the two that matter are resolved here:
// `=` and `<>`, doubled quotes inside strings, `is [not] null`, `in (...)`, names in backquotes, and `not`, which binds
// weaker than a comparison, as in SQL.
func parse(text string) (*tree, *exprError) {
	if len(text) > maxExprBytes {
		return nil, &exprError{id: "SEG-FEA-005",
			what: fmt.Sprintf("the expression is longer than %d bytes", maxExprBytes)}
	}
	lexemes, fault := lex(text)
	if fault != nil {
		return nil, fault
	}
	if len(lexemes) == 0 {
		return nil, &exprError{id: "SEG-FEA-005", what: "the expression is empty"}
	}
	t := &tree{lexemes: lexemes, byName: map[string]int{}, length: len(text)}
	rewritten, fault := t.rewrite()
	if fault != nil {
		return nil, fault
	}
	t.written = len(rewritten)
	parsed, err := parser.Parse(rewritten)
	if err != nil {
		e, ok := err.(*file.Error)
		if !ok {
			return nil, &exprError{id: "SEG-FEA-005", what: "the expression cannot be parsed"}
		}
		i := t.lexemeAt(e.From)
		if i < 0 {
			return nil, &exprError{id: "SEG-FEA-005", pos: t.length, what: "the expression ends too early"}
		}
		return nil, &exprError{id: "SEG-FEA-005", pos: lexemes[i].pos,
			what: fmt.Sprintf("%q does not fit here", lexemes[i].text)}
	}
	t.node = parsed.Node
	return t, nil
}

// position returns the source offset of a node.
func (t *tree) position(n ast.Node) int {
	if i := t.lexemeAt(n.Location().From); i >= 0 {
		return t.lexemes[i].pos
	}
	return t.length
}

// lexemeAt returns the index of the lexeme that was written at or last before offset out of the rewritten text, or -1
// behind the end.
func (t *tree) lexemeAt(offset int) int {
	found := -1
	for i, o := range t.out {
		if o > offset {
			break
		}
		found = t.src[i]
	}
	if offset >= t.written-1 || found == len(t.lexemes) {
		return -1
	}
	return found
}

// lex splits the text into lexemes.
func lex(text string) ([]lexeme, *exprError) {
	var all []lexeme
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case unicode.IsSpace(r):
			i += size
		case r == '\'' || r == '"' || r == '`':
			content, n, ok := quoted(text[i:])
			if !ok {
				return nil, &exprError{id: "SEG-FEA-005", pos: i, what: "a quote is opened and not closed"}
			}
			kind := lexString
			if r == '`' {
				kind = lexName
			}
			all = append(all, lexeme{kind, content, i})
			i += n
		case r >= '0' && r <= '9' || r == '.' && i+1 < len(text) && text[i+1] >= '0' && text[i+1] <= '9':
			n := numberLength(text[i:])
			all = append(all, lexeme{lexNumber, text[i : i+n], i})
			i += n
		case r == '_' || unicode.IsLetter(r):
			n := strings.IndexFunc(text[i:], func(r rune) bool {
				return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
			})
			if n < 0 {
				n = len(text) - i
			}
			word := text[i : i+n]
			if low := strings.ToLower(word); keywords[low] {
				all = append(all, lexeme{lexKeyword, low, i})
			} else {
				all = append(all, lexeme{lexName, word, i})
			}
			i += n
		default:
			op := operatorAt(text[i:])
			if op == "" {
				return nil, &exprError{id: "SEG-FEA-005", pos: i,
					what: fmt.Sprintf("the character %q has no meaning here", r),
					fix:  "Put names with special characters in backquotes, text in single quotes."}
			}
			all = append(all, lexeme{lexOp, op, i})
			i += len(op)
		}
	}
	return all, nil
}

func operatorAt(s string) string {
	for _, op := range []string{"<>", "<=", ">=", "==", "!=", "&&", "||",
		"=", "<", ">", "!", "+", "-", "*", "/", "(", ")", "[", "]", ",", "?", ":"} {
		if strings.HasPrefix(s, op) {
			return op
		}
	}
	return ""
}

// quoted returns the content of the quoted text at the start of s and the bytes it takes. A doubled quote stands for one.
func quoted(s string) (content string, n int, ok bool) {
	q := s[0]
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != q {
			b.WriteByte(s[i])
		} else if i+1 < len(s) && s[i+1] == q {
			b.WriteByte(q)
			i++
		} else {
			return b.String(), i + 1, true
		}
	}
	return "", 0, false
}

func numberLength(s string) int {
	i := 0
	for i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] == '.') {
		i++
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		j := i + 1
		if j < len(s) && (s[j] == '+' || s[j] == '-') {
			j++
		}
		if j < len(s) && s[j] >= '0' && s[j] <= '9' {
			for j < len(s) && s[j] >= '0' && s[j] <= '9' {
				j++
			}
			i = j
		}
	}
	return i
}

// rewrite returns the text for the parser and fills the maps back to the source.
func (t *tree) rewrite() (string, *exprError) {
	var b strings.Builder
	emit := func(i int, s string) {
		t.out, t.src = append(t.out, b.Len()), append(t.src, i)
		b.WriteString(s)
		b.WriteByte(' ')
	}
	type open struct {
		bracket string // closing bracket as it is to be written
		nots    int    // parentheses opened for `not` at this level
	}
	stack := []open{{}}
	operand := false // whether the last token ended an operand
	closeNots := func(i int) {
		top := &stack[len(stack)-1]
		for ; top.nots > 0; top.nots-- {
			emit(i, ")")
		}
	}
	l := t.lexemes
	at := func(i int) lexeme {
		if i < len(l) {
			return l[i]
		}
		return lexeme{}
	}
	nots := 0
	for i := 0; i < len(l); i++ {
		x := l[i]
		next := at(i + 1)
		switch {
		case x.kind == lexName || x.kind == lexNumber || x.kind == lexString:
			name := "x" + strconv.Itoa(i)
			t.byName[name] = i
			emit(i, name)
			operand = true
		case x.kind == lexKeyword:
			call := next.kind == lexOp && next.text == "("
			switch x.text {
			case "and", "or":
				closeNots(i)
				emit(i, x.text)
				operand = false
			case "not":
				if operand {
					emit(i, "not")
					break
				}
				if nots++; nots > maxExprDepth {
					return "", tooDeep(x.pos)
				}
				emit(i, "!")
				emit(i, "(")
				stack[len(stack)-1].nots++
			case "null", "nil":
				emit(i, "nil")
				operand = true
			case "true", "false":
				emit(i, x.text)
				operand = true
			case "is":
				op := "=="
				if next.kind == lexKeyword && next.text == "not" {
					op, i = "!=", i+1
					next = at(i + 1)
				}
				if next.kind != lexKeyword || next.text != "null" && next.text != "nil" {
					return "", &exprError{id: "SEG-FEA-005", pos: x.pos,
						what: "after `is` only `null` and `not null` are possible"}
				}
				emit(i, op)
				operand = false
			default: // in, contains, startswith, endswith
				if !operand && call && x.text != "in" { // contains(a, b)
					name := "x" + strconv.Itoa(i)
					t.byName[name] = i
					emit(i, name)
					operand = true
					break
				}
				emit(i, spelling[x.text])
				operand = false
				if x.text == "in" && call {
					emit(i+1, "[")
					stack = append(stack, open{bracket: "]"})
					i++
				}
			}
		default:
			switch x.text {
			case "(", "[":
				emit(i, x.text)
				closing := ")"
				if x.text == "[" {
					closing = "]"
				}
				stack = append(stack, open{bracket: closing})
				operand = false
			case ")", "]":
				closeNots(i)
				top := stack[len(stack)-1]
				if len(stack) == 1 || top.bracket != x.text && !(top.bracket == "]" && x.text == ")") {
					return "", &exprError{id: "SEG-FEA-005", pos: x.pos, what: fmt.Sprintf("%q closes nothing", x.text)}
				}
				stack = stack[:len(stack)-1]
				emit(i, top.bracket)
				operand = true
			default:
				if x.text == "," || x.text == "?" || x.text == ":" || x.text == "&&" || x.text == "||" {
					closeNots(i)
				}
				op := x.text
				switch op {
				case "=":
					op = "=="
				case "<>":
					op = "!="
				}
				emit(i, op)
				operand = false
			}
			if len(stack) > maxExprDepth {
				return "", tooDeep(x.pos)
			}
		}
	}
	closeNots(len(l))
	if len(stack) > 1 {
		return "", &exprError{id: "SEG-FEA-005", pos: t.length, what: "a bracket is opened and not closed"}
	}
	if len(l) > 2000 {
		return "", &exprError{id: "SEG-FEA-005", what: "the expression has more than 2,000 words and signs"}
	}
	return b.String(), nil
}

func tooDeep(pos int) *exprError {
	return &exprError{id: "SEG-FEA-005", pos: pos,
		what: fmt.Sprintf("the expression is nested more than %d levels deep", maxExprDepth)}
}
