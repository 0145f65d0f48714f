package kmeans

import (
	"math"
	"math/bits"

	"segovia/kernels"
	"segovia/kernels/rng"
)

// Seed returns up to k rows (fewer where there are fewer distinct rows of positive weight), drawn by greedy k-means++
// (Arthur and Vassilvitskii 2007, with the candidates of scikit-learn) from the stream. The first j of them are the seeds
// for j clusters. weights has one entry per row; nil means 1 each.
func (w *Worker) Seed(weights []uint16, k int, s rng.Stream) []float32 {
	n := w.data.M.N
	seeds := make([]float32, 0, k*w.data.M.D)
	nearest, kept, tried := grow(&w.nearest, n), grow(&w.kept, n), grow(&w.tried, n)
	mass := newMasses(n)
	for j := range k {
		if j == 0 {
			total := mass.set(weights, nil, 0)
			if total.zero() {
				return seeds
			}
			seeds = w.data.M.Row(seeds, mass.draw(s.Uint64(0, 0)))
			w.distances(nearest, seeds)
			continue
		}
		largest := largestOf(nearest, weights)
		if largest == 0 {
			return seeds
		}
		mass.set(weights, nearest, largest)
		best, bestRow := total{hi: math.MaxUint64}, -1
		for c := range candidates(j) {
			row := mass.draw(s.Uint64(uint64(j), uint64(c)))
			if row == bestRow {
				continue
			}
			w.candidate = w.data.M.Row(w.candidate[:0], row)
			w.distances(tried, w.candidate)
			for i, d := range nearest {
				tried[i] = min(tried[i], d)
			}
			if sum := potential(weights, tried, largest); sum.less(best) || sum == best && row < bestRow {
				best, bestRow = sum, row
				kept, tried = tried, kept
			}
		}
		seeds = w.data.M.Row(seeds, bestRow)
		nearest, kept = kept, nearest
	}
	return seeds
}

// SeedRandom returns up to k rows with distinct values, each drawn with probability proportional to weight from those not
// equal to an earlier one.
func (w *Worker) SeedRandom(weights []uint16, k int, s rng.Stream) []float32 {
	n := w.data.M.N
	seeds := make([]float32, 0, k*w.data.M.D)
	free := make([]uint16, n)
	for i := range free {
		free[i] = weightOf(weights, i)
	}
	mass := newMasses(n)
	for j := range k {
		if mass.set(free, nil, 0).zero() {
			return seeds
		}
		row := mass.draw(s.Uint64(uint64(j), 0))
		seeds = w.data.M.Row(seeds, row)
		for i := range free {
			if w.data.Group(i) == w.data.Group(row) {
				free[i] = 0
			}
		}
	}
	return seeds
}

// candidates is 2 + floor(ln(j+1)), without a logarithm.
func candidates(j int) int {
	l := 2
	for _, e := range [...]int{3, 8, 21, 55, 149} { // the least integers above e^1 .. e^5
		if j+1 >= e {
			l++
		}
	}
	return l
}

// distances sets dst to the canonical distances of all rows to c.
func (w *Worker) distances(dst []float64, c []float32) {
	w.data.blocks(func(first int, b kernels.Block) { w.scorer.Distances(dst[first:first+b.N], b, c) })
}

func largestOf(d []float64, weights []uint16) float64 {
	var largest float64
	for i, v := range d {
		if v > largest && weightOf(weights, i) > 0 {
			largest = v
		}
	}
	return largest
}

// share is ceil(d / largest * 2^32): positive for every positive d.
func share(d, largest float64) uint64 { return uint64(math.Ceil(d / largest * 0x1p32)) }

// potential is the sum of weight * share over all rows.
func potential(weights []uint16, d []float64, largest float64) total {
	var t total
	for i, v := range d {
		if wt := weightOf(weights, i); wt > 0 {
			t.add(uint64(wt) * share(v, largest))
		}
	}
	return t
}

func weightOf(weights []uint16, i int) uint16 {
	if weights == nil {
		return 1
	}
	return weights[i]
}

// total is an unsigned integer of 128 bits.
type total struct{ hi, lo uint64 }

func (t *total) add(v uint64) {
	var carry uint64
	t.lo, carry = bits.Add64(t.lo, v, 0)
	t.hi += carry
}

func (t total) zero() bool        { return t.hi == 0 && t.lo == 0 }
func (t total) less(u total) bool { return t.hi < u.hi || t.hi == u.hi && t.lo < u.lo }
func (t total) scaled(r uint64) total { // floor(t * r / 2^64)
	hi1, lo1 := bits.Mul64(t.hi, r)
	hi0, _ := bits.Mul64(t.lo, r)
	lo, carry := bits.Add64(lo1, hi0, 0)
	return total{hi1 + carry, lo}
}

// masses are the rows' shares of a draw: integers with sums per 4,096 rows, so that a draw walks blocks first.
type masses struct {
	row   []uint64
	block []total
	sum   total
}

const massBlock = 4096

func newMasses(n int) *masses {
	return &masses{row: make([]uint64, n), block: make([]total, (n+massBlock-1)/massBlock)}
}

// set gives every row its weight times the share of its distance, or its weight alone where d is nil, and returns the sum.
func (m *masses) set(weights []uint16, d []float64, largest float64) total {
	clear(m.block)
	m.sum = total{}
	for i := range m.row {
		v := uint64(weightOf(weights, i))
		if d != nil && v > 0 {
			v *= share(d[i], largest)
		}
		m.row[i] = v
		m.block[i/massBlock].add(v)
		m.sum.add(v)
	}
	return m.sum
}

// draw returns the row in which floor(sum * r / 2^64) falls.
func (m *masses) draw(r uint64) int {
	target := m.sum.scaled(r)
	for b, t := range m.block {
		if !target.less(t) {
			lo, borrow := bits.Sub64(target.lo, t.lo, 0)
			target = total{target.hi - t.hi - borrow, lo}
			continue
		}
		for i := b * massBlock; ; i++ {
			if !target.less(total{lo: m.row[i]}) {
				lo, borrow := bits.Sub64(target.lo, m.row[i], 0)
				target = total{target.hi - borrow, lo}
				continue
			}
			return i
		}
	}
	panic("BUG: kmeans: a draw beyond the sum of all masses")
}

// grow returns a slice of n values that reuses *buf.
func grow[T any](buf *[]T, n int) []T {
	if cap(*buf) < n {
		*buf = make([]T, n)
	}
	return (*buf)[:n]
}
