package config

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"segovia/engine/tiers"
)

// company is a configuration with a table of customers, below which the sections on their value are tried. Its last line is 15.
const company = `version: 1
project: company
sources:
  customers: {path: "customers.csv", key: customer}
  orders: {path: "orders.csv", key: customer, time: day, amount: "q * p"}
  devices: {path: "devices.csv", key: customer}
features:
  entity: customers
  as_of: 2026-01-01
  columns:
    - {name: recency_days, from: orders, agg: days_since_last}
    - {name: revenue, from: orders, agg: sum, column: amount}
    - {name: orders_12m, from: orders, agg: count_orders, order: o}
    - {name: basket, from: orders, agg: sum, column: amount, by: category}
  profile_only: [employees]
`

// Each contradiction is reported at the line and column of the key that has it; what is right passes.
func TestValueContradictions(t *testing.T) {
	for _, c := range []struct{ add, want, text string }{
		{"tiers: {}", "", ""},
		{`groups: [{name: a, rule: "recency_day > 90"}]`, "SEG-FEA-002 16:26", "did you mean `recency_days`?"},
		{`groups: [{name: a, rule: "recency_days >"}]`, "SEG-FEA-005 16:26", "at character 15"},
		{`groups: [{name: a, rule: "revenue_rank > 0.5 and tier = 'A' and basket_north > 0"}]`, "", ""},
		{`groups: [{name: a, rule: "sales_rank > 0.5"}]`, "SEG-FEA-002 16:26", "segment_number, tier, profile"},
		{"groups: [{name: a}]", "SEG-CFG-008 16:11", "only the usual groups have one of their own"},
		{"groups: [{name: dormant}, {name: dormant}]", "SEG-CFG-008 16:34", `two groups are named "dormant"`},
		{`tiers: {behaviour: {score: "order_12m * 5"}}`, "SEG-FEA-002 16:28", "did you mean `orders_12m`?"},
		{`tiers: {behaviour: {score: "share_of_wallet * 50 + orders_12m"}}`, "", ""},
		{`tiers: {behaviour: {score: "tier * 50"}}`, "SEG-FEA-002 16:28", `no feature "tier"`},
		{"goal: {raise: revenues}", "SEG-CFG-008 16:8 SEG-FEA-002 16:15", "the goal has nothing to be judged against"},
		{"tiers: {}\ngoal: {raise: revenue, up_to: walet}", "SEG-FEA-002 17:31", `no feature "walet"`},
		{"goal: {raise: revenue, up_to: orders_12m}", "", ""},
		{"goal: {raise: revenue, up_to: wallet}", "SEG-CFG-008 16:8", "from the section `tiers`"},
		{"lifetime: {margin: revenu}", "SEG-FEA-002 16:20", "did you mean `revenue`?"},
		{"lifetime: {from: order}", "SEG-CFG-008 16:18", "did you mean `orders`?"},
		{"lifetime: {horizon: all}", "SEG-CFG-008 16:21", "such as 52w"},
		{"lifetime: {horizon: 0d}", "SEG-CFG-003 16:21", ""},
		{"tiers: {wallet: {predictors: [employees, size]}}", "SEG-FEA-002 16:42", `no feature "size"`},
		{"tiers: {wallet: {predictors: [potential_service, employees]}}", "", ""},
		{"tiers: {wallet: {trees: 5000}}", "SEG-CFG-003 16:25", "the most is 1000"},
		{"tiers: {wallet: {method: none}}", "SEG-CFG-008 16:9", "neither potential nor wallet"},
		{"tiers: {wallet: {method: none}, potential: {from: devices, type: kind}}", "", ""},
		{"tiers: {potential: {from: device, type: kind, consumables: consumables, service: services}}",
			"SEG-CFG-008 16:27 SEG-FEA-002 16:60 SEG-FEA-002 16:82", "did you mean `devices`?"},
		{"tiers: {cuts: {potential: {at: [80%, 50%, 95%]}}}", "SEG-CFG-012 16:38", "the cuts of potential overlap"},
		{"tiers: {cuts: {potential: {at: [50%, 80, 95]}}}", "SEG-CFG-012 16:38 SEG-CFG-012 16:42", "80 is no share"},
		{"tiers: {cuts: {potential: {by: value}}}", "SEG-CFG-012 16:28", "the cuts of potential are missing"},
		{"tiers: {cuts: {behaviour: {at: [40, 40]}}}", "SEG-CFG-012 16:37", "40 does not lie above 40"},
		{"tiers: {cuts: {behaviour: {at: [40, x]}}}", "SEG-CFG-003 16:37", ""},
		{"tiers: {cuts: {share_of_wallet: {classes: [low, high]}}}", "SEG-CFG-012 16:43", "2 cuts make 3 classes"},
		{"tiers: {cuts: {potential: {at: [50%]}}}", "SEG-CFG-012 16:9", "the usual grid does not fit"},
		{"tiers: {names: [Gold, Silver]}", "SEG-CFG-012 16:9", "the usual grid does not fit"},
		{"tiers: {names: [A, A], grid: [{tier: A}]}", "SEG-CFG-012 16:20", "stands twice"},
		{grid + "[{tier: Gold, potential: [high, very_high]}]}", "SEG-CFG-012 16:38", "potential low, share_of_wallet low, behaviour low; "},
		{grid + "[{tier: Gold, potential: [high, very_high]}, {tier: Silver, potential: [high, medium, low]}]}", "SEG-CFG-012 16:84", "rules 1 and 2 of the grid overlap"},
		{grid + "[{tier: Gold, potential: [low]}, {tier: Silver, potential: [high, medium, very_high]}]}", "SEG-CFG-012 16:72", "gets worse with more potential"},
		{grid + "[{tier: Gold, potential: [high, very_high]}, {tier: Bronze, potential: [medium, huge]}]}", "SEG-CFG-012 16:90 SEG-CFG-012 16:118", `"huge" is no class`},
		{grid + "[{tier: Gold, potential: [high, very_high]}, {tier: Silver, potential: [medium, low]}]}", "", ""},
		{"tiers: {}\nplans: [{segment: '1', tier: E, visits: often}, {tier: D}]", "SEG-CFG-012 17:30", `"E" is no tier`},
		{"plans: [{tier: A}]", "SEG-CFG-008 16:16", "there are no tiers"},
		{"tiers: {per: country, compare: region}", "SEG-CFG-008 16:32", "compare by country too"},
		{"archetypes: {features: [orders_12m, order]}", "SEG-FEA-002 16:37", ""},
		{"archetypes: {prototypes: [{id: a, values: {orders_12m: 1}}, {id: a, values: {orders: 1}}, {id: b}]}",
			"SEG-CFG-008 16:66 SEG-FEA-002 16:78 SEG-CFG-008 16:92", `archetype "b" has no values`},
		{"segment: {nicknames: [{name: {de: x}, when: {recency: high}}]}", "SEG-FEA-002 16:46", ""},
		{"segment: {nicknames: [{name: {de: x}, when: {recency_days: hih}}]}", "SEG-CFG-003 16:60", "did you mean `high`?"},
		{"segment: {nicknames: [{name: {de: x}, when: {wallet: high}}]}", "SEG-FEA-002 16:46", ""},
		{"tiers: {}\nsegment: {nicknames: [{name: {de: x}, when: {wallet: high}}, {when: {revenue: high}}]}", "SEG-CFG-008 17:63", "a name and a condition"},
	} {
		_, err := load(company+c.add+"\n", Options{})
		if got := strings.Join(places(err), " "); got != c.want || c.text != "" && !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: got %q, want %q\n%v", c.add, got, c.want, err)
		}
	}
}

