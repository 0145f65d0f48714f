package kmeans

import (
	"math"

	"segovia/kernels"
)

// estimate computes about, within and print of a fit from the sums of its run.
//
// The inertia is the sum of w|x|^2 - 2 c.S + W|c|^2 over the clusters, S and W exact. Each term is a float64 sum of at
// most 2^27 terms in blocks of 256, or of d products: off by less than 2^-36 of the sum of the magnitudes, as is the
// canonical inertia, a sum of positive terms.
func (w *Worker) estimate(r *run, f *Fit) {
	s, d := &w.sample, w.sample.D
	padded := kernels.Padded(d)
	f.about = s.square
	magnitude := s.square
	f.print = [2]uint64{}
	for c := range f.K {
		row, sums := f.Centroids[c*d:(c+1)*d], r.sums[c*padded:c*padded+d]
		var product, square float64
		h := uint64(r.weight[c])
		for j, v := range row {
			sum := float64(sums[j]) / w.data.scales[j]
			product += float64(float64(v) * sum)
			magnitude += math.Abs(float64(2*float64(v)) * sum)
			square += float64(float64(v) * float64(v))
			h = mix(mix(h^uint64(sums[j])) ^ uint64(math.Float32bits(v)))
		}
		square = float64(square * float64(r.weight[c]))
		f.about += square - 2*product
		magnitude += square
		f.print[0] += mix(h ^ 0x9E3779B97F4A7C15)
		f.print[1] += mix(h ^ 0xC2B2AE3D27D4EB4F)
	}
	f.within = magnitude * 0x1p-35
}

// Estimate returns the inertia as the sums of the clusters give it, and by how much it may be off the canonical one: about
// 1e-10 of the sum of squares about the grid's centre. Over all rows with weight 1 it is the same on every path.
func (f *Fit) Estimate() (inertia, within float64) { return f.about, f.within }

// Better reports whether f, a fit over the open sample, has a smaller inertia than g, another one with as many clusters
// asked for. Inertias are canonical: the weighted sum of canonical distances, in blocks of 4,096 rows of the matrix. They
// are computed only where estimates from the sums of the clusters leave it open, and the clusters are not the same.
func (w *Worker) Better(f, g *Fit) bool {
	if f.print == g.print {
		return false
	}
	if apart := math.Abs(f.about - g.about); apart > f.within+g.within {
		return f.about < g.about
	}
	return w.Inertia(f) < w.Inertia(g)
}

// Inertia returns the canonical inertia of a fit over the open sample.
func (w *Worker) Inertia(f *Fit) float64 {
	if f.inertia == nil {
		v := w.canonical(f, func(square float64) float64 { return square })
		f.inertia = &v
	}
	return *f.inertia
}

// Closer is Better by another measure, the one that R's flexclust keeps the best restart by: the weighted sum of
// Euclidean distances, not squared, in the same canonical order. A closer fit may have a larger inertia.
func (w *Worker) Closer(f, g *Fit) bool {
	return f.print != g.print && w.distanceSum(f) < w.distanceSum(g)
}

func (w *Worker) distanceSum(f *Fit) float64 {
	if f.apart == nil {
		v := w.canonical(f, math.Sqrt)
		f.apart = &v
	}
	return *f.apart
}

// canonical returns the weighted sum of what measure makes of the canonical distances.
func (w *Worker) canonical(f *Fit, measure func(square float64) float64) float64 {
	s, d := &w.sample, w.sample.D
	var sum, block float64
	at := 0 // block of the matrix
	add := func(row int, wt, dist float64) {
		if b := row / massBlock; b != at {
			sum, block, at = sum+block, 0, b
		}
		block += float64(wt * dist)
	}
	label := func(i int) int { return int(f.Labels[i]) }
	if f.complete {
		label = func(i int) int { return int(f.Labels[s.leadOf(i)]) }
	}
	buf := make([]float32, d)
	to := func(i int) float64 {
		return measure(distance(s.rowTo(buf, i), f.Centroids[label(i)*d:(label(i)+1)*d]))
	}
	if s.merged != nil {
		dist := make([]float64, s.N)
		for i := range dist {
			dist[i] = to(i)
		}
		for _, e := range s.entries {
			add(int(e.row), float64(e.weight), dist[e.at])
		}
		return sum + block
	}
	for i, wt := range s.weight {
		if wt > 0 {
			add(s.leadOf(i), float64(wt), to(i))
		}
	}
	return sum + block
}
