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

// prec is the precision of the oracles in bits; their results are good to far more than the 53 bits they judge.
const prec = 220

// bigExp returns e^x by halving x until it is small, the Taylor series, and squaring.
func bigExp(x *big.Float) *big.Float {
	const halvings = 30
	r := new(big.Float).SetPrec(prec).SetMantExp(x, -halvings)
	sum := big.NewFloat(1).SetPrec(prec)
	term := big.NewFloat(1).SetPrec(prec)
	for n := 1; n < 30; n++ {
		term.Quo(term.Mul(term, r), big.NewFloat(float64(n)))
		sum.Add(sum, term)
	}
	for range halvings {
		sum.Mul(sum, sum)
	}
	return sum
}

// bigLog returns log(x) for x > 0 by square roots until x is near 1, and the series of atanh.
func bigLog(x *big.Float) *big.Float {
	const roots = 20
	one := big.NewFloat(1).SetPrec(prec)
	y := new(big.Float).SetPrec(prec).Set(x)
	for range roots {
		y.Sqrt(y)
	}
	s := new(big.Float).SetPrec(prec).Quo(new(big.Float).Sub(y, one), new(big.Float).Add(y, one))
	z := new(big.Float).SetPrec(prec).Mul(s, s)
	sum := new(big.Float).SetPrec(prec)
	for n := 1; n < 60; n += 2 {
		sum.Add(sum, new(big.Float).SetPrec(prec).Quo(s, big.NewFloat(float64(n))))
		s.Mul(s, z)
	}
	return sum.SetMantExp(sum, roots+1)
}

// ulps returns |got - want| in units of the last place of want as a float64.
func ulps(got float64, want *big.Float) float64 {
	w, _ := want.Float64()
	w = math.Abs(w)
	unit := math.Nextafter(w, math.Inf(1)) - w
	d := new(big.Float).SetPrec(prec).Sub(new(big.Float).SetPrec(prec).SetFloat64(got), want)
	e, _ := d.Quo(d, big.NewFloat(unit)).Float64()
	return math.Abs(e)
}

func bigFloat(x float64) *big.Float { return new(big.Float).SetPrec(prec).SetFloat64(x) }

func TestFunctionsAgainstOracle(t *testing.T) {
	one := bigFloat(1)
	r := rand.New(rand.NewPCG(1, 2))
	spread := func(lo, hi int) float64 { // a number of any magnitude between 2^lo and 2^hi
		return math.Ldexp(1+r.Float64(), lo+r.IntN(hi-lo))
	}
	for _, c := range []struct {
		name   string
		f      func(float64) float64
		oracle func(*big.Float) *big.Float
		draw   func() float64
		limit  float64
	}{
		{"Log wide", Log, bigLog, func() float64 { return spread(-1060, 1023) }, 0.6},
		{"Log near 1", Log, bigLog, func() float64 { return 0.5 + 1.6*r.Float64() }, 0.6},
		{"Log1p wide", Log1p, func(x *big.Float) *big.Float { return bigLog(new(big.Float).SetPrec(prec).Add(one, x)) },
			func() float64 { return spread(-50, 1023) }, 0.6},
		{"Log1p near 0", Log1p, func(x *big.Float) *big.Float { return bigLog(new(big.Float).SetPrec(prec).Add(one, x)) },
			func() float64 { return -0.999 + 2.5*r.Float64() }, 0.6},
		{"Exp", Exp, bigExp, func() float64 { return -708 + 1417*r.Float64() }, 0.6},
		{"Exp near 0", Exp, bigExp, func() float64 { return 3*r.Float64() - 1.5 }, 0.6},
		{"Expm1", Expm1, func(x *big.Float) *big.Float { e := bigExp(x); return e.Sub(e, one) },
			func() float64 { return -45 + 100*r.Float64() }, 0.8},
		{"Expm1 near 0", Expm1, func(x *big.Float) *big.Float { e := bigExp(x); return e.Sub(e, one) },
			func() float64 { return math.Copysign(spread(-55, 1), r.Float64()-0.5) }, 0.8},
	} {
		worst, at := 0.0, 0.0
		for range 3000 {
			x := c.draw()
			if u := ulps(c.f(x), c.oracle(bigFloat(x))); u > worst || u != u {
				worst, at = u, x
			}
		}
		if !(worst <= c.limit) {
			t.Errorf("%s(%v) is off by %.3f ulp, limit %.1f", c.name, at, worst, c.limit)
		}
		t.Logf("%s: worst %.3f ulp", c.name, worst)
	}
}

