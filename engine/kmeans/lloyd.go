package kmeans

import (
	"context"
	"math"
	"math/bits"
	"slices"

	"segovia/kernels"
)

// run is one fit between its iterations. Several runs over one sample can be in progress at once and share its passes.
type run struct {
	k       int
	maxIter int
	labels  []uint8
	c       []float32
	sums    []int64 // k x padded d
	weight  []int64 // k
	dirty   []bool  // clusters whose sums changed
	filled  bool    // a row was moved into an empty cluster in this iteration
	moved   bool    // a label changed in this iteration
	hash    [2]uint64
	former  [][2]uint64

	// gap is, per row, how much farther the second nearest centroid is than the own one, plus slack[label] of the time when
	// the row was scored: a lower bound, rounded down. slack[c] grows by what a step takes from the gap of a row of c: the
	// drift of c, and the largest drift of another centroid. So a row with gap > slack[label] keeps its label (Hamerly 2010,
	// with the bounds left alone between scorings).
	gap   []float32
	slack []float64
	drift []float64
	limit [kernels.MaxK]float32 // slack, rounded up
	below [kernels.MaxK]float32 // slack, rounded down

	iterations int
	converged  bool
}

// moves are rows that change their label: where they stand in the sample, and their labels.
type moves struct {
	row      []int32
	from, to []uint8
	weight   []int32
}

func (m *moves) reset() {
	m.row, m.from, m.to, m.weight = m.row[:0], m.from[:0], m.to[:0], m.weight[:0]
}

// begin makes r a fit from the rows of start.
func (w *Worker) begin(r *run, start []float32, maxIter int) {
	n, d := w.sample.N, w.sample.D
	k := len(start) / d
	r.k, r.maxIter, r.c = k, maxIter, append(r.c[:0], start...)
	r.labels, r.gap = grow(&r.labels, n), grow(&r.gap, n)
	r.sums, r.weight = growZero(&r.sums, k*kernels.Padded(d)), growZero(&r.weight, k)
	r.slack, r.drift, r.dirty = growZero(&r.slack, k), growZero(&r.drift, k), growZero(&r.dirty, k)
	r.former, r.hash = r.former[:0], [2]uint64{}
	r.iterations, r.converged = 0, false
}

// scanRows is the number of rows whose bounds are looked at in one go: labels and gaps of 20 KiB stay in L1 while the rows
// that need it are scored.
const scanRows = 4096

// dense reports whether scoring n rows as they lie is cheaper than gathering and scoring those of them that need it.
// Measured with AVX2 (nanoseconds, bench/README.md): scoring takes about 2 + 0.04 d k a row, gathering 4 + 0.4 d.
func dense(pending, n, k, d int) bool {
	score, gather := 50+d*k, 100+10*d
	return pending*(gather+score) > n*score
}

// pass does one iteration of the runs, whose centroids it loads, block by block: several runs share each block while it
// is in the cache.
func (w *Worker) pass(runs []*run) {
	s := &w.sample
	w.stack = w.stack[:0]
	for _, r := range runs {
		r.iterations++
		r.filled, r.moved = false, r.iterations == 1
		r.loosen()
		w.stack = append(w.stack, kernels.Centroids{K: r.k, C: r.c})
	}
	w.scorer.Load(w.stack)
	for first := 0; first < s.N; first += scanRows {
		n := min(scanRows, s.N-first)
		for m, r := range runs {
			if r.iterations == 1 {
				w.scoreTiles(r, m, first, n, true)
				w.scorer.Accumulate(r.sums, w.rowsFrom(first, n), nil, r.labels[first:first+n], s.weight[first:first+n])
				continue
			}
			w.rescore(r, m, first, n)
		}
	}
	for _, r := range runs {
		if r.iterations == 1 {
			for i, l := range r.labels {
				r.weight[l] += int64(s.weight[i])
			}
			for c := range r.dirty {
				r.dirty[c] = true
			}
		}
	}
}

// rowsFrom returns n rows of the sample, from a multiple of 16 on, as Rows of their own.
func (w *Worker) rowsFrom(first, n int) *kernels.Rows {
	s := &w.sample
	w.window = kernels.Rows{N: n, D: s.D, Square: s.Square[first:], Scale: s.Scale}
	if s.Values != nil {
		w.window.Values = s.Values[first*s.D:]
	} else {
		w.window.Tiles = s.tiles[first*s.D:]
	}
	return &w.window
}

