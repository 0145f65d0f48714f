package simd

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Rows generates the functions of AVX2 around the scoring of rows; the path of AVX-512 uses them too.
func Rows() {
	pending()
	settle()
	gather()
	pick()
	prefetch()
	accumulate()
	squares()
	distances()
	potential()
}

func pointer(name string) reg.Register { return Load(Param(name), GP64()) }

// pending generates the scan of the gaps: rows whose gap does not exceed the limit of their label. The limits of up to 8,
// 16 or 32 labels stay in registers, one function for each.
func pending() {
	for _, labels := range []int{8, 16, 32, 256} {
		name := map[int]string{8: "pending8AVX2", 16: "pending16AVX2", 32: "pending32AVX2", 256: "pending256AVX2"}[labels]
		TEXT(name, NOSPLIT, "func(dst *int32, gap *float32, label *uint8, limit *float32, compress *uint64, eights int, first int) int")
		dst, gap, label, limit, compress := pointer("dst"), pointer("gap"), pointer("label"), pointer("limit"), pointer("compress")
		eights := pointer("eights")
		var table []reg.VecVirtual
		if labels <= 32 {
			for i := range labels / 8 {
				t := YMM()
				VMOVUPS(Mem{Base: limit, Disp: 32 * i}, t)
				table = append(table, t)
			}
		}
		base, eight := YMM(), YMM()
		VPBROADCASTD(NewParamAddr("first", 48), base)
		bits := GP32()
		MOVL(U32(8), bits)
		VMOVD(bits, eight.AsX())
		VPBROADCASTD(eight.AsX(), eight)
		n := GP64()
		XORQ(n, n)
		Label("loop")
		TESTQ(eights, eights)
		JZ(LabelRef("done"))
		index, of := YMM(), YMM()
		VPMOVZXBD(Mem{Base: label}, index)
		// blend takes of two tables by one bit of the index.
		blend := func(low, high reg.VecVirtual, bit int) reg.VecVirtual {
			sign, out := YMM(), YMM()
			VPSLLD(U8(31-bit), index, sign)
			VBLENDVPS(sign, high, low, out)
			return out
		}
		var looked []reg.VecVirtual
		for _, t := range table {
			v := YMM()
			VPERMPS(t, index, v)
			looked = append(looked, v)
		}
		switch labels {
		case 8:
			of = looked[0]
		case 16:
			of = blend(looked[0], looked[1], 3)
		case 32:
			of = blend(blend(looked[0], looked[1], 3), blend(looked[2], looked[3], 3), 4)
		case 256:
			all := YMM()
			VPCMPEQD(index, index, all)
			VGATHERDPS(all, Mem{Base: limit, Index: index, Scale: 4}, of)
		}
		stale := YMM()
		VCMPPS(U8(0x1D), Mem{Base: gap}, of, stale) // limit >= gap
		mask := GP32()
		VMOVMSKPS(stale, mask)
		which := YMM()
		VPMOVZXBD(Mem{Base: compress, Index: mask.As64(), Scale: 8}, which)
		VPADDD(base, which, which)
		VMOVDQU(which, Mem{Base: dst, Index: n, Scale: 4})
		POPCNTL(mask, mask)
		ADDQ(mask.As64(), n)
		VPADDD(eight, base, base)
		ADDQ(U8(32), gap)
		ADDQ(U8(8), label)
		DECQ(eights)
		JMP(LabelRef("loop"))
		Label("done")
		VZEROUPPER()
		Store(n, ReturnIndex(0))
		RET()
	}
}

