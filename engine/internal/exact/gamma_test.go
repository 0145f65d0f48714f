package exact

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// bernoulli returns B(2), B(4), ..., B(2n) from the recurrence sum over j <= m of binomial(m+1, j) B(j) = 0.
func bernoulli(n int) []*big.Rat {
	b := []*big.Rat{big.NewRat(1, 1)}
	for m := 1; m <= 2*n; m++ {
		sum := new(big.Rat)
		for j := range m {
			c := new(big.Rat).SetInt(new(big.Int).Binomial(int64(m+1), int64(j)))
			sum.Add(sum, c.Mul(c, b[j]))
		}
		b = append(b, sum.Mul(sum, big.NewRat(-1, int64(m+1))))
	}
	var even []*big.Rat
	for k := 1; k <= n; k++ {
		even = append(even, b[2*k])
	}
	return even
}

var bernoulli40 = bernoulli(40)

// bigGamma returns log gamma and digamma of x > 0 by the asymptotic series at 80 or above, where 40 terms leave 2^-250.
func bigGamma(x *big.Float) (lgamma, digamma *big.Float) {
	num := func() *big.Float { return new(big.Float).SetPrec(prec) }
	one, half := bigFloat(1), bigFloat(0.5)
	y, product, reciprocals := num().Set(x), bigFloat(1), num()
	for y.Cmp(bigFloat(80)) < 0 {
		product.Mul(product, y)
		reciprocals.Add(reciprocals, num().Quo(one, y))
		y.Add(y, one)
	}
	log := bigLog(y)
	lgamma = num().Mul(num().Sub(y, half), log)
	lgamma.Sub(lgamma, y)
	lgamma.Add(lgamma, num().Mul(half, bigLog(num().Mul(bigFloat(2), bigPi()))))
	lgamma.Sub(lgamma, bigLog(product))
	digamma = num().Sub(log, num().Quo(half, y))
	digamma.Sub(digamma, reciprocals)
	power := num().Quo(one, y) // 1/y^(2k-1)
	for k, b := range bernoulli40 {
		k2 := float64(2 * (k + 1))
		term := num().Mul(num().SetRat(b), power)
		term.Quo(term, bigFloat(k2))
		digamma.Sub(digamma, num().Quo(term, y))
		lgamma.Add(lgamma, num().Quo(term, bigFloat(k2-1)))
		power.Quo(power, y)
		power.Quo(power, y)
	}
	return lgamma, digamma
}

// bigPi returns pi by Machin's formula, 16 atan(1/5) - 4 atan(1/239).
func bigPi() *big.Float {
	atan := func(n float64) *big.Float {
		power, sum := new(big.Float).SetPrec(prec).Quo(bigFloat(1), bigFloat(n)), new(big.Float).SetPrec(prec)
		for k := 1; k < 200; k += 2 {
			term := new(big.Float).SetPrec(prec).Quo(power, bigFloat(float64(k)))
			if k%4 == 3 {
				term.Neg(term)
			}
			sum.Add(sum, term)
			power.Quo(power, bigFloat(n*n))
		}
		return sum
	}
	a, b := atan(5), atan(239)
	return a.Sub(a.Mul(a, bigFloat(16)), b.Mul(b, bigFloat(4)))
}

