package sweep

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"

	"segovia/engine/internal/par"
	"segovia/engine/kmeans"
	"segovia/engine/pool"
	"segovia/engine/ports"
	"segovia/engine/validity"
	"segovia/kernels"
	"segovia/kernels/problem"
	"segovia/kernels/rng"
	"segovia/kernels/tile"
)

// AlgorithmVersion names everything that decides labels: grid, distances, streams, seeding, iteration.
const AlgorithmVersion = "v1"

// MaxUnrounded is the number of values up to which statistics are computed from unrounded values instead of the grid's.
const MaxUnrounded = 1 << 26

// Input is a prepared table.
type Input struct {
	Matrix *tile.Matrix // rows in key order
	X      [][]float64  // the same columns, unrounded; not needed above MaxUnrounded values
	Names  []string     // of the columns
	// Sources names the feature that each column comes from, "" = the column is one; nil = all are.
	Sources []string
	Scale   string // how they were scaled, for the record
	// Accounts is each row's account, numbered from 0 without a gap in the order of their keys, where rows are tied: those of one account
	// are equal. nil = each row stands for itself.
	Accounts []int32
}

// Solution is the best clustering for one k, clusters numbered from 0 by size (largest first, ties by lowest key).
type Solution struct {
	K         int
	Labels    []uint8
	Centroids []float32 // K rows in grid units, by number
	// FitOrder lists the numbers in the order in which the fit held its centroids: equal distances go to the earlier one
	// in this order.
	FitOrder []int
	Moments  *validity.Moments
}

// Run sweeps. It returns the result, and the solutions in the order of Result.K, followed by that for k = 1 where it is
// chosen and the sweep does not list it.
//
// Errors are SEG-SEG-001 for a k that is not possible and SEG-SEG-002 for data with fewer than two distinct rows.
func Run(ctx context.Context, in Input, cfg Config, path kernels.Path, progress ports.Progress) (_ *Result, _ []Solution, err error) {
	cfg = cfg.WithDefaults(in.Matrix.N)
	s := &runner{in: in, cfg: cfg, pool: pool.New(in.Matrix, path, cfg.Threads), progress: progress,
		points: points(in), timings: map[string]float64{"fit_s": 0, "silhouette_s": 0, "stability_s": 0, "gap_s": 0, "load_s": 0}}
	defer func() {
		if closed := s.pool.Close(); err == nil {
			err = closed
		}
	}()
	if err := cfg.check(); err != nil {
		return nil, nil, err
	}
	if err := in.check(cfg); err != nil {
		return nil, nil, err
	}
	if err := s.fitMemory(); err != nil {
		return nil, nil, err
	}
	if err := s.possible(); err != nil {
		return nil, nil, err
	}
	if cfg.Replay != nil {
		if err := cfg.Replay.check(s.cfg, in); err != nil {
			return nil, nil, err
		}
	}
	r := &Result{Schema: "segovia:sweep", FormatVersion: 1, N: in.Matrix.N, D: in.Matrix.D,
		Features: in.Names, Seed: cfg.Seed, AlgorithmVersion: AlgorithmVersion, Precision: precision(in),
		Convention: cfg.convention(in, s.restarts()), Warnings: append([]string{}, s.warnings...)}
	if err := s.timed("fit_s", s.fit(ctx, r)); err != nil {
		return nil, nil, err
	}
	if err := s.openDevice(); err != nil {
		return nil, nil, err
	}
	if err := s.timed("silhouette_s", s.silhouettes(ctx, r)); err != nil {
		return nil, nil, err
	}
	if cfg.Bootstrap > 0 || cfg.Clusterboot > 0 {
		if err := s.timed("stability_s", s.stability(ctx, r)); err != nil {
			return nil, nil, err
		}
	}
	if cfg.PredictionStrength > 0 {
		if err := s.timed("prediction_strength_s", s.predictionStrength(ctx, r)); err != nil {
			return nil, nil, err
		}
	}
	if cfg.Gap > 0 {
		if err := s.timed("gap_s", s.gap(ctx, r)); err != nil {
			return nil, nil, err
		}
	}
	r.Elbow = elbow(r, s.solutions[0].Moments.Total)
	s.dudaHart(r)
	if err := choose(r, cfg.Choose); err != nil {
		return nil, nil, err
	}
	s.chooseOne(r)
	s.findNiches(r)
	if cfg.Influence {
		if err := s.timed("influence_s", s.influence(ctx, r)); err != nil {
			return nil, nil, err
		}
	}
	if r.Environment, err = s.environment(); err != nil {
		return nil, nil, err
	}
	return r, s.solutions, nil
}

