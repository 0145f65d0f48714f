package parquetio

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/metadata"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"
	"github.com/apache/arrow/go/v17/parquet/schema"

	"segovia/io/arrowio"
)

// batchRows is the number of rows that are decoded at a time.
const batchRows = 64 << 10

const damaged = "the Parquet file is damaged"

// Reader reads one Parquet file. It holds no resources of its own; r must stay open as long as it is used. Its methods
// may run concurrently.
type Reader struct {
	name string
	r    io.ReaderAt
	f    *footer
	meta *metadata.FileMetaData
	sel  *arrowio.Selection
	cols []column // one for each delivered column
	opt  arrowio.Options
	size int64
	slow bool // arrow decodes all columns; for tests
}

// column is a delivered column: field i of the schema's root and leaf j of the file.
type column struct {
	field, leaf int
	uuid, int96 bool
	raw         arrow.DataType        // as the file has it
	decimal     *arrow.Decimal128Type // nil unless it is one of at most 16 bytes, of a fixed number
}

// Open checks the frame and the footer of the Parquet file in the first size bytes of r. Name is for messages. It returns
// SEG-PQ-001, -002 and -004 to -008, and the problems of Options.Select. Pages are checked when they are read.
func Open(r io.ReaderAt, size int64, name string, opt arrowio.Options) (*Reader, error) {
	bindCodecs()
	out := &Reader{name: name, r: r, size: size, opt: opt}
	var err error
	if out.f, err = readFooter(r, size); err != nil {
		return nil, out.fail(err)
	}
	if err := arrowio.Guard(func() error { return out.plan() }); err != nil {
		return nil, out.fail(err)
	}
	if err := out.probeBinary(); err != nil {
		return nil, err
	}
	return out, nil
}

func (r *Reader) fail(err error) error { return arrowio.Damaged("SEG-PQ-008", r.name, damaged, err) }

// Schema returns the delivered columns in canonical types.
func (r *Reader) Schema() *arrow.Schema { return r.sel.Schema }

// Notes tells which columns are not delivered and why.
func (r *Reader) Notes() []arrowio.Note { return r.sel.Notes }

// Rows returns the number of rows.
func (r *Reader) Rows() int64 { return r.f.rows }

// AllNull reports whether the statistics of every row group say that a delivered column holds nulls only. They may lie.
func (r *Reader) AllNull(name string) bool {
	at := r.sel.Schema.FieldIndices(name)
	if len(at) == 0 || len(r.f.groups) == 0 {
		return false
	}
	for _, g := range r.f.groups {
		if c := g.chunks[r.cols[at[0]].leaf]; c.nulls != c.values {
			return false
		}
	}
	return true
}

// Codec names the compression of the first column chunk, "none" for a file without rows.
func (r *Reader) Codec() string {
	for _, g := range r.f.groups {
		for _, c := range g.chunks {
			return codecName(c.codec)
		}
	}
	return codecName(codecNone)
}

// plan lets arrow parse the footer, which is known to be sound, and decides what is delivered.
func (r *Reader) plan() error {
	meta, err := metadata.NewFileMetaData(r.f.raw, nil)
	if err != nil {
		return err
	}
	notes := fieldMetadata(meta, r.opt)
	// Without it arrow derives the types from the Parquet schema alone, and does not parse a second one that may lie.
	meta.FileMetaData.KeyValueMetadata = nil
	r.meta = meta
	pq, err := r.arrow(memory.NewGoAllocator())
	if err != nil {
		return err
	}
	leaves := map[int]int{} // field of the root to leaf
	for j, l := range r.f.leaves {
		if l.flat {
			leaves[l.field] = j
		}
	}
	var fields []arrow.Field
	for i, m := range pq.Manifest.Fields {
		f := arrow.Field{Name: m.Field.Name, Type: m.Field.Type, Nullable: true, Metadata: notes[m.Field.Name]}
		if _, flat := leaves[i]; !flat && !arrow.IsNested(f.Type.ID()) {
			return fmt.Errorf("column %q is flat for one part of the schema and nested for another", f.Name)
		}
		fields = append(fields, f)
	}
	if r.sel, err = r.opt.Select(arrow.NewSchema(fields, nil), r.name); err != nil {
		return err
	}
	for k, at := range r.sel.Index {
		j := leaves[at]
		logical := meta.Schema.Column(j).LogicalType()
		var decimal *arrow.Decimal128Type
		if l := r.f.leaves[j]; l.typ == pFixed && l.length > 0 && l.length <= 16 {
			decimal, _ = fields[at].Type.(*arrow.Decimal128Type)
		}
		r.cols = append(r.cols, column{field: at, raw: fields[at].Type, decimal: decimal, leaf: j, int96: r.f.leaves[j].typ == pInt96,
			uuid: logical != nil && logical.Equals(schema.UUIDLogicalType{})})
		r.sel.Index[k] = k
	}
	return nil
}

// arrow returns arrow's reader over the file. It panics on damage and so belongs under Guard.
func (r *Reader) arrow(mem memory.Allocator) (*pqarrow.FileReader, error) {
	limit := r.opt.BufferLimit() + 1<<20
	props := parquet.NewReaderProperties(arrowio.LimitAllocator(memory.NewGoAllocator(), limit))
	props.BufferedStreamEnabled = true
	in, err := file.NewParquetReader(io.NewSectionReader(r.r, 0, r.size), file.WithReadProps(props), file.WithMetadata(r.meta))
	if err != nil {
		return nil, err
	}
	return pqarrow.NewFileReader(in, pqarrow.ArrowReadProperties{}, arrowio.LimitAllocator(mem, limit))
}

