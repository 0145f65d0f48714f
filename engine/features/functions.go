package features

import (
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
)

// function is one function that expressions may call.
type function struct {
	name     string
	min, max int // number of arguments; max < 0 = any
	compile  func(c *compiler, n ast.Node, args []ast.Node) (*node, *exprError)
}

// functions returns all functions; functionAliases gives other spellings. Names are compared in lower case without
// underscores.
func functions() []function {
	return []function{
		{"nullif", 2, 2, (*compiler).nullIf},
		{"coalesce", 1, -1, (*compiler).coalesce},
		{"if", 3, 3, func(c *compiler, n ast.Node, a []ast.Node) (*node, *exprError) {
			return c.conditional(n, a[0], a[1], a[2])
		}},
		{"abs", 1, 1, func(c *compiler, n ast.Node, a []ast.Node) (*node, *exprError) {
			return c.number1(a[0], func(d i128) (i128, bool) { return d.abs(), true }, math.Abs)
		}},
		{"round", 1, 2, (*compiler).round},
		{"floor", 1, 1, func(c *compiler, n ast.Node, a []ast.Node) (*node, *exprError) { return c.whole(a[0], 'f', math.Floor) }},
		{"ceil", 1, 1, func(c *compiler, n ast.Node, a []ast.Node) (*node, *exprError) { return c.whole(a[0], 'c', math.Ceil) }},
		{"min", 1, -1, func(c *compiler, n ast.Node, a []ast.Node) (*node, *exprError) { return c.extreme(a, -1) }},
		{"max", 1, -1, func(c *compiler, n ast.Node, a []ast.Node) (*node, *exprError) { return c.extreme(a, 1) }},
		{"lower", 1, 1, func(c *compiler, n ast.Node, a []ast.Node) (*node, *exprError) { return c.text1(a[0], strings.ToLower) }},
		{"upper", 1, 1, func(c *compiler, n ast.Node, a []ast.Node) (*node, *exprError) { return c.text1(a[0], strings.ToUpper) }},
		{"trim", 1, 1, func(c *compiler, n ast.Node, a []ast.Node) (*node, *exprError) {
			return c.text1(a[0], strings.TrimSpace)
		}},
		{"startswith", 2, 2, func(c *compiler, n ast.Node, a []ast.Node) (*node, *exprError) {
			return c.textTest(a, strings.HasPrefix)
		}},
		{"endswith", 2, 2, func(c *compiler, n ast.Node, a []ast.Node) (*node, *exprError) {
			return c.textTest(a, strings.HasSuffix)
		}},
		{"contains", 2, 2, func(c *compiler, n ast.Node, a []ast.Node) (*node, *exprError) {
			return c.textTest(a, strings.Contains)
		}},
		{"length", 1, 1, (*compiler).length},
		{"year", 1, 1, func(c *compiler, n ast.Node, a []ast.Node) (*node, *exprError) {
			return c.timePart(a[0], func(t time.Time) int { return t.Year() })
		}},
		{"quarter", 1, 1, func(c *compiler, n ast.Node, a []ast.Node) (*node, *exprError) {
			return c.timePart(a[0], func(t time.Time) int { return (int(t.Month()) + 2) / 3 })
		}},
		{"month", 1, 1, func(c *compiler, n ast.Node, a []ast.Node) (*node, *exprError) {
			return c.timePart(a[0], func(t time.Time) int { return int(t.Month()) })
		}},
		{"day", 1, 1, func(c *compiler, n ast.Node, a []ast.Node) (*node, *exprError) {
			return c.timePart(a[0], func(t time.Time) int { return t.Day() })
		}},
		{"dayssince", 1, 1, func(c *compiler, n ast.Node, a []ast.Node) (*node, *exprError) {
			if c.env.asOf == 0 {
				return nil, c.fail(n, "days_since has no time to count from here")
			}
			asOf := c.env.asOf
			return c.timePart(a[0], func(t time.Time) int { return int(floorDiv(asOf-t.UnixMicro(), dayMicros)) })
		}},
	}
}

var functionAliases = map[string]string{"least": "min", "greatest": "max", "ceiling": "ceil", "len": "length", "iif": "if"}

// FunctionNames returns the names of all functions of expressions, for the manual.
func FunctionNames() []string {
	var names []string
	for _, f := range functions() {
		names = append(names, f.name)
	}
	return names
}

