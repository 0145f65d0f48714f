package app

import (
	"fmt"
	"math"
	"strings"
	"text/tabwriter"

	"segovia/engine/profile"
	"segovia/engine/tiers"
)

// mostDeciding is how many features are told of why a customer is in its segment.
const mostDeciding = 5

// printCustomer tells in words and figures why a customer is where it is and what would have to change.
func (e *env) printCustomer(x *explainedCustomer) {
	e.printf("customer %s", x.CustomerID)
	if x.AccountID != "" && x.AccountID != x.CustomerID {
		e.printf(", of account %s", x.AccountID)
	}
	e.printf("\n\nSEGMENT   %s  (%s)\n", x.Segment, x.SegmentID)
	e.printSegmentReasons(x)
	if x.Tier != nil {
		e.printTier(x)
	}
	if x.Worth != nil {
		e.printWorth(x)
	}
	if p := x.Profile; p != nil {
		e.printf("\nPROFILE   %s, similarity %.2f", p.Profile, p.Similarity)
		if p.Second != nil {
			e.printf("; next would be %s, %.2f", p.RunnerUp, *p.Second)
		}
		e.printf("\n")
		w := e.columns()
		fmt.Fprintln(w, "\tthis customer\ttypical of it\ttypical of the next\t")
		for _, f := range p.Features {
			next := ""
			if f.RunnerUp != nil {
				next = x.figure(*f.RunnerUp, f.Unit)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t\n", f.Label, x.figure(f.Value, f.Unit), x.figure(f.Profile, f.Unit), next)
		}
		_ = w.Flush()
	}
	if x.Worth != nil {
		e.printGroups(x)
	}
	if len(x.Plan) > 0 {
		e.printf("\nPLAN\n")
		w := tabwriter.NewWriter(e.out, 0, 4, 2, ' ', 0)
		for _, p := range x.Plan {
			note := ""
			if p.Proposed {
				note = "  (proposed: " + p.Why + ")"
			}
			fmt.Fprintf(w, "  %s\t%s%s\n", p.Label, p.Text, note)
		}
		_ = w.Flush()
	}
	e.printf("\nFEATURES\n")
	w := e.columns()
	fmt.Fprintln(w, "\tthis customer\tmean of the segment\t")
	for _, v := range x.Values {
		mean, value := "", "missing"
		if v.SegmentMean != nil {
			mean = profile.Localise(trimmed(*v.SegmentMean), false)
		}
		switch c := v.Value.(type) {
		case float64:
			value = profile.Localise(trimmed(c), false)
		case string:
			value = oneLine(c)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t\n", v.Feature, value, mean)
	}
	_ = w.Flush()
}

// columns starts a table whose first column begins a line of text.
func (e *env) columns() *tabwriter.Writer {
	return tabwriter.NewWriter(e.out, 4, 4, 3, ' ', tabwriter.AlignRight)
}

func (e *env) printSegmentReasons(x *explainedCustomer) {
	switch {
	case x.Margin == nil:
		e.printf("  There is no other segment.\n")
	case *x.Margin < 0:
		e.printf("  It stays with its account, although %s (%s) would be nearer.\n", x.Next, x.NextID)
	default:
		e.printf("  Next would be %s (%s).", x.Next, x.NextID)
		switch ratio := x.Distance / (x.Distance + *x.Margin); {
		case ratio < 0.5:
			e.printf(" It is far from that one: a clear case.\n")
		case ratio < 0.85:
			e.printf("\n")
		default:
			e.printf(" It is almost as near to that one: a close case.\n")
		}
	}
	if x.Next != "" {
		told := x.Features[:min(mostDeciding, len(x.Features))]
		against := ""
		if last := x.Features[len(x.Features)-1]; last.Decides < 0 {
			against = " (the last line speaks against it)"
			if len(x.Features) > mostDeciding {
				told = append(told[:len(told):len(told)], last)
			}
		}
		e.printf("  What speaks for its own segment, most first%s:\n", against)
		w := e.columns()
		fmt.Fprintln(w, "\tthis customer\tits segment\tthe next\t")
		for _, f := range told {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t\n", f.Label, x.figure(f.Value, f.Unit), x.figure(f.OwnValue, f.Unit), x.figure(f.NextValue, f.Unit))
		}
		_ = w.Flush()
	}
	if c := x.Change; c != nil {
		e.printf("  All else equal, it would change to that segment with %s of about %s instead of %s.\n", c.Label, x.figure(c.To, c.Unit), x.figure(c.From, c.Unit))
	} else if x.Margin != nil && *x.Margin >= 0 {
		e.printf("  No single feature could bring it there; several would have to change.\n")
	}
}

func (e *env) printTier(x *explainedCustomer) {
	e.printf("\nTIER      %s\n", x.Tier.Tier)
	w := tabwriter.NewWriter(e.out, 0, 4, 2, ' ', 0)
	for _, d := range x.Tier.Dimensions {
		value := "not known"
		if d.Value != nil {
			value = x.figure(*d.Value, d.Unit)
		}
		var bounds string
		switch {
		case d.From == nil && d.To != nil:
			bounds = "below " + x.figure(*d.To, d.Unit)
		case d.From != nil && d.To != nil:
			bounds = "from " + x.figure(*d.From, d.Unit) + " to below " + x.figure(*d.To, d.Unit)
		case d.From != nil:
			bounds = "from " + x.figure(*d.From, d.Unit)
		}
		fmt.Fprintf(w, "  %s\t%s\tis %s\t(%s)\n", d.Label, value, d.Class, bounds)
	}
	_ = w.Flush()
	for _, m := range x.Tier.Changes {
		how := "at least "
		if m.Below {
			how = "less than "
		}
		e.printf("  It would be %s with a %s of %s%s.\n", m.Tier, m.Label, how, x.figure(m.Value, m.Unit))
	}
}

func (e *env) printWorth(x *explainedCustomer) {
	v := x.Worth
	e.printf("\nWORTH\n")
	w := tabwriter.NewWriter(e.out, 0, 4, 2, ' ', 0)
	row := func(label string, value *float64, unit, note string) {
		if value != nil {
			fmt.Fprintf(w, "  %s\t%s\t%s\n", label, x.figure(*value, unit), note)
		}
	}
	row("spends a year", v.Realised, "currency", "")
	row("needs of its machines a year", v.Potential, "currency", "")
	note := ""
	if v.WalletLow != nil && v.WalletHigh != nil {
		note = "(among comparable customers " + x.figure(*v.WalletLow, "currency") + " to " + x.figure(*v.WalletHigh, "currency") + ")"
	}
	row("could spend a year", v.Wallet, "currency", note)
	row("share of wallet", v.ShareOfWallet, "share", "")
	row("unrealised", v.Unrealised, "currency", "")
	row("still a customer", v.ProbabilityAlive, "share", "(probability)")
	row("silent for", v.Overdue, "", "times its own gap between orders")
	row("expected orders", v.ExpectedOrders, "", fmt.Sprintf("in the next %.0f weeks", v.HorizonWeeks))
	row("lifetime value", v.LifetimeValue, "currency", fmt.Sprintf("in the next %.0f weeks", v.HorizonWeeks))
	_ = w.Flush()
}

func (e *env) printGroups(x *explainedCustomer) {
	e.printf("\nGROUPS\n")
	if len(x.Groups) == 0 {
		e.printf("  none are defined\n")
	}
	for _, g := range x.Groups {
		if strings.Contains(fmt.Sprint(g.Conditions), "_rank") {
			e.printf("  (x_rank is the share of all customers with less of x: from 0.7 on, a customer is among the upper 30 %%)\n")
			break
		}
	}
	for _, member := range []bool{true, false} {
		for _, g := range x.Groups {
			if g.Member != member {
				continue
			}
			if member {
				e.printf("  yes  %s: %s\n", g.Label, g.Hint)
			} else {
				e.printf("  no   %s\n", g.Label)
			}
			for _, c := range g.Conditions {
				verdict := "holds"
				if !c.Holds {
					verdict = "does not hold"
				}
				var values []string
				for _, v := range c.Values {
					values = append(values, v.Name+" is "+valueText(v.Value))
				}
				e.printf("         %s %s: %s\n", c.Text, verdict, strings.Join(values, ", "))
			}
		}
	}
}

func valueText(v any) string {
	switch x := v.(type) {
	case nil:
		return "not known"
	case float64:
		return profile.Localise(trimmed(x), false)
	case string:
		return "'" + oneLine(x) + "'"
	}
	return fmt.Sprint(v)
}

// figure writes a value with its unit.
func (x *explainedCustomer) figure(v float64, unit string) string {
	switch unit {
	case "currency":
		return tiers.Amount(v, x.currency, false)
	case "share", "score", "":
		return tiers.Amount(v, unit, false)
	case "rows", "orders", "values", "ratio": // the label says what is counted
		return profile.Localise(trimmed(v), false)
	}
	return profile.Localise(trimmed(v), false) + " " + unit
}

// trimmed writes x with at most three significant decimals, whole from 1000 on.
func trimmed(x float64) string {
	decimals := 3
	if m := math.Abs(x); m > 0 && m != math.Trunc(m) {
		decimals = max(0, 2-int(math.Floor(math.Log10(m))))
	}
	s := fmt.Sprintf("%.*f", min(decimals, 6), x)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}
