package sweep

import (
	"context"
	"fmt"
	"slices"

	"segovia/engine/internal/par"
	"segovia/engine/kmeans"
	"segovia/kernels/problem"
)

// Replay gives the resamples of the bootstrap instead of having them drawn, to compare with a reference bit by bit.
type Replay struct {
	// Pairs are the resamples: for each pair two lists of rows (from 0, in the order of the matrix), each as often as it was
	// drawn.
	Pairs [][2][]int32
	// Starts are the centroids, in prepared units, that the fits of each resample start from, instead of drawn ones; nil = drawn.
	Starts [][2][][]float64
	// Fitted are the centroids of the fits themselves, in prepared units: then nothing is fitted, and the rows belong to the
	// nearest of them in float64.
	Fitted [][2][][]float64
}

// check returns a SEG-SEG-001 for a replay that does not fit the sweep.
func (rp *Replay) check(cfg Config, in Input) error {
	k, n, d := cfg.K, in.Matrix.N, in.Matrix.D
	wrong := func(what, fix string) error {
		return &problem.Problem{ID: "SEG-SEG-001", What: "replay: " + what, Fix: fix}
	}
	if len(rp.Pairs) == 0 {
		return wrong("there is no pair of resamples", "give two resamples, sides 1 and 2, for each replicate")
	}
	if given := 2 * len(rp.Pairs); cfg.Clusterboot > given {
		return wrong(fmt.Sprintf("clusterboot takes %d resamples, and %d are given", cfg.Clusterboot, given), fmt.Sprintf("set clusterboot to %d at most", given))
	}
	if rp.Fitted != nil && precision(in) == "grid" {
		return wrong("fitted centroids need unrounded values, which are not kept beyond 2^26 of them", "give initial centroids instead, or fewer rows")
	}
	for p, pair := range rp.Pairs {
		for side, rows := range pair {
			if len(rows) == 0 {
				return wrong(fmt.Sprintf("side %d of replicate %d has no rows", side+1, p+1), "give two resamples for each replicate")
			}
			for _, i := range rows {
				if i < 0 || int(i) >= n {
					return wrong(fmt.Sprintf("side %d of replicate %d names row %d of %d", side+1, p+1, i+1, n), "rows are counted from 1")
				}
			}
		}
	}
	for _, given := range [][][2][][]float64{rp.Starts, rp.Fitted} {
		if given == nil {
			continue
		}
		if len(k) != 1 || len(given) != len(rp.Pairs) {
			return wrong(fmt.Sprintf("centroids for %d replicates of %d and for %d numbers of segments", len(given), len(rp.Pairs), len(k)),
				"give centroids for every replicate, and a single k")
		}
		for p, pair := range given {
			for side, rows := range pair {
				if len(rows) != k[0] || slices.ContainsFunc(rows, func(c []float64) bool { return len(c) != d }) {
					return wrong(fmt.Sprintf("side %d of replicate %d has %d centroids", side+1, p+1, len(rows)),
						fmt.Sprintf("give k = %d rows of %d values", k[0], d))
				}
			}
		}
	}
	return nil
}

// weights returns how often each of n rows is in resample b: side b % 2 of pair b / 2.
func (rp *Replay) weights(b, n int) []uint16 {
	w := make([]uint16, n)
	for _, i := range rp.Pairs[b/2][b%2] {
		w[i]++
	}
	return w
}

// onGrid turns centroids into grid units.
func (s *runner) onGrid(centroids [][]float64) []float32 {
	var out []float32
	for _, row := range centroids {
		for j, x := range row {
			out = append(out, float32(x-s.in.Matrix.Grids[j].Offset))
		}
	}
	return out
}

// replayFitted books the pairs of given fits.
func (s *runner) replayFitted(ctx context.Context, r *Result) error {
	fitted := s.cfg.Replay.Fitted
	pairs, k := len(fitted), s.cfg.K[0]
	v := &pairValues{ari: [][]float64{make([]float64, pairs)}, slsw: [][][]float64{make([][]float64, s.solutions[0].K)}}
	for c := range v.slsw[0] {
		v.slsw[0][c] = make([]float64, pairs)
	}
	err := par.Each(ctx, s.cfg.Threads, pairs, func(_, p int) error {
		var sides [2]kmeans.Fit
		for side, centroids := range fitted[p] {
			sides[side] = kmeans.Fit{K: k, Labels: kmeans.Nearest(s.in.X, centroids)}
		}
		s.compare(v, 0, p, sides[0], sides[1])
		return nil
	})
	if err != nil {
		return err
	}
	s.bookPairs(r, v, pairs)
	return nil
}
