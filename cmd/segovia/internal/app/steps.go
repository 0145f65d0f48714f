package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"segovia/engine"
	"segovia/io/runstore"
)

// reportStep is the step behind those of the engine.
const reportStep = "report"

// stepNames lists the steps that --select knows.
func stepNames() string { return strings.Join(append(slices.Clone(engine.Steps), reportStep), ", ") }

// stepOf names the engine's step behind a command's name.
func stepOf(name string) string {
	if name == "stability" {
		return "sweep"
	}
	return name
}

// newStepCommands are the steps of the run, one command each.
func newStepCommands(e *env) []*cobra.Command {
	var out []*cobra.Command
	for _, s := range []struct{ name, short, writes string }{
		{"features", "Sources to features: features.parquet and quality.json", "features.parquet and quality.json"},
		{"prep", "Features to the matrix that is clustered: prepared.parquet", "also prepared.parquet"},
		{"stability", "The k sweep with its bootstrap tests: sweep.json", "also sweep.json"},
		{"segment", "Labels and descriptions of the chosen solution: labels.parquet and segments.json", "also labels.parquet, segments.json and model.json"},
		{"tiers", "Potential, wallet, tiers, groups and plans per customer: value.json and customers.parquet", "also value.json, customers.parquet and regions.json"},
		{reportStep, "The report for people: report.html", "also report.html"},
	} {
		f := runFlags{until: stepOf(s.name)}
		if s.name == reportStep {
			f = runFlags{until: engine.Steps[len(engine.Steps)-1], report: true}
		}
		cmd := &cobra.Command{
			Use: s.name + " [CONFIG]", Short: s.short,
			Long:    "Does the steps of `segovia run` up to this one and writes " + s.writes + " to --out. Nothing is published.",
			Example: fmt.Sprintf("segovia %s segovia.yaml --out check", s.name),
			Args:    takes(0, 1, "at most one configuration"),
			RunE:    func(cmd *cobra.Command, args []string) error { return e.runSteps(args, f) },
		}
		cmd.Flags().StringVar(&f.out, "out", "out", "folder to write to")
		out = append(out, cmd)
	}
	return out
}

// runSteps does the steps up to f.until and writes their artifacts to f.out, unpublished; run_results.json also when one
// fails.
func (e *env) runSteps(args []string, f runFlags) error {
	if f.out == "" {
		f.out = "out"
	}
	n, err := e.newNight(args, f)
	if err != nil {
		return err
	}
	if n.job.Tiers == nil && (f.until == "value" || f.until == "tiers") && !f.report {
		return n.cfg.Problem("tiers", "SEG-CFG-008", "there is nothing to do for the step "+f.until,
			"the configuration has none of the sections tiers, lifetime, archetypes, groups, goal, plans and regions", "add `tiers: {}`")
	}
	var o *engine.Outcome
	if err = n.open(e.ctx); err == nil {
		o, err = n.work(f.until)
	}
	if mkdir := os.MkdirAll(f.out, 0o777); mkdir != nil {
		return errors.Join(err, notWritable(f.out, mkdir))
	}
	var written []string
	create := func(name string) (recordOut, error) {
		written = append(written, filepath.Join(f.out, name))
		return newFileOut(filepath.Join(f.out, name))
	}
	if werr := n.write(o, create); werr != nil {
		return errors.Join(err, werr)
	}
	if err == nil && f.report {
		file := filepath.Join(f.out, "report.html")
		if err = n.reportUnpublished(o, file); err == nil {
			written = append(written, file)
		}
	}
	n.close("done", err)
	if data, jerr := json.MarshalIndent(n.results, "", "  "); jerr == nil {
		err = errors.Join(err, writeFile(filepath.Join(f.out, runstore.ResultsFile), append(data, '\n')))
	}
	if err != nil {
		return err
	}
	if e.flags.json {
		step := f.until
		if f.report {
			step = reportStep
		}
		return e.writeJSON(map[string]any{"step": step, "files": written})
	}
	if f.until == "sweep" {
		e.printSweep(o.Sweep)
	}
	e.printf("%s\n", strings.Join(written, "\n"))
	return nil
}

// reportUnpublished writes the report on a run that has no place of its own.
func (n *night) reportUnpublished(o *engine.Outcome, file string) error {
	end := n.step(reportStep)
	m := n.manifest(n.configHash(), "")
	m.LabelHash = engine.LabelHash(o.Features.Table.Keys, o.Labels)
	html, err := n.report(o, m, "")
	if err == nil {
		err = writeFile(file, html)
	}
	end(int64(len(o.Segments.Segments)), int64(len(html)), err)
	return err
}
