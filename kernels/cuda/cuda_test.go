package cuda_test

import (
	"testing"

	"segovia/kernels/cuda"
	"segovia/kernels/cuda/cudatest"
	"segovia/kernels/kerneltest"
	"segovia/kernels/ref"
)

// On a device, where there is one.
func TestConformance(t *testing.T) { kerneltest.Run(t, cuda.New(ref.Path{})) }

func FuzzConformance(f *testing.F) { kerneltest.Fuzz(f, cuda.New(ref.Path{})) }

// On an emulated device, everywhere.
func TestConformanceEmulated(t *testing.T) { kerneltest.Run(t, cudatest.Path(t, cudatest.Device{})) }

func FuzzConformanceEmulated(f *testing.F) {
	kerneltest.Fuzz(f, cudatest.Path(f, cudatest.Device{}))
}
