package cuda

import (
	"segovia/kernels"
	"segovia/kernels/cuda/driver"
	"segovia/kernels/rng"
)

// seedRoom is what restarts that draw their seeds take; it is kept from call to call while it is large enough.
type seedRoom struct {
	mem     memory
	chains  int
	k       int
	work    seeding
	kernels struct{ masses, draw, potentials, choose, approach driver.Function }
}

// candidates is the number of rows that step j of k-means++ chooses from: 2 + floor(ln(j+1)).
func candidates(j int) int {
	l := 2
	for _, e := range [...]int{3, 8, 21, 55, 149} { // the least integers above e^1 .. e^5
		if j+1 >= e {
			l++
		}
	}
	return l
}

// Seed draws the seeds of all streams, as many at once as there is room for.
func (f *fitter) Seed(k int, streams []rng.Stream) ([][]int32, error) {
	if f.tiles == 0 || k > kernels.MaxK {
		return nil, kernels.ErrOnHost
	}
	seeds := make([][]int32, 0, len(streams))
	for len(seeds) < len(streams) {
		if err := f.makeSeedRoom(k, len(streams)-len(seeds)); err != nil {
			return nil, err
		}
		now := streams[len(seeds):]
		now = now[:min(len(now), f.seeds.chains)]
		drawn, err := f.seed(k, now)
		if err != nil {
			return nil, err
		}
		seeds = append(seeds, drawn...)
	}
	return seeds, nil
}

// chainBytes is what one restart takes.
func (f *fitter) chainBytes(k int) uint64 {
	return uint64(f.n)*8 + uint64(ceil(f.n, massBlock))*8 + uint64(k)*(candidatesMax*8+4) + 160 + 1024
}

// makeSeedRoom makes room for so many restarts, or as many as memory allows. Models in progress have gone by then: their
// room goes where both are too much.
func (f *fitter) makeSeedRoom(k, streams int) error {
	taken := f.fixedBytes()
	if f.room != nil {
		taken += uint64(f.room.slots) * f.slotBytes(f.room.kmax, f.room.maxIter)
	}
	left := uint64(0)
	if f.share > taken {
		left = f.share - taken
	}
	chains := min(streams, int(min(left/f.chainBytes(k), 1<<16-1)))
	if chains < 1 {
		if f.room == nil {
			return kernels.ErrOnHost
		}
		var first error
		f.dropRoom(func(err error) { first = failed(err) })
		if first != nil {
			return first
		}
		return f.makeSeedRoom(k, streams)
	}
	if r := f.seeds; r != nil {
		if r.chains >= chains && r.k >= k {
			return nil
		}
		f.seeds = nil
		if err := r.mem.free(); err != nil {
			return err
		}
	}
	r := &seedRoom{mem: memory{api: f.dev.api}, chains: chains, k: k}
	f.seeds = r
	list, err := f.dev.kernelsOf("seed", "masses", "draw", "potentials", "choose", "approach")
	if err != nil {
		return err
	}
	r.kernels.masses, r.kernels.draw, r.kernels.potentials, r.kernels.choose, r.kernels.approach = list[0], list[1], list[2], list[3], list[4]
	m, c, blocks := &r.mem, uint64(chains), ceil(f.n, massBlock)
	r.work = seeding{tiles: f.tiles, chains: m.take(c * sizeOf([]chain{{}})), random: m.take(c * uint64(k) * candidatesMax * 8),
		nearest: m.take(c * uint64(f.n) * 8), masses: m.take(c * uint64(blocks) * 8), seeds: m.take(c * uint64(k) * 4),
		n: uint32(f.n), d: uint32(f.d), blocks: uint32(blocks)}
	if m.err != nil {
		f.seeds = nil
		_ = m.free()
		return m.err
	}
	return nil
}

// seed draws the seeds of as many streams as there is room for.
func (f *fitter) seed(k int, streams []rng.Stream) ([][]int32, error) {
	r, api := f.seeds, f.dev.api
	w := r.work
	w.weight, w.k = f.weights(0), uint32(k)
	random := make([]uint64, len(streams)*k*candidatesMax)
	for c, s := range streams {
		for j := range k {
			for o := range candidates(j) {
				random[(c*k+j)*candidatesMax+o] = s.Uint64(uint64(j), uint64(o))
			}
		}
	}
	chains := make([]chain, len(streams))
	if err := toDevice(api, w.random, random, f.stream); err != nil {
		return nil, err
	}
	if err := toDevice(api, w.chains, chains, f.stream); err != nil {
		return nil, err
	}
	if err := f.watch.mark(0); err != nil {
		return nil, err
	}
	for j := range k {
		w.step, w.candidates = uint32(j), uint32(candidates(j))
		if j == 0 {
			w.candidates = 1
		}
		if err := f.seedStep(&w, len(streams)); err != nil {
			return nil, err
		}
	}
	if err := f.watch.mark(1); err != nil {
		return nil, err
	}
	rows := make([]int32, len(streams)*k)
	if err := toHost(api, chains, w.chains, f.stream); err != nil {
		return nil, err
	}
	if err := toHost(api, rows, w.seeds, f.stream); err != nil {
		return nil, err
	}
	if err := failed(api.Synchronize(f.stream)); err != nil {
		return nil, err
	}
	if err := f.watch.add(Seeding, 0, 1, 0); err != nil {
		return nil, err
	}
	seeds := make([][]int32, len(streams))
	for c := range seeds {
		seeds[c] = rows[c*k : c*k+int(chains[c].seeds)]
	}
	return seeds, nil
}

// seedStep draws the candidates of one step and chooses.
func (f *fitter) seedStep(w *seeding, chains int) error {
	k, blocks := &f.seeds.kernels, int(w.blocks)
	busy := min(blocks, 8*f.dev.mps) // blocks that share the rows of a chain
	if err := launch(f.dev, k.masses, blocks, chains, massThreads, 0, f.stream, w); err != nil {
		return err
	}
	if err := launch(f.dev, k.draw, int(w.candidates), chains, massThreads, 0, f.stream, w); err != nil {
		return err
	}
	if w.step > 0 {
		if err := launch(f.dev, k.potentials, busy, chains, massThreads, f.d*int(w.candidates)*8, f.stream, w); err != nil {
			return err
		}
	}
	if err := launch(f.dev, k.choose, chains, 1, 32, 0, f.stream, w); err != nil {
		return err
	}
	return launch(f.dev, k.approach, busy, chains, massThreads, f.d*8, f.stream, w)
}
