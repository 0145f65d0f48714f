package emulator

import "math"

// A comparer returns for each lane whether x and y compare as wanted.
type comparer func(x, y *lanes) uint32

// comparison returns the comparer of an operator for a type.
func (b *builder) comparison(op string, t dataType, ftz bool) comparer {
	if t.kind == 'f' {
		return b.floatComparison(op, t, ftz)
	}
	shift, flip := 0, uint64(0)
	if t.kind == 's' { // order of signed numbers as that of unsigned ones
		shift, flip = t.shift(), 1<<63
	}
	if t.kind == 'b' && op != "eq" && op != "ne" {
		b.fail("no order of %s", t)
	}
	if t.kind == 's' && len(op) == 2 && (op == "lo" || op == "ls" || op == "hi" || op == "hs") {
		b.fail(".%s is for unsigned numbers", op)
	}
	switch op {
	case "eq":
		return func(x, y *lanes) (r uint32) {
			for l := range x {
				r |= bit(x[l] == y[l]) << l
			}
			return r
		}
	case "ne":
		return func(x, y *lanes) (r uint32) {
			for l := range x {
				r |= bit(x[l] != y[l]) << l
			}
			return r
		}
	case "lt", "lo":
		return func(x, y *lanes) (r uint32) {
			for l := range x {
				r |= bit(x[l]<<shift^flip < y[l]<<shift^flip) << l
			}
			return r
		}
	case "ge", "hs":
		return func(x, y *lanes) (r uint32) {
			for l := range x {
				r |= bit(x[l]<<shift^flip >= y[l]<<shift^flip) << l
			}
			return r
		}
	case "gt", "hi":
		return func(x, y *lanes) (r uint32) {
			for l := range x {
				r |= bit(x[l]<<shift^flip > y[l]<<shift^flip) << l
			}
			return r
		}
	case "le", "ls":
		return func(x, y *lanes) (r uint32) {
			for l := range x {
				r |= bit(x[l]<<shift^flip <= y[l]<<shift^flip) << l
			}
			return r
		}
	}
	b.fail("no comparison .%s of %s", op, t)
	return nil
}

func (b *builder) floatComparison(op string, t dataType, ftz bool) comparer {
	// The unordered forms are true where an operand is NaN; they are the negations of the opposite ordered ones.
	if inverse := map[string]string{"equ": "ne", "neu": "eq", "ltu": "ge", "leu": "gt", "gtu": "le", "geu": "lt", "nan": "num"}[op]; inverse != "" {
		f := b.floatComparison(inverse, t, ftz)
		return func(x, y *lanes) uint32 { return ^f(x, y) }
	}
	if t.bits == 32 && !ftz {
		switch op { // the frequent ones
		case "lt":
			return func(x, y *lanes) (r uint32) {
				for l := range x {
					r |= bit(float32of(x[l]) < float32of(y[l])) << l
				}
				return r
			}
		case "gt":
			return func(x, y *lanes) (r uint32) {
				for l := range x {
					r |= bit(float32of(x[l]) > float32of(y[l])) << l
				}
				return r
			}
		}
	}
	value := func(v uint64) float64 {
		if t.bits == 64 {
			return float64of(v)
		}
		return float64(shape{ftz: ftz}.in(v))
	}
	var f func(x, y float64) bool
	switch op {
	case "eq":
		f = func(x, y float64) bool { return x == y }
	case "ne":
		f = func(x, y float64) bool { return x < y || x > y }
	case "lt":
		f = func(x, y float64) bool { return x < y }
	case "le":
		f = func(x, y float64) bool { return x <= y }
	case "gt":
		f = func(x, y float64) bool { return x > y }
	case "ge":
		f = func(x, y float64) bool { return x >= y }
	case "num":
		f = func(x, y float64) bool { return x == x && y == y }
	default:
		b.fail("no comparison .%s of %s", op, t)
	}
	return func(x, y *lanes) (r uint32) {
		for l := range x {
			r |= bit(f(value(x[l]), value(y[l]))) << l
		}
		return r
	}
}

