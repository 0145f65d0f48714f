package cuda

import (
	"fmt"
	"runtime"

	"segovia/kernels"
	"segovia/kernels/cuda/driver"
	"segovia/kernels/tile"
)

// held are points on a device. Where they are too many for its memory, they stay on the host and pass through it in chunks.
type held struct {
	dev        *device
	mem        memory
	n, d, wide int
	host       *kernels.Rows
	tiles      driver.Ptr // 0 where points pass through in chunks
	square     driver.Ptr // rounded up to whole blocks
	scale      driver.Ptr
	pass       driver.Function
	most       int    // bytes of shared memory that a block of pass may have; 0 where it has no use for it
	share      uint64 // bytes that a fitter may take
	chunk      int    // points of a chunk
	clock      *clock
}

// Hold takes the points to the device.
func (p *Path) Hold(points *kernels.Rows, goroutines int) (kernels.Held, error) {
	d, err := p.open()
	if err != nil {
		return nil, err
	}
	return hold(d, points, goroutines, p.timing)
}

// widths are the columns for which there is a kernel that keeps points in registers.
var widths = []int{4, 8, 12, 16, 24, 32}

// widthOf returns the least of them that has room for d columns; d itself, and 0, where there is none.
func widthOf(d int) (wide, kernel int) {
	for _, w := range widths {
		if d <= w {
			return w, w
		}
	}
	return d, 0
}

func hold(dev *device, points *kernels.Rows, goroutines int, timing *Timing) (_ kernels.Held, err error) {
	h := &held{dev: dev, mem: memory{api: dev.api}, n: points.N, d: points.D, host: points}
	defer func() {
		if err != nil {
			_ = h.Close()
		}
	}()
	var kernel int
	h.wide, kernel = widthOf(points.D)
	name := "passWide"
	if kernel > 0 {
		name = fmt.Sprintf("pass%d", kernel)
	}
	if h.pass, err = dev.kernel("lloyd", name); err != nil {
		return nil, err
	}
	if kernel > 0 {
		h.most = dev.shared - staticShared
		if err = failed(dev.api.AllowShared(h.pass, h.most)); err != nil {
			return nil, err
		}
	}
	free, _, err := dev.api.Memory()
	if err != nil {
		return nil, failed(err)
	}
	tiles := uint64(ceil(h.n, tile.Lanes)) * tile.Lanes * uint64(h.d) * 4
	h.square, h.scale = h.mem.take(uint64(h.padded())*4), h.mem.take(uint64(h.d)*4)
	if tiles <= free/2 {
		h.tiles = h.mem.take(tiles)
	} else {
		h.chunk = max(int(free/16/uint64(goroutines)/uint64(4*h.d)/blockPoints), 1) * blockPoints
	}
	if h.mem.err != nil {
		return nil, h.mem.err
	}
	if h.clock, err = newClock(dev.api, timing); err != nil {
		return nil, err
	}
	watch, err := h.clock.watch(0, 2)
	if err != nil {
		return nil, err
	}
	defer watch.close()
	if err = watch.mark(0); err != nil {
		return nil, err
	}
	sent := sizeOf(points.Square[:h.n]) + sizeOf(points.Scale[:h.d])
	if h.tiles != 0 {
		sent += tiles
		if err = toDevice(dev.api, h.tiles, points.Tiles[:tiles/4], 0); err != nil {
			return nil, err
		}
	}
	if err = failed(dev.api.Fill(h.square, 0, uint64(h.padded())*4, 0)); err != nil {
		return nil, err
	}
	if err = toDevice(dev.api, h.square, points.Square[:h.n], 0); err != nil {
		return nil, err
	}
	if err = toDevice(dev.api, h.scale, points.Scale[:h.d], 0); err != nil {
		return nil, err
	}
	if err = watch.mark(1); err != nil {
		return nil, err
	}
	if err = failed(dev.api.Synchronize(0)); err != nil {
		return nil, err
	}
	if err = watch.add(Transfer, 0, 1, sent); err != nil {
		return nil, err
	}
	runtime.KeepAlive(points)
	if free, _, err = dev.api.Memory(); err != nil {
		return nil, failed(err)
	}
	h.share = free / 10 * 9 / uint64(goroutines)
	return h, nil
}

// grid returns the shared memory of a block of pass for models of up to kmax centroids, as much as leaves room for the blocks
// that registers allow, and more only where one model needs it; and how many blocks run on the device at once.
func (h *held) grid(kmax int) (shared, blocks int, err error) {
	perMP, err := h.dev.api.BlocksPerMP(h.pass, threads, 0)
	if err != nil {
		return 0, 0, failed(err)
	}
	if h.most > 0 {
		const reserved = 1024 // of each block, by the hardware
		shared = min(max(((h.dev.shared+reserved)/max(perMP, 1)-reserved-staticShared)&^15, kmax*h.rowBytes()), h.most)
		if perMP, err = h.dev.api.BlocksPerMP(h.pass, threads, shared); err != nil {
			return 0, 0, failed(err)
		}
	}
	return shared, max(perMP, 1) * h.dev.mps, nil
}

// rowBytes is the shared memory that pass needs for one centroid: rowBytes in lloyd.cu.
func (h *held) rowBytes() int { return 4*h.wide + 8 + 8*(h.d+1) }

// padded is the number of labels of a slot: points, rounded up to whole blocks.
func (h *held) padded() int { return ceil(h.n, blockPoints) * blockPoints }

// Close gives the memory back.
func (h *held) Close() error {
	stopped := h.clock.close()
	if err := h.mem.free(); err != nil {
		return err
	}
	return stopped
}

// NewFitter returns a fitter with a stream of its own.
func (h *held) NewFitter() (kernels.Fitter, error) {
	f := &fitter{held: h, mem: memory{api: h.dev.api}}
	if err := f.open(); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}
