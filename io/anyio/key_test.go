package anyio

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"math/big"
	"strconv"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"pgregory.net/rapid"
)

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

func TestKeyText(t *testing.T) {
	for in, want := range map[string]string{
		"17850.0": "17850", "17850": "17850", " 17850,00 ": "17850", "00123": "00123", "00123.0": "00123.0", "17.000": "17.000", "17,000": "17,000",
		"1234.000": "1234", "17.0000": "17", "0.0": "0", "-0.0": "0", "-5.0": "-5", "12.5": "12.5", "12.": "12.", "1.2.0": "1.2.0", "C536365": "C536365",
		"12e5": "12e5", "12E-5": "12E-5", "": "", "  ": "", "\u00a07\u00a0": "7", "1.0a": "1.0a", "-": "-", ".0": ".0", "+5.0": "+5.0",
	} {
		if got, ok := KeyText(in); got != want || !ok {
			t.Errorf("%q: %q %v, want %q", in, got, ok, want)
		}
	}
	for _, in := range []string{"1.7E+04", "1,7E+04", "1E+10", "1.78e+12"} {
		if _, ok := KeyText(in); ok {
			t.Errorf("%q passes", in)
		}
	}
}

func TestKeysOfNumbersMeet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(-1<<53, 1<<53).Draw(t, "n")
		want := strconv.FormatInt(n, 10)
		f, ok := floatKey(float64(n))
		if !ok || f != want {
			t.Fatalf("float: %q", f)
		}
		if s, ok := KeyText(want + ".0"); !ok || s != want {
			t.Fatalf("text: %q", s)
		}
		if d := decimalKey(want + ".00"); d != want {
			t.Fatalf("decimal: %q", d)
		}
	})
	if _, ok := floatKey(math.Inf(1)); ok {
		t.Error("infinity is a key")
	}
	if _, ok := floatKey(1<<53 + 2); ok {
		t.Error("2^53 + 2 is a key")
	}
}

// Keys of a whole column are those of its values one by one.
func TestKeysOfColumns(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	rapid.Check(t, func(t *rapid.T) {
		ints, texts := array.NewInt64Builder(mem), array.NewStringBuilder(mem)
		defer ints.Release()
		defer texts.Release()
		canonical := rapid.Bool().Draw(t, "canonical")
		var want [2][]string
		for range rapid.IntRange(0, 20).Draw(t, "rows") {
			n := rapid.OneOf(rapid.Int64Range(-2, 2), rapid.Int64()).Draw(t, "n")
			text := rapid.SampledFrom([]string{"a", "a", "007", "b", "", " a ", "5.0", "-0.0", "12,00"}).Draw(t, "text")
			key, _ := KeyText(text)
			if canonical && key != text {
				text, key = "c", "c"
			}
			if rapid.IntRange(0, 5).Draw(t, "null") == 0 {
				ints.AppendNull()
				texts.AppendNull()
				want[0], want[1] = append(want[0], ""), append(want[1], "")
				continue
			}
			ints.Append(n)
			texts.Append(text)
			want[0], want[1] = append(want[0], strconv.FormatInt(n, 10)), append(want[1], key)
		}
		for i, b := range []array.Builder{ints, texts} {
			arr := b.NewArray()
			got, err := keys(arr, place{}, mem)
			arr.Release()
			if err != nil {
				t.Fatal(err)
			}
			for row, w := range want[i] {
				if got.IsNull(row) != (w == "") || w != "" && got.(*array.String).Value(row) != w {
					t.Fatalf("row %d: %q, want %q", row, got.ValueStr(row), w)
				}
			}
			got.Release()
		}
	})
}

// TestDecimalOf compares with exact rational arithmetic.
func TestDecimalOf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.Float64Range(-1e30, 1e30).Draw(t, "f")
		scale := rapid.IntRange(0, 8).Draw(t, "scale")
		got, ok := decimalOf(f, int32(scale))
		r, _ := new(big.Rat).SetString(strconv.FormatFloat(f, 'g', -1, 64))
		r.Mul(r, new(big.Rat).SetInt(power(scale)))
		want := halfEven(r)
		if fits := want.CmpAbs(power(38)) < 0; ok != fits { // 38 digits are what a decimal holds
			t.Fatalf("%g at scale %d: fits %v, want %v", f, scale, ok, fits)
		} else if !fits {
			return
		}
		if got.BigInt().Cmp(want) != 0 {
			t.Fatalf("%g at scale %d: %v, want %v", f, scale, got.BigInt(), want)
		}
	})
	for _, f := range []float64{1e32, math.Inf(1), math.NaN(), -1e300} {
		if _, ok := decimalOf(f, 6); ok {
			t.Errorf("%g fits", f)
		}
	}
	for f, want := range map[float64]int64{0.5: 0, 1.5: 2, 2.5: 2, -0.5: 0, -1.5: -2, 1e-300: 0, 0: 0} {
		if got, ok := decimalOf(f, 0); !ok || got.BigInt().Int64() != want {
			t.Errorf("%g: %v, want %d", f, got.BigInt(), want)
		}
	}
}

func halfEven(r *big.Rat) *big.Int {
	two := big.NewInt(2)
	floor := new(big.Int).Div(r.Num(), r.Denom()) // Euclidean: floor for a positive denominator
	rest := new(big.Rat).Sub(r, new(big.Rat).SetInt(floor))
	switch c := rest.Cmp(big.NewRat(1, 2)); {
	case c > 0, c == 0 && new(big.Int).Mod(floor, two).Sign() != 0:
		return floor.Add(floor, big.NewInt(1))
	}
	return floor
}
