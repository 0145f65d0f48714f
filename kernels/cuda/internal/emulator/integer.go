package emulator

import (
	"math/bits"
)

// extend returns x as a signed number; shift is the type's dataType.shift.
func extend(x uint64, shift int) int64 { return int64(x<<shift) >> shift }

func addDecoder(b *builder, m *mods) exec { return sumDecoder(b, m, false) }

func subDecoder(b *builder, m *mods) exec { return sumDecoder(b, m, true) }

// sumDecoder is add, or sub.
func sumDecoder(b *builder, m *mods, subtract bool) exec {
	t := m.typ()
	if t.kind == 'f' {
		return floatBinary(b, m, t, subtract)
	}
	m.only(t, "u16", "s16", "u32", "s32", "u64", "s64")
	b.operands(3)
	if m.flag("cc") {
		carrying := carried
		if subtract {
			carrying = borrowed
		}
		return carrying(b, m.only(t, "u32", "s32", "u64", "s64"), false, true)
	}
	sign := int64(1)
	if subtract {
		sign = -1
	}
	d, x, y, mask := b.dest(0, t), b.source(1, t), b.source(2, t), t.mask()
	if m.flag("sat") {
		m.only(t, "s32")
		return dyadic1(d, x, y, func(x, y uint64) uint64 { return clamp(extend(x, 32)+sign*extend(y, 32), t) })
	}
	return dyadic(d, x, y, func(t, x, y *lanes) {
		for l := range t {
			t[l] = (x[l] + uint64(sign)*y[l]) & mask
		}
	})
}

// clamp brings v into the range of a signed type.
func clamp(v int64, t dataType) uint64 {
	top := int64(t.mask() >> 1)
	return uint64(max(min(v, top), -top-1)) & t.mask()
}

// carried is add.cc, addc and addc.cc: in says whether the carry is added, out whether it is set.
func carried(b *builder, t dataType, in, out bool) exec {
	d, x, y := b.dest(0, t), b.source(1, t), b.source(2, t)
	return func(w *warp, m uint32) {
		for ; m != 0; m &= m - 1 {
			l := bits.TrailingZeros32(m)
			c := uint64(0)
			if in {
				c = uint64(w.carry >> l & 1)
			}
			w.sum(l, d, w.rows[x][l], w.rows[y][l], c, t, out)
		}
	}
}

// sum sets d of a lane to x + y + c, and the carry if out.
func (w *warp) sum(l int, d int32, x, y, c uint64, t dataType, out bool) {
	s, carry := bits.Add64(x, y, c)
	if t.bits == 32 {
		carry = s >> 32
	}
	w.rows[d][l] = s & t.mask()
	if out {
		w.carry = w.carry&^(1<<l) | uint32(carry)<<l
	}
}

// borrowed is sub.cc, subc and subc.cc.
func borrowed(b *builder, t dataType, in, out bool) exec {
	d, x, y := b.dest(0, t), b.source(1, t), b.source(2, t)
	return func(w *warp, m uint32) {
		for ; m != 0; m &= m - 1 {
			l := bits.TrailingZeros32(m)
			c := uint64(0)
			if in {
				c = uint64(w.carry >> l & 1)
			}
			s, borrow := bits.Sub64(w.rows[x][l], w.rows[y][l], c)
			w.rows[d][l] = s & t.mask()
			if out {
				w.carry = w.carry&^(1<<l) | uint32(borrow)<<l
			}
		}
	}
}

func withCarry(f func(*builder, dataType, bool, bool) exec) decoder {
	return func(b *builder, m *mods) exec {
		t := m.only(m.typ(), "u32", "s32", "u64", "s64")
		b.operands(3)
		return f(b, t, true, m.flag("cc"))
	}
}

// product returns the lower and the upper half of x * y.
func product(x, y uint64, t dataType) (lo, hi uint64) {
	if t.bits < 64 {
		p := x * y
		if t.kind == 's' {
			p = uint64(extend(x, t.shift()) * extend(y, t.shift()))
		}
		return p & t.mask(), p >> t.bits & t.mask()
	}
	hi, lo = bits.Mul64(x, y)
	if t.kind == 's' {
		if int64(x) < 0 {
			hi -= y
		}
		if int64(y) < 0 {
			hi -= x
		}
	}
	return lo, hi
}

