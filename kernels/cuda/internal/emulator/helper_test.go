package emulator

import (
	"errors"
	"os"
	"strings"
	"testing"
	"unsafe"

	"segovia/kernels/cuda/driver"
)

// A rig is a device with one stream and what a test puts on it.
type rig struct {
	t *testing.T
	*Device
	s driver.Stream
}

func newRig(t *testing.T, o Options) *rig {
	t.Helper()
	r := &rig{t: t, Device: New(o)}
	s, err := r.NewStream()
	r.must(err)
	r.s = s
	return r
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// module loads a text, kernel a function of it.
func (r *rig) module(ptx string) driver.Module {
	r.t.Helper()
	m, err := r.LoadModule(ptx)
	r.must(err)
	return m
}

func (r *rig) kernel(m driver.Module, name string) driver.Function {
	r.t.Helper()
	f, err := r.Function(m, name)
	r.must(err)
	return f
}

// upload puts values into memory of their own.
func upload[T any](r *rig, v []T) driver.Ptr {
	r.t.Helper()
	p := blank[T](r, len(v))
	r.must(r.CopyToDevice(p, unsafe.Pointer(&v[0]), uint64(len(v))*uint64(unsafe.Sizeof(v[0])), r.s))
	return p
}

// blank makes room for n values that nobody has written.
func blank[T any](r *rig, n int) driver.Ptr {
	r.t.Helper()
	var one T
	p, err := r.Alloc(uint64(n) * uint64(unsafe.Sizeof(one)))
	r.must(err)
	return p
}

func download[T any](r *rig, p driver.Ptr, n int) []T {
	r.t.Helper()
	v := make([]T, n)
	r.must(r.CopyToHost(unsafe.Pointer(&v[0]), p, uint64(n)*uint64(unsafe.Sizeof(v[0])), r.s))
	return v
}

// launch starts a kernel of one dimension; arguments are pointers to values.
func (r *rig) launch(f driver.Function, grid, block, shared int, args ...unsafe.Pointer) {
	r.t.Helper()
	r.must(r.Launch(f, driver.Dim{X: uint32(grid), Y: 1, Z: 1}, driver.Dim{X: uint32(block), Y: 1, Z: 1}, shared, r.s, args))
}

func ptr[T any](v T) unsafe.Pointer { return unsafe.Pointer(&v) }

func testdata(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// wantError fails unless err is the driver's error with a code and its log holds all texts.
func wantError(t *testing.T, err error, code int, texts ...string) {
	t.Helper()
	var e *driver.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Fatalf("got %v, want code %d", err, code)
	}
	for _, s := range texts {
		if !strings.Contains(e.Log, s) {
			t.Errorf("the log %q does not hold %q", e.Log, s)
		}
	}
}
