package emulator

import (
	"slices"
	"strings"
)

// The parsed form of a module: variables and functions, whose bodies are lists of items in the order of the text.
type (
	unit struct {
		variables map[string]*variable
		functions map[string]*function
		entries   []*function
	}
	variable struct {
		name   string
		space  string // "global", "const", "shared", "local", "param", "reg"
		align  int
		typ    dataType
		count  int // elements; 0 where the extent is open (extern)
		count1 int // registers of a family %r<n>, else 0
		init   []byte
		line   int
		offset int // in the constant bank
	}
	function struct {
		name       string
		entry      bool
		params     []*variable
		results    []*variable
		body       []item
		defined    bool
		maxThreads int // 0: no .maxntid
		maxDims    [3]int
		line       int
	}
	// An item of a body: exactly one of the fields is set, or scope is '{' or '}'.
	item struct {
		line     int
		scope    byte
		variable *variable
		label    string
		targets  []string // .branchtargets of label
		stmt     *stmt
	}
	// A stmt is one instruction.
	stmt struct {
		line     int
		guard    string
		guardNot bool
		op       string   // "ld"
		mods     []string // "global", "v4", "f32"
		args     []arg
	}
	arg struct {
		kind byte // 'n' name, 'i' immediate, 'v' {vector}, 'a' [address], '|' pair, '(' list
		name string
		not  bool // !name
		imm  immediate
		off  int64 // added to an address or a name
		list []arg
	}
)

func (s *stmt) String() string { return strings.Join(append([]string{s.op}, s.mods...), ".") }

func (v *variable) bytes() int { return v.typ.bytes() * v.count }

type parser struct {
	tokens []token
	at     int
}

func (p *parser) peek() token { return p.tokens[p.at] }

func (p *parser) next() token {
	t := p.tokens[p.at]
	if t.kind != 0 {
		p.at++
	}
	return t
}

func (p *parser) is(text string) bool {
	t := p.peek()
	return t.text == text && (t.kind == 'p' || t.kind == 'i')
}

func (p *parser) accept(text string) bool {
	if p.is(text) {
		p.at++
		return true
	}
	return false
}

func (p *parser) expect(text string) {
	if t := p.next(); t.text != text || t.kind == 's' {
		reject(t.line, "%q where %q is expected", t.text, text)
	}
}

// line and statement pass over what means nothing here, up to the end of the line or the semicolon.
func (p *parser) line(n int) {
	for p.peek().line == n && p.peek().kind != 0 {
		p.next()
	}
}

func (p *parser) statement() {
	for !p.accept(";") {
		if t := p.next(); t.kind == 0 {
			reject(t.line, "a directive without an end")
		}
	}
}

func (p *parser) name() string {
	t := p.next()
	if t.kind != 'i' {
		reject(t.line, "%q where a name is expected", t.text)
	}
	return t.text
}

func (p *parser) integer() int {
	minus := p.accept("-")
	t := p.next()
	if t.kind != 'n' {
		reject(t.line, "%q where a number is expected", t.text)
	}
	v := number(t)
	if v.form != 'i' {
		reject(t.line, "%q where an integer is expected", t.text)
	}
	if minus {
		return -int(v.bits)
	}
	return int(v.bits)
}

// parse reads a whole text.
func parse(text string) *unit {
	p := &parser{tokens: lex(text)}
	u := &unit{variables: map[string]*variable{}, functions: map[string]*function{}}
	p.header()
	for p.peek().kind != 0 {
		t := p.peek()
		switch t.text {
		case ".visible", ".extern", ".weak":
			p.next()
		case ".file":
			p.line(t.line)
		case ".section":
			for !p.accept("}") {
				if p.next().kind == 0 {
					reject(t.line, ".section without an end")
				}
			}
		case ".pragma":
			p.statement()
		case ".entry", ".func":
			p.next()
			p.function(u, t)
		case ".global", ".const", ".shared":
			v := p.variable()
			p.expect(";")
			if _, twice := u.variables[v.name]; twice {
				reject(t.line, "%s is declared twice", v.name)
			}
			u.variables[v.name] = v
		default:
			reject(t.line, "unknown directive %q", t.text)
		}
	}
	return u
}

