// Package ref is the path in plain Go: always compiled, available everywhere, and the meaning of the numeric contract. It
// decides every point in float64, so nothing is ever ambiguous.
package ref

import (
	"math"

	"segovia/kernels"
	"segovia/kernels/tile"
)

// Path is the reference path. Its zero value works.
type Path struct{}

// Name returns "ref".
func (Path) Name() string { return "ref" }

// Available returns nil: plain Go runs everywhere.
func (Path) Available() error { return nil }

// Open returns a scorer for d dimensions.
func (Path) Open(d int) (kernels.Scorer, error) { return &scorer{d: d}, nil }

type scorer struct {
	RowTools
	d int
	// points of one tile row by row, and the centroids of a stack in groups of four, value by value, both widened once.
	points []float64
	groups []float64
	models []model
}

// model is where one model of the stack begins in groups.
type model struct{ k, first int }

func (s *scorer) Close() error { return nil }

// Score computes D for every pair. It works on four centroids at a time, each with a sum of its own in the order that the
// contract demands, so that the four chains of additions overlap.
func (s *scorer) Score(dst *kernels.Scores, b kernels.Block, at int) {
	dst.Moved = dst.Moved[:0]
	m := s.models[at]
	groups := s.groups[m.first : m.first+(m.k+3)/4*4*s.d]
	for first := 0; first < b.N; first += tile.Lanes {
		s.widenTile(b.Tiles[first*b.D : (first+tile.Lanes)*b.D])
		for l := range min(tile.Lanes, b.N-first) {
			s.scorePoint(dst, first+l, s.points[l*s.d:(l+1)*s.d], groups, m.k)
		}
	}
}

func (s *scorer) scorePoint(dst *kernels.Scores, i int, x, groups []float64, k int) {
	best, second, label := math.Inf(1), math.Inf(1), 0
	var sums [4]float64
	for c := 0; c < k; c += 4 {
		g := groups[c*len(x):]
		var s0, s1, s2, s3 float64
		for j, v := range x {
			q := g[4*j : 4*j+4 : 4*j+4]
			d0, d1, d2, d3 := v-q[0], v-q[1], v-q[2], v-q[3]
			s0 += float64(d0 * d0)
			s1 += float64(d1 * d1)
			s2 += float64(d2 * d2)
			s3 += float64(d3 * d3)
		}
		sums = [4]float64{s0, s1, s2, s3}
		for o, sum := range sums[:min(4, k-c)] {
			if sum < best {
				best, second, label = sum, best, c+o
			} else if sum < second {
				second = sum
			}
		}
	}
	if dst.Label[i] != uint8(label) {
		dst.Label[i] = uint8(label)
		dst.Moved = append(dst.Moved, int32(i))
	}
	if dst.Upper != nil {
		dst.Upper[i] = kernels.DistanceAbove(best)
		dst.Lower[i] = kernels.DistanceBelow(second)
	}
}

// Distances follows the contract's formula literally.
func (s *scorer) Distances(dst []float64, b kernels.Block, c []float32) {
	for first := 0; first < b.N; first += tile.Lanes {
		var sum [tile.Lanes]float64
		for j, v := range c {
			cj := float64(v)
			lanes := (*[tile.Lanes]float32)(b.Tiles[first*b.D+j*tile.Lanes:])
			for l := range lanes {
				diff := float64(lanes[l]) - cj
				sum[l] += float64(diff * diff)
			}
		}
		copy(dst[first:], sum[:])
	}
}

func (s *scorer) widenTile(values []float32) {
	if s.points == nil {
		s.points = make([]float64, tile.Lanes*s.d)
	}
	for j := range s.d {
		lanes := (*[tile.Lanes]float32)(values[j*tile.Lanes:])
		for l, v := range lanes {
			s.points[l*s.d+j] = float64(v)
		}
	}
}

// Load widens the centroids.
func (s *scorer) Load(stack []kernels.Centroids) {
	s.groups, s.models = s.groups[:0], s.models[:0]
	for _, c := range stack {
		s.models = append(s.models, model{c.K, len(s.groups)})
		for first := 0; first < c.K; first += 4 {
			for j := range s.d {
				for o := range 4 {
					var v float64
					if first+o < c.K {
						v = float64(c.C[(first+o)*s.d+j])
					}
					s.groups = append(s.groups, v)
				}
			}
		}
	}
}
