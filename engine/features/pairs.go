package features

import (
	"math/bits"
	"slices"
)

// pairSet numbers different pairs of a customer and a key in the order in which they come. It is an open-addressing table
// of numbers, three quarters full at most, beside the pairs themselves: without a pointer and without an allocation per
// pair.
type pairSet struct {
	slots []int32
	keys  []uint64
	table []int32 // number + 1 of the pair whose hash points here or before, 0 = free
	last  int     // number of the pair that was met last; an order's lines mostly stand together
	begin []int32 // after freeze, by customer: where its keys begin
}

const leastPairs = 16

// at returns the number of the pair, and whether it is new.
func (p *pairSet) at(slot int32, key uint64) (number int, isNew bool) {
	if p.last < len(p.keys) && p.keys[p.last] == key && p.slots[p.last] == slot {
		return p.last, false
	}
	if 4*(len(p.keys)+1) > 3*len(p.table) {
		p.enlarge()
	}
	mask := len(p.table) - 1
	i := p.home(slot, key)
	for ; p.table[i] != 0; i = (i + 1) & mask {
		if n := int(p.table[i]) - 1; p.keys[n] == key && p.slots[n] == slot {
			p.last = n
			return n, false
		}
	}
	p.slots, p.keys = append(p.slots, slot), append(p.keys, key)
	p.table[i] = int32(len(p.keys))
	p.last = len(p.keys) - 1
	return p.last, true
}

func (p *pairSet) home(slot int32, key uint64) int {
	hi, lo := bits.Mul64(key^uint64(slot)*0x9e3779b97f4a7c15, 0xd6e8feb86659fd93)
	return int(hi^lo) & (len(p.table) - 1)
}

func (p *pairSet) enlarge() {
	p.table = make([]int32, max(leastPairs, 2*len(p.table)))
	mask := len(p.table) - 1
	for n, key := range p.keys {
		i := p.home(p.slots[n], key)
		for p.table[i] != 0 {
			i = (i + 1) & mask
		}
		p.table[i] = int32(n) + 1
	}
}

func (p *pairSet) bytes() int64 {
	return 4*int64(cap(p.slots)) + 8*int64(cap(p.keys)) + 4*int64(cap(p.table))
}

// freeze sorts the pairs by customer and key and returns what their numbers were. Nothing can be added afterwards.
func (p *pairSet) freeze(customers int) (order []int32) {
	p.begin = make([]int32, customers+1)
	for _, slot := range p.slots {
		p.begin[slot+1]++
	}
	for i := range customers {
		p.begin[i+1] += p.begin[i]
	}
	next := slices.Clone(p.begin)
	order = make([]int32, len(p.keys))
	for n, slot := range p.slots {
		order[next[slot]] = int32(n)
		next[slot]++
	}
	for i := range customers {
		run := order[p.begin[i]:p.begin[i+1]]
		if len(run) > 24 {
			slices.SortFunc(run, func(a, b int32) int {
				if p.keys[a] < p.keys[b] {
					return -1
				}
				return 1 // they are different
			})
			continue
		}
		for j := 1; j < len(run); j++ {
			n := run[j]
			k := j
			for ; k > 0 && p.keys[run[k-1]] > p.keys[n]; k-- {
				run[k] = run[k-1]
			}
			run[k] = n
		}
	}
	p.keys = permuted(p.keys, order)
	p.slots, p.table = nil, nil
	return order
}

// of returns the keys of a customer, ascending, after freeze.
func (p *pairSet) of(slot int) []uint64 { return p.keys[p.begin[slot]:p.begin[slot+1]] }

// permuted returns v[order[0]], v[order[1]], ...
func permuted[T any](v []T, order []int32) []T {
	out := make([]T, len(order))
	for i, n := range order {
		out[i] = v[n]
	}
	return out
}
