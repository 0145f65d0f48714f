// Package cudatest gives tests a CUDA device that is emulated: the very kernels that ship run on it, on any machine, and
// accesses outside memory, reads of what was never written and races fail the test.
package cudatest

import (
	"cmp"
	"testing"

	"segovia/kernels"
	"segovia/kernels/cuda"
	"segovia/kernels/cuda/driver"
	"segovia/kernels/cuda/internal/emulator"
	"segovia/kernels/ref"
)

// Device is what a test may choose of an emulated device; zero is the usual.
type Device struct {
	Memory          uint64 // bytes
	Multiprocessors int
	Shared          int          // bytes of shared memory that a block may have; 227 KiB
	Seed            uint64       // of the order in which blocks and warps run
	Host            kernels.Path // ref
	Scores          string       // by which points are scored, "float32" (if empty) or "tensor"
	// Fault is asked before each call of driver.API, by its name and how often it has been called, from 1 on. An error that
	// it returns is the call's; Fail makes one.
	Fault func(call string, n int) error
}

// Fail is the error of a call that fails with that code of the driver.
func Fail(call string, code int) error { return emulator.Failure(call, code) }

// Path returns the path on an emulated device. When the test ends, it fails if something was not given back.
func Path(t testing.TB, d Device) *cuda.Path {
	t.Helper()
	api := emulator.New(emulator.Options{Memory: d.Memory, Multiprocessors: d.Multiprocessors, MaxShared: d.Shared, Seed: d.Seed, Fault: d.Fault})
	host := d.Host
	if host == nil {
		host = ref.Path{}
	}
	path := cuda.On(api, host)
	t.Cleanup(func() {
		_ = path.Close() // a lost device cannot be closed
		for _, leak := range api.Leaks() {
			t.Errorf("not given back: %s", leak)
		}
	})
	return path.With(cuda.Options{Named: true, Scores: cmp.Or(d.Scores, cuda.Float32Scores)})
}

var _ driver.API = (*emulator.Device)(nil)
