package features

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow/go/v17/arrow"

	"segovia/engine/table"
	"segovia/kernels/problem"
)

// plan is a checked configuration, compiled.
type plan struct {
	cfg      Config
	asOf     int64
	sources  []*sourcePlan
	entity   *sourcePlan
	features []*featurePlan
	derived  []int // features of expr, score and rfm_segment, in an order in which each stands after what it needs
	money    *sourcePlan
	orders   int // expression of money that names the order; -1 = none
	account  int // expression of the entity table that names the parent; -1 = none
	region   *regionColumn
}

// featurePlan is one configured feature.
type featurePlan struct {
	col     Column
	place   string
	src     *sourcePlan
	agg     AggregationInfo
	kind    table.Kind
	unit    string
	formula string
	typ     string
	read    reader  // the value of a customer; nil for derived features and those with By
	by      *byPlan // features that expand
}

// value is one customer's value of a feature.
type value struct {
	num     float64
	str     string
	missing bool
	over    bool // a sum left the range
}

// reader returns the value of customer slot of the shard.
type reader func(sh *shard, slot int) value

// ValidateConfig checks cfg against the schemas of its sources, by name, and returns every fault at once. A Place such as
// `features.columns[3].column` names the setting; Column is the character in an expression.
func ValidateConfig(cfg Config, schemas map[string]*arrow.Schema) problem.List {
	_, problems := newPlan(cfg, schemas)
	return problems
}

func newPlan(cfg Config, schemas map[string]*arrow.Schema) (*plan, problem.List) {
	pl, p := &plan{cfg: cfg, orders: -1, account: -1}, &planner{}
	if cfg.AsOf.IsZero() {
		p.add(&problem.Problem{ID: "SEG-CFG-008", What: "the analysis date is not set", Place: "features.as_of",
			Fix: "Set `as_of` to a date, or \"today\"."})
	}
	if cfg.Window < 0 {
		p.add(&problem.Problem{ID: "SEG-CFG-008", What: "the window is negative", Place: "features.window",
			Fix: "Write a duration such as 365d, or \"all\"."})
	}
	pl.asOf = cfg.AsOf.UTC().UnixMicro()
	for _, sc := range cfg.Sources {
		schema := schemas[sc.Name]
		if schema == nil {
			schema = arrow.NewSchema(nil, nil)
		}
		if pl.source(sc.Name) != nil {
			p.add(&problem.Problem{ID: "SEG-CFG-008", What: fmt.Sprintf("source %q stands twice", sc.Name),
				Place: "sources." + sc.Name})
			continue
		}
		if sc.Name == cfg.Entity.From && cfg.Entity.Key != "" {
			sc.Key = cfg.Entity.Key
		}
		s := newSourcePlan(sc, schema)
		pl.sources = append(pl.sources, s)
		s.entity, s.asOf = cfg.Entity.Table != "" && sc.Name == cfg.Entity.Table, pl.asOf
		s.build(p)
	}
	pl.planEntity(p)
	pl.planAccounts(p)
	seen := map[string]bool{}
	for i, col := range cfg.Columns {
		place := cmp.Or(col.Place, fmt.Sprintf("features.columns[%d]", i))
		if col.Name == "" || seen[col.Name] {
			p.add(&problem.Problem{ID: "SEG-CFG-008",
				What: fmt.Sprintf("the feature's name %q is empty or stands twice", col.Name), Place: place + ".name",
				Fix: "Give each feature a name of its own."})
		}
		seen[col.Name] = true
		pl.features = append(pl.features, pl.planFeature(p, col, place))
	}
	pl.planDerived(p)
	pl.planMoney()
	if pl.entity != nil {
		pl.planRegion()
	}
	for _, s := range pl.sources {
		if s.from == math.MaxInt64 {
			s.from = pl.from(0)
		}
		s.from = min(s.from, pl.from(0))
	}
	return pl, p.problems
}

func (pl *plan) source(name string) *sourcePlan {
	for _, s := range pl.sources {
		if s.cfg.Name == name {
			return s
		}
	}
	return nil
}

func (pl *plan) sourceNames() []string {
	var names []string
	for _, s := range pl.sources {
		names = append(names, s.cfg.Name)
	}
	return names
}

// from returns the first microsecond of a feature's window; 0 = the configuration's, negative = all.
func (pl *plan) from(window time.Duration) int64 {
	if window == 0 {
		window = pl.cfg.Window
	}
	if window <= 0 {
		return noLimit
	}
	return pl.asOf - window.Microseconds()
}

func (pl *plan) planEntity(p *planner) {
	e := pl.cfg.Entity
	switch {
	case e.Table == "" && e.From == "", e.Table != "" && e.From != "":
		p.add(&problem.Problem{ID: "SEG-CFG-008",
			What: "the entity is given neither or both as a table and as an event source", Place: "features.entity",
			Fix: "Write `entity: customers` for a table with one row per customer, or `entity: {from: orders, key: customer_id}`."})
		return
	}
	name := cmp.Or(e.Table, e.From)
	if pl.entity = pl.source(name); pl.entity == nil {
		p.add(&problem.Problem{ID: "SEG-FEA-002", What: fmt.Sprintf("%q is no source", name), Place: "features.entity",
			Fix: didYouMean(name, pl.sourceNames())})
	}
	if pl.entity != nil && pl.entity.entity {
		pl.entity.oneRow, pl.entity.time, pl.entity.from = true, -1, noLimit
	}
}

