// Package generate writes the synthetic company of engine/company to files: customers, orders (a file a month, as a
// nightly export would leave them), devices, contacts, regions, the price list, and truth.
package generate

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"segovia/engine/company"
	"segovia/engine/ports"
	"segovia/kernels/problem"
)

// Formats lists the formats of Write.
var Formats = []string{"csv", "parquet", "arrow"}

// Write makes the company of cfg and writes its tables into dir, which it creates: customers, devices, contacts, regions,
// price_list and truth in one file each, orders in one file for each month (orders_2026-10.csv). It returns the files' paths, orders
// by month first. The files' bytes depend on cfg and format alone.
//
// Files of the same names are replaced, all together at the end; until then, or after an error, dir is as it was. It
// returns SEG-CLI-001 for an unknown format or a fault that the format cannot have, and where dir holds files that would
// be read together with the new ones, such as another company's months.
func Write(ctx context.Context, dir string, cfg company.Config, format string, progress ports.Progress) ([]string, error) {
	if !slices.Contains(Formats, format) {
		return nil, &problem.Problem{ID: "SEG-CLI-001", What: fmt.Sprintf("format %q is not known", format),
			Fix: "choose --format " + strings.Join(Formats, ", ")}
	}
	cfg, err := cfg.WithDefaults()
	if err != nil {
		return nil, err
	}
	faults, err := damagesFor(cfg.Faults, format)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, outputProblem(dir, err)
	}
	s := &sink{ctx: ctx, progress: progress}
	defer s.discard()
	if err := s.open(dir, cfg, format, faults); err != nil {
		return nil, err
	}
	if err := s.refuseOthers(dir); err != nil {
		return nil, err
	}
	progress.Begin("generate", int64(cfg.Customers), "customers")
	defer progress.End()
	if err := company.Generate(cfg, s); err != nil {
		return nil, err
	}
	return s.publish(faults)
}

// sink spreads chunks over the files.
type sink struct {
	ctx      context.Context
	progress ports.Progress
	orders   []*output // one a month
	tables   map[string]*output
	all      []*output // in the order of Write's result
}

// open creates all files and writes regions and price list, which belong to no chunk.
func (s *sink) open(dir string, cfg company.Config, format string, faults []damage) error {
	months, err := cfg.MonthStarts()
	if err != nil {
		return err
	}
	add := func(name, table string, columns []company.Column, last bool) (*output, error) {
		ending := "." + format
		for _, f := range faults {
			if f.Table == table && last {
				ending += f.ending
			}
		}
		o, err := create(dir, name, ending, table, columns, format)
		if err == nil {
			s.all = append(s.all, o)
		}
		return o, err
	}
	var none company.Chunk
	for m, start := range months {
		o, err := add(start.Format("orders_2006-01"), "orders", none.Orders.Columns(), m == len(months)-1)
		if err != nil {
			return err
		}
		s.orders = append(s.orders, o)
	}
	s.tables = map[string]*output{}
	for _, t := range []struct {
		name    string
		columns []company.Column
	}{
		{"customers", none.Customers.Columns()}, {"devices", none.Devices.Columns()}, {"contacts", none.Contacts.Columns()},
		{"regions", company.AllRegions().Columns()}, {"price_list", company.ListPrices().Columns()}, {"truth", none.Truth.Columns()},
	} {
		if s.tables[t.name], err = add(t.name, t.name, t.columns, true); err != nil {
			return err
		}
	}
	if err := s.tables["regions"].put(company.AllRegions().Columns(), nil); err != nil {
		return err
	}
	return s.tables["price_list"].put(company.ListPrices().Columns(), nil)
}

// refuseOthers returns an error if dir holds tables of a company that the new files would not replace.
func (s *sink) refuseOthers(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return outputProblem(dir, err)
	}
	for _, e := range entries {
		name := e.Name()
		table, _, _ := strings.Cut(strings.TrimSuffix(name, ".gz"), ".")
		ours := slices.Contains([]string{".csv", ".parquet", ".arrow"}, filepath.Ext(strings.TrimSuffix(name, ".gz"))) &&
			(strings.HasPrefix(table, "orders_") || s.tables[table] != nil)
		path := filepath.Join(dir, name)
		if ours && !slices.ContainsFunc(s.all, func(o *output) bool { return o.final == path }) {
			return &problem.Problem{
				ID: "SEG-CLI-001", What: "the directory holds files of another company or format", File: path,
				Why: "they would be read together with the new ones", Fix: "choose an empty directory, or remove them",
			}
		}
	}
	return nil
}

// Put writes one chunk, several files at a time.
func (s *sink) Put(c *company.Chunk) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	byMonth := make([][]int32, len(s.orders))
	for i, m := range c.Orders.Month {
		byMonth[m] = append(byMonth[m], int32(i))
	}
	orders := c.Orders.Columns()
	for m, rows := range byMonth {
		if len(rows) > 0 {
			g.Go(func() error { return s.orders[m].put(orders, rows) })
		}
	}
	for name, columns := range map[string][]company.Column{
		"customers": c.Customers.Columns(), "devices": c.Devices.Columns(), "contacts": c.Contacts.Columns(),
		"truth": c.Truth.Columns(),
	} {
		g.Go(func() error { return s.tables[name].put(columns, nil) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	s.progress.Add(int64(len(c.Truth.CustomerID)))
	return nil
}

// publish completes all files and gives them their names.
func (s *sink) publish(faults []damage) ([]string, error) {
	for i, o := range s.all {
		var wanted []damage
		for _, f := range faults {
			if f.Table == o.table && (o.table != "orders" || i == len(s.orders)-1) {
				wanted = append(wanted, f)
			}
		}
		if err := o.finish(wanted); err != nil {
			return nil, err
		}
	}
	if err := s.ctx.Err(); err != nil {
		return nil, err
	}
	paths := make([]string, len(s.all))
	for i, o := range s.all {
		if err := o.publish(); err != nil {
			return nil, err
		}
		paths[i] = o.final
	}
	return paths, nil
}

func (s *sink) discard() {
	for _, o := range s.all {
		o.discard()
	}
}
