package app

import (
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/spf13/cobra"

	"segovia/cmd/segovia/internal/config"
	"segovia/engine/features"
	"segovia/io/anyio"
	"segovia/kernels/problem"
)

func newCheckCommand(e *env) *cobra.Command {
	var data bool
	var out string
	cmd := &cobra.Command{
		Use:   "check [CONFIG]",
		Short: "Validate the configuration; --data also looks at the sources",
		Long: `Validates the configuration and reports all errors at once, each with line, column and the likely intention.
With --data it also looks at the files: format, encoding, columns, and whether every column that a feature needs is there.`,
		Example: "segovia check\nsegovia check prod.yaml --data",
		Args:    takes(0, 1, "one configuration"),
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := e.loadConfig(args)
			if c == nil {
				return err
			}
			all := problem.List(problem.All(err))
			for _, more := range []error{c.Available(), c.CheckOutput(out)} {
				all = append(all, problem.All(more)...)
			}
			if err := all.Err(); err != nil {
				return err
			}
			report := checkReport{File: c.File, Sources: len(c.Sources), Features: len(c.Features.Columns), Warnings: len(c.Warnings())}
			if data {
				if report.Data, err = e.checkData(c); err != nil {
					return err
				}
			}
			if e.flags.json {
				return e.writeJSON(report)
			}
			report.print(e)
			return nil
		},
	}
	cmd.Flags().BoolVar(&data, "data", false, "also look at the sources")
	cmd.Flags().StringVar(&out, "out", "out", "output directory of the runs to come")
	return cmd
}

// checkReport is what `segovia check` prints of a configuration without errors.
type checkReport struct {
	File     string       `json:"file"`
	Sources  int          `json:"sources"`
	Features int          `json:"features"`
	Warnings int          `json:"warnings"`
	Data     []sourceSeen `json:"data,omitempty"`
}

// checkData opens every source and holds the features against the columns that are there.
func (e *env) checkData(c *config.Config) ([]sourceSeen, error) {
	sources, err := e.openSources(e.ctx, c)
	if err != nil {
		return nil, err
	}
	schemas := map[string]*arrow.Schema{}
	var seen []sourceSeen
	for _, s := range sources {
		schemas[s.Name()] = s.Schema()
		look := sourceSeen{Name: s.Name(), Files: len(s.Files()), Rows: s.Rows()}
		for _, f := range s.Schema().Fields() {
			look.Columns = append(look.Columns, columnSeen{f.Name, anyio.TypeName(f.Type)})
		}
		for _, n := range s.Notes() {
			e.warn(&problem.Problem{ID: "SEG-SCH-002", What: fmt.Sprintf("column %q is not read", n.Column), File: n.File, Why: n.Why})
		}
		seen = append(seen, look)
	}
	return seen, e.checkColumns(c, schemas)
}

// checkColumns holds what features, tiers and the rules of groups need against the columns that are there.
func (e *env) checkColumns(c *config.Config, schemas map[string]*arrow.Schema) error {
	cfg := c.FeaturesConfig(e.now())
	list, err := e.priceList(c)
	worth := c.TiersConfig(list.prices, nil)
	if worth != nil {
		cfg.Columns = append(cfg.Columns, worth.Features()...)
	}
	all := append(problem.List(problem.All(err)), features.ValidateConfig(cfg, schemas)...)
	if worth != nil && len(all) == 0 {
		shape, open := features.Shape(cfg, schemas)
		all = append(all, problem.All(worth.CheckExpressions(shape, open))...)
	}
	return c.Locate(all.Err())
}

// sourceSeen is what was seen of one source.
type sourceSeen struct {
	Name    string       `json:"name"`
	Files   int          `json:"files"`
	Rows    int64        `json:"rows"`
	Columns []columnSeen `json:"columns"`
}

type columnSeen struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

func (r *checkReport) print(e *env) {
	e.printf("%s is valid: %d sources, %d features\n", r.File, r.Sources, r.Features)
	for _, s := range r.Data {
		e.printf("\n%s, files: %d, rows: %d\n", s.Name, s.Files, s.Rows)
		for _, c := range s.Columns {
			e.printf("  %-28s %s\n", c.Name, c.Type)
		}
	}
}
