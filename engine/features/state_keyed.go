package features

import (
	"cmp"
	"maps"
	"slices"
)

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
