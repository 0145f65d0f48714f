package engine

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"segovia/engine/features"
	"segovia/engine/quality"
	"segovia/kernels/problem"
)

// Definition is how the features of a model are computed from sources, as the configuration said it. Where a table with
// the model's features is not at hand, this tells how to make one.
type Definition struct {
	Entity  EntityDefinition   `json:"entity"`
	AsOf    string             `json:"as_of"`  // day of the analysis that the model was fitted on, RFC 3339
	Window  string             `json:"window"` // "all" or days, such as "365d"
	Sources []SourceDefinition `json:"sources"`
	Columns []ColumnDefinition `json:"columns"` // the features, as configured
}

// EntityDefinition says who the customers are: the rows of a table, or the keys of an event source.
type EntityDefinition struct {
	Table string `json:"table"`
	From  string `json:"from"`
	Key   string `json:"key"`
	// Account is the column with the customer's parent, "" without accounts. Accounts says what became of members: "tie", each
	// was labelled with the mean of its account, or "sum", the records of all counted for the head.
	Account  string `json:"account"`
	Accounts string `json:"accounts"`
}

// SourceDefinition says what the records of a source mean. Empty texts were not given.
type SourceDefinition struct {
	Name        string   `json:"name"`
	Key         string   `json:"key"`
	Time        string   `json:"time"`
	Order       string   `json:"order"`
	Amount      string   `json:"amount"`
	Where       string   `json:"where"`
	Distinct    string   `json:"distinct"`
	MissingKey  string   `json:"missing_key"`
	OnDuplicate string   `json:"on_duplicate"`
	Columns     []string `json:"columns"` // those that were used
}

// ColumnDefinition says what one entry of features.columns computes. Empty texts were not given.
type ColumnDefinition struct {
	Name        string           `json:"name"`
	From        string           `json:"from"`
	Agg         string           `json:"agg"`
	Column      string           `json:"column"`
	Where       string           `json:"where"`
	Order       string           `json:"order"`
	By          string           `json:"by"`
	MaxBy       int              `json:"max_by"` // 0 = the default
	Expr        string           `json:"expr"`
	Score       *ScoreDefinition `json:"score"`
	Window      string           `json:"window"` // "" = that of all features
	Period      string           `json:"period"`
	ProfileOnly bool             `json:"profile_only"`
}

// ScoreDefinition is the score of another feature.
type ScoreDefinition struct {
	Of       string `json:"of"`
	Style    string `json:"style"`
	Rank     bool   `json:"rank"`
	Reversed bool   `json:"reversed"`
	Bins     int    `json:"bins"` // 0 = 5
}

// Define returns the definition behind c. read says which columns of the sources are used; nil leaves them empty.
func Define(c features.Config, read *quality.Report) *Definition {
	d := &Definition{Entity: EntityDefinition(c.Entity), AsOf: c.AsOf.UTC().Format(time.RFC3339), Window: windowText(c.Window),
		Sources: []SourceDefinition{}, Columns: []ColumnDefinition{}}
	for _, s := range c.Sources {
		out := SourceDefinition{Name: s.Name, Key: s.Key, Time: s.Time, Order: s.Order, Amount: s.Amount, Where: s.Where,
			Distinct: s.Distinct, MissingKey: s.MissingKey, OnDuplicate: s.OnDuplicate, Columns: []string{}}
		if read != nil {
			for _, r := range read.Sources {
				for _, col := range r.Columns {
					if r.Name == s.Name && col.Used {
						out.Columns = append(out.Columns, col.Name)
					}
				}
			}
			slices.Sort(out.Columns) // the files' own order means nothing
		}
		d.Sources = append(d.Sources, out)
	}
	for _, f := range c.Columns {
		out := ColumnDefinition{Name: f.Name, From: f.From, Agg: f.Agg, Column: f.Column, Where: f.Where, Order: f.Order, By: f.By,
			MaxBy: f.MaxBy, Expr: f.Expr, Period: f.Period, ProfileOnly: f.ProfileOnly}
		if f.Window != 0 {
			out.Window = windowText(f.Window)
		}
		if f.Score != nil {
			s := ScoreDefinition(*f.Score)
			out.Score = &s
		}
		d.Columns = append(d.Columns, out)
	}
	return d
}

