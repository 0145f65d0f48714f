package prep

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"segovia/engine/table"
	"segovia/kernels/problem"
)

func TestErrors(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	levels := make([]string, 300)
	ramp := make([]float64, 2000)
	for i := range levels {
		levels[i] = fmt.Sprint(i % 100)
	}
	for i := range ramp {
		ramp[i] = float64(i)
	}
	ramp[17] = 1e13
	x := func() *table.Table {
		return tableOf(numberColumn("x", 1, 2, 3, 4), numberColumn("revenue", 1, 5, 2, 3))
	}
	for _, c := range []struct {
		name string
		t    *table.Table
		cfg  Config
		id   string
		text string
	}{
		{"infinite", tableOf(numberColumn("x", 1, inf, -inf, 4)), Config{}, "SEG-NUM-001", `"x" is infinite in 2 rows`},
		{"too large", tableOf(numberColumn("x", 1, 1e300, 3, 4)), Config{}, "SEG-NUM-002", `"x" has 1 values`},
		{"too large for the grid", tableOf(numberColumn("x", 1, 1e40, 3e39, 4)), Config{Scale: "none"}, "SEG-NUM-002", `"x"`},
		{"squeezed", tableOf(numberColumn("x", ramp...)), Config{}, "SEG-NUM-003", `1 outlying rows squeeze the rest of column "x"`},
		{"nothing left", tableOf(numberColumn("x", 1, 1), numberColumn("y", nan, nan)), Config{}, "SEG-FEA-001", `"y": it has no values`},
		{"no rows", tableOf(numberColumn("x")), Config{}, "SEG-SEG-002", "no rows"},
		{"not imputed", tableOf(numberColumn("x", 1, nan, 2)), Config{Impute: "none"}, "SEG-FEA-006", "missing in 1 of 3 rows"},
		{"negative log", tableOf(numberColumn("x", 1, -1, -2)), Config{Transform: map[string]string{"x": "log1p"}}, "SEG-FEA-007", "negative in 2 rows"},
		{"levels", tableOf(categoryColumn("c", levels...)), Config{OneHot: OneHot{MinLevel: 0.001}}, "SEG-FEA-003", "100 levels after merging"},
		{"raw levels", tableOf(categoryColumn("c", levels...)), Config{OneHot: OneHot{MaxRaw: 50}}, "SEG-FEA-003", "more than 50 levels"},
		{"raw ordinal levels", tableOf(categoryColumn("c", levels...)), Config{OneHot: OneHot{MaxRaw: 50},
			Encode: map[string]string{"c": "ordinal"}}, "SEG-FEA-003", "more than 50 levels"},
		{"unordered level", tableOf(categoryColumn("c", "a", "b")), Config{Encode: map[string]string{"c": "ordinal"},
			Order: map[string][]string{"c": {"a"}}}, "SEG-CFG-008", "1 levels"},
		{"unknown feature", x(), Config{Features: []string{"revenu"}}, "SEG-FEA-002", `did you mean "revenue"?`},
		{"unknown transform feature", x(), Config{Transform: map[string]string{"reveune": "log1p"}}, "SEG-FEA-002", `did you mean "revenue"?`},
		{"unknown group member", x(), Config{Groups: map[string][]string{"g": {"y"}}}, "SEG-FEA-002", `"y"`},
		{"unknown weight", x(), Config{Weights: map[string]float64{"rev": 2}}, "SEG-FEA-002", `"rev"`},
		{"negative weight", x(), Config{Weights: map[string]float64{"x": -2}}, "SEG-CFG-003", "prep.weights.x"},
		{"nan weight", x(), Config{Weights: map[string]float64{"x": nan}}, "SEG-CFG-003", "prep.weights.x"},
		{"scale", x(), Config{Scale: "zscores"}, "SEG-CFG-003", `did you mean "zscore"`},
		{"transform", x(), Config{Transform: map[string]string{"x": "log"}}, "SEG-CFG-003", "log1p"},
		{"clip", x(), Config{Clip: [2]float64{0.9, 0.1}}, "SEG-CFG-003", "prep.clip"},
		{"two groups", x(), Config{Groups: map[string][]string{"g": {"x"}, "h": {"x"}}}, "SEG-CFG-008", `"x" stands twice`},
		{"group like a feature", x(), Config{Groups: map[string][]string{"x": {"revenue"}}}, "SEG-CFG-008", "names a group and a feature"},
		{"feature twice", x(), Config{Features: []string{"x", "x"}}, "SEG-CFG-008", "stands twice"},
		{"text as number", tableOf(categoryColumn("c", "a", "b")), Config{Encode: map[string]string{"c": "number"}}, "SEG-CFG-008", "is text"},
		{"log of text", tableOf(categoryColumn("c", "a", "b")), Config{Transform: map[string]string{"c": "log1p"}}, "SEG-CFG-008", "category"},
	} {
		_, _, err := Fit(c.t, c.cfg)
		var p *problem.Problem
		if !errors.As(err, &p) || p.ID != c.id || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v, want %s with %q", c.name, err, c.id, c.text)
			continue
		}
		if _, ok := problem.Lookup(p.ID); !ok || p.Fix == "" {
			t.Errorf("%s: %s is not in the catalogue or has no remedy", c.name, p.ID)
		}
	}
	_, _, err := Fit(x(), Config{Scale: "z", Impute: "y", Features: []string{"a", "b"}})
	if n := len(problem.All(err)); n != 4 {
		t.Errorf("%d problems at once, want 4: %v", n, err)
	}
	_, _, r, err := FitApply(tableOf(numberColumn("x", 1, inf, 3, 4)), Config{NonFinite: "missing"})
	if err != nil || len(r.NonFinite) != 1 || r.Imputed[0].Rows != 1 {
		t.Errorf("infinite as missing: %+v, %v", r, err)
	}
}

