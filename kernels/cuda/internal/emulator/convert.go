package emulator

import (
	"math"
	"math/big"
	"math/bits"
)

// movDecoder is mov: of registers, constants, special registers and addresses, of predicates, and between a register and a
// vector of its parts.
func movDecoder(b *builder, m *mods) exec {
	t := m.typ()
	b.operands(2)
	if t.kind == 'p' {
		p, _ := b.predicate(b.arg(0))
		return decide(p, b.predicateOperand(b.arg(1)))
	}
	m.only(t, "b16", "b32", "b64", "u16", "u32", "u64", "s16", "s32", "s64", "f32", "f64")
	to, from := b.arg(0), b.arg(1)
	if to.kind == 'v' {
		part := b.part(t, len(to.list))
		x := b.sourceArg(from, t)
		rows := make([]int32, len(to.list))
		for i, a := range to.list {
			rows[i] = b.destArg(a, part)
		}
		return func(w *warp, m uint32) {
			for ; m != 0; m &= m - 1 {
				l := bits.TrailingZeros32(m) & 31
				v := w.rows[x][l]
				for i, row := range rows {
					w.rows[row][l] = v >> (i * part.bits) & part.mask()
				}
			}
		}
	}
	d := b.destArg(to, t)
	if from.kind == 'v' {
		part := b.part(t, len(from.list))
		rows := make([]int32, len(from.list))
		for i, a := range from.list {
			rows[i] = b.sourceArg(a, part)
		}
		return into(d, func(w *warp, r *lanes) {
			for l := range r {
				var v uint64
				for i, row := range rows {
					v |= w.rows[row][l] << (i * part.bits)
				}
				r[l] = v
			}
		})
	}
	if from.kind == 'n' {
		if read := b.clock(from.name); read != nil {
			return into(d, func(w *warp, r *lanes) {
				v := read(w)
				for l := range r {
					r[l] = v & t.mask()
				}
			})
		}
	}
	x := b.sourceArg(from, t)
	return monadic(d, x, func(t, x *lanes) { *t = *x })
}

// part is the type of one of n parts of t.
func (b *builder) part(t dataType, n int) dataType {
	if n != 2 && n != 4 || t.bits/n < 16 && t.bits/n != 8 {
		b.fail("%s in %d parts", t, n)
	}
	return dataType{'b', t.bits / n}
}

// cvtaDecoder is cvta: between an address in a space and a generic one.
func cvtaDecoder(b *builder, m *mods) exec {
	to := m.flag("to")
	space := m.one("global", "shared", "local", "const", "param", "shared::cta")
	t := m.only(m.typ(), "u64")
	b.operands(2)
	if space == "shared::cta" {
		space = "shared"
	}
	if space == "" {
		b.fail("no state space")
	}
	base := windowOf(space)
	d := b.dest(0, t)
	if to {
		base = -base
	}
	return monadic(d, b.source(1, t), func(t, x *lanes) {
		for l := range t {
			t[l] = x[l] + base
		}
	})
}

// isspacepDecoder is isspacep.
func isspacepDecoder(b *builder, m *mods) exec {
	space := m.one("global", "shared", "local", "const", "param", "shared::cta")
	if space == "shared::cta" {
		space = "shared"
	}
	b.operands(2)
	p, _ := b.predicate(b.arg(0))
	x := b.source(1, b64)
	return decide(p, func(w *warp) (r uint32) {
		for l, v := range w.rows[x] {
			s, _ := window(v)
			r |= bit(s == space) << l
		}
		return r
	})
}

