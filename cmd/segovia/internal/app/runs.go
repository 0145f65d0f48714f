package app

import (
	"errors"
	"os"

	"github.com/spf13/cobra"

	"segovia/io/runstore"
)

func newRunsCommand(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "runs",
		Short:   "List, show, compare, verify, roll back and clean up runs",
		Long:    "Looks at the runs of an output directory. Published runs are never changed; rollback publishes an older one again.",
		Example: "segovia runs list\nsegovia runs verify\nsegovia runs rollback 20261122T010000Z-7f3a",
	}
	cmd.AddCommand(newRunsListCommand(e), newRunsShowCommand(e), newRunsDiffCommand(e), newRunsRollbackCommand(e),
		newRunsVerifyCommand(e), newRunsCollectCommand(e))
	return cmd
}

// withStore adds --out to a command and opens the output directory for it.
func withStore(cmd *cobra.Command, do func(store *runstore.Store, args []string) error) *cobra.Command {
	out := outFlag(cmd)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		store, err := runstore.Open(*out)
		if err != nil {
			return err
		}
		return errors.Join(do(store, args), store.Close())
	}
	return cmd
}

// pick returns the run that args name at i, or the published one.
func pick(store *runstore.Store, args []string, i int) (*runstore.Run, error) {
	if i < len(args) {
		return store.Run(args[i])
	}
	return store.Current()
}

// lockStore takes the lock for a change of the output directory that is no run, does it and releases the lock.
func (e *env) lockStore(store *runstore.Store, do func(*runstore.Writer) error) error {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	w, err := store.Lock(runstore.Holder{Host: host, PID: os.Getpid(), Start: e.now()})
	if err != nil {
		return err
	}
	return errors.Join(do(w), w.Unlock())
}

func newRunsListCommand(e *env) *cobra.Command {
	return withStore(&cobra.Command{
		Use:   "list",
		Short: "All runs, oldest first; the published one has a star",
		Long: `Lists the runs of the output directory, oldest first: published, failed, finished without change, running, or
abandoned by a process that died.`,
		Example: "segovia runs list\nsegovia runs list --out /srv/segments --json",
		Args:    takes(0, 0, ""),
	}, func(store *runstore.Store, _ []string) error {
		runs, err := store.List()
		if err != nil {
			return err
		}
		list := make([]runInfo, len(runs))
		for i, r := range runs {
			list[i] = describeRun(r)
		}
		if e.flags.json {
			return e.writeJSON(list)
		}
		for _, r := range list {
			e.printf("%s\n", r.line())
		}
		return nil
	})
}

func newRunsShowCommand(e *env) *cobra.Command {
	return withStore(&cobra.Command{
		Use:     "show [RUN]",
		Short:   "What a published run was made from and consists of",
		Long:    "Shows the manifest of a run, by default the published one: inputs, outputs, seed, versions. --json prints it whole.",
		Example: "segovia runs show\nsegovia runs show 20261122T010000Z-7f3a --json",
		Args:    takes(0, 1, "one run"),
	}, func(store *runstore.Store, args []string) error {
		run, err := pick(store, args, 0)
		if err != nil {
			return err
		}
		m := run.Manifest
		if e.flags.json {
			return e.writeJSON(m)
		}
		e.printf("run        %s in %s\nproject    %s\nsegovia    %s\nseed       %d, algorithm %s\nconfig     %s\nlabels     %s\n",
			run.ID, run.Dir(), m.Project, m.Segovia.Version, m.Seed, m.AlgorithmVersion, m.ConfigSHA256, m.LabelHash)
		sources := map[string]int{}
		rows := map[string]int64{}
		var names []string
		for _, in := range m.Inputs {
			if sources[in.Source] == 0 {
				names = append(names, in.Source)
			}
			sources[in.Source]++
			rows[in.Source] += in.Rows
		}
		for _, n := range names {
			e.printf("input      %-20s files: %d, rows: %d\n", n, sources[n], rows[n])
		}
		for _, o := range m.Outputs {
			e.printf("output     %-20s %s\n", o.Path, formatBytes(o.Size))
		}
		return nil
	})
}

