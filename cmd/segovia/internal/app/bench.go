package app

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"segovia/bench"
	"segovia/kernels"
	"segovia/kernels/paths"
	"segovia/kernels/problem"
)

// benchFlags are the flags of `segovia bench`.
type benchFlags struct {
	work, paths             []string
	threads, fixtures       string
	repeat, maxIter         int
	atMost                  time.Duration
	fraction                float64
	quick                   bool
	exportTo, given, givenK string
}

func newBenchCommand(e *env) *cobra.Command {
	f := &benchFlags{}
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Hardware paths on the same work: time, pairs/s, share of peak, label hash",
		Long: `Runs fixed workloads on every hardware path and with several numbers of threads, and compares. Times are those of
fitting and stability inside the process, medians of the repeats, in which the paths take turns. Peak and memory rate are
measured by probes in the same process. The labels of all paths and numbers of threads must have the same hash, else the
command fails.

The workloads are those of bench/README.md: W0 scores one block in all shapes, W1 to W5 and W9 are sweeps, W6 and W7 are
statistics, G1 to G5 are work for devices, which run everywhere. Some take many minutes on slow paths: --fraction runs a part of their repetitions and scales the time.

--export writes the points of the workloads, and --given fits from given starts, for comparison with other tools.`,
		Example: `segovia bench
segovia bench --work W0 --quick
segovia bench --work W1,W3 --paths auto,ref --threads 1,2 --fraction 0.05 --json`,
		Args: takes(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.quick && !cmd.Flags().Changed("repeat") {
				f.repeat = 1
			}
			switch {
			case f.exportTo != "" && f.given != "":
				return usagef("--export and --given exclude each other")
			case f.exportTo != "":
				return f.export(e)
			case f.given != "":
				return f.fitGiven(e)
			}
			return f.run(e)
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&f.work, "work", []string{"W0", "W1"}, "workloads, separated by commas: "+strings.Join(bench.IDs(), ",")+" or all")
	flags.StringSliceVar(&f.paths, "paths", nil, "hardware paths, separated by commas (default: --path where it is given, else all that run here)")
	flags.StringVar(&f.threads, "threads", "auto", "numbers of threads, separated by commas; auto is one and all")
	flags.IntVar(&f.repeat, "repeat", 5, "measurements of each path")
	flags.DurationVar(&f.atMost, "at-most", 5*time.Second, "a path that has worked so long on a workload is not repeated; 0 = always repeat")
	flags.Float64Var(&f.fraction, "fraction", 1, "part of the repetitions of each workload that is run")
	flags.BoolVar(&f.quick, "quick", false, "a moment's work of each kind, once, to see that everything runs: its times say nothing")
	flags.StringVar(&f.fixtures, "fixtures", "../shared/reference", "folder of mcdonalds.csv, which W2 needs")
	flags.StringVar(&f.exportTo, "export", "", "write the points of the workloads to this folder as NumPy arrays, and measure nothing")
	flags.StringVar(&f.given, "given", "", "fit from given starts: folder of points.npy, starts.npy and, if need be, weights.npy")
	flags.StringVar(&f.givenK, "given-k", "2..20", "numbers of segments that the given starts are for, in this order")
	flags.IntVar(&f.maxIter, "given-max-iter", 300, "most iterations of one given fit")
	return cmd
}

// workloads are those of --work.
func (f *benchFlags) workloads() ([]bench.Workload, error) {
	if slices.Equal(f.work, []string{"all"}) {
		return bench.Workloads, nil
	}
	works, err := bench.Named(f.work)
	if err != nil {
		return nil, usagef("--work: %v", err)
	}
	return works, nil
}

