package sweep

import (
	"context"
	"slices"

	"segovia/engine/internal/par"
	"segovia/engine/stability"
	"segovia/engine/validity"
	"segovia/kernels/rng"
)

// influenceRows is the number of rows, a random sample where there are more, on which features are left out: one at a
// time, they take as many fits as there are features times restarts.
const influenceRows = 100_000

// influence books what becomes of the chosen solution without each feature: the average proportion of non-overlap and the
// figure of merit of R's clValid, and the Jaccard of each segment, so that a segment that hangs on one feature is seen. A
// feature of several columns, as one-hot encoding makes them, is left out with all of them.
func (s *runner) influence(ctx context.Context, r *Result) error {
	features, columns := s.features()
	if len(features) < 2 || r.Chosen.K == nil || *r.Chosen.K < 2 {
		return nil
	}
	at := slices.IndexFunc(s.solutions, func(x Solution) bool { return x.K == *r.Chosen.K })
	full := s.solutions[at]
	var rows []int
	points, labels := s.points, full.Labels
	if n := s.in.Matrix.N; n > influenceRows {
		rows = rng.New(s.cfg.Seed, "influence rows", 0, 0).Sample(n, influenceRows)
		points, labels = points.Pick(rows), make([]uint8, len(rows))
		for to, i := range rows {
			labels[to] = full.Labels[i]
		}
	}
	out := &Influence{K: full.K, Rows: points.N, Features: make([]FeatureInfluence, len(features))}
	s.progress.Begin("influence", int64(len(features)*s.cfg.Restarts), "fits")
	defer s.progress.End()
	err := par.Each(ctx, s.cfg.Threads, len(features), func(_, f int) error {
		var rest []int
		for j := range s.in.Matrix.D {
			if !slices.Contains(columns[f], j) {
				rest = append(rest, j)
			}
		}
		p := s.aside(s.in.Matrix.Pick(rows, rest), 1)
		batch := s.batch([]int{full.K})
		batch.Seeds = s.streams("influence starts", s.cfg.Restarts, f)
		bests, err := p.Best(ctx, batch, func() { s.progress.Add(1) })
		if err != nil {
			return err
		}
		if s.cfg.refines() {
			if bests, err = p.Refine(ctx, bests, s.cfg.MaxIter); err != nil {
				return err
			}
		}
		fit := bests[0]
		t := stability.Cross(labels, fit.Labels, full.K, fit.K)
		jaccard, _ := t.SegmentJaccard()
		out.Features[f] = FeatureInfluence{Feature: features[f], APN: t.APN(), ARI: t.ARI(), Jaccard: jaccard}
		if fom := validity.FigureOfMerit(columnsOf(points, columns[f]), fit.Labels, fit.K); fom == fom {
			out.Features[f].FOM = &fom
		}
		return nil
	})
	r.Influence, r.Fits = out, r.Fits+len(features)*s.cfg.Restarts
	return err
}

// features returns the names of the features in order, and the columns that each is made of.
func (s *runner) features() (names []string, columns [][]int) {
	for j, name := range s.in.Names {
		if s.in.Sources != nil && s.in.Sources[j] != "" {
			name = s.in.Sources[j]
		}
		at := slices.Index(names, name)
		if at < 0 {
			at = len(names)
			names, columns = append(names, name), append(columns, nil)
		}
		columns[at] = append(columns[at], j)
	}
	return names, columns
}

// columnsOf returns some columns of the points.
func columnsOf(p *validity.Points, columns []int) [][]float64 {
	out := make([][]float64, len(columns))
	buf := make([]float64, p.D)
	for i := range p.N {
		row := p.Row(buf, i)
		for at, j := range columns {
			out[at] = append(out[at], row[j])
		}
	}
	return out
}
