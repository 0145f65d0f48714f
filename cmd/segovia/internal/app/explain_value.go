package app

import (
	"encoding/json"
	"math"
	"slices"
	"strings"

	"segovia/engine/features"
	"segovia/engine/profile"
	"segovia/engine/table"
	"segovia/engine/tiers"
	"segovia/io/runstore"
	"segovia/kernels/problem"
)

// explainedWorth are the customer's columns of value.
type explainedWorth struct {
	Realised         *float64 `json:"realised"`
	Potential        *float64 `json:"potential"`
	Wallet           *float64 `json:"wallet"`
	WalletLow        *float64 `json:"wallet_low"`
	WalletHigh       *float64 `json:"wallet_high"`
	ShareOfWallet    *float64 `json:"share_of_wallet"`
	Unrealised       *float64 `json:"unrealised_potential"`
	ProbabilityAlive *float64 `json:"probability_alive"`
	Overdue          *float64 `json:"overdue"`
	ExpectedOrders   *float64 `json:"expected_orders"`
	LifetimeValue    *float64 `json:"lifetime_value"`
	HorizonWeeks     float64  `json:"horizon_weeks"`
}

// explainedTier is the tier with what decided it and the single changes that lead to another.
type explainedTier struct {
	Tier       string               `json:"tier"`
	Dimensions []explainedDimension `json:"dimensions"`
	Changes    []explainedMove      `json:"changes"`
}

type explainedDimension struct {
	Dimension string   `json:"dimension"`
	Label     string   `json:"label"`
	Unit      string   `json:"unit"`
	Value     *float64 `json:"value"`
	Class     string   `json:"class"`
	From      *float64 `json:"from"` // null: no lower end
	To        *float64 `json:"to"`   // the next class begins here; null: none does
}

// explainedMove says that a dimension at or above (below, with Below) Value would make another tier.
type explainedMove struct {
	Tier      string  `json:"tier"`
	Dimension string  `json:"dimension"`
	Label     string  `json:"label"`
	Unit      string  `json:"unit"`
	Below     bool    `json:"below"`
	Value     float64 `json:"value"`
}

type explainedProfile struct {
	Profile    string   `json:"profile"`
	Similarity float64  `json:"similarity"`
	RunnerUp   string   `json:"runner_up"`
	Second     *float64 `json:"runner_up_similarity"`
	// Values of the features of behaviour: the customer's, the archetype's, the runner-up's.
	Features []explainedTrait `json:"features"`
}

type explainedTrait struct {
	Feature  string   `json:"feature"`
	Label    string   `json:"label"`
	Unit     string   `json:"unit"`
	Value    float64  `json:"value"`
	Profile  float64  `json:"profile"`
	RunnerUp *float64 `json:"runner_up"`
}

type explainedGroup struct {
	Group      string               `json:"group"`
	Label      string               `json:"label"`
	Hint       string               `json:"hint"`
	Member     bool                 `json:"member"`
	Conditions []explainedCondition `json:"conditions"`
}

type explainedCondition struct {
	Text   string           `json:"text"`
	Holds  bool             `json:"holds"`
	Values []explainedValue `json:"values"`
}

type explainedValue struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
}

type explainedPlan struct {
	Field    string `json:"field"`
	Label    string `json:"label"`
	Text     string `json:"text"`
	Proposed bool   `json:"proposed"`
	Why      string `json:"why"`
}

