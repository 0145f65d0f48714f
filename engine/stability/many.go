package stability

import (
	"context"
	"math"

	"segovia/engine/internal/par"
)

// Labeling is one partition of the rows, labels below K.
type Labeling struct {
	K      int // 1 to 256
	Labels []uint8
}

// AllPairs calls visit(i, j, t) once for each pair i < j of labelings of the same rows, t the contingency table of i and j.
// visit is called from several goroutines at once, in any order, and t is good until it returns. The first error ends the
// run.
//
// Labelings with few labels are merged, so that one pass over the rows counts several pairs: four at ten labels each, two
// at twenty.
func AllPairs(ctx context.Context, labelings []Labeling, threads int, visit func(i, j int, t Table) error) error {
	groups := merge(labelings)
	width := 1
	for _, g := range groups {
		width = max(width, g.k)
	}
	// A piece of work is one or more groups, merged again, against so many others: enough to make up for the merging.
	const against = 16
	type piece struct{ of, to, first, end int }
	var pieces []piece
	for of := 0; of < len(groups); {
		to, k := of+1, groups[of].k
		for ; to < len(groups) && k*groups[to].k*width <= min(maxCells, len(groups[of].labels)/mergeRows); to++ {
			k *= groups[to].k
		}
		for first := of; first < len(groups); first += against {
			pieces = append(pieces, piece{of, to, first, min(first+against, len(groups))})
		}
		of = to
	}
	counters := make([]*counter, par.Threads(threads))
	return par.Each(ctx, len(counters), len(pieces), func(worker, i int) error {
		if counters[worker] == nil {
			counters[worker] = &counter{labelings: labelings}
		}
		c, p := counters[worker], pieces[i]
		c.take(groups[p.of:p.to], width)
		for _, g := range groups[p.first:p.end] {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := c.pairs(g, visit); err != nil {
				return err
			}
		}
		return nil
	})
}

// AllPairsARI returns the adjusted Rand indices of all pairs of labelings of the same rows: (0,1), (0,2), ..., (1,2), ...
func AllPairsARI(ctx context.Context, labelings []Labeling, threads int) ([]float64, error) {
	m := len(labelings)
	ari := make([]float64, m*(m-1)/2)
	err := AllPairs(ctx, labelings, threads, func(i, j int, t Table) error {
		ari[i*(2*m-i-1)/2+j-i-1] = t.ARI()
		return nil
	})
	return ari, err
}

// group is several labelings in one: the label of a row is that of the first member, times the K of the second, plus the
// label of the second, and so on.
type group struct {
	first, end int // members
	k          int // product of their K
	labels     []uint8
}

// mergeRows is the least number of rows per cell of a table of two groups: below, taking it apart for the pairs of members
// costs as much as counting (4 additions a cell at two members each).
const mergeRows = 16

// maxCells is the largest table for which groups are merged again: 128 KiB of counters, at which a row takes up to twice
// the time (BenchmarkAllPairs).
const maxCells = 1 << 15

// merge puts neighbours into groups.
func merge(labelings []Labeling) []group {
	if len(labelings) == 0 {
		return nil
	}
	n := len(labelings[0].Labels)
	limit := min(256, int(math.Sqrt(float64(n/mergeRows))))
	var groups []group
	for i, l := range labelings {
		if len(l.Labels) != n || l.K < 1 || l.K > 256 {
			panic("BUG: stability: labelings of other rows, or with too many labels")
		}
		if at := len(groups) - 1; at >= 0 && groups[at].k*l.K <= limit {
			g := &groups[at]
			if g.end-g.first == 1 {
				g.labels = append([]uint8(nil), g.labels...)
			}
			g.end, g.k = i+1, g.k*l.K
			k := uint8(l.K) // 256 becomes 0: then the members before have one label, 0
			for r, label := range l.Labels {
				g.labels[r] = g.labels[r]*k + label
			}
			continue
		}
		groups = append(groups, group{i, i + 1, l.K, l.Labels})
	}
	return groups
}

// counter counts on one goroutine.
type counter struct {
	labelings []Labeling
	taken     group    // without labels; they are in shifted
	shifted   []uint16 // the labels of the groups that were taken, times width
	width     int
	count     [1 << 16]uint32
	table     []int64 // of the groups that were taken and another, width columns a row
	pair      []int64 // of two members
}

// take merges neighbouring groups to be counted against groups of up to width labels. The product of all their labels and
// width is at most 2^16.
func (c *counter) take(groups []group, width int) {
	c.taken, c.width = group{first: groups[0].first, end: groups[len(groups)-1].end, k: 1}, width
	c.shifted = append(c.shifted[:0], make([]uint16, len(groups[0].labels))...)
	for at := len(groups) - 1; at >= 0; at-- {
		by := uint16(c.taken.k * width)
		for i, l := range groups[at].labels {
			c.shifted[i] += uint16(l) * by
		}
		c.taken.k *= groups[at].k
	}
}

// pairs counts the groups that were taken against b, and visits all pairs of members in order.
func (c *counter) pairs(b group, visit func(i, j int, t Table) error) error {
	a := c.taken
	if b.end-1 <= a.first {
		return nil
	}
	c.tables(a.k*c.width, b.labels)
	for i, sa := a.first, a.k; i < a.end; i++ {
		ka := c.labelings[i].K
		sa /= ka // what the label of i is multiplied by
		for j, sb := b.first, b.k; j < b.end; j++ {
			kb := c.labelings[j].K
			sb /= kb
			if j <= i {
				continue
			}
			t := Table{ka, kb, grown(&c.pair, ka*kb)}
			for x := range a.k {
				row := t.Count[x/sa%ka*kb:][:kb]
				from := c.table[x*c.width:][:b.k]
				for y := 0; y < len(from); {
					for at := range row {
						for range sb {
							row[at] += from[y]
							y++
						}
					}
				}
			}
			if err := visit(i, j, t); err != nil {
				return err
			}
		}
	}
	return nil
}

func grown(buf *[]int64, n int) []int64 {
	if cap(*buf) < n {
		*buf = make([]int64, n)
	}
	s := (*buf)[:n]
	clear(s)
	return s
}

// tables counts the rows by both groups' labels, in counters of 32 bits that never overflow.
func (c *counter) tables(cells int, b []uint8) {
	table := grown(&c.table, cells)
	const most = 1 << 31
	for first := 0; first < len(b); first += most {
		end := min(first+most, len(b))
		clear(c.count[:cells])
		count(&c.count, c.shifted[first:end], b[first:end])
		for i, v := range c.count[:cells] {
			table[i] += int64(v)
		}
	}
	c.table = table
}

// count adds one to dst[a[i]+b[i]] for every i. Eight rows are taken at a time, so that their loads and additions overlap:
// 0.5 to 0.8 of the time of a plain loop (BenchmarkAllPairs).
func count(dst *[1 << 16]uint32, a []uint16, b []uint8) {
	for len(a) >= 8 && len(b) >= 8 {
		i0, i1, i2, i3 := a[0]+uint16(b[0]), a[1]+uint16(b[1]), a[2]+uint16(b[2]), a[3]+uint16(b[3])
		i4, i5, i6, i7 := a[4]+uint16(b[4]), a[5]+uint16(b[5]), a[6]+uint16(b[6]), a[7]+uint16(b[7])
		dst[i0]++
		dst[i1]++
		dst[i2]++
		dst[i3]++
		dst[i4]++
		dst[i5]++
		dst[i6]++
		dst[i7]++
		a, b = a[8:], b[8:]
	}
	for i, v := range a {
		dst[v+uint16(b[i])]++
	}
}
