package features

import (
	"encoding/binary"
	"math"
	"math/big"
	"math/bits"
)

// u256 is an unsigned 256-bit integer, the least significant word first: wide enough for sums of squares of 128-bit numbers.
type u256 [4]uint64

// add returns a + b; ok is false when the sum leaves the range.
func (a u256) add(b u256) (sum u256, ok bool) {
	var carry uint64
	for i := range sum {
		sum[i], carry = bits.Add64(a[i], b[i], carry)
	}
	return sum, carry == 0
}

// square returns a * a.
func (a i128) square() u256 {
	x := a.abs()
	hi, lo := bits.Mul64(x.lo, x.lo)
	if x.hi == 0 {
		return u256{lo, hi}
	}
	top, mid := bits.Mul64(uint64(x.hi), x.lo) // counts twice
	carry := top >> 63
	top, mid = top<<1|mid>>63, mid<<1
	sum, _ := u256{lo, hi}.add(u256{0, mid, top, carry})
	h2, h1 := bits.Mul64(uint64(x.hi), uint64(x.hi))
	sum, _ = sum.add(u256{0, 0, h1, h2}) // |a| < 2^127, so the square is below 2^254
	return sum
}

func (a u256) big() *big.Int {
	var b [32]byte
	for i, w := range a {
		binary.BigEndian.PutUint64(b[8*(3-i):], w)
	}
	return new(big.Int).SetBytes(b[:])
}

// nearest returns the float64 nearest to a, which is not negative, ties to even.
func (a i128) nearest() float64 {
	if a.hi == 0 {
		return float64(a.lo)
	}
	shift := 64 - bits.LeadingZeros64(uint64(a.hi))
	top := uint64(a.hi)<<(64-shift) | a.lo>>shift
	if a.lo<<(64-shift) != 0 {
		top |= 1 // the bits that fall off decide only a tie
	}
	return math.Ldexp(float64(top), shift)
}

// squareState keeps the sum of the squares of arg.
type squareState struct{ sum []u256 }

func (s *squareState) grow(n int)   { s.sum = extend(s.sum, n) }
func (s *squareState) freeze()      {}
func (s *squareState) bytes() int64 { return 32 * int64(cap(s.sum)) }
func (s *squareState) reset()       { s.sum = nil }

func (s *squareState) add(b *batch, slots, rows []int32) error {
	for i, row := range rows {
		if b.skips(row) {
			continue
		}
		v := b.arg.dec[int(row)&b.arg.mask].abs()
		if v.hi == 0 { // as good as always
			sum := &s.sum[slots[i]]
			hi, lo := bits.Mul64(v.lo, v.lo)
			var carry uint64
			sum[0], carry = bits.Add64(sum[0], lo, 0)
			if sum[1], carry = bits.Add64(sum[1], hi, carry); carry == 0 {
				continue
			}
			if sum[2]++; sum[2] != 0 {
				continue
			}
			if sum[3]++; sum[3] != 0 {
				continue
			}
			return &rangeError{}
		}
		if !s.put(slots[i], v.square()) {
			return &rangeError{}
		}
	}
	return nil
}

func (s *squareState) put(slot int32, v u256) (ok bool) {
	s.sum[slot], ok = s.sum[slot].add(v)
	return ok
}

func (s *squareState) save(e *encoder, slot int) {
	if s.sum[slot] != (u256{}) {
		for _, w := range s.sum[slot] {
			e.fixed(w)
		}
	}
}

func (s *squareState) load(d *decoder, slot int32) error {
	var v u256
	for i := range v {
		v[i] = d.fixed()
	}
	if !s.put(slot, v) {
		return &rangeError{}
	}
	return nil
}

// stddev builds the sample standard deviation, in integers up to the quotient.
func (b *builder) stddev(si, scale int) reader {
	n, sum := b.spec(keepCount, b.arg, b.where), b.spec(keepSum, b.arg, b.where)
	squares := b.spec(keepSquares, b.arg, b.where)
	unit := math.Pow10(scale)
	return func(sh *shard, slot int) value {
		states := sh.states[si]
		count := states[n].(*countState).n[slot]
		if count < 2 {
			return value{missing: true}
		}
		v := spreadOf(count, states[sum].(*sumState).sum[slot], states[squares].(*squareState).sum[slot])
		pairs, _ := i128Of(count).mul(i128Of(count - 1))
		return value{num: math.Sqrt(v/pairs.nearest()) / unit}
	}
}

// spreadOf returns the float64 nearest to n q - s^2, where q is the sum of n squares and s that of the n numbers.
func spreadOf(n int64, s i128, q u256) float64 {
	if q[2] == 0 && q[3] == 0 && q[1]>>63 == 0 {
		nq, ok1 := i128{int64(q[1]), q[0]}.mul(i128Of(n))
		if ss, ok2 := s.mul(s); ok1 && ok2 {
			v, _ := nq.sub(ss) // both are positive, and nq is not below ss
			return v.nearest()
		}
	}
	return bigSpread(n, s, q)
}

func bigSpread(n int64, s i128, q u256) float64 {
	nq, ss := q.big(), s.big()
	nq.Mul(nq, big.NewInt(n)).Sub(nq, ss.Mul(ss, ss))
	f, _ := new(big.Float).SetInt(nq).Float64()
	return f
}
