package emulator

import (
	"math"
	"math/rand/v2"
	"testing"

	"segovia/kernels/cuda/driver"
)

// seeds runs a test under several orders of blocks, warps and lanes.
func seeds(t *testing.T, test func(r *rig, m driver.Module)) {
	t.Helper()
	for seed := range uint64(6) {
		r := newRig(t, Options{Seed: seed})
		test(r, r.module(testdata(t, "warps.ptx")))
	}
}

func TestReduce(t *testing.T) {
	const n, blocks = 5000, 3
	x := make([]float32, n)
	g := rand.New(rand.NewPCG(1, 1))
	for i := range x {
		x[i] = float32(g.NormFloat64())
	}
	seeds(t, func(r *rig, m driver.Module) {
		sum, top := blank[float64](r, blocks), blank[float32](r, blocks)
		r.launch(r.kernel(m, "reduce"), blocks, 256, 0, ptr(upload(r, x)), ptr(int32(n)), ptr(sum), ptr(top))
		gotSum, gotTop := download[float64](r, sum, blocks), download[float32](r, top, blocks)
		for b := range blocks {
			var s [256]float64
			largest := float32(math.Inf(-1))
			for i := range n {
				if i/256%blocks == b {
					s[i%256] += float64(x[i])
					largest = max(largest, x[i])
				}
			}
			total := 0.0
			for w := range 8 {
				v := s[32*w : 32*w+32]
				for d := 16; d > 0; d /= 2 {
					for l := range d {
						v[l] += v[l+d]
					}
				}
				if w == 0 {
					total = v[0]
				} else {
					total += v[0]
				}
			}
			if gotSum[b] != total || gotTop[b] != largest {
				t.Fatalf("block %d: (%v, %v), want (%v, %v)", b, gotSum[b], gotTop[b], total, largest)
			}
		}
	})
}

func TestDivergence(t *testing.T) {
	const n = 192
	seeds(t, func(r *rig, m driver.Module) {
		steps, even := blank[uint32](r, n), blank[uint32](r, n/32)
		r.launch(r.kernel(m, "collatz"), 3, 64, 0, ptr(steps), ptr(even))
		got, masks := download[uint32](r, steps, n), download[uint32](r, even, n/32)
		for i := range n {
			want := uint32(0)
			for v := i + 1; v != 1; want++ {
				if v%2 == 1 {
					v = 3*v + 1
				} else {
					v /= 2
				}
			}
			if got[i] != want || (masks[i/32]>>(i%32)&1 == 1) != (want%2 == 0) {
				t.Fatalf("%d: %d steps, want %d; mask %#x", i+1, got[i], want, masks[i/32])
			}
		}
	})
}

func TestHalves(t *testing.T) {
	seeds(t, func(r *rig, m driver.Module) {
		out := blank[int32](r, 64)
		r.launch(r.kernel(m, "halves"), 1, 64, 0, ptr(out))
		got := download[int32](r, out, 64)
		for from := 0; from < 64; from += 16 {
			factor := int32(1 + from/16%2)
			var v [16]int32
			for i := range v {
				v[i] = int32(from + i)
			}
			for d := 1; d < 16; d *= 2 {
				old := v
				for i := d; i < 16; i++ {
					v[i] += factor * old[i-d]
				}
			}
			for i := range v {
				if got[from+i] != v[i] {
					t.Fatalf("thread %d: %d, want %d", from+i, got[from+i], v[i])
				}
			}
		}
	})
}

func TestLockBetweenLanes(t *testing.T) {
	seeds(t, func(r *rig, m driver.Module) {
		mutex, count := upload(r, []int32{0}), upload(r, []int32{0})
		r.launch(r.kernel(m, "lock"), 3, 64, 0, ptr(mutex), ptr(count))
		if got := download[int32](r, count, 1)[0]; got != 192 {
			t.Errorf("%d, want 192", got)
		}
	})
}

func TestLastBlock(t *testing.T) {
	const n = 5 * 96
	x, want := make([]int32, n), int32(0)
	for i := range x {
		x[i] = int32(i * i)
		want += x[i]
	}
	seeds(t, func(r *rig, m driver.Module) {
		total := blank[int32](r, 1)
		r.launch(r.kernel(m, "last"), 5, 96, 0, ptr(upload(r, x)), ptr(blank[int32](r, 5)), ptr(upload(r, []uint32{0})), ptr(total))
		if got := download[int32](r, total, 1)[0]; got != want {
			t.Errorf("%d, want %d", got, want)
		}
	})
}

