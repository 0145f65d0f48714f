package app

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"segovia/cmd/segovia/internal/config"
)

const day = 24 * time.Hour

// draft writes a configuration for what recognise found.
type draft struct {
	b        strings.Builder
	dir      string // folder of the configuration; paths start there
	project  string
	currency string // of amounts; empty = not known
	schema   string // name of the schema's file for editors; empty = none
	tables   []*tableRole
	csv      map[string]string // by table: how its text files are written
	files    int

	asOf   time.Time // the day after the last event
	window string
	suffix string      // of features that count within the window
	worth  worthLook   // what the sections on value can name
	logs   [][2]string // transforms by feature
}

func (d *draft) line(format string, args ...any) {
	d.b.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " "))
	d.b.WriteByte('\n')
}

// first returns the table of a role that has most rows, or nil.
func (d *draft) first(r role) *tableRole {
	var best *tableRole
	for _, t := range d.tables {
		if t.role == r && (best == nil || t.rows > best.rows) {
			best = t
		}
	}
	return best
}

// isEvent reports whether a table's times are moments of the history.
func (t *tableRole) isEvent() bool {
	return t.time != nil && (t.role == orders || t.role == contacts || t.role == events)
}

// period finds the day after the last event and the window: a year, or everything where the history is shorter.
func (d *draft) period() {
	var first, last time.Time
	for _, t := range d.tables {
		if !t.isEvent() || t.time.last.IsZero() {
			continue
		}
		if first.IsZero() || t.time.first.Before(first) {
			first = t.time.first
		}
		if t.time.last.After(last) {
			last = t.time.last
		}
	}
	d.asOf = last.Truncate(day).Add(day)
	d.window, d.suffix = "365d", "_12m"
	if d.asOf.Sub(first) < 300*day {
		d.window, d.suffix = "all", ""
	}
}

// text writes the whole configuration.
func (d *draft) text() string {
	d.period()
	if d.schema != "" {
		d.line("# yaml-language-server: $schema=%s", d.schema)
	}
	d.line("# Written by `segovia init` from a look at the files (%d of them). Look it over, then:", d.files)
	d.line("#   segovia check --data     what is wrong with it, all at once")
	d.line("#   segovia run --out out    the nightly job")
	d.line("version: 1")
	d.line("project: %s # segment ids are minted from this name", config.FormatValue(d.project))
	d.line("run: {seed: 1} # the same seed gives the same segments")
	d.line("")
	d.sources()
	d.line("quality: {max_rejects: 0%%} # share of unreadable rows that may be left out")
	d.line("")
	d.features()
	d.rest()
	return d.b.String()
}

func (d *draft) sources() {
	d.line("sources:")
	for _, t := range d.tables {
		if t.role == prices {
			continue // tiers.potential reads it
		}
		if t.role == truth || t.role == unused {
			d.line("  # %s (%s) is left out: %s.", t.name, d.paths(t), t.why)
			d.line("")
			continue
		}
		what := map[role]string{entity: "one row per customer", extra: "one row per customer", orders: "lines of orders",
			contacts: "contacts with customers", devices: "the installed base", events: "events"}[t.role]
		d.line("  %s: # %s, rows: %d", t.name, what, t.rows)
		if t.pattern != "" {
			d.line("    path: %s", d.path(t.pattern))
		} else {
			d.line("    files:")
			for _, f := range t.files {
				d.line("      - {path: %s}", d.path(f))
			}
		}
		if d.csv[t.name] != "" {
			d.line("    csv: {%s}", d.csv[t.name])
		}
		lost := ""
		if t.key.nulls > 0 {
			lost = fmt.Sprintf(" # rows without it: %d; they are dropped and counted", t.key.nulls)
		}
		d.line("    key: %s%s", config.FormatValue(t.key.name), lost)
		if t.isEvent() {
			d.line("    time: %s # %s to %s", config.FormatValue(t.time.name), t.time.first.Format(time.DateOnly), t.time.last.Format(time.DateOnly))
		}
		if t.role == orders {
			d.money(t)
		}
		d.line("")
	}
}

