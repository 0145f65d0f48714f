package features

import (
	"slices"

	"segovia/engine/quality"
)

// heldBatchRows are the rows of a batch, dealt to the shards. Some batches are held back, so that a shard is visited with
// many rows at once: what it keeps of its customers has left the cache when its turn comes again.
type heldBatchRows struct {
	dealing
	heldBatch
	err           error // ends the folding of the batch
	runs          []keyRun
	states        []batch // by state of the source
	times, amount *vec
	account       *vec // of the entity table: the parents
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

// fill folds the rows of one batch in one shard, whose lock the caller holds.
func (w *worker) fill(h *heldBatchRows, sh *shard, part int) error {
	source := h.file.source
	s, c := w.sources[source], &w.counts[source]
	entity := source == w.entityIndex
	rows, again, only := h.places(part)
	if w.measuring.Load() {
		if entity {
			for at := rows[0]; at < only[1]; at++ {
				parent := ""
				if h.account != nil {
					parent = keyText(h.account, int(at))
				}
				w.customers.put(customerHash(h.runs[h.run[at]].text, parent))
			}
		}
		return nil
	}
	w.resolve(h, sh, only, entity)
	w.resolve(h, sh, again, entity)
	w.keepParents(h, sh)
	if err := w.add(h, sh, true); err != nil {
		return err
	}
	w.resolve(h, sh, rows, entity)
	w.keepParents(h, sh)
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

// keepParents notes the parents of the known rows.
func (w *worker) keepParents(h *heldBatchRows, sh *shard) {
	if h.account == nil {
		return
	}
	file, last := w.ranks[h.file.source][h.file.file], w.entity.cfg.OnDuplicate == "last"
	for i, slot := range w.slots {
		at := w.known[i]
		sh.parents.put(slot, keyText(h.account, int(at)), rowAt{file, h.firstRow + int64(h.row[at])}, last)
	}
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
