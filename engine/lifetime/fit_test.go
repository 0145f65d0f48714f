package lifetime

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"segovia/kernels/problem"
)

// lgamma is the standard library's, for the slow likelihoods.
func lgamma(x float64) float64 { v, _ := math.Lgamma(x); return v }

// slow is the likelihood of BG/NBD as the paper writes it, customer by customer.
func (m BGNBD) slow(customers []History) float64 {
	var sum float64
	for _, h := range customers {
		x := float64(h.Repeats)
		a1 := lgamma(m.R+x) - lgamma(m.R) + m.R*math.Log(m.Alpha)
		a2 := lgamma(m.A+m.B) + lgamma(m.B+x) - lgamma(m.B) - lgamma(m.A+m.B+x)
		a3 := -(m.R + x) * math.Log(m.Alpha+h.Age)
		if x == 0 {
			sum += a1 + a2 + a3
			continue
		}
		a4 := math.Log(m.A) - math.Log(m.B+x-1) - (m.R+x)*math.Log(m.Alpha+h.ActiveSpan)
		top := math.Max(a3, a4)
		sum += a1 + a2 + top + math.Log(math.Exp(a3-top)+math.Exp(a4-top))
	}
	return sum
}

// slow is the likelihood of Gamma-Gamma as the note writes it.
func (g GammaGamma) slow(customers []Spend) float64 {
	var sum float64
	for _, s := range customers {
		x := float64(s.Repeats)
		sum += lgamma(g.P*x+g.Q) - lgamma(g.P*x) - lgamma(g.Q) + g.Q*math.Log(g.V) + (g.P*x-1)*math.Log(s.Mean) +
			g.P*x*math.Log(x) - (g.P*x+g.Q)*math.Log(x*s.Mean+g.V)
	}
	return sum
}

func mergeHistories(customers []History) weighted[History] {
	return merge(slices.Clone(customers), func(a, b History) int {
		return compare(a.Repeats, b.Repeats, a.ActiveSpan, b.ActiveSpan, a.Age, b.Age)
	})
}

func mergeSpends(customers []Spend) weighted[Spend] {
	return merge(slices.Clone(customers), func(a, b Spend) int { return compare(a.Repeats, b.Repeats, a.Mean, b.Mean) })
}

// busy are customers with few and with many orders, rounded to days so that some are equal.
func busy(n int, seed uint64) []History {
	return histories(BGNBD{0.6, 3, 0.4, 8}.simulate(n, 150, 0, seed), true)
}

func repeatSpends(n int, seed uint64) []Spend {
	r := rand.New(rand.NewPCG(seed, 1))
	repeats := make([]int, n)
	for i := range repeats {
		repeats[i] = 1 + int(20*math.Pow(r.Float64(), 3))
	}
	repeats[0] = 4000
	return GammaGamma{4, 3, 50}.simulate(repeats, seed)
}

// The merged likelihood is the slow one, and its gradient is that of numerical differences.
func TestLikelihoods(t *testing.T) {
	customers, spends := busy(3000, 1), repeatSpends(2000, 1)
	customers = append(customers, History{3000, 149, 150}, History{3000, 149, 150}, History{700, 0, 150}, History{1, 0, 0}, History{})
	r := rand.New(rand.NewPCG(9, 10))
	for i := range 40 {
		at := []float64{4*r.Float64() - 2, 6*r.Float64() - 1, 4*r.Float64() - 3, 5*r.Float64() - 2}
		e := func(i int) float64 { return math.Exp(at[i]) }
		// A thousand customers' terms of size up to lgamma(3000) carry roundings of a few 1e-12 into the slow mean.
		compareLikelihood(t, fmt.Sprintf("BG/NBD %d", i), newBGNBDLikelihood(t.Context(), mergeHistories(customers), 2), at,
			BGNBD{e(0), e(1), e(2), e(3)}.slow(customers)/float64(len(customers)), 1e-11)
		at = []float64{5*r.Float64() - 2, 5*r.Float64() - 2, 8*r.Float64() - 2}
		compareLikelihood(t, fmt.Sprintf("Gamma-Gamma %d", i), newGammaGammaLikelihood(t.Context(), mergeSpends(spends), 2), at,
			GammaGamma{e(0), e(1), e(2)}.slow(spends)/float64(len(spends)), 1e-9)
	}
}

