// Package tile holds the one matrix that every path, the engine and the readers share: points on the grid of the numeric
// contract, in tiles of 16, feature by feature.
package tile

import (
	"math"
	"unsafe"
)

// Lanes is the number of points of a tile: one AVX-512 register of float32, two of AVX2, four of NEON.
const Lanes = 16

// Matrix is n points of d columns on their grids. Tile t holds the points 16t to 16t+15: value j of lane l stands at
// Tiles[(t*D+j)*16+l]. Lanes beyond the last point are zero. Tiles starts at a multiple of 64 bytes.
type Matrix struct {
	N, D  int
	Tiles []float32
	Grids []Grid
}

// New returns the matrix of the given columns, each rounded to its grid. All columns have the same length. A value outside
// its grid's range is rounded to the nearest float32, which predict avoids by working in float64.
func New(columns [][]float64, grids []Grid) *Matrix {
	d := len(columns)
	n := 0
	if d > 0 {
		n = len(columns[0])
	}
	m := &Matrix{N: n, D: d, Tiles: Aligned((n + Lanes - 1) / Lanes * Lanes * d), Grids: grids}
	for j, column := range columns {
		for i, x := range column {
			m.Tiles[(i/Lanes*d+j)*Lanes+i%Lanes] = float32(grids[j].Round(x))
		}
	}
	return m
}

// Take is New for columns that are needed no more: each is let go as soon as it is rounded, so that no more than one and a
// half times the memory of the columns is taken.
func Take(columns [][]float64, grids []Grid) *Matrix {
	rounded := make([][]float32, len(columns))
	n := 0
	for j, column := range columns {
		n = len(column)
		rounded[j] = make([]float32, n)
		for i, x := range column {
			rounded[j][i] = float32(grids[j].Round(x))
		}
		columns[j] = nil
	}
	d := len(rounded)
	m := &Matrix{N: n, D: d, Tiles: Aligned((n + Lanes - 1) / Lanes * Lanes * d), Grids: grids}
	for first := 0; first < n; first += Lanes { // tile by tile, so that each page is written once
		for j, column := range rounded {
			copy(m.Tiles[(first/Lanes*d+j)*Lanes:], column[first:min(first+Lanes, n)])
		}
	}
	return m
}

// Aligned returns n zeros whose first stands at a multiple of 64 bytes.
func Aligned(n int) []float32 {
	buf := make([]float32, n+Lanes)
	off := 0
	if r := int(uintptr(unsafe.Pointer(unsafe.SliceData(buf))) % 64); r != 0 {
		off = (64 - r) / 4
	}
	return buf[off : off+n : off+n]
}

// TileCount returns the number of tiles.
func (m *Matrix) TileCount() int { return (m.N + Lanes - 1) / Lanes }

// At returns value j of point i.
func (m *Matrix) At(i, j int) float32 { return m.Tiles[(i/Lanes*m.D+j)*Lanes+i%Lanes] }

// Row appends the values of point i to dst.
func (m *Matrix) Row(dst []float32, i int) []float32 {
	at := i/Lanes*m.D*Lanes + i%Lanes
	for range m.D {
		dst = append(dst, m.Tiles[at])
		at += Lanes
	}
	return dst
}

// Pick returns the matrix of some points and columns, in the order given; nil = all.
func (m *Matrix) Pick(points, columns []int) *Matrix {
	n, d := len(points), len(columns)
	if points == nil {
		n = m.N
	}
	if columns == nil {
		d = m.D
	}
	p := &Matrix{N: n, D: d, Tiles: Aligned((n + Lanes - 1) / Lanes * Lanes * d), Grids: make([]Grid, d)}
	for to := range d {
		j := to
		if columns != nil {
			j = columns[to]
		}
		p.Grids[to] = m.Grids[j]
		for at := range n {
			i := at
			if points != nil {
				i = points[at]
			}
			p.Tiles[(at/Lanes*d+to)*Lanes+at%Lanes] = m.At(i, j)
		}
	}
	return p
}

// Scales returns 2^E per column: q = int64(x * scale) is the exact integer of a value x.
func (m *Matrix) Scales() []float64 {
	s := make([]float64, m.D)
	for j, g := range m.Grids {
		s[j] = math.Ldexp(1, g.E)
	}
	return s
}
