package wallet

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"segovia/engine/internal/exact"
	"segovia/kernels/problem"
	"segovia/kernels/rng"
)

// meanLoss is what FitDemand minimises, row by row.
func meanLoss(y []float64, x [][]float64, beta []float64, tau float64) float64 {
	var sum float64
	for i := range y {
		fit := 0.
		for j := range beta {
			fit += beta[j] * x[j][i]
		}
		sum += pinball(y[i], fit, tau)
	}
	return sum / float64(len(y))
}

// bestVertex is the least mean loss by enumeration: a linear program has an optimal vertex, and here a vertex is a set of
// columns, all other coefficients being 0, and as many rows that are met exactly.
func bestVertex(y []float64, x [][]float64, tau float64) float64 {
	m, best := len(x), meanLoss(y, x, make([]float64, len(x)), tau)
	for set := 1; set < 1<<m; set++ {
		var columns []int
		for j := range m {
			if set>>j&1 != 0 {
				columns = append(columns, j)
			}
		}
		subsets(len(y), len(columns), func(rows []int) {
			sub, ok := solveSquare(columns, rows, x, y)
			if !ok {
				return
			}
			beta := make([]float64, m)
			for k, j := range columns {
				if sub[k] < 0 {
					return
				}
				beta[j] = sub[k]
			}
			best = min(best, meanLoss(y, x, beta, tau))
		})
	}
	return best
}

// subsets calls f with every set of k of the numbers below n.
func subsets(n, k int, f func([]int)) {
	var grow func(set []int, from int)
	grow = func(set []int, from int) {
		if len(set) == k {
			f(set)
			return
		}
		for i := from; i < n; i++ {
			grow(append(set, i), i+1)
		}
	}
	grow(nil, 0)
}

// solveSquare solves the rows for the columns by elimination with the largest pivot.
func solveSquare(columns, rows []int, x [][]float64, y []float64) ([]float64, bool) {
	k := len(rows)
	a := make([][]float64, k)
	for r, i := range rows {
		for _, j := range columns {
			a[r] = append(a[r], x[j][i])
		}
		a[r] = append(a[r], y[i])
	}
	for c := range k {
		p := c
		for r := c; r < k; r++ {
			if math.Abs(a[r][c]) > math.Abs(a[p][c]) {
				p = r
			}
		}
		if math.Abs(a[p][c]) < 1e-9 {
			return nil, false
		}
		a[c], a[p] = a[p], a[c]
		for r := range k {
			if r != c {
				f := a[r][c] / a[c][c]
				for l := c; l <= k; l++ {
					a[r][l] -= f * a[c][l]
				}
			}
		}
	}
	sub := make([]float64, k)
	for c := range k {
		sub[c] = a[c][k] / a[c][c]
	}
	return sub, true
}

func unitNames(m int) []string {
	names := make([]string, m)
	for j := range names {
		names[j] = fmt.Sprintf("type %d", j)
	}
	return names
}

// TestDemandAgainstEnumeration compares the loss with that of the best vertex, on counts (many ties, zeros, equal rows) and
// on continuous values, some negative.
func TestDemandAgainstEnumeration(t *testing.T) {
	for c := range 120 {
		s := rng.New(uint64(c), "tiny demand", 0, 0)
		n, m := 3+int(s.Below(8, 0, 0)), 1+int(s.Below(3, 0, 1))
		tau := []float64{.5, .75, .9}[c%3]
		x, y := make([][]float64, m), make([]float64, n)
		for j := range x {
			x[j] = make([]float64, n)
			for i := range x[j] {
				if x[j][i] = float64(s.Below(4, uint64(2+j), uint64(i))); c%2 == 1 {
					x[j][i] = exact.Normal(s, uint64(2+j), uint64(i)) + 1
				}
			}
		}
		for i := range y {
			y[i] = math.Round(10 * exact.Normal(s, 1, uint64(i)))
			for j := range x {
				y[i] += float64(4*j+2) * x[j][i]
			}
		}
		d, err := FitDemand(context.Background(), y, x, unitNames(m), DemandConfig{Quantile: tau})
		if err != nil {
			t.Fatal(err)
		}
		if d.Reason != "" {
			continue // rows of zeros only
		}
		for _, b := range d.Coefficient {
			if !(b >= 0) {
				t.Fatalf("case %d: coefficients %v", c, d.Coefficient)
			}
		}
		// Rows of zeros count in meanLoss and not in FitDemand, whatever the coefficients.
		want, got := bestVertex(y, x, tau), meanLoss(y, x, d.Coefficient, tau)
		if !d.Converged || got-want > 1e-6*max(want, 1) {
			t.Errorf("case %d (%d rows, %d columns, %v): loss %.9g, the best vertex has %.9g; converged %v after %d",
				c, n, m, d.Without, got, want, d.Converged, d.Iterations)
		}
		if d.LeftOut == 0 && (math.Abs(d.Loss-got) > 1e-9*max(got, 1) || d.Bound > want+1e-9*max(want, 1)) {
			t.Errorf("case %d: says loss %.12g and bound %.12g, they are %.12g and %.12g", c, d.Loss, d.Bound, got, want)
		}
	}
}

