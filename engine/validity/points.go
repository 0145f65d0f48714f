// Package validity judges partitions: within-cluster sum of squares, silhouettes, Calinski-Harabasz, Davies-Bouldin, Dunn,
// Duda-Hart, the figure of merit, the gap statistic and the elbow of a curve over k. All figures are float64 in a fixed order
// of summation.
package validity

import (
	"math"

	"segovia/engine/internal/exact"
	"segovia/kernels/pairwise"
	"segovia/kernels/tile"
)

// Points are n rows of d values: unrounded ones, or those of the grid where there are so many that a second copy of the
// data would cost too much memory.
type Points struct {
	N, D   int
	Values []float64 // row by row; nil = the values of the grid
	// Device sums distances where that pays, to the same bits; nil = the processor does.
	Device pairwise.Device
	grid   *tile.Matrix
}

// FromColumns returns the points with the given columns, all of the same length.
func FromColumns(columns [][]float64) *Points {
	p := &Points{D: len(columns)}
	if p.D > 0 {
		p.N = len(columns[0])
	}
	p.Values = make([]float64, p.N*p.D)
	for j, c := range columns {
		for i, x := range c {
			p.Values[i*p.D+j] = x
		}
	}
	return p
}

// OnGrid returns the points of a matrix, with the offsets of its columns, without a copy of them.
func OnGrid(m *tile.Matrix) *Points { return &Points{N: m.N, D: m.D, grid: m} }

// Pick returns some of the points, as copies.
func (p *Points) Pick(rows []int) *Points {
	out := &Points{N: len(rows), D: p.D, Device: p.Device, Values: make([]float64, 0, len(rows)*p.D)}
	buf := p.buffer()
	for _, i := range rows {
		out.Values = append(out.Values, p.Row(buf, i)...)
	}
	return out
}

// Row returns row i, in buf (of D values) where the values have no place of their own.
func (p *Points) Row(buf []float64, i int) []float64 {
	if p.Values != nil || p.grid == nil {
		return p.Values[i*p.D : (i+1)*p.D]
	}
	for j := range buf {
		buf[j] = p.grid.Grids[j].Restore(float64(p.grid.At(i, j)))
	}
	return buf
}

// buffer returns room for one row.
func (p *Points) buffer() []float64 { return make([]float64, p.D) }

// dense returns all values row by row.
func (p *Points) dense() []float64 {
	if p.Values != nil || p.grid == nil {
		return p.Values
	}
	values := make([]float64, p.N*p.D)
	for i := range p.N {
		p.Row(values[i*p.D:(i+1)*p.D], i)
	}
	return values
}

// Spread returns the mean and the population standard deviation of each column.
func (p *Points) Spread() (mean, sd []float64) {
	m := make([]exact.Accumulator, p.D)
	buf := p.buffer()
	for i := range p.N {
		for j, x := range p.Row(buf, i) {
			m[j].Add(x)
		}
	}
	mean, sd = make([]float64, p.D), make([]float64, p.D)
	for j := range mean {
		mean[j] = m[j].Sum() / float64(p.N)
	}
	squares := make([]exact.Accumulator, p.D)
	for i := range p.N {
		for j, x := range p.Row(buf, i) {
			d := x - mean[j]
			squares[j].Add(float64(d * d))
		}
	}
	for j := range sd {
		sd[j] = math.Sqrt(squares[j].Sum() / float64(p.N))
	}
	return mean, sd
}

// Moments are the sizes, means and within-cluster figures of a partition.
type Moments struct {
	K      int
	Size   []int
	Mean   []float64 // K rows
	Within []float64 // sum of squared Euclidean distances to the mean, per cluster
	Spread []float64 // mean Euclidean distance to the mean, per cluster; 0 for an empty one
	Total  float64   // sum of squares about the mean of all rows
	N      int
}

// Inertia is the within-cluster sum of squares.
func (m *Moments) Inertia() float64 {
	var s float64
	for _, w := range m.Within {
		s += w
	}
	return s
}

