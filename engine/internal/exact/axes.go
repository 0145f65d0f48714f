package exact

import (
	"context"

	"segovia/engine/internal/par"
)

// PrincipalAxes returns the means of the columns x, the population variances along their principal axes, largest first,
// and the axes, unit vectors with one component for each column. It needs at least one row. It fails only with ctx.
func PrincipalAxes(ctx context.Context, x [][]float64, threads int) (mean, variance []float64, axes [][]float64, err error) {
	d := len(x)
	mean, cov := make([]float64, d), make([][]float64, d)
	err = par.Each(ctx, threads, d, func(_, j int) error {
		mean[j], cov[j] = Mean(x[j]), make([]float64, d)
		return nil
	})
	if err != nil {
		return nil, nil, nil, err
	}
	err = par.Each(ctx, threads, d, func(_, i int) error {
		for j := i; j < d; j++ {
			v := Covariance(x[i], x[j], mean[i], mean[j])
			cov[i][j], cov[j][i] = v, v
		}
		return nil
	})
	if err != nil {
		return nil, nil, nil, err
	}
	variance, axes = Eigen(cov)
	return mean, variance, axes, nil
}
