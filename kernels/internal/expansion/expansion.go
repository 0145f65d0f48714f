// Package expansion is what the paths over matrix products have in common: they score a point x against a centroid c by
//
//	|x - c|^2 = |x|^2 + (|c|^2 - 2 x.c)
//
// with the products x.c in float32 by some library, and everything else in float64. The score is the term in
// parentheses; it orders the centroids as the distance does.
//
// # Error bound
//
// Let u = 2^-24 and gamma = (d+2) u / (1 - (d+2) u). A product of d pairs in float32, summed in any order, with or without
// fused operations, is off by at most gamma * sum |x_j c_j| <= gamma |x| |c|, plus what underflows. Points and centroids
// are scaled by powers of two so that their largest magnitudes lie in [1/2, 1): nothing overflows, and every input,
// product or partial sum that falls below 2^-126 is off by at most that (whether it is rounded or flushed to zero), in
// total 4 d 2^-126 or less. The float64 parts (|c|^2, |x|^2, the subtraction, and the canonical distance that has the last
// word) are each off by at most (d+2) 2^-53 (|x|+|c|)^2, four of them together by (d+3) 2^-51 (|x|+|c|)^2. A score is
// therefore off by at most
//
//	err = 2 (gamma |x| |c| + s d 2^-123) + (d+3) 2^-51 (|x|+|c|)^2
//
// with s the product of both scales and for |c| the largest norm of the model. Where best and second best score differ by
// more than 2 err, the best is the argmin of canonical distances; elsewhere canonical distances decide over all centroids.
package expansion

import (
	"math"

	"segovia/kernels"
	"segovia/kernels/tile"
)

const (
	// Chunk is the number of points of one product: four tiles.
	Chunk = 4 * tile.Lanes
	// MaxRows is the largest number of centroids of one product. Together with Chunk it keeps below the four blocks of
	// 64 x 64 from which on gonum starts goroutines of its own; a Scorer already belongs to one of many.
	MaxRows = 192
)

// Product sets g[r*Chunk+i] to the sum over j of c[r*d+j] * x[j*Chunk+i], for r < rows and i < Chunk, in float32 and in any
// order. The last columns of x may hold anything; they must not touch the other columns of g.
type Product func(g, c, x []float32, rows, d int)

// Scorer is a kernels.Scorer over a matrix product.
type Scorer struct {
	d       int
	product Product

	x, c, g []float32 // scaled points feature by feature, scaled centroids row by row, products
	c2      []float64 // |c|^2 of every centroid of the stack
	row     []float32 // one point
	points  [Chunk]point

	doubtful int // points that canonical distances decided, for tests
}

// point is what is known of a point of the chunk under the model at hand.
type point struct {
	best, second float64 // scores
	label        int
}

// New returns a scorer for d dimensions.
func New(d int, product Product) *Scorer { return &Scorer{d: d, product: product} }

// Close does nothing.
func (s *Scorer) Close() error { return nil }

// Score labels every point of b under every model of the stack.
func (s *Scorer) Score(dst []kernels.Scores, b kernels.Block, stack []kernels.Centroids) {
	for i := range dst {
		dst[i].Moved = dst[i].Moved[:0]
	}
	cScale := s.takeCentroids(stack)
	for first := 0; first < b.N; first += Chunk {
		n := min(Chunk, b.N-first)
		xScale := s.takePoints(b, first, n)
		rows := len(s.c2)
		for at := 0; at < rows; at += MaxRows {
			k := min(MaxRows, rows-at)
			s.product(s.g[at*Chunk:(at+k)*Chunk], s.c[at*s.d:(at+k)*s.d], s.x, k, s.d)
		}
		at := 0
		for m := range stack {
			s.decide(&dst[m], b, first, n, stack[m], at, xScale*cScale)
			at += stack[m].K
		}
	}
}

// decide labels n points from first on under one model, whose products begin at row at of g and are multiplied by scale.
func (s *Scorer) decide(dst *kernels.Scores, b kernels.Block, first, n int, model kernels.Centroids, at int, scale float64) {
	points := s.points[:n]
	for i := range points {
		points[i] = point{math.Inf(1), math.Inf(1), 0}
	}
	largest := 0.0
	for c := range model.K {
		c2 := s.c2[at+c]
		largest = math.Max(largest, c2)
		for i, v := range s.g[(at+c)*Chunk : (at+c)*Chunk+n] {
			score := c2 - float64(2*scale*float64(v))
			if p := &points[i]; score < p.best {
				*p = point{score, p.best, c}
			} else if score < p.second {
				p.second = score
			}
		}
	}
	norm := math.Sqrt(largest)
	for i, p := range points {
		s.row = row(s.row[:0], b, first+i)
		x2 := 0.0
		for _, v := range s.row {
			x2 += float64(float64(v) * float64(v))
		}
		err := s.bound(math.Sqrt(x2), norm, scale)
		best, second := -1.0, math.Max(0, x2+(p.second-err))
		if !(p.second-p.best > 2*err) {
			best, second, p.label = s.exact(model)
			s.doubtful++
		}
		if dst.Label[first+i] != uint8(p.label) {
			dst.Label[first+i] = uint8(p.label)
			dst.Moved = append(dst.Moved, int32(first+i))
		}
		if dst.Upper != nil {
			if best < 0 {
				best = distance(s.row, model.C[p.label*s.d:])
			}
			dst.Upper[first+i] = kernels.DistanceAbove(best)
			dst.Lower[first+i] = kernels.DistanceBelow(second)
		}
	}
}

