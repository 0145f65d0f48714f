package tiers

import (
	"slices"
	"strconv"
	"testing"
)

// The most specific row that gives a field gives it: segment and tier, segment, tier, all; of equals the first.
func TestPrecedenceOfPlans(t *testing.T) {
	in, seg := planted(300, 2)
	cfg := everything()
	cfg.Lifetime, cfg.Groups = nil, nil
	only := func(segment, tier string, fields map[int]string) (p Plan) {
		p.Segment, p.Tier = segment, tier
		for f, text := range fields {
			p.Fields[f] = text
		}
		return p
	}
	cfg.Plans = []Plan{
		only("", "", map[int]string{0: "all", 1: "all", 2: "all", 3: "all"}),
		only("", "A", map[int]string{1: "tier", 2: "tier", 3: "tier", 6: "first"}),
		only("", "A", map[int]string{6: "second"}),
		only("segment NO 1", "", map[int]string{2: "segment", 3: "segment"}),
		only("1", "A", map[int]string{3: "both"}),
		only("s-2", "", map[int]string{4: "by id"}), only("Gruppe 3", "", map[int]string{4: "by name"}), only("Gruppe 9", "", map[int]string{4: "nobody"}),
	}
	o := mustWork(t, in, seg, cfg)
	if !o.warned(`plan 8 names a segment "Gruppe 9"`) || len(o.report.Warnings) != 1 {
		t.Errorf("warnings %v", o.report.Warnings)
	}
	checked := 0
	for _, p := range o.report.Plans {
		want := [7]string{"all", "all", "all", "all"}
		if p.Tier == "A" {
			want[1], want[2], want[3], want[6] = "tier", "tier", "tier", "first"
		}
		switch {
		case p.Segment == 1 && p.Tier == "A":
			want[2], want[3] = "segment", "both"
			checked++
		case p.Segment == 1:
			want[2], want[3] = "segment", "segment"
		case p.Segment == 2:
			want[4] = "by id"
		case p.Segment == 3:
			want[4] = "by name"
		}
		for f, field := range p.Fields {
			if field.Field != PlanFields[f] || field.Proposed != (want[f] == "") || field.Text.DE == "" || field.Text.EN == "" ||
				want[f] != "" && (field.Text.DE != want[f] || field.Why.DE != "") || field.Proposed && (field.Why.DE == "" || field.Why.EN == "") {
				t.Errorf("segment %d, %s: %+v, want %q", p.Segment, p.Tier, field, want[f])
			}
		}
		if len(p.Fields) != 7 || p.Customers == 0 {
			t.Errorf("%+v", p)
		}
	}
	if checked != 1 {
		t.Error("segment 1 has no customer of tier A: the test sees too little")
	}
	all := 0
	for _, p := range o.report.Plans {
		all += p.Customers
	}
	for i, at := range o.customers.PlanOf {
		p := o.report.Plans[at]
		if p.Segment != seg.Labels[i]+1 || p.Tier != o.customers.Tiers[o.customers.Tier[i]] {
			t.Fatalf("customer %d of segment %d and tier %d has the plan of %d and %s", i, seg.Labels[i]+1, o.customers.Tier[i], p.Segment, p.Tier)
		}
		for f := range PlanFields {
			if o.customers.Plans[at][f] != p.Fields[f].Text {
				t.Fatalf("customer %d: %v", i, o.customers.Plans[at])
			}
		}
	}
	if all != 300 {
		t.Errorf("plans have %d customers", all)
	}
	of := seg.Segments.Segments[0].Plan["A"].(map[string]any)["service_level"].(map[string]any)
	if of["de"] != "both" || of["proposed"] != false {
		t.Errorf("the plan in segments.json is %v", of)
	}
}

