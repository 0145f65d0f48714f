package emulator

import (
	"fmt"
	"math/bits"
	"sort"
)

// Addresses. Global memory begins where no host pointer, index or shared offset lies by chance; guards between allocations
// are longer than any stride an index that is off by a little could have. Generic addresses of shared, local, constant and
// parameter memory are their offsets in windows of their own.
const (
	globalBase   = 0x7a00_0000_0000
	guardBytes   = 1 << 20
	allocAlign   = 512
	sharedWindow = 0x6100_0000_0000
	localWindow  = 0x6200_0000_0000
	constWindow  = 0x6300_0000_0000
	paramWindow  = 0x6400_0000_0000
	windowBytes  = 1 << 32
)

// A block of global memory.
type allocation struct {
	base   uint64
	data   []byte
	known  []uint64 // a bit for each byte somebody has written
	left   int      // bytes nobody has written
	name   string   // the variable of a module, or "" for Alloc's
	shadow []writer // who wrote which word in the running launch; nil until the first write of a kernel
}

// memory is the global memory of a device.
type memory struct {
	list   []*allocation // by base
	next   uint64
	used   uint64
	poison byte
}

func (m *memory) add(n uint64, name string) *allocation {
	if m.next == 0 {
		m.next = globalBase
	}
	a := &allocation{base: m.next, data: make([]byte, n), known: make([]uint64, (n+63)/64), left: int(n), name: name}
	for i := range a.data {
		a.data[i] = m.poison
	}
	m.next += (n+guardBytes+allocAlign-1)/allocAlign*allocAlign + guardBytes
	m.used += (n + allocAlign - 1) / allocAlign * allocAlign
	m.list = append(m.list, a)
	return a
}

func (m *memory) remove(base uint64) bool {
	for i, a := range m.list {
		if a.base == base {
			m.list = append(m.list[:i], m.list[i+1:]...)
			m.used -= (uint64(len(a.data)) + allocAlign - 1) / allocAlign * allocAlign
			return true
		}
	}
	return false
}

// find returns the allocation that holds all of the n bytes at p, or nil.
func (m *memory) find(p, n uint64) *allocation {
	i := sort.Search(len(m.list), func(i int) bool { return m.list[i].base > p }) - 1
	if i < 0 {
		return nil
	}
	if a := m.list[i]; a.holds(p, n) {
		return a
	}
	return nil
}

func (a *allocation) holds(p, n uint64) bool {
	off := p - a.base
	return off <= uint64(len(a.data)) && n <= uint64(len(a.data))-off
}

// place says where an address lies that is outside of every allocation.
func (m *memory) place(p uint64) string {
	i := sort.Search(len(m.list), func(i int) bool { return m.list[i].base > p }) - 1
	text := "no allocation is near"
	if i >= 0 {
		a := m.list[i]
		text = fmt.Sprintf("%d bytes after the start of %s, which has %d bytes", p-a.base, a, len(a.data))
	}
	if i+1 < len(m.list) && (i < 0 || m.list[i+1].base-p < guardBytes/2) {
		a := m.list[i+1]
		text = fmt.Sprintf("%d bytes before %s, which has %d bytes", a.base-p, a, len(a.data))
	}
	return text
}

func (a *allocation) String() string {
	if a.name != "" {
		return "variable " + a.name
	}
	return fmt.Sprintf("the allocation at %#x", a.base)
}

// write notes that the n bytes at off have a value.
func (a *allocation) write(off, n uint64) {
	if a.left == 0 {
		return
	}
	for n > 0 {
		word, bit := off/64, off%64
		k := min(n, 64-bit)
		mask := ^uint64(0) >> (64 - k) << bit
		a.left -= bits.OnesCount64(mask &^ a.known[word])
		a.known[word] |= mask
		off, n = off+k, n-k
	}
}

// unknown returns the first of the n bytes at off that nobody has written, or -1.
func (a *allocation) unknown(off, n uint64) int64 {
	if a.left == 0 {
		return -1
	}
	for n > 0 {
		word, bit := off/64, off%64
		k := min(n, 64-bit)
		if miss := ^a.known[word] & (^uint64(0) >> (64 - k) << bit); miss != 0 {
			return int64(word*64) + int64(bits.TrailingZeros64(miss))
		}
		off, n = off+k, n-k
	}
	return -1
}

// copyKnown carries over which bytes have a value.
func (a *allocation) copyKnown(off uint64, from *allocation, fromOff, n uint64) {
	if from.unknown(fromOff, n) < 0 {
		a.write(off, n)
		return
	}
	for i := range n {
		word, bit := (off+i)/64, (off+i)%64
		was := a.known[word]>>bit&1 == 1
		is := from.known[(fromOff+i)/64]>>((fromOff+i)%64)&1 == 1
		switch {
		case is && !was:
			a.known[word] |= 1 << bit
			a.left--
		case was && !is:
			a.known[word] &^= 1 << bit
			a.left++
		}
	}
}
