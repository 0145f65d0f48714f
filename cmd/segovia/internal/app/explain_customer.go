package app

import (
	"encoding/json"
	"math"
	"slices"
	"strings"

	"segovia/engine"
	"segovia/engine/features"
	"segovia/engine/prep"
	"segovia/engine/profile"
	"segovia/engine/table"
	"segovia/engine/tiers"
	"segovia/io/runstore"
	"segovia/kernels/problem"
)

// explainedCustomer says why a customer belongs where it does, and what would have to change.
type explainedCustomer struct {
	CustomerID string              `json:"customer_id"`
	AccountID  string              `json:"account_id,omitempty"` // where accounts are known
	SegmentID  string              `json:"segment_id"`
	Segment    string              `json:"segment"`
	Distance   float64             `json:"distance"`
	Margin     *float64            `json:"margin"`
	NextID     string              `json:"next_segment_id"` // the second nearest
	Next       string              `json:"next_segment"`
	Change     *explainedChange    `json:"change"`   // the smallest change of one feature that leads there; null where none does
	Features   []explainedFeature  `json:"features"` // what decides most against the second nearest, first
	Worth      *explainedWorth     `json:"worth"`
	Tier       *explainedTier      `json:"tier"`
	Profile    *explainedProfile   `json:"profile"`
	Groups     []explainedGroup    `json:"groups"`
	Plan       []explainedPlan     `json:"plan"`
	Values     []explainedOriginal `json:"values"` // the customer's own features

	currency string
}

// explainedFeature is one prepared column: how much nearer (positive) or farther the customer lies to its own segment than
// to the second nearest, as squared distance; and what its values mean in the feature's own unit.
type explainedFeature struct {
	Column   string  `json:"column"`
	Label    string  `json:"label"`
	Unit     string  `json:"unit"`
	Customer float64 `json:"customer"`
	Own      float64 `json:"own_centroid"`
	Next     float64 `json:"next_centroid"`
	Decides  float64 `json:"decides"`
	// Values in the feature's own unit; of principal components as they are.
	Value     float64 `json:"value"`
	OwnValue  float64 `json:"own_value"`
	NextValue float64 `json:"next_value"`
}

// explainedChange is one feature that would have to change, all else equal.
type explainedChange struct {
	Feature string  `json:"feature"`
	Label   string  `json:"label"`
	Unit    string  `json:"unit"`
	From    float64 `json:"from"`
	To      float64 `json:"to"`
}

type explainedOriginal struct {
	Feature string `json:"feature"`
	Value   any    `json:"value"`
	// Mean of the segment, where the feature is a number.
	SegmentMean *float64 `json:"segment_mean"`
}

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

func (e *env) explainCustomer(run *runstore.Run, report profile.Report, id string) error {
	m, err := readModel(run.Dir())
	if err != nil {
		return err
	}
	t, err := e.readTable(e.ctx, run.Path("features.parquet"), "customer_id")
	if err != nil {
		return err
	}
	account, number, err := e.published(run, m, id)
	if err != nil {
		return err
	}
	key := id
	if m.Features != nil && m.Features.Entity.Accounts == features.AccountsSum && account != "" {
		key = account // whose features are those of all members
	}
	row, ok := slices.BinarySearch(t.Keys, key)
	if !ok {
		return unknownID(id)
	}
	one := t.row(row)
	prepared, err := m.Prep.Apply(one)
	if err != nil {
		return err
	}
	a := m.Assign(prepared, 1)[0]
	if ties(m) && number > 0 {
		a = m.AssignTo(prepared, []engine.Assignment{{Number: number}}, 1)[0]
	}
	out := explainedCustomer{CustomerID: id, AccountID: account, SegmentID: m.Segments[a.Number-1].ID, Segment: m.Name(a.Number), Distance: a.Distance}
	out.nearest(m, prepared, a, report)
	out.values(one, report.Segments[a.Number-1])
	if err := e.explainValue(&out, run, t.Table, key, report, false); err != nil {
		return err
	}
	if e.flags.json {
		return e.writeJSON(out)
	}
	e.printCustomer(&out)
	return nil
}

