package kmeans

import (
	"math"
	"math/bits"

	"segovia/kernels"
	"segovia/kernels/tile"
)

// Fit is one clustering.
type Fit struct {
	K          int       // clusters with at least one row of positive weight; below the k asked for when rows are too few
	Labels     []uint8   // per row, argmin of the canonical distance to Centroids
	Centroids  []float32 // K rows in grid units
	Inertia    float64   // weighted sum of canonical distances, in blocks of 4,096 rows
	Iterations int
	Converged  bool
}

// Worker fits on one goroutine: a scorer and buffers that are reused from fit to fit.
type Worker struct {
	data   *Data
	scorer kernels.Scorer

	nearest, kept, tried []float64 // seeding
	candidate            []float32

	upper, lower []float32 // bounds per row
	dense        gathered
	moved        []move

	state lloyd
}

type move struct {
	row int32
	to  uint8
}

// NewWorker returns a worker that scores on path.
func (d *Data) NewWorker(path kernels.Path) (*Worker, error) {
	scorer, err := path.Open(d.M.D)
	if err != nil {
		return nil, err
	}
	return &Worker{data: d, scorer: scorer}, nil
}

// Close releases the scorer.
func (w *Worker) Close() error { return w.scorer.Close() }

// lloyd is the state of one fit between iterations.
type lloyd struct {
	k       int
	weights []uint16
	labels  []uint8
	c       []float32
	sums    []int64 // k x d
	weight  []int64 // k
	drift   []float64
	half    []float64 // half the distance to the nearest other centroid, rounded down
	hash    [2]uint64
	former  map[[2]uint64]struct{}
	dirty   []bool
}

// Lloyd iterates from the k rows of start until no label changes, a former state of the labels returns, or maxIter
// iterations are done. weights has one entry per row, nil means 1 each; their sum must be below 2^40. labels, if it has
// one byte per row, is used for the result's labels.
func (w *Worker) Lloyd(weights []uint16, start []float32, maxIter int, labels []uint8) Fit {
	n, d := w.data.M.N, w.data.M.D
	k := len(start) / d
	if len(labels) != n {
		labels = make([]uint8, n)
	}
	clear(labels)
	s := &w.state
	*s = lloyd{k: k, weights: weights, labels: labels, c: append([]float32(nil), start...),
		sums: growZero(s.sums, k*d), weight: growZero(s.weight, k), drift: growZero(s.drift, k), half: growZero(s.half, k),
		dirty: growZero(s.dirty, k), former: map[[2]uint64]struct{}{}}
	w.upper, w.lower = grow(&w.upper, n), grow(&w.lower, n)

	fit := Fit{K: k}
	for fit.Iterations < maxIter {
		fit.Iterations++
		before := s.hash
		if fit.Iterations == 1 {
			w.first()
		} else {
			w.moved = w.moved[:0]
			w.rescore()
			w.apply()
		}
		filled := w.fillEmpty()
		if fit.Iterations > 1 && s.hash == before && !filled {
			fit.Converged = true
			break
		}
		if _, again := s.former[s.hash]; again {
			break
		}
		s.former[s.hash] = struct{}{}
		w.update()
	}
	w.finish(&fit)
	return fit
}

func growZero[T any](buf []T, n int) []T {
	if cap(buf) < n {
		return make([]T, n)
	}
	buf = buf[:n]
	clear(buf)
	return buf
}

// model is the current centroids as a stack of one.
func (s *lloyd) model() []kernels.Centroids { return []kernels.Centroids{{K: s.k, C: s.c}} }

// first scores every row and builds the sums.
func (w *Worker) first() {
	s := &w.state
	dst := make([]kernels.Scores, 1)
	w.data.blocks(func(first int, b kernels.Block) {
		dst[0].Label = s.labels[first : first+b.N]
		dst[0].Upper, dst[0].Lower = w.upper[first:first+b.N], w.lower[first:first+b.N]
		w.scorer.Score(dst, b, s.model())
	})
	for i, label := range s.labels {
		if wt := int64(weightOf(s.weights, i)); wt > 0 {
			w.addRow(i, int(label), wt)
			s.flip(i, label)
		} else {
			w.upper[i] = float32(math.Inf(-1)) // never scored again before the end
		}
	}
	for c := range s.dirty {
		s.dirty[c] = true
	}
}

// addRow adds wt times the integers of row i to the sums of cluster c.
func (w *Worker) addRow(i, c int, wt int64) {
	m, s := w.data.M, &w.state
	at := i/tile.Lanes*m.D*tile.Lanes + i%tile.Lanes
	sums := s.sums[c*m.D : (c+1)*m.D]
	for j, scale := range w.data.scales {
		sums[j] += wt * int64(float64(m.Tiles[at])*scale)
		at += tile.Lanes
	}
	s.weight[c] += wt
}

// flip adds or removes (row, label) in the hash of the state; 128 bits, so that equal hashes are equal states.
func (s *lloyd) flip(i int, label uint8) {
	v := uint64(i)<<8 | uint64(label)
	s.hash[0] ^= mix(v ^ 0x9E3779B97F4A7C15)
	s.hash[1] ^= mix(v ^ 0xC2B2AE3D27D4EB4F)
}

