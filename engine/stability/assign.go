package stability

import "math"

// Assign returns a column for each row, none twice, with the largest total profit. Rows have the same length, at least as
// many columns as there are rows. Where profits are integers, sums stay below 2^53, and several choices have that total,
// it is the first of them: row 0 takes the lowest column that it can have, then row 1, and so on; of other profits ties
// may be broken in another, deterministic way.
//
// It is the Hungarian algorithm (Kuhn 1955) in the form of shortest augmenting paths, O(columns^3).
func Assign(profit [][]float64) []int {
	if len(profit) == 0 {
		return nil
	}
	a := newAssignment(profit)
	for i := range a.n {
		a.augment(i)
	}
	for i := range profit {
		a.settle(i)
	}
	return a.at[:len(profit)]
}

// assignment is a matching of n rows and n columns, where rows beyond those of profit have profit 0 everywhere. Prices keep
// profit[i][j] <= row[i] + column[j], with equality, called tight, for every pair that is matched. So a complete matching
// is a best one, and the best ones are those of tight pairs.
type assignment struct {
	profit      [][]float64
	n           int
	row, column []float64 // prices
	at, owner   []int     // column of each row, row of each column; -1 = none yet
}

func newAssignment(profit [][]float64) *assignment {
	n := len(profit[0])
	if len(profit) > n {
		panic("BUG: stability: more rows than columns to assign")
	}
	a := &assignment{profit, n, make([]float64, n), make([]float64, n), make([]int, n), make([]int, n)}
	for i := range n {
		a.at[i], a.owner[i] = -1, -1
		a.row[i] = a.gain(i, 0)
		for j := range n {
			a.row[i] = max(a.row[i], a.gain(i, j))
		}
	}
	return a
}

func (a *assignment) gain(i, j int) float64 {
	if i < len(a.profit) {
		return a.profit[i][j]
	}
	return 0
}

// slack is how far the pair is from tight.
func (a *assignment) slack(i, j int) float64 { return a.row[i] + a.column[j] - a.gain(i, j) }

// augment matches row i too, by the path of least slack over rows that are matched already.
func (a *assignment) augment(i int) {
	least, from, done := make([]float64, a.n), make([]int, a.n), make([]bool, a.n)
	for j := range least {
		least[j] = math.Inf(1)
	}
	var path []int // columns that were reached, in order
	end := -1
	for r := i; end < 0; {
		next := -1
		for j := range a.n {
			if done[j] {
				continue
			}
			if s := a.slack(r, j); s < least[j] {
				least[j], from[j] = s, r
			}
			if next < 0 || least[j] < least[next] {
				next = j
			}
		}
		by := least[next]
		a.row[i] -= by
		for _, j := range path {
			a.column[j] += by
			a.row[a.owner[j]] -= by
		}
		for j := range least {
			least[j] -= by
		}
		done[next] = true
		if a.owner[next] < 0 {
			end = next
		} else {
			path = append(path, next)
			r = a.owner[next]
		}
	}
	for j := end; ; {
		r := from[j]
		a.owner[j] = r
		j, a.at[r] = a.at[r], j
		if r == i {
			return
		}
	}
}

// settle gives row i the lowest column that it can have in a best matching with the rows before it as they are: over tight
// pairs, rows behind it move on until one takes the column that i leaves.
func (a *assignment) settle(i int) {
	leaves := a.at[i]
	to := make([]int, a.n) // where a row moves; -1 = it cannot
	for r := range to {
		to[r] = -1
	}
	for queue := []int{leaves}; len(queue) > 0; queue = queue[1:] {
		for r := i + 1; r < a.n; r++ {
			if to[r] < 0 && a.at[r] != queue[0] && a.slack(r, queue[0]) == 0 {
				to[r] = queue[0]
				queue = append(queue, a.at[r])
			}
		}
	}
	for j := range leaves {
		r := a.owner[j]
		if a.slack(i, j) != 0 || to[r] < 0 {
			continue
		}
		a.at[i], a.owner[j] = j, i
		for j != leaves {
			j = to[r]
			a.at[r], a.owner[j], r = j, r, a.owner[j]
		}
		return
	}
}
