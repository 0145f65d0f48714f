package emulator

import (
	"math"
	"math/bits"
)

func flushBits(v uint64) uint32 { return math.Float32bits(flush(float32of(v))) }

// shape are the modifiers that most instructions of floating point share.
type shape struct {
	mode     rounding
	ftz, sat bool
}

func (m *mods) shape(t dataType) shape {
	s := shape{mode: m.direction()}
	if t.bits == 32 {
		s.ftz, s.sat = m.flag("ftz"), m.flag("sat")
	}
	return s
}

// in and out are what .ftz and .sat do to operands and results.
func (s shape) in(v uint64) float32 {
	if s.ftz {
		return flush(float32of(v))
	}
	return float32of(v)
}

func (s shape) out(v float32) uint64 {
	if s.ftz {
		v = flush(v)
	}
	if s.sat {
		v = float32(saturate(float64(v)))
	}
	return bits32(v)
}

// floatBinary is add and sub.
func floatBinary(b *builder, m *mods, t dataType, minus bool) exec {
	s := m.shape(t)
	b.operands(3)
	d, x, y := b.dest(0, t), b.source(1, t), b.source(2, t)
	if t.bits == 64 {
		flip := uint64(0)
		if minus {
			flip = 1 << 63
		}
		return dyadic(d, x, y, func(t, x, y *lanes) {
			for l := range t {
				t[l] = bits64(add64(float64of(x[l]), float64of(y[l]^flip), s.mode), x[l], y[l])
			}
		})
	}
	if s == (shape{}) && minus {
		return dyadic(d, x, y, func(t, x, y *lanes) {
			for l := range t {
				t[l] = bits32(float32of(x[l]) - float32of(y[l]))
			}
		})
	}
	if s == (shape{}) {
		return dyadic(d, x, y, func(t, x, y *lanes) {
			for l := range t {
				t[l] = bits32(float32of(x[l]) + float32of(y[l]))
			}
		})
	}
	return dyadic1(d, x, y, func(x, y uint64) uint64 {
		q := s.in(y)
		if minus {
			q = -q
		}
		return s.out(add32(s.in(x), q, s.mode))
	})
}

func floatMul(b *builder, m *mods, t dataType) exec {
	s := m.shape(t)
	b.operands(3)
	d, x, y := b.dest(0, t), b.source(1, t), b.source(2, t)
	if t.bits == 64 {
		return dyadic(d, x, y, func(t, x, y *lanes) {
			for l := range t {
				t[l] = bits64(mul64(float64of(x[l]), float64of(y[l]), s.mode), x[l], y[l])
			}
		})
	}
	if s == (shape{}) {
		return dyadic(d, x, y, func(t, x, y *lanes) {
			for l := range t {
				t[l] = bits32(float32of(x[l]) * float32of(y[l]))
			}
		})
	}
	return dyadic1(d, x, y, func(x, y uint64) uint64 { return s.out(mul32(s.in(x), s.in(y), s.mode)) })
}

// bits125 are the bits of 2^-125.
const bits125 = (1023 - 125) << 52

// floatFMA is fma and mad, which are the same on all machines of today.
func floatFMA(b *builder, m *mods, t dataType) exec {
	s := m.shape(t)
	b.operands(4)
	d, x, y, z := b.dest(0, t), b.source(1, t), b.source(2, t), b.source(3, t)
	if t.bits == 64 {
		return triadic(d, x, y, z, func(t, x, y, z *lanes) {
			for l := range t {
				t[l] = bits64(fma64(float64of(x[l]), float64of(y[l]), float64of(z[l]), s.mode), x[l], y[l], z[l])
			}
		})
	}
	if s == (shape{}) {
		return triadic(d, x, y, z, func(t, x, y, z *lanes) {
			for l := range t {
				p := float64(float32of(x[l])) * float64(float32of(y[l]))
				c := float64(float32of(z[l]))
				v := p + c
				if b := math.Float64bits(v); b&(1<<29-1) == 1<<28 || b<<1 < 2*bits125 { // see fma32
					t[l] = bits32(sum32(p, c, nearest))
				} else {
					t[l] = bits32(float32(v))
				}
			}
		})
	}
	return triadic1(d, x, y, z, func(x, y, z uint64) uint64 { return s.out(fma32(s.in(x), s.in(y), s.in(z), s.mode)) })
}

func fmaDecoder(b *builder, m *mods) exec { return floatFMA(b, m, m.only(m.typ(), "f32", "f64")) }

// floatDiv is div; .approx and .full give the nearest float32, as the machine does not promise to.
func floatDiv(b *builder, m *mods, t dataType) exec {
	if t.bits == 32 && m.one("approx", "full") == "" || t.bits == 64 {
		b.rounded(m)
	}
	s := m.shape(t)
	b.operands(3)
	d, x, y := b.dest(0, t), b.source(1, t), b.source(2, t)
	if t.bits == 64 {
		return dyadic1(d, x, y, func(x, y uint64) uint64 { return bits64(div64(float64of(x), float64of(y), s.mode), x, y) })
	}
	return dyadic1(d, x, y, func(x, y uint64) uint64 { return s.out(div32(s.in(x), s.in(y), s.mode)) })
}

// rounded demands that the rounding is named.
func (b *builder) rounded(m *mods) {
	for _, r := range m.list {
		if r == "rn" || r == "rz" || r == "rm" || r == "rp" {
			return
		}
	}
	b.fail("neither .approx nor a rounding is named")
}