// fleet is customers with devices of m types whose consumption a year is operations times a demand per operation; the best
// served ones buy nearly all of it here.
func fleet(n, m int, seed uint64) (y []float64, x [][]float64, truth []float64) {
	s := rng.New(seed, "fleet", 0, 0)
	x, y = make([][]float64, m), make([]float64, n)
	for j := range m {
		x[j] = make([]float64, n)
		truth = append(truth, .5+.25*float64(j))
	}
	for i := range n {
		at := uint64(i)
		for range 1 + s.Below(4, 0, at) {
			j := s.Below(uint64(m), 1, at*8+s.Below(8, 2, at))
			x[j][i] += math.Round(1000 * exact.Exp(.7*exact.Normal(s, 3, at)))
		}
		var need float64
		for j := range m {
			need += truth[j] * x[j][i]
		}
		y[i] = math.Round(100*need*(1-.2*s.Float64(4, at))) / 100
	}
	return y, x, truth
}

func TestDemandRecoversUnits(t *testing.T) {
	y, x, truth := fleet(20_000, 12, 1)
	d, err := FitDemand(context.Background(), y, x, unitNames(12), DemandConfig{})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("loss %.6g, bound %.6g, coverage %.4f, %d iterations", d.Loss, d.Bound, d.Coverage, d.Iterations)
	if !d.Converged || math.Abs(d.Coverage-.9) > .002 || d.Rows != 20_000 {
		t.Errorf("%+v", d)
	}
	for j, b := range d.Coefficient {
		// The 0.9-quantile of 1 - 0.2 u is 0.98. Each type has thousands of rows: the estimate is within 1 % of it.
		if math.Abs(b/(.98*truth[j])-1) > .01 {
			t.Errorf("type %d: %.4f per operation, want %.4f", j, b, .98*truth[j])
		}
	}
}

