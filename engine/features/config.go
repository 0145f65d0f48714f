package features

import (
	"context"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
)

// Source streams the records of one source as Arrow batches. io/anyio implements it; features only knows this shape.
//
// Columns arrive in canonical types: utf8, bool, int64, decimal128(38, s), float64 and timestamp[us] without zone
// (dates at midnight). Key columns arrive as utf8 in canonical form, null where the cell is empty.
type Source interface {
	// Name is the source's name in the configuration.
	Name() string
	// Schema is the unified schema of all files, after rename.
	Schema() *arrow.Schema
	// Files returns the files' names in an order that does not depend on the file system.
	Files() []string
	// ReadFile streams the batches of file i in row order; firstRow counts the file's data rows from 1. The record
	// belongs to the callee only until yield returns. Calls for different i may run concurrently.
	ReadFile(ctx context.Context, i int, yield func(rec arrow.Record, firstRow int64) error) error
	// Rejected returns the rows that were read but could not be parsed and were allowed to be left out
	// (quality.max_rejects), by error id.
	Rejected() map[string]int64
}

// SourceConfig says what the records of a source mean.
type SourceConfig struct {
	Name        string
	Key         string // customer column
	Time        string // event time column; empty for tables without time
	Amount      string // column or expression; empty if none
	Where       string // rows that count; empty = all
	Order       string // column that names the order, the default of Column.Order; empty = none
	Distinct    string // "none" (default), "exact", "across_files"
	MissingKey  string // event tables "drop" (default), entity table "error" (default); "error" or "drop"
	OnDuplicate string // entity table: "error" (default), "first", "last" (in file name and row order)
}

// Entity says which customers exist: those of a customer table (Table), or those seen in an event source (From).
type Entity struct {
	Table string // a source with one row per customer
	From  string // or: an event source whose keys, after its where, are the customers
	Key   string // key column in From, if it differs from the source's key
	// Account is the column of Table with the key of the customer's parent, empty for heads and customers of their own; ""
	// knows no accounts. Accounts says what becomes of their members: "tie" (default) or "sum".
	Account  string
	Accounts string
}

// Column defines one feature.
type Column struct {
	Name   string
	From   string        // source; empty for Expr and Score
	Agg    string        // see Aggregations; empty with From = "value"
	Column string        // argument of the aggregation: column, "amount" (the source's, also the default) or expression
	Where  string        // further filter of this feature
	Order  string        // column that names the order, for average_order_value, trend and the like; default: the line itself
	By     string        // expand into one feature per level of this column ("name_level"), most frequent levels first
	MaxBy  int           // at most so many levels, the rest summed in "name_other"; 0 = 12
	Expr   string        // expression over other features
	Score  *Score        // score over another feature
	Encode string        // for columns taken from the entity table: "", "number", "one_hot", "ordinal" (prep acts on it)
	Window time.Duration // overrides Config.Window; 0 = inherit, negative = all
	Period string        // seasonality: "month" (default) or "quarter"
	Unit   string
	Type   string // M3 kind; empty = derived from the aggregation
	// LabelDE and LabelEN name the feature for people; empty = derived from Name.
	LabelDE, LabelEN string
	// ProfileOnly features describe segments and are never clustered on.
	ProfileOnly bool
	// Place names the setting that asks for the feature, for errors; empty = its place among Config.Columns.
	Place string
}

// Score is a quintile score of another feature, as RFM analyses use it (statistics.md, "RFM scores").
type Score struct {
	Of string
	// Style is "pandas" (quantiles of values or of ranks), "rfm" (R package rfm: edges plus one), or "best" (no quintiles:
	// the value as a share of what the best tenth of the customers reach).
	Style    string
	Rank     bool // pandas style on the rank instead of the value
	Reversed bool // small values score high (recency)
	Bins     int  // 0 = 5
}

// Config is everything that turns sources into the feature table.
type Config struct {
	Sources []SourceConfig
	Entity  Entity
	AsOf    time.Time     // UTC; records at or after it are not used and counted as future
	Window  time.Duration // 0 = all
	Columns []Column
	Threads int
	// NoQuality leaves Result.Quality nil: columns are not judged and equal rows not counted, unless a source removes them.
	NoQuality bool
	TempDir   string // where a folder for what does not fit is made; "" = the system's
	// MemoryMax is the memory budget in bytes, 0 = no limit. The fold holds at most half of it until all sources are read
	// and spills what is more; the rest is for batches in work, the quality report and the table that comes out.
	MemoryMax int64
}
