// Package bench holds the workloads by which Segovia's speed is measured, so that every path, every version and every other
// tool does the same work.
package bench

import (
	"segovia/engine/sweep"
	"segovia/kernels/rng"
	"segovia/kernels/tile"
)

// Workload is a sweep over synthetic points: Gaussian segments in a few dimensions, the same on every machine.
type Workload struct {
	Name         string
	Rows, Dim    int
	Segments     int
	K            []int
	Restarts     int
	Bootstrap    int // pairs
	BootRestarts int
	Init         string
}

// Workloads are the named ones, in the order in which they are reported.
var Workloads = []Workload{
	{"small-table", 1_500, 11, 4, ks(2, 8), 5, 20, 5, "random"},
	{"flexclust-protocol", 20_000, 16, 8, ks(2, 6), 3, 5, 3, "random"},
	{"nightly-demo", 20_000, 6, 5, ks(2, 10), 10, 2, 10, "kmeans++"},
}

func ks(lo, hi int) []int {
	var k []int
	for i := lo; i <= hi; i++ {
		k = append(k, i)
	}
	return k
}

// Input returns the workload's points, prepared.
func (w Workload) Input() (sweep.Input, error) {
	centre, noise := rng.New(1, "bench centres", 0, w.Dim), rng.New(1, "bench points", 0, w.Dim)
	in := sweep.Input{Scale: "none"}
	grids := make([]tile.Grid, w.Dim)
	for j := range w.Dim {
		column := make([]float64, w.Rows)
		for i := range column {
			segment := noise.Below(uint64(w.Segments), 1<<40, uint64(i))
			column[i] = 8 * centre.Float64(uint64(j), segment)
			for r := range uint64(12) { // the sum of twelve uniform numbers is close to a normal one
				column[i] += noise.Float64(uint64(j)*12+r, uint64(i)) - 0.5
			}
		}
		grid, err := tile.FitGrid(column)
		if err != nil {
			return in, err
		}
		grids[j] = grid
		in.X = append(in.X, column)
		in.Names = append(in.Names, string(rune('a'+j%26)))
	}
	in.Matrix = tile.New(in.X, grids)
	return in, nil
}

// Config returns the sweep of the workload.
func (w Workload) Config(threads int) sweep.Config {
	return sweep.Config{K: w.K, Restarts: w.Restarts, Bootstrap: w.Bootstrap, BootRestarts: w.BootRestarts, Init: w.Init,
		Silhouette: "none", Seed: 1, Threads: threads}
}
