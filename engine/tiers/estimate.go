package tiers

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"segovia/engine/features"
	"segovia/engine/internal/exact"
	"segovia/engine/internal/par"
	"segovia/engine/lifetime"
	"segovia/engine/ports"
	"segovia/engine/table"
	"segovia/engine/wallet"
)

// Estimates is what Estimate found; Assign goes on from it.
type Estimates struct {
	cfg    Config
	in     Input
	roles  Roles
	report Report
	// estimated is the report as Estimate left it.
	estimated Report
	columns   map[string]*table.Column // added, by name
	hidden    map[string]*table.Column // folded for this package, by name without the mark
}

type estimator struct {
	*Estimates
	ctx context.Context
}

func tx(de, en string) Text { return Text{DE: de, EN: en} }

// Estimate adds to the table what each customer could be worth (see Added), as far as it describes customers; the columns are
// not clustered on. It returns SEG-FEA-002 and SEG-FEA-005 for settings that do not
// fit the table. What the data do not allow is no error: it is left out, with a warning in the report.
func Estimate(ctx context.Context, in Input, cfg Config) (*Estimates, error) {
	if cfg.MinCell == 0 {
		cfg.MinCell = 10
	}
	e := &estimator{ctx: ctx, Estimates: &Estimates{cfg: cfg, in: in, columns: map[string]*table.Column{}, hidden: map[string]*table.Column{}}}
	e.report = Report{Schema: Schema, FormatVersion: FormatVersion, Customers: in.Table.Rows(), Currency: cfg.Profile.Currency,
		Groups: []GroupReport{}, Plans: []PlanReport{}, Segments: []SegmentValue{}, Warnings: []Text{}}
	e.roles = findRoles(in.Table, cfg.Profile)
	e.report.Features = e.roles
	for _, c := range in.Hidden {
		e.hidden[strings.TrimPrefix(c.Name, internal)] = c
	}
	type step struct {
		wanted bool
		do     func() error
	}
	steps := slices.DeleteFunc([]step{
		{cfg.Potential != nil, func() error { return e.potential(ctx) }},
		{cfg.Wallet != nil, e.wallets},
		{cfg.Potential != nil || cfg.Wallet != nil, e.unrealised},
		{cfg.Rules != nil || cfg.Behaviour != "", e.behaviour},
		{cfg.Lifetime != nil, e.lifetimes},
	}, func(s step) bool { return !s.wanted })
	progress := in.Progress
	if progress == nil {
		progress = ports.Silent{}
	}
	progress.Begin("value", int64(len(steps)), "estimates")
	defer progress.End()
	for _, s := range steps {
		if err := s.do(); err != nil {
			return nil, err
		}
		progress.Add(1)
	}
	e.estimated = e.report
	return e.Estimates, nil
}

// add appends a column to the table: segments are described with it.
func (e *estimator) add(name, unit string, values []float64, formula string, label Text) {
	e.hold(name, unit, values, formula, label)
	e.in.Table.Columns = append(e.in.Table.Columns, e.columns[name])
}

// hold keeps a column for rules, plans and the customers' table alone.
func (e *estimator) hold(name, unit string, values []float64, formula string, label Text) {
	e.columns[name] = &table.Column{Name: name, Unit: unit, Formula: formula, Type: "transactional", Numbers: values, LabelDE: label.DE, LabelEN: label.EN, ProfileOnly: true}
}

// Made reports whether a column of that name was estimated, not folded.
func (e *Estimates) Made(name string) bool { return e.columns[name] != nil }

func (e *Estimates) warn(de, en string) { e.report.Warnings = append(e.report.Warnings, tx(de, en)) }

// revenue returns what each customer spends in a year, 0 where it is missing; nil without a feature for it.
func (e *Estimates) revenue() []float64 { return e.perYear(e.roles.Revenue) }

// perYear returns a feature scaled to a year, 0 where it is missing; nil without it.
func (e *Estimates) perYear(feature string) []float64 {
	return e.perYearOf(feature, 0, e.in.Table.Rows())
}

// perYearOf is perYear of the rows from up to before to.
func (e *Estimates) perYearOf(feature string, from, to int) []float64 {
	c := e.in.Table.Column(feature)
	if feature == "" || c == nil {
		return nil
	}
	out := make([]float64, to-from)
	factor := e.in.yearly(feature)
	for i, v := range c.Numbers[from:to] {
		if finite(v) {
			out[i] = float64(v * factor)
		}
	}
	return out
}

// numbers returns an added column's values; nil where it was not estimated.
func (e *Estimates) numbers(name string) []float64 {
	if c := e.columns[name]; c != nil {
		return c.Numbers
	}
	return nil
}

