package features

// keyedSumState keeps a sum per customer and key.
type keyedSumState struct {
	customers int
	pairs     pairSet
	values    []i128 // by number of the pair
}

func (s *keyedSumState) grow(n int)   { s.customers = max(s.customers, n) }
func (s *keyedSumState) bytes() int64 { return s.pairs.bytes() + 16*int64(cap(s.values)) }

func (s *keyedSumState) freeze() { s.values = permuted(s.values, s.pairs.freeze(s.customers)) }

func (s *keyedSumState) put(slot int32, key uint64, v i128) error {
	n, isNew := s.pairs.at(slot, key)
	if isNew {
		s.values = append(s.values, v)
		return nil
	}
	var ok bool
	if s.values[n], ok = s.values[n].add(v); !ok {
		return &rangeError{}
	}
	return nil
}

func (s *keyedSumState) add(b *batch, slots, rows []int32) error {
	one := i128{lo: 1}
	for i, row := range rows {
		if b.skips(row) {
			continue
		}
		v := one
		if b.arg != nil {
			v = b.arg.dec[int(row)&b.arg.mask]
		}
		if err := s.put(slots[i], b.keys[row], v); err != nil {
			return err
		}
	}
	return nil
}

func (s *keyedSumState) reset() { *s = keyedSumState{} }

func (s *keyedSumState) save(e *encoder, slot int) {
	keys, values := s.of(slot)
	for i, key := range keys {
		e.fixed(key)
		e.number(values[i])
	}
}

func (s *keyedSumState) load(d *decoder, slot int32) error {
	for d.more() {
		key := d.fixed()
		if err := s.put(slot, key, d.number()); err != nil {
			return err
		}
	}
	return nil
}

// of returns the keys of a customer, ascending, and their sums.
func (s *keyedSumState) of(slot int) ([]uint64, []i128) {
	return s.pairs.of(slot), s.values[s.pairs.begin[slot]:s.pairs.begin[slot+1]]
}

// keyedMinState keeps the earliest time per customer and key.
type keyedMinState struct {
	customers int
	pairs     pairSet
	values    []int64 // by number of the pair
}

func (s *keyedMinState) grow(n int)   { s.customers = max(s.customers, n) }
func (s *keyedMinState) bytes() int64 { return s.pairs.bytes() + 8*int64(cap(s.values)) }

func (s *keyedMinState) freeze() { s.values = permuted(s.values, s.pairs.freeze(s.customers)) }

func (s *keyedMinState) put(slot int32, key uint64, t int64) {
	n, isNew := s.pairs.at(slot, key)
	if isNew {
		s.values = append(s.values, t)
	} else if t < s.values[n] {
		s.values[n] = t
	}
}

func (s *keyedMinState) add(b *batch, slots, rows []int32) error {
	for i, row := range rows {
		if !b.skips(row) {
			s.put(slots[i], b.keys[row], b.time.tim[int(row)&b.time.mask])
		}
	}
	return nil
}

func (s *keyedMinState) reset() { *s = keyedMinState{} }

func (s *keyedMinState) save(e *encoder, slot int) {
	for i := s.pairs.begin[slot]; i < s.pairs.begin[slot+1]; i++ {
		e.fixed(s.pairs.keys[i])
		e.varint(s.values[i])
	}
}

func (s *keyedMinState) load(d *decoder, slot int32) error {
	for d.more() {
		key := d.fixed()
		s.put(slot, key, d.varint())
	}
	return nil
}

// of returns the earliest times of a customer's keys.
func (s *keyedMinState) of(slot int) []int64 {
	return s.values[s.pairs.begin[slot]:s.pairs.begin[slot+1]]
}
