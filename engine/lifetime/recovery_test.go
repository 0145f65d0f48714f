package lifetime

import (
	"math"
	"slices"
	"testing"
	"time"
)

// standardErrors returns those of the logarithms of the parameters: the roots of the diagonal of the inverse of the observed
// information, which is the derivative of the gradient, by differences.
func standardErrors(f logLikelihood, at []float64, customers int) []float64 {
	n := len(at)
	matrix := make([][]float64, n) // information | identity
	up, down := make([]float64, n), make([]float64, n)
	for i := range n {
		const h = 1e-4
		to := slices.Clone(at)
		to[i] += h
		_, _ = f(to, up)
		to[i] -= 2 * h
		_, _ = f(to, down)
		matrix[i] = make([]float64, 2*n)
		for j := range n {
			matrix[i][j] = -(up[j] - down[j]) / (2 * h) * float64(customers)
		}
		matrix[i][n+i] = 1
	}
	for i := range n { // Gauss and Jordan; the information is positive definite
		for j := range n {
			if j == i {
				continue
			}
			factor := matrix[j][i] / matrix[i][i]
			for k := range 2 * n {
				matrix[j][k] -= factor * matrix[i][k]
			}
		}
	}
	se := make([]float64, n)
	for i := range n {
		se[i] = math.Sqrt(matrix[i][n+i] / matrix[i][i])
	}
	return se
}

// Simulated customers give back the parameters within four standard errors, and the orders that follow within four of the
// simulation's. (Of 26 independent figures, one in 600 such tests would fail by chance; the simulation is fixed.)
func TestRecovery(t *testing.T) {
	for _, m := range []BGNBD{{0.243, 4.414, 0.793, 2.426}, {1, 8, 0.3, 3}, {3, 6, 1.5, 20}, {0.6, 3, 2, 6}} {
		const n = 20_000
		customers := m.simulate(n, 150, 52, 11)
		given := histories(customers, false)
		got, rep, err := FitBGNBD(t.Context(), given, Config{})
		if err != nil || !rep.Usable() || rep.AtBound != nil {
			t.Fatalf("%+v %v", rep, err)
		}
		found, truth := logs(got.R, got.Alpha, got.A, got.B), logs(m.R, m.Alpha, m.A, m.B)
		se := standardErrors(newBGNBDLikelihood(t.Context(), mergeHistories(given), 0), found, n)
		for i := range found {
			if z := (found[i] - truth[i]) / se[i]; !(math.Abs(z) < 4) {
				t.Errorf("%v: parameter %d off by %.1f standard errors", m, i, z)
			}
		}
		var expected, happened, squares, alive, returned float64
		for _, c := range customers {
			e := got.Expected(c.History, 52)
			expected += e
			happened += float64(c.future)
			squares += (float64(c.future) - e) * (float64(c.future) - e)
			if c.future > 0 {
				returned++
			}
			alive += got.Alive(c.History)
		}
		if z := (happened - expected) / math.Sqrt(squares); !(math.Abs(z) < 4) || returned > alive {
			t.Errorf("%v: %v orders followed, %v expected, %.1f standard errors; %v came back of %v alive", m, happened, expected, z, returned, alive)
		}
		t.Logf("%v found as %.4v in %d iterations; orders %.0f, expected %.0f +- %.0f", m, got, rep.Iterations, happened, expected, math.Sqrt(squares))
	}
	for _, g := range []GammaGamma{{6.25, 3.74, 15.44}, {0.8, 2.5, 400}, {30, 1.2, 3}} {
		given := make([]int, 20_000)
		for i := range given {
			given[i] = 1 + i%7*i%3
		}
		spends := g.simulate(given, 12)
		got, rep, err := FitGammaGamma(t.Context(), spends, Config{})
		if err != nil || !rep.Usable() || rep.AtBound != nil {
			t.Fatalf("%+v %v", rep, err)
		}
		found, truth := logs(got.P, got.Q, got.V), logs(g.P, g.Q, g.V)
		se := standardErrors(newGammaGammaLikelihood(t.Context(), mergeSpends(spends), 0), found, len(spends))
		for i := range found {
			if z := (found[i] - truth[i]) / se[i]; !(math.Abs(z) < 4) {
				t.Errorf("%v: parameter %d off by %.1f standard errors", g, i, z)
			}
		}
		t.Logf("%v found as %.4v in %d iterations, standard errors of the logarithms %.3f", g, got, rep.Iterations, se)
	}
}

