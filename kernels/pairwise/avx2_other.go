//go:build !amd64

package pairwise

const hasAVX2 = false

func addTileAVX2(*Summer, []float64, []uint64, int) { panic("BUG: pairwise: AVX2 is for amd64 alone") }
