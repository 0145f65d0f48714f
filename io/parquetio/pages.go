package parquetio

import (
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"segovia/io/arrowio"
)

// Page types and encodings, in the numbering of parquet.thrift.
const (
	pageData, pageIndex, pageDictionary, pageDataV2 = 0, 1, 2, 3

	encPlain, encPlainDictionary, encRLE, encBitPacked                                  = 0, 2, 3, 4
	encDeltaBinary, encDeltaLength, encDeltaBytes, encRLEDictionary, encByteStreamSplit = 5, 6, 7, 8, 9
)

const (
	headerGuess = 512
	maxHeader   = 16 << 20 // as arrow's reader has it
)

// pageHeader is what this package needs to know of a page.
type pageHeader struct {
	typ                      int32
	uncompressed, compressed int32
	crc                      *uint32
	values, encoding         int32
	defEncoding              int32 // version 1
	nulls, rows              int32 // version 2
	defBytes, repBytes       int32 // version 2
	plain                    bool  // version 2: stored without compression
	sub                      bool  // the header that belongs to the type is there
}

func readPageHeader(c *cursor) pageHeader {
	h := pageHeader{typ: -1, uncompressed: -1, compressed: -1}
	c.fields(func(id int16, typ byte) bool {
		switch {
		case id == 1 && typ == tI32:
			h.typ = c.i32()
		case id == 2 && typ == tI32:
			h.uncompressed = c.i32()
		case id == 3 && typ == tI32:
			h.compressed = c.i32()
		case id == 4 && typ == tI32:
			crc := uint32(c.i32())
			h.crc = &crc
		case id == 5 && typ == tStruct && h.typ == pageData:
			h.sub = true
			c.ints(map[int16]*int32{1: &h.values, 2: &h.encoding, 3: &h.defEncoding}, nil)
		case id == 7 && typ == tStruct && h.typ == pageDictionary:
			h.sub = true
			c.ints(map[int16]*int32{1: &h.values, 2: &h.encoding}, nil)
		case id == 8 && typ == tStruct && h.typ == pageDataV2:
			h.sub = true
			c.ints(map[int16]*int32{1: &h.values, 2: &h.nulls, 3: &h.rows, 4: &h.encoding, 5: &h.defBytes, 6: &h.repBytes},
				func(id int16, v bool) { h.plain = h.plain || id == 7 && !v })
		default:
			return false
		}
		return true
	})
	return h
}

// ints reads a structure's 32-bit fields into out and tells its flags to flag.
func (c *cursor) ints(out map[int16]*int32, flag func(id int16, v bool)) {
	c.fields(func(id int16, typ byte) bool {
		if p := out[id]; p != nil && typ == tI32 {
			*p = c.i32()
			return true
		}
		if flag != nil && (typ == tTrue || typ == tFalse) {
			flag(id, typ == tTrue)
		}
		return false
	})
}

// walker checks the pages of column chunks. It keeps its buffer from chunk to chunk and is not for concurrent use.
type walker struct {
	r     io.ReaderAt
	opt   arrowio.Options
	buf   []byte
	pages int64
	sums  int64
}

// walk checks every page of chunk c of leaf l. Place names them in messages.
func (w *walker) walk(c *chunk, l leaf, place string) error {
	pos, end := c.start(), c.start()+c.compressed
	seen := int64(0)
	dictionary := false
	for page := 1; seen < c.values; page++ {
		where := fmt.Sprintf("%s, page %d", place, page)
		h, n, err := w.header(pos, end, where)
		if err != nil {
			return err
		}
		pos += int64(n)
		if err := w.checkHeader(h, c, l, end-pos, where); err != nil {
			return err
		}
		w.pages++
		if h.crc != nil {
			w.sums++
			sum, err := w.crc(pos, int64(h.compressed))
			if err != nil {
				return err
			}
			if sum != *h.crc {
				return checksum(where, *h.crc, sum)
			}
		}
		switch h.typ {
		case pageDictionary:
			if dictionary || seen > 0 {
				return at(broken("a second dictionary, or one behind the data"), where)
			}
			dictionary = true
		case pageData, pageDataV2:
			if seen += int64(h.values); seen > c.values {
				return sizes(where, fmt.Sprintf("the pages hold more values than the %d that the chunk declares", c.values))
			}
			if isDictionaryIndex(h.encoding) && !dictionary {
				return at(broken("the page points into a dictionary that is not there"), where)
			}
			if err := w.checkDelta(h, c, l, pos, where); err != nil {
				return err
			}
		}
		pos += int64(h.compressed)
	}
	return nil
}

// header reads the page header at pos and returns its length.
func (w *walker) header(pos, end int64, where string) (pageHeader, int, error) {
	for n := int64(headerGuess); ; n *= 8 {
		n = min(n, end-pos, maxHeader)
		if n <= 0 {
			return pageHeader{}, 0, at(broken("the pages end before the chunk's values do"), where)
		}
		b, err := w.read(pos, n)
		if err != nil {
			return pageHeader{}, 0, err
		}
		var h pageHeader
		used, err := parse(b, func(c *cursor) { h = readPageHeader(c) })
		if err == nil {
			return h, used, nil
		}
		if err != errShort || n == end-pos || n == maxHeader {
			return pageHeader{}, 0, at(broken("the page header cannot be read: "+err.Error()), where)
		}
	}
}

