package app

import (
	"fmt"
	"slices"
	"strings"

	"segovia/cmd/segovia/internal/config"
)

// worthLook is what init found for the sections on the value of customers: names of features, empty = there is none.
type worthLook struct {
	revenue, consumables, service, margin string
}

// moneyParts writes the features of revenue by part and of the margin, and returns their names: they describe and are what
// potentials are learned from and goals set for.
func (d *draft) moneyParts(t *tableRole) (profileOnly []string) {
	from := "from: " + t.name
	add := func(to *string, name, body, de, en string) {
		*to = name + d.suffix
		d.feature(*to, from+", agg: sum, "+body+", unit: currency", de, en)
		profileOnly = append(profileOnly, *to)
	}
	if d.first(devices) != nil && t.consumable != nil {
		add(&d.worth.consumables, "consumables", fmt.Sprintf("column: amount, where: %q", t.consumableWhere), "Umsatz Verbrauchsmaterial", "revenue of consumables")
	}
	if d.first(devices) != nil && len(t.services) > 0 {
		var levels []string
		for _, l := range t.services {
			levels = append(levels, textRef(l))
		}
		where := fmt.Sprintf("%s in (%s)", columnRef(t.category.name), strings.Join(levels, ", "))
		add(&d.worth.service, "service", fmt.Sprintf("column: amount, where: %q", where), "Umsatz Service", "revenue of service")
	}
	if t.cost != nil && t.quantity != nil {
		column := fmt.Sprintf("amount - %s * %s", columnRef(t.quantity.name), columnRef(t.cost.name))
		add(&d.worth.margin, "margin", fmt.Sprintf("column: %q", column), "Marge", "margin")
	}
	return profileOnly
}

// value writes the sections on the value of customers, as far as the tables carry them.
func (d *draft) value() {
	main, order, machines := d.first(entity), d.first(orders), d.first(devices)
	if order == nil || d.worth.revenue == "" {
		return
	}
	potential := ""
	if machines != nil && machines.kind != nil {
		potential = fmt.Sprintf("from: %s, type: %s", machines.name, config.FormatValue(machines.kind.name))
		if machines.usage != nil {
			potential += ", usage: " + config.FormatValue(machines.usage.name)
		}
		if machines.time != nil {
			potential += ", installed: " + config.FormatValue(machines.time.name)
		}
		if list := d.first(prices); list != nil && list.kind.name == machines.kind.name {
			potential += ", prices: " + d.path(list.files[0])
		}
		if d.worth.consumables != "" {
			potential += ", consumables: " + d.worth.consumables
		}
		if d.worth.service != "" {
			potential += ", service: " + d.worth.service
		}
	}
	d.line("")
	tiers := potential != "" || main != nil && slices.ContainsFunc(main.firmographics, func(c *columnLook) bool {
		name := plainName(c.name) // where a customer is does not tell what it could spend
		return !countryName.MatchString(name) && !regionName.MatchString(name)
	})
	if tiers {
		d.line("# What each customer could be worth: potential of the installed base, wallet, share of wallet, tiers from Key Account to D.")
		d.line("tiers:")
		if potential != "" {
			d.line("  potential: {%s}", potential)
		}
		d.line("  wallet: {quantile: 90%%} # what the best-served tenth of similar customers spends")
		d.line("  cuts:")
		d.line("    potential: {by: quantile, at: [50%%, 80%%, 95%%]}")
		d.line("    share_of_wallet: {by: value, at: [20%%, 60%%]}")
		d.line("    behaviour: {by: value, at: [40, 75]}")
	}
	margin := ""
	if d.worth.margin != "" {
		margin = ", margin: " + d.worth.margin
	}
	d.line("lifetime: {from: %s, horizon: 52w%s} # orders to be expected", order.name, margin)
	d.line("archetypes: {k: 4} # profiles of behaviour; each customer gets the most similar one")
	switch {
	case d.worth.consumables != "" && potential != "":
		d.line("goal: {name: {de: mehr Verbrauchsmaterial verkaufen, en: sell more consumables}, raise: %s, up_to: potential_consumables}", d.worth.consumables)
	case tiers:
		d.line("goal: {name: {de: mehr Umsatz, en: more revenue}, raise: %s, up_to: wallet}", d.worth.revenue)
	}
	if main != nil {
		d.regions(main)
	}
}

// regions writes the section of the regional view where the entity table has country or region.
func (d *draft) regions(main *tableRole) {
	text := func(c *columnLook) bool { return c.isText() }
	var parts []string
	country, region := main.find(countryName, text), main.find(regionName, text)
	if country == nil && region == nil {
		return
	}
	for _, x := range []struct {
		key string
		c   *columnLook
	}{{"country", country}, {"region", region}, {"postcode", main.postcode}} {
		value := `""`
		if x.c != nil {
			value = config.FormatValue(x.c.name)
		}
		parts = append(parts, x.key+": "+value)
	}
	d.line("regions: {%s}", strings.Join(parts, ", "))
}
