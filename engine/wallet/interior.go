package wallet

import (
	"context"
	"math"

	"segovia/engine/internal/exact"
	"segovia/engine/internal/par"
)

// solution is the coefficients of a program, with their mean loss and the bound of the dual.
type solution struct {
	beta       []float64
	loss       float64
	bound      float64
	coverage   float64
	iterations int
	converged  bool
}

// interior is the state of the search. With residuals y - X beta = u - v, the primal program is
//
//	minimise sum of tau u + (1 - tau) v, with u, v, beta >= 0
//
// and its dual
//
//	maximise y'a, with tau - 1 <= a <= tau and s = -X'a >= 0.
//
// z = tau - a and w = 1 - z are the distances of a from its limits. At the optimum, u z, v w and beta s are all 0; on the
// way there they are kept near a common value that shrinks.
type interior struct {
	p          *program
	tau        float64
	threads    int
	beta, s    []float64 // by column
	a, u, v    []float64 // by row
	da, du, dv []float64
	fit, g, d  []float64 // X beta, right sides and weights, by row
	db, ds     []float64
}

// step is the largest share of the way to the nearest limit that a step may take.
const step = .9995

// solve runs Mehrotra's predictor and corrector until the gap between the losses of the primal and the dual program is at
// most cfg.Tolerance of the loss. The loss is that of beta itself, and the bound that of a dual point made feasible, so the gap
// is a proof and no estimate. Coefficients that are 0 within that gap are set to 0.
func (p *program) solve(ctx context.Context, cfg DemandConfig) (*solution, error) {
	n, m := len(p.y), len(p.columns)
	vec := func(n int) []float64 { return make([]float64, n) }
	q := &interior{p: p, tau: cfg.Quantile, threads: cfg.Threads, beta: vec(m), s: vec(m), a: vec(n), u: vec(n), v: vec(n), da: vec(n),
		du: vec(n), dv: vec(n), fit: vec(n), g: vec(n), d: vec(n), db: vec(m), ds: vec(m)}
	// The start: coefficients that share out the mean of y, and room on every side.
	for j := range m {
		q.beta[j], q.s[j] = 1/float64(m), 1
	}
	for i := range n {
		r := p.y[i] - q.row(i, q.beta)
		q.u[i], q.v[i] = max(r, 0)+1, max(-r, 0)+1
	}
	best := &solution{loss: math.Inf(1), bound: math.Inf(-1)}
	for it := 0; ; it++ {
		loss, bound, err := q.bounds(ctx)
		if err != nil {
			return nil, err
		}
		best.iterations = it
		best.bound = max(best.bound, bound)
		if loss < best.loss {
			best.loss, best.beta = loss, append(best.beta[:0], q.beta...)
		}
		if best.loss-best.bound <= cfg.Tolerance*max(best.loss, 1e-6) {
			best.converged = true
			break
		}
		if it == cfg.MaxIter {
			break
		}
		if ok, err := q.advance(ctx); err != nil {
			return nil, err
		} else if !ok {
			break // rounding leaves no step that helps
		}
	}
	q.clean(best, cfg.Tolerance)
	best.coverage = q.coverage(best.beta)
	return best, nil
}

// row returns x_i beta.
func (q *interior) row(i int, beta []float64) (sum float64) {
	for _, e := range q.p.entry[q.p.start[i]:q.p.start[i+1]] {
		sum += float64(e.value * beta[e.column])
	}
	return sum
}

// loss returns the mean pinball loss of beta.
func (q *interior) loss(beta []float64) float64 {
	n := len(q.p.y)
	return exact.SumFunc(n, func(i int) float64 { return pinball(q.p.y[i], q.row(i, beta), q.tau) }) / float64(n)
}

// bounds returns the loss of beta, and the value of the dual point that is nearest to a on the way to a feasible one.
//
// X'a <= 0 may be missed by a little. Moving a towards its lower limit tau - 1 by the share t leaves it within its limits; if
// X'(tau - 1) < 0, as it is for columns without negative values, some t makes X'a <= 0. Otherwise only a feasible a counts.
func (q *interior) bounds(ctx context.Context) (loss, bound float64, err error) {
	n := len(q.p.y)
	xa, err := q.transposed(ctx, func(i int) float64 { return q.a[i] })
	if err != nil {
		return 0, 0, err
	}
	x1, err := q.transposed(ctx, func(int) float64 { return q.tau - 1 })
	if err != nil {
		return 0, 0, err
	}
	t := 0.
	for j, v := range xa {
		if v <= 0 {
			continue
		}
		if x1[j] >= 0 {
			return q.loss(q.beta), math.Inf(-1), nil
		}
		t = max(t, v/(v-x1[j]))
	}
	dual := exact.SumFunc(n, func(i int) float64 {
		a := float64((1-t)*q.a[i]) + float64(t*(q.tau-1))
		return float64(a * q.p.y[i])
	})
	return q.loss(q.beta), dual / float64(n), nil
}

