package app

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"segovia/cmd/segovia/internal/config"
	"segovia/engine/prep"
	"segovia/engine/sweep"
	"segovia/io/anyio"
	"segovia/kernels/paths"
	"segovia/kernels/problem"
)

// tableFlags are the flags of the commands that work on a ready table.
type tableFlags struct {
	id       string
	features []string
	scale    string
}

func (f *tableFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.id, "id", "", "column of the id (default: the row number, from 1)")
	flags.StringSliceVar(&f.features, "features", nil, "columns to use, separated by commas (default: all numeric and yes/no columns but the id)")
	flags.StringVar(&f.scale, "scale", "zscore", "scaling of the columns: none|zscore|zscore-sample|robust|minmax")
}

// prepare reads the file and prepares its columns. With consume, the columns of a table that is too large to be kept beside
// the matrix are let go.
func (f *tableFlags) prepare(e *env, file string, consume bool) (*readyTable, *prep.Model, *prep.Prepared, error) {
	t, err := e.readTable(e.ctx, file, f.id)
	if err != nil {
		return nil, nil, nil, err
	}
	names, err := t.numeric(f.features)
	if err != nil {
		return nil, nil, nil, err
	}
	if n := t.Rows(); n < 2 {
		return nil, nil, nil, &problem.Problem{ID: "SEG-SEG-002", What: fmt.Sprintf("a table with %d row cannot be segmented", n), File: file,
			Why: "at least two different customers are needed", Fix: "check what wrote it"}
	}
	consume = consume && t.Rows()*len(names) > sweep.MaxUnrounded
	model, prepared, report, err := prep.FitApply(t.Table, prep.Config{Scale: f.scale, Features: names, Threads: e.threads(), Consume: consume})
	if report != nil {
		for _, l := range report.LeftOut {
			e.warn(&problem.Problem{ID: "SEG-FEA-001", What: fmt.Sprintf("column %q is left out", l.Feature), File: file, Why: l.EN})
		}
		for _, i := range report.Imputed {
			e.warn(&problem.Problem{ID: "SEG-FEA-001", What: fmt.Sprintf("column %q: %d missing values are imputed by the median", i.Feature, i.Rows),
				File: file, Fix: "impute them yourself, or use a configuration with prep.impute"})
		}
	}
	return t, model, prepared, err
}

// sweepFlags are the flags of `segovia sweep`.
type sweepFlags struct {
	tableFlags
	k, init, choose, silhouette, scheme, algorithm, labels string
	restarts, maxIter, bootstrap, bootRestarts             int
	gap, gapPower, predictionStrength                      int
	gapSpace                                               string
}

// silhouetteUsage is the help on --silhouette.
const silhouetteUsage = "kind of silhouette: exact|simplified|sample:N|none; auto is exact up to 20,000 rows, then a sample"

func newSweepCommand(e *env) *cobra.Command {
	f := &sweepFlags{}
	var out string
	cmd := &cobra.Command{
		Use:   "sweep FILE",
		Short: "The k sweep with bootstrap stability on a ready feature table",
		Long: `Fits k-means for every k, tests each solution by bootstrap pairs, and chooses one.

FILE is a table with one row per customer: CSV, Parquet or Arrow, also compressed. Given a configuration
(.yaml) instead, or none where segovia.yaml lies, the nightly job runs up to this step and writes sweep.json
to --out. The result depends on the data, the
flags and the seed alone, never on the number of threads or the hardware path.`,
		Example: `segovia sweep customers.parquet --id customer_id --k 2..10
segovia sweep iris.csv --scale none --k 2..6 --restarts 50 --json
segovia sweep customers.csv --features revenue,orders --bootstrap 0
segovia sweep segovia.yaml --out check`,
		Args: takes(0, 1, "a feature table or a configuration"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && !e.hasConfig() {
				return takes(1, 1, "a feature table")(cmd, args)
			}
			if len(args) == 0 || isConfig(args[0]) {
				return e.sweepOfConfig(cmd, args, out)
			}
			if out != "" {
				return usagef("--out is for the sweep of a configuration; --json and --labels tell the sweep of a table")
			}
			return f.run(e, args[0])
		},
	}
	flags := cmd.Flags()
	f.register(flags)
	flags.StringVar(&f.k, "k", "2..12", "numbers of segments: 2..12, 3 or 2,4,8")
	flags.StringVar(&f.algorithm, "algorithm", "kmeans", "how to cluster: kmeans")
	flags.IntVar(&f.restarts, "restarts", 10, "fits with different starts per k; the best is kept")
	flags.StringVar(&f.init, "init", "kmeans++",
		"starts: kmeans++|random|FILE (CSV: k rows of one scaled value per column, for each k in turn)")
	flags.IntVar(&f.maxIter, "max-iter", 300, "most iterations of one fit")
	flags.IntVar(&f.bootstrap, "bootstrap", 100, "pairs of bootstrap resamples; 0 = none")
	flags.IntVar(&f.bootRestarts, "boot-restarts", 10, "restarts of each bootstrap fit; fewer measure the luck of the optimiser")
	flags.StringVar(&f.scheme, "boot-scheme", "multinomial", "how to resample: multinomial")
	flags.StringVar(&f.silhouette, "silhouette", "auto", silhouetteUsage)
	flags.StringVar(&f.choose, "choose", "stable-then-silhouette", "rule that chooses k: "+strings.Join(sweep.Rules, "|")+"|K")
	flags.IntVar(&f.gap, "gap", 0, "reference sets of the gap statistic, for example 50; 0 = none")
	flags.StringVar(&f.gapSpace, "gap-space", "pca", "box in which references are drawn: pca (along the principal axes)|original (the columns)")
	flags.IntVar(&f.gapPower, "gap-power", 2, "power of the distances in the gap: 2|1 (as in R's clusGap; work grows with the square of the rows)")
	flags.IntVar(&f.predictionStrength, "prediction-strength", 0, "splits of the prediction strength (not in this version: 0)")
	flags.StringVar(&f.labels, "labels", "", "write the labels of every k to this file: Parquet, or Arrow or CSV by its name")
	flags.StringVar(&out, "out", "", "folder for the sweep of a configuration (default out)")
	return cmd
}

