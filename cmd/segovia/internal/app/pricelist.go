package app

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"segovia/cmd/segovia/internal/config"
	"segovia/engine/table"
	"segovia/engine/tiers"
	"segovia/io/runstore"
	"segovia/kernels/problem"
)

// priceListInput is the price list as an input of the run, so that a run with other prices is another run; nil without one.
func priceListInput(c *config.Config) (*runstore.Input, error) {
	file := priceListFile(c)
	if file == "" {
		return nil, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, &problem.Problem{ID: "SEG-SRC-001", What: "the price list cannot be opened", File: file, Why: err.Error(), Err: err}
	}
	defer f.Close()
	h := sha256.New()
	size, err := io.Copy(h, f)
	info, statErr := f.Stat()
	if err = errors.Join(err, statErr); err != nil {
		return nil, &problem.Problem{ID: "SEG-SRC-001", What: "the price list cannot be read", File: file, Why: err.Error(), Err: err}
	}
	return &runstore.Input{Source: "tiers.potential.prices", Path: file, Size: size, MTime: info.ModTime(), SHA256: fmt.Sprintf("%x", h.Sum(nil))}, nil
}

// priceListFile is where the price list lies; "" without one. Relative paths start at the configuration.
func priceListFile(c *config.Config) string {
	if c.Tiers == nil || c.Tiers.Potential == nil || c.Tiers.Potential.Prices == "" {
		return ""
	}
	file := c.Tiers.Potential.Prices
	if !filepath.IsAbs(file) {
		file = filepath.Join(c.Dir, file)
	}
	return file
}

// priceList reads the file that tiers.potential.prices names: a row per device type. It returns nil without one.
func (e *env) priceList(c *config.Config) (map[string]tiers.Price, error) {
	file := priceListFile(c)
	if file == "" {
		return nil, nil
	}
	const setting = "tiers.potential.prices"
	t, err := e.readTable(e.ctx, file, "")
	if err != nil {
		return nil, err
	}
	wrong := func(id, what, why, fix string) error {
		p := c.Problem(setting, id, what, why, fix)
		p.Why = strings.TrimPrefix(p.Why+"; it is read from "+file, "; ")
		return p
	}
	kinds := t.Column(c.Tiers.Potential.Type)
	if kinds == nil {
		kinds = t.Column("type")
	}
	if kinds == nil || kinds.Kind != table.Category {
		return nil, wrong("SEG-FEA-002", fmt.Sprintf("the price list has no column %q with the types", c.Tiers.Potential.Type), "",
			"name it like the column of the devices, or type; the list has "+strings.Join(t.Names(), ", "))
	}
	out := map[string]tiers.Price{}
	known := false
	for i, name := range kinds.Strings {
		if kinds.IsMissing(i) {
			continue
		}
		if _, twice := out[name]; twice {
			return nil, wrong("SEG-KEY-001", "the price list has a type twice", fmt.Sprintf("row %d repeats an earlier one", i+1), "keep one row per type")
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
				return nil, wrong("SEG-CFG-003", "the price list has a negative price", fmt.Sprintf("row %d", i+1), "repair it")
			}
		}
		out[name] = p
	}
	if !known {
		return nil, wrong("SEG-FEA-002", "the price list has no prices", "none of the columns consumables_per_unit, consumables_per_1000, consumables_per_year and service_per_year is there with a number",
			"name the columns so; the list has "+strings.Join(t.Names(), ", "))
	}
	return out, nil
}
