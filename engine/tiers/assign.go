package tiers

import (
	"context"
	"slices"

	"segovia/engine/profile"
)

// Segmentation is what Assign needs of the segments.
type Segmentation struct {
	Labels   []int // one per customer: the segment's index; its number is the index plus one
	Segments *profile.Report
}

// Customers are the results per customer, in the order of the table's rows. Slices of parts that were not asked for, or that
// the data did not allow, are nil.
type Customers struct {
	Tiers      []string // names, best first
	Tier       []int    // index of Tiers
	Class      [dimensions][]int
	Classes    [dimensions][]string // names of the classes, lowest first
	Reason     func(customer int, german bool) string
	Per        []string // the level of Rules.Per whose cuts decided; nil where all have the same
	Archetypes []Text
	Profile    []int // index of Archetypes
	RunnerUp   []int
	Similarity []float64 // to Profile, in (0, 1]
	Second     []float64 // to RunnerUp
	Groups     []string
	InGroup    [][]bool // by group
	Plans      [][len(PlanFields)]Text
	PlanOf     []int // index of Plans
}

// assigner works on top of the estimates.
type assigner struct {
	*Estimates
	ctx context.Context
	seg Segmentation
	out *Customers
	k   int
	// counts per year by customer, nil where not known
	spend, contacts, orders []float64
	gains                   [][]float64 // of consumables and of service by segment; nil until a plan asks
}

// Assign gives every customer a tier, a profile, groups and a plan, and sums up by segment, region and goal. It returns the
// report, the results per customer and the regional view (nil when not asked for).
func (e *Estimates) Assign(ctx context.Context, seg Segmentation) (*Report, *Customers, *RegionsReport, error) {
	e.report = e.estimated // what an earlier segmentation was given goes
	e.report.Warnings = slices.Clone(e.estimated.Warnings)
	a := &assigner{Estimates: e, ctx: ctx, seg: seg, out: &Customers{}, k: len(seg.Segments.Segments),
		spend: e.revenue(), contacts: e.perYear(e.roles.Contacts), orders: e.perYear(e.roles.Orders)}
	for _, step := range []struct {
		wanted bool
		do     func() error
	}{
		{e.cfg.Rules != nil, a.tiers},
		{e.cfg.Archetypes != nil, a.profiles},
		{len(e.cfg.Groups) > 0, a.groups},
		{true, a.segments},
		{e.cfg.Goal != nil, a.goal},
		{len(e.cfg.Plans) > 0 || e.cfg.Rules != nil, a.plans},
	} {
		if !step.wanted {
			continue
		}
		if err := step.do(); err != nil {
			return nil, nil, nil, err
		}
	}
	var regions *RegionsReport
	if e.cfg.Regions != nil {
		regions = a.regions()
	}
	return &e.report, a.out, regions, nil
}

// segments sums up by segment and writes the potential into the description of the segments.
func (a *assigner) segments() error {
	sum := func(values []float64) []float64 {
		if values == nil {
			return nil
		}
		out := make([]float64, a.k)
		a.sumBy(values, a.seg.Labels, out)
		return out
	}
	potential, wallet, open := sum(a.numbers("potential")), sum(a.numbers("wallet")), sum(a.numbers("unrealised_potential"))
	spend, value := sum(a.spend), sum(a.numbers("lifetime_value"))
	for s := range a.k {
		seg := &a.seg.Segments.Segments[s]
		v := SegmentValue{Segment: s + 1, Customers: seg.Customers, ContactsPerYear: seg.ContactsPerYear, OrdersPerYear: seg.OrdersPerYear,
			Realised: at(spend, s), Potential: at(potential, s), Wallet: at(wallet, s), Unrealised: at(open, s), LifetimeValue: at(value, s),
			Tiers: countBy(a.out.Tier, a.seg.Labels, s, len(a.out.Tiers)), Profiles: countBy(a.out.Profile, a.seg.Labels, s, len(a.out.Archetypes))}
		if v.Realised != nil && v.Unrealised != nil {
			if all := max(0, *v.Realised) + *v.Unrealised; all > 0 {
				share, found := max(0, *v.Realised)/all, *v.Unrealised > float64(UnrealisedFrom*all)
				v.ShareOfWallet, v.PotentialFound = &share, &found
			}
			seg.Potential = &profile.Potential{Realised: *v.Realised, Unrealised: *v.Unrealised}
		}
		a.report.Segments = append(a.report.Segments, v)
	}
	return nil
}

// sumBy adds values into out by group, in blocks whose order does not depend on threads.
func (a *assigner) sumBy(values []float64, group []int, out []float64) {
	acc := make([]accumulator, len(out))
	for i, v := range values {
		if v == v && group[i] >= 0 {
			acc[group[i]].Add(v)
		}
	}
	for g := range out {
		out[g] = acc[g].Sum()
	}
}

func at(values []float64, i int) *float64 {
	if values == nil {
		return nil
	}
	return &values[i]
}

// countBy counts the customers of group g by what they were given.
func countBy(given, group []int, g, kinds int) []int {
	out := make([]int, kinds)
	for i, v := range given {
		if group[i] == g {
			out[v]++
		}
	}
	return out
}

// sortedKnown returns the values that are not missing, ascending.
func sortedKnown(values []float64) []float64 {
	out := slices.DeleteFunc(slices.Clone(values), func(x float64) bool { return x != x })
	slices.Sort(out)
	return out
}
