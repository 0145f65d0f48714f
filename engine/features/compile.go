package features

import (
	"fmt"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"
)

// node is a compiled expression: its type is known before any data are seen, and eval yields its values for a batch.
// It keeps no state and is safe for concurrent use.
type node struct {
	typ     valueType
	scale   int // decimals of a number
	literal *vec
	eval    func(in *input) (*vec, error)
}

// environment says which names an expression may use.
type environment struct {
	// floats: numbers are float64 (expressions over features), else exact decimals.
	floats bool
	// lookup returns the compiled access to a name, or why it cannot be used; nil and nil when it is unknown.
	lookup func(name string) (*node, *exprError)
	names  []string // all names, for "did you mean"
	what   string   // "column of source \"orders\"" or "feature"
	// number, when set, is asked why a text column is no number; it may return a more exact fault.
	number func(name string) *exprError
	used   map[string]bool // names that were used, filled while compiling
	asOf   int64           // the analysis date in microseconds, for days_since; 0 where expressions know no time
}

// compile checks and compiles an expression. The result's type is that of its values.
func compile(text string, env *environment) (*node, *exprError) {
	t, fault := parse(text)
	if fault != nil {
		return nil, fault
	}
	c := &compiler{tree: t, env: env}
	return c.node(t.node)
}

type compiler struct {
	tree  *tree
	env   *environment
	steps int
}

// maxSteps bounds the work that an expression means. The parser turns a < b < c into a < b and b < c and a ?: b into
// a ? a : b, with the same node in two places; nested, these would grow without bound.
const maxSteps = 5000

func (c *compiler) fail(n ast.Node, format string, args ...any) *exprError {
	return &exprError{id: "SEG-FEA-005", pos: c.tree.position(n), what: fmt.Sprintf(format, args...)}
}

func (c *compiler) node(n ast.Node) (*node, *exprError) {
	if c.steps++; c.steps > maxSteps {
		return nil, &exprError{id: "SEG-FEA-005", what: "the expression is too complicated"}
	}
	switch x := n.(type) {
	case *ast.IdentifierNode:
		return c.leaf(x)
	case *ast.NilNode:
		return constant(&vec{typ: typeNull, null: []bool{true}}), nil
	case *ast.BoolNode:
		return constant(&vec{typ: typeBool, bit: []bool{x.Value}}), nil
	case *ast.UnaryNode:
		return c.unary(x)
	case *ast.BinaryNode:
		return c.binary(x)
	case *ast.ConditionalNode:
		return c.conditional(x, x.Cond, x.Exp1, x.Exp2)
	case *ast.CallNode:
		if id, ok := x.Callee.(*ast.IdentifierNode); ok {
			if i, ok := c.tree.byName[id.Value]; ok &&
				(c.tree.lexemes[i].kind == lexName || c.tree.lexemes[i].kind == lexKeyword) {
				return c.call(x, c.tree.lexemes[i].text, x.Arguments)
			}
		}
	}
	return nil, c.fail(n, "this form of expression is not supported")
}

func constant(v *vec) *node {
	return &node{typ: v.typ, scale: v.scale, literal: v, eval: func(*input) (*vec, error) { return v, nil }}
}

// leaf compiles a name, a number or a text.
func (c *compiler) leaf(x *ast.IdentifierNode) (*node, *exprError) {
	i, ok := c.tree.byName[x.Value]
	if !ok {
		return nil, c.fail(x, "this form of expression is not supported")
	}
	l := c.tree.lexemes[i]
	switch l.kind {
	case lexString:
		return constant(&vec{typ: typeText, str: []string{l.text}}), nil
	case lexNumber:
		v, scale, ok := parseDecimal(l.text)
		if !ok {
			return nil, c.fail(x, "%q is no number, or has too many digits", l.text)
		}
		if c.env.floats {
			return constant(&vec{typ: typeNumber, flt: []float64{v.float(scale)}}), nil
		}
		return constant(&vec{typ: typeNumber, scale: scale, dec: []i128{v}}), nil
	case lexKeyword:
		return nil, c.fail(x, "%q needs its arguments", l.text)
	}
	n, fault := c.env.lookup(l.text)
	if fault != nil {
		fault.pos = l.pos
		return nil, fault
	}
	if n == nil {
		e := c.fail(x, "%q is no %s", l.text, c.env.what)
		e.id, e.fix = "SEG-FEA-002", didYouMean(l.text, c.env.names)
		return nil, e
	}
	if c.env.used != nil {
		c.env.used[l.text] = true
	}
	return n, nil
}

