// Package kmeans fits k-means as the numeric contract (package kernels) states it: greedy k-means++, Lloyd iterations to
// the fixed point of the labels, exact integer sums. Rows that bounds prove unchanged are not scored again, which never
// changes a label.
package kmeans

import (
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"math"
	"slices"
	"sync"

	"segovia/kernels"
	"segovia/kernels/tile"
)

// Data is a matrix with what all fits over it share. It is safe for concurrent use.
type Data struct {
	M      *tile.Matrix
	scales []float64 // 2^E per column: x * scale is the integer q

	once     sync.Once
	groups   []int32 // per row: the index of the first row with the same values
	distinct int
}

// NewData prepares m for fits.
func NewData(m *tile.Matrix) *Data { return &Data{M: m, scales: m.Scales()} }

// Distinct returns the number of distinct rows.
func (d *Data) Distinct() int {
	d.once.Do(d.group)
	return d.distinct
}

// Group returns the first row that has the same values as row i.
func (d *Data) Group(i int) int {
	d.once.Do(d.group)
	return int(d.groups[i])
}

func (d *Data) group() {
	seed := maphash.MakeSeed() // decides buckets only; rows are compared by value
	d.groups = make([]int32, d.M.N)
	first := make(map[uint64][]int32, d.M.N)
	var row, other []float32
	var bytes []byte
	for i := range d.M.N {
		row = d.M.Row(row[:0], i)
		bytes = bytes[:0]
		for _, v := range row {
			bytes = binary.LittleEndian.AppendUint32(bytes, math.Float32bits(v))
		}
		h := maphash.Bytes(seed, bytes)
		at := slices.IndexFunc(first[h], func(g int32) bool {
			other = d.M.Row(other[:0], int(g))
			return slices.Equal(row, other)
		})
		if at >= 0 {
			d.groups[i] = first[h][at]
			continue
		}
		d.groups[i] = int32(i)
		first[h] = append(first[h], int32(i))
		d.distinct++
	}
}

// blockTiles is the number of tiles of one scoring call: 256 points, 16 KiB at 16 columns, stay in L1 while a stack of
// centroids passes over them.
const blockTiles = 16

// blocks calls f for every block of the matrix with the index of its first point.
func (d *Data) blocks(f func(first int, b kernels.Block)) {
	for first := 0; first < d.M.N; first += blockTiles * tile.Lanes {
		n := min(blockTiles*tile.Lanes, d.M.N-first)
		tiles := (n + tile.Lanes - 1) / tile.Lanes
		f(first, kernels.Block{D: d.M.D, N: n, Tiles: d.M.Tiles[first*d.M.D : (first+tiles*tile.Lanes)*d.M.D]})
	}
}

// distance is the canonical distance from row i to c.
func (d *Data) distance(i int, c []float32) float64 {
	at := i/tile.Lanes*d.M.D*tile.Lanes + i%tile.Lanes
	var sum float64
	for _, v := range c {
		diff := float64(d.M.Tiles[at]) - float64(v)
		sum += float64(diff * diff)
		at += tile.Lanes
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
