package quality

import (
	"math"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"pgregory.net/rapid"
)

func TestAppendDecimalIsDecimalText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := decimal128.FromI64(rapid.OneOf(rapid.Int64(), rapid.Int64Range(-1000, 1000),
			rapid.SampledFrom([]int64{0, math.MinInt64, math.MaxInt64, 100, -100})).Draw(t, "value"))
		if rapid.Bool().Draw(t, "wide") {
			v = decimal128.New(rapid.Int64().Draw(t, "hi"), rapid.Uint64().Draw(t, "lo"))
		}
		for scale := int32(-2); scale <= 38; scale++ {
			if got, want := string(appendDecimal([]byte("x"), v, scale)), "x"+decimalText(v, scale); got != want {
				t.Fatalf("scale %d: got %s, want %s", scale, got, want)
			}
		}
	})
}
