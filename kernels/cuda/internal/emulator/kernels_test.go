package emulator

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"
)

// What nvcc makes of testdata/kernels.cu gives the results of the same loops in Go.

func TestAssign(t *testing.T) {
	for _, shape := range []struct{ n, k, q int }{{1, 1, 1}, {700, 5, 2}, {1000, 16, 8}, {513, 64, 3}, {300, 7, 0}} {
		for seed := range uint64(3) {
			assignOnce(t, shape.n, shape.k, shape.q, seed)
		}
	}
}

func assignOnce(t *testing.T, n, k, q int, seed uint64) {
	r := newRig(t, Options{Seed: seed})
	f := r.kernel(r.module(testdata(t, "kernels.ptx")), "assign")
	g := rand.New(rand.NewPCG(1, 2))
	random := func(n int) []float32 {
		v := make([]float32, max(n, 1))
		for i := range v {
			v[i] = float32(g.NormFloat64())
		}
		return v
	}
	rows, centroids, half := random(4*q*n), random(4*q*k), random(k)
	labels := make([]int32, n)
	for i := range labels {
		labels[i] = int32(i % k)
	}
	pRows, pCent, pHalf, pLabels := upload(r, rows), upload(r, centroids), upload(r, half), upload(r, labels)
	pBest, pSecond := blank[float32](r, n), blank[float32](r, n)
	pMoved, pSums, pCounts := upload(r, make([]uint64, 1)), upload(r, make([]uint64, 2*k)), upload(r, make([]uint32, k))
	r.launch(f, (n+255)/256, 256, 16*k*q, ptr(pRows), ptr(pCent), ptr(pHalf), ptr(int32(n)), ptr(int32(k)), ptr(int32(q)), ptr(pLabels), ptr(pBest), ptr(pSecond), ptr(pMoved), ptr(pSums), ptr(pCounts))

	best, second := download[float32](r, pBest, n), download[float32](r, pSecond, n)
	got, moved, sums, counts := download[int32](r, pLabels, n), download[uint64](r, pMoved, 1)[0], download[uint64](r, pSums, 2*k), download[uint32](r, pCounts, k)
	wantMoved := uint64(0)
	wantCount := make([]uint32, k)
	wantSum, wantXor := make([]uint64, k), make([]uint64, k)
	for i := range n {
		b, s, label := float32(math.Inf(1)), float32(math.Inf(1)), int32(-1)
		for c := range k {
			d := half[c]
			for j := range q {
				for e := range 4 {
					d = float32(bigFMA(-float64(rows[(j*n+i)*4+e]), float64(centroids[(c*q+j)*4+e]), float64(d), 24))
				}
			}
			if d < b {
				b, s, label = d, b, int32(c)
			} else if d < s {
				s = d
			}
		}
		if best[i] != b || second[i] != s || got[i] != label {
			t.Fatalf("row %d: (%v, %v, %d), want (%v, %v, %d)", i, best[i], second[i], got[i], b, s, label)
		}
		if label != labels[i] {
			wantMoved++
		}
		wantXor[label] ^= uint64(i) * 0x9E3779B97F4A7C15
		wantSum[label] += uint64(i)
		wantCount[label]++
	}
	if moved != wantMoved {
		t.Errorf("%d moved, want %d", moved, wantMoved)
	}
	for c := range k {
		if sums[c] != wantXor[c] || sums[k+c] != wantSum[c] || counts[c] != wantCount[c] {
			t.Errorf("cluster %d: (%#x, %d, %d), want (%#x, %d, %d)", c, sums[c], sums[k+c], counts[c], wantXor[c], wantSum[c], wantCount[c])
		}
	}
}

