// Package kerneltest is the conformance suite of the numeric contract. Every path runs all of it; a path that passes may
// be named on the command line.
package kerneltest

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"segovia/kernels"
	"segovia/kernels/rng"
	"segovia/kernels/tile"
)

// Require skips the test when ok is false, and fails it instead where the environment variable SEGOVIA_REQUIRE, a list
// separated by commas, names what is missing.
func Require(t testing.TB, name string, ok bool) {
	t.Helper()
	if ok {
		return
	}
	if slices.Contains(strings.Split(os.Getenv("SEGOVIA_REQUIRE"), ","), name) {
		t.Fatalf("SEGOVIA_REQUIRE names %s, and it is not available here", name)
	}
	t.Skipf("%s is not available here", name)
}

// Run holds path to the contract.
func Run(t *testing.T, path kernels.Path) {
	Require(t, path.Name(), path.Available() == nil)
	t.Run("every shape", func(t *testing.T) { everyShape(t, path) })
	t.Run("stacks", func(t *testing.T) { stacks(t, path) })
	t.Run("ties", func(t *testing.T) { ties(t, path) })
	t.Run("scales", func(t *testing.T) { scales(t, path) })
	t.Run("distances", func(t *testing.T) { distances(t, path) })
	t.Run("largest", func(t *testing.T) { largest(t, path) })
	t.Run("pending", func(t *testing.T) { pending(t, path) })
	t.Run("settle", func(t *testing.T) { settle(t, path) })
	t.Run("gather", func(t *testing.T) { gather(t, path) })
	t.Run("accumulate", func(t *testing.T) { accumulate(t, path) })
	t.Run("potential", func(t *testing.T) { potential(t, path) })
}

// points is n rows of d grid values with |q| < 2^bits and exponent e, drawn from a named stream.
func points(name string, n, d, bits, e int) *tile.Matrix {
	s := rng.New(1, "kerneltest "+name, n, d)
	m := &tile.Matrix{N: n, D: d, Tiles: tile.Aligned((n + 15) / 16 * 16 * d), Grids: make([]tile.Grid, d)}
	for i := range n {
		for j := range d {
			q := int64(s.Below(2<<bits-1, uint64(j), uint64(i))) - (1<<bits - 1)
			m.Tiles[(i/16*d+j)*16+i%16] = float32(math.Ldexp(float64(q), -e))
		}
	}
	for j := range m.Grids {
		m.Grids[j].E = e
	}
	return m
}

// poison fills the lanes beyond the last point with NaN: nothing may depend on them.
func poison(m *tile.Matrix) *tile.Matrix {
	for i := m.N; i < m.TileCount()*16; i++ {
		for j := range m.D {
			m.Tiles[(i/16*m.D+j)*16+i%16] = float32(math.NaN())
		}
	}
	return m
}

// centroids is k rows near rows of m, as Lloyd iterations have them: no grid values.
func centroids(m *tile.Matrix, k int, salt int) kernels.Centroids {
	s := rng.New(2, "kerneltest centroids", k, salt)
	c := kernels.Centroids{K: k}
	for r := range k {
		var row []float32
		if m.N > 0 {
			row = m.Row(nil, int(s.Below(uint64(m.N), 0, uint64(r))))
		} else {
			row = make([]float32, m.D)
		}
		for j, v := range row {
			row[j] = v * float32(0.75+s.Float64(uint64(j+1), uint64(r))/2)
		}
		c.C = append(c.C, row...)
	}
	return c
}

// distance is the contract's formula, written once more and nowhere else used.
func distance(x, c []float32) float64 {
	var sum float64
	for j := range x {
		diff := float64(x[j]) - float64(c[j])
		sum += float64(diff * diff)
	}
	return sum
}

func square(x []float32) float64 { return distance(x, make([]float32, len(x))) }

// Squares returns |x|^2 of every lane of m, as kernels.Rows has it.
func Squares(m *tile.Matrix) []float32 {
	out := make([]float32, m.TileCount()*tile.Lanes)
	for i := range m.N {
		out[i] = float32(square(m.Row(nil, i)))
	}
	return out
}

