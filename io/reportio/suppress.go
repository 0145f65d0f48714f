package reportio

import "sort"

// cover says what of each segment may be shown.
type cover struct {
	all  []bool // fewer customers than the least cell: nothing but the name
	size []bool // size and revenue, which could be reckoned from those of the others
}

// covers applies the least cell to the segments.
func covers(segments []segment, least int) cover {
	c := cover{all: make([]bool, len(segments)), size: make([]bool, len(segments))}
	hidden, sum := 0, 0
	order := make([]int, len(segments))
	for i, s := range segments {
		order[i] = i
		if s.Customers < least {
			c.all[i], c.size[i] = true, true
			hidden++
			sum += s.Customers
		}
	}
	if hidden == 0 || hidden > 1 && sum >= least {
		return c
	}
	// One alone, or a few with too little in common: the next smallest one joins.
	sort.SliceStable(order, func(a, b int) bool { return segments[order[a]].Customers < segments[order[b]].Customers })
	for _, i := range order {
		if !c.size[i] {
			c.size[i] = true
			return c
		}
	}
	return c // it is alone: its size is that of the whole base
}
