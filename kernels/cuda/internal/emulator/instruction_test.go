package emulator

import (
	"fmt"
	"strings"
	"testing"
)

// A snippet is code for one thread; it leaves its result in %q0.
type snippet struct {
	code string
	want uint64
}

const registers = `.reg .pred %p<8>; .reg .b16 %h<8>; .reg .b32 %r<12>; .reg .f32 %f<8>; .reg .f64 %d<8>; .reg .b64 %q<12>; .reg .b64 %out;
`

// snippetModule is a kernel that stores the results of all snippets.
func snippetModule(list []snippet) string {
	var b strings.Builder
	b.WriteString(header + ".const .align 4 .b32 table[3] = {7, -2, 0x10};\n.global .align 8 .u64 counter = 41;\n")
	b.WriteString(".visible .entry k(.param .u64 out) {\n" + registers + "ld.param.u64 %out, [out];\n")
	for i, s := range list {
		fmt.Fprintf(&b, "{ %s }\nst.global.u64 [%%out+%d], %%q0;\n", s.code, 8*i)
	}
	b.WriteString("ret;\n}\n")
	return b.String()
}

func checkSnippets(t *testing.T, list []snippet) {
	t.Helper()
	r := newRig(t, Options{})
	f := r.kernel(r.module(snippetModule(list)), "k")
	out := blank[uint64](r, len(list))
	r.launch(f, 1, 1, 0, ptr(out))
	for i, got := range download[uint64](r, out, len(list)) {
		if got != list[i].want {
			t.Errorf("%s: %#x, want %#x", list[i].code, got, list[i].want)
		}
	}
}

// op is an instruction whose operands are constants; register classes follow from the types: 'r', 'f', 'd', 'q' or 'h', the
// first for the result. Constants are their bits.
func op(name, classes string, want uint64, args ...uint64) snippet {
	var b strings.Builder
	var names []string
	typ := map[byte]string{'r': "b32", 'f': "b32", 'd': "b64", 'q': "b64", 'h': "b16"}
	for i, a := range args {
		c := classes[i+1]
		reg := fmt.Sprintf("%%%c%d", c, i+1)
		switch c {
		case 'f':
			fmt.Fprintf(&b, "mov.f32 %s, 0f%08X; ", reg, a)
		case 'd':
			fmt.Fprintf(&b, "mov.f64 %s, 0d%016X; ", reg, a)
		default:
			fmt.Fprintf(&b, "mov.%s %s, %#x; ", typ[c], reg, a)
		}
		names = append(names, reg)
	}
	d := classes[0]
	if d == 'p' {
		fmt.Fprintf(&b, "%s %%p0, %s; selp.u64 %%q0, 1, 0, %%p0;", name, strings.Join(names, ", "))
		return snippet{b.String(), want}
	}
	fmt.Fprintf(&b, "%s %%%c0, %s; ", name, d, strings.Join(names, ", "))
	switch d {
	case 'r':
		b.WriteString("cvt.u64.u32 %q0, %r0;")
	case 'h':
		b.WriteString("cvt.u64.u16 %q0, %h0;")
	case 'f':
		b.WriteString("mov.b32 %r0, %f0; cvt.u64.u32 %q0, %r0;")
	case 'd':
		b.WriteString("mov.b64 %q0, %d0;")
	}
	return snippet{b.String(), want}
}

const (
	m32  = 0xffffffff
	m64  = 0xffffffffffffffff
	inf  = 0x7f800000
	ninf = 0xff800000
	one  = 0x3f800000
)

