package emulator

import (
	"math/bits"
)

// mmaDecoder is mma.sync: d = a b + c for a tile of 16 rows and 8 columns, spread over the lanes of the warp. The products are
// added to c one after the other, k ascending, each with one rounding to float32 (an fma), where the machine adds several at
// once with a rounding of its own, which NVIDIA does not document: results agree to a few units of the last place of the
// largest partial sum, not to the bit.
func mmaDecoder(b *builder, in *instruction, m *mods) exec {
	if !m.flag("sync") || !m.flag("aligned") {
		b.fail("unknown instruction")
	}
	shape := m.one("m16n8k4", "m16n8k8", "m16n8k16")
	if !m.flag("row") || !m.flag("col") || len(m.list) != 4 || m.list[0] != "f32" || m.list[3] != "f32" || m.list[1] != m.list[2] {
		b.fail("unknown instruction")
	}
	of := m.list[1]
	m.list = nil
	k := map[string]int{"m16n8k4tf32": 4, "m16n8k8tf32": 8, "m16n8k8bf16": 8, "m16n8k16bf16": 16}[shape+of]
	if k == 0 {
		b.fail("unknown instruction")
	}
	per := 1 // numbers in a register
	if of == "bf16" {
		per = 2
	}
	b.operands(4)
	fragment := func(n, want int, dest bool, t dataType) []int32 {
		a := b.arg(n)
		list := a.list
		if a.kind != 'v' {
			list = []arg{a}
		}
		if len(list) != want {
			b.fail("operand %d has %d registers, not %d", n+1, len(list), want)
		}
		rows := make([]int32, want)
		for i, e := range list {
			if dest {
				rows[i] = b.destArg(e, t)
			} else {
				rows[i] = b.sourceArg(e, t)
			}
		}
		return rows
	}
	d, c := fragment(0, 4, true, f32), fragment(3, 4, false, f32)
	ra, rb := fragment(1, 16*k/warpSize/per, false, b32), fragment(2, 8*k/warpSize/per, false, b32)
	value := func(w *warp, rows []int32, lane, i int) float32 {
		v := w.rows[rows[i/per]][lane]
		if per == 2 {
			return float32of(v >> (16 * (i & 1)) << 16)
		}
		return float32of(v &^ 0x1fff) // tf32: the machine does not look at the lower 13 bits
	}
	return func(w *warp, m uint32) {
		if m != allLanes {
			w.fail(codeIllegalInstruction, bits.TrailingZeros32(^m), "not all lanes of the warp take part")
		}
		var a [16][16]float32
		var bb [16][8]float32
		for lane := range warpSize {
			group, quad := lane/4, lane%4
			for i := range 16 * k / warpSize {
				// a: with per numbers in a register, rows group and group+8 alternate, then come the columns of the other half.
				row := group + 8*(i/per&1)
				col := quad*per + i%per + i/(2*per)*4*per
				a[row][col] = value(w, ra, lane, i)
			}
			for i := range 8 * k / warpSize {
				bb[quad*per+i%per+i/per*4*per][group] = value(w, rb, lane, i)
			}
		}
		var out [4]lanes
		for lane := range warpSize {
			for i := range 4 {
				row, col := lane/4+8*(i/2), lane%4*2+i%2
				v := float32of(w.rows[c[i]][lane])
				for j := range k {
					v = fma32(a[row][j], bb[j][col], v, nearest)
				}
				out[i][lane] = bits32(v)
			}
		}
		for i, row := range d {
			w.rows[row] = out[i]
		}
	}
}

// ldmatrixDecoder is ldmatrix: tiles of 8 rows of 16 bytes out of shared memory; lanes 8 i to 8 i + 7 hold the rows' addresses
// of tile i, and lane l receives numbers 2 (l % 4) and the next of row l / 4 (with .trans, of column l / 4).
func ldmatrixDecoder(b *builder, in *instruction, m *mods) exec {
	t := m.typ
	if !m.flag("sync") || !m.flag("aligned") || !m.flag("m8n8") {
		b.fail("unknown instruction")
	}
	n := map[string]int{"x1": 1, "x2": 2, "x4": 4}[m.one("x1", "x2", "x4")]
	trans := m.flag("trans")
	m.only(t(), "b16")
	if m.space() != "shared" || n == 0 {
		b.fail("unknown instruction")
	}
	b.operands(2)
	dst := b.arg(0)
	if dst.kind != 'v' {
		dst.list = []arg{dst}
	}
	if len(dst.list) != n {
		b.fail("a vector of %d is wanted", n)
	}
	rows := make([]int32, n)
	for i, a := range dst.list {
		rows[i] = b.destArg(a, b32)
	}
	r := b.address(b.arg(1), "shared")
	return func(w *warp, m uint32) {
		if m != allLanes {
			w.fail(codeIllegalInstruction, bits.TrailingZeros32(^m), "not all lanes of the warp take part")
		}
		for i, row := range rows {
			var tile [8][8]uint64
			for j := range 8 {
				p := r.memory(w, 8*i+j, 16, read, nil)
				for c := range 8 {
					tile[j][c] = load(p[2*c:], 2)
				}
			}
			for lane := range warpSize {
				x, y := lane/4, lane%4*2
				if trans {
					w.rows[row][lane] = tile[y][x] | tile[y+1][x]<<16
				} else {
					w.rows[row][lane] = tile[x][y] | tile[x][y+1]<<16
				}
			}
		}
	}
}
