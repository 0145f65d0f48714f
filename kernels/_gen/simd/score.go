// Package simd generates the assembly of kernels/simd.
package simd

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of kernels/simd.args.
const (
	argTiles  = 8 * iota
	argBlocks // blocks of four vectors of points that are still to do
	argD
	argK
	argC
	argH
	argSquare
	argLabel
	argMoved
	argDoubt
	argUpper
	argLower
	argConst   // pointer to the constants below
	argDone    // blocks done
	argState   // what does not fit into the registers of AVX2, three vectors for each of four
	argNumbers // eight times 0, eight times 1, and so on, for AVX2
)

// Offsets of the constants, each a float32.
const (
	conFixed   = 4 * iota // 2 gamma * largest h + what underflows
	conSquare             // gamma / 2 + what canonical distances may be off, per |x|^2
	conSlackX             // slack of the bounds per |x|^2
	conSlack              // fixed slack of the bounds
	conOutward            // 1 + 2^-22
	conInward             // 1 - 2^-22
	conLimit              // |x|^2 from which on sums could overflow
	conZero               // 0
)

// vectors is the number of vectors of points that one block holds, rows the most centroids that are scored at once: four
// loads of points and three of centroids feed twelve multiply-adds, which is the best ratio that 16 registers allow, and
// twelve independent sums hide the latency of the multiply-add. Any k above 1 is a sum of threes and twos.
const (
	vectors = 4
	rows    = 3
)

func field(a reg.Register, at int) Mem { return Mem{Base: a, Disp: at} }

// instructions are those in which the two instruction sets differ.
type instructions interface {
	name() string
	width() int // bytes of a vector
	vec() reg.VecVirtual
	start(a reg.Register)                          // before the first block
	begin(a reg.Register)                          // before the first centroid of a block
	take(p int, scores []reg.VecVirtual, done int) // scores of the next centroids for vector p; done of them were taken before
	taken(n int)                                   // after n centroids
	finish(a reg.Register, tables reg.Register)    // results of a block
}

// score generates the function that labels blocks of points by the smallest score h - x.c, as package simd tells.
func score(is instructions) {
	TEXT(is.name(), NOSPLIT, "func(a *byte)")
	a := Load(Param("a"), GP64())
	tiles, stride, tile := GP64(), GP64(), GP64()
	MOVQ(field(a, argTiles), tiles)
	MOVQ(field(a, argD), stride) // bytes of a row of centroids
	SHLQ(U8(2), stride)
	MOVQ(stride, tile) // bytes of a tile
	SHLQ(U8(4), tile)
	is.start(a)

	Label("block")
	CMPQ(field(a, argBlocks), U8(0))
	JE(LabelRef("done"))
	is.begin(a)
	c, h, k := GP64(), GP64(), GP64()
	MOVQ(field(a, argC), c)
	MOVQ(field(a, argH), h)
	MOVQ(field(a, argK), k)

	perTile := 64 / is.width() // vectors
	group := func(name string, n int) {
		acc := make([][]reg.VecVirtual, vectors)
		for p := range acc {
			acc[p] = make([]reg.VecVirtual, n)
			for r := range n {
				acc[p][r] = is.vec()
			}
		}
		for r := range n {
			VBROADCASTSS(Mem{Base: h, Disp: 4 * r}, acc[0][r])
			for p := 1; p < vectors; p++ {
				VMOVAPS(acc[0][r], acc[p][r])
			}
		}
		x, row, j := GP64(), GP64(), GP64()
		MOVQ(tiles, x)
		MOVQ(c, row)
		MOVQ(field(a, argD), j)
		var third reg.GPVirtual // bytes of three tiles
		if perTile == 1 {
			third = GP64()
			LEAQ(Mem{Base: tile, Index: tile, Scale: 2}, third)
		}
		Label(name)
		values := make([]reg.VecVirtual, n)
		for r := range values {
			values[r] = is.vec()
			at := Mem{Base: row}
			if r > 0 {
				at.Index, at.Scale = stride, uint8(r)
			}
			VBROADCASTSS(at, values[r])
		}
		for p := range acc {
			at := Mem{Base: x, Disp: p % perTile * is.width()}
			switch p / perTile {
			case 1, 2:
				at.Index, at.Scale = tile, uint8(p/perTile)
			case 3:
				at.Index, at.Scale = third, 1
			}
			point := is.vec()
			VMOVUPS(at, point)
			for r := range values {
				VFNMADD231PS(values[r], point, acc[p][r])
			}
		}
		ADDQ(U8(64), x)
		ADDQ(U8(4), row)
		DECQ(j)
		JNZ(LabelRef(name))
		for p := range acc {
			is.take(p, acc[p], n)
		}
		is.taken(n)
		ADDQ(U8(4*n), h)
		for range n {
			ADDQ(stride, c)
		}
		SUBQ(U8(n), k)
	}
	Label("centroids")
	CMPQ(k, U8(3))
	JE(LabelRef("three"))
	CMPQ(k, U8(5))
	JL(LabelRef("few"))
	Label("three")
	group("threeLoop", 3)
	JMP(LabelRef("centroids"))
	Label("few")
	CMPQ(k, U8(1))
	JL(LabelRef("decide"))
	JE(LabelRef("one"))
	group("twoLoop", 2)
	JMP(LabelRef("few"))
	Label("one")
	group("oneLoop", 1)
	Label("decide")

	con := GP64()
	MOVQ(field(a, argConst), con)
	is.finish(a, con)
	INCQ(field(a, argDone))
	for range vectors / perTile {
		ADDQ(tile, tiles)
	}
	DECQ(field(a, argBlocks))
	JMP(LabelRef("block"))
	Label("done")
	VZEROUPPER()
	RET()
}

