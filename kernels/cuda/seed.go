package cuda

import (
	"fmt"

	"segovia/kernels"
	"segovia/kernels/cuda/driver"
	"segovia/kernels/rng"
)

// seedRoom is what restarts that draw their seeds take; it is kept from call to call while it is large enough.
type seedRoom struct {
	mem     memory
	chains  int
	k       int
	full    bool // there was no room for more
	work    seeding
	kernels struct{ masses, draw, potentials, choose, approach driver.Function }
}

// Seed draws the seeds of all streams, as many at once as there is room for.
func (f *fitter) Seed(k int, streams []rng.Stream) ([][]int32, error) {
	if f.tiles == 0 || k > kernels.MaxK {
		return nil, kernels.ErrOnHost
	}
	seeds := make([][]int32, 0, len(streams))
	for len(seeds) < len(streams) {
		now := streams[len(seeds):]
		if err := f.makeSeedRoom(k, len(now)); err != nil {
			return nil, f.note(err)
		}
		drawn, err := f.seed(k, now[:min(len(now), f.seeds.chains)])
		if err != nil {
			return nil, f.note(err)
		}
		seeds = append(seeds, drawn...)
	}
	return seeds, nil
}

// makeSeedRoom makes room for so many restarts, or as many as memory allows: up to a third of it, so that models keep theirs.
func (f *fitter) makeSeedRoom(k, streams int) error {
	if r := f.seeds; r != nil && r.k >= k && (r.chains >= streams || r.full) {
		return nil
	}
	if err := f.dropSeeds(); err != nil {
		return err
	}
	least, taken := f.chainBytes(k), f.fixedBytes()
	if f.share < taken+least { // divide leaves room for one of a usual number of seeds
		return fmt.Errorf("cuda: %w: %s has too little memory to draw %d seeds", kernels.ErrDevice, f.dev.name, k)
	}
	if f.share < taken+f.roomBytes()+least {
		if err := f.dropRoom(); err != nil {
			return err
		}
	}
	most := min(f.share-taken-f.roomBytes(), max((f.share-taken)/3, least)) / least
	chains := int(min(uint64(streams), most, 1<<16-1))
	r := &seedRoom{mem: memory{api: f.dev.api}, chains: chains, k: k, full: chains < streams}
	list, err := f.dev.kernelsOf("seed", "masses", "draw", "potentials", "choose", "approach")
	if err != nil {
		return err
	}
	r.kernels.masses, r.kernels.draw, r.kernels.potentials, r.kernels.choose, r.kernels.approach = list[0], list[1], list[2], list[3], list[4]
	c, blocks, w := uint64(chains), ceil(f.n, massBlock), &r.work
	*w = seeding{tiles: f.tiles, n: uint32(f.n), d: uint32(f.d), blocks: uint32(blocks)}
	if err := r.mem.take(on(&w.chains, c*sizeOf([]chain{{}})), on(&w.random, c*uint64(k)*candidatesMax*8), on(&w.nearest, c*uint64(f.n)*8),
		on(&w.masses, c*uint64(blocks)*8), on(&w.seeds, c*uint64(k)*4)); err != nil {
		return err
	}
	f.seeds = r
	return nil
}

// seedBytes is what restarts take.
func (f *fitter) seedBytes() uint64 {
	if f.seeds == nil {
		return 0
	}
	return uint64(f.seeds.chains) * f.chainBytes(f.seeds.k)
}

func (f *fitter) dropSeeds() error {
	r := f.seeds
	if r == nil {
		return nil
	}
	f.seeds = nil
	return r.mem.free()
}

// seed draws the seeds of as many streams as there is room for.
func (f *fitter) seed(k int, streams []rng.Stream) ([][]int32, error) {
	r, api := f.seeds, f.dev.api
	w := r.work
	w.weight, w.k = f.weights(0), uint32(k)
	random := make([]uint64, len(streams)*k*candidatesMax)
	for c, s := range streams {
		for j := range k {
			for o := range kernels.Candidates(j) {
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
		w.step, w.candidates = uint32(j), uint32(kernels.Candidates(j))
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