// bound returns err of the package comment, a little enlarged for the rounding of its own formula.
func (s *Scorer) bound(x, c, scale float64) float64 {
	d := float64(s.d)
	gamma := (d + 2) * 0x1p-24 / (1 - (d+2)*0x1p-24)
	return (1 + 0x1p-20) * (2*(gamma*x*c+scale*d*0x1p-123) + (d+3)*0x1p-51*(x+c)*(x+c))
}

// exact returns the smallest and second smallest canonical distance from s.row to the centroids, and the label.
func (s *Scorer) exact(model kernels.Centroids) (best, second float64, label int) {
	best, second = math.Inf(1), math.Inf(1)
	for c := range model.K {
		if sum := distance(s.row, model.C[c*s.d:]); sum < best {
			best, second, label = sum, best, c
		} else if sum < second {
			second = sum
		}
	}
	return best, second, label
}

// distance is the canonical distance of kernels/doc.go.
func distance(x, c []float32) float64 {
	sum := 0.0
	for j, v := range x {
		diff := float64(v) - float64(c[j])
		sum += float64(diff * diff)
	}
	return sum
}

// row appends the values of point i of b to dst.
func row(dst []float32, b kernels.Block, i int) []float32 {
	at := i/tile.Lanes*b.D*tile.Lanes + i%tile.Lanes
	for range b.D {
		dst = append(dst, b.Tiles[at])
		at += tile.Lanes
	}
	return dst
}

// Distances sets dst[i] to the canonical distance from point i of b to c.
func (s *Scorer) Distances(dst []float64, b kernels.Block, c []float32) {
	for i := range dst {
		s.row = row(s.row[:0], b, i)
		dst[i] = distance(s.row, c)
	}
}

// takeCentroids copies the centroids of the stack, scaled, and returns what their products are to be multiplied by.
func (s *Scorer) takeCentroids(stack []kernels.Centroids) float64 {
	s.c, s.c2 = s.c[:0], s.c2[:0]
	var largest float32
	for _, model := range stack {
		for r := range model.K {
			c2 := 0.0
			for _, v := range model.C[r*s.d : (r+1)*s.d] {
				c2 += float64(float64(v) * float64(v))
				largest = max(largest, v, -v)
			}
			s.c2 = append(s.c2, c2)
		}
	}
	up, down := scales(largest)
	for _, model := range stack {
		for _, v := range model.C[:model.K*s.d] {
			s.c = append(s.c, float32(float64(v)*up))
		}
	}
	if need := len(s.c2) * Chunk; len(s.g) < need {
		s.g = make([]float32, need)
	}
	return down
}

// takePoints copies n points of b from first on, scaled, and returns what their products are to be multiplied by. Columns
// of x beyond n hold anything.
func (s *Scorer) takePoints(b kernels.Block, first, n int) float64 {
	if len(s.x) == 0 {
		s.x = make([]float32, Chunk*s.d)
	}
	var largest float32
	for t := 0; t < n; t += tile.Lanes {
		lanes := min(tile.Lanes, n-t)
		for at := (first + t) * s.d; at < (first+t+tile.Lanes)*s.d; at += tile.Lanes {
			for _, v := range b.Tiles[at : at+lanes] {
				largest = max(largest, v, -v)
			}
		}
	}
	up, down := scales(largest)
	for t := 0; t < n; t += tile.Lanes {
		lanes := min(tile.Lanes, n-t)
		for j := range s.d {
			from := b.Tiles[(first+t)*s.d+j*tile.Lanes:]
			for l, v := range from[:lanes] {
				s.x[j*Chunk+t+l] = float32(float64(v) * up)
			}
		}
	}
	return down
}

// scales returns the power of two that brings values up to largest into [1/2, 1), and its inverse.
func scales(largest float32) (up, down float64) {
	if largest == 0 {
		return 1, 1
	}
	_, e := math.Frexp(float64(largest))
	return math.Ldexp(1, -e), math.Ldexp(1, e)
}