// want compiles n as a value of the type; null fits every type.
func (c *compiler) want(n ast.Node, typ valueType) (*node, *exprError) {
	v, fault := c.node(n)
	if fault != nil {
		return nil, fault
	}
	return c.as(n, v, typ)
}

// as returns v as a value of the type, with the fault that fits when it is of another.
func (c *compiler) as(n ast.Node, v *node, typ valueType) (*node, *exprError) {
	switch {
	case v.typ == typ:
		return v, nil
	case v.typ == typeNull:
		return c.null(typ, 0), nil
	case typ == typeTime && v.typ == typeText && v.literal != nil:
		t, ok := parseTime(v.literal.str[0])
		if !ok {
			return nil, c.fail(n, "a time is wanted here, written as '2026-01-31' or '2026-01-31 12:00:00'")
		}
		return constant(&vec{typ: typeTime, tim: []int64{t}}), nil
	case typ == typeNumber && v.typ == typeText && c.env.number != nil:
		if id, ok := n.(*ast.IdentifierNode); ok {
			if i, ok := c.tree.byName[id.Value]; ok && c.tree.lexemes[i].kind == lexName {
				if e := c.env.number(c.tree.lexemes[i].text); e != nil {
					e.pos = c.tree.position(n)
					return nil, e
				}
			}
		}
	}
	return nil, c.fail(n, "a value of type %s is wanted here, this is of type %s", typ, v.typ)
}

// null returns a missing value of the type.
func (c *compiler) null(typ valueType, scale int) *node {
	v := &vec{typ: typ, scale: scale, null: []bool{true}, bit: []bool{false}, str: []string{""}, tim: []int64{0}}
	if c.env.floats {
		v.flt = []float64{0}
	} else {
		v.dec = []i128{{}}
	}
	return constant(v)
}

func parseTime(s string) (int64, bool) {
	for _, layout := range []string{"2006-01-02", "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UnixMicro(), true
		}
	}
	return 0, false
}

func (c *compiler) unary(x *ast.UnaryNode) (*node, *exprError) {
	switch x.Operator {
	case "!", "not":
		a, fault := c.want(x.Node, typeBool)
		if fault != nil {
			return nil, fault
		}
		return &node{typ: typeBool, eval: func(in *input) (*vec, error) {
			v, err := a.eval(in)
			if err != nil {
				return nil, err
			}
			r, n := in.result(typeBool, v)
			r.bit = make([]bool, n)
			for i := range n {
				r.bit[i] = !v.bit[i&v.mask]
			}
			return r, nil
		}}, nil
	case "-":
		a, fault := c.want(x.Node, typeNumber)
		if fault != nil {
			return nil, fault
		}
		return c.numeric1(a, a.scale, c.tree.position(x), func(d i128) (i128, bool) { return d.neg(), true },
			func(f float64) float64 { return -f }), nil
	case "+":
		return c.want(x.Node, typeNumber)
	}
	return nil, c.fail(x, "operator %q is not supported", x.Operator)
}

func (c *compiler) binary(x *ast.BinaryNode) (*node, *exprError) {
	switch x.Operator {
	case "and", "&&", "or", "||":
		a, fault := c.want(x.Left, typeBool)
		if fault != nil {
			return nil, fault
		}
		b, fault := c.want(x.Right, typeBool)
		if fault != nil {
			return nil, fault
		}
		return logical(a, b, x.Operator == "or" || x.Operator == "||"), nil
	case "==", "!=", "<", "<=", ">", ">=":
		return c.comparison(x)
	case "in":
		return c.membership(x)
	case "contains", "startsWith", "endsWith":
		return c.call(x, x.Operator, []ast.Node{x.Left, x.Right})
	case "+", "-", "*", "/":
		a, fault := c.want(x.Left, typeNumber)
		if fault != nil {
			return nil, fault
		}
		b, fault := c.want(x.Right, typeNumber)
		if fault != nil {
			return nil, fault
		}
		return c.arithmetic(x, a, b)
	}
	return nil, c.fail(x, "operator %q is not supported", x.Operator)
}

func finite(f float64) bool { return f-f == 0 }

func both(in *input, a, b *node) (*vec, *vec, error) {
	v, err := a.eval(in)
	if err != nil {
		return nil, nil, err
	}
	w, err := b.eval(in)
	return v, w, err
}

