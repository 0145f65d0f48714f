package cuda

import (
	"context"
	"fmt"

	"segovia/kernels"
	"segovia/kernels/cuda/driver"
	"segovia/kernels/tile"
)

// fitter fits on a stream of its own.
type fitter struct {
	*held
	stream driver.Stream
	watch  *stopwatch
	mem    memory // that lasts as long as the fitter
	weight driver.Ptr
	counts driver.Ptr // of a draw; 0 before the first
	light  bool       // points have weights other than 1

	begin, step, plan driver.Function
	room              *room
	seeds             *seedRoom
}

// room is what models in progress take; it is kept from call to call while it is large enough.
type room struct {
	mem     memory
	slots   int
	kmax    int
	maxIter int
	blocks  int // of a pass
	work    work
	chain   driver.Graph // several iterations; 0 where points pass through in chunks
	light   bool         // the chain knows weights
	dirty   bool         // the device has yet to see the slots
	chunks  [2]chunk
	copies  driver.Stream // on which chunks come

	plan  []plan // pinned
	state []slot // pinned
	rows  []float32
	sums  []int64
	total []int64
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

func (f *fitter) open() error {
	var err error
	if f.stream, err = f.dev.api.NewStream(); err != nil {
		return failed(err)
	}
	if f.watch, err = f.clock.watch(f.stream, f.clock.fitterMarks()); err != nil {
		return err
	}
	list, err := f.dev.kernelsOf("lloyd", "begin", "step", "plan")
	if err != nil {
		return err
	}
	f.begin, f.step, f.plan = list[0], list[1], list[2]
	if f.weight = f.mem.take(uint64(f.padded()) * 2); f.mem.err != nil {
		return f.mem.err
	}
	return failed(f.dev.api.Fill(f.weight, 0, uint64(f.padded())*2, f.stream))
}

// Close gives all back.
func (f *fitter) Close() error {
	var first error
	note := func(err error) {
		if err != nil && first == nil {
			first = failed(err)
		}
	}
	if f.stream != 0 {
		note(f.dev.api.Synchronize(f.stream))
	}
	f.dropRoom(note)
	note(f.watch.close())
	if f.seeds != nil {
		note(f.seeds.mem.free())
		f.seeds = nil
	}
	note(f.mem.free())
	if f.stream != 0 {
		note(f.dev.api.CloseStream(f.stream))
		f.stream = 0
	}
	return first
}

func (f *fitter) dropRoom(note func(error)) {
	r := f.room
	if r == nil {
		return
	}
	f.room = nil
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
	note(r.mem.free())
}

// Weigh takes the weights to the device.
func (f *fitter) Weigh(weights []uint16) error {
	f.light = weights != nil
	return toDevice(f.dev.api, f.weight, weights, f.stream)
}

// weights is the address of the weights of the points from first on; null where all are 1.
func (f *fitter) weights(first int) driver.Ptr {
	if !f.light {
		return 0
	}
	return f.weight + driver.Ptr(2*first)
}

// Fit runs all fits, as many at once as there is room for.
func (f *fitter) Fit(ctx context.Context, fits kernels.Fits) error {
	if len(fits.Start) == 0 || f.n == 0 {
		return nil
	}
	kmax := 0
	for i, start := range fits.Start {
		k := len(start) / f.d
		if k < 1 || k > kernels.MaxK {
			return fmt.Errorf("BUG: cuda: fit %d of %d centroids", i, k)
		}
		kmax = max(kmax, k)
	}
	if err := f.makeRoom(len(fits.Start), kmax, fits.MaxIter); err != nil {
		return err
	}
	r := f.room
	of := make([]int, r.slots) // the fit of each slot
	clear(r.state)
	r.dirty = true
	for next, left := 0, len(fits.Start); left > 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		entered := false
		for at := range r.state {
			if r.state[at].status == idle && next < len(fits.Start) {
				if err := f.enter(at, fits.Start[next], fits.MaxIter); err != nil {
					return err
				}
				of[at] = next
				next++
				entered = true
			}
		}
		if err := f.advance(entered); err != nil {
			return err
		}
		if r.plan[0].empty+r.plan[0].ended > 0 {
			done, err := f.look(fits, of)
			if err != nil {
				return err
			}
			left -= done
		}
	}
	return nil
}

