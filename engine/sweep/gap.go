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

// gapRows is the number of rows that the gap statistic is of unless another one is given. References have no structure, so
// fits of them converge slowly: 50 of 10,000 rows and 10 columns, 10 restarts and k = 1..10 take 25 s on two cores
// (BenchmarkGap), and the standard deviation of their log W is 0.004, by which sampling blurs the gap about as much.
const gapRows = 10_000

// gapData is what the gap statistic is of: all rows with their solutions, or a random sample that is clustered anew.
type gapData struct {
	matrix   *tile.Matrix
	points   *validity.Points
	accounts []int32   // of tied rows
	w        []float64 // dispersion for each k
}

// reference returns reference set b: rows without structure, tied as the data are.
func (d gapData) reference(box []float64, seed uint64, b int) *tile.Matrix {
	in := Input{Matrix: d.matrix, Accounts: d.accounts}
	m := validity.Reference(box, in.units(), seed, b)
	if d.accounts == nil {
		return m
	}
	rows := make([]int, len(d.accounts))
	for i, a := range d.accounts {
		rows[i] = int(a)
	}
	return m.Pick(rows, nil)
}

// gap books the gap statistic: the log dispersion of each k against that of reference sets without structure, which are
// fitted with as many restarts as the data. k = 1 takes part in the rules also where the sweep leaves it out. A k whose
// dispersion is zero somewhere, as when there are as many clusters as rows, has no gap and no part in the rules.
func (s *runner) gap(ctx context.Context, r *Result) error {
	ks := s.cfg.K
	if ks[0] > 1 {
		ks = slices.Insert(slices.Clone(ks), 0, 1)
	}
	s.progress.Begin("gap", int64(s.cfg.Gap*s.restarts()*len(ks)), "fits")
	defer s.progress.End()
	data, err := s.gapData(ctx, r, ks)
	if err != nil {
		return err
	}
	box, err := validity.ReferenceBox(ctx, data.points, s.cfg.GapSpace == "pca", s.cfg.Threads)
	if err != nil {
		return err
	}
	references := make([][]float64, len(ks)) // log dispersion by k and reference set
	for at := range references {
		references[at] = make([]float64, s.cfg.Gap)
	}
	err = par.Each(ctx, s.cfg.Threads, s.cfg.Gap, func(_, b int) error {
		m := data.reference(box, s.cfg.Seed, b)
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
	s.bookGap(r, ks, data.w, references)
	return nil
}

// gapData returns all rows, or a sample of them, with the dispersion of their best clusterings.
func (s *runner) gapData(ctx context.Context, r *Result, ks []int) (gapData, error) {
	m := s.in.Matrix
	if m.N <= s.cfg.GapRows {
		w, err := s.dispersion(ctx, s.points, s.solutions, ks)
		return gapData{m, s.points, s.in.Accounts, w}, err
	}
	rows, accounts := s.in.sample(rng.New(s.cfg.Seed, "gap rows", 0, 0), s.cfg.GapRows)
	data := gapData{matrix: m.Pick(rows, nil), points: s.points.Pick(rows), accounts: accounts}
	sample := &runner{in: Input{Matrix: data.matrix}, cfg: s.cfg, pool: s.aside(data.matrix, s.cfg.Threads), points: data.points}
	if distinct := sample.pool.Data.Distinct(ks[len(ks)-1]); distinct < ks[len(ks)-1] {
		return data, &problem.Problem{ID: "SEG-SEG-001", What: fmt.Sprintf("the sample of %d rows that the gap statistic is of has only %d distinct rows", len(rows), distinct),
			Why: fmt.Sprintf("the sweep goes to k = %d", ks[len(ks)-1]), Fix: "set gap-rows higher, or gap to 0"}
	}
	batch := sample.batch(s.cfg.K)
	batch.Seeds = sample.seeds(s.restarts(), 0)
	if s.cfg.InitCenters != nil {
		var err error
		if batch.Starts, err = s.starts(); err != nil {
			return data, err
		}
	}
	bests, err := sample.pool.Best(ctx, batch, nil)
	if err == nil && s.cfg.refines() {
		bests, err = sample.pool.Refine(ctx, bests, s.cfg.MaxIter)
	}
	if err != nil {
		return data, err
	}
	for _, f := range bests {
		sample.solutions = append(sample.solutions, sample.number(f))
	}
	r.Fits += s.restarts() * len(s.cfg.K)
	data.w, err = s.dispersion(ctx, data.points, sample.solutions, ks)
	return data, err
}

// refineRows is the number of rows up to which the fits of references are refined as those of the data are: else the
// references' dispersion, and with it the gap, would be too large, by 0.01 at 150 rows and 10 restarts (k = 2..15, 10
// columns), three times the standard error of a mean of 100. At 10,000 rows it is 0.00002, where one reference differs from
// the next by 0.004, and refining would take as long as fitting.
const refineRows = 10_000

// fitReference returns the best fit of one reference set for each k.
func (s *runner) fitReference(ctx context.Context, m *tile.Matrix, b int, ks []int) (pool.Fits, error) {
	batch := s.batch(ks)
	batch.Seeds = s.streams("gap starts", s.restarts(), b)
	p := s.aside(m, 1)
	var best pool.Fits
	err := p.Run(ctx, 1, func(int) pool.Batch { return batch }, func(_ int, fits pool.Fits) error { best = fits; return nil },
		func() { s.progress.Add(1) })
	if err != nil || !s.cfg.refines() || m.N > refineRows {
		return best, err
	}
	return p.Refine(ctx, best, s.cfg.MaxIter)
}

// dispersion returns W of solutions for each k, from unrounded values.
func (s *runner) dispersion(ctx context.Context, points *validity.Points, solutions []Solution, ks []int) ([]float64, error) {
	one := validity.Partition{K: 1, Labels: make([]uint8, points.N)}
	var partitions []validity.Partition
	var w []float64
	if len(ks) > len(solutions) {
		partitions = append(partitions, one)
		w = append(w, solutions[0].Moments.Total/2)
	}
	for _, solution := range solutions {
		partitions = append(partitions, validity.Partition{K: solution.K, Labels: solution.Labels})
		w = append(w, solution.Moments.Inertia()/2)
	}
	if s.cfg.GapPower == 1 {
		return validity.WithinDistances(ctx, points, partitions, s.cfg.Threads, nil)
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
		points := validity.OnGrid(m)
		points.Device = s.points.Device
		return validity.WithinDistances(ctx, points, partitions, 1, nil)
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
		result := r.OneSegment
		if i := at - (len(ks) - len(r.K)); i >= 0 {
			result = &r.K[i]
		}
		if finite(logW) {
			result.LogW = &logW
		}
		if !finite(gap) || !finite(se) {
			continue
		}
		result.Gap, result.GapSE = &gap, &se
		among, gaps, ses = append(among, k), append(gaps, gap), append(ses, se)
	}
	if len(among) == 0 {
		return
	}
	c := validity.SERules(gaps, ses, 1)
	r.GapChoice = &GapChoice{FirstSEmax: among[c.FirstSEmax], Tibs2001SEmax: among[c.Tibs2001SEmax], GlobalSEmax: among[c.GlobalSEmax],
		FirstMax: among[c.FirstMax], GlobalMax: among[c.GlobalMax]}
}
