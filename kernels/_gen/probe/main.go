// Command probe writes the assembly of kernels/probe. Run it through `make assembly`.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64")
	multiplyAdd("fmaAVX2", 12, func() reg.VecVirtual { return YMM() })
	multiplyAdd("fmaAVX512", 24, func() reg.VecVirtual { return ZMM() })
	Generate()
}

// multiplyAdd generates rounds of fused multiply-adds on so many registers, none of which waits for another. The adding
// chain of one register takes 4 or 5 cycles a step, and a processor begins at most two steps in a cycle, so that ten
// registers keep it busy; the others leave room for the loop.
func multiplyAdd(name string, accumulators int, register func() reg.VecVirtual) {
	TEXT(name, NOSPLIT, "func(rounds int, x *float32)")
	Doc(name + " adds x[0] * x[1] to each lane of its accumulators, so many rounds, and returns nothing.")
	rounds, x := Load(Param("rounds"), GP64()), Load(Param("x"), GP64())
	a, b := register(), register()
	VBROADCASTSS(Mem{Base: x}, a)
	VBROADCASTSS(Mem{Base: x, Disp: 4}, b)
	acc := make([]reg.VecVirtual, accumulators)
	for i := range acc {
		acc[i] = register()
		VBROADCASTSS(Mem{Base: x}, acc[i])
	}
	Label("round")
	for i := range acc {
		VFMADD231PS(a, b, acc[i])
	}
	DECQ(rounds)
	JNZ(LabelRef("round"))
	VZEROUPPER()
	RET()
}
