// Package driver is what Segovia uses of NVIDIA's CUDA driver API. The library libcuda.so.1 comes with the driver and is
// opened at run time, without cgo: a machine without one gets a clear error, and nothing but the driver has to be installed.
//
// Every call returns an error that names the function of the driver API, with the driver's code, name and text.
package driver

import (
	"fmt"
	"unsafe"
)

// Handles of the driver API; zero is none.
type (
	Context  uintptr
	Module   uintptr
	Function uintptr
	Stream   uintptr
	Event    uintptr
	Graph    uintptr // an instantiated one, ready to launch
)

// Ptr is an address in the memory of the device; 0 is none.
type Ptr uint64

// Attribute is a property of a device (CUdevice_attribute).
type Attribute int32

// The attributes that are asked for, with the numbers of cuda.h.
const (
	MaxSharedMemoryPerBlock      Attribute = 8
	ClockRate                    Attribute = 13 // kHz
	MultiprocessorCount          Attribute = 16
	Integrated                   Attribute = 18
	ComputeMode                  Attribute = 20
	MemoryClockRate              Attribute = 36 // kHz
	GlobalMemoryBusWidth         Attribute = 37 // bits
	L2CacheSize                  Attribute = 38
	ComputeCapabilityMajor       Attribute = 75
	ComputeCapabilityMinor       Attribute = 76
	MaxSharedMemoryPerMP         Attribute = 81
	MaxSharedMemoryPerBlockOptin Attribute = 97
)

// Dim is the extent of a grid or of a block.
type Dim struct{ X, Y, Z uint32 }

// API are the calls. An API belongs to one device context, which each call makes current on its thread, so that
// goroutines may call it from wherever they run. Calls that name a stream are asynchronous: host memory they read or write,
// unless it is pinned, is taken or filled before they return; pinned memory stays in use until the stream has passed.
type API interface {
	// Version is the newest CUDA version that the driver knows, 1000 * major + 10 * minor.
	Version() (int, error)
	// DeviceName, Attribute and TotalMemory describe the device of the context.
	DeviceName() (string, error)
	Attribute(a Attribute) (int, error)
	// Memory returns the free and the total bytes of the device.
	Memory() (free, total uint64, err error)

	Alloc(bytes uint64) (Ptr, error)
	Free(p Ptr) error
	// AllocHost returns pinned host memory; it is not seen by the garbage collector.
	AllocHost(bytes uint64) (unsafe.Pointer, error)
	FreeHost(p unsafe.Pointer) error
	CopyToDevice(dst Ptr, src unsafe.Pointer, bytes uint64, s Stream) error
	CopyToHost(dst unsafe.Pointer, src Ptr, bytes uint64, s Stream) error
	CopyOnDevice(dst, src Ptr, bytes uint64, s Stream) error
	// Fill sets bytes bytes to v.
	Fill(dst Ptr, v uint8, bytes uint64, s Stream) error

	// LoadModule compiles the PTX text for the device; the error carries the compiler's log.
	LoadModule(ptx string) (Module, error)
	UnloadModule(m Module) error
	Function(m Module, name string) (Function, error)
	// AllowShared raises the dynamic shared memory that blocks of f may have.
	AllowShared(f Function, bytes int) error
	// BlocksPerMP is how many blocks of f with so many threads and bytes of dynamic shared memory run at once on a multiprocessor.
	BlocksPerMP(f Function, threads, shared int) (int, error)
	// Launch starts f; params point to its arguments, in order.
	Launch(f Function, grid, block Dim, shared int, s Stream, params []unsafe.Pointer) error

	NewStream() (Stream, error)
	CloseStream(s Stream) error
	Synchronize(s Stream) error
	// BeginCapture and EndCapture record what is launched into s in between as a graph instead of running it.
	BeginCapture(s Stream) error
	EndCapture(s Stream) (Graph, error)
	LaunchGraph(g Graph, s Stream) error
	CloseGraph(g Graph) error

	NewEvent() (Event, error)
	CloseEvent(e Event) error
	Record(e Event, s Stream) error
	// Wait makes s wait for e.
	Wait(s Stream, e Event) error
	SynchronizeEvent(e Event) error
	// Elapsed returns the milliseconds between two recorded events that have passed.
	Elapsed(from, to Event) (float32, error)

	// Close releases the context.
	Close() error
}

// Codes of results (CUresult) that callers tell apart.
const (
	OutOfMemory      = 2
	NoDevice         = 100
	InvalidPTX       = 218
	UnsupportedPTX   = 222
	ECCUncorrectable = 214
	IllegalAddress   = 700
	LaunchTimeout    = 702
	LaunchFailed     = 719
	SystemNotReady   = 802
	Unknown          = 999
)

// Error is a call that the driver did not do.
type Error struct {
	Call string // "cuMemAlloc_v2"
	Code int    // CUresult
	Name string // "CUDA_ERROR_OUT_OF_MEMORY"
	Text string // "out of memory"
	Log  string // what the PTX compiler said, if anything
}

// Error names the call.
func (e *Error) Error() string {
	s := fmt.Sprintf("%s: %s (%s, %d)", e.Call, e.Text, e.Name, e.Code)
	if e.Log != "" {
		s += ": " + e.Log
	}
	return s
}
