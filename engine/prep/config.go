// Package prep turns the feature table into the matrix that is clustered: non-finite policy, imputation, clipping,
// transforms, scaling, one-hot, weights, correlation pruning, principal components, and last the grid of the numeric
// contract. It is fitted once and frozen; applying a model never refits it.
//
// What comes out has the same bits on every build and with every number of threads: functions and sums are those of
// engine/internal/exact, principal components are found by rotations in a fixed order.
//
// # How much a feature counts
//
// A number that is scaled by z-scores has variance 1. A category becomes one 0/1 column per level, and all of them are
// divided by sqrt(1 - sum of p^2), p the levels' shares, which is the root of their joint variance: so a category as a
// whole has variance 1 too, and one with two levels lies exactly as a yes/no column does. With minmax and none, the 0/1
// columns are divided by sqrt(2), so that two customers of different levels are one unit apart, as yes and no are.
// With robust, yes/no columns, categories and numbers of which more than half are equal have no usable interquartile
// range; they are given the one that a normal distribution of their standard deviation has.
//
// A weight multiplies a column, so that squared distances grow with its square. The members of a group are divided by the
// root of their number (of those that are left after pruning), so the group's squares sum up to those of one feature.
package prep

// Config says how features become columns of the matrix. Its zero value means: error on non-finite values, impute the
// median, no clipping, no transform, z-scores.
type Config struct {
	NonFinite string // "error" (default) or "missing"
	Impute    string // "median" (default), "mean", "zero", "none" (an error names the columns with missing values)
	// Indicate adds a 0/1 column name_missing where more than this share of a feature is missing; 0 = never.
	Indicate float64
	// Clip are quantiles (type 7), for example {0.005, 0.995}; {0, 0} = no clipping. Columns of 0 and 1 are never clipped.
	Clip [2]float64
	// Transform by feature: "log1p" and "sqrt" (an error where a value is negative), "signed-log1p" (sign(x) log1p(|x|)),
	// "none", "auto" (log1p where the skew is above 1 and no value is negative); "*" for all others but 0/1 columns.
	Transform map[string]string
	Scale     string // "zscore" (default, denominator n), "zscore-sample" (n - 1), "robust" (median, interquartile range), "minmax", "none"
	// Encode by feature: "one_hot" (default for categories), "ordinal" (the rank of the level, from 0), "number" (default
	// for numbers).
	Encode map[string]string
	// Order gives the levels of ordinal features, lowest first; without it levels are ordered as text in which runs of
	// digits compare as numbers.
	Order       map[string][]string
	OneHot      OneHot
	Weights     map[string]float64  // by feature or group name; default 1; 0 leaves the feature out
	Groups      map[string][]string // a group counts as much as one feature: each member's weight is divided by sqrt(size)
	Correlation float64             // drop the later of two columns whose |correlation| is above this; 0 = keep all
	PCA         PCA
	Features    []string // names to use, in order; empty = all that are not profile-only
	Threads     int      // 0 = all; changes no result
	// Consume lets go of each column of the table as soon as it is prepared: for tables so large that both do not fit.
	Consume bool
}

// OneHot says how categories become columns.
type OneHot struct {
	MinLevel  float64 // levels rarer than this share are merged into "other"; 0 = 0.01
	MaxLevels int     // more levels than this, after merging, is SEG-FEA-003; 0 = 64
	MaxRaw    int     // more levels than this before merging is SEG-FEA-003; 0 = 10000
}

// PCA replaces the columns by principal components. With both limits set, the fewer components are kept.
type PCA struct {
	Variance   float64 // keep components up to this share of the variance; 0 = off
	Components int     // or this number; 0 = off
}

// defaults returns c with the defaults that zero values stand for.
func (c Config) defaults() Config {
	or := func(s *string, d string) {
		if *s == "" {
			*s = d
		}
	}
	or(&c.NonFinite, "error")
	or(&c.Impute, "median")
	or(&c.Scale, "zscore")
	if c.OneHot.MinLevel == 0 {
		c.OneHot.MinLevel = 0.01
	}
	if c.OneHot.MaxLevels == 0 {
		c.OneHot.MaxLevels = 64
	}
	if c.OneHot.MaxRaw == 0 {
		c.OneHot.MaxRaw = 10000
	}
	return c
}
