package tiers

import (
	"fmt"
	"strconv"
	"strings"

	"segovia/engine/profile"
	"segovia/engine/table"
	"segovia/kernels/problem"
)

// unknown is a SEG-FEA-002.
func unknown(what, place string, t *table.Table) error {
	return &problem.Problem{ID: "SEG-FEA-002", What: what, Place: place, Fix: "name one of the features: " + strings.Join(t.Names(), ", ")}
}

// findRoles finds the features that have a part to play: as configured, else recognised by name, unit and type.
func findRoles(t *table.Table, cfg profile.Config) Roles {
	r := profile.Recognise(t, cfg)
	return Roles{Revenue: r["revenue"], Orders: r["orders"], Contacts: r["contacts"], Recency: r["recency"], Returns: r["returns"]}
}

// usualBehaviour is the formula of the behaviour score where none is configured: the order rhythm counts half, the time since
// the last order three tenths, returns two tenths; parts whose feature is missing are left out and the weights of the others
// scaled up. Empty where no feature is there.
func usualBehaviour(r Roles, in Input) string {
	var parts []string
	var weights []float64
	var sum float64
	add := func(feature string, weight float64, format string) {
		if feature != "" {
			parts = append(parts, strings.ReplaceAll(format, "x", quote(feature)))
			weights = append(weights, weight)
			sum += weight
		}
	}
	times := ""
	if f := in.yearly(r.Orders); f != 1 {
		times = " * " + strconv.FormatFloat(f, 'g', 6, 64)
	}
	add(r.Orders, 50, "least(coalesce(x, 0)"+times+" / 12, 1)")
	add(r.Recency, 30, "greatest(1 - coalesce(x, 365) / 365, 0)")
	add(r.Returns, 20, "greatest(1 - 5 * coalesce(x, 0), 0)")
	for i := range parts {
		parts[i] = fmt.Sprintf("%s * %s", strconv.FormatFloat(100*weights[i]/sum, 'g', 6, 64), parts[i])
	}
	return strings.Join(parts, " + ")
}

// Parts names what is asked for, for people.
func (c Config) Parts() []string {
	var out []string
	for _, p := range []struct {
		name   string
		wanted bool
	}{
		{"potential of the installed base", c.Potential != nil}, {"wallets", c.Wallet != nil}, {"tiers", c.Rules != nil},
		{"lifetime", c.Lifetime != nil}, {"archetypes", c.Archetypes != nil}, {"groups", len(c.Groups) > 0}, {"goal", c.Goal != nil},
		{"plans", len(c.Plans) > 0 || c.Rules != nil}, {"regions", c.Regions != nil},
	} {
		if p.wanted {
			out = append(out, p.name)
		}
	}
	return out
}
