package emulator

import (
	"encoding/binary"
	"math/bits"
)

// A ref is the address operand of one instruction: a row and an offset, and the state space.
type ref struct {
	space  string // "global", "shared", "local", "const", "param" or "" for generic
	row    int32
	offset uint64
	strong bool        // a store that is .volatile, .relaxed or .release
	narrow bool        // the address register has 32 bits
	last   *allocation // of global memory, where the lane before was
}

// address returns where a lane points.
func (r *ref) address(w *warp, lane int) uint64 {
	p := w.rows[r.row][lane] + r.offset
	if r.narrow {
		p = uint64(uint32(p))
	}
	return p
}

// global finds the n bytes at p; it ends the launch where that is no live allocation.
func (r *ref) global(w *warp, lane int, p, n uint64) (*allocation, uint64) {
	if r.last == nil || !r.last.holds(p, n) {
		a := w.block.launch.device.memory.find(p, n)
		if a == nil {
			w.fail(codeIllegalAddress, lane, "%d bytes at %#x are outside of every allocation: %s", n, p, w.block.launch.device.memory.place(p))
		}
		r.last = a
	}
	return r.last, p - r.last.base
}

// window tells which space a generic address lies in, and its offset there.
func window(p uint64) (string, uint64) {
	switch p / windowBytes {
	case sharedWindow / windowBytes:
		return "shared", p - sharedWindow
	case localWindow / windowBytes:
		return "local", p - localWindow
	case constWindow / windowBytes:
		return "const", p - constWindow
	case paramWindow / windowBytes:
		return "param", p - paramWindow
	}
	return "global", p
}

// windowOf is the inverse: the generic address of offset 0 of a space.
func windowOf(space string) uint64 {
	return map[string]uint64{"shared": sharedWindow, "local": localWindow, "const": constWindow, "param": paramWindow}[space]
}

// aligned ends the launch where p is not a multiple of n.
func (w *warp) aligned(lane int, p, n uint64) {
	if p&(n-1) != 0 {
		w.fail(codeMisaligned, lane, "address %#x is not a multiple of the %d bytes accessed", p, n)
	}
}

// memory returns the n bytes a lane of r points to, after all checks. A write with from given is looked at for races.
func (r *ref) memory(w *warp, lane int, n uint64, kind access, from []byte) []byte {
	p := r.address(w, lane)
	w.aligned(lane, p, n)
	space := r.space
	if space == "" {
		space, p = window(p)
	}
	checks := w.block.launch.device.checks
	switch space {
	case "global":
		a, off := r.global(w, lane, p, n)
		if kind == write {
			if checks&GlobalRaces != 0 && !r.strong {
				w.globalWrite(lane, a, off, from)
			}
			a.write(off, n)
		} else if a.left > 0 && checks&InitGlobal != 0 {
			if at := a.unknown(off, n); at >= 0 {
				w.fail(codeLaunchFailed, lane, "nobody has written byte %d of %s", at, a)
			}
		}
		return a.data[off : off+n]
	case "shared":
		b := w.block
		if p > uint64(len(b.shared)) || n > uint64(len(b.shared))-p {
			w.fail(codeIllegalAddress, lane, "%d bytes at %#x are outside of the block's %d bytes of shared memory (%s)", n, p, len(b.shared), b.launch.kernel.sharedName(p))
		}
		d := b.shared[p : p+n]
		if checks&Races != 0 {
			w.touch(1<<lane, p, n, kind, kind == write && string(d) != string(from))
		}
		if checks&InitShared != 0 {
			w.knownShared(lane, p, n, kind)
		}
		return d
	case "local":
		k := uint64(w.block.launch.kernel.localBytes)
		if p > k || n > k-p {
			w.fail(codeIllegalAddress, lane, "%d bytes at %#x are outside of the thread's %d bytes of local memory", n, p, k)
		}
		at := uint64(lane)*k + p
		return w.local[at : at+n]
	case "const":
		c := w.block.launch.kernel.module.constants
		if kind != read {
			w.fail(codeIllegalAddress, lane, "a write to constant memory")
		}
		if p > uint64(len(c)) || n > uint64(len(c))-p {
			w.fail(codeIllegalAddress, lane, "%d bytes at %#x are outside of the module's %d bytes of constants", n, p, len(c))
		}
		return c[p : p+n]
	}
	// Parameters: those of the launch, then the thread's own of calls.
	args := w.block.launch.args
	if k := uint64(len(args)); p+n <= k && p <= k {
		if kind != read {
			w.fail(codeIllegalAddress, lane, "a write to the parameters of the kernel")
		}
		return args[p : p+n]
	}
	k := uint64(w.block.launch.kernel.callBytes)
	if p < callParams || p-callParams > k || n > k-(p-callParams) {
		w.fail(codeIllegalAddress, lane, "%d bytes at %#x are outside of the parameters", n, p)
	}
	at := uint64(lane)*k + p - callParams
	return w.params[at : at+n]
}

// knownShared notes a write of shared memory, or ends the launch where the bytes read were never written.
func (w *warp) knownShared(lane int, p, n uint64, kind access) {
	mask := ^uint64(0) >> (64 - n) << (p % 64) // n <= 16 and aligned: within one word
	word := &w.block.known[p/64]
	if kind == write {
		*word |= mask
	} else if miss := mask &^ *word; miss != 0 {
		at := p&^63 + uint64(bits.TrailingZeros64(miss))
		w.fail(codeLaunchFailed, lane, "no thread of the block has written shared memory at %#x (%s)", at, w.block.launch.kernel.sharedName(at))
	}
}

