package emulator

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"segovia/kernels/cuda/driver"
)

// bigFMA is a*b + c, rounded to the nearest number of prec bits, for results that are normal or zero.
func bigFMA(a, b, c float64, prec uint) float64 {
	room := uint(5000)
	if prec == 24 {
		room = 800 // operands are float32
	}
	exact := func(v float64) *big.Float { return new(big.Float).SetPrec(room).SetFloat64(v) }
	z := exact(0)
	z.Mul(exact(a), exact(b))
	z.Add(z, exact(c))
	v, _ := new(big.Float).SetPrec(prec).Set(z).Float64()
	return v
}

// nearestTo is the oracle of rounding: the number of a format next to x in a direction, by integers. x is not zero.
func nearestTo(x *big.Rat, f format, mode string) float64 {
	abs := new(big.Rat).Abs(x)
	power := func(e int) *big.Rat {
		if e >= 0 {
			return new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(e)))
		}
		return new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), uint(-e)))
	}
	e := abs.Num().BitLen() - abs.Denom().BitLen() // 2^(e-1) < |x| < 2^(e+1)
	if abs.Cmp(power(e)) < 0 {
		e--
	}
	q := max(e-f.prec+1, f.lowest)
	scaled := new(big.Rat).Mul(abs, power(-q))
	n, rest := new(big.Int).DivMod(scaled.Num(), scaled.Denom(), new(big.Int))
	twice := new(big.Int).Lsh(rest, 1)
	more := false
	switch mode {
	case "rn":
		c := twice.Cmp(scaled.Denom())
		more = c > 0 || c == 0 && n.Bit(0) == 1
	case "rp":
		more = x.Sign() > 0 && rest.Sign() > 0
	case "rm":
		more = x.Sign() < 0 && rest.Sign() > 0
	}
	if more {
		n.Add(n, big.NewInt(1))
	}
	r := new(big.Rat).Mul(new(big.Rat).SetInt(n), power(q))
	top := new(big.Rat).Sub(power(f.emax+1), power(f.emax+1-f.prec)) // the largest finite number
	s := float64(x.Sign())
	if r.Cmp(top) > 0 {
		if mode == "rz" || mode == "rm" && s > 0 || mode == "rp" && s < 0 {
			v, _ := top.Float64()
			return s * v
		}
		return s * math.Inf(1)
	}
	v, exact := r.Float64()
	if !exact {
		panic("the oracle is wrong")
	}
	return math.Copysign(v, s)
}

// operate is the oracle of an operation: special values as Go's float64 has them, the others exact and rounded once.
func operate(op string, x, y, z float64, f format, mode string) float64 {
	rat := func(v float64) *big.Rat { return new(big.Rat).SetFloat64(v) }
	finite := func(v ...float64) bool {
		for _, v := range v {
			if math.IsInf(v, 0) || v != v {
				return false
			}
		}
		return true
	}
	zero := func(a, b float64) float64 { // a + b = 0
		if a == 0 && b == 0 && math.Signbit(a) == math.Signbit(b) {
			return a
		}
		if mode == "rm" {
			return math.Copysign(0, -1)
		}
		return 0
	}
	switch op {
	case "sub":
		return operate("add", x, -y, 0, f, mode)
	case "add":
		if !finite(x, y) {
			return x + y
		}
		s := new(big.Rat).Add(rat(x), rat(y))
		if s.Sign() == 0 {
			return zero(x, y)
		}
		return nearestTo(s, f, mode)
	case "mul":
		if !finite(x, y) || x == 0 || y == 0 {
			return x * y
		}
		return nearestTo(new(big.Rat).Mul(rat(x), rat(y)), f, mode)
	case "fma":
		if !finite(x, y, z) {
			return math.FMA(x, y, z)
		}
		p := new(big.Rat).Mul(rat(x), rat(y))
		s := new(big.Rat).Add(p, rat(z))
		if s.Sign() == 0 {
			if p.Sign() == 0 {
				return zero(x*y, z)
			}
			return zero(1, -1)
		}
		return nearestTo(s, f, mode)
	case "div":
		if !finite(x, y) || x == 0 || y == 0 {
			return x / y
		}
		return nearestTo(new(big.Rat).Quo(rat(x), rat(y)), f, mode)
	case "rcp":
		return operate("div", 1, x, 0, f, mode)
	case "sqrt":
		if !finite(x) || x <= 0 {
			return math.Sqrt(x)
		}
		// floor(sqrt(x) 2^700), with a bit below that says whether anything is left.
		n := rat(x)
		n.Mul(n, new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), 1400)))
		whole, rest := new(big.Int).DivMod(n.Num(), n.Denom(), new(big.Int))
		root := new(big.Int).Sqrt(whole)
		left := rest.Sign() != 0 || new(big.Int).Mul(root, root).Cmp(whole) != 0
		root.Lsh(root, 1)
		if left {
			root.Add(root, big.NewInt(1))
		}
		return nearestTo(new(big.Rat).SetFrac(root, new(big.Int).Lsh(big.NewInt(1), 701)), f, mode)
	}
	panic(op)
}

