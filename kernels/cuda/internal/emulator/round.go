package emulator

import (
	"math"
	"math/big"
	"math/bits"
)

// rounding is the direction of a result that is not exact.
type rounding byte

const (
	nearest  rounding = iota // to the nearest, ties to even: .rn
	zeroward                 // .rz
	down                     // .rm
	up                       // .rp
	away                     // to the nearest, ties away from zero: .rna
)

// The values that an operation gives where no number is the result (CUDA C++ programming guide, floating-point standard).
const (
	nan32 = 0x7fffffff
	nan64 = 0xfff8000000000000
)

// odd returns the exact sum s + e, where s is its nearest float64, rounded to odd: truncated to float64, the last bit set if
// anything was lost. A second rounding to at most 51 bits, in any direction, then gives what one rounding of the exact sum
// would give (Boldo, Melquiond: Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd, 2008).
func odd(s, e float64) float64 {
	b := math.Float64bits(s)
	if e == 0 || b&1 == 1 || math.IsInf(s, 0) || math.IsNaN(s) {
		return s
	}
	if (e > 0) == (s > 0) {
		return math.Float64frombits(b + 1)
	}
	return math.Float64frombits(b - 1)
}

// lost returns what a + b has lost when it was rounded to s (Knuth's TwoSum).
func lost(a, b, s float64) float64 {
	bb := s - a
	return (a - (s - bb)) + (b - bb)
}

// to32 rounds v, which is exact or rounded to odd.
func to32(v float64, mode rounding) float32 {
	f := float32(v)
	if mode == nearest || float64(f) == v || f != f {
		return f
	}
	if mode == zeroward && (v > 0) == (float64(f) > v) || mode == down && float64(f) > v || mode == up && float64(f) < v {
		up := mode == up || mode == zeroward && v < 0
		return step32(f, up)
	}
	return f
}

// step32 returns the neighbour of f above or below.
func step32(f float32, up bool) float32 {
	b := math.Float32bits(f)
	switch {
	case f == 0 && up:
		b = 1
	case f == 0:
		b = 1<<31 | 1
	case (f > 0) == up:
		b++
	default:
		b--
	}
	return math.Float32frombits(b)
}

func step64(f float64, up bool) float64 {
	b := math.Float64bits(f)
	switch {
	case f == 0 && up:
		b = 1
	case f == 0:
		b = 1<<63 | 1
	case (f > 0) == up:
		b++
	default:
		b--
	}
	return math.Float64frombits(b)
}

// direct64 corrects r, the nearest float64 of the exact r + e, where only the sign of e matters.
func direct64(r, e float64, mode rounding) float64 {
	switch {
	case e == 0 || mode == nearest:
		return r
	case mode == up && e > 0, mode == zeroward && r < 0 && e > 0:
		return step64(r, true)
	case mode == down && e < 0, mode == zeroward && r > 0 && e < 0:
		return step64(r, false)
	}
	return r
}

func add32(a, b float32, mode rounding) float32 {
	if mode == nearest {
		return a + b
	}
	x, y := float64(a), float64(b)
	return sum32(x, y, mode)
}

// sum32 rounds x + y once.
func sum32(x, y float64, mode rounding) float32 {
	s := x + y
	if s == 0 {
		return float32(zeroSum(x, y, mode))
	}
	if math.IsInf(s, 0) || math.IsNaN(s) {
		return float32(s)
	}
	return to32(odd(s, lost(x, y, s)), mode)
}

// zeroSum is x + y where that is zero: -0 when rounded down, unless both are +0.
func zeroSum(x, y float64, mode rounding) float64 {
	if mode == down && (math.Signbit(x) || math.Signbit(y)) {
		return math.Copysign(0, -1)
	}
	return x + y
}

func mul32(a, b float32, mode rounding) float32 {
	if mode == nearest {
		return a * b
	}
	return to32(float64(a)*float64(b), mode)
}