// loadOp is ld: elements of typ, extended to the width of the registers in rows.
func loadOp(r ref, typ dataType, width int, rows []int32) exec {
	size := typ.bytes()
	n := uint64(size * len(rows))
	signed := typ.kind == 's' && typ.bits < width
	shift, mask := typ.shift(), ^uint64(0)>>(64-width)
	put := func(w *warp, lane int, d []byte) {
		for i, row := range rows {
			v := load(d[i*size:], size)
			if signed {
				v = uint64(int64(v<<shift)>>shift) & mask
			}
			w.rows[row][lane] = v
		}
	}
	general := func(w *warp, m uint32) {
		for ; m != 0; m &= m - 1 {
			lane := bits.TrailingZeros32(m)
			put(w, lane, r.memory(w, lane, n, read, nil))
		}
	}
	switch r.space {
	case "global":
		return func(w *warp, m uint32) {
			var at lanes
			if m != allLanes || !r.together(w, &at, n) {
				general(w, m)
				return
			}
			data := r.last.data
			for i, row := range rows {
				d := &w.rows[row]
				part := data[i*size:]
				switch {
				case size == 4 && !signed:
					for l := range d {
						d[l] = uint64(binary.LittleEndian.Uint32(part[at[l]:]))
					}
				case size == 8:
					for l := range d {
						d[l] = binary.LittleEndian.Uint64(part[at[l]:])
					}
				default:
					for l := range d {
						v := load(part[at[l]:], size)
						if signed {
							v = uint64(int64(v<<shift)>>shift) & mask
						}
						d[l] = v
					}
				}
			}
		}
	case "shared":
		return func(w *warp, m uint32) {
			if m&(m-1) == 0 || !r.same(w, m) {
				general(w, m)
				return
			}
			// All lanes read the same place, as loops over a table do: looked at once.
			lane := bits.TrailingZeros32(m)
			checks := w.block.launch.device.checks
			p := r.address(w, lane)
			if p+n <= uint64(len(w.block.shared)) && p < p+n && p&(n-1) == 0 {
				if checks&Races != 0 {
					w.touch(m, p, n, read, false)
				}
				if checks&InitShared != 0 {
					w.knownShared(lane, p, n, read)
				}
				put(w, lane, w.block.shared[p:p+n])
			} else {
				put(w, lane, r.memory(w, lane, n, read, nil))
			}
			for _, row := range rows {
				d := &w.rows[row]
				v := d[lane]
				if m == allLanes {
					for l := range d {
						d[l] = v
					}
					continue
				}
				for l := m; l != 0; l &= l - 1 {
					d[bits.TrailingZeros32(l)&31] = v
				}
			}
		}
	case "param":
		return func(w *warp, m uint32) {
			args := w.block.launch.args
			if p := w.rows[r.row][0] + r.offset; p < callParams && p+n <= uint64(len(args)) && r.same(w, m) && p&(n-1) == 0 {
				for l := m; l != 0; l &= l - 1 {
					put(w, bits.TrailingZeros32(l), args[p:p+n])
				}
				return
			}
			general(w, m)
		}
	}
	return general
}

// together reports whether all 32 lanes point, aligned, to n bytes each that have a value, in the allocation of the access
// before and, where it has bytes without a value, close together; at is where, from its start.
func (r *ref) together(w *warp, at *lanes, n uint64) bool {
	a := r.last
	if a == nil || r.narrow {
		return false
	}
	x := &w.rows[r.row]
	first, last, low := ^uint64(0), uint64(0), uint64(0)
	off := r.offset - a.base
	for l := range x {
		p := x[l] + off
		at[l] = p
		first, last = min(first, p), max(last, p)
		low |= p
	}
	size := uint64(len(a.data))
	if n > size || last > size-n || low&(n-1) != 0 {
		return false
	}
	return a.left == 0 || w.block.launch.device.checks&InitGlobal == 0 || last-first <= 64*n && a.unknown(first, last-first+n) < 0
}

// same reports whether all lanes of m point to the same place.
func (r *ref) same(w *warp, m uint32) bool {
	x := &w.rows[r.row]
	v := x[bits.TrailingZeros32(m)&31]
	if m == allLanes {
		for l := range x {
			if x[l] != v {
				return false
			}
		}
		return true
	}
	for ; m != 0; m &= m - 1 {
		if x[bits.TrailingZeros32(m)&31] != v {
			return false
		}
	}
	return true
}

// storeOp is st.
func storeOp(r ref, typ dataType, rows []int32) exec {
	size := typ.bytes()
	n := uint64(size * len(rows))
	var buffer [16]byte
	return func(w *warp, m uint32) {
		w.block.launch.stores++
		for m != 0 {
			lane := w.nextLane(&m)
			for i, row := range rows {
				store(buffer[i*size:], size, w.rows[row][lane])
			}
			copy(r.memory(w, lane, n, write, buffer[:n]), buffer[:n])
		}
	}
}

// nextLane walks over the lanes of a mask in an order that the seed chooses: upward or downward, because the
// machine promises none.
func (w *warp) nextLane(m *uint32) int {
	lane := bits.TrailingZeros32(*m)
	if w.block.launch.downward {
		lane = 31 - bits.LeadingZeros32(*m)
	}
	*m &^= 1 << lane
	return lane
}
