package stability

import (
	"context"
	"math"
	"slices"

	"segovia/engine/internal/exact"
	"segovia/engine/internal/par"
	"segovia/kernels/rng"
)

// What clusterboot's schemes noise and jitter take by default.
const (
	noiseShare     = .05 // of the rows is replaced
	noiseReach     = 4   // standard deviations along each axis
	jitterQuantile = .05 // of the distances between neighbours
)

// Perturber makes the data of clusterboot's schemes that change values instead of drawing rows (Hennig 2007, R's
// fpc::clusterboot with its defaults): "jitter" and "noise".
type Perturber struct {
	x      [][]float64 // columns
	mean   []float64
	axes   [][]float64 // unit vectors of the principal axes
	spread []float64   // sample standard deviation along each axis
	near   []float64   // standard deviation of the jitter along each axis
}

// NewPerturber measures the columns x, all of the same length: their means, principal axes, and along each axis the
// standard deviation and the .05-quantile (type 7) of the distances between neighbouring rows that do not coincide, 0
// where all do. The columns are kept and not changed.
func NewPerturber(ctx context.Context, x [][]float64, threads int) (*Perturber, error) {
	d := len(x)
	mean, variance, axes, err := exact.PrincipalAxes(ctx, x, threads)
	if err != nil {
		return nil, err
	}
	p := &Perturber{x: x, mean: mean, axes: axes, spread: make([]float64, d), near: make([]float64, d)}
	return p, par.Each(ctx, threads, d, func(_, c int) error {
		n := len(x[c])
		if n > 1 {
			p.spread[c] = math.Sqrt(max(0, variance[c]) * float64(n) / float64(n-1))
		}
		at := make([]float64, n)
		for j, column := range x {
			for i, v := range column {
				at[i] += float64(v * axes[c][j])
			}
		}
		p.near[c] = neighbours(at)
		return nil
	})
}

// neighbours returns the .05-quantile of the positive distances between neighbours among the values, which it sorts.
func neighbours(at []float64) float64 {
	slices.Sort(at)
	var apart []float64
	for i := 1; i < len(at); i++ {
		if d := at[i] - at[i-1]; d > 0 {
			apart = append(apart, d)
		}
	}
	if len(apart) == 0 {
		return 0
	}
	slices.Sort(apart)
	return exact.Quantile(apart, jitterQuantile)
}

// Jitter returns the columns with normal noise added to every row: along each principal axis its standard deviation is a
// typical small distance between neighbours. It depends on seed and replicate alone.
func (p *Perturber) Jitter(seed uint64, replicate int) [][]float64 {
	s := rng.New(seed, "jitter", 0, replicate)
	out := p.copy()
	shift := make([]float64, len(p.x))
	for i := range p.rows() {
		clear(shift)
		for c, sd := range p.near {
			p.along(shift, c, float64(sd*exact.Normal(s, uint64(c), uint64(i))))
		}
		for j, v := range shift {
			out[j][i] += v
		}
	}
	return out
}

// Noise returns the columns with each row replaced, with probability .05, by a point uniform in the box around the mean
// that reaches 4 standard deviations along each principal axis, and the weights for ClusterJaccard: 1 for the rows that
// stayed, 0 for the replaced ones. It depends on seed and replicate alone.
func (p *Perturber) Noise(seed uint64, replicate int) (x [][]float64, stayed []uint16) {
	s := rng.New(seed, "noise", 0, replicate)
	out, stayed := p.copy(), make([]uint16, p.rows())
	shift := make([]float64, len(p.x))
	for i := range stayed {
		if s.Float64(0, uint64(i)) >= noiseShare {
			stayed[i] = 1
			continue
		}
		clear(shift)
		for c, sd := range p.spread {
			u := float64(2*s.Float64(uint64(c+1), uint64(i))) - 1
			p.along(shift, c, float64(noiseReach*sd*u))
		}
		for j, v := range shift {
			out[j][i] = p.mean[j] + v
		}
	}
	return out, stayed
}

// along is
//
//	shift += by * axis c
func (p *Perturber) along(shift []float64, c int, by float64) {
	for j, v := range p.axes[c] {
		shift[j] += float64(by * v)
	}
}

func (p *Perturber) rows() int {
	if len(p.x) == 0 {
		return 0
	}
	return len(p.x[0])
}

func (p *Perturber) copy() [][]float64 {
	out := make([][]float64, len(p.x))
	for j, c := range p.x {
		out[j] = slices.Clone(c)
	}
	return out
}