func TestPlansOfUnknownTiers(t *testing.T) {
	for i, tiers := range [][]string{nil, {"Gold", "Silver"}} {
		in, seg := planted(300, 2)
		cfg := everything()
		cfg.Plans = []Plan{{Tier: "E"}, {Segment: "1"}, {Tier: "F"}}
		if tiers != nil {
			cfg.Rules = &Rules{Tiers: tiers, Grid: []Rule{{Tier: "Gold", Classes: [3][]string{{"high", "very_high"}}}, {Tier: "Silver", Classes: [3][]string{{"low", "medium"}}}}}
		}
		if _, err := work(in, seg, cfg); !slices.Equal(placesOf(err), []string{"SEG-FEA-002 plans[0].tier", "SEG-FEA-002 plans[2].tier"}) {
			t.Errorf("%d: %v", i, err)
		}
	}
}

// Proposals get no dearer from tier to tier, whatever the number of tiers, and ask for more where the wallet is open.
func TestProposals(t *testing.T) {
	share, found, contacts, orders := 0.0, true, 12.0, 3.0
	a := &assigner{Estimates: &Estimates{}, out: &Customers{}, k: 1}
	a.report.Segments = []SegmentValue{{ShareOfWallet: &share, PotentialFound: &found, ContactsPerYear: &contacts, OrdersPerYear: &orders}}
	field := func(name string) int { return slices.Index(PlanFields[:], name) }
	for n := 1; n <= 10; n++ {
		a.out.Tiers, a.out.Tier = nil, []int{0}
		for i := range n {
			a.out.Tiers = append(a.out.Tiers, strconv.Itoa(i))
		}
		for _, share = range []float64{0.2, 0.9} {
			last := 100
			for tier := range n {
				text, why := a.propose(field("visits"), 0, tier, 1)
				visits := 0
				if text.EN != "none" {
					visits, _ = strconv.Atoi(text.EN[:len(text.EN)-len(" a year")])
				}
				if visits > last || !contains(why.EN, "tier "+strconv.Itoa(tier)) {
					t.Errorf("%d tiers: tier %d is visited %d times, the better one %d (%s)", n, tier, visits, last, why.EN)
				}
				last = visits
			}
			if n > 1 && last != 0 {
				t.Errorf("%d tiers: the last is visited %d times", n, last)
			}
		}
	}
	for _, c := range []struct {
		share, contacts float64
		field, want     string
	}{
		{0.2, 12, "campaigns", "fewer and better aimed than today"}, {0.2, 1, "campaigns", "into every campaign that fits"}, {0.2, 3, "campaigns", "campaigns for what they buy elsewhere"},
		{0.9, 3, "campaigns", "as before"}, {0.9, 1, "offer", "keep: prolongation, additional services"}, {0.2, 1, "offer", "an offer for what they buy elsewhere"},
		{0.2, 1, "terms", "graduated prices, introductory discount on new product groups"}, {0.9, 1, "terms", "list prices"},
	} {
		share, contacts = c.share, c.contacts
		if text, _ := a.propose(field(c.field), 0, 9, 1); text.EN != c.want {
			t.Errorf("%+v: %s", c, text.EN)
		}
	}
}

// The offer is for the part of the demand where most is open.
func TestOffer(t *testing.T) {
	for _, c := range []struct {
		service float64 // bought of 1000
		want    string
	}{{1000, "consumables by subscription with the machines"}, {0, "a service contract"}} {
		in := tableOf(column("revenue", "currency", "transactional", 100+c.service, 100+c.service), column("consumables", "currency", "transactional", 100, 100),
			column("service", "currency", "transactional", c.service, c.service))
		in.Hidden = append(in.Hidden, column("~devices_x", "", "", 1, 1))
		cfg := Config{Plans: []Plan{{}}, Potential: &Potential{From: "d", Type: "t", Consumables: "consumables", Service: "service",
			Prices: map[string]Price{"x": {ConsumablesPerYear: ptr(1000), ServicePerYear: ptr(1000)}}}}
		cfg.Profile.Revenue = "revenue"
		o := mustWork(t, in, inSegments([]int{0, 0}, 1), cfg)
		if f := o.report.Plans[0].Fields[1]; f.Text.EN != c.want {
			t.Errorf("%v of service bought: %+v", c.service, f)
		}
	}
}
