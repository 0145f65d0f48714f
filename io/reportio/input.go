package reportio

import (
	"encoding/json"
	"fmt"
	"time"

	"segovia/kernels/problem"
)

// Input is everything that the report is made of.
type Input struct {
	Segments  []byte // segments.json; required
	Sweep     []byte // sweep.json; its sections are left out without it
	Quality   []byte // quality.json; likewise
	Value     []byte // value.json; likewise
	Regions   []byte // regions.json; likewise
	Project   string
	RunID     string
	Generated Facts
	Languages []string // "de", "en"; the first is seen first. Empty = both, German first
	MinCell   int      // cells of fewer customers are suppressed; 0 = 10
}

// Facts are lines for the methods page, from the manifest and the configuration. Empty ones are left out.
type Facts struct {
	Time             time.Time // when the run started
	AsOf             time.Time // the day up to which records count
	Window           string    // "365d", "all"
	Version          string    // of Segovia
	AlgorithmVersion string
	Seed             uint64
	ConfigSHA256     string
	LabelHash        string
	HardwarePath     string
	Inputs           int // number of input files
	// RequireGlobal and RequireSegment are the gates of stability, drawn as lines; 0 = not drawn.
	RequireGlobal, RequireSegment float64
}

// text is a sentence or name in both languages.
type text struct {
	DE string `json:"de"`
	EN string `json:"en"`
}

// in returns the language's text; a language that is missing gives way to the other.
func (t text) in(code string) string {
	if code == "de" && t.DE != "" || t.EN == "" {
		return t.DE
	}
	return t.EN
}

// segmentsJSON is what the report reads of segments.json.
type segmentsJSON struct {
	K             int  `json:"k"`
	ChosenBecause text `json:"chosen_because"`
	Passed        bool `json:"passed"`
	Stability     *struct {
		ARIMean float64  `json:"ari_mean"`
		ARIMCSE *float64 `json:"ari_mcse"`
		Pairs   int      `json:"pairs"`
	} `json:"stability"`
	Customers    int           `json:"customers"`
	RevenueTotal *float64      `json:"revenue_total"`
	Segments     []segment     `json:"segments"`
	Features     []featureInfo `json:"features"`
}

type featureInfo struct {
	Name      string  `json:"name"`
	Label     text    `json:"label"`
	Unit      string  `json:"unit"`
	Mean      float64 `json:"mean"`
	SD        float64 `json:"sd"`
	Median    float64 `json:"median"`
	Clustered bool    `json:"clustered"`
}

type segment struct {
	ID              string     `json:"id"`
	Number          int        `json:"number"`
	Name            text       `json:"name"`
	Description     text       `json:"description"`
	Customers       int        `json:"customers"`
	Share           float64    `json:"share"`
	Revenue         *float64   `json:"revenue"`
	RevenueShare    *float64   `json:"revenue_share"`
	RevenueClass    *string    `json:"revenue_class"`
	Potential       *potential `json:"potential"`
	ContactsPerYear *float64   `json:"contacts_per_year"`
	OrdersPerYear   *float64   `json:"orders_per_year"`
	Checks          struct {
		LargeEnough     *bool `json:"large_enough"`
		Stable          *bool `json:"stable"`
		Distinguishable *bool `json:"distinguishable"`
		Addressable     *bool `json:"addressable"`
	} `json:"checks"`
	SLSwMean   *float64         `json:"slsw_mean"`
	Silhouette *float64         `json:"silhouette"`
	Features   []segmentFeature `json:"features"`
	Levels     []level          `json:"levels"`
	Rule       struct {
		Text      text    `json:"text"`
		Coverage  float64 `json:"coverage"`
		Precision float64 `json:"precision"`
	} `json:"rule"`
	Plan    map[string]any `json:"plan"`
	History struct {
		PreviousID *string  `json:"previous_id"`
		Jaccard    *float64 `json:"jaccard"`
		Event      string   `json:"event"`
	} `json:"history"`
}

type potential struct {
	Realised   float64 `json:"realised"`
	Unrealised float64 `json:"unrealised"`
}

type segmentFeature struct {
	Name        string   `json:"name"`
	Mean        float64  `json:"mean"`
	OverallMean float64  `json:"overall_mean"`
	Median      float64  `json:"median"`
	Lift        *float64 `json:"lift"`
	Effect      float64  `json:"effect"`
	Rank        int      `json:"rank"`
}

type level struct {
	Feature      string  `json:"feature"`
	Level        string  `json:"level"`
	Share        float64 `json:"share"`
	OverallShare float64 `json:"overall_share"`
	Lift         float64 `json:"lift"`
}

// qualityJSON is what the report reads of quality.json. Smallest and largest values stay out: each is one customer's.
type qualityJSON struct {
	Sources []qualitySource `json:"sources"`
	Entity  struct {
		Customers int64   `json:"customers"`
		Orders    *int64  `json:"orders"`
		Amount    *string `json:"amount"`
		Complete  *int64  `json:"complete"`
		Accounts  *struct {
			Mode string `json:"mode"`
		} `json:"accounts"`
	} `json:"entity"`
	Features []struct {
		Name    string  `json:"name"`
		Used    bool    `json:"used"`
		WhyNot  *string `json:"why_not"`
		Missing int64   `json:"missing"`
	} `json:"features"`
	Coverage []coverage `json:"coverage"`
	Findings []struct {
		Code     string `json:"code"`
		Severity string `json:"severity"`
		Text     text   `json:"text"`
	} `json:"findings"`
}

// coverage says how complete the data of one subsidiary, country or region are.
type coverage struct {
	Column    string `json:"column"`
	Level     string `json:"level"`
	Customers int64  `json:"customers"`
	Active    int64  `json:"active"`
	Complete  int64  `json:"complete"`
}

type qualitySource struct {
	Name                 string          `json:"name"`
	Files                int             `json:"files"`
	RowsRead             int64           `json:"rows_read"`
	RowsWithoutKey       int64           `json:"rows_without_key"`
	RowsFiltered         int64           `json:"rows_filtered"`
	RowsWithoutTime      int64           `json:"rows_without_time"`
	RowsOutsideWindow    int64           `json:"rows_outside_window"`
	RowsFuture           int64           `json:"rows_future"`
	RowsUnknownCustomer  int64           `json:"rows_unknown_customer"`
	RowsDuplicate        int64           `json:"rows_duplicate"`
	RowsDuplicateRemoved int64           `json:"rows_duplicate_removed"`
	RowsRejected         int64           `json:"rows_rejected"`
	RowsUsed             int64           `json:"rows_used"`
	Columns              []qualityColumn `json:"columns"`
}

type qualityColumn struct {
	Name      string  `json:"name"`
	Type      string  `json:"type"`
	Nulls     int64   `json:"nulls"`
	NonFinite int64   `json:"non_finite"`
	Outliers  int64   `json:"outliers"`
	FirstTime *string `json:"first_time"`
	LastTime  *string `json:"last_time"`
	Used      *bool   `json:"used"`
}

// decode parses one artifact; what is not JSON of that shape is SEG-STA-003.
func decode(name string, content []byte, into any) error {
	if err := json.Unmarshal(content, into); err != nil {
		return &problem.Problem{
			ID: "SEG-STA-003", What: fmt.Sprintf("%s cannot be read for the report", name), Why: err.Error(),
			Fix: "run again", Err: err,
		}
	}
	return nil
}
