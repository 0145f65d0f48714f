package features

import (
	"sync"
	"sync/atomic"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"segovia/engine/quality"
)

// hashTable counts rows by their hash. It is an open-addressing table of 20 bytes a place, filled to three quarters at
// most: for a billion rows a tenth of what a Go map would take would not do.
type hashTable struct {
	keys   []quality.Hash
	counts []uint32 // 0 = free
	n      int
}

const (
	placeBytes = 20
	leastTable = 64
)

// tableBytes is the memory of a table that n different hashes were put in.
func tableBytes(n int64) int64 {
	size := int64(leastTable)
	for 4*(n+1) > 3*size { // at makes room for one more before it looks
		size *= 2
	}
	return size * placeBytes
}

func (t *hashTable) bytes() int64 { return placeBytes * int64(len(t.keys)) }

// at returns the place of the row's count, with room for it.
func (t *hashTable) at(h quality.Hash) *uint32 {
	if 4*(t.n+1) > 3*len(t.keys) {
		t.enlarge()
	}
	i := t.find(h)
	if t.counts[i] == 0 {
		t.keys[i] = h
		t.n++
	}
	return &t.counts[i]
}

func (t *hashTable) find(h quality.Hash) int {
	mask := len(t.keys) - 1
	i := int(h.Lo) & mask
	for t.counts[i] != 0 && t.keys[i] != h {
		i = (i + 1) & mask
	}
	return i
}

func (t *hashTable) enlarge() {
	old := *t
	size := max(leastTable, 2*len(old.keys))
	t.keys, t.counts = make([]quality.Hash, size), make([]uint32, size)
	for j, c := range old.counts {
		if c != 0 {
			i := t.find(old.keys[j])
			t.keys[i], t.counts[i] = old.keys[j], c
		}
	}
}

// setParts is the number of ranges of hashes that a rowSet is kept in.
const setParts = 64

func partOf(h quality.Hash) int { return int(h.Hi >> 58) }

// rowSet counts different hashes, safely for concurrent use. It is kept by ranges of hashes, which can be spilled one by
// one as long as nothing asks whether a hash was there before. Where nobody asks, hashes are only written down, and equal
// ones are found at the end, range by range: a table of them all would miss the cache at every row.
type rowSet struct {
	held  *atomic.Int64 // bytes of the fold, which the set's are part of
	parts [setParts]setPart
}

// setPart is one range of a rowSet. A hash may stand in the table and in the log, once a fold was given up.
type setPart struct {
	mu      sync.Mutex
	rows    hashTable
	log     hashLog
	held    int64
	spilled []int // record batches of the spill file
}

// each calls do with every hash in memory and its number.
func (p *setPart) each(do func(h quality.Hash, number uint32) error) error {
	for i, c := range p.rows.counts {
		if c != 0 {
			if err := do(p.rows.keys[i], c); err != nil {
				return err
			}
		}
	}
	return p.log.each(func(h quality.Hash) error { return do(h, 1) })
}

// hashLog is a list of hashes in which some may stand several times; a long one holds each at most four times on average.
type hashLog struct {
	full  [][]quality.Hash
	last  []quality.Hash // behind those of full
	n     int
	room  int // hashes that there is memory for
	limit int
}

// leastLog is the length from which a log is made free of repetitions; logBlock that of its parts.
const (
	leastLog = 1 << 18
	logBlock = 1 << 13
)

const hashBytes = 16

func (l *hashLog) bytes() int64 { return hashBytes * int64(l.room) }

func (l *hashLog) add(h quality.Hash) {
	if len(l.last) == cap(l.last) {
		l.makeRoom()
	}
	l.last = append(l.last, h)
	l.n++
}

func (l *hashLog) makeRoom() {
	if l.n >= max(l.limit, leastLog) {
		l.compact()
		l.limit = max(leastLog, 2*l.n)
	}
	if len(l.last) < cap(l.last) {
		return
	}
	if len(l.last) > 0 {
		l.full = append(l.full, l.last)
	}
	size := min(logBlock, max(16, l.n))
	l.last, l.room = make([]quality.Hash, 0, size), l.room+size
}

// each calls do with every hash.
func (l *hashLog) each(do func(h quality.Hash) error) error {
	for i := range len(l.full) + 1 {
		part := l.last
		if i < len(l.full) {
			part = l.full[i]
		}
		for _, h := range part {
			if err := do(h); err != nil {
				return err
			}
		}
	}
	return nil
}

// compactRanges is the number of ranges in which equal hashes are looked for, each in a table that fits the cache.
const compactRanges = 64

// compact leaves one of equal hashes.
func (l *hashLog) compact() {
	rangeOf := func(h quality.Hash) int { return int(h.Hi >> (58 - 6) % compactRanges) } // below the bits of partOf
	parts := append(l.full, l.last)
	var begin [compactRanges + 1]int
	for _, part := range parts {
		for _, h := range part {
			begin[rangeOf(h)+1]++
		}
	}
	most := 0
	for i := range compactRanges {
		most = max(most, begin[i+1])
		begin[i+1] += begin[i]
	}
	next, dealt := begin, make([]quality.Hash, l.n)
	for i, part := range parts {
		for _, h := range part {
			r := rangeOf(h)
			dealt[next[r]] = h
			next[r]++
		}
		parts[i] = nil
	}
	size := 16
	for size < 2*most {
		size *= 2
	}
	table := make([]int32, size) // number + 1 among the range's kept hashes, 0 = free
	kept := dealt[:0]            // never ahead of what is read
	for i := range compactRanges {
		clear(table)
		first := len(kept)
		for _, h := range dealt[begin[i]:begin[i+1]] {
			at := int(h.Lo) & (size - 1)
			for table[at] != 0 && kept[first+int(table[at])-1] != h {
				at = (at + 1) & (size - 1)
			}
			if table[at] == 0 {
				kept = append(kept, h)
				table[at] = int32(len(kept) - first)
			}
		}
	}
	l.full, l.last, l.n, l.room = nil, kept, len(kept), cap(kept)
}

