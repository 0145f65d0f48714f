package emulator

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"
	"unsafe"

	"segovia/kernels/cuda/driver"
)

// Options describe a device; the zero value is one of compute capability 9.0 with 4 multiprocessors and 1 GiB.
type Options struct {
	Name                string // "Emulated"
	Memory              uint64 // bytes; 1 GiB. Memory is taken from the machine when it is allocated.
	Multiprocessors     int    // 4
	MaxShared           int    // bytes of shared memory that a block may have after AllowShared; 227 KiB
	Major, Minor        int    // compute capability; 9.0
	Version             int    // newest CUDA version; 13050
	Attributes          map[driver.Attribute]int
	Seed                uint64 // draws the order of blocks, warps and lanes, and what memory contains before it is written
	Skip                Checks // what is not looked for
	MaxWarpInstructions int64  // of a launch, which is ended then as by a watchdog; 2^32

	// Fault is asked before each call, by the name of the method of driver.API and how often it has been called, from 1 on. An
	// error it returns is the result of the call; Failure makes one. A sticky one is returned by all later calls.
	Fault func(call string, n int) error
}

// A Device implements driver.API. Its methods may be called by several goroutines; one runs at a time.
type Device struct {
	options Options
	checks  Checks
	mu      sync.Mutex
	calls   map[string]int
	sticky  *driver.Error
	fault   *fault
	memory  memory
	pinned  map[uintptr][]byte
	modules map[driver.Module]*module
	funcs   map[driver.Function]*kernel
	streams map[driver.Stream]*stream
	events  map[driver.Event]*event
	graphs  map[driver.Graph][]*operation
	orphans []*stream // closed with work left
	handles uintptr
	number  uint32 // of launches
	clock   int64  // warp instructions executed
}

var _ driver.API = (*Device)(nil)

// New returns a device.
func New(o Options) *Device {
	o.Name = cmp.Or(o.Name, "Emulated")
	o.Memory = cmp.Or(o.Memory, 1<<30)
	o.Multiprocessors = cmp.Or(o.Multiprocessors, 4)
	o.MaxShared = cmp.Or(o.MaxShared, 227<<10)
	o.Major = cmp.Or(o.Major, 9)
	o.Version = cmp.Or(o.Version, 13050)
	o.MaxWarpInstructions = cmp.Or(o.MaxWarpInstructions, 1<<32)
	d := &Device{
		options: o, checks: (InitGlobal | InitShared | Races | GlobalRaces) &^ o.Skip, calls: map[string]int{},
		pinned: map[uintptr][]byte{}, modules: map[driver.Module]*module{}, funcs: map[driver.Function]*kernel{},
		streams: map[driver.Stream]*stream{0: {}}, events: map[driver.Event]*event{}, graphs: map[driver.Graph][]*operation{}, handles: 0x1000,
	}
	d.memory.poison = byte(0xa5 ^ o.Seed*29)
	return d
}

// Codes of results besides those of package driver.
const (
	codeInvalidValue       = 1
	codeInvalidImage       = 200
	codeInvalidHandle      = 400
	codeNotFound           = 500
	codeNotReady           = 600
	codeIllegalAddress     = driver.IllegalAddress
	codeLaunchTimeout      = driver.LaunchTimeout
	codeLaunchOutOfRes     = 701
	codeIllegalInstruction = 715
	codeMisaligned         = 716
	codeLaunchFailed       = driver.LaunchFailed
	codeInvalidDevicePtr   = codeInvalidValue
	codeCaptureUnsupported = 900
	codeCaptureInvalidated = 901
)

