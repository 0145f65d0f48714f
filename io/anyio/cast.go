package anyio

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"segovia/io/arrowio"
	"segovia/kernels/problem"
)

// place tells where an array's values come from.
type place struct {
	file, column string
	first        int64 // row number of the first value
}

// cast returns arr, which has a canonical type, as the type that unify chose; the caller releases it. It returns
// SEG-NUM-002 for a number that the decimal type cannot hold and SEG-SCH-001 for a value in a column that was found empty.
func cast(arr arrow.Array, to arrow.DataType, at place, mem memory.Allocator) (arrow.Array, error) {
	if arrow.TypeEqual(arr.DataType(), to) {
		arr.Retain()
		return arr, nil
	}
	if arr.NullN() == arr.Len() || arr.DataType().ID() == arrow.NULL {
		return array.MakeArrayOfNull(mem, to, arr.Len()), nil
	}
	t, ok := to.(*arrow.Decimal128Type)
	if !ok {
		return nil, schemaProblem(at.column, at.file, fmt.Sprintf("holds %s where %s is expected", arr.DataType(), to),
			"the file's statistics, or the file itself, were others when its schema was read")
	}
	b := array.NewDecimal128Builder(mem, t)
	defer b.Release()
	b.Reserve(arr.Len())
	for i := range arr.Len() {
		if arr.IsNull(i) {
			b.AppendNull()
			continue
		}
		var v decimal128.Num
		fits := false
		switch a := arr.(type) {
		case *array.Int64:
			v, fits = arrowio.Rescale(decimal128.FromI64(a.Value(i)), 0, t.Scale)
		case *array.Decimal128:
			v, fits = arrowio.Rescale(a.Value(i), a.DataType().(*arrow.Decimal128Type).Scale, t.Scale)
		case *array.Float64:
			if f := a.Value(i); f != f {
				b.AppendNull()
				continue
			} else {
				v, fits = decimalOf(f, t.Scale)
			}
		default:
			return nil, schemaProblem(at.column, at.file, fmt.Sprintf("holds %s where %s is expected", arr.DataType(), to), "no number becomes of it")
		}
		if !fits {
			return nil, &problem.Problem{ID: "SEG-NUM-002", What: fmt.Sprintf("a number of column %q is too large for %s", at.column, to), File: at.file,
				Place: fmt.Sprintf("column %q, row %d", at.column, at.first+int64(i)), Why: "exact numbers have up to 38 digits, decimals included",
				Fix: "repair the value, or write the column with the same type in all files"}
		}
		b.Append(v)
	}
	return b.NewArray(), nil
}

// decimalOf returns the number that f's shortest decimal text names, rounded half to even to the given number of
// decimals; false if it is infinite or does not fit 38 digits.
func decimalOf(f float64, scale int32) (decimal128.Num, bool) {
	if math.IsInf(f, 0) || f != f {
		return decimal128.Num{}, false
	}
	text := strconv.FormatFloat(math.Abs(f), 'e', -1, 64) // d.ddde±xx
	mantissa, exponent, _ := strings.Cut(text, "e")
	e, err := strconv.Atoi(exponent)
	if err != nil {
		return decimal128.Num{}, false
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	n, ok := new(big.Int).SetString(whole+fraction, 10)
	if !ok {
		return decimal128.Num{}, false
	}
	// f = n * 10^shift in units of the last decimal.
	shift := e - len(fraction) + int(scale)
	switch {
	case n.Sign() == 0:
	case shift > 40:
		return decimal128.Num{}, false
	case shift >= 0:
		n.Mul(n, power(shift))
	case shift < -40:
		n.SetInt64(0)
	default:
		unit, rest := power(-shift), new(big.Int)
		n.QuoRem(n, unit, rest)
		if c := rest.Lsh(rest, 1).Cmp(unit); c > 0 || c == 0 && n.Bit(0) == 1 {
			n.Add(n, big.NewInt(1))
		}
	}
	if len(n.Text(10)) > 38 {
		return decimal128.Num{}, false
	}
	if math.Signbit(f) {
		n.Neg(n)
	}
	return decimal128.FromBigInt(n), true
}

func power(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// blank returns text with the cells that equal one of nulls, without blanks around, as null.
func blank(text *array.String, nulls []string, mem memory.Allocator) arrow.Array {
	b := array.NewStringBuilder(mem)
	defer b.Release()
	b.Reserve(text.Len())
	for i := range text.Len() {
		if text.IsNull(i) || isNull(text.Value(i), nulls) {
			b.AppendNull()
		} else {
			b.Append(text.Value(i))
		}
	}
	return b.NewArray()
}

func isNull(cell string, nulls []string) bool {
	cell = strings.TrimSpace(cell)
	for _, n := range nulls {
		if cell == strings.TrimSpace(n) {
			return true
		}
	}
	return false
}

// partitionType is the type of a partition column over all its values: int64, timestamp (yyyy-mm-dd) or utf8.
func partitionType(values []partition) arrow.DataType {
	ints, days, some := true, true, false
	for _, p := range values {
		if p.null {
			continue
		}
		some = true
		if n, err := strconv.ParseInt(p.value, 10, 64); err != nil || strconv.FormatInt(n, 10) != p.value {
			ints = false
		}
		if _, err := time.Parse(time.DateOnly, p.value); err != nil {
			days = false
		}
	}
	switch {
	case !some:
		return arrow.Null
	case ints:
		return arrow.PrimitiveTypes.Int64
	case days:
		return arrowio.Timestamp
	}
	return arrow.BinaryTypes.String
}

// constant returns n times the partition's value in type t, which partitionType or unify chose.
func (p partition) constant(t arrow.DataType, n int, mem memory.Allocator) arrow.Array {
	b := array.NewBuilder(mem, t)
	defer b.Release()
	b.Reserve(n)
	for range n {
		switch b := b.(type) {
		case *array.Int64Builder:
			v, err := strconv.ParseInt(p.value, 10, 64)
			if p.null || err != nil {
				b.AppendNull()
			} else {
				b.Append(v)
			}
		case *array.TimestampBuilder:
			v, err := time.Parse(time.DateOnly, p.value)
			if p.null || err != nil {
				b.AppendNull()
			} else {
				b.Append(arrow.Timestamp(v.UnixMicro()))
			}
		case *array.StringBuilder:
			if p.null {
				b.AppendNull()
			} else {
				b.Append(p.value)
			}
		default:
			b.AppendNull()
		}
	}
	return b.NewArray()
}