// fma32 is a*b + c, rounded once.
func fma32(a, b, c float32, mode rounding) float32 {
	p := float64(a) * float64(b) // exact: 48 bits
	if mode != nearest {
		return sum32(p, float64(c), mode)
	}
	s := p + float64(c)
	// Rounding twice goes wrong only where the first hits the middle between two float32 (normal: the 29 bits below are 1000...).
	if math.Float64bits(s)&(1<<29-1) == 1<<28 || math.Abs(s) < 0x1p-125 {
		return sum32(p, float64(c), nearest)
	}
	return float32(s)
}

func div32(a, b float32, mode rounding) float32 {
	if mode == nearest {
		return a / b
	}
	x, y := float64(a), float64(b)
	q := x / y
	if q == 0 || math.IsInf(q, 0) || math.IsNaN(q) {
		return float32(q)
	}
	e := math.FMA(-q, y, x)
	if y < 0 {
		e = -e
	}
	return to32(odd(q, e), mode)
}

func sqrt32(a float32, mode rounding) float32 {
	x := float64(a)
	q := math.Sqrt(x)
	if mode == nearest || q == 0 || math.IsInf(q, 0) || math.IsNaN(q) {
		return float32(q)
	}
	return to32(odd(q, math.FMA(-q, q, x)), mode)
}

func add64(a, b float64, mode rounding) float64 {
	s := a + b
	if mode == nearest {
		return s
	}
	if s == 0 {
		return zeroSum(a, b, mode)
	}
	if math.Abs(a) > 0x1p1021 || math.Abs(b) > 0x1p1021 || math.IsNaN(s) {
		return slow64(s, mode, func(z *big.Float) { z.Add(exactly(a), exactly(b)) }, a, b)
	}
	return direct64(s, lost(a, b, s), mode)
}

func mul64(a, b float64, mode rounding) float64 {
	r := a * b
	if mode == nearest || a == 0 || b == 0 {
		return r
	}
	if x := math.Abs(r); x > 0x1p-900 && x < 0x1p1023 {
		return direct64(r, math.FMA(a, b, -r), mode)
	}
	return slow64(r, mode, func(z *big.Float) { z.Mul(exactly(a), exactly(b)) }, a, b)
}

func fma64(a, b, c float64, mode rounding) float64 {
	r := math.FMA(a, b, c)
	if mode == nearest {
		return r
	}
	if (a == 0 || b == 0) && c == 0 {
		return zeroSum(a*b, c, mode)
	}
	return slow64(r, mode, func(z *big.Float) { z.Mul(exactly(a), exactly(b)); z.Add(z, exactly(c)) }, a, b, c)
}

func div64(a, b float64, mode rounding) float64 {
	q := a / b
	if mode == nearest || a == 0 || b == 0 || math.IsNaN(q) || math.IsInf(a, 0) || math.IsInf(b, 0) {
		return q
	}
	if x, y := math.Abs(a), math.Abs(q); x > 0x1p-900 && x < 0x1p900 && y > 0x1p-900 && y < 0x1p900 {
		e := math.FMA(-q, b, a)
		if b < 0 {
			e = -e
		}
		return direct64(q, e, mode)
	}
	// The quotient of two 53-bit numbers is exact in 53 bits or has a 1 among the next 54, so that 3,000 bits round the same way.
	return slow64(q, mode, func(z *big.Float) { z.Quo(exactly(a), exactly(b)) }, a, b)
}

func sqrt64(a float64, mode rounding) float64 {
	q := math.Sqrt(a)
	if mode == nearest || q == 0 || math.IsInf(q, 0) || math.IsNaN(q) {
		return q
	}
	if a < 0x1p-900 { // scaled, so that the residual is exact
		return sqrt64(a*0x1p400, mode) * 0x1p-200
	}
	return direct64(q, math.FMA(-q, q, a), mode)
}

// exactly makes room for every sum and product of float64 values: their bits lie between 2^-2148 and 2^2048.
func exactly(v float64) *big.Float { return new(big.Float).SetPrec(4300).SetFloat64(v) }