// logical is SQL's three-valued and / or: a missing side matters only where the other does not decide.
func logical(a, b *node, or bool) *node {
	return &node{typ: typeBool, eval: func(in *input) (*vec, error) {
		v, w, err := both(in, a, b)
		if err != nil {
			return nil, err
		}
		n, mask := in.shape(v, w)
		r := &vec{typ: typeBool, mask: mask, bit: make([]bool, n)}
		for i := range n {
			p, q := v.bit[i&v.mask], w.bit[i&w.mask]
			pn, qn := v.isNull(i), w.isNull(i)
			switch {
			case !pn && p == or || !qn && q == or:
				r.bit[i] = or
			case pn || qn:
				r.setNull(i, n)
			default:
				r.bit[i] = !or
			}
		}
		return r, nil
	}}
}

func (c *compiler) comparison(x *ast.BinaryNode) (*node, *exprError) {
	_, leftNull := x.Left.(*ast.NilNode)
	_, rightNull := x.Right.(*ast.NilNode)
	if leftNull || rightNull {
		if x.Operator != "==" && x.Operator != "!=" {
			return nil, c.fail(x, "null can only be tested with `is null` or `is not null`")
		}
		operand := x.Left
		if leftNull {
			operand = x.Right
		}
		a, fault := c.node(operand)
		if fault != nil {
			return nil, fault
		}
		return isNull(a, x.Operator == "=="), nil
	}
	a, fault := c.node(x.Left)
	if fault != nil {
		return nil, fault
	}
	b, fault := c.node(x.Right)
	if fault != nil {
		return nil, fault
	}
	a, b, fault = c.unify(x.Left, x.Right, a, b)
	if fault != nil {
		return nil, fault
	}
	if a.typ == typeBool && x.Operator != "==" && x.Operator != "!=" {
		return nil, c.fail(x, "yes/no values have no order: only = and <> are possible")
	}
	return compare(a, b, x.Operator), nil
}

// unify brings two values to one type.
func (c *compiler) unify(left, right ast.Node, a, b *node) (*node, *node, *exprError) {
	var fault *exprError
	switch {
	case a.typ == typeNull, a.typ == typeText && b.typ == typeTime, a.typ == typeText && b.typ == typeNumber:
		a, fault = c.as(left, a, b.typ)
	case a.typ != b.typ:
		b, fault = c.as(right, b, a.typ)
	}
	return a, b, fault
}

func isNull(a *node, want bool) *node {
	return &node{typ: typeBool, eval: func(in *input) (*vec, error) {
		v, err := a.eval(in)
		if err != nil {
			return nil, err
		}
		n, mask := in.shape(v)
		r := &vec{typ: typeBool, mask: mask, bit: make([]bool, n)}
		for i := range n {
			r.bit[i] = v.isNull(i) == want
		}
		return r, nil
	}}
}

func holds(op string, order int) bool {
	switch op {
	case "==":
		return order == 0
	case "!=":
		return order != 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}

// compare compares values of one type; numbers by value whatever their scales.
func compare(a, b *node, op string) *node {
	return &node{typ: typeBool, eval: func(in *input) (*vec, error) {
		v, w, err := both(in, a, b)
		if err != nil {
			return nil, err
		}
		r, n := in.result(typeBool, v, w)
		r.bit = make([]bool, n)
		for i := range n {
			if !r.isNull(i) {
				r.bit[i] = holds(op, order(v, w, i&v.mask, i&w.mask))
			}
		}
		return r, nil
	}}
}

// order compares element i of v with element j of w, which are of one type.
func order(v, w *vec, i, j int) int {
	switch v.typ {
	case typeText:
		return strings.Compare(v.str[i], w.str[j])
	case typeTime:
		return sign(v.tim[i] > w.tim[j], v.tim[i] < w.tim[j])
	case typeBool:
		return sign(v.bit[i] && !w.bit[j], !v.bit[i] && w.bit[j])
	case typeNumber:
		if v.flt != nil {
			return sign(v.flt[i] > w.flt[j], v.flt[i] < w.flt[j])
		}
		return compareScaled(v.dec[i], v.scale, w.dec[j], w.scale)
	}
	return 0
}

func sign(above, below bool) int {
	switch {
	case above:
		return 1
	case below:
		return -1
	}
	return 0
}

func compareScaled(a i128, aScale int, b i128, bScale int) int {
	x, ok1 := a.rescale(aScale, max(aScale, bScale))
	y, ok2 := b.rescale(bScale, max(aScale, bScale))
	switch {
	case ok1 && ok2:
		return x.cmp(y)
	case ok1: // b is larger than anything in range
		return -b.sign()
	}
	return a.sign()
}
