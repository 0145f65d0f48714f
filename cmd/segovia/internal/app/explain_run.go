package app

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"segovia/engine"
	"segovia/engine/features"
	"segovia/engine/profile"
	"segovia/engine/table"
	"segovia/io/runstore"
	"segovia/kernels/problem"
)

// explainPublished explains a segment or a customer of the published run in the output folder.
func (e *env) explainPublished(out, id string) error {
	store, err := runstore.Open(out)
	if err != nil {
		return errorsOr(err, unknownID(id))
	}
	defer store.Close()
	run, err := store.Current()
	if err != nil {
		return err
	}
	if run == nil {
		return &problem.Problem{ID: "SEG-STA-002", What: "nothing is published", File: out, Fix: "`segovia run` publishes"}
	}
	data, err := run.ReadFile("segments.json")
	if err != nil {
		return err
	}
	var report profile.Report
	if err := json.Unmarshal(data, &report); err != nil {
		return &problem.Problem{ID: "SEG-STA-003", What: "segments.json cannot be read", File: run.Path("segments.json"), Why: err.Error(), Err: err}
	}
	if at := slices.IndexFunc(report.Segments, func(s profile.Segment) bool { return strings.EqualFold(s.ID, id) }); at >= 0 {
		return e.explainSegment(report.Segments[at])
	}
	return e.explainCustomer(run, report, id)
}

// errorsOr returns alternative where there is no output folder at all, else err.
func errorsOr(err, alternative error) error {
	for _, p := range problem.All(err) {
		if p.ID == "SEG-STA-002" {
			return alternative
		}
	}
	return err
}

func (e *env) explainSegment(s profile.Segment) error {
	if e.flags.json {
		return e.writeJSON(s)
	}
	e.printf("%s  %s / %s\n\n%s\n%s\n\nrule: %s (finds %.0f %% of the segment; %.0f %% of what it finds belongs to it)\n\n", s.ID, s.Name.EN, s.Name.DE,
		s.Description.EN, s.Description.DE, s.Rule.Text.EN, 100*s.Rule.Coverage, 100*s.Rule.Precision)
	w := tabwriter.NewWriter(e.out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "feature\tsegment\tall\teffect\t")
	for _, f := range s.Features[:min(12, len(s.Features))] {
		fmt.Fprintf(w, "%s\t%.5g\t%.5g\t%+.2f\t\n", f.Name, f.Mean, f.OverallMean, f.Effect)
	}
	return w.Flush()
}

// explainedCustomer says why a customer belongs where it does.
type explainedCustomer struct {
	CustomerID string              `json:"customer_id"`
	AccountID  string              `json:"account_id,omitempty"` // where accounts are known
	SegmentID  string              `json:"segment_id"`
	Segment    string              `json:"segment"`
	Distance   float64             `json:"distance"`
	Margin     *float64            `json:"margin"`
	NextID     string              `json:"next_segment_id"` // the second nearest
	Next       string              `json:"next_segment"`
	Features   []explainedFeature  `json:"features"` // what decides most against the second nearest, first
	Values     []explainedOriginal `json:"values"`   // the customer's own features
}

