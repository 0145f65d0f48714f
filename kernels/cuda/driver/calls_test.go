//go:build linux && (amd64 || arm64) && !nocuda

package driver

import (
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"unsafe"
)

// calls are all methods that call the driver, by the function they call.
func calls(b *bench) map[string]func() error {
	var v uint64
	p := unsafe.Pointer(&v)
	return map[string]func() error{
		"cuDriverGetVersion":                          func() error { _, err := b.Version(); return err },
		"cuDeviceGetName":                             func() error { _, err := b.DeviceName(); return err },
		"cuDeviceGetAttribute":                        func() error { _, err := b.Attribute(MultiprocessorCount); return err },
		"cuMemGetInfo_v2":                             func() error { _, _, err := b.Memory(); return err },
		"cuMemAlloc_v2":                               func() error { _, err := b.Alloc(8); return err },
		"cuMemFree_v2":                                func() error { return b.Free(8) },
		"cuMemHostAlloc":                              func() error { _, err := b.AllocHost(8); return err },
		"cuMemFreeHost":                               func() error { return b.FreeHost(p) },
		"cuMemcpyHtoDAsync_v2":                        func() error { return b.CopyToDevice(8, p, 8, b.stream) },
		"cuMemcpyDtoHAsync_v2":                        func() error { return b.CopyToHost(p, 8, 8, b.stream) },
		"cuMemcpyDtoDAsync_v2":                        func() error { return b.CopyOnDevice(8, 8, 8, b.stream) },
		"cuMemsetD8Async":                             func() error { return b.Fill(8, 0, 8, b.stream) },
		"cuModuleLoadDataEx":                          func() error { _, err := b.LoadModule(ptx); return err },
		"cuModuleUnload":                              func() error { return b.UnloadModule(b.module) },
		"cuModuleGetFunction":                         func() error { _, err := b.Function(b.module, "echo"); return err },
		"cuFuncSetAttribute":                          func() error { return b.AllowShared(8, 0) },
		"cuOccupancyMaxActiveBlocksPerMultiprocessor": func() error { _, err := b.BlocksPerMP(8, 1, 0); return err },
		"cuLaunchKernel":                              func() error { return b.Launch(8, Dim{1, 1, 1}, Dim{1, 1, 1}, 0, b.stream, nil) },
		"cuStreamCreate":                              func() error { _, err := b.NewStream(); return err },
		"cuStreamDestroy_v2":                          func() error { return b.CloseStream(b.stream) },
		"cuStreamSynchronize":                         func() error { return b.Synchronize(b.stream) },
		"cuStreamBeginCapture_v2":                     func() error { return b.BeginCapture(b.stream) },
		"cuStreamEndCapture":                          func() error { _, err := b.EndCapture(b.stream); return err },
		"cuGraphLaunch":                               func() error { return b.LaunchGraph(8, b.stream) },
		"cuGraphExecDestroy":                          func() error { return b.CloseGraph(8) },
		"cuEventCreate":                               func() error { _, err := b.NewEvent(); return err },
		"cuEventDestroy_v2":                           func() error { return b.CloseEvent(8) },
		"cuEventRecord":                               func() error { return b.Record(8, b.stream) },
		"cuStreamWaitEvent":                           func() error { return b.Wait(b.stream, 8) },
		"cuEventSynchronize":                          func() error { return b.SynchronizeEvent(8) },
		"cuEventElapsedTime":                          func() error { _, err := b.Elapsed(8, 8); return err },
	}
}

func TestEveryCallIsChecked(t *testing.T) {
	b := newBench(t)
	for name, do := range calls(b) {
		b.stub.fail(name, 700)
		if e := holds(t, do(), name, 700); e.Name != "CUDA_ERROR_ILLEGAL_ADDRESS" || e.Text != "an illegal memory access was encountered" {
			t.Errorf("%s: %+v", name, e)
		}
		b.stub.fail("", 0)
	}
	b.stub.fail("cuCtxSetCurrent", 999)
	holds(t, b.Synchronize(b.stream), "cuCtxSetCurrent", 999)
	b.stub.fail("", 0)
	// What lies behind a first call is checked as well, and a recorded graph is not lost.
	p := take[Ptr](t)(b.Alloc(8))
	var v uint64
	b.stub.fail("cuStreamSynchronize", 999)
	holds(t, b.CopyToDevice(p, unsafe.Pointer(&v), 8, b.stream), "cuStreamSynchronize", 999)
	holds(t, b.CopyToHost(unsafe.Pointer(&v), p, 8, b.stream), "cuStreamSynchronize", 999)
	b.stub.fail("", 0)
	must(t, b.Synchronize(b.stream))
	for _, name := range []string{"cuGraphInstantiateWithFlags", "cuGraphDestroy"} {
		must(t, b.BeginCapture(b.stream))
		b.stub.fail(name, 999)
		g, err := b.EndCapture(b.stream)
		holds(t, err, name, 999)
		if name == "cuGraphDestroy" { // the stand-in kept the graph, as it was told
			must(t, b.CloseGraph(g))
		}
		b.stub.fail("", 0)
	}
	must(t, b.Free(p))
	must(t, b.UnloadModule(b.module))
	must(t, b.CloseStream(b.stream))
	b.stub.fail("cuDevicePrimaryCtxRelease_v2", 999)
	holds(t, b.Close(), "cuDevicePrimaryCtxRelease_v2", 999)
}