func TestPhilox(t *testing.T) {
	const n = 100
	r := newRig(t, Options{})
	f := r.kernel(r.module(testdata(t, "kernels.ptx")), "philox")
	out := blank[uint64](r, n)
	k0, k1, step, m := uint32(0xa4093822), uint32(0x299f31d0), uint64(0x85a308d3_243f6a88), uint64(1e15)
	r.launch(f, 1, 128, 0, ptr(k0), ptr(k1), ptr(step), ptr(out), ptr(int32(n)), ptr(m))
	for i, got := range download[uint64](r, out, n) {
		c0, c1, c2, c3, a, b := uint32(i), uint32(0), uint32(step), uint32(step>>32), k0, k1
		for range 10 {
			p0, p1 := uint64(c0)*0xD2511F53, uint64(c2)*0xCD9E8D57
			c0, c1, c2, c3 = uint32(p1>>32)^c1^a, uint32(p1), uint32(p0>>32)^c3^b, uint32(p0)
			a, b = a+0x9E3779B9, b+0xBB67AE85
		}
		if want, _ := bits.Mul64(uint64(c1)<<32|uint64(c0), m); got != want {
			t.Fatalf("%d: %#x, want %#x", i, got, want)
		}
	}
}

// Atomics on shared memory give each row of a bucket a place of its own, without gaps.
func TestPlaces(t *testing.T) {
	bucket := make([]byte, 256)
	for i := range bucket {
		bucket[i] = byte(i * i % 7)
	}
	for seed := range uint64(4) {
		r := newRig(t, Options{Seed: seed})
		place := blank[uint32](r, 256)
		r.launch(r.kernel(r.module(testdata(t, "kernels.ptx")), "places"), 1, 256, 0, ptr(upload(r, bucket)), ptr(place))
		var taken [7][256]bool
		var size [7]uint32
		for i, p := range download[uint32](r, place, 256) {
			if taken[bucket[i]][p] {
				t.Fatalf("place %d of bucket %d is taken twice", p, bucket[i])
			}
			taken[bucket[i]][p] = true
			size[bucket[i]] = max(size[bucket[i]], p+1)
		}
		for i := range bucket {
			size[bucket[i]]--
		}
		if size != [7]uint32{} {
			t.Errorf("gaps: %v", size)
		}
	}
}

func TestDoubles(t *testing.T) {
	const n = 200
	g := rand.New(rand.NewPCG(8, 8))
	a, b := make([]float64, n), make([]float64, n)
	for i := range a {
		a[i], b[i] = math.Exp(40*g.NormFloat64()), g.NormFloat64()
	}
	r := newRig(t, Options{})
	o := blank[[6]float64](r, n)
	r.launch(r.kernel(r.module(testdata(t, "kernels.ptx")), "doubles"), 2, 128, 0, ptr(upload(r, a)), ptr(upload(r, b)), ptr(o), ptr(int32(n)))
	for i, got := range download[[6]float64](r, o, n) {
		x, y := a[i], b[i]
		want := [6]float64{x + y, float64(x * y), x / y, math.Sqrt(x), bigFMA(x, y, x, 53), float64(x*x) - y}
		if got != want {
			t.Fatalf("%v, %v: %v, want %v", x, y, got, want)
		}
	}
}

// NVIDIA's library on the emulator against Go's: NVIDIA states at most 2 units in the last place for these, Go's are within 1; 8,
// relative and, near zeros, absolute, leave room for both.
func TestLibrary(t *testing.T) {
	const n = 300
	g := rand.New(rand.NewPCG(9, 9))
	x := make([]float64, n)
	for i := range x {
		x[i] = math.Exp(g.NormFloat64())
	}
	r := newRig(t, Options{})
	o := blank[[8]float64](r, n)
	r.launch(r.kernel(r.module(testdata(t, "kernels.ptx")), "library"), 3, 128, 0, ptr(upload(r, x)), ptr(o), ptr(int32(n)))
	for i, got := range download[[8]float64](r, o, n) {
		v, f := x[i], float64(float32(x[i]))
		for j, want := range []float64{math.Exp(v), math.Log(v), math.Pow(v, 1.5), math.Sin(v), math.Cbrt(v), math.Exp(f), math.Log(f), math.Erf(v)} {
			unit := 0x1p-52
			if j == 5 || j == 6 {
				unit = 0x1p-23
			}
			if d := math.Abs(got[j] - want); !(d <= 8*unit*math.Abs(want)+unit*8) {
				t.Errorf("function %d of %v: %v, want %v", j, v, got[j], want)
			}
		}
	}
}
