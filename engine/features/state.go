package features

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
)

// stateKind says what a state keeps per customer.
type stateKind uint8

const (
	keepCount    stateKind = iota // number of rows (where arg is not missing)
	keepSum                       // sum of arg
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
	file   int64 // rank of the file by name
	row    int64 // number of the batch's first row in its file
}

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
	case keepMin, keepMax:
		return &extremeState{max: spec.kind == keepMax}
	case keepDistinct:
		return &distinctState{seen: map[pair]struct{}{}}
	case keepKeyedSum:
		return &keyedSumState{sums: map[pair]i128{}}
	case keepKeyedMin:
		return &keyedMinState{times: map[pair]int64{}}
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
		if b.takes(row) {
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
		if !b.takes(row) {
			continue
		}
		var ok bool
		if s.sum[slots[i]], ok = s.sum[slots[i]].add(b.arg.dec[int(row)&b.arg.mask]); !ok {
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
	has []bool
	v   []i128
}

func (s *extremeState) grow(n int)   { s.has, s.v = extend(s.has, n), extend(s.v, n) }
func (s *extremeState) freeze()      {}
func (s *extremeState) bytes() int64 { return 17 * int64(cap(s.v)) }

func (s *extremeState) take(slot int32, v i128) {
	if !s.has[slot] || s.max && v.cmp(s.v[slot]) > 0 || !s.max && v.cmp(s.v[slot]) < 0 {
		s.has[slot], s.v[slot] = true, v
	}
}

func (s *extremeState) add(b *batch, slots, rows []int32) error {
	for i, row := range rows {
		if !b.takes(row) {
			continue
		}
		if j := int(row) & b.arg.mask; b.arg.typ == typeTime {
			s.take(slots[i], i128Of(b.arg.tim[j]))
		} else {
			s.take(slots[i], b.arg.dec[j])
		}
	}
	return nil
}

func (s *extremeState) reset() { s.has, s.v = nil, nil }

func (s *extremeState) save(e *encoder, slot int) {
	if s.has[slot] {
		e.number(s.v[slot])
	}
}

func (s *extremeState) load(d *decoder, slot int32) error {
	s.take(slot, d.number())
	return nil
}

// mapBytes estimates the memory of a map with n entries of some size: Go's maps are half to seven eighths full.
func mapBytes(n, entry int) int64 { return int64(n) * int64(entry) * 3 / 2 }

// pair is a customer of the shard and a key.
type pair struct {
	slot int32
	key  uint64
}

func comparePairs(a, b pair) int {
	if c := cmp.Compare(a.slot, b.slot); c != 0 {
		return c
	}
	return cmp.Compare(a.key, b.key)
}

// sortedPairs returns the keys of a frozen map by customer and key, and where each customer's begin.
func sortedPairs[V any](m map[pair]V, customers int) (keys []pair, begin []int32) {
	keys = slices.SortedFunc(maps.Keys(m), comparePairs)
	begin = make([]int32, customers+1)
	for _, k := range keys {
		begin[k.slot+1]++
	}
	for i := range customers {
		begin[i+1] += begin[i]
	}
	return keys, begin
}

// distinctState keeps a set of keys per customer.
type distinctState struct {
	customers int
	seen      map[pair]struct{}
	keys      []pair // after freeze
	begin     []int32
}

func (s *distinctState) grow(n int)   { s.customers = max(s.customers, n) }
func (s *distinctState) bytes() int64 { return mapBytes(len(s.seen), 17) }

func (s *distinctState) freeze() {
	s.keys, s.begin = sortedPairs(s.seen, s.customers)
	s.seen = nil
}

func (s *distinctState) add(b *batch, slots, rows []int32) error {
	for i, row := range rows {
		if b.takes(row) {
			s.seen[pair{slots[i], b.keys[row]}] = struct{}{}
		}
	}
	return nil
}

func (s *distinctState) reset() { *s = distinctState{seen: map[pair]struct{}{}} }

func (s *distinctState) save(e *encoder, slot int) {
	for _, k := range s.of(slot) {
		e.fixed(k.key)
	}
}

func (s *distinctState) load(d *decoder, slot int32) error {
	for d.more() {
		s.seen[pair{slot, d.fixed()}] = struct{}{}
	}
	return nil
}

// of returns the keys of a customer, ascending.
func (s *distinctState) of(slot int) []pair { return s.keys[s.begin[slot]:s.begin[slot+1]] }

// keyedSumState keeps a sum per customer and key.
type keyedSumState struct {
	customers int
	sums      map[pair]i128
	keys      []pair // after freeze
	values    []i128
	begin     []int32
}

func (s *keyedSumState) grow(n int)   { s.customers = max(s.customers, n) }
func (s *keyedSumState) bytes() int64 { return mapBytes(len(s.sums), 33) }

func (s *keyedSumState) freeze() {
	s.keys, s.begin = sortedPairs(s.sums, s.customers)
	s.values = make([]i128, len(s.keys))
	for i, k := range s.keys {
		s.values[i] = s.sums[k]
	}
	s.sums = nil
}

func (s *keyedSumState) put(p pair, v i128) error {
	sum, ok := s.sums[p].add(v)
	if !ok {
		return &rangeError{}
	}
	s.sums[p] = sum
	return nil
}

func (s *keyedSumState) add(b *batch, slots, rows []int32) error {
	one := i128{lo: 1}
	for i, row := range rows {
		if !b.takes(row) {
			continue
		}
		v := one
		if b.arg != nil {
			v = b.arg.dec[int(row)&b.arg.mask]
		}
		if err := s.put(pair{slots[i], b.keys[row]}, v); err != nil {
			return err
		}
	}
	return nil
}

func (s *keyedSumState) reset() { *s = keyedSumState{sums: map[pair]i128{}} }

func (s *keyedSumState) save(e *encoder, slot int) {
	keys, values := s.of(slot)
	for i, k := range keys {
		e.fixed(k.key)
		e.number(values[i])
	}
}

func (s *keyedSumState) load(d *decoder, slot int32) error {
	for d.more() {
		key := d.fixed()
		if err := s.put(pair{slot, key}, d.number()); err != nil {
			return err
		}
	}
	return nil
}

// of returns the keys of a customer, ascending, and their sums.
func (s *keyedSumState) of(slot int) ([]pair, []i128) {
	a, b := s.begin[slot], s.begin[slot+1]
	return s.keys[a:b], s.values[a:b]
}

// keyedMinState keeps the earliest time per customer and key.
type keyedMinState struct {
	customers int
	times     map[pair]int64
	keys      []pair // after freeze
	values    []int64
	begin     []int32
}

func (s *keyedMinState) grow(n int)   { s.customers = max(s.customers, n) }
func (s *keyedMinState) bytes() int64 { return mapBytes(len(s.times), 25) }

func (s *keyedMinState) freeze() {
	s.keys, s.begin = sortedPairs(s.times, s.customers)
	s.values = make([]int64, len(s.keys))
	for i, k := range s.keys {
		s.values[i] = s.times[k]
	}
	s.times = nil
}

func (s *keyedMinState) put(p pair, t int64) {
	if old, ok := s.times[p]; !ok || t < old {
		s.times[p] = t
	}
}

func (s *keyedMinState) add(b *batch, slots, rows []int32) error {
	for i, row := range rows {
		if b.takes(row) {
			s.put(pair{slots[i], b.keys[row]}, b.time.tim[int(row)&b.time.mask])
		}
	}
	return nil
}

func (s *keyedMinState) reset() { *s = keyedMinState{times: map[pair]int64{}} }

func (s *keyedMinState) save(e *encoder, slot int) {
	for i := s.begin[slot]; i < s.begin[slot+1]; i++ {
		e.fixed(s.keys[i].key)
		e.varint(s.values[i])
	}
}

func (s *keyedMinState) load(d *decoder, slot int32) error {
	for d.more() {
		key := d.fixed()
		s.put(pair{slot, key}, d.varint())
	}
	return nil
}

// of returns the earliest times of a customer's keys.
func (s *keyedMinState) of(slot int) []int64 { return s.values[s.begin[slot]:s.begin[slot+1]] }

// pickState keeps one row's value per customer: that of the earliest or latest time, or of the first or last row.
type pickState struct {
	kind stateKind
	has  []bool
	at   []int64 // time, or rank of the file and row as file << 40 + row
	null []bool
	v    vec // values by customer, of arg's type

	textBytes int64 // of v.str
}

func (s *pickState) grow(n int) {
	s.has, s.at, s.null = extend(s.has, n), extend(s.at, n), extend(s.null, n)
	s.growValues(n)
}

func (s *pickState) growValues(n int) {
	switch s.v.typ {
	case typeBool:
		s.v.bit = extend(s.v.bit, n)
	case typeText:
		s.v.str = extend(s.v.str, n)
	case typeTime:
		s.v.tim = extend(s.v.tim, n)
	case typeNumber:
		s.v.dec = extend(s.v.dec, n)
	}
}

func (s *pickState) freeze() {}
func (s *pickState) bytes() int64 {
	return 10*int64(cap(s.at)) + int64(cap(s.v.bit)) + 16*int64(cap(s.v.str)+cap(s.v.dec)) + 8*int64(cap(s.v.tim)) + s.textBytes
}

// beats reports whether element j of w at time or place at replaces what the slot holds.
func (s *pickState) beats(slot int32, at int64, w *vec, j int, null bool) bool {
	if !s.has[slot] {
		return true
	}
	switch s.kind {
	case keepFirstRow:
		return at < s.at[slot]
	case keepLastRow:
		return at > s.at[slot]
	}
	if null || s.null[slot] {
		return false // missing values are not offered by time
	}
	later := at > s.at[slot]
	if at == s.at[slot] {
		o := order(w, &s.v, j, int(slot))
		return s.kind == keepEarliest && o < 0 || s.kind == keepLatest && o > 0
	}
	return later == (s.kind == keepLatest)
}

func (s *pickState) take(slot int32, at int64, w *vec, j int, null bool) {
	if !s.beats(slot, at, w, j, null) {
		return
	}
	s.has[slot], s.at[slot], s.null[slot] = true, at, null
	if null {
		return
	}
	switch s.v.typ {
	case typeBool:
		s.v.bit[slot] = w.bit[j]
	case typeText:
		if s.v.str[slot] != w.str[j] {
			s.textBytes += int64(len(w.str[j]) - len(s.v.str[slot]))
			s.v.str[slot] = strings.Clone(w.str[j])
		}
	case typeTime:
		s.v.tim[slot] = w.tim[j]
	case typeNumber:
		s.v.dec[slot] = w.dec[j]
	}
}

func (s *pickState) add(b *batch, slots, rows []int32) error {
	s.setType(b.arg.typ, b.arg.scale)
	byRow := s.kind == keepFirstRow || s.kind == keepLastRow
	for i, row := range rows {
		if !b.takes(row) {
			continue
		}
		at := b.file<<40 + b.row + int64(row)
		if !byRow {
			at = b.time.tim[int(row)&b.time.mask]
		}
		s.take(slots[i], at, b.arg, int(row)&b.arg.mask, b.arg.isNull(int(row)))
	}
	return nil
}

// setType makes room for values of the type, once it is known.
func (s *pickState) setType(typ valueType, scale int) {
	if s.v.typ == typeNull {
		s.v.typ, s.v.scale, s.v.mask = typ, scale, -1
		s.growValues(len(s.has))
	}
}

func (s *pickState) reset() { *s = pickState{kind: s.kind} }

func (s *pickState) save(e *encoder, slot int) {
	if !s.has[slot] {
		return
	}
	e.byte(byte(s.v.typ))
	e.byte(byte(s.v.scale))
	e.fixed(uint64(s.at[slot]))
	e.bool(s.null[slot])
	if s.null[slot] {
		return
	}
	switch s.v.typ {
	case typeBool:
		e.bool(s.v.bit[slot])
	case typeText:
		e.text(s.v.str[slot])
	case typeTime:
		e.varint(s.v.tim[slot])
	case typeNumber:
		e.number(s.v.dec[slot])
	}
}

func (s *pickState) load(d *decoder, slot int32) error {
	w := vec{typ: valueType(d.byte()), scale: int(d.byte())}
	s.setType(w.typ, w.scale)
	at, null := int64(d.fixed()), d.bool()
	if !null {
		switch w.typ {
		case typeBool:
			w.bit = []bool{d.bool()}
		case typeText:
			w.str = []string{d.text()}
		case typeTime:
			w.tim = []int64{d.varint()}
		case typeNumber:
			w.dec = []i128{d.number()}
		}
	}
	if !d.bad && w.typ == s.v.typ {
		s.take(slot, at, &w, 0, null)
	}
	return nil
}
