package lifetime

import (
	"math"

	"segovia/engine/internal/exact"
)

const (
	// maxIterations is twenty times what fits inside the box need, three times what one at bounds needs (TestRecovery,
	// TestLimits).
	maxIterations = 500
	// flat is the gradient of the mean log-likelihood, by the logarithm of a parameter, at which a fit has converged. The
	// gain that is left is about flat^2 over the curvature, far below one rounding of the log-likelihood.
	flat = 1e-9
	// rounded is the gradient at which a search that no step can improve has converged, too.
	rounded = 1e-6
	// longest bounds a step: no parameter changes by more than a factor e^2 at once, so that a poor quadratic
	// model cannot throw the search into a corner of the box.
	longest = 2
)

// logLikelihood returns the mean log-likelihood of a customer at parameters exp(at), and sets gradient to its derivatives by at.
type logLikelihood func(at, gradient []float64) (float64, error)

// maximum is where a search ended.
type maximum struct {
	at         []float64 // logarithms of the parameters
	value      float64   // mean log-likelihood
	iterations int
	converged  bool
	bound      []bool // the parameter lies at a bound and would go on
}

// maximise searches the box [low, high] for the maximum of f by BFGS with backtracking (Nocedal, Wright: Numerical
// Optimization, chapters 3 and 6). A parameter at a bound that its gradient pushes outward is left out of the quadratic model
// until the gradient turns.
func maximise(f logLikelihood, start, low, high []float64) (maximum, error) {
	n := len(start)
	s := search{n: n, low: low, high: high, f: f}
	m := maximum{at: make([]float64, n), bound: make([]bool, n)}
	for i, v := range start {
		m.at[i] = math.Max(low[i], math.Min(high[i], v))
	}
	gradient := make([]float64, n)
	value, err := f(m.at, gradient)
	if err != nil {
		return m, err
	}
	s.forget()
	copy(m.bound, s.pushed(m.at, gradient))
	for m.value = value; m.iterations < maxIterations; m.iterations++ {
		if steepest(gradient, m.bound) <= flat {
			m.converged = true
			break
		}
		at, v, g, err := s.step(m.at, m.value, gradient, m.bound)
		if err != nil {
			return m, err
		}
		if at == nil {
			if s.fresh {
				// Not even the gradient's direction leads up: where gamma functions of large numbers cancel, the
				// likelihood is rounded more coarsely than a gain of this size.
				m.converged = steepest(gradient, m.bound) <= rounded
				break
			}
			s.forget()
			continue
		}
		bound := s.pushed(at, g)
		s.learn(m.at, at, gradient, g, bound)
		for i := range bound {
			if bound[i] != m.bound[i] {
				s.forget()
			}
		}
		m.at, m.value, gradient, m.bound = at, v, g, bound
	}
	return m, nil
}

// search holds the inverse Hessian (of -f) of a maximisation.
type search struct {
	n         int
	low, high []float64
	f         logLikelihood
	inverse   [][]float64
	fresh     bool // inverse is the identity: nothing is known of the curvature
}

// forget sets the inverse Hessian to the identity.
func (s *search) forget() {
	s.inverse = make([][]float64, s.n)
	for i := range s.inverse {
		s.inverse[i] = make([]float64, s.n)
		s.inverse[i][i] = 1
	}
	s.fresh = true
}

// pushed tells which parameters lie at a bound with a gradient that points out of the box.
func (s *search) pushed(at, gradient []float64) []bool {
	bound := make([]bool, s.n)
	for i, v := range at {
		bound[i] = v <= s.low[i] && gradient[i] < 0 || v >= s.high[i] && gradient[i] > 0
	}
	return bound
}

// steepest returns the largest absolute derivative of the parameters that are free.
func steepest(gradient []float64, bound []bool) float64 {
	var largest float64
	for i, g := range gradient {
		if !bound[i] {
			largest = math.Max(largest, math.Abs(g))
		}
	}
	return largest
}

// step goes from at in the direction of the inverse Hessian times the gradient, halving the step until f rises enough. It
// returns no point where it does not.
func (s *search) step(at []float64, value float64, gradient []float64, bound []bool) (to []float64, v float64, g []float64, err error) {
	direction := make([]float64, s.n)
	var reach float64
	for i := range direction {
		if bound[i] {
			continue
		}
		for j, h := range s.inverse[i] {
			if !bound[j] {
				direction[i] += float64(h * gradient[j])
			}
		}
		reach = math.Max(reach, math.Abs(direction[i]))
	}
	if reach == 0 || reach != reach {
		return nil, 0, nil, nil
	}
	if s.fresh {
		// The gradient has no length of its own: begin with one step of a factor e.
		for i := range direction {
			direction[i] /= reach
		}
		reach = 1
	}
	size := math.Min(1, longest/reach)
	before := steepest(gradient, bound)
	for range 50 {
		to, g = make([]float64, s.n), make([]float64, s.n)
		var promised float64
		for i := range to {
			to[i] = math.Max(s.low[i], math.Min(s.high[i], at[i]+float64(size*direction[i])))
			promised += float64(gradient[i] * (to[i] - at[i]))
		}
		if v, err = s.f(to, g); err != nil {
			return nil, 0, nil, err
		}
		// Near the maximum the gain vanishes among roundings of f; there a flatter gradient tells the way.
		noise := float64(1e-13 * (1 + math.Abs(value)))
		if promised > 0 && v-value >= 1e-4*promised ||
			v >= value-noise && promised < noise && steepest(g, s.pushed(to, g)) < 0.9*before {
			return to, v, g, nil
		}
		size /= 2
	}
	return nil, 0, nil, nil
}

// learn updates the inverse Hessian by a step (BFGS), if the gradient fell along it.
func (s *search) learn(from, to, before, after []float64, bound []bool) {
	n := s.n
	dx, dg := make([]float64, n), make([]float64, n)
	var curve, gg, xx float64
	for i := range n {
		if !bound[i] {
			dx[i], dg[i] = to[i]-from[i], before[i]-after[i]
		}
		curve += float64(dx[i] * dg[i])
		gg += float64(dg[i] * dg[i])
		xx += float64(dx[i] * dx[i])
	}
	if !(curve > 1e-10*math.Sqrt(gg)*math.Sqrt(xx)) {
		return
	}
	if s.fresh {
		for i := range n {
			s.inverse[i][i] = curve / gg
		}
		s.fresh = false
	}
	// H + (1 + dg'H dg/curve) dx dx'/curve - (H dg dx' + dx dg'H)/curve
	hg := make([]float64, n)
	var ghg float64
	for i := range n {
		for j := range n {
			hg[i] += float64(s.inverse[i][j] * dg[j])
		}
		ghg += float64(hg[i] * dg[i])
	}
	scale := (1 + ghg/curve) / curve
	for i := range n {
		for j := range n {
			s.inverse[i][j] += float64(scale*float64(dx[i]*dx[j])) - (float64(hg[i]*dx[j])+float64(dx[i]*hg[j]))/curve
		}
	}
}

// logs returns the logarithms of positive numbers.
func logs(values ...float64) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = exact.Log(v)
	}
	return out
}
