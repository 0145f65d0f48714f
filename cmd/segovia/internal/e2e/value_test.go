package e2e

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// valueFile is what the tests read of value.json.
type valueFile struct {
	Wallet struct {
		HeldOut  int     `json:"held_out"`
		Coverage float64 `json:"coverage"`
		Pinball  float64 `json:"pinball"`
		Baseline float64 `json:"baseline"`
	} `json:"wallet"`
	Lifetime struct {
		R             float64 `json:"r"`
		Alpha         float64 `json:"alpha"`
		A             float64 `json:"a"`
		B             float64 `json:"b"`
		LogLikelihood float64 `json:"log_likelihood"`
		Expected      float64 `json:"expected_orders"`
		MeanSpend     float64 `json:"mean_spend"`
		P             float64 `json:"p"`
		Q             float64 `json:"q"`
		V             float64 `json:"v"`
	} `json:"lifetime"`
	Segments []segmentValue `json:"segments"`
	Tiers    struct {
		Tiers []struct {
			Tier      string `json:"tier"`
			Customers int    `json:"customers"`
		} `json:"tiers"`
		Comparison []struct {
			Level  string `json:"level"`
			Common []int  `json:"common"`
			Own    []int  `json:"own"`
		} `json:"comparison"`
	} `json:"tiers"`
}

type segmentValue struct {
	Segment         int     `json:"segment"`
	ContactsPerYear float64 `json:"contacts_per_year"`
	OrdersPerYear   float64 `json:"orders_per_year"`
	PotentialFound  bool    `json:"potential_found"`
}

// truthTable is truth.csv by customer and column.
func truthTable(t *testing.T, data []byte) map[string]map[string]string {
	t.Helper()
	records, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]string{}
	for _, r := range records[1:] {
		row := map[string]string{}
		for j, name := range records[0] {
			row[name] = r[j]
		}
		out[row["customer_id"]] = row
	}
	return out
}

// spearman is the rank correlation of two lists, ties by their mean rank.
func spearman(x, y []float64) float64 {
	ranks := func(v []float64) []float64 {
		order := make([]int, len(v))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(a, b int) int { return cmp.Compare(v[a], v[b]) })
		out := make([]float64, len(v))
		for i := 0; i < len(order); {
			j := i
			for j < len(order) && v[order[j]] == v[order[i]] {
				j++
			}
			for k := i; k < j; k++ {
				out[order[k]] = float64(i+j-1) / 2
			}
			i = j
		}
		return out
	}
	a, b := ranks(x), ranks(y)
	mean := float64(len(a)-1) / 2
	var ab, aa, bb float64
	for i := range a {
		ab += (a[i] - mean) * (b[i] - mean)
		aa += (a[i] - mean) * (a[i] - mean)
		bb += (b[i] - mean) * (b[i] - mean)
	}
	return ab / math.Sqrt(aa*bb)
}

