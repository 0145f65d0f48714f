package features

// dealing brings the rows of a batch into the order of the shards, so that what belongs to one shard is read from one
// stretch of memory. Per shard come the rows that are folded, then removed duplicates that still have a place.
type dealing struct {
	begin [2*shardCount + 1]int32 // where the rows of shard i begin: at 2i those that are folded, at 2i+1 the others
	to    []int32                 // by row: its place, -1 = none
	row   []int32                 // by place: its row
	run   []int32                 // by place: its run
	vecs  []vec                   // memory of the values that were dealt
	keys  [][]uint64
	flags [][]bool
}

// deal gives every row its place.
func (d *dealing) deal(uses []use, runs []keyRun, runOf []int32) {
	clear(d.begin[:])
	d.to = sized(d.to, len(uses))
	for i, use := range uses {
		at := int32(-1)
		switch use {
		case useRow:
			at = 2 * int32(shardOf(runs[runOf[i]].hash))
		case usePlace:
			at = 2*int32(shardOf(runs[runOf[i]].hash)) + 1
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

// places returns the places [from, to) of a shard's folded rows, and those of its other rows.
func (d *dealing) places(part int) (rows, again [2]int32) {
	b := d.begin[2*part:]
	return [2]int32{b[0], b[1]}, [2]int32{b[1], b[2]}
}

// batches deals all values that the states of a batch need; what several need is dealt once.
func (d *dealing) batches(all []batch) {
	vecs := map[*vec]*vec{}
	keys := map[*uint64][]uint64{}
	flags := map[*bool][]bool{}
	if need := 3 * len(all); len(d.vecs) < need { // before any pointer into it is taken
		d.vecs, d.keys, d.flags = append(d.vecs, make([]vec, need-len(d.vecs))...), make([][]uint64, need), make([][]bool, need)
	}
	one := func(v *vec) *vec {
		if v == nil || v.mask == 0 {
			return v
		}
		if vecs[v] == nil {
			vecs[v] = v.dealt(&d.vecs[len(vecs)], d.to, len(d.row))
		}
		return vecs[v]
	}
	for i := range all {
		b := &all[i]
		b.arg, b.time, b.where, b.rows = one(b.arg), one(b.time), one(b.where), d.row
		if len(b.keys) > 0 {
			first := &b.keys[0]
			if keys[first] == nil {
				at := len(keys)
				d.keys[at] = dealt(d.keys[at], b.keys, d.to, len(d.row))
				keys[first] = d.keys[at]
			}
			b.keys = keys[first]
		}
		if len(b.hasKey) > 0 {
			first := &b.hasKey[0]
			if flags[first] == nil {
				at := len(flags)
				d.flags[at] = dealt(d.flags[at], b.hasKey, d.to, len(d.row))
				flags[first] = d.flags[at]
			}
			b.hasKey = flags[first]
		}
	}
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
