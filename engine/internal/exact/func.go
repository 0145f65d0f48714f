// Package exact holds the functions and sums of the engine whose results must have the same bits on every build: on
// every architecture, with every GOAMD64 level, with any number of threads.
//
// The standard library's math differs in the last bit between builds, because the compiler may fuse a product with the
// sum that follows. Here every product that meets a sum is rounded by an explicit float64 conversion; where a fused
// operation is wanted, it is math.FMA, which is rounded once everywhere. Square roots are math.Sqrt, which IEEE 754
// rounds correctly.
package exact

import "math"

// ln2Hi has 42 significant bits, so that a product with an exponent of up to 11 bits is exact; ln2Lo is the rest.
const (
	ln2Hi = 0xB17217F7D1Cp-44
	ln2Lo = math.Ln2 - ln2Hi
)

// Log returns the natural logarithm of x with an error below 0.6 ulp: -Inf for 0, NaN for x < 0 and NaN, +Inf for +Inf.
func Log(x float64) float64 {
	switch {
	case x != x || x < 0:
		return math.NaN()
	case x == 0:
		return math.Inf(-1)
	case math.IsInf(x, 1):
		return x
	}
	m, e := split(x)
	return logNear1(m-1, 0, e)
}

// Log1p returns the natural logarithm of 1 + x with an error below 0.6 ulp, also where x is tiny: -Inf for -1, NaN for
// x < -1 and NaN, +Inf for +Inf.
func Log1p(x float64) float64 {
	switch {
	case x != x || x < -1:
		return math.NaN()
	case x == -1:
		return math.Inf(-1)
	case math.IsInf(x, 1):
		return x
	case math.Abs(x) < 0x1p-54:
		return x // log1p(x) = x - x^2/2 + ...
	}
	u, c := twoSum(1, x) // 1 + x = u + c exactly
	m, e := split(u)
	f, lo := m-1, math.Ldexp(c, -e)
	if f == 0 {
		f, lo = lo, 0
	} else {
		f, lo = fastTwoSum(f, lo) // |lo| is at most half an ulp of m, f a multiple of one
	}
	return logNear1(f, lo, e)
}

// split returns m in [sqrt(1/2), sqrt(2)) and e with x = m * 2^e, for finite x > 0.
func split(x float64) (m float64, e int) {
	m, e = math.Frexp(x)
	if m < math.Sqrt2/2 {
		m *= 2
		e--
	}
	return m, e
}

// logNear1 returns log(1 + f + lo) + e * log(2) for 1 + f in [sqrt(1/2), sqrt(2)) and |lo| at most an ulp of f.
//
// With s = F/(2+F), F = f + lo, log(1+F) = 2 atanh(s) = 2s + 2s(z/3 + z^2/5 + ...), z = s^2 <= 0.0295. The first term is
// kept in two words; the rest is at most 1 % of it, so that its rounding does not matter. Eleven terms leave 2^-65.
func logNear1(f, lo float64, e int) float64 {
	d, dlo := fastTwoSum(2, f)
	dlo += lo
	q := f / d
	qlo := (math.FMA(-q, d, f) + (lo - float64(q*dlo))) / d
	z := float64(q * q)
	p := 1.0 / 23
	for n := 21; n >= 3; n -= 2 {
		p = float64(p*z) + inverse[n]
	}
	tail := float64(2*qlo) + float64(float64(2*q)*float64(z*p))
	k := float64(e)
	h, l := twoSum(float64(k*ln2Hi), float64(2*q))
	return h + (l + (float64(k*ln2Lo) + tail))
}

// inverse[n] is 1/n for odd n.
var inverse = [...]float64{3: 1.0 / 3, 5: 1.0 / 5, 7: 1.0 / 7, 9: 1.0 / 9, 11: 1.0 / 11, 13: 1.0 / 13, 15: 1.0 / 15,
	17: 1.0 / 17, 19: 1.0 / 19, 21: 1.0 / 21}

// Exp returns e to the power x with an error below 0.6 ulp (below 1 ulp where the result is subnormal).
func Exp(x float64) float64 {
	switch {
	case x != x:
		return x
	case x > 709.8:
		return math.Inf(1)
	case x < -745.2:
		return 0
	}
	h, l, k := expm1Parts(x)
	a, b := fastTwoSum(1, h)
	return math.Ldexp(a+(b+l), k)
}

// Expm1 returns e to the power x, minus 1, with an error below 0.8 ulp, also where x is tiny. It inverts Log1p.
func Expm1(x float64) float64 {
	switch {
	case x != x || math.Abs(x) < 0x1p-54:
		return x
	case x > 709.8:
		return math.Inf(1)
	case x < -40:
		return -1
	}
	h, l, k := expm1Parts(x)
	if k == 0 {
		return h + l
	}
	a, b := fastTwoSum(1, h)
	if k > 60 {
		return math.Ldexp(a+(b+l), k)
	}
	s, t := twoSum(math.Ldexp(a, k), -1)
	return s + (t + math.Ldexp(b+l, k))
}

// expm1Parts returns h, l and k with e^x = 2^k * (1 + h + l), |h| < 0.42 and |l| below an ulp or two of h.
//
// x = k log(2) + r with |r| <= 0.35 in two words; e^r - 1 = r + r^2/2 + (r^3/6 + ...): the first two terms in two words,
// the rest, at most 3 % of them, in one. Terms up to r^14 leave 2^-63.
func expm1Parts(x float64) (h, l float64, k int) {
	n := math.Floor(float64(x*(1/math.Ln2)) + 0.5)
	a, alo := twoSum(x, -float64(n*ln2Hi))
	b := float64(n * ln2Lo)
	blo := math.FMA(n, ln2Lo, -b)
	r, rlo := twoSum(a, -b)
	rlo += alo - blo
	sq := float64(r * r)
	sqlo := math.FMA(r, r, -sq)
	p := inverseFactorial[14]
	for i := 13; i >= 3; i-- {
		p = float64(p*r) + inverseFactorial[i]
	}
	h, l = fastTwoSum(r, float64(sq/2))
	l += float64(sqlo/2) + (rlo + float64(rlo*r)) + float64(float64(p*r)*sq)
	return h, l, int(n)
}

// inverseFactorial[n] is 1/n!.
var inverseFactorial = [...]float64{3: 1.0 / 6, 4: 1.0 / 24, 5: 1.0 / 120, 6: 1.0 / 720, 7: 1.0 / 5040, 8: 1.0 / 40320,
	9: 1.0 / 362880, 10: 1.0 / 3628800, 11: 1.0 / 39916800, 12: 1.0 / 479001600, 13: 1.0 / 6227020800,
	14: 1.0 / 87178291200}

// twoSum returns s and t with s = a + b rounded and s + t = a + b exactly.
func twoSum(a, b float64) (s, t float64) {
	s = a + b
	c := s - a
	return s, (a - (s - c)) + (b - c)
}

// fastTwoSum is twoSum for |a| >= |b| or a = 0.
func fastTwoSum(a, b float64) (s, t float64) {
	s = a + b
	return s, b - (s - a)
}
