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
	// Coverage says how complete the data of each subsidiary or country are; empty without such a column.
	Coverage []Coverage `json:"coverage"`
	Findings []Finding  `json:"findings"`
}

// SchemaName and FormatVersion stand in every quality.json.
const (
	SchemaName    = "segovia:quality"
	FormatVersion = 1
)

// Source counts the rows of one source. RowsWithoutKey and RowsDuplicateRemoved count all such rows, so that
// RowsRead - RowsDuplicateRemoved is what `distinct` leaves; RowsDuplicateWithoutKey are in both. Every other row counts
// once, at the first that fits of: rejected, filtered, without time, in the future, outside the window, of an unknown
// customer, used. Hence RowsRead + RowsDuplicateWithoutKey is the sum of these.
type Source struct {
	Name                    string         `json:"name"`
	Files                   int            `json:"files"`
	RowsRead                int64          `json:"rows_read"`
	RowsWithoutKey          int64          `json:"rows_without_key"` // all rows without key, whether filtered or not
	RowsFiltered            int64          `json:"rows_filtered"`
	RowsWithoutTime         int64          `json:"rows_without_time"`     // in a source with a time column
	RowsOutsideWindow       int64          `json:"rows_outside_window"`   // before the widest window of its features
	RowsFuture              int64          `json:"rows_future"`           // at or after as_of
	RowsUnknownCustomer     int64          `json:"rows_unknown_customer"` // key not in the entity table
	RowsDuplicate           int64          `json:"rows_duplicate"`        // rows that repeat an earlier one exactly, removed or not
	RowsDuplicateRemoved    int64          `json:"rows_duplicate_removed"`
	RowsDuplicateWithoutKey int64          `json:"rows_duplicate_without_key"` // removed as duplicates, and without key
	RowsRejected            int64          `json:"rows_rejected"`
	RowsUsed                int64          `json:"rows_used"`
	RowsPlaceholderTime     int64          `json:"rows_placeholder_time"` // rows with a time such as 1900-01-01, wherever they count
	RowsUsedFirst           *string        `json:"rows_used_first"`       // earliest time of the used rows
	RowsUsedLast            *string        `json:"rows_used_last"`        // latest
	Used                    bool           `json:"used"`                  // some feature or the list of customers comes from it
	Columns                 []SourceColumn `json:"columns"`
	Rejects                 []Reject       `json:"rejects"`
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
	Negative      int64   `json:"negative"` // numbers below 0
	// Outliers are outside the quartiles by more than 3 interquartile ranges; none are counted where the quartiles
	// coincide. Above 65,536 different values the count is that of a histogram with buckets of 0.8 %.
	Outliers  int64   `json:"outliers"`
	FirstTime *string `json:"first_time"`
	LastTime  *string `json:"last_time"`
	Used      bool    `json:"used"`
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
	// Accounts are null where no column tells them. With accounts summed up, customers above are accounts.
	Accounts *Accounts `json:"accounts"`
}

// Accounts counts parents and their subsidiaries.
type Accounts struct {
	Column         string `json:"column"`
	Mode           string `json:"mode"`            // "tie": members are kept in one segment; "sum": an account is one row
	Accounts       int64  `json:"accounts"`        // of one member and more
	Joint          int64  `json:"joint"`           // of two members and more
	Members        int64  `json:"members"`         // of the joint accounts
	Largest        int64  `json:"largest"`         // members of the largest account
	UnknownParent  int64  `json:"unknown_parent"`  // customers whose parent is not in the table
	MissingParents int64  `json:"missing_parents"` // such parents
	Circles        int64  `json:"circles"`         // of parents that lead back to where they began
	InCircles      int64  `json:"in_circles"`      // customers that are part of one
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
	// CompleteShift is (mean over the customers without any missing feature - mean over all) / standard deviation over all:
	// how far a fit on complete customers only would look at other customers than the whole base (M5).
	CompleteShift *float64 `json:"complete_shift"`
}

// Coverage is one level of the column that says to which subsidiary, country or region a customer belongs. Levels with
// fewer than ten customers are summed under "other"; customers without a level under "".
type Coverage struct {
	Column    string `json:"column"`
	Level     string `json:"level"`
	Customers int64  `json:"customers"`
	Active    int64  `json:"active"`   // with at least one used event row
	Complete  int64  `json:"complete"` // without any missing feature
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
