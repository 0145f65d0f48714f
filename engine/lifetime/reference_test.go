package lifetime

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"segovia/engine/internal/exact"
)

// cdnow reads a table of customers that lies beside the repository: numbers by row and column, without the ids.
func cdnow(t testing.TB, name string) [][]float64 {
	t.Helper()
	root := filepath.Join("..", "..", "..", "shared")
	if _, err := os.Stat(root); err != nil {
		if slices.Contains(strings.Split(os.Getenv("SEGOVIA_REQUIRE"), ","), "shared") {
			t.Fatalf("SEGOVIA_REQUIRE names shared, but %v", err)
		}
		t.Skipf("the shared data are absent: %v", err)
	}
	f, err := os.Open(filepath.Join(root, "data", "cdnow", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	table := make([][]float64, 0, len(rows))
	for _, row := range rows[1:] {
		numbers := make([]float64, len(row)-1)
		for j := range numbers {
			if numbers[j], err = strconv.ParseFloat(row[j+1], 64); err != nil {
				t.Fatal(err)
			}
		}
		table = append(table, numbers)
	}
	return table
}

func cdnowHistories(t testing.TB) []History {
	var customers []History
	for _, row := range cdnow(t, "cdnow_customers_summary.csv") {
		customers = append(customers, History{int(row[0]), row[1], row[2]})
	}
	return customers
}

func cdnowSpends(t testing.TB) []Spend {
	var customers []Spend
	for _, row := range cdnow(t, "cdnow_customers_summary_with_transactions.csv") {
		customers = append(customers, Spend{int(row[0]), row[3]})
	}
	return customers
}

// figure is one number found and its reference, which is given to half a unit of its last digit, or to a tolerance.
type figure struct {
	name                     string
	found, reference, within float64
}

func check(t *testing.T, figures []figure) {
	t.Helper()
	for _, f := range figures {
		t.Logf("%-42s %14.6f   reference %12.6f", f.name, f.found, f.reference)
		if !(math.Abs(f.found-f.reference) <= f.within) {
			t.Errorf("%s: %.8f, reference %v within %g", f.name, f.found, f.reference, f.within)
		}
	}
}

// The published estimates for CDNOW with the worked example. The log-likelihood and the parameters are printed in Fader, Hardie and
// Lee's paper; digits beyond theirs are those of other software.
func TestReferenceBGNBD(t *testing.T) {
	customers := cdnowHistories(t)
	m, rep, err := FitBGNBD(t.Context(), customers, Config{})
	if err != nil || !rep.Usable() || !rep.Converged {
		t.Fatal(rep, err)
	}
	t.Logf("%+v", rep)
	example := History{2, 30.43, 38.86}
	check(t, []figure{
		{"r", m.R, 0.243, 1e-3},
		{"alpha", m.Alpha, 4.414, 1e-3},
		{"a", m.A, 0.793, 1e-3},
		{"b", m.B, 2.426, 1e-3},
		{"log-likelihood", rep.LogLikelihood, -9582.43, 0.005},
		{"orders in 39 weeks (2, 30.43, 38.86)", m.Expected(example, 39), 1.22591, 1e-5},
		{"probability alive (2, 30.43, 38.86)", m.Alive(example), 0.726609, 1e-6},
		{"orders in 39 weeks, all customers", exact.SumFunc(len(customers), func(i int) float64 {
			return m.Expected(customers[i], 39)
		}), 1653.42, 0.005},
	})
	// At the printed parameters nothing but the formulas is left to differ.
	m = BGNBD{0.243, 4.414, 0.793, 2.426}
	check(t, []figure{
		{"orders (printed parameters)", m.Expected(example, 39), 1.226, 5e-4},
		{"alive (printed parameters)", m.Alive(example), 0.7266, 1e-4},
	})
	if rep.Customers != 2357 || rep.Sample != 2357 || rep.RepeatBuyers == 0 || rep.AtBound != nil {
		t.Errorf("%+v", rep)
	}
}

// The published estimates for CDNOW, from Fader and Hardie's note.
func TestReferenceGammaGamma(t *testing.T) {
	g, rep, err := FitGammaGamma(t.Context(), cdnowSpends(t), Config{})
	if err != nil || !rep.Usable() || !rep.Converged {
		t.Fatal(rep, err)
	}
	t.Logf("%+v", rep)
	check(t, []figure{
		{"p", g.P, 6.25, 0.0625},
		{"q", g.Q, 3.74, 0.0374},
		{"v", g.V, 15.44, 0.1544},
		{"log-likelihood", rep.LogLikelihood, -4055.92, 0.005},
		{"population mean", g.PopulationMean(), 35.170, 0.002},
	})
	check(t, []figure{{"population mean (printed parameters)", GammaGamma{6.25, 3.74, 15.44}.PopulationMean(), 35.2, 0.1}})
}