// runsDiff is what differs between two runs. Equal is about results; the environment never counts.
type runsDiff struct {
	A       string       `json:"a"`
	B       string       `json:"b"`
	Equal   bool         `json:"equal"`
	Config  bool         `json:"config_differs"`
	Seed    bool         `json:"seed_differs"`
	Version bool         `json:"algorithm_differs"`
	Labels  bool         `json:"labels_differ"`
	Inputs  []fileChange `json:"inputs"`
	Outputs []fileChange `json:"outputs"`
}

// fileChange is a file that only one run has ("added", "removed") or that differs ("changed").
type fileChange struct {
	Path   string `json:"path"`
	Change string `json:"change"`
}

func newRunsDiffCommand(e *env) *cobra.Command {
	return withStore(&cobra.Command{
		Use:   "diff A [B]",
		Short: "What differs between two published runs",
		Long: `Compares two published runs, the second by default the current one: configuration, seed, algorithm, inputs and outputs by
their hashes. segovia compare A B compares the segments themselves.`,
		Example: "segovia runs diff 20261121T010000Z-52aa\nsegovia runs diff 20261120T010000Z-11c0 20261121T010000Z-52aa --json",
		Args:    takes(1, 2, "one or two runs"),
	}, func(store *runstore.Store, args []string) error {
		a, err := pick(store, args, 0)
		if err != nil {
			return err
		}
		b, err := pick(store, args, 1)
		if err != nil {
			return err
		}
		d := diffRuns(a, b)
		if e.flags.json {
			return e.writeJSON(d)
		}
		e.printf("%s -> %s\n", d.A, d.B)
		for _, line := range []struct {
			name    string
			differs bool
		}{{"configuration", d.Config}, {"seed", d.Seed}, {"algorithm", d.Version}, {"labels", d.Labels}} {
			state := "same"
			if line.differs {
				state = "differs"
			}
			e.printf("%-14s %s\n", line.name, state)
		}
		for _, c := range d.Inputs {
			e.printf("input  %-8s %s\n", c.Change, c.Path)
		}
		for _, c := range d.Outputs {
			e.printf("output %-8s %s\n", c.Change, c.Path)
		}
		return nil
	})
}

func diffRuns(a, b *runstore.Run) runsDiff {
	x, y := a.Manifest, b.Manifest
	d := runsDiff{A: a.ID, B: b.ID, Config: x.ConfigSHA256 != y.ConfigSHA256, Seed: x.Seed != y.Seed,
		Version: x.AlgorithmVersion != y.AlgorithmVersion, Labels: x.LabelHash != y.LabelHash}
	files := func(m runstore.Manifest) (in, out hashes) {
		for _, f := range m.Inputs {
			in.add(f.Source+": "+f.Path, f.SHA256)
		}
		for _, f := range m.Outputs {
			out.add(f.Path, f.SHA256)
		}
		return in, out
	}
	inX, outX := files(x)
	inY, outY := files(y)
	d.Inputs, d.Outputs = inX.changes(inY), outX.changes(outY)
	d.Equal = !d.Labels && !d.Version && len(d.Outputs) == 0
	return d
}

// hashes are files in order with their hashes.
type hashes struct {
	names []string
	sum   map[string]string
}

func (h *hashes) add(name, sum string) {
	if h.sum == nil {
		h.sum = map[string]string{}
	}
	h.names = append(h.names, name)
	h.sum[name] = sum
}

// changes lists what became of the files on the way from h to o.
func (h hashes) changes(o hashes) []fileChange {
	changes := []fileChange{}
	for _, n := range h.names {
		sum, there := o.sum[n]
		switch {
		case !there:
			changes = append(changes, fileChange{n, "removed"})
		case sum != h.sum[n]:
			changes = append(changes, fileChange{n, "changed"})
		}
	}
	for _, n := range o.names {
		if _, there := h.sum[n]; !there {
			changes = append(changes, fileChange{n, "added"})
		}
	}
	return changes
}

