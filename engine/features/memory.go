package features

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/zeebo/xxh3"

	"segovia/engine/quality"
	"segovia/kernels/problem"
)

// foldShare is the part of the memory budget that the fold may hold until all sources are read. The other part is for
// record batches, for the sketches of the quality report, and for the table that comes out.
const foldShare = 2

// limit returns the bytes that the fold may hold; 0 = any.
func (f *folder) limit() int64 { return f.cfg.MemoryMax / foldShare }

// customerHash returns what a customer is counted as when the budget is too small to keep it: its hash and the length of
// its key and of its parent's.
func customerHash(key, parent string) (quality.Hash, uint32) {
	x := xxh3.HashString128(key)
	return quality.Hash{Hi: x.Hi, Lo: x.Lo}, uint32(len(key)+len(parent)) + 1 // 0 would be a free place
}

// makeRoom spills when the fold holds more than it may. Workers that come meanwhile wait.
func (f *folder) makeRoom() error {
	if f.limit() <= 0 || f.held.Load() <= f.limit() {
		return nil
	}
	f.room.Lock()
	defer f.room.Unlock()
	if f.held.Load() <= f.limit() {
		return nil
	}
	if err := f.shrink(f.limit() / 2); err != nil {
		return err
	}
	if !f.measuring.Load() && f.unspillable() > f.limit() {
		f.measure()
	}
	return nil
}

// unspillable returns the bytes that must be held until all sources are read.
func (f *folder) unspillable() (bytes int64) {
	if f.accounts != nil {
		bytes = f.accounts.held()
	}
	for _, sh := range f.shards {
		sh.mu.Lock()
		bytes += sh.held - sh.spillable
		sh.mu.Unlock()
	}
	for _, d := range f.duplicates {
		if d.mode == "none" {
			continue
		}
		for part := range setParts {
			p := &d.parts[part]
			p.mu.Lock()
			bytes += p.held
			p.mu.Unlock()
		}
		bytes += d.files.Load()
	}
	return bytes
}

