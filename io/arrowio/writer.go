package arrowio

import (
	"errors"
	"io"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// batchRows is the number of rows of a record batch in a file: small enough to be read in a few megabytes.
const batchRows = 64 << 10

// Writer writes one Arrow IPC file. The same rows under the same schema give the same bytes however they are divided into
// records. Field metadata are kept.
type Writer struct {
	w  *ipc.FileWriter
	ch *Chunker
}

// NewWriter begins an uncompressed Arrow IPC file on w, which the caller closes. The schema's types must be canonical.
func NewWriter(w io.Writer, schema *arrow.Schema) (*Writer, error) {
	out := &Writer{}
	mem := memory.NewGoAllocator()
	var err error
	if out.ch, err = NewChunker(schema, batchRows, mem, func(rec arrow.Record) error { return out.w.Write(rec) }); err != nil {
		return nil, err
	}
	if out.w, err = ipc.NewFileWriter(&counted{w: w}, ipc.WithSchema(schema), ipc.WithAllocator(mem)); err != nil {
		return nil, err
	}
	return out, nil
}

// Write appends rec.
func (w *Writer) Write(rec arrow.Record) error { return w.ch.Append(rec) }

// Close writes what waits and the footer.
func (w *Writer) Close() error {
	defer w.ch.Release()
	if err := w.ch.Flush(); err != nil {
		return err
	}
	return w.w.Close()
}

// counted tells arrow's writer its position, the only thing it seeks for.
type counted struct {
	w io.Writer
	n int64
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

func (c *counted) Seek(offset int64, whence int) (int64, error) {
	if offset != 0 || whence != io.SeekCurrent {
		return 0, errors.ErrUnsupported
	}
	return c.n, nil
}
