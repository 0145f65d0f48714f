// Package quality judges data before anything is learned from them (M4): missing, duplicate, contradictory, stale,
// constant, non-finite values and outliers, and data that are loaded and never used.
package quality

// Report is quality.json.
type Report struct {
	Schema        string    `json:"$schema"`
	FormatVersion int       `json:"format_version"`
	Sources       []Source  `json:"sources"`
	Entity        Entity    `json:"entity"`
	Features      []Feature `json:"features"`
	Findings      []Finding `json:"findings"`
}

// Source counts the rows of one source. Every row read is without key, filtered, duplicate and removed, rejected, outside
// the window or used; one that is several of these counts at the first in this order.
type Source struct {
	Name                 string         `json:"name"`
	Files                int            `json:"files"`
	RowsRead             int64          `json:"rows_read"`
	RowsWithoutKey       int64          `json:"rows_without_key"` // all rows without key, whether filtered or not
	RowsFiltered         int64          `json:"rows_filtered"`
	RowsOutsideWindow    int64          `json:"rows_outside_window"`
	RowsFuture           int64          `json:"rows_future"`
	RowsUnknownCustomer  int64          `json:"rows_unknown_customer"` // key not in the entity table
	RowsDuplicate        int64          `json:"rows_duplicate"`        // rows that repeat an earlier one exactly, removed or not
	RowsDuplicateRemoved int64          `json:"rows_duplicate_removed"`
	RowsRejected         int64          `json:"rows_rejected"`
	RowsUsed             int64          `json:"rows_used"`
	Columns              []SourceColumn `json:"columns"`
	Rejects              []Reject       `json:"rejects"`
}

// SourceColumn describes one column of a source over all its rows. Values that could be a person's stay out: Min, Max are
// given for numbers and times only.
type SourceColumn struct {
	Name          string  `json:"name"`
	Type          string  `json:"type"`
	Nulls         int64   `json:"nulls"`
	NonFinite     int64   `json:"non_finite"`
	Distinct      int64   `json:"distinct"`
	DistinctExact bool    `json:"distinct_exact"`
	Min           *string `json:"min"`
	Max           *string `json:"max"`
	Outliers      int64   `json:"outliers"` // outside the quartiles by more than 3 interquartile ranges
	FirstTime     *string `json:"first_time"`
	LastTime      *string `json:"last_time"`
	Used          bool    `json:"used"`
}

// Reject counts rows that could not be parsed.
type Reject struct {
	Code  string `json:"code"`
	Count int64  `json:"count"`
}

// Entity counts what is left after filters. Amount is an exact decimal.
type Entity struct {
	Customers int64   `json:"customers"`
	Orders    *int64  `json:"orders"`
	Amount    *string `json:"amount"`
	// Complete is the number of customers without any missing feature (M5).
	Complete int64 `json:"complete"`
}

// Feature judges one feature.
type Feature struct {
	Name     string   `json:"name"`
	Kind     string   `json:"kind"`
	Unit     string   `json:"unit"`
	Used     bool     `json:"used"`
	WhyNot   *string  `json:"why_not"`
	Missing  int64    `json:"missing"`
	Constant bool     `json:"constant"`
	Skew     *float64 `json:"skew"`
	Outliers int64    `json:"outliers"`
}

// Text is a sentence in both languages.
type Text struct {
	DE string `json:"de"`
	EN string `json:"en"`
}

// Finding is one thing that somebody should look at.
type Finding struct {
	Code     string `json:"code"`
	Severity string `json:"severity"` // "info", "warn", "error"
	Text     Text   `json:"text"`
}
