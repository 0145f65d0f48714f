package arrowio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/ipc"
)

const damaged = "the Arrow IPC file is damaged"

// Reader reads one Arrow IPC file or stream. It holds no resources of its own; r must stay open as long as it is used.
// Its methods may run concurrently.
type Reader struct {
	name   string
	f      *frames
	sel    *Selection
	rows   int64
	stream bool
	opt    Options
}

// Open checks the framing of the Arrow IPC file or stream in the first size bytes of r. Name is for messages. It returns
// SEG-IPC-001 for a damaged file and the problems of Options.Select.
func Open(r io.ReaderAt, size int64, name string, opt Options) (*Reader, error) {
	fail := func(err error) error { return Damaged("SEG-IPC-001", name, damaged, err) }
	f, err := openFrames(r, size, opt)
	if err != nil {
		return nil, fail(err)
	}
	out := &Reader{name: name, f: f, opt: opt, stream: f.blocks == nil}
	if err := f.each(func(fr frame) error { out.rows += fr.rows; return nil }); err != nil {
		return nil, fail(err)
	}
	err = Guard(func() error {
		in, err := out.arrow()
		if err != nil {
			return err
		}
		defer in.Release()
		for i, f := range in.Schema().Fields() {
			if !utf8.ValidString(f.Name) {
				return fmt.Errorf("the name of column %d is not UTF-8", i+1)
			}
		}
		if out.sel, err = opt.Select(in.Schema(), name); err != nil {
			return err
		}
		return out.probeBinary(in)
	})
	if err != nil {
		return nil, fail(err)
	}
	return out, nil
}

// Schema returns the delivered columns in canonical types.
func (r *Reader) Schema() *arrow.Schema { return r.sel.Schema }

// Notes tells which columns are not delivered and why.
func (r *Reader) Notes() []Note { return r.sel.Notes }

// Rows returns the number of rows.
func (r *Reader) Rows() int64 { return r.rows }

// Stream reports whether the bytes are a stream rather than a file.
func (r *Reader) Stream() bool { return r.stream }

// Read gives all records in order to yield; a record belongs to the callee only until yield returns. An error of yield
// ends the reading and is returned as it is; so is ctx's.
func (r *Reader) Read(ctx context.Context, yield func(arrow.Record) error) error {
	fail := func(err error) error { return Damaged("SEG-IPC-001", r.name, damaged, err) }
	var in *ipc.Reader
	if err := Guard(func() (err error) { in, err = r.arrow(); return err }); err != nil {
		return fail(err)
	}
	defer in.Release()
	for first := int64(1); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		var rec arrow.Record
		err := Guard(func() error {
			if !in.Next() {
				return errors.Join(in.Err(), io.EOF)
			}
			var err error
			rec, err = r.sel.CanonicalRecord(in.Record(), first, r.opt.Allocator())
			return err
		})
		if in.Err() == nil && errors.Is(err, io.EOF) {
			if first-1 != r.rows {
				return fail(fmt.Errorf("%d rows came out of %d", first-1, r.rows))
			}
			return nil
		}
		if err != nil {
			return fail(err)
		}
		first += rec.NumRows()
		err = yield(rec)
		rec.Release()
		if err != nil {
			return err
		}
	}
}

// arrow returns arrow's reader over checked messages.
func (r *Reader) arrow() (*ipc.Reader, error) {
	type item struct {
		fr  frame
		err error
	}
	next, stop := iter.Pull(func(yield func(item) bool) {
		if !yield(item{fr: r.f.schema}) {
			return
		}
		errStop := errors.New("stop")
		err := r.f.each(func(fr frame) error {
			if !yield(item{fr: fr}) {
				return errStop
			}
			return nil
		})
		if err != nil && err != errStop {
			yield(item{err: err})
		}
	})
	mem := LimitAllocator(r.opt.Allocator(), r.opt.BufferLimit())
	m := &messages{refs: 1, f: r.f, mem: mem, stop: stop, next: func() (frame, bool, error) {
		it, ok := next()
		return it.fr, ok, it.err
	}}
	in, err := ipc.NewReaderFromMessageReader(m, ipc.WithAllocator(mem))
	if err != nil {
		m.Release()
		return nil, err
	}
	return in, nil
}

// probeBinary reads the first records if a column is binary, and leaves out the columns whose bytes are no text.
func (r *Reader) probeBinary(in *ipc.Reader) error {
	probe := map[int]Note{}
	for i, at := range r.sel.Index {
		if f := in.Schema().Field(at); IsBinary(f.Type) && r.opt.Columns == nil {
			probe[i] = Note{Column: f.Name, Type: f.Type.String(), Why: "its bytes are not UTF-8 text"}
		}
	}
	if len(probe) == 0 {
		return nil
	}
	if !in.Next() {
		return in.Err()
	}
	for i := range probe {
		col, err := Canonical(in.Record().Column(r.sel.Index[i]), "", 1, r.opt.Allocator())
		if err == nil {
			col.Release()
			delete(probe, i)
		}
	}
	r.sel = r.sel.Drop(probe)
	return nil
}

// DecodeSchema returns the schema in a single IPC schema message, as Parquet files carry it in base64.
func DecodeSchema(b []byte, opt Options) (*arrow.Schema, error) {
	f, err := openFrames(bytes.NewReader(b), int64(len(b)), opt)
	if err != nil {
		return nil, Damaged("SEG-IPC-001", "", damaged, err)
	}
	var schema *arrow.Schema
	err = Guard(func() error {
		in, err := (&Reader{f: f, opt: opt}).arrow()
		if err != nil {
			return err
		}
		defer in.Release()
		schema = in.Schema()
		return nil
	})
	if err != nil {
		return nil, Damaged("SEG-IPC-001", "", damaged, err)
	}
	return schema, nil
}
