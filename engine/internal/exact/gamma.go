package exact

import "math"

// gammaShift is where the asymptotic series of Lgamma and Digamma begin: with eight terms they leave less than 2^-58 there.
const gammaShift = 10

// halfLog2Pi is log(2 pi)/2.
const halfLog2Pi = 0.91893853320467274178032973640561763986139747363778

// stirling[k-1] is B(2k)/(2k (2k-1)), the series of log gamma in 1/x, 1/x^3, ... (B: Bernoulli's numbers); digammaSeries[k-1] is
// B(2k)/(2k), that of digamma in 1/x^2, 1/x^4, ...
var (
	stirling = [...]float64{1.0 / 12, -1.0 / 360, 1.0 / 1260, -1.0 / 1680, 1.0 / 1188, -691.0 / 360360, 1.0 / 156,
		-3617.0 / 122400}
	digammaSeries = [...]float64{1.0 / 12, -1.0 / 120, 1.0 / 252, -1.0 / 240, 1.0 / 132, -691.0 / 32760, 1.0 / 12,
		-3617.0 / 8160}
)

// Lgamma returns log(gamma(x)) for x > 0 with an error below 2^-51 times the larger of 32 and the result's magnitude; from
// 10 on it is below 2^-51 of the result. It is +Inf for 0, +Inf and results that overflow, NaN for x < 0 and NaN.
//
// From 10 on it is Stirling's series; below, gamma(x) = gamma(x + n) / (x (x+1) ... (x+n-1)). There the 20 roundings of the
// product add up to 20 * 2^-53, that of x + n to 2^-49, and those of the two logarithms, below 28, and of their parts to
// five of 2^-50: together 2^-46.6.
func Lgamma(x float64) float64 {
	switch {
	case x != x || x < 0:
		return math.NaN()
	case x == 0 || math.IsInf(x, 1):
		return math.Inf(1)
	case x == 1 || x == 2:
		return 0
	}
	product := 1.0
	y := x
	for ; y < gammaShift; y++ {
		product *= y
	}
	log := Log(y)
	series := asymptotic(stirling[:], y) / y
	value := float64((y-0.5)*(log-1)) + ((halfLog2Pi - 0.5) + series)
	if product == 1 {
		return value
	}
	return value - Log(product)
}

// Digamma returns the derivative of log(gamma(x)) for x > 0 with an error below 2^-51 times the larger of 4 and the result's
// magnitude (near the zero 1.4616... the error is absolute): -Inf for 0, +Inf for +Inf, NaN for x < 0 and NaN.
func Digamma(x float64) float64 {
	switch {
	case x != x || x < 0:
		return math.NaN()
	case x == 0:
		return math.Inf(-1)
	case math.IsInf(x, 1):
		return x
	}
	var shift float64 // summed from the smallest term to the largest
	n := 0
	if x < gammaShift {
		n = int(math.Ceil(gammaShift - x))
	}
	y := x + float64(n)
	for i := n - 1; i >= 0; i-- {
		shift += 1 / (x + float64(i))
	}
	series := asymptotic(digammaSeries[:], y) / y / y
	return Log(y) - (0.5/y + series) - shift
}

// asymptotic returns c[0] + c[1]/y^2 + c[2]/y^4 + ...
func asymptotic(c []float64, y float64) float64 {
	z := 1 / y / y // not 1/(y*y), which overflows
	var p float64
	for i := len(c) - 1; i >= 0; i-- {
		p = float64(p*z) + c[i]
	}
	return p
}
