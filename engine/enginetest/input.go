package enginetest

import (
	"strconv"
	"testing"

	"segovia/engine/sweep"
	"segovia/kernels/tile"
)

// Input returns a sweep's input of the columns x as they are, named 0, 1, 2.
func Input(t testing.TB, x [][]float64) sweep.Input {
	t.Helper()
	grids, names := make([]tile.Grid, len(x)), make([]string, len(x))
	for j, c := range x {
		var err error
		if grids[j], err = tile.FitGrid(c); err != nil {
			t.Fatal(err)
		}
		names[j] = strconv.Itoa(j)
	}
	return sweep.Input{Matrix: tile.New(x, grids), X: x, Names: names, Scale: "none"}
}
