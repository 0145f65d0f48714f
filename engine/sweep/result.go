// Package sweep runs the k sweep: it expands (k, restart, replicate) into cells in a fixed order, has the pool fit them,
// and reads validity and stability from their labels.
package sweep

// Result is sweep.json and the output of `segovia sweep`. Pointers are null where a statistic was not asked for, is not
// defined, or does not exist yet.
type Result struct {
	Schema           string      `json:"$schema"`
	FormatVersion    int         `json:"format_version"`
	N                int         `json:"n"`
	D                int         `json:"d"`
	Features         []string    `json:"features"`
	Seed             uint64      `json:"seed"`
	AlgorithmVersion string      `json:"algorithm_version"`
	Precision        string      `json:"precision"` // "float64", or "grid" above 2^26 values
	Convention       Convention  `json:"convention"`
	K                []KResult   `json:"k"`
	Elbow            Elbow       `json:"elbow"`
	GapChoice        *GapChoice  `json:"gap_choice"`
	Chosen           *Chosen     `json:"chosen"`
	Fits             int         `json:"fits"`
	Warnings         []string    `json:"warnings"`
	Environment      Environment `json:"environment"`
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
	CalinskiHarabasz     *float64   `json:"calinski_harabasz"`
	DaviesBouldin        *float64   `json:"davies_bouldin"`
	Dunn                 *float64   `json:"dunn"`
	LogW                 *float64   `json:"log_w"` // natural log of half the inertia, or of the dispersion of power 1
	Gap                  *float64   `json:"gap"`
	GapSE                *float64   `json:"gap_se"`
	PredictionStrength   *float64   `json:"prediction_strength"`
	SegmentSilhouette    []float64  `json:"segment_silhouette"` // mean per segment; empty when not computed
	Stability            *Stability `json:"stability"`
}

// Stability is what the bootstrap says of one k.
type Stability struct {
	Pairs     int                `json:"pairs"`
	ARI       []float64          `json:"ari"` // one per pair, in order of the pairs
	ARIMean   float64            `json:"ari_mean"`
	ARIMedian float64            `json:"ari_median"`
	ARIQ1     float64            `json:"ari_q1"`
	ARIQ3     float64            `json:"ari_q3"`
	ARIMCSE   *float64           `json:"ari_mcse"` // sd / sqrt(pairs); null for one pair
	Segments  []SegmentStability `json:"segments"`
}

// SegmentStability is what the bootstrap says of one segment of the chosen fit of one k.
type SegmentStability struct {
	Segment     int       `json:"segment"` // number, from 1, largest first
	SLSw        []float64 `json:"slsw"`    // one per pair
	SLSwMean    float64   `json:"slsw_mean"`
	JaccardMean *float64  `json:"jaccard_mean"` // clusterboot
	Dissolved   *int      `json:"dissolved"`
	Recovered   *int      `json:"recovered"`
	SLSa        *float64  `json:"slsa"`
}

// Elbow is kneed's knee of the inertia curve; null when there is none.
type Elbow struct {
	K *int `json:"k"`
}

// GapChoice is the k of each standard-error rule.
type GapChoice struct {
	FirstSEmax    int `json:"firstSEmax"`
	Tibs2001SEmax int `json:"Tibs2001SEmax"`
	GlobalSEmax   int `json:"globalSEmax"`
	FirstMax      int `json:"firstmax"`
	GlobalMax     int `json:"globalmax"`
}

// Chosen is the choice with its reason.
type Chosen struct {
	K       *int   `json:"k"` // null: no k passed the gates
	Rule    string `json:"rule"`
	Because string `json:"because"` // English
	// BecauseDE is the same sentence in German.
	BecauseDE string `json:"because_de"`
	Passed    bool   `json:"passed"` // false: no k passed the gates and the best failing one was taken
	Gates     []Gate `json:"gates"`
}

// Gate is the verdict on one k.
type Gate struct {
	K      int      `json:"k"`
	Passed bool     `json:"passed"`
	Failed []string `json:"failed"` // "large_enough", "stable_global", "stable_segments", "distinguishable", "max_segments"
}

// Environment is what depends on the machine or the clock.
type Environment struct {
	Path    string             `json:"path"`
	Pooling string             `json:"pooling"`
	Threads int                `json:"threads"`
	Timings map[string]float64 `json:"timings"` // seconds: load_s, fit_s, stability_s, gap_s, silhouette_s
}