// advance takes one step: a predictor that aims at the optimum itself tells how far the products can shrink, and a
// corrector aims there, with the error of the predictor's linearisation taken into account.
func (q *interior) advance(ctx context.Context) (bool, error) {
	n, m := len(q.p.y), len(q.p.columns)
	for i := range n {
		q.fit[i] = q.row(i, q.beta)
		z := q.tau - q.a[i]
		q.d[i] = 1 / (q.u[i]/z + q.v[i]/(1-z))
	}
	gram, err := q.p.gram(ctx, q.threads, q.d)
	if err != nil {
		return false, err
	}
	for j := range m {
		gram[j*m+j] += q.s[j] / q.beta[j]
	}
	if !cholesky(gram, m) {
		return false, nil
	}
	mu := q.products(0, 0)
	if err := q.direction(ctx, gram, 0, false); err != nil {
		return false, err
	}
	primal, dual := q.reach()
	after := q.products(primal, dual)
	sigma := after / mu
	target := float64(sigma*sigma*sigma) * mu / float64(2*n+m)
	if err := q.direction(ctx, gram, target, true); err != nil {
		return false, err
	}
	primal, dual = q.reach()
	primal, dual = min(1, step*primal), min(1, step*dual)
	for i := range n {
		q.a[i] += float64(dual * q.da[i])
		q.u[i] += float64(primal * q.du[i])
		q.v[i] += float64(primal * q.dv[i])
	}
	for j := range m {
		q.beta[j] += float64(primal * q.db[j])
		q.s[j] += float64(dual * q.ds[j])
	}
	return q.inside() && (primal > 1e-10 || dual > 1e-10), nil
}

// inside reports whether rounding has left every quantity on its side.
func (q *interior) inside() bool {
	for i := range q.a {
		if z := q.tau - q.a[i]; !(z > 0 && z < 1 && q.u[i] > 0 && q.v[i] > 0) {
			return false
		}
	}
	for j := range q.beta {
		if !(q.beta[j] > 0 && q.s[j] > 0) {
			return false
		}
	}
	return true
}

// direction solves the linearised conditions for products of target, with second-order terms of the last direction if
// correct: elimination of all but db leaves (X'DX + S/B) db = X'D g + h, whose left side is factored in gram.
func (q *interior) direction(ctx context.Context, gram []float64, target float64, correct bool) error {
	m := len(q.p.columns)
	aim := func(second float64) float64 {
		if correct {
			return target - second
		}
		return target
	}
	for i := range q.a {
		z := q.tau - q.a[i]
		// dz = -da, dw = da.
		q.g[i] = q.p.y[i] - q.fit[i] - aim(float64(-q.da[i]*q.du[i]))/z + aim(float64(q.da[i]*q.dv[i]))/(1-z)
	}
	right, err := q.transposed(ctx, func(i int) float64 { return float64(q.d[i]*q.g[i]) + q.a[i] })
	if err != nil {
		return err
	}
	h := make([]float64, m)
	for j := range m {
		h[j] = aim(float64(q.db[j]*q.ds[j])) / q.beta[j]
		right[j] += h[j]
	}
	substitute(gram, m, right)
	for i := range q.a {
		z, w := q.tau-q.a[i], 1-(q.tau-q.a[i])
		up, down := aim(float64(-q.da[i]*q.du[i])), aim(float64(q.da[i]*q.dv[i]))
		da := float64(q.d[i] * (q.g[i] - q.row(i, right)))
		q.du[i] = up/z - q.u[i] + float64(q.u[i]/z*da)
		q.dv[i] = down/w - q.v[i] - float64(q.v[i]/w*da)
		q.da[i] = da
	}
	for j := range m {
		q.ds[j] = h[j] - q.s[j] - float64(q.s[j]/q.beta[j]*right[j])
		q.db[j] = right[j]
	}
	return nil
}

// reach returns how far the direction can be followed, in multiples of its length up to 1 / step, for the primal quantities
// and for the dual ones.
func (q *interior) reach() (primal, dual float64) {
	primal, dual = 1/step, 1/step
	shrink := func(to *float64, x, dx float64) {
		if dx < 0 {
			*to = min(*to, -x/dx)
		}
	}
	for i := range q.a {
		z := q.tau - q.a[i]
		shrink(&primal, q.u[i], q.du[i])
		shrink(&primal, q.v[i], q.dv[i])
		shrink(&dual, z, -q.da[i])
		shrink(&dual, 1-z, q.da[i])
	}
	for j := range q.beta {
		shrink(&primal, q.beta[j], q.db[j])
		shrink(&dual, q.s[j], q.ds[j])
	}
	return primal, dual
}

