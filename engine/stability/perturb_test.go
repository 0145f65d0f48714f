package stability

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"reflect"
	"slices"
	"testing"

	"segovia/engine/enginetest/fixture"
	"segovia/engine/internal/exact"
	"segovia/kernels/rng"
)

// stretched are n rows of three columns: normal with standard deviations 3, 1 and 0.2 along axes turned by an angle in
// the plane of the first two, around (5, -2, 1).
func stretched(n int) [][]float64 {
	s := rng.New(1, "stretched", 0, 0)
	x := [][]float64{make([]float64, n), make([]float64, n), make([]float64, n)}
	for i := range n {
		a, b := 3*exact.Normal(s, 0, uint64(i)), exact.Normal(s, 1, uint64(i))
		x[0][i], x[1][i] = 5+float64(.8*a)-float64(.6*b), -2+float64(.6*a)+float64(.8*b)
		x[2][i] = 1 + float64(.2*exact.Normal(s, 2, uint64(i)))
	}
	return x
}

func perturber(t *testing.T, x [][]float64) *Perturber {
	t.Helper()
	p, err := NewPerturber(context.Background(), x, 2)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The figures are R's: sqrt(eigen(cov(x))$values), and by axis quantile(d[d > 0], .05) of the differences of the sorted
// projections.
func TestPerturberOfIris(t *testing.T) {
	p := perturber(t, fixture.Columns(t, "reference/iris_r.csv", "Sepal.Length", "Sepal.Width", "Petal.Length", "Petal.Width"))
	spread := []float64{2.056268879800222, 0.492616227837283, 0.279659614608401, 0.154386181290456}
	near := []float64{9.06923296260409e-04, 1.21508296240318e-03, 3.80365917141146e-04, 2.44492732128671e-04}
	for c := range spread {
		// A distance is a difference of numbers up to 10, each off by a few ulps, 1e-15.
		if math.Abs(p.spread[c]-spread[c]) > 1e-13 || math.Abs(p.near[c]-near[c]) > 1e-13 {
			t.Errorf("axis %d: spread %.15g, want %.15g; near %.15g, want %.15g", c, p.spread[c], spread[c], p.near[c], near[c])
		}
	}
}

// The jitter of many rows has along each axis the standard deviation that was measured, in every direction of the axis.
func TestJitter(t *testing.T) {
	const n = 20_000
	p := perturber(t, stretched(n))
	before := p.copy()
	out := p.Jitter(1, 0)
	if !reflect.DeepEqual(p.x, before) {
		t.Error("the data have changed")
	}
	for c, axis := range p.axes {
		along := make([]float64, n)
		for j, v := range axis {
			for i := range along {
				along[i] += (out[j][i] - p.x[j][i]) * v
			}
		}
		// The mean is off by sd/sqrt(n), the standard deviation by sd/sqrt(2n): five of these.
		mean, sd := exact.SD(along, true)
		if math.Abs(mean) > 5*p.near[c]/math.Sqrt(n) || math.Abs(sd-p.near[c]) > 5*p.near[c]/math.Sqrt(2*n) {
			t.Errorf("axis %d: mean %g, sd %g, want %g", c, mean, sd, p.near[c])
		}
	}
}

// The replaced rows are as many as a share of .05 makes them, and lie uniform in the box.
func TestNoise(t *testing.T) {
	const n = 20_000
	p := perturber(t, stretched(n))
	before := p.copy()
	out, stayed := p.Noise(1, 0)
	if !reflect.DeepEqual(p.x, before) {
		t.Error("the data have changed")
	}
	replaced := float64(n - sum(stayed))
	if math.Abs(replaced-.05*n) > 5*math.Sqrt(n*.05*.95) {
		t.Errorf("%v of %d rows are replaced", replaced, n)
	}
	along := make([][]float64, len(p.x))
	for i, s := range stayed {
		for c, axis := range p.axes {
			var at float64
			for j, v := range axis {
				if s > 0 && out[j][i] != p.x[j][i] {
					t.Fatalf("row %d stayed and has changed", i)
				}
				at += (out[j][i] - p.mean[j]) * v
			}
			if s == 0 {
				along[c] = append(along[c], at/p.spread[c])
			}
		}
	}
	// Kolmogorov's statistic against the uniform distribution over -4..4 stays below its 1 - 1e-6 quantile, 2.7 / sqrt(m).
	for c, at := range along {
		slices.Sort(at)
		var largest float64
		for i, v := range at {
			largest = max(largest, math.Abs((v+4)/8-float64(i)/replaced), math.Abs((v+4)/8-float64(i+1)/replaced))
		}
		if largest > 2.7/math.Sqrt(replaced) || at[0] < -4-1e-9 || at[len(at)-1] > 4+1e-9 {
			t.Errorf("axis %d: off the uniform distribution by %g, from %v to %v", c, largest, at[0], at[len(at)-1])
		}
	}
}

// Columns without spread, one row and no rows stay as they are.
func TestPerturberOfNoSpread(t *testing.T) {
	for _, x := range [][][]float64{{{3, 3, 3}, {1, 1, 1}}, {{3}, {1}}, {{}, {}}, {}} {
		p := perturber(t, x)
		noise, _ := p.Noise(1, 0)
		if jitter := p.Jitter(1, 0); !reflect.DeepEqual(jitter, p.copy()) || !reflect.DeepEqual(noise, p.copy()) {
			t.Errorf("%v: %v and %v", x, jitter, noise)
		}
	}
}

// The hash is the same under GOAMD64=v1 and v3, with any number of threads and on every architecture.
func TestPerturberGolden(t *testing.T) {
	for _, threads := range []int{1, 2, 7} {
		p, err := NewPerturber(context.Background(), stretched(5000), threads)
		if err != nil {
			t.Fatal(err)
		}
		h := sha256.New()
		noise, stayed := p.Noise(1, 3)
		for _, column := range append(p.Jitter(1, 3), noise...) {
			_ = binary.Write(h, binary.LittleEndian, column)
		}
		_ = binary.Write(h, binary.LittleEndian, stayed)
		if got, want := hex.EncodeToString(h.Sum(nil)[:8]), "1f4376b9b7603fd3"; got != want {
			t.Errorf("threads=%d: hash %s, want %s", threads, got, want)
		}
	}
}
