package tiers

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"segovia/engine/lifetime"
)

// ordering draws customers as BG/NBD with r = 1, alpha = 8, a = 1, b = 2 and Gamma-Gamma with p = 4, q = 3, v = 100 have them;
// whole days, every tenth never purchased.
func ordering(n int, seed uint64) (in Input, histories []lifetime.History, spends []lifetime.Spend, rows []int) {
	r := rand.New(rand.NewPCG(seed, 11))
	x := map[string][]float64{}
	put := func(name string, v float64) { x[name] = append(x[name], v) }
	gamma := func(shape int) (g float64) {
		for range shape {
			g += r.ExpFloat64()
		}
		return g
	}
	for i := range n {
		if i%10 == 3 {
			for _, name := range []string{"repeats", "spent", "spent_first", "revenue", "margin"} {
				put(name, 0)
			}
			for _, name := range []string{"span", "known", "silent"} {
				put(name, nan)
			}
			continue
		}
		rate, leave := r.ExpFloat64()/8/7, 1-math.Sqrt(r.Float64()) // of days
		known := math.Floor(100 + 900*r.Float64())
		mean := gamma(3) / 100
		day, last, repeats, spent := 0.0, 0.0, 0.0, 0.0
		first := gamma(4) / mean
		for {
			if day += r.ExpFloat64() / rate; math.Floor(day) >= known {
				break
			}
			if d := math.Floor(day); d > last {
				last, repeats, spent = d, repeats+1, spent+gamma(4)/mean
			}
			if r.Float64() < leave {
				break
			}
		}
		put("repeats", repeats)
		put("span", last)
		put("known", known)
		put("silent", known-last)
		put("spent", first+spent)
		put("spent_first", first)
		put("revenue", first+spent)
		put("margin", (first+spent)*[]float64{0.2, 0.4}[i%2])
		rows = append(rows, i)
		h := lifetime.History{Repeats: int(repeats), ActiveSpan: last / 7, Age: known / 7}
		s := lifetime.Spend{Repeats: h.Repeats}
		if repeats > 0 {
			s.Mean = (first + spent - first) / repeats
		}
		histories, spends = append(histories, h), append(spends, s)
	}
	x["margin"][rows[0]] = nan
	in = tableOf(column("revenue", "currency", "transactional", x["revenue"]...), column("margin", "currency", "transactional", x["margin"]...))
	for _, name := range []string{"repeats", "span", "known", "silent", "spent", "spent_first"} {
		in.Hidden = append(in.Hidden, column("~"+name, "", "", x[name]...))
	}
	return in, histories, spends, rows
}

func TestLifetimeAgainstTheModels(t *testing.T) {
	for _, margin := range []string{"", "margin"} {
		in, histories, spends, rows := ordering(1500, 1)
		n := in.Table.Rows()
		cfg := Config{Seed: 9, Positive: true, Lifetime: &Lifetime{From: "orders", Weeks: 26, Discount: 0.15, Margin: margin}}
		o := mustWork(t, in, inSegments(make([]int, n), 1), cfg)
		own := func() lifetime.Config { return lifetime.Config{Seed: 9} }
		orders, fit, err := lifetime.FitBGNBD(context.Background(), slices.Clone(histories), own())
		if err != nil || !fit.Usable() {
			t.Fatalf("%v, %+v", err, fit)
		}
		amounts, _, err := lifetime.FitGammaGamma(context.Background(), slices.Clone(spends), own())
		if err != nil {
			t.Fatal(err)
		}
		revenue, margins := in.Table.Column("revenue").Numbers, in.Table.Column("margin").Numbers
		var total, rateOver, rateUnder float64
		for i, v := range margins {
			if v == v && revenue[i] > 0 {
				rateOver, rateUnder = rateOver+v, rateUnder+revenue[i]
			}
		}
		rate := rateOver / rateUnder
		at := 0
		for i := range n {
			alive, expected, value, overdue := o.estimates.numbers("probability_alive")[i], o.estimates.numbers("expected_orders")[i],
				o.estimates.numbers("lifetime_value")[i], o.estimates.numbers("overdue")[i]
			if at == len(rows) || rows[at] != i {
				if alive == alive || expected == expected || value == value || overdue == overdue {
					t.Fatalf("customer %d never ordered and has %v %v %v %v", i, alive, expected, value, overdue)
				}
				continue
			}
			h, s := histories[at], spends[at]
			at++
			late := math.NaN()
			if h.Repeats > 0 {
				late = in.Hidden[3].Numbers[i] / (in.Hidden[1].Numbers[i] / float64(h.Repeats))
			}
			want := lifetime.Value(orders, amounts, h, s, lifetime.Horizon{Weeks: 26, YearlyRate: 0.15})
			switch {
			case margin == "":
			case margins[i] != margins[i]:
				want *= rate
			default:
				want *= margins[i] / revenue[i]
			}
			total += want
			// Sums of 1500 margins and a product: the value has the bits of the models, the mean rate but their order.
			if alive != orders.Alive(h) || expected != orders.Expected(h, 26) || overdue != late && (late == late || overdue == overdue) || math.Abs(value-want) > 3000*0x1p-53*want {
				t.Fatalf("customer %d: %v %v %v %v, want %v %v %v %v", i, alive, expected, value, overdue, orders.Alive(h), orders.Expected(h, 26), want, late)
			}
		}
		r := o.report.Lifetime
		if r.Customers != len(rows) || r.R != orders.R || r.B != orders.B || *r.P != amounts.P || *r.MeanSpend != amounts.PopulationMean() || math.Abs(*r.LifetimeValue-total) > 3000*0x1p-53*total ||
			r.HorizonWeeks != 26 || r.DiscountPerAnn != 0.15 || (r.MarginRate == nil) != (margin == "") || r.MarginRate != nil && math.Abs(*r.MarginRate-rate) > 3000*0x1p-53 {
			t.Errorf("%+v", r)
		}
		if v := o.report.Segments[0].LifetimeValue; math.Abs(*v-*r.LifetimeValue) > 3000*0x1p-53*total {
			t.Errorf("the one segment has a value of %v", *v)
		}
	}
}

