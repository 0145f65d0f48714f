package cuda

import (
	"slices"

	"segovia/kernels/pairwise"
)

// table says where the labels of some labelings change along the targets, as pairwise.cu reads it.
type table struct {
	labelings int
	words     []uint32 // the parts, one after the other
	part      [4]int   // where ranges, ends, firsts and changes begin
}

// tableOf returns the table of the labelings first to end-1. A boundary stands wherever the label of one of them changes, and
// at the end of each range, where all of them change.
func tableOf(t *pairwise.Targets, first, end int) table {
	var ranges, ends, firsts, changes, all []uint32
	for q := range end - first {
		all = append(all, uint32(q))
	}
	var open []uint16 // the slots of the target before at
	boundary := func(at int, labelings []uint32) {
		ends, firsts = append(ends, uint32(at)), append(firsts, uint32(len(changes)))
		for _, q := range labelings {
			changes = append(changes, q<<16|uint32(open[q]))
		}
	}
	n, _, _, _ := t.Shape()
	at, changed := 0, make([]uint32, 0, len(all))
	for length, slot := range t.Runs() {
		slot = slot[first:end]
		if at%rangeLength != 0 {
			changed = changed[:0]
			for q, s := range slot {
				if s != open[q] {
					changed = append(changed, uint32(q))
				}
			}
			if len(changed) > 0 {
				boundary(at, changed)
			}
		}
		open = slot
		for until := at + length; at < until; {
			if at%rangeLength == 0 {
				ranges = append(ranges, uint32(len(ends)))
			}
			at = min(until, at/rangeLength*rangeLength+rangeLength)
			if at%rangeLength == 0 || at == n {
				boundary(at, all)
			}
		}
	}
	ends, firsts = append(ends, 0), append(firsts, uint32(len(changes))) // of no boundary
	out := table{labelings: end - first, words: slices.Concat(ranges, ends, firsts, changes)}
	for i, part := range [][]uint32{ranges, ends, firsts} {
		out.part[i+1] = out.part[i] + len(part)
	}
	return out
}
