package app

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/spf13/cobra"

	"segovia/engine/features"
	"segovia/engine/kmeans"
	"segovia/io/anyio"
	"segovia/kernels"
	"segovia/kernels/rng"
	"segovia/kernels/tile"
)

// planned is the output of `segovia plan --json`. Times and bytes are estimates, from a measurement on this machine.
type planned struct {
	Project   string          `json:"project"`
	Sources   []plannedSource `json:"sources"`
	AsOf      string          `json:"as_of"`
	Window    string          `json:"window"`
	Customers int64           `json:"customers_at_most"`
	Accounts  *plannedGroups  `json:"accounts,omitempty"`
	Features  int             `json:"features"`
	K         []int           `json:"k"`
	Fits      int64           `json:"fits"`
	Path      string          `json:"path"`
	PathWhy   string          `json:"path_why,omitempty"`
	Threads   int             `json:"threads"`
	Memory    int64           `json:"memory_bytes"`
	TempSpace int64           `json:"temp_bytes"`
	Seconds   float64         `json:"seconds"`
	Value     []string        `json:"value,omitempty"` // what is estimated and assigned per customer
	Steps     []string        `json:"steps"`
}

// plannedGroups are the accounts, where a column tells them. Summed up, they are the customers of all later steps.
type plannedGroups struct {
	Mode     string `json:"mode"`
	Accounts int64  `json:"accounts"`
	Joint    int64  `json:"joint"`
	Members  int64  `json:"members"`
}

type plannedSource struct {
	Name  string `json:"name"`
	Files int    `json:"files"`
	Rows  int64  `json:"rows"`
	Bytes int64  `json:"bytes"`
}

func newPlanCommand(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "plan [CONFIG]",
		Short: "What a run would do: rows, fits, memory, time; writes nothing",
		Long: `Opens the sources as a run would, counts rows and fits, and estimates memory and time from a short measurement of
the hardware path on this machine. Nothing is written.`,
		Example: `segovia plan
segovia plan segovia.yaml --threads 8 --json`,
		Args: takes(0, 1, "at most one configuration"),
		RunE: func(cmd *cobra.Command, args []string) error { return e.plan(args) },
	}
}

func (e *env) plan(args []string) error {
	n, err := e.newNight(args, runFlags{})
	if err != nil {
		return err
	}
	if err := n.open(e.ctx); err != nil {
		return err
	}
	schemas := map[string]*arrow.Schema{}
	for _, s := range n.sources {
		schemas[s.Name()] = s.Schema()
	}
	if err := n.cfg.Locate(features.ValidateConfig(n.job.Features, schemas).Err()); err != nil {
		return err
	}
	p := planned{Project: n.cfg.Project, AsOf: n.asOf.Format(time.RFC3339), Window: n.cfg.Features.Window.String(), Threads: n.cfg.ThreadCount()}
	for _, c := range n.job.Features.Columns {
		if !c.ProfileOnly {
			p.Features++
		}
	}
	from := n.job.Features.Entity
	entity := cmp.Or(from.Table, from.From)
	for _, s := range n.sources {
		ps := plannedSource{Name: s.Name(), Files: len(s.Files())}
		for _, i := range s.Inputs() {
			ps.Rows, ps.Bytes = ps.Rows+i.Rows, ps.Bytes+i.Size
		}
		if s.Name() == entity {
			p.Customers = ps.Rows
			if from.Table == "" {
				key := cmp.Or(from.Key, n.cfg.Source(entity).Key)
				if p.Customers, err = countKeys(e.ctx, s, key); err != nil {
					return err
				}
			}
			if from.Account != "" {
				a, err := countAccounts(e.ctx, s, n.cfg.Source(entity).Key, from.Account)
				if err != nil {
					return err
				}
				p.Accounts = &plannedGroups{from.Accounts, a.Accounts, a.Joint, a.Members}
				if from.Accounts == features.AccountsSum {
					p.Customers = a.Accounts
				}
			}
		}
		p.Sources = append(p.Sources, ps)
	}
	cfg := n.job.Sweep.WithDefaults(int(p.Customers))
	p.K = cfg.K
	kinds := int64(len(cfg.K))
	resamples := 2*int64(cfg.Bootstrap) + int64(cfg.Clusterboot) + 2*int64(cfg.PredictionStrength)
	p.Fits = kinds * (int64(cfg.Restarts) + resamples*int64(cfg.BootRestarts))
	small := int64(0) // fits of a sample of the customers
	if cfg.Gap > 0 {
		gapKinds := kinds
		if !slices.Contains(cfg.K, 1) {
			gapKinds++ // the gap's references are also taken as one segment
		}
		gapFits := int64(cfg.Gap) * int64(cfg.Restarts) * gapKinds
		p.Fits += gapFits
		if p.Customers > int64(cfg.GapRows) {
			small = gapFits
		}
	}
	if cfg.Influence && p.Features > 1 {
		p.Fits += int64(p.Features) * int64(cfg.Restarts)
	}
	var meanK float64
	for _, k := range cfg.K {
		meanK += float64(k) / float64(kinds)
	}
	p.Path, p.PathWhy = placeOf(n.job.Path, int(p.Customers), max(p.Features, 1), p.Threads)
	perRow, err := fitSeconds(kernels.OnHost(n.job.Path), max(p.Features, 1), int(math.Round(meanK)))
	if err != nil {
		return err
	}
	rows := float64(p.Customers)
	p.Seconds = perRow * (rows*float64(p.Fits-small) + float64(cfg.GapRows)*float64(small)) / float64(p.Threads)
	if strings.HasPrefix(cfg.Silhouette, "exact") {
		p.Seconds += rows * rows * 4e-9 / float64(p.Threads) // engine/validity, SilhouetteLimit, tells the measurement
	}
	d := float64(max(p.Features, 1))
	p.Memory = int64(rows*(d*(8+8+8+4)+64) + float64(p.Threads)*rows*(8+24+2) + 2*rows*float64(kinds)*float64(p.Threads))
	// The fold keeps about 150 bytes a row (4.6 million rows of a generated company: 0.7 GiB at the peak) and takes about
	// 2.5 microseconds a row on one core, the look at the files included; beyond half of the budget it spills.
	var all float64
	for _, s := range p.Sources {
		all += float64(s.Rows)
	}
	fold := int64(all * 150)
	if half := n.job.Features.MemoryMax / 2; half > 0 && fold > half {
		p.TempSpace, fold = fold-half, half
	}
	p.Memory = max(p.Memory, fold)
	p.Seconds += all * 2.5e-6 / float64(p.Threads)
	p.Steps = []string{"inspect", "features", "prep", "sweep", "segment", "report", "publish"}
	if worth := n.job.Tiers; worth != nil {
		p.Steps = []string{"inspect", "features", "value", "prep", "sweep", "segment", "tiers", "report", "publish"}
		p.Value = worth.Parts()
		// 300,000 customers of a generated company: 62 s of processor time for wallets, lifetime and profiles, and some fifty
		// columns of figures.
		p.Seconds += rows * 2e-4 / float64(p.Threads)
		p.Memory += int64(rows * 50 * 8)
	}
	if e.flags.json {
		return e.writeJSON(p)
	}
	e.printf("project %s, as of %s, window %s\n\n", p.Project, p.AsOf, p.Window)
	w := tabwriter.NewWriter(e.out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "source\tfiles\trows\tsize\t")
	for _, s := range p.Sources {
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\t\n", s.Name, s.Files, s.Rows, formatBytes(s.Bytes))
	}
	_ = w.Flush()
	e.printf("\ncustomers: at most %d (keys of %s)\n", p.Customers, entity)
	if a := p.Accounts; a != nil {
		word := map[string]string{features.AccountsTie: "tied", features.AccountsSum: "summed up"}[a.Mode]
		e.printf("accounts:  %d, %d of them joint, with %d customers, %s\n", a.Accounts, a.Joint, a.Members, word)
	}
	e.printf("features:  %d to cluster on\n", p.Features)
	e.printf("sweep:     k = %s, %d fits on path %s with %d threads\n", strings.Trim(fmt.Sprint(p.K), "[]"), p.Fits, p.Path, p.Threads)
	if p.PathWhy != "" {
		e.printf("           %s: %s\n", p.Path, p.PathWhy)
	}
	if len(p.Value) > 0 {
		e.printf("value:     %s\n", strings.Join(p.Value, ", "))
	}
	e.printf("estimates: %s of memory (budget %s), %s of temporary files, %s\n", formatBytes(p.Memory), formatBytes(n.job.Features.MemoryMax), formatBytes(p.TempSpace), time.Duration(math.Ceil(p.Seconds))*time.Second)
	return nil
}

