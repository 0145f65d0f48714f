package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"segovia/engine/ports"
	"segovia/kernels"
	"segovia/kernels/paths"
	"segovia/kernels/probe"
	"segovia/kernels/problem"
)

// Config says what is measured.
type Config struct {
	Workloads []Workload
	Paths     []kernels.Path
	Threads   []int
	Repeat    int           // measurements of each; the paths take turns
	AtMost    time.Duration // spent on one path and number of threads before its repeats end; 0 = no limit
	Fraction  float64       // of the repetitions of each workload; 0 = all
	Small     bool          // a moment's work of each kind
	Dir       string        // of the reference fixtures
	Progress  ports.Progress
}

// Measure runs the workloads. Labels that differ between paths or numbers of threads are a SEG-HW-002, which comes with the
// report.
func Measure(ctx context.Context, c Config) (*Report, error) {
	brand, features := paths.Features()
	r := &Report{Schema: "segovia:bench", FormatVersion: 1, Works: []WorkResult{}, Skipped: []Skipped{},
		Machine: Machine{brand, features, runtime.NumCPU(), runtime.GOOS + "/" + runtime.GOARCH, runtime.Version(), load()}}
	for _, threads := range c.Threads {
		c.Progress.Begin("probe", 0, "units")
		r.Probes = append(r.Probes, measureProbe(threads))
		c.Progress.End()
	}
	device, err := measureDevice(ctx, c.Paths, c.Small)
	if err != nil {
		return r, err
	}
	r.Device = device
	if c.Fraction <= 0 || c.Fraction > 1 {
		c.Fraction = 1
	}
	var different problem.List
	for _, whole := range c.Workloads {
		if c.Small {
			whole = whole.Small()
		}
		w := whole.Part(c.Fraction)
		w.Sets = min(w.Sets, c.Repeat)
		c.Progress.Begin(w.ID+" points", int64(w.Points.Rows), "rows")
		job, err := Prepare(ctx, w, whole, c.Dir)
		c.Progress.End()
		if errors.Is(err, ErrAbsent) {
			r.Skipped = append(r.Skipped, Skipped{Work: w.ID, Why: strings.TrimPrefix(err.Error(), w.ID+": "+ErrAbsent.Error()+": ")})
			continue
		}
		if err != nil {
			return r, err
		}
		result, skipped, err := c.work(ctx, job, r)
		if err := errors.Join(err, job.Close()); err != nil {
			return r, err
		}
		if p := result.compare(); p != nil {
			different = append(different, p)
		}
		r.Works, r.Skipped = append(r.Works, result), append(r.Skipped, skipped...)
	}
	return r, different.Err()
}

// load returns the system's load of the last minute.
func load() *float64 {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return nil
	}
	first, _, _ := strings.Cut(string(text), " ")
	v, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return nil
	}
	return &v
}

func measureProbe(threads int) Probe {
	p := Probe{Threads: threads, ReadBytesPerS: probe.Read(threads)}
	for _, u := range probe.Units() {
		p.Units = append(p.Units, Unit{u.Name, u.FLOPS(threads)})
	}
	return p
}

// cell is one path with one number of threads.
type cell struct {
	path    kernels.Path // nil for work without one
	threads int
	samples []Sample
	spent   time.Duration
}

// work measures one job: in each repeat all paths take their turn, so that a disturbance meets all of them.
func (c Config) work(ctx context.Context, job *Job, report *Report) (WorkResult, []Skipped, error) {
	w := job.Work
	result := WorkResult{ID: w.ID, Title: w.Title, Rows: w.Points.Rows, Dim: w.Points.Dim, K: w.K, Restarts: w.Restarts,
		Bootstrap: w.Bootstrap, MaxIter: w.MaxIter, Fraction: c.Fraction, Small: c.Small, Results: []PathResult{}}
	var skipped []Skipped
	var cells []*cell
	list := c.Paths
	if job.Pathless {
		list = []kernels.Path{nil}
		if job.Devices {
			list = append(list, onDevices(c.Paths)...)
		}
	}
	for _, threads := range c.Threads {
		if job.OneThread && threads != c.Threads[0] {
			continue
		}
		if job.OneThread {
			threads = 1
		}
		for _, path := range list {
			if path != nil {
				if err := path.Available(); err != nil {
					if threads == c.Threads[0] || job.OneThread {
						skipped = append(skipped, Skipped{w.ID, path.Name(), err.Error()})
					}
					continue
				}
			}
			cells = append(cells, &cell{path: path, threads: threads})
		}
	}
	c.Progress.Begin(w.ID, int64(len(cells)*c.Repeat), "measurements")
	defer c.Progress.End()
	for repeat := range c.Repeat {
		for _, cell := range cells {
			if c.AtMost == 0 || cell.spent < c.AtMost {
				start := time.Now()
				sample, err := job.RunSet(ctx, repeat, cell.path, cell.threads)
				if err != nil {
					return result, skipped, fmt.Errorf("%s: %w", w.ID, err)
				}
				cell.samples, cell.spent = append(cell.samples, sample), cell.spent+time.Since(start)
			}
			c.Progress.Add(1)
		}
	}
	for _, cell := range cells {
		r, err := cell.result(w, report)
		if err != nil {
			return result, skipped, err
		}
		result.Results = append(result.Results, r)
	}
	return result, skipped, nil
}

