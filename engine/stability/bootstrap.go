package stability

import (
	"math"
	"slices"

	"segovia/engine/internal/exact"
	"segovia/kernels/rng"
)

// Multinomial returns the weights of one bootstrap resample: n rows drawn with replacement out of n, as how often each was
// drawn. Resample r of seed is the same for every k, restart and algorithm.
func Multinomial(seed uint64, resample, n int) []uint16 {
	s := rng.New(seed, "bootstrap", 0, resample)
	weights := make([]uint16, n)
	for t := range uint64(n) {
		weights[s.Below(uint64(n), 0, t)]++
	}
	return weights
}

// Summary is what is reported of a list of bootstrap values.
type Summary struct {
	Mean, Q1, Median, Q3 float64  // quartiles type 7
	MCSE                 *float64 // Monte-Carlo standard error: sample sd / sqrt(count); nil for fewer than two values
}

// Summarise returns the summary of at least one value.
func Summarise(values []float64) Summary {
	sorted := slices.Sorted(slices.Values(values))
	s := Summary{Q1: exact.Quantile(sorted, .25), Median: exact.Quantile(sorted, .5), Q3: exact.Quantile(sorted, .75)}
	mean, sd := exact.SD(values, true)
	s.Mean = mean
	if len(values) > 1 {
		se := sd / math.Sqrt(float64(len(values)))
		s.MCSE = &se
	}
	return s
}
