// Package kmeans fits k-means as the numeric contract (package kernels) states it: greedy k-means++, Lloyd iterations to
// the fixed point of the labels, exact integer sums. Rows that bounds prove unchanged are not scored again, equal rows are
// fitted as one with the sum of their weights, and rows that a resample left out wait until the fit is done; none of this
// ever changes a label.
package kmeans

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"sync"

	"segovia/kernels"
	"segovia/kernels/ref"
	"segovia/kernels/tile"
)

// Data is a matrix with what all fits over it share. It is safe for concurrent use.
type Data struct {
	M      *tile.Matrix
	scales []float64 // 2^E per column: x * scale is the integer q
	scale  []float32 // the same, padded for kernels.Rows

	// The slow ways, which tests and benchmarks compare with: equal rows stay apart, and every row is scored in every
	// iteration. They change no result.
	Unmerged, Unpruned bool
	// Pooling is "per-model", "shared", or empty for the choice by size (Shared).
	Pooling string

	limits    Limits
	residence *residence // nil where no hardware holds the rows

	onceBase, onceGroups, onceMerged sync.Once
	base                             points
	groups                           []int32 // per row: the index of the first row with the same values
	distinct                         int
	merged                           *merged
}

// points are rows of the grid in both layouts.
type points struct {
	kernels.Rows
	tiles []float32
}

// merged are the distinct rows, where there are far fewer than rows.
type merged struct {
	points
	of []int32 // per row of the matrix: its distinct row
}

// NewData prepares m for fits.
func NewData(m *tile.Matrix) *Data {
	d := &Data{M: m, scales: m.Scales(), scale: make([]float32, kernels.Padded(m.D)), limits: Limits{Runs: sharedRuns, Packed: packedBytes}}
	for j, s := range d.scales {
		d.scale[j] = float32(s)
	}
	return d
}

// points returns all rows in both layouts; the tiles are those of the matrix.
func (d *Data) points() *points {
	d.onceBase.Do(func() {
		n, cols := d.M.N, d.M.D
		p := points{Rows: kernels.Rows{N: n, D: cols, Tiles: d.M.Tiles, Square: make([]float32, d.M.TileCount()*tile.Lanes), Scale: d.scale},
			tiles: d.M.Tiles}
		if !d.limits.Lean {
			p.Values = make([]float32, n*cols+kernels.RowSlack)
		}
		for t := range d.M.TileCount() {
			first := t * tile.Lanes
			lanes := min(tile.Lanes, n-first)
			var sum [tile.Lanes]float64
			for j := range cols {
				for l, v := range d.M.Tiles[(t*cols+j)*tile.Lanes:][:lanes] {
					if !d.limits.Lean {
						p.Values[(first+l)*cols+j] = v
					}
					sum[l] += float64(float64(v) * float64(v))
				}
			}
			for l := range lanes {
				p.Square[first+l] = float32(sum[l])
			}
		}
		d.base = p
	})
	return &d.base
}

// pick copies the named rows of p.
func (p *points) pick(tools kernels.RowTools, into *points, index []int32) {
	d, n := p.D, len(index)
	lanes := (n + tile.Lanes - 1) / tile.Lanes * tile.Lanes
	into.N, into.D, into.Scale = n, d, p.Scale
	into.Values, into.Square = grow(&into.Values, n*d+kernels.RowSlack), grow(&into.Square, lanes)
	clear(into.Values[n*d:])
	if room := lanes*d + slackOf(d); cap(into.tiles) < room {
		into.tiles = tile.Aligned(room)
	}
	into.tiles = into.tiles[:lanes*d+slackOf(d)]
	for o, i := range index {
		p.rowTo(into.Values[o*d:(o+1)*d], int(i))
	}
	tools.Gather(&kernels.Block{Tiles: into.tiles, Square: into.Square}, &p.Rows, index)
	into.tiles = into.tiles[:lanes*d]
}

// slackOf is the room behind tiles that Gather asks for.
func slackOf(d int) int { return max(8-d, 0) * tile.Lanes }

// block returns the tiles that hold the points from first on, at most n; first is a multiple of 16.
func (p *points) block(first, n int) kernels.Block {
	n = min(n, p.N-first)
	end := first + (n+tile.Lanes-1)/tile.Lanes*tile.Lanes
	return kernels.Block{D: p.D, N: n, Tiles: p.tiles[first*p.D : end*p.D], Square: p.Square[first:end]}
}

// row returns the values of point i; the caller does not change them.
func (p *points) row(i int) []float32 {
	if p.Values == nil {
		return p.rowTo(make([]float32, p.D), i)
	}
	return p.Values[i*p.D : (i+1)*p.D]
}

// rowTo copies the values of point i to dst and returns it.
func (p *points) rowTo(dst []float32, i int) []float32 {
	if p.Values != nil {
		copy(dst, p.Values[i*p.D:(i+1)*p.D])
		return dst
	}
	at := i/tile.Lanes*p.D*tile.Lanes + i%tile.Lanes
	for j := range dst {
		dst[j] = p.tiles[at+j*tile.Lanes]
	}
	return dst
}