func TestIntegerInstructions(t *testing.T) {
	checkSnippets(t, []snippet{
		op("add.u32", "rrr", 0, m32, 1),
		op("add.s16", "hhh", 0x8000, 0x7fff, 1),
		op("add.u64", "qqq", 0, m64, 1),
		op("add.sat.s32", "rrr", 0x7fffffff, 0x7fffffff, 1),
		op("sub.sat.s32", "rrr", 0x80000000, 0x80000000, 1),
		op("sub.u32", "rrr", m32, 0, 1),
		op("mul.lo.u32", "rrr", 1, m32, m32),
		op("mul.hi.u32", "rrr", m32-1, m32, m32),
		op("mul.hi.s32", "rrr", 0, m32, m32),
		op("mul.hi.s32", "rrr", 0x40000000, 0x80000000, 0x80000000),
		op("mul.hi.u64", "qqq", m64-1, m64, m64),
		op("mul.hi.s64", "qqq", m64, m64, 2),
		op("mul.hi.s64", "qqq", 0x4000000000000000, 1<<63, 1<<63),
		op("mul.hi.u16", "hhh", 0xfffe, 0xffff, 0xffff),
		op("mul.lo.s16", "hhh", 0x8000, 0x8000, 0xffff),
		op("mul.wide.u16", "rhh", 0xfffe0001, 0xffff, 0xffff),
		op("mul.wide.s16", "rhh", m32, 0xffff, 1),
		op("mul.wide.s32", "qrr", m64, m32, 1),
		op("mul.wide.u32", "qrr", 0xfffffffe00000001, m32, m32),
		op("mad.lo.s32", "rrrr", 7, 2, 3, 1),
		op("mad.hi.u32", "rrrr", m32, m32, m32, 1),
		op("mad.wide.s32", "qrrq", 5, m32, 2, 7),
		op("mad.wide.u32", "qrrq", 0x1fffffffe+7, m32, 2, 7),
		op("mad.lo.u64", "qqqq", 1<<63+5, 1<<62, 2, 5),
		op("div.s32", "rrr", 0x80000000, 0x80000000, m32),
		op("rem.s32", "rrr", 0, 0x80000000, m32),
		op("rem.s32", "rrr", m32, m32-6, 3), // -7 rem 3 = -1
		op("div.s32", "rrr", m32-1, m32-6, 3),
		op("div.u64", "qqq", 0x5555555555555555, m64, 3),
		op("rem.u64", "qqq", 2, m64-13, 16),
		op("div.s64", "qqq", m64-1, m64-6, 3),
		op("neg.s32", "rr", 0x80000000, 0x80000000),
		op("neg.s64", "qq", m64, 1),
		op("abs.s32", "rr", 0x80000000, 0x80000000),
		op("abs.s32", "rr", 5, m32-4),
		op("abs.s64", "qq", 5, m64-4),
		op("min.s32", "rrr", m32, m32, 1),
		op("min.u32", "rrr", 1, m32, 1),
		op("max.s64", "qqq", 1, m64, 1),
		op("max.u64", "qqq", m64, m64, 1),
		op("max.s16", "hhh", 1, 0xffff, 1),
		op("sad.u32", "rrrr", 13, 5, 15, 3),
		op("sad.s32", "rrrr", 3, m32, 1, 1),
		op("dp4a.s32.s32", "rrrr", 19, 0x03ff0201, 0x0401ff00, 10), // 1*0 + 2*-1 + -1*1 + 3*4 + 10
		op("dp4a.u32.u32", "rrrr", 4*255*255, m32, m32, 0),
	})
}

func TestCarries(t *testing.T) {
	wide := func(code string, want uint64) snippet {
		return snippet{"mov.u32 %r1, 0xffffffff; mov.u32 %r2, 1; mov.u32 %r3, 0; mov.u32 %r4, 5; " + code + " mov.b64 %q0, {%r5, %r6};", want}
	}
	checkSnippets(t, []snippet{
		wide("add.cc.u32 %r5, %r1, %r2; addc.u32 %r6, %r3, %r4;", 6<<32),
		wide("add.cc.u32 %r5, %r4, %r2; addc.u32 %r6, %r3, %r4;", 5<<32|6),
		wide("sub.cc.u32 %r5, %r3, %r2; subc.u32 %r6, %r4, %r3;", 4<<32|m32),
		wide("sub.cc.u32 %r5, %r2, %r2; subc.u32 %r6, %r4, %r3;", 5<<32),
		wide("mad.lo.cc.u32 %r5, %r1, %r1, %r1; madc.hi.u32 %r6, %r1, %r1, %r3;", (m32*m32+m32)&m64),
		// The carry goes through a middle word, with all ones in it.
		wide("add.cc.u32 %r5, %r1, %r2; addc.cc.u32 %r5, %r1, %r3; addc.u32 %r6, %r3, %r3;", 1<<32),
		wide("sub.cc.u32 %r5, %r3, %r2; subc.cc.u32 %r5, %r3, %r3; subc.u32 %r6, %r3, %r3;", m64),
		{"mov.u64 %q1, -1; mov.u64 %q2, 1; mov.u64 %q3, 0; add.cc.u64 %q4, %q1, %q2; addc.cc.u64 %q4, %q1, %q3; addc.u64 %q0, %q3, %q3;", 1},
		{"mov.u64 %q1, -1; mov.u64 %q3, 0; mad.lo.cc.u64 %q4, %q1, %q1, %q1; madc.hi.u64 %q0, %q1, %q1, %q3;", m64},
	})
}