// shrink spills the largest states and sets until the fold holds at most target bytes, or nothing can be spilled any more.
func (f *folder) shrink(target int64) error {
	type candidate struct {
		bytes int64
		spill func() error
	}
	var all []candidate
	for _, sh := range f.shards {
		sh.mu.Lock()
		bytes := sh.spillable
		sh.mu.Unlock()
		if bytes > 0 {
			all = append(all, candidate{bytes, func() error {
				sh.mu.Lock()
				defer sh.mu.Unlock()
				return sh.spill()
			}})
		}
	}
	for _, s := range f.spillableSets() {
		for part := range setParts {
			p := &s.parts[part]
			p.mu.Lock()
			bytes := p.held
			p.mu.Unlock()
			if bytes > 0 {
				all = append(all, candidate{bytes, func() error {
					file, err := f.setFile()
					if err != nil {
						return err
					}
					return s.spill(part, file)
				}})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(b.bytes, a.bytes) })
	for _, c := range all {
		if f.held.Load() <= target {
			return nil
		}
		if err := c.spill(); err != nil {
			return err
		}
	}
	return nil
}

// spillableSets are the sets of hashes of which only the size matters. Which rows are removed as duplicates can be told
// only while all of their source's hashes are in memory.
func (f *folder) spillableSets() []*rowSet {
	sets := []*rowSet{&f.orderSet}
	for _, d := range f.duplicates {
		if d.mode == "none" || f.measuring.Load() {
			sets = append(sets, &d.rowSet)
		}
	}
	if f.measuring.Load() {
		sets = append(sets, &f.customers)
	}
	return sets
}

// partFile returns the file that states are spilled to.
func (f *folder) partFile() (_ *spillFile, err error) {
	if f.parts == nil {
		f.parts, err = f.temp.open("states.arrow", f.partSchema())
	}
	return f.parts, err
}

// setFile returns the file that sets of hashes are spilled to.
func (f *folder) setFile() (_ *spillFile, err error) {
	if f.sets == nil {
		f.sets, err = f.temp.open("hashes.arrow", setSchema)
	}
	return f.sets, err
}

// endSpilling makes the spilled readable.
func (f *folder) endSpilling() error { return cmp.Or(f.parts.finish(), f.sets.finish()) }

// cleanUp removes what was spilled.
func (f *folder) cleanUp() error {
	f.parts.close()
	f.sets.close()
	return f.temp.remove()
}

// measure gives up the fold: what cannot be spilled exceeds the budget. From now on customers and rows are only counted,
// in sets that can be spilled, so that the least budget can be named.
func (f *folder) measure() {
	f.measuring.Store(true) // under each shard's lock, workers see it before they add
	for _, sh := range f.shards {
		sh.mu.Lock()
		for slot, key := range sh.keys {
			f.customers.put(customerHash(key, sh.parents.of(slot)))
		}
		sh.parents = parents{}
		f.held.Add(-sh.held)
		fresh := newShard(f, sh.number)
		sh.index, sh.keys, sh.active, sh.local, sh.members = fresh.index, nil, nil, nil, nil
		sh.states, sh.once, sh.held, sh.spillable, sh.keyBytes = fresh.states, fresh.once, 0, 0, 0
		sh.mu.Unlock()
	}
}

// least returns, after all was read while measuring, the least budget that the fold can do with: what it cannot spill.
func (f *folder) least(ctx context.Context) (bytes int64, err error) {
	var customers, keyBytes int64
	sum := func(set *rowSet, add func(n, sum int64)) error {
		for part := range setParts {
			if err := ctx.Err(); err != nil {
				return err
			}
			n, total, err := set.count(part, f.sets, f.limit())
			if err != nil {
				return err
			}
			add(n, total)
		}
		return nil
	}
	if err := sum(&f.customers, func(n, total int64) { customers, keyBytes = customers+n, keyBytes+total-n }); err != nil {
		return 0, err
	}
	bytes = f.residentBytes(customers, keyBytes)
	if f.account >= 0 {
		bytes += customers * accountBytes
	}
	for i, d := range f.duplicates {
		if d.mode == "none" {
			continue
		}
		if err := sum(&d.rowSet, func(n, _ int64) { bytes += tableBytes(n) }); err != nil {
			return 0, err
		}
		if d.mode == "across_files" {
			bytes += f.fileTables(i)
		}
	}
	return bytes * foldShare, nil
}

// fileTables bounds what the files of a source that are read at the same time need to count their own rows.
func (f *folder) fileTables(source int) (bytes int64) {
	var sizes []int64
	for i := range f.fileSizes[source] {
		sizes = append(sizes, f.fileSizes[source][i].Load())
	}
	slices.SortFunc(sizes, func(a, b int64) int { return cmp.Compare(b, a) })
	for _, n := range sizes[:min(len(sizes), f.threads)] {
		bytes += setParts*leastTable*placeBytes + 8*(n+setParts)/3*placeBytes // a table is more than 3/8 full
	}
	return bytes
}

// tooSmall is the error of a budget that spilling cannot meet.
func (f *folder) tooSmall(ctx context.Context) error {
	least, err := f.least(ctx)
	if err != nil {
		return err
	}
	return &problem.Problem{ID: "SEG-MEM-001",
		What: fmt.Sprintf("the sources cannot be folded with a memory budget of %s; the least is %s", sizeText(f.cfg.MemoryMax), sizeText(least)),
		Why: "the customers' keys, and the hashes of rows in sources with `distinct: exact` or `across_files`, must stay in " +
			"memory until all sources are read",
		Fix: fmt.Sprintf("Set --memory %s or more, or do without `distinct` where files do not overlap.", sizeText(least))}
}

// sizeText writes a size as the configuration reads it, rounded up.
func sizeText(bytes int64) string {
	if bytes < 10<<20 {
		return fmt.Sprintf("%dKiB", (bytes+1<<10-1)>>10)
	}
	return fmt.Sprintf("%dMiB", (bytes+1<<20-1)>>20)
}
