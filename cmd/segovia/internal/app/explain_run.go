package app

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"segovia/engine"
	"segovia/engine/features"
	"segovia/engine/profile"
	"segovia/engine/table"
	"segovia/engine/tiers"
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
	e.printf("%s  %s / %s\n", s.ID, oneLine(s.Name.EN), oneLine(s.Name.DE))
	for _, text := range []string{s.Description.EN, s.Description.DE} {
		e.printf("\n%s\n", strings.Join(wrap(oneLine(text), textWidth), "\n"))
	}
	e.printf("\nrule: %s (finds %.0f %% of the segment; %.0f %% of what it finds belongs to it)\n\n", s.Rule.Text.EN, 100*s.Rule.Coverage, 100*s.Rule.Precision)
	e.printSegmentValue(s)
	w := tabwriter.NewWriter(e.out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "feature\tsegment\tall\teffect\t")
	for _, f := range s.Features[:min(12, len(s.Features))] {
		fmt.Fprintf(w, "%s\t%.5g\t%.5g\t%+.2f\t\n", f.Name, f.Mean, f.OverallMean, f.Effect)
	}
	return w.Flush()
}

// printSegmentValue prints what a segment is worth and what is planned for its tiers, where the run knows.
func (e *env) printSegmentValue(s profile.Segment) {
	if p := s.Potential; p != nil {
		share := 0.0
		if all := p.Realised + p.Unrealised; all > 0 {
			share = 100 * p.Realised / all
		}
		e.printf("worth a year: realised %s, unrealised %s (share of wallet %.0f %%)\n", tiers.Millions(p.Realised), tiers.Millions(p.Unrealised), share)
	}
	if s.ContactsPerYear != nil && s.OrdersPerYear != nil {
		e.printf("contacted %.1f times and ordering %.1f times a year\n", *s.ContactsPerYear, *s.OrdersPerYear)
	}
	names := make([]string, 0, len(s.Plan))
	for tier := range s.Plan {
		names = append(names, tier)
	}
	slices.Sort(names)
	for _, tier := range names {
		fields, ok := s.Plan[tier].(map[string]any)
		if !ok {
			continue
		}
		e.printf("plan for tier %s:\n", oneLine(tier))
		for f, field := range tiers.PlanFields {
			cell, _ := fields[field].(map[string]any)
			text, _ := cell["en"].(string)
			if proposed, _ := cell["proposed"].(bool); proposed {
				text += " (proposed)"
			}
			e.printf("  %-22s %s\n", tiers.PlanLabels[f].EN, oneLine(text))
		}
	}
	e.printf("\n")
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
