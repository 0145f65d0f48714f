package blas_test

import (
	"testing"

	"segovia/kernels/blas"
	"segovia/kernels/kerneltest"
)

func TestConformance(t *testing.T) { kerneltest.Run(t, blas.Path{}) }

func FuzzConformance(f *testing.F) { kerneltest.Fuzz(f, blas.Path{}) }