func TestVotes(t *testing.T) {
	for _, fill := range []func(i int) int32{func(i int) int32 { return int32(i % 5) }, func(int) int32 { return 3 }, func(i int) int32 { return int32(i) - 1 }} {
		x := make([]int32, 64)
		for i := range x {
			x[i] = fill(i)
		}
		seeds(t, func(r *rig, m driver.Module) {
			out := blank[[12]uint32](r, 64)
			r.launch(r.kernel(m, "votes"), 1, 64, 0, ptr(upload(r, x)), ptr(out))
			for i, got := range download[[12]uint32](r, out, 64) {
				var want [12]uint32
				want[0], want[2], want[4], want[9], want[11] = 1, 1, 1<<31|math.MaxUint32, 1, math.MaxUint32
				low, high := int32(math.MaxInt32), uint32(0)
				for j, v := range x {
					if v == 3 {
						want[8]++
					}
					if v < 0 {
						want[9], want[10] = 0, 1
					}
					if j/32 != i/32 {
						continue
					}
					if v < 0 {
						want[0] = 0
					}
					if v == 3 {
						want[1] = 1
					}
					if v == x[i] {
						want[3] |= 1 << (j % 32)
					} else {
						want[4] = 0
					}
					low, high = min(low, v), max(high, uint32(v))
					want[7] ^= uint32(v)
				}
				want[5], want[6] = uint32(low), high
				got[9], got[10] = min(got[9], 1), min(got[10], 1) // nonzero is what is promised
				if got != want {
					t.Fatalf("thread %d: %x, want %x", i, got, want)
				}
			}
		})
	}
}

func TestSyncwarp(t *testing.T) {
	x, want := make([]int32, 64), [2]int32{}
	for i := range x {
		x[i] = int32(i * 7)
		want[i/32] += x[i]
	}
	seeds(t, func(r *rig, m driver.Module) {
		out := blank[int32](r, 2)
		r.launch(r.kernel(m, "syncwarp"), 1, 64, 0, ptr(upload(r, x)), ptr(out))
		if got := download[int32](r, out, 2); [2]int32(got) != want {
			t.Errorf("%v, want %v", got, want)
		}
	})
}

func TestTiles(t *testing.T) {
	const n = 48
	a, b := make([]float32, n*n), make([]float32, n*n)
	g := rand.New(rand.NewPCG(2, 2))
	for i := range a {
		a[i], b[i] = float32(g.NormFloat64()), float32(g.NormFloat64())
	}
	seeds(t, func(r *rig, m driver.Module) {
		c := blank[float32](r, n*n)
		f := r.kernel(m, "tiles")
		r.must(r.Launch(f, driver.Dim{X: n / 16, Y: n / 16, Z: 1}, driver.Dim{X: 16, Y: 16, Z: 1}, 0, r.s, pointers(ptr(upload(r, a)), ptr(upload(r, b)), ptr(c), ptr(int32(n)))))
		got := download[float32](r, c, n*n)
		for i := range n {
			for j := range n {
				s := float32(0)
				for k := range n {
					s = float32(bigFMA(float64(a[i*n+k]), float64(b[k*n+j]), float64(s), 24))
				}
				if got[i*n+j] != s {
					t.Fatalf("(%d, %d): %v, want %v", i, j, got[i*n+j], s)
				}
			}
		}
	})
}

// The matrix instructions put each number where the PTX manual says it belongs.
func TestMatrix(t *testing.T) {
	g := rand.New(rand.NewPCG(3, 3))
	random := func(n int) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(g.NormFloat64())
		}
		return v
	}
	half := func(v []float32) []uint32 {
		u := make([]uint32, len(v)/2)
		for i := range u {
			u[i] = math.Float32bits(v[2*i])>>16 | math.Float32bits(v[2*i+1])&0xffff0000
		}
		return u
	}
	a, b, c, ah, bh := random(16*8), random(8*8), random(16*8), random(16*16), random(8*16)
	cut := func(v float32, drop int) float64 {
		return float64(math.Float32frombits(math.Float32bits(v) >> drop << drop))
	}
	r := newRig(t, Options{})
	d, dh := blank[float32](r, 16*8), blank[float32](r, 16*8)
	r.launch(r.kernel(r.module(testdata(t, "warps.ptx")), "mma"), 1, 32, 0, ptr(upload(r, a)), ptr(upload(r, b)), ptr(upload(r, c)), ptr(d), ptr(upload(r, half(ah))), ptr(upload(r, half(bh))), ptr(dh))
	got, gotHalf := download[float32](r, d, 16*8), download[float32](r, dh, 16*8)
	for i := range 16 {
		for j := range 8 {
			want, wantHalf := float64(c[i*8+j]), float64(c[i*8+j])
			for k := range 8 {
				want = bigFMA(cut(a[i*8+k], 13), cut(b[j*8+k], 13), want, 24)
			}
			for k := range 16 {
				wantHalf = bigFMA(cut(ah[i*16+k], 16), cut(bh[j*16+k], 16), wantHalf, 24)
			}
			if float64(got[i*8+j]) != want || float64(gotHalf[i*8+j]) != wantHalf {
				t.Fatalf("(%d, %d): %v and %v, want %v and %v", i, j, got[i*8+j], gotHalf[i*8+j], want, wantHalf)
			}
		}
	}
}

