//go:build !amd64

package simd

import (
	"fmt"
	"runtime"

	"segovia/kernels"
)

// AVX512 is the path on 512-bit registers; it exists on amd64 alone.
type AVX512 struct{}

// AVX2 is the path on 256-bit registers; it exists on amd64 alone.
type AVX2 struct{}

// Name returns "avx512".
func (AVX512) Name() string { return "avx512" }

// Available says that this is another architecture.
func (AVX512) Available() error { return elsewhere("avx512") }

// Open fails as Available does.
func (p AVX512) Open(int) (kernels.Scorer, error) { return nil, p.Available() }

// Name returns "avx2".
func (AVX2) Name() string { return "avx2" }

// Available says that this is another architecture.
func (AVX2) Available() error { return elsewhere("avx2") }

// Open fails as Available does.
func (p AVX2) Open(int) (kernels.Scorer, error) { return nil, p.Available() }

func elsewhere(name string) error {
	return fmt.Errorf("%s: %w: this is %s", name, kernels.ErrUnavailable, runtime.GOARCH)
}
