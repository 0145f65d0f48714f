package features

import "math"

// stateKind says what a state keeps per customer.
type stateKind uint8

const (
	keepCount    stateKind = iota // number of rows (where arg is not missing)
	keepSum                       // sum of arg
	keepSquares                   // sum of the squares of arg
	keepMin                       // smallest arg
	keepMax                       // largest arg
	keepDistinct                  // set of keys
	keepKeyedSum                  // sum of arg (1 without one) per key
	keepKeyedMin                  // earliest time per key
	keepEarliest                  // arg at the earliest time, ties to the smallest
	keepLatest                    // arg at the latest time, ties to the largest
	keepFirstRow                  // arg of the first row in file and row order, missing or not
	keepLastRow                   // arg of the last row
)

// keyPart says what of a row is the key of keepDistinct, keepKeyedSum and keepKeyedMin.
type keyPart uint8

const (
	keyNone    keyPart = iota
	keyHash            // hash of by's canonical text; rows without it have no key
	keyLevel           // the same, with the text kept by name; rows without it have key 0
	keyDay             // day of the time
	keyMonth           // calendar month, 1 to 12
	keyQuarter         // calendar quarter, 1 to 4
	keyHalf            // 1 before mid, 2 from mid on
)

// stateSpec describes one state of one source. Features that need the same state share it: it is comparable. Expressions
// are given by their index among the source's, -1 = none.
type stateSpec struct {
	kind  stateKind
	part  keyPart
	arg   int
	by    int
	time  int
	where int
	from  int64 // rows before it are left out
	mid   int64 // keyHalf
}

const noLimit = math.MinInt64

// batch is what a state sees of one record batch: the values of its expressions.
type batch struct {
	spec   *stateSpec
	arg    *vec
	time   *vec
	where  *vec
	keys   []uint64 // per row, when spec.part is set
	hasKey []bool
	all    bool    // every row that is used counts: what takes asks is known to be so
	file   int64   // rank of the file by name
	row    int64   // number of the batch's first row in its file
	rows   []int32 // the row of the batch that each element belongs to; nil = they are in order
}

// rowOf returns the row of the batch that element i belongs to.
func (b *batch) rowOf(i int32) int32 {
	if b.rows == nil {
		return i
	}
	return b.rows[i]
}

// skips reports whether the row does not count for the state.
func (b *batch) skips(row int32) bool { return !b.all && !b.takes(row) }

// takes reports whether the row counts for the state.
func (b *batch) takes(row int32) bool {
	i := int(row)
	if b.where != nil && !b.where.isTrue(i) {
		return false
	}
	if b.time != nil && (b.time.isNull(i) || b.time.tim[i&b.time.mask] < b.spec.from) {
		return false
	}
	if b.hasKey != nil && !b.hasKey[i] {
		return false
	}
	switch b.spec.kind {
	case keepFirstRow, keepLastRow, keepDistinct, keepKeyedMin:
		return true
	}
	return b.arg == nil || !b.arg.isNull(i)
}

// state accumulates one thing for the customers of one shard. Adding rows in any order and grouping gives the same, also
// where groups of rows are added apart, saved, and loaded together.
type state interface {
	// grow makes room for n customers.
	grow(n int)
	// add folds rows[i] of the batch into customer slots[i].
	add(b *batch, slots, rows []int32) error
	// freeze ends the adding and prepares for reading and for save.
	freeze()
	// save writes what is kept of a customer, nothing where that is what a customer without rows has; after freeze.
	save(e *encoder, slot int)
	// load folds what was saved of a customer in.
	load(d *decoder, slot int32) error
	// reset forgets all customers and gives the memory back.
	reset()
	// bytes estimates the memory it holds before freeze.
	bytes() int64
}

func newState(spec *stateSpec) state {
	switch spec.kind {
	case keepCount:
		return &countState{}
	case keepSum:
		return &sumState{}
	case keepSquares:
		return &squareState{}
	case keepMin, keepMax:
		return &extremeState{max: spec.kind == keepMax}
	case keepDistinct:
		return &distinctState{}
	case keepKeyedSum:
		return &keyedSumState{}
	case keepKeyedMin:
		return &keyedMinState{}
	}
	return &pickState{kind: spec.kind}
}

