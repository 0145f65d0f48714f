package tiers

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
	"segovia/engine/table"
	"segovia/kernels/problem"
)

// grouped is ten customers by whom every usual group can be told by hand.
func grouped() (Input, Segmentation, Config) {
	in := tableOf(column("revenue_12m", "currency", "transactional", 10, 20, 30, 40, 50, 60, 70, 80, 90, 100),
		column("orders_12m", "orders", "behavioural", 1, 2, 3, 4, 5, 6, 7, 8, 9, 0),
		column("contacts_12m", "contacts", "behavioural", 6, 0, 6, 7, 8, 9, 12, 1, 2, 3),
		column("recency_days", "days", "behavioural", 179, 180, nan, 10, 10, 10, 10, 10, 10, 10))
	in.Hidden = append(in.Hidden, column("~devices_x", "", "", 1, 100, 3, 4, 1500, 6, 700, 800, 9, 1000))
	cfg := Config{Potential: &Potential{From: "d", Type: "t", Prices: map[string]Price{"x": {ConsumablesPerYear: ptr(1)}}}, Groups: slices.Clone(UsualGroups)}
	return in, inSegments([]int{0, 0, 0, 0, 0, 1, 1, 1, 1, 1}, 2), cfg
}

func membersOf(o outcome, name string) []int {
	g := slices.Index(o.customers.Groups, name)
	if g < 0 {
		return []int{-1}
	}
	out := []int{}
	for i, is := range o.customers.InGroup[g] {
		if is {
			out = append(out, i)
		}
	}
	return out
}

// Unrealised are 0, 80, 0, 0, 1450, 0, 630, 720, 0 and 900: five of ten are smaller than 80, six than 630, and so on.
func TestUsualGroups(t *testing.T) {
	in, seg, cfg := grouped()
	in.Hidden = append(in.Hidden, column("~repeats", "", "", 3, 3, 3, 3, 3, 3, 0, 3, 3, 3), column("~span", "", "", 300, 300, 300, 300, 300, 300, 0, 300, 300, 300),
		column("~known", "", "", 600, 600, 600, 600, 600, 600, 100, 600, 600, 600), column("~silent", "", "", 250, 250, 250, 249, 10, 10, 100, 10, 10, 10))
	cfg.Lifetime = &Lifetime{From: "o", Weeks: 52}
	// Ten customers carry no model; the own rhythm is known all the same. The usual rule names the probability.
	cfg.Groups = append(cfg.Groups, Group{Name: "late", Rule: "recency < 180 and overdue >= 2.5"}, Group{Name: "alive", Rule: "probability_alive > 0.5"})
	o := mustWork(t, in, seg, cfg)
	for name, want := range map[string][]int{
		"potential_customers": {4}, "remote_service": {0, 2}, "dormant": {1, 2}, "churn_risk": {-1}, "over_contacted": {0},
		"under_contacted": {7, 9}, "late": {0}, "alive": {-1},
	} {
		if got := membersOf(o, name); !slices.Equal(got, want) {
			t.Errorf("%s are %v, want %v", name, got, want)
		}
	}
	if !o.warned("the group at risk of churn is missing: not known are probability_alive") || !o.warned("the group alive is missing") {
		t.Errorf("warnings %v", o.report.Warnings)
	}
	r := o.report.Groups[slices.IndexFunc(o.report.Groups, func(g GroupReport) bool { return g.Name == "dormant" })]
	if r.Customers != 2 || r.Share != 0.2 || *r.Revenue != 50 || *r.Unrealised != 80 || !slices.Equal(r.Segments, []int{2, 0}) || r.Label.DE != "Schläfer" || r.Hint.EN == "" {
		t.Errorf("%+v", r)
	}
}