// money writes what a line of an order is worth.
func (d *draft) money(t *tableRole) {
	if t.order != nil {
		d.line("    order: %s", config.FormatValue(t.order.name))
	}
	switch {
	case t.amount != nil:
		d.line("    amount: %s", config.FormatValue(columnRef(t.amount.name)))
	case t.quantity != nil && t.price != nil:
		d.line("    amount: %s", config.FormatValue(columnRef(t.quantity.name)+" * "+columnRef(t.price.name)))
	}
	if t.returns() {
		d.line("    # Negative amounts are returns; they count, so that revenue is net.")
	}
	d.line("    distinct: none # repeated lines are kept and counted; across_files when files overlap")
}

// returns reports whether some amounts are negative.
func (t *tableRole) returns() bool {
	for _, c := range []*columnLook{t.amount, t.quantity, t.price} {
		if c != nil && c.negative > 0 && (c == t.amount || t.amount == nil) {
			return true
		}
	}
	return false
}

func (d *draft) hasMoney(t *tableRole) bool {
	return t.amount != nil || t.quantity != nil && t.price != nil
}

// path writes a path relative to the configuration's folder, quoted.
func (d *draft) path(p string) string {
	if !filepath.IsAbs(p) || filepath.IsAbs(d.dir) {
		if rel, err := filepath.Rel(d.dir, p); err == nil {
			p = rel
		}
	}
	return fmt.Sprintf("%q", filepath.ToSlash(p))
}

func (d *draft) paths(t *tableRole) string {
	if t.pattern != "" {
		return filepath.ToSlash(t.pattern)
	}
	return fmt.Sprintf("%d files", len(t.files))
}

// feature writes one feature.
func (d *draft) feature(name, body, de, en string) {
	d.line("    - {name: %s, %s, label: {de: %s, en: %s}}", name, body, config.FormatValue(de), config.FormatValue(en))
}

// log transforms a feature before scaling: signed where it can be negative.
func (d *draft) log(name string, signed bool) {
	how := "log1p"
	if signed {
		how = "signed-log1p"
	}
	d.logs = append(d.logs, [2]string{name, how})
}

func (d *draft) features() {
	main := d.first(entity)
	order := d.first(orders)
	d.line("features:")
	if main != nil {
		d.line("  entity: %s # who the customers are", main.name)
		if p := main.find(parentName, func(c *columnLook) bool { return c.typ == main.key.typ }); p != nil {
			d.line("  # To keep the members of an account in one segment: entity: {table: %s, account: %s, accounts: tie}", main.name, config.FormatValue(p.name))
		}
	} else {
		d.line("  entity: {from: %s} # no table has one row per customer, so those who ordered are the customers", d.events().name)
	}
	d.line("  as_of: %s # the day after the last event; today for a nightly job", d.asOf.Format(time.DateOnly))
	d.line("  window: %s", d.window)
	d.line("  columns:")
	var profileOnly []string
	if order != nil {
		profileOnly = d.orderFeatures(order)
	}
	if t := d.first(contacts); t != nil {
		name := "contacts" + d.suffix
		d.feature(name, fmt.Sprintf("from: %s, agg: count", t.name), "Kontakte", "contacts")
		d.log(name, false)
		if order != nil {
			d.feature("orders_per_contact", fmt.Sprintf("expr: %q", "orders"+d.suffix+" / nullif("+name+", 0)"), "Bestellungen je Kontakt", "orders per contact")
			profileOnly = append(profileOnly, "orders_per_contact")
		}
	}
	if t := d.first(devices); t != nil {
		d.feature("devices", fmt.Sprintf("from: %s, agg: count", t.name), "Geräte", "devices")
		profileOnly = append(profileOnly, "devices")
		if t.usage != nil {
			d.feature("device_usage", fmt.Sprintf("from: %s, agg: sum, column: %s", t.name, config.FormatValue(columnRef(t.usage.name))), "Gerätenutzung", "device usage")
			profileOnly = append(profileOnly, "device_usage")
		}
	}
	for _, t := range d.tables {
		if t.role == events || t.role == orders && t != order || t.role == contacts && t != d.first(contacts) {
			d.line("    - {name: %s, from: %s, agg: count}", t.name+d.suffix, t.name)
			d.log(t.name+d.suffix, false)
		}
	}
	profileOnly = append(profileOnly, d.master(main)...)
	d.line("  # Described, not clustered on: what a customer is, and what follows from the features above.")
	d.line("  profile_only: [%s]", strings.Join(profileOnly, ", "))
	d.line("")
}

// events is the table whose customers count where there is no entity table.
func (d *draft) events() *tableRole {
	for _, r := range []role{orders, contacts, events, devices} {
		if t := d.first(r); t != nil {
			return t
		}
	}
	return d.tables[0]
}

