package exact

import "math"

// BlockRows is the number of values that are summed in one go; the sums of the blocks are added in order. A sum that is
// taken apart at multiples of BlockRows, for example by several workers, therefore has the same bits.
const BlockRows = 4096

// Accumulator sums values in the fixed block order. Its zero value is an empty sum.
type Accumulator struct {
	total, block float64
	n            int
}

// Add appends x to the sum.
func (a *Accumulator) Add(x float64) {
	a.block += x
	if a.n++; a.n == BlockRows {
		a.total += a.block
		a.block, a.n = 0, 0
	}
}

// Sum returns the sum of all values added so far.
func (a *Accumulator) Sum() float64 { return a.total + a.block }

// Sum returns the sum of xs in the fixed block order; 0 for none.
func Sum(xs []float64) float64 { return SumFunc(len(xs), func(i int) float64 { return xs[i] }) }

// SumFunc returns f(0) + ... + f(n-1) in the fixed block order. A product within f must be rounded by float64(...), or
// the compiler may fuse it with the sum.
func SumFunc(n int, f func(i int) float64) float64 {
	var total float64
	for start := 0; start < n; start += BlockRows {
		var block float64
		for i := start; i < min(start+BlockRows, n); i++ {
			block += float64(f(i))
		}
		total += block
	}
	return total
}

// Mean returns the arithmetic mean of xs, corrected by the mean of the residuals, which takes away most of the rounding
// of the first pass. It is NaN for no values.
func Mean(xs []float64) float64 {
	n := float64(len(xs))
	if n == 0 {
		return math.NaN()
	}
	m := Sum(xs) / n
	if math.IsInf(m, 0) { // the sum overflowed, or a value is infinite
		m = SumFunc(len(xs), func(i int) float64 { return xs[i] / n })
	}
	return m + SumFunc(len(xs), func(i int) float64 { return xs[i] - m })/n
}

// SD returns the mean and the standard deviation of xs, with denominator n (population), or n - 1 (sample). The sample
// deviation of one value and both of none are NaN. Squares that would overflow or vanish are taken on a scaled copy.
func SD(xs []float64, sample bool) (mean, sd float64) {
	n := float64(len(xs))
	den := n
	if sample {
		den--
	}
	mean = Mean(xs)
	if den <= 0 {
		return mean, math.NaN()
	}
	ss := squares(xs, mean, 1)
	if ss > 0x1p-900 && !math.IsInf(ss, 0) {
		return mean, math.Sqrt(ss / den)
	}
	var largest float64
	for _, x := range xs {
		largest = math.Max(largest, math.Abs(x-mean))
	}
	if largest == 0 || math.IsInf(largest, 0) || largest != largest {
		return mean, largest
	}
	_, e := math.Frexp(largest)
	up := math.Ldexp(1, max(-1022, min(1022, -e)))
	return mean, math.Sqrt(squares(xs, mean, up)/den) / up
}

// squares returns the sum of ((x - mean) * scale)^2, corrected for what the mean is off.
func squares(xs []float64, mean, scale float64) float64 {
	n := float64(len(xs))
	ss := SumFunc(len(xs), func(i int) float64 { d := float64((xs[i] - mean) * scale); return float64(d * d) })
	rest := SumFunc(len(xs), func(i int) float64 { return float64((xs[i] - mean) * scale) })
	return math.Max(0, ss-float64(rest*rest)/n)
}

// Covariance returns the population covariance of x and y with the given means.
func Covariance(x, y []float64, mx, my float64) float64 {
	return SumFunc(len(x), func(i int) float64 { return float64((x[i] - mx) * (y[i] - my)) }) / float64(len(x))
}

// Skew returns the population skewness m3 / m2^1.5 of xs; 0 where all values are equal, NaN for none.
func Skew(xs []float64) float64 {
	mean, sd := SD(xs, false)
	if sd == 0 || sd != sd || math.IsInf(sd, 0) {
		return sd - sd // 0, or NaN
	}
	return SumFunc(len(xs), func(i int) float64 {
		z := (xs[i] - mean) / sd
		return float64(float64(z*z) * z)
	}) / float64(len(xs))
}

// Quantile returns the p-quantile (0 <= p <= 1) of sorted by linear interpolation between order statistics at
// (n - 1) p: type 7 of Hyndman and Fan, the default of R and NumPy. It is NaN for no values.
func Quantile(sorted []float64, p float64) float64 {
	n := len(sorted)
	if n == 0 {
		return math.NaN()
	}
	h := float64(float64(n-1) * p)
	i := int(math.Floor(h))
	if i >= n-1 {
		return sorted[n-1]
	}
	a, b, g := sorted[i], sorted[i+1], h-float64(i)
	if g == 0 || a == b {
		return a
	}
	if d := b - a; !math.IsInf(d, 0) {
		return math.Min(b, a+float64(g*d))
	}
	return float64((1-g)*a) + float64(g*b)
}