func TestDemandNamesColumnsWithout(t *testing.T) {
	y, x, _ := fleet(500, 4, 2)
	zero, sum := make([]float64, 500), make([]float64, 500)
	for i := range sum {
		sum[i] = 2*x[0][i] + x[2][i]
	}
	x = [][]float64{x[0], zero, x[1], x[2], sum, x[3]}
	y[7], x[0][9] = math.NaN(), math.Inf(1)
	d, err := FitDemand(context.Background(), y, x, []string{"a", "zero", "b", "c", "sum", "d"}, DemandConfig{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Unused{{"zero", "it is 0 in all rows"}, {"sum", "it is a combination of the columns before it"}}
	if !slices.Equal(d.Without, want) || d.Coefficient[1] != 0 || d.Coefficient[4] != 0 || d.LeftOut != 2 || !d.Converged {
		t.Errorf("%+v", d)
	}
}

func TestDemandEdges(t *testing.T) {
	ctx := context.Background()
	zeros := make([]float64, 30)
	ones := slices.Repeat([]float64{1}, 30)
	for name, c := range map[string]struct {
		y      []float64
		x      [][]float64
		reason string
		want   []float64
	}{
		"no rows":          {nil, [][]float64{nil}, "no row has units", []float64{0}},
		"no columns":       {zeros, nil, "no row has units", nil},
		"nothing used":     {ones, [][]float64{zeros}, "no row has units", []float64{0}},
		"no demand":        {zeros, [][]float64{ones}, "", []float64{0}},
		"negative demand":  {slices.Repeat([]float64{-3}, 30), [][]float64{ones}, "", []float64{0}},
		"one value":        {slices.Repeat([]float64{7}, 30), [][]float64{ones}, "", []float64{7}},
		"one row":          {[]float64{6}, [][]float64{{2}}, "", []float64{3}},
		"far apart scales": {[]float64{1e12, 2e12, 3e12}, [][]float64{{1e-6, 2e-6, 3e-6}}, "", []float64{1e18}},
	} {
		d, err := FitDemand(ctx, c.y, c.x, unitNames(len(c.x)), DemandConfig{})
		if err != nil {
			t.Fatal(name, err)
		}
		for j, b := range d.Coefficient {
			if math.Abs(b-c.want[j]) > 1e-6*max(1, c.want[j]) {
				t.Errorf("%s: %v, want %v", name, d.Coefficient, c.want)
			}
		}
		if d.Reason != c.reason || d.Converged != (c.reason == "") {
			t.Errorf("%s: reason %q, want %q; converged %v after %d", name, d.Reason, c.reason, d.Converged, d.Iterations)
		}
	}
	d, err := FitDemand(ctx, []float64{5, 5, 8, 11}, [][]float64{{0, 0, 1, 2}}, []string{"a"}, DemandConfig{Quantile: .5, Intercept: true})
	if err != nil || math.Abs(d.Intercept-5) > 1e-5 || math.Abs(d.Coefficient[0]-3) > 1e-5 {
		t.Errorf("%+v, %v: want 5 + 3 x", d, err)
	}
	for name, c := range map[string]struct {
		x   [][]float64
		cfg DemandConfig
		id  string
	}{
		"quantile": {[][]float64{ones}, DemandConfig{Quantile: 1}, "SEG-CFG-008"},
		"rows":     {[][]float64{ones}, DemandConfig{MaxRows: -1}, "SEG-CFG-008"},
		"length":   {[][]float64{ones[1:]}, DemandConfig{}, "SEG-BUG-001"},
		"columns":  {slices.Repeat([][]float64{ones}, maxUnits+1), DemandConfig{}, "SEG-BUG-001"},
	} {
		if _, err := FitDemand(ctx, zeros, c.x, unitNames(len(c.x)), c.cfg); !errors.Is(err, &problem.Problem{ID: c.id}) {
			t.Errorf("%s: %v, want %s", name, err, c.id)
		}
	}
}

// The bits do not depend on the threads, and a change of units only changes units.
func TestDemandInvariance(t *testing.T) {
	y, x, _ := fleet(30_000, 6, 3)
	var first *Demand
	for _, threads := range []int{1, 2, 3, 7} {
		d, err := FitDemand(context.Background(), y, x, unitNames(6), DemandConfig{MaxRows: 20_000, Threads: threads})
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = d
		}
		if d.Loss != first.Loss || !slices.Equal(d.Coefficient, first.Coefficient) || d.Rows != 20_000 {
			t.Errorf("%d threads: %+v, want %+v", threads, d, first)
		}
	}
	for i := range y {
		y[i] *= 1024
		x[2][i] *= 64
	}
	d, err := FitDemand(context.Background(), y, x, unitNames(6), DemandConfig{MaxRows: 20_000})
	if err != nil {
		t.Fatal(err)
	}
	for j, b := range d.Coefficient {
		want := first.Coefficient[j] * 1024
		if j == 2 {
			want /= 64
		}
		if b != want {
			t.Errorf("coefficient %d is %g in other units, want %g", j, b, want)
		}
	}
}

func BenchmarkFitDemand(b *testing.B) {
	for _, n := range []int{10_000, 200_000} {
		for _, m := range []int{10, 100} {
			y, x, _ := fleet(n, m, 1)
			b.Run(fmt.Sprintf("rows=%d/columns=%d", n, m), func(b *testing.B) {
				for b.Loop() {
					d, err := FitDemand(context.Background(), y, x, unitNames(m), DemandConfig{})
					if err != nil || !d.Converged {
						b.Fatal(err, d)
					}
					b.ReportMetric(float64(d.Iterations), "iterations")
				}
			})
		}
	}
}
