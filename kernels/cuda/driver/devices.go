//go:build linux && (amd64 || arm64) && !nocuda

package driver

import (
	"fmt"
	"unsafe"
)

// Devices returns the devices that Open accepts, in the driver's order, at least one. The error wraps
// kernels.ErrUnavailable and says why there is none: no driver, too old a driver, no device, or what is wrong with each.
func Devices() ([]Device, error) {
	l, err := opened()
	if err != nil {
		return nil, err
	}
	return l.devices()
}

func (l *library) devices() ([]Device, error) {
	n, err := l.count()
	if err != nil {
		return nil, unavailable(err)
	}
	var usable []Device
	var why error
	for i := range n {
		d, _, err := l.describe(i)
		switch {
		case err == nil:
			usable = append(usable, d)
		case why == nil:
			why = err
		default:
			why = fmt.Errorf("%w; %w", why, err)
		}
	}
	if len(usable) == 0 {
		return nil, unavailable(why)
	}
	return usable, nil
}

// count is the number of devices that the driver shows, at least one.
func (l *library) count() (int, error) {
	var n int32
	if err := l.call(cuDeviceGetCount, uintptr(unsafe.Pointer(&n))); err != nil {
		return 0, hinted(err)
	}
	if n == 0 {
		return 0, fmt.Errorf("the driver shows no device; %s", hints[NoDevice])
	}
	return int(n), nil
}

const computeModeProhibited = 2

// describe returns the device and its handle; an error says why it cannot be used.
func (l *library) describe(ordinal int) (Device, int32, error) {
	d := Device{Ordinal: ordinal}
	fail := func(err error) (Device, int32, error) { return d, 0, fmt.Errorf("device %d: %w", ordinal, hinted(err)) }
	var handle int32
	if err := l.call(cuDeviceGet, uintptr(unsafe.Pointer(&handle)), uintptr(ordinal)); err != nil {
		return fail(err)
	}
	var err error
	if d.Name, err = l.name(handle); err != nil {
		return fail(err)
	}
	if err := l.call(cuDeviceTotalMem, uintptr(unsafe.Pointer(&d.Memory)), uintptr(handle)); err != nil {
		return fail(err)
	}
	pci := make([]byte, 32)
	if err := l.call(cuDeviceGetPCIBusID, uintptr(unsafe.Pointer(&pci[0])), uintptr(len(pci)), uintptr(handle)); err != nil {
		return fail(err)
	}
	d.PCI = cString(pci)
	if l.address[cuDeviceGetUUID] != 0 {
		var u [16]byte
		if err := l.call(cuDeviceGetUUID, uintptr(unsafe.Pointer(&u)), uintptr(handle)); err != nil {
			return fail(err)
		}
		d.UUID = fmt.Sprintf("GPU-%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
	}
	mode := 0
	for _, ask := range []struct {
		a  Attribute
		to *int
	}{{ComputeCapabilityMajor, &d.Major}, {ComputeCapabilityMinor, &d.Minor}, {ComputeMode, &mode}} {
		if *ask.to, err = l.attribute(ask.a, handle); err != nil {
			return fail(err)
		}
	}
	if d.Major < LeastMajor {
		return d, 0, fmt.Errorf("%v has compute capability %d.%d, and %d.0 is the least", d, d.Major, d.Minor, LeastMajor)
	}
	if mode == computeModeProhibited {
		return d, 0, fmt.Errorf("%v is closed to computing (compute mode PROHIBITED); `nvidia-smi -c DEFAULT` opens it", d)
	}
	return d, handle, nil
}

func (l *library) name(handle int32) (string, error) {
	b := make([]byte, 256)
	err := l.call(cuDeviceGetName, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), uintptr(handle))
	return cString(b), err
}

func (l *library) attribute(a Attribute, handle int32) (int, error) {
	var v int32
	err := l.call(cuDeviceGetAttribute, uintptr(unsafe.Pointer(&v)), uintptr(a), uintptr(handle))
	return int(v), err
}
