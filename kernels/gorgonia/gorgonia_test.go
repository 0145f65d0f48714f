package gorgonia_test

import (
	"testing"

	"segovia/kernels/gorgonia"
	"segovia/kernels/kerneltest"
)

func TestConformance(t *testing.T) { kerneltest.Run(t, gorgonia.Path{}) }
