// Package stability compares partitions of the same rows and says how far they agree: contingency tables, adjusted Rand
// index, Jaccard, and the bootstrap figures made of them.
package stability

import (
	"math"
	"math/big"
	"math/bits"

	"segovia/engine/internal/exact"
)

// Table counts the rows by their label in two partitions, a x b, row by row.
type Table struct {
	A, B  int
	Count []int64
}

// Labels are the label types that tables are made from.
type Labels interface{ ~uint8 | ~int }

// Cross returns the contingency table of two labelings with labels below ka and kb. They have the same length.
func Cross[L Labels](a, b []L, ka, kb int) Table {
	t := Table{ka, kb, make([]int64, ka*kb)}
	b = b[:len(a)]
	for i, l := range a {
		t.Count[int(l)*kb+int(b[i])]++
	}
	return t
}

// CrossWhere is Cross over the rows whose weight is positive alone; nil = all rows.
func CrossWhere[L Labels](a, b []L, ka, kb int, weights []uint16) Table {
	if weights == nil {
		return Cross(a, b, ka, kb)
	}
	t := Table{ka, kb, make([]int64, ka*kb)}
	for i, w := range weights {
		t.Count[int(a[i])*kb+int(b[i])] += int64(min(w, 1))
	}
	return t
}

// Sums returns the row sums, the column sums and the total.
func (t Table) Sums() (rows, columns []int64, n int64) {
	rows, columns = make([]int64, t.A), make([]int64, t.B)
	for i := range t.A {
		for j := range t.B {
			c := t.Count[i*t.B+j]
			rows[i] += c
			columns[j] += c
			n += c
		}
	}
	return rows, columns, n
}

// Pairs counts pairs of rows: together in both partitions, in A, in B, and all.
type Pairs struct{ Both, A, B, All *big.Int }

// Pairs returns the exact counts of pairs.
func (t Table) Pairs() Pairs {
	rows, columns, n := t.Sums()
	return Pairs{Both: pairs(t.Count), A: pairs(rows), B: pairs(columns), All: pairs([]int64{n})}
}

// pairs is the sum of c(c-1)/2 in 128 bits.
func pairs(counts []int64) *big.Int {
	var hi, lo uint64
	for _, c := range counts {
		if c < 2 {
			continue
		}
		a, b := uint64(c), uint64(c-1)
		if a%2 == 0 {
			a /= 2
		} else {
			b /= 2
		}
		h, l := bits.Mul64(a, b)
		var carry uint64
		lo, carry = bits.Add64(lo, l, 0)
		hi += h + carry
	}
	v := new(big.Int).Lsh(new(big.Int).SetUint64(hi), 64)
	return v.Or(v, new(big.Int).SetUint64(lo))
}

func ratio(a, b *big.Int) float64 {
	f, _ := new(big.Rat).SetFrac(a, b).Float64()
	return f
}

// ARI is the adjusted Rand index (Hubert and Arabie 1985), computed in exact integers and rounded once. It is 1 where both
// partitions are trivial.
func (t Table) ARI() float64 {
	if v, ok := t.ari128(); ok {
		return v
	}
	p := t.Pairs()
	// (both - ab/all) / ((a+b)/2 - ab/all), times 2 all above and below.
	ab := new(big.Int).Mul(p.A, p.B)
	ab.Lsh(ab, 1)
	above := new(big.Int).Mul(p.Both, p.All)
	above.Lsh(above, 1).Sub(above, ab)
	below := new(big.Int).Add(p.A, p.B)
	below.Mul(below, p.All).Sub(below, ab)
	if below.Sign() == 0 {
		return 1
	}
	return ratio(above, below)
}

// Rand is the share of pairs on which the partitions agree; 1 for fewer than two rows.
func (t Table) Rand() float64 {
	p := t.Pairs()
	if p.All.Sign() == 0 {
		return 1
	}
	agree := new(big.Int).Lsh(p.Both, 1)
	agree.Add(agree, p.All).Sub(agree, p.A).Sub(agree, p.B)
	return ratio(agree, p.All)
}

// Jaccard is the share of pairs together in both among those together in at least one; 1 where there is none.
func (t Table) Jaccard() float64 {
	p := t.Pairs()
	any := new(big.Int).Add(p.A, p.B)
	if any.Sub(any, p.Both).Sign() == 0 {
		return 1
	}
	return ratio(p.Both, any)
}

// FowlkesMallows is the geometric mean of the two shares of pairs together that stay together; 1 where both partitions
// have no such pair, 0 where one has none.
func (t Table) FowlkesMallows() float64 {
	p := t.Pairs()
	if p.A.Sign() == 0 && p.B.Sign() == 0 {
		return 1
	}
	if p.A.Sign() == 0 || p.B.Sign() == 0 {
		return 0
	}
	return math.Sqrt(ratio(p.Both, p.A)) * math.Sqrt(ratio(p.Both, p.B))
}

// VariationOfInformation is the sum of the two conditional entropies, in nats.
func (t Table) VariationOfInformation() float64 {
	rows, columns, n := t.Sums()
	var vi float64
	for i := range t.A {
		for j := range t.B {
			if c := t.Count[i*t.B+j]; c > 0 {
				vi += float64(float64(c) / float64(n) * -(exact.Log(float64(c)/float64(rows[i])) + exact.Log(float64(c)/float64(columns[j]))))
			}
		}
	}
	return vi
}

// SegmentJaccard returns, for each cluster of A, the largest Jaccard index with a cluster of B, and that cluster (-1 where
// the cluster of A is empty).
func (t Table) SegmentJaccard() (jaccard []float64, match []int) {
	rows, columns, _ := t.Sums()
	jaccard, match = make([]float64, t.A), make([]int, t.A)
	for i := range t.A {
		match[i] = -1
		for j := range t.B {
			c := t.Count[i*t.B+j]
			union := rows[i] + columns[j] - c
			if union == 0 {
				continue
			}
			if v := float64(c) / float64(union); v > jaccard[i] || match[i] < 0 && rows[i] > 0 {
				jaccard[i], match[i] = v, j
			}
		}
	}
	return jaccard, match
}

// APN is the average proportion of rows that do not stay together (Datta and Datta 2003, R's clValid): 1 minus the mean
// over rows of the share of the row's cluster in A that is with it in B too. A is the full solution, B that without a
// feature. 0 for no rows.
func (t Table) APN() float64 {
	rows, _, n := t.Sums()
	if n == 0 {
		return 0
	}
	var stay float64
	for i := range t.A {
		for _, c := range t.Count[i*t.B : (i+1)*t.B] {
			if c > 0 {
				stay += float64(float64(c) / float64(rows[i]) * float64(c))
			}
		}
	}
	return max(0, 1-stay/float64(n))
}

// PairsKept is the prediction strength of one half (Tibshirani and Walther 2005, R's fpc::prediction.strength): the
// smallest share, over the clusters of A, of a cluster's pairs of rows that B keeps together. A is the clustering of the
// test half, B the labels that the training half's centroids give the same rows. A cluster of one row or none counts 1.
// Shares are exact integers, divided once.
func (t Table) PairsKept() float64 {
	kept := 1.0
	rows, _, _ := t.Sums()
	for i, n := range rows {
		if n > 1 {
			kept = min(kept, ratio(pairs(t.Count[i*t.B:(i+1)*t.B]), pairs([]int64{n})))
		}
	}
	return kept
}
