package parquetio

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/metadata"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"

	"segovia/io/arrowio"
	"segovia/kernels/problem"
)

// columnReader gives the next n values of a column in a row group; fewer only if they are not there.
type columnReader interface {
	next(n int64) (arrow.Array, error)
	release()
}

func (r *Reader) column(ctx context.Context, w *walker, in *pqarrow.FileReader, group int, c column) (columnReader, error) {
	if fast := r.chunkReader(w, group, c); fast != nil {
		return fast, nil
	}
	if c.int96 {
		chunk, err := in.ParquetReader().RowGroup(group).Column(c.leaf)
		if err != nil {
			return nil, err
		}
		typed, ok := chunk.(*file.Int96ColumnChunkReader)
		if !ok {
			return nil, errors.New("the column is not of the type that the footer says")
		}
		return &int96Reader{in: typed, maxDef: r.f.leaves[c.leaf].maxDef, mem: r.opt.Allocator()}, nil
	}
	if t := c.decimal; t != nil {
		chunk, err := in.ParquetReader().RowGroup(group).Column(c.leaf)
		if err != nil {
			return nil, err
		}
		if typed, ok := chunk.(*file.FixedLenByteArrayColumnChunkReader); ok {
			return &decimalReader{in: typed, typ: t, maxDef: r.f.leaves[c.leaf].maxDef}, nil
		}
		return nil, errors.New("the column is not of the type that the footer says")
	}
	cr, err := in.GetFieldReader(ctx, c.field, map[int]bool{c.leaf: true}, []int{group})
	if err != nil {
		return nil, err
	}
	if c.uuid {
		return &uuidReader{leafReader{cr, r.opt.Allocator()}}, nil
	}
	leaf := leafReader{cr, r.opt.Allocator()}
	if k := r.f.groups[group].chunks[c.leaf]; k.typ == pInt64 && r.f.leaves[c.leaf].maxDef > 0 && listed(k.encodings, encDeltaBinary) {
		return &wholeReader{leafReader: leaf, rows: r.f.groups[group].rows}, nil
	}
	return &leaf, nil
}

// wholeReader decodes a column chunk at once and gives it in slices. Arrow v17 needs that for 64-bit integers with nulls
// in the encoding DELTA_BINARY_PACKED: its decoder forgets a half-used block when a page is read in two steps
// (DeltaBitPackInt64Decoder.DecodeSpaced works on a copy of the decoder) and gives up on a sound file.
type wholeReader struct {
	leafReader
	rows int64
	all  arrow.Array
	at   int64
}

func (w *wholeReader) next(n int64) (arrow.Array, error) {
	if w.all == nil {
		var err error
		if w.all, err = w.leafReader.next(w.rows); err != nil {
			return nil, err
		}
	}
	from := w.at
	w.at = min(from+n, int64(w.all.Len()))
	return array.NewSlice(w.all, from, w.at), nil
}

func (w *wholeReader) release() {
	if w.all != nil {
		w.all.Release()
	}
	w.leafReader.release()
}

// leafReader reads a flat column. Arrow decodes it in the calling goroutine; only whole records go through others.
type leafReader struct {
	in  *pqarrow.ColumnReader
	mem memory.Allocator
}

func (l *leafReader) next(n int64) (arrow.Array, error) {
	chunks, err := l.in.NextBatch(n)
	if err != nil {
		return nil, err
	}
	defer chunks.Release()
	if parts := chunks.Chunks(); len(parts) == 1 {
		parts[0].Retain()
		return parts[0], nil
	}
	if len(chunks.Chunks()) == 0 {
		return array.MakeArrayOfNull(l.mem, chunks.DataType(), 0), nil
	}
	return array.Concatenate(chunks.Chunks(), l.mem)
}

func (l *leafReader) release() { l.in.Release() }

// uuidReader gives 16 bytes as the text that people write.
type uuidReader struct{ leafReader }

func (u *uuidReader) next(n int64) (arrow.Array, error) {
	arr, err := u.leafReader.next(n)
	if err != nil {
		return nil, err
	}
	defer arr.Release()
	raw, ok := arr.(*array.FixedSizeBinary)
	if !ok || raw.DataType().(*arrow.FixedSizeBinaryType).ByteWidth != 16 {
		return nil, errors.New("a UUID does not have 16 bytes")
	}
	b := array.NewStringBuilder(u.mem)
	defer b.Release()
	for i := range raw.Len() {
		if raw.IsNull(i) {
			b.AppendNull()
			continue
		}
		v := raw.Value(i)
		b.Append(fmt.Sprintf("%x-%x-%x-%x-%x", v[:4], v[4:6], v[6:8], v[8:10], v[10:]))
	}
	return b.NewArray(), nil
}

// decimalReader reads decimals of a fixed number of bytes. Arrow would copy each value's bytes into an array first.
type decimalReader struct {
	in     *file.FixedLenByteArrayColumnChunkReader
	typ    *arrow.Decimal128Type
	maxDef int
	values []parquet.FixedLenByteArray
	defs   []int16
}

