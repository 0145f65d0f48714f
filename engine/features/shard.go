package features

import (
	"slices"
	"strings"
	"sync"
)

// shardCount is the number of shards that customers are spread over by the hash of their key.
const shardCount = 256

// shard holds the customers of one part of the key space and all their states. The customers stay in memory, the states
// may be spilled: then those in memory know only the customers whose rows came since.
type shard struct {
	fold   *folder
	number int
	mu     sync.Mutex
	index  keyIndex
	keys   []string
	active []bool // has a used row of a source that is not the entity table

	states [][]state  // by source and spec
	once   []*onceRow // by source; nil where several rows per customer are normal

	parents parents // of the entity table, until accounts are resolved

	local   []int32 // by customer: its number in the states, -1 = none; nil while that is the customer's own
	members []int32 // by number in the states: the customer
	spilled []int   // record batches of the spill file with parts of the shard's states
	frozen  bool
	row     []int32 // by customer: row of the table

	keyBytes  int64
	held      int64 // bytes that are accounted for
	spillable int64 // those of them that are states
}

// bytesPerCustomer is what a customer takes in a shard besides key, index and states: the key's header, active, local, row.
const bytesPerCustomer = 16 + 1 + 4 + 4

// residentBytes is the memory of n customers that cannot be spilled.
func (f *folder) residentBytes(n, keyBytes int64) int64 {
	return keyBytes + n*(indexBytes+bytesPerCustomer+18*f.onceSources)
}

// account adds what the shard's memory has grown by to the fold's.
func (sh *shard) account() {
	sh.spillable = 4 * int64(len(sh.members))
	for _, states := range sh.states {
		for _, st := range states {
			sh.spillable += st.bytes()
		}
	}
	held := sh.spillable + sh.fold.residentBytes(int64(len(sh.keys)), sh.keyBytes) + sh.parents.held()
	sh.fold.held.Add(held - sh.held)
	sh.held = held
}

func newShard(f *folder, number int) *shard {
	sh := &shard{fold: f, number: number, states: make([][]state, len(f.sources)),
		once: make([]*onceRow, len(f.sources))}
	for i, s := range f.sources {
		for j := range s.specs {
			sh.states[i] = append(sh.states[i], newState(&s.specs[j]))
		}
		if s.oneRow {
			sh.once[i] = &onceRow{}
		}
	}
	return sh
}

// slot returns the customer of that key, adding it where add is set; -1 when there is none.
func (sh *shard) slot(run *keyRun, add bool) int32 {
	key, hash := run.text, run.hash
	i := sh.index.find(sh.keys, key, run.head, hash)
	if i >= 0 || !add {
		return i
	}
	i = int32(len(sh.keys))
	key = strings.Clone(key) // the batch's memory goes away
	sh.keys = append(sh.keys, key)
	sh.active = append(sh.active, false)
	sh.index.add(sh.keys, hash)
	sh.keyBytes += int64(len(key))
	return i
}

// toStates replaces customers by their numbers in the states.
func (sh *shard) toStates(slots []int32) {
	if sh.local == nil {
		return
	}
	for len(sh.local) < len(sh.keys) {
		sh.local = append(sh.local, -1)
	}
	for i, slot := range slots {
		if sh.local[slot] < 0 {
			sh.local[slot] = int32(len(sh.members))
			sh.members = append(sh.members, slot)
		}
		slots[i] = sh.local[slot]
	}
}

// count returns the number of customers that the states know.
func (sh *shard) count() int {
	if sh.local == nil {
		return len(sh.keys)
	}
	return len(sh.members)
}

// customer returns the customer behind a number in the states.
func (sh *shard) customer(i int) int32 {
	if sh.local == nil {
		return int32(i)
	}
	return sh.members[i]
}

// empty makes the states forget everything and lets them know the given customers.
func (sh *shard) empty(members []int32) {
	for _, states := range sh.states {
		for _, st := range states {
			st.reset()
			st.grow(len(members))
		}
	}
	sh.local = extend(sh.local, len(sh.keys))
	for i := range sh.local {
		sh.local[i] = -1
	}
	for i, slot := range members {
		sh.local[slot] = int32(i)
	}
	sh.members = members
	sh.frozen = false
}

// freeze ends the adding to the states.
func (sh *shard) freeze() {
	if sh.frozen {
		return
	}
	sh.frozen = true
	for _, states := range sh.states {
		for _, st := range states {
			st.grow(sh.count())
			st.freeze()
		}
	}
}

// rowAt is the place of a row: the rank of its file by name, and its number there.
type rowAt struct{ file, row int64 }

func (a rowAt) less(b rowAt) bool { return a.file < b.file || a.file == b.file && a.row < b.row }

// firstRows keeps how many rows there were and the places of the first ten.
type firstRows struct {
	n     int64
	first []rowAt
}

const keptRows = 10

func (f *firstRows) add(at rowAt) {
	f.n++
	f.keep(at)
}

func (f *firstRows) keep(at rowAt) {
	i, _ := slices.BinarySearchFunc(f.first, at, func(a, b rowAt) int {
		switch {
		case a.less(b):
			return -1
		case b.less(a):
			return 1
		}
		return 0
	})
	if i < keptRows {
		f.first = slices.Insert(f.first, i, at)
		f.first = f.first[:min(len(f.first), keptRows)]
	}
}

func (f *firstRows) merge(o firstRows) {
	f.n += o.n
	for _, at := range o.first {
		f.keep(at)
	}
}

// onceRow watches a source that must have one row per customer. Every row of a customer but the first by place is a
// repeat, in whatever order they come.
type onceRow struct {
	seen    []bool
	first   []rowAt
	twice   []bool
	keys    int64 // customers with more than one row
	repeats firstRows
}

func (o *onceRow) add(slot int32, at rowAt) {
	n := int(slot) + 1
	o.seen, o.first, o.twice = extend(o.seen, n), extend(o.first, n), extend(o.twice, n)
	if !o.seen[slot] {
		o.seen[slot], o.first[slot] = true, at
		return
	}
	if !o.twice[slot] {
		o.twice[slot] = true
		o.keys++
	}
	if at.less(o.first[slot]) {
		at, o.first[slot] = o.first[slot], at
	}
	o.repeats.add(at)
}
