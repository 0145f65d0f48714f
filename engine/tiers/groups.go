package tiers

import (
	"fmt"
	"slices"
	"strings"

	"segovia/engine/features"
	"segovia/engine/table"
	"segovia/kernels/problem"
)

// UsualGroups are the groups that are made where none are configured. Names that their rules use are explained at
// RuleNames.
var UsualGroups = []Group{
	{Name: "potential_customers", Rule: "unrealised_potential_rank >= 0.7 and revenue_rank < 0.5",
		Label: tx("Potenzialkunden", "potential customers"),
		Hint:  tx("hohes Potenzial, wenig Umsatz: persönlich gewinnen", "high potential, low revenue: win them in person")},
	{Name: "remote_service", Rule: "potential_rank < 0.3 and revenue_rank < 0.3",
		Label: tx("kleine Kunden für Fernbetreuung", "small customers for remote service"),
		Hint:  tx("Innendienst, Telefon und Online statt Besuch", "inside sales, telephone and web instead of visits")},
	{Name: "dormant", Rule: "recency is null or recency >= 180",
		Label: tx("Schläfer", "dormant"),
		Hint:  tx("seit einem halben Jahr nichts bestellt: Anlass erfragen, reaktivieren oder Aufwand senken", "nothing ordered for half a year: ask why, win back, or spend less on them")},
	{Name: "churn_risk", Rule: "recency < 180 and (probability_alive < 0.5 or overdue >= 2.5)",
		Label: tx("abwanderungsgefährdet", "at risk of churn"),
		Hint:  tx("bestellen seltener, als es ihr eigener Rhythmus erwarten lässt: bald anrufen", "order less than their own rhythm suggests: call soon")},
	{Name: "over_contacted", Rule: "contacts >= 6 and contacts > 2 * orders",
		Label: tx("zu oft kontaktiert", "over-contacted"),
		Hint:  tx("viele Kontakte, wenige Bestellungen: weniger oder anders ansprechen", "many contacts, few orders: contact them less, or otherwise")},
	{Name: "under_contacted", Rule: "contacts_rank < 0.35 and unrealised_potential_rank >= 0.6",
		Label: tx("zu selten kontaktiert", "under-contacted"),
		Hint:  tx("wenige Kontakte, viel offenes Potenzial: mehr ansprechen", "few contacts, much unrealised potential: contact them more")},
}

// RuleNames are the names that rules of groups may use beside the features: the columns of Added; revenue, orders and contacts
// (a year), recency (days) and returns, as recognised; segment (its id), segment_number, tier and profile. NAME_rank, of
// any of these that is a number or of a feature, is the share of the customers with a smaller value.
var RuleNames = append(slices.Clone(Added), "revenue", "orders", "contacts", "recency", "returns", "segment", "segment_number", "tier", "profile")

const rankSuffix = "_rank"

// groups evaluates the rules. A usual group whose names are not all there is left out with a warning; so is a configured one
// that names what was asked for and what the data did not allow.
func (a *assigner) groups() error {
	t := a.ruleTable()
	for g, group := range a.cfg.Groups {
		place := fmt.Sprintf("groups[%d].rule", g)
		usual := slices.IndexFunc(UsualGroups, func(u Group) bool { return u.Name == group.Name })
		if usual >= 0 {
			u := UsualGroups[usual]
			group.Label, group.Hint = orText(group.Label, u.Label), orText(group.Hint, u.Hint)
			if group.Rule == "" {
				group.Rule, place = u.Rule, ""
			}
		}
		group.Label = orText(group.Label, tx(group.Name, group.Name))
		missing := missingNames(group.Rule, t)
		if own := place != ""; len(missing) > 0 && (!own || !slices.ContainsFunc(missing, func(name string) bool { return !a.askedFor(name) })) {
			list := strings.Join(missing, ", ")
			a.warn("Die Gruppe „"+group.Label.DE+"“ fehlt: nicht bekannt sind "+list, "the group "+group.Label.EN+" is missing: not known are "+list)
			continue
		}
		AddRanks(t, group.Rule)
		c, err := features.Evaluate(t, group.Rule, place)
		if err != nil {
			return err
		}
		if c.Kind != table.Bool {
			return unknown(fmt.Sprintf("the rule of group %q is no condition", group.Name), place, t)
		}
		in := make([]bool, len(c.Numbers))
		for i, v := range c.Numbers {
			in[i] = v == 1 // a condition that is not known is not met
		}
		a.out.Groups, a.out.InGroup = append(a.out.Groups, group.Name), append(a.out.InGroup, in)
		a.report.Groups = append(a.report.Groups, a.groupReport(group, in))
	}
	return nil
}