// cvtDecoder is cvt.
func cvtDecoder(b *builder, m *mods) exec {
	if len(m.list) < 2 {
		b.fail("two types are wanted")
	}
	toName, fromName := m.list[len(m.list)-2], m.list[len(m.list)-1]
	m.list = m.list[:len(m.list)-2]
	to, ok := parseType(toName)
	from, ok2 := parseType(fromName)
	if !ok || !ok2 {
		return cvtSmall(b, m, toName, fromName)
	}
	b.operands(2)
	ftz := m.flag("ftz") // of a float32 operand or result
	sat := m.flag("sat")
	integral := m.one("rni", "rzi", "rmi", "rpi")
	if ftz && (from.kind != 'f' || from.bits != 32) && (to.kind != 'f' || to.bits != 32) {
		b.fail(".ftz without a .f32")
	}
	d, width := b.wide(b.arg(0), to)
	if d < 0 {
		b.fail("the destination is no register")
	}
	x, xWidth := b.wide(b.arg(1), from)
	if x < 0 {
		x = b.source(1, from)
	} else if xWidth > from.bits && from.kind == 'f' {
		b.fail("the source is wider than its type")
	}
	if width > to.bits && to.kind == 'f' {
		b.fail("the destination is wider than its type")
	}
	switch {
	case from.kind != 'f' && to.kind != 'f':
		return cvtInteger(d, x, to, from, width, sat)
	case from.kind != 'f':
		return cvtToFloat(d, x, to, from, m.direction(), sat)
	case to.kind != 'f':
		if integral == "" {
			b.fail("the rounding to an integer is not named")
		}
		mode := map[string]rounding{"rni": nearest, "rzi": zeroward, "rmi": down, "rpi": up}[integral]
		mask := ^uint64(0) >> (64 - width)
		return monadic1(d, x, func(x uint64) uint64 {
			v := toInteger(floatValue(x, from, ftz), mode, to, from)
			if to.kind == 's' && width > to.bits {
				v = uint64(extend(v, to.shift())) & mask
			}
			return v
		})
	}
	return cvtFloat(b, m, d, x, to, from, integral, ftz, sat)
}

func floatValue(x uint64, t dataType, ftz bool) float64 {
	if t.bits == 64 {
		return float64of(x)
	}
	return float64(shape{ftz: ftz}.in(x))
}

// cvtInteger converts integers: cut off, or with .sat brought into the range of the new type.
func cvtInteger(d, x int32, to, from dataType, width int, sat bool) exec {
	toShift, fromShift, mask := to.shift(), from.shift(), ^uint64(0)>>(64-width)
	fromMask := from.mask()
	if sat {
		return monadic1(d, x, func(x uint64) uint64 {
			x &= fromMask
			negative := from.kind == 's' && extend(x, fromShift) < 0
			if to.kind == 's' {
				if !negative && x > to.mask()>>1 {
					return to.mask() >> 1
				}
				if negative {
					return clamp(extend(x, fromShift), to) | ^to.mask()&mask
				}
				return x
			}
			if negative {
				return 0
			}
			return min(x, to.mask())
		})
	}
	signed := from.kind == 's'
	toSigned := to.kind == 's'
	return monadic(d, x, func(t, x *lanes) {
		for l := range t {
			v := x[l] & fromMask
			if signed {
				v = uint64(extend(v, fromShift))
			}
			if toSigned {
				v = uint64(extend(v, toShift)) & mask
			} else {
				v = v << toShift >> toShift
			}
			t[l] = v
		}
	})
}

// cvtToFloat converts integers to numbers.
func cvtToFloat(d, x int32, to, from dataType, mode rounding, sat bool) exec {
	shift, mask := from.shift(), from.mask()
	f := formatF64
	if to.bits == 32 {
		f = formatF32
	}
	return monadic1(d, x, func(x uint64) uint64 {
		x &= mask
		var v float64
		switch signed := from.kind == 's'; {
		case mode != nearest:
			z := new(big.Float).SetUint64(x)
			if signed {
				z.SetInt64(extend(x, shift))
			}
			v = roundBig(z, f.prec, f.lowest, f.emax, mode)
		case to.bits == 32 && signed:
			v = float64(float32(extend(x, shift)))
		case to.bits == 32:
			v = float64(float32(x))
		case signed:
			v = float64(extend(x, shift))
		default:
			v = float64(x)
		}
		if sat {
			v = saturate(v)
		}
		if to.bits == 32 {
			return uint64(math.Float32bits(float32(v)))
		}
		return math.Float64bits(v)
	})
}

// integer rounds v to a whole number.
func integer(v float64, mode rounding) float64 {
	switch mode {
	case nearest:
		return math.RoundToEven(v)
	case zeroward:
		return math.Trunc(v)
	case down:
		return math.Floor(v)
	}
	return math.Ceil(v)
}

// toInteger rounds v to an integer type, into whose range it is brought. NaN becomes 0, or the bit 63 alone where one of the
// types has 64 bits (PTX ISA, cvt).
func toInteger(v float64, mode rounding, to, from dataType) uint64 {
	if v != v {
		if from.bits == 64 || to.bits == 64 {
			return 1 << (to.bits - 1)
		}
		return 0
	}
	v = integer(v, mode)
	if to.kind == 's' {
		top := math.Ldexp(1, to.bits-1)
		switch {
		case v >= top:
			return to.mask() >> 1
		case v < -top:
			return 1 << (to.bits - 1)
		}
		return uint64(int64(v)) & to.mask()
	}
	switch {
	case v <= 0:
		return 0
	case v >= math.Ldexp(1, to.bits):
		return to.mask()
	case v >= 0x1p63:
		return uint64(int64(v-0x1p63)) + 1<<63
	}
	return uint64(int64(v))
}

