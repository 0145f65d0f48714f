package profile

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
	"segovia/engine/table"
)

func TestRoundestByHand(t *testing.T) {
	for _, c := range []struct{ a, b, want float64 }{
		{3, 4, 3}, {0.3421, 0.3467, 0.345}, {11873, 12211, 12000}, {-5, 7, 0}, {0, 1, 0}, {-1, 0, -1}, {-0.3, -0.2, -0.3},
		{1000, 50000, 30000}, {1.9, 3, 2}, {99, 101, 100}, {0.1, 0.2, 0.1}, {0.101, 0.199, 0.15}, {1e-7, 2.5e-7, 2e-7}, {9.99e300, 1.01e301, 1e301},
		{5e-324, 1e-323, 5e-324}, {1000.25, 1000.26, 1000.25},
	} {
		got, _, ok := roundest(c.a, c.b)
		if !ok || got != c.want {
			t.Errorf("roundest in [%v, %v) is %v, want %v", c.a, c.b, got, c.want)
		}
	}
	for _, c := range [][2]float64{{1, 1}, {2, 1}, {math.NaN(), 1}} {
		if got, _, ok := roundest(c[0], c[1]); ok {
			t.Errorf("[%v, %v) is empty, got %v", c[0], c[1], got)
		}
	}
}

// TestRoundestIsRoundest compares with all numbers of fewer digits, for intervals of integers.
func TestRoundestIsRoundest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.IntRange(-100000, 100000).Draw(t, "a")
		b := a + rapid.IntRange(1, 3000).Draw(t, "width")
		c, digits, ok := roundest(float64(a), float64(b))
		if !ok || c < float64(a) || c >= float64(b) || digits != significant(c) {
			t.Fatalf("%v (%d digits) for [%d, %d)", c, digits, a, b)
		}
		for x := a; x < b; x++ {
			if significant(float64(x)) < digits {
				t.Fatalf("%d lies in [%d, %d) and is rounder than %v", x, a, b, c)
			}
		}
	})
}

// TestBinsAgreeWithConditions holds the binned comparison against the published one, for every cut and row.
func TestBinsAgreeWithConditions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := randomInput(t)
		if in.K < 2 {
			return
		}
		cfg := Config{MinCell: 1}.withDefaults()
		numbers, err := gather(in, cfg)
		if err != nil {
			t.Fatal(err)
		}
		f := newForest(in, cfg, numbers, tally(in, cfg))
		for j, s := range f.features {
			ops := []string{"<=", ">"}
			if s.levels != nil {
				ops = []string{"=", "!="}
			}
			for at := range s.bins() - 1 {
				for _, op := range ops {
					x := test{feature: j, op: op, at: at}
					c := f.condition(x)
					for i := range in.Labels {
						if x.holds(f.bins[j][i]) != c.Holds(s.col, i) {
							t.Fatalf("row %d: %+v in bin %d, %+v of %v", i, x, f.bins[j][i], c, s.col)
						}
					}
				}
			}
		}
	})
}

func TestCutsOfManyValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 4000).Draw(t, "n")
		step := rapid.SampledFrom([]float64{1e-3, 1, 7.25, 1e6}).Draw(t, "step")
		power := rapid.Float64Range(0.2, 5).Draw(t, "power")
		modulus := rapid.IntRange(1, n).Draw(t, "modulus")
		sorted := make([]float64, n)
		for i := range sorted {
			sorted[i] = math.Floor(step*math.Pow(float64(i%modulus), power)*16) / 16
		}
		slices.Sort(sorted)
		cuts, digits := numberCuts(sorted)
		if len(cuts) > maxCuts || len(cuts) != len(digits) {
			t.Fatalf("%d cuts, %d digits", len(cuts), len(digits))
		}
		distinct := len(slices.Compact(slices.Clone(sorted)))
		if distinct <= maxCuts+1 && len(cuts) != distinct-1 {
			t.Fatalf("%d cuts of %d different values", len(cuts), distinct)
		}
		for i, c := range cuts {
			if i > 0 && cuts[i-1] >= c || c < sorted[0] || c >= sorted[n-1] {
				t.Fatalf("cut %d is %v, between %v and %v: it splits nothing", i, c, sorted[0], sorted[n-1])
			}
		}
	})
}

