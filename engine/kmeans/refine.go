package kmeans

// Refine improves a fit of unweighted rows by exchanges (Hartigan 1975): a row, with all rows equal to it, moves to
// another cluster where that lowers the inertia although its own centroid is the nearer one, because both centroids follow
// the move. Lloyd iterations then lead to a fixed point of the labels again. The result is never worse than fit; many of
// Lloyd's poorer fixed points, on coarse data above all, are left this way. Given the same fit it returns the same result.
func (w *Worker) Refine(fit Fit, maxIter int) Fit {
	w.Open(nil)
	const rounds = 20 // each round lowers the inertia; two or three are usual
	for range rounds {
		start, moved := w.exchange(fit)
		if !moved {
			break
		}
		next := w.Lloyd(start, maxIter)
		if next.K < fit.K || !w.Better(&next, &fit) {
			break
		}
		w.Complete(&next)
		next.Iterations += fit.Iterations
		fit = next
	}
	return fit
}

// exchange passes over the rows and makes every move that lowers the inertia by more than rounding could feign, until a
// pass makes none. It returns the means of the resulting clusters.
func (w *Worker) exchange(fit Fit) (means []float32, moved bool) {
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

func squaredTo(x []float32, c []float64) float64 {
	var sum float64
	for j, v := range x {
		diff := float64(v) - c[j]
		sum += float64(diff * diff)
	}
	return sum
}
