package kmeans

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"segovia/kernels"
	"segovia/kernels/ref"
	"segovia/kernels/rng"
	"segovia/kernels/tile"
)

// Seed returns up to k rows (fewer where there are fewer distinct rows of positive weight), drawn from the open sample by
// greedy k-means++ (Arthur and Vassilvitskii 2007, with the candidates of scikit-learn) from the stream. The first j of
// them are the seeds for j clusters.
func (w *Worker) Seed(k int, stream rng.Stream) []float32 {
	s := &w.sample
	seeds := make([]float32, 0, k*w.data.M.D)
	if s.total == 0 {
		return seeds
	}
	nearest, kept, tried := grow(&w.nearest, s.N), grow(&w.kept, s.N), grow(&w.tried, s.N)
	for j := range k {
		if j == 0 {
			w.draws.weigh(s)
			seeds = append(seeds, s.row(s.at(w.draws.draw(stream.Uint64(0, 0), s.weightAt)))...)
			w.distances(nearest, seeds)
			continue
		}
		largest := s.largest(nearest)
		if largest == 0 {
			return seeds
		}
		w.masses(nearest, largest)
		best, bestDraw, bestRow := total{hi: math.MaxUint64}, -1, -1
		for c := range kernels.Candidates(j) {
			draw := w.draws.draw(stream.Uint64(uint64(j), uint64(c)), w.massAt(nearest, largest))
			if draw == bestDraw {
				continue
			}
			row := s.at(draw)
			w.distances(tried, s.row(row))
			if sum := w.potential(tried, nearest, tried, largest); sum.less(best) || sum == best && draw < bestDraw {
				best, bestDraw, bestRow = sum, draw, row
				kept, tried = tried, kept
			}
		}
		seeds = append(seeds, s.row(bestRow)...)
		nearest, kept = kept, nearest
	}
	return seeds
}

// SeedRandom returns up to k rows of the open sample with distinct values, each drawn with probability proportional to
// weight from those not equal to an earlier one.
func (w *Worker) SeedRandom(k int, stream rng.Stream) []float32 {
	s := &w.sample
	seeds := make([]float32, 0, k*w.data.M.D)
	w.draws.weigh(s)
	taken := growZero(&w.taken, s.draws())
	weight := func(e int) uint64 {
		if taken[e] {
			return 0
		}
		return s.weightAt(e)
	}
	for j := range k {
		if w.draws.sum.zero() {
			return seeds
		}
		row := s.at(w.draws.draw(stream.Uint64(uint64(j), 0), weight))
		seeds = append(seeds, s.row(row)...)
		for e := range s.draws() { // equal rows are drawn no more
			if at := s.at(e); at == row || s.merged == nil && s.equal(at, row) {
				w.draws.take(e, weight(e))
				taken[e] = true
			}
		}
	}
	return seeds
}

// SeedValues returns up to k distinct values of the rows of positive weight of the open sample, each drawn with the same
// probability from those left, however many rows have it: the random centroids of R's flexclust, and of R's kmeans.
func (w *Worker) SeedValues(k int, stream rng.Stream) []float32 {
	s := &w.sample
	type value struct{ group, row int } // group is the first row of the matrix with that value
	var values []value
	for i := range s.N {
		if s.weight[i] > 0 {
			values = append(values, value{w.data.Group(s.leadOf(i)), i})
		}
	}
	slices.SortStableFunc(values, func(a, b value) int { return cmp.Compare(a.group, b.group) })
	values = slices.CompactFunc(values, func(a, b value) bool { return a.group == b.group })
	k = min(k, len(values))
	seeds := make([]float32, 0, k*w.data.M.D)
	for j := range k {
		at := j + int(stream.Below(uint64(len(values)-j), uint64(j), 0))
		values[j], values[at] = values[at], values[j]
		seeds = append(seeds, s.row(values[j].row)...)
	}
	return seeds
}

// equal reports whether two rows have the same values.
func (p *points) equal(a, b int) bool {
	x, y := a/tile.Lanes*p.D*tile.Lanes+a%tile.Lanes, b/tile.Lanes*p.D*tile.Lanes+b%tile.Lanes
	for j := range p.D {
		if p.tiles[x+j*tile.Lanes] != p.tiles[y+j*tile.Lanes] {
			return false
		}
	}
	return true
}

// draws is the number of rows of the matrix among which a row of the sample is drawn, in their order.
func (s *sample) draws() int {
	if s.merged != nil {
		return len(s.entries)
	}
	return s.N
}

// at is the row of the sample that draw e stands for.
func (s *sample) at(e int) int {
	if s.merged != nil {
		return int(s.entries[e].at)
	}
	return e
}

// weightAt is the weight of draw e.
func (s *sample) weightAt(e int) uint64 {
	if s.merged != nil {
		return uint64(s.entries[e].weight)
	}
	return uint64(s.weight[e])
}