// aside returns a pool over other points, for a few fits: on the processor, whose work is done before points would be
// anywhere else.
func (s *runner) aside(m *tile.Matrix, threads int) *pool.Pool {
	return pool.New(m, kernels.OnHost(s.pool.Path), threads)
}

// convention names what was asked for, with what follows from it.
func (c Config) convention(in Input, restarts int) Convention {
	pick := func(yes bool, a, b string) string {
		if yes {
			return a
		}
		return b
	}
	return Convention{Scale: in.Scale, Init: c.initName(), Restarts: restarts, MaxIter: c.MaxIter,
		Bootstrap: c.Bootstrap, BootRestart: c.BootRestarts, BootScheme: pick(c.Replay != nil, "replay", c.BootScheme), BootSE: c.BootSE,
		Silhouette: c.Silhouette, Gap: c.Gap, GapSpace: c.GapSpace, GapPower: c.GapPower, GapRows: min(c.GapRows, in.Matrix.N),
		Compat: c.Compat, BestOf: pick(c.byDistance(), "distance", "inertia"), Refined: c.refines(),
		SilhouetteDistance: pick(c.Compat == "spark", "squared euclidean", "euclidean"),
		DaviesBouldin:      pick(c.Compat == "nbclust", "root mean square", "mean distance"),
		Clusterboot:        c.Clusterboot, ClusterbootScheme: c.ClusterbootScheme, PredictionStrength: c.PredictionStrength,
		Replay: c.Replay != nil, Accounts: in.tied()}
}

// byDistance reports whether of the restarts the one with the smallest sum of distances is kept.
func (c Config) byDistance() bool { return c.Compat == "flexclust" }

// refines reports whether the best fits of the data are improved by exchanges.
func (c Config) refines() bool {
	return c.InitCenters == nil && c.Compat != "flexclust" && c.Compat != "sklearn"
}

func (c Config) initName() string {
	switch {
	case c.InitCenters != nil:
		return "given"
	case c.Init == "":
		return "kmeans++"
	}
	return c.Init
}

func precision(in Input) string {
	if in.Matrix.N*in.Matrix.D > MaxUnrounded {
		return "grid"
	}
	return "float64"
}

func points(in Input) *validity.Points {
	if precision(in) == "float64" {
		return validity.FromColumns(in.X)
	}
	return validity.OnGrid(in.Matrix)
}

type runner struct {
	in        Input
	cfg       Config
	pool      *pool.Pool
	points    *validity.Points
	progress  ports.Progress
	solutions []Solution
	warnings  []string
	timings   map[string]float64
	started   time.Time

	columnMean, columnSD []float64 // once they are needed

	deviceErr error // why hardware failed at distances, where the processor went on
}

// timed books the time since the last call under name; err is passed through.
func (s *runner) timed(name string, err error) error {
	now := time.Now()
	if s.started.IsZero() {
		s.started = now
	}
	s.timings[name] = now.Sub(s.started).Seconds()
	s.started = now
	return err
}

