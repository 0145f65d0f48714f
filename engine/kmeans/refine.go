package kmeans

import (
	"context"
	"math"

	"segovia/kernels"
)

// Refine improves a fit of unweighted rows by exchanges (Hartigan 1975): a row, with all rows equal to it, moves to
// another cluster where that lowers the inertia although its own centroid is the nearer one, because both centroids follow
// the move. Lloyd iterations then lead to a fixed point of the labels again. The result is never worse than fit; many of
// Lloyd's poorer fixed points, on coarse data above all, are left this way. Given the same fit it returns the same result.
func (w *Worker) Refine(ctx context.Context, fit Fit, maxIter int) (Fit, error) {
	w.Open(nil)
	const rounds = 20 // each round lowers the inertia; two or three are usual
	for range rounds {
		start, moved := w.exchange(fit)
		if !moved {
			break
		}
		next, err := w.Lloyd(ctx, start, maxIter)
		if err != nil {
			return fit, err
		}
		if next.K < fit.K || !w.Better(&next, &fit) {
			break
		}
		w.Complete(&next)
		next.Iterations += fit.Iterations
		fit = next
	}
	return fit, nil
}

// exchange passes over the rows and makes every move that lowers the inertia by more than rounding could feign, until a
// pass makes none. It returns the means of the resulting clusters.
func (w *Worker) exchange(fit Fit) (means []float32, moved bool) {
	x := newExchange(w, fit)
	looked := len(x.label)
	for range 50 {
		if looked > len(x.label)/rebound {
			w.boundExchange(x)
		}
		again := false
		looked = 0
		for i, wt := range x.copies {
			if wt == 0 || x.stays(i, wt) {
				continue
			}
			looked++
			if x.move(i, wt) {
				again, moved = true, true
			}
		}
		if !again {
			break
		}
	}
	means = make([]float32, len(x.mean))
	for i, v := range x.mean {
		means[i] = float32(v)
	}
	return means, moved
}

// rebound is the share of the rows, one in so many, that a pass has to look at closely before the bounds are made anew for
// the next one: scoring all rows takes as long as looking at a few in a hundred.
const rebound = 50

// exchange is the state of one run of exchanges.
type exchange struct {
	p      *points
	scales []float64
	k      int
	copies []int32 // rows equal to the first of each group; 0 for the others
	label  []uint8
	size   []int64
	sums   []int64   // k x d
	mean   []float64 // k x d

	// Bounds of the distances to the own and the second nearest mean as they were at the start of a pass, and by how much
	// each mean has moved since, rounded up.
	upper, lower []float32
	drift        []float64
	c            []float32
	// Per label, of the bounds as they are now: what is to be added to upper, what to be taken from lower, and what a row of
	// one copy must be farther from every other mean by, so that no exchange of it lowers the inertia.
	add, sub, factor []float64
}

func newExchange(w *Worker, fit Fit) *exchange {
	n, d, k := w.data.M.N, w.data.M.D, fit.K
	x := &exchange{p: w.data.points(), scales: w.data.scales, k: k, copies: make([]int32, n), label: make([]uint8, n), size: make([]int64, k),
		sums: make([]int64, k*d), mean: make([]float64, k*d), upper: make([]float32, n), lower: make([]float32, n),
		drift: make([]float64, k), c: make([]float32, k*d), add: make([]float64, k), sub: make([]float64, k), factor: make([]float64, k)}
	copy(x.label, fit.Labels)
	for i := range n {
		x.copies[w.data.Group(i)]++
	}
	row := make([]float32, d)
	for i, wt := range x.copies {
		if wt > 0 {
			c := int(x.label[i])
			x.size[c] += int64(wt)
			for j, v := range x.p.rowTo(row, i) {
				x.sums[c*d+j] += int64(wt) * int64(float64(v)*x.scales[j])
			}
		}
	}
	for c := range k {
		x.center(c)
	}
	return x
}

// center computes the mean of cluster c from its sums, and returns how far it moved.
func (x *exchange) center(c int) float64 {
	d := x.p.D
	var moved float64
	for j, scale := range x.scales {
		v := float64(x.sums[c*d+j]) / float64(x.size[c]) / scale
		diff := v - x.mean[c*d+j]
		moved += float64(diff * diff)
		x.mean[c*d+j] = v
	}
	return math.Sqrt(moved)
}