func extend[T any](s []T, n int) []T {
	if n <= len(s) {
		return s
	}
	return append(s, make([]T, n-len(s))...)
}

type countState struct{ n []int64 }

func (s *countState) grow(n int)   { s.n = extend(s.n, n) }
func (s *countState) freeze()      {}
func (s *countState) bytes() int64 { return 8 * int64(cap(s.n)) }

func (s *countState) add(b *batch, slots, rows []int32) error {
	for i, row := range rows {
		if !b.skips(row) {
			s.n[slots[i]]++
		}
	}
	return nil
}

func (s *countState) reset() { s.n = nil }

func (s *countState) save(e *encoder, slot int) {
	if s.n[slot] != 0 {
		e.varint(s.n[slot])
	}
}

func (s *countState) load(d *decoder, slot int32) error {
	s.n[slot] += d.varint()
	return nil
}

type sumState struct{ sum []i128 }

func (s *sumState) grow(n int)   { s.sum = extend(s.sum, n) }
func (s *sumState) freeze()      {}
func (s *sumState) bytes() int64 { return 16 * int64(cap(s.sum)) }

func (s *sumState) add(b *batch, slots, rows []int32) error {
	for i, row := range rows {
		if b.skips(row) {
			continue
		}
		sum, v := &s.sum[slots[i]], &b.arg.dec[int(row)&b.arg.mask]
		if v.hi == int64(v.lo)>>63 && sum.hi == int64(sum.lo)>>63 { // as good as always: no overflow
			*sum = addShort(int64(sum.lo), int64(v.lo))
			continue
		}
		var ok bool
		if *sum, ok = sum.add(*v); !ok {
			return &rangeError{}
		}
	}
	return nil
}

func (s *sumState) reset() { s.sum = nil }

func (s *sumState) save(e *encoder, slot int) {
	if s.sum[slot].sign() != 0 {
		e.number(s.sum[slot])
	}
}

func (s *sumState) load(d *decoder, slot int32) error {
	var ok bool
	if s.sum[slot], ok = s.sum[slot].add(d.number()); !ok {
		return &rangeError{}
	}
	return nil
}

// extremeState keeps the smallest or largest number or time; times in microseconds.
type extremeState struct {
	max bool
	of  []extreme
}

type extreme struct {
	v   i128
	has bool
}

const extremeBytes = 24

func (s *extremeState) grow(n int)   { s.of = extend(s.of, n) }
func (s *extremeState) freeze()      {}
func (s *extremeState) bytes() int64 { return extremeBytes * int64(cap(s.of)) }

func (s *extremeState) take(slot int32, v i128) {
	e := &s.of[slot]
	if !e.has || s.max && v.cmp(e.v) > 0 || !s.max && v.cmp(e.v) < 0 {
		e.has, e.v = true, v
	}
}

func (s *extremeState) add(b *batch, slots, rows []int32) error {
	if b.arg.typ == typeTime {
		for i, row := range rows {
			if b.skips(row) {
				continue
			}
			// What is kept of times has 64 bits.
			e, t := &s.of[slots[i]], b.arg.tim[int(row)&b.arg.mask]
			if kept := int64(e.v.lo); !e.has || s.max && t > kept || !s.max && t < kept {
				e.has, e.v = true, i128Of(t)
			}
		}
		return nil
	}
	for i, row := range rows {
		if !b.skips(row) {
			s.take(slots[i], b.arg.dec[int(row)&b.arg.mask])
		}
	}
	return nil
}

func (s *extremeState) reset() { s.of = nil }

func (s *extremeState) save(e *encoder, slot int) {
	if s.of[slot].has {
		e.number(s.of[slot].v)
	}
}

func (s *extremeState) load(d *decoder, slot int32) error {
	s.take(slot, d.number())
	return nil
}