// hardware returns the paths that were asked for, each of which must run here, or all that do.
func (f *benchFlags) hardware(e *env) ([]kernels.Path, error) {
	names := f.paths
	if len(names) == 0 && e.flags.path != "auto" {
		names = []string{e.flags.path}
	}
	var list []kernels.Path
	if len(names) == 0 {
		for _, p := range paths.All() {
			if p.Available() == nil {
				list = append(list, p)
			}
		}
		return list, nil
	}
	for _, n := range names {
		p, err := paths.Choose(n)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(list, func(q kernels.Path) bool { return q.Name() == p.Name() }) {
			list = append(list, p)
		}
	}
	return list, nil
}

// threadCounts reads --threads.
func (f *benchFlags) threadCounts() ([]int, error) {
	if f.threads == "auto" {
		return slices.Compact([]int{1, runtime.GOMAXPROCS(0)}), nil
	}
	var list []int
	for s := range strings.SplitSeq(f.threads, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > 1<<16 {
			return nil, usagef("--threads %q: want auto, or numbers from 1 separated by commas", f.threads)
		}
		list = append(list, n)
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

func (f *benchFlags) run(e *env) error {
	works, err := f.workloads()
	if err != nil {
		return err
	}
	list, err := f.hardware(e)
	if err != nil {
		return err
	}
	threads, err := f.threadCounts()
	if err != nil {
		return err
	}
	if f.repeat < 1 || f.fraction <= 0 || f.fraction > 1 {
		return usagef("--repeat is at least 1, --fraction above 0 and at most 1")
	}
	started := e.now()
	r, err := bench.Measure(e.ctx, bench.Config{Workloads: works, Paths: list, Threads: threads, Repeat: f.repeat, AtMost: f.atMost,
		Fraction: f.fraction, Small: f.quick, Dir: f.fixtures, Progress: e.progress})
	if err != nil && !errors.Is(err, &problem.Problem{ID: "SEG-HW-002"}) {
		return err
	}
	r.Started, r.Version = started.UTC().Format(time.RFC3339), versionLine()
	if e.flags.json {
		return errors.Join(e.writeJSON(r), err)
	}
	e.printBench(r)
	return err
}

// printBench shows the figures to people.
func (e *env) printBench(r *bench.Report) {
	e.printf("%s, %d CPUs, %s, segovia %s\n", r.Machine.CPU, r.Machine.CPUs, r.Machine.Platform, r.Version)
	if l := r.Machine.Load; l != nil && *l > 0.5 {
		e.printf("the machine was busy (load %.1f): only the hashes mean something\n", *l)
	}
	for _, p := range r.Probes {
		var units []string
		for _, u := range p.Units {
			units = append(units, fmt.Sprintf("%s %.1f GFLOP/s", u.Name, u.FLOPS/1e9))
		}
		e.printf("peak, %d threads: %s, memory %.1f GB/s\n", p.Threads, strings.Join(units, ", "), p.ReadBytesPerS/1e9)
	}
	e.printDevice(r.Device)
	for _, w := range r.Works {
		e.printf("\n%s  %s\n", w.ID, w.Title)
		if w.Fraction < 1 {
			e.printf("%g of the repetitions were run; \"whole\" is the time of all\n", w.Fraction)
		}
		e.printResults(w)
		e.printCells(w)
		e.printModels(w)
		e.printDeviceTimes(w)
		if len(w.Results) > 0 && w.HashesSame {
			e.printf("labels are the same everywhere: %.16s\n", w.Results[0].Hash)
		}
	}
	for _, s := range r.Skipped {
		e.printf("\nskipped: %s: %s\n", strings.TrimSpace(s.Work+" "+s.Path), s.Why)
	}
}

func (e *env) printResults(w bench.WorkResult) {
	t := tabwriter.NewWriter(e.out, 0, 4, 2, ' ', tabwriter.AlignRight)
	head := "path\tthreads\tseconds\trepeats\t"
	if w.Fraction < 1 {
		head += "whole\t"
	}
	fmt.Fprintln(t, head+"fits/s\titerations\tGpairs/s\tof peak\tof memory\thash\t")
	for _, p := range w.Results {
		fmt.Fprintf(t, "%s\t%d\t%.4g\t%d\t", dash(p.Path), p.Threads, p.Seconds, len(p.Repeats))
		if w.Fraction < 1 {
			fmt.Fprintf(t, "%.4g\t", p.Whole)
		}
		counted := ""
		if p.PairsCounted == "plain" { // what no skipping would have scored
			counted = "~"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%.8s\t\n", figure(p.FitsPerS), figure(p.Iterations), counted+scaled(p.PairsPerS, 1e-9, ""),
			scaled(p.PeakShare, 100, " %"), scaled(p.ReadShare, 100, " %"), p.Hash)
	}
	_ = t.Flush()
	if len(w.Results) > 0 && w.Results[0].PairsCounted == "plain" {
		e.printf("~ pairs that these iterations would score without skipping\n")
	}
}

// printCells shows scoring shape by shape: billions of pairs per second, and the share of the peak.
func (e *env) printCells(w bench.WorkResult) {
	if len(w.Results) == 0 || len(w.Results[0].Cells) == 0 {
		return
	}
	t := tabwriter.NewWriter(e.out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "d\tk\t")
	for _, p := range w.Results {
		fmt.Fprintf(t, "%s\tof peak\t", p.Path)
	}
	fmt.Fprintln(t)
	for at, c := range w.Results[0].Cells {
		fmt.Fprintf(t, "%d\t%d\t", c.D, c.K)
		for _, p := range w.Results {
			fmt.Fprintf(t, "%.3g\t%.1f %%\t", p.Cells[at].PairsPerS/1e9, 100*p.Cells[at].PeakShare)
		}
		fmt.Fprintln(t)
	}
	_ = t.Flush()
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// scaled writes a figure in another unit with three digits.
func scaled(v *float64, by float64, unit string) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprintf("%.3g%s", *v*by, unit)
}

// export writes the points of the workloads.
func (f *benchFlags) export(e *env) error {
	works, err := f.workloads()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(f.exportTo, 0o777); err != nil {
		return notWritable(f.exportTo, err)
	}
	files := []string{}
	for _, w := range works {
		if f.quick {
			w = w.Small()
		}
		e.progress.Begin(w.ID+" points", int64(w.Points.Rows), "rows")
		written, err := w.Export(e.ctx, f.exportTo, f.fixtures)
		e.progress.End()
		var pe *os.PathError
		if errors.As(err, &pe) {
			return notWritable(pe.Path, pe.Err)
		}
		if err != nil {
			return err
		}
		files = append(files, written...)
	}
	if e.flags.json {
		return e.writeJSON(files)
	}
	for _, file := range files {
		e.printf("%s\n", file)
	}
	return nil
}

// fitGiven fits from the starts of --given on each path, and compares the labels.
func (f *benchFlags) fitGiven(e *env) error {
	ks, _, err := parseK(f.givenK)
	if err != nil {
		return err
	}
	list, err := f.hardware(e)
	if err != nil {
		return err
	}
	threads, err := f.threadCounts()
	if err != nil {
		return err
	}
	given, err := bench.ReadGiven(f.given, ks, f.maxIter)
	if err != nil {
		return &problem.Problem{ID: "SEG-SRC-004", What: "the given fits cannot be read", Why: err.Error(), Fix: "write the arrays as `segovia help bench` says", Err: err}
	}
	r, err := given.Measure(e.ctx, list, threads, f.repeat, e.progress)
	if err != nil && !errors.Is(err, &problem.Problem{ID: "SEG-HW-002"}) {
		return err
	}
	if e.flags.json {
		return errors.Join(e.writeJSON(r), err)
	}
	t := tabwriter.NewWriter(e.out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "path\tthreads\tseconds\tfits\tfits/s\thash\t")
	for _, p := range r.Results {
		fmt.Fprintf(t, "%s\t%d\t%.4g\t%d\t%.4g\t%.8s\t\n", p.Path, p.Threads, p.Seconds, r.Fits, float64(r.Fits)/p.Seconds, r.Hash)
	}
	return errors.Join(t.Flush(), err)
}
