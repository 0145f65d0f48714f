package lifetime

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

const precision = 600

func wide(x float64) *big.Float { return new(big.Float).SetPrec(precision).SetFloat64(x) }

// hypergeometric sums Gauss's series 2F1(a, b; c; z) term by term in 600 bits.
func hypergeometric(a, b, c, z *big.Float) *big.Float {
	one, n := wide(1), wide(0)
	term, sum := wide(1), wide(1)
	num := func(x *big.Float) *big.Float { return new(big.Float).SetPrec(precision).Add(x, n) }
	for {
		term.Mul(term, num(a))
		term.Mul(term, num(b))
		term.Mul(term, z)
		term.Quo(term, num(c))
		n.Add(n, one)
		term.Quo(term, n)
		sum.Add(sum, term)
		// |z| < 1 and the ratio of the terms tends to it; 500 bits below the sum nothing matters.
		if term.Sign() == 0 || term.MantExp(nil) < sum.MantExp(nil)-500 && n.Cmp(a) > 0 {
			return sum
		}
	}
}

// paper is the published closed form of the orders expected if alive, in 600 bits: rx = r + x, bx = b + x, y = t/(alpha+T). The
// power (1-z)^rx is one over the binomial series 2F1(rx, 1; 1; z).
func paper(rx, a, bx, y float64) float64 {
	op := func() *big.Float { return new(big.Float).SetPrec(precision) }
	one := wide(1)
	z := op().Quo(wide(y), op().Add(one, wide(y)))
	c := op().Sub(op().Add(wide(a), wide(bx)), one)
	ratio := op().Quo(hypergeometric(wide(rx), wide(bx), c, z), hypergeometric(wide(rx), one, one, z))
	e := op().Mul(op().Quo(c, op().Sub(wide(a), one)), op().Sub(one, ratio))
	f, _ := e.Float64()
	return f
}

// spread returns a number of any magnitude between lo and hi.
func spread(r *rand.Rand, lo, hi float64) float64 { return lo * math.Pow(hi/lo, r.Float64()) }

// The sum and the integral equal the closed form with Gauss's function: rounding aside, at any parameters and any number of
// orders. A sum of N terms of two or three roundings each has an error below N 2^-52.
func TestOrdersAgainstTheClosedForm(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var worstSum, worstIntegral float64
	for i := range 300 {
		x := math.Floor(spread(r, 1, 30)) - 1
		y := spread(r, 1e-6, 30)
		if i%10 == 0 {
			x, y = math.Floor(spread(r, 500, 20_000)), spread(r, 1e-3, 0.5)
		}
		rx, a, bx := x+spread(r, 0.02, 20), spread(r, 0.02, 20), x+spread(r, 0.02, 20)
		if i%7 == 0 {
			a = 1 + spread(r, 1e-12, 1e-3) // near the pole of the closed form
		}
		want := paper(rx, a, bx, y)
		sum, integral := staySeries(rx, a, bx, y), stayIntegral(rx, a, bx, y)
		es, ei := math.Abs(sum/want-1), math.Abs(integral/want-1)
		worstSum, worstIntegral = math.Max(worstSum, es), math.Max(worstIntegral, ei)
		if !(es < (100+rx*y)*0x1p-52) || !(ei < 1e-11) {
			t.Errorf("rx=%v a=%v bx=%v y=%v: sum %v, integral %v, closed form %v", rx, a, bx, y, sum, integral, want)
		}
	}
	t.Logf("worst relative error: sum %.1e, integral %.1e", worstSum, worstIntegral)
}

// Where only one of them is used, the integral still equals the sum.
func TestIntegralAgainstSum(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	var worst float64
	for range 60 {
		x := math.Floor(spread(r, 1, 1000)) - 1
		rx, a, bx, y := x+spread(r, 1e-3, 1e3), spread(r, 1e-3, 1e4), x+spread(r, 1e-3, 1e4), spread(r, 1e-9, 3e3)
		sum, integral := staySeries(rx, a, bx, y), stayIntegral(rx, a, bx, y)
		e := math.Abs(integral/sum - 1)
		worst = math.Max(worst, e)
		if !(e < 1e-10) {
			t.Errorf("rx=%v a=%v bx=%v y=%v: sum %v, integral %v", rx, a, bx, y, sum, integral)
		}
	}
	t.Logf("worst relative difference %.1e", worst)
}

// holds tells what is wrong with the figures of a customer, or nothing.
func holds(m BGNBD, h History, weeks float64) string {
	alive := m.Alive(h)
	if !(alive >= 0 && alive <= 1) {
		return "alive is not within 0 and 1"
	}
	if h.Repeats == 0 && alive != 1 {
		return "without repeats a customer is alive"
	}
	// Silence can only lower the probability; more of it can only lower it further.
	if later := m.Alive(History{h.Repeats, h.ActiveSpan, h.Age*1.5 + 1}); !(later <= alive*(1+1e-9)+0x1p-1000) {
		return "silence makes alive"
	}
	least := 0.0
	for _, part := range []float64{0, 0.1, 0.5, 1, 2} {
		e := m.Expected(h, part*weeks)
		if !(e >= least*(1-1e-9)-0x1p-1000) || math.IsInf(e, 0) {
			return "expected orders do not grow with the weeks"
		}
		if most := alive * (m.R + float64(h.Repeats)) / (m.Alpha + h.Age) * part * weeks; !(e <= most*(1+1e-9)+0x1p-1000) { // subnormal numbers round coarsely
			return "more orders than of a customer who stays"
		}
		least = e
	}
	if p := m.PopulationExpected(weeks); !(p >= 0) || math.IsInf(p, 0) {
		return "the population's orders are no number"
	}
	if d := m.Discounted(h, weeks, 0.1); !(d >= 0 && d <= m.Expected(h, weeks)*(1+1e-9)+0x1p-1000) {
		return "discounted orders are more"
	}
	return ""
}

