//go:build amd64

package simd_test

import (
	"testing"

	"segovia/kernels/kerneltest"
	"segovia/kernels/simd"
)

func TestConformanceAVX512(t *testing.T) { kerneltest.Run(t, simd.AVX512{}) }

func FuzzConformanceAVX512(f *testing.F) { kerneltest.Fuzz(f, simd.AVX512{}) }