// read returns n bytes at pos, valid until the next call.
func (w *walker) read(pos, n int64) ([]byte, error) {
	if int64(cap(w.buf)) < n {
		w.buf = make([]byte, n)
	}
	b := w.buf[:n]
	if k, err := w.r.ReadAt(b, pos); k < len(b) {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return b, nil
}

func (w *walker) crc(pos, n int64) (uint32, error) {
	sum := uint32(0)
	for n > 0 {
		b, err := w.read(pos, min(n, 1<<20))
		if err != nil {
			return 0, err
		}
		sum = crc32.Update(sum, crc32.IEEETable, b)
		pos += int64(len(b))
		n -= int64(len(b))
	}
	return sum, nil
}

// checkHeader holds a page header against its chunk; left is the number of bytes between it and the chunk's end.
func (w *walker) checkHeader(h pageHeader, c *chunk, l leaf, left int64, where string) error {
	full, stored := int64(h.uncompressed), int64(h.compressed)
	switch {
	case full < 0 || stored < 0:
		return sizes(where, fmt.Sprintf("the page declares %d bytes, %d compressed", full, stored))
	case stored > left:
		return sizes(where, fmt.Sprintf("the page declares %d bytes, its chunk has %d left", stored, left))
	case full > c.uncompressed:
		return sizes(where, fmt.Sprintf("the page declares %d bytes, its whole chunk %d", full, c.uncompressed))
	case w.opt.Expands(stored, full):
		return sizes(where, fmt.Sprintf("the page declares %d bytes in %d compressed ones", full, stored))
	case c.codec == codecNone && full != stored:
		return sizes(where, fmt.Sprintf("the page is not compressed and declares %d and %d bytes", full, stored))
	}
	switch h.typ {
	case pageData, pageDataV2, pageDictionary:
	default:
		return nil // readers skip what they do not know
	}
	if !h.sub {
		return at(broken("the page header lacks the part that belongs to its type"), where)
	}
	if h.values < 0 {
		return sizes(where, fmt.Sprintf("the page declares %d values", h.values))
	}
	if h.typ == pageDictionary {
		if h.encoding != encPlain && h.encoding != encPlainDictionary {
			return at(broken(fmt.Sprintf("the dictionary has the encoding %d", h.encoding)), where)
		}
		if least := int64(h.values) * l.least(); least > full {
			return sizes(where, fmt.Sprintf("the dictionary declares %d values in %d bytes", h.values, full))
		}
		return nil
	}
	if !listed(c.encodings, h.encoding) {
		return at(broken(fmt.Sprintf("the page has the encoding %d, which its chunk does not list", h.encoding)), where)
	}
	if h.encoding == encByteStreamSplit {
		p := unsupported(where, "the encoding BYTE_STREAM_SPLIT cannot be read")
		p.Fix = "write the file with another encoding, in DuckDB with parquet_version 'V1'"
		return p
	}
	if h.typ == pageData {
		if l.maxDef > 0 && h.defEncoding != encRLE && !(h.defEncoding == encBitPacked && listed(c.encodings, encBitPacked)) {
			return at(broken(fmt.Sprintf("the definition levels have the encoding %d", h.defEncoding)), where)
		}
		return nil
	}
	levels := int64(h.defBytes) + int64(h.repBytes)
	switch {
	case h.defBytes < 0 || h.repBytes < 0 || levels > stored || levels > full:
		return sizes(where, fmt.Sprintf("the page declares %d and %d bytes of levels in %d", h.defBytes, h.repBytes, stored))
	case h.nulls < 0 || h.nulls > h.values || h.rows < 0 || l.flat && h.rows != h.values:
		return sizes(where, fmt.Sprintf("the page declares %d values, %d nulls, %d rows", h.values, h.nulls, h.rows))
	case h.plain && full != stored:
		return sizes(where, fmt.Sprintf("the page is not compressed and declares %d and %d bytes", full, stored))
	}
	return nil
}

// least is the smallest number of bytes of a plain value.
func (l leaf) least() int64 {
	switch l.typ {
	case pInt64, pDouble:
		return 8
	case pInt96:
		return 12
	case pFixed:
		return max(int64(l.length), 1)
	case pBoolean:
		return 1
	}
	return 4
}

func isDictionaryIndex(enc int32) bool { return enc == encPlainDictionary || enc == encRLEDictionary }

// listed reports whether a chunk's list names the encoding; the two names of dictionary indexes are one.
func listed(list []int32, enc int32) bool {
	return slices.Contains(list, enc) || isDictionaryIndex(enc) && slices.ContainsFunc(list, isDictionaryIndex)
}
