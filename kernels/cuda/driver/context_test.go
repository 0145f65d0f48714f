//go:build linux && (amd64 || arm64) && !nocuda

package driver

import (
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"unsafe"
)

const ptx = `.version 7.0
.target sm_80
.visible .entry nothing()
.visible .entry echo(.param .u64 out)
.visible .entry saxpy(.param .u64 y)
.visible .entry illegal()
`

// bench is what most tests need: a device, a stream and the kernels.
type bench struct {
	API
	stub   *stub
	stream Stream
	module Module
}

func newBench(t testing.TB, options ...string) *bench {
	t.Helper()
	s := newStub(t, options...)
	b := &bench{API: s.open(0), stub: s}
	var err error
	b.stream, err = b.NewStream()
	must(t, err)
	b.module, err = b.LoadModule(ptx)
	must(t, err)
	return b
}

func (b *bench) function(t testing.TB, name string) Function {
	t.Helper()
	return take[Function](t)(b.Function(b.module, name))
}

func (b *bench) done(t testing.TB) {
	t.Helper()
	must(t, b.UnloadModule(b.module))
	must(t, b.CloseStream(b.stream))
	b.stub.released(b.API)
}

func bytesOf[T any](v []T) uint64 { return uint64(len(v)) * uint64(unsafe.Sizeof(v[0])) }

// upload returns device memory with the values of v.
func upload[T any](t testing.TB, b *bench, v []T) Ptr {
	t.Helper()
	p := take[Ptr](t)(b.Alloc(bytesOf(v)))
	must(t, b.CopyToDevice(p, unsafe.Pointer(&v[0]), bytesOf(v), b.stream))
	return p
}

func download[T any](t testing.TB, b *bench, p Ptr, n int) []T {
	t.Helper()
	v := make([]T, n)
	must(t, b.CopyToHost(unsafe.Pointer(&v[0]), p, bytesOf(v), b.stream))
	return v
}

// holds reports an error unless err is an *Error of that call and code.
func holds(t testing.TB, err error, call string, code int) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Call != call || e.Code != code {
		t.Fatalf("got %v, want %s with code %d", err, call, code)
	}
	return e
}

func TestDescription(t *testing.T) {
	b := newBench(t)
	defer b.done(t)
	if v, err := b.Version(); v != 12040 || err != nil {
		t.Errorf("version %d, %v", v, err)
	}
	if v, err := b.DeviceName(); v != "Stand-in A" || err != nil {
		t.Errorf("name %q, %v", v, err)
	}
	if v, err := b.Attribute(MultiprocessorCount); v != 132 || err != nil {
		t.Errorf("%d multiprocessors, %v", v, err)
	}
	_, err := b.Attribute(4711)
	holds(t, err, "cuDeviceGetAttribute", 1)
	p := take[Ptr](t)(b.Alloc(1 << 20))
	if free, total, err := b.Memory(); total != 1<<26 || free != 1<<26-1<<20 || err != nil {
		t.Errorf("memory %d of %d, %v", free, total, err)
	}
	must(t, b.Free(p))
	f := b.function(t, "nothing")
	if n, err := b.BlocksPerMP(f, 256, 100<<10); n != 2 || err != nil {
		t.Errorf("%d blocks, %v", n, err)
	}
	// Waiting blocks, and streams stand beside the default one.
	e := take[Event](t)(b.NewEvent())
	for what, got := range map[string]int{"context": b.stub.tell("stub_context_flags", 0) / 4, "stream": b.stub.tell("stub_stream_flags", uintptr(b.stream)),
		"event": b.stub.tell("stub_event_flags", uintptr(e))} {
		if got != 1 {
			t.Errorf("%s: flag is %d", what, got)
		}
	}
	must(t, b.CloseEvent(e))
}

