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

// place is where a customer's states are.
type place struct{ shard, slot int }

// column returns an empty column of the table for the feature.
func (f *featurePlan) column(name string) *table.Column {
	return &table.Column{Name: name, Kind: f.kind, Unit: f.unit, Formula: f.formula, Type: f.typ,
		LabelDE: f.col.LabelDE, LabelEN: f.col.LabelEN, ProfileOnly: f.col.ProfileOnly}
}

// finish reads the states into the table and judges what came out.
func (f *folder) finish(ctx context.Context) (*Result, error) {
	keys, rows, err := f.customers()
	if err != nil {
		return nil, err
	}
	if err := f.freeze(ctx); err != nil {
		return nil, err
	}
	t := &table.Table{Keys: keys}
	columns := make([][]*table.Column, len(f.features)) // by feature
	taken := map[string]bool{}
	for _, fp := range f.features {
		taken[fp.col.Name] = true
	}
	for i, fp := range f.features {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		switch {
		case fp.by != nil:
			columns[i], err = f.expandLevels(fp, rows, taken)
		case fp.read != nil:
			c := fp.column(fp.col.Name)
			columns[i], err = []*table.Column{c}, f.fill(fp, c, rows)
		}
		if err != nil {
			return nil, err
		}
		t.Columns = append(t.Columns, columns[i]...)
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
	if r.Quality, err = f.judge(t, rows); err != nil {
		return nil, err
	}
	return r, nil
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

// customers returns all keys, ascending, and where their states are.
func (f *folder) customers() ([]string, []place, error) {
	var keys []string
	where := map[string]place{}
	for i, sh := range f.shards {
		keys = append(keys, sh.keys...)
		for slot, key := range sh.keys {
			where[key] = place{i, slot}
		}
	}
	if len(keys) == 0 {
		c := &f.counts[f.entityIndex]
		return nil, nil, &problem.Problem{ID: "SEG-SEG-002",
			What: fmt.Sprintf("no customer is left of source %q", f.entity.cfg.Name), Place: f.entity.place,
			Why: fmt.Sprintf("of %d rows %d have no key, %d are filtered, %d have no time, %d lie in the future",
				c.RowsRead, c.RowsWithoutKey, c.RowsFiltered, c.RowsWithoutTime, c.RowsFuture),
			Fix: "Check `where`, `key`, `time` and `as_of`."}
	}
	slices.Sort(keys)
	rows := make([]place, len(keys))
	for i, key := range keys {
		rows[i] = where[key]
	}
	return keys, rows, nil
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

func (f *folder) freeze(ctx context.Context) error {
	return f.parallel(ctx, len(f.shards), func(i int) error {
		sh := f.shards[i]
		for _, states := range sh.states {
			for _, st := range states {
				st.grow(len(sh.keys))
				st.freeze()
			}
		}
		return nil
	})
}

// fill reads one feature of all customers.
func (f *folder) fill(fp *featurePlan, c *table.Column, rows []place) error {
	if c.Kind == table.Category {
		c.Strings = make([]string, len(rows))
	} else {
		c.Numbers = make([]float64, len(rows))
	}
	for i, at := range rows {
		v := fp.read(f.shards[at.shard], at.slot)
		switch {
		case v.over:
			return tooLarge(fp)
		case c.Kind != table.Category:
			c.Numbers[i] = number(v)
		case v.missing:
			setMissing(c, i)
		default:
			c.Strings[i] = v.str
		}
	}
	return nil
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
func (f *folder) judge(t *table.Table, rows []place) (*quality.Report, error) {
	r := &quality.Report{Schema: quality.SchemaName, FormatVersion: quality.FormatVersion, Sources: []quality.Source{},
		Coverage: []quality.Coverage{}}
	for i, s := range f.sources {
		r.Sources = append(r.Sources, f.judgeSource(i, s))
	}
	r.Entity.Customers = int64(t.Rows())
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
			r.Entity.Orders = new(f.orderSet.len())
		}
	}
	var complete []bool
	r.Features, complete = quality.Features(t)
	for _, is := range complete {
		if is {
			r.Entity.Complete++
		}
	}
	if f.region != nil {
		r.Coverage = f.coverage(rows, complete)
	}
	r.Findings = quality.Findings(r, f.cfg.AsOf)
	return r, nil
}

func (f *folder) judgeSource(i int, s *sourcePlan) quality.Source {
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
	return q
}

// coverage counts customers by the column that says where they belong.
func (f *folder) coverage(rows []place, complete []bool) []quality.Coverage {
	level := make([]string, len(rows))
	active := make([]bool, len(rows))
	for i, at := range rows {
		sh := f.shards[at.shard]
		p := sh.states[f.entityIndex][f.region.spec].(*pickState)
		if p.has[at.slot] && !p.null[at.slot] {
			level[i] = p.v.str[at.slot]
		}
		active[i] = sh.active[at.slot]
	}
	return quality.Cover(f.region.name, level, active, complete)
}
