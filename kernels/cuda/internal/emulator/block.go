package emulator

import (
	"fmt"
	"math/bits"
	"strings"
)

// A block is the threads that share memory and barriers. One block runs at a time; the next reuses its storage.
type block struct {
	launch  *launch
	at      [3]uint32
	index   uint64 // x fastest
	warps   []*warp
	shared  []byte
	known   []uint64 // a bit for each byte of shared that somebody has written
	cells   []cell   // who touched which part of shared
	epoch   uint32   // barriers passed, over all blocks of the launch
	bars    [16]barrierState
	changed bool // another warp can run, or one no longer can
	threads int  // that have not ended
}

// A barrierState is a barrier between two completions.
type barrierState struct {
	arrived  int
	need     int // threads; 0: all of the block
	count    int // lanes whose predicate is true
	reducing int // lanes that brought a predicate
}

// run runs one block to its end.
func (b *block) run() {
	l := b.launch
	ready := make([]*warp, 0, len(b.warps))
	b.changed = true
	for b.threads > 0 {
		if b.changed {
			b.changed = false
			ready = ready[:0]
			for _, w := range b.warps {
				if w.live != 0 && w.pick() >= 0 {
					ready = append(ready, w)
				}
			}
			if len(ready) == 0 {
				panic(b.deadlock())
			}
		}
		w := ready[l.draw(len(ready))]
		turn := 1 + l.draw(l.turn)
		done := w.run(turn)
		if done < turn || w.live == 0 || w.pick() < 0 {
			b.changed = true
		}
		l.steps += int64(done)
		if l.steps > l.limit {
			panic(w.fault(codeLaunchTimeout, bits.TrailingZeros32(w.live|1<<31), w.pc, fmt.Sprintf("no end after %d instructions", l.steps)))
		}
	}
}

// arriveSync lets the lanes m of a group come to an instruction that waits for the lanes of a mask. It is done for those
// whose mask is complete; the others wait. Lanes whose guard is false pass.
func (w *warp) arriveSync(at int, m uint32) {
	g := w.groups[at]
	in := &w.block.launch.kernel.code[g.pc]
	ready := uint32(0)
	for rest := m; rest != 0; {
		first := bits.TrailingZeros32(rest)
		members := uint32(w.rows[in.index][first])
		same := w.withMask(in, m, members)
		rest &^= same
		if stray := same &^ members; stray != 0 {
			w.fail(codeIllegalInstruction, bits.TrailingZeros32(stray), "the thread is not in its own mask of lanes %#x", members)
		}
		there := same
		if in.apart {
			there |= w.standing(members)
		}
		if members&w.live&^there != 0 {
			continue
		}
		w.order.join(same, w.live)
		if there != same {
			w.order.join(there, w.live)
			w.release(there &^ same)
		}
		if in.do != nil {
			in.do(w, same)
		}
		ready |= same
	}
	pass := g.mask&^m | ready
	w.groups[at].mask = m &^ ready
	w.groups[at].wait = syncLanes
	if pass != 0 {
		w.groups = append(w.groups, group{pc: g.pc + 1, mask: pass})
	}
}

// withMask returns the lanes of m whose mask of lanes is members.
func (w *warp) withMask(in *instruction, m, members uint32) uint32 {
	var same uint32
	for ; m != 0; m &= m - 1 {
		if l := bits.TrailingZeros32(m); uint32(w.rows[in.index][l]) == members {
			same |= 1 << l
		}
	}
	return same
}

// standing returns the lanes that wait for members at any instruction where lanes may stand apart.
func (w *warp) standing(members uint32) uint32 {
	var m uint32
	for _, g := range w.groups {
		if in := &w.block.launch.kernel.code[g.pc]; g.wait == syncLanes && in.apart {
			m |= w.withMask(in, g.mask, members)
		}
	}
	return m
}

// release lets waiting lanes go on.
func (w *warp) release(m uint32) {
	for i := range w.groups {
		if free := w.groups[i].mask & m; free != 0 && w.groups[i].wait == syncLanes {
			w.groups[i].mask &^= free
			w.groups = append(w.groups, group{pc: w.groups[i].pc + 1, mask: free})
		}
	}
}