// makeRoom makes room for so many models, or for as many as memory allows.
func (f *fitter) makeRoom(fits, kmax, maxIter int) error {
	maxIter = max(maxIter, 1)
	if r := f.room; r != nil && r.kmax >= kmax && r.maxIter >= maxIter && r.slots >= min(fits, f.slotsFor(r.kmax, r.maxIter)) {
		r.work.weight = f.weights(0)
		return f.capture()
	}
	var first error
	f.dropRoom(func(err error) { first = failed(err) })
	if first != nil {
		return first
	}
	slots := min(fits, f.slotsFor(kmax, maxIter))
	if slots < 1 {
		return fmt.Errorf("cuda: %w: %s has too little memory: one model takes %d bytes of it, %d are left for each of the goroutines",
			kernels.ErrDevice, f.dev.name, f.slotBytes(kmax, maxIter)+f.fixedBytes(), f.share)
	}
	f.room = &room{mem: memory{api: f.dev.api}, slots: slots, kmax: kmax, maxIter: maxIter}
	return f.fill(f.room)
}

// atOnce is the number of points of one pass.
func (h *held) atOnce() int {
	if h.tiles == 0 {
		return min(h.n, h.chunk)
	}
	return h.n
}

// slotBytes is what one model takes.
func (f *fitter) slotBytes(kmax, maxIter int) uint64 {
	return uint64(f.padded()) + uint64(kmax)*uint64(4*f.d+4*f.wide+4+8*f.d+8) + 16*uint64(maxIter) + 64 + 8 + 2048
}

// fixedBytes is what a fitter takes besides.
func (f *fitter) fixedBytes() uint64 {
	return uint64(f.padded())*2 + uint64(f.n)*4 + 2*uint64(f.chunk)*uint64(f.d)*4 + 1<<16
}

// slotsFor is the number of models that there is room for.
func (f *fitter) slotsFor(kmax, maxIter int) int {
	if f.share < f.fixedBytes() {
		return 0
	}
	const most = 4096 // more do not make the device busier
	return int(min((f.share-f.fixedBytes())/f.slotBytes(kmax, maxIter), most))
}