// call compiles a function call.
func (c *compiler) call(n ast.Node, name string, args []ast.Node) (*node, *exprError) {
	plain := strings.ReplaceAll(strings.ToLower(name), "_", "")
	if a, ok := functionAliases[plain]; ok {
		plain = a
	}
	for _, f := range functions() {
		if f.name != plain {
			continue
		}
		if len(args) < f.min || f.max >= 0 && len(args) > f.max {
			return nil, c.fail(n, "%s takes %d arguments, not %d", name, f.min, len(args))
		}
		return f.compile(c, n, args)
	}
	e := c.fail(n, "there is no function %q", name)
	e.fix = didYouMean(name, FunctionNames())
	return nil, e
}

// number1 compiles a function of a number that keeps its scale.
func (c *compiler) number1(arg ast.Node, dec func(i128) (i128, bool), flt func(float64) float64) (*node, *exprError) {
	a, fault := c.want(arg, typeNumber)
	if fault != nil {
		return nil, fault
	}
	return c.numeric1(a, a.scale, c.tree.position(arg), dec, flt), nil
}

// whole compiles floor and ceil.
func (c *compiler) whole(arg ast.Node, mode byte, flt func(float64) float64) (*node, *exprError) {
	a, fault := c.want(arg, typeNumber)
	if fault != nil {
		return nil, fault
	}
	scale := a.scale
	return c.numeric1(a, 0, c.tree.position(arg), func(d i128) (i128, bool) { return d.quo10(scale, mode), true }, flt), nil
}

// round compiles round(x) and round(x, decimals): half away from zero, as SQL rounds.
func (c *compiler) round(n ast.Node, args []ast.Node) (*node, *exprError) {
	a, fault := c.want(args[0], typeNumber)
	if fault != nil {
		return nil, fault
	}
	digits := 0
	if len(args) == 2 {
		d, fault := c.want(args[1], typeNumber)
		if fault != nil {
			return nil, fault
		}
		ok := d.literal != nil && !d.literal.isNull(0)
		if ok && c.env.floats {
			f := d.literal.flt[0]
			digits, ok = int(f), f == math.Trunc(f) && f >= 0 && f <= 15
		} else if ok {
			v := d.literal.dec[0]
			digits, ok = int(v.lo), d.scale == 0 && v.hi == 0 && v.lo <= 15
		}
		if !ok {
			return nil, c.fail(args[1], "the number of decimals is a number from 0 to 15")
		}
	}
	unit, scale := math.Pow10(digits), a.scale
	dec := func(d i128) (i128, bool) { return d.quo10(scale-digits, 'a'), true }
	if digits >= scale {
		digits, dec = scale, func(d i128) (i128, bool) { return d, true }
	}
	return c.numeric1(a, digits, c.tree.position(n), dec, func(f float64) float64 {
		if up := float64(f * unit); finite(up) {
			return math.Round(up) / unit
		}
		return f
	}), nil
}

// extreme compiles least (sign -1) and greatest (sign 1); missing where one argument is.
func (c *compiler) extreme(args []ast.Node, sign int) (*node, *exprError) {
	all, fault := c.sameType(args)
	if fault != nil {
		return nil, fault
	}
	if all[0].typ == typeBool {
		return nil, c.fail(args[0], "yes/no values have no order")
	}
	return pick(all, func(in *input, v []*vec, r *vec, n, i int) int {
		best := 0
		for j := range v {
			if v[j].isNull(i) {
				return -1
			}
			if order(v[j], v[best], i&v[j].mask, i&v[best].mask)*sign > 0 {
				best = j
			}
		}
		return best
	}), nil
}

// sameType compiles arguments that must be of one type, as at least one of them is known to be.
func (c *compiler) sameType(args []ast.Node) ([]*node, *exprError) {
	all := make([]*node, len(args))
	typ := typeNull
	for i, a := range args {
		v, fault := c.node(a)
		if fault != nil {
			return nil, fault
		}
		all[i] = v
		if typ == typeNull || typ == typeText && v.typ == typeTime {
			typ = v.typ
		}
	}
	for i, a := range args {
		v, fault := c.as(a, all[i], typ)
		if fault != nil {
			return nil, fault
		}
		all[i] = v
	}
	return all, nil
}

