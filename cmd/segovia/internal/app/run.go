package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"segovia/cmd/segovia/internal/config"
	"segovia/engine"
	"segovia/engine/features"
	"segovia/engine/quality"
	"segovia/io/anyio"
	"segovia/io/runstore"
	"segovia/kernels/paths"
	"segovia/kernels/problem"
)

// runFlags are the flags of `segovia run` and of its steps.
type runFlags struct {
	out          string
	selected     []string
	fresh        bool
	forcePublish bool
	until        string // last step; empty = all, and publish
	report       bool   // write the report too, after the last step
}

func newRunCommand(e *env) *cobra.Command {
	f := runFlags{}
	cmd := &cobra.Command{
		Use:   "run [CONFIG]",
		Short: "The nightly job: from the sources to published segments and the report",
		Long: `Reads the sources, computes features, sweeps k with bootstrap tests, chooses, describes, and publishes the run
under --out: readers see the whole old or the whole new publication. run_results.json is written always.

With unchanged sources and configuration there is nothing to do, unless --fresh is given. With --select, the steps up
to the last one named run, their artifacts are written to --out as they are, and nothing is published.

labels.parquet says where each customer belongs: its segment, the distance to the segment's centroid, and the margin, by how
much farther the nearest other centroid is. Parents and subsidiaries are known where features.entity names a column,
{table: customers, account: parent_id}. With accounts: tie all members of an account are in one segment, that of their
mean; account_id is the id of the head, and a margin below 0 says that another segment is nearer to that one customer. With
accounts: sum the account is one customer under the id of its head, with the records of all members; columns of the
customer table are the head's, and members.parquet says for each customer where its account belongs.`,
		Example: `segovia run
segovia run segovia.yaml --out /srv/segments --threads 8
segovia run --select features --out check`,
		Args: takes(0, 1, "at most one configuration"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(f.selected) > 0 {
				last := -1
				for _, s := range f.selected {
					if s == reportStep {
						f.report, s = true, engine.Steps[len(engine.Steps)-1]
					}
					at := slices.Index(engine.Steps, stepOf(s))
					if at < 0 {
						return usagef("--select %q is no step; use %s", s, stepNames())
					}
					last = max(last, at)
				}
				f.until = engine.Steps[last]
				return e.runSteps(args, f)
			}
			return e.nightly(args, f)
		},
	}
	cmd.Flags().StringVar(&f.out, "out", "out", "output folder")
	cmd.Flags().StringSliceVar(&f.selected, "select", nil, "only these steps and what they need: "+stepNames())
	cmd.Flags().BoolVar(&f.fresh, "fresh", false, "run also when nothing has changed")
	cmd.Flags().BoolVar(&f.forcePublish, "force-publish", false, "publish the best failing solution when none passes the gates, marked as such")
	return cmd
}

// night is one job on its way.
type night struct {
	e       *env
	cfg     *config.Config
	job     *engine.Job
	asOf    time.Time
	start   time.Time
	sources []*anyio.Source
	prices  []anyio.Input // files of the price list
	results runstore.Results
	timings map[string]float64
	save    func() // writes run_results.json as it stands
	events  bool   // each step is told as a line of JSON when it ends
}

// newNight reads and checks the configuration; no source is opened yet.
func (e *env) newNight(args []string, f runFlags) (*night, error) {
	cfg, err := e.loadConfig(args)
	if err != nil {
		return nil, err
	}
	if err := cfg.Available(); err != nil {
		return nil, err
	}
	if f.out != "" {
		if err := cfg.CheckOutput(f.out); err != nil {
			return nil, err
		}
	}
	path, err := paths.ChooseFor(cfg.Run.Hardware.Path, cfg.Run.Hardware.OnFailure, uint64(cfg.Run.Hardware.DeviceMemory))
	if err != nil {
		return nil, err
	}
	start := e.now()
	n := &night{e: e, cfg: cfg, start: start, timings: map[string]float64{}, save: func() {}}
	n.job = &engine.Job{Project: cfg.Project, Features: cfg.FeaturesConfig(start), Prep: cfg.PrepConfig(), Sweep: cfg.SweepConfig(),
		Profile: cfg.ProfileConfig(), Path: path, Language: cfg.Segment.Language, MinRows: cfg.Quality.MinRows}
	e.limitMemory(int64(cfg.Run.Memory))
	n.job.Sweep.Memory = e.memoryBudget(int64(cfg.Run.Memory))
	n.job.Features.MemoryMax, n.job.Features.TempDir = e.memoryBudget(int64(cfg.Run.Memory)), e.tempDir(cfg.Run.TempDir)
	n.job.Sweep.Choose.BestFailing = n.job.Sweep.Choose.BestFailing || f.forcePublish
	n.asOf = n.job.Features.AsOf
	list, err := e.priceList(cfg)
	if err != nil {
		return nil, err
	}
	n.prices, n.job.Tiers = list.inputs, cfg.TiersConfig(list.prices, path)
	n.results = runstore.Results{Schema: runstore.ResultsSchema, FormatVersion: runstore.FormatVersion, Project: cfg.Project, Start: start, Status: "running"}
	return n, nil
}