// slow64 rounds what compute leaves, unless an operand is no finite number: then r, the result of the machine, is right.
func slow64(r float64, mode rounding, compute func(*big.Float), operands ...float64) float64 {
	for _, v := range operands {
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return r
		}
	}
	z := new(big.Float).SetPrec(4300)
	if mode == down {
		z.SetMode(big.ToNegativeInf) // decides the sign of an exact zero
	}
	compute(z)
	return roundBig(z, 53, -1074, 1023, mode)
}

// roundBig rounds z to a format with prec bits, the smallest subnormal 2^lowest and the largest exponent emax.
func roundBig(z *big.Float, prec, lowest, emax int, mode rounding) float64 {
	if z.Sign() == 0 {
		if z.Signbit() {
			return math.Copysign(0, -1)
		}
		return 0
	}
	m := new(big.Float)
	exp := z.MantExp(m) // z = m * 2^exp, 0.5 <= |m| < 1
	keep := min(prec, exp-lowest)
	neg := z.Signbit()
	var n uint64
	switch {
	case keep < 0: // below half of the smallest subnormal
		if mode == up && !neg || mode == down && neg {
			n = 1
		}
		keep = 0
	case keep == 0: // at least half of the smallest subnormal
		half := m.Abs(m).Cmp(big.NewFloat(0.5)) == 0
		if mode == up && !neg || mode == down && neg || mode == nearest && !half || mode == away {
			n = 1
		}
	default:
		m.Abs(m)
		m.SetMantExp(m, keep)
		n, _ = m.Uint64()
		rest := new(big.Float).SetPrec(m.Prec()).Sub(m, new(big.Float).SetUint64(n))
		if rest.Sign() != 0 {
			half := rest.Cmp(big.NewFloat(0.5))
			if mode == up && !neg || mode == down && neg || mode == nearest && (half > 0 || half == 0 && n&1 == 1) || mode == away && half >= 0 {
				n++
			}
		}
	}
	scale := exp - keep
	if exp-lowest < 0 {
		scale = lowest
	}
	if n != 0 && bits.Len64(n)+scale > emax+1 {
		if mode == nearest || mode == away || mode == up && !neg || mode == down && neg {
			return math.Copysign(math.Inf(1), sign(neg))
		}
		n, scale = 1<<prec-1, emax+1-prec
	}
	return math.Copysign(math.Ldexp(float64(n), scale), sign(neg))
}

func sign(neg bool) float64 {
	if neg {
		return -1
	}
	return 1
}

// Formats of fewer bits: the arguments of roundBig.
type format struct{ prec, lowest, emax int }

var (
	formatTF32 = format{11, -136, 127}
	formatBF16 = format{8, -133, 127}
	formatF16  = format{11, -24, 15}
	formatF32  = format{24, -149, 127}
	formatF64  = format{53, -1074, 1023}
)

// round brings a number into a format; infinities and NaN pass.
func (f format) round(v float64, mode rounding) float64 {
	if v == 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return v
	}
	return roundBig(big.NewFloat(v), f.prec, f.lowest, f.emax, mode)
}

// flush is what .ftz does to a float32: a subnormal becomes a zero of its sign.
func flush(v float32) float32 {
	if b := math.Float32bits(v); b&0x7f800000 == 0 {
		return math.Float32frombits(b & (1 << 31))
	}
	return v
}

// saturate is what .sat does: into [0, 1], NaN becomes +0.
func saturate(v float64) float64 {
	if v >= 1 {
		return 1
	}
	if v > 0 {
		return v
	}
	return 0
}

// bits32 gives a result its canonical NaN.
func bits32(v float32) uint64 {
	if v != v {
		return nan32
	}
	return uint64(math.Float32bits(v))
}

func float32of(v uint64) float32 { return math.Float32frombits(uint32(v)) }

func float64of(v uint64) float64 { return math.Float64frombits(v) }

// bits64 gives the result v of operands its NaN: the first operand that is one, made quiet, or the one of invalid operations.
func bits64(v float64, operands ...uint64) uint64 {
	if v == v {
		return math.Float64bits(v)
	}
	for _, o := range operands {
		if f := float64of(o); f != f {
			return o | 1<<51
		}
	}
	return nan64
}
