package quality

import (
	"iter"
	"math/bits"
)

// counter counts how often keys occur: an open-addressing table, three quarters full at most. The zero counter is empty.
type counter struct {
	entries []countEntry
	n       int
}

type countEntry struct {
	key   uint64
	count int64 // 0 = free
}

const leastCounter = 16

// at returns the count of key, which the caller makes positive.
func (c *counter) at(key uint64) *int64 {
	if 4*(c.n+1) > 3*len(c.entries) {
		c.rebuild(max(leastCounter, 2*len(c.entries)), nil)
	}
	e := c.find(key)
	if e.count == 0 {
		e.key = key
		c.n++
	}
	return &e.count
}

func (c *counter) find(key uint64) *countEntry {
	mask := len(c.entries) - 1
	hi, lo := bits.Mul64(key^0x9e3779b97f4a7c15, 0xd6e8feb86659fd93)
	i := int(hi^lo) & mask
	for c.entries[i].count != 0 && c.entries[i].key != key {
		i = (i + 1) & mask
	}
	return &c.entries[i]
}

// rebuild gives the table a size and leaves out the keys that keep, where it is not nil, refuses.
func (c *counter) rebuild(size int, keep func(key uint64) bool) {
	old := c.entries
	c.entries, c.n = make([]countEntry, size), 0
	for _, e := range old {
		if e.count != 0 && (keep == nil || keep(e.key)) {
			*c.find(e.key) = e
			c.n++
		}
	}
}

func (c *counter) keep(keep func(key uint64) bool) { c.rebuild(len(c.entries), keep) }

// all yields the keys and their counts in no particular order.
func (c *counter) all() iter.Seq2[uint64, int64] {
	return func(yield func(uint64, int64) bool) {
		for _, e := range c.entries {
			if e.count != 0 && !yield(e.key, e.count) {
				return
			}
		}
	}
}

func (c *counter) keys() []uint64 {
	keys := make([]uint64, 0, c.n)
	for key := range c.all() {
		keys = append(keys, key)
	}
	return keys
}
