package driver

import "fmt"

// Device is a device that Segovia can use: of compute capability 8.0 or newer, and not closed to computing.
type Device struct {
	Ordinal      int // its place among those that the driver shows, which CUDA_VISIBLE_DEVICES narrows and reorders
	Name         string
	Major, Minor int    // compute capability
	Memory       uint64 // bytes in all
	PCI          string // bus id, "0000:65:00.0"
	UUID         string // "GPU-6a2f...", as nvidia-smi has it; empty where an old driver does not tell
}

// LeastMajor is the least compute capability, LeastMajor.0, that Segovia's kernels are made for.
const LeastMajor = 8

// String names the device as a person knows it.
func (d Device) String() string {
	return fmt.Sprintf("device %d (%s)", d.Ordinal, d.Name)
}
