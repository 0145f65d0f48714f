package bench

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"segovia/engine/pool"
	"segovia/engine/ports"
	"segovia/kernels"
	"segovia/kernels/tile"
)

// Given are k-means fits whose starts another tool has too.
type Given struct {
	ks      []int
	matrix  *tile.Matrix
	starts  []map[int][]float32
	weights [][]uint16 // by start; nil = 1 each
	maxIter int
}

// GivenReport is the result of fitting from given starts.
type GivenReport struct {
	K          []int         `json:"k"`
	Rows       int           `json:"rows"`
	Dim        int           `json:"dim"`
	Starts     int           `json:"starts"` // fits for each k
	Weighted   bool          `json:"weighted"`
	Fits       int           `json:"fits"`
	Inertia    [][]float64   `json:"inertia"`    // by start, then by k
	Iterations [][]int       `json:"iterations"` // by start, then by k
	Hash       string        `json:"hash"`       // SHA-256 of all labels
	Results    []GivenResult `json:"results"`
}

// GivenResult is the time on one path with one number of threads.
type GivenResult struct {
	Path    string    `json:"path"`
	Threads int       `json:"threads"`
	Seconds float64   `json:"seconds"` // median
	Repeats []float64 `json:"repeats"`
}

// ReadGiven reads fits from a folder: points.npy, float32, n rows of d columns; starts.npy, float32, for each start the
// centroids of every k in turn, (starts, sum of k, d); and, where rows are to be weighted, weights.npy, uint16, (starts, n).
func ReadGiven(dir string, ks []int, maxIter int) (*Given, error) {
	shape, values, err := readNPY[float32](filepath.Join(dir, "points.npy"), 2)
	if err != nil {
		return nil, err
	}
	n, d := shape[0], shape[1]
	columns := make([][]float64, d)
	for j := range columns {
		columns[j] = make([]float64, n)
		for i := range n {
			columns[j][i] = float64(values[i*d+j])
		}
	}
	in, err := prepared(columns)
	if err != nil {
		return nil, err
	}
	g := &Given{ks: ks, matrix: in.Matrix, maxIter: maxIter}
	centroids := 0
	for _, k := range ks {
		centroids += k
	}
	file := filepath.Join(dir, "starts.npy")
	shape, values, err = readNPY[float32](file, 3)
	if err != nil {
		return nil, err
	}
	if shape[1] != centroids || shape[2] != d {
		return nil, fmt.Errorf("%s: %d centroids of %d columns for each start, want %d of %d", file, shape[1], shape[2], centroids, d)
	}
	for range shape[0] {
		starts := map[int][]float32{}
		for _, k := range ks {
			for i := range k * d {
				starts[k] = append(starts[k], float32(float64(values[i])-in.Matrix.Grids[i%d].Offset))
			}
			values = values[k*d:]
		}
		g.starts = append(g.starts, starts)
	}
	file = filepath.Join(dir, "weights.npy")
	shape, weights, err := readNPY[uint16](file, 2)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return g, nil
	case err != nil:
		return nil, err
	case shape[0] != len(g.starts) || shape[1] != n:
		return nil, fmt.Errorf("%s: %d x %d weights, want %d x %d", file, shape[0], shape[1], len(g.starts), n)
	}
	for range g.starts {
		g.weights, weights = append(g.weights, weights[:n]), weights[n:]
	}
	return g, nil
}

// Measure fits all of them on each path with each number of threads, so many times; the paths take turns. Labels that differ
// are a SEG-HW-002, which comes with the report.
func (g *Given) Measure(ctx context.Context, list []kernels.Path, threads []int, repeat int, progress ports.Progress) (*GivenReport, error) {
	r := &GivenReport{K: g.ks, Rows: g.matrix.N, Dim: g.matrix.D, Starts: len(g.starts), Weighted: g.weights != nil,
		Fits: len(g.starts) * len(g.ks)}
	for _, path := range list {
		for _, t := range threads {
			r.Results = append(r.Results, GivenResult{Path: path.Name(), Threads: t})
		}
	}
	progress.Begin("fits", int64(repeat*len(r.Results)*r.Fits), "fits")
	defer progress.End()
	for range repeat {
		for at := range r.Results {
			one := &r.Results[at]
			seconds, fits, err := g.run(ctx, list[at/len(threads)], one.Threads, func() { progress.Add(1) })
			if err != nil {
				return r, err
			}
			one.Repeats = append(one.Repeats, seconds)
			one.Seconds = median(one.Repeats)
			hash := r.take(fits)
			if r.Hash == "" {
				r.Hash = hash
			}
			if hash != r.Hash {
				return r, differ(fmt.Sprintf("%s and %s give different labels", name(r.Results[0].Path, r.Results[0].Threads),
					name(one.Path, one.Threads)), r.Hash, hash)
			}
		}
	}
	return r, nil
}

// run fits all of them once.
func (g *Given) run(ctx context.Context, path kernels.Path, threads int, tick func()) (seconds float64, all []pool.Fits, err error) {
	p := pool.New(g.matrix, path, threads)
	all = make([]pool.Fits, len(g.starts))
	start := time.Now()
	err = p.Run(ctx, len(g.starts), func(b int) pool.Batch {
		batch := pool.Batch{K: g.ks, Starts: g.starts[b], MaxIter: g.maxIter}
		if g.weights != nil {
			batch.Weights = g.weights[b]
		}
		return batch
	}, func(b int, fits pool.Fits) error {
		all[b] = fits
		return nil
	}, tick)
	return time.Since(start).Seconds(), all, err
}

// take notes what the fits are and returns the hash of their labels.
func (r *GivenReport) take(all []pool.Fits) string {
	r.Inertia, r.Iterations = nil, nil
	sum := newDigest()
	for _, fits := range all {
		var inertia []float64
		var iterations []int
		for _, f := range fits {
			about, _ := f.Estimate()
			inertia, iterations = append(inertia, about), append(iterations, f.Iterations)
			_, _ = sum.Write(f.Labels)
		}
		r.Inertia, r.Iterations = append(r.Inertia, inertia), append(r.Iterations, iterations)
	}
	return sum.String()
}
