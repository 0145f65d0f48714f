package tiers

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"segovia/engine/features"
	"segovia/engine/table"
)

// With a full price list the potential is a sum that can be done by hand. Two years of revenue; printers with meters, one of
// four without; presses with a price by the year; scanners of which nothing is known.
func TestPotentialByHand(t *testing.T) {
	in := tableOf(column("revenue", "currency", "transactional", 1000, 0, nan, 4000))
	in.WindowDays = 730
	hidden := func(name string, xs ...float64) { in.Hidden = append(in.Hidden, column("~"+name, "", "", xs...)) }
	hidden("devices_printer", 2, 1, 1, 0)
	hidden("metered_printer", 1, 1, 0, 0)
	hidden("usage_printer", 100, 50, 0, 0) // a month
	hidden("age_printer", 730, 365, 0, 0)
	hidden("devices_press", 0, 1, 0, 2)
	hidden("metered_press", 0, 0, 0, 0)
	hidden("age_press", 0, 1825, 0, 0)
	hidden("devices_scanner", 0, 0, 0, 1)
	cfg := Config{Potential: &Potential{From: "d", Type: "t", Usage: "u", Installed: "i", PeriodsPerYear: 12, Prices: map[string]Price{
		"printer": {ConsumablesPerUnit: ptr(0.5), ServicePerYear: ptr(100), ServiceGrowth: ptr(0.1)},
		"press":   {ConsumablesPerUnit: ptr(9), ConsumablesPerYear: ptr(300), ServicePerYear: ptr(1000)},
		"scanner": {ConsumablesPerYear: ptr(0)},
	}}}
	o := mustWork(t, in, inSegments([]int{0, 0, 0, 0}, 1), cfg)
	// Printers: customer 0 uses 100 * 12 on the metered one, and as much on the other; customer 2 what the two metered ones
	// use on average, 900 a year. Service grows by a tenth of 100 per year of age.
	consumables := []float64{0.5 * 2400, 0.5*600 + 300, 0.5 * 900, 2 * 300}
	service := []float64{2*100 + 10*2, 100 + 10*1 + 1000, 100, 2 * 1000}
	for i := range consumables {
		if c, s := o.estimates.numbers("potential_consumables")[i], o.estimates.numbers("potential_service")[i]; c != consumables[i] || s != service[i] {
			t.Errorf("customer %d needs %v and %v, want %v and %v", i, c, s, consumables[i], service[i])
		}
		if sum := o.estimates.numbers("potential")[i]; sum != consumables[i]+service[i] {
			t.Errorf("customer %d has a potential of %v", i, sum)
		}
	}
	r := o.report.Potential
	if r.Consumables != 2850 || r.Service != 3430 || r.Devices != 8 || r.Unmetered != 6 || len(r.Learned) != 0 {
		t.Errorf("%+v", r)
	}
	want := []DeviceType{{Type: "printer", Devices: 4, MeanUsage: 900, ConsumablesPerUnit: 0.5, ServicePerYear: 100, ServiceGrowth: 0.1},
		{Type: "press", Devices: 3, ConsumablesPerUnit: 9, ConsumablesPerYear: 300, ServicePerYear: 1000}, {Type: "scanner", Devices: 1}}
	if !slices.Equal(r.Types, want) {
		t.Errorf("types %+v", r.Types)
	}
	// 500 a year of 1420; nothing of 1710 and of a missing spend; 2000 of 2600.
	for i, want := range []float64{920, 1710, 550, 2600 - 2000} {
		if got := o.estimates.numbers("unrealised_potential")[i]; got != want {
			t.Errorf("customer %d has %v unrealised, want %v", i, got, want)
		}
	}
}

