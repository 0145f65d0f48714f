package prep

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"segovia/engine/internal/exact"
	"segovia/engine/table"
)

// totalVariance is the sum of the columns' population variances.
func totalVariance(x [][]float64) float64 {
	v := 0.0
	for _, c := range x {
		_, sd := exact.SD(c, false)
		v += sd * sd
	}
	return v
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-12*(1+math.Abs(want))) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestCategoryCountsLikeANumber(t *testing.T) {
	tab := company(2000, 5)
	_, p, r := mustFit(t, tab, Config{Features: []string{"industry"}})
	if len(p.X) != 5 { // retail, food, steel, other, missing
		t.Fatalf("columns %v", p.Names)
	}
	near(t, "variance of a category", totalVariance(p.X), 1)
	if len(r.Merged) != 1 || r.Merged[0].Levels < 2 || len(r.Imputed) != 1 || !r.Imputed[0].Indicator {
		t.Errorf("report %+v", r)
	}
	_, p, _ = mustFit(t, tab, Config{Features: []string{"industry"}, Scale: "none"})
	for j := range p.X { // two customers of different levels: 2 columns differ by sqrt(1/2)
		for _, v := range p.X[j] {
			if v != 0 {
				near(t, "level without scaling", v*v, 0.5)
			}
		}
	}
	_, p, _ = mustFit(t, tab, Config{Features: []string{"industry"}, Scale: "robust"})
	near(t, "variance of a category, robust", totalVariance(p.X), 1/(normalIQR*normalIQR))
	_, p, _ = mustFit(t, tab, Config{Features: []string{"industry"}, Scale: "zscore-sample"})
	near(t, "variance of a category, sample", totalVariance(p.X), 1999.0/2000)
}

func TestTwoLevelsLieLikeYesNo(t *testing.T) {
	for _, scale := range []string{"zscore", "zscore-sample", "robust", "minmax", "none"} {
		levels := []string{"yes", "no", "no", "yes", "no", "no", "no", "no", "no"}
		flags := []float64{1, 0, 0, 1, 0, 0, 0, 0, 0}
		_, c, _ := mustFit(t, tableOf(categoryColumn("c", levels...)), Config{Scale: scale})
		_, b, _ := mustFit(t, tableOf(boolColumn("b", flags...)), Config{Scale: scale})
		dc := math.Pow(c.X[0][0]-c.X[0][1], 2) + math.Pow(c.X[1][0]-c.X[1][1], 2)
		near(t, scale+": squared distance of two levels", dc, math.Pow(b.X[0][0]-b.X[0][1], 2))
	}
}

func TestMissingIndicatorLiesLikeYesNo(t *testing.T) {
	nan := math.NaN()
	for _, scale := range []string{"zscore", "zscore-sample", "robust", "minmax", "none"} {
		cfg := Config{Scale: scale, Indicate: 0.1}
		_, p, _ := mustFit(t, tableOf(numberColumn("x", 1, 2, 3, nan, 5, 6, nan, 8)), cfg)
		_, b, _ := mustFit(t, tableOf(boolColumn("b", 0, 0, 0, 1, 0, 0, 1, 0)), cfg)
		if !slices.Equal(p.Names, []string{"x", "x_missing"}) {
			t.Fatal(p.Names)
		}
		near(t, scale, p.X[1][3]-p.X[1][0], b.X[0][3]-b.X[0][0])
	}
	_, p, r := mustFit(t, tableOf(numberColumn("x", 1, 2, 3, nan, 5, 6, nan, 8)), Config{Indicate: 0.25})
	if len(p.Names) != 1 || r.Imputed[0].Rows != 2 || *r.Imputed[0].Value != 4 {
		t.Errorf("exactly a quarter missing is not more than a quarter: %v, %+v", p.Names, r.Imputed)
	}
}

func TestYesNoStaysExactOnTheGrid(t *testing.T) {
	nan := math.NaN()
	m, p, _ := mustFit(t, tableOf(boolColumn("b", 1, 0, 0, nan, 0, 0, 0)), Config{Scale: "none", Clip: [2]float64{0.2, 0.8}})
	mat := p.Matrix()
	for i, want := range []float64{1, 0, 0, 0, 0, 0, 0} {
		if got := m.Grids[0].Restore(float64(mat.At(i, 0))); got != want {
			t.Errorf("row %d is %v, want %v", i, got, want)
		}
	}
	_, p, _ = mustFit(t, tableOf(numberColumn("b", 1, 0, 0, 0, 0, 0, 1)), Config{Clip: [2]float64{0.2, 0.8}})
	if p.X[0][0] == p.X[0][1] {
		t.Error("a rare 1 was clipped away")
	}
}

