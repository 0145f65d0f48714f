package profile

import (
	"encoding/csv"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"segovia/engine/table"
)

// shared opens a fixture that lies beside the repository.
func shared(t *testing.T, name string) [][]string {
	t.Helper()
	const dir = "../../../shared/"
	if _, err := os.Stat(dir); err != nil {
		if strings.Contains(","+os.Getenv("SEGOVIA_REQUIRE")+",", ",shared,") {
			t.Fatalf("SEGOVIA_REQUIRE names shared, but %v", err)
		}
		t.Skipf("the shared fixtures are absent: %v", err)
	}
	f, err := os.Open(dir + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// ready makes an input of the first d columns of a fixture, partitioned by label.
func ready(rows [][]string, d int, label func(row []string) int) Input {
	in := Input{Table: &table.Table{}}
	for j := range d {
		in.Table.Columns = append(in.Table.Columns, &table.Column{Name: rows[0][j]})
	}
	for i, row := range rows[1:] {
		in.Table.Keys = append(in.Table.Keys, strconv.Itoa(100000+i))
		for j := range d {
			x, err := strconv.ParseFloat(row[j], 64)
			switch {
			case row[j] == "Yes":
				x = 1
			case row[j] == "No":
				x = 0
			case err != nil:
				x = math.NaN()
			}
			in.Table.Columns[j].Numbers = append(in.Table.Columns[j].Numbers, x)
		}
		in.Labels = append(in.Labels, label(row))
		in.K = max(in.K, in.Labels[i]+1)
	}
	prepare(&in)
	return in
}

func TestGenericFeaturesRead(t *testing.T) {
	iris := ready(shared(t, "reference/iris_r.csv"), 4, func(row []string) int {
		return map[string]int{"setosa": 0, "versicolor": 1, "virginica": 2}[row[4]]
	})
	r := mustDescribe(t, iris, Config{})
	if got, want := r.Segments[0].Name, tx("Petal Length: niedrig, Petal Width: niedrig", "Petal Length: low, Petal Width: low"); got != want {
		t.Errorf("setosa is called %v, want %v", got, want)
	}
	rule := r.Segments[0].Rule
	if rule.Coverage != 1 || rule.Precision != 1 || rule.Text.EN != "Petal Length ≤ 2" {
		t.Errorf("setosa's rule is %+v, want petals up to 2 cm, which no other species has", rule)
	}
	// Means of the iris data as R gives them.
	f := r.Segments[0].Features[0]
	if f.Name != "Petal.Length" || math.Abs(f.Mean-1.462) > 1e-12 || math.Abs(f.OverallMean-3.758) > 1e-12 || f.Median != 1.5 {
		t.Errorf("setosa's first feature is %+v", f)
	}
}

func TestYesNoFeaturesRead(t *testing.T) {
	mc := ready(shared(t, "reference/mcdonalds.csv"), 11, func(row []string) int {
		switch {
		case row[0] == "Yes" && row[6] == "Yes":
			return 0
		case row[0] == "Yes":
			return 1
		case row[6] == "Yes":
			return 2
		}
		return 3
	})
	r := mustDescribe(t, mc, Config{})
	want := []Text{
		tx("Yummy, cheap", "Yummy, cheap"), tx("Yummy, nicht cheap", "Yummy, not cheap"),
		tx("Nicht yummy, cheap", "Not yummy, cheap"), tx("Nicht yummy, nicht cheap", "Not yummy, not cheap"),
	}
	for s, w := range want {
		if got := r.Segments[s].Name; got != w {
			t.Errorf("segment %d is called %v, want %v", s+1, got, w)
		}
	}
	if rule := r.Segments[1].Rule; rule.Coverage != 1 || rule.Precision != 1 || rule.Text.EN != "cheap: no and yummy: yes" {
		t.Errorf("rule %+v", rule)
	}
	if text := r.Segments[0].Description.EN; !strings.Contains(text, "yummy: 100 % (average 55 %)") {
		t.Errorf("description: %s", text)
	}
}
