package app

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

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
	k, init, choose, silhouette, scheme, algorithm, labels, compat string
	restarts, maxIter, bootstrap, bootRestarts                     int
	bootSE                                                         float64
	clusterboot                                                    int // -1 = as bootstrap
	clusterbootScheme, replay, replayFitted                        string
	gap, gapPower, gapRows, predictionStrength                     int
	gapSpace                                                       string
	influence                                                      bool
}

// silhouetteUsage is the help on --silhouette.
const silhouetteUsage = "kind of silhouette: exact|simplified|sample:N|none; auto is exact up to 20,000 rows, then a sample"

func newSweepCommand(e *env) *cobra.Command {
	f := &sweepFlags{}
	var out string
	cmd := &cobra.Command{
		Use:   "sweep FILE",
		Short: "The k sweep with bootstrap stability on a ready feature table",
		Long: `Fits k-means for every k, tests each solution by bootstrap pairs and clusterboot, compares it with data
without structure by the gap statistic, and chooses one: of the k whose segments are large enough, stable and
distinguishable, and of k = 1, the one that the gap prefers. k = 1 says that there are no segments.

FILE is a table with one row per customer: CSV, Parquet or Arrow, also compressed. Given a configuration
(.yaml) instead, or none where segovia.yaml lies, the nightly job runs up to this step and writes sweep.json
to --out. The result depends on the data, the
flags and the seed alone, never on the number of threads or the hardware path.`,
		Example: `segovia sweep customers.parquet --id customer_id --k 2..10
segovia sweep iris.csv --scale none --k 2..6 --restarts 50 --json
segovia sweep customers.csv --features revenue,orders --bootstrap 0 --gap 0
segovia sweep iris.csv --scale none --k 1..8 --compat clusgap --gap 100
segovia sweep iris.csv --scale none --k 3 --replay resamples.csv
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
			return f.run(e, args[0], cmd.Flags().Changed)
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
	flags.Float64Var(&f.bootSE, "boot-se", 0, "end the pairs early once every mean ARI is known to this standard error; 0 = make them all")
	flags.StringVar(&f.scheme, "boot-scheme", "multinomial", "how to resample: multinomial|poisson|subset")
	flags.IntVar(&f.clusterboot, "clusterboot", -1, "replicates of fpc's clusterboot, for the Jaccard of each segment; -1 = as many as pairs, 0 = none")
	flags.StringVar(&f.clusterbootScheme, "clusterboot-scheme", "boot", "how clusterboot makes its replicates: boot|subset|noise|jitter")
	flags.StringVar(&f.replay, "replay", "",
		"take the resamples from a file instead of drawing them (CSV: replicate, side, then row numbers from 1 in file order); with it, --init FILE may give centroids for each (replicate, side, k rows)")
	flags.StringVar(&f.replayFitted, "replay-fitted", "", "with --replay: the fitted centroids of each resample (CSV: replicate, side, k rows each), so that nothing is fitted")
	flags.StringVar(&f.silhouette, "silhouette", "auto", silhouetteUsage)
	flags.StringVar(&f.choose, "choose", "", "rule that chooses k: "+strings.Join(sweep.Rules, "|")+"|K (default stable-then-gap; stable-then-silhouette with --gap 0)")
	flags.IntVar(&f.gap, "gap", 50, "reference sets of the gap statistic; 0 = none")
	flags.IntVar(&f.gapRows, "gap-rows", 0, "rows that the gap is of, a random sample where there are more; 0 = 10,000")
	flags.StringVar(&f.gapSpace, "gap-space", "pca", "box in which references are drawn: pca (along the principal axes)|original (the columns)")
	flags.IntVar(&f.gapPower, "gap-power", 2, "power of the distances in the gap: 2|1 (as in R's clusGap; work grows with the square of the rows)")
	flags.IntVar(&f.predictionStrength, "prediction-strength", 0, "splits of the prediction strength, for example 50; 0 = none")
	flags.BoolVar(&f.influence, "influence", true, "leave out each feature in turn at the chosen k, to see which segments hang on it")
	flags.StringVar(&f.compat, "compat", "", "follow the conventions of a reference: "+strings.Join(sweep.Compats, "|"))
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

func (f *sweepFlags) run(e *env, file string, changed func(flag string) bool) error {
	cfg, err := f.config(e, changed)
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
	if f.replay != "" {
		if cfg.Replay, err = f.readReplay(e, t, cfg.K, len(p.Names)); err != nil {
			return err
		}
		if f.clusterboot < 0 {
			cfg.Clusterboot = len(cfg.Replay.Pairs)
		}
	} else if cfg.InitCenters, err = f.centers(e, cfg.K, len(p.Names)); err != nil {
		return err
	}
	loaded := e.now()
	in := sweepInput(p, f.scale)
	cfg.Memory = e.memoryBudget(0)
	r, solutions, err := sweep.Run(e.ctx, in, cfg, path, e.progress)
	if err != nil {
		return err
	}
	e.tellPath(&r.Environment, e.flags.path)
	r.Environment.Timings["load_s"] = loaded.Sub(started).Seconds()
	for _, w := range r.Warnings {
		e.warn(&problem.Problem{ID: "SEG-SEG-001", What: w})
	}
	if f.labels != "" {
		if err := e.writeSweepLabels(f.labels, t, solutions[:len(r.K)]); err != nil {
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
	in := sweep.Input{Names: p.Names, Sources: p.Sources, Scale: scale}
	if p.Rows()*len(p.X) > sweep.MaxUnrounded {
		in.Matrix = p.TakeMatrix()
	} else {
		in.Matrix, in.X = p.Matrix(), p.X
	}
	return in
}

// config turns the flags into the engine's configuration and refuses what this version cannot do.
func (f *sweepFlags) config(e *env, changed func(flag string) bool) (sweep.Config, error) {
	cfg := sweep.Config{Algorithm: f.algorithm, Restarts: f.restarts, Init: f.init, MaxIter: f.maxIter, Bootstrap: f.bootstrap,
		BootRestarts: f.bootRestarts, BootScheme: f.scheme, Silhouette: f.silhouette,
		BootSE: f.bootSE, Clusterboot: f.clusterboot, ClusterbootScheme: f.clusterbootScheme,
		Gap: f.gap, GapSpace: f.gapSpace, GapPower: f.gapPower, GapRows: f.gapRows, PredictionStrength: f.predictionStrength,
		Influence: f.influence, Compat: f.compat, Seed: e.flags.seed, Threads: e.threads(),
		Choose: sweep.Choose{Rule: f.choose, BestFailing: false}}
	if f.clusterboot < 0 {
		cfg.Clusterboot = f.bootstrap
	}
	// A flag that was not given leaves the convention to --compat.
	if f.compat != "" && !changed("gap-power") {
		cfg.GapPower = 0
	}
	switch {
	case f.algorithm != "kmeans":
		return cfg, usagef("--algorithm %q is not in this version; use kmeans", f.algorithm)
	case f.replay == "" && f.replayFitted != "":
		return cfg, usagef("--replay-fitted goes with --replay FILE, which gives the resamples")
	case f.replay != "" && changed("bootstrap"):
		return cfg, usagef("--replay takes its pairs from the file: leave --bootstrap out")
	case f.gap < 0 || f.gap == 1:
		return cfg, usagef("--gap %d: use at least 2 reference sets, or 0 for none", f.gap)
	case f.restarts < 1 || f.maxIter < 1 || f.bootRestarts < 1 || f.bootstrap < 0 || f.bootSE < 0 || f.predictionStrength < 0 || f.gapRows < 0:
		return cfg, usagef("--restarts, --max-iter and --boot-restarts are at least 1, --bootstrap, --boot-se, --prediction-strength and --gap-rows at least 0")
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

func figure(v *float64) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprintf("%.4g", *v)
}
