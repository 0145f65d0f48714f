package app

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"segovia/cmd/segovia/internal/generate"
	"segovia/engine/company"
)

func newDemoCommand(e *env) *cobra.Command {
	var customers, pairs int
	cmd := &cobra.Command{
		Use:   "demo [DIR]",
		Short: "Generate a demo company, run everything on it, print where the report is",
		Long: `Writes the files of a synthetic wholesale and service company with five planted segments to DIR/data, a
configuration as ` + "`segovia init`" + ` makes it to DIR/segovia.yaml, and runs the nightly job on it into DIR/out. Nothing
outside DIR is touched. The planted segments stand in DIR/data/truth.csv; the run does not read them.`,
		Example: `segovia demo
segovia demo /tmp/demo --customers 5000 --pairs 10`,
		Args: takes(0, 1, "at most one folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "demo"
			if len(args) > 0 {
				dir = args[0]
			}
			return e.demo(dir, customers, pairs)
		},
	}
	cmd.Flags().IntVar(&customers, "customers", 50_000, "customers of the company")
	cmd.Flags().IntVar(&pairs, "pairs", 100, "pairs of bootstrap resamples")
	return cmd
}

func (e *env) demo(dir string, customers, pairs int) error {
	data := filepath.Join(dir, "data")
	if err := os.MkdirAll(data, 0o777); err != nil {
		return notWritable(data, err)
	}
	files, err := generate.Write(e.ctx, data, company.Config{Customers: customers, Seed: e.flags.seed}, "csv", e.progress)
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "segovia.yaml")
	if _, err := e.writeConfig(file, files, "", "demo", "EUR", true); err != nil {
		return err
	}
	e.flags.set = append(e.flags.set, fmt.Sprintf("stability.bootstrap=%d", pairs))
	e.flags.config = ""
	return e.nightly([]string{file}, runFlags{out: filepath.Join(dir, "out")})
}