func TestBitInstructions(t *testing.T) {
	checkSnippets(t, []snippet{
		op("shl.b32", "rrr", 0, 1, 32),
		op("shl.b32", "rrr", 0, 1, m32),
		op("shl.b32", "rrr", 1<<31, 1, 31),
		op("shl.b64", "qqr", 0, 1, 64),
		op("shr.u32", "rrr", 0, m32, 32),
		op("shr.s32", "rrr", m32, 0x80000000, 32),
		op("shr.s32", "rrr", m32, 0x80000000, 255),
		op("shr.s64", "qqr", m64, 1<<63, 100),
		op("shr.u64", "qqr", 1, 1<<63, 63),
		op("shr.s16", "hhr", 0xfff8, 0x8000, 12),
		op("shl.b16", "hhr", 0x8000, 0xffff, 15),
		op("shf.l.wrap.b32", "rrrr", 0x23456789, 0x9abcdef0, 0x12345678, 4),
		op("shf.l.wrap.b32", "rrrr", 0x12345678, 0x9abcdef0, 0x12345678, 32),
		op("shf.l.clamp.b32", "rrrr", 0x9abcdef0, 0x9abcdef0, 0x12345678, 40),
		op("shf.r.wrap.b32", "rrrr", 0x89abcdef, 0x9abcdef0, 0x12345678, 4),
		op("shf.r.clamp.b32", "rrrr", 0x12345678, 0x9abcdef0, 0x12345678, 99),
		op("bfe.u32", "rrrr", 0x67, 0x12345678, 4, 8),
		op("bfe.s32", "rrrr", 0xfffffff8, 0x00000080, 4, 4),
		op("bfe.s32", "rrrr", 0xfffffff8, 0x80000000, 28, 16),
		op("bfe.s32", "rrrr", m32, 0x80000000, 40, 4),
		op("bfe.s32", "rrrr", 0, 0x80000000, 3, 0),
		op("bfe.u32", "rrrr", 0, m32, 32, 4),
		op("bfe.u64", "qqrr", 0xff, m64, 8, 8),
		op("bfe.s64", "qqrr", m64, m64, 60, 40),
		op("bfi.b32", "rrrrr", 0x123ab678, 0xab, 0x12345678, 12, 8),
		op("bfi.b32", "rrrrr", 0x12345678, 0xab, 0x12345678, 12, 0),
		op("bfi.b32", "rrrrr", 0xb2345678, 0xab, 0x12345678, 28, 8),
		op("bfi.b64", "qqqrr", 0xffffffff00000000, m32, 0, 32, 200),
		op("popc.b32", "rr", 32, m32),
		op("popc.b64", "rq", 64, m64),
		op("clz.b32", "rr", 32, 0),
		op("clz.b32", "rr", 0, m32),
		op("clz.b64", "rq", 64, 0),
		op("brev.b32", "rr", 0x80000000, 1),
		op("brev.b64", "qq", 1<<63, 1),
		op("bfind.u32", "rr", 31, 0x80000000),
		op("bfind.u32", "rr", m32, 0),
		op("bfind.s32", "rr", m32, m32),
		op("bfind.s32", "rr", 2, 0xfffffff8), // -8: bit 2 is the last that differs from the sign
		op("bfind.shiftamt.u32", "rr", 0, 0x80000000),
		op("bfind.shiftamt.u64", "rq", 63, 1),
		op("prmt.b32", "rrrr", 0x44332211, 0x44332211, 0x88776655, 0x3210),
		op("prmt.b32", "rrrr", 0x11223344, 0x44332211, 0x88776655, 0x0123),
		op("prmt.b32", "rrrr", 0xff008811, 0x44332211, 0x88776655, 0xfc70), // the signs of bytes 7 and 4
		op("prmt.b32.f4e", "rrrr", 0x66554433, 0x44332211, 0x88776655, 2),
		op("prmt.b32.b4e", "rrrr", 0x77881122, 0x44332211, 0x88776655, 1),
		op("prmt.b32.rc8", "rrrr", 0x33333333, 0x44332211, 0, 2),
		op("prmt.b32.ecl", "rrrr", 0x44333333, 0x44332211, 0, 2),
		op("prmt.b32.ecr", "rrrr", 0x33332211, 0x44332211, 0, 2),
		op("prmt.b32.rc16", "rrrr", 0x44334433, 0x44332211, 0, 1),
	})
}

