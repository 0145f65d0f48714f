//go:build amd64

package simd

import (
	"math"
	"math/bits"

	"segovia/kernels"
	"segovia/kernels/tile"
)

// args is what the assembly reads; the offsets stand in kernels/_gen. It changes blocks and done alone, no pointer.
type args struct {
	tiles  *float32
	blocks int // of four vectors of points
	d, k   int
	c      *float32 // k rows of d values
	h      *float32 // k
	square *float32 // |x|^2
	label  *uint8
	moved  *uint16 // lanes whose label changed, per tile
	doubt  *uint16 // lanes that canonical distances must decide; their labels are left alone
	upper  *float32
	lower  *float32
	con    *constants
	//lint:ignore U1000 counted by the assembly
	done    int // blocks
	state   *[vectors * 3 * 8]float32
	numbers *[kernels.MaxK][8]uint32
}

// constants of one model; see package simd.
type constants struct {
	fixed, square, slackX, slack, outward, inward, limit float32
	//lint:ignore U1000 read by the assembly
	zero float32
}

// vectors is the number of vectors of points in a block of the assembly.
const vectors = 4

// numbers holds eight times 0, eight times 1, and so on.
var numbers = func() (n [kernels.MaxK][8]uint32) {
	for i := range n {
		for lane := range n[i] {
			n[i][lane] = uint32(i)
		}
	}
	return n
}()

// scorer drives one of the assembly functions.
type scorer struct {
	rowTools
	d          int
	blockTiles int // tiles of one block of the assembly
	score      func(*args)
	call       args
	state      [vectors * 3 * 8]float32
	models     []model
	c, h       []float32
	wide       []float64 // a row in float64

	label                []uint8
	upper, lower, square []float32
	moved, doubt         []uint16
	tail                 []float32 // the last tiles, where the block is no whole number of the assembly's blocks
}

// model is one model of a stack.
type model struct {
	k, first int // its centroids
	con      constants
}

func newScorer(d, blockTiles int, score func(*args)) *scorer {
	return &scorer{d: d, blockTiles: blockTiles, score: score, wide: make([]float64, d)}
}

// Close does nothing.
func (s *scorer) Close() error { return nil }

// Distances computes tile by tile.
func (s *scorer) Distances(dst []float64, b kernels.Block, c []float32) {
	if len(dst) == 0 {
		return
	}
	for j, v := range c {
		s.wide[j] = float64(v)
	}
	whole := len(dst) / tile.Lanes
	if whole > 0 {
		distancesAVX2(&dst[0], &b.Tiles[0], &s.wide[0], whole, s.d)
	}
	if rest := dst[whole*tile.Lanes:]; len(rest) > 0 {
		var last [tile.Lanes]float64
		distancesAVX2(&last[0], &b.Tiles[whole*tile.Lanes*s.d], &s.wide[0], 1, s.d)
		copy(rest, last[:])
	}
}

// Load copies the centroids of the stack and computes what the error bounds need.
func (s *scorer) Load(stack []kernels.Centroids) {
	s.models, s.c, s.h = s.models[:0], s.c[:0], s.h[:0]
	for _, c := range stack {
		m := model{k: c.K, first: len(s.h)}
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
		m.con = bounds(s.d, largest)
		s.models = append(s.models, m)
	}
}

// Score labels the block under one model.
func (s *scorer) Score(dst *kernels.Scores, b kernels.Block, at int) {
	dst.Moved = dst.Moved[:0]
	if b.N == 0 {
		return
	}
	tiles := (b.N + tile.Lanes - 1) / tile.Lanes
	padded := (tiles + s.blockTiles - 1) / s.blockTiles * s.blockTiles
	s.fit(padded)
	m := &s.models[at]
	square := b.Square
	if len(square) < padded*tile.Lanes {
		n := tiles * tile.Lanes
		if len(square) >= n {
			copy(s.square, square[:n])
		} else {
			squaresAVX2(&s.square[0], &b.Tiles[0], tiles, s.d)
		}
		square = s.square
	}
	label, upper, lower := s.label, s.upper, s.lower
	direct := b.N == padded*tile.Lanes // then the assembly may write where the caller reads
	if direct {
		label = dst.Label
		if dst.Upper != nil {
			upper, lower = dst.Upper, dst.Lower
		}
	} else {
		copy(label, dst.Label[:b.N])
	}
	run := func(first, count int, tiles []float32) {
		o := first * tile.Lanes
		s.call = args{tiles: &tiles[0], blocks: count, d: s.d, k: m.k, c: &s.c[m.first*s.d], h: &s.h[m.first], square: &square[o],
			label: &label[o], moved: &s.moved[first], doubt: &s.doubt[first], upper: &upper[o], lower: &lower[o], con: &m.con,
			state: &s.state, numbers: &numbers}
		s.score(&s.call)
	}
	size := s.blockTiles * tile.Lanes * s.d
	whole := tiles / s.blockTiles
	if whole > 0 {
		run(0, whole, b.Tiles)
	}
	if whole*s.blockTiles < tiles {
		if len(s.tail) == 0 {
			s.tail = tile.Aligned(size)
		}
		copy(s.tail, b.Tiles[whole*size:tiles*tile.Lanes*s.d])
		run(whole*s.blockTiles, 1, s.tail)
	}
	if !direct {
		copy(dst.Label, label[:b.N])
		if dst.Upper != nil {
			copy(dst.Upper, upper[:b.N])
			copy(dst.Lower, lower[:b.N])
		}
	}
	s.finish(dst, b, at, tiles)
}

