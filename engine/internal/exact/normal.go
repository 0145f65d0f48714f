package exact

import (
	"math"

	"segovia/kernels/rng"
)

// Normal returns the number at (step, index) of a stream, standard normal, with the same bits everywhere; index is below
// 2^48. It is Marsaglia's polar method (1964) on numbers of 32 bits, so it never exceeds 9.3.
func Normal(s rng.Stream, step, index uint64) float64 {
	for try := uint64(0); ; try++ {
		bits := s.Uint64(step, index|try<<48)
		u, v := symmetric(uint32(bits)), symmetric(uint32(bits>>32))
		if q := float64(u*u) + float64(v*v); q < 1 {
			return u * math.Sqrt(float64(-2*Log(q))/q)
		}
	}
}

// symmetric is the middle of one of 2^32 equal parts of (-1, 1): never 0.
func symmetric(bits uint32) float64 { return (float64(int32(bits)) + 0.5) * 0x1p-31 }