func TestWeightsAndGroups(t *testing.T) {
	tab := company(1000, 6)
	cfg := Config{Features: []string{"revenue", "recency", "share", "score", "industry"}, Correlation: 0.9,
		Groups:  map[string][]string{"g": {"revenue", "score", "share", "industry"}},
		Weights: map[string]float64{"recency": 3, "share": 2, "g": 0.5}}
	m, p, r := mustFit(t, tab, cfg)
	if len(r.Pruned) != 1 || r.Pruned[0].Column != "score" || r.Pruned[0].Kept != "revenue" || r.Pruned[0].Correlation < 0.99 {
		t.Fatalf("pruned %+v", r.Pruned)
	}
	variance := map[string]float64{}
	for j, x := range p.X {
		variance[m.Columns[j].Feature] += totalVariance([][]float64{x})
	}
	// score is gone: three members are left, each with a third of the group's 0.25, share with four times that.
	for name, want := range map[string]float64{"recency": 9, "revenue": 0.25 / 3, "share": 1.0 / 3, "industry": 0.25 / 3} {
		near(t, "variance of "+name, variance[name], want)
	}
	_, p, r = mustFit(t, tab, Config{Features: []string{"revenue", "recency"}, Weights: map[string]float64{"recency": 0}})
	if !slices.Equal(p.Names, []string{"revenue"}) || len(r.LeftOut) != 1 || r.LeftOut[0].Code != "weight_zero" {
		t.Errorf("weight 0: %v, %+v", p.Names, r.LeftOut)
	}
}

func TestPruneAgainstSlow(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	const n, d, limit = 400, 12, 0.7
	base := make([][]float64, d)
	var columns []*table.Column
	for j := range base {
		base[j] = make([]float64, n)
		for i := range n {
			base[j][i] = r.NormFloat64()
			if j > 0 && j%3 != 0 {
				base[j][i] += 1.1 * base[j-1][i]
			}
		}
		columns = append(columns, numberColumn(fmt.Sprintf("x%02d", j), base[j]...))
	}
	var want []string
	var kept []int
	for j := range d {
		ok := true
		for _, i := range kept {
			mi, si := exact.SD(base[i], false)
			mj, sj := exact.SD(base[j], false)
			c := 0.0
			for k := range n {
				c += (base[i][k] - mi) * (base[j][k] - mj) / n
			}
			ok = ok && math.Abs(c/si/sj) <= limit
		}
		if ok {
			kept, want = append(kept, j), append(want, columns[j].Name)
		}
	}
	_, p, _ := mustFit(t, tableOf(columns...), Config{Correlation: limit})
	if !slices.Equal(p.Names, want) || len(want) == d {
		t.Errorf("kept %v, want %v", p.Names, want)
	}
}

func TestPCAKeepsDistances(t *testing.T) {
	tab := company(300, 7)
	base := Config{Features: []string{"revenue", "recency", "share", "devices"}, Transform: map[string]string{"*": "auto"}}
	_, plain, _ := mustFit(t, tab, base)
	full := base
	full.PCA.Variance = 1
	m, p, r := mustFit(t, tab, full)
	if len(p.X) != 4 || p.Names[0] != "PC1" || r.PCA.Components != 4 {
		t.Fatalf("components %v", p.Names)
	}
	d2 := func(x [][]float64, a, b int) float64 {
		s := 0.0
		for j := range x {
			s += (x[j][a] - x[j][b]) * (x[j][a] - x[j][b])
		}
		return s
	}
	for i := 1; i < 300; i++ {
		near(t, "squared distance", d2(p.X, 0, i), d2(plain.X, 0, i))
		point := make([]float64, 4)
		for j := range point {
			point[j] = p.X[j][i]
		}
		near(t, "recency by way of the components", m.Original(point)[1], tab.Column("recency").Numbers[i])
	}
	for c := 1; c < 4; c++ {
		if m.PCA.Variance[c] > m.PCA.Variance[c-1] {
			t.Errorf("variances %v are not descending", m.PCA.Variance)
		}
		_, sd := exact.SD(p.X[c], false)
		near(t, "variance of a component", sd*sd, m.PCA.Variance[c])
	}
	near(t, "all variance", m.PCA.Total, totalVariance(plain.X))

	few := base
	few.PCA.Components = 2
	if _, p, _ := mustFit(t, tab, few); len(p.X) != 2 {
		t.Errorf("%d components, want 2", len(p.X))
	}
	twice := Config{Features: []string{"recency", "again"}, PCA: PCA{Variance: 1}}
	again := *tab.Column("recency")
	again.Name = "again"
	if _, p, _ := mustFit(t, &table.Table{Keys: tab.Keys, Columns: append(slices.Clone(tab.Columns), &again)}, twice); len(p.X) != 1 {
		t.Errorf("two equal columns have %d components", len(p.X))
	}
}

