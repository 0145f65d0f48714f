package wallet

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"segovia/engine/internal/exact"
	"segovia/engine/table"
	"segovia/kernels/problem"
	"segovia/kernels/rng"
)

func TestReasons(t *testing.T) {
	m := simulate(300, .5, 1)
	constant := &table.Column{Name: "constant", Numbers: slices.Repeat([]float64{4}, 300)}
	missing := &table.Column{Name: "missing", Numbers: slices.Repeat([]float64{math.NaN()}, 300)}
	ids := &table.Column{Name: "id", Kind: table.Category, Strings: make([]string, 300)}
	for i := range ids.Strings {
		ids.Strings[i] = fmt.Sprint(i)
	}
	few := make([]*table.Column, len(m.columns))
	for j, c := range m.columns {
		short := *c
		short.Numbers, short.Strings, short.Missing = c.Numbers[:min(199, len(c.Numbers))], c.Strings[:min(199, len(c.Strings))], nil
		few[j] = &short
	}
	for name, c := range map[string]struct {
		spend   []float64
		columns []*table.Column
		reason  string
		unused  int
	}{
		"few":           {m.spend[:199], few, "there are 199 customers, and a model of wallets needs 200", 0},
		"none":          {nil, nil, "there are 0 customers", 0},
		"all zero":      {make([]float64, 300), m.columns, "all customers that trees would be grown on spend 0", 0},
		"no predictors": {m.spend, nil, "there are no predictors", 0},
		"useless":       {m.spend, []*table.Column{constant, missing, ids}, "no predictor tells customers apart", 3},
	} {
		res := mustEstimate(t, c.spend, c.columns, Config{})
		if !strings.HasPrefix(res.Reason, c.reason) || c.reason == "" || len(res.Unused) != c.unused || res.Wallet != nil {
			t.Errorf("%s: reason %q, unused %v", name, res.Reason, res.Unused)
		}
	}
	res := mustEstimate(t, m.spend, append([]*table.Column{constant, missing, ids}, m.columns...), Config{})
	want := []Unused{{"constant", "it is the same everywhere"}, {"missing", "it is missing everywhere"}, {"id", "none of its levels is frequent enough"}}
	if len(res.Unused) < 3 || !slices.Equal(res.Unused[:3], want) {
		t.Errorf("unused %v", res.Unused)
	}
	checkShape(t, m.spend, res)
}

// Odd spends: most of them zero, repayments, one value for nearly all, few different values.
func TestOddSpends(t *testing.T) {
	m := simulate(4_000, .5, 8)
	for name, f := range map[string]func(i int) float64{
		"mostly zero":   func(i int) float64 { return map[bool]float64{true: m.spend[i]}[i%10 == 0] },
		"half zero":     func(i int) float64 { return map[bool]float64{true: m.spend[i]}[i%2 == 0] },
		"repayments":    func(i int) float64 { return m.spend[i] - 2*m.spend[(i+1)%4000] },
		"all negative":  func(i int) float64 { return -m.spend[i] },
		"nearly one":    func(i int) float64 { return map[bool]float64{true: 5, false: 4}[i%100 == 0] },
		"few values":    func(i int) float64 { return math.Floor(math.Log(m.spend[i])) },
		"huge and tiny": func(i int) float64 { return math.Ldexp(m.spend[i], i%3*300-300) },
	} {
		t.Run(name, func(t *testing.T) {
			spend := make([]float64, len(m.spend))
			for i := range spend {
				spend[i] = f(i)
			}
			res := mustEstimate(t, spend, m.columns, Config{Trees: 40})
			checkShape(t, spend, res)
			ev := res.Evaluation
			t.Logf("coverage %.3f, level %.4f, pinball %.4g against %.4g", ev.Coverage, res.Level, ev.Pinball, ev.Baseline)
			// Spends that many share must not drag the level away from the quantile (four standard errors of a share of 3200, and
			// what the width of leaves takes).
			if math.Abs(res.Level-.9) > 4*.3/math.Sqrt(3200)+.01 {
				t.Errorf("level %.4f", res.Level)
			}
			// Ties can only raise the coverage, which varies with standard deviation 0.012 on 800 customers.
			if ev.Coverage < .9-4*.012 {
				t.Errorf("coverage %.3f", ev.Coverage)
			}
			if math.IsNaN(ev.Pinball) || ev.Pinball > 1.1*ev.Baseline {
				t.Errorf("pinball %g, one quantile for all has %g", ev.Pinball, ev.Baseline)
			}
		})
	}
}

