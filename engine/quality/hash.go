package quality

import (
	"math"
	"math/bits"
	"strconv"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/zeebo/xxh3"
)

// Hash identifies the content of a row: the sum, over its columns, of a 128-bit hash of the column's name and the cell's
// canonical text. Two rows with the same cells under the same names have the same hash, whatever the order of the columns
// and the types in which the files keep them; that two others share one is as good as excluded (1e9 rows: 1e-21).
type Hash struct{ Hi, Lo uint64 }

func (h *Hash) add(c xxh3.Uint128) {
	var carry uint64
	h.Lo, carry = bits.Add64(h.Lo, c.Lo, 0)
	h.Hi, _ = bits.Add64(h.Hi, c.Hi, carry)
}

// cellHasher hashes the cells of a column. A missing cell and an empty text have the hash zero.
type cellHasher struct {
	seed   uint64
	buf    []byte
	recent [512]recentCell // values of 128 bits, each where its low bits point: most columns repeat some
}

type recentCell struct {
	hi    int64
	lo    uint64
	hash  xxh3.Uint128
	known bool
}

// column hashes all cells of a: the low halves into cells, all of each added to rows.
func (c *cellHasher) column(a arrow.Array, rows []Hash, cells []uint64) {
	clear(c.recent[:])
	for i := range rows {
		h := c.hash(a, i)
		cells[i] = h.Lo
		rows[i].add(h)
	}
}

func (c *cellHasher) hash(a arrow.Array, i int) xxh3.Uint128 {
	switch a := a.(type) {
	case *array.String:
		if a.NullN() > 0 && a.IsNull(i) {
			return xxh3.Uint128{}
		}
		if v := a.Value(i); v != "" {
			return xxh3.HashString128Seed(v, c.seed)
		}
		return xxh3.Uint128{}
	case *array.Int64:
		return c.short(a, i, 0, uint64(a.Value(i)))
	case *array.Float64:
		return c.short(a, i, 0, math.Float64bits(a.Value(i)))
	case *array.Timestamp:
		return c.short(a, i, 0, uint64(a.Value(i)))
	case *array.Decimal128:
		v := a.Value(i)
		return c.short(a, i, v.HighBits(), v.LowBits())
	case *array.Boolean:
		if a.Value(i) {
			return c.short(a, i, 0, 1)
		}
		return c.short(a, i, 0, 0)
	}
	return c.text(a, i)
}

// short hashes a cell whose value is these 128 bits.
func (c *cellHasher) short(a arrow.Array, i int, hi int64, lo uint64) xxh3.Uint128 {
	if a.NullN() > 0 && a.IsNull(i) {
		return xxh3.Uint128{}
	}
	r := &c.recent[(lo^lo>>9^lo>>18)%uint64(len(c.recent))]
	if !r.known || r.lo != lo || r.hi != hi {
		*r = recentCell{hi, lo, c.text(a, i), true}
	}
	return r.hash
}

// text hashes a cell's canonical text.
func (c *cellHasher) text(a arrow.Array, i int) xxh3.Uint128 {
	c.buf = AppendCell(c.buf[:0], a, i)
	if len(c.buf) == 0 {
		return xxh3.Uint128{}
	}
	return xxh3.Hash128Seed(c.buf, c.seed)
}

// AppendCell appends the canonical text of cell i of a: numbers as plain decimals without trailing zeros, so that the
// decimal 2.550 and the double 2.55 agree; yes/no as true and false; times in microseconds; nothing for a missing cell.
func AppendCell(dst []byte, a arrow.Array, i int) []byte {
	if a.IsNull(i) {
		return dst
	}
	switch a := a.(type) {
	case *array.String:
		return append(dst, a.Value(i)...)
	case *array.LargeString:
		return append(dst, a.Value(i)...)
	case *array.Int64:
		return strconv.AppendInt(dst, a.Value(i), 10)
	case *array.Float64:
		return appendFloat(dst, a.Value(i))
	case *array.Decimal128:
		return appendDecimal(dst, a.Value(i), a.DataType().(*arrow.Decimal128Type).Scale)
	case *array.Timestamp:
		return strconv.AppendInt(dst, int64(a.Value(i)), 10)
	case *array.Boolean:
		return strconv.AppendBool(dst, a.Value(i))
	}
	return append(dst, a.ValueStr(i)...)
}

// appendDecimal appends what decimalText returns, without detours for numbers of up to 64 bits.
func appendDecimal(dst []byte, v decimal128.Num, scale int32) []byte {
	hi, lo := v.HighBits(), v.LowBits()
	if scale <= 0 || scale > 18 || (hi != 0 && hi != -1) || (hi < 0) != (int64(lo) < 0) {
		return append(dst, decimalText(v, scale)...)
	}
	if hi < 0 {
		dst = append(dst, '-')
		lo = -lo
	}
	unit := powers[scale]
	dst = strconv.AppendUint(dst, lo/unit, 10)
	rest := lo % unit
	if rest == 0 {
		return dst
	}
	dst = append(dst, '.')
	for ; rest != 0; rest %= unit {
		unit /= 10
		dst = append(dst, '0'+byte(rest/unit))
	}
	return dst
}

var powers = func() (p [19]uint64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = 10 * p[i-1]
	}
	return p
}()

func appendFloat(dst []byte, f float64) []byte {
	if f == 0 {
		return append(dst, '0') // also -0
	}
	return strconv.AppendFloat(dst, f, 'f', -1, 64)
}
