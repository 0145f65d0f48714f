package features

import (
	"fmt"
	"slices"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"segovia/engine/quality"
	"segovia/kernels/problem"
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

// heldBatchRows are the rows of a batch, dealt to the shards. Some batches are held back, so that a shard is visited with
// many rows at once: what it keeps of its customers has left the cache when its turn comes again.
type heldBatchRows struct {
	dealing
	heldBatch
	err           error // ends the folding of the batch
	runs          []keyRun
	states        []batch // by state of the source
	times, amount *vec
	orders        []quality.Hash
	hasOrder      []bool
}

// What all workers together hold back, and what each may at least; under a memory budget it is less. With 128 MiB a worker
// visits a shard with 4,000 rows, a few of each customer (BenchmarkFold: 5 % less processor time than with 32 MiB).
const (
	heldBytes      = 256 << 20
	leastHeldBytes = 32 << 20
)

func (f *folder) heldLimit() int64 {
	limit := max(leastHeldBytes, int64(heldBytes/f.threads))
	if f.cfg.MemoryMax <= 0 {
		return limit
	}
	return min(limit, f.cfg.MemoryMax/int64(16*f.threads))
}

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
	w.findRuns(keys, n)
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
	w.bytes += h.values(h.states, times, amount, orders, h)
	if slices.ContainsFunc(h.states, func(b batch) bool { return b.arg != nil && b.arg.typ == typeText }) {
		rec.Retain() // texts share its memory
	} else {
		h.rec = nil
	}
	w.nHeld++
	return nil
}

// flush folds what is held, shard by shard. fail is told the errors.
func (w *worker) flush(fail func(b heldBatch, err error)) {
	if w.nHeld == 0 {
		return
	}
	held := w.held[:w.nHeld]
	w.orders = w.orders[:0]
	for k := range w.shards {
		// Each worker begins elsewhere, so that they seldom wait for each other.
		w.visit(held, (k+w.id*shardCount/w.threads)%shardCount)
	}
	w.orderSet.add(w.orders, &w.order)
	for _, h := range held {
		if h.err != nil {
			fail(h.heldBatch, h.err)
		}
	}
	if err := w.makeRoom(); err != nil {
		fail(held[len(held)-1].heldBatch, err)
	}
	w.drop()
}

// drop forgets what is held.
func (w *worker) drop() {
	for _, h := range w.held[:w.nHeld] {
		if h.rec != nil {
			h.rec.Release()
		}
		h.heldBatch = heldBatch{}
		clear(h.runs) // their texts are large together
	}
	w.nHeld, w.bytes = 0, 0
}

// visit folds the rows of one shard.
func (w *worker) visit(held []*heldBatchRows, part int) {
	if !slices.ContainsFunc(held, func(h *heldBatchRows) bool { return h.any(part) }) {
		return
	}
	sh := w.shards[part]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	for _, h := range held {
		if h.err == nil && h.any(part) {
			h.err = w.fill(h, sh, part)
		}
	}
	if !w.measuring.Load() {
		sh.account()
	}
}

func evalAt(s *sourcePlan, expr int, in *input) (*vec, error) {
	if expr < 0 {
		return nil, nil
	}
	return s.exprs[expr].eval(in)
}

