package parquetio

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// chunkReader decodes a flat column chunk of values of a fixed width, plain or with a dictionary, as most files hold numbers
// and times. It gives what arrow's readers do, which take twice the time: those make a dictionary's value of its bytes
// for every row, and copy the values before they give them.
type chunkReader[T any] struct {
	w     *walker
	chunk *chunk
	leaf  leaf
	typ   arrow.DataType
	width int                     // bytes of a plain value
	plain func(dst []T, b []byte) // decodes len(dst) plain values
	bytes func(values []T) []byte // their memory
	pos   int64                   // of the next page
	seen  int64                   // values of the pages so far
	left  int                     // values of the page that are still to come
	page  []byte                  // decompressed
	rest  []byte                  // of the page: plain values
	index *hybrid                 // of the page: into dict; nil where values are plain
	defs  hybrid                  // of the page: definition levels
	dict  []T
	block [chunkBlock]uint32
}

// chunkBlock is the number of values that are decoded at a time.
const chunkBlock = 1024

// chunkReader returns the reader of a column chunk of which nothing is unusual; nil otherwise.
func (r *Reader) chunkReader(w *walker, group int, c column) columnReader {
	l, k := r.f.leaves[c.leaf], &r.f.groups[group].chunks[c.leaf]
	if r.slow || c.uuid || c.int96 || !l.flat || l.maxDef > 1 || k.typ != l.typ {
		return nil
	}
	for _, e := range k.encodings {
		switch e {
		case encPlain, encPlainDictionary, encRLEDictionary, encRLE:
		case encBitPacked: // of definition levels, which is not used any more and listed all the same
			if l.maxDef > 0 {
				return nil
			}
		default:
			return nil
		}
	}
	switch t := c.raw.(type) {
	case *arrow.Int64Type, *arrow.TimestampType:
		if l.typ == pInt64 {
			return newChunkReader(w, k, l, t, 8, plainInts, arrow.Int64Traits.CastToBytes)
		}
	case *arrow.Float64Type:
		if l.typ == pDouble {
			return newChunkReader(w, k, l, t, 8, plainFloats, arrow.Float64Traits.CastToBytes)
		}
	case *arrow.Decimal128Type:
		if c.decimal != nil {
			return newChunkReader(w, k, l, t, int(l.length), func(dst []decimal128.Num, b []byte) {
				for i := range dst {
					dst[i] = bigEndian(b[:l.length])
					b = b[l.length:]
				}
			}, arrow.Decimal128Traits.CastToBytes)
		}
	}
	return nil
}

func plainInts(dst []int64, b []byte) {
	for i := range dst {
		dst[i] = int64(binary.LittleEndian.Uint64(b[8*i:]))
	}
}

