package emulator

import (
	"math/rand/v2"
	"unsafe"

	"segovia/kernels/cuda/driver"
)

// A launch is one run of a kernel.
type launch struct {
	device      *Device
	kernel      *kernel
	grid, block driver.Dim
	dynamic     int
	args        []byte
	number      uint32
	random      *rand.Rand
	downward    bool  // lanes take their turn from the last to the first
	turn        int   // most instructions of a warp before another one may run
	steps       int64 // warp instructions so far
	limit       int64
	stores      uint32
}

// draw returns a number below n.
func (l *launch) draw(n int) int {
	if n <= 1 {
		return 0
	}
	return l.random.IntN(n)
}

// LoadModule implements driver.API. Anything in the text that is not known is an error, whose log names the line.
func (d *Device) LoadModule(ptx string) (driver.Module, error) {
	err := d.enter("LoadModule")
	defer d.mu.Unlock()
	if err != nil {
		return 0, err
	}
	m, err := d.loadModule(ptx)
	if err != nil {
		return 0, failure("cuModuleLoadDataEx", driver.InvalidPTX, "%v", err)
	}
	h := driver.Module(d.handle())
	d.modules[h] = m
	return h, nil
}

// UnloadModule implements driver.API.
func (d *Device) UnloadModule(m driver.Module) error {
	const call = "cuModuleUnload"
	err := d.enter("UnloadModule")
	defer d.mu.Unlock()
	mod := d.modules[m]
	if mod == nil {
		if err != nil {
			return err
		}
		return failure(call, codeInvalidHandle, "no module %#x", uintptr(m))
	}
	if err == nil {
		err = d.drainAll(call)
	}
	if err == nil || d.sticky != nil {
		mod.unload()
		delete(d.modules, m)
		for h, k := range d.funcs {
			if k.module == mod {
				delete(d.funcs, h)
			}
		}
	}
	return err
}

// Function implements driver.API.
func (d *Device) Function(m driver.Module, name string) (driver.Function, error) {
	const call = "cuModuleGetFunction"
	err := d.enter("Function")
	defer d.mu.Unlock()
	if err != nil {
		return 0, err
	}
	mod := d.modules[m]
	if mod == nil {
		return 0, failure(call, codeInvalidHandle, "no module %#x", uintptr(m))
	}
	k := mod.kernels[name]
	if k == nil {
		return 0, failure(call, codeNotFound, "no entry %s", name)
	}
	for h, have := range d.funcs {
		if have == k {
			return h, nil
		}
	}
	h := driver.Function(d.handle())
	d.funcs[h] = k
	return h, nil
}

// AllowShared implements driver.API.
func (d *Device) AllowShared(f driver.Function, bytes int) error {
	const call = "cuFuncSetAttribute"
	err := d.enter("AllowShared")
	defer d.mu.Unlock()
	if err != nil {
		return err
	}
	k := d.funcs[f]
	if k == nil {
		return failure(call, codeInvalidHandle, "no function %#x", uintptr(f))
	}
	if bytes < 0 || k.static+bytes > d.options.MaxShared {
		return failure(call, codeInvalidValue, "%d bytes and %d static ones; %d are possible", bytes, k.static, d.options.MaxShared)
	}
	k.allowed = bytes
	return nil
}

// BlocksPerMP implements driver.API: 2048 threads and the shared memory, of which the system takes 1 KiB for each block.
func (d *Device) BlocksPerMP(f driver.Function, threads, shared int) (int, error) {
	const call = "cuOccupancyMaxActiveBlocksPerMultiprocessor"
	err := d.enter("BlocksPerMP")
	defer d.mu.Unlock()
	if err != nil {
		return 0, err
	}
	k := d.funcs[f]
	if k == nil {
		return 0, failure(call, codeInvalidHandle, "no function %#x", uintptr(f))
	}
	if threads < 1 || shared < 0 {
		return 0, failure(call, codeInvalidValue, "%d threads, %d bytes", threads, shared)
	}
	if threads > 1024 || shared > k.granted() || k.maxThreads > 0 && threads > k.maxThreads {
		return 0, nil
	}
	return min(2048/((threads+warpSize-1)/warpSize*warpSize), (d.options.MaxShared+1<<10)/(k.dynamicBase()+shared+1<<10), 32), nil
}