// mix is a bijection of 64 bits without structure (the finaliser of MurmurHash3, with one more multiplication).
func mix(v uint64) uint64 {
	v = (v ^ v>>33) * 0xFF51AFD7ED558CCD
	v = (v ^ v>>33) * 0xC4CEB9FE1A85EC53
	hi, lo := bits.Mul64(v^v>>33, 0x9FB21C651E98DF25)
	return hi ^ lo
}

// rescore scores the rows whose bounds do not prove their label, and notes which moved; rows of weight zero have an upper
// bound of minus infinity, which always proves it. The bounds are
// those of Hamerly (2010): one upper to the own centroid, one lower to all others, and half the distance between centroids.
// Each step inflates them by 2^-22, far more than float64 rounding can take from D.
func (w *Worker) rescore() {
	s := &w.state
	largest, second, at := 0.0, 0.0, -1
	for c, v := range s.drift {
		if v > largest {
			largest, second, at = v, largest, c
		} else if v > second {
			second = v
		}
	}
	const outward, inward = float32(1 + 0x1p-22), float32(1 - 0x1p-22)
	// One row per label: what its drift adds to the upper bound, what the others' takes from the lower, half the distance.
	var change [kernels.MaxK]struct{ add, sub, half float32 }
	for c := range s.k {
		other := largest
		if c == at {
			other = second
		}
		change[c].add, change[c].sub, change[c].half = float32(s.drift[c])*outward, float32(other)*outward, float32(s.half[c])*inward
	}
	w.dense.reset(w.data)
	upper, lower, labels := w.upper, w.lower[:len(w.upper)], s.labels[:len(w.upper)]
	for i, u := range upper {
		c := labels[i]
		by := &change[c]
		u = (u + by.add) * outward
		l := (lower[i] - by.sub) * inward
		upper[i], lower[i] = u, l
		if u < l || u < by.half {
			continue
		}
		if w.dense.add(i, c) {
			w.scoreDense()
		}
	}
	w.scoreDense()
}

// apply carries the moves into labels, sums and hash.
func (w *Worker) apply() {
	for _, m := range w.moved {
		w.relabel(int(m.row), m.to)
	}
}

func (w *Worker) relabel(i int, to uint8) {
	s := &w.state
	from := s.labels[i]
	wt := int64(weightOf(s.weights, i))
	w.addRow(i, int(from), -wt)
	w.addRow(i, int(to), wt)
	s.flip(i, from)
	s.flip(i, to)
	s.labels[i] = to
	s.dirty[from], s.dirty[to] = true, true
}

// update moves the centroids to the means of their rows and measures by how much they moved.
func (w *Worker) update() {
	s, d := &w.state, w.data.M.D
	for c := range s.k {
		s.drift[c] = 0
		if !s.dirty[c] || s.weight[c] == 0 {
			continue
		}
		s.dirty[c] = false
		row := s.c[c*d : (c+1)*d]
		var moved float64
		for j := range row {
			mean := float32(float64(s.sums[c*d+j]) / float64(s.weight[c]) / w.data.scales[j])
			diff := float64(mean) - float64(row[j])
			moved += float64(diff * diff)
			row[j] = mean
		}
		s.drift[c] = float64(kernels.DistanceAbove(moved))
	}
	for a := range s.k {
		nearest := math.Inf(1)
		for b := range s.k {
			if a == b {
				continue
			}
			var sum float64
			for j := range d {
				diff := float64(s.c[a*d+j]) - float64(s.c[b*d+j])
				sum += float64(diff * diff)
			}
			nearest = min(nearest, sum)
		}
		s.half[a] = float64(kernels.DistanceBelow(nearest)) / 2
	}
}

// finish labels what is not labelled against the last centroids: all rows after a stop without convergence, the rows of
// weight zero otherwise; drops clusters without rows; and computes the inertia.
func (w *Worker) finish(fit *Fit) {
	s, d := &w.state, w.data.M.D
	if !fit.Converged {
		for i := range w.upper {
			w.upper[i] = float32(math.Inf(1))
		}
		clear(s.drift)
		w.moved = w.moved[:0]
		w.rescore()
		w.apply()
	}
	if s.weights != nil {
		w.moved = w.moved[:0]
		w.dense.reset(w.data)
		for i, wt := range s.weights {
			if wt == 0 && w.dense.add(i, s.labels[i]) {
				w.scoreDense()
			}
		}
		w.scoreDense()
		for _, m := range w.moved {
			s.labels[m.row] = m.to
		}
	}
	fit.Labels, fit.Centroids = s.labels, s.c
	w.dropEmpty(fit)
	var total, block float64
	for i, label := range fit.Labels {
		if i%massBlock == 0 {
			total, block = total+block, 0
		}
		if wt := weightOf(s.weights, i); wt > 0 {
			block += float64(float64(wt) * w.data.distance(i, fit.Centroids[int(label)*d:(int(label)+1)*d]))
		}
	}
	fit.Inertia = total + block
}

// Columns returns the number of columns of the data.
func (w *Worker) Columns() int { return w.data.M.D }
