package engine

import (
	"segovia/engine/features"
	"segovia/engine/prep"
)

// tie puts the accounts' means in the place of their members, where members are to stay together. The model and the
// customers' own rows then use the grids of the means.
func (o *Outcome) tie(threads int) error {
	head := Tied(o.Features.Accounts)
	if head == nil {
		return nil
	}
	tied, err := o.Prepared.Tie(head, threads)
	if err != nil {
		return err
	}
	o.Tied, o.Prepared, o.PrepModel.Grids = tied, o.Prepared.OnGridsOf(tied), tied.Grids
	return nil
}

// clustered are the rows that are clustered: the customers', or those that stand for tied ones.
func (o *Outcome) clustered() *prep.Prepared {
	if o.Tied != nil {
		return o.Tied
	}
	return o.Prepared
}

// accountNumbers numbers accounts from 0 in the order of their heads' rows; nil where none are tied.
func (o *Outcome) accountNumbers() []int32 {
	if o.Tied == nil {
		return nil
	}
	head := o.Features.Accounts.Head
	number, next := make([]int32, len(head)), int32(0)
	for i, h := range head {
		if int(h) == i {
			number[i] = next
			next++
		}
	}
	out := make([]int32, len(head))
	for i, h := range head {
		out[i] = number[h]
	}
	return out
}

// Tied returns the row of each customer's head where members of an account are to stay together, else nil.
func Tied(a *features.Accounts) []int32 {
	if a == nil || a.Mode != features.AccountsTie {
		return nil
	}
	return a.Head
}
