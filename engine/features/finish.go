package features

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"segovia/engine/quality"
	"segovia/engine/table"
	"segovia/kernels/problem"
)

// place is where a customer is.
type place struct {
	shard, slot int32
	head        uint64 // of the key, as keyHead returns it
}

// column returns an empty column of the table for the feature.
func (f *featurePlan) column(name string) *table.Column {
	return &table.Column{Name: name, Kind: f.kind, Unit: f.unit, Formula: f.formula, Type: f.typ,
		LabelDE: f.col.LabelDE, LabelEN: f.col.LabelEN, ProfileOnly: f.col.ProfileOnly}
}

// finish reads the states into the table and judges what came out.
func (f *folder) finish(ctx context.Context) (*Result, error) {
	t := &table.Table{}
	customers, err := f.placeCustomers(t)
	if err != nil {
		return nil, err
	}
	// What is left of spilled shards joins the rest of them, and there must be room to read them again.
	for _, sh := range f.shards {
		if len(sh.spilled) > 0 && len(sh.members) > 0 {
			if err := sh.spill(); err != nil {
				return nil, err
			}
		}
	}
	if f.limit() > 0 && f.held.Load() > f.limit()/2 && f.parts != nil {
		if err := f.shrink(f.limit() / 2); err != nil {
			return nil, err
		}
	}
	if err := f.endSpilling(); err != nil {
		return nil, err
	}
	var region []string
	if f.region != nil {
		region = make([]string, len(t.Keys))
	}
	columns, err := f.readTable(ctx, t, region)
	if err != nil {
		return nil, err
	}
	for _, c := range columns {
		t.Columns = append(t.Columns, c...)
	}
	for _, i := range f.derived {
		c, err := f.compute(f.features[i], t)
		if err != nil {
			return nil, err
		}
		columns[i] = []*table.Column{c}
		t.Columns = append(t.Columns, c)
	}
	t.Columns = slices.Concat(columns...) // in the order of the configuration
	r := &Result{Table: t, AsOf: f.cfg.AsOf.UTC(), RowsUsed: map[string]int64{}}
	for i, s := range f.sources {
		r.RowsUsed[s.cfg.Name] = f.counts[i].RowsUsed
	}
	r.From = f.begin()
	if f.accounts != nil {
		if r.Accounts, err = f.accountsOf(customers, t.Keys); err != nil {
			return nil, err
		}
	}
	if !f.cfg.NoQuality {
		if r.Quality, err = f.judge(ctx, t, region); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// readTable fills the columns of all features that are read from states, by feature, and each customer's region, where
// that is not nil. A shard's states are gone afterwards.
func (f *folder) readTable(ctx context.Context, t *table.Table, region []string) ([][]*table.Column, error) {
	columns := make([][]*table.Column, len(f.features))
	levels, err := f.chooseLevels(ctx)
	if err != nil {
		return nil, err
	}
	taken := map[string]bool{}
	for _, fp := range f.features {
		taken[fp.col.Name] = true
	}
	for i, fp := range f.features {
		switch {
		case fp.by != nil:
			columns[i] = f.levelColumns(fp, levels[i], taken, t.Rows())
		case fp.read != nil:
			c := fp.column(fp.col.Name)
			if c.Kind == table.Category {
				c.Strings, c.Missing = make([]string, t.Rows()), make([]bool, t.Rows())
			} else {
				c.Numbers = make([]float64, t.Rows())
			}
			columns[i] = []*table.Column{c}
		}
	}
	active := make([]bool, len(region))
	over := make([]int, len(f.shards)) // by shard: 1 + the first feature that leaves the range
	err = f.eachShard(ctx, nil, func(sh *shard) error {
		for i, fp := range f.features {
			ok := true
			switch {
			case fp.by != nil:
				ok = fp.by.fill(sh, levels[i], columns[i])
			case fp.read != nil:
				ok = fp.fill(sh, columns[i][0])
			}
			if !ok && (over[sh.number] == 0 || i < over[sh.number]-1) {
				over[sh.number] = i + 1
			}
		}
		if region != nil {
			p := sh.states[f.entityIndex][f.region.spec].(*pickState)
			for i := range sh.count() {
				row := sh.row[sh.customer(i)]
				if row < 0 {
					continue
				}
				if p.at[i].has && !p.at[i].null {
					region[row] = p.v.str[i]
				}
				active[row] = sh.active[sh.customer(i)]
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	first := 0
	for _, i := range over {
		if i > 0 && (first == 0 || i < first) {
			first = i
		}
	}
	if first > 0 {
		return nil, tooLarge(f.features[first-1])
	}
	for _, c := range slices.Concat(columns...) {
		if !slices.Contains(c.Missing, true) {
			c.Missing = nil
		}
	}
	f.active = active
	return columns, nil
}

// eachShard calls yield with the states of all customers, several shards at once and, after spilling, a part of a shard at
// a time; keep says which states are wanted, nil all and for the last time.
func (f *folder) eachShard(ctx context.Context, keep func(source, spec int) bool, yield func(sh *shard) error) error {
	room := max(0, f.limit()-f.held.Load()) / int64(f.threads)
	return f.parallel(ctx, len(f.shards), func(i int) error {
		sh := f.shards[i]
		err := sh.slices(keep, room, func() error { return yield(sh) })
		if keep == nil {
			sh.states = nil
		}
		return err
	})
}

// fill reads the feature of the customers in the shard's states; false when a number leaves the range.
func (f *featurePlan) fill(sh *shard, c *table.Column) bool {
	for i := range sh.count() {
		row := sh.row[sh.customer(i)]
		if row < 0 {
			continue
		}
		v := f.read(sh, i)
		switch {
		case v.over:
			return false
		case c.Kind != table.Category:
			c.Numbers[row] = number(v)
		case v.missing:
			c.Missing[row] = true
		default:
			c.Strings[row] = v.str
		}
	}
	return true
}

// begin returns the begin of the window, or of the records.
func (f *folder) begin() time.Time {
	if from := f.from(0); from != noLimit {
		return time.UnixMicro(from).UTC()
	}
	var first *int64
	for i := range f.counts {
		if c := &f.counts[i]; c.timed && (first == nil || c.first < *first) {
			first = &c.first
		}
	}
	if first == nil {
		return time.Time{}
	}
	return time.UnixMicro(*first).UTC()
}

// placeCustomers returns all keys, ascending, gives the table those that have a row, and tells the shards the row of each of
// their customers: -1 for a member of an account that is a row.
func (f *folder) placeCustomers(t *table.Table) ([]string, error) {
	var places []place
	for i, sh := range f.shards {
		sh.row = make([]int32, len(sh.keys))
		for slot, key := range sh.keys {
			places = append(places, place{int32(i), int32(slot), keyHead(key)})
		}
	}
	if len(places) == 0 {
		c := &f.counts[f.entityIndex]
		return nil, &problem.Problem{ID: "SEG-SEG-002",
			What: fmt.Sprintf("no customer is left of source %q", f.entity.cfg.Name), Place: f.entity.place,
			Why: fmt.Sprintf("of %d rows %d have no key, %d are filtered, %d have no time, %d lie in the future",
				c.RowsRead, c.RowsWithoutKey, c.RowsFiltered, c.RowsWithoutTime, c.RowsFuture),
			Fix: "Check `where`, `key`, `time` and `as_of`."}
	}
	key := func(p place) string { return f.shards[p.shard].keys[p.slot] }
	slices.SortFunc(places, func(a, b place) int {
		if a.head != b.head {
			return cmp.Compare(a.head, b.head)
		}
		return strings.Compare(key(a), key(b))
	})
	keys := make([]string, len(places))
	for i, p := range places {
		keys[i] = key(p)
		f.shards[p.shard].row[p.slot] = int32(i)
	}
	t.Keys = keys
	if f.accounts == nil || !f.sums() {
		return keys, nil
	}
	t.Keys = nil
	for i, p := range places {
		row := &f.shards[p.shard].row[p.slot]
		if _, member := f.accounts.headOf(keys[i]); member {
			*row = -1
			continue
		}
		*row = int32(len(t.Keys))
		t.Keys = append(t.Keys, keys[i])
	}
	return keys, nil
}

// parallel runs n jobs on the fold's workers and returns the error of the first job that failed.
func (f *folder) parallel(ctx context.Context, n int, job func(i int) error) error {
	errs := make([]error, n)
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(f.threads, n) {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				errs[i] = job(i)
			}
		})
	}
	group.Wait()
	return cmp.Or(ctx.Err(), cmp.Or(errs...))
}

func number(v value) float64 {
	if v.missing {
		return math.NaN()
	}
	return v.num
}

// setMissing marks row i of a category as missing.
func setMissing(c *table.Column, i int) {
	if c.Missing == nil {
		c.Missing = make([]bool, len(c.Strings))
	}
	c.Missing[i] = true
}

// judge writes the quality report.
//
// region is each customer's region, nil where none is known.
func (f *folder) judge(ctx context.Context, t *table.Table, region []string) (*quality.Report, error) {
	r := &quality.Report{Schema: quality.SchemaName, FormatVersion: quality.FormatVersion, Sources: []quality.Source{},
		Coverage: []quality.Coverage{}}
	for i, s := range f.sources {
		q, err := f.judgeSource(ctx, i, s)
		if err != nil {
			return nil, err
		}
		r.Sources = append(r.Sources, q)
	}
	r.Entity.Customers = int64(t.Rows())
	if f.accounts != nil {
		r.Entity.Accounts = &f.accounts.found
	}
	if f.money != nil {
		c := &f.counts[slices.Index(f.sources, f.money)]
		if c.amountOver {
			return nil, &problem.Problem{ID: "SEG-NUM-002",
				What:  fmt.Sprintf("the total amount of source %q leaves the 128 bits in which it is kept exactly", f.money.cfg.Name),
				Place: f.money.place + ".amount",
				Fix:   "Leave out the rows with huge values with `where`, or repair them."}
		}
		if f.money.amount >= 0 {
			r.Entity.Amount = new(c.amount.text(f.money.exprs[f.money.amount].scale))
		}
		if f.orders >= 0 {
			n, err := f.countSet(ctx, &f.orderSet)
			if err != nil {
				return nil, err
			}
			r.Entity.Orders = &n
		}
	}
	var complete []bool
	r.Features, complete = quality.Features(t, f.threads)
	for _, is := range complete {
		if is {
			r.Entity.Complete++
		}
	}
	if f.region != nil {
		r.Coverage = quality.Cover(f.region.name, region, f.active, complete)
	}
	r.Findings = quality.Findings(r, f.cfg.AsOf)
	return r, nil
}

func (f *folder) judgeSource(ctx context.Context, i int, s *sourcePlan) (quality.Source, error) {
	judge := f.judges[i][0]
	for _, other := range f.judges[i][1:] {
		judge.Merge(other)
	}
	c := &f.counts[i]
	q := c.Source
	q.Name, q.Files = s.cfg.Name, len(f.readers[i].Files())
	q.Columns = judge.Columns()
	for j := range q.Columns {
		q.Columns[j].Used = s.used[q.Columns[j].Name]
	}
	distinct, err := f.countSet(ctx, &f.duplicates[i].rowSet)
	if err != nil {
		return q, err
	}
	q.RowsDuplicate = q.RowsRead - distinct
	q.Rejects = []quality.Reject{}
	for code, n := range f.readers[i].Rejected() {
		q.Rejects = append(q.Rejects, quality.Reject{Code: code, Count: n})
		q.RowsRejected += n
	}
	slices.SortFunc(q.Rejects, func(a, b quality.Reject) int { return strings.Compare(a.Code, b.Code) })
	q.RowsRead += q.RowsRejected
	if c.timed {
		q.RowsUsedFirst, q.RowsUsedLast = new(quality.TimeText(c.first)), new(quality.TimeText(c.last))
	}
	q.Used = s == f.entity || slices.ContainsFunc(f.features, func(fp *featurePlan) bool { return fp.src == s })
	return q, nil
}

// countSet returns the number of different hashes in a set.
func (f *folder) countSet(ctx context.Context, s *rowSet) (int64, error) {
	var n atomic.Int64
	room := max(0, f.limit()-f.held.Load()) / int64(f.threads)
	err := f.parallel(ctx, setParts, func(part int) error {
		k, _, err := s.count(part, f.sets, room)
		n.Add(k)
		return err
	})
	return n.Load(), err
}
