package kmeans

import (
	"segovia/kernels"
	"segovia/kernels/tile"
)

// gathered is a block of rows picked from all over the matrix: scoring dense tiles of the few rows that need it is several
// times faster than scoring every tile that holds one of them.
type gathered struct {
	rows         []int32
	tiles        []float32
	label        []uint8
	upper, lower []float32
	m            *tile.Matrix
	dst          [1]kernels.Scores
}

const gatheredRows = blockTiles * tile.Lanes

func (g *gathered) reset(d *Data) {
	if g.m != d.M {
		*g = gathered{m: d.M, rows: make([]int32, 0, gatheredRows), tiles: tile.Aligned(gatheredRows * d.M.D),
			label: make([]uint8, gatheredRows), upper: make([]float32, gatheredRows), lower: make([]float32, gatheredRows)}
	}
	g.rows = g.rows[:0]
}

// add copies row i, labelled c, into the block and reports whether the block is full.
func (g *gathered) add(i int, c uint8) bool {
	d := g.m.D
	n := len(g.rows)
	from := i/tile.Lanes*d*tile.Lanes + i%tile.Lanes
	to := n/tile.Lanes*d*tile.Lanes + n%tile.Lanes
	for range d {
		g.tiles[to] = g.m.Tiles[from]
		from += tile.Lanes
		to += tile.Lanes
	}
	g.label[n] = c
	g.rows = append(g.rows, int32(i))
	return n+1 == gatheredRows
}

// scoreDense scores the gathered rows, writes their bounds back and notes the moves.
func (w *Worker) scoreDense() {
	g := &w.dense
	n := len(g.rows)
	if n == 0 {
		return
	}
	tiles := (n + tile.Lanes - 1) / tile.Lanes * tile.Lanes
	dst := &g.dst[0]
	dst.Label, dst.Upper, dst.Lower = g.label[:n], g.upper[:n], g.lower[:n]
	w.scorer.Score(g.dst[:], kernels.Block{D: g.m.D, N: n, Tiles: g.tiles[:tiles*g.m.D]}, w.state.model())
	for o, row := range g.rows {
		w.upper[row], w.lower[row] = dst.Upper[o], dst.Lower[o]
	}
	for _, o := range dst.Moved {
		row := g.rows[o]
		w.moved = append(w.moved, move{row: row, to: dst.Label[o]})
	}
	g.rows = g.rows[:0]
}
