package validity

// Elbow returns the index of the knee of a decreasing convex curve (Satopaa, Albrecht, Irwin, Raghavan 2011, with the rules
// of the Python package kneed at sensitivity 1), or false where there is none. x ascends and has at least three values.
func Elbow(x, y []float64) (int, bool) {
	n := len(x)
	if n < 3 {
		return 0, false
	}
	lo, hi := y[0], y[0]
	for _, v := range y {
		lo, hi = min(lo, v), max(hi, v)
	}
	if lo == hi {
		return 0, false
	}
	diff := make([]float64, n)
	for i := range diff {
		diff[i] = (hi-y[i])/(hi-lo) - (x[i]-x[0])/(x[n-1]-x[0])
	}
	step := 1 / float64(n-1)
	knee, threshold := -1, 0.0
	for i := 1; i < n; i++ {
		if knee >= 0 && diff[i] < threshold {
			return knee, true
		}
		if i < n-1 && diff[i] >= diff[i-1] && diff[i] >= diff[i+1] {
			knee, threshold = i, diff[i]-step
		}
	}
	return 0, false
}
