//go:build linux && (amd64 || arm64) && !nocuda

package driver

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"unsafe"
)

// Numbers of cuda.h.
const (
	schedBlockingSync        = 4   // CU_CTX_SCHED_BLOCKING_SYNC
	streamNonBlocking        = 1   // CU_STREAM_NON_BLOCKING
	eventBlockingSync        = 1   // CU_EVENT_BLOCKING_SYNC
	captureRelaxed           = 2   // CU_STREAM_CAPTURE_MODE_RELAXED
	maxDynamicShared         = 8   // CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
	primaryContextActive     = 708 // CUDA_ERROR_PRIMARY_CONTEXT_ACTIVE
	contextIsDestroyed       = 709 // CUDA_ERROR_CONTEXT_IS_DESTROYED
	streamCaptureUnsupported = 900 // CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED
	jitInfoLogBuffer         = 3   // CU_JIT_INFO_LOG_BUFFER
	jitInfoLogBufferSize     = 4   // CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES
	jitErrorLogBuffer        = 5   // CU_JIT_ERROR_LOG_BUFFER
	jitErrorLogBufferSize    = 6   // CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES
	jitLogBytes              = 8 << 10
)

// Open returns the calls for the device with that ordinal, which must be one of Devices. It retains the device's primary
// context; all that was opened for a device shares it, and what was not released goes with the last Close. The error wraps
// kernels.ErrUnavailable and says why. The calls may be made concurrently.
//
// Waiting for the device blocks the thread and does not spin: what Segovia waits for runs for milliseconds, and the
// processor has other work meanwhile. Streams do not wait for the default stream (0), nor it for them.
func Open(ordinal int) (API, error) {
	l, err := opened()
	if err != nil {
		return nil, err
	}
	return l.open(ordinal)
}

func (l *library) open(ordinal int) (API, error) {
	n, err := l.count()
	if err != nil {
		return nil, unavailable(err)
	}
	if ordinal < 0 || ordinal >= n {
		return nil, unavailable(fmt.Errorf("there is no device %d; the driver shows %d, counted from 0", ordinal, n))
	}
	d, handle, err := l.describe(ordinal)
	if err != nil {
		return nil, unavailable(err)
	}
	fail := func(err error) (API, error) { return nil, unavailable(fmt.Errorf("%v: %w", d, hinted(err))) }
	// Old drivers refuse flags for a context that is in use: then it was opened here before, with the same ones.
	if code := l.do(cuDevicePrimaryCtxSetFlags, uintptr(handle), schedBlockingSync); code != primaryContextActive {
		if err := l.result(cuDevicePrimaryCtxSetFlags, code); err != nil {
			return fail(err)
		}
	}
	c := &primary{lib: l, device: handle}
	if err := l.call(cuDevicePrimaryCtxRetain, uintptr(unsafe.Pointer(&c.handle)), uintptr(handle)); err != nil {
		return fail(err)
	}
	return c, nil
}

// primary is a device's primary context, retained once.
type primary struct {
	lib    *library
	device int32
	handle Context
	host   pinned

	use    sync.RWMutex // held for reading by every call, so that Close does not take the context away from under one
	closed bool
}

// call calls s with the context current. A goroutine may find itself on another thread after each call into the library, so
// the two calls are tied to one thread.
//
//go:uintptrescapes
func (c *primary) call(s symbol, args ...uintptr) error {
	c.use.RLock()
	defer c.use.RUnlock()
	if c.closed {
		return gone(s)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if code := c.lib.do(cuCtxSetCurrent, uintptr(c.handle)); code != 0 {
		return c.lib.result(cuCtxSetCurrent, code)
	}
	return c.lib.result(s, c.lib.do(s, args...))
}

func gone(s symbol) error {
	return &Error{Call: names[s], Code: contextIsDestroyed, Name: "CUDA_ERROR_CONTEXT_IS_DESTROYED", Text: "this device was closed"}
}

func (c *primary) Close() error {
	c.use.Lock()
	defer c.use.Unlock()
	if c.closed {
		return gone(cuDevicePrimaryCtxRelease)
	}
	c.closed = true
	return c.lib.call(cuDevicePrimaryCtxRelease, uintptr(c.device))
}

func (c *primary) Version() (int, error) {
	var v int32
	err := c.call(cuDriverGetVersion, uintptr(unsafe.Pointer(&v)))
	return int(v), err
}

func (c *primary) DeviceName() (string, error) {
	b := make([]byte, 256)
	err := c.call(cuDeviceGetName, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), uintptr(c.device))
	return cString(b), err
}

