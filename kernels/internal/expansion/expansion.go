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
	"slices"

	"segovia/kernels"
	"segovia/kernels/ref"
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
	ref.RowTools
	d       int
	product Product

	x, c, g []float32 // scaled points feature by feature, scaled centroids row by row, products
	down    float64   // what the products are to be multiplied by, for the centroids' part
	models  []model
	c2      []float64 // |c|^2 of every centroid of the stack
	row     []float32 // one point
	points  [Chunk]point

	doubtful int // points that canonical distances decided, for tests
}

// model is one model of the stack and where its centroids begin.
type model struct {
	kernels.Centroids
	first int
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

// Score labels every point of b under one model.
func (s *Scorer) Score(dst *kernels.Scores, b kernels.Block, at int) {
	dst.Moved = dst.Moved[:0]
	m := s.models[at]
	for first := 0; first < b.N; first += Chunk {
		n := min(Chunk, b.N-first)
		xScale := s.takePoints(b, first, n)
		for r := 0; r < m.K; r += MaxRows {
			k := min(MaxRows, m.K-r)
			s.product(s.g[r*Chunk:(r+k)*Chunk], s.c[(m.first+r)*s.d:(m.first+r+k)*s.d], s.x, k, s.d)
		}
		s.decide(dst, b, first, n, m, xScale*s.down)
	}
}

// decide labels n points from first on under one model, whose products in g are to be multiplied by scale.
func (s *Scorer) decide(dst *kernels.Scores, b kernels.Block, first, n int, m model, scale float64) {
	points := s.points[:n]
	for i := range points {
		points[i] = point{math.Inf(1), math.Inf(1), 0}
	}
	largest := 0.0
	for c := range m.K {
		c2 := s.c2[m.first+c]
		largest = math.Max(largest, c2)
		for i, v := range s.g[c*Chunk : c*Chunk+n] {
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
			best, second, p.label = s.exact(m.Centroids)
			s.doubtful++
		}
		if dst.Label[first+i] != uint8(p.label) {
			dst.Label[first+i] = uint8(p.label)
			dst.Moved = append(dst.Moved, int32(first+i))
		}
		if dst.Upper != nil {
			if best < 0 {
				best = distance(s.row, m.C[p.label*s.d:])
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

// Load copies the centroids of the stack, scaled.
func (s *Scorer) Load(stack []kernels.Centroids) {
	s.c, s.c2, s.models = s.c[:0], s.c2[:0], s.models[:0]
	var largest float32
	widest := 0
	for _, m := range stack {
		c := slices.Clone(m.C[:m.K*s.d])
		s.models = append(s.models, model{kernels.Centroids{K: m.K, C: c}, len(s.c2)})
		widest = max(widest, m.K)
		for r := range m.K {
			c2 := 0.0
			for _, v := range c[r*s.d : (r+1)*s.d] {
				c2 += float64(float64(v) * float64(v))
				largest = max(largest, v, -v)
			}
			s.c2 = append(s.c2, c2)
		}
	}
	up, down := scales(largest)
	s.down = down
	for _, m := range s.models {
		for _, v := range m.C {
			s.c = append(s.c, float32(float64(v)*up))
		}
	}
	if need := widest * Chunk; len(s.g) < need {
		s.g = make([]float32, need)
	}
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