func (r *decimalReader) next(n int64) (arrow.Array, error) {
	if int64(cap(r.values)) < n {
		r.values, r.defs = make([]parquet.FixedLenByteArray, n), make([]int16, n)
	}
	out := make([]decimal128.Num, n)
	valid := make([]byte, bitutil.BytesForBits(n))
	nulls, done := 0, int64(0)
	for done < n {
		total, read, err := r.in.ReadBatch(n-done, r.values[:n-done], r.defs[:n-done], nil)
		if err != nil {
			return nil, err
		}
		if total == 0 {
			break
		}
		k := 0
		for i := range total {
			if r.maxDef > 0 && int(r.defs[i]) < r.maxDef {
				nulls++
				continue
			}
			if k >= read {
				return nil, errors.New("there are fewer values than the levels say")
			}
			out[done+i] = bigEndian(r.values[k])
			bitutil.SetBit(valid, int(done+i))
			k++
		}
		done += total
	}
	var bits *memory.Buffer
	if nulls > 0 {
		bits = memory.NewBufferBytes(valid)
	}
	data := array.NewData(r.typ, int(done), []*memory.Buffer{bits, memory.NewBufferBytes(arrow.Decimal128Traits.CastToBytes(out[:done]))},
		nil, nulls, 0)
	defer data.Release()
	return array.NewDecimal128Data(data), nil
}

func (r *decimalReader) release() {}

// bigEndian reads a signed number of 1 to 16 bytes.
func bigEndian(b []byte) decimal128.Num {
	if len(b) == 16 {
		return decimal128.New(int64(binary.BigEndian.Uint64(b)), binary.BigEndian.Uint64(b[8:]))
	}
	hi, lo := uint64(0), uint64(0)
	if b[0]&0x80 != 0 {
		hi, lo = math.MaxUint64, math.MaxUint64
	}
	for _, x := range b {
		hi, lo = hi<<8|lo>>56, lo<<8|uint64(x)
	}
	return decimal128.New(int64(hi), lo)
}

// int96Reader reads the old timestamps of 12 bytes: nanoseconds of the day and Julian day. Arrow would squeeze them into
// 64 bits of nanoseconds, where dates before 1677 and after 2262 silently become others.
type int96Reader struct {
	in     *file.Int96ColumnChunkReader
	maxDef int
	mem    memory.Allocator
}

const (
	julianEpoch  = 2440588 // Julian day of 1970-01-01
	dayMicros    = 86_400_000_000
	maxJulianDay = julianEpoch + 106_751_990 // beyond it microseconds do not fit 64 bits
	minJulianDay = julianEpoch - 106_751_990
)

func (r *int96Reader) next(n int64) (arrow.Array, error) {
	b := array.NewTimestampBuilder(r.mem, arrowio.Timestamp)
	defer b.Release()
	b.Reserve(int(n))
	values := make([]parquet.Int96, n)
	defs := make([]int16, n)
	for left := n; left > 0; {
		total, read, err := r.in.ReadBatch(left, values[:left], defs[:left], nil)
		if err != nil {
			return nil, err
		}
		if total == 0 {
			break
		}
		k := 0
		for i := range int(total) {
			if r.maxDef > 0 && int(defs[i]) < r.maxDef {
				b.AppendNull()
				continue
			}
			if k >= read {
				return nil, errors.New("there are fewer values than the levels say")
			}
			t, err := int96Micros(values[k])
			if err != nil {
				return nil, err
			}
			b.Append(arrow.Timestamp(t))
			k++
		}
		left -= total
	}
	return b.NewArray(), nil
}

func int96Micros(v parquet.Int96) (int64, error) {
	nanos := int64(binary.LittleEndian.Uint64(v[:8]))
	day := int64(binary.LittleEndian.Uint32(v[8:]))
	if nanos < 0 || nanos >= dayMicros*1000 {
		return 0, errors.New("the time of a timestamp is not within a day")
	}
	if day < minJulianDay || day > maxJulianDay {
		return 0, &problem.Problem{ID: "SEG-NUM-002", What: "a timestamp is too far away to be kept", Why: fmt.Sprintf("its Julian day is %d", day),
			Fix: "repair the value, or leave the column out where the file is written"}
	}
	return (day-julianEpoch)*dayMicros + nanos/1000, nil
}

func (r *int96Reader) release() {}

func isNotText(err error) bool { return errors.Is(err, &problem.Problem{ID: "SEG-SCH-002"}) }

// schemaKey is where writers keep the Arrow schema that a file was made from.
const schemaKey = "ARROW:schema"

// fieldMetadata returns the metadata of fields (unit, formula) that the footer keeps. They are annotations: where they
// cannot be read, there are none.
func fieldMetadata(meta *metadata.FileMetaData, opt arrowio.Options) map[string]arrow.Metadata {
	text := meta.KeyValueMetadata().FindValue(schemaKey)
	if text == nil {
		return nil
	}
	raw, err := base64.StdEncoding.DecodeString(*text)
	if err != nil {
		return nil
	}
	s, err := arrowio.DecodeSchema(raw, opt)
	if err != nil {
		return nil
	}
	out := map[string]arrow.Metadata{}
	for _, f := range s.Fields() {
		if f.HasMetadata() {
			out[f.Name] = f.Metadata
		}
	}
	return out
}