// pick builds a node that takes, row by row, one of several values of one type; choose returns its index, or -1 for
// missing.
func pick(all []*node, choose func(in *input, v []*vec, r *vec, n, i int) int) *node {
	scale := 0
	for _, a := range all {
		scale = max(scale, a.scale)
	}
	typ := all[0].typ
	return &node{typ: typ, scale: scale, eval: func(in *input) (*vec, error) {
		v := make([]*vec, len(all))
		for j, a := range all {
			var err error
			if v[j], err = a.eval(in); err != nil {
				return nil, err
			}
		}
		n, mask := in.shape(v...)
		r := &vec{typ: typ, mask: mask, scale: scale}
		r.allocate(v[0], n)
		for i := range n {
			j := choose(in, v, r, n, i)
			if j < 0 || v[j].isNull(i) {
				r.setNull(i, n)
				continue
			}
			if !r.copyFrom(v[j], i&v[j].mask, i) {
				return nil, &rangeError{}
			}
		}
		return r, nil
	}}
}

// allocate makes room for n values of the kind that like holds.
func (v *vec) allocate(like *vec, n int) {
	switch v.typ {
	case typeBool:
		v.bit = make([]bool, n)
	case typeText:
		v.str = make([]string, n)
	case typeTime:
		v.tim = make([]int64, n)
	case typeNumber:
		if like.flt != nil {
			v.flt = make([]float64, n)
		} else {
			v.dec = make([]i128, n)
		}
	}
}

// copyFrom sets element i to element j of w; false when it leaves the range at v's scale.
func (v *vec) copyFrom(w *vec, j, i int) bool {
	ok := true
	switch v.typ {
	case typeBool:
		v.bit[i] = w.bit[j]
	case typeText:
		v.str[i] = w.str[j]
	case typeTime:
		v.tim[i] = w.tim[j]
	case typeNumber:
		if v.flt != nil {
			v.flt[i] = w.flt[j]
		} else {
			v.dec[i], ok = w.dec[j].rescale(w.scale, v.scale)
		}
	}
	return ok
}

func (c *compiler) conditional(n, cond, yes, no ast.Node) (*node, *exprError) {
	test, fault := c.want(cond, typeBool)
	if fault != nil {
		return nil, fault
	}
	all, fault := c.sameType([]ast.Node{yes, no})
	if fault != nil {
		return nil, fault
	}
	if all[0].typ == typeNull {
		return nil, c.fail(n, "both branches are null")
	}
	condition := &node{typ: all[0].typ, eval: test.eval}
	return chosenBy(condition, all), nil
}

// chosenBy is pick with a condition as its first operand, which may be wider than the branches.
func chosenBy(test *node, all []*node) *node {
	scale := max(all[0].scale, all[1].scale)
	typ := all[0].typ
	return &node{typ: typ, scale: scale, eval: func(in *input) (*vec, error) {
		t, err := test.eval(in)
		if err != nil {
			return nil, err
		}
		a, b, err := both(in, all[0], all[1])
		if err != nil {
			return nil, err
		}
		n, mask := in.shape(t, a, b)
		r := &vec{typ: typ, mask: mask, scale: scale}
		r.allocate(a, n)
		for i := range n {
			v := b
			if t.isTrue(i) {
				v = a
			}
			if v.isNull(i) {
				r.setNull(i, n)
			} else if !r.copyFrom(v, i&v.mask, i) {
				return nil, &rangeError{}
			}
		}
		return r, nil
	}}
}

func (c *compiler) coalesce(n ast.Node, args []ast.Node) (*node, *exprError) {
	all, fault := c.sameType(args)
	if fault != nil {
		return nil, fault
	}
	return pick(all, func(in *input, v []*vec, r *vec, n, i int) int {
		for j := range v {
			if !v[j].isNull(i) {
				return j
			}
		}
		return -1
	}), nil
}

func (c *compiler) nullIf(n ast.Node, args []ast.Node) (*node, *exprError) {
	all, fault := c.sameType(args)
	if fault != nil {
		return nil, fault
	}
	r := pick(all, func(in *input, v []*vec, r *vec, n, i int) int {
		if !v[0].isNull(i) && !v[1].isNull(i) && order(v[0], v[1], i&v[0].mask, i&v[1].mask) == 0 {
			return -1
		}
		return 0
	})
	return r, nil
}

