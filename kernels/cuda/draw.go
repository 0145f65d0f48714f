package cuda

import (
	"segovia/kernels/rng"
)

// Draw draws the weights on the device: its random memory accesses and 80 multiplications a row are what takes the host long.
func (f *fitter) Draw(stream rng.Stream) ([]uint16, error) {
	weights, err := f.draw(stream)
	return weights, f.note(err)
}

func (f *fitter) draw(stream rng.Stream) ([]uint16, error) {
	list, err := f.dev.kernelsOf("resample", "multinomial", "narrow")
	if err != nil {
		return nil, err
	}
	api := f.dev.api
	if err := f.watch.mark(0); err != nil {
		return nil, err
	}
	if err := failed(api.Fill(f.counts, 0, uint64(f.n)*4, f.stream)); err != nil {
		return nil, err
	}
	w := resample{counts: f.counts, weights: f.weight, key: stream.Key(), n: uint32(f.n)}
	blocks := min(ceil(f.n, threads), 16*f.dev.mps)
	for _, kernel := range list {
		if err := launch(f.dev, kernel, blocks, 1, threads, 0, f.stream, &w); err != nil {
			return nil, err
		}
	}
	if err := f.watch.mark(1); err != nil {
		return nil, err
	}
	weights := make([]uint16, f.n)
	if err := toHost(api, weights, f.weight, f.stream); err != nil {
		return nil, err
	}
	f.light = true
	if err := failed(api.Synchronize(f.stream)); err != nil {
		return nil, err
	}
	return weights, f.watch.add(Drawing, 0, 1, 0)
}
