package emulator

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"segovia/kernels/cuda/driver"
)

// planted is a kernel with an error. Its threads have %r1 = tid, %q1 = p + 4 tid, where p are 64 words, and %q2 = p.
func planted(body string) string {
	return header + `.const .align 4 .b32 table[3] = {7, 2, 1};
.extern .shared .align 16 .b8 dynamic[];
.visible .entry k(.param .u64 p) {
	` + registers + `.shared .align 4 .b32 s[128];
	.local .align 4 .b32 l[4];
	ld.param.u64 %q2, [p];
	mov.u32 %r1, %tid.x;
	mad.wide.u32 %q1, %r1, 4, %q2;
	mul.lo.u32 %r2, %r1, 4;
	mov.u32 %r3, s;
	add.u32 %r3, %r3, %r2;
	` + body + `
	ret;
}
`
}

func TestPlantedErrors(t *testing.T) {
	for _, c := range []struct {
		name, body string
		code       int
		texts      []string
	}{
		{"read after the end", "ld.global.u32 %r4, [%q2+256];", driver.IllegalAddress, []string{"kernel k, block (0,0,0), thread (", "256 bytes after the start of the allocation", "ld.global.u32 %r4, [%q2+256]"}},
		{"only the last thread", "ld.global.u32 %r4, [%q1+4];", driver.IllegalAddress, []string{"thread (63,0,0)"}},
		{"vector half outside", "ld.global.v2.u32 {%r4, %r5}, [%q2+256];", driver.IllegalAddress, nil},
		{"read before the start", "ld.global.u32 %r4, [%q2+-4];", driver.IllegalAddress, []string{"4 bytes before"}},
		{"write far away", "mov.u64 %q3, 0; st.global.u32 [%q3], 1;", driver.IllegalAddress, nil},
		{"atomic outside", "atom.global.add.u32 %r4, [%q2+256], 1;", driver.IllegalAddress, nil},
		{"generic address of nothing", "mov.u64 %q3, 64; ld.u32 %r4, [%q3];", driver.IllegalAddress, nil},
		{"misaligned", "ld.global.u32 %r4, [%q2+2];", codeMisaligned, []string{"4 bytes accessed"}},
		{"misaligned vector", "ld.global.v4.u32 {%r4, %r5, %r6, %r7}, [%q2+8];", codeMisaligned, []string{"16 bytes accessed"}},
		{"shared memory outside", "st.shared.u32 [%r3+512], 1;", driver.IllegalAddress, []string{"512 bytes of shared memory"}},
		{"shared memory below", "sub.u32 %r4, %r3, 4; st.shared.u32 [%r4], 0;", driver.IllegalAddress, []string{"thread (0,0,0)"}},
		{"local memory outside", "ld.local.u32 %r4, [l+16];", driver.IllegalAddress, []string{"16 bytes of local memory"}},
		{"constants outside", "ld.const.u32 %r4, [table+12];", driver.IllegalAddress, []string{"12 bytes of constants"}},
		{"constant written", "mov.u64 %q3, table; cvta.const.u64 %q3, %q3; st.u32 [%q3], 1;", driver.IllegalAddress, []string{"write to constant"}},
		{"never written", "ld.global.u32 %r4, [%q2+128];", driver.LaunchFailed, []string{"nobody has written byte 128"}},
		{"shared never written", "ld.shared.u32 %r4, [s+64];", driver.LaunchFailed, []string{"no thread of the block has written", "s+64"}},
		{"no barrier", "st.shared.u32 [%r3], %r1; xor.b32 %r4, %r2, 128; mov.u32 %r6, s; add.u32 %r4, %r4, %r6; ld.shared.u32 %r5, [%r4];", 0, nil},
		{"no barrier before the write", "st.shared.u32 [%r3], %r1; bar.sync 0; ld.shared.u32 %r4, [s]; st.shared.u32 [%r3], 99;", driver.LaunchFailed, []string{"race", "s+0"}},
		{"no order in the warp", "setp.gt.u32 %p1, %r1, 31; @%p1 exit; st.shared.u32 [%r3], %r1; xor.b32 %r4, %r2, 4; add.u32 %r4, %r4, %r3; sub.u32 %r4, %r4, %r2; ld.shared.u32 %r5, [%r4];", driver.LaunchFailed, []string{"race", "reads shared memory"}},
		{"some words written, others read", "setp.ne.u32 %p1, %r1, 0; @%p1 exit; st.shared.u32 [s], 1; ld.shared.u32 %r4, [s+4];", driver.LaunchFailed, []string{"s+4"}},
		{"order of half a warp", "setp.gt.u32 %p1, %r1, 31; @%p1 exit; st.shared.u32 [%r3], %r1; setp.gt.u32 %p2, %r1, 15; @%p2 bra A; bar.warp.sync 0xffff; A: xor.b32 %r4, %r2, 64; mov.u32 %r6, s; add.u32 %r4, %r4, %r6; ld.shared.u32 %r5, [%r4];", driver.LaunchFailed, []string{"race"}},
		// Warp 0 reads, then warp 1, then warp 0 writes: ordered by flags that no race check knows.
		{"both warps read, one writes", "setp.ne.u32 %p1, %r1, 0; @!%p1 st.shared.u32 [s], 1; bar.sync 0; setp.gt.u32 %p2, %r1, 31; @%p2 bra B;" +
			"ld.shared.u32 %r4, [s]; bar.warp.sync -1; st.volatile.global.u32 [%q2+4], 1; A: ld.volatile.global.u32 %r5, [%q2]; setp.eq.u32 %p3, %r5, 0; @%p3 bra A; @!%p1 st.shared.u32 [s], 2; bra E;" +
			"B: ld.volatile.global.u32 %r5, [%q2+4]; setp.eq.u32 %p3, %r5, 0; @%p3 bra B; ld.shared.u32 %r4, [s]; st.volatile.global.u32 [%q2], 1; E:", driver.LaunchFailed, []string{"race", "writes shared memory"}},
		{"misaligned in a loop", "setp.gt.u32 %p1, %r1, 31; @%p1 exit; mov.u64 %q3, %q2; mov.u32 %r5, 0; A: ld.global.u32 %r4, [%q3]; add.u64 %q3, %q3, 2; add.u32 %r5, %r5, 1; setp.lt.u32 %p1, %r5, 2; @%p1 bra A;", codeMisaligned, nil},
		{"two warps write", "setp.eq.u32 %p1, %r1, 0; setp.eq.u32 %p2, %r1, 40; @%p1 st.global.u32 [%q2], 1; @%p2 st.global.u32 [%q2], 2;", driver.LaunchFailed, []string{"race", "wrote another value"}},
		{"two write", "st.shared.u32 [s], %r1;", driver.LaunchFailed, []string{"race", "writes shared memory"}},
		{"one adds, another writes", "setp.eq.u32 %p1, %r1, 40; st.shared.u32 [%r3], 0; bar.sync 0; @!%p1 atom.shared.add.u32 %r4, [s], 1; @%p1 st.shared.u32 [s], 5;", driver.LaunchFailed, []string{"race"}},
		{"two write to global memory", "st.global.u32 [%q2], %r1;", driver.LaunchFailed, []string{"race", "wrote another value"}},
		{"half of a warp at a barrier", "and.b32 %r4, %r1, 1; setp.eq.u32 %p1, %r4, 0; @%p1 bra A; bar.sync 0; bra B; A: bar.sync 0; B:", driver.LaunchTimeout, []string{"deadlock", "of their warp, which do not come"}},
		{"predicated barrier", "and.b32 %r4, %r1, 1; setp.eq.u32 %p1, %r4, 0; @%p1 bar.sync 0;", driver.LaunchFailed, []string{"not all threads of the warp take part"}},
		{"barrier nobody completes", "setp.gt.u32 %p1, %r1, 31; @%p1 bra A; bar.sync 1, 64; A:", driver.LaunchTimeout, []string{"deadlock", "barrier 1, where 32 threads are and 64 end it"}},
		{"shuffle of lanes that wait elsewhere", "and.b32 %r4, %r1, 1; setp.eq.u32 %p1, %r4, 0; @%p1 bra A; shfl.sync.idx.b32 %r5, %r1, 0, 31, -1; bra B; A: bar.warp.sync -1; B:", driver.LaunchTimeout, []string{"deadlock", "wait at line"}},
		{"not in its own mask", "shfl.sync.idx.b32 %r5, %r1, 0, 31, 0xffff;", codeIllegalInstruction, []string{"not in its own mask"}},
		{"value of a lane outside", "setp.gt.u32 %p1, %r1, 15; @%p1 exit; shfl.sync.idx.b32 %r5, %r1, 20, 31, 0xffff;", codeIllegalInstruction, []string{"lane 20, which does not take part"}},
		{"division by zero", "div.u32 %r4, %r1, %r1;", codeIllegalInstruction, []string{"division by zero", "thread (0,0,0)"}},
		{"trap", "setp.eq.u32 %p1, %r1, 17; @%p1 trap;", driver.LaunchFailed, []string{"thread (17,0,0)", "trap"}},
		{"no end", "A: bra A;", driver.LaunchTimeout, []string{"no end after"}},
		{"copy not waited for", "cp.async.ca.shared.global [%r3], [%q2], 4; ld.shared.u32 %r4, [%r3];", driver.LaunchFailed, []string{"no thread of the block has written"}},
		{"copy outside", "cp.async.ca.shared.global [%r3], [%q2+256], 4; cp.async.wait_all;", driver.IllegalAddress, []string{"cp.async.ca"}},
		{"table of branches", "mov.u32 %r4, 2; T: .branchtargets A, B; brx.idx %r4, T; A: B:", codeIllegalInstruction, []string{"index 2 of a table of 2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for seed := range uint64(4) {
				r := newRig(t, Options{Seed: seed, MaxWarpInstructions: 1 << 16})
				f := r.kernel(r.module(planted(c.body)), "k")
				p := blank[uint32](r, 64)
				r.must(r.Fill(p, 0, 128, r.s)) // the other half stays unwritten
				r.must(r.Fill(p, 0, 128, r.s))
				n := 64
				if c.name == "only the last thread" {
					r.must(r.Fill(p, 0, 256, r.s))
				}
				r.launch(f, 1, n, 0, ptr(p))
				err := r.Synchronize(r.s)
				if c.code == 0 { // the lanes of a warp, and the other warp: found in some order of the warps or as a first read
					if err == nil {
						t.Fatal("no error")
					}
					continue
				}
				wantError(t, err, c.code, c.texts...)
				if f := r.Fault(); f == nil || !strings.Contains(err.Error(), f.Error()) {
					t.Errorf("Fault says %v, the call %v", f, err)
				}
				_, again := r.Alloc(8)
				wantError(t, again, c.code)
			}
		})
	}
}

