package tiers

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"segovia/engine/profile"
)

// slowTiers gives tiers by the grid's words, one customer at a time.
func slowTiers(o outcome, n int, r Rules, rows func(i int) []int) []string {
	out := make([]string, n)
	for i := range n {
		var have [3]string
		for d, name := range []string{"potential", "share_of_wallet", "behaviour_score"} {
			values := o.estimates.numbers(name)
			var known []float64
			for _, j := range rows(i) {
				if v := values[j]; v == v {
					known = append(known, v)
				}
			}
			k := 0
			for _, at := range r.Cuts[d].At {
				if values[i] >= slowCut(r.Cuts[d].By, at, known) {
					k++
				}
			}
			have[d] = r.Cuts[d].Classes[k]
		}
		for _, rule := range r.Grid {
			meets := true
			for d, classes := range rule.Classes {
				meets = meets && (len(classes) == 0 || slices.Contains(classes, have[d]))
			}
			if meets {
				out[i] += rule.Tier // twice would show
			}
		}
	}
	return out
}

func tierNames(o outcome) []string {
	var out []string
	for _, t := range o.customers.Tier {
		out = append(out, o.customers.Tiers[t])
	}
	return out
}

func TestTiersAgainstSlowLookup(t *testing.T) {
	for _, per := range []string{"", "country"} {
		t.Run("per "+per, func(t *testing.T) {
			in, seg := planted(600, 1)
			cfg := everything()
			cfg.Rules.Per = per
			if per != "" {
				cfg.Compare = ""
				c := *in.Hidden[len(in.Hidden)-1]
				c.Name = "~per"
				in.Hidden[len(in.Hidden)-1] = &c
			}
			o := mustWork(t, in, seg, cfg)
			country := in.Hidden[len(in.Hidden)-1].Strings
			rows := func(i int) (out []int) {
				for j := range country {
					if per == "" || country[j] == country[i] {
						out = append(out, j)
					}
				}
				return out
			}
			want := slowTiers(o, 600, Rules{}.WithDefaults(), rows)
			if got := tierNames(o); !slices.Equal(got, want) {
				t.Fatalf("tiers differ:\n%v\n%v", got, want)
			}
			r := o.report.Tiers
			byTier, byGrid, byLevel := make([]int, 5), make([]int, 5), make([]int, 5)
			for i, tier := range r.Tiers {
				byTier[i] = tier.Customers
				if tier.Customers == 0 {
					t.Errorf("nobody is %s: the test sees too little", tier.Tier)
				}
			}
			for _, g := range r.Grid {
				byGrid[slices.Index(o.customers.Tiers, g.Tier)] += g.Customers
			}
			all := 0
			for _, l := range r.Comparison {
				var common, own int
				for i := range l.Common {
					common, own = common+l.Common[i], own+l.Own[i]
					if per == "" {
						byLevel[i] += l.Common[i]
					} else {
						byLevel[i] += l.Own[i]
					}
				}
				if common != l.Customers || own != l.Customers || l.Suppressed {
					t.Errorf("%q has %d customers, %d by common and %d by own cuts", l.Level, l.Customers, common, own)
				}
				all += l.Customers
			}
			if all != 600 || len(r.Comparison) != 4 || r.Comparison[0].Level != "" || !slices.Equal(byTier, byGrid) || !slices.Equal(byTier, byLevel) {
				t.Errorf("%d customers: by tier %v, by grid %v, by level %v", all, byTier, byGrid, byLevel)
			}
			for d, dim := range r.Dimensions {
				sum := 0
				for k, c := range dim.Classes {
					sum += c.Customers
					if c.Customers != countOf(o.customers.Class[d], k) || (c.From == nil) != (k == 0) {
						t.Errorf("%s %s: %+v", dim.Dimension, c.Class, c)
					}
				}
				if sum != 600 {
					t.Errorf("%s has %d customers in its classes", dim.Dimension, sum)
				}
			}
			if (o.customers.Per != nil) != (per != "") || per != "" && !slices.Equal(o.customers.Per, country) {
				t.Errorf("the levels that decided are %v", o.customers.Per)
			}
		})
	}
}

// byPotential is a company of which nothing is known but one type of device at one euro, and who buys half of it.
func byPotential(devices []float64, country []string, per string) (Input, Config) {
	spend, score := make([]float64, len(devices)), make([]float64, len(devices))
	for i, d := range devices {
		spend[i], score[i] = d/2, 50
	}
	in := tableOf(column("revenue", "currency", "transactional", spend...), column("score", "", "", score...))
	in.Hidden = append(in.Hidden, column("~devices_x", "", "", devices...), category("~"+map[string]string{"": "compare"}[per]+per, country...))
	cfg := Config{Profile: profile.Config{Currency: "EUR"}, Entity: "customers", Behaviour: "score", Rules: &Rules{Per: ""},
		Potential: &Potential{From: "d", Type: "t", Prices: map[string]Price{"x": {ConsumablesPerYear: ptr(1)}}}}
	if per != "" {
		cfg.Rules.Per = "country"
	} else {
		cfg.Compare = "country"
	}
	return in, cfg
}

