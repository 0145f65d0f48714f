package tiers

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"segovia/engine/profile"
	"segovia/engine/table"
	"segovia/kernels/problem"
	"segovia/kernels/ref"
)

var nan = math.NaN()

// column is a feature of numbers.
func column(name, unit, kind string, xs ...float64) *table.Column {
	return &table.Column{Name: name, Unit: unit, Type: kind, Numbers: xs}
}

func category(name string, levels ...string) *table.Column {
	return &table.Column{Name: name, Kind: table.Category, Type: "firmographic", Strings: levels}
}

func keys(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("%06d", i)
	}
	return out
}

// tableOf is an input whose features are over a year.
func tableOf(columns ...*table.Column) Input {
	n := max(len(columns[0].Numbers), len(columns[0].Strings))
	return Input{Table: &table.Table{Keys: keys(n), Columns: columns}, WindowDays: 365}
}

// inSegments describes k segments with what the package asks of them.
func inSegments(labels []int, k int) Segmentation {
	r := &profile.Report{K: k}
	for s := range k {
		orders, contacts := 6.0, 6.0
		r.Segments = append(r.Segments, profile.Segment{ID: fmt.Sprintf("S-%d", s+1), Number: s + 1, Customers: countOf(labels, s),
			Name: profile.Text{DE: fmt.Sprintf("Gruppe %d", s+1), EN: fmt.Sprintf("Segment no %d", s+1)}, OrdersPerYear: &orders, ContactsPerYear: &contacts})
	}
	return Segmentation{Labels: labels, Segments: r}
}

// planted draws n customers of three segments: large and loyal, large and elsewhere, small. Every hidden column is there.
func planted(n int, seed uint64) (Input, Segmentation) {
	r := rand.New(rand.NewPCG(seed, 3))
	x := map[string][]float64{}
	put := func(name string, v float64) { x[name] = append(x[name], v) }
	labels := make([]int, n)
	var country, region, postcode, industry []string
	for i := range n {
		s := r.IntN(3)
		if i < 3 {
			s = i
		}
		labels[i] = s
		size := [3]float64{8, 8, 1}[s]
		share := min(1, [3]float64{0.75, 0.2, 0.5}[s]+0.25*r.Float64())
		devices, presses := math.Ceil(size*(0.5+r.Float64())), float64(r.IntN(2))
		read := devices - float64(r.IntN(2))
		used := read * (80 + 40*r.Float64())
		demand := 12*used*2 + 500*presses
		put("employees", math.Round(10*size*(0.5+r.Float64())))
		put("revenue_12m", math.Round(100*demand*share)/100)
		put("orders_12m", math.Round([3]float64{20, 6, 3}[s]*(0.6+0.8*r.Float64())))
		put("recency_days", math.Round([3]float64{20, 70, 120}[s]*2*r.Float64()))
		put("returns_share", 0.1*r.Float64())
		put("contacts_12m", float64(r.IntN(12)))
		put("~devices_printer", devices)
		put("~devices_press", presses)
		put("~usage_printer", used)
		put("~metered_printer", read)
		put("~age_printer", devices*365*(1+4*r.Float64()))
		put("~age_press", presses*700)
		repeats := math.Floor(r.ExpFloat64() * [3]float64{12, 4, 2}[s])
		known := 200 + 700*r.Float64()
		span := known * r.Float64()
		if repeats == 0 {
			span = 0
		}
		put("~repeats", repeats)
		put("~span", math.Round(span))
		put("~known", math.Round(known))
		put("~silent", math.Round(known)-math.Round(span))
		mean := 100 * size * (0.5 + r.ExpFloat64())
		put("~spent_first", mean)
		put("~spent", mean*(1+repeats))
		country = append(country, []string{"DE", "DE", "FR", "AT", ""}[r.IntN(5)])
		region = append(region, fmt.Sprintf("%s-%d", country[i], min(r.IntN(6), r.IntN(6))))
		postcode = append(postcode, fmt.Sprintf("%d %04d", r.IntN(10), r.IntN(10000)))
		industry = append(industry, []string{"Printing", "Retail", "Crafts"}[(s+r.IntN(2))%3])
	}
	in := tableOf(column("employees", "", "firmographic", x["employees"]...), category("industry", industry...),
		column("revenue_12m", "currency", "transactional", x["revenue_12m"]...), column("orders_12m", "orders", "behavioural", x["orders_12m"]...),
		column("recency_days", "days", "behavioural", x["recency_days"]...), column("returns_share", "share", "behavioural", x["returns_share"]...),
		column("contacts_12m", "contacts", "behavioural", x["contacts_12m"]...))
	for _, name := range []string{"~devices_printer", "~devices_press", "~usage_printer", "~metered_printer", "~age_printer", "~age_press",
		"~repeats", "~span", "~known", "~silent", "~spent", "~spent_first"} {
		in.Hidden = append(in.Hidden, column(name, "", "", x[name]...))
	}
	in.Hidden = append(in.Hidden, category("~country", country...), category("~region", region...), category("~postcode", postcode...),
		category("~compare", country...))
	return in, inSegments(labels, 3)
}

func ptr(v float64) *float64 { return &v }

// everything asks for every part.
func everything() Config {
	return Config{
		Profile: profile.Config{Currency: "€"}, Language: "de", Seed: 5, Path: ref.Path{}, Entity: "customers", Positive: true,
		Potential: &Potential{From: "devices", Type: "type", Usage: "usage", Installed: "installed", PeriodsPerYear: 12, Quantile: 0.9,
			Prices: map[string]Price{"printer": {ConsumablesPerUnit: ptr(2), ServicePerYear: ptr(100), ServiceGrowth: ptr(0.08)}}},
		Wallet: &Wallet{Quantile: 0.9, Trees: 20, Holdout: 0.2}, Rules: &Rules{}, Compare: "country",
		Lifetime: &Lifetime{From: "orders", Weeks: 52, Discount: 0.1}, Archetypes: &Archetypes{K: 3}, Groups: slices.Clone(UsualGroups),
		Goal:  &Goal{Raise: "revenue_12m", Saturated: 0.8},
		Plans: []Plan{{Tier: "A", Fields: [7]string{4: "weekly"}}}, Regions: &Regions{Country: "country", Region: "region", Postcode: "zip", Prefix: 1},
	}
}

type outcome struct {
	estimates *Estimates
	report    *Report
	customers *Customers
	regions   *RegionsReport
}

func work(in Input, seg Segmentation, cfg Config) (o outcome, err error) {
	if o.estimates, err = Estimate(context.Background(), in, cfg); err != nil {
		return o, err
	}
	o.report, o.customers, o.regions, err = o.estimates.Assign(context.Background(), seg)
	return o, err
}

func mustWork(t testing.TB, in Input, seg Segmentation, cfg Config) outcome {
	t.Helper()
	o, err := work(in, seg, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// placesOf writes each problem as "id place".
func placesOf(err error) []string {
	var out []string
	for _, p := range problem.All(err) {
		out = append(out, p.ID+" "+p.Place)
	}
	return out
}

// warned reports whether a warning contains the text, in either language.
func (o outcome) warned(text string) bool {
	return slices.ContainsFunc(o.report.Warnings, func(w Text) bool { return contains(w.DE, text) || contains(w.EN, text) })
}
