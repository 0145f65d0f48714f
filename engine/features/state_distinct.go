package features

import "slices"

// distinctState keeps a set of keys per customer. Pairs of a customer and a key are only written down; equal ones are found
// when the list has become long, and at the end: a table of all pairs would miss the cache at every row.
type distinctState struct {
	customers int
	slots     []int32
	keys      []uint64
	limit     int     // length at which equal pairs are looked for
	begin     []int32 // after freeze, by customer: where its keys begin
}

// leastDistinct is the length from which a list is made free of repetitions.
const leastDistinct = 1 << 10

func (s *distinctState) grow(n int)   { s.customers = max(s.customers, n) }
func (s *distinctState) bytes() int64 { return 4*int64(cap(s.slots)) + 8*int64(cap(s.keys)) }

func (s *distinctState) add(b *batch, slots, rows []int32) error {
	last, lastKey := int32(-1), uint64(0)
	for i, row := range rows {
		if b.skips(row) {
			continue
		}
		// The lines of an order mostly stand together.
		if slot, key := slots[i], b.keys[row]; slot != last || key != lastKey {
			last, lastKey = slot, key
			s.put(slot, key)
		}
	}
	return nil
}

func (s *distinctState) put(slot int32, key uint64) {
	if n := len(s.keys); n == cap(s.keys) || n == cap(s.slots) {
		s.makeRoom()
	}
	s.slots, s.keys = append(s.slots, slot), append(s.keys, key)
}

// makeRoom makes room for another pair: by forgetting repetitions, or else by growing.
func (s *distinctState) makeRoom() {
	n := len(s.keys)
	if n >= max(s.limit, leastDistinct) {
		s.compact()
		// Where a quarter were repetitions, there will be more.
		s.limit = 2 * len(s.keys)
		if 4*len(s.keys) > 3*n {
			s.limit *= 2
		}
	}
	if len(s.keys) > n/2 || n == 0 {
		size := max(16, 2*n)
		s.slots = append(make([]int32, 0, size), s.slots...)
		s.keys = append(make([]uint64, 0, size), s.keys...)
	}
}

// compact sorts the pairs by customer and key and leaves one of equal ones. It returns where the keys of each customer begin.
func (s *distinctState) compact() (begin []int32) {
	begin = make([]int32, s.customers+1)
	for _, slot := range s.slots {
		begin[slot+1]++
	}
	for i := range s.customers {
		begin[i+1] += begin[i]
	}
	next, dealt := slices.Clone(begin), make([]uint64, len(s.keys))
	for n, slot := range s.slots {
		dealt[next[slot]] = s.keys[n]
		next[slot]++
	}
	s.slots, s.keys = s.slots[:0], s.keys[:0]
	from := int32(0)
	for slot := range s.customers {
		keys := dealt[from:begin[slot+1]]
		from = begin[slot+1]
		begin[slot] = int32(len(s.keys))
		sortKeys(keys)
		for i, key := range keys {
			if i == 0 || key != keys[i-1] {
				s.slots, s.keys = append(s.slots, int32(slot)), append(s.keys, key)
			}
		}
	}
	begin[s.customers] = int32(len(s.keys))
	return begin
}

// sortKeys sorts a customer's keys, which are few as a rule.
func sortKeys(keys []uint64) {
	if len(keys) > 24 {
		slices.Sort(keys)
		return
	}
	for j := 1; j < len(keys); j++ {
		key, k := keys[j], j
		for ; k > 0 && keys[k-1] > key; k-- {
			keys[k] = keys[k-1]
		}
		keys[k] = key
	}
}

func (s *distinctState) freeze() {
	s.begin = s.compact()
	s.slots = nil
}

func (s *distinctState) reset() { *s = distinctState{} }

func (s *distinctState) save(e *encoder, slot int) {
	for _, key := range s.of(slot) {
		e.fixed(key)
	}
}

func (s *distinctState) load(d *decoder, slot int32) error {
	for d.more() {
		s.put(slot, d.fixed())
	}
	return nil
}

// of returns the keys of a customer, ascending, after freeze.
func (s *distinctState) of(slot int) []uint64 { return s.keys[s.begin[slot]:s.begin[slot+1]] }
