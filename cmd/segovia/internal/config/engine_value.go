package config

import (
	"segovia/engine/tiers"
	"segovia/kernels"
)

// TiersConfig returns what is estimated and assigned per customer; nil where nothing is asked for. prices is the price list
// that tiers.potential.prices names, by type.
func (c *Config) TiersConfig(prices map[string]tiers.Price, path kernels.Path) *tiers.Config {
	if c.Tiers == nil && c.Lifetime == nil && c.Archetypes == nil && c.Goal == nil && c.Regions == nil && len(c.Groups) == 0 && len(c.Plans) == 0 {
		return nil
	}
	out := &tiers.Config{Profile: c.ProfileConfig(), Language: c.Segment.Language, MinCell: c.Report.MinCell, Seed: c.Run.Seed, Threads: c.ThreadCount(),
		Path: path, Entity: c.Features.Entity.Table}
	if t := c.Tiers; t != nil {
		rules := c.tierRules()
		out.Rules, out.Behaviour, out.Compare = &rules, t.Behaviour.Score, t.Compare
		if out.Compare == "" && t.Per == "" && c.Regions != nil {
			out.Compare = c.Regions.Country
		}
		if t.Wallet.Method == "forest" {
			out.Wallet = &tiers.Wallet{Quantile: float64(t.Wallet.Quantile), Predictors: t.Wallet.Predictors, Trees: t.Wallet.Trees, Holdout: float64(t.Wallet.Holdout)}
		}
		if p := t.Potential; p != nil {
			out.Potential = &tiers.Potential{From: p.From, Type: p.Type, Usage: p.Usage, Installed: p.Installed, PeriodsPerYear: periods[p.UsagePeriod],
				Consumables: p.Consumables, Service: p.Service, Quantile: float64(p.Quantile), Prices: map[string]tiers.Price{}}
			for name, price := range prices {
				out.Potential.Prices[name] = price
			}
			for name, price := range p.Demand {
				out.Potential.Prices[name] = tiers.Price(price)
			}
		}
	}
	if l := c.Lifetime; l != nil {
		from := c.purchases()
		out.Lifetime = &tiers.Lifetime{From: from, Where: l.Where, Weeks: l.Horizon.Hours() / (24 * 7), Discount: float64(l.Discount), Margin: l.Margin}
		if s := c.Source(from); s != nil {
			out.Positive = s.Amount != ""
		}
	}
	if p := c.Archetypes; p != nil {
		out.Archetypes = &tiers.Archetypes{Features: p.Features, K: p.K}
		for _, a := range p.Prototypes {
			out.Archetypes.Given = append(out.Archetypes.Given, tiers.Archetype{ID: a.ID, Name: text(a.Name), Values: a.Values})
		}
	}
	for _, g := range c.Groups {
		out.Groups = append(out.Groups, tiers.Group{Name: g.Name, Rule: g.Rule, Label: text(g.Label), Hint: text(g.Hint)})
	}
	if !c.isSet("groups") {
		for _, g := range tiers.UsualGroups {
			// Without tiers, those that only need the orders.
			if c.Tiers != nil || c.Lifetime != nil && (g.Name == "dormant" || g.Name == "churn_risk") {
				out.Groups = append(out.Groups, tiers.Group{Name: g.Name})
			}
		}
	}
	if g := c.Goal; g != nil {
		out.Goal = &tiers.Goal{Name: text(g.Name), Raise: g.Raise, UpTo: g.UpTo, Saturated: float64(g.Saturated)}
	}
	for _, p := range c.Plans {
		out.Plans = append(out.Plans, tiers.Plan{Segment: p.Segment, Tier: p.Tier,
			Fields: [7]string{p.SalesIntensity, p.Offer, p.Channel, p.ServiceLevel, p.Visits, p.Campaigns, p.Terms}})
	}
	if r := c.Regions; r != nil {
		out.Regions = &tiers.Regions{Country: r.Country, Region: r.Region, Postcode: r.Postcode, Prefix: r.Prefix}
	}
	return out
}

func text(l Label) tiers.Text { return tiers.Text{DE: l.DE, EN: l.EN} }

// periods of usage in a year.
var periods = map[string]float64{"day": 365, "week": 365.0 / 7, "month": 12, "year": 1}

// tierRules returns the rule of the tiers with its defaults.
func (c *Config) tierRules() tiers.Rules {
	t := c.Tiers
	out := tiers.Rules{Tiers: t.Names, Per: t.Per}
	for d, cut := range []Cut{t.Cuts.Potential, t.Cuts.ShareOfWallet, t.Cuts.Behaviour} {
		out.Cuts[d] = tiers.Cut{By: cut.By, Classes: cut.Classes, Direction: cut.Direction}
		for _, v := range cut.At {
			out.Cuts[d].At = append(out.Cuts[d].At, float64(v))
		}
	}
	for _, g := range t.Grid {
		r := tiers.Rule{Tier: g.Tier}
		r.Classes[0], r.Classes[1], r.Classes[2] = g.Potential, g.ShareOfWallet, g.Behaviour
		out.Grid = append(out.Grid, r)
	}
	return out.WithDefaults()
}

// purchases is the source whose records are purchases: as configured, else the first with time and amount, else the first
// with time that names its orders. Empty where there is none.
func (c *Config) purchases() string {
	if c.Lifetime != nil && c.Lifetime.From != "" {
		return c.Lifetime.From
	}
	for _, fits := range []func(s Source) bool{
		func(s Source) bool { return s.Time != "" && s.Amount != "" },
		func(s Source) bool { return s.Time != "" && s.Order != "" },
	} {
		for _, s := range c.Sources {
			if fits(s) {
				return s.Name
			}
		}
	}
	return ""
}