// largest is the largest distance of a row of positive weight.
func (s *sample) largest(d []float64) float64 {
	var largest float64
	for i, v := range d {
		if v > largest && s.weight[i] > 0 {
			largest = v
		}
	}
	return largest
}

// distances sets dst to the canonical distances of all rows of the sample to c.
func (w *Worker) distances(dst []float64, c []float32) {
	s := &w.sample
	for first := 0; first < s.N; first += gatheredRows {
		b := s.block(first, gatheredRows)
		w.scorer.Distances(dst[first:first+b.N], b, c)
	}
}

// potential sets dst to the smaller of both distances and returns the sum of weight * share.
func (w *Worker) potential(dst, near, dist []float64, largest float64) (t total) {
	s := &w.sample
	for first := 0; first < s.N; first += massBlock {
		end := min(first+massBlock, s.N)
		t.plus(w.blockPotential(dst[first:end], near[first:end], dist[first:end], s.weight[first:end], largest))
	}
	return t
}

func (w *Worker) blockPotential(dst, near, dist []float64, weight []int32, largest float64) total {
	if w.sample.heavy {
		hi, lo := ref.RowTools{}.Potential(dst, near, dist, weight, largest)
		return total{hi, lo}
	}
	hi, lo := w.scorer.Potential(dst, near, dist, weight, largest)
	return total{hi, lo}
}

// masses makes draws proportional to weight * share of the distances.
func (w *Worker) masses(d []float64, largest float64) {
	s, m := &w.sample, &w.draws
	m.reset(s.draws())
	mass := w.massAt(d, largest)
	for b := range m.block {
		first, end := b*massBlock, min((b+1)*massBlock, s.draws())
		if s.merged == nil {
			m.block[b] = w.blockPotential(d[first:end], d[first:end], d[first:end], s.weight[first:end], largest)
		} else {
			for e := first; e < end; e++ {
				m.block[b].add(mass(e))
			}
		}
		m.sum.plus(m.block[b])
	}
}

// massAt returns the function that gives the mass of a draw.
func (w *Worker) massAt(d []float64, largest float64) func(e int) uint64 {
	s := &w.sample
	return func(e int) uint64 {
		wt := s.weightAt(e)
		if wt == 0 {
			return 0
		}
		return wt * ref.Share(d[s.at(e)], largest)
	}
}

func weightOf(weights []uint16, i int) uint16 {
	if weights == nil {
		return 1
	}
	return weights[i]
}

// total is an unsigned integer of 128 bits.
type total struct{ hi, lo uint64 }

func (t *total) add(v uint64) { t.plus(total{lo: v}) }

func (t *total) plus(u total) {
	var carry uint64
	t.lo, carry = bits.Add64(t.lo, u.lo, 0)
	t.hi += u.hi + carry
}

func (t *total) minus(u total) {
	var borrow uint64
	t.lo, borrow = bits.Sub64(t.lo, u.lo, 0)
	t.hi -= u.hi + borrow
}

func (t total) zero() bool        { return t.hi == 0 && t.lo == 0 }
func (t total) less(u total) bool { return t.hi < u.hi || t.hi == u.hi && t.lo < u.lo }
func (t total) scaled(r uint64) total { // floor(t * r / 2^64)
	hi1, lo1 := bits.Mul64(t.hi, r)
	hi0, _ := bits.Mul64(t.lo, r)
	lo, carry := bits.Add64(lo1, hi0, 0)
	return total{hi1 + carry, lo}
}

// draws are the sums of integer masses per 4,096 rows, so that a draw walks blocks first; the masses themselves are made
// anew where a draw falls.
type draws struct {
	n     int
	block []total
	sum   total
}

const massBlock = 4096

func (m *draws) reset(n int) {
	m.n, m.sum = n, total{}
	m.block = growZero(&m.block, (n+massBlock-1)/massBlock)
}

// weigh makes draws proportional to weight.
func (m *draws) weigh(s *sample) {
	m.reset(s.draws())
	for b := range m.block {
		var sum uint64
		for e := b * massBlock; e < min((b+1)*massBlock, m.n); e++ {
			sum += s.weightAt(e)
		}
		m.block[b] = total{lo: sum}
		m.sum.add(sum)
	}
}

// take lowers the mass of row e.
func (m *draws) take(e int, mass uint64) {
	m.block[e/massBlock].minus(total{lo: mass})
	m.sum.minus(total{lo: mass})
}

// draw returns the row in which floor(sum * r / 2^64) falls, where mass gives the mass of a row.
func (m *draws) draw(r uint64, mass func(e int) uint64) int {
	target := m.sum.scaled(r)
	for b, t := range m.block {
		if !target.less(t) {
			target.minus(t)
			continue
		}
		for e := b * massBlock; ; e++ {
			v := total{lo: mass(e)}
			if target.less(v) {
				return e
			}
			target.minus(v)
		}
	}
	panic("BUG: kmeans: a draw beyond the sum of all masses")
}