// A box in two features is what a conjunction can say exactly, also where the trees see a sample only.
func TestRuleFindsABox(t *testing.T) {
	const n = trainRows + 50000
	x := &table.Column{Name: "revenue", Unit: "currency"}
	y := &table.Column{Name: "own_brand_share", Unit: "share"}
	in := Input{Table: &table.Table{Columns: []*table.Column{x, y}}, K: 2}
	for i := range n {
		// A full grid in a scrambled order: 500 amounts by 500 shares.
		j := (i * 49999) % n
		a, b := float64(j/500)*100, float64(j%500)/500
		label := 0
		if a > 12000 && b <= 0.35 {
			label = 1
		}
		x.Numbers, y.Numbers = append(x.Numbers, a), append(y.Numbers, b)
		in.Labels, in.Table.Keys = append(in.Labels, label), append(in.Table.Keys, "")
	}
	prepare(&in)
	r := mustDescribe(t, in, Config{}).Segments[1].Rule
	// Two cuts, each off by at most half a bin of 1/255.
	if len(r.Conditions) != 2 || r.Coverage < 1-1.0/128 || r.Precision < 1-1.0/128 {
		t.Fatalf("rule %+v", r)
	}
	want := tx("Eigenmarkenanteil ≤ 35 % und Umsatz > 12.000", "own-brand share ≤ 35 % and revenue > 12,000")
	if r.Text != want {
		t.Errorf("text %v, want %v", r.Text, want)
	}
}

func TestRuleOfCategories(t *testing.T) {
	col := &table.Column{Name: "industry", Kind: table.Category}
	in := Input{
		Table: &table.Table{Columns: []*table.Column{col}}, K: 2, Columns: []string{"industry_Retail"}, Sources: []string{"industry"},
		X: [][]float64{nil},
	}
	for i := range 60 {
		level := []string{"Retail", "Crafts", ""}[i%3]
		label := 0
		if level == "Retail" {
			label = 1
		}
		col.Strings, in.Labels = append(col.Strings, level), append(in.Labels, label)
		in.Table.Keys, in.X[0] = append(in.Table.Keys, ""), append(in.X[0], float64(label))
	}
	r := mustDescribe(t, in, Config{})
	if got := r.Segments[1].Rule; got.Text.DE != "Branche = Retail" || got.Coverage != 1 || got.Precision != 1 {
		t.Errorf("rule %+v", got)
	}
	// A missing level is not Retail, so the other half of the split finds all others.
	if got := r.Segments[0].Rule; got.Text.EN != "industry ≠ Retail" || got.Coverage != 1 || got.Precision != 1 {
		t.Errorf("rule %+v", got)
	}
	if got := r.Segments[1].Name.EN; got != "Industry: Retail" {
		t.Errorf("name %q", got)
	}
	for _, s := range r.Segments {
		for _, l := range s.Levels {
			if l.Level == "" {
				t.Error("missing counts as a level")
			}
		}
	}
}

func TestRareLevelsStayOut(t *testing.T) {
	col := &table.Column{Name: "contact_person", Kind: table.Category}
	in := Input{Table: &table.Table{Columns: []*table.Column{col}}, K: 2}
	for i := range 100 {
		col.Strings = append(col.Strings, "person "+strings.Repeat("x", i/5)) // five customers each
		in.Labels, in.Table.Keys = append(in.Labels, i/50), append(in.Table.Keys, "")
	}
	r := mustDescribe(t, in, Config{})
	if text := texts(r); strings.Contains(text, "person x") || len(r.Segments[0].Levels) != 0 {
		t.Errorf("a level of five customers is told: %s %v", text, r.Segments[0].Levels)
	}
}
