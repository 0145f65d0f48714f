package app

import (
	"fmt"
	"math"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"segovia/kernels"
	"segovia/kernels/tile"
)

// planned is the output of `segovia plan --json`. Times and bytes are estimates, from a measurement on this machine.
type planned struct {
	Project   string          `json:"project"`
	Sources   []plannedSource `json:"sources"`
	AsOf      string          `json:"as_of"`
	Window    string          `json:"window"`
	Customers int64           `json:"customers_at_most"`
	Features  int             `json:"features"`
	K         []int           `json:"k"`
	Fits      int64           `json:"fits"`
	Path      string          `json:"path"`
	Threads   int             `json:"threads"`
	Memory    int64           `json:"memory_bytes"`
	TempSpace int64           `json:"temp_bytes"`
	Seconds   float64         `json:"seconds"`
	Steps     []string        `json:"steps"`
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
	cfg := n.job.Sweep.WithDefaults(0)
	p := planned{Project: n.cfg.Project, AsOf: n.asOf.Format(time.RFC3339), Window: n.cfg.Features.Window.String(), K: cfg.K, Path: n.job.Path.Name(),
		Threads: n.cfg.ThreadCount()}
	for _, c := range n.job.Features.Columns {
		if !c.ProfileOnly {
			p.Features++
		}
	}
	entity := n.job.Features.Entity.Table
	if entity == "" {
		entity = n.job.Features.Entity.From
	}
	for _, s := range n.sources {
		ps := plannedSource{Name: s.Name(), Files: len(s.Files())}
		for _, i := range s.Inputs() {
			ps.Rows, ps.Bytes = ps.Rows+i.Rows, ps.Bytes+i.Size
		}
		if s.Name() == entity {
			p.Customers = ps.Rows
		}
		p.Sources = append(p.Sources, ps)
	}
	kinds := int64(len(cfg.K))
	p.Fits = kinds * (int64(cfg.Restarts) + 2*int64(cfg.Bootstrap)*int64(cfg.BootRestarts))
	perPair, err := pairSeconds(n.job.Path, max(p.Features, 1))
	if err != nil {
		return err
	}
	var meanK float64
	for _, k := range cfg.K {
		meanK += float64(k) / float64(kinds)
	}
	// A fit takes some 40 iterations; bounds spare all but about a fifth of the pairs (bench/README.md).
	const iterations, scored = 40, 0.2
	rows := float64(p.Customers)
	p.Seconds = rows * meanK * perPair * iterations * scored * float64(p.Fits) / float64(p.Threads)
	if strings.HasPrefix(cfg.Silhouette, "exact") {
		p.Seconds += rows * rows * 25e-9 / float64(p.Threads)
	}
	d := float64(max(p.Features, 1))
	p.Memory = int64(rows*(d*(8+8+8+4)+64) + float64(p.Threads)*rows*(8+24+2) + 2*rows*float64(kinds)*float64(p.Threads))
	// The fold keeps about 150 bytes a row (4.6 million rows of a generated company: 0.7 GiB at the peak) and takes about
	// 2 microseconds a row on one core, the look at the files included; beyond half of the budget it spills.
	var all float64
	for _, s := range p.Sources {
		all += float64(s.Rows)
	}
	fold := int64(all * 150)
	if half := n.job.Features.MemoryMax / 2; half > 0 && fold > half {
		p.TempSpace, fold = fold-half, half
	}
	p.Memory = max(p.Memory, fold)
	p.Seconds += all * 2e-6 / float64(p.Threads)
	p.Steps = []string{"inspect", "features", "prep", "sweep", "segment", "report", "publish"}
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
	e.printf("\ncustomers: at most %d (rows of %s)\nfeatures:  %d to cluster on\n", p.Customers, entity, p.Features)
	e.printf("sweep:     k = %s, %d fits on path %s with %d threads\n", strings.Trim(fmt.Sprint(p.K), "[]"), p.Fits, p.Path, p.Threads)
	e.printf("estimates: %s of memory (budget %s), %s of temporary files, %s\n", formatBytes(p.Memory), formatBytes(n.job.Features.MemoryMax), formatBytes(p.TempSpace), time.Duration(math.Ceil(p.Seconds))*time.Second)
	return nil
}

// pairSeconds measures how long the path takes for one point and one centroid of d columns.
func pairSeconds(path kernels.Path, d int) (float64, error) {
	scorer, err := path.Open(d)
	if err != nil {
		return 0, err
	}
	defer scorer.Close()
	const n, k, rounds = 256, 8, 20
	b := kernels.Block{D: d, N: n, Tiles: tile.Aligned(n * d)}
	stack := []kernels.Centroids{{K: k, C: make([]float32, k*d)}}
	for i := range b.Tiles {
		b.Tiles[i] = float32(i%101) / 101
	}
	for i := range stack[0].C {
		stack[0].C[i] = float32(i%13) / 13
	}
	dst := []kernels.Scores{{Label: make([]uint8, n), Upper: make([]float32, n), Lower: make([]float32, n)}}
	best := math.Inf(1)
	for range 5 {
		start := time.Now()
		for range rounds {
			scorer.Score(dst, b, stack)
		}
		best = min(best, time.Since(start).Seconds()/(n*k*rounds))
	}
	return best, nil
}
