//go:build linux && (amd64 || arm64) && !nocuda

package driver

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"segovia/kernels"
)

// unusable holds err to being an ErrUnavailable that says each of the texts.
func unusable(t *testing.T, err error, says ...string) {
	t.Helper()
	if !errors.Is(err, kernels.ErrUnavailable) || !strings.HasPrefix(err.Error(), "not available: ") {
		t.Fatalf("%v is no ErrUnavailable", err)
	}
	for _, text := range says {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%q does not say %q", err, text)
		}
	}
}

func TestDevices(t *testing.T) {
	s := newStub(t)
	got, err := s.load().devices()
	must(t, err)
	want := []Device{
		{Ordinal: 0, Name: "Stand-in A", Major: 9, Minor: 0, Memory: 1 << 26, PCI: "0000:28:00.0", UUID: "GPU-00102030-4050-6070-8090-a0b0c0d0e0f0"},
		{Ordinal: 1, Name: "Stand-in B", Major: 8, Minor: 6, Memory: 1 << 26, PCI: "0000:29:00.0", UUID: "GPU-01112131-4151-6171-8191-a1b1c1d1e1f1"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	// One that cannot be used is left out, and cannot be opened.
	s.tell("stub_device", 0, 7, 5, 0)
	got, err = s.load().devices()
	must(t, err)
	if len(got) != 1 || got[0] != want[1] {
		t.Errorf("got %+v, want the second device alone", got)
	}
	_, err = s.load().open(0)
	unusable(t, err, "device 0 (Stand-in A) has compute capability 7.5, and 8.0 is the least")
	for _, ordinal := range []int{-1, 2} {
		_, err = s.load().open(ordinal)
		unusable(t, err, fmt.Sprintf("there is no device %d; the driver shows 2", ordinal))
	}
}

func TestNoLibrary(t *testing.T) {
	path := filepath.Join(t.TempDir(), "libnone.so.1")
	_, err := load(path)
	unusable(t, err, "NVIDIA's driver library "+path+" cannot be opened", "No such file")
	if n := strings.Count(err.Error(), "libnone"); n != 1 {
		t.Errorf("%q names the file %d times", err, n)
	}
	must(t, os.WriteFile(path, []byte("no library"), 0o644))
	_, err = load(path)
	unusable(t, err, "cannot be opened")
}

func TestOldLibrary(t *testing.T) {
	_, err := load(newStub(t, "-DcuStreamBeginCapture_v2=cuStreamBeginCapture_v1", "-DcuMemFree_v2=cuMemFree").path)
	unusable(t, err, "lacks cuMemFree_v2, cuStreamBeginCapture_v2", "driver is too old")
	_, err = load(newStub(t, "-DcuGraphInstantiateWithFlags=a", "-DcuGraphInstantiate_v2=b").path)
	unusable(t, err, "lacks cuGraphInstantiateWithFlags")
	got, err := newStub(t, "-DcuDeviceGetUuid=a").load().devices()
	must(t, err)
	if got[0].UUID != "" || got[0].PCI == "" {
		t.Errorf("without UUIDs: %+v", got[0])
	}
}

func TestNoDriverBehindTheLibrary(t *testing.T) {
	for code, says := range map[int][]string{
		NoDevice: {"cuInit: no CUDA-capable device is detected (CUDA_ERROR_NO_DEVICE, 100)", "CUDA_VISIBLE_DEVICES"},
		Unknown:  {"cuInit: unknown error (CUDA_ERROR_UNKNOWN, 999)", "nvidia_uvm"},
		803:      {"cuInit: ", "(CUDA_ERROR_SYSTEM_DRIVER_MISMATCH, 803)", "different versions"},
		12345:    {"cuInit: a code that the driver does not know (", "12345"},
	} {
		s := newStub(t)
		s.fail("cuInit", code)
		_, err := load(s.path)
		unusable(t, err, says...)
		var e *Error
		if !errors.As(err, &e) || e.Code != code {
			t.Errorf("%v holds no *Error of code %d", err, code)
		}
	}
}

func TestNoUsableDevice(t *testing.T) {
	s := newStub(t)
	l := s.load()
	s.tell("stub_device", 0, 7, 5, 0)
	s.tell("stub_device", 1, 9, 0, 2)
	_, err := l.devices()
	unusable(t, err, "device 0 (Stand-in A) has compute capability 7.5", "; device 1 (Stand-in B) is closed to computing (compute mode PROHIBITED)")
	_, err = l.open(1)
	unusable(t, err, "PROHIBITED")
	s.tell("stub_devices", 0)
	for _, ask := range []func() error{func() error { _, err := l.devices(); return err }, func() error { _, err := l.open(0); return err }} {
		unusable(t, ask(), "the driver shows no device", "nvidia-smi")
	}
}

// Whatever fails on the way to a device is named.
func TestOpenFails(t *testing.T) {
	for _, name := range []string{"cuDeviceGetCount", "cuDeviceGet", "cuDeviceGetName", "cuDeviceTotalMem_v2", "cuDeviceGetPCIBusId",
		"cuDeviceGetUuid", "cuDeviceGetAttribute", "cuDevicePrimaryCtxSetFlags_v2", "cuDevicePrimaryCtxRetain"} {
		s := newStub(t)
		l := s.load()
		s.fail(name, 999)
		_, err := l.open(0)
		unusable(t, err, name+": unknown error (CUDA_ERROR_UNKNOWN, 999)", "dmesg")
		if n := s.tell("stub_live"); n != 0 {
			t.Errorf("%s: %d objects are left", name, n)
		}
		if !strings.HasPrefix(name, "cuDevicePrimary") {
			_, err = l.devices()
			unusable(t, err, name)
		}
	}
}

// On a machine with a driver Devices finds it, elsewhere it says why not; either way the answer stays.
func TestThisMachine(t *testing.T) {
	all, err := Devices()
	if err != nil {
		unusable(t, err)
		if _, again := Open(0); again == nil || !errors.Is(again, kernels.ErrUnavailable) {
			t.Errorf("Devices: %v; Open: %v", err, again)
		}
		t.Logf("without a device: %v", err)
		return
	}
	for _, d := range all {
		c, err := Open(d.Ordinal)
		must(t, err)
		if name, err := c.DeviceName(); name != d.Name || err != nil {
			t.Errorf("%v names itself %q, %v", d, name, err)
		}
		must(t, c.Close())
	}
}

// A driver has threads, and an interrupt may reach any of them.
func TestSignalOnAThreadOfTheDriver(t *testing.T) {
	s := newStub(t)
	got := make(chan os.Signal, 1)
	signal.Notify(got, syscall.SIGUSR1)
	defer signal.Stop(got)
	for range 20 {
		s.tell("stub_signal", uintptr(syscall.SIGUSR1))
		select {
		case <-got:
		case <-time.After(10 * time.Second):
			t.Fatal("the signal did not arrive")
		}
	}
}
