package features

import "strings"

// pickState keeps one row's value per customer: that of the earliest or latest time, or of the first or last row.
type pickState struct {
	kind stateKind
	at   []pickAt
	v    vec // values by customer, of arg's type

	textBytes int64 // of v.str
}

// pickAt is where the kept value stood.
type pickAt struct {
	at        int64 // time, or rank of the file and row as file << 40 + row
	has, null bool
}

const pickBytes = 16

func (s *pickState) grow(n int) {
	s.at = extend(s.at, n)
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
	return pickBytes*int64(cap(s.at)) + int64(cap(s.v.bit)) + 16*int64(cap(s.v.str)+cap(s.v.dec)) + 8*int64(cap(s.v.tim)) + s.textBytes
}

// beats reports whether element j of w at time or place at replaces what the slot holds.
func (s *pickState) beats(slot int32, at int64, w *vec, j int, null bool) bool {
	kept := &s.at[slot]
	if !kept.has {
		return true
	}
	switch s.kind {
	case keepFirstRow:
		return at < kept.at
	case keepLastRow:
		return at > kept.at
	}
	if null || kept.null {
		return false // missing values are not offered by time
	}
	later := at > kept.at
	if at == kept.at {
		o := order(w, &s.v, j, int(slot))
		return s.kind == keepEarliest && o < 0 || s.kind == keepLatest && o > 0
	}
	return later == (s.kind == keepLatest)
}

func (s *pickState) take(slot int32, at int64, w *vec, j int, null bool) {
	if !s.beats(slot, at, w, j, null) {
		return
	}
	s.at[slot] = pickAt{at, true, null}
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
		if b.skips(row) {
			continue
		}
		at := int64(0)
		if byRow {
			at = b.file<<40 + b.row + int64(b.rowOf(row))
		} else {
			at = b.time.tim[int(row)&b.time.mask]
			kept := &s.at[slots[i]]
			if kept.has && at != kept.at && (at < kept.at) == (s.kind == keepLatest) {
				continue
			}
			if (at != kept.at || !kept.has) && s.v.typ == typeNumber && b.arg.null == nil {
				*kept = pickAt{at, true, false}
				s.v.dec[slots[i]] = b.arg.dec[int(row)&b.arg.mask]
				continue
			}
		}
		s.take(slots[i], at, b.arg, int(row)&b.arg.mask, b.arg.isNull(int(row)))
	}
	return nil
}

// setType makes room for values of the type, once it is known.
func (s *pickState) setType(typ valueType, scale int) {
	if s.v.typ == typeNull {
		s.v.typ, s.v.scale, s.v.mask = typ, scale, -1
		s.growValues(len(s.at))
	}
}

func (s *pickState) reset() { *s = pickState{kind: s.kind} }

func (s *pickState) save(e *encoder, slot int) {
	if !s.at[slot].has {
		return
	}
	e.byte(byte(s.v.typ))
	e.byte(byte(s.v.scale))
	e.fixed(uint64(s.at[slot].at))
	e.bool(s.at[slot].null)
	if s.at[slot].null {
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
