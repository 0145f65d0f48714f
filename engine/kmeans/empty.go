package kmeans

import "math"

// fillEmpty moves a row, with all its copies, into every cluster without weight: the one farthest from its centroid among
// the distinct rows of clusters that have at least two, lowest row on ties. It reports whether it moved any.
func (w *Worker) fillEmpty() (filled bool) {
	s, d := &w.state, w.data.M.D
	var empty []int
	for c, wt := range s.weight {
		if wt == 0 {
			empty = append(empty, c)
		}
	}
	if len(empty) == 0 {
		return false
	}
	// One entry per distinct row: the first row of its group that has weight.
	lead := map[int]int{}
	var leads []int
	distinct := make([]int, s.k)
	far := map[int]float64{}
	for i := range s.labels {
		if weightOf(s.weights, i) == 0 {
			continue
		}
		g := w.data.Group(i)
		if _, seen := lead[g]; seen {
			continue
		}
		lead[g] = i
		leads = append(leads, i)
		c := int(s.labels[i])
		distinct[c]++
		far[i] = w.data.distance(i, s.c[c*d:(c+1)*d])
	}
	for _, c := range empty {
		best, at := -1.0, -1
		for _, i := range leads {
			if far[i] > best && distinct[s.labels[i]] >= 2 {
				best, at = far[i], i
			}
		}
		if at < 0 {
			return filled // fewer distinct rows than clusters
		}
		filled = true
		distinct[s.labels[at]]--
		distinct[c]++
		group := w.data.Group(at)
		for i := range s.labels {
			if w.data.Group(i) == group && weightOf(s.weights, i) > 0 {
				w.relabel(i, uint8(c))
				w.upper[i], w.lower[i] = float32(math.Inf(1)), 0
			}
		}
	}
	return filled
}

// dropEmpty removes clusters without weight, which remain only where distinct rows are too few. Rows of weight zero that
// were nearest to such a cluster's last centroid go to the nearest of the others.
func (w *Worker) dropEmpty(fit *Fit) {
	s, d := &w.state, w.data.M.D
	keep := make([]int, 0, s.k)
	for c, wt := range s.weight {
		if wt > 0 {
			keep = append(keep, c)
		}
	}
	if len(keep) == s.k {
		return
	}
	fit.K = len(keep)
	fit.Centroids = nil
	for _, c := range keep {
		fit.Centroids = append(fit.Centroids, s.c[c*d:(c+1)*d]...)
	}
	for i := range fit.Labels {
		best := math.Inf(1)
		for c := range keep {
			if sum := w.data.distance(i, fit.Centroids[c*d:(c+1)*d]); sum < best {
				best, fit.Labels[i] = sum, uint8(c)
			}
		}
	}
}
