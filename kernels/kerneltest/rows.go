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
			for i := range gap {
				gap[i] = float32(s.Below(6, 1, uint64(i))) // equal to the limit now and then
				switch s.Below(9, 2, uint64(i)) {
				case 0:
					gap[i] = float32(math.Inf(1))
				case 1:
					gap[i] = float32(math.Inf(-1))
				}
				label[i] = uint8(s.Below(uint64(k), 3, uint64(i)))
			}
			checkPending(t, tools, gap, label, &limit, k)
		}
	}
}

func checkPending(t *testing.T, tools kernels.RowTools, gap []float32, label []uint8, limit *[kernels.MaxK]float32, k int) {
	t.Helper()
	var want []int32
	for i, g := range gap {
		if g <= limit[label[i]] {
			want = append(want, int32(1000+i))
		}
	}
	for _, before := range [][]int32{nil, {-5}, append(make([]int32, 0, 500), -5)} {
		got := tools.Pending(slices.Clone(before), gap, label, limit, k, 1000)
		if !slices.Equal(got, append(slices.Clone(before), want...)) {
			t.Fatalf("pending: n=%d k=%d: %v, want %v", len(gap), k, got, want)
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
			for i := range n {
				scores.Label[i] = uint8(s.Below(256, 1, uint64(i)))
				scores.Upper[i], scores.Lower[i] = float32(scale*s.Float64(2, uint64(i))), float32(scale*s.Float64(3, uint64(i)))
				if i%5 == 0 {
					scores.Lower[i] = scores.Upper[i]
				}
				if i%7 == 0 {
					scores.Lower[i] = float32(math.Inf(1))
				}
			}
			checkSettle(t, tools, &scores, &slack)
		}
	}
}