const grid = "tiers: {names: [Gold, Silver], grid: "

// Where customers have no table of their own, or no source has what is needed, sections say so.
func TestValueNeedsSources(t *testing.T) {
	for add, want := range map[string]string{
		"tiers: {per: country}\n": "SEG-CFG-008 11:14", "tiers: {compare: country}\n": "SEG-CFG-008 11:18", "regions: {}\n": "SEG-CFG-008 11:10", "tiers: {}\n": "",
	} {
		if _, err := load(small+add, Options{}); strings.Join(places(err), " ") != want {
			t.Errorf("%s: %v, want %q", add, err, want)
		}
	}
	untimed := strings.Replace(small, `time: day, amount: "q * p"`, "where: \"q > 0\"", 1)
	if _, err := load(untimed+"lifetime: {}\n", Options{}); !strings.Contains(strings.Join(places(err), " "), "SEG-CFG-008 11:11") {
		t.Errorf("a lifetime without purchases: %v", err)
	}
}

// No feature may have the name of a column that tiers add, or one that marks the package's own.
func TestNamesThatAreTaken(t *testing.T) {
	for _, name := range tiers.Added {
		for _, add := range []string{"tiers: {}\n", "lifetime: {}\n"} {
			_, err := load(strings.Replace(company, "name: orders_12m", "name: "+name, 1)+add, Options{})
			if got := strings.Join(places(err), " "); got != "SEG-CFG-008 13:14" {
				t.Errorf("%s: %q, %v", name, got, err)
			}
		}
		if _, err := load(strings.Replace(company, "name: orders_12m", "name: "+name, 1), Options{}); err != nil {
			t.Errorf("%s without tiers: %v", name, err)
		}
	}
	_, err := load(strings.Replace(company, "[employees]", "[employees, wallet]", 1)+"tiers: {}\n", Options{})
	if got := strings.Join(places(err), " "); got != "SEG-CFG-008 15:29" {
		t.Errorf("a column of the entity table: %q, %v", got, err)
	}
	if _, err = load(strings.Replace(company, "name: orders_12m", "name: ~known", 1), Options{}); strings.Join(places(err), " ") != "SEG-CFG-008 13:14" {
		t.Errorf("the package's own mark: %v", err)
	}
}

