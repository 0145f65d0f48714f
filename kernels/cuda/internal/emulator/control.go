package emulator

import (
	"math/bits"
	"slices"
)

// control decodes the instructions that move the program counter or wait; it reports whether this was one.
func (b *builder) control(in *instruction, m *mods) bool {
	s := b.stmt
	switch s.op {
	case "bra":
		m.flag("uni")
		b.operands(1)
		in.flow = jump
		b.jumpTo(b.emit(*in), -1, b.arg(0).name)
	case "brx":
		if !m.flag("idx") {
			b.fail("unknown instruction")
		}
		m.flag("uni")
		b.operands(2)
		in.flow, in.index = jumpTable, b.source(0, u32)
		names, ok := b.targets[len(b.targets)-1][b.arg(1).name]
		if !ok {
			b.fail("no .branchtargets %s", b.arg(1).name)
		}
		in.targets = make([]int32, len(names))
		at := b.emit(*in)
		for i, n := range names {
			b.jumpTo(at, i, n)
		}
	case "ret", "exit":
		m.flag("uni")
		b.operands(0)
		if s.op == "ret" && len(b.calls) > 1 {
			in.flow = jump
			at := b.emit(*in)
			b.returns[len(b.returns)-1] = append(b.returns[len(b.returns)-1], at)
			break
		}
		in.flow = leave
		b.emit(*in)
	case "trap":
		in.flow = trap
		b.emit(*in)
	case "call":
		b.call(in, m)
	case "bar", "barrier":
		b.barrier(in, m)
	case "shfl", "vote", "match", "redux", "elect", "mma", "ldmatrix":
		in.flow = syncLanes
		in.index = b.constant(allLanes)
		in.do = syncDecoders[s.op](b, in, m)
		b.emit(*in)
	default:
		return false
	}
	m.done()
	return true
}

func (b *builder) jumpTo(at, entry int, label string) {
	top := len(b.fixes) - 1
	b.fixes[top] = append(b.fixes[top], fix{at, entry, label, b.stmt.line})
}

// call puts a function in the place of its call.
func (b *builder) call(in *instruction, m *mods) {
	m.flag("uni")
	args := b.stmt.args
	var results, params []arg
	if len(args) > 0 && args[0].kind == '(' {
		results, args = args[0].list, args[1:]
	}
	if len(args) == 0 || args[0].kind != 'n' || len(args) > 2 {
		b.fail("only calls of a named function are known")
	}
	name := args[0].name
	if len(args) == 2 {
		params = args[1].list
	}
	f := b.unit.functions[name]
	if f == nil || !f.defined {
		b.fail("function %s has no body", name)
	}
	if slices.Contains(b.calls, name) {
		b.fail("function %s calls itself", name)
	}
	if len(params) != len(f.params) || len(results) != len(f.results) {
		b.fail("%d arguments and %d results of %s, which has %d and %d", len(params), len(results), name, len(f.params), len(f.results))
	}
	skip := -1
	if in.guard >= 0 { // lanes that do not call jump over the body
		over := *in
		over.flow, over.guardNot = jump, !in.guardNot
		skip = b.emit(over)
	}
	scope := map[string]*binding{}
	for i, a := range append(slices.Clone(params), results...) {
		formal := slices.Concat(f.params, f.results)[i]
		bind := b.lookup(a.name)
		if a.kind != 'n' || bind == nil || bind.kind != 'a' || bind.size < formal.bytes() {
			b.fail("%q is no parameter of %d bytes", a.name, formal.bytes())
		}
		scope[formal.name] = bind
	}
	// The body sees its parameters and the module, not the registers of the caller.
	scopes, families, s := b.scopes, b.families, b.stmt
	b.scopes = []map[string]*binding{scopes[0], scope}
	b.families = []map[string]*binding{{}, {}}
	b.function(f)
	b.scopes, b.families, b.stmt = scopes, families, s
	if skip >= 0 {
		b.k.code[skip].target = int32(len(b.k.code))
	}
}

// barrier decodes bar and barrier.
func (b *builder) barrier(in *instruction, m *mods) {
	s := b.stmt
	if m.flag("warp") {
		if s.op != "bar" || !m.flag("sync") {
			b.fail("unknown instruction")
		}
		b.operands(1)
		in.flow, in.apart, in.index = syncLanes, true, b.source(0, b32)
		b.emit(*in)
		return
	}
	m.flag("cta")
	in.flow, in.count = barrier, -1
	in.aligned = m.flag("aligned") || s.op == "bar"
	switch m.one("sync", "arrive", "red") {
	case "sync":
		b.operands(1, 2)
		if len(s.args) == 2 {
			in.count = b.source(1, u32)
		}
	case "arrive":
		b.operands(2)
		in.arrive, in.count = true, b.source(1, u32)
	case "red":
		b.reduction(in, m)
		b.emit(*in)
		return
	default:
		b.fail("unknown instruction")
	}
	in.index = b.source(0, u32)
	b.emit(*in)
}

// reduction decodes the rest of bar.red: the destination, the barrier, perhaps a number of threads, the predicate.
func (b *builder) reduction(in *instruction, m *mods) {
	b.operands(3, 4)
	in.index = b.source(1, u32)
	if len(b.stmt.args) == 4 {
		in.count = b.source(2, u32)
	}
	p, not := b.predicate(b.arg(len(b.stmt.args) - 1))
	in.reduce = func(w *warp, mask uint32, s *barrierState) {
		v := w.preds[p]
		if not {
			v = ^v
		}
		s.count += bits.OnesCount32(v & mask)
		s.reducing += bits.OnesCount32(mask)
	}
	op := m.one("popc", "and", "or")
	switch t := m.typ(); {
	case op == "popc" && t == u32:
		d := b.dest(0, u32)
		in.deliver = func(w *warp, mask uint32, s *barrierState) {
			for ; mask != 0; mask &= mask - 1 {
				w.rows[d][bits.TrailingZeros32(mask)] = uint64(s.count)
			}
		}
	case op != "popc" && op != "" && t.kind == 'p':
		d, _ := b.predicate(b.arg(0))
		in.deliver = func(w *warp, mask uint32, s *barrierState) {
			w.preds[d] &^= mask
			if op == "and" && s.count == s.reducing || op == "or" && s.count > 0 {
				w.preds[d] |= mask
			}
		}
	default:
		b.fail("unknown instruction")
	}
}