// fitMemory makes the pool keep the budget, or says what the least one is.
func (s *runner) fitMemory() error {
	if s.cfg.Memory <= 0 {
		return nil
	}
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	// What is held already, and the labels of every k: the best fits, the solutions made of them, a pair's fits
	// on each thread, and the best ones of half its restarts.
	held := int64(stats.HeapAlloc) + int64(s.in.Matrix.N)*int64(len(s.cfg.K))*int64(2+4*par.Threads(s.cfg.Threads))
	err := s.pool.Fit(s.cfg.Memory - held)
	var little *pool.TooLittleError
	if errors.As(err, &little) {
		const mib = 1 << 20
		return &problem.Problem{ID: "SEG-MEM-001", Err: err,
			What: fmt.Sprintf("the sweep of %d rows of %d columns cannot be done with a memory budget of %d MiB", s.in.Matrix.N, s.in.Matrix.D, s.cfg.Memory/mib),
			Why:  fmt.Sprintf("rows, keys and labels take %d MiB, and fits over them at least %d MiB more", held/mib, (little.Least+mib-1)/mib),
			Fix:  fmt.Sprintf("set --memory %dMiB or more, or use fewer columns or a sample of the rows", (held+little.Least+mib-1)/mib+1)}
	}
	return err
}

// possible checks the list of k against the data, and leaves impossible values of a range out with a warning.
func (s *runner) possible() error {
	s.started = time.Now()
	n, distinct := s.in.Matrix.N, 0
	if n > 0 && s.in.Matrix.D > 0 {
		distinct = s.pool.Data.Distinct(kernels.MaxK + 1)
	}
	if distinct < 2 {
		return &problem.Problem{ID: "SEG-SEG-002", What: fmt.Sprintf("%d rows with %d distinct values cannot be segmented", n, distinct),
			Why: "at least two different customers are needed", Fix: "check filters, window and features"}
	}
	if len(s.cfg.K) == 0 {
		return &problem.Problem{ID: "SEG-SEG-001", What: "no k was given", Fix: "for example --k 2..10"}
	}
	var kept, above []int
	for _, k := range s.cfg.K {
		switch {
		case k < 1 && s.cfg.KFromRange:
			s.warnings = append(s.warnings, fmt.Sprintf("k = %d left out: a solution has at least 1 segment", k))
		case k < 1 || k > kernels.MaxK:
			return &problem.Problem{ID: "SEG-SEG-001", What: fmt.Sprintf("k = %d is not possible", k),
				Why: fmt.Sprintf("k lies between 1 and %d", kernels.MaxK), Fix: "for example --k 2..10"}
		case k <= distinct:
			kept = append(kept, k)
		case !s.cfg.KFromRange:
			return &problem.Problem{ID: "SEG-SEG-001", What: fmt.Sprintf("k = %d is above the number of distinct rows, %d", k, distinct),
				Fix: fmt.Sprintf("choose k of at most %d", distinct)}
		default:
			above = append(above, k)
		}
	}
	if len(kept) == 0 {
		return &problem.Problem{ID: "SEG-SEG-001", What: fmt.Sprintf("every k is above the number of distinct rows, %d", distinct),
			Fix: fmt.Sprintf("choose k of at most %d", distinct)}
	}
	if len(above) > 0 {
		text := fmt.Sprintf("k = %d", slices.Min(above))
		if len(above) > 1 {
			text = fmt.Sprintf("k = %d to %d", slices.Min(above), slices.Max(above))
		}
		s.warnings = append(s.warnings, fmt.Sprintf("%s left out: only %d distinct rows", text, distinct))
	}
	slices.Sort(kept)
	s.cfg.K = slices.Compact(kept)
	return nil
}

func (s *runner) restarts() int {
	if s.cfg.InitCenters != nil {
		return 1
	}
	return s.cfg.Restarts
}

// seeds names the streams of the restarts of one data set: 0 is the data, r + 1 the bootstrap resample r.
func (s *runner) seeds(restarts, dataset int) []rng.Stream {
	purpose := "kmeans++"
	if s.cfg.Init == "random" {
		purpose = "random rows"
	}
	return s.streams(purpose, restarts, dataset)
}

