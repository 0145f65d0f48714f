package exact

import (
	"math"
	"slices"
	"testing"

	"segovia/kernels/rng"
)

// 100,000 numbers are normal: the largest distance of their distribution function from the normal one stays below the
// 1 - 1e-6 quantile of Kolmogorov's statistic, 2.7 / sqrt(n). The stream is fixed, and so is the result.
func TestNormalIsNormal(t *testing.T) {
	const n = 100_000
	s := rng.New(1, "normal", 0, 0)
	x := make([]float64, n)
	for i := range x {
		x[i] = Normal(s, uint64(i%7), uint64(i))
	}
	if got := x[12345]; got != goldenNormal {
		t.Errorf("number 12345 is %x, want %x", got, goldenNormal)
	}
	slices.Sort(x)
	var largest float64
	for i, v := range x {
		phi := math.Erfc(-v/math.Sqrt2) / 2
		largest = max(largest, math.Abs(phi-float64(i)/n), math.Abs(phi-float64(i+1)/n))
	}
	if largest > 2.7/math.Sqrt(n) {
		t.Errorf("the distribution is off by %g", largest)
	}
	if x[0] > -3.5 || x[n-1] < 3.5 {
		t.Errorf("no tails: %g to %g", x[0], x[n-1])
	}
}

const goldenNormal = -0x1.d444182b9a24ap-01
