package emulator

import (
	"encoding/binary"
	"math/bits"
)

// Checks names what a Device can look for besides addresses, which it always checks.
type Checks uint

const (
	// InitGlobal reports reads of global memory that nobody has written.
	InitGlobal Checks = 1 << iota
	// InitShared reports reads of shared memory that no thread of the block has written.
	InitShared
	// Races reports two threads of a block that touch the same shared memory without a barrier, or an instruction that
	// synchronises the lanes of a warp, between them, where one writes another value and is no atomic.
	Races
	// GlobalRaces reports two threads of a launch that write different values, not with atomics, to the same place of global
	// memory. Kernels with a fence are looked at block by block, because they may order their blocks with it.
	GlobalRaces
)

type access byte

const (
	read access = iota
	write
	atomic
)

// laneOrders keep the order that .sync instructions make between the lanes of a warp: vector clocks, where a synchronisation
// of all lanes costs one step.
type laneOrders struct {
	top   uint32 // the newest time of any lane
	floor uint32 // every lane knows everything before this time
	clock [warpSize]uint32
	known [warpSize][warpSize]uint32 // [a][b]: a knows what b did up to this time
}

func (o *laneOrders) now(lane int) uint32 { return max(o.clock[lane], o.floor) }

// join orders what the lanes m did before what they do now.
func (o *laneOrders) join(m, live uint32) {
	t := o.top
	o.top++
	if m == live {
		o.floor = o.top
		return
	}
	var all [warpSize]uint32
	for l := m; l != 0; l &= l - 1 {
		a := bits.TrailingZeros32(l)
		for b := range all {
			all[b] = max(all[b], o.known[a][b])
		}
	}
	for l := m; l != 0; l &= l - 1 {
		all[bits.TrailingZeros32(l)] = t
	}
	for l := m; l != 0; l &= l - 1 {
		a := bits.TrailingZeros32(l)
		o.known[a] = all
		o.clock[a] = o.top
	}
}

// before reports whether what the lanes from did up to time t is ordered before what a lane does now.
func (o *laneOrders) before(lane int, from, t uint32) bool {
	if t < o.floor {
		return true
	}
	for from &^= 1 << lane; from != 0; from &= from - 1 {
		if o.known[lane][bits.TrailingZeros32(from)] < t {
			return false
		}
	}
	return true
}

// A cell is who touched a part of shared memory last: 4 bytes, or 1 in kernels that access less than 4.
type cell struct {
	wroteEpoch, wroteTime uint32
	readEpoch, readTime   uint32 // reads and atomics
	readMask              uint32 // lanes of readWarp
	wroteWarp, readWarp   uint8
	wroteLane             uint8
	readMany              bool // by more than one warp
}

// touch looks for a race of the lanes m, which all access the n bytes of shared memory at off. changed says whether a write
// changes what is there.
func (w *warp) touch(m uint32, off, n uint64, kind access, changed bool) {
	b := w.block
	g := b.launch.kernel.granule
	for i := off >> g; i <= (off+n-1)>>g; i++ {
		c := &b.cells[i]
		if c.wroteEpoch == b.epoch && (kind != write || changed) {
			for l := m; l != 0; l &= l - 1 {
				lane := bits.TrailingZeros32(l)
				if int(c.wroteWarp) != w.id || !w.order.before(lane, 1<<c.wroteLane, c.wroteTime) {
					w.race(lane, i<<g, kind, int(c.wroteWarp), int(c.wroteLane), "wrote")
				}
			}
		}
		if kind == write {
			if c.readEpoch == b.epoch && changed {
				lane := bits.TrailingZeros32(m)
				if c.readMany || int(c.readWarp) != w.id || !w.order.before(lane, c.readMask, c.readTime) {
					other := c.readMask
					if int(c.readWarp) == w.id {
						other &^= 1 << lane
					}
					w.race(lane, i<<g, kind, int(c.readWarp), bits.TrailingZeros32(other|1<<31), "read")
				}
			}
			lane := bits.TrailingZeros32(m)
			c.wroteEpoch, c.wroteTime, c.wroteWarp, c.wroteLane = b.epoch, w.order.now(lane), uint8(w.id), uint8(lane)
			continue
		}
		if c.readEpoch != b.epoch {
			c.readEpoch, c.readTime, c.readMask, c.readWarp, c.readMany = b.epoch, 0, 0, uint8(w.id), false
		}
		if int(c.readWarp) != w.id {
			c.readMany = true
			continue
		}
		c.readMask |= m
		for l := m; l != 0; l &= l - 1 {
			c.readTime = max(c.readTime, w.order.now(bits.TrailingZeros32(l)))
		}
	}
}

func (w *warp) race(lane int, off uint64, kind access, otherWarp, otherLane int, did string) {
	what := map[access]string{read: "reads", write: "writes", atomic: "updates"}[kind]
	o := w.block.warps[otherWarp].thread(otherLane)
	w.fail(codeLaunchFailed, lane, "race: the thread %s shared memory at %#x (%s), which thread (%d,%d,%d) %s since the last barrier",
		what, off, w.block.launch.kernel.sharedName(off), o[0], o[1], o[2], did)
}

// A writer is who wrote a word of global memory last.
type writer struct {
	launch uint32 // number of the launch, and which of the 4 bytes in the upper bits
	thread uint32 // block * 1024 + thread, the lower 32 bits
	epoch  uint32
	store  uint32 // number of the store instruction in the launch
}

// globalWrite looks for a race of a lane that stores src at off of a.
func (w *warp) globalWrite(lane int, a *allocation, off uint64, src []byte) {
	b := w.block
	if a.shadow == nil {
		a.shadow = make([]writer, (len(a.data)+3)/4)
	}
	thread := uint32(b.index)*1024 + uint32(w.id*warpSize+lane)
	for i := off / 4; i <= (off+uint64(len(src))-1)/4; i++ {
		lo, hi := max(off, i*4), min(off+uint64(len(src)), i*4+4)
		mask := uint32(1<<(hi-i*4)-1<<(lo-i*4)) << 28
		s := &a.shadow[i]
		if s.launch&(1<<28-1) == b.launch.number && s.launch&mask != 0 && s.thread != thread && string(a.data[lo:hi]) != string(src[lo-off:hi-off]) {
			sameBlock, sameWarp := s.thread/1024 == thread/1024, s.thread/warpSize == thread/warpSize
			if sameWarp && s.store == b.launch.stores || sameBlock && !sameWarp && s.epoch == b.epoch || !sameBlock && !b.launch.kernel.fences {
				o := s.thread % 1024
				w.fail(codeLaunchFailed, lane, "race: thread %d of block %d wrote another value to the same place (%#x, byte %d of %s) in this launch",
					o, s.thread/1024, a.base+lo, lo, a)
			}
		}
		*s = writer{b.launch.number | mask, thread, b.epoch, b.launch.stores}
	}
}

// load reads n (1, 2, 4 or 8) bytes.
func load(p []byte, n int) uint64 {
	switch n {
	case 4:
		return uint64(binary.LittleEndian.Uint32(p))
	case 8:
		return binary.LittleEndian.Uint64(p)
	case 2:
		return uint64(binary.LittleEndian.Uint16(p))
	}
	return uint64(p[0])
}

func store(p []byte, n int, v uint64) {
	switch n {
	case 4:
		binary.LittleEndian.PutUint32(p, uint32(v))
	case 8:
		binary.LittleEndian.PutUint64(p, v)
	case 2:
		binary.LittleEndian.PutUint16(p, uint16(v))
	default:
		p[0] = byte(v)
	}
}
