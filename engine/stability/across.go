package stability

import "segovia/engine/internal/exact"

// Across returns the segment level stability across solutions (SLSa, flexclust::slsaplot) of each cluster of B, the later
// solution: 1 - H / ln A, H the entropy in nats of the shares p of the cluster's rows over the A clusters of the former
// solution. 1 says that all its rows come from one cluster, 0 that they come from all alike, or that there are none. It is
// nil, undefined, where the former solution has fewer than two clusters.
func (t Table) Across() []float64 {
	if t.A < 2 {
		return nil
	}
	_, columns, _ := t.Sums()
	slsa := make([]float64, t.B)
	for j, size := range columns {
		if size == 0 {
			continue
		}
		var entropy float64
		for i := range t.A {
			if c := t.Count[i*t.B+j]; c > 0 {
				p := float64(c) / float64(size)
				entropy -= float64(p * exact.Log(p))
			}
		}
		slsa[j] = max(0, 1-entropy/exact.Log(float64(t.A)))
	}
	return slsa
}

// Lines follows segments through solutions of increasing k as flexclust relabels them for slsaplot. The first one
// has k segments, and tables[s] counts the rows by solution s and s + 1. The result has one list more than tables: the line
// of each segment, by its label. The first solution's lines are 1 to k. A segment of the next solution takes over the line of the one it is
// matched with, so that the matched pairs have the most rows in common (Assign); each that is left begins a new line,
// numbered on. Where the next solution has fewer segments, lines end.
func Lines(k int, tables []Table) [][]int {
	lines := [][]int{make([]int, k)}
	last := 0
	for i := range lines[0] {
		last++
		lines[0][i] = last
	}
	for s, t := range tables {
		next := make([]int, t.B)
		for i, j := range t.match() {
			if j >= 0 {
				next[j] = lines[s][i]
			}
		}
		for j := range next {
			if next[j] == 0 {
				last++
				next[j] = last
			}
		}
		lines = append(lines, next)
	}
	return lines
}

// match returns the cluster of B for each cluster of A, none twice and with the most rows in common; -1 for those that are
// left where A has more clusters.
func (t Table) match() []int {
	a, b := t.A, t.B
	at := func(i, j int) float64 { return float64(t.Count[i*t.B+j]) }
	if a > b {
		a, b = b, a
		at = func(i, j int) float64 { return float64(t.Count[j*t.B+i]) }
	}
	profit := make([][]float64, a)
	for i := range profit {
		profit[i] = make([]float64, b)
		for j := range profit[i] {
			profit[i][j] = at(i, j)
		}
	}
	assigned := Assign(profit)
	if t.A <= t.B {
		return assigned
	}
	match := make([]int, t.A)
	for i := range match {
		match[i] = -1
	}
	for j, i := range assigned {
		match[i] = j
	}
	return match
}
