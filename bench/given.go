package bench

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"segovia/engine/pool"
	"segovia/kernels"
	"segovia/kernels/tile"
)

// Given are k-means fits whose starts another tool has too.
type Given struct {
	K         []int `json:"k"`
	Rows      int   `json:"rows"`
	Dim       int   `json:"dim"`
	Starts    int   `json:"starts"` // fits for each k
	Weighted  bool  `json:"weighted"`
	matrix    *tile.Matrix
	starts    []map[int][]float32
	weights   [][]uint16
	maxIter   int
	centroids int // of all k together
}

// GivenFits are the results of one run of Given.
type GivenFits struct {
	Seconds    float64     `json:"seconds"`
	Fits       int         `json:"fits"`
	Inertia    [][]float64 `json:"inertia"`    // by start, then by k
	Iterations [][]int     `json:"iterations"` // by start, then by k
	Hash       string      `json:"hash"`       // SHA-256 of all labels
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
	g := &Given{K: ks, Rows: n, Dim: d, matrix: in.Matrix, maxIter: maxIter}
	for _, k := range ks {
		g.centroids += k
	}
	file := filepath.Join(dir, "starts.npy")
	shape, values, err = readNPY[float32](file, 3)
	if err != nil {
		return nil, err
	}
	if shape[1] != g.centroids || shape[2] != d {
		return nil, fmt.Errorf("%s: %d centroids of %d columns for each start, want %d of %d", file, shape[1], shape[2], g.centroids, d)
	}
	g.Starts = shape[0]
	for range g.Starts {
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
	case shape[0] != g.Starts || shape[1] != n:
		return nil, fmt.Errorf("%s: %d x %d weights, want %d x %d", file, shape[0], shape[1], g.Starts, n)
	}
	g.Weighted = true
	for range g.Starts {
		g.weights, weights = append(g.weights, weights[:n]), weights[n:]
	}
	return g, nil
}

// Run fits all of them.
func (g *Given) Run(ctx context.Context, path kernels.Path, threads int) (GivenFits, error) {
	p := pool.New(g.matrix, path, threads)
	all := make([]pool.Fits, g.Starts)
	start := time.Now()
	err := p.Run(ctx, g.Starts, func(b int) pool.Batch {
		batch := pool.Batch{K: g.K, Starts: g.starts[b], MaxIter: g.maxIter}
		if g.Weighted {
			batch.Weights = g.weights[b]
		}
		return batch
	}, func(b int, fits pool.Fits) error {
		all[b] = fits
		return nil
	}, nil)
	r := GivenFits{Seconds: time.Since(start).Seconds(), Fits: g.Starts * len(g.K)}
	if err != nil {
		return r, err
	}
	sum := newDigest()
	for _, fits := range all {
		var inertia []float64
		var iterations []int
		for _, f := range fits {
			inertia, iterations = append(inertia, f.Inertia), append(iterations, f.Iterations)
			_, _ = sum.Write(f.Labels)
		}
		r.Inertia, r.Iterations = append(r.Inertia, inertia), append(r.Iterations, iterations)
	}
	r.Hash = sum.String()
	return r, nil
}