func TestRestore(t *testing.T) {
	tab := company(400, 8)
	for _, tr := range []string{"none", "log1p", "sqrt", "signed-log1p"} {
		for _, scale := range []string{"zscore", "robust", "minmax", "none"} {
			m, p, _ := mustFit(t, tab, Config{Features: []string{"revenue", "own", "industry"}, Scale: scale,
				Transform: map[string]string{"revenue": tr}, Weights: map[string]float64{"revenue": 3}})
			for i, want := range tab.Column("revenue").Numbers {
				if got := m.Restore(0, p.X[0][i]); math.Abs(got-want) > 1e-11*(1+want) {
					t.Fatalf("%s, %s: restored %v, was %v", tr, scale, got, want)
				}
			}
			share := m.Restore(2, exact.Mean(p.X[2])) // the centroid of all customers: the share of the first level
			near(t, "share of "+m.Columns[2].Name, share, levelShare(tab.Column("industry"), m.Columns[2].Level))
		}
	}
}

func levelShare(c *table.Column, level string) float64 {
	n := 0
	for _, s := range c.Strings {
		if s == level {
			n++
		}
	}
	return float64(n) / float64(len(c.Strings))
}

func TestValuesOutsideTheFittedRange(t *testing.T) {
	tab := company(500, 9)
	m, _, _ := mustFit(t, tab, Config{Features: []string{"recency", "revenue", "industry", "size"},
		Transform: map[string]string{"revenue": "log1p"}, Encode: map[string]string{"size": "ordinal"}})
	later := tableOf(numberColumn("recency", 1e9, 10), numberColumn("revenue", -50, 1e12),
		categoryColumn("industry", "space", "rare 1"), categoryColumn("size", "1-9", "a million"))
	p, err := m.Apply(later)
	if err != nil {
		t.Fatal(err)
	}
	c := m.Columns[0]
	want := (1e9 - c.Centre) / c.Scale
	if p.X[0][0] != want || math.Abs(p.Grids[0].Round(want)+p.Grids[0].Offset-want) > math.Ldexp(1, -p.Grids[0].E) {
		t.Errorf("1e9 days lie at %v, on the grid at %v, want %v", p.X[0][0], p.Grids[0].Round(want), want)
	}
	near(t, "negative revenue", m.Restore(1, p.X[1][0]), -50)
	for j, name := range p.Names {
		if strings.HasPrefix(name, "industry=") {
			for i := range 2 {
				if got := p.X[j][i] != 0; got != (name == "industry=(other)") {
					t.Errorf("unknown level: %s of row %d is %v", name, i, p.X[j][i])
				}
			}
		}
	}
	if !slices.Equal(p.Unknown, []Count{{"industry", 2}, {"size", 1}}) {
		t.Errorf("unknown levels %v", p.Unknown)
	}
}

func TestOrdinal(t *testing.T) {
	sizes := categoryColumn("size", "10-49", "1-9", "250+", "50-249", "1-9", "?")
	m, p, _ := mustFit(t, tableOf(sizes), Config{Scale: "none", Encode: map[string]string{"size": "ordinal"}})
	if !slices.Equal(m.Features[0].Levels, []string{"1-9", "10-49", "50-249", "250+"}) ||
		!slices.Equal(p.X[0], []float64{1, 0, 3, 2, 0, 1}) {
		t.Errorf("levels %v, ranks %v", m.Features[0].Levels, p.X[0])
	}
	m, p, _ = mustFit(t, tableOf(sizes), Config{Scale: "none", Encode: map[string]string{"size": "ordinal"},
		Order: map[string][]string{"size": {"250+", "50-249", "10-49", "1-9"}}})
	if !slices.Equal(p.X[0], []float64{2, 3, 0, 1, 3, 2}) {
		t.Errorf("levels %v, ranks %v", m.Features[0].Levels, p.X[0])
	}
}

