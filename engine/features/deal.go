package features

// dealing brings the rows of a batch into the order of the shards, so that what belongs to one shard is read from one
// stretch of memory. Per shard come the rows that are folded, removed duplicates that still have a place, and rows that
// only say that their customer exists.
type dealing struct {
	begin [3*shardCount + 1]int32 // where the rows of shard i begin, its three kinds at 3i, 3i+1 and 3i+2
	to    []int32                 // by row: its place, -1 = none
	row   []int32                 // by place: its row
	run   []int32                 // by place: its run
	vecs  []vec                   // memory of the values that were dealt
	keys  [][]uint64
	flags [][]bool
}

// deal gives every row its place.
func (d *dealing) deal(uses []use, parts []runPart, runOf []int32) {
	clear(d.begin[:])
	d.to = sized(d.to, len(uses))
	for i, use := range uses {
		at := int32(-1)
		switch use {
		case useRow:
			at = 3 * parts[runOf[i]].shard()
		case usePlace:
			at = 3*parts[runOf[i]].shard() + 1
		case useKey:
			at = 3*parts[runOf[i]].shard() + 2
		}
		if d.to[i] = at; at >= 0 {
			d.begin[at+1]++
		}
	}
	for i := range len(d.begin) - 1 {
		d.begin[i+1] += d.begin[i]
	}
	n := int(d.begin[len(d.begin)-1])
	d.row, d.run = sized(d.row, n), sized(d.run, n)
	next := d.begin
	for i, at := range d.to {
		if at < 0 {
			continue
		}
		to := next[at]
		next[at]++
		d.to[i], d.row[to], d.run[to] = to, int32(i), runOf[i]
	}
}

// places returns the places [from, to) of a shard's rows of each kind.
func (d *dealing) places(part int) (rows, again, only [2]int32) {
	b := d.begin[3*part:]
	return [2]int32{b[0], b[1]}, [2]int32{b[1], b[2]}, [2]int32{b[2], b[3]}
}

// any reports whether the shard has rows.
func (d *dealing) any(part int) bool { return d.begin[3*part] < d.begin[3*part+3] }

// values deals all values that the states of a batch and the counts need; what several need is dealt once. It returns
// about the bytes that this takes.
func (d *dealing) values(states []batch, times, amount, account *vec, orders *hashedValues, to *heldBatchRows) int64 {
	n := len(d.row)
	if need := 3*len(states) + 3; len(d.vecs) < need { // before any pointer into it is taken
		d.vecs, d.keys, d.flags = make([]vec, need), make([][]uint64, need), make([][]bool, need)
	}
	vecs := map[*vec]*vec{}
	one := func(v *vec) *vec {
		if v == nil || v.mask == 0 {
			return v
		}
		if vecs[v] == nil {
			vecs[v] = v.dealt(&d.vecs[len(vecs)], d.to, n)
		}
		return vecs[v]
	}
	to.times, to.amount, to.account = one(times), one(amount), one(account)
	if orders == nil {
		to.orders, to.hasOrder = nil, nil
	} else {
		to.orders = dealt(to.orders, orders.hashes, d.to, n)
		to.hasOrder = dealt(to.hasOrder, orders.has, d.to, n)
	}
	keys := map[*uint64][]uint64{}
	flags := map[*bool][]bool{}
	for i := range states {
		b := &states[i]
		b.arg, b.time, b.where, b.rows = one(b.arg), one(b.time), one(b.where), d.row
		b.keys = dealtOnce(keys, d.keys, b.keys, d.to, n)
		b.hasKey = dealtOnce(flags, d.flags, b.hasKey, d.to, n)
	}
	return int64(n) * int64(12+16*len(vecs)+8*len(keys)+len(flags)+17)
}

// dealtOnce is dealt, where src was not dealt before; memory is used again.
func dealtOnce[T any](done map[*T][]T, memory [][]T, src []T, to []int32, n int) []T {
	if len(src) == 0 {
		return src
	}
	out, is := done[&src[0]]
	if !is {
		at := len(done)
		out = dealt(memory[at], src, to, n)
		memory[at], done[&src[0]] = out, out
	}
	return out
}

// dealt returns v's elements at their places; memory is used again.
func (v *vec) dealt(memory *vec, to []int32, n int) *vec {
	m := memory
	m.typ, m.mask, m.scale = v.typ, -1, v.scale
	m.null = nil
	if v.null != nil {
		m.null = dealt(nil, v.null, to, n)
	}
	switch v.typ {
	case typeBool:
		m.bit = dealt(m.bit, v.bit, to, n)
	case typeText:
		m.str = dealt(m.str, v.str, to, n)
	case typeTime:
		m.tim = dealt(m.tim, v.tim, to, n)
	case typeNumber:
		m.dec = dealt(m.dec, v.dec, to, n)
	}
	return m
}

// dealt copies src[i] to place to[i], where that is not below 0.
func dealt[T any](dst, src []T, to []int32, n int) []T {
	dst = sized(dst, n)
	for i, at := range to {
		if at >= 0 {
			dst[at] = src[i]
		}
	}
	return dst
}