// checkSettle settles the scores into every second gap by index, and into all of them without.
func checkSettle(t *testing.T, tools kernels.RowTools, scores *kernels.Scores, slack *[kernels.MaxK]float32) {
	t.Helper()
	n := len(scores.Label)
	index := make([]int32, n)
	for i := range index {
		index[i] = int32(2*i + 1)
	}
	picked, whole := make([]float32, 2*n+1), make([]float32, n)
	tools.Settle(picked, index, scores, slack)
	tools.Settle(whole, nil, scores, slack)
	for i := range n {
		up, low, add := float64(scores.Upper[i]), float64(scores.Lower[i]), float64(slack[scores.Label[i]])
		for _, got := range []float64{float64(whole[i]), float64(picked[2*i+1])} {
			if math.IsInf(low, 1) {
				if !(got > 0x1p120 && got < math.Inf(1)) {
					t.Fatalf("settle: n=%d: gap of an only centroid is %g", n, got)
				}
				continue
			}
			if !(got <= low-up+add) || got < low-up+add-0x1p-19*(math.Abs(low-up)+add)-0x1p-124 {
				t.Fatalf("settle: n=%d row %d: gap %g of %g - %g + %g", n, i, got, low, up, add)
			}
		}
		if picked[2*i] != 0 {
			t.Fatalf("settle: n=%d: gap %d written", n, 2*i)
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

// onlyTiles returns rows without their values, which then lie in the tiles alone.
func onlyTiles(m *tile.Matrix, rows *kernels.Rows) *kernels.Rows {
	return &kernels.Rows{N: rows.N, D: rows.D, Tiles: m.Tiles, Square: rows.Square, Scale: rows.Scale}
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
			if n%3 == 2 {
				checkGather(t, tools, m, onlyTiles(m, rows), index)
			} else {
				checkGather(t, tools, m, rows, index)
			}
		}
	}
}

func checkGather(t *testing.T, tools kernels.RowTools, m *tile.Matrix, rows *kernels.Rows, index []int32) {
	t.Helper()
	n, d := len(index), m.D
	lanes := (n + 15) / 16 * 16
	b := kernels.Block{Tiles: make([]float32, lanes*d+8*16), Square: make([]float32, lanes)}
	tools.Gather(&b, rows, index)
	if b.N != n || b.D != d {
		t.Fatalf("gather: a block of %d x %d, want %d x %d", b.N, b.D, n, d)
	}
	for o, i := range index {
		for j := range d {
			if got := b.Tiles[(o/16*d+j)*16+o%16]; got != m.At(int(i), j) {
				t.Fatalf("gather: d=%d n=%d: value %d of point %d is %g, want %g", d, n, j, o, got, m.At(int(i), j))
			}
		}
		if b.Square[o] != rows.Square[i] {
			t.Fatalf("gather: d=%d n=%d: square of point %d", d, n, o)
		}
	}
}

func accumulate(t *testing.T, path kernels.Path) {
	for _, e := range []int{-100, 0, 20, 100} {
		for d := 1; d <= 33; d++ {
			m := points("accumulate", 50, d, 22, e)
			rows, s, tools := rowsOf(m), rng.New(1, "kerneltest accumulate", d, 0), open(t, path, d)
			if d%3 == 2 {
				rows = onlyTiles(m, rows)
			}
			for _, n := range []int{0, 1, 2, 33} {
				const k = 5
				index, label, weight := make([]int32, n), make([]uint8, n), make([]int32, n)
				for i := range index {
					index[i] = int32(s.Below(50, 0, uint64(i)))
					label[i] = uint8(s.Below(k, 1, uint64(i)))
					weight[i] = int32(s.Below(9, 2, uint64(i))) - 4
					if i%7 == 3 {
						weight[i] = math.MaxInt32
					}
				}
				checkAccumulate(t, tools, m, rows, index, label, weight, k)
				checkAccumulate(t, tools, m, rows, nil, label, weight, k)
			}
		}
	}
}

func checkAccumulate(t *testing.T, tools kernels.RowTools, m *tile.Matrix, rows *kernels.Rows, index []int32, label []uint8,
	weight []int32, k int) {
	t.Helper()
	d := m.D
	sums, want := make([]int64, k*kernels.Padded(d)), make([]int64, k*d)
	for c := range k {
		for j := range d {
			sums[c*kernels.Padded(d)+j] = int64(1000*c + j)
			want[c*d+j] = int64(1000*c + j)
		}
	}
	for o, l := range label {
		i := o
		if index != nil {
			i = int(index[o])
		}
		for j := range d {
			want[int(l)*d+j] += int64(weight[o]) * int64(math.Ldexp(float64(m.At(i, j)), m.Grids[j].E))
		}
	}
	tools.Accumulate(sums, rows, index, label, weight)
	for c := range k {
		for j := range d {
			if got := sums[c*kernels.Padded(d)+j]; got != want[c*d+j] {
				t.Fatalf("accumulate: d=%d n=%d: sum %d of cluster %d is %d, want %d", d, len(label), j, c, got, want[c*d+j])
			}
		}
	}
}

func potential(t *testing.T, path kernels.Path) {
	tools, s := open(t, path, 1), rng.New(1, "kerneltest potential", 0, 0)
	for n := range 300 {
		for round := range 4 {
			near, dist, weight := make([]float64, n), make([]float64, n), make([]int32, n)
			largest := 1e-3 + 1e3*s.Float64(0, uint64(n))
			for i := range near {
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
			}
			checkPotential(t, tools, near, dist, weight, largest)
		}
	}
}

func checkPotential(t *testing.T, tools kernels.RowTools, near, dist []float64, weight []int32, largest float64) {
	t.Helper()
	sum, want, dst := new(big.Int), make([]float64, len(near)), make([]float64, len(near))
	for i := range want {
		want[i] = min(near[i], dist[i])
		share := new(big.Int).SetUint64(uint64(math.Ceil(want[i] / largest * 0x1p32)))
		sum.Add(sum, share.Mul(share, big.NewInt(int64(weight[i]))))
	}
	hi, lo := tools.Potential(dst, near, dist, weight, largest)
	got := new(big.Int).SetUint64(hi)
	got.Lsh(got, 64).Add(got, new(big.Int).SetUint64(lo))
	if got.Cmp(sum) != 0 || !slices.Equal(dst, want) {
		t.Fatalf("potential: n=%d: %v, want %v", len(near), got, sum)
	}
}

// fuzzRowTools holds the tools of a path to their formulas on the points of m, with labels, weights and bounds made from
// the same bytes.
func fuzzRowTools(t *testing.T, path kernels.Path, m *tile.Matrix, data []byte, k int) {
	t.Helper()
	tools, rows := open(t, path, m.D), rowsOf(m)
	b := func(i int) int { return int(data[i%len(data)]) }
	index, label, weight := make([]int32, m.N), make([]uint8, m.N), make([]int32, m.N)
	var limit, slack [kernels.MaxK]float32
	for c := range limit {
		limit[c], slack[c] = float32(int8(b(c))), float32(b(c))*0x1p-4
	}
	gap := make([]float32, m.N)
	scores := kernels.Scores{Label: label, Upper: make([]float32, m.N), Lower: make([]float32, m.N)}
	for i := range m.N {
		index[i] = int32((i*7 + b(i)) % m.N)
		label[i] = uint8((i + b(2*i)) % k)
		weight[i] = int32(uint16(b(i)<<8 + b(3*i)))
		gap[i] = float32(int8(b(i + 1)))
		scores.Upper[i], scores.Lower[i] = float32(b(5*i))*0x1p-7, float32(b(11*i))*0x1p-7
	}
	checkPending(t, tools, gap, label, &limit, k)
	checkSettle(t, tools, &scores, &slack)
	checkGather(t, tools, m, rows, index)
	checkGather(t, tools, m, onlyTiles(m, rows), index)
	near, dist, largest := make([]float64, m.N), make([]float64, m.N), 0.0
	for i := range m.N {
		x := m.Row(nil, i)
		near[i], dist[i] = distance(x, m.Row(nil, 0)), distance(x, m.Row(nil, b(0)%m.N))
		largest = max(largest, near[i])
	}
	if largest > 0 && !slices.ContainsFunc(dist, func(v float64) bool { return v > largest }) {
		checkPotential(t, tools, near, dist, weight, largest)
	}
	for i := range weight {
		weight[i] -= 1 << 15
	}
	checkAccumulate(t, tools, m, rows, index, label, weight, k)
	checkAccumulate(t, tools, m, rows, nil, label, weight, k)
	checkAccumulate(t, tools, m, onlyTiles(m, rows), index, label, weight, k)
}