func TestGroupsThatCannotBeMade(t *testing.T) {
	for _, c := range []struct{ name, rule, want string }{ // want: place of an error, else a warning
		{"a", "size > 3", "SEG-FEA-002 groups[1].rule"}, {"a", "revenue >", "SEG-FEA-005 groups[1].rule"}, {"a", "revenue + 1", "SEG-FEA-002 groups[1].rule"},
		{"a", "probability_alive < 0.5", "SEG-FEA-002 groups[1].rule"}, {"a", "tier = 'A'", "SEG-FEA-002 groups[1].rule"},
		{"dormant", "siz_rank < 0.5", "SEG-FEA-002 groups[1].rule"}, {"a", "wallet < 3 and share_of_wallet_rank < 0.5", ""}, {"churn_risk", "", "the group at risk of churn is missing"},
		{"a", "segment = 'S-2' and segment_number = 2 and orders_12m > 6", ""},
	} {
		in, seg, cfg := grouped()
		cfg.Groups = []Group{{Name: "dormant"}, {Name: c.name, Rule: c.rule}}
		cfg.Wallet = &Wallet{} // not for ten customers
		o, err := work(in, seg, cfg)
		switch {
		case len(c.want) > 3 && c.want[:3] == "SEG":
			if !slices.Equal(placesOf(err), []string{c.want}) {
				t.Errorf("%s: %v", c.rule, err)
			}
		case err != nil:
			t.Errorf("%s: %v", c.rule, err)
		case c.want != "" && (!o.warned(c.want) || len(o.customers.Groups) != 1):
			t.Errorf("%s: %v, warnings %v", c.rule, o.customers.Groups, o.report.Warnings)
		case c.name == "a" && c.rule[0] == 's' && !slices.Equal(membersOf(o, "a"), []int{6, 7, 8}):
			t.Errorf("%s: %v", c.rule, membersOf(o, "a"))
		case c.name == "a" && c.rule[0] == 'w' && !o.warned("the group a is missing: not known are wallet"):
			t.Errorf("%s: %v", c.rule, o.report.Warnings)
		}
	}
}

func TestRanksAgainstSlowDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.SampledFrom([]float64{nan, -1, 0, 0, 1, 2.5}), 0, 20).Draw(t, "values")
		got := ranks(values)
		for i, v := range values {
			known, smaller := 0, 0
			for _, w := range values {
				if w == w {
					known++
				}
				if w < v {
					smaller++
				}
			}
			if v != v {
				if got[i] == got[i] {
					t.Fatalf("a missing value has the rank %v", got[i])
				}
			} else if want := float64(smaller) / float64(known); got[i] != want {
				t.Fatalf("%v has the rank %v in %v, want %v", v, got[i], values, want)
			}
		}
	})
}

// Rules may name tiers and profiles, once these are known.
func TestRulesOfTiersAndProfiles(t *testing.T) {
	in, seg := planted(300, 2)
	cfg := everything()
	cfg.Groups = []Group{{Name: "key", Rule: "tier = 'Key Account'", Label: Text{DE: "Schlüssel"}}, {Name: "first", Rule: "profile = 'profile-1' and potential_rank >= 0"}}
	o := mustWork(t, in, seg, cfg)
	for i := range 300 {
		if o.customers.InGroup[0][i] != (o.customers.Tier[i] == 0) || o.customers.InGroup[1][i] != (o.customers.Profile[i] == 0) {
			t.Fatalf("customer %d: %v, %v", i, o.customers.InGroup[0][i], o.customers.InGroup[1][i])
		}
	}
	if l := o.report.Groups[0].Label; l.EN != "Schlüssel" {
		t.Errorf("label %+v", l)
	}
}

// The rules are compiled before anything is read.
func TestCheckExpressions(t *testing.T) {
	shape := &table.Table{Columns: []*table.Column{{Name: "orders"}, {Name: "industry", Kind: table.Category}, {Name: "~known"}}}
	for _, c := range []struct {
		score, rule string
		want        []string
	}{
		{"orders * 5", "revenue_rank > 0.5 and tier = 'A' and industry = 'x'", nil},
		{"share_of_wallet * 100", "basket_north > 1 and orders_rank < 0.5", nil},
		{"industry", "orders + 1", []string{"SEG-FEA-005 tiers.behaviour.score", "SEG-FEA-005 groups[1].rule"}},
		{"tier", "tier > 3", []string{"SEG-FEA-002 tiers.behaviour.score", "SEG-FEA-005 groups[1].rule"}},
		{"orders(", "`~known` > 3", []string{"SEG-FEA-005 tiers.behaviour.score", "SEG-FEA-002 groups[1].rule"}},
		{"", "industry_rank > 0.5", []string{"SEG-FEA-002 groups[1].rule"}},
	} {
		cfg := Config{Behaviour: c.score, Groups: []Group{{Name: "dormant"}, {Name: "a", Rule: c.rule}}}
		err := cfg.CheckExpressions(shape, []string{"basket_"})
		if got := placesOf(err); !slices.Equal(got, c.want) {
			t.Errorf("%s, %s: %q, want %q\n%v", c.score, c.rule, got, c.want, problem.All(err))
		}
	}
	if len(shape.Columns) != 3 {
		t.Errorf("the table of the caller has grown: %v", shape.Names())
	}
}