// header reads .version, .target and .address_size.
func (p *parser) header() {
	p.expect(".version")
	p.next()
	p.expect(".target")
	for {
		t := p.next()
		if t.text != "debug" && !strings.HasPrefix(t.text, "sm_") {
			reject(t.line, "unknown target %q", t.text)
		}
		if !p.accept(",") {
			break
		}
	}
	p.expect(".address_size")
	if t := p.peek(); p.integer() != 64 {
		reject(t.line, "addresses have 64 bits here")
	}
}

// variable reads ".space .align n .type name[count] = {...}" up to the semicolon or comma.
func (p *parser) variable() *variable {
	t := p.next()
	v := &variable{space: t.text[1:], line: t.line, count: 1}
	for {
		t := p.next()
		if t.text == ".align" {
			v.align = p.integer()
			continue
		}
		if t.text == ".ptr" { // of a parameter: says where it points to
			for p.is(".global") || p.is(".shared") || p.is(".const") || p.is(".local") || p.is(".align") {
				if p.next().text == ".align" {
					p.integer()
				}
			}
			continue
		}
		if typ, ok := parseType(strings.TrimPrefix(t.text, ".")); ok && t.text[0] == '.' {
			v.typ = typ
			continue
		}
		if t.kind != 'i' || t.text[0] == '.' {
			reject(t.line, "unknown attribute %q of a variable", t.text)
		}
		v.name = t.text
		break
	}
	if v.typ.bits == 0 {
		reject(v.line, "variable %s without a type", v.name)
	}
	if v.align == 0 {
		v.align = max(v.typ.bytes(), 1)
	}
	for p.accept("[") {
		if p.accept("]") {
			v.count = 0
			continue
		}
		v.count *= p.integer()
		p.expect("]")
	}
	if v.space == "reg" && p.accept("<") {
		v.count1 = p.integer()
		p.expect(">")
	}
	if p.accept("=") {
		v.init = make([]byte, v.bytes())
		p.initialiser(v, 0)
	}
	return v
}

// initialiser reads a value or a (nested) list of values into v.init from element at on, and returns the next element.
func (p *parser) initialiser(v *variable, at int) int {
	if p.accept("{") {
		for !p.accept("}") {
			at = p.initialiser(v, at)
			p.accept(",")
		}
		return at
	}
	t := p.peek()
	a := p.arg()
	if a.kind != 'i' {
		reject(t.line, "the initialiser %q of %s is not a number", t.text, v.name)
	}
	if at >= v.count {
		reject(t.line, "more values than elements of %s", v.name)
	}
	bits := a.imm.as(t.line, v.typ)
	for i := range v.typ.bytes() {
		v.init[at*v.typ.bytes()+i] = byte(bits >> (8 * i))
	}
	return at + 1
}

// function reads what follows .entry or .func.
func (p *parser) function(u *unit, t token) {
	f := &function{entry: t.text == ".entry", line: t.line}
	if !f.entry && p.is("(") {
		f.results = p.params()
	}
	f.name = p.name()
	if p.is("(") {
		f.params = p.params()
	}
	if old := u.functions[f.name]; old != nil && old.defined {
		reject(t.line, "%s is defined twice", f.name)
	}
directives:
	for {
		switch t := p.peek(); t.text {
		case ".maxntid", ".reqntid":
			p.next()
			f.maxDims = [3]int{1, 1, 1}
			f.maxThreads = 1
			for i := 0; i < 3; i++ {
				f.maxDims[i] = p.integer()
				f.maxThreads *= f.maxDims[i]
				if !p.accept(",") {
					break
				}
			}
		case ".minnctapersm", ".maxnctapersm", ".maxnreg":
			p.next()
			p.integer()
		case ".noreturn":
			p.next()
		default:
			break directives
		}
	}
	if !p.accept(";") {
		p.expect("{")
		f.body = p.body()
		f.defined = true
	}
	if old := u.functions[f.name]; old == nil || f.defined {
		u.functions[f.name] = f
	}
	if f.entry {
		u.entries = append(u.entries, f)
	}
}

func (p *parser) params() []*variable {
	var list []*variable
	p.expect("(")
	for !p.accept(")") {
		if t := p.peek(); t.text != ".param" {
			reject(t.line, "%q where .param is expected", t.text)
		}
		list = append(list, p.variable())
		p.accept(",")
	}
	return list
}

