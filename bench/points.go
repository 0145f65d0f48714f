package bench

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"

	"segovia/engine/company"
	"segovia/engine/sweep"
	"segovia/kernels/rng"
	"segovia/kernels/tile"
)

// Points says what points a workload works on: those of a file, or Gaussian segments of unit variance around centres that
// are normal with standard deviation 2 in every column.
type Points struct {
	Name      string // of the workload whose points they are; empty = the own ones
	Set       int    // several sets are drawn alike
	Rows, Dim int
	Segments  int
	Noise     float64 // share of rows that lie anywhere between -8 and 8 in every column instead
	File      string  // of yes/no columns, among the reference fixtures
}

// ErrAbsent is wrapped by the error of a workload that cannot run here; the error says why.
var ErrAbsent = errors.New("not here")

// step is the grid of all points that are made: they are exact as float32 and on Segovia's own grid, so that every tool
// sees the same ones.
const step = 0x1p-18

// Columns returns the points, column by column; id names their random streams, and dir is where files lie.
func (p Points) Columns(id, dir string) ([][]float64, error) {
	if p.File != "" {
		return p.read(filepath.Join(dir, p.File))
	}
	draw := p.drawing(id)
	segment := make([]uint64, p.Rows)
	for i := range segment {
		segment[i] = draw.segment(i)
	}
	columns := make([][]float64, p.Dim)
	var all sync.WaitGroup
	for j := range columns {
		all.Go(func() {
			column := make([]float64, p.Rows)
			for i, g := range segment {
				column[i] = draw.value(j, i, g)
			}
			columns[j] = column
		})
	}
	all.Wait()
	return columns, nil
}

// drawing draws points.
type drawing struct {
	Points
	noise   rng.Stream
	centres [][]float64 // by column
}

func (p Points) drawing(id string) drawing {
	d := drawing{Points: p, noise: rng.New(1, "bench points "+id, 0, p.Dim), centres: make([][]float64, p.Dim)}
	centre := rng.New(1, "bench centres "+id, 0, p.Dim)
	for j := range d.centres {
		for g := range p.Segments {
			d.centres[j] = append(d.centres[j], 2*company.Normal(centre, uint64(j), uint64(g)))
		}
	}
	return d
}

// segment is that of a row; the number of segments stands for none.
func (d *drawing) segment(i int) uint64 {
	if d.Noise > 0 && d.noise.Float64(1<<41, uint64(i)) < d.Noise {
		return uint64(d.Segments)
	}
	return d.noise.Below(uint64(d.Segments), 1<<40, uint64(i))
}

// value is that of a row of segment g in column j.
func (d *drawing) value(j, i int, g uint64) float64 {
	var x float64
	if centres := d.centres[j]; g < uint64(len(centres)) {
		x = centres[g] + company.Normal(d.noise, uint64(j), uint64(i))
	} else {
		x = float64(16*d.noise.Float64(uint64(j), uint64(i))) - 8
	}
	return math.RoundToEven(x/step) * step
}

// read takes the first Dim columns of a CSV file, yes as 1 and no as 0.
func (p Points) read(file string) ([][]float64, error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: there is no file %s", ErrAbsent, file)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(records) != p.Rows+1 || len(records[0]) < p.Dim {
		return nil, fmt.Errorf("%s: %d lines, want a header and %d rows of at least %d columns", file, len(records), p.Rows, p.Dim)
	}
	columns := make([][]float64, p.Dim)
	for j := range columns {
		for i, r := range records[1:] {
			answer := slices.Index([]string{"No", "Yes"}, r[j])
			if answer < 0 {
				return nil, fmt.Errorf("%s:%d: column %q is neither Yes nor No", file, i+2, records[0][j])
			}
			columns[j] = append(columns[j], float64(answer))
		}
	}
	return columns, nil
}

// prepared puts columns on their grids.
func prepared(columns [][]float64) (sweep.Input, error) {
	in := sweep.Input{Scale: "none", X: columns}
	grids := make([]tile.Grid, len(columns))
	for j, column := range columns {
		grid, err := tile.FitGrid(column)
		if err != nil {
			return in, err
		}
		grids[j] = grid
		in.Names = append(in.Names, "x"+strconv.Itoa(j+1))
	}
	in.Matrix = tile.New(columns, grids)
	return in, nil
}
