//go:build linux && (amd64 || arm64) && !nocuda

package driver

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"

	"segovia/kernels"
)

// fileName is the driver's library. The name without .1 is the toolkit's stub, which does nothing.
const fileName = "libcuda.so.1"

// symbol is a function of the driver library.
type symbol int

const (
	cuInit symbol = iota
	cuDriverGetVersion
	cuGetErrorName
	cuGetErrorString
	cuDeviceGetCount
	cuDeviceGet
	cuDeviceGetName
	cuDeviceTotalMem
	cuDeviceGetAttribute
	cuDeviceGetPCIBusID
	cuDeviceGetUUID
	cuDevicePrimaryCtxSetFlags
	cuDevicePrimaryCtxRetain
	cuDevicePrimaryCtxRelease
	cuCtxSetCurrent
	cuMemGetInfo
	cuMemAlloc
	cuMemFree
	cuMemHostAlloc
	cuMemFreeHost
	cuMemcpyHtoDAsync
	cuMemcpyDtoHAsync
	cuMemcpyDtoDAsync
	cuMemsetD8Async
	cuModuleLoadDataEx
	cuModuleUnload
	cuModuleGetFunction
	cuFuncSetAttribute
	cuOccupancyMaxActiveBlocksPerMultiprocessor
	cuLaunchKernel
	cuStreamCreate
	cuStreamDestroy
	cuStreamSynchronize
	cuStreamWaitEvent
	cuStreamIsCapturing
	cuStreamBeginCapture
	cuStreamEndCapture
	cuGraphInstantiateWithFlags
	cuGraphInstantiateV2
	cuGraphLaunch
	cuGraphExecDestroy
	cuGraphDestroy
	cuEventCreate
	cuEventDestroy
	cuEventRecord
	cuEventSynchronize
	cuEventElapsedTime
	symbols // how many there are
)

// names are the symbols as the library exports them. A prototype that changed has a new version behind its name; the
// unversioned symbol is then the older prototype. All of these, but for optional, are in every driver since CUDA 11.0 (450).
var names = [symbols]string{
	cuInit:                     "cuInit",
	cuDriverGetVersion:         "cuDriverGetVersion",
	cuGetErrorName:             "cuGetErrorName",
	cuGetErrorString:           "cuGetErrorString",
	cuDeviceGetCount:           "cuDeviceGetCount",
	cuDeviceGet:                "cuDeviceGet",
	cuDeviceGetName:            "cuDeviceGetName",
	cuDeviceTotalMem:           "cuDeviceTotalMem_v2",
	cuDeviceGetAttribute:       "cuDeviceGetAttribute",
	cuDeviceGetPCIBusID:        "cuDeviceGetPCIBusId",
	cuDeviceGetUUID:            "cuDeviceGetUuid",
	cuDevicePrimaryCtxSetFlags: "cuDevicePrimaryCtxSetFlags_v2",
	cuDevicePrimaryCtxRetain:   "cuDevicePrimaryCtxRetain",
	cuDevicePrimaryCtxRelease:  "cuDevicePrimaryCtxRelease_v2",
	cuCtxSetCurrent:            "cuCtxSetCurrent",
	cuMemGetInfo:               "cuMemGetInfo_v2",
	cuMemAlloc:                 "cuMemAlloc_v2",
	cuMemFree:                  "cuMemFree_v2",
	cuMemHostAlloc:             "cuMemHostAlloc",
	cuMemFreeHost:              "cuMemFreeHost",
	cuMemcpyHtoDAsync:          "cuMemcpyHtoDAsync_v2",
	cuMemcpyDtoHAsync:          "cuMemcpyDtoHAsync_v2",
	cuMemcpyDtoDAsync:          "cuMemcpyDtoDAsync_v2",
	cuMemsetD8Async:            "cuMemsetD8Async",
	cuModuleLoadDataEx:         "cuModuleLoadDataEx",
	cuModuleUnload:             "cuModuleUnload",
	cuModuleGetFunction:        "cuModuleGetFunction",
	cuFuncSetAttribute:         "cuFuncSetAttribute",
	cuOccupancyMaxActiveBlocksPerMultiprocessor: "cuOccupancyMaxActiveBlocksPerMultiprocessor",
	cuLaunchKernel:              "cuLaunchKernel",
	cuStreamCreate:              "cuStreamCreate",
	cuStreamDestroy:             "cuStreamDestroy_v2",
	cuStreamSynchronize:         "cuStreamSynchronize",
	cuStreamWaitEvent:           "cuStreamWaitEvent",
	cuStreamIsCapturing:         "cuStreamIsCapturing",
	cuStreamBeginCapture:        "cuStreamBeginCapture_v2",
	cuStreamEndCapture:          "cuStreamEndCapture",
	cuGraphInstantiateWithFlags: "cuGraphInstantiateWithFlags",
	cuGraphInstantiateV2:        "cuGraphInstantiate_v2",
	cuGraphLaunch:               "cuGraphLaunch",
	cuGraphExecDestroy:          "cuGraphExecDestroy",
	cuGraphDestroy:              "cuGraphDestroy",
	cuEventCreate:               "cuEventCreate",
	cuEventDestroy:              "cuEventDestroy_v2",
	cuEventRecord:               "cuEventRecord",
	cuEventSynchronize:          "cuEventSynchronize",
	cuEventElapsedTime:          "cuEventElapsedTime", // the newer version 2 came with CUDA 12.8
}

