package company

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// More potential, better behaviour or a higher share never make the tier worse; every tier can be reached.
func TestTierGridIsMonotone(t *testing.T) {
	seen := map[string]bool{}
	rank := func(p, b, s int) int {
		tier := TierGrid[p][b][s]
		seen[tier] = true
		r := slices.Index(Tiers, tier)
		if r < 0 {
			t.Fatalf("the grid has the tier %q", tier)
		}
		return r
	}
	for p := range 4 {
		for b := range 3 {
			for s := range 3 {
				at := rank(p, b, s)
				if p > 0 && rank(p-1, b, s) < at || b > 0 && rank(p, b-1, s) < at || s > 0 && rank(p, b, s-1) < at {
					t.Errorf("potential %v, behaviour %v, share %v: %s is worse than a class lower", Class(p), Class(b), Class(s), TierGrid[p][b][s])
				}
			}
		}
	}
	if len(seen) != len(Tiers) {
		t.Errorf("the grid has the tiers %v", seen)
	}
}

func TestTierOf(t *testing.T) {
	below := func(x float64) float64 { return math.Nextafter(x, 0) }
	p, b, s := PotentialCuts, BehaviourCuts, ShareCuts
	for _, c := range []struct {
		potential, behaviour, share float64
		want                        string
	}{
		{p[2], b[0], 0, "Key Account"}, {p[2], below(b[0]), 1, "A"},
		{below(p[2]), b[0], 0, "A"}, {p[1], 100, 1, "A"}, {p[1], below(b[0]), 1, "B"},
		{below(p[1]), b[1], 0, "B"}, {p[0], below(b[1]), s[1], "B"}, {p[0], 0, s[1], "B"}, {p[0], below(b[1]), below(s[1]), "C"},
		{below(p[0]), b[1], 0, "C"}, {0, b[0], s[1], "C"}, {0, below(b[0]), 1, "D"}, {0, below(b[1]), below(s[1]), "D"},
	} {
		if got := TierOf(c.potential, c.behaviour, c.share); got != c.want {
			t.Errorf("potential %v, behaviour %v, share %v: %s, want %s", c.potential, c.behaviour, c.share, got, c.want)
		}
	}
	for c, want := range map[Class]string{Low: "low", Medium: "medium", High: "high", VeryHigh: "very_high"} {
		if c.String() != want {
			t.Errorf("class %d is %s", c, c)
		}
	}
	if got := ClassOf(below(s[0]), s); got != Low {
		t.Errorf("a share just below %v is %v", s[0], got)
	}
	if got := ClassOf(s[0], s); got != Medium {
		t.Errorf("a share of %v is %v", s[0], got)
	}
}

func TestBehaviourScore(t *testing.T) {
	for _, c := range []struct{ orders, recency, returns, want float64 }{
		{12, 0, 0, 100}, {50, 0, 0, 100}, {0, 365, 0.2, 0}, {0, 4000, 0.9, 0}, {6, 0, 0, 75}, {12, 182.5, 0, 85}, {12, 0, 0.1, 90},
		{3, 73, 0.04, 12.5 + 24 + 16},
	} {
		if got := BehaviourScore(c.orders, c.recency, c.returns); math.Abs(got-c.want) > 1e-12*100 {
			t.Errorf("%v orders, %v days, %v returns: %v points, want %v", c.orders, c.recency, c.returns, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		orders, days := rapid.Float64Range(0, 100).Draw(t, "orders"), rapid.Float64Range(0, 1000).Draw(t, "days")
		returns, more := rapid.Float64Range(0, 1).Draw(t, "returns"), rapid.Float64Range(0, 10).Draw(t, "more")
		score := BehaviourScore(orders, days, returns)
		if score < 0 || score > 100 {
			t.Fatalf("%v points", score)
		}
		if BehaviourScore(orders+more, days, returns) < score || BehaviourScore(orders, days+more, returns) > score ||
			BehaviourScore(orders, days, returns+more) > score {
			t.Fatal("better behaviour has fewer points")
		}
	})
}

// The tier of each row of truth follows from the row's other columns, as they are written.
func TestTruthHoldsTheGrid(t *testing.T) {
	var all collect
	if err := Generate(Config{Customers: 2000, Seed: 12}, &all); err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		for i := range c.Truth.CustomerID {
			tr := &c.Truth
			potential := float64(tr.PotentialConsumables[i]+tr.PotentialService[i]) / 100
			if want := TierOf(potential, float64(tr.Behaviour[i])/100, float64(tr.Realised[i])/10_000); tr.Tier[i] != want {
				t.Fatalf("customer %s has tier %s, want %s", tr.CustomerID[i], tr.Tier[i], want)
			}
			// The three are rounded: wallet to half a cent, the need share to half of 10^-4.
			consumables := float64(tr.Wallet[i]) / 100 * float64(tr.NeedShare[i]) / 10_000
			if diff := math.Abs(float64(tr.PotentialConsumables[i])/100 - consumables); diff > float64(tr.Wallet[i])/100*0.6e-4+0.02 {
				t.Fatalf("customer %s: consumables of %d cents, wallet x need is %.2f euros", tr.CustomerID[i], tr.PotentialConsumables[i], consumables)
			}
		}
	}
}