// fill takes the memory of r.
func (f *fitter) fill(r *room) error {
	shared, blocks, err := f.grid(r.kmax)
	if err != nil {
		return err
	}
	r.blocks = blocks
	m, slots, k := &r.mem, uint64(r.slots), uint64(r.kmax)
	r.work = work{tiles: f.tiles, square: f.square, weight: f.weights(0), scale: f.scale,
		slots: m.take(slots * 64), plan: m.take(16), order: m.take(slots * 4), group: m.take((slots + 1) * 4),
		rows: m.take(slots * k * uint64(f.d) * 4), negated: m.take(slots * k * uint64(f.wide) * 4), h: m.take(slots * k * 4),
		sums: m.take(slots * k * uint64(f.d) * 8), weights: m.take(slots * k * 8), labels: m.take(slots * uint64(f.padded())),
		former: m.take(slots * uint64(r.maxIter) * 16), stride: uint64(f.padded()),
		n: uint32(f.n), d: uint32(f.d), wide: uint32(f.wide), kmax: uint32(r.kmax), slotCount: uint32(r.slots), maxIter: uint32(r.maxIter),
		shared: uint32(shared), atLeast: uint32(max(2*blocks/ceil(f.atOnce(), blockPoints), 1))}
	r.plan, r.state = pin[plan](m, 1), pin[slot](m, r.slots)
	r.rows, r.sums, r.total = pin[float32](m, r.slots*r.kmax*f.d), pin[int64](m, r.slots*r.kmax*f.d), pin[int64](m, r.slots*r.kmax)
	if f.tiles == 0 {
		for i := range r.chunks {
			c := &r.chunks[i]
			c.tiles, c.pinned = m.take(uint64(f.chunk)*uint64(f.d)*4), pin[float32](m, f.chunk*f.d)
			for _, e := range []*driver.Event{&c.copied, &c.free} {
				if *e, err = f.dev.api.NewEvent(); err != nil {
					return failed(err)
				}
			}
		}
		if r.copies, err = f.dev.api.NewStream(); err != nil {
			return failed(err)
		}
	}
	if m.err != nil {
		return m.err
	}
	return f.capture()
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
		for range iterations {
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

// passAll labels the points of w.
func (f *fitter) passAll(w *work) error {
	return launch(f.dev, f.pass, f.room.blocks, 1, threads, int(w.shared), f.stream, w)
}

// finish ends an iteration.
func (f *fitter) finish(w *work) error {
	if err := f.endIteration(w); err != nil {
		return err
	}
	return f.planNext(w)
}

func (f *fitter) endIteration(w *work) error {
	return launch(f.dev, f.step, f.room.slots, 1, threads, 0, f.stream, w)
}

func (f *fitter) planNext(w *work) error { return launch(f.dev, f.plan, 1, 1, 32, 0, f.stream, w) }

// enter puts a fit into a slot, on the host's side.
func (f *fitter) enter(at int, start []float32, maxIter int) error {
	r := f.room
	r.state[at] = slot{status: active, k: uint32(len(start) / f.d), maxIter: uint32(maxIter), fresh: 1}
	rows := r.rows[at*r.kmax*f.d:][:len(start)]
	copy(rows, start)
	return toDevice(f.dev.api, r.work.rows+driver.Ptr(4*at*r.kmax*f.d), rows, f.stream)
}

// advance takes changes of the slots to the device and runs some iterations.
func (f *fitter) advance(entered bool) error {
	r := f.room
	api := f.dev.api
	if r.dirty {
		r.dirty = false
		if err := toDevice(api, r.work.slots, r.state, f.stream); err != nil {
			return err
		}
		if entered {
			if err := launch(f.dev, f.begin, r.slots, 1, threads, 0, f.stream, &r.work); err != nil {
				return err
			}
		}
		if err := launch(f.dev, f.plan, 1, 1, 32, 0, f.stream, &r.work); err != nil {
			return err
		}
	}
	if err := f.watch.mark(0); err != nil {
		return err
	}
	switch {
	case r.chain != 0:
		if err := failed(api.LaunchGraph(r.chain, f.stream)); err != nil {
			return err
		}
	case f.tiles != 0:
		if err := f.iterateApart(); err != nil {
			return err
		}
	default:
		if err := f.passChunks(); err != nil {
			return err
		}
		if err := f.finish(&r.work); err != nil {
			return err
		}
		if err := toHost(api, r.plan, r.work.plan, f.stream); err != nil {
			return err
		}
	}
	return f.arrive()
}

// passChunks takes all points through the device, one chunk after the other: while one is being labelled under all models,
// the next one is on its way.
func (f *fitter) passChunks() error {
	r, api := f.room, f.dev.api
	for i, first := 0, 0; first < f.n; i, first = i+1, first+f.chunk {
		c := &r.chunks[i%2]
		if c.used {
			if err := failed(api.SynchronizeEvent(c.copied)); err != nil {
				return err
			}
			if err := failed(api.Wait(r.copies, c.free)); err != nil {
				return err
			}
		}
		c.used = true
		n := min(f.chunk, f.n-first)
		values := c.pinned[:ceil(n, tile.Lanes)*tile.Lanes*f.d]
		copy(values, f.host.Tiles[first*f.d:])
		if err := toDevice(api, c.tiles, values, r.copies); err != nil {
			return err
		}
		if err := failed(api.Record(c.copied, r.copies)); err != nil {
			return err
		}
		if err := failed(api.Wait(f.stream, c.copied)); err != nil {
			return err
		}
		w := r.work
		w.tiles, w.square, w.weight = c.tiles, f.square+driver.Ptr(4*first), f.weights(first)
		w.first, w.n = uint64(first), uint32(n)
		if err := f.passAll(&w); err != nil {
			return err
		}
		if err := failed(api.Record(c.free, f.stream)); err != nil {
			return err
		}
	}
	return nil
}

// look sees which fits ended or wait for the host, and returns how many ended.
func (f *fitter) look(fits kernels.Fits, of []int) (done int, err error) {
	r, api := f.room, f.dev.api
	for _, copy := range []func() error{
		func() error { return toHost(api, r.state, r.work.slots, f.stream) },
		func() error { return toHost(api, r.rows, r.work.rows, f.stream) },
		func() error { return toHost(api, r.sums, r.work.sums, f.stream) },
		func() error { return toHost(api, r.total, r.work.weights, f.stream) },
		func() error { return failed(api.Synchronize(f.stream)) },
	} {
		if err := copy(); err != nil {
			return 0, err
		}
	}
	for at := range r.state {
		s := &r.state[at]
		switch s.status {
		case stopped, converged:
			state, err := f.stateOf(at)
			if err != nil {
				return done, err
			}
			fits.Done(of[at], state)
			s.status = idle
			r.dirty = true
			done++
		case empty:
			state, err := f.stateOf(at)
			if err != nil {
				return done, err
			}
			fits.Fill(of[at], state)
			r.dirty = true
			if err := f.resume(at, state); err != nil {
				return done, err
			}
		}
	}
	return done, nil
}

// stateOf returns the fit in a slot; its labels come from the device now.
func (f *fitter) stateOf(at int) (*kernels.State, error) {
	r := f.room
	slot := &r.state[at]
	k, base, padded := int(slot.k), at*r.kmax, kernels.Padded(f.d)
	s := &kernels.State{Labels: make([]uint8, f.n), Centroids: make([]float32, k*f.d), Sums: make([]int64, k*padded), Weights: make([]int64, k),
		Hash: slot.hash, Filled: slot.filled != 0, Iterations: int(slot.iterations), Converged: slot.status == converged}
	copy(s.Centroids, r.rows[base*f.d:])
	copy(s.Weights, r.total[base:])
	for c := range k {
		copy(s.Sums[c*padded:c*padded+f.d], r.sums[(base+c)*f.d:])
	}
	return s, f.timed(Labels, sizeOf(s.Labels), func() error {
		return toHost(f.dev.api, s.Labels, r.work.labels+driver.Ptr(uint64(at)*r.work.stride), f.stream)
	})
}

// resume takes a fit that the host filled back to its slot.
func (f *fitter) resume(at int, s *kernels.State) error {
	r, api := f.room, f.dev.api
	slot := &r.state[at]
	k, base, padded := int(slot.k), at*r.kmax, kernels.Padded(f.d)
	for c := range k {
		copy(r.sums[(base+c)*f.d:(base+c+1)*f.d], s.Sums[c*padded:])
	}
	copy(r.total[base:base+k], s.Weights)
	slot.status, slot.hash = resumed, s.Hash
	if s.Filled {
		slot.filled = 1
	}
	if err := toDevice(api, r.work.sums+driver.Ptr(8*base*f.d), r.sums[base*f.d:(base+k)*f.d], f.stream); err != nil {
		return err
	}
	if err := toDevice(api, r.work.weights+driver.Ptr(8*base), r.total[base:base+k], f.stream); err != nil {
		return err
	}
	return toDevice(api, r.work.labels+driver.Ptr(uint64(at)*r.work.stride), s.Labels, f.stream)
}