func TestLaunchHandsOverItsArguments(t *testing.T) {
	b := newBench(t)
	defer b.done(t)
	out := take[Ptr](t)(b.Alloc(14 * 8))
	u, i, f, d, q := uint32(0xfffffffe), int32(-77), float32(-1.5), 6.25e-300, uint64(0x0123456789abcdef)
	fn := b.function(t, "echo")
	launch := func(shared int) error {
		return b.Launch(fn, Dim{1 << 20, 65535, 7}, Dim{8, 4, 2}, shared, b.stream, []unsafe.Pointer{unsafe.Pointer(&out), unsafe.Pointer(&u),
			unsafe.Pointer(&i), unsafe.Pointer(&f), unsafe.Pointer(&d), unsafe.Pointer(&q)})
	}
	holds(t, launch(200<<10), "cuLaunchKernel", 1)
	must(t, b.AllowShared(fn, 200<<10))
	must(t, launch(200<<10))
	u, i, f, d, q = 0, 0, 0, 0, 0 // the launch has taken them
	want := []float64{0xfffffffe, -77, -1.5, 6.25e-300, 0x01234567, 0x89abcdef, 1 << 20, 65535, 7, 8, 4, 2, 200 << 10, 0}
	if got := download[float64](t, b, out, 14); !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	holds(t, b.Launch(fn, Dim{1, 1, 1}, Dim{1024, 2, 1}, 0, b.stream, nil), "cuLaunchKernel", 1)
	holds(t, b.AllowShared(fn, 1<<20), "cuFuncSetAttribute", 1)
	must(t, b.Free(out))
}

// Memory that is not pinned is free to change, or filled, when a copy returns; pinned memory is in use until the stream
// has passed. The stand-in copies as late as it may.
func TestCopies(t *testing.T) {
	b := newBench(t)
	defer b.done(t)
	const n = 1000
	src := make([]uint32, n)
	for i := range src {
		src[i] = uint32(i * i)
	}
	want := slices.Clone(src)
	p, q := upload(t, b, src), take[Ptr](t)(b.Alloc(4*n))
	clear(src)
	must(t, b.CopyOnDevice(q, p, 4*n, b.stream))
	must(t, b.Fill(p, 0xEE, 4*n, b.stream))
	if got := download[uint32](t, b, q, n); !slices.Equal(got, want) {
		t.Error("pageable: a copy there and back differs")
	}
	if got := download[uint32](t, b, p, n); got[0] != 0xEEEEEEEE || got[n-1] != 0xEEEEEEEE {
		t.Errorf("filled with %x, %x", got[0], got[n-1])
	}

	memory := take[unsafe.Pointer](t)(b.AllocHost(4 * n))
	pin := unsafe.Slice((*uint32)(memory), n)
	must(t, b.CopyToHost(memory, q, 4*n, b.stream))
	if slices.Equal(pin, want) {
		t.Error("pinned: the copy was waited for")
	}
	must(t, b.Synchronize(b.stream))
	if !slices.Equal(pin, want) {
		t.Error("pinned: the copy differs")
	}
	pin[0] = 1
	must(t, b.CopyToDevice(p, memory, 4*n, b.stream))
	pin[0] = 2
	must(t, b.Synchronize(b.stream))
	if got := download[uint32](t, b, p, n); got[0] != 2 || !slices.Equal(got[1:], want[1:]) {
		t.Errorf("pinned: the device has %d, want 2", got[0])
	}
	// A part of pinned memory is pinned, and once it is free it is not.
	must(t, b.CopyToHost(unsafe.Pointer(&pin[5]), p, 4, b.stream))
	if pin[5] == 2 {
		t.Error("part of pinned memory: the copy was waited for")
	}
	must(t, b.Synchronize(b.stream))
	must(t, b.FreeHost(memory))
	holds(t, b.FreeHost(memory), "cuMemFreeHost", 1)
	if b.API.(*primary).host.holds(uintptr(memory), 1) {
		t.Error("what was freed counts as pinned")
	}

	// Nothing to copy is nothing to do.
	must(t, b.CopyToDevice(p, nil, 0, b.stream))
	must(t, b.CopyToHost(nil, p, 0, b.stream))
	must(t, b.CopyOnDevice(q, p, 0, b.stream))
	must(t, b.Fill(p, 0, 0, b.stream))
	must(t, b.Free(0))
	must(t, b.FreeHost(nil))
	holds(t, b.CopyToDevice(p, unsafe.Pointer(&src[0]), 4*n+1, b.stream), "cuMemcpyHtoDAsync_v2", 1)
	must(t, b.Free(p))
	holds(t, b.Free(p), "cuMemFree_v2", 1)
	must(t, b.Free(q))
}

