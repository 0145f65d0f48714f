package profile

import (
	"fmt"
	"math"
	"sort"
	"strings"

	"segovia/engine/table"
	"segovia/kernels/problem"
)

// Input is a finished segmentation with everything that its description is made of. Rows are customers in key order.
type Input struct {
	Table   *table.Table // raw features
	Columns []string     // names of the prepared columns
	X       [][]float64  // prepared columns, one slice of n values each
	Sources []string     // for each prepared column the feature that it came from; "" for components of several
	Labels  []int        // one per row: the segment's index; its number is the index plus one
	K       int
	IDs     []string // one per segment, minted by the caller; nil = none yet

	SLSw           []float64 // mean stability within, one per segment; nil without bootstrap
	Silhouette     []float64 // mean silhouette, one per segment; nil if not computed
	ARIMean        *float64  // of the whole solution; nil without bootstrap
	ARIMCSE        *float64
	Pairs          int
	ChosenBecause  Text
	Passed         bool
	WindowDays     float64            // window of the features, for figures per year; 0 = not known
	FeatureWindows map[string]float64 // windows in days of features that have another one
}

// Config says what large enough and stable mean and which feature is which. The zero value works: features are
// recognised by name, unit and type.
type Config struct {
	MinSize     float64 // least share of the customers; 0 = 0.01
	EachSegment float64 // least mean SLSw; 0 = 0.60
	Distinguish float64 // least silhouette; a segment at or below it is not distinguishable

	Revenue, Orders, Contacts string  // features by name; empty = recognised
	Addressable               string  // feature that is positive for customers with a usable channel; empty = recognised
	AddressableShare          float64 // least share of such customers; 0 = 0.50

	// RevenueCuts are the ratios of a segment's revenue per customer to that of all customers from which on it is medium,
	// high and very high; zero = 0.4, 1.2, 2.
	RevenueCuts [3]float64
	Currency    string           // printed behind amounts, for example "€"; empty = nothing
	Vocabulary  map[string]Words // by feature name: replaces the words that were recognised
	Nicknames   []Nickname       // names of the house; the first that fits a segment begins its name
	MinCell     int              // levels that fewer customers of a segment have are not published; 0 = 10
	Threads     int              // 0 = all; never changes the result
}

// Words are how people speak of a feature. Empty texts keep what was recognised or derived from the name.
type Words struct {
	Label                        Text // "revenue"
	VeryHigh, High, Low, VeryLow Text // "many orders"
}

func (c Config) withDefaults() Config {
	setDefault(&c.MinSize, 0.01)
	setDefault(&c.EachSegment, 0.60)
	setDefault(&c.AddressableShare, 0.50)
	if c.RevenueCuts == [3]float64{} {
		c.RevenueCuts = [3]float64{0.4, 1.2, 2}
	}
	if c.MinCell == 0 {
		c.MinCell = 10
	}
	return c
}

func setDefault(v *float64, d float64) {
	if *v == 0 {
		*v = d
	}
}

// check reports promises that the caller broke (SEG-BUG-001) and features that the configuration names wrongly
// (SEG-FEA-002, SEG-CFG-003).
func check(in Input, cfg Config) error {
	bug := func(format string, args ...any) error {
		return &problem.Problem{ID: "SEG-BUG-001", What: "profile: " + fmt.Sprintf(format, args...)}
	}
	if in.Table == nil || in.Table.Rows() == 0 {
		return bug("no customers to describe")
	}
	n := in.Table.Rows()
	for _, c := range in.Table.Columns {
		if got := max(len(c.Numbers), len(c.Strings)); got != n {
			return bug("feature %q has %d values for %d customers", c.Name, got, n)
		}
	}
	switch {
	case in.K < 1:
		return bug("%d segments", in.K)
	case len(in.Labels) != n:
		return bug("%d labels for %d customers", len(in.Labels), n)
	case len(in.X) != len(in.Columns) || len(in.X) != len(in.Sources):
		return bug("%d prepared columns with %d names and %d sources", len(in.X), len(in.Columns), len(in.Sources))
	case in.IDs != nil && len(in.IDs) != in.K:
		return bug("%d ids for %d segments", len(in.IDs), in.K)
	case in.SLSw != nil && len(in.SLSw) != in.K:
		return bug("%d stabilities for %d segments", len(in.SLSw), in.K)
	case in.Silhouette != nil && len(in.Silhouette) != in.K:
		return bug("%d silhouettes for %d segments", len(in.Silhouette), in.K)
	}
	for j, x := range in.X {
		if len(x) != n {
			return bug("prepared column %q has %d values for %d customers", in.Columns[j], len(x), n)
		}
	}
	sizes := make([]int, in.K)
	for i, l := range in.Labels {
		if l < 0 || l >= in.K {
			return bug("label %d in row %d of %d segments", l, i, in.K)
		}
		sizes[l]++
	}
	for s, size := range sizes {
		if size == 0 {
			return bug("segment %d of %d has no customers", s+1, in.K)
		}
	}
	return checkNames(in.Table, cfg)
}

func checkNames(t *table.Table, cfg Config) error {
	var list problem.List
	for _, f := range []struct{ key, name string }{
		{"revenue", cfg.Revenue}, {"orders", cfg.Orders}, {"contacts", cfg.Contacts}, {"addressable", cfg.Addressable},
	} {
		if f.name == "" {
			continue
		}
		col := t.Column(f.name)
		switch {
		case col == nil:
			list = append(list, unknownFeature(t, f.key, f.name))
		case col.Kind == table.Category && f.key != "addressable":
			list = append(list, &problem.Problem{
				ID: "SEG-CFG-003", What: fmt.Sprintf("feature %q is not a number", f.name), Place: "segment." + f.key,
				Why: "Figures of segments are means and sums of numbers.", Fix: "Name a feature with numbers.",
			})
		}
	}
	words := make([]string, 0, len(cfg.Vocabulary))
	for name := range cfg.Vocabulary {
		words = append(words, name)
	}
	sort.Strings(words)
	for _, name := range words {
		if t.Column(name) == nil {
			list = append(list, unknownFeature(t, "vocabulary", name))
		}
	}
	list = append(list, problem.All(checkNicknames(cfg.Nicknames, t))...)
	return list.Err()
}

func unknownFeature(t *table.Table, key, name string) *problem.Problem {
	p := &problem.Problem{
		ID: "SEG-FEA-002", What: fmt.Sprintf("there is no feature %q", name), Place: "segment." + key,
		Fix: "Name one of the features: " + strings.Join(t.Names(), ", ") + ".",
	}
	best, at := len(name)/2+1, ""
	for _, other := range t.Names() {
		if d := editDistance(strings.ToLower(name), strings.ToLower(other)); d < best {
			best, at = d, other
		}
	}
	if at != "" {
		p.Fix = fmt.Sprintf("Did you mean %q?", at)
	}
	return p
}

// editDistance counts the insertions, deletions and replacements of bytes between a and b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