// result condenses the samples of one cell to their medians.
func (c *cell) result(w Workload, report *Report) (PathResult, error) {
	first := c.samples[0]
	r := PathResult{Threads: c.threads, Fits: first.Fits, PairsCounted: first.PairsCounted, Hash: first.Hash, Cells: []CellResult{},
		Sets: make([]string, max(w.Sets, 1)), Enter: medianOf(c.samples, func(s Sample) float64 { return s.EnterSeconds }), Device: c.device(report.Device), Models: c.models(w, report.Device)}
	if c.path != nil {
		r.Path = c.path.Name()
	}
	var whole []float64
	for _, s := range c.samples {
		r.Repeats, whole = append(r.Repeats, s.Seconds), append(whole, s.WholeSeconds)
		if r.Sets[s.Set] == "" {
			r.Sets[s.Set] = s.Hash
		}
		if want := r.Sets[s.Set]; s.Hash != want {
			return r, differ(fmt.Sprintf("%s gives different results from run to run", name(r.Path, r.Threads)), want, s.Hash)
		}
	}
	r.Seconds, r.Whole = median(r.Repeats), median(whole)
	if r.Fits > 0 {
		r.FitsPerS, r.Iterations = ratio(float64(r.Fits), r.Seconds), &first.Iterations
	}
	peak, read := report.peakOf(r.Path, r.Threads, r.Device)
	if first.Pairs > 0 {
		r.PairsPerS, r.PeakUnit = ratio(first.Pairs, r.Seconds), peak.Name
		r.PeakShare = ratio(first.Flops, r.Seconds*peak.FLOPS)
	}
	if first.Bytes > 0 {
		r.ReadShare = ratio(first.Bytes, r.Seconds*read)
	}
	for at, cell := range first.Cells {
		var seconds []float64
		for _, s := range c.samples {
			seconds = append(seconds, s.Cells[at].Seconds)
		}
		rate := cell.Pairs / median(seconds)
		r.Cells = append(r.Cells, CellResult{cell.D, cell.K, cell.N, rate, 2 * float64(cell.D) * rate / peak.FLOPS})
	}
	return r, nil
}

// peakOf returns the unit that a path is measured by, and how fast memory is read, with this number of threads.
func (r *Report) peakOf(path string, threads int, device *DeviceTimes) (Unit, float64) {
	if d := r.Device; d != nil && device != nil {
		if device.FloorUnit == "fp64" {
			return Unit{"cuda fp64", d.FP64}, d.ReadBytesPerS
		}
		return Unit{"cuda fp32", d.FP32}, d.ReadBytesPerS
	}
	at := max(0, slices.IndexFunc(r.Probes, func(p Probe) bool { return p.Threads == threads }))
	p, unit := r.Probes[at], probe.UnitOf(path).Name
	for _, u := range p.Units {
		if u.Name == unit {
			return u, p.ReadBytesPerS
		}
	}
	panic("BUG: bench: no probe of " + unit)
}

// compare sets HashesSame and says which two results differ, if any do.
func (w *WorkResult) compare() *problem.Problem {
	w.HashesSame = true
	for _, r := range w.Results {
		first := w.Results[0]
		for set, hash := range r.Sets {
			if want := first.Sets[set]; hash != want && hash != "" && want != "" {
				w.HashesSame = false
				return differ(fmt.Sprintf("%s: %s and %s give different results", w.ID, name(first.Path, first.Threads), name(r.Path, r.Threads)),
					want, hash)
			}
		}
	}
	return nil
}

func differ(what, a, b string) *problem.Problem {
	return &problem.Problem{ID: "SEG-HW-002", What: what, Why: fmt.Sprintf("the SHA-256 of all labels is %.12s and %.12s", a, b),
		Fix: "do not use the path, and please report it with this output and that of `segovia paths`"}
}

func name(path string, threads int) string {
	text := fmt.Sprintf("%d threads", threads)
	if threads == 1 {
		text = "1 thread"
	}
	if path == "" {
		return text
	}
	return path + " with " + text
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

func ratio(a, b float64) *float64 {
	if b == 0 {
		return nil
	}
	r := a / b
	return &r
}
