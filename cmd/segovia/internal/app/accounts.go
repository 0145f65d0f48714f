package app

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"segovia/engine"
	"segovia/engine/features"
	"segovia/engine/quality"
	"segovia/io/anyio"
	"segovia/kernels/problem"
)

// ties reports whether the members of an account got one segment when the model was made.
func ties(m *engine.Model) bool {
	return m.Features != nil && m.Features.Entity.Accounts == features.AccountsTie
}

// warnOfTies says that members of accounts are labelled apart, where the model keeps them together.
func (e *env) warnOfTies(m *engine.Model, how string) {
	if ties(m) {
		e.warn(&problem.Problem{ID: "SEG-KEY-003", What: "the accounts are not known: each customer is labelled alone",
			Why: "the model's run kept the members of an account in one segment",
			Fix: "name the column with the id of the parent or of the account " + how})
	}
}

// accountColumn returns the column of a table that tells the accounts: the one asked for, or that of a model that ties
// them, or account_id; "" without one.
func accountColumn(m *engine.Model, t *readyTable, id, asked string) (string, error) {
	switch {
	case asked != "" && t.Column(asked) == nil:
		return "", unknownColumn(t.file, asked, t.Names())
	case asked != "" && id == "":
		return "", usagef("--account needs --id: parents are named by the ids of customers")
	case asked != "" && asked == id:
		return "", usagef("--account %s is the column of the id itself", asked)
	case asked != "" || !ties(m) || id == "":
		return asked, nil
	}
	for _, name := range []string{m.Features.Entity.Account, "account_id"} {
		if name != id && t.Column(name) != nil {
			return name, nil
		}
	}
	return "", nil
}

// heads returns the row of each customer's head by a column of parents, which was read as keys are.
func (t *readyTable) heads(account string) []int32 {
	c := t.Column(account)
	parents := make([]string, t.Rows())
	for i := range parents {
		if !c.IsMissing(i) {
			parents[i] = c.Strings[i]
		}
	}
	head, _ := features.Heads(t.Keys, parents)
	return head
}

// accountIDs returns the id of each customer's head; nil where accounts are not tied.
func accountIDs(keys []string, head []int32) []string {
	if head == nil {
		return nil
	}
	ids := make([]string, len(head))
	for i, h := range head {
		ids[i] = keys[h]
	}
	return ids
}

// memberColumns are the columns of members.parquet: every customer of the entity table with its account, which is a row of
// the other tables, and the account's segment.
func memberColumns(o *engine.Outcome) []outColumn {
	a := o.Features.Accounts
	text := func(name string) outColumn {
		return outColumn{field: arrow.Field{Name: name, Type: arrow.BinaryTypes.String}, texts: make([]string, len(a.Head))}
	}
	id, account, segmentID, segment := text("customer_id"), text("account_id"), text("segment_id"), text("segment")
	number := outColumn{field: arrow.Field{Name: "number", Type: arrow.PrimitiveTypes.Int64}, ints: make([]int64, len(a.Head))}
	id.texts = a.Customers
	for i, row := range a.Head {
		n := o.Labels[row].Number
		account.texts[i], number.ints[i] = o.Features.Table.Keys[row], int64(n)
		segmentID.texts[i], segment.texts[i] = o.Model.Segments[n-1].ID, o.Model.Name(n)
	}
	return []outColumn{id, account, segmentID, segment, number}
}

// countAccounts resolves the accounts of a table of customers.
func countAccounts(ctx context.Context, s *anyio.Source, key, account string) (quality.Accounts, error) {
	parents := map[string]string{}
	k, p := s.Schema().FieldIndices(key), s.Schema().FieldIndices(account)
	for i := range s.Files() {
		err := s.ReadFile(ctx, i, func(rec arrow.Record, _ int64) error {
			keys, isText := rec.Column(k[0]).(*array.String)
			cells, alsoText := rec.Column(p[0]).(*array.String)
			if !isText || !alsoText {
				return &problem.Problem{ID: "SEG-BUG-001", What: fmt.Sprintf("columns %q and %q were not read as keys", key, account),
					Fix: "please report it"}
			}
			for r := range keys.Len() {
				if keys.IsValid(r) {
					parents[keys.Value(r)] = cells.Value(r)
				}
			}
			return nil
		})
		if err != nil {
			return quality.Accounts{}, err
		}
	}
	ids := slices.Sorted(maps.Keys(parents))
	of := make([]string, len(ids))
	for i, id := range ids {
		of[i] = parents[id]
	}
	_, found := features.Heads(ids, of)
	return found, nil
}