func plainFloats(dst []float64, b []byte) {
	for i := range dst {
		dst[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
	}
}

func newChunkReader[T any](w *walker, k *chunk, l leaf, t arrow.DataType, width int, plain func([]T, []byte), bytes func([]T) []byte) columnReader {
	return &chunkReader[T]{w: w, chunk: k, leaf: l, typ: t, width: width, plain: plain, bytes: bytes, pos: k.start()}
}

func (c *chunkReader[T]) release() {}

func (c *chunkReader[T]) next(n int64) (arrow.Array, error) {
	out := make([]T, n)
	var valid []byte // nil = no null so far
	nulls, done := 0, 0
	for done < len(out) {
		if c.left == 0 {
			if more, err := c.nextPage(); err != nil {
				return nil, err
			} else if !more {
				break
			}
			continue // it may be empty
		}
		dst := out[done : done+min(len(out)-done, c.left, chunkBlock)]
		c.left -= len(dst)
		if c.leaf.maxDef == 0 || c.defs.skip(1, len(dst)) {
			if err := c.values(dst); err != nil {
				return nil, err
			}
			done += len(dst)
			continue
		}
		levels := c.block[:len(dst)]
		if !c.defs.read(levels) {
			return nil, errLevels
		}
		if valid == nil {
			valid = make([]byte, bitutil.BytesForBits(n))
			bitutil.SetBitsTo(valid, 0, n, true)
		}
		there := 0
		for i, level := range levels {
			if level > 0 {
				there++
			} else {
				bitutil.ClearBit(valid, done+i)
			}
		}
		nulls += len(dst) - there
		// Spread from the end, so that no value is overwritten before it has moved; levels are kept in valid.
		if err := c.values(dst[:there]); err != nil {
			return nil, err
		}
		var zero T
		for i := len(dst) - 1; i >= 0; i-- {
			if bitutil.BitIsSet(valid, done+i) {
				there--
				dst[i] = dst[there]
			} else {
				dst[i] = zero
			}
		}
		done += len(dst)
	}
	var bitmap *memory.Buffer
	if nulls > 0 {
		bitmap = memory.NewBufferBytes(valid)
	}
	data := array.NewData(c.typ, done, []*memory.Buffer{bitmap, memory.NewBufferBytes(c.bytes(out[:done]))}, nil, nulls, 0)
	defer data.Release()
	return array.MakeFromData(data), nil
}

var (
	errLevels = errors.New("the definition levels end too soon")
	errValues = errors.New("there are fewer values than the levels say")
	errIndex  = errors.New("a value points outside the dictionary")
)

// values decodes the page's next len(dst) values, at most chunkBlock.
func (c *chunkReader[T]) values(dst []T) error {
	if c.index == nil {
		if len(c.rest) < c.width*len(dst) {
			return errValues
		}
		c.plain(dst, c.rest)
		c.rest = c.rest[c.width*len(dst):]
		return nil
	}
	index := c.block[:len(dst)]
	if !c.index.read(index) {
		return errValues
	}
	for i, at := range index {
		if int(at) >= len(c.dict) {
			return errIndex
		}
		dst[i] = c.dict[at]
	}
	return nil
}

// nextPage makes the next data page ready; false when there is none.
func (c *chunkReader[T]) nextPage() (bool, error) {
	end := c.chunk.start() + c.chunk.compressed
	for c.seen < c.chunk.values {
		h, n, err := c.w.header(c.pos, end, "")
		if err != nil {
			return false, err
		}
		c.pos += int64(n)
		if err := c.w.checkHeader(h, c.chunk, c.leaf, end-c.pos, ""); err != nil {
			return false, err
		}
		at := c.pos
		c.pos += int64(h.compressed)
		switch h.typ {
		case pageDictionary:
			if err := c.load(h, at, 0); err != nil {
				return false, err
			}
			if len(c.page) < c.width*int(h.values) {
				return false, errValues
			}
			c.dict = make([]T, h.values)
			c.plain(c.dict, c.page)
		case pageData:
			if err := c.load(h, at, 0); err != nil {
				return false, err
			}
			levels, values := []byte(nil), c.page
			if c.leaf.maxDef > 0 {
				if len(values) < 4 || uint64(binary.LittleEndian.Uint32(values)) > uint64(len(values)-4) {
					return false, errLevels
				}
				size := 4 + binary.LittleEndian.Uint32(values)
				levels, values = values[4:size], values[size:]
			}
			return true, c.begin(h, levels, values)
		case pageDataV2:
			if err := c.load(h, at, int(h.defBytes+h.repBytes)); err != nil {
				return false, err
			}
			return true, c.begin(h, c.page[h.repBytes:h.repBytes+h.defBytes], c.page[h.repBytes+h.defBytes:])
		}
	}
	return false, nil
}

// load reads the page at pos into c.page; its first bytes are not compressed.
func (c *chunkReader[T]) load(h pageHeader, pos int64, uncompressed int) error {
	raw, err := c.w.read(pos, int64(h.compressed))
	if err != nil {
		return err
	}
	if cap(c.page) < int(h.uncompressed) {
		c.page = make([]byte, h.uncompressed)
	}
	c.page = c.page[:h.uncompressed]
	copy(c.page, raw[:uncompressed])
	codec := c.chunk.codec
	if h.plain {
		codec = codecNone
	}
	return decompress(codec, c.page[uncompressed:], raw[uncompressed:])
}

// begin makes a data page's levels and values ready.
func (c *chunkReader[T]) begin(h pageHeader, levels, values []byte) error {
	c.seen += int64(h.values)
	c.left = int(h.values)
	c.defs = hybrid{b: levels, width: 1}
	c.index, c.rest = nil, values
	if !isDictionaryIndex(h.encoding) {
		if h.encoding != encPlain {
			return errors.New("the values have an encoding that their type does not know")
		}
		return nil
	}
	if len(values) == 0 { // all are null
		c.index = &hybrid{}
		return nil
	}
	if values[0] > 32 {
		return errors.New("the indexes into the dictionary are too wide")
	}
	c.index = &hybrid{b: values[1:], width: int(values[0])}
	return nil
}

// hybrid reads small numbers in the encoding of runs and packed bits (RLE in Encodings.md of parquet-format).
type hybrid struct {
	b      []byte // behind the run's header, and behind its value where it repeats one
	width  int
	repeat int // values of the run that are still to come, all of them value
	value  uint32
	packed int // values of the run that are still to come, packed
	bit    int // of b: where the next of them begins
}

// run reads the header of the next run.
func (h *hybrid) run() bool {
	h.b = h.b[min(len(h.b), (h.bit+7)/8):]
	h.bit = 0
	header, n := binary.Uvarint(h.b)
	if n <= 0 || header>>1 == 0 || header >= 1<<32 {
		return false
	}
	h.b = h.b[n:]
	if header&1 == 1 {
		h.packed = int(header>>1) * 8
		return true
	}
	size := (h.width + 7) / 8
	if len(h.b) < size {
		return false
	}
	h.value = 0
	for i := range size {
		h.value |= uint32(h.b[i]) << (8 * i)
	}
	h.b, h.repeat = h.b[size:], int(header>>1)
	return true
}

// skip skips n values if it is known at once that all are v.
func (h *hybrid) skip(v uint32, n int) bool {
	if h.repeat == 0 && h.packed == 0 && !h.run() || h.repeat < n || h.value != v {
		return false
	}
	h.repeat -= n
	return true
}

// read reads len(dst) values; false when there are fewer.
func (h *hybrid) read(dst []uint32) bool {
	for len(dst) > 0 {
		switch {
		case h.repeat > 0:
			n := min(h.repeat, len(dst))
			for i := range dst[:n] {
				dst[i] = h.value
			}
			h.repeat -= n
			dst = dst[n:]
		case h.packed > 0:
			n := min(h.packed, len(dst))
			if !h.unpack(dst[:n]) {
				return false
			}
			h.packed -= n
			dst = dst[n:]
		case !h.run():
			return false
		}
	}
	return true
}

// unpack reads values of a packed run.
func (h *hybrid) unpack(dst []uint32) bool {
	if h.bit+len(dst)*h.width > 8*len(h.b) {
		return false
	}
	mask, bit := uint64(1)<<h.width-1, h.bit
	for i := range dst {
		at := bit >> 3
		if at+8 <= len(h.b) {
			dst[i] = uint32(binary.LittleEndian.Uint64(h.b[at:]) >> (bit & 7) & mask)
		} else {
			var tail [8]byte
			copy(tail[:], h.b[at:])
			dst[i] = uint32(binary.LittleEndian.Uint64(tail[:]) >> (bit & 7) & mask)
		}
		bit += h.width
	}
	h.bit = bit
	return true
}