func newRunsRollbackCommand(e *env) *cobra.Command {
	return withStore(&cobra.Command{
		Use:   "rollback [RUN]",
		Short: "Publish an older run again",
		Long: `Makes an older published run the current one, by default the one before it. The run is verified first; nothing is removed,
so that rolling forward works the same way.`,
		Example: "segovia runs rollback\nsegovia runs rollback 20261121T010000Z-52aa",
		Args:    takes(0, 1, "one run"),
	}, func(store *runstore.Store, args []string) error {
		return e.lockStore(store, func(w *runstore.Writer) error {
			from, err := store.CurrentID()
			if err != nil {
				return err
			}
			to := ""
			if len(args) > 0 {
				to = args[0]
			} else if to, err = before(store, from); err != nil {
				return err
			}
			if err := w.Rollback(to); err != nil {
				return err
			}
			if e.flags.json {
				return e.writeJSON(struct {
					From string `json:"from"`
					To   string `json:"to"`
				}{from, to})
			}
			e.printf("published %s (was %s)\n", to, from)
			return nil
		})
	})
}

// before returns the newest published run older than id.
func before(store *runstore.Store, id string) (string, error) {
	runs, err := store.List()
	if err != nil {
		return "", err
	}
	older := ""
	for _, r := range runs {
		if r.State == runstore.Published && r.ID < id {
			older = r.ID
		}
	}
	if older == "" {
		return "", usagef("there is no published run before %s; name one, `segovia runs list` shows them", id)
	}
	return older, nil
}

func newRunsVerifyCommand(e *env) *cobra.Command {
	var all bool
	cmd := withStore(&cobra.Command{
		Use:     "verify [RUN...]",
		Short:   "Compare every file of a run with its manifest",
		Long:    "Reads every output of the named runs, by default the current one, and compares size and SHA-256 with the manifest.",
		Example: "segovia runs verify\nsegovia runs verify --all",
		Args:    takes(0, -1, "runs"),
	}, func(store *runstore.Store, args []string) error {
		switch {
		case all && len(args) > 0:
			return usagef("--all and names of runs exclude each other")
		case all:
			runs, err := store.List()
			if err != nil {
				return err
			}
			for _, r := range runs {
				if r.State == runstore.Published {
					args = append(args, r.ID)
				}
			}
		case len(args) == 0:
			run, err := store.Current()
			if err != nil {
				return err
			}
			args = []string{run.ID}
		}
		for _, id := range args {
			if err := e.ctx.Err(); err != nil {
				return err
			}
			if err := store.Verify(id); err != nil {
				return err
			}
			if !e.flags.json {
				e.printf("%s is whole\n", id)
			}
		}
		if e.flags.json {
			return e.writeJSON(struct {
				Verified []string `json:"verified"`
			}{append([]string{}, args...)})
		}
		return nil
	})
	cmd.Flags().BoolVar(&all, "all", false, "verify every published run")
	return cmd
}

func newRunsCollectCommand(e *env) *cobra.Command {
	keep := 30
	cmd := withStore(&cobra.Command{
		Use:   "gc",
		Short: "Remove old runs",
		Long: `Removes the oldest published runs until --keep are left, and what dead processes left behind. The current run always
stays. A nightly run does this by itself, by run.keep_runs.`,
		Example: "segovia runs gc --keep 7",
		Args:    takes(0, 0, ""),
	}, func(store *runstore.Store, _ []string) error {
		if keep < 1 {
			return usagef("--keep must be at least 1")
		}
		return e.lockStore(store, func(w *runstore.Writer) error {
			removed, err := w.Collect(keep)
			if err != nil {
				return err
			}
			if e.flags.json {
				return e.writeJSON(struct {
					Removed []string `json:"removed"`
				}{append([]string{}, removed...)})
			}
			for _, id := range removed {
				e.printf("removed %s\n", id)
			}
			return nil
		})
	})
	cmd.Flags().IntVar(&keep, "keep", 30, "so many published runs stay")
	return cmd
}
