package reportio

// sweepJSON is what the report reads of sweep.json. Files of earlier versions lack some of it: a figure that is not there
// is null, a list empty, a word "".
type sweepJSON struct {
	N                int        `json:"n"`
	D                int        `json:"d"`
	Features         []string   `json:"features"`
	Seed             uint64     `json:"seed"`
	AlgorithmVersion string     `json:"algorithm_version"`
	Precision        string     `json:"precision"`
	Convention       convention `json:"convention"`
	K                []sweepK   `json:"k"`
	OneSegment       *sweepK    `json:"one_segment"` // k = 1, where the sweep does not list it
	Elbow            *elbow     `json:"elbow"`
	GapChoice        *gapChoice `json:"gap_choice"`
	DudaHart         *dudaHart  `json:"duda_hart"`
	StrengthChoice   *int       `json:"prediction_strength_choice"`
	Chosen           *chosen    `json:"chosen"`
	Niches           []niche    `json:"niches"`
	Influence        *influence `json:"influence"`
	Fits             int        `json:"fits"`
	Warnings         []string   `json:"warnings"`
}

type convention struct {
	Scale              string  `json:"scale"`
	Init               string  `json:"init"`
	Restarts           int     `json:"restarts"`
	MaxIter            int     `json:"max_iter"`
	Bootstrap          int     `json:"bootstrap"`
	BootRestart        int     `json:"boot_restarts"`
	BootScheme         string  `json:"boot_scheme"`
	Silhouette         string  `json:"silhouette"`
	Gap                int     `json:"gap"`
	GapSpace           string  `json:"gap_space"`
	GapPower           int     `json:"gap_power"`
	GapRows            int     `json:"gap_rows"`
	Compat             string  `json:"compat"`
	BestOf             string  `json:"best_of"`
	Refined            bool    `json:"refined"`
	SilhouetteDistance string  `json:"silhouette_distance"`
	DaviesBouldin      string  `json:"davies_bouldin"`
	BootSE             float64 `json:"boot_se"`
	Clusterboot        int     `json:"clusterboot"`
	ClusterbootScheme  string  `json:"clusterboot_scheme"`
	PredictionStrength int     `json:"prediction_strength"`
	Replay             bool    `json:"replay"`
	Accounts           int     `json:"accounts"`
}

type sweepK struct {
	K                    int           `json:"k"`
	Inertia              float64       `json:"inertia"`
	Sizes                []int         `json:"sizes"`
	Converged            bool          `json:"converged"`
	Silhouette           *float64      `json:"silhouette"`
	SilhouetteSE         *float64      `json:"silhouette_se"`
	SilhouetteSimplified *float64      `json:"silhouette_simplified"`
	CalinskiHarabasz     *float64      `json:"calinski_harabasz"`
	DaviesBouldin        *float64      `json:"davies_bouldin"`
	Gap                  *float64      `json:"gap"`
	GapSE                *float64      `json:"gap_se"`
	Strength             *float64      `json:"prediction_strength"`
	StrengthSE           *float64      `json:"prediction_strength_se"`
	Stability            *stabilityOfK `json:"stability"`
}

// stabilityOfK has pairs, or clusterboot's replicates, or both.
type stabilityOfK struct {
	Pairs      int                  `json:"pairs"`
	ARI        []float64            `json:"ari"`
	ARIMean    *float64             `json:"ari_mean"`
	ARIMCSE    *float64             `json:"ari_mcse"`
	Replicates int                  `json:"replicates"`
	Segments   []stabilityOfSegment `json:"segments"`
}

type stabilityOfSegment struct {
	Segment     int       `json:"segment"`
	SLSw        []float64 `json:"slsw"`
	SLSwMean    *float64  `json:"slsw_mean"`
	SLSwMCSE    *float64  `json:"slsw_mcse"`
	Jaccard     []float64 `json:"jaccard"`
	JaccardMean *float64  `json:"jaccard_mean"`
	JaccardMCSE *float64  `json:"jaccard_mcse"`
	Dissolved   *int      `json:"dissolved"`
	Recovered   *int      `json:"recovered"`
	SLSa        *float64  `json:"slsa"`
}

type elbow struct {
	K        *int `json:"k"`
	KFromOne *int `json:"k_from_one"`
}

type gapChoice struct {
	FirstSEmax    int `json:"firstSEmax"`
	Tibs2001SEmax int `json:"Tibs2001SEmax"`
	GlobalSEmax   int `json:"globalSEmax"`
	FirstMax      int `json:"firstmax"`
	GlobalMax     int `json:"globalmax"`
}

type dudaHart struct {
	Ratio float64 `json:"dh"`
	Limit float64 `json:"limit"`
	One   bool    `json:"one_segment"`
}

type chosen struct {
	K         int    `json:"k"` // 0: null
	Rule      string `json:"rule"`
	Passed    bool   `json:"passed"`
	Structure string `json:"structure"` // "segments", "none", "continuous", "unclear", "fixed"
	Gates     []gate `json:"gates"`
}

type gate struct {
	K      int      `json:"k"`
	Passed bool     `json:"passed"`
	Failed []string `json:"failed"`
}

type niche struct {
	K          int            `json:"k"`
	Customers  int            `json:"customers"`
	Share      float64        `json:"share"`
	SeenAt     []int          `json:"seen_at"`
	Stability  float64        `json:"stability"`
	Silhouette float64        `json:"silhouette"`
	Within     *int           `json:"within"` // number of a segment
	WithinOf   float64        `json:"within_share"`
	Features   []nicheFeature `json:"features"`
}

type nicheFeature struct {
	Name   string  `json:"name"`
	Effect float64 `json:"effect"` // in standard deviations of all
}

type influence struct {
	K        int                `json:"k"`
	Rows     int                `json:"rows"`
	Features []featureInfluence `json:"features"`
}

type featureInfluence struct {
	Feature string    `json:"feature"`
	APN     float64   `json:"apn"`
	FOM     *float64  `json:"fom"`
	ARI     float64   `json:"ari"`
	Jaccard []float64 `json:"jaccard"` // of each segment
}

// at returns what is known of k; nil if nothing is.
func (s *sweepJSON) at(k int) *sweepK {
	for i := range s.K {
		if s.K[i].K == k {
			return &s.K[i]
		}
	}
	if s.OneSegment != nil && s.OneSegment.K == k {
		return s.OneSegment
	}
	return nil
}

// all lists every k in ascending order, with one segment first where the gap statistic took it along.
func (s *sweepJSON) all() []sweepK {
	if s.OneSegment == nil {
		return s.K
	}
	return append([]sweepK{*s.OneSegment}, s.K...)
}
