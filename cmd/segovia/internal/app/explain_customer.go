package app

import (
	"math"
	"slices"

	"segovia/engine"
	"segovia/engine/features"
	"segovia/engine/prep"
	"segovia/engine/profile"
	"segovia/engine/table"
	"segovia/io/runstore"
)

// explainedCustomer says why a customer belongs where it does, and what would have to change.
type explainedCustomer struct {
	CustomerID string              `json:"customer_id"`
	AccountID  string              `json:"account_id,omitempty"` // where accounts are known
	SegmentID  string              `json:"segment_id"`
	Segment    string              `json:"segment"`
	Distance   float64             `json:"distance"`
	Margin     *float64            `json:"margin"`
	NextID     string              `json:"next_segment_id"` // the second nearest
	Next       string              `json:"next_segment"`
	Change     *explainedChange    `json:"change"`   // the smallest change of one feature that leads there; null where none does
	Features   []explainedFeature  `json:"features"` // what decides most against the second nearest, first
	Worth      *explainedWorth     `json:"worth"`
	Tier       *explainedTier      `json:"tier"`
	Profile    *explainedProfile   `json:"profile"`
	Groups     []explainedGroup    `json:"groups"`
	Plan       []explainedPlan     `json:"plan"`
	Values     []explainedOriginal `json:"values"` // the customer's own features

	currency string
}

// explainedFeature is one prepared column: how much nearer (positive) or farther the customer lies to its own segment than
// to the second nearest, as squared distance; and what its values mean in the feature's own unit.
type explainedFeature struct {
	Column   string  `json:"column"`
	Label    string  `json:"label"`
	Unit     string  `json:"unit"`
	Customer float64 `json:"customer"`
	Own      float64 `json:"own_centroid"`
	Next     float64 `json:"next_centroid"`
	Decides  float64 `json:"decides"`
	// Values in the feature's own unit: the customer's as it is, also where it was clipped to be compared (what stands in, where
	// it is missing), and the centroids'; of principal components as they are.
	Value     float64 `json:"value"`
	OwnValue  float64 `json:"own_value"`
	NextValue float64 `json:"next_value"`
}

// explainedChange is one feature that would have to change, all else equal.
type explainedChange struct {
	Feature string  `json:"feature"`
	Label   string  `json:"label"`
	Unit    string  `json:"unit"`
	From    float64 `json:"from"`
	To      float64 `json:"to"`
}

type explainedOriginal struct {
	Feature string `json:"feature"`
	Value   any    `json:"value"`
	// Mean of the segment, where the feature is a number.
	SegmentMean *float64 `json:"segment_mean"`
}

func (e *env) explainCustomer(run *runstore.Run, report profile.Report, id string) error {
	m, err := readModel(run.Dir())
	if err != nil {
		return err
	}
	t, err := e.readTable(e.ctx, run.Path("features.parquet"), "customer_id")
	if err != nil {
		return err
	}
	account, number, err := e.published(run, m, id)
	if err != nil {
		return err
	}
	key := id
	if m.Features != nil && m.Features.Entity.Accounts == features.AccountsSum && account != "" {
		key = account // whose features are those of all members
	}
	row, ok := slices.BinarySearch(t.Keys, key)
	if !ok {
		return unknownID(id)
	}
	one := t.row(row)
	prepared, err := m.Prep.Apply(one)
	if err != nil {
		return err
	}
	a := m.Assign(prepared, 1)[0]
	if ties(m) && number > 0 {
		a = m.AssignTo(prepared, []engine.Assignment{{Number: number}}, 1)[0]
	}
	out := explainedCustomer{CustomerID: id, AccountID: account, SegmentID: m.Segments[a.Number-1].ID, Segment: m.Name(a.Number), Distance: a.Distance}
	out.nearest(m, one, prepared, a, report)
	out.values(one, report.Segments[a.Number-1])
	if err := e.explainValue(&out, run, t.Table, key, report, false); err != nil {
		return err
	}
	if e.flags.json {
		return e.writeJSON(out)
	}
	e.printCustomer(&out)
	return nil
}