// operands of t: edges in all pairs, random bits, and numbers whose sums and products lie near the middle between two others.
func operands(t dataType, g *rand.Rand) (x, y, z []uint64) {
	edge := []uint64{0, 1, 2, 1<<23 - 1, 1 << 23, 1<<23 + 1, 0x3f800000, 0x3f800001, 0x3f7fffff, 0x40400000, 0x33800000, 0x33800001, 0x7f7fffff, 0x7f000000, 0x7f800000, 0x7fc00000, 0x20000000, 0x1f800003}
	if t.bits == 64 {
		edge = []uint64{0, 1, 2, 1<<52 - 1, 1 << 52, 1<<52 + 1, 0x3ff << 52, 0x3ff<<52 + 1, 0x3ff<<52 - 1, 0x4008 << 48, 0x3ca << 52, 0x3ca<<52 + 1, 0x7fefffffffffffff, 0x7fe << 52, 0x7ff << 52, 0x7ff8 << 48, 0x200 << 52, 0x1ff<<52 + 3}
	}
	sign := uint64(1) << (t.bits - 1)
	for _, e := range edge {
		edge = append(edge, e|sign)
	}
	for _, a := range edge {
		for _, b := range edge {
			x, y, z = append(x, a), append(y, b), append(z, edge[g.IntN(len(edge))])
		}
	}
	mantissa := 23
	if t.bits == 64 {
		mantissa = 52
	}
	near := func() uint64 { // an exponent near that of 1 and few bits, so that ties are frequent
		bias := uint64(1)<<(t.bits-mantissa-2) - 1
		v := (bias-30+g.Uint64N(60))<<mantissa | g.Uint64()&(1<<mantissa-1)
		if g.IntN(2) == 0 {
			v &= ^uint64(0) << g.IntN(mantissa)
		}
		return v | g.Uint64N(2)*sign
	}
	for range 500 {
		x, y, z = append(x, g.Uint64()&t.mask()), append(y, g.Uint64()&t.mask()), append(z, g.Uint64()&t.mask())
		x, y, z = append(x, near()), append(y, near()), append(z, near())
	}
	return x, y, z
}

// apply runs "op d, x, y, z" for all threads; n is the number of operands.
func apply(t *testing.T, op string, typ dataType, n int, x, y, z []uint64) []uint64 {
	t.Helper()
	args := []string{"%v0", "%v1", "%v2", "%v3"}[:n+1]
	ptx := header + `.visible .entry k(.param .u64 x, .param .u64 y, .param .u64 z, .param .u64 out, .param .u32 n) {
	.reg .pred %p; .reg .b32 %r<5>; .reg .b64 %q<10>; .reg ` + typ.String() + ` %v<4>;
	mov.u32 %r0, %ctaid.x;  mov.u32 %r1, %ntid.x;  mov.u32 %r2, %tid.x;
	mad.lo.u32 %r3, %r0, %r1, %r2;
	ld.param.u32 %r4, [n];
	setp.ge.u32 %p, %r3, %r4;
	@%p ret;
	ld.param.u64 %q0, [x];  ld.param.u64 %q1, [y];  ld.param.u64 %q2, [z];  ld.param.u64 %q3, [out];
	mul.wide.u32 %q4, %r3, 8;
	add.u64 %q5, %q0, %q4;  add.u64 %q6, %q1, %q4;  add.u64 %q7, %q2, %q4;  add.u64 %q8, %q3, %q4;
	ld.global` + typ.String() + ` %v1, [%q5];
	ld.global` + typ.String() + ` %v2, [%q6];
	ld.global` + typ.String() + ` %v3, [%q7];
	` + op + " " + strings.Join(args, ", ") + `;
	st.global` + typ.String() + ` [%q8], %v0;
	ret;
}
`
	r := newRig(t, Options{})
	f := r.kernel(r.module(ptx), "k")
	px, py, pz, out := upload(r, x), upload(r, y), upload(r, z), upload(r, make([]uint64, len(x)))
	r.launch(f, (len(x)+127)/128, 128, 0, ptr(px), ptr(py), ptr(pz), ptr(out), ptr(uint32(len(x))))
	return download[uint64](r, out, len(x))
}