// bestServed draws customers with two types of device who buy a share of their demand that is even between 0.3 and 1, so that
// the 90 % quantile given the devices is 0.93 of the demand.
func bestServed(n int, seed uint64, demand func(printers, usage, presses, age float64) (bought, sure float64)) Input {
	r := rand.New(rand.NewPCG(seed, 9))
	x := make([][]float64, 6)
	for range n {
		printers, presses := float64(r.IntN(5)), float64(r.IntN(4))
		usage, age := printers*(50+100*r.Float64()), presses*365*8*r.Float64()
		bought, sure := demand(printers, 12*usage, presses, age/365)
		for j, v := range []float64{bought*(0.3+0.7*r.Float64()) + sure, printers, usage, printers, presses, age} {
			x[j] = append(x[j], v)
		}
	}
	in := tableOf(column("revenue", "currency", "transactional", x[0]...), column("service", "currency", "transactional", x[0]...))
	for j, name := range []string{"devices_printer", "usage_printer", "metered_printer", "devices_press", "age_press"} {
		in.Hidden = append(in.Hidden, column("~"+name, "", "", x[j+1]...))
	}
	return in
}

// near reports whether got is within a share of want.
func near(got, want, share float64) bool { return math.Abs(got-want) <= share*want }

// Planted prices come back within 3 %. The standard error of a 90 % quantile of an even distribution over 0.7 is
// sqrt(0.09/n) * 0.7 = 0.0047 for 2000 customers, half a per cent of 0.93; a price of one of two correlated columns has two to
// three times that.
func TestLearnedPrices(t *testing.T) {
	const band = 0.03
	learn := func(in Input, prices map[string]Price, service string) *PotentialReport {
		cfg := Config{Potential: &Potential{From: "d", Type: "t", Usage: "u", Installed: "i", PeriodsPerYear: 12, Quantile: 0.9, Prices: prices, Service: service}}
		o := mustWork(t, in, inSegments(make([]int, in.Table.Rows()), 1), cfg)
		return o.report.Potential
	}
	press := func(r *PotentialReport) DeviceType {
		return r.Types[slices.IndexFunc(r.Types, func(d DeviceType) bool { return d.Type == "press" })]
	}
	printer := func(r *PotentialReport) DeviceType {
		return r.Types[slices.IndexFunc(r.Types, func(d DeviceType) bool { return d.Type == "printer" })]
	}
	t.Run("wholly", func(t *testing.T) {
		// Presses have no meter: their price is by the year.
		r := learn(bestServed(2000, 1, func(_, usage, presses, _ float64) (float64, float64) { return 0.25*usage + 600*presses, 0 }), nil, "")
		a, b := printer(r), press(r)
		if !near(a.ConsumablesPerUnit, 0.93*0.25, band) || !near(b.ConsumablesPerYear, 0.93*600, band) || b.ConsumablesPerUnit != 0 || !a.Learned || !b.Learned || r.Service != 0 {
			t.Errorf("learned %+v and %+v", a, b)
		}
		if l := r.Learned; len(l) != 1 || l[0].Part != "consumables" || !near(l[0].Coverage, 0.9, 0.01) || l[0].Rows > 2000 || l[0].Rows < 1800 {
			t.Errorf("%+v", l)
		}
	})
	t.Run("partly", func(t *testing.T) {
		in := bestServed(2000, 2, func(_, usage, presses, _ float64) (float64, float64) { return 600 * presses, 0.25 * usage })
		r := learn(in, map[string]Price{"printer": {ConsumablesPerUnit: ptr(0.25)}}, "")
		if a, b := printer(r), press(r); a.ConsumablesPerUnit != 0.25 || a.Learned || !near(b.ConsumablesPerYear, 0.93*600, band) || !b.Learned {
			t.Errorf("learned %+v and %+v", a, b)
		}
	})
	t.Run("service with age", func(t *testing.T) {
		in := bestServed(2000, 3, func(printers, _, presses, age float64) (float64, float64) {
			return 200*printers + 500*presses + 50*age, 0
		})
		free := map[string]Price{"printer": {ConsumablesPerYear: ptr(0)}, "press": {ConsumablesPerYear: ptr(0), ServiceGrowth: ptr(7)}}
		r := learn(in, free, "service")
		a, b := printer(r), press(r)
		// The price by age is that of one of two columns that rise together: twice the band.
		if !near(a.ServicePerYear, 0.93*200, band) || !near(b.ServicePerYear, 0.93*500, 2*band) || !near(b.ServiceGrowth*b.ServicePerYear, 0.93*50, 2*band) || !b.Learned {
			t.Errorf("learned %+v and %+v", a, b)
		}
	})
}

