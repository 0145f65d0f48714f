package pairwise

import (
	"math"
	"math/bits"
	"slices"
)

// Lanes is the number of points that are taken at a time.
const Lanes = 8

// tileRows is the number of targets in one piece of work: at 16 columns they, their distances and a few slots stay in L1.
const tileRows = 64

// maxSorted is the number of values, 128 MiB of them, up to which targets are copied into the order of their labels. Where
// they are not, each tile is gathered from all over the rows, a third of the time (BenchmarkSilhouettes, 50,000 x 16).
const maxSorted = 1 << 24

// Targets are n rows of finite values with their labels.
type Targets struct {
	d, q, slots int
	step        int // a distance is counted in units of 2^step
	values      []float64
	sorted      bool     // values stand in the order below
	order       []int32  // rows with the same labels stand together
	length      []int32  // rows of each run of equal labels; a run ends with its tile
	slot        []uint16 // q slots for each run
	first       []int32  // the first run of each tile, and the number of runs
}

// MaxSlots is the largest number of slots.
const MaxSlots = 1 << 16

// NewTargets returns the targets of the rows of values, d > 0 columns each, row by row, under labelings with one label per
// row. Labeling l has the slots base[l]...: a row of label c belongs to slot base[l] + c. slots is above all of these and
// at most MaxSlots. It keeps values, or a copy.
func NewTargets(values []float64, d int, labels [][]uint8, base []int, slots int) *Targets {
	n := len(values) / d
	if slots > MaxSlots {
		panic("BUG: pairwise: too many slots")
	}
	t := &Targets{d: d, q: len(labels), slots: slots, step: stepOf(values, d), values: values, order: byLabels(labels, n)}
	for at, row := range t.order {
		same := at%tileRows != 0
		if !same {
			t.first = append(t.first, int32(len(t.length)))
		}
		for _, l := range labels {
			same = same && l[row] == l[t.order[at-1]]
		}
		if same {
			t.length[len(t.length)-1]++
			continue
		}
		t.length = append(t.length, 1)
		for q, l := range labels {
			s := base[q] + int(l[row])
			if s >= slots {
				panic("BUG: pairwise: a label beyond the slots")
			}
			t.slot = append(t.slot, uint16(s))
		}
	}
	t.first = append(t.first, int32(len(t.length)))
	if len(values) <= maxSorted {
		t.sorted, t.values = true, make([]float64, 0, len(values))
		for _, row := range t.order {
			t.values = append(t.values, values[int(row)*d:(int(row)+1)*d]...)
		}
	}
	return t
}

// byLabels returns the rows in the order of their labels: a counting sort by each labeling in turn.
func byLabels(labels [][]uint8, n int) []int32 {
	order, next := make([]int32, n), make([]int32, n)
	for i := range order {
		order[i] = int32(i)
	}
	for _, l := range slices.Backward(labels) {
		var at [256]int32
		for _, c := range l {
			at[c]++
		}
		var sum int32
		for c, size := range at {
			at[c] = sum
			sum += size
		}
		for _, row := range order {
			c := l[row]
			next[at[c]] = row
			at[c]++
		}
		order, next = next, order
	}
	return order
}

// stepOf returns the exponent of the step: the diagonal of the box around all rows is below 2^51 steps, and n times as much
// below 2^64. No distance exceeds the diagonal: it is computed alike, and rounding is monotone.
func stepOf(values []float64, d int) int {
	n := len(values) / d
	var diagonal float64
	if n > 0 {
		lo, hi := slices.Clone(values[:d]), slices.Clone(values[:d])
		for row := range slices.Chunk(values, d) {
			for j, v := range row {
				lo[j], hi[j] = min(lo[j], v), max(hi[j], v)
			}
		}
		for j := range d {
			span := hi[j] - lo[j]
			diagonal += float64(span * span)
		}
	}
	_, e := math.Frexp(math.Sqrt(diagonal)) // the diagonal is below 2^e
	return max(-900, min(900, e-min(51, 64-bits.Len(uint(n)))))
}

// Points returns how many points are well taken at a time: more where each pass gathers the targets from all over the rows
// anew, which took 19 s of a core for 10 million rows and 2,000 points, 64 at a time.
func (t *Targets) Points() int {
	if t.sorted {
		return 8 * Lanes
	}
	return 64 * Lanes
}

// Step returns the step in which distances are counted, a power of two.
func (t *Targets) Step() float64 { return math.Ldexp(1, t.step) }

// Summer sums, and finds extremes, on one goroutine.
type Summer struct {
	path
	t           *Targets
	rows        []float64 // a tile's
	steps       []uint64  // its distances to Lanes points
	x           []float64 // points, column by column
	sums        []uint64
	own         []uint16 // slots of the points, laid out as least and most
	least, most []uint64
}

