package simd

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of kernels/simd.args.
const (
	argTiles  = 0
	argCount  = 8
	argD      = 16
	argGroups = 24 // groups of four centroids
	argC      = 32
	argH      = 40
	argLabel  = 48
	argMoved  = 56
	argDoubt  = 64
	argUpper  = 72
	argLower  = 80
	argConst  = 88 // pointer to the constants below
	argDone   = 96 // tiles done
)

// Offsets of the constants, each a float32.
const (
	conNorm    = 4 * iota // gamma * largest |c|
	conFixed              // gamma * largest h + what underflows
	conSquare             // what canonical distances may be off, per |x|^2
	conSlackX             // slack of the bounds per |x|^2
	conSlack              // fixed slack of the bounds
	conOutward            // 1 + 2^-22
	conInward             // 1 - 2^-22
	conLimit              // |x|^2 from which on sums could overflow
)

func field(a reg.Register, at int) Mem { return Mem{Base: a, Disp: at} }

// AVX512 generates scoreAVX512.
func AVX512() {
	TEXT("scoreAVX512", NOSPLIT, "func(a *byte)")
	Doc("scoreAVX512 labels tiles of 16 points by the smallest score h - x.c, as package simd tells.")
	a := Load(Param("a"), GP64())
	tiles, d := GP64(), GP64()
	MOVQ(field(a, argTiles), tiles)
	MOVQ(field(a, argD), d)
	stride := GP64() // bytes of a row of centroids
	MOVQ(d, stride)
	SHLQ(U8(2), stride)

	one := ZMM()
	ones := GP32()
	MOVL(U32(1), ones)
	VPBROADCASTD(ones, one)
	infinity := ZMM()
	inf := GP32()
	MOVL(U32(0x7F800000), inf)
	VPBROADCASTD(inf, infinity)

	Label("tile")
	CMPQ(field(a, argCount), U8(0))
	JE(LabelRef("done"))

	// |x|^2
	square := ZMM()
	VPXORD(square, square, square)
	x, j := GP64(), GP64()
	MOVQ(tiles, x)
	MOVQ(d, j)
	Label("square")
	v := ZMM()
	VMOVUPS(Mem{Base: x}, v)
	VFMADD231PS(v, v, square)
	ADDQ(U8(64), x)
	DECQ(j)
	JNZ(LabelRef("square"))

	best, second, index, current := ZMM(), ZMM(), ZMM(), ZMM()
	VMOVAPS(infinity, best)
	VMOVAPS(infinity, second)
	VPXORD(index, index, index)
	VPXORD(current, current, current)
	c, h, groups := GP64(), GP64(), GP64()
	MOVQ(field(a, argC), c)
	MOVQ(field(a, argH), h)
	MOVQ(field(a, argGroups), groups)

	take := func(s reg.VecVirtual) {
		less := K()
		larger := ZMM()
		VCMPPS(U8(0x11), best, s, less) // s < best
		VMAXPS(best, s, larger)
		VMINPS(larger, second, second)
		VMINPS(s, best, best)
		VMOVDQA32(current, less, index)
		VPADDD(one, current, current)
	}
	group := func(name string, rows int) {
		acc := make([]reg.VecVirtual, rows)
		for r := range acc {
			acc[r] = ZMM()
			VBROADCASTSS(Mem{Base: h, Disp: 4 * r}, acc[r])
		}
		p, q, three := GP64(), GP64(), GP64()
		MOVQ(c, p)
		LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, three)
		LEAQ(Mem{Base: c, Index: stride, Scale: 4}, q)
		x, j := GP64(), GP64()
		MOVQ(tiles, x)
		MOVQ(d, j)
		Label(name)
		v := ZMM()
		VMOVUPS(Mem{Base: x}, v)
		row := func(r int) Mem {
			base := p
			if r >= 4 {
				base = q
			}
			switch r % 4 {
			case 1:
				return Mem{Base: base, Index: stride, Scale: 1}
			case 2:
				return Mem{Base: base, Index: stride, Scale: 2}
			case 3:
				return Mem{Base: base, Index: three, Scale: 1}
			}
			return Mem{Base: base}
		}
		for r := range acc {
			VFNMADD231PS_BCST(row(r), v, acc[r])
		}
		ADDQ(U8(64), x)
		ADDQ(U8(4), p)
		if rows > 4 {
			ADDQ(U8(4), q)
		}
		DECQ(j)
		JNZ(LabelRef(name))
		for _, s := range acc {
			take(s)
		}
		ADDQ(U8(4*rows), h)
		if rows == 8 {
			LEAQ(Mem{Base: c, Index: stride, Scale: 8}, c)
		} else {
			LEAQ(Mem{Base: c, Index: stride, Scale: 4}, c)
		}
	}
	Label("eight")
	CMPQ(groups, U8(2))
	JL(LabelRef("four"))
	group("eightLoop", 8)
	SUBQ(U8(2), groups)
	JMP(LabelRef("eight"))
	Label("four")
	TESTQ(groups, groups)
	JZ(LabelRef("decide"))
	group("fourLoop", 4)
	Label("decide")

	// The outputs' pointers stay as they are: one that was moved past its slice's end would be a pointer to some other
	// object, or to none, when the garbage collector meets it.
	at := func(offset int) reg.Register {
		r := GP64()
		MOVQ(field(a, offset), r)
		return r
	}
	out := func(offset int, shift uint8) reg.Register {
		r, done := at(offset), at(argDone)
		SHLQ(U8(shift), done)
		ADDQ(done, r)
		return r
	}
	con := at(argConst)
	// err = norm * |x| + fixed + square * |x|^2; in doubt unless second - best > 2 err.
	constant := func(at int) reg.VecVirtual {
		z := ZMM()
		VBROADCASTSS(Mem{Base: con, Disp: at}, z)
		return z
	}
	length, err, apart := ZMM(), ZMM(), ZMM()
	VSQRTPS(square, length)
	VMULPS(constant(conNorm), length, err)
	VADDPS(constant(conFixed), err, err)
	VFMADD231PS(constant(conSquare), square, err)
	VADDPS(err, err, err)
	VSUBPS(best, second, apart)
	in, sure := K(), K()
	VCMPPS(U8(0x1A), err, apart, in) // not (apart > 2 err), also when unordered
	KNOTW(in, sure)
	small := K()
	VCMPPS(U8(0x11), constant(conLimit), square, small)
	KANDW(small, sure, sure)
	KNOTW(sure, in)

	// Bounds: sqrt(|x|^2 + 2 score +- slack), rounded outward.
	slack, up, low := ZMM(), ZMM(), ZMM()
	VMOVAPS(err, slack)
	VFMADD231PS(constant(conSlackX), square, slack)
	VADDPS(constant(conSlack), slack, slack)
	VADDPS(best, best, up)
	VADDPS(square, up, up)
	VADDPS(slack, up, up)
	VADDPS(second, second, low)
	VADDPS(square, low, low)
	VSUBPS(slack, low, low)
	zero := ZMM()
	VPXORD(zero, zero, zero)
	VMAXPS(zero, up, up)
	VMAXPS(zero, low, low)
	VSQRTPS(up, up)
	VSQRTPS(low, low)
	VMULPS(constant(conOutward), up, up)
	VMULPS(constant(conInward), low, low)
	VMOVUPS(up, Mem{Base: out(argUpper, 6)})
	VMOVUPS(low, Mem{Base: out(argLower, 6)})

	bytes, old := XMM(), XMM()
	VPMOVDB(index, bytes)
	label := out(argLabel, 4)
	VMOVDQU(Mem{Base: label}, old)
	other, moves := K(), K()
	VPCMPUB(U8(4), old, bytes, other)
	KANDW(other, sure, moves)
	VMOVDQU8(bytes, sure, Mem{Base: label})
	mask := GP32()
	KMOVW(moves, mask)
	MOVW(mask.As16(), Mem{Base: out(argMoved, 1)})
	KMOVW(in, mask)
	MOVW(mask.As16(), Mem{Base: out(argDoubt, 1)})

	INCQ(field(a, argDone))
	step := GP64()
	MOVQ(stride, step)
	SHLQ(U8(4), step)
	ADDQ(step, tiles)
	DECQ(field(a, argCount))
	JMP(LabelRef("tile"))
	Label("done")
	VZEROUPPER()
	RET()
}
