package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"segovia/kernels/problem"
)

// Limits on a configuration file. People write a few hundred lines; whatever is far beyond that is an accident or an
// attack, and is refused before it costs memory.
const (
	maxFileBytes = 1 << 20
	maxNodes     = 100_000
	maxDepth     = 64
)

// kind is the shape of a node.
type kind int

const (
	null kind = iota
	scalar
	list
	mapping
)

func (k kind) String() string {
	return [...]string{"nothing", "a single value", "a list", "a mapping"}[k]
}

// node is one value of the configuration with the place it comes from.
type node struct {
	kind   kind
	text   string // scalar: as written, without quotes
	quoted bool
	items  []*node
	pairs  []pair
	pos    position
	bad    bool // already reported; not to be looked at again
}

// pair is one entry of a mapping.
type pair struct {
	key   string
	pos   position
	value *node
}

// position is where a value stands. Values from flags and variables have only an origin.
type position struct {
	file      string
	line, col int
	origin    string // "file", "profile NAME", "--seed", "SEGOVIA_SEED", "--set"
}

// String is the position for `config show`.
func (p position) String() string {
	if p.file == "" {
		return p.origin
	}
	return fmt.Sprintf("%s (%s:%d)", p.origin, filepath.ToSlash(p.file), p.line)
}

// at puts the position into a problem.
func (p position) at(pr *problem.Problem) *problem.Problem {
	pr.File, pr.Line, pr.Column = p.file, p.line, p.col
	if p.file == "" && pr.Place == "" {
		pr.Place = p.origin
	}
	return pr
}

// get returns the value of key in a mapping, or nil.
func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	for _, p := range n.pairs {
		if p.key == key {
			return p.value
		}
	}
	return nil
}

// put sets key in a mapping.
func (n *node) put(key string, v *node) {
	for i := range n.pairs {
		if n.pairs[i].key == key {
			n.pairs[i].value, n.pairs[i].pos = v, v.pos
			return
		}
	}
	n.pairs = append(n.pairs, pair{key: key, pos: v.pos, value: v})
}

// clone copies n and all below it, with origin in place of theirs if origin is not empty.
func (n *node) clone(origin string) *node {
	if n == nil {
		return nil
	}
	c := *n
	if origin != "" {
		c.pos.origin = origin
	}
	c.items = make([]*node, len(n.items))
	for i, it := range n.items {
		c.items[i] = it.clone(origin)
	}
	c.pairs = make([]pair, len(n.pairs))
	for i, p := range n.pairs {
		c.pairs[i] = pair{key: p.key, pos: p.pos, value: p.value.clone(origin)}
		if origin != "" {
			c.pairs[i].pos.origin = origin
		}
	}
	return &c
}

// merge lays over on top of base: mappings key by key, everything else is replaced.
func merge(base, over *node) *node {
	if base == nil || base.kind != mapping || over.kind != mapping {
		return over
	}
	for _, p := range over.pairs {
		base.put(p.key, merge(base.get(p.key), p.value))
	}
	return base
}

// readFile reads a configuration file within the size limit.
func readFile(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err == nil && info.Size() > maxFileBytes {
		return nil, &problem.Problem{ID: "SEG-CFG-004", What: "the configuration is larger than 1 MiB", File: name,
			Fix: "keep data out of the configuration"}
	}
	var data []byte
	if err == nil {
		data, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, &problem.Problem{ID: "SEG-CFG-009", What: "cannot read the configuration", File: name,
			Why: reason(err), Fix: "name it with --config FILE, or write one with `segovia init FILES...`", Err: err}
	}
	return data, nil
}

// reason is the system's word for an error, without the path that the message already has.
func reason(err error) string {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}

