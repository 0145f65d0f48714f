// Package profile describes segments: sizes, revenue share and class, lifts, distinguishing features by effect size, a
// short rule from a shallow tree, a name and a description in German and English.
package profile

// Report is segments.json.
type Report struct {
	Schema        string        `json:"$schema"`
	FormatVersion int           `json:"format_version"`
	K             int           `json:"k"`
	ChosenBecause Text          `json:"chosen_because"`
	Passed        bool          `json:"passed"` // the choice passed every gate
	Stability     *Stability    `json:"stability"`
	Customers     int           `json:"customers"`
	RevenueTotal  *float64      `json:"revenue_total"`
	Segments      []Segment     `json:"segments"`
	FeatureInfo   []FeatureInfo `json:"features"` // over all customers, in table order
}

// Text is a sentence or name in both languages.
type Text struct {
	DE string `json:"de"`
	EN string `json:"en"`
}

// Stability is the whole solution's.
type Stability struct {
	ARIMean float64  `json:"ari_mean"`
	ARIMCSE *float64 `json:"ari_mcse"`
	Pairs   int      `json:"pairs"`
}

// FeatureInfo describes a feature over all customers, for charts.
type FeatureInfo struct {
	Name      string  `json:"name"`
	Label     Text    `json:"label"`
	Unit      string  `json:"unit"`
	Mean      float64 `json:"mean"`
	SD        float64 `json:"sd"`
	Q05       float64 `json:"q05"`
	Median    float64 `json:"median"`
	Q95       float64 `json:"q95"`
	Clustered bool    `json:"clustered"` // false: profile only
}

// Segment is one segment with everything M14, M16 and M17 ask for.
type Segment struct {
	ID              string         `json:"id"`
	Number          int            `json:"number"`
	Name            Text           `json:"name"`
	Description     Text           `json:"description"`
	Customers       int            `json:"customers"`
	Share           float64        `json:"share"`
	Revenue         *float64       `json:"revenue"`
	RevenueShare    *float64       `json:"revenue_share"`
	RevenueClass    *string        `json:"revenue_class"` // "very high", "high", "medium", "low"
	Potential       *Potential     `json:"potential"`
	ContactsPerYear *float64       `json:"contacts_per_year"`
	OrdersPerYear   *float64       `json:"orders_per_year"`
	Checks          Checks         `json:"checks"`
	SLSwMean        *float64       `json:"slsw_mean"`
	Silhouette      *float64       `json:"silhouette"`
	Features        []Feature      `json:"features"` // strongest effect first
	Levels          []Level        `json:"levels"`   // category levels that are over-represented, strongest first
	Rule            Rule           `json:"rule"`
	Plan            map[string]any `json:"plan"`
	History         History        `json:"history"`
}

// Potential is in currency; filled when wallets are known.
type Potential struct {
	Realised   float64 `json:"realised"`
	Unrealised float64 `json:"unrealised"`
}

// Checks are the four criteria of M14; null where the data do not allow a verdict.
type Checks struct {
	LargeEnough     bool  `json:"large_enough"`
	Stable          *bool `json:"stable"`
	Distinguishable bool  `json:"distinguishable"`
	Addressable     *bool `json:"addressable"`
}

// Feature is how one feature looks in one segment.
type Feature struct {
	Name        string   `json:"name"`
	Mean        float64  `json:"mean"`
	OverallMean float64  `json:"overall_mean"`
	Median      float64  `json:"median"`
	Lift        *float64 `json:"lift"`   // mean / overall mean; null when the overall mean is 0
	Effect      float64  `json:"effect"` // (mean - mean of the others) / pooled standard deviation, of prepared values
	Rank        int      `json:"rank"`
}

// Level is how one category level looks in one segment.
type Level struct {
	Feature      string  `json:"feature"`
	Level        string  `json:"level"`
	Share        float64 `json:"share"`
	OverallShare float64 `json:"overall_share"`
	Lift         float64 `json:"lift"`
}

// Rule is a short conjunction that picks the segment out.
type Rule struct {
	Text       Text        `json:"text"`
	Coverage   float64     `json:"coverage"`  // share of the segment that the rule finds
	Precision  float64     `json:"precision"` // share of what the rule finds that belongs to the segment
	Conditions []Condition `json:"conditions"`
}

// Condition is one comparison of a rule.
type Condition struct {
	Feature string  `json:"feature"`
	Op      string  `json:"op"` // "<=", ">", "=", "!="
	Value   float64 `json:"value"`
	Level   string  `json:"level,omitempty"`
}

// History links the segment to the last published night.
type History struct {
	PreviousID *string  `json:"previous_id"`
	Jaccard    *float64 `json:"jaccard"`
	Event      string   `json:"event"` // "new", "continued", ...
}
