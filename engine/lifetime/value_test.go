package lifetime

import (
	"math"
	"testing"
)

func TestValue(t *testing.T) {
	m, g := BGNBD{0.243, 4.414, 0.793, 2.426}, GammaGamma{6.25, 3.74, 15.44}
	h, s := History{2, 30.43, 38.86}, Spend{2, 22.35}
	orders, amount := m.Expected(h, 52), g.Mean(s)
	for _, c := range []struct {
		name string
		of   Horizon
		want float64
	}{
		{"a year's revenue", Horizon{}, orders * amount},
		{"margin", Horizon{MarginRate: 0.3}, orders * amount * 0.3},
		{"half a year", Horizon{Weeks: 26}, m.Expected(h, 26) * amount},
		{"discounted", Horizon{YearlyRate: 0.1}, m.Discounted(h, 52, 0.1) * amount},
	} {
		if got := Value(m, g, h, s, c.of); math.Abs(got/c.want-1) > 1e-14 {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	// Orders of a year come half a year from now on the mean, somewhat earlier as customers leave.
	if r := Value(m, g, h, s, Horizon{YearlyRate: 0.1}) / Value(m, g, h, s, Horizon{}); r < 1/math.Sqrt(1.1) || r > 0.97 {
		t.Errorf("10 %% a year leave %v", r)
	}
	if v := Value(m, GammaGamma{2, 0.9, 10}, History{}, Spend{}, Horizon{}); v == v {
		t.Errorf("without a mean the value is %v", v)
	}
}

func TestMean(t *testing.T) {
	g := GammaGamma{6.25, 3.74, 15.44}
	population := g.PopulationMean()
	last := population
	for _, x := range []int{0, 1, 2, 5, 50, 1000, MaxRepeats} {
		// The weight of the customer's own mean grows from 0 to 1.
		if got := g.Mean(Spend{x, 100}); !(got >= last && got <= 100) {
			t.Errorf("%d repeats: %v after %v", x, got, last)
		} else {
			last = got
		}
		if got := g.Mean(Spend{x, population}); math.Abs(got/population-1) > 1e-14 {
			t.Errorf("%d repeats with the population's mean: %v", x, got)
		}
	}
	if math.Abs(last-100) > 1e-3 {
		t.Errorf("with many repeats the mean is %v, not the customer's own", last)
	}
	for _, c := range []struct {
		g GammaGamma
		s Spend
	}{{GammaGamma{2, 1, 5}, Spend{}}, {GammaGamma{0.2, 0.5, 5}, Spend{2, 10}}, {g, Spend{3, 0}}, {g, Spend{3, -2}}} {
		if m := c.g.Mean(c.s); m == m {
			t.Errorf("%+v of %+v: %v, want NaN", c.s, c.g, m)
		}
	}
	if m := (GammaGamma{2, 0.5, 5}).Mean(Spend{3, 10}); !(m > 0) {
		t.Errorf("a customer's own mean is defined though the population's is not: %v", m)
	}
}

func TestOverdue(t *testing.T) {
	for _, c := range []struct {
		recency, span float64
		repeats       int
		want          float64
	}{{30, 90, 3, 1}, {0, 90, 3, 0}, {90, 90, 3, 3}, {5, 365, 365, 5}, {10, 0, 0, math.NaN()}, {10, 0, 2, math.NaN()}} {
		if got := Overdue(c.recency, c.span, c.repeats); got != c.want && !(got != got && c.want != c.want) {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
