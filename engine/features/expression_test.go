package features

import (
	"math"
	"slices"
	"testing"

	"segovia/engine/table"
	"segovia/kernels/problem"
)

func TestExpressionNames(t *testing.T) {
	names, err := ExpressionNames("least(revenue, 5) > 2 * `orders 12` and Revenue is not null or revenue in (1, 2) and region = 'x revenue'")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range names {
		got = append(got, n.Name)
	}
	want := []string{"revenue", "orders 12", "Revenue", "region"}
	if !slices.Equal(got, want) {
		t.Errorf("names %q, want %q", got, want)
	}
	if names[0].Character != 7 {
		t.Errorf("the first name stands at character %d, want 7", names[0].Character)
	}
	if _, err := ExpressionNames("revenue > > 2"); err == nil {
		t.Error("no error for what is no expression")
	}
}

func TestEvaluate(t *testing.T) {
	tab := &table.Table{Keys: []string{"a", "b", "c"}, Columns: []*table.Column{
		{Name: "x", Numbers: []float64{1, math.NaN(), 4}},
		{Name: "land", Kind: table.Category, Strings: []string{"DE", "FR", ""}, Missing: []bool{false, false, true}},
	}}
	c, err := Evaluate(tab, "x >= 2 or land = 'FR'", "groups[0].rule")
	if err != nil {
		t.Fatal(err)
	}
	if c.Kind != table.Bool || !slices.EqualFunc(c.Numbers, []float64{0, 1, 1}, func(a, b float64) bool { return a == b }) {
		t.Errorf("got %v %v", c.Kind, c.Numbers)
	}
	for text, id := range map[string]string{"y > 1": "SEG-FEA-002", "x >": "SEG-FEA-005", "land > 1": "SEG-FEA-005"} {
		_, err := Evaluate(tab, text, "groups[0].rule")
		all := problem.All(err)
		if len(all) != 1 || all[0].ID != id || all[0].Place != "groups[0].rule" || id == "SEG-FEA-005" && all[0].Column < 1 {
			t.Errorf("%s: %v, want one %s at groups[0].rule, with its character where it cannot be read", text, err, id)
		}
	}
}

func TestConditions(t *testing.T) {
	for text, want := range map[string][]string{
		"a > 1 and (b < 2 or c = 'x and y') AND not d": {"a > 1", "(b < 2 or c = 'x and y')", "not d"},
		"a > 1 && b in (1, 2)":                         {"a > 1", "b in (1, 2)"},
		"a > 1 and b < 2 or c":                         {"a > 1 and b < 2 or c"},
		"a > 1":                                        {"a > 1"},
	} {
		if got := Conditions(text); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
