package cuda

import (
	"fmt"
	"unsafe"

	"segovia/kernels"
	"segovia/kernels/cuda/driver"
)

// memory keeps what was taken from a device, so that it can be given back together. After the first error it takes nothing
// more.
type memory struct {
	api    driver.API
	device []driver.Ptr
	pinned []unsafe.Pointer
	err    error
}

// take returns so many bytes of the device, at a multiple of 256; none is a null pointer.
func (m *memory) take(bytes uint64) driver.Ptr {
	if m.err != nil || bytes == 0 {
		return 0
	}
	p, err := m.api.Alloc(bytes)
	if err != nil {
		m.err = failed(err)
		return 0
	}
	m.device = append(m.device, p)
	return p
}

// pin returns room for n values in pinned host memory.
func pin[T any](m *memory, n int) []T {
	if m.err != nil || n == 0 {
		return nil
	}
	var v T
	p, err := m.api.AllocHost(uint64(n) * uint64(unsafe.Sizeof(v)))
	if err != nil {
		m.err = failed(err)
		return nil
	}
	m.pinned = append(m.pinned, p)
	return unsafe.Slice((*T)(p), n)
}

// free gives everything back.
func (m *memory) free() error {
	var first error
	for _, p := range m.device {
		if err := m.api.Free(p); err != nil && first == nil {
			first = failed(err)
		}
	}
	for _, p := range m.pinned {
		if err := m.api.FreeHost(p); err != nil && first == nil {
			first = failed(err)
		}
	}
	m.device, m.pinned = nil, nil
	return first
}

// failed marks an error of the driver as one of the device.
func failed(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("cuda: %w: %w", kernels.ErrDevice, err)
}

// toDevice copies values to the device.
func toDevice[T any](api driver.API, dst driver.Ptr, src []T, s driver.Stream) error {
	if len(src) == 0 {
		return nil
	}
	return failed(api.CopyToDevice(dst, unsafe.Pointer(unsafe.SliceData(src)), sizeOf(src), s))
}

// toHost copies values from the device.
func toHost[T any](api driver.API, dst []T, src driver.Ptr, s driver.Stream) error {
	if len(dst) == 0 {
		return nil
	}
	return failed(api.CopyToHost(unsafe.Pointer(unsafe.SliceData(dst)), src, sizeOf(dst), s))
}

func sizeOf[T any](s []T) uint64 {
	var v T
	return uint64(len(s)) * uint64(unsafe.Sizeof(v))
}
