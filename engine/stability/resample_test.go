package stability

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/big"
	"reflect"
	"testing"
)

func sum(weights []uint16) (n int) {
	for _, w := range weights {
		n += int(w)
	}
	return n
}

func TestMultinomial(t *testing.T) {
	for _, n := range []int{1, 2, 1000} {
		if drawn := sum(Multinomial(1, 3, n)); drawn != n {
			t.Errorf("n=%d: %d draws", n, drawn)
		}
	}
	zero := 0
	for _, v := range Multinomial(1, 0, 100_000) {
		if v == 0 {
			zero++
		}
	}
	// A row is left out with probability 1/e; the standard error of the count is 98 (draws are negatively associated).
	if math.Abs(float64(zero)-100_000/math.E) > 5*98 {
		t.Errorf("%d rows left out of 100,000", zero)
	}
}

// The constants are the distribution function in rational numbers; 40 terms of the series of 1/e leave 2^-160.
func TestPoissonConstants(t *testing.T) {
	term, inverseE := big.NewRat(1, 1), big.NewRat(1, 1)
	for i := int64(1); i < 40; i++ {
		term.Mul(term, big.NewRat(-1, i))
		inverseE.Add(inverseE, term)
	}
	p := new(big.Rat).Set(inverseE)
	below := new(big.Rat)
	for c := range int64(len(poissonBelow) + 1) {
		below.Add(below, p)
		p.Mul(p, big.NewRat(1, c+1))
		scaled := new(big.Int).Lsh(below.Num(), 65)
		scaled.Quo(scaled, below.Denom()).Add(scaled, big.NewInt(1)).Rsh(scaled, 1) // rounded, halves upwards
		if want := new(big.Int).Lsh(big.NewInt(1), 64); int(c) == len(poissonBelow) {
			if scaled.Cmp(want) != 0 {
				t.Errorf("the table ends too early: %v", scaled)
			}
		} else if scaled.Cmp(new(big.Int).SetUint64(poissonBelow[c])) != 0 {
			t.Errorf("%d: %#x, want %#x", c, poissonBelow[c], scaled)
		}
	}
}

func TestPoisson(t *testing.T) {
	const n = 200_000
	w := Poisson(1, 0, n)
	var count [8]float64
	for _, v := range w {
		count[min(int(v), 7)]++
	}
	// Chi-square with 7 degrees of freedom stays below its 1 - 1e-6 quantile, 40.5.
	p, rest, chi := math.Exp(-1), 1.0, 0.0
	for c := range count {
		if c == 7 {
			p = rest
		}
		chi += (count[c] - n*p) * (count[c] - n*p) / (n * p)
		rest -= p
		p /= float64(c + 1)
	}
	if chi > 40.5 {
		t.Errorf("chi-square %.1f of %v", chi, count)
	}
	if !reflect.DeepEqual(Poisson(1, 0, 1000), w[:1000]) {
		t.Error("the draws of the first rows depend on how many follow")
	}
}

// All subsets of half the rows are equally likely: chi-square over the 20 of six rows, 19 degrees of freedom, stays below
// its 1 - 1e-6 quantile, 64.5.
func TestSubsetsAreEquallyLikely(t *testing.T) {
	const draws = 20_000
	count := map[[6]uint16]float64{}
	for r := range draws {
		count[[6]uint16(Subset(1, r, 6))]++
	}
	chi := 0.0
	for _, c := range count {
		chi += (c - draws/20) * (c - draws/20) / (draws / 20)
	}
	if len(count) != 20 || chi > 64.5 {
		t.Errorf("%d subsets, chi-square %.1f", len(count), chi)
	}
}

func TestHalves(t *testing.T) {
	for n := range 200 {
		subset := Subset(1, n, n)
		a, b := Halves(1, n, n)
		if sum(a) != n/2 || sum(subset) != n/2 {
			t.Fatalf("%d and %d of %d rows", sum(a), sum(subset), n)
		}
		for i := range n {
			if a[i]+b[i] != 1 || subset[i] > 1 {
				t.Fatalf("row %d of %d is in the halves %d and %d times, in the subset %d", i, n, a[i], b[i], subset[i])
			}
		}
		if n > 100 && reflect.DeepEqual(a, subset) {
			t.Error("halves and subsets are drawn from one stream")
		}
	}
}

func TestDistinct(t *testing.T) {
	if got := Distinct([]uint16{0, 1, 2, 65535}); !reflect.DeepEqual(got, []uint16{0, 1, 1, 1}) {
		t.Errorf("got %v", got)
	}
}

// The hashes are the same on every architecture; another one is a change of the algorithm version.
func TestWeightsGolden(t *testing.T) {
	golden := map[string]string{"multinomial": "4f5e59e19c40c0e8", "poisson": "01ea55ba8dd94b75", "subset": "c0e58fa269ef2931"}
	for _, scheme := range Schemes() {
		h := sha256.New()
		for r := range 3 {
			_ = binary.Write(h, binary.LittleEndian, Weights(scheme, 7, r, 1001))
		}
		if got := hex.EncodeToString(h.Sum(nil)[:8]); got != golden[scheme] {
			t.Errorf("%s: hash %s, want %s", scheme, got, golden[scheme])
		}
	}
}

// BenchmarkWeights draws one resample of ten million rows.
func BenchmarkWeights(b *testing.B) {
	for _, scheme := range Schemes() {
		b.Run("rows=10M/scheme="+scheme, func(b *testing.B) {
			for b.Loop() {
				Weights(scheme, 1, 0, 10_000_000)
			}
		})
	}
}
