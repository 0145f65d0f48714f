package kmeans

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// Values of few digits have exact distances, so that ties are many and true; rational numbers decide.
func TestNearest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, d, k := rapid.IntRange(0, 20).Draw(t, "n"), rapid.IntRange(1, 5).Draw(t, "d"), rapid.IntRange(1, 9).Draw(t, "k")
		draw := func(rows, columns int) [][]float64 {
			x := make([][]float64, rows)
			for i := range x {
				for range columns {
					x[i] = append(x[i], float64(rapid.IntRange(-8, 8).Draw(t, "x"))/4)
				}
			}
			return x
		}
		x, centroids := draw(d, n), draw(k, d)
		labels := Nearest(x, centroids)
		for i := range n {
			var least *big.Rat
			want := 0
			for c := range centroids {
				sum := new(big.Rat)
				for j := range d {
					diff := new(big.Rat).Sub(new(big.Rat).SetFloat64(x[j][i]), new(big.Rat).SetFloat64(centroids[c][j]))
					sum.Add(sum, diff.Mul(diff, diff))
				}
				if least == nil || sum.Cmp(least) < 0 {
					least, want = sum, c
				}
			}
			if len(labels) != n || int(labels[i]) != want {
				t.Fatalf("row %d of %v: label %d, want %d", i, labels, labels[i], want)
			}
		}
	})
}