// planFeature compiles one feature; derived ones are finished by planDerived.
func (pl *plan) planFeature(p *planner, col Column, place string) *featurePlan {
	f := &featurePlan{col: col, place: place, unit: col.Unit}
	isRFM := col.Agg == "rfm_segment"
	given := 0
	for _, is := range []bool{col.From != "" || col.Agg != "" && !isRFM, col.Expr != "", col.Score != nil &&
		!isRFM, isRFM} {
		if is {
			given++
		}
	}
	if given != 1 {
		p.add(&problem.Problem{ID: "SEG-CFG-008",
			What: fmt.Sprintf("feature %q needs exactly one of `from`, `expr` and `score`", col.Name), Place: place})
		return f
	}
	if col.From == "" && (col.Expr != "" || col.Score != nil || isRFM) {
		return f
	}
	if f.src = pl.source(col.From); f.src == nil {
		p.add(&problem.Problem{ID: "SEG-FEA-002", What: fmt.Sprintf("%q is no source", col.From),
			Place: place + ".from", Fix: didYouMean(col.From, pl.sourceNames())})
		return f
	}
	name := cmp.Or(col.Agg, "value")
	var ok bool
	if f.agg, ok = aggregation(name); !ok {
		p.add(&problem.Problem{ID: "SEG-FEA-002", What: fmt.Sprintf("%q is no aggregation", name),
			Place: place + ".agg", Fix: didYouMean(name, aggregationNames())})
		return f
	}
	b := &builder{plan: pl, planner: p, f: f, s: f.src, from: pl.from(col.Window)}
	b.build()
	return f
}

// planMoney finds the source whose orders and amount stand in the quality report: the entity's if it has an amount, else
// the first that has one; and the expression that names its orders.
func (pl *plan) planMoney() {
	if pl.entity != nil && pl.entity.amount >= 0 {
		pl.money = pl.entity
	}
	for _, s := range pl.sources {
		if pl.money == nil && s.amount >= 0 {
			pl.money = s
		}
	}
	source := pl.money
	if source == nil {
		source = pl.entity
	}
	if source == nil || source.entity {
		return
	}
	pl.money = source
	pl.orders = source.order
	for _, by := range []func(c Column) string{
		func(c Column) string { return c.Order },
		func(c Column) string {
			if c.Agg == "count_distinct" {
				return c.Column
			}
			return ""
		}} {
		for _, f := range pl.features {
			if text := by(f.col); pl.orders < 0 && f.src == source && text != "" {
				if i, fault := source.expression(text); fault == nil {
					pl.orders = i
				}
			}
		}
	}
}

// regionColumn is the column of the entity table by which coverage is judged.
type regionColumn struct {
	name string
	spec int
}

// regionNames are the columns that say to which subsidiary or country a customer belongs, the more telling first.
var regionNames = []string{"subsidiary", "company", "sales_org", "tochter", "gesellschaft", "niederlassung",
	"country", "country_code", "land", "market", "region"}

func (pl *plan) planRegion() {
	s := pl.entity
	if !s.entity {
		return
	}
	for _, want := range regionNames {
		for _, field := range s.schema.Fields() {
			if strings.EqualFold(field.Name, want) && columnIsText(field) {
				used := s.used[field.Name]
				i, _ := s.column(field.Name)
				s.used[field.Name] = used
				pl.region = &regionColumn{field.Name, s.state(stateSpec{kind: s.pickKind(), arg: i, by: -1, time: -1,
					where: -1, from: noLimit})}
				return
			}
		}
	}
}

func columnIsText(f arrow.Field) bool {
	t, _ := columnType(f.Type)
	return t == typeText
}

// pickKind says which row of a customer counts where several have its key.
func (s *sourcePlan) pickKind() stateKind {
	if s.cfg.OnDuplicate == "last" {
		return keepLastRow
	}
	return keepFirstRow
}

// kindOf returns the M3 kind of a feature from its column's name: what a feature describes, in the catalogue's words.
func kindOf(name string) string {
	low := strings.ToLower(name)
	for _, k := range []struct {
		kind  string
		words []string
	}{
		{"geographic", []string{"country", "region", "postcode", "postal", "zip", "plz", "city",
			"stadt", "ort", "land", "state", "latitude", "longitude", "distance"}},
		{"demographic", []string{"age", "alter", "gender", "geschlecht", "birth", "household", "education"}},
		{"psychographic", []string{"survey", "attitude", "satisfaction", "zufriedenheit", "nps", "interest", "umfrage"}},
		{"firmographic", []string{"industry", "branche", "employees", "mitarbeiter", "turnover",
			"umsatz", "size", "legal", "sector", "nace", "sic", "company", "parent"}},
	} {
		words := strings.FieldsFunc(low, func(r rune) bool { return r == '_' || r == ' ' || r == '-' || r == '.' })
		for _, w := range k.words {
			if slices.Contains(words, w) {
				return k.kind
			}
		}
	}
	return "other"
}
