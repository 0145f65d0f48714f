package simd

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// AVX512 generates scoreAVX512.
func AVX512() { score(&avx512{}) }

// avx512 has registers enough for everything.
type avx512 struct {
	one, current        reg.VecPhysical
	best, second, index [vectors]reg.VecPhysical
}

func (*avx512) name() string        { return "scoreAVX512" }
func (*avx512) width() int          { return 64 }
func (*avx512) vec() reg.VecVirtual { return ZMM() }

func (s *avx512) start(reg.Register) {
	z := []reg.VecPhysical{reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20, reg.Z21, reg.Z22, reg.Z23, reg.Z24, reg.Z25, reg.Z26, reg.Z27,
		reg.Z28, reg.Z29} // chosen by hand: left to itself, the allocator does not find room for all
	copy(s.best[:], z[0:])
	copy(s.second[:], z[4:])
	copy(s.index[:], z[8:])
	s.one, s.current = z[12], z[13]
	bits := GP32()
	MOVL(U32(1), bits)
	VPBROADCASTD(bits, s.one)
}

func (s *avx512) begin(reg.Register) {
	bits := GP32()
	MOVL(U32(0x7F800000), bits)
	VPXORD(s.current, s.current, s.current)
	for p := range vectors {
		VPBROADCASTD(bits, s.best[p])
		VMOVAPS(s.best[p], s.second[p])
		VMOVDQA32(s.current, s.index[p])
	}
}

func (s *avx512) take(p int, scores []reg.VecVirtual, n int) {
	best, second, index := s.best[p], s.second[p], s.index[p]
	current := ZMM()
	VMOVDQA32(s.current, current)
	for r, v := range scores {
		if r > 0 {
			VPADDD(s.one, current, current)
		}
		less := K()
		larger := ZMM()
		VCMPPS(U8(0x11), best, v, less) // v < best
		VMAXPS(best, v, larger)
		VMINPS(larger, second, second)
		VMINPS(v, best, best)
		VMOVDQA32(current, less, index)
	}
}

func (s *avx512) taken(n int) {
	for range n {
		VPADDD(s.one, s.current, s.current)
	}
}

func (s *avx512) finish(a, con reg.Register) {
	square, upper, lower := output(a, argSquare, 8), output(a, argUpper, 8), output(a, argLower, 8)
	for p := range vectors {
		x2 := ZMM()
		VMOVUPS(Mem{Base: square, Disp: 64 * p}, x2)
		twice, apart, up, low := judge(s, con, s.best[p], s.second[p], x2)
		VMOVUPS(up, Mem{Base: upper, Disp: 64 * p})
		VMOVUPS(low, Mem{Base: lower, Disp: 64 * p})
		doubt, large, sure := K(), K(), K()
		VCMPPS(U8(0x1A), twice, apart, doubt) // not (apart > twice), also when unordered
		VCMPPS(U8(0x15), constant(s, con, conLimit), x2, large)
		KORW(large, doubt, doubt)
		KNOTW(doubt, sure)
		bytes, old := XMM(), XMM()
		VPMOVDB(s.index[p], bytes)
		label := output(a, argLabel, 6)
		VMOVDQU(Mem{Base: label, Disp: 16 * p}, old)
		other, moves := K(), K()
		VPCMPUB(U8(4), old, bytes, other)
		KANDW(other, sure, moves)
		VMOVDQU8(bytes, sure, Mem{Base: label, Disp: 16 * p})
		mask := GP32()
		KMOVW(moves, mask)
		MOVW(mask.As16(), Mem{Base: output(a, argMoved, 3), Disp: 2 * p})
		KMOVW(doubt, mask)
		MOVW(mask.As16(), Mem{Base: output(a, argDoubt, 3), Disp: 2 * p})
	}
}