func TestCallsAfterClose(t *testing.T) {
	s := newStub(t)
	l := s.load()
	first, err := l.open(1)
	must(t, err)
	second, err := l.open(1) // the driver refuses flags now
	must(t, err)
	must(t, first.Close())
	b := &bench{API: first, stub: s, stream: take[Stream](t)(second.NewStream())}
	for name, do := range calls(b) {
		if strings.HasPrefix(name, "cuMemcpy") && !strings.Contains(name, "DtoD") {
			name = "cuStreamIsCapturing" // asked first for memory that is not pinned
		}
		holds(t, do(), name, 709)
	}
	holds(t, first.Close(), "cuDevicePrimaryCtxRelease_v2", 709)
	must(t, second.Synchronize(b.stream))
	must(t, second.CloseStream(b.stream))
	s.released(second)
}

// Goroutines that move between threads, on both devices at once: the stand-in refuses each call that does not find its own
// context current.
func TestConcurrentUse(t *testing.T) {
	s := newStub(t)
	l := s.load()
	var devices [2]API
	for i := range devices {
		var err error
		devices[i], err = l.open(i)
		must(t, err)
	}
	var wait sync.WaitGroup
	for g := range 16 {
		wait.Go(func() {
			c := devices[g%2]
			b := &bench{API: c, stub: s}
			var err error
			fail := func() bool {
				if err != nil {
					t.Errorf("goroutine %d: %v", g, err)
				}
				return err != nil
			}
			if b.stream, err = c.NewStream(); fail() {
				return
			}
			if b.module, err = c.LoadModule(ptx); fail() {
				return
			}
			var f Function
			if f, err = c.Function(b.module, "echo"); fail() {
				return
			}
			for round := range 100 {
				var p Ptr
				if p, err = c.Alloc(14 * 8); fail() {
					return
				}
				u, i, x, d, q := uint32(g), int32(-round), float32(round), float64(g), uint64(round)
				if err = c.Launch(f, Dim{1, 1, 1}, Dim{1, 1, 1}, 0, b.stream, []unsafe.Pointer{unsafe.Pointer(&p), unsafe.Pointer(&u),
					unsafe.Pointer(&i), unsafe.Pointer(&x), unsafe.Pointer(&d), unsafe.Pointer(&q)}); fail() {
					return
				}
				runtime.Gosched()
				out := make([]float64, 14)
				if err = c.CopyToHost(unsafe.Pointer(&out[0]), p, 14*8, b.stream); fail() {
					return
				}
				if out[0] != float64(g) || out[1] != float64(-round) || out[13] != float64(g%2) {
					t.Errorf("goroutine %d, round %d: %v", g, round, out)
				}
				if err = c.Free(p); fail() {
					return
				}
				if round%10 == 0 {
					runtime.GC()
				}
			}
			if err = errors.Join(c.UnloadModule(b.module), c.CloseStream(b.stream)); err != nil {
				t.Errorf("goroutine %d: %v", g, err)
			}
		})
	}
	wait.Wait()
	must(t, devices[0].Close())
	s.released(devices[1])
}

// Close waits for calls under way, and later ones are told.
func TestCloseUnderUse(t *testing.T) {
	s := newStub(t)
	c := s.open(0)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for {
				if _, _, err := c.Memory(); err != nil {
					var e *Error
					if !errors.As(err, &e) || e.Code != 709 {
						t.Error(err)
					}
					return
				}
			}
		})
	}
	must(t, c.Close())
	wait.Wait()
	if n := s.tell("stub_live"); n != 0 {
		t.Errorf("%d objects were not released", n)
	}
}

// What one call costs beside the driver's own work.
func BenchmarkCall(b *testing.B) {
	w := newBench(b)
	nothing, echo := w.function(b, "nothing"), w.function(b, "echo")
	var out Ptr
	params := make([]unsafe.Pointer, 16)
	for i := range params {
		params[i] = unsafe.Pointer(&out)
	}
	for name, do := range map[string]func() error{
		"call=attribute": func() error { return w.AllowShared(echo, 0) },
		"call=launch":    func() error { return w.Launch(nothing, Dim{1, 1, 1}, Dim{32, 1, 1}, 0, w.stream, params) },
		"call=memory":    func() error { _, _, err := w.Memory(); return err },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				must(b, do())
			}
		})
	}
}
