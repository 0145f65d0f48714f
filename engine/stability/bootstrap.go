package stability

import (
	"math"
	"slices"

	"segovia/engine/internal/exact"
)

// Summary is what is reported of a list of bootstrap values.
type Summary struct {
	Mean, Q1, Median, Q3 float64  // quartiles type 7
	MCSE                 *float64 // Monte-Carlo standard error: sample sd / sqrt(count); nil for fewer than two values
}

// Summarise returns the summary of at least one value.
func Summarise(values []float64) Summary {
	sorted := slices.Sorted(slices.Values(values))
	s := Summary{Q1: exact.Quantile(sorted, .25), Median: exact.Quantile(sorted, .5), Q3: exact.Quantile(sorted, .75)}
	s.Mean, s.MCSE = meanMCSE(values)
	return s
}

// meanMCSE returns the mean and its Monte-Carlo standard error.
func meanMCSE(values []float64) (mean float64, se *float64) {
	mean, sd := exact.SD(values, true)
	if len(values) > 1 {
		v := sd / math.Sqrt(float64(len(values)))
		se = &v
	}
	return mean, se
}

// Enough reports whether bootstrapping can stop: the values of every k are at least two, and their Monte-Carlo standard
// error is at most se. Values that all agree have one of 0, so the caller sets the least number of them.
func Enough(values [][]float64, se float64) bool {
	return !slices.ContainsFunc(values, func(of []float64) bool {
		_, mcse := meanMCSE(of)
		return mcse == nil || *mcse > se
	})
}