// What is no error is not reported.
func TestNoFalseAlarm(t *testing.T) {
	for name, body := range map[string]string{
		"barrier between":          "st.shared.u32 [%r3], %r1; bar.sync 0; xor.b32 %r4, %r2, 128; mov.u32 %r6, s; add.u32 %r4, %r4, %r6; ld.shared.u32 %r5, [%r4]; bar.sync 0; st.shared.u32 [%r4], 0;",
		"shuffle between":          "st.shared.u32 [%r3], %r1; shfl.sync.idx.b32 %r5, %r1, 0, 31, -1; xor.b32 %r4, %r2, 4; mov.u32 %r6, s; add.u32 %r4, %r4, %r6; ld.shared.u32 %r5, [%r4];",
		"mask of half a warp":      "st.shared.u32 [%r3], %r1; and.b32 %r5, %r1, 16; mov.u32 %r6, 0xffff; shl.b32 %r6, %r6, %r5; bar.warp.sync %r6; xor.b32 %r4, %r2, 4; mov.u32 %r7, s; add.u32 %r4, %r4, %r7; ld.shared.u32 %r5, [%r4];",
		"the same value":           "st.shared.u32 [s], 7; st.global.u32 [%q2], 7;",
		"atomics":                  "st.shared.u32 [%r3], 0; bar.sync 0; atom.shared.add.u32 %r4, [s], 1; red.shared.max.u32 [s], 3;",
		"some end before":          "setp.lt.u32 %p1, %r1, 40; @%p1 exit; bar.sync 0;",
		"barriers of parts":        "setp.gt.u32 %p1, %r1, 31; @%p1 bra A; bar.sync 1, 32; bar.sync 3, 64; bra B; A: bar.sync 2, 32; bar.arrive 3, 64; B:",
		"waiting apart":            "and.b32 %r4, %r1, 1; setp.eq.u32 %p1, %r4, 0; @%p1 bra A; bar.warp.sync -1; bra B; A: bar.warp.sync -1; B:",
		"barriers of single lanes": "and.b32 %r4, %r1, 1; setp.eq.u32 %p1, %r4, 0; @%p1 bra A; barrier.sync 0; bra B; A: barrier.sync 0; B:",
		"bytes beside each other":  "mov.u32 %r4, s; add.u32 %r4, %r1, %r4; st.shared.u8 [%r4], %r1; cvt.u64.u32 %q3, %r1; add.u64 %q3, %q3, %q2; st.global.u8 [%q3], %r1;",
		"barrier, then another":    "mov.u32 %r4, %ctaid.x; setp.ne.u32 %p1, %r4, 0; @%p1 exit; setp.eq.u32 %p1, %r1, 0; @%p1 st.global.u32 [%q2], 1; bar.sync 0; setp.eq.u32 %p1, %r1, 40; @%p1 st.global.u32 [%q2], 2;",
		"dynamic memory":           "setp.ne.u32 %p1, %r1, 0; @%p1 exit; mov.u32 %r4, dynamic; st.shared.v4.u32 [%r4+48], {1, 2, 3, 4}; ld.shared.u32 %r5, [dynamic+60];",
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(8) {
				r := newRig(t, Options{Seed: seed})
				f := r.kernel(r.module(planted(body)), "k")
				p := blank[uint32](r, 64)
				r.launch(f, 2, 64, 64, ptr(p))
				r.must(r.Synchronize(r.s))
			}
		})
	}
}