func TestApplyErrors(t *testing.T) {
	m, _, _ := mustFit(t, tableOf(numberColumn("revenue", 1, 2, 3, 4), categoryColumn("c", "a", "b", "a", "b")), Config{Impute: "none"})
	for _, c := range []struct {
		name string
		t    *table.Table
		id   string
		text string
	}{
		{"missing column", tableOf(numberColumn("revenu", 1), categoryColumn("c", "a")), "SEG-STA-001", `did you mean "revenu"?`},
		{"other type", tableOf(categoryColumn("revenue", "1"), categoryColumn("c", "a")), "SEG-STA-001", "is a category here"},
		{"infinite", tableOf(numberColumn("revenue", math.Inf(1)), categoryColumn("c", "a")), "SEG-NUM-001", "infinite"},
		{"missing value", tableOf(numberColumn("revenue", math.NaN()), categoryColumn("c", "a")), "SEG-FEA-006", "missing in 1 of 1"},
	} {
		_, err := m.Apply(c.t)
		if !problemIs(err, c.id) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v, want %s with %q", c.name, err, c.id, c.text)
		}
	}
}

func TestDamagedModelsAreRefused(t *testing.T) {
	tab := company(300, 11)
	m, _, _ := mustFit(t, tab, configs()["pca"])
	text, _ := json.Marshal(m)
	for _, c := range [][2]string{
		{`"format_version":1`, `"format_version":2`},
		{`"non_finite":"error"`, `"non_finite":"x"`},
		{`"encode":"number"`, `"encode":"roman"`},
		{`"role":"value"`, `"role":"level"`},
		{`"weight":1}`, `"weight":0}`},
		{`"means":[`, `"means":[1,`},
		{`"grids":[`, `"grids":[{"offset":0,"e":1},`},
		{`"feature":"recency"`, `"feature":"unheard"`},
		{`"name":"recency","kind"`, `"name":"revenue","kind"`},
		{`"transform":"none"`, `"transform":"cube"`},
		{`"features":[`, `"features":{`},
	} {
		damaged := strings.Replace(string(text), c[0], c[1], 1)
		if damaged == string(text) {
			t.Fatalf("%s is not in the model", c[0])
		}
		var read Model
		err := json.Unmarshal([]byte(damaged), &read)
		if err == nil {
			t.Errorf("%s was accepted", c[1])
		}
	}
	// Anything may be refused, nothing may make Apply panic.
	rapid.Check(t, func(t *rapid.T) {
		b := slices.Clone(text)
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			b[rapid.IntRange(0, len(b)-1).Draw(t, "at")] = byte(rapid.SampledFrom([]rune(`0123456789",:[]{}e-.n`)).Draw(t, "byte"))
		}
		var read Model
		if json.Unmarshal(b, &read) == nil {
			if p, err := read.Apply(tab); err == nil {
				p.Matrix()
			}
		}
	})
}
