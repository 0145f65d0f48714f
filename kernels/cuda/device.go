package cuda

import (
	"fmt"
	"sync"

	"segovia/kernels/cuda/driver"
)

// device is an open device with its kernels, compiled when they are first asked for.
type device struct {
	api     driver.API
	name    string
	mps     int    // multiprocessors
	shared  int    // bytes of shared memory that a block may have
	total   uint64 // bytes of memory
	mu      sync.Mutex
	modules map[string]driver.Module
	kernels map[string]driver.Function
	cost    func() (cost, error)

	forced   string // how points are scored; "" = as is faster
	choosing sync.Mutex
	chosen   map[string]string // how points are scored, by the kernels that compete
}

func newDevice(api driver.API) (*device, error) {
	d := &device{api: api, modules: map[string]driver.Module{}, kernels: map[string]driver.Function{}, chosen: map[string]string{}}
	var err error
	if d.name, err = api.DeviceName(); err != nil {
		return nil, failed(err)
	}
	if d.mps, err = api.Attribute(driver.MultiprocessorCount); err != nil {
		return nil, failed(err)
	}
	if d.shared, err = api.Attribute(driver.MaxSharedMemoryPerBlockOptin); err != nil {
		return nil, failed(err)
	}
	if _, d.total, err = api.Memory(); err != nil {
		return nil, failed(err)
	}
	d.cost = sync.OnceValues(func() (cost, error) { return measure(d) })
	return d, nil
}

// String names the device with its memory and multiprocessors.
func (d *device) String() string {
	return fmt.Sprintf("%s, %.0f GiB, %d multiprocessors", d.name, float64(d.total)/(1<<30), d.mps)
}

// close unloads the kernels.
func (d *device) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var first error
	for _, m := range d.modules {
		if err := d.api.UnloadModule(m); err != nil && first == nil {
			first = failed(err)
		}
	}
	clear(d.modules)
	clear(d.kernels)
	if err := d.api.Close(); err != nil && first == nil {
		first = failed(err)
	}
	return first
}

// kernel returns the kernel of that name in a module, device/<module>.ptx.
func (d *device) kernel(module, name string) (driver.Function, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if f, ok := d.kernels[name]; ok {
		return f, nil
	}
	m, ok := d.modules[module]
	if !ok {
		text, err := ptx(module)
		if err != nil {
			return 0, err
		}
		if m, err = d.api.LoadModule(text); err != nil {
			return 0, failed(err)
		}
		d.modules[module] = m
	}
	f, err := d.api.Function(m, name)
	if err != nil {
		return 0, failed(err)
	}
	d.kernels[name] = f
	return f, nil
}

// kernelsOf returns several kernels of a module.
func (d *device) kernelsOf(module string, names ...string) ([]driver.Function, error) {
	var list []driver.Function
	for _, name := range names {
		f, err := d.kernel(module, name)
		if err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	return list, nil
}

// launch starts f with the parameters that p points to.
func launch[T any](d *device, f driver.Function, x, y, block, shared int, s driver.Stream, p *T) error {
	return failed(d.api.Launch(f, driver.Dim{X: uint32(x), Y: uint32(y), Z: 1}, driver.Dim{X: uint32(block), Y: 1, Z: 1}, shared, s, args(p)))
}

func ceil(a, b int) int { return (a + b - 1) / b }
