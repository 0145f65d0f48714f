package emulator

import "math/big"

// bigFMA is a*b + c, rounded to the nearest number of prec bits, for results that are normal or zero.
func bigFMA(a, b, c float64, prec uint) float64 {
	exact := func(v float64) *big.Float { return new(big.Float).SetPrec(5000).SetFloat64(v) }
	z := exact(0)
	z.Mul(exact(a), exact(b))
	z.Add(z, exact(c))
	v, _ := new(big.Float).SetPrec(prec).Set(z).Float64()
	return v
}