// wallets estimates the conditional quantile of spend.
func (e *estimator) wallets() error {
	w := e.cfg.Wallet
	spend := e.revenue()
	if spend == nil {
		e.warn("Ohne Umsatzmerkmal lassen sich keine Wallets schätzen.", "without a feature of revenue, wallets cannot be estimated")
		return nil
	}
	predictors, err := e.predictors()
	if err != nil {
		return err
	}
	r, err := wallet.Estimate(e.ctx, spend, predictors, wallet.Config{Quantile: w.Quantile, Trees: w.Trees, Holdout: w.Holdout,
		Seed: e.cfg.Seed, Threads: e.cfg.Threads})
	if err != nil {
		return err
	}
	if r.Reason != "" {
		e.warn("Wallets wurden nicht geschätzt: "+r.ReasonDE, "wallets were not estimated: "+r.Reason)
		return nil
	}
	if err := e.equalise(r, spend, predictors); err != nil {
		return err
	}
	share := make([]float64, len(spend))
	for i := range share {
		share[i], _, _ = r.Share(i, spend[i])
	}
	how := fmt.Sprintf("%g quantile of the spend of similar customers (quantile regression forest), at least the own spend, a year", cmp.Or(w.Quantile, 0.9))
	e.add("wallet", "currency", r.Wallet, how, tx("Wallet (mögliche Ausgaben im Jahr)", "wallet (possible spend a year)"))
	e.hold("wallet_low", "currency", r.Low, "lower end of the range among comparable customers", tx("Wallet, unteres Ende", "wallet, lower end"))
	e.hold("wallet_high", "currency", r.High, "upper end of the range among comparable customers", tx("Wallet, oberes Ende", "wallet, upper end"))
	e.add("share_of_wallet", "share", share, "revenue a year / wallet", tx("Lieferanteil", "share of wallet"))
	out := &WalletReport{Method: "quantile regression forest", Quantile: cmp.Or(w.Quantile, 0.9), Trees: cmp.Or(w.Trees, 100), HeldOut: r.Evaluation.Customers,
		Coverage: r.Evaluation.Coverage, Pinball: r.Evaluation.Pinball, Baseline: r.Evaluation.Baseline, Predictors: []Importance{},
		Wallet: exact.Sum(r.Wallet), Realised: exact.Sum(spend)}
	for _, p := range r.Importance {
		label := tx(p.Predictor, p.Predictor)
		if c := cmp.Or(e.in.Table.Column(p.Predictor), e.columns[p.Predictor]); c != nil {
			label = tx(cmp.Or(c.LabelDE, label.DE), cmp.Or(c.LabelEN, label.EN))
		}
		out.Predictors = append(out.Predictors, Importance{p.Predictor, label, p.Share})
	}
	e.report.Wallet = out
	return nil
}

// predictors are the features that tell what a customer could spend: as configured, else firmographics and what is known of the
// installed base. What a customer does here (orders, contacts) is the outcome, not a predictor; where it is decides only if
// that is configured, so that equal customers of two countries are worth the same.
func (e *estimator) predictors() ([]*table.Column, error) {
	w := e.cfg.Wallet
	var out []*table.Column
	if len(w.Predictors) > 0 {
		for i, name := range w.Predictors {
			c := cmp.Or(e.in.Table.Column(name), e.columns[name])
			if c == nil {
				return nil, unknown(fmt.Sprintf("there is no feature %q", name), fmt.Sprintf("tiers.wallet.predictors[%d]", i), e.in.Table)
			}
			out = append(out, c)
		}
		return out, nil
	}
	for _, c := range e.in.Table.Columns {
		switch c.Type {
		case "firmographic", "demographic":
			out = append(out, c)
		}
	}
	for _, name := range []string{"potential_consumables", "potential_service"} {
		if c := e.columns[name]; c != nil {
			out = append(out, c)
		}
	}
	return out, nil
}

// unrealised is what is missing to the wallet; to the potential where there are no wallets.
func (e *estimator) unrealised() error {
	top, name := e.numbers("wallet"), "wallet"
	if top == nil {
		top, name = e.numbers("potential"), "potential"
	}
	spend := e.revenue()
	if top == nil || spend == nil {
		return nil
	}
	open := make([]float64, len(top))
	for i := range open {
		open[i] = max(0, top[i]-max(0, spend[i]))
	}
	if e.numbers("share_of_wallet") == nil {
		share := make([]float64, len(top))
		for i := range share {
			share[i] = math.NaN()
			if all := max(top[i], spend[i]); all > 0 {
				share[i] = max(0, spend[i]) / all
			}
		}
		e.add("share_of_wallet", "share", share, "revenue a year / the greater of potential and revenue", tx("Lieferanteil", "share of wallet"))
	}
	e.add("unrealised_potential", "currency", open, name+" - revenue a year, at least 0", tx("unausgeschöpftes Potenzial", "unrealised potential"))
	return nil
}

