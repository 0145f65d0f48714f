//go:build linux && (amd64 || arm64) && !nocuda

package driver

import (
	"runtime"
	"unsafe"
)

func (c *primary) Memory() (free, total uint64, err error) {
	err = c.call(cuMemGetInfo, uintptr(unsafe.Pointer(&free)), uintptr(unsafe.Pointer(&total)))
	return free, total, err
}

func (c *primary) Alloc(bytes uint64) (Ptr, error) {
	var p Ptr
	err := c.call(cuMemAlloc, uintptr(unsafe.Pointer(&p)), uintptr(bytes))
	return p, err
}

// Free does nothing for 0.
func (c *primary) Free(p Ptr) error {
	if p == 0 {
		return nil
	}
	return c.call(cuMemFree, uintptr(p))
}

func (c *primary) AllocHost(bytes uint64) (unsafe.Pointer, error) {
	var p unsafe.Pointer
	if err := c.call(cuMemHostAlloc, uintptr(unsafe.Pointer(&p)), uintptr(bytes), 0); err != nil {
		return nil, err
	}
	c.host.add(uintptr(p), uintptr(bytes))
	return p, nil
}

// FreeHost does nothing for nil.
func (c *primary) FreeHost(p unsafe.Pointer) error {
	if p == nil {
		return nil
	}
	c.host.remove(uintptr(p)) // first: once it is free, the address may be handed out again
	return c.call(cuMemFreeHost, uintptr(p))
}

func (c *primary) CopyToDevice(dst Ptr, src unsafe.Pointer, bytes uint64, s Stream) error {
	if bytes == 0 {
		return nil
	}
	pageable, err := c.pageable(cuMemcpyHtoDAsync, src, bytes, s)
	if err != nil {
		return err
	}
	err = c.call(cuMemcpyHtoDAsync, uintptr(dst), uintptr(src), uintptr(bytes), uintptr(s))
	if err == nil && pageable {
		err = c.Synchronize(s)
	}
	runtime.KeepAlive(src)
	return err
}

func (c *primary) CopyToHost(dst unsafe.Pointer, src Ptr, bytes uint64, s Stream) error {
	if bytes == 0 {
		return nil
	}
	pageable, err := c.pageable(cuMemcpyDtoHAsync, dst, bytes, s)
	if err != nil {
		return err
	}
	err = c.call(cuMemcpyDtoHAsync, uintptr(dst), uintptr(src), uintptr(bytes), uintptr(s))
	if err == nil && pageable {
		err = c.Synchronize(s)
	}
	runtime.KeepAlive(dst)
	return err
}

// pageable reports whether a copy from or to p has to be waited for. The driver promises nothing of the kind: of pageable
// memory it says that the copy "might be synchronous", and earlier that a worker thread may stage it ("API synchronization
// behavior" of the driver API). A graph would copy when it runs, when such memory may be gone, so that is refused.
func (c *primary) pageable(copying symbol, p unsafe.Pointer, bytes uint64, s Stream) (bool, error) {
	if c.host.holds(uintptr(p), uintptr(bytes)) {
		return false, nil
	}
	var capturing int32
	if err := c.call(cuStreamIsCapturing, uintptr(s), uintptr(unsafe.Pointer(&capturing))); err != nil {
		return false, err
	}
	if capturing != 0 {
		return false, &Error{Call: names[copying], Code: streamCaptureUnsupported, Name: "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED",
			Text: "memory that is not pinned cannot be copied while a graph is recorded"}
	}
	return true, nil
}

func (c *primary) CopyOnDevice(dst, src Ptr, bytes uint64, s Stream) error {
	if bytes == 0 {
		return nil
	}
	return c.call(cuMemcpyDtoDAsync, uintptr(dst), uintptr(src), uintptr(bytes), uintptr(s))
}

func (c *primary) Fill(dst Ptr, v uint8, bytes uint64, s Stream) error {
	if bytes == 0 {
		return nil
	}
	return c.call(cuMemsetD8Async, uintptr(dst), uintptr(v), uintptr(bytes), uintptr(s))
}