// loosen books the drift of the last step and makes the limits of this one.
func (r *run) loosen() {
	other := largestOther(r.drift)
	for c, v := range r.drift {
		r.slack[c] += v + other(c)
		r.limit[c] = float32(r.slack[c]*(1+0x1p-22) + 0x1p-148)
		r.below[c] = float32(r.slack[c] * (1 - 0x1p-22))
	}
}

// largestOther returns the function that gives, for each cluster, the largest drift of another one.
func largestOther(drift []float64) func(c int) float64 {
	largest, second, at := 0.0, 0.0, -1
	for c, v := range drift {
		if v > largest {
			largest, second, at = v, largest, c
		} else if v > second {
			second = v
		}
	}
	return func(c int) float64 {
		if c == at {
			return second
		}
		return largest
	}
}

// rescore scores the rows from first on whose gaps do not prove their labels.
func (w *Worker) rescore(r *run, model, first, n int) {
	s := &w.sample
	if w.data.Unpruned {
		w.scoreTiles(r, model, first, n, false)
		return
	}
	w.pending = w.scorer.Pending(w.pending[:0], r.gap[first:first+n], r.labels[first:first+n], &r.limit, r.k, first)
	if dense(len(w.pending), n, r.k, s.D) {
		w.scoreTiles(r, model, first, n, false)
		return
	}
	for rest := w.pending; len(rest) > 0; {
		chunk := rest[:min(len(rest), gatheredRows)]
		rest = rest[len(chunk):]
		w.scorer.Prefetch(&s.Rows, rest[:min(len(rest), gatheredRows)])
		b, dst := w.dense.gather(w.scorer, &s.Rows, chunk)
		for o, i := range chunk {
			dst.Label[o] = r.labels[i]
		}
		w.scorer.Score(dst, b, model)
		w.scorer.Settle(r.gap, chunk, dst, &r.below)
		if len(dst.Moved) == 0 {
			continue
		}
		w.moves.reset()
		for _, o := range dst.Moved {
			i := chunk[o]
			w.moves.add(i, r.labels[i], dst.Label[o], s.weight[i])
			r.labels[i] = dst.Label[o]
		}
		w.apply(r)
	}
}

// scoreTiles scores the rows from first on as they lie. With fresh, no row had a label before, and sums and hash are left
// to the caller.
func (w *Worker) scoreTiles(r *run, model, first, n int, fresh bool) {
	s := &w.sample
	for at := first; at < first+n; at += gatheredRows {
		b := s.block(at, min(gatheredRows, first+n-at))
		dst := &w.dense.dst
		dst.Label, dst.Upper, dst.Lower = w.dense.label[:b.N], w.dense.upper[:b.N], w.dense.lower[:b.N]
		labels, gap := r.labels[at:at+b.N], r.gap[at:at+b.N]
		if fresh {
			clear(dst.Label)
		} else {
			copy(dst.Label, labels)
		}
		w.scorer.Score(dst, b, model)
		w.scorer.Settle(gap, nil, dst, &r.below)
		if !fresh && len(dst.Moved) > 0 {
			w.moves.reset()
			for _, o := range dst.Moved {
				if wt := s.weight[at+int(o)]; wt > 0 {
					w.moves.add(int32(at)+o, labels[o], dst.Label[o], wt)
				}
			}
			w.apply(r)
		}
		copy(labels, dst.Label)
		if s.mayBeLight() { // rows of weight zero are never scored again before the end
			for o, wt := range s.weight[at : at+b.N] {
				if wt == 0 {
					gap[o] = math.MaxFloat32
				}
			}
		}
	}
}

// mayBeLight reports whether rows of weight zero lie among the rows of the sample.
func (s *sample) mayBeLight() bool { return s.lead == nil && len(s.outside) > 0 }

func (m *moves) add(row int32, from, to uint8, weight int32) {
	m.row, m.from, m.to, m.weight = append(m.row, row), append(m.from, from), append(m.to, to), append(m.weight, weight)
}

