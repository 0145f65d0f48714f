package features

import (
	"math"
	"testing"
)

// By hand: the positive values are 1..10, whose 90 % quantile (type 7) is 9.1.
func TestShareOfBest(t *testing.T) {
	x := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, -5, math.NaN()}
	got := (&Score{Style: best}).scores(x)
	for i, v := range x {
		want := min(max(v/9.1, 0), 1)
		if math.IsNaN(v) != math.IsNaN(got[i]) || !math.IsNaN(v) && math.Abs(got[i]-want) > 1e-15 {
			t.Errorf("%v: %v, want %v", v, got[i], want)
		}
	}
	for _, v := range (&Score{Style: best}).scores([]float64{0, -1}) {
		if !math.IsNaN(v) {
			t.Errorf("without a positive value there is no best: %v", v)
		}
	}
}
