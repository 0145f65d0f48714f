package profile

import (
	"strings"

	"segovia/engine/table"
)

// rule makes segment s's rule from what the tree found, with coverage and precision counted on all customers.
func (f *forest) rule(in Input, s int, metas map[string]*meta) Rule {
	r := Rule{Conditions: []Condition{}}
	for _, t := range f.search(s) {
		r.Conditions = append(r.Conditions, f.condition(t))
	}
	hit, picked := apply(in.Table, in.Labels, s, r.Conditions)
	r.Coverage = float64(hit) / float64(f.sizes[s])
	if picked > 0 {
		r.Precision = float64(hit) / float64(picked)
	}
	r.Text = both(func(l language) string { return ruleText(in.Table, r.Conditions, metas, l) })
	return r
}

// apply counts the customers that meet all conditions, and those of them in segment s.
func apply(t *table.Table, labels []int, s int, conditions []Condition) (hit, picked int) {
	columns := make([]*table.Column, len(conditions))
	for j, c := range conditions {
		columns[j] = t.Column(c.Feature)
	}
rows:
	for i, l := range labels {
		for j, c := range conditions {
			if !c.Holds(columns[j], i) {
				continue rows
			}
		}
		picked++
		if l == s {
			hit++
		}
	}
	return hit, picked
}

// Holds reports whether row i of the condition's column meets it. A missing value meets no condition but "!=" a level.
func (c Condition) Holds(col *table.Column, i int) bool {
	if col.Kind == table.Category {
		l, ok := level(col, i)
		return (ok && l == c.Level) == (c.Op == "=")
	}
	x := col.Numbers[i]
	if !finite(x) {
		return false
	}
	switch c.Op {
	case "<=":
		return x <= c.Value
	case ">":
		return x > c.Value
	case "=":
		return x == c.Value
	}
	return x != c.Value
}

func ruleText(t *table.Table, conditions []Condition, metas map[string]*meta, l language) string {
	if len(conditions) == 0 {
		return tx("alle Kunden", "all customers").in(l)
	}
	parts := make([]string, len(conditions))
	for j, c := range conditions {
		m := metas[c.Feature]
		label := m.label.in(l)
		switch {
		case t.Column(c.Feature).Kind == table.Category && c.Op == "=":
			parts[j] = label + " = " + c.Level
		case t.Column(c.Feature).Kind == table.Category:
			parts[j] = label + " ≠ " + c.Level
		case c.Op == "=" && c.Value == 0:
			parts[j] = label + ": " + tx("nein", "no").in(l)
		case c.Op == "=":
			parts[j] = label + ": " + tx("ja", "yes").in(l)
		case c.Op == "<=":
			parts[j] = label + " ≤ " + m.threshold(c.Value, l)
		default:
			parts[j] = label + " > " + m.threshold(c.Value, l)
		}
	}
	return strings.Join(parts, tx(" und ", " and ").in(l))
}