// optional are the symbols that a driver may lack: the first graph call came with CUDA 11.4, the second may go one day.
var optional = [symbols]bool{cuGraphInstantiateWithFlags: true, cuGraphInstantiateV2: true, cuDeviceGetUUID: true}

// library is the driver library, opened and initialised. It stays open until the process ends.
type library struct {
	address [symbols]uintptr // 0 where an optional one is lacking
}

// opened is the machine's driver library.
var opened = sync.OnceValues(func() (*library, error) { return load(fileName) })

// load opens the library at path, which may be a bare file name, and initialises the driver. The error wraps
// kernels.ErrUnavailable and says why there is no driver to be had.
func load(path string) (*library, error) {
	// The dynamic linker keeps the text of an error per thread.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		text := strings.TrimPrefix(err.Error(), path+": ")
		if len(text) > 200 {
			text = text[:200] + "..."
		}
		return nil, unavailable(fmt.Errorf("NVIDIA's driver library %s cannot be opened: %s", path, text))
	}
	l := &library{}
	var lacking []string
	for s := range symbols {
		if l.address[s], err = purego.Dlsym(handle, names[s]); err != nil && !optional[s] {
			lacking = append(lacking, names[s])
		}
	}
	if l.address[cuGraphInstantiateWithFlags] == 0 && l.address[cuGraphInstantiateV2] == 0 {
		lacking = append(lacking, names[cuGraphInstantiateWithFlags])
	}
	if len(lacking) > 0 {
		return nil, unavailable(fmt.Errorf("the driver library %s lacks %s: the driver is too old, one for CUDA 11.0 (450) or newer is needed",
			path, strings.Join(lacking, ", ")))
	}
	if err := l.call(cuInit, 0); err != nil {
		return nil, unavailable(hinted(err))
	}
	return l, nil
}

// do calls s with arguments in registers and stack slots of 64 bits; the result's upper half is not defined. What the
// arguments point to is moved to the heap, which never moves, and kept alive until the call returns.
//
//go:uintptrescapes
func (l *library) do(s symbol, args ...uintptr) int32 {
	r, _, _ := purego.SyscallN(l.address[s], args...)
	return int32(r)
}

// call is do with the result as an error, for functions that need no context.
//
//go:uintptrescapes
func (l *library) call(s symbol, args ...uintptr) error {
	return l.result(s, l.do(s, args...))
}

// result turns what s returned into nil or an *Error.
func (l *library) result(s symbol, code int32) error {
	if code == 0 {
		return nil
	}
	return &Error{Call: names[s], Code: int(code), Name: l.say(cuGetErrorName, code), Text: l.say(cuGetErrorString, code)}
}

// say asks cuGetErrorName or cuGetErrorString about a code.
func (l *library) say(s symbol, code int32) string {
	var text unsafe.Pointer // into the library's constants
	if l.do(s, uintptr(uint32(code)), uintptr(unsafe.Pointer(&text))) != 0 || text == nil {
		return "a code that the driver does not know"
	}
	return cString(unsafe.Slice((*byte)(text), 1<<10))
}

// cString is the text of b up to its NUL. Nothing behind the NUL is read.
func cString(b []byte) string {
	for i := range b {
		if b[i] == 0 {
			return string(b[:i])
		}
	}
	return string(b)
}

func unavailable(why error) error { return fmt.Errorf("%w: %w", kernels.ErrUnavailable, why) }

// hints say what to look at where the driver's own text does not.
var hints = map[int]string{
	34:             "this is the stub of the CUDA toolkit; take it out of LD_LIBRARY_PATH",
	46:             "another process has the device for itself (compute mode EXCLUSIVE_PROCESS), or it is lost; see nvidia-smi",
	NoDevice:       "see nvidia-smi, and whether CUDA_VISIBLE_DEVICES hides the device",
	304:            "/dev/nvidia* may not be opened by this user or are not in this container",
	SystemNotReady: "machines with NVSwitch need the service nvidia-fabricmanager to run",
	803:            "the kernel module and the driver library are of different versions; restart the machine after an update",
	804:            "the driver library is a compatibility package that this device does not support; take it out of the library path",
	Unknown:        "the kernel modules nvidia and nvidia_uvm may be in a bad state; see nvidia-smi and dmesg",
}

// hinted adds to a failed call what to do about it, where that is known.
func hinted(err error) error {
	var e *Error
	if errors.As(err, &e) && hints[e.Code] != "" {
		return fmt.Errorf("%w; %s", err, hints[e.Code])
	}
	return err
}
