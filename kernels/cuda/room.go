package cuda

import (
	"fmt"

	"segovia/kernels"
	"segovia/kernels/cuda/driver"
)

// room is what models in progress take; it is kept from call to call while it is large enough.
type room struct {
	mem     memory
	slots   int
	kmax    int
	maxIter int
	filter  filter
	pass    driver.Function
	blocks  int // of a pass
	work    work
	chain   driver.Graph // several iterations; 0 where points pass through in chunks
	light   bool         // the chain knows weights
	dirty   bool         // the device has yet to see the slots
	chunks  [2]chunk
	copies  driver.Stream // on which chunks come

	// In pinned memory of the host:
	plan   []plan
	state  []slot
	rows   []float32
	sums   []int64
	total  []int64
	labels []uint8 // of some models that ended
}

// chunk is room for points on their way through the device.
type chunk struct {
	tiles  driver.Ptr
	pinned []float32
	copied driver.Event // it has come
	free   driver.Event // passes have read it
	used   bool
}

// iterations is the number of iterations between two looks of the host: a look costs some ten microseconds, an iteration
// that finds nothing to do, three empty kernels.
const iterations = 8

// A pass is held to so many products of a value with one of a centroid, some seconds of work, since it cannot be interrupted; and
// several of them go without a look only where they are short.
const (
	passProducts  = 1e13
	shortProducts = 2e11
)

// pinnedLabels is the memory for labels on their way back.
const pinnedLabels = 16 << 20

// makeRoom makes room for so many models, or for as many as memory allows.
func (f *fitter) makeRoom(fits, kmax, maxIter int) error {
	if r := f.room; r != nil && r.kmax >= kmax && r.maxIter >= maxIter && r.slots >= min(fits, f.slotsFor(r.kmax, r.maxIter)) {
		r.work.weight = f.weights(0)
		return f.capture()
	}
	if err := f.dropRoom(); err != nil {
		return err
	}
	slots := min(fits, f.slotsFor(kmax, maxIter))
	if slots < 1 && f.seeds != nil {
		if err := f.dropSeeds(); err != nil {
			return err
		}
		slots = min(fits, f.slotsFor(kmax, maxIter))
	}
	if slots < 1 {
		return fmt.Errorf("cuda: %w: %s has too little memory: one model takes %d bytes of it, %d are left for each of the goroutines",
			kernels.ErrDevice, f.dev.name, f.slotBytes(kmax, maxIter)+f.fixedBytes(), f.share)
	}
	f.room = &room{mem: memory{api: f.dev.api}, slots: slots, kmax: kmax, maxIter: maxIter, filter: f.filterFor(kmax)}
	err := f.fill(f.room)
	if err != nil {
		_ = f.dropRoom() // half of one is none
	}
	return err
}

// slotsFor is the number of models that there is room for beside the seeds.
func (f *fitter) slotsFor(kmax, maxIter int) int {
	taken := f.fixedBytes() + f.seedBytes()
	if f.share < taken {
		return 0
	}
	products := float64(f.n) * float64(kmax) * float64(f.d)
	return int(min((f.share-taken)/f.slotBytes(kmax, maxIter), slotsMax, uint64(max(passProducts/products, 1))))
}

// roomBytes is what models take.
func (f *fitter) roomBytes() uint64 {
	if f.room == nil {
		return 0
	}
	return uint64(f.room.slots) * f.slotBytes(f.room.kmax, f.room.maxIter)
}

func (f *fitter) dropRoom() error {
	r := f.room
	if r == nil {
		return nil
	}
	f.room = nil
	var first error
	note := func(err error) {
		if err != nil && first == nil {
			first = failed(err)
		}
	}
	if r.chain != 0 {
		note(f.dev.api.CloseGraph(r.chain))
	}
	for _, c := range r.chunks {
		for _, e := range []driver.Event{c.copied, c.free} {
			if e != 0 {
				note(f.dev.api.CloseEvent(e))
			}
		}
	}
	if r.copies != 0 {
		note(f.dev.api.CloseStream(r.copies))
	}
	if err := r.mem.free(); first == nil {
		first = err
	}
	return first
}

