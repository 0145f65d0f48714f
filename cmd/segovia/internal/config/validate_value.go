package config

import (
	"fmt"
	"slices"
	"strings"

	"segovia/engine/features"
	"segovia/engine/tiers"
	"segovia/kernels/problem"
)

// worth checks the sections on the value of customers: tiers, lifetime, archetypes, groups, goal, plans and regions.
func (k *checker) worth() {
	v := &valueChecker{checker: k}
	v.known, v.open = k.featureNames()
	for _, n := range v.known {
		if slices.Contains(tiers.Added, n) && (k.Tiers != nil || k.Lifetime != nil) || tiers.IsInternal(n) {
			k.contradiction(k.featurePath(n), fmt.Sprintf("the name %q is taken", n), "what customers could be worth is told by a column of this name", "rename the feature")
		}
	}
	if k.Tiers != nil {
		v.tiers()
	}
	if l := k.Lifetime; l != nil {
		k.unknownSource("lifetime.from", l.From)
		if k.purchases() == "" {
			k.contradiction("lifetime", "no source holds purchases", "a source with time, and amount or order, is needed", "name it: `lifetime: {from: orders}`")
		}
		if l.Horizon.All {
			k.contradiction("lifetime.horizon", "the horizon of the lifetime is all", "", "write a duration such as 52w")
		}
		v.feature("lifetime.margin", l.Margin)
	}
	if p := k.Archetypes; p != nil {
		for i, n := range p.Features {
			v.feature(fmt.Sprintf("archetypes.features[%d]", i), n)
		}
		for i, a := range p.Prototypes {
			at := fmt.Sprintf("archetypes.prototypes[%d]", i)
			if slices.ContainsFunc(p.Prototypes[:i], func(b Prototype) bool { return b.ID == a.ID }) {
				k.contradiction(at+".id", fmt.Sprintf("two archetypes have the id %q", a.ID), "", "rename one of them")
			}
			if len(a.Values) == 0 {
				k.contradiction(at, fmt.Sprintf("archetype %q has no values", a.ID), "", "write `values: {orders_12m: 12}`")
			}
			for _, n := range sortedKeys(a.Values) {
				v.feature(join(at+".values", n), n)
			}
		}
	}
	v.groups()
	if g := k.Goal; g != nil {
		v.feature("goal.raise", g.Raise)
		if g.UpTo != "" && !slices.Contains(tiers.Added, g.UpTo) {
			v.feature("goal.up_to", g.UpTo)
		}
		if k.Tiers == nil && (g.UpTo == "" || slices.Contains(tiers.Added, g.UpTo)) {
			k.contradiction("goal", "the goal has nothing to be judged against", "wallets and potentials come from the section `tiers`", "add `tiers`, or name a feature as up_to")
		}
	}
	if k.Regions != nil && k.Features.Entity.Table == "" {
		k.contradiction("regions", "regions need a table with one row per customer", "", "write `features: {entity: customers}`")
	}
	for i, p := range k.Plans {
		if p.Tier != "" && k.Tiers != nil && !slices.Contains(k.tierRules().Tiers, p.Tier) {
			k.fail(fmt.Sprintf("plans[%d].tier", i), "SEG-CFG-012", fmt.Sprintf("%q is no tier", p.Tier), "", DidYouMean(p.Tier, k.tierRules().Tiers))
		} else if p.Tier != "" && k.Tiers == nil {
			k.contradiction(fmt.Sprintf("plans[%d].tier", i), "there are no tiers", "", "add the section `tiers`")
		}
	}
}

// featurePath is where a feature is defined.
func (c *Config) featurePath(name string) string {
	if i := slices.IndexFunc(c.Features.Columns, func(f Column) bool { return f.Name == name }); i >= 0 {
		return fmt.Sprintf("features.columns[%d].name", i)
	}
	return fmt.Sprintf("features.profile_only[%d]", slices.Index(c.Features.ProfileOnly, name))
}

type valueChecker struct {
	*checker
	known, open []string // features, and beginnings of those that expand by level
}

func (v *valueChecker) isFeature(name string) bool {
	return slices.Contains(v.known, name) || slices.ContainsFunc(v.open, func(p string) bool { return strings.HasPrefix(name, p) })
}

