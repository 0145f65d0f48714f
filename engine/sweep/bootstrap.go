package sweep

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"segovia/engine/internal/par"
	"segovia/engine/kmeans"
	"segovia/engine/pool"
	"segovia/engine/stability"
	"segovia/kernels/problem"
	"segovia/kernels/tile"
)

// stability books what resampling says of each k: pairs, clusterboot, and how segments carry on from k to k.
func (s *runner) stability(ctx context.Context, r *Result) error {
	for at := range r.K {
		st := &Stability{ARI: []float64{}, Replicates: s.cfg.Clusterboot}
		for c := range s.solutions[at].K {
			st.Segments = append(st.Segments, SegmentStability{Segment: c + 1, SLSw: []float64{}, Jaccard: []float64{}})
		}
		r.K[at].Stability = st
	}
	s.across(r)
	switch {
	case s.cfg.Replay != nil && s.cfg.Replay.Fitted != nil:
		if err := s.replayFitted(ctx, r); err != nil {
			return err
		}
	case s.cfg.Bootstrap > 0:
		if err := s.bootstrap(ctx, r); err != nil {
			return err
		}
	}
	if s.cfg.Clusterboot > 0 {
		return s.clusterboot(ctx, r)
	}
	return nil
}

// across books SLSa and the lines of segments through the sweep.
func (s *runner) across(r *Result) {
	var tables []stability.Table
	for at := 1; at < len(s.solutions); at++ {
		old, now := s.solutions[at-1], s.solutions[at]
		t := stability.Cross(old.Labels, now.Labels, old.K, now.K)
		tables = append(tables, t)
		for c, v := range t.Across() {
			r.K[at].Stability.Segments[c].SLSa = &v
		}
	}
	for at, lines := range stability.Lines(s.solutions[0].K, tables) {
		for c, line := range lines {
			r.K[at].Stability.Segments[c].Line = line
		}
	}
}

// bootRound is the number of pairs after which it is looked whether they are enough.
const bootRound = 10

// pairValues are the values of each pair: by k, and of SLSw also by segment.
type pairValues struct {
	ari, half [][]float64
	slsw      [][][]float64
}

// bootstrap fits pairs of resamples and compares their labelings of the original rows, with each other and with the
// solution of the data. One plan of resamples serves all k. A resample's labels live until its partner is done.
func (s *runner) bootstrap(ctx context.Context, r *Result) error {
	pairs := s.cfg.Bootstrap
	s.progress.Begin("stability", int64(2*pairs*s.bootRestarts()*len(s.cfg.K)), "fits")
	defer s.progress.End()
	v := &pairValues{}
	for at := range r.K {
		v.ari, v.half = append(v.ari, make([]float64, pairs)), append(v.half, make([]float64, pairs))
		v.slsw = append(v.slsw, make([][]float64, s.solutions[at].K))
		for c := range v.slsw[at] {
			v.slsw[at][c] = make([]float64, pairs)
		}
	}
	round := pairs
	if s.cfg.BootSE > 0 {
		round = bootRound
	}
	done := 0
	for done < pairs {
		end := min(done+round, pairs)
		if err := s.pairs(ctx, v, done, end); err != nil {
			return err
		}
		done = end
		if s.cfg.BootSE > 0 && v.enough(done, s.cfg.BootSE) {
			break
		}
	}
	r.Fits += 2 * done * s.bootRestarts() * len(s.cfg.K)
	s.bookPairs(r, v, done)
	return nil
}

// enough reports whether the first pairs tell every mean ARI to a Monte-Carlo standard error of at most se.
func (v *pairValues) enough(done int, se float64) bool {
	var first [][]float64
	for _, ari := range v.ari {
		first = append(first, ari[:done])
	}
	return stability.Enough(first, se)
}

// bootRestarts is 1 where centroids are given, of the fits of resamples or for them to start from.
func (s *runner) bootRestarts() int {
	if rp := s.cfg.Replay; rp != nil && (rp.Starts != nil || rp.Fitted != nil) {
		return 1
	}
	return s.cfg.BootRestarts
}

// pairs fits the pairs from first to end and notes their values.
func (s *runner) pairs(ctx context.Context, v *pairValues, first, end int) error {
	type side struct{ fits, half pool.Fits }
	var twins twins[side]
	var halves sync.Map // by resample, until all its restarts are done
	return s.pool.Run(ctx, 2*(end-first), func(i int) pool.Batch {
		b := 2*first + i
		batch := s.batch(s.cfg.K)
		batch.Seeds = s.seeds(s.cfg.BootRestarts, b+1)
		if s.cfg.Replay == nil && s.cfg.BootScheme == stability.Schemes()[0] && s.in.tied() == 0 {
			stream := stability.MultinomialStream(s.cfg.Seed, b)
			batch.Drawn = &stream
		} else {
			batch.Weights = s.resample(b)
		}
		if rp := s.cfg.Replay; rp != nil && rp.Starts != nil {
			batch.Starts = map[int][]float32{s.cfg.K[0]: s.onGrid(rp.Starts[b/2][b%2])}
		}
		batch.Half = func(fits pool.Fits) {
			halves.Store(b, fits)
		}
		return batch
	}, func(i int, fits pool.Fits) error {
		b := 2*first + i
		this := side{fits: fits}
		if half, ok := halves.LoadAndDelete(b); ok {
			this.half = half.(pool.Fits)
		}
		partner, ok := twins.meet(b, this)
		if !ok {
			return nil
		}
		for at := range s.solutions {
			s.compare(v, at, b/2, this.fits[at], partner.fits[at])
			if this.half != nil {
				x, y := this.half[at], partner.half[at]
				v.half[at][b/2] = stability.Cross(x.Labels, y.Labels, x.K, y.K).ARI()
			}
		}
		return nil
	}, func() { s.progress.Add(1) })
}