// askedFor reports whether the configuration asks for what a rule may name so: then it is the data that do not allow it.
func (a *assigner) askedFor(name string) bool {
	switch strings.TrimSuffix(name, rankSuffix) {
	case "wallet_low", "wallet_high":
		return a.cfg.Wallet != nil
	case "wallet", "potential", "share_of_wallet", "unrealised_potential":
		return a.cfg.Wallet != nil || a.cfg.Potential != nil
	case "behaviour_score", "tier":
		return a.cfg.Rules != nil
	case "probability_alive", "overdue", "expected_orders", "lifetime_value":
		return a.cfg.Lifetime != nil
	case "profile":
		return a.cfg.Archetypes != nil
	}
	return false
}

func (a *assigner) groupReport(g Group, in []bool) GroupReport {
	member := make([]int, len(in))
	r := GroupReport{Name: g.Name, Label: g.Label, Hint: g.Hint, Rule: g.Rule, Segments: make([]int, a.k)}
	for i, is := range in {
		if member[i] = -1; is {
			member[i] = 0
			r.Customers++
			r.Segments[a.seg.Labels[i]]++
		}
	}
	r.Share = float64(r.Customers) / float64(len(in))
	sum := func(values []float64) *float64 {
		if values == nil {
			return nil
		}
		out := make([]float64, 1)
		a.sumBy(values, member, out)
		return &out[0]
	}
	r.Revenue, r.Unrealised = sum(a.spend), sum(a.numbers("unrealised_potential"))
	return r
}

func orText(a, b Text) Text {
	if a.DE == "" && a.EN == "" {
		return b
	}
	if a.DE == "" {
		a.DE = a.EN
	}
	if a.EN == "" {
		a.EN = a.DE
	}
	return a
}

// ruleTable is the feature table with what rules may use beside it.
func (a *assigner) ruleTable() *table.Table {
	t := &table.Table{Keys: a.in.Table.Keys, Columns: slices.Clone(a.in.Table.Columns)}
	add := func(name string, numbers []float64) {
		if numbers != nil && t.Column(name) == nil {
			t.Columns = append(t.Columns, &table.Column{Name: name, Numbers: numbers})
		}
	}
	text := func(name string, of func(i int) string) {
		if t.Column(name) != nil {
			return
		}
		c := &table.Column{Name: name, Kind: table.Category, Strings: make([]string, t.Rows())}
		for i := range c.Strings {
			c.Strings[i] = of(i)
		}
		t.Columns = append(t.Columns, c)
	}
	for _, name := range Added {
		add(name, a.numbers(name))
	}
	add("revenue", a.spend)
	add("orders", a.orders)
	add("contacts", a.contacts)
	add("potential", a.numbers("wallet")) // where there is no installed base
	for _, role := range [][2]string{{"recency", a.roles.Recency}, {"returns", a.roles.Returns}} {
		if c := a.in.Table.Column(role[1]); role[1] != "" && c != nil {
			add(role[0], c.Numbers)
		}
	}
	numbers := make([]float64, t.Rows())
	for i, l := range a.seg.Labels {
		numbers[i] = float64(l + 1)
	}
	add("segment_number", numbers)
	text("segment", func(i int) string { return a.seg.Segments.Segments[a.seg.Labels[i]].ID })
	if o := a.out; o.Tier != nil {
		text("tier", func(i int) string { return o.Tiers[o.Tier[i]] })
	}
	if o := a.out; o.Profile != nil {
		text("profile", func(i int) string { return a.report.Profiles.Archetypes[o.Profile[i]].ID })
	}
	return t
}

