package sweep

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"segovia/engine/stability"
	"segovia/engine/validity"
	"segovia/kernels/problem"
)

// Config says what is swept. Zero values take the defaults that are named.
type Config struct {
	Algorithm    string              // "kmeans"
	K            []int               // ascending
	KFromRange   bool                // K came from a range: impossible values are left out with a warning instead of an error
	Restarts     int                 // 10
	Init         string              // "kmeans++" (default) or "random"
	InitCenters  map[int][][]float64 // given initial centroids per k, in prepared units; overrides Init, one restart
	MaxIter      int                 // 300
	Bootstrap    int                 // pairs; 0 = none
	BootRestarts int                 // 10; also of clusterboot and prediction strength
	BootScheme   string              // "multinomial" (default), "poisson", "subset"
	// BootSE ends the pairs early, after any whole round of 10, once the Monte-Carlo standard error of every mean ARI is at
	// most this; 0 = never.
	BootSE             float64
	Clusterboot        int     // replicates of fpc's clusterboot; 0 = none
	ClusterbootScheme  string  // "boot" (default), "subset", "noise", "jitter"
	Replay             *Replay // given resamples instead of drawn ones
	PredictionStrength int     // splits; 0 = none
	Silhouette         string  // "exact" (default up to validity.SilhouetteLimit rows, then a sample), "simplified", "sample:N", "none"
	Gap                int     // reference sets of the gap statistic, at least 2; 0 = none
	GapSpace           string  // box of the references: "pca" (default) or "original"
	GapPower           int     // of the distances: 2 (default), or 1 as in clusGap, which costs n^2 per reference set
	GapRows            int     // rows that the gap is of, a random sample where there are more; 0 = 10,000
	Influence          bool    // leave out each feature in turn at the chosen k
	Compat             string  // conventions of a reference: see Compats; "" = none
	Seed               uint64
	Threads            int   // 0 = all
	Memory             int64 // bytes that the process may take, what it holds already included; 0 = no limit. It changes no result
	Choose             Choose
}

// Compats are the references whose conventions can be asked for:
//
//	flexclust  of restarts the one with the smallest sum of Euclidean distances counts, and fits are not refined; random
//	           starts are distinct values, each with the same chance however many rows have it
//	fpc        clusterboot with 100 replicates and prediction strength with 50 splits
//	clusgap    the gap of power 1, chosen by firstSEmax, as R's clusGap and maxSE do it
//	sklearn    fits are not refined by exchanges: the inertia is that of n_init runs of Lloyd's algorithm
//	spark      the silhouette is of squared Euclidean distances
//	nbclust    Davies-Bouldin with the root mean square distance to the centroid
var Compats = []string{"flexclust", "fpc", "clusgap", "sklearn", "spark", "nbclust"}

// WithDefaults returns c with its zero values replaced, for n rows.
func (c Config) WithDefaults(n int) Config {
	if c.Compat == "fpc" {
		c.Clusterboot, c.PredictionStrength = cmp.Or(c.Clusterboot, 100), cmp.Or(c.PredictionStrength, 50)
	}
	if c.Compat == "clusgap" && c.Gap > 0 {
		c.GapPower, c.Choose.Rule = cmp.Or(c.GapPower, 1), cmp.Or(c.Choose.Rule, "gap:firstSEmax")
	}
	c.Algorithm = cmp.Or(c.Algorithm, "kmeans")
	c.Restarts, c.MaxIter, c.BootRestarts = cmp.Or(c.Restarts, 10), cmp.Or(c.MaxIter, 300), cmp.Or(c.BootRestarts, 10)
	c.BootScheme, c.ClusterbootScheme = cmp.Or(c.BootScheme, "multinomial"), cmp.Or(c.ClusterbootScheme, "boot")
	c.Silhouette = validity.Resolve(c.Silhouette, n)
	c.GapSpace, c.GapPower, c.GapRows = cmp.Or(c.GapSpace, "pca"), cmp.Or(c.GapPower, 2), cmp.Or(c.GapRows, gapRows)
	if c.Replay != nil {
		c.Bootstrap = len(c.Replay.Pairs)
	}
	if c.Choose.Rule == "" {
		c.Choose.Rule = "stable-then-silhouette"
		if c.Gap > 0 {
			c.Choose.Rule = "stable-then-gap"
		}
	}
	return c
}

// check returns a SEG-CFG-003 for what cannot be computed.
func (c Config) check() error {
	wrong := func(what, why, fix string) error {
		return &problem.Problem{ID: "SEG-CFG-003", What: what, Why: why, Fix: fix}
	}
	for _, v := range []struct {
		what, value string
		of          []string
	}{
		{"the space %q of the gap's references is not known", c.GapSpace, []string{"pca", "original"}},
		{"the scheme %q of the bootstrap is not known", c.BootScheme, stability.Schemes()},
		{"the scheme %q of clusterboot is not known", c.ClusterbootScheme, []string{"boot", "subset", "noise", "jitter"}},
		{"compat: the reference %q is not known", c.Compat, append([]string{""}, Compats...)},
	} {
		if !slices.Contains(v.of, v.value) {
			return wrong(fmt.Sprintf(v.what, v.value), "", "use "+strings.TrimPrefix(strings.Join(v.of, ", "), ", "))
		}
	}
	switch {
	case c.Gap < 0 || c.Gap == 1:
		return wrong(fmt.Sprintf("%d reference sets of the gap statistic", c.Gap), "the standard error needs at least two", "use 50, or 0 for none")
	case c.GapPower != 1 && c.GapPower != 2:
		return wrong(fmt.Sprintf("the power %d of the gap's distances is not known", c.GapPower), "", "use 2, or 1 as in R's clusGap")
	case c.GapRows < 2:
		return wrong(fmt.Sprintf("the gap statistic of %d rows", c.GapRows), "", "use 0 for the default, or at least some hundred")
	case c.Bootstrap < 0 || c.Clusterboot < 0 || c.PredictionStrength < 0 || c.BootSE < 0:
		return wrong("a number of pairs, replicates or splits below 0, or such a standard error", "", "use 0 for none")
	}
	return c.Choose.check(c)
}

// fixed returns the k that the rule names, if it is a number.
func (c Choose) fixed() (k int, ok bool) {
	k, err := strconv.Atoi(c.Rule)
	return k, err == nil
}

// Choose is the rule and its gates.
type Choose struct {
	Rule        string  // one of Rules, or a number: fixed k; "" = "stable-then-gap", without a gap "stable-then-silhouette"
	Global      float64 // least mean ARI; 0 = 0.80
	EachSegment float64 // least mean SLSw of every segment; 0 = 0.60
	MinSize     float64 // least share of customers in a segment; 0 = 0.01
	MaxSegments int     // 0 = no limit
	Distinguish float64 // least mean silhouette of every segment; 0 = 0.0
	BestFailing bool    // take the best failing k when none passes, marked as such
}

// WithDefaults returns c with its zero values replaced.
func (c Choose) WithDefaults() Choose {
	c.Global, c.EachSegment, c.MinSize = cmp.Or(c.Global, 0.80), cmp.Or(c.EachSegment, 0.60), cmp.Or(c.MinSize, 0.01)
	return c
}
