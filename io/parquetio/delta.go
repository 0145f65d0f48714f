package parquetio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Arrow's decoders of the DELTA encodings allocate for as many values, and for as long a prefix, as the page says. These
// pages are therefore decompressed and counted here first. Layout: Encodings.md of parquet-format.

var errDelta = errors.New("the delta encoding is not valid")

// checkDelta checks the data page at pos if it has one of the DELTA encodings.
func (w *walker) checkDelta(h pageHeader, c *chunk, l leaf, pos int64, where string) error {
	if h.encoding != encDeltaBinary && h.encoding != encDeltaLength && h.encoding != encDeltaBytes || h.values == 0 {
		return nil
	}
	raw, err := w.read(pos, int64(h.compressed))
	if err != nil {
		return err
	}
	values, err := pageValues(h, c, l, raw)
	if err == nil {
		err = checkDeltaValues(h.encoding, values, int64(h.values))
	}
	if err != nil {
		return at(broken(err.Error()), where)
	}
	return nil
}

// pageValues returns the encoded values of a data page of a flat column, decompressed and without its levels. Pages of
// nested columns give nothing: nobody reads them.
func pageValues(h pageHeader, c *chunk, l leaf, raw []byte) ([]byte, error) {
	if !l.flat {
		return nil, nil
	}
	if h.typ == pageDataV2 {
		levels := h.defBytes + h.repBytes
		if h.plain || c.codec == codecNone {
			return raw[levels:], nil
		}
		out := make([]byte, h.uncompressed-levels)
		return out, decompress(c.codec, out, raw[levels:])
	}
	out := make([]byte, h.uncompressed)
	if err := decompress(c.codec, out, raw); err != nil {
		return nil, err
	}
	if l.maxDef > 0 && h.defEncoding == encRLE {
		if len(out) < 4 || uint64(binary.LittleEndian.Uint32(out)) > uint64(len(out)-4) {
			return nil, errors.New("the definition levels are longer than the page")
		}
		out = out[4+binary.LittleEndian.Uint32(out):]
	} else if l.maxDef > 0 {
		n := (int(h.values) + 7) / 8
		if n > len(out) {
			return nil, errors.New("the definition levels are longer than the page")
		}
		out = out[n:]
	}
	return out, nil
}

// checkDeltaValues checks b, which holds at most so many values.
func checkDeltaValues(enc int32, b []byte, most int64) error {
	if len(b) == 0 {
		return nil
	}
	lengths, n, err := deltaInts(b, most)
	if err != nil || enc == encDeltaBinary {
		return err
	}
	if enc == encDeltaLength {
		return checkLengths(lengths, nil, int64(len(b)-n))
	}
	suffixes, k, err := deltaInts(b[n:], most)
	if err != nil {
		return err
	}
	return checkLengths(suffixes, lengths, int64(len(b)-n-k))
}

// checkLengths holds the lengths of values, or of their suffixes behind prefixes of the value before, against the bytes.
func checkLengths(lengths, prefixes []int64, bytes int64) error {
	if prefixes != nil && len(prefixes) != len(lengths) {
		return errDelta
	}
	last, total := int64(0), int64(0)
	for i, n := range lengths {
		if n < 0 || n > bytes {
			return errDelta
		}
		bytes -= n
		if prefixes != nil {
			p := prefixes[i]
			if p < 0 || p > last {
				return errDelta
			}
			last = p + n
			if total += last; total > math.MaxInt32 {
				return fmt.Errorf("the values of a page unfold to more than %d bytes", math.MaxInt32)
			}
		}
	}
	return nil
}

// deltaInts decodes a DELTA_BINARY_PACKED run of at most so many values and returns the bytes that it takes.
func deltaInts(b []byte, most int64) (values []int64, n int, err error) {
	next := func() uint64 {
		v, k := binary.Uvarint(b[n:])
		if k <= 0 {
			err = errDelta
			return 0
		}
		n += k
		return v
	}
	block, minis, total, first := next(), next(), next(), next()
	if err != nil {
		return nil, 0, err
	}
	// The format wants multiples of 128 and 32; writers stay at 128 to 1,024 values a block.
	if block == 0 || block > 1<<16 || minis == 0 || minis > 512 || block%minis != 0 || block/minis%8 != 0 || total > uint64(most) {
		return nil, 0, fmt.Errorf("the delta encoding declares %d values in blocks of %d with %d parts", total, block, minis)
	}
	if total == 0 {
		return nil, n, nil
	}
	last := unzigzag(first)
	values = append(make([]int64, 0, total), last)
	for uint64(len(values)) < total {
		least := unzigzag(next())
		if err != nil || n+int(minis) > len(b) {
			return nil, 0, errDelta
		}
		widths := b[n : n+int(minis)]
		n += int(minis)
		per := int(block / minis)
		for _, width := range widths {
			if uint64(len(values)) == total {
				break // parts without values are not stored
			}
			size := per * int(width) / 8
			if width > 64 || size > len(b)-n {
				return nil, 0, errDelta
			}
			part := b[n : n+size]
			n += size
			for i := 0; i < per && uint64(len(values)) < total; i++ {
				last += least + int64(bits(part, i*int(width), int(width)))
				values = append(values, last)
			}
		}
	}
	return values, n, nil
}

func unzigzag(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }

// bits returns width bits of b from the given bit, lowest first.
func bits(b []byte, from, width int) uint64 {
	v := uint64(0)
	for i := 0; i < width; {
		at := (from + i) % 8
		take := min(8-at, width-i)
		v |= uint64(b[(from+i)/8]>>at&(1<<take-1)) << i
		i += take
	}
	return v
}