// isConfig reports whether a file is named like a configuration.
func isConfig(file string) bool {
	return strings.HasSuffix(file, ".yaml") || strings.HasSuffix(file, ".yml")
}

// sweepOfConfig is the step of the nightly job. Flags that describe a table do nothing there, so they are refused.
func (e *env) sweepOfConfig(cmd *cobra.Command, args []string, out string) error {
	var err error
	cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		if f.Changed && f.Name != "out" && err == nil {
			err = usagef("--%s is for the sweep of a table; use --set, for example --set sweep.k=2..6, with a configuration", f.Name)
		}
	})
	if err != nil {
		return err
	}
	return e.runSteps(args, runFlags{until: "sweep", out: out})
}

func (f *sweepFlags) run(e *env, file string) error {
	cfg, err := f.config(e)
	if err != nil {
		return err
	}
	path, err := paths.Choose(e.flags.path)
	if err != nil {
		return err
	}
	started := e.now()
	e.limitMemory(0)
	t, _, p, err := f.prepare(e, file, true)
	if err != nil {
		return err
	}
	if cfg.InitCenters, err = f.centers(e, cfg.K, len(p.Names)); err != nil {
		return err
	}
	loaded := e.now()
	in := sweepInput(p, f.scale)
	cfg.Memory = e.memoryBudget(0)
	r, solutions, err := sweep.Run(e.ctx, in, cfg, path, e.progress)
	if err != nil {
		return err
	}
	r.Environment.Timings["load_s"] = loaded.Sub(started).Seconds()
	for _, w := range r.Warnings {
		e.warn(&problem.Problem{ID: "SEG-SEG-001", What: w})
	}
	if f.labels != "" {
		if err := e.writeSweepLabels(f.labels, t, solutions); err != nil {
			return err
		}
	}
	if e.flags.json {
		return e.writeJSON(r)
	}
	e.printSweep(r)
	return nil
}

// sweepInput makes the matrix, and lets go of unrounded values of which there are too many.
func sweepInput(p *prep.Prepared, scale string) sweep.Input {
	in := sweep.Input{Names: p.Names, Scale: scale}
	if p.Rows()*len(p.X) > sweep.MaxUnrounded {
		in.Matrix = p.TakeMatrix()
	} else {
		in.Matrix, in.X = p.Matrix(), p.X
	}
	return in
}

// config turns the flags into the engine's configuration and refuses what this version cannot do.
func (f *sweepFlags) config(e *env) (sweep.Config, error) {
	cfg := sweep.Config{Algorithm: f.algorithm, Restarts: f.restarts, Init: f.init, MaxIter: f.maxIter, Bootstrap: f.bootstrap,
		BootRestarts: f.bootRestarts, BootScheme: f.scheme, Silhouette: f.silhouette,
		Gap: f.gap, GapSpace: f.gapSpace, GapPower: f.gapPower, Seed: e.flags.seed, Threads: e.threads(),
		Choose: sweep.Choose{Rule: f.choose, BestFailing: false}}
	switch {
	case f.algorithm != "kmeans":
		return cfg, usagef("--algorithm %q is not in this version; use kmeans", f.algorithm)
	case f.scheme != "multinomial":
		return cfg, usagef("--boot-scheme %q is not in this version; use multinomial", f.scheme)
	case f.gap < 0 || f.gap == 1:
		return cfg, usagef("--gap %d: use at least 2 reference sets, or 0 for none", f.gap)
	case f.predictionStrength != 0:
		return cfg, usagef("--prediction-strength %d: it is not in this version; use 0", f.predictionStrength)
	case f.restarts < 1 || f.maxIter < 1 || f.bootRestarts < 1 || f.bootstrap < 0:
		return cfg, usagef("--restarts, --max-iter and --boot-restarts are at least 1, --bootstrap at least 0")
	}
	var err error
	cfg.K, cfg.KFromRange, err = parseK(f.k)
	return cfg, err
}