// open opens the sources as the step "inspect".
func (n *night) open(ctx context.Context) (err error) {
	end := n.step("inspect")
	n.sources, err = n.e.openSources(ctx, n.cfg)
	var files int64
	for _, s := range n.sources {
		files += int64(len(s.Files()))
	}
	end(0, files, err)
	return err
}

// step opens a step in run_results.json and returns what closes it.
func (n *night) step(name string) func(in, out int64, err error) {
	start := n.e.now()
	n.results.Steps = append(n.results.Steps, runstore.Step{Name: name, Status: "running", Start: &start})
	at := len(n.results.Steps) - 1
	n.save()
	return func(in, out int64, err error) {
		s := &n.results.Steps[at]
		seconds, peak := n.e.now().Sub(start).Seconds(), peakMemory()
		s.Seconds, s.RowsIn, s.RowsOut, s.PeakMemory, s.Status = &seconds, &in, &out, &peak, "done"
		n.timings[name] = seconds
		if err != nil {
			s.Status, s.Message = statusOf(err), err.Error()
		}
		n.save()
		if n.events {
			_ = n.e.writeJSON(map[string]any{"event": "step", "step": name, "status": s.Status, "seconds": seconds, "rows_in": in, "rows_out": out})
		}
		n.e.log.Info("step", "name", name, "seconds", seconds, "rows_in", in, "rows_out", out, "err", err)
	}
}

// work does the steps up to until on the opened sources, and tells people what was left out on the way. Settings that an
// error names are given their place in the configuration.
func (n *night) work(until string) (*engine.Outcome, error) {
	o, err := n.job.Run(n.e.ctx, asFeatureSources(n.sources), until, n.e.progress, n.step)
	n.e.progress.End()
	if o.Left != nil {
		for _, l := range o.Left.LeftOut {
			n.e.warn(&problem.Problem{ID: "SEG-FEA-001", What: fmt.Sprintf("feature %q is left out", l.Feature), Why: l.EN})
		}
	}
	if o.Sweep != nil {
		for _, w := range o.Sweep.Warnings {
			n.e.warn(&problem.Problem{ID: "SEG-SEG-001", What: w})
		}
	}
	return o, n.cfg.Locate(err)
}

// exitCode is the code that the process will end with: the signal's when one stopped it.
func (e *env) exitCode(err error) int {
	var sig interrupted
	if err != nil && errors.As(context.Cause(e.ctx), &sig) {
		return sig.code()
	}
	return problem.ExitCode(err)
}

// peakMemory is the largest resident size of the process so far, in bytes.
func peakMemory() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return usage.Maxrss << 10 // Linux counts KiB
}

func statusOf(err error) string {
	if errors.Is(err, context.Canceled) {
		return "stopped"
	}
	return "failed"
}

// close ends run_results.json with the verdict of err.
func (n *night) close(status string, err error) runstore.Results {
	code := n.e.exitCode(err)
	n.results.Status, n.results.ExitCode, n.results.Seconds = status, &code, n.e.now().Sub(n.start).Seconds()
	if err != nil {
		n.results.Status = statusOf(err)
		if p := n.e.interruption(err); p != nil {
			err = p
		}
		for _, p := range problem.All(err) {
			n.results.Errors = append(n.results.Errors, runstore.RunError{ID: p.ID, Message: p.Error()})
		}
		if len(n.results.Errors) == 0 {
			n.results.Errors = append(n.results.Errors, runstore.RunError{ID: "SEG-RUN-001", Message: err.Error()})
		}
	}
	return n.results
}