// An empty section means the usual tiers, which are valid; nothing asked for is nothing.
func TestTiersConfig(t *testing.T) {
	if c := mustLoad(t, company, Options{}).TiersConfig(nil, nil); c != nil {
		t.Errorf("%+v", c)
	}
	c := mustLoad(t, company+"tiers: {}\n", Options{}).TiersConfig(nil, nil)
	if err := c.Rules.Check("tiers"); err != nil || c.Wallet == nil || c.Wallet.Quantile != 0.9 || c.Potential != nil || c.Compare != "" || c.Lifetime != nil || c.Entity != "customers" || len(c.Groups) != len(tiers.UsualGroups) {
		t.Errorf("%v, %+v", err, c)
	}
	if want := (tiers.Rules{}).WithDefaults(); !reflect.DeepEqual(*c.Rules, want) {
		t.Errorf("rules %+v, want %+v", *c.Rules, want)
	}
	text := company + `tiers:
  potential: {from: devices, type: kind, usage: pages, usage_period: week, demand: {b: {service_per_year: 7}}}
  cuts: {potential: {by: revenue, at: [20%, 50%, 80%]}, behaviour: {direction: free}}
  wallet: {method: none}
lifetime: {horizon: 26w, margin: revenue}
regions: {postcode: zip}
groups: []
goal: {raise: revenue, up_to: potential}
plans: [{segment: "2", tier: A, terms: net}]
archetypes: {prototypes: [{id: a, name: {de: eins}, values: {orders_12m: 12}}]}
`
	price := func(v float64) tiers.Price { return tiers.Price{ConsumablesPerUnit: &v} }
	c = mustLoad(t, text, Options{}).TiersConfig(map[string]tiers.Price{"a": price(1), "b": price(2)}, nil)
	p := c.Potential
	if p.PeriodsPerYear != 365.0/7 || *p.Prices["a"].ConsumablesPerUnit != 1 || p.Prices["b"].ConsumablesPerUnit != nil || *p.Prices["b"].ServicePerYear != 7 || p.Quantile != 0.9 {
		t.Errorf("potential %+v", p)
	}
	if r := c.Rules; r.Cuts[0].By != "revenue" || !slices.Equal(r.Cuts[0].At, []float64{0.2, 0.5, 0.8}) || r.Cuts[0].Direction != "up" || r.Cuts[2].Direction != "free" || r.Cuts[2].At[1] != 75 {
		t.Errorf("rules %+v", r)
	}
	if l := c.Lifetime; l.From != "orders" || l.Weeks != 26 || l.Discount != 0.1 || l.Margin != "revenue" || !c.Positive {
		t.Errorf("lifetime %+v", l)
	}
	if c.Wallet != nil || c.Compare != "country" || *c.Regions != (tiers.Regions{Country: "country", Region: "region", Postcode: "zip", Prefix: 2}) || len(c.Groups) != 0 ||
		c.Goal.Saturated != 0.8 || c.Plans[0].Fields[6] != "net" || c.Archetypes.Given[0].Name.DE != "eins" || c.Archetypes.K != 4 {
		t.Errorf("%+v", c)
	}
}
