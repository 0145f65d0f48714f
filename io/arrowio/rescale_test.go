package arrowio

import (
	"math/big"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"pgregory.net/rapid"
)

// Rescale multiplies by a power of ten, and says so where 38 digits do not hold the product.
func TestRescaleAgainstBig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := decimal128.FromI64(rapid.Int64().Draw(t, "value"))
		if rapid.Bool().Draw(t, "wide") {
			v = decimal128.New(rapid.Int64Range(-1<<62, 1<<62).Draw(t, "hi"), rapid.Uint64().Draw(t, "lo"))
		}
		from := rapid.Int32Range(0, 37).Draw(t, "from")
		to := rapid.Int32Range(from, min(37, from+20)).Draw(t, "to")
		want := new(big.Int).Mul(v.BigInt(), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(to-from)), nil))
		got, ok := Rescale(v, from, to)
		if fits := want.CmpAbs(maxDecimal) <= 0; ok != fits || ok && got.BigInt().Cmp(want) != 0 {
			t.Fatalf("%v from %d to %d: %v %v, want %v", v.BigInt(), from, to, got.BigInt(), ok, want)
		}
	})
}
