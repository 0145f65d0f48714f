//go:build !amd64

package simd

import (
	"fmt"
	"runtime"

	"segovia/kernels"
)

// AVX512 is the path on 512-bit registers; it exists on amd64 alone.
type AVX512 struct{}

// Name returns "avx512".
func (AVX512) Name() string { return "avx512" }

// Available says that this is another architecture.
func (AVX512) Available() error {
	return fmt.Errorf("avx512: %w: this is %s", kernels.ErrUnavailable, runtime.GOARCH)
}

// Open fails as Available does.
func (p AVX512) Open(int) (kernels.Scorer, error) { return nil, p.Available() }
