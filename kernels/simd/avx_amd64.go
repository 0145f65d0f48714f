package simd

import (
	"fmt"
	"strings"

	"github.com/klauspost/cpuid/v2"

	"segovia/kernels"
)

// AVX512 is the path on 512-bit registers. Its zero value works.
type AVX512 struct{}

// AVX2 is the path on 256-bit registers. Its zero value works.
type AVX2 struct{}

// The whole chain that the assembly of a path uses, masks on bytes included; AVX512 takes the tools for rows from AVX2.
var (
	avx2Features   = []cpuid.FeatureID{cpuid.AVX, cpuid.AVX2, cpuid.FMA3, cpuid.POPCNT, cpuid.CMOV}
	avx512Features = append([]cpuid.FeatureID{cpuid.AVX512F, cpuid.AVX512BW, cpuid.AVX512VL}, avx2Features...)
)

// Name returns "avx512".
func (AVX512) Name() string { return "avx512" }

// Available returns nil if the processor, and the operating system, have all the features.
func (AVX512) Available() error { return lacking("avx512", avx512Features) }

// Open returns a scorer for d dimensions.
func (p AVX512) Open(d int) (kernels.Scorer, error) {
	if err := p.Available(); err != nil {
		return nil, err
	}
	return newScorer(d, vectors, scoreAVX512), nil
}

// Name returns "avx2".
func (AVX2) Name() string { return "avx2" }

// Available returns nil if the processor, and the operating system, have all the features.
func (AVX2) Available() error { return lacking("avx2", avx2Features) }

// Open returns a scorer for d dimensions.
func (p AVX2) Open(d int) (kernels.Scorer, error) {
	if err := p.Available(); err != nil {
		return nil, err
	}
	return newScorer(d, vectors/2, scoreAVX2), nil
}

func lacking(name string, features []cpuid.FeatureID) error {
	var absent []string
	for _, f := range features {
		if !cpuid.CPU.Has(f) {
			absent = append(absent, f.String())
		}
	}
	if len(absent) == 0 {
		return nil
	}
	return fmt.Errorf("%s: %w: the processor (%s) has no %s", name, kernels.ErrUnavailable, cpuid.CPU.BrandName, strings.Join(absent, ", "))
}

// scoreAVX512 and scoreAVX2 are
//
//	for each lane of each tile: best, second and index of h[c] - x.c over the centroids; in doubt as package simd tells
//
//go:noescape
func scoreAVX512(a *args)

//go:noescape
func scoreAVX2(a *args)

// pending8AVX2 and its sisters, for labels below 8, 16, 32 and 256, are
//
//	for i := range 8 * eights { if gap[i] <= limit[label[i]] { dst[n] = first + i; n++ } }; return n
//
// and write up to seven more numbers behind dst[n-1].
//
//go:noescape
func pending8AVX2(dst *int32, gap *float32, label *uint8, limit *float32, compress *uint64, eights, first int) int

//go:noescape
func pending16AVX2(dst *int32, gap *float32, label *uint8, limit *float32, compress *uint64, eights, first int) int

//go:noescape
func pending32AVX2(dst *int32, gap *float32, label *uint8, limit *float32, compress *uint64, eights, first int) int

//go:noescape
func pending256AVX2(dst *int32, gap *float32, label *uint8, limit *float32, compress *uint64, eights, first int) int

// settleAVX2 is, for i below 8 * eights, with a margin that makes up for three roundings,
//
//	gap[index[i]] = min(lower[i] - upper[i] + slack[label[i]] - margin, 2^127)
//
//go:noescape
func settleAVX2(gap *float32, index *int32, label *uint8, upper, lower, slack *float32, eights int)

// gatherAVX2 is, for i below 8 * eights and j below d,
//
//	tiles[(i/16*d+j)*16+i%16] = rows[index[i]*d+j]; squares[i] = square[index[i]]
//
//go:noescape
func gatherAVX2(tiles, squares, rows, square *float32, index *int32, eights, d int)

// prefetchAVX2 asks for the cache lines of the rows index[i] of d values, for i below n.
//
//go:noescape
func prefetchAVX2(rows *float32, index *int32, n, d int)

// pickAVX2 is, for i below 8 * eights and j below d,
//
//	tiles[(i/16*d+j)*16+i%16] = from[place[i]+j*16]
//
//go:noescape
func pickAVX2(tiles, from *float32, place *int32, eights, d int)

// accumulateAVX2 is, for i below n and j below d,
//
//	sums[label[i]*padded+j] += weight[i] * int64(rows[index[i]*d+j] * scale[j])
//
//go:noescape
func accumulateAVX2(sums *int64, rows, scale *float32, index *int32, label *uint8, weight *int32, n, d int)

// squaresAVX2 is, for the 16 lanes of count tiles,
//
//	for j := range d { dst[i] += x[j] * x[j] } // fused
//
//go:noescape
func squaresAVX2(dst, tiles *float32, count, d int)

// distancesAVX2 is, for the 16 lanes of count tiles,
//
//	for j := range d { diff := float64(x[j]) - c[j]; dst[i] += float64(diff * diff) }
//
//go:noescape
func distancesAVX2(dst *float64, tiles *float32, c *float64, count, d int)

// potentialAVX2 is
//
//	for i := range 4 * fours { dst[i] = min(near[i], dist[i]); sum += weight[i] * ceil(dst[i] / largest * 2^32) }
//
//go:noescape
func potentialAVX2(dst, near, dist *float64, weight *int32, fours int, largest float64) uint64
