package cuda

import (
	"errors"
	"slices"

	"segovia/kernels"
	"segovia/kernels/cuda/driver"
	"segovia/kernels/ref"
	"segovia/kernels/tile"
)

// scorer scores blocks of the host's memory, one call after the other: each takes its points to the device and its labels
// back. It is there for the conformance suite and to compare; fits go through Hold.
type scorer struct {
	ref.RowTools
	dev     *device
	d, wide int
	stream  driver.Stream
	models  []scoring
	loaded  []memory // of the models
	stack   []kernels.Centroids
	size    int // points that the buffers below hold
	call    memory
	buffers scoring
	kernel  struct{ prepare, score, distances driver.Function }
	host    kernels.Scorer // does the work once the device has failed
	open    func(d int) (kernels.Scorer, error)
	err     error
}

// Open returns a scorer for points of d dimensions on the device.
func (p *Path) Open(d int) (kernels.Scorer, error) {
	dev, err := p.open()
	if err != nil {
		return nil, err
	}
	s := &scorer{dev: dev, d: d, call: memory{api: dev.api}, open: p.host.Open}
	name := "scoreWide"
	switch s.wide = d; {
	case d <= 16:
		s.wide, name = 16, "score16"
	case d <= 32:
		s.wide, name = 32, "score32"
	}
	list, err := dev.kernelsOf("score", "prepareModel", name, "distances")
	if err != nil {
		return nil, err
	}
	s.kernel.prepare, s.kernel.score, s.kernel.distances = list[0], list[1], list[2]
	if s.stream, err = dev.api.NewStream(); err != nil {
		return nil, failed(err)
	}
	return s, nil
}

// Close gives all back. It returns the first error of the device, whose work the host then did.
func (s *scorer) Close() error {
	for _, err := range []error{s.unload(), s.call.free(), failed(s.dev.api.CloseStream(s.stream))} {
		s.err = errors.Join(s.err, err)
	}
	if s.host != nil {
		s.err = errors.Join(s.err, s.host.Close())
	}
	return s.err
}

// fail makes the host do the work from now on.
func (s *scorer) fail(err error) {
	s.err = errors.Join(s.err, err)
	if s.host == nil {
		var open error
		if s.host, open = s.open(s.d); open != nil {
			s.err = errors.Join(s.err, open)
			s.host, _ = ref.Path{}.Open(s.d)
		}
	}
	s.host.Load(s.stack)
}

// Load takes the models to the device.
func (s *scorer) Load(stack []kernels.Centroids) {
	s.stack = s.stack[:0]
	for _, c := range stack {
		s.stack = append(s.stack, kernels.Centroids{K: c.K, C: slices.Clone(c.C[:c.K*s.d])})
	}
	if s.host != nil {
		s.host.Load(s.stack)
		return
	}
	if err := s.load(); err != nil {
		s.fail(err)
	}
}

// unload lets the models go.
func (s *scorer) unload() error {
	var first error
	for i := range s.loaded {
		if err := s.loaded[i].free(); err != nil && first == nil {
			first = err
		}
	}
	s.loaded = s.loaded[:0]
	return first
}

func (s *scorer) load() error {
	if err := s.unload(); err != nil {
		return err
	}
	s.models = s.models[:0]
	for _, c := range s.stack {
		k := uint64(c.K)
		m := scoring{d: uint32(s.d), wide: uint32(s.wide), k: uint32(k)}
		of := memory{api: s.dev.api}
		if err := of.take(on(&m.rows, k*uint64(s.d)*4), on(&m.negated, k*uint64(s.wide)*4), on(&m.h, k*4), on(&m.bounds, 16)); err != nil {
			return err
		}
		s.loaded = append(s.loaded, of)
		if err := toDevice(s.dev.api, m.rows, c.C, s.stream); err != nil {
			return err
		}
		if err := launch(s.dev, s.kernel.prepare, 1, 1, threads, 0, s.stream, &m); err != nil {
			return err
		}
		s.models = append(s.models, m)
	}
	return nil
}

