package prep

import (
	"context"

	"segovia/engine/internal/exact"
	"segovia/engine/internal/par"
)

// leastVariance is the share of the largest component's variance below which a component is rounding, not data: the
// covariances of d columns are good to about d * 2^-52 of it.
const leastVariance = 1e-12

// rotate replaces the columns by principal components.
func (w *work) rotate() {
	d := len(w.x)
	means, values, vectors, _ := exact.PrincipalAxes(context.Background(), w.x, w.cfg.Threads) // nothing ends that context
	total := 0.0
	for _, v := range values {
		total += max(0, v)
	}
	m := 0
	for cum := 0.0; m < d && values[m] > leastVariance*values[0]; m++ {
		if w.cfg.PCA.Components > 0 && m == w.cfg.PCA.Components {
			break
		}
		if w.cfg.PCA.Variance > 0 && m > 0 && cum >= float64(w.cfg.PCA.Variance*total) {
			break
		}
		cum += values[m]
	}
	w.m.PCA = &Rotation{Means: means, Vectors: vectors[:m], Variance: values[:m], Total: total}
	w.r.PCA = &Explained{Components: m}
	for _, v := range values[:m] {
		w.r.PCA.Share = append(w.r.PCA.Share, v/total)
	}
	w.x = w.m.PCA.apply(w.x, w.cfg.Threads)
}

// apply returns the components of the columns x.
func (r *Rotation) apply(x [][]float64, threads int) [][]float64 {
	out := make([][]float64, len(r.Vectors))
	_ = par.Each(context.Background(), threads, len(out), func(_, c int) error {
		out[c] = make([]float64, len(x[0]))
		for j, v := range r.Vectors[c] {
			mean := r.Means[j]
			for i, xi := range x[j] {
				out[c][i] += float64((xi - mean) * v)
			}
		}
		return nil
	})
	return out
}