func (c *compiler) text1(arg ast.Node, f func(string) string) (*node, *exprError) {
	a, fault := c.want(arg, typeText)
	if fault != nil {
		return nil, fault
	}
	return &node{typ: typeText, eval: func(in *input) (*vec, error) {
		v, err := a.eval(in)
		if err != nil {
			return nil, err
		}
		r, n := in.result(typeText, v)
		r.str = make([]string, n)
		for i := range n {
			r.str[i] = f(v.str[i&v.mask])
		}
		return r, nil
	}}, nil
}

func (c *compiler) textTest(args []ast.Node, f func(s, t string) bool) (*node, *exprError) {
	a, fault := c.want(args[0], typeText)
	if fault != nil {
		return nil, fault
	}
	b, fault := c.want(args[1], typeText)
	if fault != nil {
		return nil, fault
	}
	return &node{typ: typeBool, eval: func(in *input) (*vec, error) {
		v, w, err := both(in, a, b)
		if err != nil {
			return nil, err
		}
		r, n := in.result(typeBool, v, w)
		r.bit = make([]bool, n)
		for i := range n {
			r.bit[i] = f(v.str[i&v.mask], w.str[i&w.mask])
		}
		return r, nil
	}}, nil
}

// length counts characters, not bytes.
func (c *compiler) length(n ast.Node, args []ast.Node) (*node, *exprError) {
	a, fault := c.want(args[0], typeText)
	if fault != nil {
		return nil, fault
	}
	return c.integers(a, func(v *vec, i int) int { return utf8.RuneCountInString(v.str[i]) }), nil
}

// timePart reads the calendar as UTC, like every time in the engine.
func (c *compiler) timePart(arg ast.Node, f func(time.Time) int) (*node, *exprError) {
	a, fault := c.want(arg, typeTime)
	if fault != nil {
		return nil, fault
	}
	return c.integers(a, func(v *vec, i int) int { return f(time.UnixMicro(v.tim[i]).UTC()) }), nil
}

func (c *compiler) integers(a *node, f func(v *vec, i int) int) *node {
	floats := c.env.floats
	return &node{typ: typeNumber, eval: func(in *input) (*vec, error) {
		v, err := a.eval(in)
		if err != nil {
			return nil, err
		}
		r, n := in.result(typeNumber, v)
		if floats {
			r.flt = make([]float64, n)
		} else {
			r.dec = make([]i128, n)
		}
		for i := range n {
			k := f(v, i&v.mask)
			if floats {
				r.flt[i] = float64(k)
			} else {
				r.dec[i] = i128Of(int64(k))
			}
		}
		return r, nil
	}}
}

// membership compiles x in (a, b, ...): true on a match, else missing when one of the list or x is, else false.
func (c *compiler) membership(x *ast.BinaryNode) (*node, *exprError) {
	list, ok := x.Right.(*ast.ArrayNode)
	if !ok || len(list.Nodes) == 0 {
		return nil, c.fail(x, "`in` needs a list: in ('a', 'b')")
	}
	all, fault := c.sameType(append([]ast.Node{x.Left}, list.Nodes...))
	if fault != nil {
		return nil, fault
	}
	if texts := literalTexts(all[1:]); texts != nil {
		return c.inTexts(all[0], texts), nil
	}
	result := compare(all[0], all[1], "==")
	for _, item := range all[2:] {
		result = logical(result, compare(all[0], item, "=="), true)
	}
	return result, nil
}

// literalTexts returns the texts when all nodes are text literals, else nil.
func literalTexts(all []*node) map[string]bool {
	texts := map[string]bool{}
	for _, n := range all {
		if n.literal == nil || n.typ != typeText || n.literal.isNull(0) {
			return nil
		}
		texts[n.literal.str[0]] = true
	}
	return texts
}

func (c *compiler) inTexts(a *node, texts map[string]bool) *node {
	return &node{typ: typeBool, eval: func(in *input) (*vec, error) {
		v, err := a.eval(in)
		if err != nil {
			return nil, err
		}
		r, n := in.result(typeBool, v)
		r.bit = make([]bool, n)
		for i := range n {
			r.bit[i] = texts[v.str[i&v.mask]]
		}
		return r, nil
	}}
}