// orderFeatures writes what orders say of a customer and returns the features that only describe.
func (d *draft) orderFeatures(t *tableRole) (profileOnly []string) {
	from := "from: " + t.name
	recency := from + ", agg: days_since_last"
	if d.window != "all" {
		recency += ", window: all"
	}
	d.feature("recency_days", recency, "Tage seit dem letzten Kauf", "days since the last order")
	if t.consumable != nil || t.ownBrand != nil || d.first(contacts) != nil {
		profileOnly = append(profileOnly, "recency_days")
	} else { // recency, frequency and monetary value are then all there is
		d.log("recency_days", false)
	}
	name := "orders" + d.suffix
	d.feature(name, from+", agg: count_orders", "Bestellungen", "orders")
	d.log(name, false)
	if t.category != nil {
		d.feature("product_groups", fmt.Sprintf("%s, agg: count_distinct, column: %s", from, config.FormatValue(columnRef(t.category.name))), "Warengruppen", "product groups")
		profileOnly = append(profileOnly, "product_groups")
	}
	if !d.hasMoney(t) {
		return profileOnly
	}
	name = "revenue" + d.suffix
	d.feature(name, from+", agg: sum, column: amount, unit: currency", "Umsatz", "revenue")
	d.log(name, t.returns())
	d.worth.revenue = name
	d.feature("average_order_value", from+", agg: average_order_value, column: amount", "mittlerer Bestellwert", "average order value")
	d.feature("revenue_trend", from+", agg: trend_amount, column: amount", "Umsatztrend", "revenue trend")
	profileOnly = append(profileOnly, "average_order_value", "revenue_trend")
	if t.consumable != nil {
		d.feature("consumables_share", fmt.Sprintf("%s, agg: share, column: amount, where: %q", from, t.consumableWhere), "Anteil Verbrauchsmaterial", "share of consumables")
	}
	if t.ownBrand != nil {
		d.feature("own_brand_share", fmt.Sprintf("%s, agg: share, column: amount, where: %q", from, t.ownWhere), "Anteil Eigenmarke", "share of own brand")
	}
	profileOnly = append(profileOnly, d.moneyParts(t)...)
	if t.returns() {
		d.feature("returns_share", from+", agg: returns_share, column: amount", "Anteil Rücksendungen", "share of returns")
		profileOnly = append(profileOnly, "returns_share")
	}
	return profileOnly
}

// master returns what the customer tables say, to describe segments with.
func (d *draft) master(main *tableRole) (profileOnly []string) {
	for _, t := range d.tables {
		if t.role != entity && t.role != extra {
			continue
		}
		var left []string
		for _, c := range t.unusable {
			left = append(left, c.name)
		}
		for _, c := range append(append([]*columnLook(nil), t.firmographics...), t.consents...) {
			if t == main {
				profileOnly = append(profileOnly, config.FormatValue(c.name))
				continue
			}
			d.line("    - {name: %s, from: %s, agg: value, profile_only: true}", config.FormatValue(c.name), t.name)
		}
		if len(left) > 0 {
			d.line("    # Not used from %s: %s.", t.name, strings.Join(left, ", "))
		}
	}
	return profileOnly
}

// rest writes the sections behind the features.
func (d *draft) rest() {
	d.line("prep:")
	d.line("  # Counts and amounts are skewed: their order of magnitude matters, not the last euro.")
	var logs []string
	for _, l := range d.logs {
		logs = append(logs, l[0]+": "+l[1])
	}
	d.line("  transform: {%s}", strings.Join(logs, ", "))
	d.line("  clip: [0.5%%, 99.5%%]")
	d.line("  impute: median")
	d.line("  scale: zscore")
	d.line("")
	d.line("sweep: {algorithm: kmeans, k: 2..10, restarts: 10, gap: 50}")
	d.line("stability: {bootstrap: 100, require: {global: 0.80, each_segment: 0.60}}")
	currency, note := "", " # add currency: EUR or the like, to print it behind amounts"
	if d.currency != "" {
		currency, note = ", currency: "+config.FormatValue(d.currency), ""
	}
	d.line("segment: {choose: stable-then-gap, min_size: 1%%, max_segments: 10, language: en%s}%s", currency, note)
	d.value()
	d.line("report: {languages: [de, en], min_cell: 10}")
}
