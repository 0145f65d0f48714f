// Package sweep runs the k sweep: it expands (k, restart, replicate) into cells in a fixed order, has the pool fit them,
// and reads validity and stability from their labels.
package sweep

// Result is sweep.json and the output of `segovia sweep`. Pointers are null where a statistic was not asked for, is not
// defined, or does not exist yet.
type Result struct {
	Schema           string     `json:"$schema"`
	FormatVersion    int        `json:"format_version"`
	N                int        `json:"n"`
	D                int        `json:"d"`
	Features         []string   `json:"features"`
	Seed             uint64     `json:"seed"`
	AlgorithmVersion string     `json:"algorithm_version"`
	Precision        string     `json:"precision"` // "float64", or "grid" above 2^26 values
	Convention       Convention `json:"convention"`
	K                []KResult  `json:"k"`
	// OneSegment is k = 1, with which the gap statistic compares, where the sweep does not list it; else null.
	OneSegment *KResult   `json:"one_segment"`
	Elbow      Elbow      `json:"elbow"`
	GapChoice  *GapChoice `json:"gap_choice"`
	DudaHart   *DudaHart  `json:"duda_hart"` // null without k = 2
	// PredictionStrengthChoice is the largest k whose prediction strength is above 0.8, k = 1 where there is none; null when
	// it was not asked for.
	PredictionStrengthChoice *int        `json:"prediction_strength_choice"`
	Chosen                   *Chosen     `json:"chosen"`
	Niches                   []Niche     `json:"niches"`
	Influence                *Influence  `json:"influence"` // null when it was not asked for, or with a single feature
	Fits                     int         `json:"fits"`
	Warnings                 []string    `json:"warnings"`
	Environment              Environment `json:"environment"`
}

// Convention names the choices that another tool may make differently.
type Convention struct {
	Scale       string `json:"scale"`
	Init        string `json:"init"`
	Restarts    int    `json:"restarts"`
	MaxIter     int    `json:"max_iter"`
	Bootstrap   int    `json:"bootstrap"`
	BootRestart int    `json:"boot_restarts"`
	BootScheme  string `json:"boot_scheme"`
	Silhouette  string `json:"silhouette"` // "exact", "sample:N", "simplified", "none"
	Gap         int    `json:"gap"`        // reference sets; 0 = no gap statistic
	GapSpace    string `json:"gap_space"`  // "pca", "original"
	GapPower    int    `json:"gap_power"`  // of the distances: 2, 1
	GapRows     int    `json:"gap_rows"`   // rows that the gap is of: all, or a random sample
	// Compat names the reference whose conventions were asked for; "" = none. The next fields say what follows from it.
	Compat             string  `json:"compat"`
	BestOf             string  `json:"best_of"`             // of restarts the one with the least "inertia", or "distance": the sum of Euclidean distances
	Refined            bool    `json:"refined"`             // the best fits of the data were improved by Hartigan's exchanges
	SilhouetteDistance string  `json:"silhouette_distance"` // "euclidean", "squared euclidean"
	DaviesBouldin      string  `json:"davies_bouldin"`      // S is the "mean distance" to the centroid, or its "root mean square"
	BootSE             float64 `json:"boot_se"`             // pairs ended early once every ari_mcse was at most this; 0 = all were made
	Clusterboot        int     `json:"clusterboot"`         // replicates for jaccard_mean; 0 = none
	ClusterbootScheme  string  `json:"clusterboot_scheme"`  // "boot", "subset", "noise", "jitter"
	PredictionStrength int     `json:"prediction_strength"` // splits; 0 = none
	Replay             bool    `json:"replay"`              // the resamples were given
	// Accounts, if not 0: the members of that many accounts are tied. Each customer's row is the mean of its account, so that
	// inertia, silhouettes and all that is computed from rows are of account means, each once for every member; resamples, splits
	// and references draw whole accounts, in the order of their heads' keys.
	Accounts int `json:"accounts"`
}

