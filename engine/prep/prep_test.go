package prep

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"segovia/engine/table"
	"segovia/kernels/problem"
)

func numberColumn(name string, xs ...float64) *table.Column {
	return &table.Column{Name: name, Kind: table.Number, Numbers: xs}
}

func boolColumn(name string, xs ...float64) *table.Column {
	return &table.Column{Name: name, Kind: table.Bool, Numbers: xs}
}

// categoryColumn takes "?" for missing.
func categoryColumn(name string, levels ...string) *table.Column {
	c := &table.Column{Name: name, Kind: table.Category, Missing: make([]bool, len(levels))}
	for i, l := range levels {
		if c.Missing[i] = l == "?"; c.Missing[i] {
			l = ""
		}
		c.Strings = append(c.Strings, l)
	}
	return c
}

func tableOf(columns ...*table.Column) *table.Table {
	t := &table.Table{Columns: columns}
	for i := range rowsOf(columns[0]) {
		t.Keys = append(t.Keys, fmt.Sprintf("%07d", i))
	}
	return t
}

// company is a table with every kind of column: skewed, missing, yes/no, zero-inflated, categories with rare levels.
func company(n int, seed uint64) *table.Table {
	r := rand.New(rand.NewPCG(seed, 1))
	revenue, recency, share, score, devices := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	own, industry, size, region := make([]float64, n), make([]string, n), make([]string, n), make([]string, n)
	for i := range n {
		revenue[i] = math.Round(100*math.Exp(3+2*r.NormFloat64())) / 100
		recency[i] = float64(r.IntN(365))
		share[i] = r.Float64()
		if r.IntN(4) == 0 {
			share[i] = math.NaN()
		}
		score[i] = revenue[i]*0.001 + r.NormFloat64()*1e-5
		if r.IntN(3) > 0 {
			devices[i] = float64(r.IntN(20))
		}
		own[i] = float64(r.IntN(10) / 7)
		industry[i] = []string{"retail", "retail", "retail", "food", "food", "steel", "?"}[r.IntN(7)]
		if r.IntN(300) == 0 {
			industry[i] = fmt.Sprintf("rare %d", r.IntN(5))
		}
		size[i] = []string{"1-9", "10-49", "50-249", "250+"}[r.IntN(4)]
		region[i] = fmt.Sprintf("region %d", r.IntN(20))
	}
	t := tableOf(numberColumn("revenue", revenue...), numberColumn("recency", recency...), numberColumn("share", share...),
		numberColumn("score", score...), numberColumn("devices", devices...), boolColumn("own", own...),
		categoryColumn("industry", industry...), categoryColumn("size", size...), categoryColumn("region", region...))
	t.Column("region").ProfileOnly = true
	return t
}

// configs are preparations that between them use everything.
func configs() map[string]Config {
	return map[string]Config{
		"default": {},
		"full": {Clip: [2]float64{0.005, 0.995}, Transform: map[string]string{"*": "auto", "recency": "sqrt"}, Indicate: 0.1,
			Encode: map[string]string{"size": "ordinal"}, Weights: map[string]float64{"recency": 2, "firm": 0.5},
			Groups: map[string][]string{"firm": {"industry", "size", "devices"}}, Correlation: 0.95},
		"robust": {Scale: "robust", Impute: "mean", Indicate: 0.2},
		"minmax": {Scale: "minmax", Impute: "zero", Transform: map[string]string{"revenue": "log1p"}},
		"none":   {Scale: "none", Features: []string{"industry", "own", "recency"}},
		"pca": {Scale: "zscore-sample", Transform: map[string]string{"*": "auto"}, PCA: PCA{Variance: 0.9},
			Features: []string{"revenue", "recency", "share", "devices", "own", "industry", "region"}},
	}
}