// The generated company, from `init` to the published run, against the truth that was planted: wallets, potentials, tiers.
func TestValueAgainstTruth(t *testing.T) {
	if testing.Short() {
		t.Skip("20,000 customers")
	}
	bin, dir := segovia(t), t.TempDir()
	call(t, bin, dir, "generate", "data", "--customers", "20000", "--seed", "3")
	files, err := filepath.Glob(filepath.Join(dir, "data", "*.csv"))
	if err != nil {
		t.Fatal(err)
	}
	call(t, bin, dir, append([]string{"init", "--currency", "EUR"}, files...)...)
	out := call(t, bin, dir, "run", "--out", "out", "--set", "sweep.k=4..6", "--set", "sweep.gap=0", "--set", "sweep.restarts=3", "--set", "sweep.influence=false",
		"--set", "segment.choose=stable-then-silhouette", "--set", "stability.bootstrap=5", "--set", "stability.boot_restarts=2")
	runs, err := filepath.Glob(filepath.Join(dir, "out", "runs", "*"))
	if err != nil || len(runs) != 1 {
		t.Fatalf("runs: %v, %v", runs, err)
	}
	var v valueFile
	decode(t, filepath.Join(runs[0], "value.json"), &v)
	truth := truthTable(t, read(t, filepath.Join(dir, "data", "truth.csv")))
	c := readParquet(t, filepath.Join(runs[0], "customers.parquet"))
	numbers := func(name string) []float64 { return c.numbers(t, name) }
	planted := func(names ...string) []float64 {
		out := make([]float64, c.n)
		for i, id := range c.column(t, "customer_id") {
			for _, name := range names {
				x, err := strconv.ParseFloat(truth[id][name], 64)
				if err != nil {
					t.Fatal(err)
				}
				out[i] += x
			}
		}
		return out
	}

	t.Logf("coverage %.4f of %d held-out customers; pinball %.0f, one quantile for all %.0f", v.Wallet.Coverage, v.Wallet.HeldOut, v.Wallet.Pinball, v.Wallet.Baseline)
	if v.Wallet.Coverage < 0.88 || v.Wallet.Coverage > 0.92 || v.Wallet.HeldOut < 3000 || v.Wallet.Pinball > 0.6*v.Wallet.Baseline {
		t.Errorf("wallets: %+v", v.Wallet)
	}
	for _, x := range []struct {
		estimate string
		truth    []string
	}{{"potential", []string{"potential_consumables", "potential_service"}}, {"wallet", []string{"wallet"}}, {"unrealised_potential", []string{"potential"}}} {
		r := spearman(numbers(x.estimate), planted(x.truth...))
		t.Logf("rank correlation of %s with the truth: %.4f", x.estimate, r)
		if r < 0.85 {
			t.Errorf("rank correlation of %s with the truth is %.4f, want at least 0.85", x.estimate, r)
		}
	}
	right := 0
	tier, realised, unrealised := c.column(t, "tier"), numbers("realised"), numbers("unrealised_potential")
	bySegment := map[string][2]float64{} // planted segment: realised, unrealised
	for i, id := range c.column(t, "customer_id") {
		if tier[i] == truth[id]["tier"] {
			right++
		}
		sums := bySegment[truth[id]["segment"]]
		sums[0] += realised[i]
		sums[1] += unrealised[i]
		bySegment[truth[id]["segment"]] = sums
	}
	share := float64(right) / float64(c.n)
	t.Logf("tiers as planted: %.4f", share)
	if share < 0.85 {
		t.Errorf("%.1f %% of the tiers are those that were planted, want at least 85 %%", 100*share)
	}
	for s := 1; s <= 5; s++ {
		sums := bySegment[strconv.Itoa(s)]
		open := sums[1] / (sums[0] + sums[1])
		t.Logf("planted segment %d: %.2f of the wallet is not realised", s, open)
		if found := open > 1.0/3; found != (s >= 3) {
			t.Errorf("planted segment %d: unrealised share %.2f, found = %v", s, open, found)
		}
	}
	// The contacted ones: about ten contacts and three orders a year; printed, too.
	found := slices.IndexFunc(v.Segments, func(s segmentValue) bool {
		return math.Abs(s.ContactsPerYear-10) < 1 && math.Abs(s.OrdersPerYear-3) < 1
	})
	if found < 0 || !v.Segments[found].PotentialFound {
		t.Errorf("no segment with about ten contacts, three orders and unrealised potential: %+v", v.Segments)
	} else if want := fmt.Sprintf("%.1f", v.Segments[found].ContactsPerYear); !strings.Contains(string(out), want) {
		t.Errorf("the run does not print %s contacts:\n%s", want, out)
	}
	for _, word := range []string{"realised EUR", "contacts", "orders a year", "Key Account", "potential customers", "held-out"} {
		if !strings.Contains(string(out), word) {
			t.Errorf("the run does not print %q:\n%s", word, out)
		}
	}
	explainTen(t, bin, dir, c, readParquet(t, filepath.Join(runs[0], "features.parquet")))
}