// twins brings together what is known of the two sides, 2p and 2p + 1, of each pair p.
type twins[T any] struct {
	mu      sync.Mutex
	waiting map[int]T // by pair
}

// meet returns what is known of the other side of b's pair; where that is not there yet, this side waits for it.
func (t *twins[T]) meet(b int, this T) (other T, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if other, ok = t.waiting[b/2]; ok {
		delete(t.waiting, b/2)
		return other, true
	}
	if t.waiting == nil {
		t.waiting = map[int]T{}
	}
	t.waiting[b/2] = this
	return other, false
}

// resample returns the weights of resample b.
func (s *runner) resample(b int) []uint16 {
	if s.cfg.Replay != nil {
		return s.cfg.Replay.weights(b, s.in.Matrix.N)
	}
	w := stability.Weights(s.cfg.BootScheme, s.cfg.Seed, b, s.in.units())
	if slices.Max(w) == 0 { // Poisson counts of very few rows
		w[0] = 1
	}
	return s.in.byRow(w)
}

// compare notes pair p of one k. Every value is symmetric in a and b, so it does not matter which resample ended first.
func (s *runner) compare(v *pairValues, at, p int, a, b kmeans.Fit) {
	base := s.solutions[at]
	v.ari[at][p] = stability.Cross(a.Labels, b.Labels, a.K, b.K).ARI()
	ja, _ := stability.Cross(base.Labels, a.Labels, base.K, a.K).SegmentJaccard()
	jb, _ := stability.Cross(base.Labels, b.Labels, base.K, b.K).SegmentJaccard()
	for c := range ja {
		v.slsw[at][c][p] = (ja[c] + jb[c]) / 2
	}
}

// bookPairs writes the values of the pairs that were done into r, with what they come to, and warns where the figures
// depend on the number of restarts.
func (s *runner) bookPairs(r *Result, v *pairValues, done int) {
	var matter []*KResult
	var most float64
	for at := range r.K {
		st := r.K[at].Stability
		st.Pairs, st.ARI = done, v.ari[at][:done]
		sum := stability.Summarise(st.ARI)
		st.ARIMean, st.ARIMedian, st.ARIQ1, st.ARIQ3, st.ARIMCSE = &sum.Mean, &sum.Median, &sum.Q1, &sum.Q3, sum.MCSE
		for c := range st.Segments {
			seg := &st.Segments[c]
			seg.SLSw = v.slsw[at][c][:done]
			sum := stability.Summarise(seg.SLSw)
			seg.SLSwMean, seg.SLSwMCSE = &sum.Mean, sum.MCSE
		}
		if s.bootRestarts() < 2 {
			continue
		}
		half := stability.Summarise(v.half[at][:done]).Mean
		st.ARIMeanHalf = &half
		if s.dependsOnRestarts(st.ARI, v.half[at][:done]) {
			matter, most = append(matter, &r.K[at]), max(most, math.Abs(*st.ARIMean-half))
		}
	}
	if s.cfg.Replay == nil && s.cfg.BootRestarts == 1 {
		r.Warnings = append(r.Warnings, "each bootstrap fit has a single start: the mean ARI measures the luck of the optimiser too; 10 restarts are usual")
	}
	if len(matter) > 0 {
		r.Warnings = append(r.Warnings, fmt.Sprintf("%s: %d restarts of each bootstrap fit change the mean ARI by up to %.3f against half of them: it measures the optimiser too, and more restarts would change it",
			listOfK(matter), s.bootRestarts(), most))
	}
}

// restartsMatter is the least change of a mean ARI by half the restarts that is worth a warning.
const restartsMatter = 0.01

// dependsOnRestarts reports whether half the restarts give another mean ARI, by more than chance makes it: what half of
// them changes tells what twice as many would.
func (s *runner) dependsOnRestarts(all, half []float64) bool {
	diff := make([]float64, len(all))
	for i := range diff {
		diff[i] = all[i] - half[i]
	}
	sum := stability.Summarise(diff)
	return sum.MCSE != nil && math.Abs(sum.Mean) > max(restartsMatter, 2**sum.MCSE)
}