// Skip turns the checks off.
func TestSkip(t *testing.T) {
	for _, c := range []struct {
		skip Checks
		body string
	}{
		{InitGlobal, "ld.global.u32 %r4, [%q2+128];"},
		{InitShared, "ld.shared.u32 %r4, [s+64];"},
		{Races, "st.shared.u32 [s], %r1;"},
		{GlobalRaces, "st.global.u32 [%q2], %r1;"},
	} {
		for _, skip := range []Checks{0, c.skip} {
			r := newRig(t, Options{Skip: skip})
			f := r.kernel(r.module(planted(c.body)), "k")
			r.launch(f, 1, 64, 0, ptr(blank[uint32](r, 64)))
			if err := r.Synchronize(r.s); (err == nil) != (skip != 0) {
				t.Errorf("%s, skip %d: %v", c.body, skip, err)
			}
		}
	}
}

func TestUseAfterFree(t *testing.T) {
	r := newRig(t, Options{})
	f := r.kernel(r.module(planted("ld.global.u32 %r4, [%q1];")), "k")
	p := upload(r, make([]uint32, 64))
	other := upload(r, make([]uint32, 64))
	r.launch(f, 1, 64, 0, ptr(p))
	r.must(r.Synchronize(r.s))
	r.must(r.Free(p))
	r.launch(f, 1, 64, 0, ptr(other))
	r.must(r.Synchronize(r.s))
	r.launch(f, 1, 64, 0, ptr(p))
	wantError(t, r.Synchronize(r.s), driver.IllegalAddress)
}