func TestFunctionsAtTheEdges(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"Log(0)", Log(0), -inf}, {"Log(-1)", Log(-1), nan}, {"Log(inf)", Log(inf), inf}, {"Log(nan)", Log(nan), nan},
		{"Log(1)", Log(1), 0}, {"Log(5e-324)", Log(5e-324), -744.4400719213812},
		{"Log1p(0)", Log1p(0), 0}, {"Log1p(-1)", Log1p(-1), -inf}, {"Log1p(-2)", Log1p(-2), nan},
		{"Log1p(inf)", Log1p(inf), inf}, {"Log1p(nan)", Log1p(nan), nan}, {"Log1p(1e-300)", Log1p(1e-300), 1e-300},
		{"Exp(0)", Exp(0), 1}, {"Exp(inf)", Exp(inf), inf}, {"Exp(-inf)", Exp(-inf), 0}, {"Exp(nan)", Exp(nan), nan},
		{"Exp(-745.13)", Exp(-745.13), 5e-324}, {"Exp(710)", Exp(710), inf},
		{"Exp(1)", Exp(1), math.E},
		{"Expm1(0)", Expm1(0), 0}, {"Expm1(-inf)", Expm1(-inf), -1}, {"Expm1(inf)", Expm1(inf), inf},
		{"Expm1(nan)", Expm1(nan), nan}, {"Expm1(-1e-300)", Expm1(-1e-300), -1e-300},
	} {
		if math.Float64bits(c.got) != math.Float64bits(c.want) && !(c.got != c.got && c.want != c.want) {
			t.Errorf("%s = %v, want %v", c.name, c.got, c.want)
		}
	}
	if math.Float64bits(Log1p(math.Copysign(0, -1))) != 1<<63 {
		t.Error("Log1p(-0) is not -0")
	}
}

func TestExpm1InvertsLog1p(t *testing.T) {
	for x := 1e-20; x < 1e15; x *= 1.37 {
		y := Expm1(Log1p(x))
		// An error of e in the logarithm L is one of e * (1 + x)/x relative in x; e <= 0.6 ulp of L, Expm1 adds 0.8 ulp.
		limit := (0.6*Log1p(x)*(1+x)/x + 0.8) * 0x1p-52
		if math.Abs(y-x)/x > limit {
			t.Fatalf("Expm1(Log1p(%v)) = %v", x, y)
		}
	}
}

// The hashes below are the same under GOAMD64=v1 and v3 and on every architecture; a change of one bit of one of the
// million results is a change of the algorithm version.
func TestFunctionsGolden(t *testing.T) {
	golden := map[string]string{
		"Log":   "814808b97ba98541",
		"Log1p": "99de3be6f306ef79",
		"Exp":   "f220a315241e6609",
		"Expm1": "393a1a84b1916394",
		"Sum":   "aacadd95e8121b5c",
		"SD":    "ca10884aa6eabaf6",
	}
	positive := func(u uint64) float64 { return math.Float64frombits(u & (1<<63 - 1) % (0x7FF << 52)) }
	state := uint64(0x9E3779B97F4A7C15)
	next := func() uint64 { // xorshift64
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
		return state
	}
	unit := func() float64 { return float64(next()>>11) * 0x1p-53 }
	for _, c := range []struct {
		name string
		f    func() float64
	}{
		{"Log", func() float64 { return Log(positive(next())) }},
		{"Log1p", func() float64 { return Log1p(float64(unit()*1000) - 0.9) }},
		{"Exp", func() float64 { return Exp(float64(unit()*1460) - 750) }},
		{"Expm1", func() float64 { return Expm1(float64(unit()*20) - 5) }},
		{"Sum", func() func() float64 {
			var acc Accumulator
			return func() float64 { acc.Add(float64(unit()*3) - 1); return acc.Sum() }
		}()},
		{"SD", func() func() float64 {
			xs := make([]float64, 20)
			return func() float64 {
				for i := range xs {
					xs[i] = float64(unit() * 7)
				}
				m, sd := SD(xs, true)
				return m + float64(sd*Skew(xs))
			}
		}()},
	} {
		n := 1_000_000
		if c.name == "SD" {
			n = 50_000
		}
		h := sha256.New()
		buf := make([]byte, 8)
		for range n {
			binary.LittleEndian.PutUint64(buf, math.Float64bits(c.f()))
			h.Write(buf)
		}
		if got := hex.EncodeToString(h.Sum(nil))[:16]; got != golden[c.name] {
			t.Errorf("%s: hash %s, want %s", c.name, got, golden[c.name])
		}
	}
}

func BenchmarkLog1p(b *testing.B) {
	for i := range b.N {
		sink = Log1p(float64(i) * 0.37)
	}
}

var sink float64