// Equal customers have equal tiers under common cuts, wherever they are; under cuts of their countries they need not.
func TestEqualCustomersOfTwoCountries(t *testing.T) {
	var devices []float64
	var country []string
	for i := range 20 {
		devices, country = append(devices, float64(i+1)), append(country, "DE")
	}
	for i := range 40 { // the same twenty, and twenty larger ones
		devices, country = append(devices, float64(i+1)), append(country, "FR")
	}
	for _, per := range []string{"", "per"} {
		in, cfg := byPotential(devices, country, per)
		o := mustWork(t, in, inSegments(make([]int, 60), 1), cfg)
		differ := 0
		for i := range 20 {
			if o.customers.Tier[i] != o.customers.Tier[20+i] {
				differ++
			}
		}
		if (differ > 0) != (per != "") {
			t.Errorf("per %q: %d of 20 equal customers have different tiers", per, differ)
		}
		if top := o.report.Tiers.Comparison[0]; top.Level != "DE" || top.Own[0] == 0 || top.Common[0] != 0 {
			t.Errorf("DE has key accounts by its own cuts alone, and the comparison is %+v", top)
		}
	}
}

func TestSmallLevelsAreSuppressed(t *testing.T) {
	devices, country := make([]float64, 49), make([]string, 49)
	for i := range devices {
		devices[i], country[i] = float64(i), map[bool]string{true: "LI", false: "AT"}[i < 9]
	}
	for _, least := range []int{9, 10} {
		in, cfg := byPotential(devices, country, "")
		cfg.MinCell = least
		o := mustWork(t, in, inSegments(make([]int, 49), 1), cfg)
		li := o.report.Tiers.Comparison[1]
		if li.Level != "LI" || li.Customers != 9 || li.Suppressed != (least == 10) || (len(li.Own)+len(li.Common)+len(li.OwnCuts) == 0) != li.Suppressed {
			t.Errorf("least %d: %+v", least, li)
		}
	}
}

// A reason names tier, classes and figures, in words that do not contradict themselves.
func TestReasons(t *testing.T) {
	in, seg := planted(600, 1)
	o := mustWork(t, in, seg, everything())
	for i := range 600 {
		for _, german := range []bool{true, false} {
			text := o.customers.Reason(i, german)
			if !contains(text, o.customers.Tiers[o.customers.Tier[i]]+": ") || contains(text, "Inf") || contains(text, "NaN") {
				t.Fatalf("customer %d: %s", i, text)
			}
			for d, name := range []string{"potential", "share_of_wallet", "behaviour_score"} {
				unit := []string{"€", "share", "score"}[d]
				v := o.estimates.numbers(name)[i]
				if !contains(text, Amount(v, unit, german)) && !contains(text, amountBy(v, unit, german, precise)) ||
					!contains(text, classLabel(o.customers.Classes[d][o.customers.Class[d][i]]).in(german)) {
					t.Fatalf("customer %d has %s %v: %s", i, name, v, text)
				}
			}
		}
	}
}

func TestReasonsNextToCuts(t *testing.T) {
	devices, country := slices.Repeat([]float64{1000}, 12), slices.Repeat([]string{"DE"}, 12)
	in, cfg := byPotential(devices, country, "")
	in.Table.Column("revenue").Numbers[0] = 249.9999
	in.Table.Column("revenue").Numbers[1] = 250
	in.Table.Column("score").Numbers[1] = nan
	o := mustWork(t, in, inSegments(make([]int, 12), 1), cfg)
	for i, want := range []string{
		"D: potential low (1,000 EUR); share of wallet low (24.99999 % < 25 %); purchase behaviour medium (50 ≥ 40, < 75)",
		"D: potential low (1,000 EUR); share of wallet medium (25 % ≥ 25 %, < 60 %); purchase behaviour low (not known)",
	} {
		if got := o.customers.Reason(i, false); got != want {
			t.Errorf("reason %d:\n%s\n%s", i, got, want)
		}
	}
}

func TestNoTiersWithoutADimension(t *testing.T) {
	in := tableOf(column("employees", "", "firmographic", 1, 2, 3))
	cfg := Config{Rules: &Rules{}, Plans: []Plan{{Tier: "A", Fields: [7]string{"much"}}}}
	o := mustWork(t, in, inSegments([]int{0, 0, 0}, 1), cfg)
	if o.report.Tiers != nil || o.customers.Tier != nil || !o.warned("there are no tiers: the potential is not known") || len(o.report.Plans) != 1 {
		t.Errorf("%+v", o.report)
	}
}

// Amounts read the same in both languages but for the separators.
func TestAmounts(t *testing.T) {
	for _, c := range []struct {
		x        float64
		unit     string
		de, en   string
		millions string
	}{
		{0, "€", "0 €", "0 €", "0"}, {0.256, "share", "25,6 %", "25.6 %", "0.26"}, {1234567, "€", "1.234.567 €", "1,234,567 €", "1.23 M"},
		{-1500, "", "-1.500", "-1,500", "-1.5 k"}, {99.97, "score", "100", "100", "100"}, {9.994, "", "9,99", "9.99", "9.99"}, {2e9, "", "2.000.000.000", "2,000,000,000", "2 bn"},
	} {
		if de, en, m := Amount(c.x, c.unit, true), Amount(c.x, c.unit, false), Millions(c.x); de != c.de || en != c.en || m != c.millions {
			t.Errorf("%v %s: %q %q %q", c.x, c.unit, de, en, m)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		x := math.Exp(20*r.Float64() - 6)
		var back float64
		text := decimal(x, 12, false)
		if _, err := fmt.Sscan(removeCommas(text), &back); err != nil || math.Abs(back-x) > 1e-11*max(1, x) {
			t.Fatalf("%v is written %s", x, text)
		}
	}
}

func removeCommas(s string) string {
	out := []rune{}
	for _, r := range s {
		if r != ',' {
			out = append(out, r)
		}
	}
	return string(out)
}
