package kmeans

import (
	"math"

	"segovia/kernels"
)

// fillEmpty moves a row, with all its copies, into every cluster without weight: the one farthest from its centroid among
// the distinct rows of clusters that have at least two, lowest row on ties.
func (w *Worker) fillEmpty(r *run) {
	s, d := &w.sample, w.sample.D
	var empty []int
	for c, wt := range r.weight {
		if wt == 0 {
			empty = append(empty, c)
		}
	}
	if len(empty) == 0 {
		return
	}
	// One entry per distinct row: the first of its group that has weight.
	group := func(i int) int {
		if s.merged != nil {
			return i
		}
		return w.data.Group(s.leadOf(i))
	}
	seen := map[int]struct{}{}
	var leads []int
	distinct := make([]int, r.k)
	far := map[int]float64{}
	for i, c := range r.labels {
		if s.weight[i] == 0 {
			continue
		}
		g := group(i)
		if _, again := seen[g]; again {
			continue
		}
		seen[g] = struct{}{}
		leads = append(leads, i)
		distinct[c]++
		far[i] = distance(s.row(i), r.c[int(c)*d:(int(c)+1)*d])
	}
	for _, c := range empty {
		best, at := -1.0, -1
		for _, i := range leads {
			if distinct[r.labels[i]] >= 2 && (far[i] > best || far[i] == best && s.leadOf(i) < s.leadOf(at)) {
				best, at = far[i], i
			}
		}
		if at < 0 {
			return // fewer distinct rows than clusters
		}
		r.filled = true
		distinct[r.labels[at]]--
		distinct[c]++
		lead := group(at)
		w.moves.reset()
		for i := range r.labels {
			if s.weight[i] > 0 && group(i) == lead {
				w.moves.add(int32(i), r.labels[i], uint8(c), s.weight[i])
				r.labels[i] = uint8(c)
				r.gap[i] = float32(math.Inf(-1))
			}
		}
		w.apply(r)
	}
}

// dropEmpty takes clusters without weight out of a fit, which remain only where distinct rows are too few or the last
// pass of a fit that did not converge left them. All rows then go to the nearest of the others.
func (w *Worker) dropEmpty(r *run, f *Fit) {
	s, d := &w.sample, w.sample.D
	f.Centroids = nil
	f.K = 0
	for c, wt := range r.weight {
		if wt > 0 {
			f.Centroids = append(f.Centroids, r.c[c*d:(c+1)*d]...)
			f.K++
		}
	}
	if f.K == r.k {
		return
	}
	w.scorer.Load([]kernels.Centroids{{K: f.K, C: f.Centroids}})
	clear(r.sums)
	clear(r.weight)
	for first := 0; first < s.N; first += gatheredRows {
		b := s.block(first, gatheredRows)
		labels := f.Labels[first : first+b.N]
		w.scorer.Score(&kernels.Scores{Label: labels}, b, 0)
		w.scorer.Accumulate(r.sums, w.rowsFrom(first, b.N), nil, labels, s.weight[first:first+b.N])
		for o, l := range labels {
			r.weight[l] += int64(s.weight[first+o])
		}
	}
}