// cvtFloat converts between the formats of floating point, or to a whole number within one.
func cvtFloat(b *builder, m *mods, d, x int32, to, from dataType, integral string, ftz, sat bool) exec {
	if to.bits < from.bits {
		b.rounded(m)
	}
	mode := m.direction()
	if integral != "" && to.bits != from.bits {
		b.fail(".%s between two formats", integral)
	}
	intMode := map[string]rounding{"rni": nearest, "rzi": zeroward, "rmi": down, "rpi": up}[integral]
	return monadic1(d, x, func(x uint64) uint64 {
		v := floatValue(x, from, ftz)
		if integral != "" {
			v = integer(v, intMode)
		}
		if sat {
			v = saturate(v)
		}
		if to.bits == 64 {
			return bits64(v, x<<(64-from.bits))
		}
		f := to32(v, mode)
		if ftz {
			f = flush(f)
		}
		return bits32(f)
	})
}

// small are the formats that live in .b16 and .b32 registers.
var small = map[string]format{"f16": formatF16, "bf16": formatBF16, "tf32": formatTF32}

// cvtSmall converts from and to f16, bf16, tf32 and pairs of them.
func cvtSmall(b *builder, m *mods, to, from string) exec {
	if m.flag("relu") || m.flag("satfinite") {
		b.fail("unknown instruction")
	}
	if f, ok := small[from]; ok && to == "f32" && from != "tf32" {
		b.operands(2)
		return monadic1(b.dest(0, f32), b.source(1, dataType{'b', 16}), func(x uint64) uint64 { return bits32(float32(f.decode(x))) })
	}
	pair := len(to) > 2 && to[len(to)-2:] == "x2"
	name := to
	if pair {
		name = to[:len(to)-2]
	}
	f, ok := small[name]
	if !ok || from != "f32" {
		b.fail("unknown instruction")
	}
	mode := nearest
	switch r := m.one("rn", "rz", "rna"); {
	case r == "rz":
		mode = zeroward
	case r == "rna" && name == "tf32":
		mode = away
	case r == "rn" && name != "tf32" || r == "rn":
	default:
		b.fail("no rounding is named")
	}
	encode := func(x uint64) uint64 { return f.encode(f.round(float64(float32of(x)), mode)) }
	if pair {
		b.operands(3)
		return dyadic1(b.dest(0, b32), b.source(1, f32), b.source(2, f32), func(x, y uint64) uint64 { return encode(x)<<16 | encode(y) })
	}
	b.operands(2)
	if name == "tf32" {
		return monadic1(b.dest(0, b32), b.source(1, f32), func(x uint64) uint64 {
			return bits32(float32(f.round(float64(float32of(x)), mode)))
		})
	}
	return monadic1(b.dest(0, dataType{'b', 16}), b.source(1, f32), encode)
}

// encode returns the bits of a number of the format f16 or bf16.
func (f format) encode(v float64) uint64 {
	if f == formatBF16 {
		return bits32(float32(v)) >> 16
	}
	if v != v {
		return 0x7fff
	}
	s := uint64(0)
	if math.Signbit(v) {
		s = 1 << 15
	}
	v = math.Abs(v)
	switch {
	case math.IsInf(v, 0):
		return s | 0x7c00
	case v < 0x1p-14:
		return s | uint64(v*0x1p24)
	}
	frac, exp := math.Frexp(v)
	return s | uint64(exp+14)<<10 + uint64(frac*2048) - 1024
}

// decode is the inverse of encode.
func (f format) decode(x uint64) float64 {
	if f == formatBF16 {
		return float64(float32of(x << 16))
	}
	s := sign(x>>15&1 == 1)
	exp, frac := x>>10&31, float64(x&1023)
	switch exp {
	case 0:
		return s * frac * 0x1p-24
	case 31:
		if frac != 0 {
			return math.NaN()
		}
		return s * math.Inf(1)
	}
	return s * math.Ldexp(1+frac/1024, int(exp)-15)
}