// parse turns YAML into nodes. It reports all duplicate keys at once; text that is not YAML gives one problem, or one per
// line where tabs indent.
func parse(file string, data []byte) (*node, problem.List) {
	bad := func(line, col int, what, why, fix string) problem.List {
		return problem.List{{ID: "SEG-CFG-004", What: what, File: file, Line: line, Column: col, Why: why, Fix: fix}}
	}
	data = []byte(strings.TrimPrefix(strings.ReplaceAll(string(data), "\r\n", "\n"), "\ufeff"))
	if len(data) > maxFileBytes {
		return nil, bad(0, 0, "the configuration is larger than 1 MiB", "", "keep data out of the configuration")
	}
	tokens := lexer.Tokenize(string(data))
	if line, col, deep := tooDeep(tokens); deep {
		return nil, bad(line, col, fmt.Sprintf("values are nested deeper than %d levels", maxDepth), "", "flatten the file")
	}
	f, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		if tabs := tabIndents(file, string(data)); len(tabs) > 0 {
			return nil, tabs
		}
		var ye yaml.Error
		if errors.As(err, &ye) && ye.GetToken() != nil && ye.GetToken().Position != nil {
			at := ye.GetToken().Position
			fix := "check indentation, brackets and quotes here"
			if lines := strings.Split(string(data), "\n"); at.Line <= len(lines) && strings.Contains(lines[at.Line-1], "${") {
				fix += "; inside { } or [ ] a value with ${...} needs quotes"
			}
			return nil, bad(at.Line, at.Column, "this is not valid YAML", ye.GetMessage(), fix)
		}
		return nil, bad(0, 0, "this is not valid YAML", firstLine(err.Error()), "check indentation, brackets and quotes")
	}
	var docs []*ast.DocumentNode
	for _, d := range f.Docs {
		if d.Body != nil {
			docs = append(docs, d)
		}
	}
	switch len(docs) {
	case 0:
		return &node{kind: mapping, pos: position{file: file, line: 1, col: 1, origin: "file"}}, nil
	case 1:
	default:
		at := docs[1].Body.GetToken().Position
		return nil, bad(at.Line, at.Column, "the file holds more than one YAML document", "`---` starts another document", "keep one")
	}
	b := &builder{file: file, anchors: map[string]ast.Node{}}
	root := b.node(docs[0].Body, 0)
	if len(b.problems) > 0 && b.stopped {
		return nil, b.problems[len(b.problems)-1:]
	}
	return root, b.problems
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// tooDeep finds nesting that would exhaust the parser's stack: open brackets, and entries opened on one line.
func tooDeep(tokens token.Tokens) (line, col int, deep bool) {
	open, lineOpen, current := 0, 0, -1
	for _, t := range tokens {
		if t.Position == nil {
			continue
		}
		if t.Position.Line != current {
			current, lineOpen = t.Position.Line, 0
		}
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			open++
		case token.MappingEndType, token.SequenceEndType:
			open = max(0, open-1)
		case token.SequenceEntryType, token.MappingKeyType, token.AnchorType, token.TagType:
			lineOpen++
		}
		// Flow lists put no entry tokens on the line, so a long list of anchors is the only false alarm; it is refused too.
		if open > maxDepth || lineOpen > maxDepth || t.Position.IndentLevel > maxDepth {
			return t.Position.Line, t.Position.Column, true
		}
	}
	return 0, 0, false
}

// tabIndents reports every line that is indented with a tab.
func tabIndents(file, text string) problem.List {
	var l problem.List
	for i, line := range strings.Split(text, "\n") {
		rest := strings.TrimLeft(line, " ")
		if strings.HasPrefix(rest, "\t") && strings.TrimSpace(rest) != "" {
			l = append(l, &problem.Problem{ID: "SEG-CFG-004", What: "a tab indents this line", File: file, Line: i + 1,
				Column: len(line) - len(rest) + 1, Why: "YAML allows only spaces for indentation", Fix: "replace the tab by spaces"})
		}
	}
	return l
}

// builder converts the parser's tree, expanding aliases within maxNodes.
type builder struct {
	file     string
	anchors  map[string]ast.Node
	open     []string     // anchors being defined or expanded
	outer    *token.Token // the alias of the file that is being expanded; nil outside
	count    int
	stopped  bool
	problems problem.List
}

func (b *builder) stop(t *token.Token, what, why string) {
	if b.stopped {
		return
	}
	b.stopped = true
	if b.outer != nil {
		t = b.outer // what an alias holds is no mistake where it was written first
	}
	b.problems = append(b.problems, b.where(t).at(&problem.Problem{ID: "SEG-CFG-004", What: what, Why: why,
		Fix: "write the values out, or use fewer aliases"}))
}

