package parquetio

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sort"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/apache/arrow/go/v17/parquet/metadata"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"

	"segovia/io/arrowio"
)

// groupRows is the number of rows of a row group. A group is held in memory while it is written.
const groupRows = 128 << 10

// createdBy has no version, so that two builds write the same bytes.
const createdBy = "segovia"

// Writer writes one Parquet file with a CRC-32 in every page header. The same rows under the same schema give the same
// bytes however they are divided into records. Field metadata are kept.
//
// Arrow writes no CRCs. So each row group is first written by arrow as a small file in memory, then its pages are copied
// with a header that has the sum, and the places in the footer are set anew.
type Writer struct {
	out    io.Writer
	at     int64
	schema *arrow.Schema
	ch     *arrowio.Chunker
	meta   *metadata.FileMetaData
	err    error
}

// NewWriter begins a Parquet file on w, which the caller closes. The schema's types must be canonical.
func NewWriter(w io.Writer, schema *arrow.Schema) (*Writer, error) {
	bindCodecs()
	out := &Writer{out: w, schema: schema}
	var err error
	if out.ch, err = arrowio.NewChunker(schema, groupRows, memory.NewGoAllocator(), out.group); err != nil {
		return nil, err
	}
	empty, err := encode(schema, nil)
	if err != nil {
		return nil, err
	}
	f, err := readFooter(bytes.NewReader(empty), int64(len(empty)))
	if err != nil {
		return nil, fmt.Errorf("parquetio: BUG: arrow wrote a footer that does not hold: %w", err)
	}
	if out.meta, err = metadata.NewFileMetaData(f.raw, nil); err != nil {
		return nil, err
	}
	return out, out.write([]byte(magic))
}

// encode returns the Parquet file that arrow makes of rec; without rec, one without row groups.
func encode(schema *arrow.Schema, rec arrow.Record) ([]byte, error) {
	props := parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Zstd), parquet.WithCreatedBy(createdBy),
		parquet.WithMaxRowGroupLength(groupRows))
	var buf bytes.Buffer
	w, err := pqarrow.NewFileWriter(schema, &buf, props, pqarrow.NewArrowWriterProperties(pqarrow.WithStoreSchema()))
	if err != nil {
		return nil, err
	}
	if rec != nil {
		if err := w.Write(rec); err != nil {
			return nil, err
		}
	}
	err = w.Close()
	return buf.Bytes(), err
}

// Write appends rec.
func (w *Writer) Write(rec arrow.Record) error {
	if w.err == nil {
		w.err = w.ch.Append(rec)
	}
	return w.err
}

// Close writes what waits and the footer. The file is not valid before.
func (w *Writer) Close() error {
	defer w.ch.Release()
	if w.err == nil {
		w.err = w.ch.Flush()
	}
	if w.err == nil {
		w.err = w.footer()
	}
	return w.err
}

func (w *Writer) write(b []byte) error {
	n, err := w.out.Write(b)
	w.at += int64(n)
	return err
}

// group writes one row group.
func (w *Writer) group(rec arrow.Record) error {
	b, err := encode(w.schema, rec)
	if err != nil {
		return err
	}
	f, err := readFooter(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return fmt.Errorf("parquetio: BUG: arrow wrote a footer that does not hold: %w", err)
	}
	meta, err := metadata.NewFileMetaData(f.raw, nil)
	if err != nil {
		return err
	}
	if len(meta.RowGroups) != 1 {
		return errors.New("parquetio: BUG: arrow wrote a number of row groups other than one")
	}
	rg := meta.RowGroups[0]
	start, full := w.at, int64(0)
	for j, c := range f.groups[0].chunks {
		md := rg.Columns[j].MetaData
		before, added := w.at, int64(0)
		if md.DataPageOffset, added, err = w.pages(b, &c); err != nil {
			return err
		}
		if c.dictAt > 0 {
			md.DictionaryPageOffset = &before
		}
		md.TotalCompressedSize = w.at - before
		md.TotalUncompressedSize += added
		rg.Columns[j].FileOffset = 0 // deprecated: it pointed to a copy of the metadata behind the chunk
		full += md.TotalUncompressedSize
		// Arrow takes them from a map.
		stats := md.EncodingStats
		sort.Slice(stats, func(a, b int) bool {
			return cmp.Or(cmp.Compare(stats[a].PageType, stats[b].PageType), cmp.Compare(stats[a].Encoding, stats[b].Encoding)) < 0
		})
	}
	rg.TotalByteSize = full
	size, ordinal := w.at-start, int16(len(w.meta.RowGroups))
	rg.TotalCompressedSize, rg.FileOffset, rg.Ordinal = &size, &start, &ordinal
	if len(w.meta.RowGroups) > 1<<15-1 {
		rg.Ordinal = nil // it has 16 bits, and is needed for encryption only
	}
	w.meta.RowGroups = append(w.meta.RowGroups, rg)
	w.meta.NumRows += rg.NumRows
	return nil
}

// pages copies the pages of chunk c of the file b and returns where the first data page lies and by how many bytes the
// page headers grew.
func (w *Writer) pages(b []byte, c *chunk) (dataAt, added int64, err error) {
	seen := int64(0)
	dataAt = -1
	for pos := c.start(); seen < c.values || dataAt < 0; {
		if pos >= c.start()+c.compressed {
			return 0, 0, errors.New("parquetio: BUG: arrow wrote pages that end before the values do")
		}
		var h pageHeader
		n, err := parse(b[pos:], func(c *cursor) { h = readPageHeader(c) })
		if err != nil {
			return 0, 0, fmt.Errorf("parquetio: BUG: arrow wrote a page header that cannot be read: %w", err)
		}
		head := b[pos : pos+int64(n)]
		body := b[pos+int64(n) : pos+int64(n)+int64(h.compressed)]
		pos += int64(n) + int64(h.compressed)
		if h.typ == pageData || h.typ == pageDataV2 {
			if dataAt < 0 {
				dataAt = w.at
			}
			seen += int64(h.values)
		}
		summed, err := withCRC(head, crc32.ChecksumIEEE(body))
		if err != nil {
			return 0, 0, err
		}
		added += int64(len(summed) - len(head))
		if err := w.write(summed); err != nil {
			return 0, 0, err
		}
		if err := w.write(body); err != nil {
			return 0, 0, err
		}
	}
	return dataAt, added, nil
}

// withCRC returns the page header with field 4, the CRC, behind field 3. Fields carry the distance to the one before, so
// the head of the next one is lowered by one.
func withCRC(head []byte, sum uint32) ([]byte, error) {
	at := 0 // where field 3 ends
	_, err := parse(head, func(c *cursor) {
		c.fields(func(id int16, typ byte) bool {
			c.skip(typ)
			if id <= 3 {
				at = c.pos
			}
			return true
		})
	})
	if err != nil || at == 0 || head[at]>>4 < 2 {
		return nil, errors.New("parquetio: BUG: arrow wrote a page header with other fields than expected")
	}
	out := append(make([]byte, 0, len(head)+6), head[:at]...)
	out = append(out, 1<<4|tI32)
	out = binary.AppendVarint(out, int64(int32(sum)))
	out = append(out, head[at]-1<<4)
	return append(out, head[at+1:]...), nil
}

func (w *Writer) footer() error {
	var buf bytes.Buffer
	n, err := w.meta.WriteTo(&buf, nil)
	if err != nil {
		return err
	}
	buf.Write(binary.LittleEndian.AppendUint32(nil, uint32(n)))
	buf.WriteString(magic)
	return w.write(buf.Bytes())
}
