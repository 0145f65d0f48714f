package prep

import (
	"context"
	"slices"

	"segovia/engine/internal/par"
)

// Tie is Means, on grids of its own. Since the scatter within accounts is the same for every clustering that keeps members
// together, k-means over these rows is k-means over p's under that condition. Errors are those of Fit's grids, SEG-NUM-003
// and SEG-NUM-002.
func (p *Prepared) Tie(account []int32, threads int) (*Prepared, error) {
	tied := p.Means(account, threads)
	return tied, fitGrids(tied, threads)
}

// Means returns p with the mean of its account in place of each row. account names each row's account by a number below the
// number of rows; rows that no other shares theirs with are as they were. Sums are taken in the order of the rows, so these
// must be in key order.
func (p *Prepared) Means(account []int32, threads int) *Prepared {
	size := make([]float64, len(account))
	for _, a := range account {
		size[a]++
	}
	tied := &Prepared{Names: p.Names, X: make([][]float64, len(p.X)), Grids: p.Grids, Sources: p.Sources, Unknown: p.Unknown}
	_ = par.Each(context.Background(), threads, len(p.X), func(_, j int) error {
		sums := make([]float64, len(account))
		for i, a := range account {
			sums[a] += p.X[j][i]
		}
		x := slices.Clone(p.X[j])
		for i, a := range account {
			if size[a] > 1 {
				x[i] = sums[a] / size[a]
			}
		}
		tied.X[j] = x
		return nil
	})
	return tied
}

// OnGridsOf returns p on the grids of another preparation of the same columns.
func (p *Prepared) OnGridsOf(other *Prepared) *Prepared {
	q := *p
	q.Grids = other.Grids
	return &q
}