func (b *builder) where(t *token.Token) position {
	p := position{file: b.file, origin: "file"}
	if t != nil && t.Position != nil {
		p.line, p.col = t.Position.Line, t.Position.Column
	}
	return p
}

func (b *builder) node(a ast.Node, depth int) *node {
	if a == nil {
		return &node{pos: position{file: b.file, origin: "file"}}
	}
	n := &node{pos: b.where(a.GetToken())}
	if b.count++; b.count > maxNodes {
		b.stop(a.GetToken(), fmt.Sprintf("aliases expand to more than %d values", maxNodes),
			"each alias repeats everything its anchor holds")
	}
	if depth > maxDepth {
		b.stop(a.GetToken(), fmt.Sprintf("values are nested deeper than %d levels", maxDepth), "")
	}
	if b.stopped {
		return n
	}
	switch v := a.(type) {
	case *ast.NullNode:
	case *ast.StringNode:
		n.kind, n.text = scalar, v.Value
		n.quoted = v.Token.Type == token.DoubleQuoteType || v.Token.Type == token.SingleQuoteType
	case *ast.LiteralNode:
		n.kind, n.text, n.quoted = scalar, v.Value.Value, true
	case *ast.MappingNode:
		b.mapping(n, v.Values, depth)
	case *ast.MappingValueNode:
		b.mapping(n, []*ast.MappingValueNode{v}, depth)
	case *ast.SequenceNode:
		n.kind = list
		for _, it := range v.Values {
			n.items = append(n.items, b.node(it, depth+1))
		}
	case *ast.AnchorNode:
		name := v.Name.GetToken().Value
		b.open = append(b.open, name)
		n = b.node(v.Value, depth)
		b.open = b.open[:len(b.open)-1]
		b.anchors[name] = v.Value
	case *ast.AliasNode:
		return b.alias(v, depth)
	case *ast.TagNode:
		switch v.Start.Value {
		case "!!str", "!!int", "!!float", "!!bool", "!!map", "!!seq", "!!null":
			return b.node(v.Value, depth)
		}
		b.stop(v.Start, fmt.Sprintf("unknown tag %s", v.Start.Value), "tags have no meaning in this file")
	default:
		n.kind, n.text = scalar, a.GetToken().Value
	}
	return n
}

func (b *builder) alias(v *ast.AliasNode, depth int) *node {
	name := v.Value.GetToken().Value
	target, ok := b.anchors[name]
	for _, o := range b.open {
		if o == name {
			b.stop(v.GetToken(), fmt.Sprintf("alias *%s stands inside its own anchor", name), "it would never end")
			return &node{bad: true}
		}
	}
	if !ok {
		b.stop(v.GetToken(), fmt.Sprintf("alias *%s has no anchor before it", name), "")
		return &node{bad: true}
	}
	b.open = append(b.open, name)
	if b.outer == nil {
		b.outer = v.GetToken()
		defer func() { b.outer = nil }()
	}
	defer func() { b.open = b.open[:len(b.open)-1] }()
	return b.node(target, depth+1)
}

func (b *builder) mapping(n *node, values []*ast.MappingValueNode, depth int) {
	n.kind = mapping
	first := map[string]position{}
	var inherited []*node
	for i, mv := range values {
		kt := mv.Key.GetToken()
		at := b.where(kt)
		if i == 0 {
			n.pos = at
		}
		value := b.node(mv.Value, depth+1)
		if mv.Key.IsMergeKey() {
			if value.kind == list {
				inherited = append(inherited, value.items...)
			} else {
				inherited = append(inherited, value)
			}
			continue
		}
		key := kt.Value
		if was, dup := first[key]; dup {
			b.problems = append(b.problems, at.at(&problem.Problem{ID: "SEG-CFG-002",
				What: fmt.Sprintf("key %q stands twice in one mapping", key),
				Why:  fmt.Sprintf("the first is at line %d, column %d", was.line, was.col), Fix: "remove one of the two"}))
			continue
		}
		first[key] = at
		n.pairs = append(n.pairs, pair{key: key, pos: at, value: value})
	}
	for _, m := range inherited {
		for _, p := range m.pairs {
			if _, own := first[p.key]; !own {
				first[p.key] = p.pos
				n.pairs = append(n.pairs, p)
			}
		}
	}
}
