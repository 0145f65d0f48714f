package kmeans

import (
	"context"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"segovia/kernels/rng"
)

// slowExchange looks at every row and every cluster in every pass.
func (w *Worker) slowExchange(fit Fit) (means []float32, moved bool) {
	m, k := w.data.M, fit.K
	d := m.D
	copies := make([]int64, m.N) // of the first row of each group; 0 for the others
	for i := range m.N {
		copies[w.data.Group(i)]++
	}
	label := make([]uint8, m.N)
	copy(label, fit.Labels)
	size, sums, mean := make([]int64, k), make([]int64, k*d), make([]float64, k*d)
	var row []float32
	add := func(row []float32, c int, wt int64) {
		size[c] += wt
		for j, x := range row {
			sums[c*d+j] += wt * int64(float64(x)*w.data.scales[j])
			mean[c*d+j] = float64(sums[c*d+j]) / float64(size[c]) / w.data.scales[j]
		}
	}
	for i, wt := range copies {
		if wt > 0 {
			row = m.Row(row[:0], i)
			add(row, int(label[i]), wt)
		}
	}
	const passes = 50
	for range passes {
		again := false
		for i, wt := range copies {
			from := int(label[i])
			if wt == 0 || size[from] == wt {
				continue
			}
			row = m.Row(row[:0], i)
			own := squaredTo(row, mean[from*d:(from+1)*d]) * (float64(size[from]) / float64(size[from]-wt))
			best, to := own-float64(own*0x1p-30), -1
			for c := range k {
				if c == from || size[c] == 0 {
					continue
				}
				if cost := squaredTo(row, mean[c*d:(c+1)*d]) * (float64(size[c]) / float64(size[c]+wt)); cost < best {
					best, to = cost, c
				}
			}
			if to < 0 {
				continue
			}
			add(row, from, -wt)
			add(row, to, wt)
			label[i] = uint8(to)
			again, moved = true, true
		}
		if !again {
			break
		}
	}
	means = make([]float32, k*d)
	for i, v := range mean {
		means[i] = float32(v)
	}
	return means, moved
}

// Bounds skip rows, and change no exchange.
func TestExchangeEqualsTheSlowOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, _ := drawMatrix(t)
		w, err := NewData(m).NewWorker(rapid.SampledFrom(available()).Draw(t, "path"))
		if err != nil {
			t.Fatal(err)
		}
		fit := lloyd(w, w.Seed(rapid.IntRange(1, 8).Draw(t, "k"), rng.New(1, "a", 0, 0)), rapid.SampledFrom([]int{1, 3, 300}).Draw(t, "iterations"))
		w.Complete(&fit)
		want, moved := w.slowExchange(fit)
		if got, again := w.exchange(fit); again != moved || !slices.Equal(got, want) {
			t.Fatalf("moved %v, want %v; means %v, want %v", again, moved, got, want)
		}
	})
	for _, coarse := range []bool{true, false} {
		w, _ := NewData(blobs(t, 3000, 4, coarse)).NewWorker(available()[0])
		fit := lloyd(w, w.Seed(9, rng.New(2, "a", 0, 0)), 4)
		w.Complete(&fit)
		want, _ := w.slowExchange(fit)
		if got, _ := w.exchange(fit); !slices.Equal(got, want) {
			t.Fatalf("coarse=%v: other exchanges", coarse)
		}
	}
}

// lloyd and refine are the worker's where nothing can fail.
func lloyd(w *Worker, start []float32, maxIter int) Fit {
	fit, err := w.Lloyd(context.Background(), start, maxIter)
	if err != nil {
		panic(err)
	}
	return fit
}

func refine(w *Worker, fit Fit, maxIter int) Fit {
	fit, err := w.Refine(context.Background(), fit, maxIter)
	if err != nil {
		panic(err)
	}
	return fit
}