func (c *primary) Attribute(a Attribute) (int, error) {
	var v int32
	err := c.call(cuDeviceGetAttribute, uintptr(unsafe.Pointer(&v)), uintptr(a), uintptr(c.device))
	return int(v), err
}

// LoadModule hands the text to the driver's compiler with room for what it has to say.
func (c *primary) LoadModule(ptx string) (Module, error) {
	text, err := syscall.BytePtrFromString(ptx)
	if err != nil {
		return 0, &Error{Call: names[cuModuleLoadDataEx], Code: InvalidPTX, Name: "CUDA_ERROR_INVALID_PTX", Text: "the text holds a NUL byte"}
	}
	info, fault := make([]byte, jitLogBytes), make([]byte, jitLogBytes)
	options := [4]int32{jitInfoLogBuffer, jitInfoLogBufferSize, jitErrorLogBuffer, jitErrorLogBufferSize}
	// The values, an array of void * that has pointers as well as numbers in it.
	values := struct {
		info      *byte
		infoSize  uintptr
		fault     *byte
		faultSize uintptr
	}{&info[0], jitLogBytes, &fault[0], jitLogBytes}
	var m Module
	err = c.call(cuModuleLoadDataEx, uintptr(unsafe.Pointer(&m)), uintptr(unsafe.Pointer(text)),
		uintptr(len(options)), uintptr(unsafe.Pointer(&options)), uintptr(unsafe.Pointer(&values)))
	if e, ok := err.(*Error); ok {
		e.Log = strings.TrimSpace(strings.TrimSpace(cString(fault)) + "\n" + strings.TrimSpace(cString(info)))
	}
	return m, err
}

func (c *primary) UnloadModule(m Module) error { return c.call(cuModuleUnload, uintptr(m)) }

func (c *primary) Function(m Module, name string) (Function, error) {
	text, err := syscall.BytePtrFromString(name)
	if err != nil {
		return 0, fmt.Errorf("%s: the name %q holds a NUL byte", names[cuModuleGetFunction], name)
	}
	var f Function
	err = c.call(cuModuleGetFunction, uintptr(unsafe.Pointer(&f)), uintptr(m), uintptr(unsafe.Pointer(text)))
	return f, err
}

func (c *primary) AllowShared(f Function, bytes int) error {
	return c.call(cuFuncSetAttribute, uintptr(f), maxDynamicShared, uintptr(bytes))
}

func (c *primary) BlocksPerMP(f Function, threads, shared int) (int, error) {
	var blocks int32
	err := c.call(cuOccupancyMaxActiveBlocksPerMultiprocessor, uintptr(unsafe.Pointer(&blocks)), uintptr(f), uintptr(threads), uintptr(shared))
	return int(blocks), err
}

// Launch has the arguments copied before it returns. The slice and all it points to live on the heap, because it escapes.
func (c *primary) Launch(f Function, grid, block Dim, shared int, s Stream, params []unsafe.Pointer) error {
	return c.call(cuLaunchKernel, uintptr(f), uintptr(grid.X), uintptr(grid.Y), uintptr(grid.Z),
		uintptr(block.X), uintptr(block.Y), uintptr(block.Z), uintptr(shared), uintptr(s),
		uintptr(unsafe.Pointer(unsafe.SliceData(params))), 0)
}
