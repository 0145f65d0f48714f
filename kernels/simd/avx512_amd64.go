package simd

import (
	"fmt"
	"strings"

	"github.com/klauspost/cpuid/v2"

	"segovia/kernels"
)

// AVX512 is the path on 512-bit registers. Its zero value works.
type AVX512 struct{}

// avx512Features is the whole chain that the assembly uses, masks on bytes included.
var avx512Features = []cpuid.FeatureID{cpuid.AVX512F, cpuid.AVX512BW, cpuid.AVX512VL, cpuid.FMA3}

// Name returns "avx512".
func (AVX512) Name() string { return "avx512" }

// Available returns nil if the processor, and the operating system, have all the features.
func (AVX512) Available() error { return lacking("avx512", avx512Features) }

// Open returns a scorer for d dimensions.
func (p AVX512) Open(d int) (kernels.Scorer, error) {
	if err := p.Available(); err != nil {
		return nil, err
	}
	return newScorer(d, scoreAVX512), nil
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

// scoreAVX512 is
//
//	for each tile, for each lane: best, second and index of h[c] - x.c over the centroids; in doubt as package simd tells
//
//go:noescape
func scoreAVX512(a *args)
