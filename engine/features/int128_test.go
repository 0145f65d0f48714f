package features

import (
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var bound = new(big.Int).Lsh(big.NewInt(1), 127)

// genI128 draws values of every size, with the edges of the range.
func genI128() *rapid.Generator[i128] {
	return rapid.Custom(func(t *rapid.T) i128 {
		hi, lo := rapid.Int64().Draw(t, "hi"), rapid.Uint64().Draw(t, "lo")
		shift := rapid.IntRange(0, 63).Draw(t, "shift")
		v := i128{hi >> shift, lo}
		if v.isMin() {
			v.lo = 1
		}
		return v
	})
}

func TestInt128AgainstBig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := genI128().Draw(t, "a"), genI128().Draw(t, "b")
		check := func(name string, got i128, ok bool, want *big.Int) {
			if inside := want.CmpAbs(bound) < 0; ok != inside {
				t.Fatalf("%s: ok = %v for %v", name, ok, want)
			}
			if ok && got.big().Cmp(want) != 0 {
				t.Fatalf("%s = %v, want %v", name, got.big(), want)
			}
		}
		s, ok := a.add(b)
		check("add", s, ok, new(big.Int).Add(a.big(), b.big()))
		s, ok = a.sub(b)
		check("sub", s, ok, new(big.Int).Sub(a.big(), b.big()))
		s, ok = a.mul(b)
		check("mul", s, ok, new(big.Int).Mul(a.big(), b.big()))
		if got := a.cmp(b); got != a.big().Cmp(b.big()) {
			t.Fatalf("cmp = %d", got)
		}
		up := rapid.IntRange(0, 40).Draw(t, "up")
		s, ok = a.rescale(0, up)
		check("rescale", s, ok, new(big.Int).Mul(a.big(), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(up)), nil)))
	})
}

// text and float are held against math/big's rationals, which share no code with them.
func TestDecimalTextAndFloat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, scale := genI128().Draw(t, "v"), rapid.IntRange(0, 30).Draw(t, "scale")
		want := new(big.Rat).SetFrac(v.big(), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil))
		text := v.text(scale)
		got, ok := new(big.Rat).SetString(text)
		if !ok || got.Cmp(want) != 0 {
			t.Fatalf("text = %q, want %v", text, want)
		}
		if strings.Contains(text, ".") && strings.HasSuffix(text, "0") {
			t.Fatalf("trailing zero in %q", text)
		}
		f, _ := want.Float64()
		if v.float(scale) != f {
			t.Fatalf("float = %v, want %v", v.float(scale), f)
		}
	})
}

func TestFromFloatRoundsShortestText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.OneOf(rapid.Float64Range(-1e6, 1e6), rapid.Float64Range(-1e-8, 1e-8), rapid.Float64Range(-1e28, 1e28),
			rapid.Custom(func(t *rapid.T) float64 { return float64(rapid.IntRange(-1e9, 1e9).Draw(t, "cents")) / 100 })).Draw(t, "x")
		got, ok := i128FromFloat(x)
		if !ok {
			t.Fatalf("%v refused", x)
		}
		// the shortest text as a rational, times 10^9, rounded by quoRound
		r, _ := new(big.Rat).SetString(new(big.Float).SetFloat64(x).Text('e', -1))
		r.Mul(r, new(big.Rat).SetInt64(1e9))
		want, _ := quoRound(r.Num(), r.Denom(), 'e')
		if got != want {
			t.Fatalf("%v: got %s, want %s", x, got.text(9), want.text(9))
		}
	})
	if _, ok := i128FromFloat(1e300); ok {
		t.Fatal("1e300 accepted")
	}
	if v, _ := i128FromFloat(2.55); v.text(9) != "2.55" {
		t.Fatalf("2.55 became %s", v.text(9))
	}
}

func TestQuoRound(t *testing.T) {
	for _, c := range []struct {
		n, d int64
		mode byte
		want int64
	}{{5, 2, 'e', 2}, {7, 2, 'e', 4}, {-5, 2, 'e', -2}, {-7, 2, 'e', -4}, {-5, 2, 'f', -3}, {-5, 2, 'c', -2},
		{5, 2, 'f', 2},
		{5, 2, 'c', 3}, {6, 2, 'c', 3}, {5, -2, 'f', -3}, {8, 3, 'e', 3}, {7, 3, 'e', 2}} {
		if got, _ := quoRound(big.NewInt(c.n), big.NewInt(c.d), c.mode); got != i128Of(c.want) {
			t.Errorf("%d/%d %c = %s, want %d", c.n, c.d, c.mode, got.text(0), c.want)
		}
	}
	if math.MaxInt64 != i128Of(math.MaxInt64).big().Int64() {
		t.Error("i128Of")
	}
}

func TestParseDecimal(t *testing.T) {
	for in, want := range map[string]string{"12": "12", "0.50": "0.5", "1e3": "1000", "1.25e-2": "0.0125", ".5": "0.5", "7.": "7"} {
		v, scale, ok := parseDecimal(in)
		if !ok || v.text(scale) != want {
			t.Errorf("%q: %q %v", in, v.text(scale), ok)
		}
	}
	for _, in := range []string{"", ".", "1e", "0x1", "1_0", "1e99", strings.Repeat("9", 40), "1e-40"} {
		if _, _, ok := parseDecimal(in); ok {
			t.Errorf("%q accepted", in)
		}
	}
}