// parseK reads 2..12, 3 or 2,4,8.
func parseK(s string) (ks []int, fromRange bool, err error) {
	r, err := config.ParseRange(s)
	var p *problem.Problem
	switch {
	case errors.As(err, &p):
		p.Place = "--k " + s
		return nil, false, p
	case err != nil:
		return nil, false, usagef("--k %q: %v", s, err)
	}
	return r.Values, r.FromRange, nil
}

// centers reads initial centroids from the file that --init names; nil when it names none.
func (f *sweepFlags) centers(e *env, ks []int, columns int) (map[int][][]float64, error) {
	if f.init == "kmeans++" || f.init == "random" {
		return nil, nil
	}
	t, err := e.readTable(e.ctx, f.init, "")
	if err != nil {
		return nil, err
	}
	total := 0
	for _, k := range ks {
		total += k
	}
	if len(t.Columns) != columns || t.Rows() != total {
		return nil, &problem.Problem{ID: "SEG-SEG-001", What: fmt.Sprintf("initial centroids: %d rows of %d columns", t.Rows(), len(t.Columns)), File: f.init,
			Why: fmt.Sprintf("the sweep needs %d rows (k for each k in turn) of %d columns", total, columns), Fix: "give one row per centroid"}
	}
	if _, err := t.numeric(t.Names()); err != nil {
		return nil, err
	}
	centers := map[int][][]float64{}
	row := 0
	for _, k := range ks {
		for range k {
			c := make([]float64, columns)
			for j := range c {
				c[j] = t.Columns[j].Numbers[row]
			}
			centers[k] = append(centers[k], c)
			row++
		}
	}
	return centers, nil
}

// writeSweepLabels writes id, k2, k3, ... with segment numbers from 1.
func (e *env) writeSweepLabels(file string, t *readyTable, solutions []sweep.Solution) error {
	columns := []outColumn{t.idColumn("id")}
	for _, s := range solutions {
		numbers := make([]int64, len(s.Labels))
		for i, l := range s.Labels {
			numbers[i] = int64(l) + 1
		}
		columns = append(columns, outColumn{field: arrow.Field{Name: "k" + strconv.Itoa(s.K), Type: arrow.PrimitiveTypes.Int64}, ints: numbers})
	}
	if _, ok := anyio.FormatOf(file); !ok && filepath.Ext(file) == "" {
		return writeTableAs(file, "parquet", columns)
	}
	return writeTable(file, columns)
}

// printSweep shows the result to people.
func (e *env) printSweep(r *sweep.Result) {
	e.printf("%d rows, %d columns, %d fits\n\n", r.N, r.D, r.Fits)
	w := tabwriter.NewWriter(e.out, 0, 4, 2, ' ', tabwriter.AlignRight)
	gap := r.GapChoice != nil // else there is no such column
	fmt.Fprint(w, "k\tinertia\tsilhouette\tCH\tDB\t")
	if gap {
		fmt.Fprint(w, "gap\t")
	}
	fmt.Fprintln(w, "mean ARI\tworst SLSw\tsmallest\tchecks\t")
	for i, k := range r.K {
		ari, slsw := "-", "-"
		if st := k.Stability; st != nil {
			ari = fmt.Sprintf("%.3f", st.ARIMean)
			least := st.Segments[0].SLSwMean
			for _, s := range st.Segments {
				least = min(least, s.SLSwMean)
			}
			slsw = fmt.Sprintf("%.3f", least)
		}
		checks := "pass"
		if g := r.Chosen.Gates[i]; !g.Passed {
			checks = strings.Join(g.Failed, ",")
		}
		mark := ""
		if r.Chosen.K != nil && *r.Chosen.K == k.K {
			mark = "*"
		}
		silhouette := k.Silhouette
		if silhouette == nil {
			silhouette = k.SilhouetteSimplified
		}
		fmt.Fprintf(w, "%s%d\t%.6g\t%s\t%s\t%s\t", mark, k.K, k.Inertia, figure(silhouette), figure(k.CalinskiHarabasz), figure(k.DaviesBouldin))
		if gap {
			fmt.Fprintf(w, "%s\t", figure(k.Gap))
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t\n", ari, slsw, slices.Min(k.Sizes), checks)
	}
	_ = w.Flush()
	if c := r.GapChoice; gap {
		e.printf("\nby the gap statistic, k = 1 included: globalSEmax %d, firstSEmax %d, Tibs2001SEmax %d, globalmax %d, firstmax %d\n",
			c.GlobalSEmax, c.FirstSEmax, c.Tibs2001SEmax, c.GlobalMax, c.FirstMax)
	}
	e.printf("\n%s\n", r.Chosen.Because)
}

func figure(v *float64) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprintf("%.4g", *v)
}