// LogW is the natural logarithm of half the inertia, the dispersion that the gap statistic of power 2 compares; ok is false
// where the inertia is 0.
func (m *Moments) LogW() (logW float64, ok bool) {
	w := m.Inertia()
	if w == 0 {
		return 0, false
	}
	return exact.Log(w / 2), true
}

// MomentsOf returns the moments of the partition with labels below k.
func MomentsOf[L ~uint8 | ~int](p *Points, labels []L, k int) *Moments {
	m := &Moments{K: k, N: p.N, Size: make([]int, k), Mean: make([]float64, k*p.D), Within: make([]float64, k),
		Spread: make([]float64, k)}
	for _, l := range labels {
		m.Size[l]++
	}
	sums := make([]exact.Accumulator, (k+1)*p.D)
	buf := p.buffer()
	for i, l := range labels {
		for j, x := range p.Row(buf, i) {
			sums[int(l)*p.D+j].Add(x)
			sums[k*p.D+j].Add(x)
		}
	}
	all := make([]float64, p.D)
	for j := range all {
		all[j] = sums[k*p.D+j].Sum() / float64(p.N)
	}
	for c := range k {
		for j := range p.D {
			if m.Size[c] > 0 {
				m.Mean[c*p.D+j] = sums[c*p.D+j].Sum() / float64(m.Size[c])
			}
		}
	}
	within, spread, total := make([]exact.Accumulator, k), make([]exact.Accumulator, k), exact.Accumulator{}
	for i, l := range labels {
		row := p.Row(buf, i)
		sq := squared(row, p.mean(m, int(l)))
		within[l].Add(sq)
		spread[l].Add(math.Sqrt(sq))
		total.Add(squared(row, all))
	}
	for c := range k {
		m.Within[c] = within[c].Sum()
		if m.Size[c] > 0 {
			m.Spread[c] = spread[c].Sum() / float64(m.Size[c])
		}
	}
	m.Total = total.Sum()
	return m
}

// mean returns the mean of cluster c.
func (p *Points) mean(m *Moments, c int) []float64 { return m.Mean[c*p.D : (c+1)*p.D] }

func squared(x, y []float64) float64 {
	var s float64
	y = y[:len(x)]
	for j, v := range x {
		d := v - y[j]
		s += float64(d * d)
	}
	return s
}

// CalinskiHarabasz is (n - k) B / ((k - 1) W) (Calinski and Harabasz 1974); ok is false where it is not defined: fewer
// than two clusters, as many clusters as rows, or no spread within.
func (m *Moments) CalinskiHarabasz() (ch float64, ok bool) {
	w := m.Inertia()
	if m.K < 2 || m.N <= m.K || w == 0 {
		return 0, false
	}
	return float64(float64(m.N-m.K)*(m.Total-w)) / float64(float64(m.K-1)*w), true
}

// DaviesBouldin is the mean over clusters of the largest (S_i + S_j) / |m_i - m_j| (Davies and Bouldin 1979), S the mean
// Euclidean distance to the mean as in scikit-learn. ok is false for fewer than two clusters or where two means coincide.
func (m *Moments) DaviesBouldin() (db float64, ok bool) { return m.daviesBouldin(m.Spread) }

// DaviesBouldinRMS is DaviesBouldin with S the root of the mean squared distance to the mean, as in the R package NbClust.
func (m *Moments) DaviesBouldinRMS() (db float64, ok bool) {
	spread := make([]float64, m.K)
	for c, w := range m.Within {
		if m.Size[c] > 0 {
			spread[c] = math.Sqrt(w / float64(m.Size[c]))
		}
	}
	return m.daviesBouldin(spread)
}

func (m *Moments) daviesBouldin(spread []float64) (db float64, ok bool) {
	if m.K < 2 {
		return 0, false
	}
	d := len(m.Mean) / m.K
	for a := range m.K {
		var worst float64
		for b := range m.K {
			if a == b {
				continue
			}
			apart := math.Sqrt(squared(m.Mean[a*d:(a+1)*d], m.Mean[b*d:(b+1)*d]))
			if apart == 0 {
				return 0, false
			}
			worst = max(worst, (spread[a]+spread[b])/apart)
		}
		db += worst
	}
	return db / float64(m.K), true
}