// What is not known is named with its line when the module is loaded.
func TestUnknownText(t *testing.T) {
	for body, want := range map[string]string{
		"frobnicate.u32 %r4, %r1;":                      "frobnicate.u32: unknown instruction",
		"add.u32.foo %r4, %r1, %r1;":                    "add.u32.foo: no type",
		"add.foo.u32 %r4, %r1, %r1;":                    "unknown modifier .foo",
		"add.rn.u32 %r4, %r1, %r1;":                     "unknown modifier .rn",
		"add.u32 %r4, %r1, %q1;":                        "%q1 has 64 bits where 32 are wanted",
		"add.u32 %r4, %r1;":                             "2 operands",
		"add.u32 %x, %r1, %r1;":                         `the destination "%x" is no register`,
		"add.u32 %r99, %r1, %r1;":                       `the destination "%r99" is no register`,
		"mov.u32 %r4, nobody;":                          "unknown name nobody",
		"bra nowhere;":                                  "no label nowhere",
		"div.f32 %f1, %f1, %f1;":                        "neither .approx nor a rounding",
		"ld.global.L2::cache_hint.u32 %r4, [%q1], %q2;": "3 operands",
		"fma.rn.f16x2 %r4, %r1, %r1, %r1;":              "no type",
		"atom.global.add.noftz.f16 %h1, [%q1], %h2;":    "no type",
		"st.global.f32 [%r1], %f1;":                     "an address of 32 bits in global memory",
		"call.uni helper;":                              "function helper has no body",
		"mov.f32 %f1, 5;":                               "a constant of this form does not fit .f32",
		"mma.sync.aligned.m8n8k4.row.col.f32.f16.f16.f32 {%f1},{},{},{};": "unknown instruction",
		"wgmma.fence.sync.aligned;":                                       "unknown instruction",
		".alias a, b;":                                                    "unknown directive",
		"setp.lt.b32 %p1, %r1, %r1;":                                      "no order of .b32",
		"shl.b32 %r4, %r1, %q1;":                                          "%q1 has 64 bits where 32 are wanted",
		"cvt.f32.f64 %f1, %d1;":                                           "neither .approx nor a rounding",
		"cvt.s32.f32 %r4, %f1;":                                           "the rounding to an integer is not named",
		"bar.sync;":                                                       "0 operands",
		"st.const.u32 [table], 1;":                                        "constants are not written",
		"ld.global.v4.u64 {%q1, %q2, %q3, %q4}, [%q2];":                   "more than 16 bytes",
		"{ .reg .b32 %inner; } add.u32 %inner, %r1, %r1;":                 "is no register",
		"A: A:":                            "label A stands twice",
		"mov.u32 %r4, #;":                  `unexpected character '#'`,
		"mov.u32 %r4, %clock_of_somebody;": "unknown name %clock_of_somebody",
		"membar.gpu;":                      "unknown modifier .gpu",
		"add.u32 %r4, %r1, s;":             "s is no register",
	} {
		_, err := New(Options{}).LoadModule(planted(body))
		wantError(t, err, driver.InvalidPTX, want, "ptx line 16: ")
	}
	wantErrorLoad := func(ptx, want string) {
		t.Helper()
		_, err := New(Options{}).LoadModule(ptx)
		wantError(t, err, driver.InvalidPTX, want)
	}
	wantErrorLoad("", ".version")
	wantErrorLoad(strings.Replace(planted(""), "sm_80", "gfx90a", 1), "unknown target")
	wantErrorLoad(planted("")+".unknown x;", `unknown directive ".unknown"`)
	wantErrorLoad(planted("/*"), "comment without an end")
	wantErrorLoad(strings.TrimSuffix(planted(""), "}\n"), "a function without an end")
	wantErrorLoad(header+".extern .func f;\n.visible .entry k() { call f; ret; }", "function f has no body")
	wantErrorLoad(header+".func f() { call f; ret; }\n.visible .entry k() { call f; ret; }", "function f calls itself")
}