func TestPlannedBehaviour(t *testing.T) {
	g := newGenerator(mustDefaults(t, Config{Customers: 100}))
	days := len(g.orderDays.sums) - 1
	for _, c := range []struct {
		what                     string
		since, until             int
		orders, recency, perYear float64
	}{
		{"stays", -1, days, 6, 365.0 / 12, 6},
		{"left a fifth of a year ago", -500, days - 73, 5, 73 + 36.5, 4},
		{"left before the last year", -500, days - 366, 5, 366 + 36.5, 0},
		{"came a fifth of a year ago", days - 73, days, 5, 36.5, 1},
	} {
		got := g.plannedBehaviour(&customer{since: c.since, until: c.until, plan: plan{orders: c.orders, returns: 0.03}})
		if want := BehaviourScore(c.perYear, c.recency, 0.03); math.Abs(got-want) > 1e-10 {
			t.Errorf("who %s has %.6f points, want %.6f", c.what, got, want)
		}
	}
}

// A line's margin is that of its kind, and what is sent back cost what it did when it was sold.
func TestUnitCosts(t *testing.T) {
	var all collect
	if err := Generate(Config{Customers: 1500, Seed: 21}, &all); err != nil {
		t.Fatal(err)
	}
	rates := map[string][]float64{}
	for _, c := range all {
		o := &c.Orders
		type key struct {
			order string
			line  int64
		}
		sold := map[key]int{}
		for i := range o.OrderID {
			if o.UnitCost[i] < 1 || o.UnitCost[i] > o.UnitPrice[i] {
				t.Fatalf("order %s line %d: price %d, cost %d", o.OrderID[i], o.Line[i], o.UnitPrice[i], o.UnitCost[i])
			}
			sold[key{o.OrderID[i], o.Line[i]}] = i
			if o.Quantity[i] < 0 {
				if j, ok := sold[key{o.OrderID[i], o.Line[i] - 900}]; !ok || o.UnitCost[j] != o.UnitCost[i] {
					t.Fatalf("order %s line %d comes back at another cost", o.OrderID[i], o.Line[i])
				}
				continue
			}
			kind := o.Brand[i] + " durables"
			switch {
			case o.Consumable[i] != 0:
				kind = o.Brand[i] + " consumables"
			case o.ProductGroup[i] == serviceGroup:
				kind = serviceGroup
			}
			if o.UnitPrice[i] >= 1000 { // rounding to cents moves the margin by 0.0005 at most
				rates[kind] = append(rates[kind], 1-float64(o.UnitCost[i])/float64(o.UnitPrice[i]))
			}
		}
	}
	for kind, want := range map[string]float64{
		"own consumables": 0.45, "third_party consumables": 0.22, "own durables": 0.35, "third_party durables": 0.18, "service": 0.55,
	} {
		mean, sd := meanSD(rates[kind])
		root := math.Sqrt(float64(len(rates[kind])))
		if len(rates[kind]) < 500 || math.Abs(mean-want) > 6*marginSpread/root+0.0005 || math.Abs(sd/marginSpread-1) > 6/root+0.02 {
			t.Errorf("%s: %d lines with margins of %.4f +- %.4f, want %.2f +- %.2f", kind, len(rates[kind]), mean, sd, want, marginSpread)
		}
	}
}

func TestListPrices(t *testing.T) {
	p := ListPrices()
	if len(p.DeviceType) != len(deviceTypes) {
		t.Fatalf("%d prices of %d device types", len(p.DeviceType), len(deviceTypes))
	}
	for i, k := range deviceTypes {
		if p.DeviceType[i] != k.name || float64(p.ConsumablesPer[i])/100 != k.cost || p.ServicePerYear[i] <= 0 || p.ServiceGrowth[i] <= 0 {
			t.Errorf("%s: %d, %d, %d", p.DeviceType[i], p.ConsumablesPer[i], p.ServicePerYear[i], p.ServiceGrowth[i])
		}
		// Ten years old: service x (1 + 10 x growth), exact.
		if got := k.yearlyService(10 * daysPerYear); got*100 != p.ServicePerYear[i]*(100+10*p.ServiceGrowth[i])*serviceUnit {
			t.Errorf("%s: service of an old machine is %d/%d cents", k.name, got, serviceUnit)
		}
	}
}
