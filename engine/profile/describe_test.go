package profile

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
	"segovia/engine/table"
	"segovia/kernels/problem"
)

// small is a table of eight customers in two segments whose figures can be checked by hand.
func small() Input {
	num := func(name, unit string, xs ...float64) *table.Column {
		return &table.Column{Name: name, Unit: unit, Numbers: xs}
	}
	nan := math.NaN()
	in := Input{
		Table: &table.Table{
			Keys: []string{"a", "b", "c", "d", "e", "f", "g", "h"},
			Columns: []*table.Column{
				num("revenue_24m", "currency", 100, 200, 300, nan, 600, 400, 100, 300),
				num("orders", "orders", 2, 4, 6, 8, 10, 12, 14, 16),
				num("contacts", "", 4, 4, 4, 4, 4, 1, 1, 1),
				num("reachable", "", 1, 1, 0, 0, nan, 1, 1, 0),
				num("empty", "", nan, nan, nan, nan, nan, nan, nan, nan),
				{Name: "country", Kind: table.Category, Strings: []string{"DE", "DE", "FR", "", "DE", "FR", "FR", "FR"},
					Missing: []bool{false, false, false, true, false, false, false, false}},
			},
		},
		Labels: []int{0, 0, 0, 0, 0, 1, 1, 1}, K: 2, IDs: []string{"S-AAAAAA", "S-BBBBBB"},
		SLSw: []float64{0.9, 0.59}, Silhouette: []float64{0.4, -0.1}, WindowDays: 730,
	}
	prepare(&in)
	return in
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	// The hand-made figures are quotients of small integers: a few roundings lie between.
	if math.Abs(got-want) > 8e-16*math.Abs(want) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func nearP(t *testing.T, what string, got *float64, want float64) {
	t.Helper()
	if got == nil {
		t.Errorf("%s is null, want %v", what, want)
		return
	}
	near(t, what, *got, want)
}

func TestFiguresByHand(t *testing.T) {
	r := mustDescribe(t, small(), Config{MinCell: 1, MinSize: 0.4})
	a, b := r.Segments[0], r.Segments[1]
	if r.Customers != 8 || a.Customers != 5 || b.Customers != 3 || a.Number != 1 || a.ID != "S-AAAAAA" {
		t.Fatalf("sizes %d %d %d, number %d, id %s", r.Customers, a.Customers, b.Customers, a.Number, a.ID)
	}
	near(t, "share", a.Share, 0.625)
	nearP(t, "revenue total", r.RevenueTotal, 2000)
	nearP(t, "revenue", a.Revenue, 1200)
	nearP(t, "revenue share", b.RevenueShare, 0.4)
	// 240 against 250 for each customer; 266.7 against 250.
	if *a.RevenueClass != "medium" || *b.RevenueClass != "medium" {
		t.Errorf("classes %s, %s", *a.RevenueClass, *b.RevenueClass)
	}
	nearP(t, "orders a year", a.OrdersPerYear, 3)
	nearP(t, "orders a year", b.OrdersPerYear, 7)
	nearP(t, "contacts a year", b.ContactsPerYear, 0.5)

	// orders: means 6 and 14, sums of squares 40 and 8, so that the pooled variance is 48 / 6. The effect does not change
	// with the z-score. Contacts do not vary within a segment.
	f := map[string]Feature{}
	for i, v := range a.Features {
		f[v.Name] = v
		if v.Rank != i+1 {
			t.Errorf("%s has rank %d at %d", v.Name, v.Rank, i)
		}
	}
	if got, want := f["orders"].Effect, -8/math.Sqrt(8); math.Abs(got-want) > 1e-14 {
		t.Errorf("effect %v, want %v", got, want)
	}
	near(t, "mean", f["orders"].Mean, 6)
	near(t, "overall mean", f["orders"].OverallMean, 9)
	nearP(t, "lift", f["orders"].Lift, 6.0/9)
	near(t, "median", f["revenue_24m"].Median, 250)
	if a.Features[0].Name != "contacts" || f["contacts"].Effect != maxEffect {
		t.Errorf("first feature %+v", a.Features[0])
	}
	if _, ok := f["empty"]; ok || len(r.FeatureInfo) != 4 {
		t.Errorf("a feature without values is described; %d infos", len(r.FeatureInfo))
	}
	info := r.FeatureInfo[1]
	near(t, "sd", info.SD, math.Sqrt(21))
	near(t, "q05", info.Q05, 2.7)
	near(t, "q95", info.Q95, 15.3)

	// Countries: 3 of 4 known ones of segment 1 are DE, 3 of 7 of all; all of segment 2 are FR, 4 of 7 of all.
	want := []Level{{Feature: "country", Level: "DE", Share: 0.75, OverallShare: 3.0 / 7, Lift: 0.75 / (3.0 / 7)}}
	if !reflect.DeepEqual(a.Levels, want) {
		t.Errorf("levels %+v, want %+v", a.Levels, want)
	}
	if len(b.Levels) != 1 || b.Levels[0].Level != "FR" {
		t.Errorf("levels %+v", b.Levels)
	}

	yes, no := true, false
	if want := (Checks{LargeEnough: true, Stable: &yes, Distinguishable: true, Addressable: &no}); !reflect.DeepEqual(a.Checks, want) {
		t.Errorf("checks of segment 1: %+v", a.Checks) // 2 of 5 reachable
	}
	if want := (Checks{LargeEnough: false, Stable: &no, Distinguishable: false, Addressable: &yes}); !reflect.DeepEqual(b.Checks, want) {
		t.Errorf("checks of segment 2: %+v", b.Checks) // 2 of 3 reachable
	}
	if r.Stability != nil || a.Potential != nil || a.History.Event != "new" || a.Plan == nil {
		t.Errorf("stability %v, potential %v, history %v, plan %v", r.Stability, a.Potential, a.History, a.Plan)
	}
	if a.Rule.Text.EN != "contacts > 2" || a.Rule.Coverage != 1 || a.Rule.Precision != 1 {
		t.Errorf("rule %+v", a.Rule)
	}
}

func TestNoVerdictWithoutData(t *testing.T) {
	in := small()
	in.SLSw, in.Silhouette, in.WindowDays = nil, nil, 0
	in.Table.Columns = []*table.Column{in.Table.Columns[1], in.Table.Columns[5]}
	prepare(&in)
	r := mustDescribe(t, in, Config{})
	s := r.Segments[0]
	if s.Checks.Stable != nil || s.Checks.Addressable != nil || s.SLSwMean != nil || s.Silhouette != nil ||
		s.Revenue != nil || s.RevenueClass != nil || s.RevenueShare != nil || r.RevenueTotal != nil ||
		s.OrdersPerYear != nil || s.ContactsPerYear != nil {
		t.Errorf("something was made up: %+v", s)
	}
	if !s.Checks.Distinguishable { // the effect of orders is 2.8
		t.Error("a large effect does not distinguish")
	}
	if len(s.Levels) != 0 {
		t.Errorf("levels of three customers are published: %+v", s.Levels)
	}
}

func TestRevenueClass(t *testing.T) {
	cuts := Config{}.withDefaults().RevenueCuts
	for _, c := range []struct {
		ratio float64
		want  string
	}{
		{-1, "low"}, {0, "low"}, {0.39, "low"}, {0.4, "medium"}, {1, "medium"}, {1.19, "medium"}, {1.2, "high"},
		{1.99, "high"}, {2, "very high"}, {50, "very high"},
	} {
		if got := classes[revenueClass(100*c.ratio, 100, cuts)]; got != c.want {
			t.Errorf("ratio %v is %s, want %s", c.ratio, got, c.want)
		}
	}
}

func TestPerYear(t *testing.T) {
	for _, c := range []struct {
		name    string
		in      Input
		want    float64
		unknown bool
	}{
		{name: "orders", in: Input{WindowDays: 365}, want: 10},
		{name: "orders", in: Input{WindowDays: 73}, want: 50},
		{name: "orders", unknown: true},
		{name: "orders_24m", want: 5},
		{name: "orders_365d", want: 10},
		{name: "orders_per_year", in: Input{WindowDays: 73}, want: 10},
		{name: "orders_24m", in: Input{WindowDays: 365, FeatureWindows: map[string]float64{"orders_24m": 730}}, want: 5},
	} {
		f := &numeric{col: &table.Column{Name: c.name}, meta: meta{tokens: tokenise(c.name)}}
		got := perYear(f, moments{n: 1, mean: 10}, c.in)
		switch {
		case c.unknown && got != nil:
			t.Errorf("%s: %v without a window", c.name, *got)
		case !c.unknown && (got == nil || *got != c.want):
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestConfiguredFeatures(t *testing.T) {
	in := small()
	in.Table.Columns[0].Name, in.Table.Columns[1].Name, in.Table.Columns[2].Name = "x", "y", "z"
	prepare(&in)
	r := mustDescribe(t, in, Config{
		Revenue: "x", Orders: "y", Contacts: "z", Addressable: "country", Currency: "€",
		Vocabulary: map[string]Words{"y": {Label: tx("Aufträge", "jobs"), Low: tx("kaum Aufträge", "hardly any jobs")}},
	})
	s := r.Segments[0]
	nearP(t, "revenue", s.Revenue, 1200)
	nearP(t, "orders", s.OrdersPerYear, 3)
	nearP(t, "contacts", s.ContactsPerYear, 2)
	if s.Checks.Addressable == nil || !*s.Checks.Addressable { // 4 of 5 have a country
		t.Error("addressable by category not seen")
	}
	if !strings.Contains(s.Description.EN, "240 €") || !strings.Contains(s.Description.DE, "kaum Aufträge") {
		t.Errorf("description: %v", s.Description)
	}
}

func TestCallersMistakes(t *testing.T) {
	for name, c := range map[string]struct {
		id  string
		in  func(*Input)
		cfg Config
	}{
		"no rows":          {"SEG-BUG-001", func(in *Input) { in.Table = &table.Table{} }, Config{}},
		"labels":           {"SEG-BUG-001", func(in *Input) { in.Labels = in.Labels[1:] }, Config{}},
		"label range":      {"SEG-BUG-001", func(in *Input) { in.Labels[0] = 2 }, Config{}},
		"empty segment":    {"SEG-BUG-001", func(in *Input) { in.K, in.IDs, in.SLSw, in.Silhouette = 3, nil, nil, nil }, Config{}},
		"ids":              {"SEG-BUG-001", func(in *Input) { in.IDs = in.IDs[1:] }, Config{}},
		"stability":        {"SEG-BUG-001", func(in *Input) { in.SLSw = in.SLSw[1:] }, Config{}},
		"prepared":         {"SEG-BUG-001", func(in *Input) { in.X[0] = in.X[0][1:] }, Config{}},
		"short feature":    {"SEG-BUG-001", func(in *Input) { in.Table.Columns[1].Numbers = []float64{1} }, Config{}},
		"unknown revenue":  {"SEG-FEA-002", func(*Input) {}, Config{Revenue: "revenue_12m"}},
		"unknown word":     {"SEG-FEA-002", func(*Input) {}, Config{Vocabulary: map[string]Words{"order": {}}}},
		"text for revenue": {"SEG-CFG-003", func(*Input) {}, Config{Revenue: "country"}},
		"overflow":         {"SEG-NUM-002", func(in *Input) { in.Table.Columns[1].Numbers[0] = 1e300 }, Config{}},
	} {
		in := small()
		c.in(&in)
		r, err := Describe(in, c.cfg)
		if r != nil || !errors.Is(err, &problem.Problem{ID: c.id}) {
			t.Errorf("%s: %v, want %s", name, err, c.id)
		}
	}
	_, err := Describe(small(), Config{Revenue: "revenue_12m"})
	if err == nil || !strings.Contains(err.Error(), `Did you mean "revenue_24m"?`) {
		t.Errorf("no near name in %v", err)
	}
}

func TestThreadsChangeNothing(t *testing.T) {
	in := planted(1500, 3)
	want, err := json.Marshal(mustDescribe(t, in, Config{Threads: 1}))
	if err != nil {
		t.Fatal(err)
	}
	for _, threads := range []int{2, 7} {
		got, err := json.Marshal(mustDescribe(t, in, Config{Threads: threads}))
		if err != nil || string(got) != string(want) {
			t.Errorf("%d threads give another report (%v)", threads, err)
		}
	}
}

// randomInput draws tables of all kinds, with missing and infinite values, constants and ties.
func randomInput(t *rapid.T) Input {
	n, k := rapid.IntRange(2, 60).Draw(t, "n"), 0
	k = rapid.IntRange(1, min(n, 9)).Draw(t, "k")
	pool := []string{
		"revenue_12m", "orders_12m", "own_brand_share", "consumables_share", "contacts_12m", "recency_days", "Sepal.Length",
		"yummy", "industry", "x", "X", "own_brand_anteil", "", "größe", "m_score", "employees",
	}
	in := Input{Table: &table.Table{}, K: k, WindowDays: 365}
	for j := range rapid.IntRange(0, 6).Draw(t, "d") {
		c := &table.Column{Name: rapid.SampledFrom(pool).Draw(t, "name")}
		if in.Table.Column(c.Name) != nil {
			c.Name += fmt.Sprint(j)
		}
		c.ProfileOnly = rapid.Bool().Draw(t, "profile only")
		c.Kind = rapid.SampledFrom([]table.Kind{table.Number, table.Number, table.Bool, table.Category}).Draw(t, "kind")
		coarse := rapid.Bool().Draw(t, "coarse")
		for range n {
			switch {
			case c.Kind == table.Category:
				c.Strings = append(c.Strings, rapid.SampledFrom([]string{"", "A", "B", "C", "A & B"}).Draw(t, "level"))
			case c.Kind == table.Bool:
				c.Numbers = append(c.Numbers, rapid.SampledFrom([]float64{0, 1, math.NaN()}).Draw(t, "bool"))
			case coarse:
				c.Numbers = append(c.Numbers, rapid.SampledFrom([]float64{-1, 0, 0.5, 2, math.Inf(1)}).Draw(t, "coarse value"))
			default:
				c.Numbers = append(c.Numbers, rapid.Float64Range(-1e6, 1e6).Draw(t, "value"))
			}
		}
		in.Table.Columns = append(in.Table.Columns, c)
	}
	for i := range n {
		in.Table.Keys = append(in.Table.Keys, fmt.Sprintf("%03d", i))
		label := i
		if i >= k {
			label = rapid.IntRange(0, k-1).Draw(t, "label")
		}
		in.Labels = append(in.Labels, label)
	}
	prepare(&in)
	return in
}

func TestRandomTables(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := randomInput(t)
		r, err := Describe(in, Config{MinCell: 1})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := json.Marshal(r); err != nil {
			t.Fatal(err) // NaN or Inf somewhere
		}
		for _, l := range []language{de, en} {
			seen := map[string]bool{}
			for _, s := range r.Segments {
				name := s.Name.in(l)
				if name == "" || seen[strings.ToLower(name)] || strings.Contains(name, "Cluster") {
					t.Fatalf("name %q is not fit: %v", name, r.Segments)
				}
				seen[strings.ToLower(name)] = true
				if strings.Contains(s.Description.in(l), "NaN") || s.Rule.Text.in(l) == "" {
					t.Fatalf("texts %q, %q", s.Description.in(l), s.Rule.Text.in(l))
				}
			}
		}
		sum, share := 0, 0.0
		for s, seg := range r.Segments {
			sum, share = sum+seg.Customers, share+seg.Share
			bruteRule(t, in, s, seg.Rule)
			bruteFeatures(t, in, s, seg.Features)
		}
		if sum != r.Customers || math.Abs(share-1) > 1e-12 {
			t.Fatalf("segments have %d of %d customers, shares %v", sum, r.Customers, share)
		}
	})
}

// bruteRule counts the rule's customers the slow way, from the published conditions.
func bruteRule(t *rapid.T, in Input, s int, rule Rule) {
	hit, picked, size := 0, 0, 0
	for i, label := range in.Labels {
		all := true
		for _, c := range rule.Conditions {
			col := in.Table.Column(c.Feature)
			var ok bool
			if col.Kind == table.Category {
				ok = (col.Strings[i] == c.Level) != (c.Op == "!=")
			} else if x := col.Numbers[i]; !math.IsNaN(x) && !math.IsInf(x, 0) {
				ok = map[string]bool{"<=": x <= c.Value, ">": x > c.Value, "=": x == c.Value}[c.Op]
			}
			all = all && ok
		}
		if label == s {
			size++
		}
		if all {
			picked++
			if label == s {
				hit++
			}
		}
	}
	precision := 0.0
	if picked > 0 {
		precision = float64(hit) / float64(picked)
	}
	if rule.Coverage != float64(hit)/float64(size) || rule.Precision != precision || len(rule.Conditions) > treeDepth {
		t.Fatalf("rule %+v: counted coverage %d/%d, precision %v", rule, hit, size, precision)
	}
}

// bruteFeatures checks means, medians and effects against the textbook formulas.
func bruteFeatures(t *rapid.T, in Input, s int, features []Feature) {
	for i, f := range features {
		if i > 0 && math.Abs(features[i-1].Effect) < math.Abs(f.Effect) {
			t.Fatalf("feature %s is out of order", f.Name)
		}
		var inside []float64
		for row, x := range in.Table.Column(f.Name).Numbers {
			if finite(x) && in.Labels[row] == s {
				inside = append(inside, x)
			}
		}
		slices.Sort(inside)
		sum, abs := 0.0, 0.0
		for _, x := range inside {
			sum, abs = sum+x, abs+math.Abs(x)
		}
		m := len(inside)
		// A sum of m terms is off by at most m roundings of the sum of magnitudes.
		if got, want := f.Mean, sum/float64(m); math.Abs(got-want) > 2*0x1p-52*abs {
			t.Fatalf("mean of %s is %v, want %v", f.Name, got, want)
		}
		if want := (inside[(m-1)/2] + inside[m/2]) / 2; math.Abs(f.Median-want) > 0x1p-50*max(inside[m-1], -inside[0]) {
			t.Fatalf("median of %s is %v, want %v", f.Name, f.Median, want)
		}
		j := slices.Index(in.Columns, f.Name)
		if j < 0 {
			continue
		}
		var groups [2][]float64
		for row, x := range in.X[j] {
			side := 1
			if in.Labels[row] == s {
				side = 0
			}
			groups[side] = append(groups[side], x)
		}
		// z-scores of at most 60 rows are below 8, so a mean is off by less than 60 * 8 * 2^-52 = 1e-13. Where the sums of
		// squares exceed 1e-9 the pooled deviation exceeds 4e-6, so d is off by less than 1e-13 / 4e-6 = 3e-8, and by
		// another 2e-7 of itself through the squares.
		if want, ok := cohen(groups[0], groups[1]); ok && math.Abs(want) < maxEffect && math.Abs(f.Effect-want) > 1e-6*max(1, math.Abs(want)) {
			t.Fatalf("effect of %s is %v, want %v", f.Name, f.Effect, want)
		}
	}
}

// cohen is the textbook effect size; ok is false where it is not defined.
func cohen(a, b []float64) (d float64, ok bool) {
	if len(a) == 0 || len(b) == 0 || len(a)+len(b) < 3 {
		return 0, false
	}
	square := func(xs []float64) (mean, ss float64) {
		for _, x := range xs {
			mean += x / float64(len(xs))
		}
		for _, x := range xs {
			ss += (x - mean) * (x - mean)
		}
		return mean, ss
	}
	ma, sa := square(a)
	mb, sb := square(b)
	if sa+sb < 1e-9 {
		return 0, false
	}
	return (ma - mb) / math.Sqrt((sa+sb)/float64(len(a)+len(b)-2)), true
}