func TestLogic(t *testing.T) {
	checkSnippets(t, []snippet{
		op("and.b32", "rrr", 0x0f000f00, 0xff00ff00, 0x0f0f0f0f),
		op("or.b64", "qqq", m64, 0xff00ff00ff00ff00, 0x00ff00ff00ff00ff),
		op("xor.b16", "hhh", 0xf00f, 0xff00, 0x0f0f),
		op("not.b32", "rr", 0xff, 0xffffff00),
		op("not.b16", "hh", 0xff, 0xff00),
		op("cnot.b32", "rr", 1, 0),
		op("cnot.b32", "rr", 0, 5),
		{"mov.b32 %r1, 0xf0f0f0f0; mov.b32 %r2, 0xcccccccc; mov.b32 %r3, 0xaaaaaaaa; lop3.b32 %r0, %r1, %r2, %r3, 0x96; cvt.u64.u32 %q0, %r0;", (0xf0f0f0f0 ^ 0xcccccccc ^ 0xaaaaaaaa)},
		{"mov.b32 %r1, 0xf0f0f0f0; mov.b32 %r2, 0xcccccccc; mov.b32 %r3, 0xaaaaaaaa; lop3.b32 %r0, %r1, %r2, %r3, 0xe2; cvt.u64.u32 %q0, %r0;", 0xe2e2e2e2},
		{"mov.pred %p0, 1; mov.pred %p1, 0; and.pred %p2, %p0, %p1; or.pred %p3, %p2, %p0; xor.pred %p4, %p3, %p1; not.pred %p5, %p4; selp.u64 %q0, 1, 2, %p4; @%p5 mov.u64 %q0, 3;", 1},
		{"mov.pred %p0, 1; selp.u64 %q0, 1, 2, !%p0;", 2},
		{"mov.b32 %r1, 0x11223344; mov.b32 {%h1, %h2}, %r1; cvt.u64.u16 %q0, %h2;", 0x1122},
		{"mov.b16 %h1, 1; mov.b16 %h2, 2; mov.b16 %h3, 3; mov.b64 %q0, {%h1, %h2, %h3, %h1};", 0x0001000300020001},
		{"mov.b64 %q1, 0x1122334455667788; mov.b64 {_, %r1}, %q1; cvt.u64.u32 %q0, %r1;", 0x11223344},
		{"mov.u32 %r1, table; ld.const.u32 %r2, [%r1+4]; cvt.s64.s32 %q0, %r2;", m64 - 1},
		{"ld.const.s32 %q0, [table+4];", m64 - 1},
		{"ld.global.u64 %q0, [counter];", 41},
		{"mov.u64 %q1, counter; cvta.global.u64 %q2, %q1; ld.u64 %q0, [%q2];", 41},
		{"mov.u64 %q1, table; cvta.const.u64 %q2, %q1; ld.u32 %q0, [%q2+8];", 16},
		{"atom.global.add.u64 %q0, [counter], 1;", 41},
		{"red.global.max.u64 [counter], 100; ld.global.u64 %q0, [counter];", 100},
		{".local .align 8 .b8 depot[16]; mov.u64 %q1, depot; cvta.local.u64 %q2, %q1; st.local.u64 [%q1+8], 77; ld.u64 %q0, [%q2+8];", 77},
		{".local .align 8 .b8 depot[16]; mov.u64 %q1, depot; st.local.v2.u32 [depot], {1, 2}; ld.local.u64 %q0, [%q1];", 2<<32 | 1},
		{"mov.u32 %r1, 0xff80; .local .align 4 .b32 x; st.local.u8 [x], %r1; ld.local.s8 %r2, [x]; cvt.u64.u32 %q0, %r2;", 0xffffff80},
		{"isspacep.global %p0, %out; selp.u64 %q0, 1, 0, %p0;", 1},
		{"isspacep.shared %p0, %out; selp.u64 %q0, 1, 0, %p0;", 0},
		{"mov.u32 %r1, %ntid.x; mov.u32 %r2, %nctaid.y; add.u32 %r1, %r1, %r2; cvt.u64.u32 %q0, %r1;", 2},
		{"mov.u32 %r1, 2; .reg .b32 %idx; mov.u32 %idx, 1; T: .branchtargets A, B, C; brx.idx %idx, T; A: mov.u64 %q0, 10; bra.uni E; B: mov.u64 %q0, 11; bra.uni E; C: mov.u64 %q0, 12; E:", 11},
	})
}

