package emulator

import (
	"fmt"
	"math/bits"
)

const (
	warpSize = 32
	allLanes = 1<<warpSize - 1
)

// lanes are one register of the 32 threads of a warp. Values of fewer than 64 bits are kept with zeros above.
type lanes [warpSize]uint64

// exec does an instruction for the lanes of a mask.
type exec func(w *warp, mask uint32)

// flow says how an instruction moves the program counter.
type flow byte

const (
	straight  flow = iota
	jump           // to target
	jumpTable      // to targets[index register]
	leave          // the thread ends
	trap
	syncLanes // waits for the lanes of a mask
	barrier   // waits for the threads of the block
)

// An instruction, decoded.
type instruction struct {
	do       exec
	flow     flow
	guard    int16 // predicate, or -1
	guardNot bool
	aligned  bool // barrier: all lanes of a warp come together
	arrive   bool // barrier: counts, but does not wait
	target   int32
	index    int32 // row with the index, the lane mask or the barrier's number
	count    int32 // row with the number of threads of a barrier, or -1
	targets  []int32
	apart    bool // syncLanes: the lanes may stand at different instructions of this kind
	line     int32
	reduce   func(w *warp, mask uint32, b *barrierState) // barrier: takes in the predicate; nil for none
	deliver  func(w *warp, mask uint32, b *barrierState) // barrier: hands out the result; nil for none
}

// A group is the lanes of a warp that stand at the same instruction.
type group struct {
	pc   int32
	mask uint32
	wait flow // syncLanes or barrier while it waits, else straight
	bar  int  // barrier: its number
}

// A warp runs 32 threads of a block.
type warp struct {
	rows   []lanes
	preds  []uint32
	carry  uint32 // the condition code of each lane
	tmp    lanes
	live   uint32
	groups []group
	block  *block
	id     int // in the block
	pc     int32
	local  []byte
	params []byte // of calls
	waited int    // how often others that could run were passed over
	order  laneOrders
	copies [warpSize][]asyncCopy
}

// A fault ends a launch; it travels as a panic from the instruction to the launch.
type fault struct {
	code   int
	kernel string
	block  [3]uint32
	thread [3]uint32
	line   int32
	source string // the text of the line
	text   string
}

func (f *fault) Error() string {
	return fmt.Sprintf("kernel %s, block (%d,%d,%d), thread (%d,%d,%d), ptx line %d: %s: %s", f.kernel, f.block[0], f.block[1], f.block[2],
		f.thread[0], f.thread[1], f.thread[2], f.line, f.source, f.text)
}

// fail ends the launch because of what a lane does at the present instruction.
func (w *warp) fail(code, lane int, format string, args ...any) {
	panic(w.fault(code, lane, w.pc, fmt.Sprintf(format, args...)))
}

func (w *warp) fault(code, lane int, pc int32, text string) *fault {
	b := w.block
	k := b.launch.kernel
	line := k.code[pc].line
	return &fault{code, k.name, b.at, w.thread(lane), line, k.source(line), text}
}

// thread returns the index of a lane's thread in its block.
func (w *warp) thread(lane int) [3]uint32 {
	n := uint32(w.id*warpSize + lane)
	d := w.block.launch.block
	return [3]uint32{n % d.X, n / d.X % d.Y, n / d.X / d.Y}
}