// Read gives all rows in order to yield; a record belongs to the callee only until yield returns. An error of yield ends
// the reading and is returned as it is; so is ctx's. The pages of a row group are checked before its first row is given.
func (r *Reader) Read(ctx context.Context, yield func(arrow.Record) error) error {
	first := int64(1)
	w := &walker{r: r.r, opt: r.opt}
	for i := range r.f.groups {
		if err := r.readGroup(ctx, w, i, &first, r.cols, r.sel, yield); err != nil {
			return err
		}
	}
	return nil
}

// Verify checks the pages of all column chunks, also of those that are not delivered, and returns how many there are and
// how many carry a CRC.
func (r *Reader) Verify(ctx context.Context) (pages, withCRC int64, err error) {
	w := &walker{r: r.r, opt: r.opt}
	for i := range r.f.groups {
		if err := ctx.Err(); err != nil {
			return 0, 0, err
		}
		for j := range r.f.leaves {
			if err := r.walkChunk(w, i, j); err != nil {
				return 0, 0, err
			}
		}
	}
	return w.pages, w.sums, nil
}

func (r *Reader) walkChunk(w *walker, group, leaf int) error {
	l := r.f.leaves[leaf]
	err := w.walk(&r.f.groups[group].chunks[leaf], l, fmt.Sprintf("column %q, row group %d", l.name(), group+1))
	if err != nil {
		return r.fail(err)
	}
	return nil
}

// readGroup checks and reads the given columns of a row group; sel describes them.
func (r *Reader) readGroup(ctx context.Context, w *walker, i int, first *int64, cols []column, sel *arrowio.Selection, yield func(arrow.Record) error) error {
	for _, c := range cols {
		if err := r.walkChunk(w, i, c.leaf); err != nil {
			return err
		}
	}
	var readers []columnReader
	defer func() {
		for _, c := range readers {
			c.release()
		}
	}()
	err := arrowio.Guard(func() error {
		in, err := r.arrow(r.opt.Allocator())
		if err != nil {
			return err
		}
		for _, c := range cols {
			cr, err := r.column(ctx, w, in, i, c)
			if err != nil {
				return err
			}
			readers = append(readers, cr)
		}
		return nil
	})
	if err != nil {
		return r.fail(err)
	}
	for left := r.f.groups[i].rows; left > 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(left, batchRows)
		var rec arrow.Record
		err := arrowio.Guard(func() (err error) {
			rec, err = r.batch(readers, sel, *first, n)
			return err
		})
		if err != nil {
			return r.fail(err)
		}
		left -= n
		*first += n
		err = yield(rec)
		rec.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *Reader) batch(readers []columnReader, sel *arrowio.Selection, first, n int64) (arrow.Record, error) {
	cols := make([]arrow.Array, 0, len(readers))
	defer func() {
		for _, c := range cols {
			c.Release()
		}
	}()
	for k, cr := range readers {
		arr, err := cr.next(n)
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", sel.Schema.Field(k).Name, err)
		}
		if int64(arr.Len()) != n {
			arr.Release()
			return nil, unequal(fmt.Sprintf("column %q", sel.Schema.Field(k).Name), fmt.Sprintf("%d rows came out of %d", arr.Len(), n))
		}
		cols = append(cols, arr)
	}
	fields := make([]arrow.Field, len(cols))
	for k, c := range cols {
		fields[k] = arrow.Field{Name: sel.Schema.Field(k).Name, Type: c.DataType(), Nullable: true}
	}
	raw := array.NewRecord(arrow.NewSchema(fields, nil), cols, n)
	defer raw.Release()
	return sel.CanonicalRecord(raw, first, r.opt.Allocator())
}

// probeBinary reads the first rows of the columns that are bytes without a mark as text, and leaves out those whose bytes
// are no text, unless they were asked for.
func (r *Reader) probeBinary() error {
	if r.opt.Columns != nil || len(r.f.groups) == 0 {
		return nil
	}
	drop := map[int]arrowio.Note{}
	for k, c := range r.cols {
		l := r.f.leaves[c.leaf]
		if c.uuid || l.typ != pByteArray && l.typ != pFixed || !arrow.TypeEqual(r.sel.Schema.Field(k).Type, arrow.BinaryTypes.String) {
			continue
		}
		if logical := r.meta.Schema.Column(c.leaf).LogicalType(); logical != nil && logical.Equals(schema.StringLogicalType{}) {
			continue
		}
		one := &arrowio.Selection{Index: []int{0}, Schema: arrow.NewSchema([]arrow.Field{r.sel.Schema.Field(k)}, nil)}
		stop := errors.New("enough")
		first := int64(1)
		err := r.readGroup(context.Background(), &walker{r: r.r, opt: r.opt}, 0, &first, []column{c}, one, func(arrow.Record) error { return stop })
		if isNotText(err) {
			drop[k] = arrowio.Note{Column: l.name(), Type: "binary", Why: "its bytes are not UTF-8 text"}
		} else if err != nil && err != stop {
			return err
		}
	}
	var cols []column
	for k, c := range r.cols {
		if _, gone := drop[k]; !gone {
			cols = append(cols, c)
		}
	}
	r.cols, r.sel = cols, r.sel.Drop(drop)
	for k := range r.sel.Index {
		r.sel.Index[k] = k
	}
	return nil
}
