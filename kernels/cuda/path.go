// Package cuda is the path on NVIDIA GPUs: points stay in the device's memory, and thousands of fits run over them from
// seeds to labels without the host in between. Nothing has to be installed but the driver: its library is opened at run
// time (package driver), and the kernels travel as PTX text, which the driver compiles for the device at hand (compute
// capability 8.0 or more).
//
// The labels are those of every other path. float32 scores propose and canonical float64 distances decide, on the device;
// sums are integers, so that neither the order of blocks nor atomics change a bit; k-means++ draws with the same numbers and
// the same 128-bit sums as package kmeans.
package cuda

import (
	"errors"
	"fmt"
	"sync"

	"segovia/kernels"
	"segovia/kernels/cuda/driver"
)

// Path is the path on the first usable device.
type Path struct {
	host    kernels.Path
	open    func() (*device, error)
	present func() (name string, err error) // without opening it
	options Options
	timing  *Timing
}

// Options say how the path is taken.
type Options struct {
	Named    bool   // taken whether it is faster or not
	Fallback bool   // the host goes on where the device fails
	Memory   uint64 // of the device that points and fits may take, in bytes; 0 = 90 % of what is free
	Scores   string // how points are scored, Float32Scores or TensorScores; empty = the way that is faster, which is measured
}

// New returns the path on the first device that can be used; host is the path of the processor beside it.
func New(host kernels.Path) *Path {
	return &Path{host: host, open: first, present: func() (string, error) {
		list, err := devices()
		if err != nil {
			return "", err
		}
		return list[0].String(), nil
	}}
}

// On returns the path on a device that is open already.
func On(api driver.API, host kernels.Path) *Path {
	return &Path{host: host, present: api.DeviceName, open: sync.OnceValues(func() (*device, error) { return newDevice(api) })}
}

// first opens the first device, once in a process: its context and the compiled kernels serve all who come.
var first = sync.OnceValues(func() (*device, error) {
	list, err := devices()
	if err != nil {
		return nil, err
	}
	for _, d := range list {
		api, failure := driver.Open(d.Ordinal)
		if failure == nil {
			return newDevice(api)
		}
		err = errors.Join(err, failure) // another process may have it for itself
	}
	return nil, fmt.Errorf("cuda: %w: %w", kernels.ErrUnavailable, err)
})

// devices looks for devices, once in a process; it opens none, which takes a while and memory.
var devices = sync.OnceValues(func() ([]driver.Device, error) {
	list, err := driver.Devices()
	if err != nil {
		return nil, fmt.Errorf("cuda: %w", err)
	}
	return list, nil
})

// With returns the path with these options.
func (p *Path) With(o Options) *Path {
	q := *p
	q.options = o
	return &q
}

// Fallback says whether the host goes on where the device fails.
func (p *Path) Fallback() bool { return p.options.Fallback }

// Name returns "cuda".
func (p *Path) Name() string { return "cuda" }

// Available returns nil if there is a device that the path can use.
func (p *Path) Available() error {
	_, err := p.present()
	return err
}

// Host returns the path of the processor.
func (p *Path) Host() kernels.Path { return p.host }

// Close gives the device back with its kernels; the path is not used after it. Programs that end need not.
func (p *Path) Close() error {
	d, err := p.open()
	if err != nil {
		return nil
	}
	return d.close()
}

// Device names the device.
func (p *Path) Device() (string, error) { return p.present() }
