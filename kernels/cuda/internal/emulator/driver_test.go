package emulator

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"segovia/kernels/cuda/driver"
)

// addOne adds 1 to 64 words.
const addOne = header + `.visible .entry k(.param .u64 p) {
	.reg .b32 %r<3>; .reg .b64 %q<3>;
	ld.param.u64 %q0, [p]; mov.u32 %r0, %tid.x; mad.wide.u32 %q1, %r0, 4, %q0;
	ld.global.u32 %r1, [%q1]; add.u32 %r1, %r1, 1; st.global.u32 [%q1], %r1;
	ret;
}
`

func pinned[T any](r *rig, n int) []T {
	r.t.Helper()
	var one T
	p, err := r.AllocHost(uint64(n) * uint64(unsafe.Sizeof(one)))
	r.must(err)
	return unsafe.Slice((*T)(p), n)
}

// Work is done when something waits for it: who reads pinned memory too early reads rubbish.
func TestWorkWaits(t *testing.T) {
	r := newRig(t, Options{})
	f := r.kernel(r.module(addOne), "k")
	host := pinned[uint32](r, 64)
	for i := range host {
		host[i] = uint32(i)
	}
	p := blank[uint32](r, 64)
	r.must(r.CopyToDevice(p, unsafe.Pointer(&host[0]), 256, r.s))
	r.launch(f, 1, 64, 0, ptr(p))
	back := pinned[uint32](r, 64)
	r.must(r.CopyToHost(unsafe.Pointer(&back[0]), p, 256, r.s))
	if back[5] == 6 {
		t.Error("the copy is there before anything waited for it")
	}
	host[5] = 100 // too early: the copy has not been done
	r.must(r.Synchronize(r.s))
	if back[5] != 101 || back[6] != 7 {
		t.Errorf("%d, %d", back[5], back[6])
	}
	// Memory that is not pinned is taken at once, and filled before the call returns.
	loose := []uint32{1, 2}
	r.must(r.CopyToDevice(p, unsafe.Pointer(&loose[0]), 8, r.s))
	loose[0] = 50
	if got := download[uint32](r, p, 2); got[0] != 1 {
		t.Errorf("%d, want 1", got[0])
	}
}

func TestStreamsAndEvents(t *testing.T) {
	r := newRig(t, Options{})
	f := r.kernel(r.module(addOne), "k")
	other, err := r.NewStream()
	r.must(err)
	p := blank[uint32](r, 64)
	back := pinned[uint32](r, 64)
	r.must(r.Fill(p, 0, 256, r.s))
	r.launch(f, 1, 64, 0, ptr(p))
	e, err := r.NewEvent()
	r.must(err)
	r.must(r.Record(e, r.s))
	// Without a wait the other stream sees the memory as it was, with one as the first stream leaves it.
	r.must(r.CopyToHost(unsafe.Pointer(&back[0]), p, 256, other))
	r.must(r.Synchronize(other))
	if back[0] == 1 {
		t.Error("a stream has waited for another one by itself")
	}
	r.must(r.Wait(other, e))
	r.launch(f, 1, 64, 0, ptr(p)) // after the event: not waited for
	r.must(r.CopyToHost(unsafe.Pointer(&back[0]), p, 256, other))
	r.must(r.Synchronize(other))
	if back[0] != 1 {
		t.Errorf("%d, want 1", back[0])
	}
	end, err := r.NewEvent()
	r.must(err)
	r.must(r.Record(end, r.s))
	_, err = r.Elapsed(e, end)
	wantError(t, err, codeNotReady)
	r.must(r.SynchronizeEvent(end))
	ms, err := r.Elapsed(e, end)
	r.must(err)
	if want := float32(2*7) / 1e6; ms != want { // two warps of seven instructions
		t.Errorf("%v ms, want %v", ms, want)
	}
	if got := download[uint32](r, p, 1)[0]; got != 2 {
		t.Errorf("%d, want 2", got)
	}
}

