package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"segovia/cmd/segovia/internal/config"
	"segovia/io/anyio"
	"segovia/kernels/problem"
)

// schemaFile is written beside the configuration, for editors.
const schemaFile = "segovia.schema.json"

func newInitCommand(e *env) *cobra.Command {
	var force bool
	var customer, project, currency string
	cmd := &cobra.Command{
		Use:   "init [FILES...]",
		Short: "Write segovia.yaml, commented, from a look at the files",
		Long: `Reads the files, puts them together into tables, recognises what they are (customers, orders, contacts, installed base, price
list), finds the customer id, amounts, order numbers, own brand, consumables and service, and writes a commented configuration with
sensible features as of the day after the last event. Names may be English or German. Files with labels to compare with
(truth, labels) are never an input.

Folders stand for the data files in them. Beside segovia.yaml a schema for editors is written. Without files, a template
is written. Nothing is overwritten without --force.`,
		Example: "segovia init data/*.csv --currency EUR\nsegovia init data --key kundennr --config prod.yaml\nsegovia init",
		Args:    takes(0, -1, "files"),
		RunE: func(_ *cobra.Command, args []string) error {
			target := e.flags.config
			if target == "" {
				target = "segovia.yaml"
			}
			report, err := e.writeConfig(target, args, customer, project, currency, force)
			if err != nil {
				return err
			}
			if e.flags.json {
				return e.writeJSON(report)
			}
			report.print(e)
			return nil
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "overwrite an existing configuration")
	cmd.Flags().StringVar(&customer, "key", "", "column of the customer id, where its name does not tell")
	cmd.Flags().StringVar(&project, "project", "", "name of the project (default: that of the folder)")
	cmd.Flags().StringVar(&currency, "currency", "", "currency of the amounts, printed behind them, for example EUR")
	return cmd
}

// writeConfig writes the configuration for the files, or the template without any, and the schema beside it.
func (e *env) writeConfig(target string, files []string, customer, project, currency string, force bool) (*initReport, error) {
	if err := refuseExisting(target, force); err != nil {
		return nil, err
	}
	text := template
	report := &initReport{File: target}
	if len(files) > 0 {
		d, err := e.draft(files, target, customer, project)
		if err != nil {
			return nil, err
		}
		d.currency = currency
		text = d.text()
		report.tables(d)
		if _, err := config.Load(config.Options{File: target, Data: []byte(text)}); err != nil {
			return nil, &problem.Problem{ID: "SEG-BUG-001", What: "the configuration that was written has mistakes", Why: err.Error()}
		}
	}
	if err := writeNew(target, []byte(text), force); err != nil {
		return nil, err
	}
	return report, writeNew(filepath.Join(filepath.Dir(target), schemaFile), append(config.Schema(), '\n'), true)
}

// draft looks at the files and recognises what they are.
func (e *env) draft(args []string, target, customer, project string) (*draft, error) {
	files, err := dataFiles(args)
	if err != nil {
		return nil, err
	}
	tables := groupFiles(files)
	if err := e.look(e.ctx, tables); err != nil {
		return nil, err
	}
	d := &draft{dir: filepath.Dir(target), schema: schemaFile, files: len(files), project: project, tables: recognise(tables, customer), csv: map[string]string{}}
	// Who, what they did, what they have; what is left out comes last.
	order := []role{entity, extra, orders, contacts, devices, events, prices, unused, truth}
	slices.SortStableFunc(d.tables, func(a, b *tableRole) int { return slices.Index(order, a.role) - slices.Index(order, b.role) })
	if d.project == "" {
		if d.project = projectName(target); d.project == "" {
			d.project = "segments"
		}
	}
	if d.first(orders) == nil && d.first(contacts) == nil && d.first(events) == nil {
		return nil, d.nothingToSegment()
	}
	for _, t := range d.tables {
		if t.role != unused && t.role != truth {
			if d.csv[t.name], err = e.csvStyle(t.tableLook); err != nil {
				return nil, err
			}
		}
	}
	return d, nil
}

// nothingToSegment says what init saw where no table tells what customers did.
func (d *draft) nothingToSegment() error {
	var seen []string
	for _, t := range d.tables {
		text := t.name
		switch {
		case t.why != "":
			text += " (" + t.why + ")"
		case t.key != nil:
			text += " (one row per " + t.key.name + ")"
		}
		seen = append(seen, text)
	}
	return &problem.Problem{ID: "SEG-CLI-001", What: "no table tells what customers did",
		Why: "there must be one with the customer id and a time in each of several rows per customer; seen: " + strings.Join(seen, "; "),
		Fix: "name the column of the customer id with --key COLUMN, or begin from the template that `segovia init` writes without files; " +
			"for a ready feature table use `segovia sweep FILE`"}
}

// csvStyle pins how a table's text files are written, so that no night depends on what a file happens to contain.
func (e *env) csvStyle(t *tableLook) (string, error) {
	r, err := anyio.Inspect(e.ctx, t.files[0], anyio.Spec{}, anyio.Options{Name: t.name, Threads: e.threads(), ShowValues: e.flags.showValues})
	if err != nil || r.Format != anyio.CSV {
		return "", err
	}
	var parts []string
	for _, p := range [][2]string{{"delimiter", r.Delimiter}, {"encoding", r.Encoding}, {"numbers", r.Numbers}} {
		if p[1] != "" && p[1] != "none" {
			parts = append(parts, p[0]+": "+config.FormatValue(p[1]))
		}
	}
	return strings.Join(parts, ", "), nil
}

// dataFiles replaces folders by the data files in them.
func dataFiles(args []string) ([]string, error) {
	var files []string
	for _, a := range args {
		info, err := os.Stat(a)
		if err != nil {
			if matches, bad := filepath.Glob(a); bad == nil && len(matches) > 0 { // a pattern that no shell expanded
				files = append(files, matches...)
				continue
			}
			return nil, &problem.Problem{ID: "SEG-SRC-001", What: "no such file", File: a, Why: systemReason(err), Fix: "check the path"}
		}
		if !info.IsDir() {
			files = append(files, a)
			continue
		}
		entries, err := os.ReadDir(a)
		if err != nil {
			return nil, &problem.Problem{ID: "SEG-SRC-004", What: "cannot read the folder", File: a, Why: systemReason(err), Fix: "check its rights", Err: err}
		}
		found := false
		for _, entry := range entries {
			if entry.Type().IsRegular() && dataEndings.MatchString(entry.Name()) {
				files, found = append(files, filepath.Join(a, entry.Name())), true
			}
		}
		if !found {
			return nil, &problem.Problem{ID: "SEG-SRC-001", What: "the folder holds no data files", File: a,
				Why: "looked for names that end with .csv, .tsv, .txt, .parquet, .arrow, also with .gz or .zst", Fix: "name the files"}
		}
	}
	for i := range files {
		files[i] = filepath.Clean(files[i])
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// projectName is the name of the folder that the configuration lies in.
func projectName(target string) string {
	abs, err := filepath.Abs(target)
	if err != nil {
		return ""
	}
	return strings.ReplaceAll(identifier(filepath.Base(filepath.Dir(abs))), "_", "-")
}

func refuseExisting(path string, force bool) error {
	if _, err := os.Lstat(path); err == nil && !force {
		return &problem.Problem{ID: "SEG-OUT-003", What: "the configuration exists already", File: path,
			Fix: "choose another name with --config FILE, or overwrite it with --force"}
	}
	return nil
}

// writeNew writes a file; without overwrite it must not exist.
func writeNew(path string, content []byte, overwrite bool) error {
	mode := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if overwrite {
		mode = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(path, mode, 0o666)
	if err == nil {
		_, err = f.Write(content)
		err = errors.Join(err, f.Close())
	}
	if errors.Is(err, fs.ErrExist) {
		return refuseExisting(path, false)
	}
	if err != nil {
		return &problem.Problem{ID: "SEG-OUT-003", What: "cannot write the configuration", File: path, Why: systemReason(err),
			Fix: "check the rights of the folder", Err: err}
	}
	return nil
}

// initReport is what init tells it found.
type initReport struct {
	File   string      `json:"file"`
	Tables []initTable `json:"tables"`
}

type initTable struct {
	Name  string `json:"name"`
	Role  string `json:"role"`
	Files int    `json:"files"`
	Rows  int64  `json:"rows"`
	Key   string `json:"key"`
	Why   string `json:"why"`
}

func (r *initReport) tables(d *draft) {
	names := map[role]string{unused: "left out", truth: "left out", entity: "customers", extra: "more about customers", orders: "orders",
		contacts: "contacts", devices: "installed base", events: "events", prices: "price list"}
	for _, t := range d.tables {
		row := initTable{Name: t.name, Role: names[t.role], Files: len(t.files), Rows: t.rows, Why: t.why}
		if t.key != nil {
			row.Key = t.key.name
		}
		r.Tables = append(r.Tables, row)
	}
}

func (r *initReport) print(e *env) {
	for _, t := range r.Tables {
		text := fmt.Sprintf("%-16s %-20s files: %d, rows: %d", t.Name, t.Role, t.Files, t.Rows)
		if t.Why != "" {
			text += ": " + t.Why
		} else if t.Key != "" {
			text += ", key " + t.Key
		}
		e.printf("%s\n", text)
	}
	e.printf("\nwrote %s; now look it over and try `segovia check %s --data`\n", r.File, r.File)
}

// template is what init writes without files: valid as it stands, with paths to fill in.
const template = `# yaml-language-server: $schema=segovia.schema.json
# A template: change names and paths to yours. ` + "`segovia init FILES...`" + ` fills it in from a look at the files.
version: 1
project: my-customers # segment ids are minted from this name
run: {seed: 1} # the same seed gives the same segments

sources:
  customers: {path: "data/customers.csv", key: customer_id}
  orders:
    path: "data/orders_*.csv" # all files that match are one table
    key: customer_id
    time: order_date
    order: order_id
    amount: net_amount # or an expression: "quantity * unit_price"

features:
  entity: customers # or {from: orders} when there is no customer table
  as_of: today # or a date; records at or after it are not used
  window: 365d
  columns:
    - {name: recency_days, from: orders, agg: days_since_last, window: all}
    - {name: orders_12m, from: orders, agg: count_orders}
    - {name: revenue_12m, from: orders, agg: sum, column: amount, unit: currency}
  profile_only: [] # columns of customers that describe segments, for example region, industry

prep: {transform: {orders_12m: log1p, revenue_12m: signed-log1p}, clip: [0.5%, 99.5%]}
sweep: {k: 2..10}
stability: {bootstrap: 100}
segment: {choose: stable-then-gap, max_segments: 10}

lifetime: {from: orders} # expected orders and their value
# What customers could be worth and what to do about it; remove the # of what you have the tables for.
# tiers:
#   potential: {from: devices, type: device_type, usage: monthly_usage, prices: data/price_list.csv} # the installed base
#   wallet: {quantile: 90%} # what the best-served tenth of similar customers spends
#   cuts: {potential: {by: quantile, at: [50%, 80%, 95%]}, share_of_wallet: {by: value, at: [25%, 60%]}, behaviour: {by: value, at: [40, 75]}}
# groups:
#   - {name: potential_customers} # one of the usual groups
#   - {name: big_and_silent, rule: "revenue_rank > 0.8 and recency > 60", hint: {de: anrufen, en: call}}
# plans:
#   - {tier: Key Account, visits: monthly, terms: framework agreement}
# goal: {name: {de: mehr Umsatz, en: more revenue}, raise: revenue_12m}
# regions: {country: country, region: region, postcode: postcode}
`
