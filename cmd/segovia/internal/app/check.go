package app

import (
	"github.com/spf13/cobra"

	"segovia/kernels/problem"
)

func newCheckCommand(e *env) *cobra.Command {
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
			if e.flags.json {
				return e.writeJSON(report)
			}
			report.print(e)
			return nil
		},
	}
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

// sourceSeen is what was seen of one source.
type sourceSeen struct {
	Name    string       `json:"name"`
	Files   int          `json:"files"`
	Columns []columnSeen `json:"columns"`
}

type columnSeen struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

func (r *checkReport) print(e *env) {
	e.printf("%s is valid: %d sources, %d features\n", r.File, r.Sources, r.Features)
	for _, s := range r.Data {
		e.printf("\n%s, files: %d\n", s.Name, s.Files)
		for _, c := range s.Columns {
			e.printf("  %-28s %s\n", c.Name, c.Type)
		}
	}
}
