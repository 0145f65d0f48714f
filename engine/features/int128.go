package features

import (
	"math"
	"math/big"
	"math/bits"
	"strconv"
	"strings"
)

// i128 is a signed 128-bit integer, two's complement. Together with a scale s that stands beside it, it is the number
// i128 * 10^-s. Every operation that can leave the range says so; the range is kept symmetric (|x| < 2^127).
type i128 struct {
	hi int64
	lo uint64
}

// maxScale is the largest number of decimals that an expression may need.
const maxScale = 30

// floatScale is the number of decimals to which float64 columns are rounded (half to even, from their shortest text).
const floatScale = 9

var pow10u = func() (p [20]uint64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1] * 10
	}
	return p
}()

func i128Of(v int64) i128 { return i128{hi: v >> 63, lo: uint64(v)} }

// addShort returns a + b.
func addShort(a, b int64) i128 {
	lo, carry := bits.Add64(uint64(a), uint64(b), 0)
	return i128{a>>63 + b>>63 + int64(carry), lo}
}

func (a i128) neg() i128 {
	lo, borrow := bits.Sub64(0, a.lo, 0)
	hi, _ := bits.Sub64(0, uint64(a.hi), borrow)
	return i128{int64(hi), lo}
}

func (a i128) sign() int {
	switch {
	case a.hi < 0:
		return -1
	case a.hi == 0 && a.lo == 0:
		return 0
	}
	return 1
}

func (a i128) abs() i128 {
	if a.hi < 0 {
		return a.neg()
	}
	return a
}

func (a i128) cmp(b i128) int {
	switch {
	case a.hi != b.hi:
		if a.hi < b.hi {
			return -1
		}
		return 1
	case a.lo < b.lo:
		return -1
	case a.lo > b.lo:
		return 1
	}
	return 0
}

// add returns a + b; ok is false when the sum leaves the range.
func (a i128) add(b i128) (sum i128, ok bool) {
	lo, carry := bits.Add64(a.lo, b.lo, 0)
	hi, _ := bits.Add64(uint64(a.hi), uint64(b.hi), carry)
	sum = i128{int64(hi), lo}
	if (a.hi^sum.hi)&(b.hi^sum.hi) < 0 || sum.isMin() {
		return sum, false
	}
	return sum, true
}

func (a i128) isMin() bool { return a.hi == math.MinInt64 && a.lo == 0 }

func (a i128) sub(b i128) (i128, bool) { return a.add(b.neg()) }

// mul returns a * b; ok is false when the product leaves the range.
func (a i128) mul(b i128) (product i128, ok bool) {
	negative := (a.hi < 0) != (b.hi < 0)
	x, y := a.abs(), b.abs()
	if x.hi != 0 && y.hi != 0 {
		return i128{}, false
	}
	if y.hi != 0 {
		x, y = y, x
	}
	hi, lo := bits.Mul64(x.lo, y.lo)
	over, mid := bits.Mul64(uint64(x.hi), y.lo)
	hi, carry := bits.Add64(hi, mid, 0)
	if over != 0 || carry != 0 || hi>>63 != 0 {
		return i128{}, false
	}
	product = i128{int64(hi), lo}
	if negative {
		product = product.neg()
	}
	return product, true
}

// rescale returns a with its decimals raised from scale from to scale to (to >= from).
func (a i128) rescale(from, to int) (i128, bool) {
	ok := true
	for d := to - from; d > 0 && ok; {
		step := min(d, 19)
		a, ok = a.mul(i128{lo: pow10u[step]})
		d -= step
	}
	return a, ok
}

// quo10 returns a / 10^d, rounded by mode: 'e' half to even, 'a' half away from zero, 'f' floor, 'c' ceiling.
func (a i128) quo10(d int, mode byte) i128 {
	if d <= 0 {
		return a
	}
	q, _ := quoRound(a.big(), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(d)), nil), mode)
	return q
}

// quoRound returns n / d rounded by mode; ok is false when the quotient leaves the range. d must not be 0.
func quoRound(n, d *big.Int, mode byte) (quo i128, ok bool) {
	q, r := new(big.Int).QuoRem(n, d, new(big.Int))
	negative := n.Sign()*d.Sign() < 0
	away := false
	switch {
	case r.Sign() == 0:
	case mode == 'f':
		away = negative
	case mode == 'c':
		away = !negative
	default:
		c := new(big.Int).Abs(r)
		half := c.Lsh(c, 1).CmpAbs(d)
		away = half > 0 || half == 0 && (mode == 'a' || q.Bit(0) == 1)
	}
	if away && negative {
		q.Sub(q, big.NewInt(1))
	} else if away {
		q.Add(q, big.NewInt(1))
	}
	return i128FromBig(q)
}