// Blocks have nothing to do with each other: what one leaves in shared memory is no value for the next.
func TestPlantedErrorsBetweenBlocks(t *testing.T) {
	const block0 = "mov.u32 %r4, %ctaid.x; setp.eq.u32 %p1, %r4, 0; "
	for body, text := range map[string]string{
		block0 + "@%p1 st.shared.u32 [s], 1; @!%p1 ld.shared.u32 %r4, [s];": "no thread of the block has written",
		"mov.u32 %r4, %ctaid.x; st.global.u32 [%q2], %r4;":                  "wrote another value",
	} {
		for seed := range uint64(4) {
			r := newRig(t, Options{Seed: seed})
			r.launch(r.kernel(r.module(planted(body)), "k"), 2, 1, 0, ptr(blank[uint32](r, 64)))
			wantError(t, r.Synchronize(r.s), driver.LaunchFailed, text)
		}
	}
	for seed := range uint64(4) {
		r := newRig(t, Options{Seed: seed, Skip: InitShared | GlobalRaces})
		p := upload(r, make([]uint32, 64))
		r.launch(r.kernel(r.module(planted(block0+"@%p1 st.shared.u32 [s], 1; @!%p1 ld.shared.u32 %r4, [s]; @!%p1 st.global.u32 [%q2], %r4;")), "k"), 2, 1, 0, ptr(p))
		if v := download[uint32](r, p, 1)[0]; v == 1 || v == 0 {
			t.Errorf("%d is what another block left, or zero", v)
		}
	}
}