func TestNoDevices(t *testing.T) {
	in := tableOf(column("revenue", "currency", "transactional", 100, 0, -5, nan))
	cfg := Config{Behaviour: "revenue", Potential: &Potential{From: "d", Type: "t", Usage: "u", PeriodsPerYear: 12, Quantile: 0.9}, Rules: &Rules{}}
	o := mustWork(t, in, inSegments([]int{0, 0, 0, 0}, 1), cfg)
	for i, want := range []float64{1, nan, nan, nan} { // what they spend is all that is known of what they could
		if got := o.estimates.numbers("share_of_wallet")[i]; got != want && want == want || want != want && got == got {
			t.Errorf("customer %d has a share of %v, want %v", i, got, want)
		}
		if p := o.estimates.numbers("potential")[i]; p != 0 {
			t.Errorf("customer %d has a potential of %v", i, p)
		}
	}
	if got := tierNames(o); !slices.Equal(got, []string{"C", "D", "D", "D"}) {
		t.Errorf("tiers %v", got)
	}
}

// A price that cannot be learned because the devices are always sold together is none, and says so.
func TestPricesThatCannotBeTold(t *testing.T) {
	n := 50
	devices, spend := make([]float64, n), make([]float64, n)
	for i := range devices {
		devices[i] = float64(1 + i%3)
		spend[i] = 100 * devices[i]
	}
	in := tableOf(column("revenue", "currency", "transactional", spend...))
	in.Hidden = append(in.Hidden, column("~devices_a", "", "", devices...), column("~devices_b", "", "", devices...))
	cfg := Config{Potential: &Potential{From: "d", Type: "t", Quantile: 0.9}}
	o := mustWork(t, in, inSegments(make([]int, n), 1), cfg)
	types := o.report.Potential.Types
	if !types[0].Learned || types[1].Learned || math.Abs(types[0].ConsumablesPerYear-100) > 0.01 || !o.warned("consumables of b") {
		t.Errorf("%+v, warnings %v", types, o.report.Warnings)
	}
}

// The hidden features are such as can be folded: every one is read by its name, and none hides behind a window.
func TestHiddenFeatures(t *testing.T) {
	cfg := everything()
	cfg.Rules.Per = "Land/Region"
	cfg.Potential.Type = "machine type"
	got := map[string]features.Column{}
	for _, c := range cfg.Features() {
		if !IsInternal(c.Name) || !c.ProfileOnly || got[c.Name].Name != "" {
			t.Errorf("%+v", c)
		}
		got[c.Name] = c
		if c.From != "customers" && c.Window >= 0 {
			t.Errorf("%s counts records of a window alone", c.Name)
		}
	}
	for name, want := range map[string][3]string{ // agg, column, place
		"~devices": {"count", "", "tiers.potential.type"}, "~usage": {"sum", "usage", "tiers.potential.usage"},
		"~age": {"sum", "greatest(days_since(installed), 0)", "tiers.potential.installed"}, "~repeats": {"repeat_days", "", "lifetime"},
		"~spent_first": {"first_day_sum", "", "lifetime"}, "~postcode": {"", "zip", "regions.postcode"}, "~per": {"", "`Land/Region`", "tiers.per"},
	} {
		if c := got[name]; c.Agg != want[0] || c.Column != want[1] || c.Place != want[2] {
			t.Errorf("%s is %+v", name, c)
		}
	}
	if m := got["~metered"]; m.Where != "usage is not null" || m.By != "`machine type`" || got["~repeats"].Where != "amount > 0" {
		t.Errorf("%+v, %+v", m, got["~repeats"])
	}
	if err := cfg.CheckExpressions(&table.Table{}, nil); err != nil {
		t.Errorf("the usual groups: %v", err)
	}
}