// KResult is everything about one k.
type KResult struct {
	K                    int        `json:"k"`
	Inertia              float64    `json:"inertia"`
	Sizes                []int      `json:"sizes"` // by segment number: largest first
	Restarts             int        `json:"restarts"`
	Iterations           int        `json:"iterations"`
	Converged            bool       `json:"converged"`
	Silhouette           *float64   `json:"silhouette"`
	SilhouetteSE         *float64   `json:"silhouette_se"` // of a sampled silhouette
	SilhouetteSimplified *float64   `json:"silhouette_simplified"`
	SilhouetteSquared    *float64   `json:"silhouette_squared"` // of squared Euclidean distances, as in Spark: much higher
	CalinskiHarabasz     *float64   `json:"calinski_harabasz"`
	DaviesBouldin        *float64   `json:"davies_bouldin"`
	Dunn                 *float64   `json:"dunn"`
	LogW                 *float64   `json:"log_w"` // natural log of half the inertia, or of the dispersion of power 1
	Gap                  *float64   `json:"gap"`
	GapSE                *float64   `json:"gap_se"`
	PredictionStrength   *float64   `json:"prediction_strength"`
	PredictionStrengthSE *float64   `json:"prediction_strength_se"` // Monte-Carlo standard error over the splits
	PredictionStrengths  []float64  `json:"prediction_strengths"`   // one per split, in order; empty when not asked for
	SegmentSilhouette    []float64  `json:"segment_silhouette"`     // mean per segment; empty when not computed
	Stability            *Stability `json:"stability"`
}

// At returns what is known of k, also of k = 1 where the sweep does not list it; nil for others.
func (r *Result) At(k int) *KResult {
	for i := range r.K {
		if r.K[i].K == k {
			return &r.K[i]
		}
	}
	if r.OneSegment != nil && k == 1 {
		return r.OneSegment
	}
	return nil
}

// Stability is what the bootstrap says of one k. Figures of parts that were not asked for are null, their lists empty.
type Stability struct {
	Pairs     int       `json:"pairs"`
	ARI       []float64 `json:"ari"` // one per pair, in order of the pairs
	ARIMean   *float64  `json:"ari_mean"`
	ARIMedian *float64  `json:"ari_median"`
	ARIQ1     *float64  `json:"ari_q1"`
	ARIQ3     *float64  `json:"ari_q3"`
	ARIMCSE   *float64  `json:"ari_mcse"` // sd / sqrt(pairs); null for one pair
	// ARIMeanHalf is the mean with half as many restarts of each fit; where it differs, the figure measures the optimiser.
	ARIMeanHalf *float64           `json:"ari_mean_half_restarts"`
	Replicates  int                `json:"replicates"` // of clusterboot
	Segments    []SegmentStability `json:"segments"`
}

// SegmentStability is what the bootstrap says of one segment of the solution for one k.
type SegmentStability struct {
	Segment     int       `json:"segment"` // number, from 1, largest first
	SLSw        []float64 `json:"slsw"`    // one per pair
	SLSwMean    *float64  `json:"slsw_mean"`
	SLSwMCSE    *float64  `json:"slsw_mcse"`
	Jaccard     []float64 `json:"jaccard"`      // clusterboot: one per replicate
	JaccardMean *float64  `json:"jaccard_mean"` // clusterboot
	JaccardMCSE *float64  `json:"jaccard_mcse"`
	Dissolved   *int      `json:"dissolved"` // replicates with a Jaccard of at most 0.5
	Recovered   *int      `json:"recovered"` // replicates with a Jaccard above 0.75
	SLSa        *float64  `json:"slsa"`      // null for the first k, and after k = 1
	// Line is the same for segments of successive k that overlap most: a segment keeps the line of its predecessor.
	Line int `json:"line"`
}

// Elbow is kneed's knee of the inertia curve; null when there is none.
type Elbow struct {
	K        *int `json:"k"`          // over the range as given
	KFromOne *int `json:"k_from_one"` // over the range with k = 1; null where the next k is missing
}