// check scores m under the stack and compares every output with the formula.
func check(t *testing.T, path kernels.Path, m *tile.Matrix, stack []kernels.Centroids, what string) {
	t.Helper()
	scorer, err := path.Open(m.D)
	if err != nil {
		t.Fatalf("%s: open: %v", what, err)
	}
	defer scorer.Close()
	const guard = 0xA5
	dst := make([]kernels.Scores, len(stack))
	before, guarded := make([][]uint8, len(stack)), make([][]uint8, len(stack))
	for i := range dst {
		before[i] = make([]uint8, m.N)
		for p := range before[i] {
			before[i][p] = uint8(p % max(stack[i].K, 1))
		}
		guarded[i] = append(slices.Clone(before[i]), guard, guard)
		dst[i] = kernels.Scores{Label: guarded[i][:m.N:m.N], Upper: make([]float32, m.N), Lower: make([]float32, m.N),
			Moved: []int32{-7}}
	}
	scorer.Load(stack)
	for i, model := range stack {
		scorer.Score(&dst[i], kernels.Block{D: m.D, N: m.N, Tiles: m.Tiles}, i)
		if guarded[i][m.N] != guard || guarded[i][m.N+1] != guard {
			t.Fatalf("%s: model %d: labels written beyond the last point", what, i)
		}
		var moved []int32
		// Bounds may be made of float32 scores, which are off by some (d+4) 2^-24 (|x|^2 + |c|^2); they must still be useful.
		loose, largest := 16*float64(m.D+8)*0x1p-24, 0.0
		for c := range model.K {
			largest = max(largest, square(model.C[c*m.D:(c+1)*m.D]))
		}
		for p := range m.N {
			x := m.Row(nil, p)
			best, second, label := math.Inf(1), math.Inf(1), 0
			for c := range model.K {
				sum := distance(x, model.C[c*m.D:(c+1)*m.D])
				if sum < best {
					best, second, label = sum, best, c
				} else if sum < second {
					second = sum
				}
			}
			if int(dst[i].Label[p]) != label {
				t.Fatalf("%s: model %d, point %d: label %d, want %d", what, i, p, dst[i].Label[p], label)
			}
			if u := float64(dst[i].Upper[p]); !(u >= math.Sqrt(best)) || u*u > best*1.003+loose*(square(x)+largest)+float64(m.D+8)*0x1p-124 {
				t.Fatalf("%s: model %d, point %d: upper bound %g of %g", what, i, p, u, math.Sqrt(best))
			}
			if l := float64(dst[i].Lower[p]); !(l <= math.Sqrt(second)) || model.K == 1 && !math.IsInf(l, 1) {
				t.Fatalf("%s: model %d, point %d: lower bound %g of %g", what, i, p, l, math.Sqrt(second))
			}
			if before[i][p] != uint8(label) {
				moved = append(moved, int32(p))
			}
		}
		if !slices.Equal(dst[i].Moved, moved) {
			t.Fatalf("%s: model %d: moved %v, want %v", what, i, dst[i].Moved, moved)
		}
	}
	// Bounds are optional, and asking for none changes no label.
	for i := range dst {
		before[i] = slices.Clone(dst[i].Label)
		dst[i].Upper, dst[i].Lower = nil, nil
		scorer.Score(&dst[i], kernels.Block{D: m.D, N: m.N, Tiles: m.Tiles, Square: Squares(m)}, i)
		if !slices.Equal(before[i], dst[i].Label) || len(dst[i].Moved) != 0 {
			t.Fatalf("%s: model %d: a second pass without bounds differs", what, i)
		}
	}
}

func everyShape(t *testing.T, path kernels.Path) {
	for n := range 70 {
		for _, d := range []int{1, 2, 3, 5, 8, 16, 17} {
			m := poison(points("shape", n, d, 22, 20))
			for _, k := range []int{1, 2, 3, 4, 5, 9} {
				check(t, path, m, []kernels.Centroids{centroids(m, k, 0)}, fmt.Sprintf("n=%d d=%d k=%d", n, d, k))
			}
		}
	}
	for d := 1; d <= 131; d++ {
		m := poison(points("dimensions", 37, d, 22, 20))
		for k := 1; k <= 40; k += 1 + d/8 {
			check(t, path, m, []kernels.Centroids{centroids(m, k, d)}, fmt.Sprintf("n=37 d=%d k=%d", d, k))
		}
	}
}

func stacks(t *testing.T, path kernels.Path) {
	for _, n := range []int{1, 16, 31, 300} {
		for _, d := range []int{2, 7, 20} {
			m := poison(points("stacks", n, d, 22, 20))
			var stack []kernels.Centroids
			for i, k := range []int{2, 7, 1, 16, 3, 33, 4} {
				stack = append(stack, centroids(m, k, i))
				check(t, path, m, stack, fmt.Sprintf("n=%d d=%d, %d models", n, d, len(stack)))
			}
		}
	}
}

