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
	dev  *device
	mem  memory
	n, d int
	filter
	host   *kernels.Rows
	tiles  driver.Ptr // 0 where points pass through in chunks
	square driver.Ptr // rounded up to whole blocks
	scale  driver.Ptr
	pass   driver.Function
	most   int    // bytes of shared memory that a block of pass may have; 0 where it has no use for it
	share  uint64 // bytes that a fitter may take
	chunk  int    // points of a chunk
}

// Hold takes the points to the device.
func (p *Path) Hold(points *kernels.Rows, goroutines int) (kernels.Held, error) {
	d, err := p.open()
	if err != nil {
		return nil, err
	}
	scores, err := d.scores(points.D)
	if err != nil {
		return nil, err
	}
	return hold(d, points, goroutines, scores)
}

// filter is a kernel that labels points: how it scores them, before canonical distances decide what the scores leave open.
type filter struct {
	name     string
	wide     int     // columns that it works on, the rest being zero
	points   int     // of a block of threads
	round    int     // the number of centroids of a model is rounded up to a multiple of it
	rowBytes int     // shared memory of a centroid; 0 where a block has one model at a time
	gamma    float64 // relative error of a score
}

// How scores are made.
const (
	float32Scores = "float32" // by fused multiply-adds
	tensorScores  = "tensor"  // by tensor cores, in TF32 with corrections
)

// filterFor returns the kernel for d columns.
func filterFor(d int, scores string) filter {
	sums := 8 * (d + 1)
	if scores == tensorScores {
		for _, wide := range []int{8, 16, 24, 32} {
			if d <= wide {
				points := 256
				if wide > 16 {
					points = 128
				}
				return filter{fmt.Sprintf("tensor%d", wide), wide, points, 8, 8*(wide+4) + 8 + sums, 1.01 * (1.25*float64(d) + 12) * 0x1p-23}
			}
		}
	}
	gamma := 1.01 * float64(d+4) * 0x1p-24
	for _, wide := range []int{4, 8, 12, 16, 24, 32} {
		if d <= wide {
			return filter{fmt.Sprintf("pass%d", wide), wide, blockPoints, 1, 4*wide + 8 + sums, gamma}
		}
	}
	return filter{"passWide", d, blockPoints, 1, 0, gamma}
}

func hold(dev *device, points *kernels.Rows, goroutines int, scores string) (_ kernels.Held, err error) {
	h := &held{dev: dev, mem: memory{api: dev.api}, n: points.N, d: points.D, host: points, filter: filterFor(points.D, scores)}
	defer func() {
		if err != nil {
			_ = h.mem.free()
		}
	}()
	if h.pass, err = dev.kernel("lloyd", h.filter.name); err != nil {
		return nil, err
	}
	if h.rowBytes > 0 {
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
	if h.tiles != 0 {
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
	if err = failed(dev.api.Synchronize(0)); err != nil {
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
		shared = min(max(((h.dev.shared+reserved)/max(perMP, 1)-reserved-staticShared)&^15, ceil(kmax, h.round)*h.round*h.rowBytes), h.most)
		if perMP, err = h.dev.api.BlocksPerMP(h.pass, threads, shared); err != nil {
			return 0, 0, failed(err)
		}
	}
	return shared, max(perMP, 1) * h.dev.mps, nil
}

// padded is the number of labels of a slot: points, rounded up to whole blocks.
func (h *held) padded() int { return ceil(h.n, blockPoints) * blockPoints }

// Close gives the memory back.
func (h *held) Close() error { return h.mem.free() }

// NewFitter returns a fitter with a stream of its own.
func (h *held) NewFitter() (kernels.Fitter, error) {
	f := &fitter{held: h, mem: memory{api: h.dev.api}}
	if err := f.open(); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}