// arriveBarrier lets the lanes m of a group come to a barrier of the block.
func (w *warp) arriveBarrier(at int, m uint32) {
	g := &w.groups[at]
	b := w.block
	in := &b.launch.kernel.code[g.pc]
	if m == 0 {
		g.pc++
		return
	}
	lane := bits.TrailingZeros32(m)
	if in.aligned {
		if m != g.mask {
			w.fail(codeLaunchFailed, lane, "not all threads of the warp take part in the barrier")
		}
		if m != w.live {
			g.wait, g.bar = barrier, -1
			return
		}
	}
	if rest := g.mask &^ m; rest != 0 {
		w.groups = append(w.groups, group{pc: g.pc + 1, mask: rest})
		g = &w.groups[at]
		g.mask = m
	}
	id := w.rows[in.index][lane]
	need := 0
	if in.count >= 0 {
		need = int(w.rows[in.count][lane])
	}
	for l := m; l != 0; l &= l - 1 {
		if i := bits.TrailingZeros32(l); w.rows[in.index][i] != id || in.count >= 0 && int(w.rows[in.count][i]) != need {
			w.fail(codeLaunchFailed, i, "the threads of the warp come to different barriers")
		}
	}
	if id >= uint64(len(b.bars)) || need%warpSize != 0 || in.arrive && need == 0 {
		w.fail(codeIllegalInstruction, lane, "barrier %d for %d threads", id, need)
	}
	s := &b.bars[id]
	if s.arrived > 0 && s.need != need {
		w.fail(codeLaunchFailed, lane, "barrier %d is for %d threads here and for %d elsewhere", id, need, s.need)
	}
	s.need = need
	if in.aligned && need > 0 {
		s.arrived += warpSize
	} else {
		s.arrived += bits.OnesCount32(m)
	}
	if in.reduce != nil {
		in.reduce(w, m, s)
	}
	w.order.join(m, w.live)
	if in.arrive {
		g.pc++
	} else {
		g.wait, g.bar = barrier, int(id)
	}
	b.checkBarriers()
}

// checkBarriers opens the barriers that are complete. One that is for a part of the block is taken to order all of it: races
// between the others are missed, none is reported that is not there.
func (b *block) checkBarriers() {
	for id := range b.bars {
		s := &b.bars[id]
		if s.arrived == 0 || s.need == 0 && s.arrived < b.threads || s.arrived < s.need {
			continue
		}
		b.epoch++
		b.changed = true
		done := *s
		*s = barrierState{}
		for _, w := range b.warps {
			for i := range w.groups {
				g := &w.groups[i]
				if g.wait != barrier || g.bar != id {
					continue
				}
				if in := &b.launch.kernel.code[g.pc]; in.deliver != nil {
					in.deliver(w, g.mask, &done)
				}
				g.wait = straight
				g.pc++
			}
			w.merge()
		}
	}
}

// deadlock says who waits where.
func (b *block) deadlock() *fault {
	var text []string
	var first *fault
	for _, w := range b.warps {
		for _, g := range w.groups {
			in := &b.launch.kernel.code[g.pc]
			what := fmt.Sprintf("lanes %#x of warp %d wait at line %d for ", g.mask, w.id, in.line)
			switch {
			case g.wait == syncLanes:
				what += fmt.Sprintf("lanes %#x", uint32(w.rows[in.index][bits.TrailingZeros32(g.mask)])&w.live)
			case g.bar < 0:
				what += fmt.Sprintf("lanes %#x of their warp, which do not come to this barrier", w.live&^g.mask)
			default:
				what += fmt.Sprintf("barrier %d, where %d threads are and %d end it", g.bar, b.bars[g.bar].arrived, max(b.bars[g.bar].need, b.threads))
			}
			text = append(text, what)
			if first == nil {
				first = w.fault(codeLaunchTimeout, bits.TrailingZeros32(g.mask), g.pc, "")
			}
		}
	}
	if len(text) > 8 {
		text = append(text[:8], "...")
	}
	first.text = "deadlock: " + strings.Join(text, "; ")
	return first
}
