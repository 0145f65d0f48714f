package sweep

import (
	"context"
	"fmt"
	"math"
	"slices"

	"segovia/engine/internal/exact"
	"segovia/engine/internal/par"
	"segovia/engine/pool"
	"segovia/engine/validity"
	"segovia/kernels/problem"
	"segovia/kernels/rng"
	"segovia/kernels/tile"
)

// checkGap returns a SEG-CFG-003 for a gap statistic that cannot be computed.
func (c Config) checkGap() error {
	wrong := func(what, why, fix string) error {
		return &problem.Problem{ID: "SEG-CFG-003", What: what, Why: why, Fix: fix}
	}
	switch {
	case c.Gap < 0 || c.Gap == 1:
		return wrong(fmt.Sprintf("%d reference sets of the gap statistic", c.Gap), "the standard error needs at least two", "use 50, or 0 for none")
	case c.GapSpace != "pca" && c.GapSpace != "original":
		return wrong(fmt.Sprintf("the space %q of the gap's references is not known", c.GapSpace), "", "use pca or original")
	case c.GapPower != 1 && c.GapPower != 2:
		return wrong(fmt.Sprintf("the power %d of the gap's distances is not known", c.GapPower), "", "use 2, or 1 as in R's clusGap")
	}
	return nil
}

// gap books the gap statistic: the log dispersion of each k against that of reference sets without structure, which are
// fitted with as many restarts as the data. k = 1 takes part in the rules also where the sweep leaves it out. A k whose
// dispersion is zero somewhere, as when there are as many clusters as rows, has no gap and no part in the rules.
func (s *runner) gap(ctx context.Context, r *Result) error {
	ks := s.cfg.K
	if ks[0] > 1 {
		ks = slices.Insert(slices.Clone(ks), 0, 1)
	}
	box, err := validity.ReferenceBox(ctx, s.points, s.cfg.GapSpace == "pca", s.cfg.Threads)
	if err != nil {
		return err
	}
	data, err := s.dispersion(ctx, ks)
	if err != nil {
		return err
	}
	s.progress.Begin("gap", int64(s.cfg.Gap*s.restarts()*len(ks)), "fits")
	defer s.progress.End()
	references := make([][]float64, len(ks)) // log dispersion by k and reference set
	for at := range references {
		references[at] = make([]float64, s.cfg.Gap)
	}
	err = par.Each(ctx, s.cfg.Threads, s.cfg.Gap, func(_, b int) error {
		m := validity.Reference(box, s.in.Matrix.N, s.cfg.Seed, b)
		fits, err := s.fitReference(ctx, m, b, ks)
		if err != nil {
			return err
		}
		w, err := s.referenceDispersion(ctx, m, fits)
		for at, v := range w {
			references[at][b] = exact.Log(v)
		}
		return err
	})
	if err != nil {
		return err
	}
	r.Fits += s.cfg.Gap * s.restarts() * len(ks)
	s.bookGap(r, ks, data, references)
	return nil
}

// refineRows is the number of rows up to which the fits of references are refined as those of the data are: else the
// references' dispersion, and with it the gap, would be too large, by 0.01 at 150 rows and 10 restarts (k = 2..15, 10
// columns), three times the standard error of a mean of 100. At 10,000 rows it is 0.00002, where one reference differs from
// the next by 0.004, and refining would take as long as fitting.
const refineRows = 10_000

// fitReference returns the best fit of one reference set for each k.
func (s *runner) fitReference(ctx context.Context, m *tile.Matrix, b int, ks []int) (pool.Fits, error) {
	batch := pool.Batch{K: ks, Random: s.cfg.Init == "random", MaxIter: s.cfg.MaxIter}
	for r := range s.restarts() {
		batch.Seeds = append(batch.Seeds, rng.New(s.cfg.Seed, "gap starts", r, b))
	}
	p := pool.New(m, s.pool.Path, 1)
	var best pool.Fits
	err := p.Run(ctx, 1, func(int) pool.Batch { return batch }, func(_ int, fits pool.Fits) error { best = fits; return nil },
		func() { s.progress.Add(1) })
	if err != nil || s.cfg.InitCenters != nil || m.N > refineRows {
		return best, err
	}
	return p.Refine(ctx, best, s.cfg.MaxIter)
}

// dispersion returns W of the data for each k, from unrounded values.
func (s *runner) dispersion(ctx context.Context, ks []int) ([]float64, error) {
	one := validity.Partition{K: 1, Labels: make([]uint8, s.points.N)}
	var partitions []validity.Partition
	var w []float64
	if len(ks) > len(s.solutions) {
		partitions = append(partitions, one)
		w = append(w, s.solutions[0].Moments.Total/2)
	}
	for _, solution := range s.solutions {
		partitions = append(partitions, validity.Partition{K: solution.K, Labels: solution.Labels})
		w = append(w, solution.Moments.Inertia()/2)
	}
	if s.cfg.GapPower == 1 {
		return validity.WithinDistances(ctx, s.points, partitions, s.cfg.Threads, nil)
	}
	return w, nil
}

// referenceDispersion returns W of the fits of one reference set.
func (s *runner) referenceDispersion(ctx context.Context, m *tile.Matrix, fits pool.Fits) ([]float64, error) {
	var partitions []validity.Partition
	var w []float64
	for _, f := range fits {
		partitions = append(partitions, validity.Partition{K: f.K, Labels: f.Labels})
		inertia, _ := f.Estimate()
		w = append(w, inertia/2)
	}
	if s.cfg.GapPower == 1 {
		return validity.WithinDistances(ctx, validity.OnGrid(m), partitions, 1, nil)
	}
	return w, nil
}

// bookGap writes log W, gap and standard error of each k, and what the rules choose.
func (s *runner) bookGap(r *Result, ks []int, data []float64, references [][]float64) {
	finite := func(v float64) bool { return !math.IsInf(v, 0) && v == v }
	var among []int
	var gaps, ses []float64
	for at, k := range ks {
		logW := exact.Log(data[at])
		gap, se := validity.Gap(logW, references[at])
		var result *KResult
		if i := at - (len(ks) - len(r.K)); i >= 0 {
			result = &r.K[i]
		}
		if result != nil && finite(logW) {
			result.LogW = &logW
		}
		if !finite(gap) || !finite(se) {
			continue
		}
		if result != nil {
			result.Gap, result.GapSE = &gap, &se
		}
		among, gaps, ses = append(among, k), append(gaps, gap), append(ses, se)
	}
	if len(among) == 0 {
		return
	}
	c := validity.SERules(gaps, ses, 1)
	r.GapChoice = &GapChoice{FirstSEmax: among[c.FirstSEmax], Tibs2001SEmax: among[c.Tibs2001SEmax], GlobalSEmax: among[c.GlobalSEmax],
		FirstMax: among[c.FirstMax], GlobalMax: among[c.GlobalMax]}
}
