package reportio

// hideCells extends hidden (nil = none), the cells of a table that are not shown, so that none of fewer than least
// customers can be reckoned from those shown and from the sums that are published: each of sums lists the cells of one.
// Empty cells may be shown, and those that are not are as good as any to hide behind. Where one hidden cell stands alone in a sum, or the hidden ones have too little in common,
// the next smallest joins them, as in covers, until every sum is safe.
func hideCells(counts []int, sums [][]int, least int, hidden []bool) []bool {
	out := make([]bool, len(counts))
	copy(out, hidden)
	for i, n := range counts {
		out[i] = out[i] || n > 0 && n < least
	}
	for changed := true; changed; {
		changed = false
		for _, sum := range sums {
			n, together, next := 0, 0, -1
			for _, i := range sum {
				switch {
				case out[i]:
					n++
					together += counts[i]
				case counts[i] <= 0:
				case next < 0 || counts[i] < counts[next]:
					next = i
				}
			}
			if next >= 0 && n > 0 && (n == 1 || together < least) {
				out[next], changed = true, true
			}
		}
	}
	return out
}

// crossTable is a table of counts by row and column, with what of it may not be shown.
type crossTable struct {
	counts [][]int
	hidden [][]bool
}

// newCrossTable makes a table of columns columns whose rows' and columns' sums are published. Of rows that are hidden,
// nothing is shown. Rows that are too short are filled with 0, what is too much is dropped.
func newCrossTable(rows [][]int, columns, least int, hideRow []bool) crossTable {
	counts := make([]int, len(rows)*columns)
	hidden := make([]bool, len(counts))
	sums := make([][]int, len(rows)+columns)
	for i, row := range rows {
		for j := range columns {
			at := i*columns + j
			if j < len(row) {
				counts[at] = max(row[j], 0)
			}
			hidden[at] = i < len(hideRow) && hideRow[i]
			sums[i] = append(sums[i], at)
			sums[len(rows)+j] = append(sums[len(rows)+j], at)
		}
	}
	hidden = hideCells(counts, sums, least, hidden)
	t := crossTable{}
	for i := range rows {
		t.counts = append(t.counts, counts[i*columns:(i+1)*columns])
		t.hidden = append(t.hidden, hidden[i*columns:(i+1)*columns])
	}
	return t
}

// count writes a count, or that it is small.
func (p *page) count(n int, hidden bool) string {
	switch {
	case !hidden:
		return p.L.int(int64(n))
	case n > 0 && n < p.least():
		return p.t("few", p.L.int(int64(p.least())))
	}
	return none
}