// Launch implements driver.API. The arguments are taken now; the kernel runs when something waits for its stream.
func (d *Device) Launch(f driver.Function, grid, block driver.Dim, shared int, s driver.Stream, params []unsafe.Pointer) error {
	const call = "cuLaunchKernel"
	err := d.enter("Launch")
	defer d.mu.Unlock()
	if err != nil {
		return err
	}
	st, err := d.find(s, call)
	if err != nil {
		return err
	}
	k := d.funcs[f]
	if k == nil {
		return failure(call, codeInvalidHandle, "no function %#x", uintptr(f))
	}
	threads := uint64(block.X) * uint64(block.Y) * uint64(block.Z)
	switch {
	case grid.X == 0 || grid.Y == 0 || grid.Z == 0 || grid.X > 1<<31-1 || grid.Y > 65535 || grid.Z > 65535:
		return failure(call, codeInvalidValue, "grid %v", grid)
	case threads == 0 || threads > 1024 || block.X > 1024 || block.Y > 1024 || block.Z > 64:
		return failure(call, codeInvalidValue, "block %v", block)
	case k.maxThreads > 0 && threads > uint64(k.maxThreads):
		return failure(call, codeInvalidValue, "%d threads; %s has .maxntid %d", threads, k.name, k.maxThreads)
	case shared < 0 || shared > k.granted():
		return failure(call, codeInvalidValue, "%d bytes of dynamic and %d of static shared memory; %d of dynamic are allowed", shared, k.static, k.granted())
	case len(params) != len(k.params):
		return failure(call, codeInvalidValue, "%d arguments; %s has %d parameters", len(params), k.name, len(k.params))
	}
	args := make([]byte, k.paramBytes)
	for i, p := range k.params {
		copy(args[p.offset:p.offset+p.size], unsafe.Slice((*byte)(params[i]), p.size))
	}
	d.issue(st, call, func() error {
		d.number++
		l := &launch{device: d, kernel: k, grid: grid, block: block, dynamic: shared, args: args, number: d.number & (1<<28 - 1), limit: d.options.MaxWarpInstructions}
		l.random = rand.New(rand.NewPCG(d.options.Seed, uint64(d.number)))
		l.downward = l.draw(2) == 1
		l.turn = 1 << (2 + l.draw(8))
		defer func() { d.clock += l.steps }()
		l.run()
		return nil
	})
	return nil
}

// run runs the blocks one after the other, in an order that the seed draws.
func (l *launch) run() {
	n := uint64(l.grid.X) * uint64(l.grid.Y) * uint64(l.grid.Z)
	// i -> (first + i * step) mod n visits every block once when step and n have no common divisor.
	first, step := l.random.Uint64N(n), 1+l.random.Uint64N(n)
	for gcd(step, n) != 1 {
		step = step%n + 1
	}
	b := l.newBlock()
	at := first
	for range n {
		b.begin(at)
		b.run()
		at = (at + step) % n // n is far below 2^63
	}
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// newBlock makes the storage of one block.
func (l *launch) newBlock() *block {
	k := l.kernel
	size := k.static
	if len(k.dynamic) > 0 || l.dynamic > 0 {
		size = k.dynamicBase() + l.dynamic
	}
	for _, row := range k.dynamic {
		for i := range k.rows[row] {
			k.rows[row][i] = uint64(k.dynamicBase())
		}
	}
	b := &block{launch: l, shared: make([]byte, size), known: make([]uint64, size/64+1), cells: make([]cell, size>>k.granule+1)}
	threads := int(l.block.X * l.block.Y * l.block.Z)
	for id := range (threads + warpSize - 1) / warpSize {
		w := &warp{block: b, id: id, rows: make([]lanes, len(k.rows)), preds: make([]uint32, k.predicates), local: make([]byte, warpSize*k.localBytes), params: make([]byte, warpSize*k.callBytes)}
		w.order.top, w.order.floor = 1, 1
		b.warps = append(b.warps, w)
	}
	return b
}

// begin sets a block up for its index.
func (b *block) begin(index uint64) {
	l := b.launch
	g := l.grid
	b.index = index
	b.at = [3]uint32{uint32(index % uint64(g.X)), uint32(index / uint64(g.X) % uint64(g.Y)), uint32(index / uint64(g.X) / uint64(g.Y))}
	b.epoch++
	poison := l.device.memory.poison
	for i := range b.shared {
		b.shared[i] = poison
	}
	clear(b.known)
	b.bars = [16]barrierState{}
	b.threads = int(l.block.X * l.block.Y * l.block.Z)
	for _, w := range b.warps {
		copy(w.rows, l.kernel.rows)
		for i := range w.local {
			w.local[i] = poison
		}
		for i := range w.preds {
			w.preds[i] = uint32(poison) * 0x01010101
		}
		w.carry = 0
		w.live = allLanes
		if rest := b.threads - w.id*warpSize; rest < warpSize {
			w.live = 1<<rest - 1
		}
		w.groups = append(w.groups[:0], group{mask: w.live})
		w.fill()
	}
}
