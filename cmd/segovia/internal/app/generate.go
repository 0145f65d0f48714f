package app

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"segovia/cmd/segovia/internal/generate"
	"segovia/engine/company"
)

func newGenerateCommand(e *env) *cobra.Command {
	cfg := company.Config{Customers: company.DefaultCustomers}
	format := "csv"
	listFaults := false
	cmd := &cobra.Command{
		Use:   "generate DIR",
		Short: "Synthetic business customers with planted segments",
		Long: `Writes the tables of a made-up wholesale and service company: customers, orders, devices, contacts, regions, and
the price list of consumables and service by device type. Five segments are planted; the file truth says who belongs to
which, for comparison only. The same seed gives the same bytes.

truth also holds, for each customer, what estimates of its value can be compared with: wallet and realised share; what
its installed base needs of consumables (potential_consumables: usage at list prices shows it up to some noise) and
service (potential_service: price x (1 + growth x age in years), exact) in euros a year, from whomever; the behaviour
score, 0 to 100, that was planned for the last year; and the tier that follows: Key Account, A, B, C or D. The column
potential is the rest of the wallet, that which is not spent here.

--faults plants what goes wrong with data in practice, by name; segovia generate --list-faults names them with the error
that each must get.`,
		Example: "segovia generate data\nsegovia generate data --customers 50000 --seed 7 --format parquet\nsegovia generate bad --faults cp1252,duplicate-customer",
		Args: func(cmd *cobra.Command, args []string) error {
			if listFaults {
				return takes(0, 0, "")(cmd, args)
			}
			return takes(1, 1, "a folder to write to")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if listFaults {
				return e.listFaults()
			}
			if cfg.Customers < 1 || cfg.Months < 1 {
				return usagef("--customers and --months are at least 1")
			}
			cfg.Seed = e.flags.seed
			files, err := generate.Write(e.ctx, args[0], cfg, format, e.progress)
			if err != nil {
				return err
			}
			if e.flags.json {
				return e.writeJSON(struct {
					Dir       string   `json:"dir"`
					Customers int      `json:"customers"`
					Seed      uint64   `json:"seed"`
					Files     []string `json:"files"`
				}{args[0], cfg.Customers, cfg.Seed, files})
			}
			for _, f := range files {
				e.printf("%s\n", f)
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.IntVar(&cfg.Customers, "customers", company.DefaultCustomers, "number of customers")
	f.IntVar(&cfg.Months, "months", 24, "length of the history")
	f.StringVar(&format, "format", "csv", "format of the files: csv|parquet|arrow")
	f.StringSliceVar(&cfg.Faults, "faults", nil, "faults to plant, by name, separated by commas")
	f.BoolVar(&listFaults, "list-faults", false, "list the faults that can be planted")
	return cmd
}

func (e *env) listFaults() error {
	type fault struct {
		Name    string `json:"name"`
		Plants  string `json:"plants"`
		Table   string `json:"table"`
		Problem string `json:"problem"` // id of the error it must get; empty: none
	}
	list := make([]fault, len(company.Faults))
	width := 0
	for i, f := range company.Faults {
		list[i] = fault{f.Name, f.Plants, f.Table, f.Problem}
		width = max(width, len(f.Name))
	}
	if e.flags.json {
		return e.writeJSON(list)
	}
	for _, f := range list {
		answer := f.Problem
		if answer == "" {
			answer = "no error"
		}
		e.printf("%s\n", strings.TrimRight(fmt.Sprintf("%-*s  %-9s  %-11s  %s", width, f.Name, f.Table, answer, f.Plants), " "))
	}
	return nil
}
