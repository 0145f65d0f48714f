// Command _gen writes the assembly of kernels/simd. Run it through `make assembly`.
package main

import (
	"github.com/mmcloughlin/avo/build"

	"segovia/kernels/_gen/simd"
)

func main() {
	build.ConstraintExpr("amd64")
	simd.AVX2()
	simd.AVX512()
	simd.Rows()
	build.Generate()
}