func (a i128) big() *big.Int {
	x := a.abs()
	b := new(big.Int).SetUint64(uint64(x.hi))
	b.Lsh(b, 64).Or(b, new(big.Int).SetUint64(x.lo))
	if a.hi < 0 {
		b.Neg(b)
	}
	return b
}

func i128FromBig(b *big.Int) (i128, bool) {
	if b.BitLen() > 127 {
		return i128{}, false
	}
	x := new(big.Int).Abs(b)
	lo := new(big.Int).And(x, new(big.Int).SetUint64(math.MaxUint64)).Uint64()
	v := i128{int64(new(big.Int).Rsh(x, 64).Uint64()), lo}
	if b.Sign() < 0 {
		v = v.neg()
	}
	return v, true
}

// float returns the float64 nearest to a * 10^-scale.
func (a i128) float(scale int) float64 {
	x := a.abs()
	if x.hi == 0 && x.lo < 1<<53 && scale <= 22 {
		f := float64(x.lo) / math.Pow10(scale) // both exact, so the quotient is rounded once
		if a.hi < 0 {
			return -f
		}
		return f
	}
	f, _ := strconv.ParseFloat(a.text(scale), 64) // the range of i128 is far inside that of float64
	return f
}

// text returns a * 10^-scale as a decimal without trailing zeros.
func (a i128) text(scale int) string { return string(a.appendText(nil, scale)) }

func (a i128) appendText(dst []byte, scale int) []byte {
	x := a.abs()
	var digits []byte
	if x.hi == 0 {
		var buf [20]byte
		digits = strconv.AppendUint(buf[:0], x.lo, 10)
	} else {
		digits = x.big().Append(nil, 10)
	}
	if a.hi < 0 {
		dst = append(dst, '-')
	}
	whole := len(digits) - scale
	end := len(digits)
	for end > max(whole, 0) && digits[end-1] == '0' {
		end--
	}
	if whole > 0 {
		dst = append(dst, digits[:whole]...)
	} else {
		dst = append(dst, '0')
	}
	if end <= max(whole, 0) {
		return dst
	}
	dst = append(dst, '.')
	for i := whole; i < 0; i++ {
		dst = append(dst, '0')
	}
	return append(dst, digits[max(whole, 0):end]...)
}

// parseDecimal reads a plain decimal with optional exponent ("12", "0.5", "1e3") exactly and returns its least scale.
// ok is false when it is no number or needs more than 38 digits or maxScale decimals.
func parseDecimal(s string) (v i128, scale int, ok bool) {
	mantissa, exponent := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		e, err := strconv.Atoi(s[i+1:])
		if err != nil || e > 60 || e < -60 {
			return i128{}, 0, false
		}
		mantissa, exponent = s[:i], e
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := whole + fraction
	if strings.Trim(digits, "0123456789") != "" || digits == "" || len(digits) > 60 {
		return i128{}, 0, false
	}
	b, _ := new(big.Int).SetString(digits, 10)
	scale = len(fraction) - exponent
	ten := big.NewInt(10)
	for ; scale < 0; scale++ {
		b.Mul(b, ten)
	}
	for scale > 0 {
		q, r := new(big.Int).QuoRem(b, ten, new(big.Int))
		if r.Sign() != 0 {
			break
		}
		b, scale = q, scale-1
	}
	v, ok = i128FromBig(b)
	return v, scale, ok && scale <= maxScale
}

// i128FromFloat returns x with floatScale decimals: its shortest decimal text, rounded half to even. x must be finite;
// ok is false when it leaves the range.
func i128FromFloat(x float64) (v i128, ok bool) {
	if x == math.Trunc(x) && math.Abs(x) < 1<<53 {
		return i128Of(int64(x)).rescale(0, floatScale)
	}
	if math.Abs(x) >= 1e29 {
		return i128{}, false
	}
	var buf [32]byte
	text := strconv.AppendFloat(buf[:0], x, 'e', -1, 64)
	negative := text[0] == '-'
	if negative {
		text = text[1:]
	}
	var mantissa uint64 // the shortest text has at most 17 digits
	decimals, i := 0, 0
	for ; text[i] != 'e'; i++ {
		if text[i] == '.' {
			decimals = -1
			continue
		}
		mantissa = mantissa*10 + uint64(text[i]-'0')
		if decimals < 0 {
			decimals--
		}
	}
	if decimals < 0 {
		decimals = -decimals - 1
	}
	exponent, _ := strconv.Atoi(string(text[i+1:]))
	shift := exponent - decimals + floatScale
	v, ok = i128{lo: mantissa}, true
	switch {
	case shift >= 0:
		v, ok = v.rescale(0, shift)
	case shift < -19:
		v = i128{}
	default:
		unit := pow10u[-shift]
		q, r := mantissa/unit, mantissa%unit
		if r > unit-r || r == unit-r && q&1 == 1 {
			q++
		}
		v = i128{lo: q}
	}
	if negative {
		v = v.neg()
	}
	return v, ok
}
