package exact

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

func TestEigenAgainstGonum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.IntRange(1, 12).Draw(t, "d")
		a := make([][]float64, d)
		sym := mat.NewSymDense(d, nil)
		norm := 0.0
		for i := range a {
			a[i] = make([]float64, d)
		}
		for i := range d {
			for j := i; j < d; j++ {
				// Thousandths: gonum's Dsterf panics on matrices whose norm is below 1e-122 or so.
				x := float64(rapid.OneOf(rapid.IntRange(-10000, 10000), rapid.Just(0), rapid.Just(1000)).Draw(t, "x")) / 1000
				a[i][j], a[j][i] = x, x
				sym.SetSym(i, j, x)
				norm += x * x
			}
		}
		// Both methods are backward stable: eigenvalues are off by a small multiple of d * 2^-52 times the norm.
		limit := 20 * float64(d) * 0x1p-52 * math.Sqrt(2*norm)
		before := make([][]float64, d)
		for i := range a {
			before[i] = slices.Clone(a[i])
		}
		values, vectors := Eigen(a)
		var es mat.EigenSym
		if !es.Factorize(sym, false) {
			t.Skip("gonum did not converge")
		}
		want := es.Values(nil)
		slices.Reverse(want)
		for c, v := range values {
			if math.Abs(v-want[c]) > limit {
				t.Fatalf("eigenvalues %v, want %v", values, want)
			}
			at := 0
			for j := range d {
				if math.Abs(vectors[c][j]) > math.Abs(vectors[c][at]) {
					at = j
				}
				av := 0.0
				for k := range d {
					av += before[j][k] * vectors[c][k]
				}
				if math.Abs(av-v*vectors[c][j]) > limit {
					t.Fatalf("A v is not lambda v: off by %g", av-v*vectors[c][j])
				}
			}
			if vectors[c][at] <= 0 {
				t.Fatalf("the largest entry of %v is not positive", vectors[c])
			}
			for o := range c + 1 {
				dot := 0.0
				for j := range d {
					dot += vectors[c][j] * vectors[o][j]
				}
				if o == c {
					dot--
				}
				if math.Abs(dot) > 20*float64(d)*0x1p-52 {
					t.Fatalf("components %d and %d are not orthonormal: %g", c, o, dot)
				}
			}
		}
	})
}