// countKeys returns the number of different keys in a source of events.
func countKeys(ctx context.Context, s *anyio.Source, key string) (int64, error) {
	at := s.Schema().FieldIndices(key)
	if len(at) == 0 {
		return s.Rows(), nil // the fold will name the column that is missing
	}
	seen := map[string]struct{}{}
	for i := range s.Files() {
		err := s.ReadFile(ctx, i, func(rec arrow.Record, _ int64) error {
			keys, ok := rec.Column(at[0]).(*array.String)
			for r := 0; ok && r < keys.Len(); r++ {
				if _, known := seen[keys.Value(r)]; !known && keys.IsValid(r) {
					seen[strings.Clone(keys.Value(r))] = struct{}{}
				}
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	return int64(len(seen)), nil
}

// placeOf returns the path on which fits over so many rows and columns run, and why where that is a choice.
func placeOf(path kernels.Path, n, d, threads int) (name, why string) {
	there, ok := path.(kernels.Resident)
	if !ok {
		return path.Name(), ""
	}
	worth, why := there.Worth(n, n, d, threads)
	if !worth {
		path = there.Host()
	}
	return path.Name(), why
}

// fitSeconds measures how long a fit takes per row: seeding and iterations over synthetic points around five centres, on the
// path, with d columns and k clusters.
func fitSeconds(path kernels.Path, d, k int) (float64, error) {
	const n, fits = 8192, 5
	stream := rng.New(1, "plan", 0, d)
	columns, grids := make([][]float64, d), make([]tile.Grid, d)
	for j := range columns {
		columns[j] = make([]float64, n)
		for i := range columns[j] {
			centre := stream.Below(5, uint64(d), uint64(i))
			columns[j][i] = 3*stream.Float64(uint64(d+1+j), centre) + stream.Float64(uint64(j), uint64(i))
		}
		grid, err := tile.FitGrid(columns[j])
		if err != nil {
			return 0, err
		}
		grids[j] = grid
	}
	worker, err := kmeans.NewData(tile.New(columns, grids)).NewWorker(path)
	if err != nil {
		return 0, err
	}
	defer worker.Close()
	start := time.Now()
	for r := range fits {
		if _, err := worker.Lloyd(context.Background(), worker.Seed(k, rng.New(1, "plan", r, 0)), 300); err != nil {
			return 0, err
		}
	}
	return time.Since(start).Seconds() / (n * fits), nil
}
