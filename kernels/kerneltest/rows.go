package kerneltest

import (
	"math"
	"math/big"
	"slices"
	"testing"

	"segovia/kernels"
	"segovia/kernels/rng"
	"segovia/kernels/tile"
)

// open returns a scorer of the path for d dimensions that the test closes.
func open(t *testing.T, path kernels.Path, d int) kernels.Scorer {
	t.Helper()
	s, err := path.Open(d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func pending(t *testing.T, path kernels.Path) {
	tools, s := open(t, path, 1), rng.New(1, "kerneltest pending", 0, 0)
	for n := range 140 {
		for _, k := range []int{1, 2, 7, 8, 9, 16, 17, 31, 32, 33, 100, 256} {
			var limit [kernels.MaxK]float32
			for c := range limit {
				limit[c] = float32(s.Below(5, 0, uint64(c)))
			}
			gap, label := make([]float32, n), make([]uint8, n)
			var want []int32
			for i := range gap {
				gap[i] = float32(s.Below(6, 1, uint64(i))) // equal to the limit now and then
				switch s.Below(9, 2, uint64(i)) {
				case 0:
					gap[i] = float32(math.Inf(1))
				case 1:
					gap[i] = float32(math.Inf(-1))
				}
				label[i] = uint8(s.Below(uint64(k), 3, uint64(i)))
				if gap[i] <= limit[label[i]] {
					want = append(want, int32(1000+i))
				}
			}
			for _, before := range [][]int32{nil, {-5}, append(make([]int32, 0, 500), -5)} {
				got := tools.Pending(slices.Clone(before), gap, label, &limit, k, 1000)
				if !slices.Equal(got, append(slices.Clone(before), want...)) {
					t.Fatalf("n=%d k=%d: %v, want %v", n, k, got, want)
				}
			}
		}
	}
}

func settle(t *testing.T, path kernels.Path) {
	tools, s := open(t, path, 1), rng.New(1, "kerneltest settle", 0, 0)
	for n := range 100 {
		for _, scale := range []float64{0x1p-100, 1, 0x1p100} {
			var slack [kernels.MaxK]float32
			for c := range slack {
				slack[c] = float32(scale * 9 * s.Float64(0, uint64(c)))
			}
			scores := kernels.Scores{Label: make([]uint8, n), Upper: make([]float32, n), Lower: make([]float32, n)}
			index := make([]int32, n)
			for i := range n {
				index[i] = int32(2*i + 1)
				scores.Label[i] = uint8(s.Below(256, 1, uint64(i)))
				scores.Upper[i], scores.Lower[i] = float32(scale*s.Float64(2, uint64(i))), float32(scale*s.Float64(3, uint64(i)))
				if i%5 == 0 {
					scores.Lower[i] = scores.Upper[i]
				}
				if i%7 == 0 {
					scores.Lower[i] = float32(math.Inf(1))
				}
			}
			picked, whole := make([]float32, 2*n+1), make([]float32, n)
			tools.Settle(picked, index, &scores, &slack)
			tools.Settle(whole, nil, &scores, &slack)
			for i := range n {
				up, low, add := float64(scores.Upper[i]), float64(scores.Lower[i]), float64(slack[scores.Label[i]])
				for _, got := range []float64{float64(whole[i]), float64(picked[2*i+1])} {
					if math.IsInf(low, 1) {
						if !(got > 0x1p120 && got < math.Inf(1)) {
							t.Fatalf("n=%d: gap of an only centroid is %g", n, got)
						}
						continue
					}
					if !(got <= low-up+add) || got < low-up+add-0x1p-19*(math.Abs(low-up)+add)-0x1p-124 {
						t.Fatalf("n=%d row %d: gap %g of %g - %g + %g", n, i, got, low, up, add)
					}
				}
				if picked[2*i] != 0 {
					t.Fatalf("n=%d: gap %d written", n, 2*i)
				}
			}
		}
	}
}

// rowsOf returns m row by row.
func rowsOf(m *tile.Matrix) *kernels.Rows {
	r := &kernels.Rows{N: m.N, D: m.D, Square: Squares(m), Scale: make([]float32, kernels.Padded(m.D))}
	for i := range m.N {
		r.Values = m.Row(r.Values, i)
	}
	for range kernels.RowSlack {
		r.Values = append(r.Values, 7)
	}
	for j, g := range m.Grids {
		r.Scale[j] = float32(math.Ldexp(1, g.E))
	}
	return r
}

func gather(t *testing.T, path kernels.Path) {
	for d := 1; d <= 40; d++ {
		m := points("gather", 90, d, 22, 20)
		rows, s, tools := rowsOf(m), rng.New(1, "kerneltest gather", d, 0), open(t, path, d)
		for n := range 70 {
			index := make([]int32, n)
			for i := range index {
				index[i] = int32(s.Below(90, uint64(n), uint64(i)))
			}
			lanes := (n + 15) / 16 * 16
			b := kernels.Block{Tiles: make([]float32, lanes*d+8*16), Square: make([]float32, lanes)}
			if n%3 == 2 { // from tiles alone
				tools.Gather(&b, &kernels.Rows{N: rows.N, D: d, Tiles: m.Tiles, Square: rows.Square, Scale: rows.Scale}, index)
			} else {
				tools.Gather(&b, rows, index)
			}
			if b.N != n || b.D != d {
				t.Fatalf("a block of %d x %d, want %d x %d", b.N, b.D, n, d)
			}
			for o, i := range index {
				for j := range d {
					if got := b.Tiles[(o/16*d+j)*16+o%16]; got != m.At(int(i), j) {
						t.Fatalf("d=%d n=%d: value %d of point %d is %g, want %g", d, n, j, o, got, m.At(int(i), j))
					}
				}
				if b.Square[o] != rows.Square[i] {
					t.Fatalf("d=%d n=%d: square of point %d", d, n, o)
				}
			}
		}
	}
}

func accumulate(t *testing.T, path kernels.Path) {
	for _, e := range []int{-100, 0, 20, 100} {
		for d := 1; d <= 33; d++ {
			m := points("accumulate", 50, d, 22, e)
			rows, s, tools := rowsOf(m), rng.New(1, "kerneltest accumulate", d, 0), open(t, path, d)
			for _, n := range []int{0, 1, 2, 33} {
				for _, numbered := range []bool{true, false} {
					const k = 5
					index, label, weight := make([]int32, n), make([]uint8, n), make([]int32, n)
					sums, want := make([]int64, k*kernels.Padded(d)), make([]int64, k*d)
					for c := range k {
						for j := range d {
							sums[c*kernels.Padded(d)+j] = int64(1000*c + j)
							want[c*d+j] = int64(1000*c + j)
						}
					}
					for i := range index {
						index[i] = int32(s.Below(50, 0, uint64(i)))
						if numbered {
							index[i] = int32(i)
						}
						label[i] = uint8(s.Below(k, 1, uint64(i)))
						weight[i] = int32(s.Below(9, 2, uint64(i))) - 4
						if i%7 == 3 {
							weight[i] = math.MaxInt32
						}
						for j := range d {
							want[int(label[i])*d+j] += int64(weight[i]) * int64(math.Ldexp(float64(m.At(int(index[i]), j)), e))
						}
					}
					if numbered {
						index = nil
					}
					if d%3 == 2 { // from tiles alone
						tools.Accumulate(sums, &kernels.Rows{N: rows.N, D: d, Tiles: m.Tiles, Scale: rows.Scale}, index, label, weight)
					} else {
						tools.Accumulate(sums, rows, index, label, weight)
					}
					for c := range k {
						for j := range d {
							if got := sums[c*kernels.Padded(d)+j]; got != want[c*d+j] {
								t.Fatalf("e=%d d=%d n=%d: sum %d of cluster %d is %d, want %d", e, d, n, j, c, got, want[c*d+j])
							}
						}
					}
				}
			}
		}
	}
}

func potential(t *testing.T, path kernels.Path) {
	tools, s := open(t, path, 1), rng.New(1, "kerneltest potential", 0, 0)
	for n := range 300 {
		for round := range 4 {
			dst, near, dist, weight := make([]float64, n), make([]float64, n), make([]float64, n), make([]int32, n)
			largest := 1e-3 + 1e3*s.Float64(0, uint64(n))
			sum := new(big.Int)
			want := make([]float64, n)
			for i := range dst {
				draw := func(step uint64) float64 {
					switch s.Below(6, step+4, uint64(i)) {
					case 0:
						return 0
					case 1:
						return largest
					case 2:
						return largest * 0x1p-40
					}
					return largest * s.Float64(step, uint64(i))
				}
				near[i], dist[i] = draw(1), draw(2)
				weight[i] = int32(s.Below([]uint64{2, 9, 1 << 16, 1 << 16}[round], 3, uint64(i)))
				if round == 3 {
					near[i], dist[i], weight[i] = largest, largest, 1<<16-1
				}
				want[i] = min(near[i], dist[i])
				share := new(big.Int).SetUint64(uint64(math.Ceil(want[i] / largest * 0x1p32)))
				sum.Add(sum, share.Mul(share, big.NewInt(int64(weight[i]))))
			}
			hi, lo := tools.Potential(dst, near, dist, weight, largest)
			got := new(big.Int).SetUint64(hi)
			got.Lsh(got, 64).Add(got, new(big.Int).SetUint64(lo))
			if got.Cmp(sum) != 0 || !slices.Equal(dst, want) {
				t.Fatalf("n=%d round %d: potential %v, want %v", n, round, got, sum)
			}
		}
	}
}