// missingNames lists what a rule names and the table does not have.
func missingNames(rule string, t *table.Table) []string {
	names, err := features.ExpressionNames(rule)
	if err != nil {
		return nil // evaluating it tells
	}
	var out []string
	for _, n := range names {
		base, ranked := strings.CutSuffix(n.Name, rankSuffix)
		if t.Column(n.Name) == nil && !(ranked && t.Column(base) != nil) {
			out = append(out, n.Name)
		}
	}
	return out
}

// AddRanks adds the columns NAME_rank that an expression uses.
func AddRanks(t *table.Table, expression string) {
	names, err := features.ExpressionNames(expression)
	if err != nil {
		return // evaluating it tells, with its place
	}
	for _, n := range names {
		base, ok := strings.CutSuffix(n.Name, rankSuffix)
		if !ok || t.Column(n.Name) != nil {
			continue
		}
		if c := t.Column(base); c != nil && c.Kind != table.Category {
			t.Columns = append(t.Columns, &table.Column{Name: n.Name, Numbers: ranks(c.Numbers), Unit: "share"})
		}
	}
}

// ranks returns for each value the share of the known values that are smaller.
func ranks(values []float64) []float64 {
	sorted := sortedKnown(values)
	out := nans(len(values))
	for i, v := range values {
		if v == v {
			at, _ := slices.BinarySearch(sorted, v)
			out[i] = float64(at) / float64(len(sorted))
		}
	}
	return out
}

// CheckExpressions compiles the score of behaviour and the rules of groups against the feature table without rows (features.Shape):
// it returns SEG-FEA-002 and SEG-FEA-005 with their places. open are beginnings of names of features that become one per
// level; names that begin so are taken to be there.
func (c Config) CheckExpressions(shape *table.Table, open []string) error {
	t := &table.Table{Columns: slices.DeleteFunc(slices.Clone(shape.Columns), func(col *table.Column) bool { return IsInternal(col.Name) })}
	add := func(kind table.Kind, names ...string) {
		for _, name := range names {
			if t.Column(name) == nil {
				t.Columns = append(t.Columns, &table.Column{Name: name, Kind: kind})
			}
		}
	}
	var list problem.List
	check := func(text, place string, condition bool) {
		if text == "" {
			return
		}
		names, _ := features.ExpressionNames(text)
		for _, n := range names {
			if slices.ContainsFunc(open, func(p string) bool { return strings.HasPrefix(n.Name, p) }) {
				add(table.Number, n.Name)
			}
		}
		AddRanks(t, text)
		col, err := features.Evaluate(t, text, place)
		switch list = append(list, problem.All(err)...); {
		case err != nil:
		case condition && col.Kind != table.Bool:
			list = append(list, &problem.Problem{ID: "SEG-FEA-005", What: "the rule is no condition", Place: place, Fix: "compare, for example `recency > 90`"})
		case !condition && col.Kind == table.Category:
			list = append(list, &problem.Problem{ID: "SEG-FEA-005", What: "the score is a category; a number is wanted", Place: place})
		}
	}
	add(table.Number, "potential", "wallet", "share_of_wallet", "unrealised_potential")
	check(c.Behaviour, "tiers.behaviour.score", false)
	add(table.Category, "segment", "tier", "profile")
	add(table.Number, RuleNames...)
	for i, g := range c.Groups {
		check(g.Rule, fmt.Sprintf("groups[%d].rule", i), true)
	}
	return list.Err()
}
