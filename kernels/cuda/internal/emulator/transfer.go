package emulator

import "math/bits"

// space takes the state space of an access; "" is generic.
func (m *mods) space() string {
	s := m.one("global", "shared", "shared::cta", "local", "const", "param", "param::entry", "param::func")
	switch s {
	case "shared::cta":
		return "shared"
	case "param::entry", "param::func":
		return "param"
	}
	return s
}

// order takes the modifiers about ordering, scope and caches. One warp instruction is done at a time and is seen by all at
// once, so that none of them makes a difference here.
func (m *mods) order() {
	m.one("volatile", "weak", "relaxed", "acquire", "release", "acq_rel")
	m.one("cta", "cluster", "gpu", "sys")
	m.one("ca", "cg", "cs", "lu", "cv", "wb", "wt")
	m.one("L1::evict_normal", "L1::evict_unchanged", "L1::evict_first", "L1::evict_last", "L1::no_allocate")
	m.one("L2::64B", "L2::128B", "L2::256B")
}

// elements takes .v2 and .v4 and returns the operands of a vector or of a single register.
func (b *builder) elements(m *mods, a arg) []arg {
	n := map[string]int{"": 1, "v2": 2, "v4": 4}[m.one("v2", "v4")]
	if n == 1 {
		return []arg{a}
	}
	if a.kind != 'v' || len(a.list) != n {
		b.fail("a vector of %d is wanted", n)
	}
	return a.list
}

func (b *builder) mayBeShared(space string, t dataType) {
	if (space == "shared" || space == "") && t.bits < 32 {
		b.narrow = true
	}
}

func ldDecoder(b *builder, m *mods) exec {
	t := m.typ()
	space := m.space()
	m.order()
	if m.flag("nc") && space != "global" {
		b.fail(".nc is for global memory")
	}
	b.operands(2)
	b.mayBeShared(space, t)
	list := b.elements(m, b.arg(0))
	width := 0
	rows := make([]int32, len(list))
	for i, a := range list {
		row, n := b.wide(a, t)
		if row < 0 {
			row, n = b.destArg(a, dataType{'b', max(t.bits, 16)}), max(t.bits, 16)
		}
		if width != 0 && n != width {
			b.fail("the registers of a vector have different widths")
		}
		rows[i], width = row, n
	}
	if t.bytes()*len(rows) > 16 {
		b.fail("more than 16 bytes")
	}
	return loadOp(b.address(b.arg(1), space), t, width, rows)
}

func stDecoder(b *builder, m *mods) exec {
	t := m.typ()
	space := m.space()
	m.order()
	b.operands(2)
	b.mayBeShared(space, t)
	list := b.elements(m, b.arg(1))
	rows := make([]int32, len(list))
	for i, a := range list {
		row, _ := b.wide(a, t)
		if row < 0 {
			row = b.sourceArg(a, t)
		}
		rows[i] = row
	}
	if t.bytes()*len(rows) > 16 {
		b.fail("more than 16 bytes")
	}
	if space == "const" {
		b.fail("constants are not written")
	}
	return storeOp(b.address(b.arg(0), space), t, rows)
}

