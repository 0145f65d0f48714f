package profile

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"segovia/engine/internal/par"
	"segovia/kernels/problem"
)

// Schema and FormatVersion name the format of segments.json.
const (
	Schema        = "segovia:segments"
	FormatVersion = 1
)

// describer holds what is known while segments are described.
type describer struct {
	in      Input
	cfg     Config
	numbers []*numeric
	cats    []*category
	metas   map[string]*meta // by feature
	roles   roles
	sizes   []int     // customers per segment
	revenue float64   // of all customers
	typical [][]trait // per segment
	// Orders and contacts a year of all customers; nil where one of them is not known.
	contactsAll, ordersAll *float64
}

// Describe returns the description of the segments. It depends on in and cfg alone, not on cfg.Threads. It returns
// SEG-FEA-002 or SEG-CFG-003 for features that cfg names wrongly, SEG-NUM-002 for values whose sums leave the range of
// float64, and SEG-BUG-001 where in contradicts itself.
func Describe(in Input, cfg Config) (*Report, error) {
	if err := check(in, cfg); err != nil {
		return nil, err
	}
	d := &describer{in: in, cfg: cfg.withDefaults(), sizes: make([]int, in.K)}
	for _, s := range in.Labels {
		d.sizes[s]++
	}
	var err error
	if d.numbers, err = gather(in, d.cfg); err != nil {
		return nil, err
	}
	d.cats = tally(in, d.cfg)
	d.label()
	d.roles = assign(d.numbers, d.cats, d.cfg)

	r := &Report{
		Schema: Schema, FormatVersion: FormatVersion, K: in.K, ChosenBecause: in.ChosenBecause, Passed: in.Passed,
		Customers: len(in.Labels), Segments: make([]Segment, in.K), FeatureInfo: make([]FeatureInfo, len(d.numbers)),
	}
	if in.ARIMean != nil {
		r.Stability = &Stability{ARIMean: *in.ARIMean, ARIMCSE: in.ARIMCSE, Pairs: in.Pairs}
	}
	for i, f := range d.numbers {
		r.FeatureInfo[i] = f.info()
	}
	if d.roles.revenue != nil {
		d.revenue = total(d.roles.revenue.all)
		if !finite(d.revenue) {
			return nil, &problem.Problem{
				ID: "SEG-NUM-002", What: "revenue too large to add up", Place: fmt.Sprintf("feature %q", d.roles.revenue.col.Name),
				Fix: "Repair the values.",
			}
		}
		r.RevenueTotal = &d.revenue
	}
	d.contactsAll, d.ordersAll = d.yearly(nil)
	if d.contactsAll == nil || d.ordersAll == nil {
		d.contactsAll, d.ordersAll = nil, nil
	}

	classOf := make([]int, 0, in.K)
	d.typical = make([][]trait, in.K)
	for s := range r.Segments {
		class := d.figures(s, &r.Segments[s])
		classOf = append(classOf, class)
		if in.K > 1 {
			d.typical[s] = d.traits(s)
		}
	}
	if d.revenue <= 0 {
		classOf = nil
	}
	for s, name := range d.names(classOf) {
		r.Segments[s].Name = name
		r.Segments[s].Description = d.description(s, &r.Segments[s])
	}

	forest := newForest(in, d.cfg, d.numbers, d.cats)
	err = par.Each(context.Background(), cfg.Threads, in.K, func(_, s int) error {
		r.Segments[s].Rule = forest.rule(in, s, d.metas)
		return nil
	})
	return r, err
}

// label collects the words for all features and tells equal labels apart.
func (d *describer) label() {
	d.metas = make(map[string]*meta)
	var metas []*meta
	var names []string
	add := func(name string, m *meta) {
		d.metas[name] = m
		metas, names = append(metas, m), append(names, name)
	}
	for _, f := range d.numbers {
		add(f.col.Name, &f.meta)
	}
	for _, c := range d.cats {
		add(c.col.Name, &c.meta)
	}
	uniqueLabels(metas, names)
}