func TestPinnedSpans(t *testing.T) {
	var m pinned
	for _, s := range []span{{100, 200}, {300, 310}, {20, 30}, {200, 220}} {
		m.add(s.start, s.end-s.start)
	}
	m.remove(210) // no start: nothing happens
	for p := uintptr(0); p < 330; p++ {
		for n := uintptr(1); n < 150; n++ {
			want := p >= 100 && p+n <= 200 || p >= 300 && p+n <= 310 || p >= 20 && p+n <= 30 || p >= 200 && p+n <= 220
			if m.holds(p, n) != want {
				t.Fatalf("%d bytes from %d: %v", n, p, !want)
			}
		}
	}
	if m.holds(100, ^uintptr(0)) {
		t.Error("more bytes than there are addresses")
	}
	m.remove(100)
	if m.holds(150, 1) || !m.holds(200, 20) || !m.holds(25, 1) {
		t.Error("the wrong span was removed")
	}
}

func TestGraphs(t *testing.T) {
	for name, options := range map[string][]string{"today": nil, "before CUDA 11.4": {"-DcuGraphInstantiateWithFlags=a"}} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, options...)
			defer b.done(t)
			x, y := upload(t, b, []float32{1, 2, 3}), upload(t, b, []float32{10, 20, 30})
			a, n := float32(2), uint32(3)
			saxpy := b.function(t, "saxpy")
			must(t, b.BeginCapture(b.stream))
			must(t, b.Launch(saxpy, Dim{1, 1, 1}, Dim{32, 1, 1}, 0, b.stream,
				[]unsafe.Pointer{unsafe.Pointer(&y), unsafe.Pointer(&x), unsafe.Pointer(&a), unsafe.Pointer(&n)}))
			// Memory that may be gone when the graph runs is refused, and the recording goes on.
			var host [3]float32
			holds(t, b.CopyToHost(unsafe.Pointer(&host), y, 12, b.stream), "cuMemcpyDtoHAsync_v2", 900)
			holds(t, b.CopyToDevice(y, unsafe.Pointer(&host), 12, b.stream), "cuMemcpyHtoDAsync_v2", 900)
			must(t, b.Fill(x, 0, 4, b.stream))
			// A goroutine that begins a capture ends it on whatever thread it is then.
			var g Graph
			var err error
			var wait sync.WaitGroup
			wait.Go(func() {
				runtime.LockOSThread()
				g, err = b.EndCapture(b.stream)
			})
			wait.Wait()
			must(t, err)
			if got := download[float32](t, b, y, 3); !slices.Equal(got, []float32{10, 20, 30}) {
				t.Errorf("recorded, not run: %v", got)
			}
			must(t, b.LaunchGraph(g, b.stream))
			must(t, b.LaunchGraph(g, b.stream))
			if got := download[float32](t, b, y, 3); !slices.Equal(got, []float32{12, 28, 42}) {
				t.Errorf("run twice: %v", got)
			}
			must(t, b.CloseGraph(g))
			holds(t, b.LaunchGraph(g, b.stream), "cuGraphLaunch", 400)

			must(t, b.BeginCapture(b.stream))
			holds(t, b.Synchronize(b.stream), "cuStreamSynchronize", 900)
			_, err = b.EndCapture(b.stream)
			holds(t, err, "cuStreamEndCapture", 901)
			_, err = b.EndCapture(b.stream)
			holds(t, err, "cuStreamEndCapture", 1)
			must(t, b.Free(x))
			must(t, b.Free(y))
		})
	}
}