// apply carries the moves into sums, weights and hash; labels are the caller's.
func (w *Worker) apply(r *run) {
	s, m := &w.sample, &w.moves
	if len(m.row) == 0 {
		return
	}
	r.moved = true
	w.scorer.Accumulate(r.sums, &s.Rows, m.row, m.to, m.weight)
	for o, wt := range m.weight {
		m.weight[o] = -wt
	}
	w.scorer.Accumulate(r.sums, &s.Rows, m.row, m.from, m.weight)
	for o, row := range m.row {
		from, to, wt := m.from[o], m.to[o], int64(m.weight[o])
		r.weight[from] += wt
		r.weight[to] -= wt
		r.dirty[from], r.dirty[to] = true, true
		r.flip(int(row), from)
		r.flip(int(row), to)
	}
}

// flip adds or removes (row, label) in the hash of the state, relative to the first one; 128 bits, so that equal hashes
// are equal states. Kernels of devices do the same.
func (r *run) flip(i int, label uint8) {
	hi, lo := spread((uint64(i)<<8 | uint64(label)) ^ 0x9E3779B97F4A7C15)
	r.hash[0] ^= hi
	r.hash[1] ^= lo
}

// spread makes two words without structure of one (the finaliser of MurmurHash3, with one more multiplication).
func spread(v uint64) (hi, lo uint64) {
	v = (v ^ v>>33) * 0xFF51AFD7ED558CCD
	v = (v ^ v>>33) * 0xC4CEB9FE1A85EC53
	return bits.Mul64(v^v>>33, 0x9FB21C651E98DF25)
}

// mix is one word without structure.
func mix(v uint64) uint64 {
	hi, lo := spread(v)
	return hi ^ lo
}

// step ends an iteration: it fills empty clusters, decides whether the fit is done, and otherwise moves the centroids.
func (w *Worker) step(r *run) (done bool) {
	w.fillEmpty(r)
	if r.iterations > 1 && !r.moved && !r.filled {
		r.converged = true
		return true
	}
	if slices.Contains(r.former, r.hash) {
		return true
	}
	r.former = append(r.former, r.hash)
	w.update(r)
	return r.iterations >= r.maxIter
}

// update moves the centroids to the means of their rows and measures by how much they moved.
func (w *Worker) update(r *run) {
	d, padded := w.sample.D, kernels.Padded(w.sample.D)
	for c := range r.k {
		r.drift[c] = 0
		if !r.dirty[c] || r.weight[c] == 0 {
			continue
		}
		r.dirty[c] = false
		row, sums, wt := r.c[c*d:(c+1)*d], r.sums[c*padded:c*padded+d], float64(r.weight[c])
		var moved float64
		for j, sum := range sums {
			mean := float32(float64(sum) / wt / w.data.scales[j])
			diff := float64(mean) - float64(row[j])
			moved += float64(diff * diff)
			row[j] = mean
		}
		r.drift[c] = float64(kernels.DistanceAbove(moved))
	}
}

// finish returns the fit of a run that is done. One that did not converge is labelled once more, against its last
// centroids.
func (w *Worker) finish(r *run) Fit {
	if !r.converged {
		for i := range r.gap {
			r.gap[i] = float32(math.Inf(-1))
		}
		clear(r.drift)
		iterations := r.iterations // this pass is none of them
		w.pass([]*run{r})
		r.iterations = iterations
	}
	f := Fit{K: r.k, Labels: slices.Clone(r.labels), Centroids: slices.Clone(r.c), Iterations: r.iterations, Converged: r.converged}
	w.dropEmpty(r, &f)
	w.estimate(r, &f)
	return f
}

// Lloyd iterates from the k rows of start until no label changes, a former state of the labels returns, or maxIter
// iterations are done. The result is a fit over the open sample; Complete makes it one over all rows. It fails only where
// hardware does that holds the rows.
func (w *Worker) Lloyd(ctx context.Context, start []float32, maxIter int) (fit Fit, err error) {
	err = w.FitAll(ctx, 1, func(int) []float32 { return start }, maxIter, func(_ int, f Fit) { fit = f })
	return fit, err
}

// spare returns a run that is not in use.
func (w *Worker) spare() *run {
	if n := len(w.runs); n > 0 {
		r := w.runs[n-1]
		w.runs = w.runs[:n-1]
		return r
	}
	return &run{}
}