// yearly returns contacts and orders a year: of the segment with the given index, or of all customers for nil.
func (d *describer) yearly(s *int) (contacts, orders *float64) {
	of := func(f *numeric) *float64 {
		switch {
		case f == nil:
			return nil
		case s == nil:
			return perYear(f, f.all, d.in)
		}
		return perYear(f, f.seg[*s], d.in)
	}
	return of(d.roles.contacts), of(d.roles.orders)
}

// figures fills everything of segment s but name, description and rule, and returns its revenue class.
func (d *describer) figures(s int, seg *Segment) int {
	in, cfg := d.in, d.cfg
	seg.Number = s + 1
	if in.IDs != nil {
		seg.ID = in.IDs[s]
	}
	seg.Customers = d.sizes[s]
	seg.Share = float64(seg.Customers) / float64(len(in.Labels))
	class := 0
	if f := d.roles.revenue; f != nil {
		revenue := total(f.seg[s])
		seg.Revenue = &revenue
		if d.revenue > 0 {
			share := revenue / d.revenue
			class = revenueClass(revenue/float64(seg.Customers), d.revenue/float64(len(in.Labels)), cfg.RevenueCuts)
			name := classes[class]
			seg.RevenueShare, seg.RevenueClass = &share, &name
		}
	}
	seg.ContactsPerYear, seg.OrdersPerYear = d.yearly(&s)
	if in.SLSw != nil {
		seg.SLSwMean = finiteOrNil(in.SLSw[s])
	}
	if in.Silhouette != nil {
		seg.Silhouette = finiteOrNil(in.Silhouette[s])
	}
	seg.Features = d.features(s)
	seg.Levels = overRepresented(d.cats, s, cfg)
	seg.Checks = d.checks(s, seg)
	seg.Plan = map[string]any{}
	seg.History = History{Event: "new"}
	return class
}

func finiteOrNil(x float64) *float64 {
	if !finite(x) {
		return nil
	}
	return &x
}

// features lists the numeric features of segment s, largest effect first, ties in table order. A feature without any
// value in the segment is left out.
func (d *describer) features(s int) []Feature {
	out := []Feature{}
	for _, f := range d.numbers {
		m := f.seg[s]
		if m.n == 0 {
			continue
		}
		v := Feature{Name: f.col.Name, Mean: m.mean, OverallMean: f.all.mean, Median: m.median, Effect: f.effect[s]}
		if f.all.mean != 0 {
			v.Lift = finiteOrNil(m.mean / f.all.mean)
		}
		out = append(out, v)
	}
	slices.SortStableFunc(out, func(a, b Feature) int {
		return cmp.Compare(max(b.Effect, -b.Effect), max(a.Effect, -a.Effect))
	})
	for i := range out {
		out[i].Rank = i + 1
	}
	return out
}

// largeEffect is the effect from which on a segment without silhouette counts as distinguishable (Cohen's large).
const largeEffect = 0.8

// checks are the four criteria of M14.
func (d *describer) checks(s int, seg *Segment) Checks {
	c := Checks{LargeEnough: seg.Share >= d.cfg.MinSize, Addressable: d.roles.addressable(s, seg.Customers, d.cfg)}
	if seg.SLSwMean != nil {
		stable := *seg.SLSwMean >= d.cfg.EachSegment
		c.Stable = &stable
	}
	if seg.Silhouette != nil {
		c.Distinguishable = *seg.Silhouette > d.cfg.Distinguish
		return c
	}
	for _, f := range d.numbers {
		c.Distinguishable = c.Distinguishable || max(f.effect[s], -f.effect[s]) >= largeEffect
	}
	for _, cat := range d.cats {
		for at := range cat.levels {
			e := cat.effect(s, at)
			c.Distinguishable = c.Distinguishable || max(e, -e) >= largeEffect
		}
	}
	return c
}
