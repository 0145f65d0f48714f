package sweep

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
	BootRestarts int                 // 10
	BootScheme   string              // "multinomial" (default)
	Silhouette   string              // "exact" (default up to SilhouetteLimit rows, then "sample:10000"), "simplified", "sample:N", "none"
	Gap          int                 // reference sets of the gap statistic, at least 2; 0 = none
	GapSpace     string              // box of the references: "pca" (default) or "original"
	GapPower     int                 // of the distances: 2 (default), or 1 as in clusGap, which costs n^2 per reference set
	Seed         uint64
	Threads      int   // 0 = all
	Memory       int64 // bytes that the process may take, what it holds already included; 0 = no limit. It changes no result
	Choose       Choose
}

// Choose is the rule and its gates.
type Choose struct {
	Rule        string  // "stable-then-silhouette" (default), "silhouette", "elbow", "stability", or a number: fixed k
	Global      float64 // least mean ARI; 0 = 0.80
	EachSegment float64 // least mean SLSw of every segment; 0 = 0.60
	MinSize     float64 // least share of customers in a segment; 0 = 0.01
	MaxSegments int     // 0 = no limit
	Distinguish float64 // least simplified silhouette of every segment; 0 = 0.0
	BestFailing bool    // take the best failing k when none passes, marked as such
}