// products returns the sum of u z + v w + beta s after steps of the given lengths.
func (q *interior) products(primal, dual float64) float64 {
	at := func(x, step, dx float64) float64 { return x + float64(step*dx) }
	rows := exact.SumFunc(len(q.a), func(i int) float64 {
		z := q.tau - at(q.a[i], dual, q.da[i])
		return float64(at(q.u[i], primal, q.du[i])*z) + float64(at(q.v[i], primal, q.dv[i])*(1-z))
	})
	return rows + exact.SumFunc(len(q.beta), func(j int) float64 {
		return float64(at(q.beta[j], primal, q.db[j]) * at(q.s[j], dual, q.ds[j]))
	})
}

// clean sets coefficients to 0 that the optimum does not need: the smallest first, as long as the loss stays within the
// tolerance of the bound (of the loss reached, where that is further away).
func (q *interior) clean(s *solution, tolerance float64) {
	limit := max(s.loss, s.bound+float64(tolerance*max(s.loss, 1e-6)))
	for {
		least := -1
		for j, b := range s.beta {
			if b > 0 && b < 1e-4 && (least < 0 || b < s.beta[least]) {
				least = j
			}
		}
		if least < 0 {
			return
		}
		was := s.beta[least]
		s.beta[least] = 0
		loss := q.loss(s.beta)
		if loss > limit {
			s.beta[least] = was
			return
		}
		s.loss = loss
	}
}

// coverage returns the share of rows with y at most x beta. Rows that the optimum passes through are within rounding of
// it, on either side, and count as covered.
func (q *interior) coverage(beta []float64) float64 {
	n := 0
	for i, y := range q.p.y {
		fit := q.row(i, beta)
		if y-fit <= 1e-6*max(math.Abs(y), math.Abs(fit)) {
			n++
		}
	}
	return float64(n) / float64(len(q.p.y))
}

// transposed returns X'f, summed in the fixed block order.
func (q *interior) transposed(ctx context.Context, f func(i int) float64) ([]float64, error) {
	m := len(q.p.columns)
	return q.p.blocks(ctx, q.threads, m, func(sum []float64, i int, entries []entry) {
		v := f(i)
		for _, e := range entries {
			sum[e.column] += float64(e.value * v)
		}
	})
}

// gram returns the lower triangle of X'DX, row by row; D is the identity where d is nil.
func (p *program) gram(ctx context.Context, threads int, d []float64) ([]float64, error) {
	m := len(p.columns)
	return p.blocks(ctx, threads, m*m, func(sum []float64, i int, entries []entry) {
		for k, e := range entries {
			v := e.value
			if d != nil {
				v = float64(v * d[i])
			}
			// Entries of a row are in the order of the columns.
			row := sum[int(e.column)*m:]
			for _, o := range entries[:k+1] {
				row[o.column] += float64(v * o.value)
			}
		}
	})
}

// blocks lets add sum over the rows of blocks of exact.BlockRows, and adds the sums in order.
func (p *program) blocks(ctx context.Context, threads, size int, add func(sum []float64, i int, entries []entry)) ([]float64, error) {
	n := len(p.y)
	sums := make([][]float64, (n+exact.BlockRows-1)/exact.BlockRows)
	err := par.Each(ctx, threads, len(sums), func(_, b int) error {
		sum := make([]float64, size)
		for i := b * exact.BlockRows; i < min(n, (b+1)*exact.BlockRows); i++ {
			add(sum, i, p.entry[p.start[i]:p.start[i+1]])
		}
		sums[b] = sum
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, s := range sums[1:] {
		for k, v := range s {
			sums[0][k] += v
		}
	}
	return sums[0], nil
}

// cholesky replaces the lower triangle of the positive definite m x m matrix a by its factor L with LL' = a. It returns false
// where rounding leaves no positive pivot.
func cholesky(a []float64, m int) bool {
	for j := range m {
		for k := range j + 1 {
			v := a[j*m+k]
			for l := range k {
				v -= float64(a[j*m+l] * a[k*m+l])
			}
			if k < j {
				a[j*m+k] = v / a[k*m+k]
				continue
			}
			if !(v > 0) {
				return false
			}
			a[j*m+j] = math.Sqrt(v)
		}
	}
	return true
}

// substitute replaces b by the solution of LL'x = b.
func substitute(l []float64, m int, b []float64) {
	for j := range m {
		for k := range j {
			b[j] -= float64(l[j*m+k] * b[k])
		}
		b[j] /= l[j*m+j]
	}
	for j := m - 1; j >= 0; j-- {
		for k := j + 1; k < m; k++ {
			b[j] -= float64(l[k*m+j] * b[k])
		}
		b[j] /= l[j*m+j]
	}
}