func mulDecoder(b *builder, m *mods) exec {
	t := m.typ()
	if t.kind == 'f' {
		return floatMul(b, m, t)
	}
	m.only(t, "u16", "s16", "u32", "s32", "u64", "s64")
	b.operands(3)
	mask, shift := t.mask(), t.shift()
	switch m.one("lo", "hi", "wide") {
	case "lo":
		return dyadic(b.dest(0, t), b.source(1, t), b.source(2, t), func(t, x, y *lanes) {
			for l := range t {
				t[l] = x[l] * y[l] & mask
			}
		})
	case "hi":
		return dyadic1(b.dest(0, t), b.source(1, t), b.source(2, t), func(x, y uint64) uint64 {
			_, hi := product(x, y, t)
			return hi
		})
	case "wide":
		wide := b.double(t)
		d, x, y := b.dest(0, wide), b.source(1, t), b.source(2, t)
		if t.kind == 'u' {
			return dyadic(d, x, y, func(t, x, y *lanes) {
				for l := range t {
					t[l] = x[l] * y[l]
				}
			})
		}
		mask := wide.mask()
		return dyadic(d, x, y, func(t, x, y *lanes) {
			for l := range t {
				t[l] = uint64(extend(x[l], shift)*extend(y[l], shift)) & mask
			}
		})
	}
	b.fail("one of .lo, .hi, .wide is wanted")
	return nil
}

// double is the type of a wide product.
func (b *builder) double(t dataType) dataType {
	if t.bits > 32 {
		b.fail("no such instruction for %s", t)
	}
	return dataType{t.kind, 2 * t.bits}
}

func madDecoder(b *builder, m *mods) exec {
	t := m.typ()
	if t.kind == 'f' {
		return floatFMA(b, m, t)
	}
	m.only(t, "u16", "s16", "u32", "s32", "u64", "s64")
	b.operands(4)
	mask, shift := t.mask(), t.shift()
	half := m.one("lo", "hi", "wide")
	if m.flag("cc") {
		return madCarry(b, m.only(t, "u32", "s32", "u64", "s64"), half, false, true)
	}
	switch half {
	case "lo":
		return triadic(b.dest(0, t), b.source(1, t), b.source(2, t), b.source(3, t), func(t, x, y, z *lanes) {
			for l := range t {
				t[l] = (x[l]*y[l] + z[l]) & mask
			}
		})
	case "hi":
		return triadic1(b.dest(0, t), b.source(1, t), b.source(2, t), b.source(3, t), func(x, y, z uint64) uint64 {
			_, hi := product(x, y, t)
			return (hi + z) & mask
		})
	case "wide":
		wide := b.double(t)
		wideMask := wide.mask()
		d, x, y, z := b.dest(0, wide), b.source(1, t), b.source(2, t), b.source(3, wide)
		if t.kind == 'u' {
			return triadic(d, x, y, z, func(t, x, y, z *lanes) {
				for l := range t {
					t[l] = (x[l]*y[l] + z[l]) & wideMask
				}
			})
		}
		return triadic(d, x, y, z, func(t, x, y, z *lanes) {
			for l := range t {
				t[l] = (uint64(extend(x[l], shift)*extend(y[l], shift)) + z[l]) & wideMask
			}
		})
	}
	b.fail("one of .lo, .hi, .wide is wanted")
	return nil
}

// madCarry is mad.cc, madc and madc.cc.
func madCarry(b *builder, t dataType, half string, in, out bool) exec {
	if half != "lo" && half != "hi" {
		b.fail("one of .lo, .hi is wanted")
	}
	d, x, y, z := b.dest(0, t), b.source(1, t), b.source(2, t), b.source(3, t)
	return func(w *warp, m uint32) {
		for ; m != 0; m &= m - 1 {
			l := bits.TrailingZeros32(m)
			p, hi := product(w.rows[x][l], w.rows[y][l], t)
			if half == "hi" {
				p = hi
			}
			c := uint64(0)
			if in {
				c = uint64(w.carry >> l & 1)
			}
			w.sum(l, d, p, w.rows[z][l], c, t, out)
		}
	}
}