// boundExchange scores all rows against the means as they are.
func (w *Worker) boundExchange(x *exchange) {
	d := x.p.D
	for i, v := range x.mean {
		x.c[i] = float32(v)
	}
	for c := range x.k {
		var off float64 // of the float32 centroid
		for j := range d {
			diff := float64(x.c[c*d+j]) - x.mean[c*d+j]
			off += float64(diff * diff)
		}
		x.drift[c] = math.Sqrt(off) * (1 + 0x1p-20)
	}
	w.scorer.Load([]kernels.Centroids{{K: x.k, C: x.c}})
	labels, moved := make([]uint8, gatheredRows), make([]int32, 0, gatheredRows)
	for first := 0; first < x.p.N; first += gatheredRows {
		b := x.p.block(first, gatheredRows)
		copy(labels, x.label[first:first+b.N])
		dst := kernels.Scores{Label: labels[:b.N], Moved: moved[:0], Upper: x.upper[first : first+b.N], Lower: x.lower[first : first+b.N]}
		w.scorer.Score(&dst, b, 0)
		for o, l := range dst.Label {
			if l != x.label[first+o] { // the own mean is not the nearest
				x.upper[first+o] = float32(math.Inf(1))
			}
		}
	}
	x.tighten()
}

// smallest is the size of the smallest cluster that has rows.
func (x *exchange) smallest() int64 {
	smallest := int64(math.MaxInt64)
	for _, s := range x.size {
		if s > 0 {
			smallest = min(smallest, s)
		}
	}
	return smallest
}

// tighten computes add, sub and factor.
func (x *exchange) tighten() {
	smallest := x.smallest()
	other := largestOther(x.drift)
	for c, v := range x.drift {
		x.add[c], x.sub[c] = v, other(c)
		x.factor[c] = lead(x.size[c], smallest, 1)
	}
}

// lead is by how much farther than the own mean of size own every other one, of size at least other, must be from a row of
// wt copies, so that moving it cannot lower the inertia.
func lead(own, other, wt int64) float64 {
	return math.Sqrt(float64(own)/float64(own-wt)*(float64(other+wt)/float64(other))) * (1 + 0x1p-20)
}

// stays reports whether the bounds prove that no move of row i lowers the inertia.
func (x *exchange) stays(i int, wt int32) bool {
	c := x.label[i]
	factor := x.factor[c]
	if wt > 1 {
		if x.size[c] == int64(wt) {
			return true
		}
		factor = lead(x.size[c], x.smallest(), int64(wt))
	}
	return float64(x.lower[i])-x.sub[c] >= (float64(x.upper[i])+x.add[c])*factor
}

// move moves row i with its copies where that lowers the inertia most.
func (x *exchange) move(i int, wt32 int32) bool {
	wt, d := int64(wt32), x.p.D
	from := int(x.label[i])
	if x.size[from] == wt {
		return false
	}
	row := x.p.row(i)
	own := squaredTo(row, x.mean[from*d:(from+1)*d]) * (float64(x.size[from]) / float64(x.size[from]-wt))
	best, to := own-float64(own*0x1p-30), -1
	for c := range x.k {
		if c == from || x.size[c] == 0 {
			continue
		}
		if cost := squaredTo(row, x.mean[c*d:(c+1)*d]) * (float64(x.size[c]) / float64(x.size[c]+wt)); cost < best {
			best, to = cost, c
		}
	}
	if to < 0 {
		return false
	}
	for _, change := range []struct {
		c    int
		sign int64
	}{{from, -wt}, {to, wt}} {
		x.size[change.c] += change.sign
		for j, v := range row {
			x.sums[change.c*d+j] += change.sign * int64(float64(v)*x.scales[j])
		}
		x.drift[change.c] += x.center(change.c) * (1 + 0x1p-20)
	}
	x.label[i] = uint8(to)
	x.upper[i], x.lower[i] = float32(math.Inf(1)), 0 // not bounded any more in this pass
	x.tighten()
	return true
}

func squaredTo(x []float32, c []float64) float64 {
	var sum float64
	c = c[:len(x)]
	for j, v := range x {
		diff := float64(v) - c[j]
		sum += float64(diff * diff)
	}
	return sum
}