// clusterboot books fpc's clusterboot: the Jaccard of each segment with the cluster of a resample that is most like it, on
// the distinct rows of the resample alone.
func (s *runner) clusterboot(ctx context.Context, r *Result) error {
	replicates := s.cfg.Clusterboot
	s.progress.Begin("clusterboot", int64(replicates*s.cfg.BootRestarts*len(s.cfg.K)), "fits")
	defer s.progress.End()
	for at := range r.K {
		for c := range r.K[at].Stability.Segments {
			r.K[at].Stability.Segments[c].Jaccard = make([]float64, replicates)
		}
	}
	note := func(b int, fits pool.Fits, in []uint16) {
		for at, f := range fits {
			base := s.solutions[at]
			for c, v := range stability.ClusterJaccard(base.Labels, f.Labels, base.K, f.K, in) {
				r.K[at].Stability.Segments[c].Jaccard[b] = v
			}
		}
	}
	batch := func(b int) pool.Batch {
		out := s.batch(s.cfg.K)
		out.Seeds = s.streams("clusterboot starts", s.cfg.BootRestarts, b)
		return out
	}
	fit := s.clusterbootRows
	if s.cfg.ClusterbootScheme == "noise" || s.cfg.ClusterbootScheme == "jitter" {
		fit = s.clusterbootValues
	}
	if err := fit(ctx, batch, note); err != nil {
		return err
	}
	for at := range r.K {
		for c := range r.K[at].Stability.Segments {
			seg := &r.K[at].Stability.Segments[c]
			sum := stability.Summarise(seg.Jaccard)
			seg.JaccardMean, seg.JaccardMCSE = &sum.Mean, sum.MCSE
			var dissolved, recovered int
			for _, v := range seg.Jaccard {
				if stability.Dissolved(v) {
					dissolved++
				}
				if stability.Recovered(v) {
					recovered++
				}
			}
			seg.Dissolved, seg.Recovered = &dissolved, &recovered
		}
	}
	r.Fits += replicates * s.cfg.BootRestarts * len(s.cfg.K)
	return nil
}

// clusterbootRows fits replicates that are some of the rows. They are the rows of the resamples of the pairs.
func (s *runner) clusterbootRows(ctx context.Context, batch func(b int) pool.Batch, note func(b int, fits pool.Fits, in []uint16)) error {
	rows := func(b int) []uint16 {
		switch {
		case s.cfg.Replay != nil:
			return stability.Distinct(s.cfg.Replay.weights(b, s.in.Matrix.N))
		case s.cfg.ClusterbootScheme == "subset":
			return s.in.byRow(stability.Subset(s.cfg.Seed, b, s.in.units()))
		}
		return s.in.byRow(stability.Distinct(stability.Multinomial(s.cfg.Seed, b, s.in.units())))
	}
	var drawn sync.Map // by replicate, until it is fitted
	return s.pool.Run(ctx, s.cfg.Clusterboot, func(b int) pool.Batch {
		out := batch(b)
		out.Weights = rows(b)
		drawn.Store(b, out.Weights)
		return out
	}, func(b int, fits pool.Fits) error {
		in, _ := drawn.LoadAndDelete(b)
		note(b, fits, in.([]uint16))
		return nil
	}, func() { s.progress.Add(1) })
}

// clusterbootValues fits replicates whose values are changed.
func (s *runner) clusterbootValues(ctx context.Context, batch func(b int) pool.Batch, note func(b int, fits pool.Fits, in []uint16)) error {
	if s.in.X == nil {
		return &problem.Problem{ID: "SEG-CFG-003", What: fmt.Sprintf("clusterboot by %s for %d rows of %d columns", s.cfg.ClusterbootScheme, s.in.Matrix.N, s.in.Matrix.D),
			Why: fmt.Sprintf("beyond %d values the unrounded ones are not kept", MaxUnrounded), Fix: "use the scheme boot or subset, or a sample of the rows"}
	}
	perturber, err := stability.NewPerturber(ctx, s.in.columnsOfUnits(), s.cfg.Threads)
	if err != nil {
		return err
	}
	return par.Each(ctx, s.cfg.Threads, s.cfg.Clusterboot, func(_, b int) error {
		var in []uint16
		x := [][]float64(nil)
		if s.cfg.ClusterbootScheme == "noise" {
			x, in = perturber.Noise(s.cfg.Seed, b)
		} else {
			x = perturber.Jitter(s.cfg.Seed, b)
		}
		x, in = s.in.columnsByRow(x), s.in.byRow(in)
		grids := make([]tile.Grid, len(x))
		for j, c := range x {
			var err error
			if grids[j], err = tile.FitGrid(c); err != nil {
				return err
			}
		}
		p := s.aside(tile.New(x, grids), 1)
		return p.Run(ctx, 1, func(int) pool.Batch { return batch(b) }, func(_ int, fits pool.Fits) error {
			note(b, fits, in)
			return nil
		}, func() { s.progress.Add(1) })
	})
}