func TestPipeline(t *testing.T) {
	const rows = 5
	x := make([][4]float32, 32*rows)
	for i := range x {
		x[i] = [4]float32{float32(i), float32(2 * i), float32(3 * i), float32(4 * i)}
	}
	seeds(t, func(r *rig, m driver.Module) {
		out := blank[[4]float32](r, 32)
		r.launch(r.kernel(m, "pipeline"), 1, 32, 0, ptr(upload(r, x)), ptr(int32(rows)), ptr(out))
		for i, got := range download[[4]float32](r, out, 32) {
			var want [4]float32
			for k := range rows {
				for e := range want {
					want[e] += x[32*k+(i+1)%32][e]
				}
			}
			if got != want {
				t.Fatalf("%d: %v, want %v", i, got, want)
			}
		}
	})
}

func TestFragments(t *testing.T) {
	x := make([][8]uint16, 8)
	for i := range x {
		for j := range x[i] {
			x[i][j] = uint16(16*i + j)
		}
	}
	r := newRig(t, Options{})
	out := blank[[2]uint32](r, 32)
	r.launch(r.kernel(r.module(testdata(t, "warps.ptx")), "fragments"), 1, 32, 0, ptr(upload(r, x)), ptr(out))
	for l, got := range download[[2]uint32](r, out, 32) {
		i, j := l/4, l%4*2
		if got[0] != uint32(x[i][j])|uint32(x[i][j+1])<<16 || got[1] != uint32(x[j][i])|uint32(x[j+1][i])<<16 {
			t.Fatalf("lane %d: %x", l, got)
		}
	}
}

func TestFunctions(t *testing.T) {
	for n := range 8 {
		a := []float32{1, 2, 3, 4, 5, 6, 7, 8}
		r := newRig(t, Options{})
		p := upload(r, a)
		r.launch(r.kernel(r.module(testdata(t, "warps.ptx")), "functions"), 1, 8, 0, ptr(p), ptr(int32(n)))
		helper := func(a float32, p *int32) float32 {
			if a > 3 {
				*p = 7
			}
			return a*2 + float32(*p)
		}
		for i, got := range download[float32](r, p, 8) {
			v := int32(10 * n)
			want := helper(a[i], &v) + float32(n&3+1)
			switch i % 6 {
			case 0:
				want++
			case 1:
				want *= 3
			case 2:
				want -= helper(want, &v)
			case 3:
				want = -want
			case 4:
				want = float32(math.Sqrt(float64(want)))
			}
			if want += float32(10 * (v & 7)); got != want {
				t.Fatalf("n = %d, thread %d: %v, want %v", n, i, got, want)
			}
		}
	}
}

// All modes of shfl against their description in the PTX manual, for segments of all widths.
func TestShuffle(t *testing.T) {
	for _, mode := range []string{"up", "down", "bfly", "idx"} {
		for width := 1; width <= 32; width *= 2 {
			for by := range 33 {
				c := (32 - width) << 8
				if mode != "up" {
					c |= 31
				}
				ptx := header + ".visible .entry k(.param .u64 out, .param .u32 by, .param .u32 c) {\n" + registers + `
	ld.param.u64 %q1, [out]; ld.param.u32 %r1, [by]; ld.param.u32 %r2, [c];
	mov.u32 %r3, %laneid; add.u32 %r4, %r3, 100;
	shfl.sync.` + mode + `.b32 %r5|%p1, %r4, %r1, %r2, -1;
	selp.u32 %r6, 1, 0, %p1;
	mad.wide.u32 %q2, %r3, 8, %q1;
	st.global.v2.u32 [%q2], {%r5, %r6};
	ret;
}
`
				r := newRig(t, Options{})
				out := blank[[2]uint32](r, 32)
				r.launch(r.kernel(r.module(ptx), "k"), 1, 32, 0, ptr(out), ptr(uint32(by)), ptr(uint32(c)))
				for l, got := range download[[2]uint32](r, out, 32) {
					first := l / width * width
					j := map[string]int{"up": l - by&31, "down": l + by&31, "bfly": l ^ by&31, "idx": first + by&31%width}[mode]
					ok := j >= first && j < first+width
					if mode == "bfly" {
						ok = j < first+width // lanes before the segment may be read
					}
					if mode == "idx" {
						ok = first|by&31&(width-1) < first+width
					}
					want := [2]uint32{uint32(100 + l), 0}
					if ok {
						want = [2]uint32{uint32(100 + j), 1}
					}
					if got != want {
						t.Fatalf("%s by %d, width %d, lane %d: %v, want %v", mode, by, width, l, got, want)
					}
				}
			}
		}
	}
}