// findRuns finds the runs of rows with the same key, and says of each row in which it is.
func (w *worker) findRuns(keys *vec, n int) {
	w.runs, w.runOf = w.runs[:0], sized(w.runOf, n)
	for i := range n {
		text := keyText(keys, i)
		if i == 0 || text != w.runs[len(w.runs)-1].text {
			w.runs = append(w.runs, keyRun{text, hashKey(text), keyHead(text)})
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

// keyText returns the canonical key of row i; "" when it has none.
func keyText(keys *vec, i int) string {
	if keys.isNull(i) {
		return ""
	}
	if keys.typ == typeText {
		return keys.str[i&keys.mask]
	}
	return string(keys.appendText(nil, i&keys.mask))
}

// hashedValues are the hashes of an expression's values, as vec.hash returns them.
type hashedValues struct {
	valid  bool
	hashes []quality.Hash
	has    []bool
}

// hash returns the hashes of an expression's values for the rows of a batch; nil where expr is none.
func (w *worker) hash(s *sourcePlan, expr int, in *input, n int) (*hashedValues, error) {
	v, err := evalAt(s, expr, in)
	if v == nil || err != nil {
		return nil, err
	}
	h := &w.hashed[expr]
	if h.valid {
		return h, nil
	}
	h.valid, h.hashes, h.has = true, sized(h.hashes, n), sized(h.has, n)
	for i := range n {
		if i > 0 && v.sameAsBefore(i) {
			h.hashes[i], h.has[i] = h.hashes[i-1], h.has[i-1]
			continue
		}
		h.hashes[i], w.buf, h.has[i] = v.hash(w.buf, i)
	}
	return h, nil
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

// keysOf computes the key of each row that a state files its rows under; has is nil where every row has one.
func (w *worker) keysOf(s *sourcePlan, spec *stateSpec, times *vec, in *input, n int, texts *levelTexts) (keys []uint64, has []bool, err error) {
	keys = make([]uint64, n)
	if spec.by >= 0 {
		h, err := w.hash(s, spec.by, in, n)
		if err != nil {
			return nil, nil, err
		}
		if spec.part == keyHash {
			for i := range n {
				keys[i] = h.hashes[i].Lo
			}
			if slices.Contains(h.has[:n], false) {
				has = h.has
			}
			return keys, has, nil
		}
		return keys, nil, w.levelKeys(keys, h, s.exprs[spec.by], in, texts)
	}
	for i := range n {
		if times.isNull(i) {
			continue
		}
		t := times.tim[i&times.mask]
		switch spec.part {
		case keyDay:
			keys[i] = dayKey(t)
		case keyMonth:
			keys[i] = uint64(time.UnixMicro(t).UTC().Month())
		case keyQuarter:
			keys[i] = uint64(time.UnixMicro(t).UTC().Month()+2) / 3
		case keyHalf:
			keys[i] = 1
			if t >= spec.mid {
				keys[i] = 2
			}
		}
	}
	return keys, nil, nil
}

// levelKeys fills the keys of levels, 0 for rows without one, and remembers the levels' texts.
func (w *worker) levelKeys(keys []uint64, h *hashedValues, by *node, in *input, texts *levelTexts) error {
	var met [256]uint64 // levels that are remembered, by their low bits
	for i := range keys {
		if !h.has[i] {
			continue
		}
		key := max(h.hashes[i].Lo, 1)
		keys[i] = key
		if met[key%uint64(len(met))] == key {
			continue
		}
		met[key%uint64(len(met))] = key
		if texts.knows(key) {
			continue
		}
		v, err := by.eval(in)
		if err != nil {
			return err
		}
		w.buf = v.appendText(w.buf[:0], i&v.mask)
		if !texts.put(key, w.buf) {
			return &problem.Problem{ID: "SEG-FEA-003",
				What: fmt.Sprintf("a column used as a category has more than %d levels", maxLevels),
				Why:  "it looks like an identifier",
				Fix:  "Use another column for `by` or `mode`, or merge levels with an expression."}
		}
	}
	return nil
}

// fill folds the rows of one batch in one shard, whose lock the caller holds.
func (w *worker) fill(h *heldBatchRows, sh *shard, part int) error {
	source := h.file.source
	s, c := w.sources[source], &w.counts[source]
	entity := source == w.entityIndex
	rows, again, only := h.places(part)
	if w.measuring.Load() {
		if entity {
			for at := rows[0]; at < only[1]; at++ {
				w.customers.put(customerHash(h.runs[h.run[at]].text))
			}
		}
		return nil
	}
	w.resolve(h, sh, only, entity)
	w.resolve(h, sh, again, entity)
	if err := w.add(h, sh, true); err != nil {
		return err
	}
	w.resolve(h, sh, rows, entity)
	c.RowsUnknownCustomer += int64(int(rows[1]-rows[0]) - len(w.known))
	if !s.entity {
		for _, slot := range w.slots {
			sh.active[slot] = true
		}
	}
	if o := sh.once[source]; o != nil {
		file := w.ranks[source][h.file.file]
		for i, slot := range w.slots {
			o.add(slot, rowAt{file, h.firstRow + int64(h.row[w.known[i]])})
		}
	}
	if err := c.use(w.known, h.times, h.amount); err != nil {
		return err
	}
	for _, at := range w.known {
		if h.orders == nil {
			break
		}
		if last := len(w.orders) - 1; h.hasOrder[at] && (last < 0 || w.orders[last] != h.orders[at]) {
			w.orders = append(w.orders, h.orders[at])
		}
	}
	return w.add(h, sh, false)
}

// resolve finds the customers of the rows at some places: in w.known the places of those who exist, in w.slots the
// customers.
func (w *worker) resolve(h *heldBatchRows, sh *shard, places [2]int32, add bool) {
	w.known, w.slots = w.known[:0], w.slots[:0]
	slot, last := int32(-1), int32(-1)
	for at := places[0]; at < places[1]; at++ {
		if run := h.run[at]; run != last {
			slot, last = sh.slot(&h.runs[run], add), run
		}
		if slot >= 0 {
			w.known, w.slots = append(w.known, at), append(w.slots, slot)
		}
	}
}

// add folds the known rows into the states; with places, only into those that ask for a row's place.
func (w *worker) add(h *heldBatchRows, sh *shard, places bool) error {
	if len(w.known) == 0 {
		return nil
	}
	sh.toStates(w.slots)
	for i, st := range sh.states[h.file.source] {
		kind := h.states[i].spec.kind
		if places && kind != keepFirstRow && kind != keepLastRow {
			continue
		}
		st.grow(sh.count())
		if err := st.add(&h.states[i], w.slots, w.known); err != nil {
			return err
		}
	}
	return nil
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
