package features

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow/go/v17/arrow"

	"segovia/kernels/problem"
)

// errLater stops the reading of a file because an earlier batch has failed.
var errLater = errors.New("an earlier batch has failed")

// reading is the reading of some sources. Every worker takes one file after the other and folds its batches; one that finds
// no file left helps those that are still reading, so that a single large file keeps all of them busy.
type reading struct {
	*folder
	ctx     context.Context
	files   []*openFile
	next    atomic.Int64
	readers atomic.Int64   // workers that still read
	helpers atomic.Int64   // workers that wait for batches
	queue   chan heldBatch // closed when nobody reads any more

	mu     sync.Mutex
	err    error
	failed atomic.Int64 // order of the batch of err; MaxInt64 = none
}

// heldBatch is a batch on its way to a helper, which releases its record.
type heldBatch struct {
	file     *openFile
	order    int64
	rec      arrow.Record
	firstRow int64
}

// batchBits are the low bits of a batch's order, its number within the file; above them stands the file's.
const batchBits = 36

// read folds all files of some sources. Of several errors it returns that of the first batch of the first file, so that
// the message does not depend on which worker was faster.
func (f *folder) read(ctx context.Context, sources []int) error {
	r := &reading{folder: f, ctx: ctx}
	for _, s := range sources {
		for file := range f.readers[s].Files() {
			r.files = append(r.files, &openFile{source: s, file: file, order: int64(len(r.files)) << batchBits})
		}
	}
	if len(r.files) == 0 {
		return nil
	}
	f.progress.Begin("features", 0, "rows")
	defer f.progress.End()
	r.failed.Store(math.MaxInt64)
	r.readers.Store(int64(f.threads))
	r.queue = make(chan heldBatch, f.threads)
	var group sync.WaitGroup
	for id := range f.threads {
		group.Go(func() {
			w := newWorker(f, id)
			r.work(w)
			w.report()
		})
	}
	group.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	return r.err
}

// work is what a worker does: it reads files, then it helps.
func (r *reading) work(w *worker) {
	for {
		i := int(r.next.Add(1)) - 1
		if i >= len(r.files) || r.files[i].order > r.failed.Load() {
			break
		}
		r.file(w, r.files[i])
	}
	r.helpers.Add(1)
	if r.readers.Add(-1) == 0 {
		close(r.queue)
	}
	for b := range r.queue {
		if b.order < r.failed.Load() && r.ctx.Err() == nil {
			r.fold(w, b)
		}
		b.rec.Release()
		r.done(b.file)
	}
	if r.ctx.Err() != nil {
		w.drop()
	}
	w.flush(r.note)
}

// file reads one file and folds its batches, or hands them to helpers.
func (r *reading) file(w *worker, file *openFile) {
	order := file.order
	file.pending.Store(1)
	defer r.done(file)
	err := r.folder.readers[file.source].ReadFile(r.ctx, file.file, func(rec arrow.Record, firstRow int64) error {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		order++
		if r.failed.Load() < order {
			return errLater
		}
		r.progress.Add(rec.NumRows())
		b := heldBatch{file, order, rec, firstRow}
		if r.helpers.Load() > 0 {
			rec.Retain()
			file.pending.Add(1)
			select {
			case r.queue <- b:
				return nil
			default: // all have enough to do
				rec.Release()
				file.pending.Add(-1)
			}
		}
		r.fold(w, b)
		return nil
	})
	if err != nil && !errors.Is(err, errLater) {
		r.fail(order+1, err)
	}
}

// fold folds a batch, or holds it back, and notes errors.
func (r *reading) fold(w *worker, b heldBatch) {
	if err := w.batch(b); err != nil {
		r.note(b, err)
	}
	if w.bytes >= r.heldLimit() {
		w.flush(r.note)
	}
}

// note notes the error of a batch.
func (r *reading) note(b heldBatch, err error) {
	var over *rangeError
	if errors.As(err, &over) {
		err = r.outOfRange(b.file.source, r.folder.readers[b.file.source].Files()[b.file.file], err)
	}
	r.fail(b.order, err)
}

// outOfRange is the problem of a number that cannot be kept.
func (f *folder) outOfRange(source int, file string, err error) error {
	return &problem.Problem{ID: "SEG-NUM-002",
		What: fmt.Sprintf("a number of source %q leaves the 128 bits in which numbers are kept exactly", f.sources[source].cfg.Name),
		File: file, Place: f.sources[source].place,
		Fix: "Repair the value, or divide or round it in the expression.", Err: err}
}

func (r *reading) fail(order int64, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if order < r.failed.Load() {
		r.failed.Store(order)
		r.err = err
	}
}

// done is called when a batch of the file is folded, and when it is read; after the last the file's tables go.
func (r *reading) done(file *openFile) {
	if file.pending.Add(-1) == 0 {
		file.rows = [setParts]hashTable{}
		r.held.Add(-file.held.Load())
		r.duplicates[file.source].files.Add(-file.held.Load())
	}
}