func madcDecoder(b *builder, m *mods) exec {
	t := m.only(m.typ(), "u32", "s32", "u64", "s64")
	b.operands(4)
	half := m.one("lo", "hi")
	return madCarry(b, t, half, true, m.flag("cc"))
}

// divDecoder is div and rem. PTX leaves a division by zero undefined: the launch ends.
func divDecoder(b *builder, m *mods) exec {
	t := m.typ()
	rem := b.stmt.op == "rem"
	if t.kind == 'f' {
		if rem {
			b.fail("no such instruction for %s", t)
		}
		return floatDiv(b, m, t)
	}
	m.only(t, "u16", "s16", "u32", "s32", "u64", "s64")
	b.operands(3)
	d, x, y, shift, mask := b.dest(0, t), b.source(1, t), b.source(2, t), t.shift(), t.mask()
	return func(w *warp, m uint32) {
		for ; m != 0; m &= m - 1 {
			l := bits.TrailingZeros32(m)
			p, q := w.rows[x][l], w.rows[y][l]
			if q == 0 {
				w.fail(codeIllegalInstruction, l, "integer division by zero, which PTX leaves undefined")
			}
			var v uint64
			switch {
			case t.kind == 'u' && rem:
				v = p % q
			case t.kind == 'u':
				v = p / q
			case rem:
				v = uint64(extend(p, shift) % extend(q, shift))
			default:
				v = uint64(extend(p, shift) / extend(q, shift))
			}
			w.rows[d][l] = v & mask
		}
	}
}

func negDecoder(b *builder, m *mods) exec {
	t := m.typ()
	b.operands(2)
	if t.kind == 'f' {
		ftz := m.flag("ftz") && t.bits == 32
		sign := uint64(1) << (t.bits - 1)
		return monadic(b.dest(0, t), b.source(1, t), func(t, x *lanes) {
			for l := range t {
				v := x[l]
				if ftz {
					v = uint64(flushBits(v))
				}
				t[l] = v ^ sign
			}
		})
	}
	mask := m.only(t, "s16", "s32", "s64").mask()
	return monadic(b.dest(0, t), b.source(1, t), func(t, x *lanes) {
		for l := range t {
			t[l] = -x[l] & mask
		}
	})
}

func absDecoder(b *builder, m *mods) exec {
	t := m.typ()
	b.operands(2)
	if t.kind == 'f' {
		ftz := m.flag("ftz") && t.bits == 32
		sign := uint64(1) << (t.bits - 1)
		return monadic(b.dest(0, t), b.source(1, t), func(t, x *lanes) {
			for l := range t {
				v := x[l]
				if ftz {
					v = uint64(flushBits(v))
				}
				t[l] = v &^ sign
			}
		})
	}
	mask, shift := m.only(t, "s16", "s32", "s64").mask(), t.shift()
	return monadic1(b.dest(0, t), b.source(1, t), func(x uint64) uint64 {
		if v := extend(x, shift); v < 0 {
			return uint64(-v) & mask
		}
		return x
	})
}

// minDecoder is min and max.
func minDecoder(b *builder, m *mods) exec {
	t := m.typ()
	if t.kind == 'f' {
		return floatMin(b, m, t)
	}
	m.only(t, "u16", "s16", "u32", "s32", "u64", "s64")
	b.operands(3)
	shift := 0
	flip := uint64(0)
	if t.kind == 's' {
		shift, flip = t.shift(), 1<<63
	}
	larger := b.stmt.op == "max"
	return dyadic(b.dest(0, t), b.source(1, t), b.source(2, t), func(t, x, y *lanes) {
		for l := range t {
			less := x[l]<<shift^flip < y[l]<<shift^flip
			if less != larger {
				t[l] = x[l]
			} else {
				t[l] = y[l]
			}
		}
	})
}
