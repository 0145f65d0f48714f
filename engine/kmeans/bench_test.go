package kmeans

import (
	"context"
	"fmt"
	"testing"

	"segovia/engine/company"
	"segovia/kernels/rng"
	"segovia/kernels/tile"
)

// BenchmarkSkipping is one restart of W3 (eight Gaussian segments) and W9 (one Gaussian, which has no structure) over a
// resample, with bounds that skip rows and without.
func BenchmarkSkipping(b *testing.B) {
	const n, d = 50_000, 16
	paths := available()
	for _, segments := range []int{8, 1} {
		s := rng.New(1, "skipping", segments, 0)
		columns, grids := make([][]float64, d), make([]tile.Grid, d)
		for j := range columns {
			columns[j] = make([]float64, n)
			for i := range columns[j] {
				segment := s.Below(uint64(segments), 1<<50, uint64(i))
				columns[j][i] = 2*company.Normal(s, uint64(j), 1<<40+segment) + company.Normal(s, uint64(j), uint64(i))
			}
			var err error
			if grids[j], err = tile.FitGrid(columns[j]); err != nil {
				b.Fatal(err)
			}
		}
		m := tile.New(columns, grids)
		for _, skip := range []bool{true, false} {
			b.Run(fmt.Sprintf("segments=%d/skip=%v", segments, skip), func(b *testing.B) {
				data := NewData(m)
				data.Unpruned = !skip
				w, err := data.NewWorker(paths[len(paths)-1])
				if err != nil {
					b.Fatal(err)
				}
				defer w.Close()
				w.Open(resample(n, 1))
				seeds := w.SeedRandom(20, rng.New(1, "random rows", 0, 1))
				b.ResetTimer()
				for range b.N {
					start := func(cell int) []float32 { return seeds[:(cell+2)*d] }
					if err := w.FitAll(context.Background(), 19, start, 300, func(int, Fit) {}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(b.Elapsed().Seconds()/float64(b.N*19)*1e3, "ms/fit")
			})
		}
	}
}
