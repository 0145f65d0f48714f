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

// arrowVec converts an Arrow column for expressions that expect the type and scale of want. Numbers that are not finite
// are missing. Texts share the column's memory.
func arrowVec(a arrow.Array, want *node, name string) (*vec, error) {
	typ, scale := columnType(a.DataType())
	if typ != want.typ || scale > want.scale {
		return nil, &problem.Problem{ID: "SEG-SCH-001",
			What: fmt.Sprintf("column %q is %s here and another type in the source's other files", name, a.DataType()),
			Fix:  "Use `rename`, or give the files as sources of their own."}
	}
	n := a.Len()
	v := &vec{typ: typ, mask: -1, scale: want.scale}
	if a.NullN() > 0 {
		v.null = make([]bool, n)
		for i := range n {
			v.null[i] = a.IsNull(i)
		}
	}
	ok := true
	switch a := a.(type) {
	case *array.String:
		v.str = make([]string, n)
		for i := range n {
			v.str[i] = a.Value(i)
		}
	case *array.LargeString:
		v.str = make([]string, n)
		for i := range n {
			v.str[i] = a.Value(i)
		}
	case *array.Boolean:
		v.bit = make([]bool, n)
		for i := range n {
			v.bit[i] = a.Value(i)
		}
	case *array.Timestamp:
		v.tim = make([]int64, n)
		for i, t := range a.TimestampValues() {
			v.tim[i] = int64(t)
		}
	case *array.Int64:
		v.dec = make([]i128, n)
		for i, x := range a.Int64Values() {
			v.dec[i] = i128Of(x)
		}
	case *array.Decimal128:
		v.dec = make([]i128, n)
		for i, x := range a.Values() {
			v.dec[i] = i128{x.HighBits(), x.LowBits()}
		}
	case *array.Float64:
		v.dec = make([]i128, n)
		for i, x := range a.Float64Values() {
			if v.isNull(i) {
				continue
			}
			if !finite(x) {
				v.setNull(i, n)
			} else if v.dec[i], ok = i128FromFloat(x); !ok {
				return nil, &rangeError{}
			}
		}
	}
	if typ == typeNumber && scale < want.scale {
		for i := range v.dec {
			if v.isNull(i) {
				continue
			}
			if v.dec[i], ok = v.dec[i].rescale(scale, want.scale); !ok {
				return nil, &rangeError{}
			}
		}
	}
	return v, nil
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

// hash returns the hash of element i's canonical text; ok is false when it is missing or empty.
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
	text = v.appendText(buf[:0], i&v.mask)
	x := xxh3.Hash128(text)
	return quality.Hash{Hi: x.Hi, Lo: x.Lo}, text, len(text) > 0
}
