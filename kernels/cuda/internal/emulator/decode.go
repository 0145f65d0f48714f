package emulator

import (
	"slices"
	"strings"
)

// mods are the modifiers of an instruction; each must be taken by the one who knows it.
type mods struct {
	b    *builder
	list []string
}

// flag takes a modifier if it is there.
func (m *mods) flag(name string) bool {
	if i := slices.Index(m.list, name); i >= 0 {
		m.list = slices.Delete(m.list, i, i+1)
		return true
	}
	return false
}

// one takes the first of the names that is there, or returns "".
func (m *mods) one(names ...string) string {
	for _, n := range names {
		if m.flag(n) {
			return n
		}
	}
	return ""
}

// typ takes the type at the end.
func (m *mods) typ() dataType {
	if n := len(m.list); n > 0 {
		if t, ok := parseType(m.list[n-1]); ok {
			m.list = m.list[:n-1]
			return t
		}
	}
	m.b.fail("no type")
	return dataType{}
}

// done rejects what nobody has taken.
func (m *mods) done() {
	if len(m.list) > 0 {
		m.b.fail("unknown modifier .%s", strings.Join(m.list, "."))
	}
}

// only rejects a type that the instruction does not have.
func (m *mods) only(t dataType, allowed ...string) dataType {
	if !slices.Contains(allowed, t.String()[1:]) {
		m.b.fail("no such instruction for %s", t)
	}
	return t
}

// direction takes a rounding; without one it is to the nearest.
func (m *mods) direction() rounding {
	switch m.one("rn", "rz", "rm", "rp") {
	case "rz":
		return zeroward
	case "rm":
		return down
	case "rp":
		return up
	}
	return nearest
}

// decoder turns an instruction into what a warp does.
type decoder func(b *builder, m *mods) exec

func (b *builder) decode(s *stmt) {
	in := instruction{guard: -1, line: int32(s.line)}
	if s.guard != "" {
		in.guard, in.guardNot = b.predicate(arg{kind: 'n', name: s.guard})
		in.guardNot = s.guardNot
	}
	m := &mods{b, slices.Clone(s.mods)}
	if b.control(&in, m) {
		return
	}
	d := decoders[s.op]
	if d == nil {
		b.fail("unknown instruction")
	}
	in.do = d(b, m)
	m.done()
	b.emit(in)
}

// into runs body on the whole register d, or, where some lanes are not to change, on a copy of which the lanes of the mask
// are taken over.
func into(d int32, body func(w *warp, t *lanes)) exec {
	return func(w *warp, m uint32) {
		if m == allLanes {
			body(w, &w.rows[d])
			return
		}
		body(w, &w.tmp)
		r := &w.rows[d]
		for l := range r {
			if m>>l&1 != 0 {
				r[l] = w.tmp[l]
			}
		}
	}
}

// monadic, dyadic and triadic are instructions whose lanes have nothing to do with each other.
func monadic(d, a int32, body func(t, x *lanes)) exec {
	return into(d, func(w *warp, t *lanes) { body(t, &w.rows[a]) })
}

func dyadic(d, a, b int32, body func(t, x, y *lanes)) exec {
	return func(w *warp, m uint32) {
		if m == allLanes {
			body(&w.rows[d], &w.rows[a], &w.rows[b])
			return
		}
		body(&w.tmp, &w.rows[a], &w.rows[b])
		r := &w.rows[d]
		for l := range r {
			if m>>l&1 != 0 {
				r[l] = w.tmp[l]
			}
		}
	}
}

func triadic(d, a, b, c int32, body func(t, x, y, z *lanes)) exec {
	return func(w *warp, m uint32) {
		if m == allLanes {
			body(&w.rows[d], &w.rows[a], &w.rows[b], &w.rows[c])
			return
		}
		body(&w.tmp, &w.rows[a], &w.rows[b], &w.rows[c])
		r := &w.rows[d]
		for l := range r {
			if m>>l&1 != 0 {
				r[l] = w.tmp[l]
			}
		}
	}
}

// monadic1, dyadic1 and triadic1 do the same lane by lane, for what is rare.
func monadic1(d, a int32, f func(x uint64) uint64) exec {
	return monadic(d, a, func(t, x *lanes) {
		for l := range t {
			t[l] = f(x[l])
		}
	})
}

func dyadic1(d, a, b int32, f func(x, y uint64) uint64) exec {
	return dyadic(d, a, b, func(t, x, y *lanes) {
		for l := range t {
			t[l] = f(x[l], y[l])
		}
	})
}

func triadic1(d, a, b, c int32, f func(x, y, z uint64) uint64) exec {
	return triadic(d, a, b, c, func(t, x, y, z *lanes) {
		for l := range t {
			t[l] = f(x[l], y[l], z[l])
		}
	})
}

// decide is an instruction that sets a predicate: body returns it for all lanes.
func decide(p int16, body func(w *warp) uint32) exec {
	return func(w *warp, m uint32) {
		w.preds[p] = w.preds[p]&^m | body(w)&m
	}
}

func bit(c bool) uint32 {
	if c {
		return 1
	}
	return 0
}
