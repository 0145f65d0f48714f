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
	mem    memory     // that lasts as long as the fitter
	weight driver.Ptr // per point, rounded up to whole blocks
	counts driver.Ptr // per point, of a draw
	light  bool       // points have weights other than 1
	broken bool       // a call failed

	begin, step, plan driver.Function
	room              *room
	seeds             *seedRoom
}

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
	if err := f.mem.take(on(&f.weight, uint64(f.padded())*2), on(&f.counts, uint64(f.n)*4)); err != nil {
		return err
	}
	return failed(f.dev.api.Fill(f.weight, 0, uint64(f.padded())*2, f.stream))
}

// note keeps in mind that a call failed.
func (f *fitter) note(err error) error {
	if err != nil {
		f.broken = true
	}
	return err
}

// close gives all back.
func (f *fitter) close() error {
	var first error
	note := func(err error) {
		if err != nil && first == nil {
			first = failed(err)
		}
	}
	if f.stream != 0 {
		note(f.dev.api.Synchronize(f.stream))
	}
	note(f.watch.close())
	note(f.dropRoom())
	note(f.dropSeeds())
	note(f.mem.free())
	if f.stream != 0 {
		note(f.dev.api.CloseStream(f.stream))
		f.stream = 0
	}
	return first
}

// Weigh takes the weights to the device.
func (f *fitter) Weigh(weights []uint16) error {
	f.light = weights != nil
	return f.note(toDevice(f.dev.api, f.weight, weights, f.stream))
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
	if err := f.makeRoom(len(fits.Start), kmax, max(fits.MaxIter, 1)); err != nil {
		return f.note(err)
	}
	return f.note(f.fit(ctx, fits))
}

func (f *fitter) fit(ctx context.Context, fits kernels.Fits) error {
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
		if err := f.planNext(&r.work); err != nil {
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

// passAll labels the points of w.
func (f *fitter) passAll(w *work) error {
	return launch(f.dev, f.room.pass, f.room.blocks, 1, threads, int(w.shared), f.stream, w)
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

func (f *fitter) planNext(w *work) error {
	return launch(f.dev, f.plan, 1, 1, threads, 0, f.stream, w)
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
