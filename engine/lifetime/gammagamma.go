package lifetime

import (
	"context"
	"fmt"
	"math"

	"segovia/engine/internal/exact"
	"segovia/kernels/rng"
)

// Spend is what Gamma-Gamma sees of a customer.
type Spend struct {
	Repeats int     // x: purchases after the first, 0 to MaxRepeats
	Mean    float64 // zbar: mean amount of those; means nothing without repeats
}

// GammaGamma is a fitted model. The amounts of a customer's purchases are gamma distributed with shape P around a mean of
// their own, whatever their number; the means vary between customers by another gamma distribution, of shape Q and scale V, over
// the inverse.
type GammaGamma struct{ P, Q, V float64 }

// maxShape bounds P: beyond it a customer's amounts vary by less than 3 %, which is no variation.
const maxShape = 1e3

// FitGammaGamma returns the maximum likelihood model of the repeat buyers among the customers whose mean spend is positive; the
// others are counted in the report. For dependence on order, seed and threads, reasons and errors, see FitBGNBD.
func FitGammaGamma(ctx context.Context, customers []Spend, cfg Config) (GammaGamma, Report, error) {
	var rep Report
	var rows []Spend
	for i, c := range customers {
		if c.Repeats < 0 || c.Repeats > 0 && (c.Mean != c.Mean || math.IsInf(c.Mean, 0)) {
			return GammaGamma{}, rep, bug(fmt.Sprintf("customer %d of the list has no valid spend", i))
		}
		switch {
		case c.Repeats == 0:
		case c.Mean > 0:
			rows = append(rows, c)
		default:
			rep.LeftOut++
		}
	}
	rep.Customers, rep.RepeatBuyers = len(rows), len(rows)
	if len(rows) < MinRepeatBuyers {
		rep.Reason = fmt.Sprintf("%d customers have repeat purchases of positive amounts; the model needs %d", len(rows), MinRepeatBuyers)
		rep.ReasonDE = fmt.Sprintf("%d Kunden haben Wiederkäufe mit positivem Betrag, das Modell braucht %d", len(rows), MinRepeatBuyers)
		return GammaGamma{}, rep, nil
	}
	w := merge(rows, func(a, b Spend) int { return compare(a.Repeats, b.Repeats, a.Mean, b.Mean) }).
		sample(sampleSize(cfg), rng.New(cfg.Seed, "gamma-gamma", 0, 0))
	rep.Sample, rep.Distinct = w.customers(), len(w.rows)

	// Amounts are measured by their geometric mean, so that the currency plays no part.
	logMean := exact.SumFunc(len(w.rows), func(i int) float64 { return float64(float64(w.counts[i]) * exact.Log(w.rows[i].Mean)) })
	unit := exact.Exp(logMean / float64(rep.Sample))
	m, err := searchFrom(newGammaGammaLikelihood(ctx, w, cfg.Threads),
		[][]float64{logs(2, 3, unit), logs(6, 4, 0.5*unit), logs(1, 1.5, unit), logs(0.5, 10, 20*unit)},
		logs(1e-3, 1e-3, 1e-6*unit), logs(maxShape, 1e4, 1e8*unit))
	if err != nil {
		return GammaGamma{}, rep, err
	}
	p := rep.finish(m, []string{"p", "q", "v"})
	return GammaGamma{p[0], p[1], p[2]}, rep, nil
}

// newGammaGammaLikelihood returns the mean log-likelihood of the customers by the logarithms of p, q and v. That of one is
//
//	log gamma(px+q) - log gamma(px) - log gamma(q) - px log(1 + v/s) - q log(1 + s/v) - log zbar,   s = x zbar
//
// The gamma functions are taken once for each distinct x.
func newGammaGammaLikelihood(ctx context.Context, w weighted[Spend], threads int) logLikelihood {
	type repeats struct{ x, count float64 }
	var distinct []repeats
	for i, row := range w.rows {
		if i == 0 || row.Repeats != w.rows[i-1].Repeats {
			distinct = append(distinct, repeats{x: float64(row.Repeats)})
		}
		distinct[len(distinct)-1].count += float64(w.counts[i])
	}
	n := float64(w.customers())
	logMean := exact.SumFunc(len(w.rows), func(i int) float64 { return float64(float64(w.counts[i]) * exact.Log(w.rows[i].Mean)) })
	return func(at, gradient []float64) (float64, error) {
		p, q, v := exact.Exp(at[0]), exact.Exp(at[1]), exact.Exp(at[2])
		lgammaQ, digammaQ := exact.Lgamma(q), exact.Digamma(q)
		var total, byP, byQ exact.Accumulator
		for _, d := range distinct {
			px := float64(p * d.x)
			digamma := exact.Digamma(px + q)
			total.Add(float64(d.count * (exact.Lgamma(px+q) - exact.Lgamma(px) - lgammaQ)))
			byP.Add(float64(float64(d.count*d.x) * (digamma - exact.Digamma(px))))
			byQ.Add(float64(d.count * (digamma - digammaQ)))
		}
		sum, err := w.sums(ctx, threads, 4, func(row Spend, count float64, sum []float64) {
			x := float64(row.Repeats)
			s := float64(x * row.Mean)
			px := float64(p * x)
			above, below := exact.Log1p(v/s), exact.Log1p(s/v)
			sum[0] -= float64(count * (float64(px*above) + float64(q*below)))
			sum[1] -= float64(count * float64(x*above))
			sum[2] -= float64(count * below)
			sum[3] += float64(count * ((float64(q*s) - float64(px*v)) / (s + v))) // v times the derivative by v
		})
		if err != nil {
			return 0, err
		}
		gradient[0] = float64(p*(byP.Sum()+sum[1])) / n
		gradient[1] = float64(q*(byQ.Sum()+sum[2])) / n
		gradient[2] = sum[3] / n
		return (total.Sum() + sum[0] - logMean) / n, nil
	}
}

// PopulationMean returns the mean amount of a purchase over all customers, p v/(q - 1). It is NaN (not defined) where q <= 1: the
// tail of the distribution is then so heavy that it has no mean.
func (g GammaGamma) PopulationMean() float64 {
	if !(g.Q > 1) {
		return math.NaN()
	}
	return float64(g.P*g.V) / (g.Q - 1)
}

// Mean returns the amount that a customer is expected to spend on their next purchase: between PopulationMean and their own
// mean, the nearer to the latter the more repeats there are. Without repeats it is PopulationMean. It
// is NaN (not defined) where that is not, where p x + q <= 1, and where repeats have a mean that is not positive.
func (g GammaGamma) Mean(s Spend) float64 {
	if s.Repeats == 0 {
		return g.PopulationMean()
	}
	px := float64(g.P * float64(s.Repeats))
	if !(px+g.Q > 1 && s.Mean > 0) {
		return math.NaN()
	}
	// p (v + x zbar)/(px + q - 1), in an order that does not overflow
	return float64(g.P*g.V)/(px+g.Q-1) + float64(px/(px+g.Q-1)*s.Mean)
}