// path is one way to do the work; distancesGo and addRunsGo say what it is.
type path struct {
	distances func(dst []uint64, x, y []float64, d int, magic float64)
	addRuns   func(sums, t []uint64, length []int32, slot []uint16, q int)
}

var pathGo = path{distancesGo, addRunsGo}

// Summer returns a summer over t.
func (t *Targets) Summer() *Summer {
	s := &Summer{t: t, steps: make([]uint64, tileRows*Lanes), path: pathGo}
	if hasAVX2 {
		s.path = pathAVX2
	}
	return s
}

// Sums returns the sums of the distances from points of the targets' columns, row by row: for the point i the sum over the
// targets of slot c stands at [i/Lanes][c][i%Lanes] in steps; Lanes beyond the last point hold numbers without a meaning.
// The points lie within the box around the targets. The result is good until the next call.
func (s *Summer) Sums(points []float64) []uint64 {
	t := s.t
	groups := s.set(points)
	s.sums = grow(s.sums, groups*t.slots*Lanes)
	clear(s.sums)
	for tile := range len(t.first) - 1 {
		s.take(tile)
		for g := range groups {
			s.addTile(s.point(g), s.sums[g*t.slots*Lanes:(g+1)*t.slots*Lanes], tile)
		}
	}
	return s.sums
}

// set lays points out in groups of Lanes, column by column, the last one repeated to the end of its group.
func (s *Summer) set(points []float64) (groups int) {
	d := s.t.d
	n := len(points) / d
	groups = (n + Lanes - 1) / Lanes
	s.x = grow(s.x, groups*d*Lanes)
	for i := range groups * Lanes {
		row := points[min(i, n-1)*d:]
		for j := range d {
			s.x[(i/Lanes*d+j)*Lanes+i%Lanes] = row[j]
		}
	}
	return groups
}

// point returns the points of a group.
func (s *Summer) point(group int) []float64 {
	d := s.t.d
	return s.x[group*d*Lanes : (group+1)*d*Lanes]
}

// take finds the rows of a tile.
func (s *Summer) take(tile int) {
	t := s.t
	first, end := tile*tileRows, min((tile+1)*tileRows, len(t.order))
	s.rows = t.Rows(s.rows, first, end)
}

func grow[T any](buf []T, n int) []T {
	if cap(buf) < n {
		return make([]T, n)
	}
	return buf[:n]
}

// tile returns the number of rows, the lengths and the slots of the runs of a tile.
func (t *Targets) tile(i int) (rows int, length []int32, slot []uint16) {
	a, b := t.first[i], t.first[i+1]
	return min(tileRows, len(t.order)-i*tileRows), t.length[a:b], t.slot[int(a)*t.q : int(b)*t.q]
}

// addTile adds the distances from x to the rows of a tile, which is taken, to the sums.
func (s *Summer) addTile(x []float64, sums []uint64, tile int) {
	rows, length, slot := s.t.tile(tile)
	s.distances(s.steps[:rows*Lanes], x, s.rows, s.t.d, s.t.Magic())
	s.addRuns(sums, s.steps, length, slot, s.t.q)
}

// distancesGo sets dst[j*Lanes+l] to the distance from the point in lane l of x to row j of y, in steps.
func distancesGo(dst []uint64, x, y []float64, d int, magic float64) {
	offset := math.Float64bits(magic)
	for len(dst) >= Lanes {
		var s0, s1, s2, s3, s4, s5, s6, s7 float64
		for j, v := range y[:d] {
			p := (*[Lanes]float64)(x[j*Lanes:])
			d0, d1, d2, d3, d4, d5, d6, d7 := p[0]-v, p[1]-v, p[2]-v, p[3]-v, p[4]-v, p[5]-v, p[6]-v, p[7]-v
			s0 += float64(d0 * d0)
			s1 += float64(d1 * d1)
			s2 += float64(d2 * d2)
			s3 += float64(d3 * d3)
			s4 += float64(d4 * d4)
			s5 += float64(d5 * d5)
			s6 += float64(d6 * d6)
			s7 += float64(d7 * d7)
		}
		for l, sum := range [Lanes]float64{s0, s1, s2, s3, s4, s5, s6, s7} {
			dst[l] = math.Float64bits(math.Sqrt(sum)+magic) - offset
		}
		dst, y = dst[Lanes:], y[d:]
	}
}

// addRunsGo adds the rows of t, run by run, to the q slots of each run.
func addRunsGo(sums, t []uint64, length []int32, slot []uint16, q int) {
	for r, n := range length {
		var run [Lanes]uint64
		for range n {
			for l, v := range (*[Lanes]uint64)(t) {
				run[l] += v
			}
			t = t[Lanes:]
		}
		for _, at := range slot[r*q : (r+1)*q] {
			to := (*[Lanes]uint64)(sums[int(at)*Lanes:])
			for l, v := range run {
				to[l] += v
			}
		}
	}
}