func (v *valueChecker) feature(path, name string) {
	if name != "" && !v.isFeature(name) {
		v.fail(path, "SEG-FEA-002", fmt.Sprintf("there is no feature %q", name), "", DidYouMean(name, v.known))
	}
}

func (v *valueChecker) tiers() {
	t := v.Tiers
	var usual []string // what is wrong with the usual grid, which nobody wrote
	for _, p := range problem.All(v.tierRules().Check("tiers")) {
		if strings.HasPrefix(p.Place, "tiers.grid") && !v.isSet("tiers.grid") {
			usual = append(usual, p.What)
			continue
		}
		v.fail(p.Place, p.ID, p.What, p.Why, p.Fix)
	}
	if len(usual) > 0 {
		v.fail("tiers", "SEG-CFG-012", "the usual grid does not fit these tiers and classes", usual[0], "add `grid`, with a tier for each combination of classes")
	}
	if p := t.Potential; p != nil && !v.failed["tiers.potential"] {
		v.unknownSource("tiers.potential.from", p.From)
		v.feature("tiers.potential.consumables", p.Consumables)
		v.feature("tiers.potential.service", p.Service)
	} else if t.Wallet.Method == "none" {
		v.contradiction("tiers", "tiers have neither potential nor wallet", "one of them must say what a customer could spend", "add `potential`, or `wallet: {method: forest}`")
	}
	for i, n := range t.Wallet.Predictors {
		if !slices.Contains(tiers.Added, n) {
			v.feature(fmt.Sprintf("tiers.wallet.predictors[%d]", i), n)
		}
	}
	for _, x := range []struct{ path, name string }{{"tiers.per", t.Per}, {"tiers.compare", t.Compare}} {
		if x.name != "" && v.Features.Entity.Table == "" {
			v.contradiction(x.path, "comparing tiers needs a table with one row per customer", "", "write `features: {entity: customers}`")
		}
	}
	if t.Per != "" && t.Compare != "" && t.Per != t.Compare {
		v.contradiction("tiers.compare", "tiers have cuts of their own by "+t.Per+" and are compared by "+t.Compare, "", "compare by "+t.Per+" too, or remove `per`")
	}
	v.expression("tiers.behaviour.score", t.Behaviour.Score, []string{"potential", "wallet", "share_of_wallet", "unrealised_potential"})
}

// expression checks that a text is an expression and that its names exist: features, or one of more.
func (v *valueChecker) expression(path, text string, more []string) {
	if text == "" || v.failed[path] {
		return
	}
	names, err := features.ExpressionNames(text)
	for _, p := range problem.All(err) {
		v.fail(path, p.ID, p.What, p.Why, p.Fix)
	}
	possible := slices.Clone(v.known)
	for _, n := range more {
		if n != "_rank" && !slices.Contains(possible, n) {
			possible = append(possible, n)
		}
	}
	for _, n := range names {
		base, _ := strings.CutSuffix(n.Name, "_rank")
		ok := v.isFeature(n.Name) || slices.Contains(more, n.Name) || slices.Contains(more, "_rank") && (v.isFeature(base) || slices.Contains(more, base))
		if !ok {
			v.fail(path, "SEG-FEA-002", fmt.Sprintf("there is no feature %q", n.Name), fmt.Sprintf("at character %d of %q", n.Character, shorten(text)),
				DidYouMean(n.Name, possible))
			return
		}
	}
}

func (v *valueChecker) groups() {
	for i, g := range v.Groups {
		at := fmt.Sprintf("groups[%d]", i)
		usual := slices.ContainsFunc(tiers.UsualGroups, func(u tiers.Group) bool { return u.Name == g.Name })
		if slices.ContainsFunc(v.Groups[:i], func(o Group) bool { return o.Name == g.Name }) {
			v.contradiction(at+".name", fmt.Sprintf("two groups are named %q", g.Name), "", "rename one of them")
		}
		if g.Rule == "" && !usual && !v.failed[at] && !v.failed[at+".rule"] {
			var usualNames []string
			for _, u := range tiers.UsualGroups {
				usualNames = append(usualNames, u.Name)
			}
			v.contradiction(at, fmt.Sprintf("group %q has no rule", g.Name), "only the usual groups have one of their own",
				"add `rule: \"recency > 90\"`, or use one of "+strings.Join(usualNames, ", "))
		}
		v.expression(at+".rule", g.Rule, append(slices.Clone(tiers.RuleNames), "_rank"))
	}
}