func compareLikelihood(t *testing.T, name string, f logLikelihood, at []float64, slow, within float64) {
	t.Helper()
	gradient, scratch := make([]float64, len(at)), make([]float64, len(at))
	v, _ := f(at, gradient)
	if !(math.Abs(v-slow) <= within*math.Abs(slow)) {
		t.Errorf("%s: %v, slow %v", name, v, slow)
	}
	for i := range at {
		// Central differences of two steps, extrapolated: the error is of the order h^4 = 1e-10 and 1e-15/h.
		difference := func(h float64) float64 {
			up, down := slices.Clone(at), slices.Clone(at)
			up[i] += h
			down[i] -= h
			a, _ := f(up, scratch)
			b, _ := f(down, scratch)
			return (a - b) / (2 * h)
		}
		const h = 3e-3
		want := (4*difference(h/2) - difference(h)) / 3
		if !(math.Abs(gradient[i]-want) <= 1e-8*(1+math.Abs(v))) {
			t.Errorf("%s: derivative %d is %v, by differences %v", name, i, gradient[i], want)
		}
	}
}

// A fit of customers one by one, without merging, and from another start, ends at the same parameters; no point around
// has a higher slow likelihood.
func TestMergedFitAgainstSlow(t *testing.T) {
	customers := busy(4000, 2)
	m, rep, err := FitBGNBD(t.Context(), customers, Config{})
	if err != nil || !rep.Usable() {
		t.Fatal(rep, err)
	}
	if rep.Distinct >= rep.Customers-100 {
		t.Errorf("%d of %d customers are distinct: nothing was merged", rep.Distinct, rep.Customers)
	}
	one := weighted[History]{rows: slices.Clone(customers)}
	slices.SortFunc(one.rows, func(a, b History) int { return a.Repeats - b.Repeats })
	for range one.rows {
		one.counts = append(one.counts, 1)
	}
	low, high := []float64{-9, -9, -9, -9}, []float64{9, 9, 9, 9}
	slow, err := maximise(newBGNBDLikelihood(t.Context(), one, 1), []float64{2, 0, -2, 2}, low, high)
	if err != nil || !slow.converged {
		t.Fatalf("%+v %v", slow, err)
	}
	parameters := []float64{m.R, m.Alpha, m.A, m.B}
	for i, v := range logs(parameters...) {
		// Both gradients are below 1e-9; the least curvature of this likelihood is above 1e-3.
		if !(math.Abs(v-slow.at[i]) < 2e-6) {
			t.Errorf("parameter %d: log %v, without merging %v", i, v, slow.at[i])
		}
	}
	best := m.slow(customers)
	if !(math.Abs(best-rep.LogLikelihood) < 1e-11*math.Abs(best)) {
		t.Errorf("log-likelihood %v, slow %v", rep.LogLikelihood, best)
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		by := func() float64 { return math.Exp(0.02 * (2*r.Float64() - 1)) }
		if at := (BGNBD{m.R * by(), m.Alpha * by(), m.A * by(), m.B * by()}); at.slow(customers) > best+1e-8 {
			t.Fatalf("%+v is more likely than %+v", at, m)
		}
	}
}

// Not a bit depends on threads or on the order of the customers, with a sample or without.
func TestThreadsAndOrder(t *testing.T) {
	customers, spends := busy(12_000, 3), repeatSpends(9000, 3)
	for _, sample := range []int{0, 2000} {
		type all struct {
			M    BGNBD
			G    GammaGamma
			A, B Report
		}
		var first all
		r := rand.New(rand.NewPCG(1, 2))
		for threads := 1; threads <= 5; threads++ {
			cfg := Config{Seed: 5, Threads: threads, Sample: sample}
			var got all
			var err1, err2 error
			got.M, got.A, err1 = FitBGNBD(t.Context(), customers, cfg)
			got.G, got.B, err2 = FitGammaGamma(t.Context(), spends, cfg)
			if err := errors.Join(err1, err2); err != nil || !got.A.Usable() || !got.B.Usable() {
				t.Fatalf("%+v %+v %v", got.A, got.B, err)
			}
			if threads == 1 {
				first = got
				if sample > 0 && (got.A.Sample != sample || got.B.Sample != sample || got.A.Customers != len(customers)) {
					t.Errorf("samples of %d: %+v %+v", sample, got.A, got.B)
				}
			}
			if !reflect.DeepEqual(got, first) {
				t.Errorf("%d threads: %+v, one: %+v", threads, got, first)
			}
			r.Shuffle(len(customers), func(i, j int) { customers[i], customers[j] = customers[j], customers[i] })
			r.Shuffle(len(spends), func(i, j int) { spends[i], spends[j] = spends[j], spends[i] })
		}
		if sample > 0 {
			other, _, _ := FitBGNBD(t.Context(), customers, Config{Seed: 6, Sample: sample})
			if other == first.M {
				t.Error("another seed draws the same sample")
			}
		}
	}
}

