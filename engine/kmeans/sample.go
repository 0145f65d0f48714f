package kmeans

import (
	"math"

	"segovia/kernels"
	"segovia/kernels/tile"
)

// sample is what the fits over one vector of weights share: the rows of positive weight, packed where that pays, equal
// rows merged where there are many.
type sample struct {
	*points         // rows that are fitted
	whole   bool    // all rows are open with weight 1
	weight  []int32 // per row; zero only where the rows were not packed
	lead    []int32 // per row: the first row of the matrix with weight that it stands for; nil where it is the row itself
	total   uint64  // sum of the weights
	heavy   bool    // some weight is 2^16 or more
	square  float64 // sum of weight * |x|^2
	outside []int32 // rows of the data, or of its distinct rows, that are not among the fitted ones

	// When rows are merged:
	merged  *merged
	inside  []int32 // per row: its number among the distinct rows
	entries []entry // the rows of the matrix of positive weight, for draws in their order

	packed points // a copy of rows, where the fitted ones are not all rows of the data
	ones   []int32
	buf    struct {
		weight, lead, inside, at []int32
		sum                      []int64
	}
}

// entry is one row of the matrix among the rows of a sample with merged rows.
type entry struct {
	row, at int32 // of the matrix, of the sample
	weight  int32
}

// Open makes the worker fit over the rows with these weights, one per row, nil = 1 each; their sum is below 2^40.
func (w *Worker) Open(weights []uint16) {
	s := &w.sample
	if s.whole && weights == nil {
		return
	}
	s.reset()
	s.whole = weights == nil
	base := w.data.points()
	n := w.data.M.N
	if w.fitter != nil {
		w.openResident(weights)
		w.measure()
		return
	}
	switch m := w.data.mergedRows(w.scorer); {
	case m != nil:
		w.openMerged(weights, m)
	case weights == nil:
		w.openWhole(nil)
	case packedSize(n, base.D) <= w.data.limits.Packed:
		s.weight, s.lead = grow(&s.buf.weight, n)[:0], grow(&s.buf.lead, n)[:0]
		for i, wt := range weights {
			if wt == 0 {
				s.outside = append(s.outside, int32(i))
				continue
			}
			s.weight, s.lead = append(s.weight, int32(wt)), append(s.lead, int32(i))
			s.total += uint64(wt)
		}
		base.pick(w.scorer, &s.packed, s.lead)
		s.points = &s.packed
	default:
		w.openWhole(weights)
	}
	w.measure()
}

// reset makes s a sample of nothing.
func (s *sample) reset() {
	s.whole, s.lead, s.merged, s.inside, s.heavy, s.total = false, nil, nil, nil, false, 0
	s.entries, s.outside = s.entries[:0], s.outside[:0]
}

// openWhole makes a sample of all rows, also those of weight zero.
func (w *Worker) openWhole(weights []uint16) {
	s, n := &w.sample, w.data.M.N
	s.points = w.data.points()
	if weights == nil {
		if len(s.ones) != n {
			s.ones = make([]int32, n)
			for i := range s.ones {
				s.ones[i] = 1
			}
		}
		s.weight, s.total = s.ones, uint64(n)
		return
	}
	s.weight = grow(&s.buf.weight, n)
	for i, wt := range weights {
		s.weight[i] = int32(wt)
		s.total += uint64(wt)
		if wt == 0 {
			s.outside = append(s.outside, int32(i))
		}
	}
}

// openMerged makes a sample of distinct rows.
func (w *Worker) openMerged(weights []uint16, m *merged) {
	s := &w.sample
	s.merged = m
	sum := growZero(&s.buf.sum, m.N)
	for i, u := range m.of {
		sum[u] += int64(weightOf(weights, i))
	}
	s.weight, s.lead, s.inside = grow(&s.buf.weight, m.N)[:0], grow(&s.buf.lead, m.N)[:0], grow(&s.buf.inside, m.N)[:0]
	at := grow(&s.buf.at, m.N)
	for u, wt := range sum {
		if wt == 0 {
			s.outside = append(s.outside, int32(u))
			continue
		}
		if wt > math.MaxInt32 {
			panic("BUG: kmeans: the pool let weights pass whose sum over equal rows is beyond 2^31")
		}
		at[u] = int32(len(s.weight))
		s.heavy = s.heavy || wt >= 1<<16
		s.weight, s.inside, s.lead = append(s.weight, int32(wt)), append(s.inside, int32(u)), append(s.lead, -1)
		s.total += uint64(wt)
	}
	for i, u := range m.of {
		if wt := weightOf(weights, i); wt > 0 {
			s.entries = append(s.entries, entry{int32(i), at[u], int32(wt)})
			if s.lead[at[u]] < 0 {
				s.lead[at[u]] = int32(i)
			}
		}
	}
	if len(s.outside) == 0 {
		s.points = &m.points
		return
	}
	m.pick(w.scorer, &s.packed, s.inside)
	s.points = &s.packed
}