// body reads the items up to the brace that closes it.
func (p *parser) body() []item {
	var items []item
	depth := 1
	for {
		t := p.next()
		switch {
		case t.kind == 0:
			reject(t.line, "a function without an end")
		case t.text == "{":
			depth++
			items = append(items, item{line: t.line, scope: '{'})
		case t.text == "}":
			depth--
			if depth == 0 {
				return items
			}
			items = append(items, item{line: t.line, scope: '}'})
		case t.text == ".reg" || t.text == ".local" || t.text == ".shared" || t.text == ".param":
			p.at--
			first := p.variable()
			items = append(items, item{line: t.line, variable: first})
			for p.accept(",") {
				more := *first
				more.name, more.count1 = p.name(), 0
				items = append(items, item{line: t.line, variable: &more})
			}
			p.expect(";")
		case t.text == ".loc":
			p.line(t.line)
		case t.text == ".pragma":
			p.statement()
		case t.kind == 'i' && p.is(":"):
			p.next()
			it := item{line: t.line, label: t.text}
			if p.accept(".branchtargets") {
				for {
					it.targets = append(it.targets, p.name())
					if !p.accept(",") {
						break
					}
				}
				p.expect(";")
			}
			items = append(items, it)
		case t.text == ";":
		default:
			p.at--
			items = append(items, item{line: t.line, stmt: p.stmt()})
		}
	}
}

func (p *parser) stmt() *stmt {
	s := &stmt{line: p.peek().line}
	if p.accept("@") {
		s.guardNot = p.accept("!")
		s.guard = p.name()
	}
	t := p.peek()
	parts := strings.Split(p.name(), ".")
	if parts[0] == "" || slices.Contains(parts[1:], "") {
		reject(t.line, "unknown directive or instruction %q", t.text)
	}
	s.op, s.mods = parts[0], parts[1:]
	for !p.accept(";") {
		s.args = append(s.args, p.arg())
		if !p.is(";") && !p.is(",") {
			reject(p.peek().line, "%q where a comma or semicolon is expected", p.peek().text)
		}
		p.accept(",")
	}
	return s
}

// arg reads one operand.
func (p *parser) arg() arg {
	a := p.primary()
	if p.accept("|") {
		return arg{kind: '|', list: []arg{a, p.primary()}}
	}
	return a
}

func (p *parser) primary() arg {
	t := p.next()
	switch {
	case t.text == "!" && t.kind == 'p':
		a := p.primary()
		if a.kind != 'n' {
			reject(t.line, "! before something other than a predicate")
		}
		a.not = !a.not
		return a
	case (t.text == "-" || t.text == "+" || t.text == "~") && t.kind == 'p':
		a := p.primary()
		if a.kind != 'i' || t.text == "~" && a.imm.form != 'i' {
			reject(t.line, "%q before something other than a number", t.text)
		}
		switch t.text {
		case "-":
			a.imm.minus = !a.imm.minus
		case "~":
			if a.imm.minus {
				a.imm.bits, a.imm.minus = -a.imm.bits, false
			}
			a.imm.bits = ^a.imm.bits
		}
		return a
	case t.kind == 'n':
		return arg{kind: 'i', imm: number(t)}
	case t.text == "{":
		a := arg{kind: 'v'}
		for !p.accept("}") {
			a.list = append(a.list, p.arg())
			p.accept(",")
		}
		return a
	case t.text == "(":
		a := arg{kind: '('}
		for !p.accept(")") {
			a.list = append(a.list, p.arg())
			p.accept(",")
		}
		return a
	case t.text == "[":
		a := p.primary()
		if a.kind != 'n' && a.kind != 'i' {
			reject(t.line, "an address is a name or a number with an offset")
		}
		p.expect("]")
		return arg{kind: 'a', list: []arg{a}}
	case t.kind == 'i':
		a := arg{kind: 'n', name: t.text}
		if p.is("+") || p.is("-") {
			minus := p.next().text == "-"
			v := int64(p.integer())
			if minus {
				v = -v
			}
			a.off = v
		}
		return a
	}
	reject(t.line, "%q where an operand is expected", t.text)
	return arg{}
}