// settle generates the gaps of rows that were scored: lower - upper + slack of the label, less 2^-21 of the magnitudes and
// the smallest normal number, which is more than three roundings take. Infinite gaps become very large ones.
func settle() {
	TEXT("settleAVX2", NOSPLIT, "func(gap *float32, index *int32, label *uint8, upper *float32, lower *float32, slack *float32, eights int)")
	gap, index, label, upper, lower := pointer("gap"), pointer("index"), pointer("label"), pointer("upper"), pointer("lower")
	slack, eights := pointer("slack"), pointer("eights")
	broadcast := func(bits uint32) reg.VecVirtual {
		v, r := YMM(), GP32()
		MOVL(U32(bits), r)
		VMOVD(r, v.AsX())
		VBROADCASTSS(v.AsX(), v)
		return v
	}
	share, least, most, sign := broadcast(0x35000000), broadcast(0x00800000), broadcast(0x7F000000), broadcast(0x7FFFFFFF)
	Label("loop")
	TESTQ(eights, eights)
	JZ(LabelRef("done"))
	which := reg.Y9 // not left to chance: qemu 7.2 takes the index of a gather wrongly from register 4
	all, of := YMM(), YMM()
	VPMOVZXBD(Mem{Base: label}, which)
	VPCMPEQD(which, which, all)
	VGATHERDPS(all, Mem{Base: slack, Index: which, Scale: 4}, of)
	v, size := YMM(), YMM()
	VMOVUPS(Mem{Base: lower}, v)
	VMINPS(most, v, v) // before anything is taken from it
	VSUBPS(Mem{Base: upper}, v, v)
	VANDPS(sign, v, size)
	VADDPS(of, v, v)
	VADDPS(of, size, size)
	VMULPS(share, size, size)
	VADDPS(least, size, size)
	VSUBPS(size, v, v)
	TESTQ(index, index)
	JZ(LabelRef("numbered"))
	low, high := v.AsX(), XMM()
	VEXTRACTF128(U8(1), v, high)
	for i := range 8 {
		to := GP64()
		MOVLQSX(Mem{Base: index, Disp: 4 * i}, to)
		from := low
		if i >= 4 {
			from = high
		}
		at := Mem{Base: gap, Index: to, Scale: 4}
		if i%4 == 0 {
			VMOVSS(from, at)
		} else {
			VEXTRACTPS(U8(i%4), from, at)
		}
	}
	ADDQ(U8(32), index)
	JMP(LabelRef("next"))
	Label("numbered")
	VMOVUPS(v, Mem{Base: gap})
	ADDQ(U8(32), gap)
	Label("next")
	ADDQ(U8(8), label)
	ADDQ(U8(32), upper)
	ADDQ(U8(32), lower)
	DECQ(eights)
	JMP(LabelRef("loop"))
	Label("done")
	VZEROUPPER()
	RET()
}