// behaviour computes the score of purchase behaviour.
func (e *estimator) behaviour() error {
	formula, place := e.cfg.Behaviour, "tiers.behaviour.score"
	if formula == "" {
		formula, place = usualBehaviour(e.roles, e.in), "tiers"
	}
	if formula == "" {
		e.warn("Für eine Verhaltensnote fehlen Bestellungen, Aktualität und Retouren.", "there are no orders, recency or returns to score behaviour by")
		return nil
	}
	c, err := features.Evaluate(e.in.Table, formula, place)
	if err != nil {
		return err
	}
	if c.Kind == table.Category {
		return unknown("the score of behaviour is a category; a number is wanted", place, e.in.Table)
	}
	known := slices.DeleteFunc(slices.Clone(c.Numbers), func(x float64) bool { return x != x })
	slices.Sort(known)
	r := &BehaviourReport{Formula: formula, Missing: len(c.Numbers) - len(known)}
	if len(known) > 0 {
		r.Mean = exact.Mean(known)
		r.Q10, r.Median, r.Q90 = exact.Quantile(known, 0.1), exact.Quantile(known, 0.5), exact.Quantile(known, 0.9)
	}
	e.report.Behaviour = r
	e.add("behaviour_score", "score", c.Numbers, formula, tx("Kaufverhalten (Note)", "purchase behaviour (score)"))
	return nil
}

// lifetimes fits the models of orders and amounts.
func (e *estimator) lifetimes() error {
	l := e.cfg.Lifetime
	n := e.in.Table.Rows()
	repeats, span, known, silent := e.hidden["repeats"], e.hidden["span"], e.hidden["known"], e.hidden["silent"]
	if repeats == nil || span == nil || known == nil || silent == nil {
		return nil
	}
	histories := make([]lifetime.History, 0, n)
	spends := make([]lifetime.Spend, 0, n)
	var rows []int // of the table
	overdue := nans(n)
	spent, first := e.hidden["spent"], e.hidden["spent_first"]
	for i := range n {
		if !(known.Numbers[i] >= 0) || !(span.Numbers[i] >= 0) { // never purchased
			continue
		}
		h := lifetime.History{Repeats: int(repeats.Numbers[i]), ActiveSpan: span.Numbers[i] / 7, Age: known.Numbers[i] / 7}
		s := lifetime.Spend{Repeats: h.Repeats}
		if spent != nil && h.Repeats > 0 {
			s.Mean = (spent.Numbers[i] - first.Numbers[i]) / float64(h.Repeats)
		}
		rows, histories, spends = append(rows, i), append(histories, h), append(spends, s)
		overdue[i] = lifetime.Overdue(silent.Numbers[i], span.Numbers[i], h.Repeats)
	}
	e.hold("overdue", "ratio", overdue, "days since the last order / mean days between orders", tx("überfällig (Vielfaches des eigenen Bestellabstands)", "overdue (multiple of the own gap between orders)"))
	cfg := lifetime.Config{Seed: e.cfg.Seed, Threads: e.cfg.Threads}
	m, fit, err := lifetime.FitBGNBD(e.ctx, histories, cfg)
	if err != nil {
		return err
	}
	if !fit.Usable() {
		e.warn("Kein Modell künftiger Bestellungen: "+fit.ReasonDE, "no model of orders to come: "+fit.Reason)
		return nil
	}
	r := &LifetimeReport{Customers: fit.Customers, Repeat: fit.RepeatBuyers, R: m.R, Alpha: m.Alpha, A: m.A, B: m.B,
		LogLikelihood: fit.LogLikelihood, HorizonWeeks: l.Weeks, DiscountPerAnn: l.Discount}
	if len(fit.AtBound) > 0 {
		e.warn("Das Modell künftiger Bestellungen liegt am Rand ("+strings.Join(fit.AtBound, ", ")+"): nach ihm geht fast niemand oder sind alle gleich; Abwanderung zeigt dann nur der eigene Bestellabstand.",
			"the model of orders to come lies at a bound ("+strings.Join(fit.AtBound, ", ")+"): by it hardly anybody leaves, or all are alike; churn is then told by each customer's own gap between orders alone")
	}
	alive, orders := nans(n), nans(n)
	if err := e.each(e.ctx, len(rows), func(at int) {
		alive[rows[at]], orders[rows[at]] = m.Alive(histories[at]), m.Expected(histories[at], l.Weeks)
	}); err != nil {
		return err
	}
	r.Expected = exact.SumFunc(len(rows), func(at int) float64 { return orders[rows[at]] })
	if stays := slices.Contains(fit.AtBound, "a") || slices.Contains(fit.AtBound, "b"); stays {
		alive = nans(n) // a model in which nobody leaves knows no probability
	}
	e.hold("probability_alive", "share", alive, "BG/NBD", tx("Wahrscheinlichkeit, noch Kunde zu sein", "probability to be still a customer"))
	e.add("expected_orders", "orders", orders, fmt.Sprintf("BG/NBD, next %g weeks", l.Weeks), tx("erwartete Bestellungen", "expected orders"))
	e.report.Lifetime = r
	if spent == nil {
		return nil
	}
	amounts, fit, err := lifetime.FitGammaGamma(e.ctx, spends, cfg)
	if err != nil {
		return err
	}
	mean := amounts.PopulationMean()
	if !fit.Usable() || mean != mean {
		reason := cmp.Or(fit.Reason, "the population has no mean spend (q is not above 1)")
		reasonDE := cmp.Or(fit.ReasonDE, "die Grundgesamtheit hat keinen mittleren Betrag (q liegt nicht über 1)")
		e.warn("Kein Modell künftiger Beträge: "+reasonDE, "no model of amounts to come: "+reason)
		return nil
	}
	r.P, r.Q, r.V, r.MeanSpend = &amounts.P, &amounts.Q, &amounts.V, &mean
	horizon := lifetime.Horizon{Weeks: l.Weeks, YearlyRate: l.Discount}
	margins, err := e.marginRates(l.Margin)
	if err != nil {
		return err
	}
	value := nans(n)
	if err := e.each(e.ctx, len(rows), func(at int) {
		of, s := horizon, spends[at]
		if !(s.Mean > 0) {
			s = lifetime.Spend{} // nothing is known of its amounts: the population's mean
		}
		v := lifetime.Value(m, amounts, histories[at], s, of)
		if margins != nil {
			v = float64(v * margins.of(rows[at]))
		}
		value[rows[at]] = v
	}); err != nil {
		return err
	}
	total := exact.SumFunc(len(rows), func(at int) float64 { return value[rows[at]] })
	r.LifetimeValue = &total
	what := "revenue"
	if margins != nil {
		r.MarginRate, what = &margins.all, "margin"
	}
	e.add("lifetime_value", "currency", value, fmt.Sprintf("expected %s of the next %g weeks, discounted by %g a year (BG/NBD, Gamma-Gamma)", what, l.Weeks, l.Discount),
		tx("Kundenwert", "lifetime value"))
	return nil
}