func TestNumberAsCategory(t *testing.T) {
	_, p, _ := mustFit(t, tableOf(numberColumn("plan", 3, 1, 3, 2.5, math.NaN(), 3, math.Copysign(0, -1), 0)),
		Config{Encode: map[string]string{"plan": "one_hot"}})
	want := []string{"plan=3", "plan=0", "plan=1", "plan=2.5", "plan=(missing)"}
	if !slices.Equal(p.Names, want) {
		t.Errorf("columns %q, want %q", p.Names, want)
	}
}

func TestAuto(t *testing.T) {
	tab := company(2000, 10)
	tab.Columns = append(tab.Columns, numberColumn("saldo", slices.Clone(tab.Column("revenue").Numbers)...))
	tab.Column("saldo").Numbers[0] = -1
	_, _, r := mustFit(t, tab, Config{Transform: map[string]string{"*": "auto", "score": "none"}, Clip: [2]float64{0.005, 0.995}})
	var names []string
	for _, tr := range r.Transformed {
		names = append(names, tr.Feature)
		if tr.Before <= 1 || math.Abs(tr.After) >= tr.Before {
			t.Errorf("%+v", tr)
		}
	}
	// The clip lifts -1 of saldo to its lower limit, so that nothing negative is left.
	if !slices.Equal(names, []string{"revenue", "devices", "saldo"}) && !slices.Equal(names, []string{"revenue", "saldo"}) {
		t.Errorf("transformed %v", names)
	}
	_, _, r = mustFit(t, tab, Config{Features: []string{"saldo", "own", "revenue"}, Transform: map[string]string{"*": "auto"},
		Correlation: 0})
	if len(r.Transformed) != 1 || r.Transformed[0].Feature != "revenue" {
		t.Errorf("without clip: %+v", r.Transformed)
	}
}

func TestLeavesOut(t *testing.T) {
	nan := math.NaN()
	many := make([]float64, 1000)
	many[3], many[4] = 5, 6
	flat := make([]float64, 1000)
	empty, x, levels := make([]float64, 1000), make([]float64, 1000), make([]string, 1000)
	for i := range empty {
		empty[i], x[i], levels[i] = nan, float64(i), fmt.Sprint(i)
	}
	_, p, r := mustFit(t, tableOf(numberColumn("empty", empty...), numberColumn("flat", flat...), numberColumn("many", many...),
		numberColumn("x", x...), categoryColumn("levels", levels...), categoryColumn("one", slices.Repeat([]string{"a"}, 1000)...),
		categoryColumn("none", slices.Repeat([]string{"?"}, 1000)...)), Config{Clip: [2]float64{0.005, 0.995}})
	want := "empty no_values, flat constant, many constant_after_clipping, levels rare_levels, one constant, none no_values"
	var got []string
	for _, l := range r.LeftOut {
		got = append(got, l.Feature+" "+l.Code)
		if l.EN == "" || l.DE == "" {
			t.Errorf("%s has no reason in words", l.Feature)
		}
	}
	if strings.Join(got, ", ") != want || !slices.Equal(p.Names, []string{"x"}) {
		t.Errorf("left out %v, kept %v", got, p.Names)
	}
}

func TestColumnNamesAreUnique(t *testing.T) {
	m, _, _ := mustFit(t, tableOf(categoryColumn("a", "b", "c", "(other)", "b"), numberColumn("a=b", 1, 2, 3, 5)), Config{})
	seen := map[string]bool{}
	for _, n := range m.Names() {
		if seen[n] {
			t.Errorf("%q stands twice", n)
		}
		seen[n] = true
	}
	if !seen["a=b (2)"] {
		t.Errorf("names %v", m.Names())
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "abc", 0}, {"abc", "", 3}, {"kitten", "sitting", 3}, {"revneue", "revenue", 1}, {"größe", "grosse", 3}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("%q to %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestNatural(t *testing.T) {
	want := []string{"0", "00", "1-9", "10-49", "250+", "1000", "a2", "a10", "b"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, natural)
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