// streams names the streams of the restarts of one data set for a purpose.
func (s *runner) streams(purpose string, restarts, dataset int) []rng.Stream {
	streams := make([]rng.Stream, restarts)
	for r := range streams {
		streams[r] = rng.New(s.cfg.Seed, purpose, r, dataset)
	}
	return streams
}

// fit finds the best clustering of the data for each k.
func (s *runner) fit(ctx context.Context, r *Result) error {
	batch := s.batch(s.cfg.K)
	batches := s.restarts()
	if s.cfg.InitCenters != nil {
		starts, err := s.starts()
		if err != nil {
			return err
		}
		batch.Starts = starts
	}
	batch.Seeds = s.seeds(batches, 0)
	s.progress.Begin("sweep", int64(batches*len(s.cfg.K)), "fits")
	defer s.progress.End()
	bests, err := s.pool.Best(ctx, batch, func() { s.progress.Add(1) })
	if err != nil {
		return err
	}
	if s.cfg.refines() {
		if bests, err = s.pool.Refine(ctx, bests, s.cfg.MaxIter); err != nil {
			return err
		}
	}
	for at, k := range s.cfg.K {
		best := bests[at]
		if !best.Converged {
			r.Warnings = append(r.Warnings, fmt.Sprintf("k = %d did not converge within %d iterations", k, s.cfg.MaxIter))
		}
		solution := s.number(best)
		s.solutions = append(s.solutions, solution)
		m := solution.Moments
		result := KResult{K: k, Inertia: m.Inertia(), Sizes: m.Size, Restarts: batches, Iterations: best.Iterations,
			Converged: best.Converged, SegmentSilhouette: []float64{}, PredictionStrengths: []float64{}}
		if ch, ok := m.CalinskiHarabasz(); ok {
			result.CalinskiHarabasz = &ch
		}
		daviesBouldin := m.DaviesBouldin
		if s.cfg.Compat == "nbclust" {
			daviesBouldin = m.DaviesBouldinRMS
		}
		if db, ok := daviesBouldin(); ok {
			result.DaviesBouldin = &db
		}
		r.K = append(r.K, result)
		r.Fits += batches
	}
	if s.cfg.K[0] > 1 {
		r.OneSegment = &KResult{K: 1, Inertia: s.solutions[0].Moments.Total, Sizes: []int{s.in.Matrix.N}, Converged: true,
			SegmentSilhouette: []float64{}, PredictionStrengths: []float64{}}
	}
	return nil
}

// batch is what all batches over these k share.
func (s *runner) batch(ks []int) pool.Batch {
	return pool.Batch{K: ks, Random: s.cfg.Init == "random", Alike: s.cfg.Compat == "flexclust", MaxIter: s.cfg.MaxIter, ByDistance: s.cfg.byDistance()}
}

// chooseOne adds the solution for k = 1 where it is chosen and the sweep has none.
func (s *runner) chooseOne(r *Result) {
	if r.OneSegment == nil || r.Chosen.K == nil || *r.Chosen.K != 1 {
		return
	}
	d := s.in.Matrix.D
	labels := make([]uint8, s.in.Matrix.N)
	m := validity.MomentsOf(s.points, labels, 1)
	centroid := make([]float32, d)
	for j, v := range m.Mean {
		centroid[j] = float32(v - s.in.Matrix.Grids[j].Offset)
	}
	s.solutions = append(s.solutions, Solution{K: 1, Labels: labels, Centroids: centroid, FitOrder: []int{0}, Moments: m})
}

