package app

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/spf13/cobra"

	"segovia/engine"
	"segovia/engine/prep"
	"segovia/engine/sweep"
	"segovia/kernels/paths"
	"segovia/kernels/problem"
)

// fitResult is the output of `segovia fit --json`.
type fitResult struct {
	N          int            `json:"n"`
	D          int            `json:"d"`
	K          int            `json:"k"`
	Features   []string       `json:"features"`
	Inertia    float64        `json:"inertia"`
	Sizes      []int          `json:"sizes"`
	Iterations int            `json:"iterations"`
	Converged  bool           `json:"converged"`
	Centroids  [][]float64    `json:"centroids"` // in the original units, by segment number
	LabelHash  string         `json:"label_hash"`
	Labels     string         `json:"labels"`
	Model      string         `json:"model"`
	Env        map[string]any `json:"environment"`
}

func newFitCommand(e *env) *cobra.Command {
	f := &sweepFlags{}
	var out string
	cmd := &cobra.Command{
		Use:   "fit FILE --k K --out DIR",
		Short: "One clustering of a ready feature table, with labels and a model to keep",
		Long: `Fits one k-means clustering (best of the restarts) and writes labels.parquet (id, segment number,
distance, margin) and model.json, which ` + "`segovia predict`" + ` takes.`,
		Example: `segovia fit customers.parquet --id customer_id --k 5 --out fit
segovia fit iris.csv --scale none --k 3 --out fit --json`,
		Args: takes(1, 1, "a feature table"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if out == "" {
				return usagef("fit needs --out DIR")
			}
			if f.k == "" {
				return usagef("fit needs --k K")
			}
			return f.fit(e, args[0], out)
		},
	}
	flags := cmd.Flags()
	f.register(flags)
	flags.StringVar(&f.k, "k", "", "number of segments")
	flags.StringVar(&f.algorithm, "algorithm", "kmeans", "how to cluster: kmeans")
	flags.IntVar(&f.restarts, "restarts", 10, "fits with different starts; the best is kept")
	flags.StringVar(&f.init, "init", "kmeans++", "starts: kmeans++|random|FILE (CSV: k rows of one scaled value per column)")
	flags.IntVar(&f.maxIter, "max-iter", 300, "most iterations of one fit")
	flags.StringVar(&out, "out", "", "folder for labels.parquet and model.json")
	f.bootRestarts, f.scheme, f.clusterbootScheme, f.silhouette = 1, "multinomial", "boot", "none"
	return cmd
}

func (f *sweepFlags) fit(e *env, file, out string) error {
	cfg, err := f.config(e, func(string) bool { return false })
	if err != nil {
		return err
	}
	if len(cfg.K) != 1 {
		return usagef("fit takes one k; `segovia sweep` tries several")
	}
	cfg.KFromRange = false
	cfg.Choose.Rule = fmt.Sprint(cfg.K[0])
	path, err := paths.Choose(e.flags.path)
	if err != nil {
		return err
	}
	t, model, p, err := f.prepare(e, file, false)
	if err != nil {
		return err
	}
	if cfg.InitCenters, err = f.centers(e, cfg.K, len(p.Names)); err != nil {
		return err
	}
	r, solutions, err := sweep.Run(e.ctx, sweep.Input{Matrix: p.Matrix(), X: p.X, Names: p.Names, Scale: f.scale}, cfg, path, e.progress)
	if err != nil {
		return err
	}
	e.tellPath(&r.Environment, e.flags.path)
	k, solution := r.K[0], solutions[0]
	m := engine.NewModel("", e.flags.seed, engine.TableHash(t.Table), model, p, solution, k)
	labels := m.Assign(p, e.threads())
	if err := os.MkdirAll(out, 0o777); err != nil {
		return &problem.Problem{ID: "SEG-OUT-003", What: "cannot make the output folder", File: out, Why: systemReason(err),
			Fix: "check rights and mount of the folder above, or name another with --out", Err: err}
	}
	result := fitResult{N: r.N, D: r.D, K: solution.K, Features: r.Features, Inertia: k.Inertia, Sizes: k.Sizes, Iterations: k.Iterations,
		Converged: k.Converged, LabelHash: engine.LabelHash(t.Keys, labels), Labels: filepath.Join(out, "labels.parquet"),
		Model: filepath.Join(out, "model.json"), Centroids: originalMeans(model, p, solution.Labels, solution.K),
		Env: map[string]any{"path": r.Environment.Path, "path_why": r.Environment.PathWhy, "threads": e.threads(), "timings": r.Environment.Timings}}
	if err := writeTable(result.Labels, t.labelColumns(labels)); err != nil {
		return err
	}
	if err := writeJSONFile(result.Model, m); err != nil {
		return err
	}
	if e.flags.json {
		return e.writeJSON(result)
	}
	e.printf("%d rows, %d columns, k = %d: inertia %.10g after %d iterations (converged: %v)\n\n", r.N, r.D, solution.K, k.Inertia, k.Iterations, k.Converged)
	w := tabwriter.NewWriter(e.out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "segment\tsize\t")
	for _, name := range r.Features {
		fmt.Fprintf(w, "%s\t", name)
	}
	fmt.Fprintln(w)
	for i, c := range result.Centroids {
		fmt.Fprintf(w, "%d\t%d\t", i+1, k.Sizes[i])
		for _, v := range c {
			fmt.Fprintf(w, "%.5g\t", v)
		}
		fmt.Fprintln(w)
	}
	_ = w.Flush()
	e.printf("\nlabels: %s\nmodel:  %s\n", result.Labels, result.Model)
	return nil
}

// originalMeans returns the means of the segments in the columns' own units, by segment number: the preparation undone on
// the means of the prepared values as they were before the grid, so that they are exact to the last digits.
func originalMeans(model *prep.Model, p *prep.Prepared, labels []uint8, k int) [][]float64 {
	sums, sizes := make([][]float64, k), make([]float64, k)
	for i := range sums {
		sums[i] = make([]float64, len(p.X))
	}
	for _, l := range labels {
		sizes[l]++
	}
	for j, x := range p.X {
		for i, l := range labels {
			sums[l][j] += x[i]
		}
	}
	means := make([][]float64, k)
	for s := range sums {
		for j := range sums[s] {
			sums[s][j] /= sizes[s]
		}
		means[s] = model.Original(sums[s])
	}
	return means
}

// labelColumns are the columns of labels.parquet of a fit.
func (t *readyTable) labelColumns(labels []engine.Assignment) []outColumn {
	n := len(labels)
	numbers, distance, margin := make([]int64, n), make([]float64, n), make([]float64, n)
	for i, a := range labels {
		numbers[i], distance[i], margin[i] = int64(a.Number), a.Distance, a.Margin
	}
	return []outColumn{t.idColumn("id"), {field: arrow.Field{Name: "number", Type: arrow.PrimitiveTypes.Int64}, ints: numbers},
		{field: arrow.Field{Name: "distance", Type: arrow.PrimitiveTypes.Float64}, floats: distance},
		{field: arrow.Field{Name: "margin", Type: arrow.PrimitiveTypes.Float64, Nullable: true}, floats: margin}}
}

// writeJSONFile writes v, indented, through a temporary file.
func writeJSONFile(file string, v any) error {
	data, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err
	}
	return writeFile(file, append(data, '\n'))
}
