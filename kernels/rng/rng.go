// Package rng gives randomness names. A Stream is keyed by (seed, purpose, restart, replicate) and read by counter, so a
// draw never depends on who asks for it, in which order, or how many others were drawn before.
package rng

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
)

// Stream is a named sequence of random numbers, addressed by (step, index). The generator is Philox4x32-10 (Salmon,
// Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3; SC 2011). The zero Stream is valid but nameless.
type Stream struct{ key [2]uint32 }

// New returns the stream of that name. Its key is the first 64 bits of SHA-256 over the name, so that streams of
// different names are unrelated.
func New(seed uint64, purpose string, restart, replicate int) Stream {
	name := binary.LittleEndian.AppendUint64(nil, seed)
	name = binary.LittleEndian.AppendUint64(name, uint64(int64(restart)))
	name = binary.LittleEndian.AppendUint64(name, uint64(int64(replicate)))
	name = append(name, purpose...)
	sum := sha256.Sum256(name)
	return Stream{[2]uint32{binary.LittleEndian.Uint32(sum[:]), binary.LittleEndian.Uint32(sum[4:])}}
}

// Uint64 returns the number at (step, index), uniform over 64 bits.
func (s Stream) Uint64(step, index uint64) uint64 {
	lo, _ := s.block(step, index)
	return lo
}

// Float64 returns the number at (step, index), uniform over the multiples of 2^-53 in [0, 1).
func (s Stream) Float64(step, index uint64) float64 {
	return float64(s.Uint64(step, index)>>11) * 0x1p-53
}

// Below returns an integer uniform over [0, n) up to a bias of n / 2^64; n must be positive.
func (s Stream) Below(n, step, index uint64) uint64 {
	hi, _ := bits.Mul64(s.Uint64(step, index), n)
	return hi
}

// Sample returns m of the numbers 0 to n-1, ascending, all such sets being equally likely; all numbers when m >= n. It reads
// step 0: selection sampling (Knuth, The Art of Computer Programming, 3.4.2, algorithm S).
func (s Stream) Sample(n, m int) []int {
	m = min(n, m)
	numbers := make([]int, 0, m)
	for i := 0; len(numbers) < m; i++ {
		if s.Below(uint64(n-i), 0, uint64(i)) < uint64(m-len(numbers)) {
			numbers = append(numbers, i)
		}
	}
	return numbers
}

// Multinomial returns how often each of n rows is drawn when n are drawn with replacement. It reads step 0.
func (s Stream) Multinomial(n int) []uint16 {
	counts := make([]uint16, n)
	for t := range uint64(n) {
		counts[s.Below(uint64(n), 0, t)]++
	}
	return counts
}

// Key returns what tells the stream from others: the key of its generator.
func (s Stream) Key() [2]uint32 { return s.key }

// block runs the ten rounds of Philox4x32 on the counter (step, index).
func (s Stream) block(step, index uint64) (uint64, uint64) {
	const m0, m1 = 0xD2511F53, 0xCD9E8D57
	const w0, w1 = 0x9E3779B9, 0xBB67AE85
	c0, c1, c2, c3 := uint32(index), uint32(index>>32), uint32(step), uint32(step>>32)
	k0, k1 := s.key[0], s.key[1]
	for range 10 {
		p0 := uint64(c0) * m0
		p1 := uint64(c2) * m1
		c0, c1, c2, c3 = uint32(p1>>32)^c1^k0, uint32(p1), uint32(p0>>32)^c3^k1, uint32(p0)
		k0 += w0
		k1 += w1
	}
	return uint64(c1)<<32 | uint64(c0), uint64(c3)<<32 | uint64(c2)
}
