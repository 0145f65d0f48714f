package wallet

import (
	"cmp"
	"slices"

	"segovia/engine/internal/exact"
	"segovia/kernels/rng"
)

// pool is the customers that trees are grown on, numbered by spend: rank 0 spends least, equal ones are in key order.
type pool struct {
	rows  []int32   // customer of each rank
	spend []float64 // of each rank, ascending
	score []int32   // what the trees reduce the variance of, by rank
	first []int32   // lowest rank of the same spend
	last  []int32   // highest rank of the same spend
	order []int32   // ranks in key order
}

// draw holds out customers and draws the pool from the others, at most limit of them. Both depend on the number of
// customers and the seed alone, not on values.
func draw(n, limit int, holdout float64, seed uint64) (heldOut []bool, rows []int32) {
	heldOut = make([]bool, n)
	held := rng.New(seed, "wallet holdout", 0, 0).Sample(n, int(float64(n)*holdout+.5))
	for _, i := range held {
		heldOut[i] = true
	}
	rest := n - len(held)
	chosen := rng.New(seed, "wallet pool", 0, 0).Sample(rest, limit)
	at, next := 0, 0
	for i := 0; i < n && next < len(chosen); i++ {
		if heldOut[i] {
			continue
		}
		if chosen[next] == at {
			rows = append(rows, int32(i))
			next++
		}
		at++
	}
	return heldOut, rows
}

// newPool numbers the rows, which are in key order.
func newPool(spend []float64, rows []int32, score scoring) *pool {
	n := len(rows)
	p := &pool{rows: slices.Clone(rows), spend: make([]float64, n), first: make([]int32, n), last: make([]int32, n), order: make([]int32, n)}
	slices.SortFunc(p.rows, func(a, b int32) int {
		return cmp.Or(cmp.Compare(spend[a], spend[b]), cmp.Compare(a, b))
	})
	for rank, i := range p.rows {
		p.spend[rank] = spend[i]
	}
	for from := 0; from < n; {
		to := from
		for to+1 < n && p.spend[to+1] == p.spend[from] {
			to++
		}
		for rank := from; rank <= to; rank++ {
			p.first[rank], p.last[rank] = int32(from), int32(to)
		}
		from = to + 1
	}
	for rank := range p.order {
		p.order[rank] = int32(rank)
	}
	slices.SortFunc(p.order, func(a, b int32) int { return cmp.Compare(p.rows[a], p.rows[b]) })
	p.score = score(p)
	return p
}

// scoring gives the pool the scores whose variance splits reduce: whole numbers within +-scoreSpan, ascending with spend
// and equal for equal spends.
type scoring func(p *pool) []int32

// scoreSpan keeps sums over a pool times a pool below 2^53, so that they are exact as float64 too.
const scoreSpan = 1 << 20

// logScores are log1p of the spend, repayments being 0, from 0 to scoreSpan at the largest.
func logScores(p *pool) []int32 {
	return scale(p, func(rank int) float64 { return exact.Log1p(max(0, p.spend[rank])) })
}

// scale stretches f, which ascends with the rank, over 0 to scoreSpan.
func scale(p *pool, f func(rank int) float64) []int32 {
	n := len(p.rows)
	score := make([]int32, n)
	least := f(0)
	span := f(n-1) - least
	if span <= 0 {
		return score
	}
	for rank := range score {
		score[rank] = int32(float64((f(rank)-least)/span*scoreSpan) + .5)
	}
	return score
}