// Too few repeat buyers, no amounts, no hidden columns, a margin that is not there: none but the last is an error.
func TestLifetimesThatCannotBe(t *testing.T) {
	in, _, _, rows := ordering(50, 1)
	seg := inSegments(make([]int, 50), 1)
	cfg := Config{Positive: true, Lifetime: &Lifetime{From: "orders", Weeks: 52}}
	o := mustWork(t, in, seg, cfg)
	if o.report.Lifetime != nil || !o.warned("no model of orders to come") || o.estimates.numbers("overdue") == nil || o.estimates.numbers("probability_alive") != nil {
		t.Errorf("%d customers: %+v, %v", len(rows), o.report.Lifetime, o.report.Warnings)
	}
	in, _, _, _ = ordering(600, 1)
	in.Hidden = in.Hidden[:4]
	seg = inSegments(make([]int, 600), 1)
	cfg.Positive = false
	if o := mustWork(t, in, seg, cfg); o.report.Lifetime == nil || o.report.Lifetime.LifetimeValue != nil || o.estimates.numbers("lifetime_value") != nil || o.estimates.numbers("expected_orders") == nil {
		t.Errorf("without amounts: %+v", o.report.Lifetime)
	}
	in.Hidden = in.Hidden[:3]
	if o := mustWork(t, in, seg, cfg); o.report.Lifetime != nil {
		t.Errorf("without the last order: %+v", o.report.Lifetime)
	}
	in, _, _, _ = ordering(600, 1)
	cfg.Lifetime.Margin = "profit"
	if _, err := work(in, seg, cfg); !slices.Equal(placesOf(err), []string{"SEG-FEA-002 lifetime.margin"}) {
		t.Errorf("an unknown margin: %v", err)
	}
	in, _, _, _ = ordering(600, 1)
	cfg.Lifetime.Margin = "margin"
	in.Table.Columns[0].Name = "turned over" // no revenue to divide by
	if o := mustWork(t, in, seg, cfg); o.report.Lifetime.MarginRate != nil || !o.warned("margin") {
		t.Errorf("a margin without revenue: %+v, %v", o.report.Lifetime, o.report.Warnings)
	}
	in, _, _, _ = ordering(600, 1)
	for _, c := range in.Hidden[4:] { // all given back
		for i := range c.Numbers {
			c.Numbers[i] = -1
		}
	}
	cfg.Lifetime.Margin = ""
	if o := mustWork(t, in, seg, cfg); o.report.Lifetime.LifetimeValue != nil || !o.warned("no model of amounts to come") {
		t.Errorf("negative amounts: %+v, %v", o.report.Lifetime, o.report.Warnings)
	}
}