// starts turns the given centroids into grid units.
func (s *runner) starts() (map[int][]float32, error) {
	starts := map[int][]float32{}
	for _, k := range s.cfg.K {
		rows, ok := s.cfg.InitCenters[k]
		if !ok || len(rows) != k {
			return nil, &problem.Problem{ID: "SEG-SEG-001", What: fmt.Sprintf("%d initial centroids are given for k = %d", len(rows), k),
				Fix: "give k rows for each k of the sweep"}
		}
		for _, row := range rows {
			if len(row) != s.in.Matrix.D {
				return nil, &problem.Problem{ID: "SEG-SEG-001", What: fmt.Sprintf("an initial centroid for k = %d has %d values", k, len(row)),
					Why: fmt.Sprintf("the data have %d columns", s.in.Matrix.D), Fix: "give one value per column"}
			}
			for j, x := range row {
				starts[k] = append(starts[k], float32(x-s.in.Matrix.Grids[j].Offset))
			}
		}
	}
	return starts, nil
}

// number turns a fit into a solution numbered by size.
func (s *runner) number(f kmeans.Fit) Solution {
	d := s.in.Matrix.D
	number := kmeans.Number(f.Labels, f.K)
	solution := Solution{K: f.K, Labels: make([]uint8, len(f.Labels)), Centroids: make([]float32, f.K*d), FitOrder: number}
	for i, l := range f.Labels {
		solution.Labels[i] = uint8(number[l])
	}
	for c, to := range number {
		copy(solution.Centroids[to*d:(to+1)*d], f.Centroids[c*d:(c+1)*d])
	}
	solution.Moments = validity.MomentsOf(s.points, solution.Labels, f.K)
	return solution
}

func (s *runner) silhouettes(ctx context.Context, r *Result) error {
	var partitions []validity.Partition
	var moments []*validity.Moments
	for _, solution := range s.solutions {
		partitions = append(partitions, validity.Partition{K: solution.K, Labels: solution.Labels})
		moments = append(moments, solution.Moments)
	}
	begin := func(rows int) func(int) {
		s.progress.Begin("silhouette", int64(rows), "rows")
		return func(n int) { s.progress.Add(int64(n)) }
	}
	named, err := validity.SilhouettesNamed(ctx, s.points, moments, partitions, s.cfg.Silhouette, s.cfg.Seed, s.cfg.Threads, begin)
	s.progress.End()
	if err != nil {
		return err
	}
	for i, v := range named {
		k := &r.K[i]
		k.Silhouette, k.SilhouetteSE, k.SilhouetteSimplified = v.Mean, v.SE, v.Simplified
		if v.Segment != nil {
			k.SegmentSilhouette = v.Segment
		}
		if k.K > 1 && s.cfg.Silhouette != "none" {
			mean, segment := validity.SilhouetteSquared(s.points, moments[i], partitions[i].Labels)
			k.SilhouetteSquared = &mean
			if s.cfg.Compat == "spark" {
				k.Silhouette, k.SilhouetteSE, k.SegmentSilhouette = &mean, nil, segment
			}
		}
	}
	if s.cfg.Silhouette != "exact" {
		return nil
	}
	dunn, err := validity.Dunn(ctx, s.points, partitions, s.cfg.Threads, nil)
	for i, v := range dunn {
		if !math.IsNaN(v) {
			r.K[i].Dunn = &dunn[i]
		}
	}
	return err
}

// elbow finds the knee of the inertia curve over the k as given, and over those with k = 1 where 2 follows it.
func elbow(r *Result, total float64) (e Elbow) {
	var x, y []float64
	for _, k := range r.K {
		x, y = append(x, float64(k.K)), append(y, k.Inertia)
	}
	if at, ok := validity.Elbow(x, y); ok {
		e.K = &r.K[at].K
	}
	switch r.K[0].K {
	case 1:
		e.KFromOne = e.K
	case 2:
		if at, ok := validity.Elbow(append([]float64{1}, x...), append([]float64{total}, y...)); ok {
			e.KFromOne = &r.K[at-1].K
		}
	}
	return e
}
