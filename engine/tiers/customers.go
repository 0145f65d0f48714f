package tiers

import (
	"math"
	"strings"

	"segovia/engine/table"
)

// Table returns all that is known of the customers from row from up to before row to as columns, in the order of the feature
// table; texts are in the configured language. Large companies are written part by part, for the texts take more memory than
// the figures.
func (e *Estimates) Table(o *Customers, seg Segmentation, from, to int) *table.Table {
	german := e.cfg.Language == "de"
	t := &table.Table{Keys: e.in.Table.Keys[from:to]}
	n := t.Rows()
	text := func(name, formula string, of func(i int) string) {
		c := &table.Column{Name: name, Kind: table.Category, Formula: formula, Strings: make([]string, n), ProfileOnly: true}
		for i := range c.Strings {
			c.Strings[i] = of(from + i)
		}
		t.Columns = append(t.Columns, c)
	}
	number := func(name, unit, formula string, values []float64) {
		t.Columns = append(t.Columns, &table.Column{Name: name, Unit: unit, Formula: formula, Numbers: values, ProfileOnly: true})
	}
	segment := func(i int) int { return seg.Labels[i] }
	text("segment_id", "", func(i int) string { return seg.Segments.Segments[segment(i)].ID })
	text("segment", "", func(i int) string {
		s := seg.Segments.Segments[segment(i)].Name
		return tx(s.DE, s.EN).in(german)
	})
	if o.Tier != nil {
		text("tier", "grid of potential, share of wallet and behaviour", func(i int) string { return o.Tiers[o.Tier[i]] })
		text("tier_reason", "", func(i int) string { return o.Reason(i, german) })
	}
	if o.Profile != nil {
		ids := e.report.Profiles.Archetypes
		text("profile", "most similar archetype of behaviour", func(i int) string { return ids[o.Profile[i]].ID })
		text("profile_name", "", func(i int) string { return o.Archetypes[o.Profile[i]].in(german) })
		number("profile_similarity", "", "1 / (1 + mean distance in standard deviations)", o.Similarity[from:to])
		if len(o.Archetypes) > 1 {
			text("profile_runner_up", "second most similar archetype", func(i int) string { return ids[o.RunnerUp[i]].ID })
			number("runner_up_similarity", "", "1 / (1 + mean distance in standard deviations)", o.Second[from:to])
		}
	}
	if o.Per != nil {
		text("tier_per", "the level whose cuts decided", func(i int) string { return o.Per[i] })
	}
	for _, x := range []struct{ name, feature string }{{"orders_per_year", e.roles.Orders}, {"contacts_per_year", e.roles.Contacts}} {
		if v := e.perYearOf(x.feature, from, to); v != nil {
			number(x.name, "", x.feature+", a year", v)
		}
	}
	if spend := e.perYearOf(e.roles.Revenue, from, to); spend != nil {
		number("realised", "currency", e.roles.Revenue+", a year", spend)
		if low, high := e.numbers("wallet_low"), e.numbers("wallet_high"); low != nil {
			number("share_of_wallet_low", "share", "realised / wallet_high", shares(spend, high[from:to]))
			number("share_of_wallet_high", "share", "realised / wallet_low", shares(spend, low[from:to]))
		}
	}
	for _, name := range Added {
		if c := e.columns[name]; c != nil {
			part := *c
			part.Numbers = c.Numbers[from:to]
			t.Columns = append(t.Columns, &part)
		}
	}
	if len(o.Groups) > 0 {
		text("groups", "names of the groups, separated by commas", func(i int) string {
			var in []string
			for g, name := range o.Groups {
				if o.InGroup[g][i] {
					in = append(in, name)
				}
			}
			return strings.Join(in, ",")
		})
		for g, name := range o.Groups {
			c := &table.Column{Name: "group_" + name, Kind: table.Bool, Formula: e.report.Groups[g].Rule, Numbers: make([]float64, n), ProfileOnly: true}
			for i, is := range o.InGroup[g][from:to] {
				if is {
					c.Numbers[i] = 1
				}
			}
			t.Columns = append(t.Columns, c)
		}
	}
	if o.PlanOf != nil {
		for f, field := range PlanFields {
			text("plan_"+field, "strategy by segment and tier", func(i int) string { return o.Plans[o.PlanOf[i]][f].in(german) })
		}
	}
	return t
}

// shares divides spend by wallets that are at least the spend.
func shares(spend, wallet []float64) []float64 {
	out := make([]float64, len(spend))
	for i := range out {
		switch {
		case !(wallet[i] > 0):
			out[i] = math.NaN()
		case spend[i] > 0:
			out[i] = spend[i] / wallet[i]
		}
	}
	return out
}