// atOnce is the number of points of one pass.
func (h *held) atOnce() int {
	if h.tiles == 0 {
		return min(h.n, h.chunk)
	}
	return h.n
}

// fill takes the memory of r.
func (f *fitter) fill(r *room) error {
	kernel, shared, blocks, err := f.dev.grid(r.filter, r.kmax)
	if err != nil {
		return err
	}
	r.pass, r.blocks = kernel, blocks
	d, wide := uint64(f.d), uint64(r.filter.wide)
	slots, rows := uint64(r.slots), uint64(r.slots)*uint64(r.kmax)
	w := &r.work
	*w = work{tiles: f.tiles, square: f.square, weight: f.weights(0), scale: f.scale, stride: uint64(f.padded()),
		n: uint32(f.n), d: uint32(f.d), wide: uint32(wide), kmax: uint32(r.kmax), slotCount: uint32(r.slots), maxIter: uint32(r.maxIter),
		shared: uint32(shared), atLeast: uint32(max(2*blocks/ceil(f.atOnce(), r.filter.points), 1)),
		rowBytes: uint32(r.filter.rowBytes), round: uint32(r.filter.round), gamma: r.filter.gamma}
	chunk := 0
	if f.tiles == 0 {
		chunk = f.chunk * f.d
	}
	if err := r.mem.take(on(&w.slots, slots*sizeOf([]slot{{}})), on(&w.plan, sizeOf([]plan{{}})), on(&w.order, slots*4), on(&w.group, (slots+1)*4),
		on(&w.rows, rows*d*4), on(&w.negated, rows*wide*4), on(&w.h, rows*4), on(&w.sums, rows*d*8), on(&w.weights, rows*8),
		on(&w.labels, slots*uint64(f.padded())), on(&w.former, slots*uint64(r.maxIter)*16),
		on(&r.chunks[0].tiles, uint64(chunk)*4), on(&r.chunks[1].tiles, uint64(chunk)*4)); err != nil {
		return err
	}
	labels := min(max(pinnedLabels/f.n, 1), r.slots) * f.n
	if err := r.mem.pin(pinned(&r.plan, 1), pinned(&r.state, r.slots), pinned(&r.rows, int(rows)*f.d), pinned(&r.sums, int(rows)*f.d),
		pinned(&r.total, int(rows)), pinned(&r.labels, labels), pinned(&r.chunks[0].pinned, chunk), pinned(&r.chunks[1].pinned, chunk)); err != nil {
		return err
	}
	if f.tiles != 0 {
		return f.capture()
	}
	for i := range r.chunks {
		c := &r.chunks[i]
		for _, e := range []*driver.Event{&c.copied, &c.free} {
			if *e, err = f.dev.api.NewEvent(); err != nil {
				return failed(err)
			}
		}
	}
	r.copies, err = f.dev.api.NewStream()
	return failed(err)
}

// links is the number of iterations of the chain.
func (r *room) links(points, columns int) int {
	products := float64(points) * float64(columns) * float64(r.kmax) * float64(r.slots)
	return max(1, min(iterations, int(iterations*shortProducts/products)))
}

// capture records iterations as a graph, for the weights as they are.
func (f *fitter) capture() error {
	r := f.room
	if f.tiles == 0 || f.clock.apart() {
		return nil
	}
	if r.chain != 0 {
		if r.light == f.light {
			return nil
		}
		chain := r.chain
		r.chain = 0
		if err := f.dev.api.CloseGraph(chain); err != nil {
			return failed(err)
		}
	}
	r.light = f.light
	if err := f.dev.api.BeginCapture(f.stream); err != nil {
		return failed(err)
	}
	recorded := func() error {
		for range r.links(f.n, f.d) {
			if err := f.passAll(&r.work); err != nil {
				return err
			}
			if err := f.finish(&r.work); err != nil {
				return err
			}
		}
		return toHost(f.dev.api, r.plan, r.work.plan, f.stream)
	}()
	graph, err := f.dev.api.EndCapture(f.stream) // also after an error, or the stream stays in capture
	if recorded != nil {
		if err == nil {
			_ = f.dev.api.CloseGraph(graph)
		}
		return recorded
	}
	if err != nil {
		return failed(err)
	}
	r.chain = graph
	return nil
}
