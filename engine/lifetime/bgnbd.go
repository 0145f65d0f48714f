package lifetime

import (
	"context"
	"fmt"
	"math"

	"segovia/engine/internal/exact"
	"segovia/kernels/rng"
)

// History is what BG/NBD sees of a customer; times in weeks.
type History struct {
	Repeats    int     // x: purchases after the first, 0 to MaxRepeats
	ActiveSpan float64 // t_x: last purchase minus first; 0 without repeats
	Age        float64 // T: end of the observation minus first purchase; at least ActiveSpan
}

// valid reports whether h is a history.
func (h History) valid() bool {
	return h.Repeats >= 0 && h.ActiveSpan >= 0 && h.Age >= h.ActiveSpan && !math.IsInf(h.Age, 0) && (h.Repeats > 0 || h.ActiveSpan == 0)
}

// BGNBD is a fitted model. A customer who is alive orders at random with a rate of their own (orders per week), and after each
// repeat leaves for good with a probability of their own. Rates are gamma distributed with shape R and mean R/Alpha,
// probabilities beta distributed with mean A/(A+B).
type BGNBD struct {
	R     float64 // shape of the distribution of rates
	Alpha float64 // its scale, weeks
	A, B  float64 // of the distribution of the probability to leave
}

// FitBGNBD returns the maximum likelihood model of the customers. It depends on the set of them and on cfg.Seed alone, the
// latter only where a sample is drawn. Where the data cannot carry a model, the report has a reason and the model must not be
// used. An error is a broken promise (a history that is none) or the end of ctx.
func FitBGNBD(ctx context.Context, customers []History, cfg Config) (BGNBD, Report, error) {
	rep := Report{Customers: len(customers)}
	rows := make([]History, len(customers))
	var span float64
	most := 0
	for i, h := range customers {
		if !h.valid() {
			return BGNBD{}, rep, bug(fmt.Sprintf("customer %d of the list has no valid history", i))
		}
		rows[i] = History{h.Repeats, h.ActiveSpan + 0, h.Age + 0} // no negative zeros
		if h.Repeats > 0 {
			rep.RepeatBuyers++
		}
		span = math.Max(span, h.ActiveSpan)
		most = max(most, h.Repeats)
	}
	switch {
	case rep.RepeatBuyers < MinRepeatBuyers:
		rep.Reason = fmt.Sprintf("%d of %d customers have ordered again; the model needs %d", rep.RepeatBuyers, rep.Customers, MinRepeatBuyers)
		rep.ReasonDE = fmt.Sprintf("%d von %d Kunden haben wieder bestellt, das Modell braucht %d", rep.RepeatBuyers, rep.Customers, MinRepeatBuyers)
	case span == 0:
		rep.Reason = "no time passed between the first and the last purchase of any customer"
		rep.ReasonDE = "bei keinem Kunden liegt Zeit zwischen erstem und letztem Kauf"
	case most > MaxRepeats:
		rep.Reason = fmt.Sprintf("a customer has %d repeat purchases; the model takes up to %d", most, MaxRepeats)
		rep.ReasonDE = fmt.Sprintf("ein Kunde hat %d Wiederkäufe, das Modell nimmt bis zu %d", most, MaxRepeats)
	}
	if !rep.Usable() {
		return BGNBD{}, rep, nil
	}
	w := merge(rows, func(a, b History) int {
		return compare(a.Repeats, b.Repeats, a.ActiveSpan, b.ActiveSpan, a.Age, b.Age)
	}).sample(sampleSize(cfg), rng.New(cfg.Seed, "bgnbd", 0, 0))
	return fitHistories(ctx, w, cfg, rep)
}

// fitHistories fits the model on merged customers and completes the report.
func fitHistories(ctx context.Context, w weighted[History], cfg Config, rep Report) (BGNBD, Report, error) {
	rep.Sample, rep.Distinct = w.customers(), len(w.rows)
	var orders, weeks float64
	for i, h := range w.rows {
		orders += float64(float64(w.counts[i]) * float64(h.Repeats))
		weeks += float64(float64(w.counts[i]) * h.Age)
	}
	if orders == 0 || weeks == 0 {
		rep.Reason, rep.ReasonDE = "the sample has no repeat buyer", "die Stichprobe hat keinen Wiederkäufer"
		return BGNBD{}, rep, nil
	}

	// Rates are searched for around that of all customers together, so that the unit of time plays no part.
	gap := weeks / orders
	m, err := searchFrom(newBGNBDLikelihood(ctx, w, cfg.Threads),
		[][]float64{logs(1, gap, 1, 3), logs(0.3, 0.3*gap, 0.5, 5), logs(5, 5*gap, 0.3, 1), logs(1, gap, 0.05, 1)},
		logs(1e-3, 1e-4*gap, 1e-3, 1e-3), logs(1e4, 1e6*gap, 1e4, 1e4))
	if err != nil {
		return BGNBD{}, rep, err
	}
	p := rep.finish(m, []string{"r", "alpha", "a", "b"})
	return BGNBD{p[0], p[1], p[2], p[3]}, rep, nil
}

