package features

import (
	"sync/atomic"

	"segovia/engine/quality"
)

// duplicates finds rows of a source that repeat others, over all its files and in any order. Which of several equal rows
// is taken does not matter, since they are equal.
type duplicates struct {
	mode string // "none", "exact" or "across_files"
	rowSet
	files atomic.Int64 // bytes of the open files' own tables
}

// openFile is a file under way. In mode across_files it counts its own equal rows, each range under the lock of the same
// range of the source's duplicates.
type openFile struct {
	source, file int
	order        int64 // of its first batch among all batches, for errors
	held         atomic.Int64
	pending      atomic.Int64 // batches that are not folded yet, and one for the reading
	rows         [setParts]hashTable
}

// add notes the rows of a batch. It returns how many of them are to be left out, which it marks: in mode exact all but
// one of equal rows; in mode across_files a row stays as long as its file has it more often than any other file so far, so
// that in the end as many stay as the file has that has most.
func (d *duplicates) add(hashes []quality.Hash, order *partOrder, file *openFile, removed []bool) (gone int64) {
	switch d.mode {
	case "exact":
		order.each(hashes, func(part int, rows []int32) {
			p := &d.parts[part]
			p.mu.Lock()
			defer p.mu.Unlock()
			for _, i := range rows {
				c := p.rows.at(hashes[i])
				if *c > 0 {
					removed[i] = true
					gone++
				}
				*c = 1
			}
			d.account(part)
		})
	case "across_files":
		order.each(hashes, func(part int, rows []int32) {
			p, own := &d.parts[part], &file.rows[part]
			p.mu.Lock()
			defer p.mu.Unlock()
			before := own.bytes()
			for _, i := range rows {
				c, within := p.rows.at(hashes[i]), own.at(hashes[i])
				*within++
				if *within <= *c {
					removed[i] = true
					gone++
				}
				*c = max(*c, *within)
			}
			d.account(part)
			grown := own.bytes() - before
			file.held.Add(grown)
			d.files.Add(grown)
			d.held.Add(grown)
		})
	default:
		d.rowSet.add(hashes, order)
	}
	return gone
}
