package tiers

import (
	"fmt"
	"strings"

	"segovia/engine/features"
	"segovia/engine/ports"
	"segovia/engine/profile"
	"segovia/engine/table"
	"segovia/kernels"
)

// Config says what is estimated and assigned. Nil parts are not asked for.
type Config struct {
	Profile  profile.Config // words, currency and the features of revenue, orders and contacts
	Language string         // of reasons and plans in tables: "de" or "en" (default)
	MinCell  int            // figures over fewer customers are not published; 0 = 10
	Seed     uint64
	Threads  int          // 0 = all; changes no result
	Path     kernels.Path // that learns archetypes; changes no result

	Entity   string // source with one row per customer, for regions; empty = none
	Positive bool   // the source of orders has an amount: only records of a positive one are purchases

	Potential  *Potential
	Wallet     *Wallet
	Behaviour  string // expression; empty = the usual one, from the features that are there
	Rules      *Rules
	Compare    string // column by which tiers are compared; empty = Rules.Per
	Lifetime   *Lifetime
	Archetypes *Archetypes
	Groups     []Group
	Goal       *Goal
	Plans      []Plan
	Regions    *Regions
}

// Potential is the yearly demand of the installed base.
type Potential struct {
	From, Type, Usage, Installed string  // source and columns; Usage and Installed may be empty
	PeriodsPerYear               float64 // of usage: 12 for a month
	Prices                       map[string]Price
	Consumables, Service         string  // features with the revenue to learn from; empty = revenue, and none
	Quantile                     float64 // of the best-served customers
}

// Price is what a device needs in a year; nil parts are not known.
type Price struct {
	ConsumablesPerUnit, ConsumablesPerYear, ServicePerYear, ServiceGrowth *float64
}

// Wallet is the conditional quantile of spend.
type Wallet struct {
	Quantile   float64
	Predictors []string // features; empty = firmographics and the installed base
	Trees      int
	Holdout    float64
}

// Lifetime is what customers are expected to order.
type Lifetime struct {
	From, Where string  // source of purchases and which of its records are
	Weeks       float64 // horizon
	Discount    float64 // a year
	Margin      string  // feature; empty = value is revenue
}

// Archetypes are profiles of behaviour, given or to be learned.
type Archetypes struct {
	Features []string
	K        int
	Given    []Archetype
}

// Archetype is a given archetype: values by feature in its own unit.
type Archetype struct {
	ID     string
	Name   Text
	Values map[string]float64
}

// Group is a set of customers by a rule.
type Group struct {
	Name, Rule  string
	Label, Hint Text
}

// Goal is what segments are judged against.
type Goal struct {
	Name        Text
	Raise, UpTo string
	Saturated   float64
}

// Plan is one row of the strategy: texts by PlanFields.
type Plan struct {
	Segment, Tier string
	Fields        [len(PlanFields)]string
}

// Regions are the columns of the entity table by which the regional view is made.
type Regions struct {
	Country, Region, Postcode string
	Prefix                    int
}

// internal begins the names of features that are only computed for this package. No configured feature may begin with it.
const internal = "~"

// IsInternal reports whether a feature was made by Features.
func IsInternal(name string) bool { return strings.HasPrefix(name, internal) }

// maxTypes device types are told apart; the rest count as one.
const maxTypes = 64

// Features returns the features that Estimate and Assign need beside those of the configuration. They are folded with them,
// but do not stand in the feature table (Input.Hidden).
func (c Config) Features() []features.Column {
	var out []features.Column
	add := func(name, place string, col features.Column) {
		col.Name, col.Place, col.ProfileOnly = internal+name, place, true
		out = append(out, col)
	}
	if p := c.Potential; p != nil {
		at := "tiers.potential"
		by := features.Column{From: p.From, Agg: "count", By: quote(p.Type), MaxBy: maxTypes, Window: -1} // a device counts however old it is
		add("devices", at+".type", by)
		if p.Usage != "" {
			by.Agg, by.Column = "sum", quote(p.Usage)
			add("usage", at+".usage", by)
			by.Agg, by.Column, by.Where = "count", "", quote(p.Usage)+" is not null"
			add("metered", at+".usage", by)
			by.Where = ""
		}
		if p.Installed != "" {
			by.Agg, by.Column = "sum", "greatest(days_since("+quote(p.Installed)+"), 0)"
			add("age", at+".installed", by)
		}
	}
	if l := c.Lifetime; l != nil {
		at, where := "lifetime", l.Where
		if where == "" && c.Positive {
			where = "amount > 0"
		}
		purchase := func(agg string) features.Column {
			return features.Column{From: l.From, Agg: agg, Where: where, Window: -1}
		}
		add("repeats", at, purchase("repeat_days"))
		add("span", at, purchase("active_span"))
		add("known", at, purchase("customer_age"))
		add("silent", at, purchase("days_since_last"))
		if c.Positive {
			add("spent", at, purchase("sum"))
			add("spent_first", at, purchase("first_day_sum"))
		}
	}
	if r := c.Regions; r != nil && c.Entity != "" {
		for _, x := range []struct{ name, column string }{{"country", r.Country}, {"region", r.Region}, {"postcode", r.Postcode}} {
			if x.column != "" {
				add(x.name, "regions."+x.name, features.Column{From: c.Entity, Column: quote(x.column)})
			}
		}
	}
	if c.Entity != "" {
		for _, x := range []struct{ name, place, column string }{{"per", "tiers.per", c.per()}, {"compare", "tiers.compare", c.Compare}} {
			if x.column != "" {
				add(x.name, x.place, features.Column{From: c.Entity, Column: quote(x.column)})
			}
		}
	}
	return out
}

func (c Config) per() string {
	if c.Rules == nil {
		return ""
	}
	return c.Rules.Per
}

// quote writes a column's name so that an expression takes it whole.
func quote(column string) string {
	for i, r := range column {
		if !(r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || i > 0 && r >= '0' && r <= '9') {
			return "`" + strings.ReplaceAll(column, "`", "``") + "`"
		}
	}
	return column
}

// Added names the columns that Estimate may make: what rules, goals and predictors can name beside the features, and what the
// customers' table holds.
var Added = []string{"potential_consumables", "potential_service", "potential", "wallet", "wallet_low", "wallet_high", "share_of_wallet",
	"unrealised_potential", "behaviour_score", "probability_alive", "overdue", "expected_orders", "lifetime_value"}

// Input is the feature table with what is known of its windows.
type Input struct {
	Table          *table.Table
	Hidden         []*table.Column    // the features that Config.Features asked for, of the same rows
	WindowDays     float64            // of features without a window of their own; 0 = not known
	FeatureWindows map[string]float64 // in days, of features that have another one
	Progress       ports.Progress     // is told of each estimate; nil = nobody
}

// yearly is the factor that scales a feature over its window to a year, as descriptions scale it; 1 where no window is known.
func (in Input) yearly(feature string) float64 {
	if f, ok := profile.YearFactor(feature, in.WindowDays, in.FeatureWindows); ok {
		return f
	}
	return 1
}

// column returns a feature by name; SEG-FEA-002 at place where there is none or it is no number.
func (in Input) column(name, place string) (*table.Column, error) {
	c := in.Table.Column(name)
	if c == nil || c.Kind == table.Category {
		what := fmt.Sprintf("there is no feature %q", name)
		if c != nil {
			what = fmt.Sprintf("feature %q is a category; a number is wanted", name)
		}
		return nil, unknown(what, place, in.Table)
	}
	return c, nil
}