func TestGraph(t *testing.T) {
	r := newRig(t, Options{})
	f := r.kernel(r.module(addOne), "k")
	p := blank[uint32](r, 64)
	back := pinned[uint32](r, 64)
	r.must(r.BeginCapture(r.s))
	r.must(r.Fill(p, 0, 256, r.s))
	for range 3 {
		arg := p
		r.launch(f, 1, 64, 0, ptr(arg))
		arg = 0 // the arguments were taken
	}
	r.must(r.CopyToHost(unsafe.Pointer(&back[0]), p, 256, r.s))
	wantError(t, r.Synchronize(r.s), codeCaptureUnsupported)
	var loose [64]uint32
	wantError(t, r.CopyToHost(unsafe.Pointer(&loose[0]), p, 256, r.s), codeCaptureUnsupported)
	g, err := r.EndCapture(r.s)
	r.must(err)
	r.must(r.Synchronize(r.s))
	if back[0] == 3 {
		t.Error("a graph ran while it was captured")
	}
	for range 2 {
		back[0] = 0
		r.must(r.LaunchGraph(g, r.s))
		r.must(r.Synchronize(r.s))
		if back[0] != 3 {
			t.Errorf("%d, want 3", back[0])
		}
	}
	r.must(r.CloseGraph(g))
	wantError(t, r.LaunchGraph(g, r.s), codeInvalidHandle)
}

func TestLeaks(t *testing.T) {
	r := newRig(t, Options{})
	m := r.module(addOne)
	p := blank[uint32](r, 64)
	host := pinned[byte](r, 10)
	e, err := r.NewEvent()
	r.must(err)
	r.must(r.BeginCapture(r.s))
	g, err := r.EndCapture(r.s)
	r.must(err)
	var kinds []string
	for _, s := range r.Leaks() {
		word, _, _ := strings.Cut(s, " ")
		kinds = append(kinds, word)
	}
	if !slices.Equal(kinds, []string{"device", "pinned", "stream", "event", "graph", "module"}) {
		t.Errorf("%v", r.Leaks())
	}
	r.must(r.Free(p))
	wantError(t, r.Free(p), codeInvalidValue)
	r.must(r.FreeHost(unsafe.Pointer(&host[0])))
	r.must(r.CloseEvent(e))
	r.must(r.CloseGraph(g))
	r.must(r.CloseStream(r.s))
	r.must(r.UnloadModule(m))
	r.must(r.Close())
	if l := r.Leaks(); len(l) != 0 {
		t.Errorf("%v", l)
	}
	if free, total, err := r.Memory(); err != nil || free != total || total != 1<<30 {
		t.Error(free, total, err)
	}
}

// What a lost device refuses to release counts as released, as it is with the driver: nothing more can be done.
func TestLostDevice(t *testing.T) {
	r := newRig(t, Options{Fault: func(call string, n int) error {
		if call == "Launch" && n == 2 {
			return Failure("cuLaunchKernel", driver.Unknown)
		}
		return nil
	}})
	m := r.module(addOne)
	f := r.kernel(m, "k")
	p := upload(r, make([]uint32, 64))
	r.launch(f, 1, 64, 0, ptr(p))
	err := r.Launch(f, driver.Dim{X: 1, Y: 1, Z: 1}, driver.Dim{X: 64, Y: 1, Z: 1}, 0, r.s, pointers(ptr(p)))
	wantError(t, err, driver.Unknown)
	wantError(t, r.Synchronize(r.s), driver.Unknown)
	if _, err := r.Alloc(1); err == nil {
		t.Error("a lost device allocates")
	}
	wantError(t, r.Free(p), driver.Unknown)
	wantError(t, r.UnloadModule(m), driver.Unknown)
	wantError(t, r.CloseStream(r.s), driver.Unknown)
	r.must(r.Close())
	if l := r.Leaks(); len(l) != 0 {
		t.Errorf("%v", l)
	}
}