func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		positive := func(name string, lo, hi float64) float64 {
			return math.Exp(rapid.Float64Range(math.Log(lo), math.Log(hi)).Draw(t, name))
		}
		m := BGNBD{positive("r", 1e-3, 1e4), positive("alpha", 1e-3, 1e6), positive("a", 1e-3, 1e4), positive("b", 1e-3, 1e4)}
		h := History{Repeats: rapid.OneOf(rapid.IntRange(0, 5), rapid.IntRange(0, 20_000)).Draw(t, "x"), Age: positive("T", 1e-3, 2000)}
		if h.Repeats > 0 {
			h.ActiveSpan = h.Age * rapid.Float64Range(0, 1).Draw(t, "t_x/T")
		}
		if wrong := holds(m, h, positive("weeks", 1e-3, 1000)); wrong != "" {
			t.Fatalf("%s: %+v %+v", wrong, m, h)
		}
	})
}

func FuzzFigures(f *testing.F) {
	f.Add(0.243, 4.414, 0.793, 2.426, 2, 30.43, 38.86, 39.0)
	f.Add(1.0, 1e-3, 1.0, 1.0, 0, 0.0, 0.0, 520.0)
	f.Add(5.0, 3.0, 0.01, 2.0, 30_000, 90.0, 100.0, 52.0)
	f.Add(1e4, 1e6, 1e4, 1e4, 1, 0.0, 1000.0, 1.0)
	f.Fuzz(func(t *testing.T, r, alpha, a, b float64, x int, span, age, weeks float64) {
		within := func(v, lo, hi float64) bool { return v >= lo && v <= hi }
		h := History{x, span, age}
		if !within(r, 1e-3, 1e4) || !within(alpha, 1e-3, 1e6) || !within(a, 1e-3, 1e4) || !within(b, 1e-3, 1e4) ||
			!h.valid() || x > 50_000 || age > 5000 || !within(weeks, 1e-6, 1000) {
			t.Skip()
		}
		if wrong := holds(BGNBD{r, alpha, a, b}, h, weeks); wrong != "" {
			t.Error(wrong)
		}
	})
}

// Gauss's rule against Simpson's with 2,000 intervals on the same integral, for customers of all sorts: the last model's orders
// come within days or never.
func TestDiscounted(t *testing.T) {
	worst := map[float64]float64{}
	for _, m := range []BGNBD{{0.243, 4.414, 0.793, 2.426}, {2, 10, 0.1, 1}, {0.5, 0.5, 3, 1}, {10, 20, 0.01, 1}, {2.7, 0.4, 50, 2.7}} {
		for _, h := range []History{{}, {Age: 40}, {2, 30.43, 38.86}, {40, 99, 100}, {1, 1, 2}, {46, 0.001, 0.001}} {
			for _, weeks := range []float64{4, 52, 520} {
				limit := 5e-4
				if weeks > 52 {
					limit = 5e-3
				}
				for _, rate := range []float64{0.02, 0.1, 0.3} {
					d := math.Log1p(rate) / weeksPerYear
					const n = 2000
					want := math.Exp(-d*weeks) * m.Expected(h, weeks)
					for i := range n + 1 {
						c := 2 + 2*float64(i%2)
						if i == 0 || i == n {
							c = 1
						}
						w := float64(i) / n
						s := weeks * w * w * w
						want += d * weeks * c / (3 * n) * 3 * w * w * math.Exp(-d*s) * m.Expected(h, s)
					}
					e := math.Abs(m.Discounted(h, weeks, rate)/want - 1)
					if worst[weeks] = math.Max(worst[weeks], e); !(e < limit) {
						t.Errorf("%v %v %v weeks, rate %v: off by %g", m, h, weeks, rate, e)
					}
				}
			}
		}
	}
	t.Logf("worst relative error by weeks: %.1e", worst)
	m := BGNBD{0.243, 4.414, 0.793, 2.426}
	if h := (History{2, 30.43, 38.86}); m.Discounted(h, 39, 0) != m.Expected(h, 39) {
		t.Error("no discount changes the orders")
	}
}

var sinkOrders float64

// BenchmarkExpected is the time of one customer.
func BenchmarkExpected(b *testing.B) {
	m := BGNBD{0.243, 4.414, 0.793, 2.426}
	for _, c := range []struct {
		name string
		h    History
	}{{"orders=2", History{2, 30.43, 38.86}}, {"orders=50", History{50, 90, 100}}, {"orders=5000", History{5000, 99, 100}}, {"age=0", History{}}} {
		b.Run(c.name, func(b *testing.B) {
			for range b.N {
				sinkOrders = m.Expected(c.h, 52)
			}
		})
	}
}

// BenchmarkLongest is the time of both methods where one takes over from the other.
func BenchmarkLongest(b *testing.B) {
	b.Run("series", func(b *testing.B) {
		for range b.N {
			sinkOrders = staySeries(0.5, 0.8, 2.4, longestSeries/40)
		}
	})
	b.Run("integral", func(b *testing.B) {
		for range b.N {
			sinkOrders = stayIntegral(0.5, 0.8, 2.4, longestSeries/40)
		}
	})
}

// BenchmarkDiscounted is the time of one customer's discounted orders.
func BenchmarkDiscounted(b *testing.B) {
	m := BGNBD{0.243, 4.414, 0.793, 2.426}
	for range b.N {
		sinkOrders = m.Discounted(History{2, 30.43, 38.86}, 52, 0.1)
	}
}
