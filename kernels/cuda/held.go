package cuda

import (
	"errors"
	"fmt"
	"sync"

	"segovia/kernels"
	"segovia/kernels/cuda/driver"
	"segovia/kernels/tile"
)

// held are points on a device. Where they are too many for its memory, they stay on the host and pass through it in chunks.
type held struct {
	dev     *device
	mem     memory
	n, d    int
	host    *kernels.Rows
	filters []filter
	tiles   driver.Ptr // 0 where points pass through in chunks
	square  driver.Ptr // rounded up to whole blocks
	scale   driver.Ptr
	share   uint64 // bytes that a fitter may take
	chunk   int    // points of a chunk
	clock   *clock

	mu   sync.Mutex
	left int       // fitters that there is still room for
	idle []*fitter // that were closed and can be used again
}

// maxChunk is the size of a chunk: while one of so many bytes is labelled under some models, the next one comes.
const maxChunk = 32 << 20

// usual is what a fitter is expected to do at least: without room for that, it is better not there.
const (
	usualK    = 32
	usualIter = 300
)

// Hold takes the points to the device.
func (p *Path) Hold(points *kernels.Rows, goroutines int) (kernels.Held, error) {
	d, err := p.open()
	if err != nil {
		return nil, err
	}
	scores := p.options.Scores
	if scores == "" {
		if scores, err = d.scores(points.D); err != nil {
			return nil, err
		}
	}
	return hold(d, points, goroutines, scores, p.options, p.timing)
}

func hold(dev *device, points *kernels.Rows, goroutines int, scores string, o Options, timing *Timing) (_ kernels.Held, err error) {
	h := &held{dev: dev, mem: memory{api: dev.api}, n: points.N, d: points.D, host: points, filters: filters(points.D, scores)}
	defer func() {
		if err != nil {
			_ = h.Close()
		}
	}()
	dev.compile(h.filters[0].name, "lloyd", "seed")
	free, err := dev.budget(o.Memory)
	if err != nil {
		return nil, err
	}
	tiles := uint64(ceil(h.n, tile.Lanes)) * tile.Lanes * uint64(h.d) * 4
	if tiles > free/5*3 {
		h.chunk = max(int(min(free/16/uint64(goroutines), maxChunk)/uint64(4*h.d)/blockPoints), 1) * blockPoints
		tiles = 0
	}
	if err = h.mem.take(on(&h.square, uint64(h.padded())*4), on(&h.scale, uint64(h.d)*4), on(&h.tiles, tiles)); err != nil {
		return nil, err
	}
	if tiles == 0 {
		h.tiles = 0
	}
	if h.clock, err = newClock(dev.api, timing); err != nil {
		return nil, err
	}
	if err = h.send(points.Tiles[:tiles/4]); err != nil {
		return nil, err
	}
	taken := uint64(h.padded())*4 + tiles
	return h, h.divide(free-min(free, taken), goroutines)
}

// send takes the tiles, and what there is besides of the points, to the device.
func (h *held) send(tiles []float32) error {
	api := h.dev.api
	watch, err := h.clock.watch(0, 2)
	if err != nil {
		return err
	}
	defer watch.close()
	square, scale := h.host.Square[:h.n], h.host.Scale[:h.d]
	for _, do := range []func() error{
		func() error { return watch.mark(0) },
		func() error { return toDevice(api, h.tiles, tiles, 0) },
		func() error { return failed(api.Fill(h.square, 0, uint64(h.padded())*4, 0)) },
		func() error { return toDevice(api, h.square, square, 0) },
		func() error { return toDevice(api, h.scale, scale, 0) },
		func() error { return watch.mark(1) },
		func() error { return failed(api.Synchronize(0)) },
		func() error { return watch.add(Transfer, 0, 1, sizeOf(tiles)+sizeOf(square)+sizeOf(scale)) },
	} {
		if err := do(); err != nil {
			return err
		}
	}
	return nil
}

// budget returns the bytes that points and fits may take: limit, or 90 % of what is free.
func (d *device) budget(limit uint64) (uint64, error) {
	free, _, err := d.api.Memory()
	if err != nil {
		return 0, failed(err)
	}
	free = free / 10 * 9
	if limit > 0 {
		return min(limit, free), nil
	}
	return free, nil
}

// divide gives each fitter its share. Where there is room for fewer than goroutines, the others work on the host.
func (h *held) divide(bytes uint64, goroutines int) error {
	need := h.fixedBytes() + h.slotBytes(usualK, usualIter)
	if h.chunk == 0 {
		need += h.chainBytes(usualK)
	}
	h.left = int(min(uint64(goroutines), bytes/need))
	if h.left == 0 {
		return fmt.Errorf("cuda: %w: %s has too little memory: fits take %d bytes of it at least, besides the points; %d are left",
			kernels.ErrDevice, h.dev.name, need, bytes)
	}
	h.share = bytes / uint64(h.left)
	return nil
}

// padded is the number of labels of a slot: points, rounded up to whole blocks.
func (h *held) padded() int { return ceil(h.n, blockPoints) * blockPoints }

// slotBytes is what one model takes.
func (h *held) slotBytes(kmax, maxIter int) uint64 {
	row := 4*h.d + 4*max(h.d, widest) + 4 + 8*h.d + 8
	return uint64(h.padded()) + uint64(kmax)*uint64(row) + 16*uint64(maxIter) + 64 + 8
}

// fixedBytes is what a fitter takes besides: weights, counts, chunks, and what rounding adds.
func (h *held) fixedBytes() uint64 {
	overhead := min(3*granule, h.dev.total/100) // of the allocations of fitter, models and seeds
	return uint64(h.padded())*2 + uint64(h.n)*4 + 2*uint64(h.chunk)*uint64(h.d)*4 + overhead
}

// chainBytes is what one restart takes that draws its seeds.
func (h *held) chainBytes(k int) uint64 {
	return uint64(h.n)*8 + uint64(ceil(h.n, massBlock))*8 + uint64(k)*(candidatesMax*8+4) + sizeOf([]chain{{}})
}

// Close gives the memory back.
func (h *held) Close() error {
	var errs []error
	for _, f := range h.idle {
		errs = append(errs, f.close())
	}
	h.idle = nil
	return errors.Join(append(errs, h.clock.close(), h.mem.free())...)
}

// NewFitter returns a fitter with a stream of its own, or kernels.ErrOnHost where there is room for no more.
func (h *held) NewFitter() (kernels.Fitter, error) {
	h.mu.Lock()
	if n := len(h.idle); n > 0 {
		f := h.idle[n-1]
		h.idle = h.idle[:n-1]
		h.mu.Unlock()
		return f, nil
	}
	if h.left == 0 {
		h.mu.Unlock()
		return nil, kernels.ErrOnHost
	}
	h.left--
	h.mu.Unlock()
	f := &fitter{held: h, mem: memory{api: h.dev.api}}
	if err := f.open(); err != nil {
		_ = f.close()
		return nil, err
	}
	return f, nil
}

// Close lets another goroutine have the fitter; one that failed is given back to the device.
func (f *fitter) Close() error {
	if f.broken {
		return f.close()
	}
	f.held.mu.Lock()
	defer f.held.mu.Unlock()
	f.held.idle = append(f.held.idle, f)
	return nil
}
