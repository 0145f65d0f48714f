//go:build linux && (amd64 || arm64) && !nocuda

package driver

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/ebitengine/purego"

	"segovia/kernels/kerneltest"
)

// stub is a copy of testdata/libcuda.c, compiled and opened: a machine of its own, with two devices.
type stub struct {
	t      testing.TB
	path   string
	handle uintptr
}

var compiled sync.Map // C compiler's arguments -> func() ([]byte, error)

// newStub compiles the stand-in, once for the same options, and opens a fresh copy.
func newStub(t testing.TB, options ...string) *stub {
	t.Helper()
	cc := os.Getenv("CC")
	if cc == "" {
		cc = "cc"
	}
	_, err := exec.LookPath(cc)
	kerneltest.Require(t, "cc", err == nil)
	key := ""
	for _, o := range options {
		key += o + " "
	}
	build, _ := compiled.LoadOrStore(key, sync.OnceValues(func() ([]byte, error) {
		dir, err := os.MkdirTemp("", "libcuda")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		out := filepath.Join(dir, "out.so")
		args := append([]string{"-shared", "-fPIC", "-O1", "-pthread", "-fvisibility=hidden", "-Wall", "-Wextra", "-Werror", "-o", out}, options...)
		if text, err := exec.Command(cc, append(args, "testdata/libcuda.c")...).CombinedOutput(); err != nil {
			t.Errorf("%s", text)
			return nil, err
		}
		return os.ReadFile(out)
	}))
	image, err := build.(func() ([]byte, error))()
	if err != nil {
		t.Fatal(err)
	}
	// The dynamic linker knows a library by its file: a copy has variables of its own.
	s := &stub{t: t, path: filepath.Join(t.TempDir(), "libcuda.so.1")}
	if err := os.WriteFile(s.path, image, 0o755); err != nil {
		t.Fatal(err)
	}
	if s.handle, err = purego.Dlopen(s.path, purego.RTLD_NOW|purego.RTLD_LOCAL); err != nil {
		t.Fatal(err)
	}
	return s
}

// tell calls a function that the stand-in has beside those of the driver.
func (s *stub) tell(name string, args ...uintptr) int {
	s.t.Helper()
	f, err := purego.Dlsym(s.handle, name)
	if err != nil {
		s.t.Fatal(err)
	}
	r, _, _ := purego.SyscallN(f, args...)
	return int(int32(r))
}

// fail makes the driver's function return code from now on; "" ends that for all.
func (s *stub) fail(name string, code int) {
	s.t.Helper()
	f, err := purego.Dlsym(s.handle, "stub_fail")
	if err != nil {
		s.t.Fatal(err)
	}
	var order func(string, int32)
	purego.RegisterFunc(&order, f)
	order(name, int32(code))
}

func (s *stub) load() *library {
	s.t.Helper()
	l, err := load(s.path)
	if err != nil {
		s.t.Fatal(err)
	}
	return l
}

func (s *stub) open(ordinal int) API {
	s.t.Helper()
	c, err := s.load().open(ordinal)
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// released closes c and holds the test to having released all that it took.
func (s *stub) released(c API) {
	s.t.Helper()
	must(s.t, c.Close())
	if n := s.tell("stub_live"); n != 0 {
		s.t.Errorf("%d objects were not released", n)
	}
	runtime.KeepAlive(s)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func take[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		must(t, err)
		return v
	}
}
