//go:build amd64

package simd_test

import (
	"fmt"
	"testing"

	"segovia/kernels"
	"segovia/kernels/ref"
	"segovia/kernels/simd"
	"segovia/kernels/tile"
)

// BenchmarkScore scores a block of 256 points against a stack of eight models.
func BenchmarkScore(b *testing.B) {
	for _, path := range []kernels.Path{ref.Path{}, simd.AVX512{}, simd.AVX2{}} {
		if path.Available() != nil {
			continue
		}
		for _, d := range []int{5, 8, 16, 32, 64} {
			for _, k := range []int{4, 8, 16, 32} {
				b.Run(fmt.Sprintf("path=%s/dim=%d/k=%d", path.Name(), d, k), func(b *testing.B) {
					const n, models = 256, 8
					block := kernels.Block{D: d, N: n, Tiles: tile.Aligned(n * d)}
					for i := range block.Tiles {
						block.Tiles[i] = float32(i*7919%1013) / 1013
					}
					var stack []kernels.Centroids
					dst := make([]kernels.Scores, models)
					for m := range dst {
						c := kernels.Centroids{K: k, C: make([]float32, k*d)}
						for i := range c.C {
							c.C[i] = float32((i+m)*104729%1009) / 1009
						}
						stack = append(stack, c)
						dst[m] = kernels.Scores{Label: make([]uint8, n), Upper: make([]float32, n), Lower: make([]float32, n)}
					}
					s, err := path.Open(d)
					if err != nil {
						b.Fatal(err)
					}
					for range b.N {
						s.Load(stack)
						for m := range dst {
							s.Score(&dst[m], block, m)
						}
					}
					b.ReportMetric(float64(n*models*k)*float64(b.N)/b.Elapsed().Seconds()/1e9, "Gpairs/s")
				})
			}
		}
	}
}
