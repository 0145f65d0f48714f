// Command pairwise writes the assembly of kernels/pairwise. Run it through `make assembly`.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64")
	distances()
	addRuns()
	Generate()
}

// distances takes two registers of points against four targets at a time: eight sums. One of two differences is taken as
// 1*x - y, which rounds as x - y does: processors with units for additions and others for products (AMD's, and Intel's up
// to Broadwell) then have work for all of them. Nothing else is fused.
func distances() {
	TEXT("distancesAVX2", NOSPLIT, "func(dst *uint64, x, y *float64, blocks, d int, magic float64)")
	Doc("distancesAVX2 is distancesGo for 4*blocks rows; blocks and d are positive.")
	dst, x, y := Load(Param("dst"), GP64()), Load(Param("x"), GP64()), Load(Param("y"), GP64())
	blocks, d := Load(Param("blocks"), GP64()), Load(Param("d"), GP64())
	magic := YMM()
	VBROADCASTSD(NewParamAddr("magic", 40), magic)
	one, bits := YMM(), GP64()
	MOVQ(U64(0x3FF0000000000000), bits)
	VMOVQ(bits, one.AsX())
	VBROADCASTSD(one.AsX(), one)
	stride, three := GP64(), GP64()
	MOVQ(d, stride)
	SHLQ(U8(3), stride)
	LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, three)

	Label("block")
	var sum [4][2]reg.VecVirtual
	for r := range sum {
		for h := range sum[r] {
			sum[r][h] = YMM()
			VXORPD(sum[r][h], sum[r][h], sum[r][h])
		}
	}
	p, q, j := GP64(), GP64(), GP64()
	MOVQ(x, p)
	MOVQ(y, q)
	MOVQ(d, j)
	Label("column")
	v := [2]reg.VecVirtual{YMM(), YMM()}
	VMOVUPD(Mem{Base: p}, v[0])
	VMOVUPD(Mem{Base: p, Disp: 32}, v[1])
	for r, row := range []Mem{{Base: q}, {Base: q, Index: stride, Scale: 1}, {Base: q, Index: stride, Scale: 2}, {Base: q, Index: three, Scale: 1}} {
		target := YMM()
		VBROADCASTSD(row, target)
		diff := [2]reg.VecVirtual{YMM(), target}
		VSUBPD(target, v[0], diff[0])
		VFMSUB231PD(v[1], one, target)
		for h := range v {
			VMULPD(diff[h], diff[h], diff[h])
			VADDPD(diff[h], sum[r][h], sum[r][h])
		}
	}
	ADDQ(U8(64), p)
	ADDQ(U8(8), q)
	DECQ(j)
	JNZ(LabelRef("column"))
	for r := range sum {
		for h, s := range sum[r] {
			VSQRTPD(s, s)
			VADDPD(magic, s, s)
			VPSUBQ(magic, s, s)
			VMOVDQU(s, Mem{Base: dst, Disp: 64*r + 32*h})
		}
	}
	ADDQ(U32(256), dst)
	LEAQ(Mem{Base: y, Index: stride, Scale: 4}, y)
	DECQ(blocks)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}

// addRuns sums each run in two registers and adds them to its slots.
func addRuns() {
	TEXT("addRunsAVX2", NOSPLIT, "func(acc, t *uint64, length *int32, slot *uint16, runs, q int)")
	Doc("addRunsAVX2 is addRunsGo for that number of runs; runs and q are positive.")
	acc, t := Load(Param("acc"), GP64()), Load(Param("t"), GP64())
	length, slot := Load(Param("length"), GP64()), Load(Param("slot"), GP64())
	runs, q := Load(Param("runs"), GP64()), Load(Param("q"), GP64())

	Label("run")
	lo, hi := YMM(), YMM()
	VPXOR(lo, lo, lo)
	VPXOR(hi, hi, hi)
	n := GP32()
	MOVL(Mem{Base: length}, n)
	Label("row")
	VPADDQ(Mem{Base: t}, lo, lo)
	VPADDQ(Mem{Base: t, Disp: 32}, hi, hi)
	ADDQ(U8(64), t)
	DECL(n)
	JNZ(LabelRef("row"))
	k := GP64()
	MOVQ(q, k)
	Label("slot")
	at := GP64()
	MOVWQZX(Mem{Base: slot}, at)
	SHLQ(U8(6), at)
	a, b := YMM(), YMM()
	VPADDQ(Mem{Base: acc, Index: at, Scale: 1}, lo, a)
	VMOVDQU(a, Mem{Base: acc, Index: at, Scale: 1})
	VPADDQ(Mem{Base: acc, Index: at, Scale: 1, Disp: 32}, hi, b)
	VMOVDQU(b, Mem{Base: acc, Index: at, Scale: 1, Disp: 32})
	ADDQ(U8(2), slot)
	DECQ(k)
	JNZ(LabelRef("slot"))
	ADDQ(U8(4), length)
	DECQ(runs)
	JNZ(LabelRef("run"))
	VZEROUPPER()
	RET()
}
