package features

import (
	"slices"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"segovia/engine/quality"
)

// worker folds one file after the other into the shards, which all workers share.
type worker struct {
	*folder
	id      int
	counts  []counts
	hashes  []quality.Hash
	orders  []quality.Hash
	order   partOrder
	held    []*heldBatchRows // dealt, and not folded yet; behind nHeld is memory to be used again
	nHeld   int
	bytes   int64 // of held
	removed []bool
	buf     []byte
	columns [][]vec        // by source and column: memory for the values of a batch
	hashed  []hashedValues // of a batch, by expression
	runs    []keyRun       // of a batch: rows that follow each other with the same key
	runOf   []int32        // by row
	parts   []runPart      // by run
	uses    []use          // by row
	slots   []int32
	known   []int32 // places
}

// keyRun is a run of rows of one customer.
type keyRun struct {
	text       string // "" = without key
	hash, head uint64 // hashKey and keyHead of it
}

// runPart is the shard of a run, with noKey where it has none. It stands apart because rows ask for it in any order.
type runPart uint16

const noKey runPart = shardCount

func (p runPart) shard() int32 { return int32(p % shardCount) }

func newWorker(f *folder, id int) *worker {
	w := &worker{folder: f, id: id, counts: make([]counts, len(f.sources))}
	for _, s := range f.sources {
		w.columns = append(w.columns, make([]vec, len(s.columns)))
	}
	return w
}

// batch judges a record batch and holds its rows, dealt, until flush folds them.
func (w *worker) batch(b heldBatch) error {
	file, rec, firstRow := b.file, b.rec, b.firstRow
	source := file.source
	s, c := w.sources[source], &w.counts[source]
	n := int(rec.NumRows())
	if n == 0 {
		return nil
	}
	c.RowsRead += int64(n)
	looks := !w.cfg.NoQuality || w.duplicates[source].mode != "none"
	if looks {
		w.hashes = w.judges[source][w.id%len(w.judges[source])].Add(w.hashes, rec)
	}
	w.removed = sized(w.removed, n)
	clear(w.removed)
	w.hashed = extend(w.hashed, len(s.exprs))
	for i := range w.hashed {
		w.hashed[i].valid = false
	}
	w.fileSizes[source][file.file].Add(int64(n))
	switch {
	case !looks:
	case w.measuring.Load():
		w.duplicates[source].rowSet.add(w.hashes, &w.order)
	default:
		c.RowsDuplicateRemoved += w.duplicates[source].add(w.hashes, &w.order, file, w.removed)
	}

	in := s.input(rec, w.columns[source])
	keys, err := s.exprs[s.key].eval(in)
	if err != nil {
		return err
	}
	var where, times *vec
	if s.where >= 0 {
		if where, err = s.exprs[s.where].eval(in); err != nil {
			return err
		}
	}
	if s.time >= 0 {
		if times, err = s.exprs[s.time].eval(in); err != nil {
			return err
		}
	}
	rank := w.ranks[source][file.file]
	if w.nHeld == len(w.held) {
		w.held = append(w.held, &heldBatchRows{})
	}
	h := w.held[w.nHeld]
	h.heldBatch, h.err = b, nil
	var leads *accounts // of whose members the rows count for the head
	if w.sums() && !s.oneRow {
		leads = w.accounts
	}
	w.findRuns(keys, n, leads)
	h.runs = w.dealRuns(h.runs)
	w.uses = sized(w.uses, n)
	for i := range n {
		if run := w.runOf[i]; w.plain(s, i, w.parts[run], where, times) {
			w.uses[i] = useRow
		} else {
			w.uses[i] = w.take(s, c, i, h.runs[run].text, where, times, rowAt{rank, firstRow + int64(i)})
		}
	}
	h.deal(w.uses, w.parts, w.runOf)
	h.states = h.states[:0]
	if !w.measuring.Load() {
		if h.states, err = w.batches(h.states, source, in, n); err != nil {
			return err
		}
	}
	for i := range h.states {
		h.states[i].file, h.states[i].row = rank, firstRow
	}
	var amount *vec
	var orders *hashedValues
	if s == w.money && !w.cfg.NoQuality {
		if amount, err = evalAt(s, s.amount, in); err != nil {
			return err
		}
		if orders, err = w.hash(s, w.folder.orders, in, n); err != nil {
			return err
		}
	}
	var account *vec
	if s == w.entity {
		if account, err = evalAt(s, w.account, in); err != nil {
			return err
		}
	}
	w.bytes += h.values(h.states, times, amount, account, orders, h)
	if account != nil || slices.ContainsFunc(h.states, func(b batch) bool { return b.arg != nil && b.arg.typ == typeText }) {
		rec.Retain() // texts share its memory
	} else {
		h.rec = nil
	}
	w.nHeld++
	return nil
}