// foldFeatures returns the feature table of a configuration, which must compute the features of m, and its accounts.
func (e *env) foldFeatures(file string, m *engine.Model) (*features.Result, error) {
	n, err := e.newNight([]string{file}, runFlags{})
	if err != nil {
		return nil, err
	}
	if err := m.CheckDefinition(n.job.Features); err != nil {
		return nil, err
	}
	if err := n.open(e.ctx); err != nil {
		return nil, err
	}
	r, err := features.Fold(e.ctx, n.job.Features, asFeatureSources(n.sources), e.progress)
	if err != nil {
		return nil, n.cfg.Locate(err)
	}
	return r, nil
}

// configHash is the hash of the resolved configuration. The day of the analysis belongs to it: with as_of: today,
// tomorrow's run is another one.
func (n *night) configHash() string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(n.cfg.Hash()+n.asOf.Format(time.RFC3339))))
}

// nightly is the whole job with publication.
func (e *env) nightly(args []string, f runFlags) (err error) {
	n, err := e.newNight(args, f)
	if err != nil {
		return err
	}
	configHash := n.configHash()
	store, err := runstore.OpenOrCreate(f.out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	host, _ := os.Hostname()
	runID := runstore.RunID(n.start, sha256.Sum256(fmt.Appendf(nil, "%s %d %d", configHash, os.Getpid(), n.start.UnixNano())))
	writer, err := store.Lock(runstore.Holder{Host: host, PID: os.Getpid(), RunID: runID, Start: n.start})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, writer.Unlock()) }()
	work, err := writer.Begin()
	if err != nil {
		return err
	}
	n.results.RunID = runID
	n.save = func() { _ = work.WriteResults(n.results) } // the last write, at the end, reports failures
	if e.flags.json {
		_ = e.writeJSON(map[string]any{"event": "start", "run_id": runID, "project": n.cfg.Project})
		n.events = true
		defer func() {
			if err != nil { // the error itself goes to standard error; the summary is the last line here too
				_ = e.writeJSON(map[string]any{"event": "end", "status": statusOf(err), "run_id": runID, "exit_code": e.exitCode(err),
					"seconds": n.results.Seconds})
			}
		}()
	}
	if err := n.open(e.ctx); err != nil {
		return errors.Join(err, work.End(n.close("", err)))
	}
	manifest := n.manifest(configHash, host)
	if !f.fresh {
		if same, id := n.unchanged(store, manifest); same {
			if err := work.End(n.close("unchanged", nil)); err != nil {
				return err
			}
			return n.tell(store, id, nil, "unchanged")
		}
	}
	o, err := n.work(engine.Steps[len(engine.Steps)-1])
	create := func(name string) (recordOut, error) { return work.Create(name) }
	if err != nil {
		// What was made until then helps to find the cause; it is not published.
		return errors.Join(err, n.write(o, create), work.End(n.close("", err)))
	}
	n.e.tellPath(&o.Sweep.Environment, n.cfg.Run.Hardware.Path)
	if err := n.write(o, create); err != nil {
		return errors.Join(err, work.End(n.close("", err)))
	}
	manifest.LabelHash = engine.LabelHash(o.Features.Table.Keys, o.Labels)
	manifest.Data = counts(o.Quality)
	manifest.Environment.Path, manifest.Environment.PathWhy = o.Sweep.Environment.Path, o.Sweep.Environment.PathWhy
	end := n.step(reportStep)
	report, err := n.report(o, manifest, runID)
	if err == nil {
		err = work.WriteFile("report.html", report)
	}
	end(int64(len(o.Segments.Segments)), int64(len(report)), err)
	if err != nil {
		return errors.Join(err, work.End(n.close("", err)))
	}
	if err := e.ctx.Err(); err != nil {
		return errors.Join(err, work.End(n.close("", err)))
	}
	manifest.Environment.End, manifest.Environment.Timings, manifest.Environment.PeakMemory = e.now(), n.timings, peakMemory()
	if err := work.Publish(manifest, n.close("published", nil)); err != nil {
		return errors.Join(err, work.End(n.close("", err)))
	}
	if _, err := writer.Collect(n.cfg.Run.KeepRuns); err != nil {
		return err
	}
	return n.tell(store, runID, o, "published")
}