func TestFaultInjection(t *testing.T) {
	r := newRig(t, Options{Fault: func(call string, n int) error {
		if call == "Alloc" && n == 3 {
			return Failure("cuMemAlloc_v2", driver.OutOfMemory)
		}
		return nil
	}})
	for n := 1; n <= 4; n++ {
		_, err := r.Alloc(8)
		if n == 3 {
			wantError(t, err, driver.OutOfMemory)
		} else {
			r.must(err)
		}
	}
	if r.Calls("Alloc") != 4 {
		t.Error(r.Calls("Alloc"))
	}
	// Every call asks.
	d := New(Options{Fault: func(call string, n int) error { return fmt.Errorf("%s %d", call, n) }})
	_, _, memory := d.Memory()
	_, attribute := d.Attribute(driver.MultiprocessorCount)
	for want, err := range map[string]error{"Memory 1": memory, "Attribute 1": attribute, "Close 1": d.Close(), "Synchronize 1": d.Synchronize(0), "FreeHost 1": d.FreeHost(nil)} {
		if err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestDeviceLimits(t *testing.T) {
	r := newRig(t, Options{Memory: 4096, Attributes: map[driver.Attribute]int{driver.ComputeMode: 2}})
	p, err := r.Alloc(2000)
	r.must(err)
	_, err = r.Alloc(2500)
	wantError(t, err, driver.OutOfMemory)
	r.must(r.Free(p))
	_, err = r.Alloc(4096)
	r.must(err)
	if mode, _ := r.Attribute(driver.ComputeMode); mode != 2 {
		t.Error(mode)
	}
	m := r.module(addOne)
	f := r.kernel(m, "k")
	_, err = r.Function(m, "nobody")
	wantError(t, err, codeNotFound)
	one := driver.Dim{X: 1, Y: 1, Z: 1}
	for _, c := range []struct {
		grid, block driver.Dim
		shared      int
		params      []unsafe.Pointer
	}{
		{driver.Dim{X: 0, Y: 1, Z: 1}, one, 0, pointers(ptr(p))},
		{one, driver.Dim{X: 1025, Y: 1, Z: 1}, 0, pointers(ptr(p))},
		{one, driver.Dim{X: 1, Y: 1, Z: 65}, 0, pointers(ptr(p))},
		{driver.Dim{X: 1, Y: 65536, Z: 1}, one, 0, pointers(ptr(p))},
		{one, one, 48<<10 + 1, pointers(ptr(p))},
		{one, one, 0, nil},
	} {
		wantError(t, r.Launch(f, c.grid, c.block, c.shared, r.s, c.params), codeInvalidValue)
	}
	wantError(t, r.AllowShared(f, 227<<10+1), codeInvalidValue)
	r.must(r.AllowShared(f, 227<<10))
	for _, c := range [][3]int{{256, 0, 8}, {1024, 0, 2}, {32, 0, 32}, {256, 100 << 10, 2}, {256, 227 << 10, 1}, {1025, 0, 0}} {
		if n, err := r.BlocksPerMP(f, c[0], c[1]); err != nil || n != c[2] {
			t.Errorf("%d threads with %d bytes: %d blocks, want %d, %v", c[0], c[1], n, c[2], err)
		}
	}
	assign := r.kernel(r.module(testdata(t, "kernels.ptx")), "assign")
	wantError(t, r.Launch(assign, one, driver.Dim{X: 257, Y: 1, Z: 1}, 0, r.s, make([]unsafe.Pointer, 12)), codeInvalidValue, ".maxntid 256")
	wantError(t, r.CopyToDevice(1, unsafe.Pointer(&p), 8, r.s), codeInvalidValue)
	wantError(t, r.Fill(p, 0, 1, 99), codeInvalidHandle)
	var e *driver.Error
	if err := r.CopyOnDevice(5, 6, 7, r.s); !errors.As(err, &e) || e.Call != "cuMemcpyDtoDAsync_v2" {
		t.Error(err)
	}
}

// A copy on the device carries over which bytes have a value.
func TestCopyCarriesUnknownBytes(t *testing.T) {
	r := newRig(t, Options{})
	f := r.kernel(r.module(planted("ld.global.u32 %r4, [%q1];")), "k")
	from, to := blank[uint32](r, 128), upload(r, make([]uint32, 64))
	r.must(r.Fill(from, 1, 252, r.s))
	r.must(r.CopyOnDevice(to, from, 256, r.s))
	r.launch(f, 1, 63, 0, ptr(to))
	r.must(r.Synchronize(r.s))
	r.launch(f, 1, 64, 0, ptr(to))
	wantError(t, r.Synchronize(r.s), driver.LaunchFailed, "thread (63,0,0)", "nobody has written byte 252")
}

func TestFusible(t *testing.T) {
	got, err := Fusible(planted("mul.f32 %f1, %f2, %f3; add.f32 %f4, %f1, %f2; mul.rn.f32 %f5, %f2, %f3; add.f32 %f6, %f5, %f2;\n mul.f64 %d1, %d2, %d3; add.rn.f64 %d4, %d1, %d2;\n mul.f64 %d5, %d2, %d3; sub.f64 %d4, %d2, %d5;"))
	if err != nil || len(got) != 2 || !strings.Contains(got[0], "line 16: add.f32") || !strings.Contains(got[1], "line 18: sub.f64") {
		t.Error(got, err)
	}
	if _, err := Fusible("nonsense"); err == nil {
		t.Error("no error")
	}
}
