package ref_test

import (
	"testing"

	"segovia/kernels/kerneltest"
	"segovia/kernels/ref"
)

func TestConformance(t *testing.T) { kerneltest.Run(t, ref.Path{}) }

func FuzzConformance(f *testing.F) { kerneltest.Fuzz(f, ref.Path{}) }