// At the limits of the model the parameters run to the end of their range, the report says so, and the figures are those of
// the limit.
func TestLimits(t *testing.T) {
	// Nobody leaves: the negative binomial model, in which (r+x)/(alpha+T) orders come a week.
	stay := BGNBD{2, 10, 0, 1}
	customers := histories(stay.simulate(5000, 100, 0, 3), false)
	m, rep, err := FitBGNBD(t.Context(), customers, Config{})
	if err != nil || !rep.Usable() {
		t.Fatalf("%+v %v", rep, err)
	}
	var got, want float64
	for _, h := range customers {
		got += m.Expected(h, 52)
		want += (stay.R + float64(h.Repeats)) / (stay.Alpha + h.Age) * 52
	}
	t.Logf("nobody leaves: %+v, at bound %v, %d iterations: orders %.4f of the truth", m, rep.AtBound, rep.Iterations, got/want)
	if math.Abs(got/want-1) > 0.02 {
		t.Errorf("nobody leaves: %v orders, want %v", got, want)
	}
	// All alike: the rate is 0.2 a week, one in ten leaves after an order.
	alike := BGNBD{1e6, 5e6, 1e6, 9e6}
	customers = histories(alike.simulate(5000, 100, 0, 4), false)
	m, rep, err = FitBGNBD(t.Context(), customers, Config{})
	if err != nil || !rep.Usable() {
		t.Fatalf("%+v %v", rep, err)
	}
	p := m.PopulationExpected(52)
	exactly := (1 - math.Exp(-0.2*0.1*52)) / 0.1
	t.Logf("all alike: %+v, at bound %v, %d iterations: %.4f orders, want %.4f", m, rep.AtBound, rep.Iterations, p, exactly)
	if math.Abs(p/exactly-1) > 0.03 {
		t.Errorf("all alike: %v orders, want %v", p, exactly)
	}
	// All spend the same.
	g, rep, err := FitGammaGamma(t.Context(), slices.Repeat([]Spend{{1, 30}, {4, 30}}, 100), Config{})
	if err != nil || !rep.Usable() || rep.AtBound == nil {
		t.Fatalf("%+v %+v %v", g, rep, err)
	}
	t.Logf("equal spends: %+v, at bound %v, %d iterations: mean %v", g, rep.AtBound, rep.Iterations, g.PopulationMean())
	if mean := g.PopulationMean(); math.Abs(mean/30-1) > 1e-3 {
		t.Errorf("equal spends: mean %v", mean)
	}
}

// How good fits of few repeat buyers are: the relative error of the orders expected of all customers in a year against
// those that the true model expects of them, over simulated companies with the given number of repeat buyers.
func TestFewRepeatBuyers(t *testing.T) {
	for _, buyers := range []int{20, MinRepeatBuyers, 100, 400} {
		var errors []float64
		var failed, bound int
		for company := range uint64(60) {
			truth := []BGNBD{{0.243, 4.414, 0.793, 2.426}, {1, 8, 0.3, 3}, {0.6, 10, 0.5, 4}}[company%3]
			var customers []History
			for _, h := range histories(truth.simulate(10*buyers, 150, 0, 100+company), true) {
				if customers = append(customers, h); h.Repeats > 0 {
					buyers--
				}
				if buyers == 0 {
					break
				}
			}
			for _, h := range customers {
				if h.Repeats > 0 {
					buyers++
				}
			}
			w := mergeHistories(customers)
			m, rep, err := fitHistories(t.Context(), w, Config{}, Report{})
			if err != nil {
				t.Fatal(err)
			}
			if !rep.Usable() {
				failed++
				continue
			}
			if rep.AtBound != nil {
				bound++
			}
			var got, want float64
			for _, h := range customers {
				got += m.Expected(h, 52)
				want += truth.Expected(h, 52)
			}
			errors = append(errors, math.Abs(got/want-1))
		}
		slices.Sort(errors)
		median := errors[len(errors)/2]
		t.Logf("%3d repeat buyers: error of the orders in the median %.0f %%, in nine of ten below %.0f %%; %d of 60 at a bound, %d failed",
			buyers, 100*median, 100*errors[len(errors)*9/10], bound, failed)
		if buyers >= MinRepeatBuyers && (failed > 0 || median > 2/math.Sqrt(float64(buyers))) {
			t.Errorf("%d repeat buyers: %d failed, median error %v", buyers, failed, median)
		}
	}
}

// TestMillion is a fit of a million customers with a sample, whose parameters agree with the truth as a sample allows.
func TestMillion(t *testing.T) {
	if testing.Short() {
		t.Skip("a million customers")
	}
	truth := BGNBD{0.6, 8, 0.5, 4}
	given := histories(truth.simulate(1_000_000, 300, 0, 9), true)
	begin := time.Now()
	m, rep, err := FitBGNBD(t.Context(), given, Config{})
	if err != nil || !rep.Usable() || rep.Sample != DefaultSample {
		t.Fatalf("%+v %v", rep, err)
	}
	t.Logf("%+v %+v in %v", m, rep, time.Since(begin).Round(time.Millisecond))
	for _, pair := range [][2]float64{{m.R, truth.R}, {m.Alpha, truth.Alpha}, {m.A, truth.A}, {m.B, truth.B}} {
		if !(math.Abs(pair[0]/pair[1]-1) < 0.05) {
			t.Errorf("%+v of %+v", m, truth)
		}
	}
}