func TestGammaAgainstOracle(t *testing.T) {
	if pi, _ := bigPi().Float64(); pi != math.Pi {
		t.Fatalf("the oracle's pi is %v", pi)
	}
	r := rand.New(rand.NewPCG(3, 4))
	for _, c := range []struct {
		name string
		draw func() float64
	}{
		{"tiny", func() float64 { return math.Ldexp(1+r.Float64(), -1060+r.IntN(1060)) }},
		{"small", func() float64 { return 12 * r.Float64() }},
		{"near 1", func() float64 { return 1 + 0.01*(r.Float64()-0.5) }},
		{"near 2", func() float64 { return 2 + 0.01*(r.Float64()-0.5) }},
		{"zero of digamma", func() float64 { return 1.4616321449683622 + 1e-6*(r.Float64()-0.5) }},
		{"usual", func() float64 { return 10 + 1e5*r.Float64() }},
		{"wide", func() float64 { return math.Ldexp(1+r.Float64(), r.IntN(1000)) }},
	} {
		var worstL, worstD, atL, atD float64
		for range 400 {
			x := c.draw()
			least := 32.0 // what Lgamma promises below 10
			if x >= 10 {
				least = 0
			}
			wantL, wantD := bigGamma(bigFloat(x))
			if e := inUnits(Lgamma(x), wantL, least); !(e <= worstL) {
				worstL, atL = e, x
			}
			if e := inUnits(Digamma(x), wantD, 4); !(e <= worstD) {
				worstD, atD = e, x
			}
		}
		t.Logf("%-16s Lgamma %.3f, Digamma %.3f times the bound", c.name, worstL, worstD)
		if !(worstL <= 1) {
			t.Errorf("%s: Lgamma(%v) is off by %.3f times the bound", c.name, atL, worstL)
		}
		if !(worstD <= 1) {
			t.Errorf("%s: Digamma(%v) is off by %.3f times the bound", c.name, atD, worstD)
		}
	}
}

// inUnits returns the error of got as a multiple of 2^-51 times the larger of least and the result's magnitude.
func inUnits(got float64, want *big.Float, least float64) float64 {
	w, _ := want.Float64()
	d, _ := new(big.Float).SetPrec(prec).Sub(new(big.Float).SetPrec(prec).SetFloat64(got), want).Float64()
	return math.Abs(d) / (0x1p-51 * math.Max(least, math.Abs(w)))
}

func TestGammaAtTheEdges(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"Lgamma(0)", Lgamma(0), inf}, {"Lgamma(-1)", Lgamma(-1), nan}, {"Lgamma(nan)", Lgamma(nan), nan},
		{"Lgamma(inf)", Lgamma(inf), inf}, {"Lgamma(max)", Lgamma(math.MaxFloat64), inf}, {"Lgamma(1)", Lgamma(1), 0},
		{"Lgamma(2)", Lgamma(2), 0}, {"Lgamma(5e-324)", Lgamma(5e-324), 744.4400719213812},
		{"Digamma(0)", Digamma(0), -inf}, {"Digamma(-1)", Digamma(-1), nan}, {"Digamma(nan)", Digamma(nan), nan},
		{"Digamma(inf)", Digamma(inf), inf}, {"Digamma(max)", Digamma(math.MaxFloat64), 709.782712893384},
		{"Digamma(5e-324)", Digamma(5e-324), -inf},
	} {
		if c.got != c.want && !(c.got != c.got && c.want != c.want) {
			t.Errorf("%s = %v, want %v", c.name, c.got, c.want)
		}
	}
	// Factorials, and the recurrence across the shift.
	factorial := 1.0
	for n := 1; n <= 20; n++ {
		if got, want := Lgamma(float64(n+1)), Log(factorial*float64(n)); math.Abs(got-want) > 0x1p-50*math.Max(4, want) {
			t.Errorf("Lgamma(%d) = %v, want %v", n+1, got, want)
		}
		factorial *= float64(n)
	}
}

// The hashes are the same under GOAMD64=v1 and v3 and on every architecture.
func TestGammaGolden(t *testing.T) {
	golden := map[string]string{"Lgamma": "945aa7e2be44b189", "Digamma": "f958211aa24a6a0e"}
	for name, f := range map[string]func(float64) float64{"Lgamma": Lgamma, "Digamma": Digamma} {
		state := uint64(0x9E3779B97F4A7C15)
		h := sha256.New()
		buf := make([]byte, 8)
		for i := range 500_000 {
			state ^= state << 13 // xorshift64
			state ^= state >> 7
			state ^= state << 17
			x := float64(float64(state>>11) * 0x1p-53 * 20)
			if i%2 == 1 {
				x = math.Float64frombits(state & (1<<63 - 1) % (0x7FF << 52))
			}
			binary.LittleEndian.PutUint64(buf, math.Float64bits(f(x)))
			h.Write(buf)
		}
		if got := hex.EncodeToString(h.Sum(nil))[:16]; got != golden[name] {
			t.Errorf("%s: hash %s, want %s", name, got, golden[name])
		}
	}
}
