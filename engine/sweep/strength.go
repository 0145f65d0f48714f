package sweep

import (
	"context"

	"segovia/engine/pool"
	"segovia/engine/stability"
)

// predictionStrength books the prediction strength (Tibshirani and Walther 2005, as R's fpc): the rows are split at random
// into halves, each is clustered, and for each cluster of one half it is counted how many of its pairs of rows the
// centroids of the other half keep together. The weakest cluster counts, averaged over both halves and all splits.
func (s *runner) predictionStrength(ctx context.Context, r *Result) error {
	splits, n := s.cfg.PredictionStrength, s.in.units()
	s.progress.Begin("prediction strength", int64(2*splits*s.cfg.BootRestarts*len(s.cfg.K)), "fits")
	defer s.progress.End()
	for at := range r.K {
		r.K[at].PredictionStrengths = make([]float64, splits)
	}
	var twins twins[pool.Fits]
	err := s.pool.Run(ctx, 2*splits, func(b int) pool.Batch {
		batch := s.batch(s.cfg.K)
		first, second := stability.Halves(s.cfg.Seed, b/2, n)
		batch.Weights = s.in.byRow(first)
		if b%2 == 1 {
			batch.Weights = s.in.byRow(second)
		}
		batch.Seeds = s.streams("prediction strength starts", s.cfg.BootRestarts, b)
		return batch
	}, func(b int, fits pool.Fits) error {
		other, ok := twins.meet(b, fits)
		if !ok {
			return nil
		}
		own, others := stability.Halves(s.cfg.Seed, b/2, n)
		own, others = s.in.byRow(own), s.in.byRow(others)
		if b%2 == 1 {
			own, others = others, own
		}
		for at := range r.K {
			x, y := fits[at], other[at]
			r.K[at].PredictionStrengths[b/2] = (stability.CrossWhere(x.Labels, y.Labels, x.K, y.K, own).PairsKept() +
				stability.CrossWhere(y.Labels, x.Labels, y.K, x.K, others).PairsKept()) / 2
		}
		return nil
	}, func() { s.progress.Add(1) })
	if err != nil {
		return err
	}
	choice := 1
	for at := range r.K {
		k := &r.K[at]
		sum := stability.Summarise(k.PredictionStrengths)
		k.PredictionStrength, k.PredictionStrengthSE = &sum.Mean, sum.MCSE
		if sum.Mean > strengthCutoff {
			choice = max(choice, k.K)
		}
	}
	r.PredictionStrengthChoice = &choice
	r.Fits += 2 * splits * s.cfg.BootRestarts * len(s.cfg.K)
	return nil
}