const header = ".version 8.0\n.target sm_80\n.address_size 64\n"

func TestFloatOperations(t *testing.T) {
	for _, typ := range []dataType{f32, f64} {
		f := formatF32
		value := func(v uint64) float64 { return float64(float32of(v)) }
		if typ.bits == 64 {
			f, value = formatF64, float64of
		}
		x, y, z := operands(typ, rand.New(rand.NewPCG(3, 4)))
		for op, n := range map[string]int{"add": 2, "sub": 2, "mul": 2, "fma": 3, "div": 2, "sqrt": 1, "rcp": 1} {
			for _, mode := range []string{"rn", "rz", "rm", "rp"} {
				got := apply(t, op+"."+mode+typ.String(), typ, n, x, y, z)
				bad := 0
				for i := range x {
					want := operate(op, value(x[i]), value(y[i]), value(z[i]), f, mode)
					g := value(got[i])
					if g == want && math.Signbit(g) == math.Signbit(want) || g != g && want != want && (typ.bits == 64 || got[i] == nan32) {
						continue
					}
					if bad++; bad < 4 {
						t.Errorf("%s.%s%s of %#x, %#x, %#x: %v (%#x), want %v", op, mode, typ, x[i], y[i], z[i], g, got[i], want)
					}
				}
			}
		}
	}
}

// The formats of cvt against the oracle.
func TestRoundToFormats(t *testing.T) {
	g := rand.New(rand.NewPCG(5, 6))
	for name, f := range map[string]format{"f16": formatF16, "bf16": formatBF16, "tf32": formatTF32, "f32": formatF32} {
		for range 3000 {
			v := math.Ldexp(g.Float64()+1, g.IntN(f.emax-f.lowest+6)+f.lowest-3)
			if g.IntN(2) == 0 {
				v = -v
			}
			if g.IntN(2) == 0 { // a tie or exact
				v = math.Ldexp(float64(g.IntN(4096)), f.lowest-1+g.IntN(8))
			}
			if v == 0 {
				continue
			}
			for i, mode := range []string{"rn", "rz", "rm", "rp"} {
				if got, want := f.round(v, rounding(i)), nearestTo(new(big.Rat).SetFloat64(v), f, mode); got != want {
					t.Fatalf("%s.%s of %v: %v, want %v", mode, name, v, got, want)
				}
			}
			if h := f.round(v, nearest); name == "f16" || name == "bf16" {
				if back := f.decode(f.encode(h)); back != h {
					t.Fatalf("%s: %v becomes %#x becomes %v", name, h, f.encode(h), back)
				}
			}
		}
	}
}