// explainValue adds tier, profile, groups and plan, where the run has them.
func (e *env) explainValue(x *explainedCustomer, run *runstore.Run, all *table.Table, key string, report profile.Report, german bool) error {
	data, err := run.ReadFile("value.json")
	if err != nil {
		if slices.ContainsFunc(run.Manifest.Outputs, func(o runstore.Output) bool { return o.Path == "value.json" }) {
			return err
		}
		return nil // the run was made without
	}
	var v tiers.Report
	if err := json.Unmarshal(data, &v); err != nil {
		return &problem.Problem{ID: "SEG-STA-003", What: "value.json cannot be read", File: run.Path("value.json"), Why: err.Error(), Err: err}
	}
	x.currency = v.Currency
	c, err := e.readTable(e.ctx, run.Path("customers.parquet"), "customer_id")
	if err != nil {
		return err
	}
	row, ok := slices.BinarySearch(c.Keys, key)
	if !ok {
		return nil
	}
	number := func(name string) *float64 {
		if col := c.Column(name); col != nil && col.Kind != table.Category && !col.IsMissing(row) {
			return &col.Numbers[row]
		}
		return nil
	}
	text := func(name string) string {
		if col := c.Column(name); col != nil && col.Kind == table.Category {
			return col.Strings[row]
		}
		return ""
	}
	x.Worth = &explainedWorth{Realised: number("realised"), Potential: number("potential"), Wallet: number("wallet"), WalletLow: number("wallet_low"),
		WalletHigh: number("wallet_high"), ShareOfWallet: number("share_of_wallet"), Unrealised: number("unrealised_potential"),
		ProbabilityAlive: number("probability_alive"), Overdue: number("overdue"), ExpectedOrders: number("expected_orders"), LifetimeValue: number("lifetime_value")}
	if v.Lifetime != nil {
		x.Worth.HorizonWeeks = v.Lifetime.HorizonWeeks
	}
	if v.Tiers != nil {
		x.Tier = tierOf(v, text("tier"), text("tier_per"), number, german)
	}
	if p := v.Profiles; p != nil {
		x.Profile = profileOf(p, text, number, all.Column, rowIn(all, key), report, german)
	}
	if err := x.groups(v, ruleTable(all, c.Table, &v, report), row, german); err != nil {
		return err
	}
	segment := 1 + slices.IndexFunc(report.Segments, func(s profile.Segment) bool { return s.ID == x.SegmentID })
	for _, p := range v.Plans {
		if p.Segment == segment && p.Tier == text("tier") {
			for f, field := range p.Fields {
				x.Plan = append(x.Plan, explainedPlan{field.Field, pickText(tiers.PlanLabels[f], german), pickText(field.Text, german), field.Proposed, pickText(field.Why, german)})
			}
		}
	}
	return nil
}

func rowIn(t *table.Table, key string) int {
	row, _ := slices.BinarySearch(t.Keys, key)
	return row
}

func pickText(t tiers.Text, german bool) string {
	if german {
		return t.DE
	}
	return t.EN
}

// tierOf explains a tier by the cuts that decided.
func tierOf(v tiers.Report, tier, level string, number func(string) *float64, german bool) *explainedTier {
	out := &explainedTier{Tier: tier}
	cuts := make([][]float64, len(v.Tiers.Dimensions))
	for d, dim := range v.Tiers.Dimensions {
		cuts[d] = dim.Cuts
	}
	if at := slices.IndexFunc(v.Tiers.Comparison, func(c tiers.ComparedLevel) bool { return c.Level == level }); v.Tiers.Per != "" && at >= 0 && !v.Tiers.Comparison[at].Suppressed {
		cuts = v.Tiers.Comparison[at].OwnCuts
	}
	classes := make([]int, len(cuts))
	for d, dim := range v.Tiers.Dimensions {
		x := explainedDimension{Dimension: dim.Dimension, Label: pickText(dim.Label, german), Unit: dim.Unit, Value: number(dim.Feature)}
		for x.Value != nil && classes[d] < len(cuts[d]) && *x.Value >= cuts[d][classes[d]] {
			classes[d]++
		}
		k := classes[d]
		x.Class = pickText(dim.Classes[k].Label, german)
		if k > 0 {
			x.From = &cuts[d][k-1]
		}
		if k < len(cuts[d]) {
			x.To = &cuts[d][k]
		}
		out.Dimensions = append(out.Dimensions, x)
	}
	for d, dim := range out.Dimensions {
		for _, step := range []int{1, -1} {
			moved := slices.Clone(classes)
			// As many classes as it takes to leave the tier.
			for moved[d] += step; moved[d] >= 0 && moved[d] <= len(cuts[d]); moved[d] += step {
				other := gridTier(v, moved)
				if other == tier {
					continue
				}
				edge := moved[d] - 1 // where the class begins
				if step < 0 {
					edge = moved[d] // where it ends
				}
				out.Changes = append(out.Changes, explainedMove{Tier: other, Dimension: dim.Dimension, Label: dim.Label, Unit: dim.Unit,
					Below: step < 0, Value: cuts[d][edge]})
				break
			}
		}
	}
	return out
}

// gridTier looks a combination of classes up.
func gridTier(v tiers.Report, classes []int) string {
	name := func(d int) string { return v.Tiers.Dimensions[d].Classes[classes[d]].Class }
	for _, g := range v.Tiers.Grid {
		if g.Potential == name(0) && g.ShareOfWallet == name(1) && g.Behaviour == name(2) {
			return g.Tier
		}
	}
	return ""
}