func TestFloatInstructions(t *testing.T) {
	checkSnippets(t, []snippet{
		op("add.f32", "fff", nan32, inf, ninf),
		op("mul.f32", "fff", nan32, inf, 0),
		op("add.f32", "fff", nan32, 0x7f800001, one),
		op("add.ftz.f32", "fff", 0, 1, 1),
		op("add.ftz.f32", "fff", 0x80000000, 0x80000001, 0x80000001),
		op("add.f32", "fff", 2, 1, 1),
		op("mul.ftz.f32", "fff", 0x80000000, 0x80800000, 0x3f000000), // half of the smallest normal number
		op("mul.f32", "fff", 0x80400000, 0x80800000, 0x3f000000),
		op("fma.rn.ftz.f32", "ffff", one, one, one, 0x00700000),
		op("fma.rn.sat.f32", "ffff", one, one, one, one),
		op("add.sat.f32", "fff", 0, 0xbf800000, 0),
		op("add.sat.f32", "fff", 0, 0x7fc00000, one),
		op("sub.rm.f32", "fff", 0x80000000, one, one),
		op("fma.rn.f32", "ffff", 0x337ffffe, 0x3f800001, 0x3f7fffff, 0xbf800000), // (1+2^-23)(1-2^-24) - 1 = 2^-24 - 2^-47
		// The product is less than half of the last place of a subnormal by 2^-196: rounding twice would go up.
		op("fma.rn.f32", "ffff", 0x00400001, 52<<23|1, 51<<23|0x7ffffe, 0x00400001),
		op("div.approx.f32", "fff", 0x40000000, 0x40800000, 0x40000000),
		op("div.full.f32", "fff", 0x40000000, 0x40800000, 0x40000000),
		op("sqrt.approx.f32", "ff", 0x40000000, 0x40800000),
		op("sqrt.rn.f32", "ff", nan32, 0xbf800000),
		op("sqrt.rn.f32", "ff", 0x80000000, 0x80000000),
		op("rsqrt.approx.f32", "ff", 0x3f000000, 0x40800000),
		op("rsqrt.approx.f32", "ff", ninf, 0x80000000),
		op("rcp.approx.ftz.f32", "ff", inf, 1),
		op("ex2.approx.f32", "ff", 0x41000000, 0x40400000),
		op("ex2.approx.ftz.f32", "ff", 0, ninf),
		op("lg2.approx.f32", "ff", 0x40400000, 0x41000000),
		op("lg2.approx.f32", "ff", ninf, 0),
		op("sin.approx.f32", "ff", 0, 0),
		op("cos.approx.f32", "ff", one, 0),
		op("tanh.approx.f32", "ff", one, inf),
		op("rcp.approx.ftz.f64", "dd", 0x3fe0000000000000, 0x40000000000000ff), // only the upper 32 bits count,
		op("rcp.approx.ftz.f64", "dd", 0x7ff0000000000000, 0x000fffff00000000),
		op("rsqrt.approx.ftz.f64", "dd", 0x3fe0000000000000, 0x40100000000000ff),
		op("rsqrt.approx.f64", "dd", 0x5fe0000000000000, 0x0010000000000000),
		op("min.f32", "fff", one, 0x7fc00000, one),
		op("min.f32", "fff", nan32, 0x7fc00000, 0x7f800001),
		op("min.NaN.f32", "fff", nan32, 0x7fc00000, one),
		op("min.f32", "fff", 0x80000000, 0, 0x80000000),
		op("max.f32", "fff", 0, 0x80000000, 0),
		op("max.f64", "ddd", one<<32, one<<32, 0xfff8000000000000),
		op("neg.f32", "ff", 0xff800000, inf),
		op("abs.f32", "ff", inf, ninf),
		op("abs.ftz.f32", "ff", 0, 0x80000001),
		op("neg.f64", "dd", 1<<63, 0),
		op("copysign.f32", "fff", 0xbf800000, 0x80000000, one),
		op("add.f64", "ddd", nan64, 0x7ff0000000000000, 0xfff0000000000000),
		op("add.f64", "ddd", 0x7ff8000000000005, 0x7ff0000000000005, 0),
		op("testp.subnormal.f32", "pf", 1, 1),
		op("testp.normal.f32", "pf", 0, 1),
		op("testp.finite.f64", "pd", 0, 0x7ff0000000000000),
		op("testp.notanumber.f64", "pd", 1, 0x7ff0000000000001),
		op("slct.f32.s32", "fffr", 0x40000000, one, 0x40000000, m32),
		op("slct.u64.f32", "qqqf", 2, 1, 2, 0x7fc00000),
		op("slct.u64.f32", "qqqf", 1, 1, 2, 0x80000000),
	})
}