// The unit of time and the currency change nothing but the scale of alpha and v.
func TestUnits(t *testing.T) {
	customers, spends := busy(3000, 4), repeatSpends(3000, 4)
	m, _, _ := FitBGNBD(t.Context(), customers, Config{})
	g, _, _ := FitGammaGamma(t.Context(), spends, Config{})
	for i := range customers {
		customers[i].Age, customers[i].ActiveSpan = 7*customers[i].Age, 7*customers[i].ActiveSpan
	}
	for i := range spends {
		spends[i].Mean *= 1000
	}
	m7, _, _ := FitBGNBD(t.Context(), customers, Config{})
	g1000, _, _ := FitGammaGamma(t.Context(), spends, Config{})
	for _, pair := range [][2]float64{{m.R, m7.R}, {7 * m.Alpha, m7.Alpha}, {m.A, m7.A}, {m.B, m7.B}, {g.P, g1000.P}, {g.Q, g1000.Q}, {1000 * g.V, g1000.V}} {
		if !(math.Abs(pair[0]/pair[1]-1) < 1e-5) {
			t.Errorf("%v and %v differ", pair[0], pair[1])
		}
	}
}

// Data that cannot carry a model give a reason, not an error and not NaN.
func TestNoModel(t *testing.T) {
	many := func(n int, h History) []History { return slices.Repeat([]History{h}, n) }
	for name, c := range map[string]struct {
		customers []History
		reason    string
	}{
		"no customers":       {nil, "0 of 0 customers have ordered again"},
		"no repeats":         {many(1000, History{0, 0, 50}), "0 of 1000 customers have ordered again"},
		"few repeats":        {append(many(1000, History{0, 0, 50}), many(49, History{1, 20, 50})...), "49 of 1049"},
		"no time":            {many(100, History{3, 0, 0}), "no time passed"},
		"no span":            {many(100, History{3, 0, 10}), "no time passed"},
		"impossible repeats": {append(many(100, History{3, 5, 10}), History{MaxRepeats + 1, 5, 10}), "1048577 repeat purchases"},
	} {
		_, rep, err := FitBGNBD(t.Context(), c.customers, Config{})
		if err != nil || rep.Usable() || !strings.Contains(rep.Reason, c.reason) {
			t.Errorf("%s: %+v, %v", name, rep, err)
		}
	}
	for name, c := range map[string]struct {
		customers []Spend
		reason    string
	}{
		"none":         {nil, "0 customers have repeat purchases"},
		"no repeats":   {slices.Repeat([]Spend{{0, 0}}, 200), "0 customers have repeat purchases"},
		"not positive": {slices.Repeat([]Spend{{2, 0}, {3, -4}, {1, 5}}, 40), "40 customers have repeat purchases"},
	} {
		_, rep, err := FitGammaGamma(t.Context(), c.customers, Config{})
		if err != nil || rep.Usable() || !strings.Contains(rep.Reason, c.reason) {
			t.Errorf("%s: %+v, %v", name, rep, err)
		}
		if name == "not positive" && rep.LeftOut != 80 {
			t.Errorf("%d left out, want 80", rep.LeftOut)
		}
	}
}

// Broken promises of the caller are errors, and so is the end of the context.
func TestErrors(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	bug := &problem.Problem{ID: "SEG-BUG-001"}
	for _, h := range []History{{-1, 0, 1}, {0, 1, 2}, {1, 3, 2}, {1, -1, 2}, {1, nan, 2}, {1, 1, nan}, {0, 0, inf}, {1, inf, inf}} {
		if _, _, err := FitBGNBD(t.Context(), []History{{}, h}, Config{}); !errors.Is(err, bug) {
			t.Errorf("%+v: %v", h, err)
		}
	}
	for _, s := range []Spend{{-1, 1}, {1, nan}, {1, inf}} {
		if _, _, err := FitGammaGamma(t.Context(), []Spend{{}, s}, Config{}); !errors.Is(err, bug) {
			t.Errorf("%+v: %v", s, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := FitBGNBD(ctx, busy(1000, 1), Config{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, _, err := FitGammaGamma(ctx, repeatSpends(1000, 1), Config{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