// explainedFeature is one prepared column: how much nearer (positive) or farther the customer lies to its own segment than
// to the second nearest, as squared distance.
type explainedFeature struct {
	Column   string  `json:"column"`
	Customer float64 `json:"customer"`
	Own      float64 `json:"own_centroid"`
	Next     float64 `json:"next_centroid"`
	Decides  float64 `json:"decides"`
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
	var own, next []float64
	nearest := math.Inf(1)
	for _, c := range m.Centroids {
		if c.Number == a.Number {
			own = c.Prepared
			continue
		}
		var sum float64
		for j, v := range c.Prepared {
			sum += (prepared.X[j][0] - v) * (prepared.X[j][0] - v)
		}
		if sum < nearest {
			nearest, next = sum, c.Prepared
			out.NextID, out.Next = m.Segments[c.Number-1].ID, m.Name(c.Number)
		}
	}
	for j, name := range prepared.Names {
		f := explainedFeature{Column: name, Customer: prepared.X[j][0], Own: own[j]}
		if next != nil {
			f.Next = next[j]
			f.Decides = (f.Customer-f.Next)*(f.Customer-f.Next) - (f.Customer-f.Own)*(f.Customer-f.Own)
		}
		out.Features = append(out.Features, f)
	}
	slices.SortStableFunc(out.Features, func(x, y explainedFeature) int {
		switch {
		case x.Decides > y.Decides:
			return -1
		case x.Decides < y.Decides:
			return 1
		}
		return 0
	})
	if !math.IsInf(a.Margin, 0) {
		out.Margin = &a.Margin
	}
	segment := report.Segments[a.Number-1]
	for _, c := range one.Columns {
		v := explainedOriginal{Feature: c.Name}
		switch {
		case c.IsMissing(0):
		case c.Kind == table.Category:
			v.Value = c.Strings[0]
		default:
			v.Value = c.Numbers[0]
		}
		if at := slices.IndexFunc(segment.Features, func(f profile.Feature) bool { return f.Name == c.Name }); at >= 0 {
			v.SegmentMean = &segment.Features[at].Mean
		}
		out.Values = append(out.Values, v)
	}
	if e.flags.json {
		return e.writeJSON(out)
	}
	e.printf("customer %s belongs to %s, %s\n", id, out.SegmentID, out.Segment)
	if next != nil {
		if a.Margin < 0 {
			e.printf("distance %.4g; it stays with its account %s, although %s, %s, is nearer by %.4g\n", out.Distance, out.AccountID, out.NextID, out.Next, -a.Margin)
		} else {
			e.printf("distance %.4g; the second nearest is %s, %s, farther by %.4g\n", out.Distance, out.NextID, out.Next, a.Margin)
		}
	}
	e.printf("\nwhat decides between the two, in prepared units:\n")
	w := tabwriter.NewWriter(e.out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "column\tcustomer\town centroid\tsecond nearest\tdecides\t")
	for _, f := range out.Features {
		fmt.Fprintf(w, "%s\t%.4g\t%.4g\t%.4g\t%+.4g\t\n", f.Column, f.Customer, f.Own, f.Next, f.Decides)
	}
	_ = w.Flush()
	e.printf("\nfeatures:\n")
	fmt.Fprintln(w, "feature\tcustomer\tmean of the segment\t")
	for _, v := range out.Values {
		mean, value := "", "missing"
		if v.SegmentMean != nil {
			mean = fmt.Sprintf("%.5g", *v.SegmentMean)
		}
		if v.Value != nil {
			value = fmt.Sprint(v.Value)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t\n", v.Feature, value, mean)
	}
	return w.Flush()
}

// published returns the account of a customer and the number of its segment as the run published them; "" and 0 where it
// knows no accounts or not the customer.
func (e *env) published(run *runstore.Run, m *engine.Model, id string) (account string, number int, err error) {
	if m.Features == nil || m.Features.Entity.Accounts == "" {
		return "", 0, nil
	}
	name := "labels.parquet"
	if m.Features.Entity.Accounts == features.AccountsSum {
		name = "members.parquet"
	}
	t, err := e.readTable(e.ctx, run.Path(name), "customer_id", "account_id")
	if err != nil {
		return "", 0, err
	}
	row, ok := slices.BinarySearch(t.Keys, id)
	if !ok {
		return "", 0, nil
	}
	return t.Column("account_id").Strings[row], int(t.Column("number").Numbers[row]), nil
}

// row returns a table of one row.
func (t *readyTable) row(i int) *table.Table {
	one := &table.Table{Keys: t.Keys[i : i+1]}
	for _, c := range t.Columns {
		cut := *c
		if c.Numbers != nil {
			cut.Numbers = c.Numbers[i : i+1]
		}
		if c.Strings != nil {
			cut.Strings = c.Strings[i : i+1]
		}
		if c.Missing != nil {
			cut.Missing = c.Missing[i : i+1]
		}
		one.Columns = append(one.Columns, &cut)
	}
	return one
}