// A lane that waits for another one further on in the text does not keep it from running.
func TestSpinningLane(t *testing.T) {
	r := newRig(t, Options{})
	p := upload(r, make([]uint32, 64))
	r.launch(r.kernel(r.module(planted("setp.ne.u32 %p1, %r1, 0; @%p1 bra C; A: ld.volatile.global.u32 %r4, [%q2]; setp.eq.u32 %p2, %r4, 0; @%p2 bra A; bra D; C: st.volatile.global.u32 [%q2], 1; D:")), "k"), 1, 32, 0, ptr(p))
	if v := download[uint32](r, p, 1)[0]; v != 1 {
		t.Error(v)
	}
}

// Blocks, warps and lanes come in an order that the seed draws.
func TestSeedDrawsTheOrder(t *testing.T) {
	const body = "atom.global.add.u32 %r4, [%q2], 1; mov.u32 %r5, %ctaid.x; mad.lo.u32 %r5, %r5, 64, %r1; mul.wide.u32 %q3, %r5, 4; add.u64 %q3, %q3, %q2; st.global.u32 [%q3+4], %r4;"
	blocks, warps, lanes, rotations := map[string]bool{}, map[bool]bool{}, map[bool]bool{}, 0
	for seed := range uint64(12) {
		var first []uint32
		for range 2 {
			r := newRig(t, Options{Seed: seed})
			p := upload(r, make([]uint32, 64*8+1))
			r.launch(r.kernel(r.module(planted(body)), "k"), 8, 64, 0, ptr(p))
			v := download[uint32](r, p, 64*8+1)
			if v[0] != 512 {
				t.Fatal(v[0])
			}
			if v = v[1:]; first == nil {
				first = v
			}
			if !slices.Equal(first, v) {
				t.Fatalf("seed %d gives two orders", seed)
			}
		}
		lanes[first[0] < first[1]] = true
		warps[first[0] < first[32]] = true
		order, rotation := "", true
		for b := range uint32(8) {
			order += fmt.Sprint(first[64*b]/64, " ")
			rotation = rotation && (first[64*b]/64+8-first[0]/64)%8 == b
		}
		blocks[order] = true
		if rotation {
			rotations++
		}
	}
	if len(blocks) < 6 || len(warps) != 2 || len(lanes) != 2 || rotations == 12 {
		t.Errorf("%d orders of blocks, %d of warps, %d of lanes, %d rotations", len(blocks), len(warps), len(lanes), rotations)
	}
}

// A text that is cut off or damaged is refused, whatever is missing; it does not end the program.
func TestDamagedText(t *testing.T) {
	d := New(Options{})
	text := testdata(t, "warps.ptx")
	g := rand.New(rand.NewPCG(1, 2))
	tokens := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '\t' || r == '\n' })
	for range 400 {
		cut := text[:g.IntN(len(text))]
		if g.IntN(2) == 0 { // one word replaced by another
			i := g.IntN(len(text) - 100)
			j := i + strings.IndexAny(text[i:], " \t\n")
			k := j + 1 + strings.IndexAny(text[j+1:], " \t\n")
			cut = text[:j+1] + tokens[g.IntN(len(tokens))] + text[k:]
		}
		if m, err := d.LoadModule(cut); err == nil {
			if err := d.UnloadModule(m); err != nil {
				t.Fatal(err)
			}
		}
	}
	if l := d.Leaks(); len(l) != 0 || d.memory.used != 0 {
		t.Error(l, d.memory.used)
	}
}
