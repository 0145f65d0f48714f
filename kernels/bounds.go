package kernels

import "math"

// DistanceAbove returns a float32 that is at least the Euclidean distance whose canonical square was
// computed as sum. The relative error of sum is below (d+1) * 2^-53 for d up to 512, far below the 2^-23 that is added.
func DistanceAbove(sum float64) float32 {
	return float32(math.Sqrt(sum) * (1 + 0x1p-22))
}

// DistanceBelow returns a float32 that is at most that distance; +Inf stays.
func DistanceBelow(sum float64) float32 {
	return float32(math.Sqrt(sum) * (1 - 0x1p-22))
}
