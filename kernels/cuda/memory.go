package cuda

import (
	"fmt"
	"unsafe"

	"segovia/kernels"
	"segovia/kernels/cuda/driver"
)

// memory is a piece of a device's memory and one of pinned host memory, each carved into parts.
type memory struct {
	api    driver.API
	device driver.Ptr
	pinned unsafe.Pointer
}

// part is room for bytes bytes that begins where at is set to.
type part struct {
	at    *driver.Ptr
	bytes uint64
}

// on is a part of device memory.
func on(at *driver.Ptr, bytes uint64) part { return part{at, bytes} }

// aligned is a size rounded up to what keeps every access aligned and coalesced.
func aligned(bytes uint64) uint64 { return (bytes + 255) &^ 255 }

// granule is what the driver rounds an allocation up to.
const granule = 2 << 20

// take takes the parts in one allocation, which the driver rounds up to granule only once.
func (m *memory) take(parts ...part) error {
	var sum uint64
	for _, p := range parts {
		sum += aligned(p.bytes)
	}
	if sum == 0 {
		return nil
	}
	var err error
	if m.device, err = m.api.Alloc(sum); err != nil {
		return failed(err)
	}
	at := m.device
	for _, p := range parts {
		*p.at = at
		at += driver.Ptr(aligned(p.bytes))
	}
	return nil
}

// slice is a part of pinned memory: n values that *s becomes.
type slice interface {
	bytes() uint64
	set(p unsafe.Pointer)
}

type sliceOf[T any] struct {
	s *[]T
	n int
}

// pinned is room for n values.
func pinned[T any](s *[]T, n int) slice { return sliceOf[T]{s, n} }

func (p sliceOf[T]) bytes() uint64 {
	var v T
	return uint64(p.n) * uint64(unsafe.Sizeof(v))
}

func (p sliceOf[T]) set(at unsafe.Pointer) { *p.s = unsafe.Slice((*T)(at), p.n) }

// pin takes pinned host memory in one allocation.
func (m *memory) pin(parts ...slice) error {
	var sum uint64
	for _, p := range parts {
		sum += aligned(p.bytes())
	}
	if sum == 0 {
		return nil
	}
	var err error
	if m.pinned, err = m.api.AllocHost(sum); err != nil {
		return failed(err)
	}
	at := uint64(0) // no pointer, which must not stand behind the last part
	for _, p := range parts {
		if p.bytes() > 0 {
			p.set(unsafe.Add(m.pinned, at))
			at += aligned(p.bytes())
		}
	}
	return nil
}

// free gives everything back.
func (m *memory) free() error {
	var first error
	if m.device != 0 {
		first = failed(m.api.Free(m.device))
	}
	if m.pinned != nil {
		if err := m.api.FreeHost(m.pinned); err != nil && first == nil {
			first = failed(err)
		}
	}
	m.device, m.pinned = 0, nil
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