// marginRates are margins over revenue.
type marginRates struct {
	all  float64 // of all customers, which stands in where a customer's own is not known
	each []float64
}

func (m *marginRates) of(i int) float64 {
	if m.each[i] != m.each[i] {
		return m.all
	}
	return m.each[i]
}

// marginRates returns nil without a feature of margin or of revenue.
func (e *estimator) marginRates(feature string) (*marginRates, error) {
	if feature == "" {
		return nil, nil
	}
	c, err := e.in.column(feature, "lifetime.margin")
	revenue := e.in.Table.Column(e.roles.Revenue)
	if err != nil {
		return nil, err
	}
	if revenue == nil {
		e.warn("Der Kundenwert ist Umsatz, nicht Marge: es gibt kein Umsatzmerkmal, auf das sich die Marge bezieht.",
			"the lifetime value is revenue, not margin: there is no feature of revenue that the margin could be of")
		return nil, nil
	}
	m := &marginRates{each: nans(len(c.Numbers))}
	var margin, sum exact.Accumulator
	for i, v := range c.Numbers {
		if x := revenue.Numbers[i]; finite(v) && finite(x) && x > 0 {
			m.each[i] = v / x
			margin.Add(v)
			sum.Add(x)
		}
	}
	if sum.Sum() > 0 {
		m.all = margin.Sum() / sum.Sum()
	}
	return m, nil
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

func nans(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = math.NaN()
	}
	return out
}

// each calls f for every index below n, on the configured threads.
func (e *Estimates) each(ctx context.Context, n int, f func(i int)) error {
	const chunk = 4096
	return par.Each(ctx, e.cfg.Threads, (n+chunk-1)/chunk, func(_, b int) error {
		for i := b * chunk; i < min((b+1)*chunk, n); i++ {
			f(i)
		}
		return nil
	})
}