// A category of many levels that decides is found, also where it is missing, and levels never seen fall to the others.
func TestManyLevels(t *testing.T) {
	const n = 12_000
	s := rng.New(1, "levels", 0, 0)
	c := &table.Column{Name: "product", Kind: table.Category, Strings: make([]string, n), Missing: make([]bool, n)}
	noise := &table.Column{Name: "noise", Numbers: make([]float64, n)}
	spend, mean := make([]float64, n), make([]float64, n)
	for i := range n {
		level := s.Below(230, 0, uint64(i)) // about 40 customers each in the pool, most of them enough for a bin
		c.Strings[i], noise.Numbers[i] = fmt.Sprintf("p%03d", level), s.Float64(1, uint64(i))
		mean[i] = 100 + float64(level*37%230*2)
		if i%20 == 0 {
			c.Strings[i], c.Missing[i], mean[i] = "", true, 2000
		}
		if i%1000 == 1 {
			c.Strings[i] = fmt.Sprintf("rare %d", i)
		}
		spend[i] = mean[i] * s.Float64(2, uint64(i))
	}
	res := mustEstimate(t, spend, []*table.Column{noise, c}, Config{})
	checkShape(t, spend, res)
	if r := rankCorrelation(res.Quantile, mean); r < .5 || res.Importance[0].Predictor != "product" {
		t.Errorf("rank correlation %.3f, importance %+v", r, res.Importance)
	}
	var without []float64
	for i := 0; i < n; i += 20 {
		without = append(without, res.Quantile[i])
	}
	// Their true quantile is 1800, that of the others below 505.
	if mean := exact.Mean(without); mean < 1500 || mean > 2000 {
		t.Errorf("customers without product: %g on average, want about 1800", mean)
	}
}

// Equal customers who are held out have equal estimates.
func TestDuplicates(t *testing.T) {
	m := simulate(600, .5, 2)
	spend, columns := []float64(nil), make([]*table.Column, len(m.columns))
	for range 3 {
		spend = append(spend, m.spend...)
	}
	for j, c := range m.columns {
		columns[j] = &table.Column{Name: c.Name, Kind: c.Kind}
		for range 3 {
			columns[j].Numbers, columns[j].Strings = append(columns[j].Numbers, c.Numbers...), append(columns[j].Strings, c.Strings...)
			columns[j].Missing = append(columns[j].Missing, c.Missing...)
		}
	}
	res := mustEstimate(t, spend, columns, Config{})
	checkShape(t, spend, res)
	pairs := 0
	for i := range 600 {
		if res.HeldOut[i] && res.HeldOut[i+600] {
			pairs++
			if res.Quantile[i] != res.Quantile[i+600] || res.Low[i] != res.Low[i+600] {
				t.Fatalf("equal customers %d and %d: %g and %g", i, i+600, res.Quantile[i], res.Quantile[i+600])
			}
		}
	}
	if pairs == 0 {
		t.Error("no pair was held out")
	}
}

func TestBrokenPromises(t *testing.T) {
	m := simulate(300, .5, 1)
	for name, c := range map[string]struct {
		id     string
		change func(spend []float64, columns []*table.Column, cfg *Config)
	}{
		"quantile":   {"SEG-CFG-008", func(_ []float64, _ []*table.Column, c *Config) { c.Quantile = 1 }},
		"holdout":    {"SEG-CFG-008", func(_ []float64, _ []*table.Column, c *Config) { c.Holdout = -.1 }},
		"trees":      {"SEG-CFG-008", func(_ []float64, _ []*table.Column, c *Config) { c.Trees = 1001 }},
		"leaf":       {"SEG-CFG-008", func(_ []float64, _ []*table.Column, c *Config) { c.MinLeaf = -1 }},
		"rows":       {"SEG-CFG-008", func(_ []float64, _ []*table.Column, c *Config) { c.MaxRows = -1 }},
		"pool":       {"SEG-CFG-008", func(_ []float64, _ []*table.Column, c *Config) { c.Pool = 1 << 17 }},
		"try":        {"SEG-CFG-008", func(_ []float64, _ []*table.Column, c *Config) { c.Try = -1 }},
		"customers":  {"SEG-CFG-008", func(_ []float64, _ []*table.Column, c *Config) { c.MinCustomers = -1 }},
		"nan spend":  {"SEG-BUG-001", func(s []float64, _ []*table.Column, _ *Config) { s[7] = math.NaN() }},
		"inf spend":  {"SEG-BUG-001", func(s []float64, _ []*table.Column, _ *Config) { s[7] = math.Inf(1) }},
		"predictors": {"SEG-BUG-001", func(_ []float64, x []*table.Column, _ *Config) { x[0] = &table.Column{Numbers: []float64{1}} }},
	} {
		spend, columns, cfg := slices.Clone(m.spend), slices.Clone(m.columns), Config{}
		c.change(spend, columns, &cfg)
		if _, err := Estimate(context.Background(), spend, columns, cfg); !errors.Is(err, &problem.Problem{ID: c.id}) {
			t.Errorf("%s: %v, want %s", name, err, c.id)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Estimate(ctx, m.spend, m.columns, Config{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
