// Package emulator runs PTX without a GPU: a Device implements driver.API, executes the text of the kernels warp by warp, and
// reports what a GPU would pass over in silence. It is for tests only.
//
// Exact, to the bit: integers; float32 and float64 add, sub, mul, fma, div, sqrt and rcp in all roundings, with .ftz and .sat;
// conversions; comparisons; memory. NaN results are 0x7fffffff for float32; for float64 they are the first operand that is
// NaN, made quiet, or 0xfff8000000000000.
//
// Not exact, because the machine is not described to the bit: .approx and .full instructions give the nearest number where a
// GPU may be some units in the last place off; mma adds its products one by one (see matrix.go); .ftz flushes a result that is
// subnormal after rounding. add and mul without a rounding in their names may be fused to an fma by NVIDIA's compiler and are
// not here: Fusible lists them.
//
// Order: blocks run one after the other, the warps of a block in turns of random length, the lanes of a warp together or, once
// their ways part, the ones furthest behind first. Options.Seed draws what is left open. Threads of different blocks that wait
// for each other end in a fault after Options.MaxWarpInstructions.
//
// An instruction, modifier or directive that is not known fails LoadModule with its line.
package emulator
