package pairwise

import "github.com/klauspost/cpuid/v2"

// hasAVX2 stands for the whole chain that the assembly uses.
var hasAVX2 = cpuid.CPU.Supports(cpuid.AVX, cpuid.AVX2, cpuid.FMA3)

func addTileAVX2(s *Summer, x []float64, sums []uint64, tile int) {
	t := s.t
	rows, length, slot := t.tile(tile)
	whole := rows / 4 * 4
	if whole > 0 {
		distancesAVX2(&s.steps[0], &x[0], &s.rows[0], whole/4, t.d, t.magic())
	}
	distancesGo(s.steps[whole*Lanes:rows*Lanes], x, s.rows[whole*t.d:], t.d, t.magic())
	if t.q > 0 {
		addRunsAVX2(&sums[0], &s.steps[0], &length[0], &slot[0], len(length), t.q)
	}
}

// distancesAVX2 is distancesGo for 4*blocks rows; blocks and d are positive.
//
//go:noescape
func distancesAVX2(dst *uint64, x, y *float64, blocks, d int, magic float64)

// addRunsAVX2 is addRunsGo for that number of runs; runs and q are positive.
//
//go:noescape
func addRunsAVX2(acc, t *uint64, length *int32, slot *uint16, runs, q int)