// explainTen asks why ten customers are where they are; the answer agrees with the tables and tells every part.
func explainTen(t *testing.T, bin, dir string, c, features rows) {
	t.Helper()
	for n := range 10 {
		i := n * c.n / 10
		id := c.column(t, "customer_id")[i]
		text := string(call(t, bin, dir, "explain", id, "--out", "out"))
		for _, word := range []string{"SEGMENT", "TIER      " + c.column(t, "tier")[i], "WORTH", "PROFILE", "GROUPS", "PLAN", "It would be"} {
			if !strings.Contains(text, word) {
				t.Errorf("explain %s does not say %q:\n%s", id, word, text)
			}
		}
		var x struct {
			Tier struct {
				Tier       string `json:"tier"`
				Dimensions []struct {
					Value    *float64 `json:"value"`
					From, To *float64
				} `json:"dimensions"`
			} `json:"tier"`
			Features []struct {
				Column string  `json:"column"`
				Value  float64 `json:"value"`
			} `json:"features"`
			Groups []struct {
				Group  string `json:"group"`
				Member bool   `json:"member"`
			} `json:"groups"`
		}
		if err := json.Unmarshal(call(t, bin, dir, "explain", id, "--out", "out", "--json"), &x); err != nil {
			t.Fatal(err)
		}
		if x.Tier.Tier != c.column(t, "tier")[i] {
			t.Errorf("explain %s: tier %s, the table has %s", id, x.Tier.Tier, c.column(t, "tier")[i])
		}
		for _, d := range x.Tier.Dimensions {
			if d.Value == nil || d.From != nil && *d.Value < *d.From || d.To != nil && *d.Value >= *d.To {
				t.Errorf("explain %s: a value outside its class: %+v", id, d)
			}
		}
		for _, f := range x.Features { // as they are, also where they were clipped
			if v := features.column(t, f.Column)[i]; v != "(null)" {
				if want, err := strconv.ParseFloat(v, 64); err != nil || want != f.Value {
					t.Errorf("explain %s: %s is %v, features.parquet has %s", id, f.Column, f.Value, v)
				}
			}
		}
		if len(x.Features) == 0 {
			t.Errorf("explain %s: no features", id)
		}
		for _, g := range x.Groups {
			if want := c.column(t, "group_"+g.Group)[i] == "true"; g.Member != want {
				t.Errorf("explain %s: group %s %v, the table has %v", id, g.Group, g.Member, want)
			}
		}
	}
}

