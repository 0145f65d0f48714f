package company

import (
	"math"

	"segovia/engine/internal/exact"
	"segovia/kernels/rng"
)

// draws reads one customer's numbers of one purpose, in order.
type draws struct {
	stream rng.Stream
	step   uint64
	next   uint64
}

func (d *draws) bits() uint64 {
	v := d.stream.Uint64(d.step, d.next)
	d.next++
	return v
}

// unit is uniform over [0, 1).
func (d *draws) unit() float64 { return float64(d.bits()>>11) * 0x1p-53 }

// below is uniform over the integers [0, n).
func (d *draws) below(n int) int {
	v := d.stream.Below(uint64(n), d.step, d.next)
	d.next++
	return int(v)
}

// between is uniform over the integers lo..hi, both included.
func (d *draws) between(lo, hi int) int { return lo + d.below(hi-lo+1) }

func (d *draws) chance(p float64) bool { return d.unit() < p }

// normal is close to the standard normal distribution, with tails that end at 4.9: the sum of eight 16-bit uniforms, an
// integer and therefore exact, scaled once (variance of the sum: 8/12 of 2^32).
func (d *draws) normal() float64 {
	a, b := d.bits(), d.bits()
	sum := a&0xffff + a>>16&0xffff + a>>32&0xffff + a>>48 + b&0xffff + b>>16&0xffff + b>>32&0xffff + b>>48
	const mean, sqrt12by8 = 4 * 0xffff, 1.224744871391589
	return float64(int64(sum)-mean) / 65536 * sqrt12by8
}

// around varies median by a lognormal factor with standard deviation sigma on the log scale.
func (d *draws) around(median, sigma float64) float64 {
	return float64(median * exact.Exp(sigma*d.normal()))
}

// near varies a share by a normal deviation of standard deviation sigma and keeps it within lo..hi.
func (d *draws) near(share, sigma, lo, hi float64) float64 {
	return min(max(share+float64(sigma*d.normal()), lo), hi)
}

// pick chooses an index with probability in proportion to its weight; weights must not all be zero.
func (d *draws) pick(weights []int) int {
	total := 0
	for _, w := range weights {
		total += w
	}
	v := d.below(total)
	for i, w := range weights {
		if v < w {
			return i
		}
		v -= w
	}
	panic("BUG: company: weights changed while they were drawn from")
}

// round is the nearest integer, halves upwards. The conversion keeps a product in the argument from being fused with the sum.
func round(x float64) int64 { return int64(math.Floor(float64(x) + 0.5)) }

// Normal returns the number at (step, index) of a stream, standard normal, with the same bits everywhere; index is below
// 2^48. It lends exact.Normal to benchmarks, which lie outside the engine.
func Normal(s rng.Stream, step, index uint64) float64 { return exact.Normal(s, step, index) }