func TestEvents(t *testing.T) {
	b := newBench(t)
	defer b.done(t)
	other := take[Stream](t)(b.NewStream())
	from, to := take[Event](t)(b.NewEvent()), take[Event](t)(b.NewEvent())
	_, err := b.Elapsed(from, to)
	holds(t, err, "cuEventElapsedTime", 400)
	p := take[Ptr](t)(b.Alloc(64))
	must(t, b.Record(from, b.stream))
	for range 5 {
		must(t, b.Fill(p, 7, 64, b.stream))
	}
	must(t, b.Record(to, b.stream))
	_, err = b.Elapsed(from, to)
	holds(t, err, "cuEventElapsedTime", 600)
	must(t, b.Wait(other, to))
	must(t, b.Synchronize(other))
	if ms, err := b.Elapsed(from, to); ms != 2.5 || err != nil {
		t.Errorf("%v ms, %v", ms, err)
	}
	must(t, b.Record(to, b.stream))
	must(t, b.SynchronizeEvent(to))
	if ms, err := b.Elapsed(to, from); ms != -2.5 || err != nil {
		t.Errorf("%v ms, %v", ms, err)
	}
	must(t, b.CloseEvent(from))
	must(t, b.CloseEvent(to))
	holds(t, b.Record(to, b.stream), "cuEventRecord", 400)
	must(t, b.CloseStream(other))
	must(t, b.Free(p))
}

func TestModules(t *testing.T) {
	b := newBench(t)
	defer b.done(t)
	_, err := b.LoadModule(".entry saxpy() .entry other()")
	e := holds(t, err, "cuModuleLoadDataEx", InvalidPTX)
	if want := "line 3; error: unknown kernel 'other'\n1 kernels before it"; e.Log != want || e.Name != "CUDA_ERROR_INVALID_PTX" || e.Text != "a PTX JIT compilation failed" {
		t.Errorf("%+v, want the log %q", e, want)
	}
	if !strings.HasSuffix(err.Error(), "(CUDA_ERROR_INVALID_PTX, 218): "+e.Log) {
		t.Errorf("%v lacks the log", err)
	}
	_, err = b.LoadModule(".version 99.0")
	if e := holds(t, err, "cuModuleLoadDataEx", UnsupportedPTX); e.Log != "Unsupported .version 99.0; current version is '8.4'" {
		t.Errorf("log %q", e.Log)
	}
	_, err = b.LoadModule("a\x00b")
	holds(t, err, "cuModuleLoadDataEx", InvalidPTX)
	_, err = b.Function(b.module, "missing")
	holds(t, err, "cuModuleGetFunction", 500)
	if _, err = b.Function(b.module, "saxpy\x00"); err == nil {
		t.Error("a name with a NUL was found")
	}
}

func TestOutOfMemory(t *testing.T) {
	b := newBench(t)
	defer b.done(t)
	_, err := b.Alloc(1 << 40)
	if e := holds(t, err, "cuMemAlloc_v2", OutOfMemory); e.Error() != "cuMemAlloc_v2: out of memory (CUDA_ERROR_OUT_OF_MEMORY, 2)" {
		t.Error(e)
	}
	must(t, b.Free(take[Ptr](t)(b.Alloc(1<<20))))
}

// After a kernel went astray the context is lost: the wait tells it, and so does every call from then on.
func TestStickyError(t *testing.T) {
	b := newBench(t)
	must(t, b.Launch(b.function(t, "illegal"), Dim{1, 1, 1}, Dim{1, 1, 1}, 0, b.stream, nil))
	holds(t, b.Synchronize(b.stream), "cuStreamSynchronize", IllegalAddress)
	_, err := b.Alloc(16)
	holds(t, err, "cuMemAlloc_v2", IllegalAddress)
	var v uint32
	holds(t, b.CopyToDevice(1, unsafe.Pointer(&v), 4, b.stream), "cuStreamIsCapturing", IllegalAddress)
	holds(t, b.CloseStream(b.stream), "cuStreamDestroy_v2", IllegalAddress)
	must(t, b.Close())
}
