package gorgonia_test

import (
	"testing"

	"segovia/kernels/gorgonia"
	"segovia/kernels/kerneltest"
)

func TestConformance(t *testing.T) { kerneltest.Run(t, gorgonia.Path{}) }

func FuzzConformance(f *testing.F) { kerneltest.Fuzz(f, gorgonia.Path{}) }
