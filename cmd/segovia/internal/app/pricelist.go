package app

import (
	"fmt"
	"path/filepath"
	"strings"

	"segovia/cmd/segovia/internal/config"
	"segovia/engine/table"
	"segovia/engine/tiers"
	"segovia/io/anyio"
)

// priceList is what tiers.potential.prices names, and the files that it was read from: a run with other prices is another run.
type priceList struct {
	prices map[string]tiers.Price // by device type
	inputs []anyio.Input
}

// priceListSetting is where the configuration names the price list.
const priceListSetting = "tiers.potential.prices"

// priceList reads the price list: a row per device type. It is empty where the configuration names none.
func (e *env) priceList(c *config.Config) (list priceList, err error) {
	if c.Tiers == nil || c.Tiers.Potential == nil || c.Tiers.Potential.Prices == "" {
		return list, nil
	}
	file := c.Tiers.Potential.Prices
	if !filepath.IsAbs(file) {
		file = filepath.Join(c.Dir, file)
	}
	t, err := e.readTable(e.ctx, file, "")
	if err != nil {
		return list, err
	}
	wrong := func(id, what, why, fix string) error {
		p := c.Problem(priceListSetting, id, what, why, fix)
		p.Why = strings.TrimPrefix(p.Why+"; it is read from "+file, "; ")
		return p
	}
	kinds := t.Column(c.Tiers.Potential.Type)
	if kinds == nil {
		kinds = t.Column("type")
	}
	if kinds == nil || kinds.Kind != table.Category {
		return list, wrong("SEG-FEA-002", fmt.Sprintf("the price list has no column %q with the types", c.Tiers.Potential.Type), "",
			"name it like the column of the devices, or type; the list has "+strings.Join(t.Names(), ", "))
	}
	out := map[string]tiers.Price{}
	known := false
	for i, name := range kinds.Strings {
		if kinds.IsMissing(i) {
			continue
		}
		if _, twice := out[name]; twice {
			return list, wrong("SEG-KEY-001", "the price list has a type twice", fmt.Sprintf("row %d repeats an earlier one", i+1), "keep one row per type")
		}
		value := func(column string, scale float64) *float64 {
			col := t.Column(column)
			if col == nil || col.Kind == table.Category || col.IsMissing(i) {
				return nil
			}
			known = true
			v := col.Numbers[i] / scale
			return &v
		}
		p := tiers.Price{ConsumablesPerUnit: value("consumables_per_unit", 1), ConsumablesPerYear: value("consumables_per_year", 1),
			ServicePerYear: value("service_per_year", 1), ServiceGrowth: value("service_growth", 1)}
		if p.ConsumablesPerUnit == nil {
			p.ConsumablesPerUnit = value("consumables_per_1000", 1000)
		}
		for _, v := range []*float64{p.ConsumablesPerUnit, p.ConsumablesPerYear, p.ServicePerYear} {
			if v != nil && *v < 0 {
				return list, wrong("SEG-CFG-003", "the price list has a negative price", fmt.Sprintf("row %d", i+1), "repair it")
			}
		}
		out[name] = p
	}
	if !known {
		return list, wrong("SEG-FEA-002", "the price list has no prices", "none of the columns consumables_per_unit, consumables_per_1000, consumables_per_year and service_per_year is there with a number",
			"name the columns so; the list has "+strings.Join(t.Names(), ", "))
	}
	return priceList{prices: out, inputs: t.inputs}, nil
}