// A random program of float and integer instructions gives what Go's arithmetic gives.
func TestRandomPrograms(t *testing.T) {
	for seed := range uint64(30) {
		g := rand.New(rand.NewPCG(seed, 1))
		var code strings.Builder
		type value struct {
			f [6]float32
			d [6]float64
			r [6]uint32
			q [6]uint64
		}
		var steps []func(v *value)
		for range 60 {
			a, b, c, d := g.IntN(6), g.IntN(6), g.IntN(6), g.IntN(6)
			line, do := "", (func(v *value))(nil)
			switch g.IntN(18) {
			case 0:
				line, do = "add.rn.f32 %%f%d, %%f%d, %%f%d", func(v *value) { v.f[d] = v.f[a] + v.f[b] }
			case 1:
				line, do = "mul.rn.f32 %%f%d, %%f%d, %%f%d", func(v *value) { v.f[d] = v.f[a] * v.f[b] }
			case 2:
				line, do = "sub.f32 %%f%d, %%f%d, %%f%d", func(v *value) { v.f[d] = v.f[a] - v.f[b] }
			case 3:
				line, do = "div.rn.f32 %%f%d, %%f%d, %%f%d", func(v *value) { v.f[d] = v.f[a] / v.f[b] }
			case 4:
				line, do = "add.rn.f64 %%d%d, %%d%d, %%d%d", func(v *value) { v.d[d] = v.d[a] + v.d[b] }
			case 5:
				line, do = "mul.rn.f64 %%d%d, %%d%d, %%d%d", func(v *value) { v.d[d] = v.d[a] * v.d[b] }
			case 6:
				line, do = "div.rn.f64 %%d%d, %%d%d, %%d%d", func(v *value) { v.d[d] = v.d[a] / v.d[b] }
			case 7:
				line, do = "add.u32 %%r%d, %%r%d, %%r%d", func(v *value) { v.r[d] = v.r[a] + v.r[b] }
			case 8:
				line, do = "mul.lo.s32 %%r%d, %%r%d, %%r%d", func(v *value) { v.r[d] = v.r[a] * v.r[b] }
			case 9:
				line, do = "xor.b32 %%r%d, %%r%d, %%r%d", func(v *value) { v.r[d] = v.r[a] ^ v.r[b] }
			case 10:
				line, do = "mul.lo.u64 %%q%d, %%q%d, %%q%d", func(v *value) { v.q[d] = v.q[a] * v.q[b] }
			case 11:
				line, do = "sub.s64 %%q%d, %%q%d, %%q%d", func(v *value) { v.q[d] = v.q[a] - v.q[b] }
			case 12:
				line, do = "mul.hi.u64 %%q%d, %%q%d, %%q%d", func(v *value) {
					z := new(big.Int).Mul(new(big.Int).SetUint64(v.q[a]), new(big.Int).SetUint64(v.q[b]))
					v.q[d] = z.Rsh(z, 64).Uint64()
				}
			case 13:
				line, do = "mul.wide.s32 %%q%d, %%r%d, %%r%d", func(v *value) { v.q[d] = uint64(int64(int32(v.r[a])) * int64(int32(v.r[b]))) }
			case 14:
				line, do = "fma.rn.f32 %%f%[1]d, %%f%[2]d, %%f%[3]d, %%f%[4]d", func(v *value) {
					v.f[d] = float32(operate("fma", float64(v.f[a]), float64(v.f[b]), float64(v.f[c]), formatF32, "rn"))
				}
			case 15:
				line, do = "mul.hi.s64 %%q%d, %%q%d, %%q%d", func(v *value) {
					z := new(big.Int).Mul(big.NewInt(int64(v.q[a])), big.NewInt(int64(v.q[b])))
					v.q[d] = uint64(z.Rsh(z, 64).Int64())
				}
			case 16:
				line, do = "cvt.rn.f32.u32 %%f%[1]d, %%r%[2]d", func(v *value) { v.f[d] = float32(v.r[a]) }
			case 17:
				line, do = "cvt.rn.f64.s64 %%d%[1]d, %%q%[2]d", func(v *value) { v.d[d] = float64(int64(v.q[a])) }
			}
			all := fmt.Sprintf(line, d, a, b, c)
			if i := strings.Index(all, "%!(EXTRA"); i >= 0 {
				all = all[:i]
			}
			code.WriteString("\t" + all + ";\n")
			steps = append(steps, do)
		}
		const n = 64
		in := make([]value, n)
		for i := range in {
			for j := range 6 {
				in[i] = func(v value) value {
					v.f[j], v.d[j], v.r[j], v.q[j] = float32(g.NormFloat64()), g.NormFloat64(), g.Uint32(), g.Uint64()
					return v
				}(in[i])
			}
		}
		const size = 6 * 24
		var loads, stores strings.Builder
		for j := range 6 {
			for k, reg := range []string{"f32 %%f%d", "f64 %%d%d", "u32 %%r%d", "u64 %%q%d"} {
				at := []int{4 * j, 24 + 8*j, 72 + 4*j, 96 + 8*j}[k]
				typ, name, _ := strings.Cut(fmt.Sprintf(reg, j), " ")
				fmt.Fprintf(&loads, "\tld.global.%s %s, [%%a+%d];\n", typ, name, at)
				fmt.Fprintf(&stores, "\tst.global.%s [%%a+%d], %s;\n", typ, at, name)
			}
		}
		ptx := header + ".visible .entry k(.param .u64 p) {\n\t.reg .f32 %f<6>; .reg .f64 %d<6>; .reg .b32 %r<7>; .reg .b64 %q<6>; .reg .b64 %a;\n" +
			fmt.Sprintf("\tld.param.u64 %%a, [p]; mov.u32 %%r6, %%tid.x; mad.wide.u32 %%a, %%r6, %d, %%a;\n", size) + loads.String() + code.String() + stores.String() + "\tret;\n}\n"
		r := newRig(t, Options{Seed: seed})
		f := r.kernel(r.module(ptx), "k")
		p := upload(r, in)
		r.launch(f, 1, n, 0, ptr[driver.Ptr](p))
		for i, got := range download[value](r, p, n) {
			want := in[i]
			for _, s := range steps {
				s(&want)
			}
			for j := range 6 {
				same := func(a, b float64) bool { return a == b || a != a && b != b }
				if !same(float64(got.f[j]), float64(want.f[j])) || !same(got.d[j], want.d[j]) || got.r[j] != want.r[j] || got.q[j] != want.q[j] {
					t.Fatalf("seed %d, thread %d:\n%v\nwant\n%v\n%s", seed, i, got, want, code.String())
				}
			}
		}
	}
}
