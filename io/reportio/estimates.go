package reportio

import "strconv"

// estimate is one model with its figures.
type estimate struct {
	Name, Sub string
	Facts     []pair
	Bars      []importanceRow // of predictors, "" title without
}

type importanceRow struct {
	Label, Share string
	Bar          bar
}

// estimates says how wallets and lifetimes were estimated and how the estimates did.
func (p *page) estimates() []estimate {
	var out []estimate
	if w := p.value.Wallet; w != nil {
		out = append(out, p.walletEstimate(w))
	}
	if l := p.value.Lifetime; l != nil {
		out = append(out, p.lifetimeEstimate(l))
	}
	if e := p.rolesUsed(); len(e.Facts) > 0 {
		out = append(out, e)
	}
	return out
}

func (p *page) walletEstimate(w *walletModel) estimate {
	e := estimate{Name: p.t("est.wallet"), Sub: p.t("est.wallet.sub")}
	add := func(key, value string) {
		if value != "" {
			e.Facts = append(e.Facts, pair{Name: p.t(key), Value: value})
		}
	}
	method := p.word("est.method.", w.Method)
	if method == "" {
		method = w.Method
	}
	add("est.method", method)
	add("est.quantile", p.t("est.quantile.v", p.L.pct0(w.Quantile)))
	if w.Trees > 0 {
		add("est.trees", p.L.int(int64(w.Trees)))
	}
	if w.HeldOut > 0 {
		add("est.heldout", p.L.int(int64(w.HeldOut)))
		add("est.coverage", p.t("est.coverage.v", p.L.pct(w.Coverage), p.L.pct(w.Quantile)))
		loss := p.t("est.pinball.v", p.money(w.Pinball), p.money(w.Baseline))
		if w.Baseline > 0 && w.Pinball < w.Baseline {
			loss = p.t("est.pinball.better", p.money(w.Pinball), p.money(w.Baseline), p.L.pct0(1-w.Pinball/w.Baseline))
		}
		add("est.pinball", loss)
	}
	add("est.total", p.t("est.total.v", p.money(w.Wallet), p.money(w.Realised)))
	most := 1e-9
	for _, f := range w.Predictors {
		most = max(most, f.Share)
	}
	for _, f := range w.Predictors {
		label := capital(f.Label.in(p.Lang))
		if label == "" {
			label = p.label(f.Feature)
		}
		e.Bars = append(e.Bars, importanceRow{label, p.L.pct0(f.Share), lengthBar(f.Share / most)})
	}
	return e
}

func (p *page) lifetimeEstimate(l *lifetimeModel) estimate {
	e := estimate{Name: p.t("est.lifetime"), Sub: p.t("est.lifetime.sub")}
	add := func(key, value string) { e.Facts = append(e.Facts, pair{Name: p.t(key), Value: value}) }
	add("est.customers", p.t("est.customers.v", p.L.int(int64(l.Customers)), p.L.int(int64(l.Repeat))))
	add("est.horizon", p.t("est.horizon.v", p.L.sig(l.HorizonWeeks)))
	add("est.expected", p.L.dec(l.Expected, 0))
	if l.LifetimeValue != nil {
		add("est.ltv", p.money(*l.LifetimeValue))
	}
	if l.MeanSpend != nil {
		add("est.spend", p.money(*l.MeanSpend))
	}
	if l.MarginRate != nil {
		add("est.margin", p.L.pct(*l.MarginRate))
	} else {
		add("est.margin", p.t("est.margin.none"))
	}
	add("est.discount", p.t("est.discount.v", p.L.pct(l.DiscountPerAnn)))
	add("est.bgnbd", "r"+nbsp+"="+nbsp+p.L.sig(l.R)+", α"+nbsp+"="+nbsp+p.L.sig(l.Alpha)+", a"+nbsp+"="+nbsp+p.L.sig(l.A)+", b"+nbsp+"="+nbsp+p.L.sig(l.B))
	if l.P != nil && l.Q != nil && l.V != nil {
		add("est.gamma", "p"+nbsp+"="+nbsp+p.L.sig(*l.P)+", q"+nbsp+"="+nbsp+p.L.sig(*l.Q)+", v"+nbsp+"="+nbsp+p.L.sig(*l.V))
	}
	add("est.loglik", p.L.dec(l.LogLikelihood, 1))
	return e
}

// rolesUsed names the features that revenue, orders and so on were taken from.
func (p *page) rolesUsed() estimate {
	e := estimate{Name: p.t("est.roles"), Sub: p.t("est.roles.sub")}
	f := p.value.Features
	for _, r := range []struct{ key, name string }{
		{"revenue", f.Revenue}, {"orders.short", f.Orders}, {"contacts.short", f.Contacts}, {"role.recency", f.Recency}, {"role.returns", f.Returns},
	} {
		if r.name != "" {
			e.Facts = append(e.Facts, pair{Name: p.t(r.key), Value: p.label(r.name)})
		}
	}
	return e
}

// baseView is what the installed base needs in a year.
type baseView struct {
	Facts   []pair
	Rows    []baseRow
	Learned bool   // some prices came from customers
	Hidden  string // types of too few devices, "" for none
}

type baseRow struct {
	Type, Devices, Usage, PerUnit, Consumables, Service, Growth string
	Learned                                                     bool
}

func (p *page) baseView() *baseView {
	b := p.value.Potential
	if b == nil {
		return nil
	}
	v := &baseView{}
	add := func(key, value string) { v.Facts = append(v.Facts, pair{Name: p.t(key), Value: value}) }
	if b.Source != "" {
		add("base.source", b.Source)
	}
	add("base.devices", p.L.int(b.Devices))
	if b.Unmetered > 0 {
		add("base.unmetered", p.L.int(b.Unmetered))
	}
	add("base.consumables", p.money(b.Consumables))
	add("base.service", p.money(b.Service))
	for _, l := range b.Learned {
		name := p.word("base.learned.", l.Part)
		if name == "" {
			name = l.Part
		}
		v.Facts = append(v.Facts, pair{Name: name, Value: p.t("base.learned.v", p.L.pct0(l.Quantile), p.L.int(int64(l.Rows)), p.L.pct0(l.Coverage), p.money(l.Pinball))})
	}
	hidden := 0
	for _, t := range b.Types {
		if t.Devices > 0 && t.Devices < int64(p.least()) {
			hidden++ // could be one customer's
			continue
		}
		v.Learned = v.Learned || t.Learned
		v.Rows = append(v.Rows, baseRow{
			Type: t.Type, Devices: p.L.int(t.Devices), Usage: p.L.sig(t.MeanUsage), PerUnit: p.unitPrice(t.ConsumablesPerUnit),
			Consumables: p.money(t.ConsumablesPerYear), Service: p.money(t.ServicePerYear), Growth: p.L.signed(float64(t.ServiceGrowth*100), 1) + p.L.percent, Learned: t.Learned,
		})
	}
	if hidden > 0 {
		v.Hidden = p.t("base.hidden", p.L.int(int64(p.least())), p.L.int(int64(hidden)))
	}
	return v
}

// unitPrice writes a price that may be a small part of a cent.
func (p *page) unitPrice(x float64) string {
	if x > 0 && x < 1e-6 {
		return strconv.FormatFloat(x, 'e', 2, 64)
	}
	return p.money(x)
}