var codes = map[int][2]string{
	codeInvalidValue:        {"CUDA_ERROR_INVALID_VALUE", "invalid argument"},
	driver.OutOfMemory:      {"CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
	driver.NoDevice:         {"CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
	codeInvalidImage:        {"CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"},
	driver.InvalidPTX:       {"CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"},
	driver.UnsupportedPTX:   {"CUDA_ERROR_UNSUPPORTED_PTX_VERSION", "the provided PTX was compiled with an unsupported toolchain."},
	driver.ECCUncorrectable: {"CUDA_ERROR_ECC_UNCORRECTABLE", "uncorrectable ECC error encountered"},
	codeInvalidHandle:       {"CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
	codeNotFound:            {"CUDA_ERROR_NOT_FOUND", "named symbol not found"},
	codeNotReady:            {"CUDA_ERROR_NOT_READY", "device not ready"},
	codeIllegalAddress:      {"CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
	codeLaunchOutOfRes:      {"CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "too many resources requested for launch"},
	codeLaunchTimeout:       {"CUDA_ERROR_LAUNCH_TIMEOUT", "the launch timed out and was terminated"},
	codeIllegalInstruction:  {"CUDA_ERROR_ILLEGAL_INSTRUCTION", "an illegal instruction was encountered"},
	codeMisaligned:          {"CUDA_ERROR_MISALIGNED_ADDRESS", "misaligned address"},
	codeLaunchFailed:        {"CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
	driver.SystemNotReady:   {"CUDA_ERROR_SYSTEM_NOT_READY", "system not yet initialized"},
	codeCaptureUnsupported:  {"CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", "operation not permitted when stream is capturing"},
	codeCaptureInvalidated:  {"CUDA_ERROR_STREAM_CAPTURE_INVALIDATED", "operation failed due to a previous error during capture"},
	driver.Unknown:          {"CUDA_ERROR_UNKNOWN", "unknown error"},
}

// Failure returns the error of a call of the driver API ("cuLaunchKernel") with a code, as Options.Fault may return it.
func Failure(call string, code int) error {
	c, ok := codes[code]
	if !ok {
		c = [2]string{fmt.Sprintf("CUDA_ERROR_%d", code), "error"}
	}
	return &driver.Error{Call: call, Code: code, Name: c[0], Text: c[1]}
}

func failure(call string, code int, format string, args ...any) *driver.Error {
	e := Failure(call, code).(*driver.Error)
	e.Log = fmt.Sprintf(format, args...)
	return e
}

// sticky reports whether a context is lost after a result.
func sticky(code int) bool {
	switch code {
	case driver.ECCUncorrectable, driver.Unknown:
		return true
	}
	return code >= codeIllegalAddress && code < 800 && code != codeLaunchOutOfRes
}

// enter begins a call: it counts it, asks Fault, and returns the sticky error of a lost device. The caller unlocks.
func (d *Device) enter(call string) error {
	d.mu.Lock()
	d.calls[call]++
	if d.options.Fault != nil {
		if err := d.options.Fault(call, d.calls[call]); err != nil {
			var e *driver.Error
			if errors.As(err, &e) && sticky(e.Code) && d.sticky == nil {
				d.sticky = e
			}
			return err
		}
	}
	if d.sticky != nil && call != "Version" && call != "DeviceName" && call != "Attribute" && call != "Close" {
		return d.sticky
	}
	return nil
}

// Fault returns what a kernel did that ended its launch, or nil.
func (d *Device) Fault() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fault == nil {
		return nil
	}
	return d.fault
}

// Calls returns how often a method has been called.
func (d *Device) Calls(call string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls[call]
}

// WarpInstructions returns how many instructions warps have executed.
func (d *Device) WarpInstructions() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.clock
}

// Leaks names what was created and not released, in the order of creation within each kind.
func (d *Device) Leaks() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []string
	for _, a := range d.memory.list {
		if a.name == "" {
			list = append(list, fmt.Sprintf("device memory of %d bytes at %#x", len(a.data), a.base))
		}
	}
	for _, p := range sorted(d.pinned) {
		list = append(list, fmt.Sprintf("pinned memory of %d bytes", len(d.pinned[p])))
	}
	for _, s := range sorted(d.streams) {
		if s != 0 {
			list = append(list, fmt.Sprintf("stream %#x", uintptr(s)))
		}
	}
	for _, e := range sorted(d.events) {
		list = append(list, fmt.Sprintf("event %#x", uintptr(e)))
	}
	for _, g := range sorted(d.graphs) {
		list = append(list, fmt.Sprintf("graph %#x", uintptr(g)))
	}
	for _, m := range sorted(d.modules) {
		list = append(list, fmt.Sprintf("module %#x", uintptr(m)))
	}
	return list
}

func sorted[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func sortBy[T any](list []T, key func(T) int) {
	slices.SortFunc(list, func(a, b T) int { return key(a) - key(b) })
}

func (d *Device) handle() uintptr {
	d.handles += 0x10
	return d.handles
}

// Version implements driver.API.
func (d *Device) Version() (int, error) {
	err := d.enter("Version")
	defer d.mu.Unlock()
	return d.options.Version, err
}

// DeviceName implements driver.API.
func (d *Device) DeviceName() (string, error) {
	err := d.enter("DeviceName")
	defer d.mu.Unlock()
	return d.options.Name, err
}

// Attribute implements driver.API. Options.Attributes come first; the others are those of a small device.
func (d *Device) Attribute(a driver.Attribute) (int, error) {
	err := d.enter("Attribute")
	defer d.mu.Unlock()
	if err != nil {
		return 0, err
	}
	if v, ok := d.options.Attributes[a]; ok {
		return v, nil
	}
	switch a {
	case driver.MaxSharedMemoryPerBlock:
		return defaultShared, nil
	case driver.ClockRate:
		return 1_000_000, nil
	case driver.MultiprocessorCount:
		return d.options.Multiprocessors, nil
	case driver.Integrated, driver.ComputeMode:
		return 0, nil
	case driver.MemoryClockRate:
		return 1_000_000, nil
	case driver.GlobalMemoryBusWidth:
		return 256, nil
	case driver.L2CacheSize:
		return 4 << 20, nil
	case driver.ComputeCapabilityMajor:
		return d.options.Major, nil
	case driver.ComputeCapabilityMinor:
		return d.options.Minor, nil
	case driver.MaxSharedMemoryPerMP:
		return d.options.MaxShared + 1<<10, nil
	case driver.MaxSharedMemoryPerBlockOptin:
		return d.options.MaxShared, nil
	}
	return 0, failure("cuDeviceGetAttribute", codeInvalidValue, "attribute %d", a)
}

// Memory implements driver.API.
func (d *Device) Memory() (free, total uint64, err error) {
	err = d.enter("Memory")
	defer d.mu.Unlock()
	if err != nil {
		return 0, 0, err
	}
	return d.options.Memory - min(d.memory.used, d.options.Memory), d.options.Memory, nil
}

// Alloc implements driver.API. What the memory contains is rubbish.
func (d *Device) Alloc(bytes uint64) (driver.Ptr, error) {
	err := d.enter("Alloc")
	defer d.mu.Unlock()
	switch {
	case err != nil:
		return 0, err
	case bytes == 0:
		return 0, failure("cuMemAlloc_v2", codeInvalidValue, "no bytes")
	case bytes > d.options.Memory || d.memory.used+(bytes+allocAlign-1)/allocAlign*allocAlign > d.options.Memory:
		return 0, failure("cuMemAlloc_v2", driver.OutOfMemory, "%d bytes, %d of %d are in use", bytes, d.memory.used, d.options.Memory)
	}
	return driver.Ptr(d.memory.add(bytes, "").base), nil
}

// Free implements driver.API. As the driver does, it waits for all work first. On a lost device the memory counts as released.
func (d *Device) Free(p driver.Ptr) error {
	err := d.enter("Free")
	defer d.mu.Unlock()
	if err == nil && p != 0 {
		err = d.drainAll("cuMemFree_v2")
	}
	if p == 0 {
		return err
	}
	a := d.memory.find(uint64(p), 0)
	if a == nil || a.base != uint64(p) || a.name != "" {
		if err != nil {
			return err
		}
		return failure("cuMemFree_v2", codeInvalidValue, "no allocation begins at %#x", uint64(p))
	}
	if err == nil || d.sticky != nil {
		d.memory.remove(a.base)
		a.data = nil
	}
	return err
}

// AllocHost implements driver.API.
func (d *Device) AllocHost(bytes uint64) (unsafe.Pointer, error) {
	err := d.enter("AllocHost")
	defer d.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if bytes == 0 {
		return nil, failure("cuMemAllocHost_v2", codeInvalidValue, "no bytes")
	}
	words := make([]uint64, (bytes+7)/8) // aligned for every type
	data := unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), bytes)
	for i := range data {
		data[i] = d.memory.poison
	}
	d.pinned[uintptr(unsafe.Pointer(&words[0]))] = data
	return unsafe.Pointer(&words[0]), nil
}

// FreeHost implements driver.API. As the driver does, it waits for all work first.
func (d *Device) FreeHost(p unsafe.Pointer) error {
	err := d.enter("FreeHost")
	defer d.mu.Unlock()
	if err == nil {
		err = d.drainAll("cuMemFreeHost")
	}
	if d.pinned[uintptr(p)] == nil {
		if err != nil {
			return err
		}
		return failure("cuMemFreeHost", codeInvalidValue, "no pinned memory begins there")
	}
	if err == nil || d.sticky != nil {
		delete(d.pinned, uintptr(p))
	}
	return err
}

// isPinned reports whether all of the bytes at p lie in pinned memory.
func (d *Device) isPinned(p unsafe.Pointer, bytes uint64) bool {
	for base, data := range d.pinned {
		if off := uint64(uintptr(p) - base); uintptr(p) >= base && off <= uint64(len(data)) && bytes <= uint64(len(data))-off {
			return true
		}
	}
	return false
}

// Close implements driver.API: it ends the context with all that belongs to it but leaves what Leaks reports.
func (d *Device) Close() error {
	err := d.enter("Close")
	defer d.mu.Unlock()
	return err
}
