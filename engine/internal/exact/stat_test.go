package exact

import (
	"math"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// bigSum returns the exact sum of xs, rounded once.
func bigSum(xs []float64) float64 {
	s := new(big.Float).SetPrec(2200)
	for _, x := range xs {
		s.Add(s, new(big.Float).SetFloat64(x))
	}
	f, _ := s.Float64()
	return f
}

func absSum(xs []float64) float64 {
	s := 0.0
	for _, x := range xs {
		s += math.Abs(x)
	}
	return s
}

func TestSumAgainstExactSum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		xs := rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), 0, 300).Draw(t, "xs")
		// n - 1 additions, each off by half an ulp of a partial sum, which is at most the sum of magnitudes.
		limit := float64(len(xs)) * 0x1p-52 * absSum(xs)
		if d := math.Abs(Sum(xs) - bigSum(xs)); d > limit {
			t.Fatalf("sum is off by %g, limit %g", d, limit)
		}
	})
}

func TestSumIsTheSameInBlocks(t *testing.T) {
	for _, n := range []int{0, 1, BlockRows - 1, BlockRows, BlockRows + 1, 3*BlockRows + 17, 5 * BlockRows} {
		xs := make([]float64, n)
		for i := range xs {
			xs[i] = 1 / float64(i+3)
		}
		whole := Sum(xs)
		var acc Accumulator
		for _, x := range xs {
			acc.Add(x)
		}
		var blocks float64
		for c := range slices.Chunk(xs, BlockRows) {
			blocks += Sum(c)
		}
		if acc.Sum() != whole || blocks != whole {
			t.Errorf("n=%d: %v whole, %v accumulated, %v by blocks", n, whole, acc.Sum(), blocks)
		}
	}
}

func TestMeanAndSD(t *testing.T) {
	mean, sd := SD([]float64{2, 4, 4, 4, 5, 5, 7, 9}, false)
	if mean != 5 || sd != 2 {
		t.Errorf("mean %v, sd %v, want 5, 2", mean, sd)
	}
	if _, sd := SD([]float64{1, 3}, true); sd != math.Sqrt2 {
		t.Errorf("sample sd %v, want the root of 2", sd)
	}
	if _, sd := SD([]float64{1}, true); sd == sd {
		t.Errorf("sample sd of one value is %v, want NaN", sd)
	}
	if m, sd := SD(nil, false); m == m || sd == sd {
		t.Errorf("of no values: %v, %v", m, sd)
	}
	for _, scale := range []float64{1e-300, 1e-170, 1e150, 1e300} {
		m, sd := SD([]float64{1 * scale, 2 * scale, 3 * scale}, false)
		want := math.Sqrt(2.0/3) * scale
		if math.Abs(m/scale-2) > 1e-15 || math.Abs(sd/want-1) > 1e-14 {
			t.Errorf("scale %g: mean %g, sd %g", scale, m, sd)
		}
	}
	// A large offset: the textbook formula loses everything here, two passes lose nothing that is there.
	if _, sd := SD([]float64{1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16}, false); math.Abs(sd-math.Sqrt(22.5)) > 1e-14 {
		t.Errorf("sd %v, want the root of 22.5", sd)
	}
}

func TestSkew(t *testing.T) {
	if s := Skew([]float64{0, 0, 0, 0, 1}); math.Abs(s-1.5) > 1e-14 { // (1-2p)/sqrt(p(1-p)), p = 1/5
		t.Errorf("skew %v, want 1.5", s)
	}
	if s := Skew([]float64{3, 3, 3}); s != 0 {
		t.Errorf("skew of equal values %v", s)
	}
	if s := Skew(nil); s == s {
		t.Errorf("skew of nothing %v", s)
	}
}

func TestQuantile(t *testing.T) {
	xs := []float64{1, 2, 4, 8, 16}
	for _, c := range []struct{ p, want float64 }{{0, 1}, {0.25, 2}, {0.5, 4}, {0.6, 5.6}, {0.9, 12.8}, {1, 16}} {
		if got := Quantile(xs, c.p); math.Abs(got-c.want) > 1e-14 {
			t.Errorf("quantile %g is %v, want %v", c.p, got, c.want)
		}
	}
	if q := Quantile(nil, 0.5); q == q {
		t.Errorf("quantile of nothing %v", q)
	}
	if q := Quantile([]float64{-1.5e308, 1.5e308}, 0.5); q != 0 {
		t.Errorf("overflowing span: %v", q)
	}
	rapid.Check(t, func(t *rapid.T) {
		xs := rapid.SliceOfN(rapid.Float64Range(-1e9, 1e9), 1, 50).Draw(t, "xs")
		slices.Sort(xs)
		p, q := rapid.Float64Range(0, 1).Draw(t, "p"), rapid.Float64Range(0, 1).Draw(t, "q")
		p, q = min(p, q), max(p, q)
		a, b := Quantile(xs, p), Quantile(xs, q)
		if a > b || a < xs[0] || b > xs[len(xs)-1] {
			t.Fatalf("quantiles %v of %g and %v of %g", a, p, b, q)
		}
	})
}
