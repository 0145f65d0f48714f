package features

import (
	"sync"

	"segovia/engine/quality"
)

// hashTable counts rows by their hash. It is an open-addressing table of 20 bytes a place, filled to three quarters at
// most: for a billion rows a tenth of what a Go map would take would not do.
type hashTable struct {
	keys   []quality.Hash
	counts []uint32 // 0 = free
	n      int
}

// at returns the place of the row's count, with room for it.
func (t *hashTable) at(h quality.Hash) *uint32 {
	if 4*(t.n+1) > 3*len(t.keys) {
		t.enlarge()
	}
	i := t.find(h)
	if t.counts[i] == 0 {
		t.keys[i] = h
		t.n++
	}
	return &t.counts[i]
}

func (t *hashTable) find(h quality.Hash) int {
	mask := len(t.keys) - 1
	i := int(h.Lo) & mask
	for t.counts[i] != 0 && t.keys[i] != h {
		i = (i + 1) & mask
	}
	return i
}

func (t *hashTable) enlarge() {
	old := *t
	size := max(64, 2*len(old.keys))
	t.keys, t.counts = make([]quality.Hash, size), make([]uint32, size)
	for j, c := range old.counts {
		if c != 0 {
			i := t.find(old.keys[j])
			t.keys[i], t.counts[i] = old.keys[j], c
		}
	}
}

const duplicateShards = 64

// duplicates finds rows of a source that repeat others, over all its files and in any order. Which of several equal rows
// is taken does not matter, since they are equal.
type duplicates struct {
	mode   string // "none", "exact" or "across_files"
	shards [duplicateShards]struct {
		mu   sync.Mutex
		rows hashTable
	}
}

// fileRows counts equal rows within one file, for mode across_files. It belongs to one worker.
type fileRows struct{ rows hashTable }

// add notes the rows of a batch. It returns how many of them repeat a row that was noted before, and marks those that the
// mode removes. In mode across_files a row stays as long as its file has it more often than any other file so far: in the
// end as many stay as the file has that has most.
func (d *duplicates) add(hashes []quality.Hash, file *fileRows, removed []bool) (repeated, gone int64) {
	for i, h := range hashes {
		within := uint32(1)
		if d.mode == "across_files" {
			c := file.rows.at(h)
			*c++
			within = *c
		}
		s := &d.shards[h.Hi>>58]
		s.mu.Lock()
		c := s.rows.at(h)
		if *c > 0 {
			repeated++
		}
		switch d.mode {
		case "exact":
			removed[i] = *c > 0
		case "across_files":
			removed[i] = within <= *c
			*c = max(*c, within)
		}
		*c = max(*c, 1)
		s.mu.Unlock()
		if removed[i] {
			gone++
		}
	}
	return repeated, gone
}

// bytes returns the memory of the tables.
func (d *duplicates) bytes() (n int64) {
	for i := range d.shards {
		s := &d.shards[i]
		s.mu.Lock()
		n += 20 * int64(len(s.rows.keys))
		s.mu.Unlock()
	}
	return n
}

// hashSet counts different hashes, safely for concurrent use.
type hashSet struct{ d duplicates }

func (s *hashSet) add(h quality.Hash) {
	x := &s.d.shards[h.Hi>>58]
	x.mu.Lock()
	*x.rows.at(h) = 1
	x.mu.Unlock()
}

func (s *hashSet) len() (n int64) {
	for i := range s.d.shards {
		n += int64(s.d.shards[i].rows.n)
	}
	return n
}
