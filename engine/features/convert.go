package features

import (
	"fmt"
	"strconv"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/zeebo/xxh3"

	"segovia/engine/quality"
	"segovia/kernels/problem"
)

// arrowVec converts an Arrow column for expressions that expect the type and scale of want into v, whose memory it uses
// again. Numbers that are not finite are missing. Texts and times share the column's memory.
func arrowVec(v *vec, a arrow.Array, want *node, name string) error {
	typ, scale := columnType(a.DataType())
	if typ != want.typ || scale > want.scale {
		return &problem.Problem{ID: "SEG-SCH-001",
			What: fmt.Sprintf("column %q is %s here and another type in the source's other files", name, a.DataType()),
			Fix:  "Use `rename`, or give the files as sources of their own."}
	}
	n := a.Len()
	v.typ, v.mask, v.scale, v.null = typ, -1, want.scale, nil
	if a.NullN() > 0 {
		v.null = make([]bool, n)
		for i := range n {
			v.null[i] = a.IsNull(i)
		}
	}
	ok := true
	switch a := a.(type) {
	case *array.String:
		v.str = sized(v.str, n)
		for i := range n {
			v.str[i] = a.Value(i)
		}
	case *array.LargeString:
		v.str = sized(v.str, n)
		for i := range n {
			v.str[i] = a.Value(i)
		}
	case *array.Boolean:
		v.bit = sized(v.bit, n)
		for i := range n {
			v.bit[i] = a.Value(i)
		}
	case *array.Timestamp:
		v.tim = arrow.Int64Traits.CastFromBytes(arrow.TimestampTraits.CastToBytes(a.TimestampValues()))
	case *array.Int64:
		v.dec = sized(v.dec, n)
		for i, x := range a.Int64Values() {
			v.dec[i] = i128Of(x)
		}
	case *array.Decimal128:
		v.dec = sized(v.dec, n)
		for i, x := range a.Values() {
			v.dec[i] = i128{x.HighBits(), x.LowBits()}
		}
	case *array.Float64:
		v.dec = sized(v.dec, n)
		for i, x := range a.Float64Values() {
			v.dec[i] = i128{}
			if v.isNull(i) {
				continue
			}
			if !finite(x) {
				v.setNull(i, n)
			} else if v.dec[i], ok = i128FromFloat(x); !ok {
				return &rangeError{}
			}
		}
	}
	if typ == typeNumber && scale < want.scale {
		for i := range v.dec {
			if v.isNull(i) {
				continue
			}
			if v.dec[i], ok = v.dec[i].rescale(scale, want.scale); !ok {
				return &rangeError{}
			}
		}
	}
	return nil
}

// sized returns n elements in the memory of s, where that is large enough; what they hold is left open.
func sized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// appendText appends the canonical text of element i: the same for equal numbers of any scale.
func (v *vec) appendText(dst []byte, i int) []byte {
	switch v.typ {
	case typeText:
		return append(dst, v.str[i]...)
	case typeNumber:
		return v.dec[i].appendText(dst, v.scale)
	case typeTime:
		return strconv.AppendInt(dst, v.tim[i], 10)
	case typeBool:
		return strconv.AppendBool(dst, v.bit[i])
	}
	return dst
}

// hash returns the hash of element i; ok is false when it is missing or empty. That of a whole number of 64 bits is made of
// its bits, and two of them never share one; other values hash their canonical text.
func (v *vec) hash(buf []byte, i int) (h quality.Hash, text []byte, ok bool) {
	if v.isNull(i) {
		return h, buf, false
	}
	if v.typ == typeText {
		if s := v.str[i&v.mask]; s != "" {
			x := xxh3.HashString128(s)
			return quality.Hash{Hi: x.Hi, Lo: x.Lo}, append(buf[:0], s...), true
		}
		return h, buf, false
	}
	if v.typ == typeNumber && v.scale == 0 {
		if d := v.dec[i&v.mask]; d.hi == int64(d.lo)>>63 {
			return hashWhole(d.lo), buf, true
		}
	}
	text = v.appendText(buf[:0], i&v.mask)
	x := xxh3.Hash128(text)
	return quality.Hash{Hi: x.Hi, Lo: x.Lo}, text, len(text) > 0
}

// hashWhole spreads a number's bits over a hash; both halves are one-to-one.
func hashWhole(x uint64) quality.Hash {
	lo := x ^ 0x9e3779b97f4a7c15
	lo ^= lo >> 32
	lo *= 0xd6e8feb86659fd93
	lo ^= lo >> 32
	lo *= 0xd6e8feb86659fd93
	lo ^= lo >> 32
	return quality.Hash{Hi: (lo ^ lo>>29) * 0x9e3779b97f4a7c15, Lo: lo}
}

// sameAsBefore reports whether elements i and i - 1 are known to be the same; false says nothing.
func (v *vec) sameAsBefore(i int) bool {
	if v.null != nil {
		return false
	}
	i, j := i&v.mask, (i-1)&v.mask
	switch v.typ {
	case typeText:
		return v.str[i] == v.str[j]
	case typeNumber:
		return v.dec[i] == v.dec[j]
	case typeTime:
		return v.tim[i] == v.tim[j]
	}
	return false
}