// atomDecoder is atom and red: read, compute, write, lane after lane.
func atomDecoder(b *builder, m *mods) exec {
	t := m.typ()
	space := m.space()
	m.one("relaxed", "acquire", "release", "acq_rel")
	m.one("cta", "cluster", "gpu", "sys")
	op := m.one("add", "min", "max", "exch", "cas", "and", "or", "xor", "inc", "dec")
	if op == "add" && t.kind == 'f' && t.bits == 32 {
		m.flag("ftz")
	}
	old := b.stmt.op == "atom"
	if space != "" && space != "global" && space != "shared" || !old && (op == "exch" || op == "cas") {
		b.fail("unknown instruction")
	}
	f := b.update(op, t, space != "shared")
	shared := f
	if space == "" {
		shared = b.update(op, t, false)
	}
	d := int32(-1)
	at := 0
	if old {
		d, at = b.dest(0, t), 1
	}
	n := at + 2
	if op == "cas" {
		n++
	}
	b.operands(n)
	r := b.address(b.arg(at), space)
	x := b.source(at+1, t)
	y := x
	if op == "cas" {
		y = b.source(at+2, t)
	}
	size := t.bytes()
	return func(w *warp, m uint32) {
		for m != 0 {
			l := w.nextLane(&m)
			p := r.memory(w, l, uint64(size), atomic, nil)
			was := load(p, size)
			g := f
			if space == "" {
				if s, _ := window(r.address(w, l)); s == "shared" {
					g = shared
				}
			}
			store(p, size, g(was, w.rows[x][l], w.rows[y][l]))
			if d >= 0 {
				w.rows[d][l] = was
			}
		}
	}
}

// update returns what an atomic operation makes of the value in memory. Additions of float32 flush subnormals in global
// memory and do not in shared memory (PTX ISA, atom).
func (b *builder) update(op string, t dataType, ftz bool) func(was, x, y uint64) uint64 {
	number := t.kind == 'u' || t.kind == 's'
	signed, shift, mask := t.kind == 's', t.shift(), t.mask()
	less := func(x, y uint64) bool {
		if signed {
			return extend(x, shift) < extend(y, shift)
		}
		return x < y
	}
	switch {
	case op == "add" && t.kind == 'f' && t.bits == 32:
		return func(was, x, _ uint64) uint64 {
			s := shape{ftz: ftz}
			return s.out(s.in(was) + s.in(x))
		}
	case op == "add" && t.kind == 'f':
		return func(was, x, _ uint64) uint64 { return bits64(float64of(was)+float64of(x), was, x) }
	case t.bits < 32 || t.kind == 'f':
	case op == "add" && number:
		return func(was, x, _ uint64) uint64 { return (was + x) & mask }
	case op == "min" && number:
		return func(was, x, _ uint64) uint64 {
			if less(x, was) {
				return x
			}
			return was
		}
	case op == "max" && number:
		return func(was, x, _ uint64) uint64 {
			if less(was, x) {
				return x
			}
			return was
		}
	case op == "exch" && t.kind == 'b':
		return func(_, x, _ uint64) uint64 { return x }
	case op == "cas" && t.kind == 'b':
		return func(was, x, y uint64) uint64 {
			if was == x {
				return y
			}
			return was
		}
	case op == "and" && t.kind == 'b':
		return func(was, x, _ uint64) uint64 { return was & x }
	case op == "or" && t.kind == 'b':
		return func(was, x, _ uint64) uint64 { return was | x }
	case op == "xor" && t.kind == 'b':
		return func(was, x, _ uint64) uint64 { return was ^ x }
	case op == "inc" && t == u32:
		return func(was, x, _ uint64) uint64 {
			if was >= x {
				return 0
			}
			return was + 1
		}
	case op == "dec" && t == u32:
		return func(was, x, _ uint64) uint64 {
			if was == 0 || was > x {
				return x
			}
			return was - 1
		}
	}
	b.fail("no atomic .%s of %s", op, t)
	return nil
}

// fenceDecoder is membar and fence, which order what is ordered here anyway.
func fenceDecoder(b *builder, m *mods) exec {
	scope := m.one("cta", "gl", "gpu", "cluster", "sys")
	m.one("sc", "acq_rel", "acquire", "release")
	b.operands(0)
	if scope == "" {
		b.fail("no scope")
	}
	if scope != "cta" {
		b.k.fences = true
	}
	return func(*warp, uint32) {}
}

// An asyncCopy is a cp.async that has been issued: the memory of the block changes when the thread waits for it, not before.
type asyncCopy struct {
	group  int // how many groups were committed after its own; -1: its own is not yet
	pc     int32
	to     ref
	from   ref
	dst    uint64
	src    uint64
	n      uint64
	filled uint64 // bytes read; the others become zero
}