// findRuns finds the runs of rows with the same key, and says of each row in which it is. With leads, a run is that of the
// account's head.
func (w *worker) findRuns(keys *vec, n int, leads *accounts) {
	w.runs, w.runOf = w.runs[:0], sized(w.runOf, n)
	last := ""
	for i := range n {
		text := keyText(keys, i)
		if i == 0 || text != last {
			last = text
			run := keyRun{text, hashKey(text), keyHead(text)}
			if leads != nil {
				run = leads.lead(run)
			}
			w.runs = append(w.runs, run)
		}
		w.runOf[i] = int32(len(w.runs) - 1)
	}
}

// dealRuns returns the runs in the order of their shards, and says so in w.runOf and w.parts. Their texts are
// copied from the record's; the memory of dst is used again.
func (w *worker) dealRuns(dst []keyRun) []keyRun {
	var next [shardCount + 1]int32
	w.buf = w.buf[:0]
	for i := range w.runs {
		next[shardOf(w.runs[i].hash)+1]++
		w.buf = append(w.buf, w.runs[i].text...)
	}
	texts := string(w.buf)
	for i := range shardCount {
		next[i+1] += next[i]
	}
	dst, w.slots, w.parts = sized(dst, len(w.runs)), sized(w.slots, len(w.runs)), sized(w.parts, len(w.runs))
	for i, run := range w.runs {
		part := shardOf(run.hash)
		run.text, texts = texts[:len(run.text)], texts[len(run.text):]
		to := next[part]
		next[part]++
		dst[to], w.slots[i], w.parts[to] = run, to, runPart(part)
		if run.text == "" {
			w.parts[to] |= noKey
		}
	}
	for i, run := range w.runOf {
		w.runOf[i] = w.slots[run]
	}
	clear(w.runs) // their texts are the record's
	return dst
}

// placeholders are dates that systems write where they know none.
var placeholders = []int64{
	time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro(), time.Date(1753, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro(),
	time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).UnixMicro(), time.Date(1899, 12, 31, 0, 0, 0, 0, time.UTC).UnixMicro(),
	time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro(), time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro(),
	time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC).UnixMicro(),
}

// No placeholder lies between these.
var afterPlaceholders, beforePlaceholders = int64(0), placeholders[len(placeholders)-1]

// use says what a row is good for.
type use uint8

const (
	useNot   use = iota
	useRow       // it is folded
	usePlace     // a removed duplicate in a source with one row per customer: its place counts for on_duplicate
	useKey       // outside the window, but it says that its customer exists
)

// plain reports whether row i is one of the most: it has a key and a time in the window, and nothing speaks against it.
func (w *worker) plain(s *sourcePlan, i int, run runPart, where, times *vec) bool {
	if run >= noKey || w.removed[i] || where != nil && !where.isTrue(i) {
		return false
	}
	if times == nil {
		return true
	}
	t := times.tim[i&times.mask]
	return !times.isNull(i) && t >= s.from && t < w.asOf && t > afterPlaceholders && t < beforePlaceholders
}

// take counts row i where it belongs and says what it is good for.
func (w *worker) take(s *sourcePlan, c *counts, i int, key string, where, times *vec, at rowAt) use {
	timed := times != nil && !times.isNull(i)
	var t int64
	if timed {
		t = times.tim[i&times.mask]
		if slices.Contains(placeholders, t) {
			c.RowsPlaceholderTime++
		}
	}
	if key == "" {
		c.RowsWithoutKey++
		c.missingKeys.add(at)
		if w.removed[i] {
			c.RowsDuplicateWithoutKey++
		}
		return useNot
	}
	if w.removed[i] {
		if s.oneRow && (where == nil || where.isTrue(i)) {
			return usePlace
		}
		return useNot
	}
	switch {
	case where != nil && !where.isTrue(i):
		c.RowsFiltered++
	case times != nil && !timed:
		c.RowsWithoutTime++
	case timed && t >= w.asOf:
		c.RowsFuture++
	case timed && t < s.from:
		c.RowsOutsideWindow++
		if s == w.entity {
			return useKey
		}
	default:
		return useRow
	}
	return useNot
}