// fit makes room for so many points.
func (s *scorer) fit(n int) error {
	if n <= s.size {
		return nil
	}
	s.size = 0
	if err := s.call.free(); err != nil {
		return err
	}
	padded := uint64(ceil(n, tile.Lanes) * tile.Lanes)
	b := &s.buffers
	if err := s.call.take(on(&b.tiles, padded*uint64(s.d)*4), on(&b.square, padded*4), on(&b.labels, padded), on(&b.upper, padded*4),
		on(&b.lower, padded*4), on(&b.distances, padded*8), on(&b.rows, uint64(s.d)*4)); err != nil {
		return err
	}
	s.size = int(padded)
	return nil
}

// Score labels the block on the device.
func (s *scorer) Score(dst *kernels.Scores, b kernels.Block, model int) {
	if s.host == nil {
		err := s.score(dst, b, model)
		if err == nil {
			return
		}
		s.fail(err)
	}
	s.host.Score(dst, b, model)
}

func (s *scorer) score(dst *kernels.Scores, b kernels.Block, model int) error {
	dst.Moved = dst.Moved[:0]
	if b.N == 0 {
		return nil
	}
	if err := s.fit(b.N); err != nil {
		return err
	}
	api, m, n := s.dev.api, s.models[model], ceil(b.N, tile.Lanes)*tile.Lanes
	m.tiles, m.square, m.labels, m.n = s.buffers.tiles, s.buffers.square, s.buffers.labels, uint32(b.N)
	if dst.Upper != nil {
		m.upper, m.lower = s.buffers.upper, s.buffers.lower
	}
	square := b.Square
	if square == nil {
		square = squares(b)
	}
	if err := toDevice(api, m.tiles, b.Tiles[:n*s.d], s.stream); err != nil {
		return err
	}
	if err := toDevice(api, m.square, square[:b.N], s.stream); err != nil {
		return err
	}
	if err := launch(s.dev, s.kernel.score, ceil(b.N, blockPoints), 1, threads, 0, s.stream, &m); err != nil {
		return err
	}
	labels := make([]uint8, b.N)
	if err := toHost(api, labels, m.labels, s.stream); err != nil {
		return err
	}
	if dst.Upper != nil {
		if err := toHost(api, dst.Upper[:b.N], m.upper, s.stream); err != nil {
			return err
		}
		if err := toHost(api, dst.Lower[:b.N], m.lower, s.stream); err != nil {
			return err
		}
	}
	if err := failed(api.Synchronize(s.stream)); err != nil {
		return err
	}
	for i, l := range labels {
		if dst.Label[i] != l {
			dst.Label[i] = l
			dst.Moved = append(dst.Moved, int32(i))
		}
	}
	return nil
}

// squares are |x|^2 of the points of b.
func squares(b kernels.Block) []float32 {
	out := make([]float32, b.N)
	for i := range out {
		var sum float64
		for j := range b.D {
			v := float64(b.Tiles[(i/tile.Lanes*b.D+j)*tile.Lanes+i%tile.Lanes])
			sum += float64(v * v)
		}
		out[i] = float32(sum)
	}
	return out
}

// Distances computes on the device.
func (s *scorer) Distances(dst []float64, b kernels.Block, c []float32) {
	if s.host == nil {
		err := s.distances(dst, b, c)
		if err == nil {
			return
		}
		s.fail(err)
	}
	s.host.Distances(dst, b, c)
}

func (s *scorer) distances(dst []float64, b kernels.Block, c []float32) error {
	if len(dst) == 0 {
		return nil
	}
	if err := s.fit(len(dst)); err != nil {
		return err
	}
	api, m := s.dev.api, s.buffers
	m.n, m.d = uint32(len(dst)), uint32(s.d)
	if err := toDevice(api, m.tiles, b.Tiles[:ceil(len(dst), tile.Lanes)*tile.Lanes*s.d], s.stream); err != nil {
		return err
	}
	if err := toDevice(api, m.rows, c, s.stream); err != nil {
		return err
	}
	if err := launch(s.dev, s.kernel.distances, ceil(len(dst), threads), 1, threads, 0, s.stream, &m); err != nil {
		return err
	}
	if err := toHost(api, dst, m.distances, s.stream); err != nil {
		return err
	}
	return failed(api.Synchronize(s.stream))
}