// GapChoice is the k of each standard-error rule.
type GapChoice struct {
	FirstSEmax    int `json:"firstSEmax"`
	Tibs2001SEmax int `json:"Tibs2001SEmax"`
	GlobalSEmax   int `json:"globalSEmax"`
	FirstMax      int `json:"firstmax"`
	GlobalMax     int `json:"globalmax"`
}

// DudaHart is the test of Duda and Hart for one segment against two: one is accepted where the ratio is not below the limit.
type DudaHart struct {
	Ratio float64 `json:"dh"` // inertia of two segments / inertia of one
	Limit float64 `json:"limit"`
	One   bool    `json:"one_segment"`
	Alpha float64 `json:"alpha"`
}

// Chosen is the choice with its reason.
type Chosen struct {
	K       *int   `json:"k"` // 1: there are no segments; null: no k passed the gates
	Rule    string `json:"rule"`
	Because string `json:"because"` // English
	// BecauseDE is the same sentence in German.
	BecauseDE string `json:"because_de"`
	Passed    bool   `json:"passed"` // false: no k passed the gates and the best failing one was taken, or none
	// Structure is what the choice says of the data: "segments", "none" (one group, no segments), "continuous" (one group
	// that can be cut reproducibly into pieces, which are not separate segments), or "unclear" (no k passed the gates).
	Structure string `json:"structure"`
	Gates     []Gate `json:"gates"`
}

// Gate is the verdict on one k.
type Gate struct {
	K      int      `json:"k"`
	Passed bool     `json:"passed"`
	Failed []string `json:"failed"` // "large_enough", "stable_global", "stable_segments", "distinguishable", "max_segments"
}

// Niche is a small segment that is stable and distinguishable at some k of the sweep, and is no segment of the chosen
// solution.
type Niche struct {
	K          int            `json:"k"`       // where it stands out most
	Segment    int            `json:"segment"` // its number there
	Customers  int            `json:"customers"`
	Share      float64        `json:"share"`
	SeenAt     []int          `json:"seen_at"`   // every k at which it is found
	Stability  float64        `json:"stability"` // mean SLSw at K; clusterboot's mean Jaccard where there were no pairs
	Silhouette float64        `json:"silhouette"`
	SLSa       *float64       `json:"slsa"`
	Within     *int           `json:"within"`       // segment of the chosen solution that holds most of it; null if none was chosen
	WithinOf   float64        `json:"within_share"` // share of the niche that lies there
	Features   []NicheFeature `json:"features"`     // what sets it apart, strongest first
}

// NicheFeature is one feature of a niche.
type NicheFeature struct {
	Name   string  `json:"name"`
	Effect float64 `json:"effect"` // (mean of the niche - mean of all) / sd of all, of prepared values
}

// Influence says what happens to the solution for one k when a feature is left out.
type Influence struct {
	K        int                `json:"k"`
	Rows     int                `json:"rows"` // all, or a random sample
	Features []FeatureInfluence `json:"features"`
}

// FeatureInfluence compares the segments of all features with those found without one.
type FeatureInfluence struct {
	Feature string    `json:"feature"`
	APN     float64   `json:"apn"` // average proportion of rows that part from the others of their segment: 0 = the feature changes nothing
	FOM     *float64  `json:"fom"` // figure of merit: how badly the others predict this feature, in prepared units
	ARI     float64   `json:"ari"`
	Jaccard []float64 `json:"jaccard"` // of each segment with the one that is most like it without the feature
}

// Environment is what depends on the machine or the clock.
type Environment struct {
	Path    string `json:"path"`
	PathWhy string `json:"path_why,omitempty"` // where the path was a choice, or the device failed
	// DeviceFailed says that hardware with a memory of its own failed and the processor went on.
	DeviceFailed bool               `json:"device_failed,omitempty"`
	Pooling      string             `json:"pooling"`
	Threads      int                `json:"threads"`
	Timings      map[string]float64 `json:"timings"` // seconds: load_s, fit_s, silhouette_s, stability_s, prediction_strength_s, gap_s, influence_s
}
