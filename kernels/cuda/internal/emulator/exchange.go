package emulator

import (
	"math/bits"
)

// syncDecoder decodes an instruction that waits for the lanes of a mask: it sets in.index to the row of the mask and returns
// what is done once they are there.
type syncDecoder func(b *builder, in *instruction, m *mods) exec

// shflDecoder is shfl.sync: a lane takes the value of another one.
func shflDecoder(b *builder, in *instruction, m *mods) exec {
	if !m.flag("sync") {
		b.fail("unknown instruction")
	}
	mode := m.one("up", "down", "bfly", "idx")
	m.only(m.typ(), "b32")
	b.operands(5)
	dst := b.arg(0)
	found := int16(-1)
	if dst.kind == '|' {
		if dst.list[1].name != "_" {
			found, _ = b.predicate(dst.list[1])
		}
		dst = dst.list[0]
	}
	d, x, y, z := b.destArg(dst, b32), b.source(1, b32), b.source(2, u32), b.source(3, u32)
	in.index = b.source(4, b32)
	if mode == "" {
		b.fail("unknown instruction")
	}
	return func(w *warp, m uint32) {
		from := w.rows[x]
		for rest := m; rest != 0; rest &= rest - 1 {
			l := bits.TrailingZeros32(rest)
			by, c := int(w.rows[y][l]&31), w.rows[z][l]
			segment, limit := int(c>>8&31), int(c&31)
			top := l&segment | limit&^segment // the last lane of the segment, or, of up, the first
			base := l & segment
			j, ok := 0, false
			switch mode {
			case "up":
				j = l - by
				ok = j >= top
			case "down":
				j = l + by
				ok = j <= top
			case "bfly":
				j = l ^ by
				ok = j <= top
			case "idx":
				j = base | by&^segment
				ok = j <= top
			}
			if !ok {
				j = l
			}
			if m>>j&1 == 0 {
				w.fail(codeIllegalInstruction, l, "takes the value of lane %d, which does not take part", j)
			}
			w.rows[d][l] = from[j]
			if found >= 0 {
				w.preds[found] = w.preds[found]&^(1<<l) | bit(ok)<<l
			}
		}
	}
}

// voteDecoder is vote.sync.
func voteDecoder(b *builder, in *instruction, m *mods) exec {
	if !m.flag("sync") {
		b.fail("unknown instruction")
	}
	mode := m.one("all", "any", "uni", "ballot")
	t := m.typ()
	b.operands(3)
	p := b.predicateOperand(b.arg(1))
	in.index = b.source(2, b32)
	if mode == "ballot" {
		m.only(t, "b32")
		d := b.dest(0, b32)
		return func(w *warp, m uint32) {
			v := uint64(p(w) & m)
			for ; m != 0; m &= m - 1 {
				w.rows[d][bits.TrailingZeros32(m)] = v
			}
		}
	}
	d, _ := b.predicate(b.arg(0))
	if mode == "" || t.kind != 'p' {
		b.fail("unknown instruction")
	}
	return func(w *warp, m uint32) {
		v := p(w) & m
		w.preds[d] &^= m
		if mode == "all" && v == m || mode == "any" && v != 0 || mode == "uni" && (v == 0 || v == m) {
			w.preds[d] |= m
		}
	}
}

// matchDecoder is match.any.sync and match.all.sync: which lanes have the same value.
func matchDecoder(b *builder, in *instruction, m *mods) exec {
	mode := m.one("any", "all")
	if !m.flag("sync") || mode == "" {
		b.fail("unknown instruction")
	}
	t := m.only(m.typ(), "b32", "b64")
	b.operands(3)
	dst := b.arg(0)
	p := int16(-1)
	if dst.kind == '|' {
		p, _ = b.predicate(dst.list[1])
		dst = dst.list[0]
	}
	if p >= 0 && mode == "any" {
		b.fail("a second destination")
	}
	d, x := b.destArg(dst, b32), b.source(1, t)
	in.index = b.source(2, b32)
	return func(w *warp, m uint32) {
		v := w.rows[x]
		for rest := m; rest != 0; rest &= rest - 1 {
			l := bits.TrailingZeros32(rest)
			var equal uint32
			for o := m; o != 0; o &= o - 1 {
				j := bits.TrailingZeros32(o)
				equal |= bit(v[j] == v[l]) << j
			}
			if mode == "all" {
				if equal != m {
					equal = 0
				}
				if p >= 0 {
					w.preds[p] = w.preds[p]&^(1<<l) | bit(equal != 0)<<l
				}
			}
			w.rows[d][l] = uint64(equal)
		}
	}
}

// reduxDecoder is redux.sync.
func reduxDecoder(b *builder, in *instruction, m *mods) exec {
	if !m.flag("sync") {
		b.fail("unknown instruction")
	}
	op := m.one("add", "min", "max", "and", "or", "xor")
	t := m.only(m.typ(), "u32", "s32", "b32")
	b.operands(3)
	logic := op == "and" || op == "or" || op == "xor"
	if op == "" || logic != (t.kind == 'b') {
		b.fail("unknown instruction")
	}
	d, x := b.dest(0, t), b.source(1, t)
	in.index = b.source(2, b32)
	f := b.update(op, t, false)
	return func(w *warp, m uint32) {
		v := w.rows[x][bits.TrailingZeros32(m)]
		for rest := m & (m - 1); rest != 0; rest &= rest - 1 {
			v = f(v, w.rows[x][bits.TrailingZeros32(rest)], 0)
		}
		for ; m != 0; m &= m - 1 {
			w.rows[d][bits.TrailingZeros32(m)] = v
		}
	}
}

// electDecoder is elect.sync: one lane of the mask, here the first, is chosen.
func electDecoder(b *builder, in *instruction, m *mods) exec {
	if !m.flag("sync") {
		b.fail("unknown instruction")
	}
	b.operands(2)
	dst := b.arg(0)
	if dst.kind != '|' {
		b.fail("two destinations are wanted")
	}
	d := b.destArg(dst.list[0], b32)
	p, _ := b.predicate(dst.list[1])
	in.index = b.source(1, b32)
	return func(w *warp, m uint32) {
		first := bits.TrailingZeros32(m)
		w.preds[p] = w.preds[p]&^m | 1<<first
		for ; m != 0; m &= m - 1 {
			w.rows[d][bits.TrailingZeros32(m)] = uint64(first)
		}
	}
}

// activemaskDecoder is activemask: the lanes that stand at the instruction. Nothing promises that more of them do.
func activemaskDecoder(b *builder, m *mods) exec {
	m.only(m.typ(), "b32")
	b.operands(1)
	d := b.dest(0, b32)
	return func(w *warp, m uint32) {
		v := uint64(m)
		for ; m != 0; m &= m - 1 {
			w.rows[d][bits.TrailingZeros32(m)] = v
		}
	}
}
