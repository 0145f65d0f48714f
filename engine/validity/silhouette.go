package validity

import (
	"context"
	"math"

	"segovia/engine/internal/exact"
	"segovia/kernels/pairwise"
	"segovia/kernels/rng"
)

// Partition is one labeling of the points, labels below K.
type Partition struct {
	K      int
	Labels []uint8
}

// Silhouette is the result for one partition.
type Silhouette struct {
	Mean    float64
	Segment []float64 // mean per cluster over the rows that were taken; NaN where none was
	SE      *float64  // standard error of a sampled mean, with finite population correction; nil when exact
}

// Silhouettes returns the silhouettes (Rousseeuw 1987) of several partitions of the same points in one pass over the
// distances: a is the mean Euclidean distance to the other rows of the own cluster, b the smallest mean distance to another
// cluster, s = (b - a) / max(a, b), and 0 in clusters of one row and where a = b = 0. rows picks the rows whose s is
// averaged (each against all rows); nil means all of them, the exact silhouette. The work is O(n * len(rows) * d), and a
// partition's result does not depend on the others (package pairwise). Partitions need at least two clusters with rows.
// tick, if not nil, is told of rows done.
func Silhouettes(ctx context.Context, p *Points, partitions []Partition, rows []int, threads int, tick func(n int)) ([]Silhouette, error) {
	sampled := rows != nil
	if !sampled {
		rows = p.rows()
	}
	results := make([]Silhouette, len(partitions))
	for at := 0; at < len(partitions); {
		slots, end := room(partitions, at)
		values, err := p.perRow(ctx, partitions[at:end], slots, rows, threads, tick, SilhouetteOf)
		if err != nil {
			return nil, err
		}
		for q, part := range partitions[at:end] {
			results[at+q] = summarise(p.N, part, values[q], rows, sampled)
		}
		at = end
	}
	return results, nil
}

// rows lists all rows.
func (p *Points) rows() []int {
	rows := make([]int, p.N)
	for i := range rows {
		rows[i] = i
	}
	return rows
}

// room returns the end of the partitions from at on that one pass has room for, and the sum of their clusters: all of them,
// but for very many.
func room(partitions []Partition, at int) (slots, end int) {
	for end = at; end < len(partitions) && slots+partitions[end].K <= pairwise.MaxSlots; end++ {
		slots += partitions[end].K
	}
	return slots, end
}

// summarise averages the values of the rows, all of n or a sample of them.
func summarise(n int, part Partition, values []float64, rows []int, sampled bool) Silhouette {
	s := Silhouette{Segment: make([]float64, part.K)}
	segment, count := make([]exact.Accumulator, part.K), make([]int, part.K)
	for r, i := range rows {
		l := part.Labels[i]
		segment[l].Add(values[r])
		count[l]++
	}
	for l := range segment {
		s.Segment[l] = segment[l].Sum() / float64(count[l])
	}
	s.Mean = exact.Sum(values) / float64(len(rows))
	if sampled {
		_, sd := exact.SD(values, true)
		se := sd / math.Sqrt(float64(len(rows))) * math.Sqrt(1-float64(len(rows))/float64(n))
		s.SE = &se
	}
	return s
}

// SilhouetteOf returns the silhouette of one row of cluster own, from the sums of its dissimilarities, of any kind, to the
// rows of each cluster, and the clusters' sizes.
func SilhouetteOf(sums []float64, size []int, own int) float64 {
	if size[own] <= 1 {
		return 0
	}
	a := sums[own] / float64(size[own]-1)
	b := math.Inf(1)
	for l, s := range sums {
		if l != own && size[l] > 0 {
			b = min(b, s/float64(size[l]))
		}
	}
	return contrast(a, b)
}

// contrast is (b - a) / max(a, b), and 0 where both are 0.
func contrast(a, b float64) float64 {
	if largest := max(a, b); largest > 0 {
		return (b - a) / largest
	}
	return 0
}

// Sample returns m of n rows, ascending, drawn without replacement from the named stream; all rows as nil when m >= n.
func Sample(seed uint64, n, m int) []int {
	if m >= n {
		return nil
	}
	return rng.New(seed, "silhouette", 0, 0).Sample(n, m)
}

// Simplified is the silhouette with distances to the means instead of to rows, over all rows, and per cluster. It needs
// two clusters with rows. Cost O(nkd).
func Simplified(p *Points, m *Moments, labels []uint8) (mean float64, segment []float64) {
	return p.averages(m, labels, func(x []float64, own int) float64 {
		b := math.Inf(1)
		for c := range m.K {
			if c != own && m.Size[c] > 0 {
				b = min(b, squared(x, p.mean(m, c)))
			}
		}
		return contrast(math.Sqrt(squared(x, p.mean(m, own))), math.Sqrt(b))
	})
}

// SilhouetteSquared is the exact silhouette of squared Euclidean distances (Spark's convention), over all rows, and per
// cluster. It is much higher than that of distances. It needs two clusters with rows. Cost O(nkd): the squared distances
// from x to n rows of mean m and inertia W sum to n |x - m|^2 + W.
func SilhouetteSquared(p *Points, m *Moments, labels []uint8) (mean float64, segment []float64) {
	return p.averages(m, labels, func(x []float64, own int) float64 {
		n := float64(m.Size[own])
		a, b := (float64(n*squared(x, p.mean(m, own)))+m.Within[own])/(n-1), math.Inf(1)
		for c := range m.K {
			if c != own && m.Size[c] > 0 {
				b = min(b, squared(x, p.mean(m, c))+m.Within[c]/float64(m.Size[c]))
			}
		}
		return contrast(a, b)
	})
}

// averages returns the mean of f over all rows, and per cluster, f being 0 in clusters of one row.
func (p *Points) averages(m *Moments, labels []uint8, f func(x []float64, own int) float64) (mean float64, segment []float64) {
	var all exact.Accumulator
	sums := make([]exact.Accumulator, m.K)
	buf := p.buffer()
	for i, l := range labels {
		var s float64
		if m.Size[l] > 1 {
			s = f(p.Row(buf, i), int(l))
		}
		all.Add(s)
		sums[l].Add(s)
	}
	segment = make([]float64, m.K)
	for l := range segment {
		segment[l] = sums[l].Sum() / float64(m.Size[l])
	}
	return all.Sum() / float64(p.N), segment
}