// add writes hashes down; order lists them by range.
func (s *rowSet) add(hashes []quality.Hash, order *partOrder) {
	order.each(hashes, func(part int, rows []int32) {
		p := &s.parts[part]
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, i := range rows {
			p.log.add(hashes[i])
		}
		s.account(part)
	})
}

// put puts one hash in with a number; of several the largest counts.
func (s *rowSet) put(h quality.Hash, number uint32) {
	part := partOf(h)
	p := &s.parts[part]
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.rows.at(h)
	*n = max(*n, number)
	s.account(part)
}

// account adds what a part has grown by to the fold's bytes; under its lock.
func (s *rowSet) account(part int) {
	p := &s.parts[part]
	if held := p.rows.bytes() + p.log.bytes(); held != p.held {
		s.held.Add(held - p.held)
		p.held = held
	}
}

// partOrder lists the rows of a batch by the range of their hashes.
type partOrder struct {
	begin [setParts + 1]int32
	rows  []int32
}

// each calls do for each range that rows fall in, with the rows in ascending order.
func (o *partOrder) each(hashes []quality.Hash, do func(part int, rows []int32)) {
	o.rows = extend(o.rows, len(hashes))
	clear(o.begin[:])
	for _, h := range hashes {
		o.begin[partOf(h)+1]++
	}
	for i := range setParts {
		o.begin[i+1] += o.begin[i]
	}
	next := o.begin
	for i, h := range hashes {
		part := partOf(h)
		o.rows[next[part]] = int32(i)
		next[part]++
	}
	for part := range setParts {
		if rows := o.rows[o.begin[part]:o.begin[part+1]]; len(rows) > 0 {
			do(part, rows)
		}
	}
}

var setSchema = arrow.NewSchema([]arrow.Field{{Name: "hi", Type: arrow.PrimitiveTypes.Uint64},
	{Name: "lo", Type: arrow.PrimitiveTypes.Uint64}, {Name: "number", Type: arrow.PrimitiveTypes.Uint32}}, nil)

// spill writes a range out and empties it.
func (s *rowSet) spill(part int, file *spillFile) error {
	p := &s.parts[part]
	p.mu.Lock()
	defer p.mu.Unlock()
	b := array.NewRecordBuilder(memory.DefaultAllocator, setSchema)
	defer b.Release()
	hi, lo, number := b.Field(0).(*array.Uint64Builder), b.Field(1).(*array.Uint64Builder), b.Field(2).(*array.Uint32Builder)
	flush := func() error {
		rec := b.NewRecord()
		defer rec.Release()
		if rec.NumRows() == 0 {
			return nil
		}
		i, err := file.write(rec)
		p.spilled = append(p.spilled, i)
		return err
	}
	p.log.compact()
	if err := p.each(func(h quality.Hash, c uint32) error {
		hi.Append(h.Hi)
		lo.Append(h.Lo)
		number.Append(c)
		if hi.Len() == partBytes/placeBytes {
			return flush()
		}
		return nil
	}); err != nil {
		return err
	}
	if err := flush(); err != nil {
		return err
	}
	p.rows, p.log = hashTable{}, hashLog{}
	s.account(part)
	return nil
}

// count returns, after all is put in, the number of different hashes of a range and the sum of their numbers. It takes at
// most about room bytes besides what the set holds.
func (s *rowSet) count(part int, file *spillFile, room int64) (n, sum int64, err error) {
	p := &s.parts[part]
	if len(p.spilled) == 0 && (p.rows.n == 0 || p.log.n == 0) {
		p.log.compact()
		err = p.each(func(_ quality.Hash, c uint32) error { n, sum = n+1, sum+int64(c); return nil })
		return n, sum, err
	}
	rows := int64(p.rows.n + p.log.n)
	if err := file.read(p.spilled, func(rec arrow.Record) error { rows += rec.NumRows(); return nil }); err != nil {
		return 0, 0, err
	}
	// Repeated passes, each over a part of the hashes: one, unless the budget is tiny.
	passes := uint64(1)
	for passes < 1<<16 && tableBytes(rows/int64(passes)) > max(room, 1<<16) {
		passes *= 2
	}
	for pass := range passes {
		var t hashTable
		take := func(h quality.Hash, c uint32) {
			if h.Lo>>32%passes == pass {
				n := t.at(h)
				*n = max(*n, c)
			}
		}
		if err := p.each(func(h quality.Hash, c uint32) error { take(h, c); return nil }); err != nil {
			return 0, 0, err
		}
		if err := file.read(p.spilled, func(rec arrow.Record) error {
			hi, lo := rec.Column(0).(*array.Uint64).Uint64Values(), rec.Column(1).(*array.Uint64).Uint64Values()
			for i, c := range rec.Column(2).(*array.Uint32).Uint32Values() {
				take(quality.Hash{Hi: hi[i], Lo: lo[i]}, c)
			}
			return nil
		}); err != nil {
			return 0, 0, err
		}
		n += int64(t.n)
		for _, c := range t.counts {
			sum += int64(c)
		}
	}
	return n, sum, nil
}
