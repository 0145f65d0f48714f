// Package prep turns the feature table into the matrix that is clustered: non-finite policy, imputation, clipping,
// transforms, scaling, one-hot, weights, correlation pruning, principal components, and last the grid of the numeric
// contract. It is fitted once and frozen; applying a model never refits it.
package prep

// Config says how features become columns of the matrix. Its zero value means: error on non-finite values, impute the
// median, no clipping, no transform, z-scores.
type Config struct {
	NonFinite string // "error" (default) or "missing"
	Impute    string // "median" (default), "mean", "zero", "none" (an error names the columns with missing values)
	// Indicate adds a 0/1 column name_missing where more than this share of a feature is missing; 0 = never.
	Indicate    float64
	Clip        [2]float64        // quantiles (type 7), for example {0.005, 0.995}; {0, 0} = no clipping
	Transform   map[string]string // by feature: "log1p", "sqrt", "none"; "*" for all others; "auto" = log1p where the skew is above 1 and no value is negative
	Scale       string            // "zscore" (default, denominator n), "zscore-sample", "robust", "minmax", "none"
	OneHot      OneHot
	Weights     map[string]float64  // by feature or group name; default 1
	Groups      map[string][]string // a group counts as much as one feature: each member's weight is divided by sqrt(size)
	Correlation float64             // drop the later of two columns whose |correlation| is above this; 0 = keep all
	PCA         PCA
	Features    []string // names to use, in order; empty = all that are not profile-only
}

// OneHot says how categories become columns.
type OneHot struct {
	MinLevel  float64 // levels rarer than this share are merged into "other"; 0 = 0.01
	MaxLevels int     // more levels than this, after merging, is SEG-FEA-003; 0 = 64
	MaxRaw    int     // more levels than this before merging is SEG-FEA-003; 0 = 10000
}

// PCA replaces the columns by principal components.
type PCA struct {
	Variance   float64 // keep components up to this share of the variance; 0 = off
	Components int     // or this number; 0 = off
}