func profileOf(p *tiers.ProfilesReport, text func(string) string, number func(string) *float64, column func(string) *table.Column, row int, report profile.Report, german bool) *explainedProfile {
	find := func(id string) *tiers.ArchetypeInfo {
		for i := range p.Archetypes {
			if p.Archetypes[i].ID == id {
				return &p.Archetypes[i]
			}
		}
		return nil
	}
	is, second := find(text("profile")), find(text("profile_runner_up"))
	if is == nil {
		return nil
	}
	out := &explainedProfile{Profile: pickText(is.Name, german), Second: number("runner_up_similarity")}
	if s := number("profile_similarity"); s != nil {
		out.Similarity = *s
	}
	if second != nil {
		out.RunnerUp = pickText(second.Name, german)
	}
	for j, name := range p.Features {
		c := column(name)
		if c == nil || c.Kind == table.Category || c.IsMissing(row) || j >= len(is.Prototype) {
			continue
		}
		t := explainedTrait{Feature: name, Label: name, Unit: c.Unit, Value: c.Numbers[row], Profile: is.Prototype[j]}
		if at := slices.IndexFunc(report.FeatureInfo, func(i profile.FeatureInfo) bool { return i.Name == name }); at >= 0 {
			t.Label = pickText(tiers.Text{DE: report.FeatureInfo[at].Label.DE, EN: report.FeatureInfo[at].Label.EN}, german)
		}
		if second != nil {
			t.RunnerUp = &second.Prototype[j]
		}
		out.Features = append(out.Features, t)
	}
	return out
}

// ruleTable is what rules of groups saw: features, columns of value and their other names.
func ruleTable(all, customers *table.Table, v *tiers.Report, report profile.Report) *table.Table {
	t := &table.Table{Keys: all.Keys, Columns: slices.Clone(all.Columns)}
	add := func(name string, from *table.Column) {
		if from != nil && t.Column(name) == nil {
			c := *from
			c.Name = name
			t.Columns = append(t.Columns, &c)
		}
	}
	for _, c := range customers.Columns {
		switch {
		case c.Name == "segment" || strings.HasPrefix(c.Name, "plan_"):
		case c.Kind == table.Category && slices.Contains(tiers.Added, c.Name): // without any value, it is read as text
			nothing := &table.Column{Numbers: make([]float64, len(c.Strings))}
			for i := range nothing.Numbers {
				nothing.Numbers[i] = math.NaN()
			}
			add(c.Name, nothing)
		default:
			add(c.Name, c)
		}
	}
	add("revenue", customers.Column("realised"))
	add("orders", customers.Column("orders_per_year"))
	add("contacts", customers.Column("contacts_per_year"))
	add("potential", customers.Column("wallet"))
	add("recency", all.Column(v.Features.Recency))
	add("returns", all.Column(v.Features.Returns))
	if ids := customers.Column("segment_id"); ids != nil {
		add("segment", ids)
		numbers := &table.Column{Numbers: make([]float64, len(ids.Strings))}
		for i, id := range ids.Strings {
			numbers.Numbers[i] = float64(1 + slices.IndexFunc(report.Segments, func(s profile.Segment) bool { return s.ID == id }))
		}
		add("segment_number", numbers)
	}
	return t
}

// groups evaluates the parts of each group's rule for the customer.
func (x *explainedCustomer) groups(v tiers.Report, t *table.Table, row int, german bool) error {
	for _, g := range v.Groups {
		out := explainedGroup{Group: g.Name, Label: pickText(g.Label, german), Hint: pickText(g.Hint, german), Member: true}
		tiers.AddRanks(t, g.Rule)
		for _, text := range features.Conditions(g.Rule) {
			c, err := features.Evaluate(t, text, "groups")
			if err != nil {
				return err
			}
			cond := explainedCondition{Text: text, Holds: c.Numbers[row] == 1}
			out.Member = out.Member && cond.Holds
			names, _ := features.ExpressionNames(text)
			for _, n := range names {
				if col := t.Column(n.Name); col != nil {
					cond.Values = append(cond.Values, explainedValue{n.Name, cellOf(col, row)})
				}
			}
			out.Conditions = append(out.Conditions, cond)
		}
		x.Groups = append(x.Groups, out)
	}
	return nil
}