// Equal customers of two countries have the same tier where the cuts are common, and the table shows both logics.
func TestTiersOfTwoCountries(t *testing.T) {
	bin, dir := segovia(t), t.TempDir()
	var customers, orders strings.Builder
	customers.WriteString("customer_id,country,employees\n")
	orders.WriteString("customer_id,order_id,day,amount\n")
	for i := range 400 {
		for c, country := range []string{"DE", "FR"} {
			id := fmt.Sprintf("%s%04d", country, i)
			fmt.Fprintf(&customers, "%s,%s,%d\n", id, country, 5+i%37)
			for o := range 1 + i%9 {
				fmt.Fprintf(&orders, "%s,%s-%d,2026-%02d-%02d,%d.50\n", id, id, o, 1+(o+i)%10, 1+i%28, 100+13*(i%41))
			}
			if c == 1 && i%2 == 0 { // France has small customers beside
				fmt.Fprintf(&customers, "FX%04d,FR,%d\n", i, 1+i%3)
				fmt.Fprintf(&orders, "FX%04d,FX%04d-1,2026-03-01,%d.00\n", i, i, 20+i%11)
			}
		}
	}
	put(t, filepath.Join(dir, "customers.csv"), []byte(customers.String()))
	put(t, filepath.Join(dir, "orders.csv"), []byte(orders.String()))
	config := `version: 1
project: two
sources:
  customers: {path: customers.csv, key: customer_id}
  orders: {path: orders.csv, key: customer_id, time: day, order: order_id, amount: amount, csv: {dates: yyyy-mm-dd, numbers: en}}
features:
  entity: customers
  as_of: 2026-11-01
  columns:
    - {name: recency_days, from: orders, agg: days_since_last}
    - {name: orders_12m, from: orders, agg: count_orders}
    - {name: revenue_12m, from: orders, agg: sum, column: amount}
  profile_only: [country, employees]
sweep: {k: 2..4, gap: 0, restarts: 3}
stability: {bootstrap: 0, clusterboot: 0}
segment: {choose: silhouette}
tiers: {wallet: {trees: 20}, compare: country}
`
	put(t, filepath.Join(dir, "two.yaml"), []byte(config))
	call(t, bin, dir, "tiers", "two.yaml", "--out", "common")
	c := readParquet(t, filepath.Join(dir, "common", "customers.parquet"))
	tier := map[string]string{}
	for i, id := range c.column(t, "customer_id") {
		tier[id] = c.column(t, "tier")[i]
	}
	compared := map[string]int{}
	for id, is := range tier {
		if twin := "FR" + strings.TrimPrefix(id, "DE"); strings.HasPrefix(id, "DE") {
			compared[is]++
			if tier[twin] != is {
				t.Errorf("%s is %s, the equal customer %s is %s", id, is, twin, tier[twin])
			}
		}
	}
	if len(compared) < 4 {
		t.Errorf("equal customers of so few tiers: %v", compared)
	}
	var v valueFile
	decode(t, filepath.Join(dir, "common", "value.json"), &v)
	if len(v.Tiers.Comparison) != 2 || slices.Equal(v.Tiers.Comparison[1].Common, v.Tiers.Comparison[1].Own) {
		t.Errorf("comparison %+v: want both countries, and in France other tiers by its own cuts", v.Tiers.Comparison)
	}
	call(t, bin, dir, "tiers", "two.yaml", "--out", "own", "--set", "tiers.per=country")
	own := readParquet(t, filepath.Join(dir, "own", "customers.parquet"))
	if slices.Equal(own.column(t, "tier"), c.column(t, "tier")) {
		t.Error("cuts per country change no tier")
	}
}

// BG/NBD and Gamma-Gamma of the CDNOW sample through the nightly job: the reference is fitted on weeks rounded to two decimals.
func TestLifetimeOfCDNOW(t *testing.T) {
	shared(t, "data", "cdnow")
	bin, dir := segovia(t), t.TempDir()
	call(t, bin, dir, "tiers", example(t, "cdnow.yaml"), "--out", "out", "--set", "sweep.k=2..3", "--set", "sweep.gap=0", "--set", "stability.bootstrap=5")
	var v valueFile
	decode(t, filepath.Join(dir, "out", "value.json"), &v)
	for _, x := range []struct {
		name            string
		got, want, band float64
	}{
		{"r", v.Lifetime.R, .243, 1e-3}, {"alpha", v.Lifetime.Alpha, 4.414, 1e-3}, {"a", v.Lifetime.A, .793, 1e-3}, {"b", v.Lifetime.B, 2.426, 1e-3},
		{"log-likelihood", v.Lifetime.LogLikelihood, -9582.43, 0.01}, {"expected orders", v.Lifetime.Expected, 1653.42, 0.05},
		{"p", v.Lifetime.P, 6.25, .0625}, {"q", v.Lifetime.Q, 3.74, .0374}, {"v", v.Lifetime.V, 15.44, .1544}, {"mean spend", v.Lifetime.MeanSpend, 35.170, .01},
	} {
		t.Logf("%-16s %12.5f  reference %g", x.name, x.got, x.want)
		if !(math.Abs(x.got-x.want) <= x.band) {
			t.Errorf("%s is %g, want %g ± %g", x.name, x.got, x.want, x.band)
		}
	}
}