// constant broadcasts one of the constants.
func constant(is instructions, con reg.Register, at int) reg.VecVirtual {
	v := is.vec()
	VBROADCASTSS(Mem{Base: con, Disp: at}, v)
	return v
}

// output returns the address of the results of the block at hand in one of the outputs, of which a block fills size bytes.
// The pointers in memory stay as they are: one that was moved past its slice's end would be a pointer to some other
// object, or to none, when the garbage collector meets it.
func output(a reg.Register, offset int, shift uint8) reg.Register {
	r, done := GP64(), GP64()
	MOVQ(field(a, offset), r)
	MOVQ(field(a, argDone), done)
	SHLQ(U8(shift), done)
	ADDQ(done, r)
	return r
}

// judge computes from best, second and |x|^2 of one vector: 2 err in twice, and the bounds rounded outward.
//
//	err = fixed + square * |x|^2; upper and lower = sqrt(|x|^2 + 2 score +- slack)
func judge(is instructions, con reg.Register, best, second, square reg.Register) (twice, apart, up, low reg.VecVirtual) {
	twice, apart, up, low = is.vec(), is.vec(), is.vec(), is.vec()
	VMULPS(constant(is, con, conSquare), square, twice)
	VADDPS(constant(is, con, conFixed), twice, twice)
	VADDPS(twice, twice, twice)
	slack := is.vec()
	VMOVAPS(twice, slack)
	VFMADD231PS(constant(is, con, conSlackX), square, slack)
	VADDPS(constant(is, con, conSlack), slack, slack)
	VSUBPS(best, second, apart)
	VADDPS(best, best, up)
	VADDPS(square, up, up)
	VADDPS(slack, up, up)
	VADDPS(second, second, low)
	VADDPS(square, low, low)
	VSUBPS(slack, low, low)
	zero := constant(is, con, conZero)
	VMAXPS(zero, up, up)
	VMAXPS(zero, low, low)
	VSQRTPS(up, up)
	VSQRTPS(low, low)
	VMULPS(constant(is, con, conOutward), up, up)
	VMULPS(constant(is, con, conInward), low, low)
	return twice, apart, up, low
}
