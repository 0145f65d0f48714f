package emulator

import (
	"math/bits"
)

// logicDecoder is and, or, xor, not and cnot, of registers and of predicates.
func logicDecoder(b *builder, m *mods) exec {
	op := b.stmt.op
	t := m.typ()
	if t.kind == 'p' {
		return predicateLogic(b, op)
	}
	mask := m.only(t, "b16", "b32", "b64").mask()
	if op == "not" || op == "cnot" {
		b.operands(2)
		d, x := b.dest(0, t), b.source(1, t)
		if op == "cnot" {
			return monadic1(d, x, func(x uint64) uint64 { return uint64(bit(x == 0)) })
		}
		return monadic(d, x, func(t, x *lanes) {
			for l := range t {
				t[l] = ^x[l] & mask
			}
		})
	}
	b.operands(3)
	d, x, y := b.dest(0, t), b.source(1, t), b.source(2, t)
	switch op {
	case "and":
		return dyadic(d, x, y, func(t, x, y *lanes) {
			for l := range t {
				t[l] = x[l] & y[l]
			}
		})
	case "or":
		return dyadic(d, x, y, func(t, x, y *lanes) {
			for l := range t {
				t[l] = x[l] | y[l]
			}
		})
	}
	return dyadic(d, x, y, func(t, x, y *lanes) {
		for l := range t {
			t[l] = x[l] ^ y[l]
		}
	})
}

// predicateOperand returns how to read a predicate, which may be negated or a constant.
func (b *builder) predicateOperand(a arg) func(w *warp) uint32 {
	if a.kind == 'i' {
		v := uint32(0)
		if a.imm.bits != 0 {
			v = allLanes
		}
		return func(*warp) uint32 { return v }
	}
	p, not := b.predicate(a)
	if not {
		return func(w *warp) uint32 { return ^w.preds[p] }
	}
	return func(w *warp) uint32 { return w.preds[p] }
}

func predicateLogic(b *builder, op string) exec {
	p, _ := b.predicate(b.arg(0))
	x := b.predicateOperand(b.arg(1))
	if op == "not" {
		b.operands(2)
		return decide(p, func(w *warp) uint32 { return ^x(w) })
	}
	b.operands(3)
	y := b.predicateOperand(b.arg(2))
	switch op {
	case "and":
		return decide(p, func(w *warp) uint32 { return x(w) & y(w) })
	case "or":
		return decide(p, func(w *warp) uint32 { return x(w) | y(w) })
	case "xor":
		return decide(p, func(w *warp) uint32 { return x(w) ^ y(w) })
	}
	b.fail("no such instruction for predicates")
	return nil
}

// shiftDecoder is shl and shr: amounts beyond the width clear all bits, or fill them with the sign.
func shiftDecoder(b *builder, m *mods) exec {
	t := m.typ()
	b.operands(3)
	mask, k := t.mask(), t.shift()
	left := b.stmt.op == "shl"
	if left {
		m.only(t, "b16", "b32", "b64")
	} else {
		m.only(t, "b16", "b32", "b64", "u16", "s16", "u32", "s32", "u64", "s64")
	}
	d, x, y := b.dest(0, t), b.source(1, t), b.source(2, u32)
	switch {
	case left:
		return dyadic(d, x, y, func(t, x, y *lanes) {
			for l := range t {
				t[l] = x[l] << y[l] & mask // Go shifts everything out, too
			}
		})
	case t.kind == 's':
		return dyadic(d, x, y, func(t, x, y *lanes) {
			for l := range t {
				t[l] = uint64(extend(x[l], k)>>y[l]) & mask
			}
		})
	}
	return dyadic(d, x, y, func(t, x, y *lanes) {
		for l := range t {
			t[l] = x[l] >> y[l]
		}
	})
}

// funnelDecoder is shf: 32 bits out of the 64 of {c, b}, a being the lower word.
func funnelDecoder(b *builder, m *mods) exec {
	left := m.one("l", "r")
	wrap := m.one("wrap", "clamp")
	m.only(m.typ(), "b32")
	b.operands(4)
	if left == "" || wrap == "" {
		b.fail("unknown instruction")
	}
	amount := func(c uint64) uint64 {
		if wrap == "wrap" {
			return c & 31
		}
		return min(c, 32)
	}
	return triadic1(b.dest(0, b32), b.source(1, b32), b.source(2, b32), b.source(3, u32), func(lo, hi, c uint64) uint64 {
		v := hi<<32 | lo
		if left == "l" {
			return v << amount(c) >> 32
		}
		return v >> amount(c) & 0xffffffff
	})
}

func bfeDecoder(b *builder, m *mods) exec {
	t := m.only(m.typ(), "u32", "s32", "u64", "s64")
	b.operands(4)
	return triadic1(b.dest(0, t), b.source(1, t), b.source(2, u32), b.source(3, u32), func(a, p, n uint64) uint64 {
		pos, width := p&0xff, n&0xff
		v := a >> pos
		if width < uint64(t.bits) {
			v &= 1<<width - 1
		}
		if t.kind == 's' && width > 0 {
			// Beyond the field, and beyond the register, stands the sign: the field's last bit, or the register's.
			top := min(pos+width-1, uint64(t.bits-1))
			if a>>top&1 == 1 {
				have := uint64(0) // bits of the field that lie in the register
				if pos < uint64(t.bits) {
					have = min(width, uint64(t.bits)-pos)
				}
				v |= ^uint64(0) << have
			}
		}
		return v & t.mask()
	})
}