// finish decides what is in doubt and lists what moved.
func (s *scorer) finish(out *kernels.Scores, b kernels.Block, at, tiles int) {
	for t, doubt := range s.doubt[:tiles] {
		moved := s.moved[t]
		if moved|doubt == 0 {
			continue
		}
		first := t * tile.Lanes
		valid := uint16(0xFFFF)
		if rest := b.N - first; rest < tile.Lanes {
			valid = 1<<rest - 1
		}
		moved &= valid
		if doubt &= valid; doubt != 0 {
			moved |= s.decide(out, b, at, first, doubt)
		}
		for ; moved != 0; moved &= moved - 1 {
			out.Moved = append(out.Moved, int32(first+bits.TrailingZeros16(moved)))
		}
	}
}

// decide labels the lanes in doubt of one tile by canonical distances and returns those that moved.
func (s *scorer) decide(out *kernels.Scores, b kernels.Block, at, first int, doubt uint16) (moved uint16) {
	m := &s.models[at]
	for ; doubt != 0; doubt &= doubt - 1 {
		lane := bits.TrailingZeros16(doubt)
		for j := range s.wide {
			s.wide[j] = float64(b.Tiles[first*s.d+j*tile.Lanes+lane])
		}
		best, second, label := math.Inf(1), math.Inf(1), 0
		for r := 0; r < m.k; r += 4 {
			sums := s.four(m, r)
			for o, sum := range sums[:min(4, m.k-r)] {
				if sum < best {
					best, second, label = sum, best, r+o
				} else if sum < second {
					second = sum
				}
			}
		}
		if i := first + lane; out.Label[i] != uint8(label) {
			out.Label[i] = uint8(label)
			moved |= 1 << lane
		}
		if out.Upper != nil {
			out.Upper[first+lane], out.Lower[first+lane] = kernels.DistanceAbove(best), kernels.DistanceBelow(second)
		}
	}
	return moved
}

// four returns the canonical distances from s.wide to four centroids from r on, whose chains of additions overlap; beyond
// the last centroid that of the last one.
func (s *scorer) four(m *model, r int) [4]float64 {
	row := func(o int) []float32 {
		at := (m.first + min(r+o, m.k-1)) * s.d
		return s.c[at : at+len(s.wide)]
	}
	c0, c1, c2, c3 := row(0), row(1), row(2), row(3)
	var s0, s1, s2, s3 float64
	for j, v := range s.wide {
		d0, d1, d2, d3 := v-float64(c0[j]), v-float64(c1[j]), v-float64(c2[j]), v-float64(c3[j])
		s0 += float64(d0 * d0)
		s1 += float64(d1 * d1)
		s2 += float64(d2 * d2)
		s3 += float64(d3 * d3)
	}
	return [4]float64{s0, s1, s2, s3}
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
	return constants{fixed: up(2*gamma*h + float64(d+4)*0x1p-126), square: up(gamma/2 + 0x1p-40),
		slackX: up(4 * gamma), slack: up(4 * gamma * h), outward: 1 + 0x1p-22, inward: 1 - 0x1p-22, limit: limit}
}

// fit makes room for the results of that many tiles.
func (s *scorer) fit(tiles int) {
	if n := tiles * tile.Lanes; len(s.label) < n {
		s.label, s.upper, s.lower, s.square = make([]uint8, n), make([]float32, n), make([]float32, n), make([]float32, n)
		s.moved, s.doubt = make([]uint16, tiles), make([]uint16, tiles)
	}
}
