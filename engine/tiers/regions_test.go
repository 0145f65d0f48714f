package tiers

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// counted is one random company with regions; amounts are whole, so that sums are exact.
func counted(t *rapid.T) (in Input, cfg Config, country, region, postcode []string) {
	n := rapid.IntRange(1, 120).Draw(t, "n")
	var devices, spend, score []float64
	for range n {
		c := rapid.SampledFrom([]string{"DE", "DE", "DE", "FR", "AT", ""}).Draw(t, "country")
		country = append(country, c)
		region = append(region, rapid.SampledFrom([]string{"", "N", "N", "N", "N", "S", "S", "E", "W"}).Draw(t, "region"))
		postcode = append(postcode, rapid.SampledFrom([]string{"", " ", "1", "1 2", "12", "9 9", "2", "10115"}).Draw(t, "postcode"))
		devices = append(devices, float64(rapid.IntRange(0, 50).Draw(t, "devices")))
		spend = append(spend, float64(rapid.IntRange(-5, 50).Draw(t, "spend")))
		score = append(score, 50)
	}
	in = tableOf(column("revenue", "currency", "transactional", spend...), column("score", "", "", score...))
	in.Hidden = append(in.Hidden, column("~devices_x", "", "", devices...), category("~country", country...), category("~region", region...), category("~postcode", postcode...))
	cfg = Config{Entity: "customers", Behaviour: "score", Rules: &Rules{}, MinCell: rapid.IntRange(1, 20).Draw(t, "min cell"),
		Groups:    []Group{{Name: "potential_customers", Rule: "unrealised_potential > 0"}},
		Potential: &Potential{From: "d", Type: "t", Prices: map[string]Price{"x": {ConsumablesPerYear: ptr(1)}}},
		Regions:   &Regions{Country: "country", Region: "region", Postcode: "zip", Prefix: 2}}
	return in, cfg, country, region, postcode
}

func TestRegions(t *testing.T) {
	shown, hidden := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		in, cfg, country, region, postcode := counted(t)
		n := in.Table.Rows()
		o := mustWorkRapid(t, in, inSegments(make([]int, n), 1), cfg)
		if len(o.regions.Levels) != 3 {
			t.Fatalf("%d levels", len(o.regions.Levels))
		}
		for _, l := range o.regions.Levels {
			areaOf := func(i int) (string, string) {
				switch l.Level {
				case "country":
					return country[i], country[i]
				case "region":
					return country[i], region[i]
				}
				return country[i], map[string]string{"": "", " ": "", "1": "1", "1 2": "12", "12": "12", "9 9": "99", "2": "2", "10115": "10"}[postcode[i]]
			}
			all, unknown := map[[2]string][]int{}, 0
			ofCountry := map[string]int{}
			for i := range n {
				c, a := areaOf(i)
				if l.Level == "country" {
					ofCountry[""]++
				} else {
					ofCountry[c]++
				}
				if a == "" {
					unknown++
					continue
				}
				all[[2]string{c, a}] = append(all[[2]string{c, a}], i)
			}
			sum, cells := 0, map[string]int{}
			rest := ofCountry
			for _, cell := range l.Cells {
				rows := all[[2]string{cell.Country, cell.Area}]
				var spend, could, open float64
				key, group := 0, 0
				for _, i := range rows {
					s := in.Table.Column("revenue").Numbers[i]
					d := in.Hidden[0].Numbers[i]
					spend, could, open = spend+s, could+d, open+max(0, d-max(0, s))
					if o.customers.Tier[i] == 0 {
						key++
					}
					if d > max(0, s) {
						group++
					}
				}
				if cell.Customers != len(rows) || len(rows) < cfg.MinCell || *cell.Revenue != spend || *cell.Potential != could || *cell.Unrealised != open {
					t.Fatalf("%s %+v: %d customers with %v, %v, %v", l.Level, cell, len(rows), spend, could, open)
				}
				for _, c := range []struct {
					got  *int
					want int
				}{{cell.KeyAccounts, key}, {cell.PotentialCustomers, group}} {
					if small := 0 < c.want && c.want < cfg.MinCell; small != (c.got == nil) || !small && *c.got != c.want {
						t.Fatalf("%s %+v: want %d", l.Level, cell, c.want)
					}
				}
				sum += cell.Customers
				group2 := cell.Country
				if l.Level == "country" {
					group2 = ""
				}
				cells[group2]++
				rest[group2] -= cell.Customers
			}
			if sum+l.SuppressedCustomers+l.Unknown != n || len(l.Cells)+l.SuppressedCells != len(all) || l.Unknown != 0 && (l.Unknown < cfg.MinCell || l.Unknown != unknown) {
				t.Fatalf("%d shown, %+v, of %d in %d areas, %d without", sum, l, n, len(all), unknown)
			}
			areas := map[string]int{}
			for place := range all {
				if l.Level == "country" {
					place[0] = ""
				}
				areas[place[0]]++
			}
			for c, k := range areas {
				if k-cells[c] == 1 && k > 1 {
					t.Fatalf("a single area of %q is hidden: %+v", c, l)
				}
				if rest[c] > 0 && rest[c] < cfg.MinCell && cells[c] > 0 {
					t.Fatalf("%q without what is shown leaves %d customers: %+v", c, rest[c], l)
				}
			}
			shown, hidden = shown+len(l.Cells), hidden+l.SuppressedCells
		}
	})
	if shown == 0 || hidden == 0 {
		t.Errorf("%d areas shown and %d hidden: the test has seen too little", shown, hidden)
	}
}

func mustWorkRapid(t *rapid.T, in Input, seg Segmentation, cfg Config) outcome {
	o, err := work(in, seg, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// Areas stand in order of country and name; a column that nobody named is no level; numbers are postcodes, too.
func TestOrderOfRegions(t *testing.T) {
	in, cfg := byPotential([]float64{1, 1, 1, 1}, []string{"", "", "", ""}, "")
	in.Hidden = append(in.Hidden, category("~country", "FR", "DE", "DE", "FR"), column("~postcode", "", "", 75001, 10115, nan, 7))
	cfg.MinCell, cfg.Regions = 1, &Regions{Country: "country", Postcode: "zip"}
	o := mustWork(t, in, inSegments(make([]int, 4), 1), cfg)
	var got []string
	for _, l := range o.regions.Levels {
		for _, c := range l.Cells {
			got = append(got, fmt.Sprint(l.Level, " ", c.Country, " ", c.Area, " ", c.Customers))
		}
	}
	// Two areas of France; the one of Germany, whose other customer has no postcode.
	if want := "[country DE DE 2 country FR FR 2 postcode DE 1 1 postcode FR 7 2]"; fmt.Sprint(got) != want {
		t.Errorf("got %v\nwant %s", got, want)
	}
	if l := o.regions.Levels[1]; l.Prefix != 1 || l.Unknown != 1 || l.Column != "zip" || math.Abs(*l.Cells[1].Revenue-1) > 0 {
		t.Errorf("%+v", l)
	}
	cfg.Rules, cfg.Regions = nil, &Regions{Country: "country"}
	in, _ = byPotential([]float64{1, 1, 1, 1}, []string{"", "", "", ""}, "")
	if o := mustWork(t, in, inSegments(make([]int, 4), 1), cfg); len(o.regions.Levels) != 0 {
		t.Errorf("levels without columns: %+v", o.regions)
	}
}