// run executes instructions until the warp waits, ends or has had its turn; it returns the number executed.
func (w *warp) run(turn int) int {
	code := w.block.launch.kernel.code
	done := 0
	for done < turn {
		at := w.pick()
		if at < 0 {
			break
		}
		g := w.groups[at]
		others := len(w.groups) > 1
		stop := int32(-1) // the next instruction at which others stand
		if others {
			for i := range w.groups {
				if pc := w.groups[i].pc; pc > g.pc && (stop < 0 || pc < stop) {
					stop = pc
				}
			}
		}
		pc, mask := g.pc, g.mask
	running:
		for done < turn {
			in := &code[pc]
			m := mask
			if in.guard >= 0 {
				p := w.preds[in.guard]
				if in.guardNot {
					p = ^p
				}
				m &= p
			}
			done++
			switch in.flow {
			case straight:
				if m != 0 {
					w.pc = pc
					in.do(w, m)
				}
				pc++
				if pc == stop {
					break running
				}
				continue
			case jump:
				if m == mask {
					pc = in.target
					if others {
						break running
					}
					continue
				}
				if m == 0 {
					pc++
					if pc == stop {
						break running
					}
					continue
				}
				w.groups[at].pc, w.groups[at].mask = pc+1, mask&^m
				w.groups = append(w.groups, group{pc: in.target, mask: m})
			case jumpTable:
				w.pc = pc
				w.groups[at].pc, w.groups[at].mask = pc+1, mask&^m
				for ; m != 0; m &= m - 1 {
					lane := bits.TrailingZeros32(m)
					i := uint32(w.rows[in.index][lane])
					if int(i) >= len(in.targets) {
						w.fail(codeIllegalInstruction, lane, "index %d of a table of %d branches", i, len(in.targets))
					}
					w.groups = append(w.groups, group{pc: in.targets[i], mask: 1 << lane})
				}
			case leave:
				w.groups[at].pc, w.groups[at].mask = pc+1, mask&^m
				if m != 0 {
					w.exit(m)
				}
			case trap:
				if m != 0 {
					w.pc = pc
					w.fail(codeLaunchFailed, bits.TrailingZeros32(m), "trap")
				}
				pc++
				if pc == stop {
					break running
				}
				continue
			case syncLanes:
				w.pc = pc
				w.groups[at].pc, w.groups[at].mask = pc, mask
				w.arriveSync(at, m)
			case barrier:
				w.pc = pc
				w.groups[at].pc, w.groups[at].mask = pc, mask
				w.arriveBarrier(at, m)
			}
			w.merge()
			at = -1
			break
		}
		if at >= 0 {
			w.groups[at].pc = pc
			if others {
				w.merge()
			}
		}
	}
	return done
}

// patience is how often the group furthest behind is preferred before another that could run gets a turn.
const patience = 5000

// pick chooses the group to run: the one furthest behind, so that lanes come together again where their ways join. After
// much patience another gets a turn, so that a lane that spins does not keep the one it waits for from running.
func (w *warp) pick() int {
	if len(w.groups) == 1 {
		if w.groups[0].wait != straight {
			return -1
		}
		return 0
	}
	best, ready := -1, 0
	for i := range w.groups {
		if w.groups[i].wait == straight {
			ready++
			if best < 0 || w.groups[i].pc < w.groups[best].pc {
				best = i
			}
		}
	}
	if ready < 2 {
		w.waited = 0
		return best
	}
	if w.waited++; w.waited > patience {
		w.waited = 0
		for i, n := best, w.block.launch.draw(ready-1); ; {
			i = (i + 1) % len(w.groups)
			if w.groups[i].wait == straight && i != best {
				if n == 0 {
					return i
				}
				n--
			}
		}
	}
	return best
}

// merge joins the groups that stand at the same instruction and drops those without lanes. A group that waits for lanes is
// looked at anew when others join it.
func (w *warp) merge() {
	kept := w.groups[:0]
next:
	for _, g := range w.groups {
		if g.mask == 0 {
			continue
		}
		for i := range kept {
			if kept[i].pc == g.pc && (kept[i].wait != barrier || kept[i].bar < 0) && (g.wait != barrier || g.bar < 0) {
				kept[i].mask |= g.mask
				kept[i].wait = straight
				continue next
			}
		}
		kept = append(kept, g)
	}
	w.groups = kept
}

// exit ends lanes; what waits for them is looked at anew.
func (w *warp) exit(m uint32) {
	for l := m; l != 0; l &= l - 1 {
		w.finishCopies(bits.TrailingZeros32(l), -1)
	}
	w.live &^= m
	for i := range w.groups {
		if w.groups[i].wait == syncLanes || w.groups[i].wait == barrier && w.groups[i].bar < 0 {
			w.groups[i].wait = straight
		}
	}
	w.block.threads -= bits.OnesCount32(m)
	w.block.checkBarriers()
}
