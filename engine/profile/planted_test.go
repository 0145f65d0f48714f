package profile

import (
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"segovia/engine/internal/exact"
	"segovia/engine/table"
)

var update = flag.Bool("update", false, "rewrite the golden texts")

// A planted segment: means of its features, in the order of the columns of planted.
type character struct {
	share                                      float64
	recency, orders, revenue, consumables, own float64
	contacts, returns, trend, devices, usage   float64
	industry                                   string
	employees                                  float64
}

// The five characters of the generated company: (1) few orders, high revenue, third-party brands; (2) own brand, many
// contacts, consumables, very high revenue; (3) contacted ten times, ordering three times, low revenue; (4) few
// consumables, third-party brands, medium revenue; (5) own brand, few contacts, medium revenue.
var characters = []character{
	{0.153, 60, 5, 42000, 0.45, 0.22, 5, 0.03, 0.0, 8, 40, "Logistics", 300},
	{0.140, 15, 24, 70000, 0.75, 0.80, 12, 0.03, 0.1, 12, 70, "Printing", 250},
	{0.218, 90, 3, 3500, 0.45, 0.45, 10, 0.04, -0.1, 2, 15, "Retail", 30},
	{0.287, 45, 9, 17000, 0.15, 0.25, 5, 0.03, 0.0, 5, 60, "Crafts", 80},
	{0.202, 40, 10, 18000, 0.50, 0.85, 2, 0.03, 0.0, 5, 30, "Services", 90},
}

// planted draws n customers of the five characters. Segments are numbered by size, so that character 4 is number 1.
func planted(n int, seed uint64) Input {
	r := rand.New(rand.NewPCG(seed, 7))
	names := []string{
		"recency_days", "orders_12m", "revenue_12m", "average_order_value", "consumables_share", "own_brand_share",
		"contacts_12m", "returns_share", "orders_trend", "devices", "usage", "employees",
	}
	units := []string{"days", "orders", "currency", "currency", "share", "share", "contacts", "share", "", "devices", "", ""}
	t := &table.Table{}
	for j, name := range names {
		t.Columns = append(t.Columns, &table.Column{Name: name, Unit: units[j], ProfileOnly: name == "employees"})
	}
	industry := &table.Column{Name: "industry", Kind: table.Category, ProfileOnly: true}
	numberOf := []int{3, 4, 1, 0, 2} // by size: character 4, 3, 5, 1, 2
	in := Input{Table: t, K: 5, WindowDays: 365, Passed: true, ChosenBecause: Text{"weil", "because"}}
	share := func(mean float64) float64 { return min(max(mean+0.08*r.NormFloat64(), 0), 1) }
	count := func(mean float64) float64 { return math.Round(max(0, mean+math.Sqrt(mean)*0.7*r.NormFloat64())) }
	amount := func(mean float64) float64 { return math.Round(100*mean*math.Exp(0.3*r.NormFloat64())) / 100 }
	for i := range n {
		u, which := r.Float64(), 0
		if i < len(characters) {
			which = i
		} else {
			for u > characters[which].share && which < 4 {
				u -= characters[which].share
				which++
			}
		}
		c := characters[which]
		t.Keys = append(t.Keys, string(rune('a'+i%26))+strings.Repeat("x", i/26%5))
		orders, revenue := max(1, count(c.orders)), amount(c.revenue)
		row := []float64{
			count(c.recency), orders, revenue, revenue / orders, share(c.consumables), share(c.own), count(c.contacts),
			share(c.returns), c.trend + 0.3*r.NormFloat64(), count(c.devices), amount(c.usage), math.Ceil(amount(c.employees)),
		}
		if i%50 == 7 {
			row[10] = math.NaN()
		}
		for j, x := range row {
			t.Columns[j].Numbers = append(t.Columns[j].Numbers, x)
		}
		name := c.industry
		if r.Float64() < 0.5 {
			name = characters[r.IntN(5)].industry
		}
		industry.Strings = append(industry.Strings, name)
		in.Labels = append(in.Labels, numberOf[which])
	}
	t.Columns = append(t.Columns, industry)
	prepare(&in)
	return in
}

// prepare fills the prepared columns: z-scores with missing values at the mean, amounts as logarithms.
func prepare(in *Input) {
	in.Columns, in.Sources, in.X = nil, nil, nil
	for _, c := range in.Table.Columns {
		if c.Kind == table.Category || c.ProfileOnly {
			continue
		}
		var known []float64
		for _, x := range c.Numbers {
			if finite(x) {
				known = append(known, transform(c, x))
			}
		}
		mean, sd := exact.SD(known, false)
		col := make([]float64, len(c.Numbers))
		for i, x := range c.Numbers {
			if finite(x) && sd > 0 {
				col[i] = (transform(c, x) - mean) / sd
			}
		}
		in.Columns, in.Sources, in.X = append(in.Columns, c.Name), append(in.Sources, c.Name), append(in.X, col)
	}
}

func transform(c *table.Column, x float64) float64 {
	if c.Unit == "currency" {
		return math.Log1p(x)
	}
	return x
}

func mustDescribe(t *testing.T, in Input, cfg Config) *Report {
	t.Helper()
	r, err := Describe(in, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// texts writes all that is meant for reading.
func texts(r *Report) string {
	var b strings.Builder
	for _, s := range r.Segments {
		for _, l := range []language{de, en} {
			b.WriteString(s.Name.in(l) + "\n  " + s.Description.in(l) + "\n  " + s.Rule.Text.in(l) + "\n")
		}
		b.WriteString("  " + percent1(s.Rule.Coverage, en) + " / " + percent1(s.Rule.Precision, en) + "\n\n")
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s differs (go test -update rewrites it); got\n%s", path, got)
	}
}

func TestPlantedSegmentsReadAsPlanted(t *testing.T) {
	golden(t, "planted.txt", texts(mustDescribe(t, planted(4000, 1), Config{})))
}
