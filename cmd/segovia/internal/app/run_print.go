package app

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"segovia/engine"
	"segovia/engine/profile"
	"segovia/engine/tiers"
)

// textWidth is where descriptions on the terminal are wrapped.
const textWidth = 110

// printSegments prints the table that marketing wants: what each segment is, how large, what it brings and could bring, how
// often it is contacted and orders; then tiers, groups and goal.
func (e *env) printSegments(o *engine.Outcome) {
	money := func(v float64) string { return tiers.Millions(v) }
	currency := ""
	if o.Value != nil && o.Value.Currency != "" {
		currency = " " + o.Value.Currency
	}
	has := func(of func(s profile.Segment) bool) bool {
		for _, s := range o.Segments.Segments {
			if of(s) {
				return true
			}
		}
		return false
	}
	class := has(func(s profile.Segment) bool { return s.RevenueClass != nil })
	potential := has(func(s profile.Segment) bool { return s.Potential != nil })
	contacts := has(func(s profile.Segment) bool { return s.ContactsPerYear != nil })
	orders := has(func(s profile.Segment) bool { return s.OrdersPerYear != nil })
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 4, 2, ' ', 0)
	head := "segment\tcustomers\tname"
	if class {
		head += "\trevenue"
	}
	if potential {
		head += "\trealised" + currency + "\tunrealised" + currency
	}
	if contacts {
		head += "\tcontacts a year"
	}
	if orders {
		head += "\torders a year"
	}
	fmt.Fprintln(w, head)
	perYear := func(v *float64) string {
		if v == nil {
			return "-"
		}
		return fmt.Sprintf("%.1f", *v)
	}
	for _, s := range o.Segments.Segments {
		line := fmt.Sprintf("%s\t%5.1f %%\t%s", s.ID, 100*s.Share, oneLine(s.Name.EN))
		if class {
			c := "-"
			if s.RevenueClass != nil {
				c = *s.RevenueClass
			}
			line += "\t" + c
		}
		if potential {
			if p := s.Potential; p != nil {
				line += "\t" + money(p.Realised) + "\t" + money(p.Unrealised)
			} else {
				line += "\t-\t-"
			}
		}
		if contacts {
			line += "\t" + perYear(s.ContactsPerYear)
		}
		if orders {
			line += "\t" + perYear(s.OrdersPerYear)
		}
		fmt.Fprintln(w, line)
	}
	_ = w.Flush()
	lines := strings.Split(strings.TrimRight(table.String(), "\n"), "\n")
	e.printf("  %s\n", strings.TrimRight(lines[0], " "))
	for i, s := range o.Segments.Segments {
		e.printf("  %s\n", strings.TrimRight(lines[i+1], " "))
		for _, l := range wrap(oneLine(s.Description.EN), textWidth-14) {
			e.printf("            %s\n", l)
		}
	}
	if o.Value != nil {
		e.printValue(o.Value)
	}
}

// printValue prints tiers, groups and goal in a line or two each.
func (e *env) printValue(v *tiers.Report) {
	first := true
	paragraph := func(label, text string) {
		if first {
			e.printf("\n")
			first = false
		}
		for i, l := range wrap(text, textWidth-12) {
			if i > 0 {
				label = ""
			}
			e.printf("  %-8s  %s\n", label, l)
		}
	}
	if t := v.Tiers; t != nil {
		var parts []string
		for _, x := range t.Tiers {
			parts = append(parts, fmt.Sprintf("%s %s", x.Tier, profile.Localise(fmt.Sprint(x.Customers), false)))
		}
		paragraph("tiers", strings.Join(parts, ", "))
	}
	if len(v.Groups) > 0 {
		var parts []string
		for _, g := range v.Groups {
			parts = append(parts, fmt.Sprintf("%s %s", oneLine(g.Label.EN), profile.Localise(fmt.Sprint(g.Customers), false)))
		}
		paragraph("groups", strings.Join(parts, ", "))
	}
	if w := v.Wallet; w != nil {
		paragraph("wallets", fmt.Sprintf("%.1f %% of %s held-out customers spend at most their estimate (aim %.0f %%)", 100*w.Coverage,
			profile.Localise(fmt.Sprint(w.HeldOut), false), 100*w.Quantile))
	}
	if g := v.Goal; g != nil {
		paragraph("goal", oneLine(g.Name.EN)+": "+oneLine(g.Conclusion.EN))
	}
	for _, w := range v.Warnings {
		paragraph("note", oneLine(w.EN))
	}
}

// wrap breaks a text into lines of at most width characters at blanks.
func wrap(text string, width int) []string {
	var lines []string
	line, length := "", 0
	for _, word := range strings.Fields(text) {
		n := len([]rune(word))
		if length > 0 && length+1+n > width {
			lines = append(lines, line)
			line, length = "", 0
		}
		if length > 0 {
			line, length = line+" ", length+1
		}
		line, length = line+word, length+n
	}
	if length > 0 {
		lines = append(lines, line)
	}
	return lines
}
