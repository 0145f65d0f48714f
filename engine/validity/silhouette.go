package validity

import (
	"cmp"
	"context"
	"math"
	"slices"

	"segovia/engine/internal/exact"
	"segovia/engine/internal/par"
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
// averaged (each against all rows); nil means all of them, the exact silhouette. The work is O(n * len(rows) * d).
// Partitions need at least two clusters with rows. tick, if not nil, is told of rows done.
func Silhouettes(ctx context.Context, p *Points, partitions []Partition, rows []int, threads int, tick func(n int)) ([]Silhouette, error) {
	sampled := rows != nil
	if !sampled {
		rows = make([]int, p.N)
		for i := range rows {
			rows[i] = i
		}
	}
	// slot[j*P+q] is where row j's distance is added for partition q.
	slots := 0
	base := make([]int, len(partitions))
	for q, part := range partitions {
		base[q] = slots
		slots += part.K
	}
	slot := make([]uint16, p.N*len(partitions))
	size := make([]int, slots)
	for q, part := range partitions {
		for j, l := range part.Labels {
			slot[j*len(partitions)+q] = uint16(base[q] + int(l))
			size[base[q]+int(l)]++
		}
	}
	values := make([][]float64, len(partitions))
	for q := range values {
		values[q] = make([]float64, len(rows))
	}
	const chunk = 64
	err := par.Each(ctx, threads, (len(rows)+chunk-1)/chunk, func(_, c int) error {
		sums := make([]float64, slots)
		end := min((c+1)*chunk, len(rows))
		for r := c * chunk; r < end; r++ {
			i := rows[r]
			clear(sums)
			p.addDistances(sums, i, slot, len(partitions))
			for q, part := range partitions {
				values[q][r] = silhouette(sums[base[q]:base[q]+part.K], size[base[q]:base[q]+part.K], int(part.Labels[i]))
			}
		}
		if tick != nil {
			tick(end - c*chunk)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	results := make([]Silhouette, len(partitions))
	for q, part := range partitions {
		s := &results[q]
		s.Segment = make([]float64, part.K)
		segment, count := make([]exact.Accumulator, part.K), make([]int, part.K)
		for r, i := range rows {
			l := part.Labels[i]
			segment[l].Add(values[q][r])
			count[l]++
		}
		for l := range segment {
			s.Segment[l] = segment[l].Sum() / float64(count[l])
		}
		s.Mean = exact.Sum(values[q]) / float64(len(rows))
		if sampled {
			_, sd := exact.SD(values[q], true)
			se := sd / math.Sqrt(float64(len(rows))) * math.Sqrt(1-float64(len(rows))/float64(p.N))
			s.SE = &se
		}
	}
	return results, nil
}

// addDistances adds the Euclidean distance from row i to every row j into the slots of j. Four rows are taken at a time,
// so that four chains of additions overlap; each distance is a sum in column order.
func (p *Points) addDistances(sums []float64, i int, slot []uint16, q int) {
	x, d := p.Row(i), p.D
	var dist [4]float64
	for j := 0; j < p.N; j += 4 {
		lanes := min(4, p.N-j)
		if lanes == 4 {
			y := p.Values[j*d : (j+4)*d]
			y0, y1, y2, y3 := y[:d], y[d:2*d], y[2*d:3*d], y[3*d:4*d]
			var s0, s1, s2, s3 float64
			for at, v := range x {
				d0, d1, d2, d3 := v-y0[at], v-y1[at], v-y2[at], v-y3[at]
				s0 += float64(d0 * d0)
				s1 += float64(d1 * d1)
				s2 += float64(d2 * d2)
				s3 += float64(d3 * d3)
			}
			dist = [4]float64{math.Sqrt(s0), math.Sqrt(s1), math.Sqrt(s2), math.Sqrt(s3)}
		} else {
			for o := range lanes {
				dist[o] = math.Sqrt(squared(x, p.Row(j+o)))
			}
		}
		for o, v := range dist[:lanes] {
			for _, s := range slot[(j+o)*q : (j+o+1)*q] {
				sums[s] += v
			}
		}
	}
}

func silhouette(sums []float64, size []int, own int) float64 {
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
	s := rng.New(seed, "silhouette", 0, 0)
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	slices.SortFunc(rows, func(a, b int) int {
		return cmp.Or(cmp.Compare(s.Uint64(0, uint64(a)), s.Uint64(0, uint64(b))), cmp.Compare(a, b))
	})
	rows = rows[:m]
	slices.Sort(rows)
	return rows
}

// Simplified is the silhouette with distances to the means instead of to rows, over all rows, and per cluster. It needs
// two clusters with rows. Cost O(nkd).
func Simplified(p *Points, m *Moments, labels []uint8) (mean float64, segment []float64) {
	var all exact.Accumulator
	sums := make([]exact.Accumulator, m.K)
	for i, l := range labels {
		x := p.Row(i)
		a := math.Sqrt(squared(x, m.Mean[int(l)*p.D:(int(l)+1)*p.D]))
		b := math.Inf(1)
		for c := range m.K {
			if c != int(l) && m.Size[c] > 0 {
				b = min(b, squared(x, m.Mean[c*p.D:(c+1)*p.D]))
			}
		}
		b = math.Sqrt(b)
		var s float64
		if largest := max(a, b); largest > 0 && m.Size[l] > 1 {
			s = (b - a) / largest
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