// nearest compares the customer's segment with the second nearest.
func (x *explainedCustomer) nearest(m *engine.Model, one *table.Table, p *prep.Prepared, a engine.Assignment, report profile.Report) {
	var own, next []float64
	nearest := math.Inf(1)
	for _, c := range m.Centroids {
		if c.Number == a.Number {
			own = c.Prepared
			continue
		}
		var sum float64
		for j, v := range c.Prepared {
			sum += (p.X[j][0] - v) * (p.X[j][0] - v)
		}
		if sum < nearest {
			nearest, next = sum, c.Prepared
			x.NextID, x.Next = m.Segments[c.Number-1].ID, m.Name(c.Number)
		}
	}
	if !math.IsInf(a.Margin, 0) {
		x.Margin = &a.Margin
	}
	gap := 0.0 // how much nearer its own segment is, as squared distance
	for j, name := range p.Names {
		f := explainedFeature{Column: name, Label: name, Customer: p.X[j][0], Own: own[j], Value: m.Prep.Restore(j, p.X[j][0]), OwnValue: m.Prep.Restore(j, own[j])}
		if at := slices.IndexFunc(report.FeatureInfo, func(i profile.FeatureInfo) bool { return i.Name == name }); at >= 0 {
			info := report.FeatureInfo[at]
			f.Label, f.Unit = info.Label.EN, info.Unit
		}
		switch c := one.Column(name); {
		case c == nil || c.Kind == table.Category:
		case c.IsMissing(0):
			f.Label += " (missing, taken as)"
		default:
			f.Value = c.Numbers[0] // as it is, also where it was clipped
		}
		if next != nil {
			f.Next, f.NextValue = next[j], m.Prep.Restore(j, next[j])
			f.Decides = (f.Customer-f.Next)*(f.Customer-f.Next) - (f.Customer-f.Own)*(f.Customer-f.Own)
			gap += f.Decides
		}
		x.Features = append(x.Features, f)
	}
	if next != nil && gap > 0 {
		// Moving feature j by d changes the gap by 2 d (own - next): the smallest |d| that closes it.
		best := math.Inf(1)
		for j, f := range x.Features {
			d := gap / (2 * (f.Next - f.Own))
			if to := m.Prep.Restore(j, f.Customer+d); math.Abs(d) < best && possible(f, to) {
				best = math.Abs(d)
				x.Change = &explainedChange{Feature: f.Column, Label: f.Label, Unit: f.Unit, From: f.Value, To: to}
			}
		}
	}
	slices.SortStableFunc(x.Features, func(x, y explainedFeature) int {
		switch {
		case x.Decides > y.Decides:
			return -1
		case x.Decides < y.Decides:
			return 1
		}
		return 0
	})
}

// possible reports whether a feature can have the value: shares lie between 0 and 1, and what is not negative here or in the
// segments does not become so.
func possible(f explainedFeature, to float64) bool {
	if math.IsNaN(to) || math.IsInf(to, 0) || f.Unit == "share" && (to < 0 || to > 1) {
		return false
	}
	return to >= 0 || min(f.Value, f.OwnValue, f.NextValue) < 0
}

// values lists the customer's own features beside the segment's means.
func (x *explainedCustomer) values(one *table.Table, segment profile.Segment) {
	for _, c := range one.Columns {
		v := explainedOriginal{Feature: c.Name, Value: cellOf(c, 0)}
		if at := slices.IndexFunc(segment.Features, func(f profile.Feature) bool { return f.Name == c.Name }); at >= 0 {
			v.SegmentMean = &segment.Features[at].Mean
		}
		x.Values = append(x.Values, v)
	}
}

// cellOf is a value for JSON: nil where it is missing.
func cellOf(c *table.Column, i int) any {
	switch {
	case c.IsMissing(i):
		return nil
	case c.Kind == table.Category:
		return c.Strings[i]
	}
	return c.Numbers[i]
}
