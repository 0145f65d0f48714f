package validity

import "math"

// DudaHartAlpha is the level of the test of Duda and Hart, as in fpc::dudahart2.
const DudaHartAlpha = 0.001

// dudaHartZ is the standard normal quantile of 1 - DudaHartAlpha.
const dudaHartZ = 3.0902323061678132

// DudaHart tests one cluster against two (Duda and Hart 1973, as R's fpc::dudahart2 at DudaHartAlpha): ratio is the
// inertia w2 of the two over that of the one, w1 (1 where w1 is 0), of n rows of d columns, and one cluster is accepted
// where it reaches the limit 1 - 2/(pi d) - z sqrt(2 (1 - 8/(pi^2 d)) / (n d)). It takes spherical normal clusters for
// granted: a stretched one it cuts in two.
func DudaHart(w1, w2 float64, n, d int) (ratio, limit float64, one bool) {
	ratio = 1
	if w1 > 0 {
		ratio = w2 / w1
	}
	columns := float64(d)
	variance := 2 * (1 - 8/(math.Pi*math.Pi*columns)) / (float64(n) * columns)
	limit = 1 - 2/(math.Pi*columns) - float64(dudaHartZ*math.Sqrt(variance))
	return ratio, limit, ratio >= limit
}