// sampleSize returns the sample that cfg asks for.
func sampleSize(cfg Config) int {
	if cfg.Sample > 0 {
		return cfg.Sample
	}
	return DefaultSample
}

// newBGNBDLikelihood returns the mean log-likelihood of the customers by the logarithms of r, alpha, a and b. That of one is
//
//	sum over i < x of log((r+i)(b+i)/(a+b+i)) + r log(alpha) - (r+x) log(alpha+T) + log(1 + e^u),
//	u = log(a/(b+x-1)) + (r+x) log((alpha+T)/(alpha+t_x)), and the last term 0 for x = 0
//
// (e^u are the odds that the customer has left). The first sum over all customers is one over i,
// weighted by the number of customers with more than i repeats.
func newBGNBDLikelihood(ctx context.Context, w weighted[History], threads int) logLikelihood {
	most := w.rows[len(w.rows)-1].Repeats
	above := make([]float64, most) // customers with more than i repeats
	var more float64
	for i, row := most-1, len(w.rows)-1; i >= 0; i-- {
		for ; row >= 0 && w.rows[row].Repeats > i; row-- {
			more += float64(w.counts[row])
		}
		above[i] = more
	}
	logB := make([]float64, most)
	n := float64(w.customers())
	return func(at, gradient []float64) (float64, error) {
		r, alpha, a, b := exact.Exp(at[0]), exact.Exp(at[1]), exact.Exp(at[2]), exact.Exp(at[3])
		var total, byR, byA, byB exact.Accumulator
		for i, c := range above {
			ri, bi, abi := r+float64(i), b+float64(i), a+b+float64(i)
			logB[i] = exact.Log(bi)
			total.Add(float64(c * (exact.Log(ri/abi) + logB[i])))
			byR.Add(c / ri)
			byA.Add(-c / abi)
			byB.Add(float64(c * (a / bi / abi)))
		}
		logAlpha := at[1]
		sum, err := w.sums(ctx, threads, 5, func(h History, count float64, sum []float64) {
			rx, old := r+float64(h.Repeats), alpha+h.Age
			logOld := exact.Log(old)
			value := float64(r*logAlpha) - float64(rx*logOld)
			dr, dalpha := logAlpha-logOld, r/alpha-rx/old
			if h.Repeats > 0 {
				silent := exact.Log1p((h.Age - h.ActiveSpan) / (alpha + h.ActiveSpan)) // log((alpha+T)/(alpha+t_x))
				u := at[2] - logB[h.Repeats-1] + float64(rx*silent)
				gone, soft := logistic(u)
				value += soft
				dr += float64(gone * silent)
				dalpha -= float64(gone * (rx * (h.Age - h.ActiveSpan) / (alpha + h.ActiveSpan) / old))
				sum[3] += float64(count * gone)
				sum[4] -= float64(count * (gone / (b + float64(h.Repeats-1))))
			}
			sum[0] += float64(count * value)
			sum[1] += float64(count * dr)
			sum[2] += float64(count * dalpha)
		})
		if err != nil {
			return 0, err
		}
		gradient[0] = float64(r*(byR.Sum()+sum[1])) / n
		gradient[1] = float64(alpha*sum[2]) / n
		gradient[2] = (float64(a*byA.Sum()) + sum[3]) / n
		gradient[3] = float64(b*(byB.Sum()+sum[4])) / n
		return (total.Sum() + sum[0]) / n, nil
	}
}

// logistic returns p = 1/(1 + e^-u) and log(1 + e^u).
func logistic(u float64) (p, soft float64) {
	e := exact.Exp(-math.Abs(u))
	soft = exact.Log1p(e)
	if u > 0 {
		return 1 / (1 + e), u + soft
	}
	return e / (1 + e), soft
}