func TestComparisons(t *testing.T) {
	list := []snippet{
		op("setp.lt.s32", "prr", 1, m32, 1),
		op("setp.lt.u32", "prr", 0, m32, 1),
		op("setp.lo.u32", "prr", 1, 1, m32),
		op("setp.hs.u64", "pqq", 1, m64, m64),
		op("setp.ge.s64", "pqq", 0, m64, 1),
		op("setp.gt.s16", "phh", 0, 0xffff, 1),
		op("setp.le.u16", "phh", 0, 0xffff, 1),
		op("setp.eq.b64", "pqq", 1, m64, m64),
		op("setp.ne.b32", "prr", 0, 5, 5),
		op("setp.eq.ftz.f32", "pff", 1, 1, 0x80000000),
		op("setp.eq.f32", "pff", 1, 0, 0x80000000),
		op("set.lt.u32.f32", "rff", m32, 0, one),
		op("set.gt.f32.s32", "frr", one, 1, m32),
	}
	const nan = 0x7fc00000
	for name, want := range map[string][3]uint64{ // of (1, 2), (1, 1) and (1, NaN)
		"eq": {0, 1, 0}, "ne": {1, 0, 0}, "lt": {1, 0, 0}, "le": {1, 1, 0}, "gt": {0, 0, 0}, "ge": {0, 1, 0},
		"equ": {0, 1, 1}, "neu": {1, 0, 1}, "ltu": {1, 0, 1}, "leu": {1, 1, 1}, "gtu": {0, 0, 1}, "geu": {0, 1, 1},
		"num": {1, 1, 0}, "nan": {0, 0, 1},
	} {
		for i, y := range []uint64{0x40000000, one, nan} {
			list = append(list, op("setp."+name+".f32", "pff", want[i], one, y))
		}
		for i, y := range []uint64{0x4000 << 48, 0x3ff << 52, 0x7ff8 << 48} {
			list = append(list, op("setp."+name+".f64", "pdd", want[i], 0x3ff<<52, y))
		}
	}
	list = append(list,
		snippet{"mov.pred %p2, 1; setp.lt.and.u32 %p0|%p1, 1, 2, %p2; selp.u64 %q0, 1, 0, %p0; selp.u64 %q1, 2, 0, %p1; or.b64 %q0, %q0, %q1;", 1},
		snippet{"mov.pred %p2, 1; setp.lt.and.u32 %p0|%p1, 2, 1, %p2; selp.u64 %q0, 1, 0, %p0; selp.u64 %q1, 2, 0, %p1; or.b64 %q0, %q0, %q1;", 2},
		snippet{"mov.pred %p2, 1; setp.lt.and.u32 %p0, 1, 2, !%p2; selp.u64 %q0, 1, 0, %p0;", 0},
		snippet{"mov.pred %p2, 1; setp.lt.xor.u32 %p0, 1, 2, %p2; selp.u64 %q0, 1, 0, %p0;", 0},
		snippet{"mov.pred %p2, 1; setp.gt.or.u32 %p0, 1, 2, %p2; selp.u64 %q0, 1, 0, %p0;", 1},
	)
	checkSnippets(t, list)
}

