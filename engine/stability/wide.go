package stability

import (
	"math"
	"math/bits"
)

// uint128 is an unsigned integer of 128 bits.
type uint128 struct{ hi, lo uint64 }

func mul(a, b uint64) uint128 {
	hi, lo := bits.Mul64(a, b)
	return uint128{hi, lo}
}

func (a uint128) sub(b uint128) uint128 {
	lo, borrow := bits.Sub64(a.lo, b.lo, 0)
	hi, _ := bits.Sub64(a.hi, b.hi, borrow)
	return uint128{hi, lo}
}

func (a uint128) less(b uint128) bool { return a.hi < b.hi || a.hi == b.hi && a.lo < b.lo }

func (a uint128) zero() bool { return a.hi|a.lo == 0 }

func (a uint128) shl(n int) uint128 {
	if n >= 64 {
		return uint128{a.lo << (n - 64), 0}
	}
	return uint128{a.hi<<n | a.lo>>(64-n), a.lo << n}
}

func (a uint128) len() int {
	if a.hi > 0 {
		return 64 + bits.Len64(a.hi)
	}
	return bits.Len64(a.lo)
}

// quotient returns a/b rounded once to the nearest float64, ties to even, for a and b below 2^127 and b > 0.
func quotient(a, b uint128) float64 {
	if a.zero() {
		return 0
	}
	e := a.len() - b.len()
	if e < 0 {
		a = a.shl(-e)
	} else {
		b = b.shl(e)
	}
	// Now 1/2 < a/b < 2: 64 binary digits by long division, the last one also standing for all that follow.
	var q uint64
	for range 64 {
		q <<= 1
		if !a.less(b) {
			a = a.sub(b)
			q |= 1
		}
		a = a.shl(1)
	}
	if !a.zero() {
		q |= 1
	}
	return math.Ldexp(float64(q), e-63)
}

// ari128 is ARI for tables of fewer than 2^32 rows: pairs then stay below 2^63 and all products below 2^127.
func (t Table) ari128() (ari float64, ok bool) {
	rows, columns, n := t.Sums()
	if n >= 1<<32 {
		return 0, false
	}
	both, a, b, all := pairs64(t.Count), pairs64(rows), pairs64(columns), pairs64([]int64{n})
	// With all products doubled: above = both all - a b, below = (a+b)/2 all - a b.
	expected := mul(a, b).shl(1)
	observed := mul(both, all).shl(1)
	below := mul(a+b, all).sub(expected)
	switch {
	case below.zero():
		return 1, true
	case observed.less(expected):
		return -quotient(expected.sub(observed), below), true
	}
	return quotient(observed.sub(expected), below), true
}

// pairs64 is pairs for counts that sum up to less than 2^32.
func pairs64(counts []int64) (sum uint64) {
	for _, c := range counts {
		if c > 1 {
			sum += uint64(c) * uint64(c-1) / 2
		}
	}
	return sum
}
