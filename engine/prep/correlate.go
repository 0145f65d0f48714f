package prep

import (
	"context"
	"math"

	"segovia/engine/internal/exact"
	"segovia/engine/internal/par"
)

// prune drops columns that an earlier one of another feature makes superfluous. The 0/1 columns of a category are never
// dropped: without one of them its levels would no longer be equally far apart.
func (w *work) prune() {
	if w.cfg.Correlation == 0 || len(w.m.Columns) == 0 {
		return
	}
	d := len(w.x)
	means, sds := make([]float64, d), make([]float64, d)
	_ = par.Each(context.Background(), w.cfg.Threads, d, func(_, j int) error {
		means[j], sds[j] = exact.SD(w.x[j], false)
		return nil
	})
	encode := map[string]string{}
	for _, f := range w.m.Features {
		encode[f.Name] = f.Encode
	}
	ok := make([]bool, d)
	r := make([]float64, d)
	for j, c := range w.m.Columns {
		ok[j] = true
		if encode[c.Feature] == "one_hot" {
			continue
		}
		_ = par.Each(context.Background(), w.cfg.Threads, j, func(_, i int) error {
			if ok[i] && w.m.Columns[i].Feature != c.Feature {
				r[i] = exact.Covariance(w.x[i], w.x[j], means[i], means[j]) / sds[i] / sds[j]
			}
			return nil
		})
		for i := range j {
			if ok[i] && w.m.Columns[i].Feature != c.Feature && math.Abs(r[i]) > w.cfg.Correlation {
				ok[j] = false
				w.r.Pruned = append(w.r.Pruned, Pruned{c.Name, w.m.Columns[i].Name, max(-1, min(1, r[i]))})
				break
			}
		}
	}
	w.keep(ok)
}