// rootDecoder is sqrt and rcp with a rounding or .approx, and rsqrt.approx.
func rootDecoder(b *builder, m *mods) exec {
	op := b.stmt.op
	t := m.only(m.typ(), "f32", "f64")
	b.operands(2)
	d, x := b.dest(0, t), b.source(1, t)
	approx := m.flag("approx")
	if t.bits == 64 && approx {
		if !m.flag("ftz") {
			if op != "rsqrt" {
				b.fail("unknown instruction")
			}
			return monadic1(d, x, func(x uint64) uint64 { return bits64(1/math.Sqrt(float64of(x)), x) })
		}
		if op == "sqrt" {
			b.fail("unknown instruction")
		}
		// With .ftz these look at the upper 32 bits only, of which the result has no more.
		return monadic1(d, x, func(x uint64) uint64 {
			v := float64of(x &^ 0xffffffff)
			if v == v && math.Abs(v) < 0x1p-1022 {
				v = math.Copysign(0, v)
			}
			r := 1 / v
			if op == "rsqrt" {
				r = 1 / math.Sqrt(v)
			}
			if math.Abs(r) < 0x1p-1022 {
				r = math.Copysign(0, r)
			}
			return bits64(r) &^ 0xffffffff
		})
	}
	if !approx {
		if op == "rsqrt" {
			b.fail("unknown instruction")
		}
		b.rounded(m)
	}
	s := m.shape(t)
	if t.bits == 64 {
		return monadic1(d, x, func(x uint64) uint64 {
			if op == "sqrt" {
				return bits64(sqrt64(float64of(x), s.mode), x)
			}
			return bits64(div64(1, float64of(x), s.mode), x)
		})
	}
	return monadic1(d, x, func(x uint64) uint64 {
		v := s.in(x)
		switch op {
		case "sqrt":
			return s.out(sqrt32(v, s.mode))
		case "rcp":
			return s.out(div32(1, v, s.mode))
		}
		return s.out(float32(1 / math.Sqrt(float64(v))))
	})
}

// approxDecoder is ex2, lg2, sin, cos and tanh: the nearest float32 of Go's function, where the machine has an approximation.
func approxDecoder(b *builder, m *mods) exec {
	f := map[string]func(float64) float64{"ex2": math.Exp2, "lg2": math.Log2, "sin": math.Sin, "cos": math.Cos, "tanh": math.Tanh}[b.stmt.op]
	t := m.only(m.typ(), "f32")
	if !m.flag("approx") {
		b.fail("unknown instruction")
	}
	s := m.shape(t)
	b.operands(2)
	return monadic1(b.dest(0, t), b.source(1, t), func(x uint64) uint64 { return s.out(float32(f(float64(s.in(x))))) })
}

// floatMin is min and max: of a number and a NaN the number, unless .NaN is given; -0 is less than +0.
func floatMin(b *builder, m *mods, t dataType) exec {
	ftz := t.bits == 32 && m.flag("ftz")
	strict := t.bits == 32 && m.flag("NaN")
	b.operands(3)
	larger := b.stmt.op == "max"
	value := func(v uint64) float64 {
		if t.bits == 64 {
			return float64of(v)
		}
		return float64(shape{ftz: ftz}.in(v))
	}
	return dyadic1(b.dest(0, t), b.source(1, t), b.source(2, t), func(x, y uint64) uint64 {
		p, q := value(x), value(y)
		var r float64
		switch {
		case p != p && q != q, strict && (p != p || q != q):
			if t.bits == 32 {
				return nan32
			}
			return bits64(p+q, x, y)
		case p != p:
			r = q
		case q != q:
			r = p
		case larger:
			r = math.Max(p, q)
		default:
			r = math.Min(p, q)
		}
		if t.bits == 64 {
			return math.Float64bits(r)
		}
		return bits32(float32(r))
	})
}

// copysignDecoder is copysign: the magnitude of b with the sign of a.
func copysignDecoder(b *builder, m *mods) exec {
	t := m.only(m.typ(), "f32", "f64")
	b.operands(3)
	sign := uint64(1) << (t.bits - 1)
	return dyadic1(b.dest(0, t), b.source(1, t), b.source(2, t), func(x, y uint64) uint64 { return x&sign | y&^sign })
}

// testDecoder is testp.
func testDecoder(b *builder, m *mods) exec {
	kind := m.one("finite", "infinite", "number", "notanumber", "normal", "subnormal")
	t := m.only(m.typ(), "f32", "f64")
	b.operands(2)
	p, _ := b.predicate(b.arg(0))
	x := b.source(1, t)
	tiny := 0x1p-1022
	if t.bits == 32 {
		tiny = 0x1p-126
	}
	if kind == "" {
		b.fail("unknown instruction")
	}
	return func(w *warp, m uint32) {
		for ; m != 0; m &= m - 1 {
			l := bits.TrailingZeros32(m)
			v := float64of(w.rows[x][l])
			if t.bits == 32 {
				v = float64(float32of(w.rows[x][l]))
			}
			finite := !math.IsInf(v, 0) && v == v
			is := map[string]bool{"finite": finite, "infinite": math.IsInf(v, 0), "number": v == v, "notanumber": v != v,
				"normal": finite && math.Abs(v) >= tiny, "subnormal": v != 0 && math.Abs(v) < tiny}[kind]
			w.preds[p] = w.preds[p]&^(1<<l) | bit(is)<<l
		}
	}
}