// windowText writes a window in days; 0 and less are all.
func windowText(w time.Duration) string {
	if w <= 0 {
		return "all"
	}
	return strconv.FormatFloat(w.Hours()/24, 'f', -1, 64) + "d"
}

// CheckDefinition returns SEG-STA-001 when c computes one of the features that the model is fitted on in another way than
// the model's own configuration did: the same name would mean something else. The day of the analysis may differ, and so
// may what only describes. A model of a ready table has no definition, and takes any.
func (m *Model) CheckDefinition(c features.Config) error {
	if m.Features == nil {
		return nil
	}
	was, is := m.Features, Define(c, nil)
	if was.summed() != is.summed() {
		return &problem.Problem{ID: "SEG-STA-001", What: "the model was made of other rows than this configuration computes",
			Why: fmt.Sprintf("accounts were summed up %s, and are %s", was.summed(), is.summed()),
			Fix: "predict with the configuration of the model's run (its manifest.json has it), or run again"}
	}
	checked := map[string]bool{}
	var check func(feature string) string
	check = func(feature string) string {
		for _, f := range was.Columns {
			if checked[f.Name] || f.Name != feature && (f.By == "" || !strings.HasPrefix(feature, f.Name+"_")) {
				continue
			}
			checked[f.Name] = true
			if why := was.differs(f, is); why != "" {
				return why
			}
			for _, other := range f.features() {
				if why := check(other); why != "" {
					return why
				}
			}
		}
		return ""
	}
	for _, f := range m.Prep.Features {
		if why := check(f.Name); why != "" {
			return &problem.Problem{ID: "SEG-STA-001", What: "the model was made from other features than this configuration computes", Why: why,
				Fix: "predict with the configuration of the model's run (its manifest.json has it), or run again"}
		}
	}
	return nil
}

// summed says by which column accounts are summed up.
func (d *Definition) summed() string {
	if d.Entity.Accounts != features.AccountsSum {
		return "by no column"
	}
	return "by " + d.Entity.Account
}

var word = regexp.MustCompile(`[\pL_][\pL\pN_]*`)

// features are the names that f may take from other features; words of an expression that are none do no harm.
func (f ColumnDefinition) features() []string {
	text := f.Expr
	if f.Score != nil {
		text += " " + f.Score.Of
	}
	if f.From == "" {
		text += " " + f.Column
	}
	return word.FindAllString(text, -1)
}

// differs says in what feature f of d means something else in is; "" if it means the same.
func (d *Definition) differs(f ColumnDefinition, is *Definition) string {
	at := slices.IndexFunc(is.Columns, func(c ColumnDefinition) bool { return c.Name == f.Name })
	if at < 0 {
		return fmt.Sprintf("the feature %s is not in the configuration", f.Name)
	}
	now := is.Columns[at]
	now.ProfileOnly = f.ProfileOnly
	switch {
	case !reflect.DeepEqual(f, now):
		return fmt.Sprintf("the feature %s is defined in another way", f.Name)
	case f.From == "":
		return ""
	case f.Window == "" && d.Window != is.Window:
		return fmt.Sprintf("the window of the feature %s was %s and is %s", f.Name, d.Window, is.Window)
	}
	source := func(d *Definition) SourceDefinition {
		at := slices.IndexFunc(d.Sources, func(s SourceDefinition) bool { return s.Name == f.From })
		if at < 0 {
			return SourceDefinition{}
		}
		s := d.Sources[at]
		s.Columns = nil // which ones are used follows from all features together
		return s
	}
	if !reflect.DeepEqual(source(d), source(is)) {
		return fmt.Sprintf("the source %s, of the feature %s, is read in another way", f.From, f.Name)
	}
	return ""
}