func bfiDecoder(b *builder, m *mods) exec {
	t := m.only(m.typ(), "b32", "b64")
	b.operands(5)
	d, x, y, p, n := b.dest(0, t), b.source(1, t), b.source(2, t), b.source(3, u32), b.source(4, u32)
	return into(d, func(w *warp, r *lanes) {
		for l := range r {
			pos, width := w.rows[p][l]&0xff, w.rows[n][l]&0xff
			field := (uint64(1)<<width - 1) << pos // width 64 and more: all ones
			r[l] = (w.rows[y][l]&^field | w.rows[x][l]<<pos&field) & t.mask()
		}
	})
}

// countDecoder is popc, clz, brev and bfind.
func countDecoder(b *builder, m *mods) exec {
	op := b.stmt.op
	t := m.typ()
	b.operands(2)
	switch op {
	case "popc":
		m.only(t, "b32", "b64")
		return monadic(b.dest(0, u32), b.source(1, t), func(t, x *lanes) {
			for l := range t {
				t[l] = uint64(bits.OnesCount64(x[l]))
			}
		})
	case "clz":
		m.only(t, "b32", "b64")
		return monadic1(b.dest(0, u32), b.source(1, t), func(x uint64) uint64 { return uint64(bits.LeadingZeros64(x) - t.shift()) })
	case "brev":
		m.only(t, "b32", "b64")
		return monadic1(b.dest(0, t), b.source(1, t), func(x uint64) uint64 { return bits.Reverse64(x) >> t.shift() })
	}
	m.only(t, "u32", "s32", "u64", "s64")
	amount := m.flag("shiftamt")
	return monadic1(b.dest(0, u32), b.source(1, t), func(x uint64) uint64 {
		if t.kind == 's' && extend(x, t.shift()) < 0 {
			x = ^x & t.mask()
		}
		if x == 0 {
			return 0xffffffff
		}
		at := bits.Len64(x) - 1
		if amount {
			at = t.bits - 1 - at
		}
		return uint64(at)
	})
}

// permuteDecoder is prmt: bytes chosen from the 8 of {b, a}.
func permuteDecoder(b *builder, m *mods) exec {
	mode := m.one("f4e", "b4e", "rc8", "ecl", "ecr", "rc16")
	m.only(m.typ(), "b32")
	b.operands(4)
	return triadic1(b.dest(0, b32), b.source(1, b32), b.source(2, b32), b.source(3, b32), func(x, y, c uint64) uint64 {
		v := y<<32 | x
		i := c & 3
		var at [4]uint64
		switch mode {
		case "":
			var r uint64
			for k := range 4 {
				s := c >> (4 * k) & 0xf
				e := v >> (8 * (s & 7)) & 0xff
				if s&8 != 0 { // the sign of the byte, eight times
					e = 0xff * (e >> 7)
				}
				r |= e << (8 * k)
			}
			return r
		case "f4e":
			at = [4]uint64{i, i + 1, i + 2, i + 3}
		case "b4e":
			at = [4]uint64{i, i - 1, i - 2, i - 3}
		case "rc8":
			at = [4]uint64{i, i, i, i}
		case "ecl":
			at = [4]uint64{i, max(i, 1), max(i, 2), 3}
		case "ecr":
			at = [4]uint64{0, min(i, 1), min(i, 2), i}
		case "rc16":
			h := i & 1 * 2
			at = [4]uint64{h, h + 1, h, h + 1}
		}
		var r uint64
		for k, s := range at {
			r |= v >> (8 * (s & 7)) & 0xff << (8 * k)
		}
		return r
	})
}

// lop3Decoder is lop3: any function of three bits, whose values are the bits of a constant.
func lop3Decoder(b *builder, m *mods) exec {
	m.only(m.typ(), "b32")
	b.operands(5)
	a := b.arg(4)
	if a.kind != 'i' || a.imm.bits > 255 {
		b.fail("the table of the function is a constant of 8 bits")
	}
	table := a.imm.bits
	var pick [8]uint64
	for i := range pick {
		if table>>i&1 == 1 {
			pick[i] = 0xffffffff
		}
	}
	return triadic(b.dest(0, b32), b.source(1, b32), b.source(2, b32), b.source(3, b32), func(t, x, y, z *lanes) {
		for l := range t {
			a, b, c := x[l], y[l], z[l]
			t[l] = pick[7]&a&b&c | pick[6]&a&b&^c | pick[5]&a&^b&c | pick[4]&a&^b&^c | pick[3]&^a&b&c | pick[2]&^a&b&^c | pick[1]&^a&^b&c | pick[0]&^(a|b|c)
		}
	})
}

// dotDecoder is dp4a: the sum of four products of bytes.
func dotDecoder(b *builder, m *mods) exec {
	second := m.typ()
	first := m.typ()
	m.only(first, "u32", "s32")
	m.only(second, "u32", "s32")
	b.operands(4)
	part := func(v uint64, i int, t dataType) int64 {
		if t.kind == 's' {
			return int64(int8(v >> (8 * i)))
		}
		return int64(uint8(v >> (8 * i)))
	}
	return triadic1(b.dest(0, b32), b.source(1, b32), b.source(2, b32), b.source(3, b32), func(x, y, z uint64) uint64 {
		s := int64(z)
		for i := range 4 {
			s += part(x, i, first) * part(y, i, second)
		}
		return uint64(s) & 0xffffffff
	})
}

// sadDecoder is sad: |a - b| + c.
func sadDecoder(b *builder, m *mods) exec {
	t := m.only(m.typ(), "u16", "s16", "u32", "s32", "u64", "s64")
	b.operands(4)
	return triadic1(b.dest(0, t), b.source(1, t), b.source(2, t), b.source(3, t), func(x, y, z uint64) uint64 {
		less := x < y
		if t.kind == 's' {
			less = extend(x, t.shift()) < extend(y, t.shift())
		}
		if less {
			x, y = y, x
		}
		return (x - y + z) & t.mask()
	})
}