// nearest compares the customer's segment with the second nearest.
func (x *explainedCustomer) nearest(m *engine.Model, p *prep.Prepared, a engine.Assignment, report profile.Report) {
	var own, next []float64
	nearest := math.Inf(1)
	for _, c := range m.Centroids {
		if c.Number == a.Number {
			own = c.Prepared
			continue
		}
		var sum float64
		for j, v := range c.Prepared {
			sum += (p.X[j][0] - v) * (p.X[j][0] - v)
		}
		if sum < nearest {
			nearest, next = sum, c.Prepared
			x.NextID, x.Next = m.Segments[c.Number-1].ID, m.Name(c.Number)
		}
	}
	if !math.IsInf(a.Margin, 0) {
		x.Margin = &a.Margin
	}
	gap := 0.0 // how much nearer its own segment is, as squared distance
	for j, name := range p.Names {
		f := explainedFeature{Column: name, Label: name, Customer: p.X[j][0], Own: own[j], Value: m.Prep.Restore(j, p.X[j][0]), OwnValue: m.Prep.Restore(j, own[j])}
		if at := slices.IndexFunc(report.FeatureInfo, func(i profile.FeatureInfo) bool { return i.Name == name }); at >= 0 {
			info := report.FeatureInfo[at]
			f.Label, f.Unit = info.Label.EN, info.Unit
		}
		if next != nil {
			f.Next, f.NextValue = next[j], m.Prep.Restore(j, next[j])
			f.Decides = (f.Customer-f.Next)*(f.Customer-f.Next) - (f.Customer-f.Own)*(f.Customer-f.Own)
			gap += f.Decides
		}
		x.Features = append(x.Features, f)
	}
	if next != nil && gap > 0 {
		// Moving feature j by d changes the gap by 2 d (own - next): the smallest |d| that closes it.
		best := math.Inf(1)
		for j, f := range x.Features {
			d := gap / (2 * (f.Next - f.Own))
			if to := m.Prep.Restore(j, f.Customer+d); math.Abs(d) < best && possible(f, to) {
				best = math.Abs(d)
				x.Change = &explainedChange{Feature: f.Column, Label: f.Label, Unit: f.Unit, From: f.Value, To: to}
			}
		}
	}
	slices.SortStableFunc(x.Features, func(x, y explainedFeature) int {
		switch {
		case x.Decides > y.Decides:
			return -1
		case x.Decides < y.Decides:
			return 1
		}
		return 0
	})
}

// possible reports whether a feature can have the value: shares lie between 0 and 1, and what is not negative here or in the
// segments does not become so.
func possible(f explainedFeature, to float64) bool {
	if math.IsNaN(to) || math.IsInf(to, 0) || f.Unit == "share" && (to < 0 || to > 1) {
		return false
	}
	return to >= 0 || min(f.Value, f.OwnValue, f.NextValue) < 0
}

// values lists the customer's own features beside the segment's means.
func (x *explainedCustomer) values(one *table.Table, segment profile.Segment) {
	for _, c := range one.Columns {
		v := explainedOriginal{Feature: c.Name, Value: cellOf(c, 0)}
		if at := slices.IndexFunc(segment.Features, func(f profile.Feature) bool { return f.Name == c.Name }); at >= 0 {
			v.SegmentMean = &segment.Features[at].Mean
		}
		x.Values = append(x.Values, v)
	}
}

// cellOf is a value for JSON: nil where it is missing.
func cellOf(c *table.Column, i int) any {
	switch {
	case c.IsMissing(i):
		return nil
	case c.Kind == table.Category:
		return c.Strings[i]
	}
	return c.Numbers[i]
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
