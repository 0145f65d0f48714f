package probe

import "github.com/klauspost/cpuid/v2"

// assembled returns the units in assembly that the processor has, the widest first.
func assembled() []Unit {
	var units []Unit
	x := [2]float32{1, 0x1p-20}
	if cpuid.CPU.Supports(cpuid.AVX512F, cpuid.FMA3) {
		units = append(units, Unit{"avx512", 16, 24 * 16 * 2, func(rounds int) { fmaAVX512(rounds, &x[0]) }})
	}
	if cpuid.CPU.Supports(cpuid.AVX2, cpuid.FMA3) {
		units = append(units, Unit{"avx2", 8, 12 * 8 * 2, func(rounds int) { fmaAVX2(rounds, &x[0]) }})
	}
	return units
}

// fmaAVX512 is, on 24 accumulators of 16 lanes,
//
//	for range rounds { acc += x[0] * x[1] }
//
//go:noescape
func fmaAVX512(rounds int, x *float32)

// fmaAVX2 is, on 12 accumulators of 8 lanes,
//
//	for range rounds { acc += x[0] * x[1] }
//
//go:noescape
func fmaAVX2(rounds int, x *float32)
