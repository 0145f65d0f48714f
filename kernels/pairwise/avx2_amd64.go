package pairwise

import "github.com/klauspost/cpuid/v2"

// hasAVX2 stands for the whole chain that the assembly uses.
var hasAVX2 = cpuid.CPU.Supports(cpuid.AVX, cpuid.AVX2, cpuid.FMA3)

var pathAVX2 = path{
	distances: func(dst []uint64, x, y []float64, d int, magic float64) {
		whole := len(dst) / (4 * Lanes) * 4
		if whole > 0 {
			distancesAVX2(&dst[0], &x[0], &y[0], whole/4, d, magic)
		}
		distancesGo(dst[whole*Lanes:], x, y[whole*d:], d, magic)
	},
	addRuns: func(sums, t []uint64, length []int32, slot []uint16, q int) {
		if q > 0 {
			addRunsAVX2(&sums[0], &t[0], &length[0], &slot[0], len(length), q)
		}
	},
}

// distancesAVX2 is distancesGo for 4*blocks rows; blocks and d are positive.
//
//go:noescape
func distancesAVX2(dst *uint64, x, y *float64, blocks, d int, magic float64)

// addRunsAVX2 is addRunsGo for that number of runs; runs and q are positive.
//
//go:noescape
func addRunsAVX2(acc, t *uint64, length *int32, slot *uint16, runs, q int)