func mustFit(t *testing.T, tab *table.Table, cfg Config) (*Model, *Prepared, *Report) {
	t.Helper()
	m, p, r, err := FitApply(tab, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return m, p, r
}

func sameBits(a, b [][]float64) bool {
	return slices.EqualFunc(a, b, func(x, y []float64) bool {
		return slices.EqualFunc(x, y, func(u, v float64) bool { return math.Float64bits(u) == math.Float64bits(v) })
	})
}

func TestApplyRepeatsFit(t *testing.T) {
	tab := company(3000, 1)
	for name, cfg := range configs() {
		m, p, _ := mustFit(t, tab, cfg)
		again, err := m.Apply(tab)
		if err != nil {
			t.Fatal(err)
		}
		if !sameBits(p.X, again.X) || !slices.Equal(p.Matrix().Tiles, again.Matrix().Tiles) {
			t.Errorf("%s: Apply to the fitted table differs", name)
		}
		if diff := cmp.Diff(p.Names, again.Names); diff != "" {
			t.Errorf("%s: names: %s", name, diff)
		}
	}
}

func TestApplyToSomeRows(t *testing.T) {
	tab := company(500, 2)
	var rows []int
	for i := 3; i < 500; i += 7 {
		rows = append(rows, i)
	}
	part := &table.Table{}
	for _, i := range rows {
		part.Keys = append(part.Keys, tab.Keys[i])
	}
	for k := len(tab.Columns) - 1; k >= 0; k-- { // another order of columns changes nothing either
		c := *tab.Columns[k]
		c.Numbers, c.Strings, c.Missing = nil, nil, nil
		for _, i := range rows {
			if c.Kind == table.Category {
				c.Strings, c.Missing = append(c.Strings, tab.Columns[k].Strings[i]), append(c.Missing, tab.Columns[k].Missing[i])
			} else {
				c.Numbers = append(c.Numbers, tab.Columns[k].Numbers[i])
			}
		}
		part.Columns = append(part.Columns, &c)
	}
	for name, cfg := range configs() {
		m, p, _ := mustFit(t, tab, cfg)
		some, err := m.Apply(part)
		if err != nil {
			t.Fatal(err)
		}
		for j := range p.X {
			for k, i := range rows {
				if p.X[j][i] != some.X[j][k] {
					t.Fatalf("%s: row %d of %s is %v, was %v", name, i, p.Names[j], some.X[j][k], p.X[j][i])
				}
			}
		}
	}
}

func TestModelReadsBackToTheSameBits(t *testing.T) {
	tab := company(1000, 3)
	for name, cfg := range configs() {
		m, p, _ := mustFit(t, tab, cfg)
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var read Model
		if err := json.Unmarshal(text, &read); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		again, err := json.Marshal(&read)
		if err != nil || string(again) != string(text) {
			t.Errorf("%s: %v, or the JSON differs when written again", name, err)
		}
		q, err := read.Apply(tab)
		if err != nil {
			t.Fatal(err)
		}
		if !sameBits(p.X, q.X) {
			t.Errorf("%s: the model that was read prepares otherwise", name)
		}
	}
}

func TestThreadsChangeNothing(t *testing.T) {
	tab := company(9000, 4)
	for name, cfg := range configs() {
		cfg.Threads = 1
		m, p, r := mustFit(t, tab, cfg)
		text, _ := json.Marshal(m)
		for _, threads := range []int{2, 7} {
			cfg.Threads = threads
			m2, p2, r2 := mustFit(t, tab, cfg)
			text2, _ := json.Marshal(m2)
			if string(text) != string(text2) || !sameBits(p.X, p2.X) || !cmp.Equal(r, r2) {
				t.Errorf("%s: %d threads change the result", name, threads)
			}
		}
	}
}

// The hash guards algorithm v1: it is the same under GOAMD64=v1 and v3 and on every architecture.
func TestGolden(t *testing.T) {
	u := uint64(88172645463325252)
	unit := func() float64 { // no library function, which may differ between builds, makes the data
		u ^= u << 13
		u ^= u >> 7
		u ^= u << 17
		return float64(u>>11) * 0x1p-53
	}
	columns := []*table.Column{categoryColumn("group")}
	for j := range 6 {
		c := numberColumn(fmt.Sprintf("x%d", j))
		for range 10000 {
			v := unit()
			c.Numbers = append(c.Numbers, float64(v*v)/(1.01-v)*float64(int(1)<<(3*j)))
		}
		columns = append(columns, c)
	}
	for range 10000 {
		columns[0].Strings = append(columns[0].Strings, []string{"a", "b", "c"}[int(unit()*2.5)])
		columns[0].Missing = append(columns[0].Missing, false)
	}
	for i := range 10000 { // correlated, so that the components turn
		columns[2].Numbers[i] += float64(columns[1].Numbers[i] * 5)
	}
	h := sha256.New()
	for _, cfg := range []Config{
		{Clip: [2]float64{0, 0.99}, Transform: map[string]string{"x1": "log1p", "x2": "sqrt"}, PCA: PCA{Variance: 0.95}},
		{Scale: "zscore-sample", Correlation: 0.99, Groups: map[string][]string{"g": {"x1", "x2", "x3"}}},
		{Scale: "robust", Transform: map[string]string{"*": "auto"}},
	} {
		m, p, _ := mustFit(t, tableOf(columns...), cfg)
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		h.Write(text)
		for _, x := range p.X {
			if err := binary.Write(h, binary.LittleEndian, x); err != nil {
				t.Fatal(err)
			}
		}
	}
	const want = "61476e9b779e52e2"
	if got := hex.EncodeToString(h.Sum(nil))[:16]; got != want {
		t.Errorf("hash %s, want %s", got, want)
	}
}

// TestNumbersAgainstSlow compares with the definitions written down one by one.
func TestNumbersAgainstSlow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(3, 60).Draw(t, "n")
		number := rapid.Map(rapid.IntRange(0, 800), func(i int) float64 { return float64(i) / 8 })
		values := rapid.SliceOfN(rapid.OneOf(number, rapid.Just(math.NaN()), rapid.Just(7.0)), n, n).Draw(t, "values")
		cfg := Config{
			Impute:    rapid.SampledFrom([]string{"median", "mean", "zero"}).Draw(t, "impute"),
			Scale:     rapid.SampledFrom([]string{"zscore", "zscore-sample", "minmax", "none"}).Draw(t, "scale"),
			Transform: map[string]string{"x": rapid.SampledFrom([]string{"none", "log1p", "sqrt"}).Draw(t, "transform")},
			Clip:      rapid.SampledFrom([][2]float64{{}, {0.1, 0.9}}).Draw(t, "clip"),
		}
		m, p, r, err := FitApply(tableOf(numberColumn("x", slices.Clone(values)...)), cfg)
		want, ok := slowNumbers(values, cfg)
		if !ok {
			if !problemIs(err, "SEG-FEA-001") || len(r.LeftOut) != 1 {
				t.Fatalf("error %v, want SEG-FEA-001", err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		for i, x := range p.X[0] {
			// The largest value is 100 and the smallest scale 1e-3 of it or so; a few roundings of either way to compute.
			if math.Abs(x-want[i]) > 1e-9*(1+math.Abs(want[i])) {
				t.Fatalf("row %d is %v, want %v (model %+v)", i, x, want[i], m)
			}
		}
	})
}

func slowNumbers(values []float64, cfg Config) (out []float64, ok bool) {
	quantile := func(xs []float64, p float64) float64 {
		xs = slices.Sorted(slices.Values(xs))
		h := p * float64(len(xs)-1)
		i := int(h)
		if i == len(xs)-1 {
			return xs[i]
		}
		return xs[i]*(1-(h-float64(i))) + xs[i+1]*(h-float64(i))
	}
	var present []float64
	for _, v := range values {
		if v == v {
			present = append(present, v)
		}
	}
	if len(present) == 0 || slices.Min(present) == slices.Max(present) {
		return nil, false
	}
	fill := 0.0
	switch cfg.Impute {
	case "median":
		fill = quantile(present, 0.5)
	case "mean":
		for _, v := range present {
			fill += v / float64(len(present))
		}
	}
	for _, v := range values {
		if v != v {
			v = fill
		}
		out = append(out, v)
	}
	if cfg.Clip[1] > 0 {
		lo, hi := quantile(out, cfg.Clip[0]), quantile(out, cfg.Clip[1])
		if hi-lo < 1e-12 {
			return nil, false
		}
		for i := range out {
			out[i] = max(lo, min(hi, out[i]))
		}
	}
	for i := range out {
		switch cfg.Transform["x"] {
		case "log1p":
			out[i] = math.Log(1 + out[i])
		case "sqrt":
			out[i] = math.Pow(out[i], 0.5)
		}
	}
	centre, scale := 0.0, 1.0
	n := float64(len(out))
	switch cfg.Scale {
	case "minmax":
		centre, scale = slices.Min(out), slices.Max(out)-slices.Min(out)
	case "zscore", "zscore-sample":
		sum := 0.0
		for _, v := range out {
			sum += v
		}
		centre = sum / n
		ss := 0.0
		for _, v := range out {
			ss += (v - centre) * (v - centre)
		}
		if cfg.Scale == "zscore-sample" {
			n--
		}
		scale = math.Sqrt(ss / n)
	}
	for i := range out {
		out[i] = (out[i] - centre) / scale
	}
	return out, true
}

func problemIs(err error, id string) bool {
	all := problem.All(err)
	return len(all) > 0 && all[0].ID == id
}