// compared takes the operator, and perhaps how its result is joined with a predicate, off an instruction; a and b are the
// numbers of the operands.
func compared(b *builder, m *mods, x int) (test func(w *warp) uint32, join func(test, p uint32) uint32) {
	t := m.typ()
	ftz := t.kind == 'f' && t.bits == 32 && m.flag("ftz")
	op := ""
	if len(m.list) > 0 {
		op, m.list = m.list[0], m.list[1:]
	}
	switch m.one("and", "or", "xor") {
	case "and":
		join = func(t, p uint32) uint32 { return t & p }
	case "or":
		join = func(t, p uint32) uint32 { return t | p }
	case "xor":
		join = func(t, p uint32) uint32 { return t ^ p }
	}
	cmp := b.comparison(op, t, ftz)
	p, q := b.source(x, t), b.source(x+1, t)
	return func(w *warp) uint32 { return cmp(&w.rows[p], &w.rows[q]) }, join
}

// setpDecoder is setp: p is the comparison, q its negation, each joined with a third predicate if there is one.
func setpDecoder(b *builder, m *mods) exec {
	test, join := compared(b, m, 1)
	dst := b.arg(0)
	second := int16(-1)
	if dst.kind == '|' {
		if dst.list[1].name != "_" {
			second, _ = b.predicate(dst.list[1])
		}
		dst = dst.list[0]
	}
	first := int16(-1)
	if dst.name != "_" {
		first, _ = b.predicate(dst)
	}
	if join == nil {
		b.operands(3)
		if second < 0 && first >= 0 {
			return decide(first, test)
		}
		join = func(t, p uint32) uint32 { return t }
	} else {
		b.operands(4)
	}
	third := func(*warp) uint32 { return 0 }
	if len(b.stmt.args) == 4 {
		third = b.predicateOperand(b.arg(3))
	}
	return func(w *warp, m uint32) {
		t, p := test(w), third(w)
		if first >= 0 {
			w.preds[first] = w.preds[first]&^m | join(t, p)&m
		}
		if second >= 0 {
			w.preds[second] = w.preds[second]&^m | join(^t, p)&m
		}
	}
}

// setDecoder is set: all ones, or 1.0, where the comparison holds.
func setDecoder(b *builder, m *mods) exec {
	n := len(m.list)
	if n < 3 {
		b.fail("two types are wanted")
	}
	to, ok := parseType(m.list[n-2])
	if !ok {
		b.fail("two types are wanted")
	}
	m.only(to, "u32", "s32", "f32")
	m.list = append(m.list[:n-2], m.list[n-1])
	test, join := compared(b, m, 1)
	d := b.dest(0, to)
	yes := uint64(0xffffffff)
	if to.kind == 'f' {
		yes = uint64(math.Float32bits(1))
	}
	third := func(*warp) uint32 { return 0 }
	if join != nil {
		b.operands(4)
		third = b.predicateOperand(b.arg(3))
	} else {
		b.operands(3)
		join = func(t, p uint32) uint32 { return t }
	}
	return into(d, func(w *warp, t *lanes) {
		r := join(test(w), third(w))
		for l := range t {
			t[l] = uint64(r>>l&1) * yes
		}
	})
}

// selpDecoder is selp: a where the predicate is true, else b.
func selpDecoder(b *builder, m *mods) exec {
	t := m.only(m.typ(), "b16", "b32", "b64", "u16", "u32", "u64", "s16", "s32", "s64", "f32", "f64")
	b.operands(4)
	d, x, y, p := b.dest(0, t), b.source(1, t), b.source(2, t), b.predicateOperand(b.arg(3))
	return into(d, func(w *warp, t *lanes) {
		c, x, y := p(w), &w.rows[x], &w.rows[y]
		for l := range t {
			v := y[l]
			if c>>l&1 != 0 {
				v = x[l]
			}
			t[l] = v
		}
	})
}

// slctDecoder is slct: a where c is not negative, else b.
func slctDecoder(b *builder, m *mods) exec {
	by := m.only(m.typ(), "s32", "f32")
	t := m.only(m.typ(), "b16", "b32", "b64", "u16", "u32", "u64", "s16", "s32", "s64", "f32", "f64")
	ftz := m.flag("ftz")
	b.operands(4)
	return triadic1(b.dest(0, t), b.source(1, t), b.source(2, t), b.source(3, by), func(x, y, c uint64) uint64 {
		if by.kind == 's' && int32(c) >= 0 || by.kind == 'f' && (shape{ftz: ftz}).in(c) >= 0 {
			return x
		}
		return y
	})
}