// measure sums weight * |x|^2, for estimates of inertia.
func (w *Worker) measure() {
	s := &w.sample
	s.square = 0
	zero := growZero(&w.candidate, s.D)
	var square [gatheredRows]float64
	for first := 0; first < s.N; first += gatheredRows {
		b := s.block(first, gatheredRows)
		w.scorer.Distances(square[:b.N], b, zero)
		var block float64
		for o, v := range square[:b.N] {
			block += float64(float64(s.weight[first+o]) * v)
		}
		s.square += block
	}
}

// leadOf returns the row of the matrix that row i of the sample stands for.
func (s *sample) leadOf(i int) int {
	if s.lead == nil {
		return i
	}
	return int(s.lead[i])
}

// Complete makes f, a fit over the open sample, one of all rows of the matrix: rows outside the sample take the label of
// the nearest centroid.
func (w *Worker) Complete(f *Fit) {
	if f.complete {
		return
	}
	f.complete = true
	s := &w.sample
	all, place := w.data.points(), s.lead
	if s.merged != nil {
		all, place = &s.merged.points, s.inside
	}
	out := f.Labels
	if place != nil {
		out = make([]uint8, all.N)
		for i, l := range f.Labels {
			out[place[i]] = l
		}
	}
	w.scoreOutside(out, all, f)
	if s.merged != nil {
		wide := make([]uint8, w.data.M.N)
		for i, u := range s.merged.of {
			wide[i] = out[u]
		}
		out = wide
	}
	f.Labels = out
}

// scoreOutside labels the rows that are not in the sample.
func (w *Worker) scoreOutside(labels []uint8, all *points, f *Fit) {
	rest := w.sample.outside
	if len(rest) == 0 {
		return
	}
	w.scorer.Load([]kernels.Centroids{{K: f.K, C: f.Centroids}})
	for len(rest) > 0 {
		chunk := rest[:min(len(rest), gatheredRows)]
		rest = rest[len(chunk):]
		b, dst := w.dense.gather(w.scorer, &all.Rows, chunk)
		clear(dst.Label)
		dst.Upper, dst.Lower = nil, nil
		w.scorer.Score(dst, b, 0)
		for o, i := range chunk {
			labels[i] = dst.Label[o]
		}
	}
}

// gatheredRows is the number of rows of one scoring call: 256 points, 16 KiB at 16 columns, stay in L1 while the centroids
// pass over them.
const gatheredRows = 16 * tile.Lanes

// gathered is a block of rows picked from all over the sample: scoring dense tiles of the few rows that need it is several
// times faster than scoring every tile that holds one of them.
type gathered struct {
	block        kernels.Block
	label        []uint8
	upper, lower []float32
	dst          kernels.Scores
}

func newGathered(d int) *gathered {
	return &gathered{block: kernels.Block{Tiles: tile.Aligned(gatheredRows*d + slackOf(d)), Square: make([]float32, gatheredRows)},
		label: make([]uint8, gatheredRows), upper: make([]float32, gatheredRows), lower: make([]float32, gatheredRows)}
}

// gather copies at most gatheredRows rows and returns them with room for their scores.
func (g *gathered) gather(tools kernels.RowTools, rows *kernels.Rows, index []int32) (kernels.Block, *kernels.Scores) {
	tools.Gather(&g.block, rows, index)
	n := len(index)
	g.dst.Label, g.dst.Upper, g.dst.Lower = g.label[:n], g.upper[:n], g.lower[:n]
	return g.block, &g.dst
}