func TestConversions(t *testing.T) {
	checkSnippets(t, []snippet{
		op("cvt.u64.u32", "qr", m32, m32),
		op("cvt.s64.s32", "qr", m64, m32),
		op("cvt.s32.s8", "rr", 0xffffff80, 0x180),
		op("cvt.u32.u8", "rr", 0x80, 0x180),
		op("cvt.u32.s16", "rh", 0xffff8000, 0x8000),
		op("cvt.u16.u32", "hr", 0x5678, 0x12345678),
		op("cvt.sat.u8.s32", "rr", 0, m32),
		op("cvt.sat.u8.s32", "rr", 255, 256),
		op("cvt.sat.s8.s32", "rr", 0xffffff80, m32-1000),
		op("cvt.sat.s32.u32", "rr", 0x7fffffff, m32),
		op("cvt.sat.s32.s64", "rq", 0x80000000, 1<<63),
		op("cvt.rzi.s32.f32", "rf", m32, 0xbfffffff), // -1.99..
		op("cvt.rni.s32.f32", "rf", 2, 0x40200000),   // 2.5
		op("cvt.rmi.s32.f32", "rf", m32-1, 0xbfc00000),
		op("cvt.rpi.s32.f32", "rf", m32, 0xbfc00000),
		op("cvt.rzi.s32.f32", "rf", 0x7fffffff, inf),
		op("cvt.rzi.s32.f32", "rf", 0x80000000, ninf),
		op("cvt.rzi.u32.f32", "rf", 0, ninf),
		op("cvt.rzi.u32.f32", "rf", m32, inf),
		op("cvt.rzi.s32.f32", "rf", 0, 0x7fc00000),
		op("cvt.rzi.s64.f32", "qf", 1<<63, 0x7fc00000),
		op("cvt.rzi.s32.f64", "rd", 0x80000000, 0x7ff8000000000000),
		op("cvt.rzi.u64.f64", "qd", m64, 0x43f0000000000000),
		op("cvt.rzi.u64.f64", "qd", 0xfffffffffffff800, 0x43efffffffffffff),
		op("cvt.rzi.u8.f32", "rf", 255, 0x44000000),
		op("cvt.rzi.s8.f32", "rf", 0xffffff80, 0xc4000000),
		op("cvt.rzi.ftz.s32.f32", "rf", 0, 1),
		op("cvt.rpi.ftz.s32.f32", "rf", 0, 1),
		op("cvt.rpi.s32.f32", "rf", 1, 1),
		op("cvt.rn.f32.u32", "fr", 0x4f800000, m32),
		op("cvt.rz.f32.u32", "fr", 0x4f7fffff, m32),
		op("cvt.rp.f32.s32", "fr", 0xcb800000, m32-0x1000000), // -(2^24+1) up is -2^24
		op("cvt.rm.f32.s32", "fr", 0xcb800001, m32-0x1000000),
		op("cvt.rn.f32.u64", "fq", 0x5f800000, m64),
		op("cvt.rn.f32.u64", "fq", 0x5f000000, 1<<63+1<<39), // a tie: to even
		op("cvt.rn.f32.u64", "fq", 0x5f000001, 1<<63+1<<39+1),
		op("cvt.rn.f64.s64", "dq", 0xbff0000000000000, m64),
		op("cvt.rn.f64.u64", "dq", 0x43f0000000000000, m64),
		op("cvt.rz.f64.u64", "dq", 0x43efffffffffffff, m64),
		op("cvt.f64.f32", "df", 0x36a0000000000000, 1),
		op("cvt.ftz.f64.f32", "df", 0, 1),
		op("cvt.rn.f32.f64", "fd", one, 0x3ff0000010000000), // a tie
		op("cvt.rp.f32.f64", "fd", one+1, 0x3ff0000000000001),
		op("cvt.rn.f32.f64", "fd", 1, 0x36a0000000000000),
		op("cvt.rn.ftz.f32.f64", "fd", 0, 0x36a0000000000000),
		op("cvt.rn.f32.f64", "fd", inf, 0x7fefffffffffffff),
		op("cvt.rz.f32.f64", "fd", inf-1, 0x7fefffffffffffff),
		op("cvt.rni.f32.f32", "ff", 0x80000000, 0xbf000000),
		op("cvt.rmi.f64.f64", "dd", 0xbff0000000000000, 0x8000000000000001),
		op("cvt.sat.f32.f32", "ff", one, 0x40000000),
		op("cvt.rn.f16.f32", "hf", 0x3c00, one),
		op("cvt.rn.f16.f32", "hf", 0x7c00, 0x47800000),
		op("cvt.f32.f16", "fh", 0x33800000, 1),
		op("cvt.rn.bf16.f32", "hf", 0x3f80, 0x3f808000),
		op("cvt.rn.bf16.f32", "hf", 0x3f82, 0x3f818000),
		op("cvt.rn.bf16x2.f32", "rff", 0x3f804000, one, 0x40000000),
		op("cvt.rna.tf32.f32", "rf", 0x3f802000, 0x3f801000),
	})
}
