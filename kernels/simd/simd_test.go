//go:build amd64

package simd_test

import (
	"runtime"
	"runtime/debug"
	"testing"

	"segovia/kernels"
	"segovia/kernels/kerneltest"
	"segovia/kernels/simd"
)

func TestConformanceAVX512(t *testing.T) { kerneltest.Run(t, simd.AVX512{}) }

func TestConformanceAVX2(t *testing.T) { kerneltest.Run(t, simd.AVX2{}) }

func FuzzConformanceAVX512(f *testing.F) { kerneltest.Fuzz(f, simd.AVX512{}) }

func FuzzConformanceAVX2(f *testing.F) { kerneltest.Fuzz(f, simd.AVX2{}) }

// The assembly leaves no pointer past the end of a slice where the garbage collector could meet it: collections beside
// calls on the smallest slices, which fill an allocation to its end, would stop the program.
func TestGarbageCollectorFindsNoStrayPointer(t *testing.T) {
	for _, path := range []kernels.Path{simd.AVX512{}, simd.AVX2{}} {
		t.Run(path.Name(), func(t *testing.T) { strayPointers(t, path) })
	}
}

func strayPointers(t *testing.T, path kernels.Path) {
	kerneltest.Require(t, path.Name(), path.Available() == nil)
	defer debug.SetGCPercent(debug.SetGCPercent(1))
	var keep []kernels.Scorer
	for n := range 2000 {
		s, err := path.Open(2)
		if err != nil {
			t.Fatal(err)
		}
		rows := 16 * (1 + n%4)
		s.Load([]kernels.Centroids{{K: 4, C: make([]float32, 8)}})
		s.Score(&kernels.Scores{Label: make([]uint8, rows)}, kernels.Block{D: 2, N: rows, Tiles: make([]float32, 2*rows)}, 0)
		s.Distances(make([]float64, rows), kernels.Block{D: 2, N: rows, Tiles: make([]float32, 2*rows)}, make([]float32, 2))
		keep = append(keep, s)
		if n%20 == 0 {
			runtime.GC()
		}
	}
	runtime.KeepAlive(keep)
}