// ties: few distinct values, equal centroids, points halfway between centroids, and centroids one float32 apart.
func ties(t *testing.T, path kernels.Path) {
	for d := 1; d <= 20; d++ {
		m := poison(points("ties", 200, d, 2, 0))
		c := kernels.Centroids{K: 12}
		for r := range c.K {
			row := m.Row(nil, r*7)
			switch r % 4 {
			case 1: // the same as the one before
				row = slices.Clone(c.C[len(c.C)-d:])
			case 2: // its neighbour in float32
				row = slices.Clone(c.C[len(c.C)-d:])
				row[d-1] = math.Nextafter32(row[d-1], 8)
			case 3: // mirrored at the origin: points at zero lie halfway
				for j := range row {
					row[j] = -c.C[len(c.C)-d+j]
				}
			}
			c.C = append(c.C, row...)
		}
		check(t, path, m, []kernels.Centroids{c}, fmt.Sprintf("ties, d=%d", d))
		reversed := kernels.Centroids{K: c.K}
		for r := c.K - 1; r >= 0; r-- {
			reversed.C = append(reversed.C, c.C[r*d:(r+1)*d]...)
		}
		check(t, path, m, []kernels.Centroids{c, reversed}, fmt.Sprintf("ties reversed, d=%d", d))
	}
}

// scales: the ends of the grid's exponents, columns of very different size, and centroids far from all points.
func scales(t *testing.T, path kernels.Path) {
	for _, e := range []int{-100, -60, -1, 0, 23, 60, 100} {
		for _, bits := range []int{1, 22} {
			m := poison(points("scales", 100, 6, bits, e))
			check(t, path, m, []kernels.Centroids{centroids(m, 5, e)}, fmt.Sprintf("e=%d bits=%d", e, bits))
		}
	}
	m := points("mixed scales", 100, 6, 22, 20)
	for i := range m.Tiles {
		m.Tiles[i] = float32(math.Ldexp(float64(m.Tiles[i]), (i/16%6)*24-60))
	}
	check(t, path, m, []kernels.Centroids{centroids(m, 9, 0)}, "columns of different size")
	// Points in a ball far from the origin of the grid: cancellation for every expansion of the square.
	m = points("far", 200, 4, 6, 10)
	for i := range m.Tiles {
		m.Tiles[i] += 4096
	}
	check(t, path, m, []kernels.Centroids{centroids(m, 3, 0),
		{K: 3, C: slices.Concat(m.Row(nil, 0), m.Row(nil, 9), m.Row(nil, 10))}}, "far from the origin")
}

func distances(t *testing.T, path kernels.Path) {
	for _, d := range []int{1, 2, 3, 16, 33, 512} {
		scorer, err := path.Open(d)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 40 {
			m := poison(points("distances", n, d, 22, 20))
			c := centroids(m, 1, n)
			got := make([]float64, n)
			scorer.Distances(got, kernels.Block{D: d, N: n, Tiles: m.Tiles}, c.C)
			for i := range got {
				if want := distance(m.Row(nil, i), c.C); got[i] != want {
					t.Fatalf("n=%d d=%d point %d: %x, want %x", n, d, i, got[i], want)
				}
			}
		}
		if err := scorer.Close(); err != nil {
			t.Error(err)
		}
	}
}

func largest(t *testing.T, path kernels.Path) {
	m := points("largest", 40, 512, 22, 20)
	check(t, path, m, []kernels.Centroids{centroids(m, kernels.MaxK, 0)}, "d=512 k=256")
}

// Fuzz holds path to the contract, scores and row tools, on points and centroids made from arbitrary bytes: few distinct
// values, so that ties, empty columns and equal rows are common.
func Fuzz(f *testing.F, path kernels.Path) {
	Require(f, path.Name(), path.Available() == nil)
	f.Add([]byte("a few bytes decide values"), uint8(3), uint8(5), uint8(20))
	f.Add([]byte{0, 0, 0, 255, 128}, uint8(1), uint8(1), uint8(0))
	f.Fuzz(func(t *testing.T, data []byte, d8, k8, e8 uint8) {
		d, k, e := 1+int(d8)%40, 1+int(k8)%64, int(e8)%201-100
		n := len(data) / d
		if n == 0 || n > 500 {
			return
		}
		m := &tile.Matrix{N: n, D: d, Tiles: tile.Aligned((n + 15) / 16 * 16 * d), Grids: make([]tile.Grid, d)}
		for i, b := range data[:n*d] {
			m.Tiles[(i/d/16*d+i%d)*16+i/d%16] = float32(math.Ldexp(float64(int8(b)), -e))
		}
		for j := range m.Grids {
			m.Grids[j].E = e
		}
		c := kernels.Centroids{K: k}
		for r := range k {
			for j, v := range m.Row(nil, (r*7)%n) {
				// Some centroids are rows, some lie one float32 beside them, some between two.
				switch (r + int(data[r%len(data)])) % 3 {
				case 1:
					v = math.Nextafter32(v, 0)
				case 2:
					v = (v + m.At((r+1)%n, j)) / 2
				}
				c.C = append(c.C, v)
			}
		}
		check(t, path, poison(m), []kernels.Centroids{c, centroids(m, 1+k/2, int(k8))}, "fuzz")
		fuzzRowTools(t, path, m, data, k)
	})
}