// input shows a record batch to the source's expressions; columns is memory for its values.
func (s *sourcePlan) input(rec arrow.Record, columns []vec) *input {
	n := int(rec.NumRows())
	return &input{rows: n, columns: make([]*vec, len(s.columns)), shared: make([]*vec, len(s.exprs)),
		column: func(i int) (*vec, error) {
			name := s.schema.Field(i).Name
			if at := rec.Schema().FieldIndices(name); len(at) > 0 {
				return &columns[i], arrowVec(&columns[i], rec.Column(at[0]), s.columns[i], name)
			}
			a := array.MakeArrayOfNull(memory.DefaultAllocator, s.schema.Field(i).Type, n)
			defer a.Release()
			return &columns[i], arrowVec(&columns[i], a, s.columns[i], name)
		}}
}

// batches evaluates what the states of the source need of the batch; the memory of all is used again.
func (w *worker) batches(all []batch, source int, in *input, n int) ([]batch, error) {
	s := w.sources[source]
	all = sized(all, len(s.specs))
	clear(all)
	type keyed struct {
		part     keyPart
		by, time int
		mid      int64
		texts    *levelTexts
	}
	type keys struct {
		key []uint64
		has []bool
	}
	made := map[keyed]keys{}
	for i := range s.specs {
		spec := &s.specs[i]
		b := &all[i]
		b.spec = spec
		var err error
		if b.arg, err = evalAt(s, spec.arg, in); err != nil {
			return nil, err
		}
		if b.time, err = evalAt(s, spec.time, in); err != nil {
			return nil, err
		}
		if b.where, err = evalAt(s, spec.where, in); err != nil {
			return nil, err
		}
		if spec.part != keyNone {
			k := keyed{spec.part, spec.by, spec.time, spec.mid, w.levels[source][i]}
			m, ok := made[k]
			if !ok {
				if m.key, m.has, err = w.keysOf(s, spec, b.time, in, n, k.texts); err != nil {
					return nil, err
				}
				made[k] = m
			}
			b.keys, b.hasKey = m.key, m.has
		}
		// A row is used only if its time lies in the widest window of the source's features.
		b.all = b.where == nil && b.hasKey == nil && (b.arg == nil || b.arg.null == nil) &&
			(b.time == nil || spec.time == s.time && spec.from <= s.from)
	}
	return all, nil
}

// use counts the used rows, their times and their amount.
func (c *counts) use(rows []int32, times, amount *vec) error {
	c.RowsUsed += int64(len(rows))
	if times != nil {
		for _, row := range rows {
			t := times.tim[int(row)&times.mask]
			if !c.timed || t < c.first {
				c.first = t
			}
			if !c.timed || t > c.last {
				c.last = t
			}
			c.timed = true
		}
	}
	if amount != nil {
		for _, row := range rows {
			if amount.isNull(int(row)) {
				continue
			}
			var ok bool
			if c.amount, ok = c.amount.add(amount.dec[int(row)&amount.mask]); !ok {
				return &rangeError{}
			}
		}
	}
	return nil
}

// report adds what the worker counted to the fold's counts.
func (w *worker) report() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.counts {
		w.folder.counts[i].merge(&w.counts[i])
	}
}

func (c *counts) merge(o *counts) {
	for _, x := range []struct {
		to   *int64
		from int64
	}{{&c.RowsRead, o.RowsRead}, {&c.RowsWithoutKey, o.RowsWithoutKey}, {&c.RowsFiltered, o.RowsFiltered},
		{&c.RowsWithoutTime, o.RowsWithoutTime}, {&c.RowsOutsideWindow, o.RowsOutsideWindow},
		{&c.RowsFuture, o.RowsFuture},
		{&c.RowsUnknownCustomer, o.RowsUnknownCustomer},
		{&c.RowsDuplicateRemoved, o.RowsDuplicateRemoved}, {&c.RowsDuplicateWithoutKey, o.RowsDuplicateWithoutKey},
		{&c.RowsUsed, o.RowsUsed}, {&c.RowsPlaceholderTime, o.RowsPlaceholderTime}} {
		*x.to += x.from
	}
	c.missingKeys.merge(o.missingKeys)
	var ok bool
	if c.amount, ok = c.amount.add(o.amount); !ok {
		c.amountOver = true
	}
	if o.timed {
		if !c.timed || o.first < c.first {
			c.first = o.first
		}
		if !c.timed || o.last > c.last {
			c.last = o.last
		}
		c.timed = true
	}
}