// gather generates the copy of rows, given by their numbers, into tiles: blocks of 8 rows and 8 columns are transposed in
// registers. The last block of columns ends at the last column, so it may overlap the one before; below 8 columns it
// reads and writes beyond, into what the next tile overwrites or the slack at the end.
func gather() {
	TEXT("gatherAVX2", NOSPLIT, "func(tiles *float32, squares *float32, rows *float32, square *float32, index *int32, eights int, d int)")
	tiles, squares, rows, square, index := pointer("tiles"), pointer("squares"), pointer("rows"), pointer("square"), pointer("index")
	eights, d := pointer("eights"), pointer("d")
	stride, column, step := GP64(), GP64(), GP64()
	MOVQ(d, stride)
	SHLQ(U8(2), stride)
	// From the first half of a tile to the second it is 32 bytes, from there to the next tile the rest of 64 d.
	other := GP64()
	MOVQ(U32(32), step)
	MOVQ(d, other)
	SHLQ(U8(6), other)
	SUBQ(U8(32), other)
	Label("eight")
	TESTQ(eights, eights)
	JZ(LabelRef("done"))
	XORQ(column, column)
	which, all, sq := YMM(), YMM(), YMM()
	VMOVDQU(Mem{Base: index}, which)
	VPCMPEQD(which, which, all)
	VGATHERDPS(all, Mem{Base: square, Index: which, Scale: 4}, sq)
	VMOVUPS(sq, Mem{Base: squares})

	Label("columns")
	var low, high [4]reg.VecVirtual
	from := GP64()
	LEAQ(Mem{Base: rows, Index: column, Scale: 4}, from)
	for r := range 8 {
		row := GP64()
		MOVLQSX(Mem{Base: index, Disp: 4 * r}, row)
		IMULQ(stride, row)
		if r < 4 {
			low[r], high[r] = YMM(), YMM()
			VMOVUPS(Mem{Base: from, Index: row, Scale: 1}, low[r].AsX())
			VMOVUPS(Mem{Base: from, Index: row, Scale: 1, Disp: 16}, high[r].AsX())
			continue
		}
		VINSERTF128(U8(1), Mem{Base: from, Index: row, Scale: 1}, low[r-4], low[r-4])
		VINSERTF128(U8(1), Mem{Base: from, Index: row, Scale: 1, Disp: 16}, high[r-4], high[r-4])
	}
	to := GP64()
	MOVQ(column, to)
	SHLQ(U8(6), to)
	ADDQ(tiles, to)
	for half, a := range [2][4]reg.VecVirtual{low, high} {
		t := [4]reg.VecVirtual{YMM(), YMM(), YMM(), YMM()}
		VUNPCKLPS(a[1], a[0], t[0])
		VUNPCKHPS(a[1], a[0], t[1])
		VUNPCKLPS(a[3], a[2], t[2])
		VUNPCKHPS(a[3], a[2], t[3])
		for j := range 4 {
			c := YMM()
			if j%2 == 0 {
				VUNPCKLPD(t[2+j/2], t[j/2], c)
			} else {
				VUNPCKHPD(t[2+j/2], t[j/2], c)
			}
			VMOVUPS(c, Mem{Base: to, Disp: 64 * (4*half + j)})
		}
	}
	ADDQ(U8(8), column)
	CMPQ(column, d)
	JGE(LabelRef("next"))
	last := GP64()
	LEAQ(Mem{Base: d, Disp: -8}, last)
	CMPQ(column, last)
	CMOVQGT(last, column)
	JMP(LabelRef("columns"))

	Label("next")
	ADDQ(step, tiles)
	XCHGQ(step, other)
	ADDQ(U8(32), squares)
	ADDQ(U8(32), index)
	DECQ(eights)
	JMP(LabelRef("eight"))
	Label("done")
	VZEROUPPER()
	RET()
}

// pick generates the copy of rows from tiles to tiles, eight values of a column at a time. It wants the position of each
// row's first value, at most 2^31 values from tiles.
func pick() {
	TEXT("pickAVX2", NOSPLIT, "func(tiles *float32, from *float32, place *int32, eights int, d int)")
	tiles, from, place, eights, d := pointer("tiles"), pointer("from"), pointer("place"), pointer("eights"), pointer("d")
	step, other := GP64(), GP64()
	MOVQ(U32(32), step)
	MOVQ(d, other)
	SHLQ(U8(6), other)
	SUBQ(U8(32), other)
	Label("eight")
	TESTQ(eights, eights)
	JZ(LabelRef("done"))
	which := YMM()
	VMOVDQU(Mem{Base: place}, which)
	j, column, to := GP64(), GP64(), GP64()
	MOVQ(d, j)
	MOVQ(from, column)
	MOVQ(tiles, to)
	Label("column")
	all, v := YMM(), YMM()
	VPCMPEQD(which, which, all)
	VGATHERDPS(all, Mem{Base: column, Index: which, Scale: 4}, v)
	VMOVUPS(v, Mem{Base: to})
	ADDQ(U8(64), column)
	ADDQ(U8(64), to)
	DECQ(j)
	JNZ(LabelRef("column"))
	ADDQ(step, tiles)
	XCHGQ(step, other)
	ADDQ(U8(32), place)
	DECQ(eights)
	JMP(LabelRef("eight"))
	Label("done")
	VZEROUPPER()
	RET()
}

// prefetch generates the announcement of rows: one prefetch into the second level for every line that a row touches.
func prefetch() {
	TEXT("prefetchAVX2", NOSPLIT, "func(rows *float32, index *int32, n int, d int)")
	rows, index, n, d := pointer("rows"), pointer("index"), pointer("n"), pointer("d")
	bytes := GP64()
	MOVQ(d, bytes)
	SHLQ(U8(2), bytes)
	Label("row")
	TESTQ(n, n)
	JZ(LabelRef("done"))
	at, left := GP64(), GP64()
	MOVLQSX(Mem{Base: index}, at)
	IMULQ(bytes, at)
	ADDQ(rows, at)
	MOVQ(bytes, left)
	Label("line")
	PREFETCHT1(Mem{Base: at})
	ADDQ(U8(64), at)
	SUBQ(U8(64), left)
	JG(LabelRef("line"))
	ADDQ(U8(4), index)
	DECQ(n)
	JMP(LabelRef("row"))
	Label("done")
	RET()
}

