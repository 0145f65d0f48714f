//go:build amd64

package simd

import (
	"math"
	"math/bits"

	"segovia/kernels"
	"segovia/kernels/ref"
	"segovia/kernels/tile"
)

// args is what the assembly reads; the offsets stand in kernels/_gen. It changes count and done alone, no pointer.
type args struct {
	tiles  *float32
	count  int // tiles
	d      int
	groups int      // groups of four centroids
	c      *float32 // groups x 4 rows of d values
	h      *float32 // groups x 4
	label  *uint8
	moved  *uint16 // lanes whose label changed, per tile
	doubt  *uint16 // lanes that canonical distances must decide; their labels are left alone
	upper  *float32
	lower  *float32
	con    *constants
	done   int // tiles
}

// constants of one model; see package simd.
type constants struct {
	norm, fixed, square, slackX, slack, outward, inward, limit float32
}

// scorer drives one of the assembly functions.
type scorer struct {
	d      int
	score  func(*args)
	call   args
	exact  kernels.Scorer // decides lanes in doubt, and gives canonical distances
	models []model
	c, h   []float32

	label        []uint8
	upper, lower []float32
	moved, doubt []uint16
	one          []float32 // a tile with the points in doubt
}

// model is one model of a stack, padded to groups of four by centroids that are infinitely far.
type model struct {
	c, h   int // where its centroids begin
	groups int
	con    constants
}

func newScorer(d int, score func(*args)) *scorer {
	exact, err := ref.Path{}.Open(d)
	if err != nil {
		panic("BUG: simd: the reference path did not open: " + err.Error())
	}
	return &scorer{d: d, score: score, exact: exact, one: tile.Aligned(d * tile.Lanes)}
}

// Close does nothing.
func (s *scorer) Close() error { return nil }

// Distances leaves canonical distances to the reference path.
func (s *scorer) Distances(dst []float64, b kernels.Block, c []float32) { s.exact.Distances(dst, b, c) }

// Score labels the block under every model.
func (s *scorer) Score(dst []kernels.Scores, b kernels.Block, stack []kernels.Centroids) {
	for i := range dst {
		dst[i].Moved = dst[i].Moved[:0]
	}
	if b.N == 0 {
		return
	}
	s.take(stack)
	tiles := (b.N + tile.Lanes - 1) / tile.Lanes
	s.fit(tiles)
	for i := range stack {
		m, out := &s.models[i], &dst[i]
		copy(s.label, out.Label[:b.N])
		s.call = args{tiles: &b.Tiles[0], count: tiles, d: s.d, groups: m.groups, c: &s.c[m.c], h: &s.h[m.h], label: &s.label[0],
			moved: &s.moved[0], doubt: &s.doubt[0], upper: &s.upper[0], lower: &s.lower[0], con: &m.con, done: 0}
		s.score(&s.call)
		s.finish(out, b, stack[i])
	}
}

// finish carries the results of one model over and decides what is in doubt.
func (s *scorer) finish(out *kernels.Scores, b kernels.Block, c kernels.Centroids) {
	copy(out.Label, s.label[:b.N])
	if out.Upper != nil {
		copy(out.Upper, s.upper[:b.N])
		copy(out.Lower, s.lower[:b.N])
	}
	for t, doubt := range s.doubt {
		first := t * tile.Lanes
		valid := uint16(0xFFFF)
		if rest := b.N - first; rest < tile.Lanes {
			valid = 1<<rest - 1
		}
		moved := s.moved[t] & valid
		if doubt &= valid; doubt != 0 {
			moved |= s.decide(out, b, c, first, doubt)
		}
		for ; moved != 0; moved &= moved - 1 {
			out.Moved = append(out.Moved, int32(first+bits.TrailingZeros16(moved)))
		}
	}
}

// decide labels the lanes in doubt of one tile by the reference path and returns those that moved.
func (s *scorer) decide(out *kernels.Scores, b kernels.Block, c kernels.Centroids, first int, doubt uint16) (moved uint16) {
	n := bits.OnesCount16(doubt)
	var lanes [tile.Lanes]int
	var labels [tile.Lanes]uint8
	var upper, lower [tile.Lanes]float32
	for i := range n {
		lane := bits.TrailingZeros16(doubt)
		doubt &= doubt - 1
		lanes[i], labels[i] = lane, out.Label[first+lane]
		for j := range s.d {
			s.one[j*tile.Lanes+i] = b.Tiles[first*s.d+j*tile.Lanes+lane]
		}
	}
	exact := [1]kernels.Scores{{Label: labels[:n]}}
	if out.Upper != nil {
		exact[0].Upper, exact[0].Lower = upper[:n], lower[:n]
	}
	s.exact.Score(exact[:], kernels.Block{D: s.d, N: n, Tiles: s.one}, []kernels.Centroids{c})
	for i, lane := range lanes[:n] {
		if labels[i] != out.Label[first+lane] {
			out.Label[first+lane] = labels[i]
			moved |= 1 << lane
		}
		if out.Upper != nil {
			out.Upper[first+lane], out.Lower[first+lane] = upper[i], lower[i]
		}
	}
	return moved
}

// take pads the centroids of the stack and computes what the error bounds need.
func (s *scorer) take(stack []kernels.Centroids) {
	s.models, s.c, s.h = s.models[:0], s.c[:0], s.h[:0]
	for _, c := range stack {
		m := model{c: len(s.c), h: len(s.h), groups: (c.K + 3) / 4}
		s.c = append(s.c, c.C[:c.K*s.d]...)
		var largest float64 // of |c|^2
		for r := range c.K {
			var sum float64
			for _, v := range c.C[r*s.d : (r+1)*s.d] {
				sum += float64(float64(v) * float64(v))
			}
			largest = max(largest, sum)
			s.h = append(s.h, float32(sum/2))
		}
		for range 4*m.groups - c.K {
			for range s.d {
				s.c = append(s.c, 0)
			}
			s.h = append(s.h, float32(math.Inf(1)))
		}
		m.con = bounds(s.d, largest)
		s.models = append(s.models, m)
	}
}

// bounds returns the constants for d dimensions and the largest |c|^2 of a model, each rounded up.
func bounds(d int, largest float64) constants {
	up := func(x float64) float32 { return float32(x * (1 + 0x1p-20)) }
	gamma := 1.01 * float64(d+4) * 0x1p-24
	h := largest / 2
	const limit = 0x1p120 // below it, for h and |x|^2, no sum overflows
	if h >= limit {       // everything is in doubt
		h = math.Inf(1)
	}
	return constants{norm: up(gamma * math.Sqrt(largest)), fixed: up(gamma*h + float64(d+4)*0x1p-126), square: 0x1p-40,
		slackX: up(4 * gamma), slack: up(4 * gamma * h), outward: 1 + 0x1p-22, inward: 1 - 0x1p-22, limit: limit}
}

func (s *scorer) fit(tiles int) {
	if n := tiles * tile.Lanes; len(s.label) != n {
		s.label, s.upper, s.lower = make([]uint8, n), make([]float32, n), make([]float32, n)
		s.moved, s.doubt = make([]uint16, tiles), make([]uint16, tiles)
	}
}
