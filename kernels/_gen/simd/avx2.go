package simd

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// AVX2 generates scoreAVX2.
func AVX2() { score(&avx2{}) }

// avx2 keeps twelve sums in registers, so that best, second best and index of the four vectors live in memory between
// groups of centroids.
type avx2 struct {
	state, number reg.GPVirtual
}

func (*avx2) name() string        { return "scoreAVX2" }
func (*avx2) width() int          { return 32 }
func (*avx2) vec() reg.VecVirtual { return YMM() }

func (s *avx2) start(a reg.Register) {
	s.state, s.number = GP64(), GP64()
	MOVQ(field(a, argState), s.state)
}

func (s *avx2) slot(p, which int) Mem { return Mem{Base: s.state, Disp: (3*p + which) * 32} }

func (s *avx2) begin(a reg.Register) {
	infinity, zero := YMM(), YMM()
	bits := GP32()
	MOVL(U32(0x7F800000), bits)
	VMOVD(bits, infinity.AsX())
	VBROADCASTSS(infinity.AsX(), infinity)
	VXORPS(zero, zero, zero)
	for p := range vectors {
		VMOVUPS(infinity, s.slot(p, 0))
		VMOVUPS(infinity, s.slot(p, 1))
		VMOVUPS(zero, s.slot(p, 2))
	}
	MOVQ(field(a, argNumbers), s.number)
}

func (s *avx2) take(p int, scores []reg.VecVirtual, _ int) {
	best, second, index := YMM(), YMM(), YMM()
	VMOVUPS(s.slot(p, 0), best)
	VMOVUPS(s.slot(p, 1), second)
	VMOVUPS(s.slot(p, 2), index)
	for r, v := range scores {
		less := YMM()
		VCMPPS(U8(0x11), best, v, less) // v < best
		VBLENDVPS(less, Mem{Base: s.number, Disp: 32 * r}, index, index)
		larger := YMM()
		VMAXPS(best, v, larger)
		VMINPS(larger, second, second)
		VMINPS(v, best, best)
	}
	VMOVUPS(best, s.slot(p, 0))
	VMOVUPS(second, s.slot(p, 1))
	VMOVUPS(index, s.slot(p, 2))
}

func (s *avx2) taken(n int) { ADDQ(U8(32*n), s.number) }

func (s *avx2) finish(a, con reg.Register) {
	square, upper, lower := output(a, argSquare, 7), output(a, argUpper, 7), output(a, argLower, 7)
	for t := range vectors / 2 {
		labels, doubts, bits := XMM(), XMM(), GP32()
		for half := range 2 {
			p := 2*t + half
			best, second, x2 := YMM(), YMM(), YMM()
			VMOVUPS(s.slot(p, 0), best)
			VMOVUPS(s.slot(p, 1), second)
			VMOVUPS(Mem{Base: square, Disp: 32 * p}, x2)
			twice, apart, up, low := judge(s, con, best, second, x2)
			VMOVUPS(up, Mem{Base: upper, Disp: 32 * p})
			VMOVUPS(low, Mem{Base: lower, Disp: 32 * p})
			doubt, large := YMM(), YMM()
			VCMPPS(U8(0x1A), twice, apart, doubt) // not (apart > twice), also when unordered
			VCMPPS(U8(0x15), constant(s, con, conLimit), x2, large)
			VORPS(large, doubt, doubt)
			mask := GP32()
			VMOVMSKPS(doubt, mask)
			if half == 0 {
				MOVL(mask, bits)
			} else {
				SHLL(U8(8), mask)
				ORL(mask, bits)
			}
			pack := func(v reg.VecVirtual, into reg.VecVirtual, signed bool) {
				high, words := XMM(), XMM()
				VEXTRACTI128(U8(1), v, high)
				if signed {
					VPACKSSDW(high, v.AsX(), words)
				} else {
					VPACKUSDW(high, v.AsX(), words)
				}
				switch {
				case half == 0:
					VMOVDQA(words, into)
				case signed:
					VPACKSSWB(words, into, into)
				default:
					VPACKUSWB(words, into, into)
				}
			}
			index := YMM()
			VMOVUPS(s.slot(p, 2), index)
			pack(index, labels, false)
			pack(doubt, doubts, true)
		}
		label := output(a, argLabel, 5)
		old, same, moved := XMM(), XMM(), GP32()
		VMOVDQU(Mem{Base: label, Disp: 16 * t}, old)
		VPBLENDVB(doubts, old, labels, labels)
		VPCMPEQB(old, labels, same)
		VPMOVMSKB(same, moved)
		NOTL(moved)
		VMOVDQU(labels, Mem{Base: label, Disp: 16 * t})
		MOVW(moved.As16(), Mem{Base: output(a, argMoved, 2), Disp: 2 * t})
		MOVW(bits.As16(), Mem{Base: output(a, argDoubt, 2), Disp: 2 * t})
	}
}
