package tiers

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"github.com/zeebo/xxh3"

	"segovia/engine/internal/exact"
	"segovia/engine/table"
	"segovia/engine/wallet"
)

// equalise gives customers with the same predictors and the same spend the same wallet, the mean of theirs: they are predicted by
// trees that did not draw them, which are others for each, but equal customers must not differ by chance.
func (e *estimator) equalise(r *wallet.Result, spend []float64, predictors []*table.Column) error {
	n := len(spend)
	type row struct {
		content xxh3.Uint128
		i       int32
	}
	rows := make([]row, n)
	if err := e.each(e.ctx, n, func(i int) { rows[i] = row{contentOf(i, spend, predictors), int32(i)} }); err != nil {
		return err
	}
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.content.Hi, b.content.Hi), cmp.Compare(a.content.Lo, b.content.Lo), cmp.Compare(a.i, b.i))
	})
	for from := 0; from < n; {
		to := from + 1
		for to < n && rows[to].content == rows[from].content {
			to++
		}
		if to > from+1 {
			least := max(0, spend[rows[from].i]) // the mean of equal values may lie a rounding below them
			for v, values := range [][]float64{r.Quantile, r.Wallet, r.Low, r.High} {
				mean := exact.SumFunc(to-from, func(k int) float64 { return values[rows[from+k].i] }) / float64(to-from)
				if v > 0 {
					mean = max(mean, least)
				}
				for _, x := range rows[from:to] {
					values[x.i] = mean
				}
			}
		}
		from = to
	}
	return nil
}

// contentOf is a hash of what the wallet of a customer depends on.
func contentOf(i int, spend []float64, predictors []*table.Column) xxh3.Uint128 {
	b := make([]byte, 0, 8*(len(predictors)+1))
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(spend[i]))
	for _, c := range predictors {
		switch {
		case c.IsMissing(i):
			b = append(b, 0)
		case c.Kind == table.Category:
			b = append(append(binary.AppendUvarint(append(b, 1), uint64(len(c.Strings[i]))), c.Strings[i]...), 0)
		default:
			b = binary.LittleEndian.AppendUint64(append(b, 2), math.Float64bits(c.Numbers[i]))
		}
	}
	return xxh3.Hash128(b)
}
