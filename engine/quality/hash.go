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

// cellHasher hashes the cells of a column, and gathers what the sketches of the column must learn. A missing cell and an
// empty text have the hash zero. Most columns repeat a few values: what is known of those is kept, each where its bits
// point, so that they cost one look.
type cellHasher struct {
	seed   uint64
	buf    []byte
	last   int64 // the whole number whose text buf holds; 0 = none
	recent []recentCell
	// tallies are values of the column with how often they stand there; a value may have several.
	tallies []tally
}

type recentCell struct {
	tally
	hash xxh3.Uint128
}

// tally says how often a value of 128 bits was met; hash is the low half of its cell's.
type tally struct {
	hi   int64
	lo   uint64
	n    int64
	hash uint64
}

const recentCells = 2048

// column hashes all cells of a and adds the hashes to rows.
func (c *cellHasher) column(a arrow.Array, rows []Hash) {
	c.tallies, c.last = c.tallies[:0], 0
	nulls := a.NullN() > 0
	switch a := a.(type) {
	case *array.Int64:
		values(c, a, a.Int64Values(), nulls, rows, func(v int64) (int64, uint64) { return 0, uint64(v) })
	case *array.Float64:
		values(c, a, a.Float64Values(), nulls, rows, func(v float64) (int64, uint64) { return 0, math.Float64bits(v) })
	case *array.Timestamp:
		values(c, a, a.TimestampValues(), nulls, rows, func(v arrow.Timestamp) (int64, uint64) { return 0, uint64(v) })
	case *array.Decimal128:
		values(c, a, a.Values(), nulls, rows, func(v decimal128.Num) (int64, uint64) { return v.HighBits(), v.LowBits() })
	case *array.Boolean:
		c.bools(a, nulls, rows)
	default:
		c.texts(a, nulls, rows)
	}
}

func (c *cellHasher) bools(a *array.Boolean, nulls bool, rows []Hash) {
	hashes := [2]xxh3.Uint128{xxh3.HashString128Seed("false", c.seed), xxh3.HashString128Seed("true", c.seed)}
	var met [2]bool
	for i := range rows {
		if nulls && a.IsNull(i) {
			continue
		}
		v := 0
		if a.Value(i) {
			v = 1
		}
		met[v] = true
		rows[i].add(hashes[v])
	}
	for v, is := range met {
		if is {
			c.tallies = append(c.tallies, tally{n: 1, hash: hashes[v].Lo})
		}
	}
}

// values hashes the cells of a column of numbers or times. It is written out for each type: a call for each cell would
// take longer than the rest.
func values[T comparable](c *cellHasher, a arrow.Array, cells []T, nulls bool, rows []Hash, bits func(T) (int64, uint64)) {
	if c.recent == nil {
		c.recent = make([]recentCell, recentCells)
	}
	clear(c.recent)
	var last *recentCell
	for i, v := range cells {
		if nulls && a.IsNull(i) {
			continue
		}
		hi, lo := bits(v)
		r := last
		if r == nil || r.lo != lo || r.hi != hi {
			r = &c.recent[(lo^lo>>11^lo>>22)%recentCells]
			if r.n == 0 || r.lo != lo || r.hi != hi {
				if r.n > 0 {
					c.tallies = append(c.tallies, r.tally)
				}
				h := c.text(a, i)
				*r = recentCell{tally{hi, lo, 0, h.Lo}, h}
			}
			last = r
		}
		r.n++
		rows[i].add(r.hash)
	}
	for i := range c.recent {
		if r := &c.recent[i]; r.n > 0 {
			c.tallies = append(c.tallies, r.tally)
		}
	}
}

// texts hashes the cells of a column of any other type.
func (c *cellHasher) texts(a arrow.Array, nulls bool, rows []Hash) {
	text, isText := a.(*array.String)
	var h xxh3.Uint128
	last := ""
	for i := range rows {
		if nulls && a.IsNull(i) {
			continue
		}
		switch {
		case isText && len(c.tallies) > 0 && text.Value(i) == last:
			rows[i].add(h)
			continue
		case isText:
			last = text.Value(i)
			h = xxh3.Uint128{}
			if last != "" {
				h = xxh3.HashString128Seed(last, c.seed)
			}
		default:
			h = c.text(a, i)
		}
		rows[i].add(h)
		if n := len(c.tallies); n == 0 || c.tallies[n-1].hash != h.Lo {
			c.tallies = append(c.tallies, tally{n: 1, hash: h.Lo})
		}
	}
}

// text hashes a cell's canonical text.
func (c *cellHasher) text(a arrow.Array, i int) xxh3.Uint128 {
	switch a := a.(type) {
	case *array.Int64:
		c.number(a.Value(i))
	case *array.Timestamp:
		c.number(int64(a.Value(i)))
	default:
		c.buf = AppendCell(c.buf[:0], a, i)
	}
	if len(c.buf) == 0 {
		return xxh3.Uint128{}
	}
	return xxh3.Hash128Seed(c.buf, c.seed)
}

// number writes a whole number to buf. Where it follows the last one closely, as numbers of orders do, only a digit changes.
func (c *cellHasher) number(v int64) {
	step := v - c.last
	if end := len(c.buf) - 1; c.last > 0 && step > 0 && step < 10 && c.buf[end]+byte(step) <= '9' {
		c.buf[end] += byte(step)
	} else {
		c.buf = strconv.AppendInt(c.buf[:0], v, 10)
	}
	c.last = v
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
