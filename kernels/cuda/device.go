package cuda

import (
	"fmt"
	"sync"

	"segovia/kernels/cuda/driver"
)

// device is an open device with its kernels, compiled when they are first asked for.
type device struct {
	api    driver.API
	name   string
	mps    int    // multiprocessors
	shared int    // bytes of shared memory that a block may have
	total  uint64 // bytes of memory
	cost   func() (cost, error)

	mu      sync.Mutex
	modules map[string]*module

	choosing sync.Mutex
	chosen   map[string]string // how points are scored, by the kernels that compete
}

// module is a compiled text with its kernels.
type module struct {
	once    sync.Once
	handle  driver.Module
	err     error
	mu      sync.Mutex
	kernels map[string]driver.Function
}

func newDevice(api driver.API) (*device, error) {
	d := &device{api: api, modules: map[string]*module{}, chosen: map[string]string{}}
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
		if m.handle == 0 {
			continue
		}
		if err := d.api.UnloadModule(m.handle); err != nil && first == nil {
			first = failed(err)
		}
	}
	clear(d.modules)
	if err := d.api.Close(); err != nil && first == nil {
		first = failed(err)
	}
	return first
}

// module returns the module of device/<name>.ptx. The driver compiles it, which takes it some tenths of a second where it has not
// kept the result; several are compiled side by side.
func (d *device) module(name string) (*module, error) {
	d.mu.Lock()
	m := d.modules[name]
	if m == nil {
		m = &module{kernels: map[string]driver.Function{}}
		d.modules[name] = m
	}
	d.mu.Unlock()
	m.once.Do(func() {
		text, err := ptx(name)
		if err != nil {
			m.err = err
			return
		}
		m.handle, err = d.api.LoadModule(text)
		m.err = failed(err)
	})
	return m, m.err
}

// compile begins to compile modules that will be needed. An error is told to whoever asks for them.
func (d *device) compile(names ...string) {
	var all sync.WaitGroup
	for _, name := range names {
		all.Go(func() { _, _ = d.module(name) })
	}
	all.Wait()
}

// kernel returns the kernel of that name in a module.
func (d *device) kernel(of, name string) (driver.Function, error) {
	m, err := d.module(of)
	if err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if f, ok := m.kernels[name]; ok {
		return f, nil
	}
	f, err := d.api.Function(m.handle, name)
	if err != nil {
		return 0, failed(err)
	}
	m.kernels[name] = f
	return f, nil
}

// kernelsOf returns several kernels of a module.
func (d *device) kernelsOf(of string, names ...string) ([]driver.Function, error) {
	var list []driver.Function
	for _, name := range names {
		f, err := d.kernel(of, name)
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