// accumulate generates the weighted sums of the grid's integers, eight columns at a time. Rows of sums are padded to
// multiples of eight columns; the padding takes whatever follows a row of points.
func accumulate() {
	TEXT("accumulateAVX2", NOSPLIT, "func(sums *int64, rows *float32, scale *float32, index *int32, label *uint8, weight *int32, n int, d int)")
	sums, rows, scale, index, label, weight := pointer("sums"), pointer("rows"), pointer("scale"), pointer("index"), pointer("label"), pointer("weight")
	n, d := pointer("n"), pointer("d")
	i, padded := GP64(), GP64()
	XORQ(i, i)
	MOVQ(d, padded)
	ADDQ(U8(7), padded)
	ANDQ(I8(-8), padded)
	Label("row")
	CMPQ(i, n)
	JGE(LabelRef("done"))
	row, sum, left := GP64(), GP64(), GP64()
	MOVQ(i, row)
	TESTQ(index, index)
	JZ(LabelRef("numbered"))
	MOVLQSX(Mem{Base: index, Index: i, Scale: 4}, row)
	Label("numbered")
	IMULQ(d, row)
	LEAQ(Mem{Base: rows, Index: row, Scale: 4}, row)
	MOVBQZX(Mem{Base: label, Index: i, Scale: 1}, sum)
	IMULQ(padded, sum)
	LEAQ(Mem{Base: sums, Index: sum, Scale: 8}, sum)
	w := YMM()
	VPBROADCASTD(Mem{Base: weight, Index: i, Scale: 4}, w)
	s := GP64()
	MOVQ(scale, s)
	MOVQ(padded, left)
	Label("columns")
	x, q := YMM(), YMM()
	VMOVUPS(Mem{Base: row}, x)
	VMULPS(Mem{Base: s}, x, x)
	VCVTPS2DQ(x, q)
	high := XMM()
	VEXTRACTI128(U8(1), q, high)
	for half, part := range []reg.VecVirtual{q.AsX().(reg.VecVirtual), high} {
		wide := YMM()
		VPMOVSXDQ(part, wide)
		VPMULDQ(w, wide, wide)
		VPADDQ(Mem{Base: sum, Disp: 32 * half}, wide, wide)
		VMOVDQU(wide, Mem{Base: sum, Disp: 32 * half})
	}
	ADDQ(U8(32), row)
	ADDQ(U8(32), s)
	ADDQ(U8(64), sum)
	SUBQ(U8(8), left)
	JNZ(LabelRef("columns"))
	INCQ(i)
	JMP(LabelRef("row"))
	Label("done")
	VZEROUPPER()
	RET()
}

// squares generates |x|^2 in float32 for the points of tiles, column by column with fused multiply-adds.
func squares() {
	TEXT("squaresAVX2", NOSPLIT, "func(dst *float32, tiles *float32, count int, d int)")
	dst, tiles, count, d := pointer("dst"), pointer("tiles"), pointer("count"), pointer("d")
	Label("tile")
	TESTQ(count, count)
	JZ(LabelRef("done"))
	a, b, j := YMM(), YMM(), GP64()
	VXORPS(a, a, a)
	VXORPS(b, b, b)
	MOVQ(d, j)
	Label("column")
	x, y := YMM(), YMM()
	VMOVUPS(Mem{Base: tiles}, x)
	VMOVUPS(Mem{Base: tiles, Disp: 32}, y)
	VFMADD231PS(x, x, a)
	VFMADD231PS(y, y, b)
	ADDQ(U8(64), tiles)
	DECQ(j)
	JNZ(LabelRef("column"))
	VMOVUPS(a, Mem{Base: dst})
	VMOVUPS(b, Mem{Base: dst, Disp: 32})
	ADDQ(U8(64), dst)
	DECQ(count)
	JMP(LabelRef("tile"))
	Label("done")
	VZEROUPPER()
	RET()
}