// copyDecoder is cp.async.
func copyDecoder(b *builder, m *mods) exec {
	if !m.flag("async") {
		b.fail("unknown instruction")
	}
	switch m.one("commit_group", "wait_group", "wait_all") {
	case "commit_group":
		b.operands(0)
		return func(w *warp, m uint32) {
			for ; m != 0; m &= m - 1 {
				l := bits.TrailingZeros32(m)
				for i := range w.copies[l] {
					w.copies[l][i].group++
				}
			}
		}
	case "wait_group":
		b.operands(1)
		a := b.arg(0)
		if a.kind != 'i' {
			b.fail("the number of groups is a constant")
		}
		return func(w *warp, m uint32) {
			for ; m != 0; m &= m - 1 {
				w.finishCopies(bits.TrailingZeros32(m), int(a.imm.bits))
			}
		}
	case "wait_all":
		b.operands(0)
		return func(w *warp, m uint32) {
			for ; m != 0; m &= m - 1 {
				w.finishCopies(bits.TrailingZeros32(m), -1)
			}
		}
	}
	kind := m.one("ca", "cg")
	if !m.flag("shared") && !m.flag("shared::cta") || !m.flag("global") || kind == "" {
		b.fail("unknown instruction")
	}
	m.one("L2::64B", "L2::128B", "L2::256B")
	b.operands(3, 4)
	size := b.arg(2)
	n := size.imm.bits
	if size.kind != 'i' || n != 16 && (kind == "cg" || n != 4 && n != 8) {
		b.fail("a copy of %d bytes", n)
	}
	to, from := b.address(b.arg(0), "shared"), b.address(b.arg(1), "global")
	filled := b.constant(n)
	if len(b.stmt.args) == 4 {
		filled = b.source(3, u32)
	}
	return func(w *warp, m uint32) {
		for ; m != 0; m &= m - 1 {
			l := bits.TrailingZeros32(m)
			w.copies[l] = append(w.copies[l], asyncCopy{-1, w.pc, to, from, to.address(w, l), from.address(w, l), n, min(w.rows[filled][l], n)})
		}
	}
}

// finishCopies does a lane's copies, except those of the newest pending groups; -1: all.
func (w *warp) finishCopies(lane, pending int) {
	list := w.copies[lane]
	kept := list[:0]
	pc := w.pc
	for _, c := range list {
		if pending >= 0 && c.group < pending {
			kept = append(kept, c)
			continue
		}
		w.pc = c.pc // a fault is that of the copy
		var buffer [16]byte
		c.from.row, c.from.offset = w.block.launch.kernel.zero, c.src
		c.to.row, c.to.offset = w.block.launch.kernel.zero, c.dst
		w.aligned(lane, c.src, c.n)
		for i := uint64(0); i < c.filled; i++ {
			one := c.from
			one.offset += i
			buffer[i] = one.memory(w, lane, 1, read, nil)[0]
		}
		copy(c.to.memory(w, lane, c.n, write, buffer[:c.n]), buffer[:c.n])
	}
	w.pc = pc
	w.copies[lane] = kept
}

// prefetchDecoder is prefetch, which does nothing that can be seen.
func prefetchDecoder(b *builder, m *mods) exec {
	m.space()
	m.one("L1", "L2", "L2::evict_last", "L2::evict_normal")
	b.operands(1)
	if a := b.arg(0); a.kind != 'a' {
		b.fail("an operand in brackets is wanted")
	}
	return func(*warp, uint32) {}
}

// nanosleepDecoder is nanosleep, a hint.
func nanosleepDecoder(b *builder, m *mods) exec {
	m.only(m.typ(), "u32")
	b.operands(1)
	b.source(0, u32)
	return func(*warp, uint32) {}
}
