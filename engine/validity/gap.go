package validity

import (
	"context"
	"math"

	"segovia/engine/internal/exact"
	"segovia/engine/internal/par"
	"segovia/kernels/rng"
	"segovia/kernels/tile"
)

// ReferenceBox returns the lengths of the sides of the box around the points in which references of the gap statistic are
// drawn: along their principal axes, or along the columns.
func ReferenceBox(ctx context.Context, p *Points, principal bool, threads int) ([]float64, error) {
	axes := make([][]float64, p.D)
	for j := range axes {
		axes[j] = make([]float64, p.D)
		axes[j][j] = 1
	}
	if principal {
		columns, err := p.columns(ctx, threads)
		if err != nil {
			return nil, err
		}
		if _, _, axes, err = exact.PrincipalAxes(ctx, columns, threads); err != nil {
			return nil, err
		}
	}
	box := make([]float64, p.D)
	err := par.Each(ctx, threads, p.D, func(_, c int) error {
		buf := p.buffer()
		lo, hi := math.Inf(1), math.Inf(-1)
		for i := range p.N {
			var at float64
			for j, x := range p.Row(buf, i) {
				at += float64(x * axes[c][j])
			}
			lo, hi = min(lo, at), max(hi, at)
		}
		box[c] = max(0, hi-lo)
		return nil
	})
	return box, err
}

// columns returns the values column by column.
func (p *Points) columns(ctx context.Context, threads int) ([][]float64, error) {
	columns := make([][]float64, p.D)
	return columns, par.Each(ctx, threads, p.D, func(_, j int) error {
		columns[j] = make([]float64, p.N)
		buf := p.buffer()
		for i := range columns[j] {
			columns[j][i] = p.Row(buf, i)[j]
		}
		return nil
	})
}

// sideSteps is the exponent of the most steps that a side of a reference's box has.
const sideSteps = 23

// Reference returns reference set b of the gap statistic: n points uniform in the box, on a grid of 2^22 to 2^23 steps a
// side. They are left in the coordinates of the box, since moving and turning them changes no distance.
func Reference(box []float64, n int, seed uint64, b int) *tile.Matrix {
	d := len(box)
	m := &tile.Matrix{N: n, D: d, Tiles: tile.Aligned((n + tile.Lanes - 1) / tile.Lanes * tile.Lanes * d), Grids: make([]tile.Grid, d)}
	s := rng.New(seed, "gap reference", 0, b)
	for j, side := range box {
		_, e := math.Frexp(side) // side < 2^e
		e = min(max(sideSteps-e, -100), 100)
		steps := uint64(math.RoundToEven(math.Ldexp(side, e)))
		m.Grids[j] = tile.Grid{E: e}
		step := float32(math.Ldexp(1, -e))
		for i := range n {
			q := int64(s.Below(steps+1, uint64(j), uint64(i))) - int64(steps/2)
			m.Tiles[(i/tile.Lanes*d+j)*tile.Lanes+i%tile.Lanes] = float32(q) * step
		}
	}
	return m
}

// WithinDistances returns for each partition the dispersion W that the gap statistic of power 1 compares: half the sum over
// clusters of the sum of Euclidean distances, each pair of rows once, over the number of rows. With squared distances it
// would be half the inertia. The work is O(n^2 d) for all partitions together. tick, if not nil, is told of rows done.
func WithinDistances(ctx context.Context, p *Points, partitions []Partition, threads int, tick func(n int)) ([]float64, error) {
	w := make([]float64, len(partitions))
	for at := 0; at < len(partitions); {
		slots, end := room(partitions, at)
		values, err := p.perRow(ctx, partitions[at:end], slots, p.rows(), threads, tick, func(sums []float64, _ []int, own int) float64 { return sums[own] })
		if err != nil {
			return nil, err
		}
		for q, part := range partitions[at:end] {
			sums, size := make([]exact.Accumulator, part.K), make([]int, part.K)
			for i, l := range part.Labels {
				sums[l].Add(values[q][i])
				size[l]++
			}
			for l := range sums {
				if size[l] > 0 {
					w[at+q] += sums[l].Sum() / float64(4*size[l]) // every pair was met twice
				}
			}
		}
		at = end
	}
	return w, nil
}

// Gap returns the gap statistic (Tibshirani, Walther, Hastie 2001) of one k: the mean log dispersion of at least two
// reference sets less that of the data, and its standard error sqrt(1 + 1/B) sd, sd with denominator B - 1.
func Gap(logW float64, references []float64) (gap, se float64) {
	mean, sd := exact.SD(references, true)
	return mean - logW, float64(math.Sqrt(1+1/float64(len(references))) * sd)
}

// Rules holds the choices of the five rules as positions; see SERules.
type Rules struct{ FirstSEmax, Tibs2001SEmax, GlobalSEmax, FirstMax, GlobalMax int }

// SERules applies the rules of R's cluster::maxSE to the values f with standard errors s, at least one, ordered by k, with
// the factor c for s:
//
//	firstmax        the first i with f[i+1] <= f[i], else the last
//	globalmax       the first i where f is largest
//	Tibs2001SEmax   the first i with f[i] >= f[i+1] - c s[i+1], else the last
//	firstSEmax      with m = firstmax the first i <= m with f[i] >= f[m] - c s[m]
//	globalSEmax     the same with m = globalmax
func SERules(f, s []float64, c float64) Rules {
	last := len(f) - 1
	r := Rules{FirstMax: last, Tibs2001SEmax: last}
	for i := last - 1; i >= 0; i-- {
		if f[i+1] <= f[i] {
			r.FirstMax = i
		}
		if f[i] >= f[i+1]-float64(c*s[i+1]) {
			r.Tibs2001SEmax = i
		}
	}
	for i, v := range f {
		if v > f[r.GlobalMax] {
			r.GlobalMax = i
		}
	}
	near := func(m int) int {
		i := 0
		for f[i] < f[m]-float64(c*s[m]) {
			i++
		}
		return i
	}
	r.FirstSEmax, r.GlobalSEmax = near(r.FirstMax), near(r.GlobalMax)
	return r
}