// distances generates canonical distances: products and sums rounded one by one, column by column.
func distances() {
	TEXT("distancesAVX2", NOSPLIT, "func(dst *float64, tiles *float32, c *float64, count int, d int)")
	dst, tiles, c, count, d := pointer("dst"), pointer("tiles"), pointer("c"), pointer("count"), pointer("d")
	Label("tile")
	TESTQ(count, count)
	JZ(LabelRef("done"))
	var sum [4]reg.VecVirtual
	for q := range sum {
		sum[q] = YMM()
		VXORPD(sum[q], sum[q], sum[q])
	}
	at, j := GP64(), GP64()
	MOVQ(c, at)
	MOVQ(d, j)
	Label("column")
	value := YMM()
	VBROADCASTSD(Mem{Base: at}, value)
	for q := range sum {
		x := YMM()
		VCVTPS2PD(Mem{Base: tiles, Disp: 16 * q}, x)
		VSUBPD(value, x, x)
		VMULPD(x, x, x)
		VADDPD(x, sum[q], sum[q])
	}
	ADDQ(U8(64), tiles)
	ADDQ(U8(8), at)
	DECQ(j)
	JNZ(LabelRef("column"))
	for q, v := range sum {
		VMOVUPD(v, Mem{Base: dst, Disp: 32 * q})
	}
	ADDQ(U8(128), dst)
	DECQ(count)
	JMP(LabelRef("tile"))
	Label("done")
	VZEROUPPER()
	RET()
}

// potential generates dst = min(near, dist) and the sum of weight * ceil(dst / largest * 2^32). A lane's sum is exact as
// long as it stays below 2^53: 32 values with weights below 2^16.
func potential() {
	TEXT("potentialAVX2", NOSPLIT, "func(dst *float64, near *float64, dist *float64, weight *int32, fours int, largest float64) uint64")
	dst, near, dist, weight, fours := pointer("dst"), pointer("near"), pointer("dist"), pointer("weight"), pointer("fours")
	largest, scale, sum := YMM(), YMM(), YMM()
	VBROADCASTSD(NewParamAddr("largest", 40), largest)
	bits := GP64()
	MOVQ(U64(0x41F0000000000000), bits) // 2^32
	VMOVQ(bits, scale.AsX())
	VBROADCASTSD(scale.AsX(), scale)
	VXORPD(sum, sum, sum)
	at := GP64()
	XORQ(at, at)
	Label("loop")
	TESTQ(fours, fours)
	JZ(LabelRef("done"))
	v, w := YMM(), YMM()
	VMOVUPD(Mem{Base: near, Index: at, Scale: 8}, v)
	VMINPD(Mem{Base: dist, Index: at, Scale: 8}, v, v)
	VMOVUPD(v, Mem{Base: dst, Index: at, Scale: 8})
	VDIVPD(largest, v, v)
	VMULPD(scale, v, v)
	VROUNDPD(U8(0x0A), v, v)
	VCVTDQ2PD(Mem{Base: weight, Index: at, Scale: 4}, w)
	VMULPD(w, v, v)
	VADDPD(v, sum, sum)
	ADDQ(U8(4), at)
	DECQ(fours)
	JMP(LabelRef("loop"))
	Label("done")
	high, total, part := XMM(), GP64(), GP64()
	VEXTRACTF128(U8(1), sum, high)
	VCVTTSD2SIQ(sum.AsX(), total)
	VCVTTSD2SIQ(high, part)
	ADDQ(part, total)
	for _, x := range []reg.Register{sum.AsX(), high} {
		odd := XMM()
		VUNPCKHPD(x, x, odd)
		VCVTTSD2SIQ(odd, part)
		ADDQ(part, total)
	}
	VZEROUPPER()
	Store(total, ReturnIndex(0))
	RET()
}
