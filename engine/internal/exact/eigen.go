package exact

import (
	"cmp"
	"math"
	"slices"
)

// maxRounds bounds the rounds of Eigen; convergence is quadratic, and 512 columns take about a dozen.
const maxRounds = 60

// Eigen returns the eigenvalues of the symmetric matrix a, largest first (equal ones in the order of the columns they
// come from), and the unit eigenvectors as rows, with the largest entry (the first of equals) positive. It overwrites a.
//
// It is Jacobi's method, cyclic by rows: each off-diagonal entry in turn is rotated away, until all are below 2^-56 of the
// largest diagonal entry. Nothing is fused, so the result has the same bits everywhere.
func Eigen(a [][]float64) (values []float64, vectors [][]float64) {
	d := len(a)
	v := make([][]float64, d)
	largest := 0.0
	for i := range v {
		v[i] = make([]float64, d)
		v[i][i] = 1
		largest = max(largest, math.Abs(a[i][i]))
	}
	small := largest * 0x1p-56
	for range maxRounds {
		rotated := false
		for p := range d {
			for q := p + 1; q < d; q++ {
				if math.Abs(a[p][q]) > small {
					rotateAway(a, v, p, q)
					rotated = true
				}
			}
		}
		if !rotated {
			break
		}
	}
	order := make([]int, d)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(a[j][j], a[i][i]) })
	for _, i := range order {
		values = append(values, a[i][i])
		at := 0
		for j := range v[i] {
			if math.Abs(v[i][j]) > math.Abs(v[i][at]) {
				at = j
			}
		}
		if v[i][at] < 0 {
			for j := range v[i] {
				v[i][j] = 0 - v[i][j] // not -x: no negative zeros
			}
		}
		vectors = append(vectors, v[i])
	}
	return values, vectors
}

// rotateAway turns the plane of p and q by the smaller angle that makes a[p][q] zero; rows of v turn along.
func rotateAway(a, v [][]float64, p, q int) {
	theta := (a[q][q] - a[p][p]) / (2 * a[p][q])
	t := 1 / (math.Abs(theta) + math.Sqrt(float64(theta*theta)+1))
	if theta < 0 {
		t = -t
	}
	c := 1 / math.Sqrt(float64(t*t)+1)
	s := float64(t * c)
	shift := float64(t * a[p][q])
	app, aqq := a[p][p]-shift, a[q][q]+shift
	turn(a[p], a[q], c, s)
	a[p][p], a[q][q], a[p][q], a[q][p] = app, aqq, 0, 0
	for k := range a {
		a[k][p], a[k][q] = a[p][k], a[q][k]
	}
	turn(v[p], v[q], c, s)
}

// turn is
//
//	for k := range x { x[k], y[k] = c*x[k] - s*y[k], s*x[k] + c*y[k] }
func turn(x, y []float64, c, s float64) {
	for k, xk := range x {
		yk := y[k]
		x[k] = float64(c*xk) - float64(s*yk)
		y[k] = float64(s*xk) + float64(c*yk)
	}
}