// unchanged reports whether the published run was made from the same inputs and configuration by the same algorithm.
func (n *night) unchanged(store *runstore.Store, m runstore.Manifest) (bool, string) {
	run, err := store.Current()
	if err != nil || run == nil || store.Verify(run.ID) != nil {
		return false, ""
	}
	old := run.Manifest
	content := func(m runstore.Manifest) []string {
		var out []string
		for _, i := range m.Inputs {
			out = append(out, i.Source+" "+i.SHA256)
		}
		slices.Sort(out)
		return out
	}
	return old.ConfigSHA256 == m.ConfigSHA256 && old.AlgorithmVersion == m.AlgorithmVersion && old.Segovia == m.Segovia &&
		slices.Equal(content(old), content(m)), run.ID
}

func (n *night) manifest(configHash, host string) runstore.Manifest {
	m := runstore.Manifest{Project: n.cfg.Project, Segovia: runstore.Build{Version: thisBuild().Version, Build: thisBuild().line()},
		Config: n.cfg.Resolved(), ConfigSHA256: configHash, Seed: n.cfg.Run.Seed, AlgorithmVersion: n.cfg.Run.Algorithm,
		Environment: runstore.Environment{Host: host, Path: n.job.Path.Name(), Threads: n.cfg.ThreadCount(), Start: n.start}}
	add := func(source string, inputs []anyio.Input) {
		for _, i := range inputs {
			m.Inputs = append(m.Inputs, runstore.Input{Source: source, Path: i.Path, Size: i.Size, MTime: i.ModTime, SHA256: i.SHA256, Rows: i.Rows})
		}
	}
	for _, s := range n.sources {
		add(s.Name(), s.Inputs())
	}
	add(priceListSetting, n.prices)
	return m
}

// counts sums the quality report up for the manifest.
func counts(q *quality.Report) runstore.Data {
	d := runstore.Data{Customers: q.Entity.Customers, Orders: q.Entity.Orders, Amount: q.Entity.Amount}
	for _, s := range q.Sources {
		d.Sources = append(d.Sources, runstore.SourceRows{Name: s.Name, Files: s.Files, RowsRead: s.RowsRead, RowsWithoutKey: s.RowsWithoutKey,
			RowsDuplicate: s.RowsDuplicate, RowsUsed: s.RowsUsed})
	}
	return d
}

// tell shows what became of the run: the summary, or with --json the last line.
func (n *night) tell(store *runstore.Store, id string, o *engine.Outcome, status string) error {
	e := n.e
	run, err := store.Run(id)
	if err != nil {
		return err
	}
	report := run.Path("report.html")
	if e.flags.json {
		summary := map[string]any{"event": "end", "status": status, "run_id": id, "dir": run.Dir(), "report": report,
			"label_hash": run.Manifest.LabelHash, "seconds": n.results.Seconds, "exit_code": 0}
		if o != nil {
			summary["customers"], summary["k"], summary["because"] = o.Features.Table.Rows(), o.Chosen.K, o.Sweep.Chosen.Because
			summary["fits"], summary["path"], summary["path_why"] = o.Sweep.Fits, o.Sweep.Environment.Path, o.Sweep.Environment.PathWhy
		}
		return e.writeJSON(summary)
	}
	if o == nil {
		e.printf("nothing to do: sources and configuration are those of the published run %s\nreport: %s\n", id, report)
		return nil
	}
	segments := fmt.Sprintf("%d segments", o.Chosen.K)
	if o.Chosen.K == 1 {
		segments = "one group"
	}
	e.printf("%d customers in %s. %s\n\n", o.Features.Table.Rows(), segments, o.Sweep.Chosen.Because)
	e.printSegments(o)
	e.printf("\nrun:    %s (%.1f s, %d fits)\npath:   %s\nreport: %s\n", run.Dir(), n.results.Seconds, o.Sweep.Fits, placeText(o.Sweep.Environment), report)
	return nil
}

// encodeArtifact renders a JSON artifact: fixed order of keys, two blanks of indent, a newline at the end.
func encodeArtifact(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(v)
	return b.Bytes(), err
}
