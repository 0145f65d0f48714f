// Package table holds the feature table: one row per customer in key order, typed columns with unit and formula. It is
// the one shape in which features, prep, profile and the commands on ready tables hand customers to each other.
package table

// Kind is the type of a column's values.
type Kind int

// The kinds of columns. Bool columns hold 0 and 1 (NaN = missing) in Numbers.
const (
	Number Kind = iota
	Bool
	Category
)

// String returns "number", "bool" or "category".
func (k Kind) String() string { return [...]string{"number", "bool", "category"}[k] }

// Column is one feature of all customers.
type Column struct {
	Name    string
	Kind    Kind
	Unit    string    // "days", "orders", "share", "currency", ...; empty if none
	Formula string    // how it was computed, in the words of the configuration
	Type    string    // M3: behavioural, transactional, firmographic, demographic, geographic, psychographic, other
	Numbers []float64 // Number and Bool: one per row, NaN = missing
	Strings []string  // Category: one per row; missing rows hold "" and are true in Missing
	Missing []bool    // Category only; nil when none is missing
	// LabelDE and LabelEN name the feature for people; empty = derived from Name.
	LabelDE, LabelEN string
	// ProfileOnly columns describe segments and are never clustered on.
	ProfileOnly bool
}

// IsMissing reports whether row i has no value.
func (c *Column) IsMissing(i int) bool {
	if c.Kind == Category {
		return c.Missing != nil && c.Missing[i]
	}
	return c.Numbers[i] != c.Numbers[i]
}

// Table is a set of customers in key order (bytewise ascending, unique).
type Table struct {
	Keys    []string
	Columns []*Column
}

// Rows returns the number of customers.
func (t *Table) Rows() int { return len(t.Keys) }

// Column returns the column of that name, or nil.
func (t *Table) Column(name string) *Column {
	for _, c := range t.Columns {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Names returns the column names in order.
func (t *Table) Names() []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}