// Distinct returns the number of distinct rows, or limit where there are as many or more.
func (d *Data) Distinct(limit int) int {
	seen := map[string]struct{}{}
	var key []byte
	row := make([]float32, d.M.D)
	for i := range min(d.M.N, 8*limit) { // enough where few rows are equal
		key = key[:0]
		for _, v := range d.points().rowTo(row, i) {
			key = binary.LittleEndian.AppendUint32(key, math.Float32bits(v))
		}
		if seen[string(key)] = struct{}{}; len(seen) == limit {
			return limit
		}
	}
	d.onceGroups.Do(d.group)
	return min(limit, d.distinct)
}

// Group returns the first row that has the same values as row i.
func (d *Data) Group(i int) int {
	d.onceGroups.Do(d.group)
	return int(d.groups[i])
}

// group finds equal rows by hashing with open addressing.
func (d *Data) group() {
	p := d.points()
	d.groups = make([]int32, p.N)
	size := 16
	for size < 2*p.N {
		size *= 2
	}
	type slot struct {
		row int32 // + 1; 0 is free
		tag uint32
	}
	table := make([]slot, size)
	row, other := make([]float32, p.D), make([]float32, p.D)
	for i := range p.N {
		p.rowTo(row, i)
		h := uint64(len(row))
		for _, v := range row {
			h = mix(h ^ uint64(math.Float32bits(v)))
		}
		tag := uint32(h >> 32)
		for at := h & uint64(size-1); ; at = (at + 1) & uint64(size-1) {
			s := &table[at]
			if s.row == 0 {
				*s = slot{int32(i + 1), tag}
				d.groups[i] = int32(i)
				d.distinct++
				break
			}
			if s.tag == tag && slices.Equal(row, p.rowTo(other, int(s.row-1))) {
				d.groups[i] = s.row - 1
				break
			}
		}
	}
}

// mergeBelow is the share of distinct rows below which equal rows are merged: above, the indirection costs more than the
// few rows that it saves.
const mergeBelow = 0.8

// sampleRows is the number of rows that are looked at before all of a very large matrix are: grouping takes a hash table
// with room for twice the rows.
const sampleRows = 1 << 16

// fewEqual reports whether a sample of a very large matrix has hardly any equal rows.
func (d *Data) fewEqual() bool {
	if d.M.N < 16*sampleRows {
		return false
	}
	step := d.M.N / sampleRows
	columns := make([]int32, sampleRows)
	for i := range columns {
		columns[i] = int32(i * step)
	}
	var picked points
	d.points().pick(ref.RowTools{}, &picked, columns)
	sample := Data{M: &tile.Matrix{N: sampleRows, D: d.M.D, Tiles: picked.tiles, Grids: d.M.Grids}}
	sample.group()
	return sample.distinct > sampleRows*95/100
}

// mergedRows returns the distinct rows, or nil where there are too many for merging to pay.
func (d *Data) mergedRows(tools kernels.RowTools) *merged {
	d.onceMerged.Do(func() {
		if d.Unmerged || d.limits.Lean || d.fewEqual() {
			return
		}
		if d.onceGroups.Do(d.group); float64(d.distinct) > mergeBelow*float64(d.M.N) {
			return
		}
		first := make([]int32, 0, d.distinct)
		m := &merged{of: make([]int32, d.M.N)}
		for i, g := range d.groups {
			if int(g) == i {
				m.of[i] = int32(len(first))
				first = append(first, int32(i))
			} else {
				m.of[i] = m.of[g]
			}
		}
		d.points().pick(tools, &m.points, first)
		d.merged = m
	})
	return d.merged
}

// distance is the canonical distance of kernels/doc.go.
func distance(x, c []float32) float64 {
	var sum float64
	c = c[:len(x)]
	for j, v := range x {
		diff := float64(v) - float64(c[j])
		sum += float64(diff * diff)
	}
	return sum
}

// Number renumbers labels so that 0 is the largest cluster, ties by the lowest row, and returns the new number of each old
// one. Clusters without rows come last.
func Number(labels []uint8, k int) []int {
	size, first := make([]int, k), make([]int, k)
	for i := len(labels) - 1; i >= 0; i-- {
		size[labels[i]]++
		first[labels[i]] = i
	}
	order := make([]int, k)
	for c := range order {
		order[c] = c
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(size[b], size[a]), cmp.Compare(first[a], first[b]), cmp.Compare(a, b))
	})
	number := make([]int, k)
	for n, c := range order {
		number[c] = n
	}
	return number
}

// grow returns a slice of n values that reuses *buf.
func grow[T any](buf *[]T, n int) []T {
	if cap(*buf) < n {
		*buf = make([]T, n)
	}
	return (*buf)[:n]
}

func growZero[T any](buf *[]T, n int) []T {
	out := grow(buf, n)
	clear(out)
	return out
}
