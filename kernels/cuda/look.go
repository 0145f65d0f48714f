package cuda

import (
	"segovia/kernels"
	"segovia/kernels/cuda/driver"
)

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
	r.dirty = true
	for at := 0; at < r.slots; {
		end, err := f.bring(at)
		if err != nil {
			return done, err
		}
		for brought := 0; at < end; at++ {
			s := &r.state[at]
			if !waits(s.status) {
				continue
			}
			state := f.stateOf(at, r.labels[brought*f.n:(brought+1)*f.n])
			brought++
			if s.status == empty {
				fits.Fill(of[at], state)
				if err := f.resume(at, state); err != nil {
					return done, err
				}
				continue
			}
			fits.Done(of[at], state)
			s.status = idle
			done++
		}
	}
	return done, nil
}

// waits reports whether a model of that status waits for the host.
func waits(status uint32) bool { return status == stopped || status == converged || status == empty }

// bring copies the labels of slots that wait for the host, from slot at on, to pinned memory, as many as there is room for. It
// returns the end of the slots that it did.
func (f *fitter) bring(at int) (end int, err error) {
	r := f.room
	var slots []int
	for ; at < r.slots; at++ {
		if waits(r.state[at].status) {
			if len(slots) == len(r.labels)/f.n {
				break
			}
			slots = append(slots, at)
		}
	}
	if len(slots) == 0 {
		return at, nil
	}
	return at, f.timed(Labels, uint64(len(slots)*f.n), func() error {
		for i, slot := range slots {
			if err := toHost(f.dev.api, r.labels[i*f.n:(i+1)*f.n], r.work.labels+driver.Ptr(uint64(slot)*r.work.stride), f.stream); err != nil {
				return err
			}
		}
		return nil
	})
}

// stateOf returns the fit in a slot, with these labels.
func (f *fitter) stateOf(at int, labels []uint8) *kernels.State {
	r := f.room
	slot := &r.state[at]
	k, base, padded := int(slot.k), at*r.kmax, kernels.Padded(f.d)
	s := &kernels.State{Labels: append([]uint8(nil), labels...), Centroids: make([]float32, k*f.d), Sums: make([]int64, k*padded), Weights: make([]int64, k),
		Hash: slot.hash, Filled: slot.filled != 0, Iterations: int(slot.iterations), Converged: slot.status == converged}
	copy(s.Centroids, r.rows[base*f.d:])
	copy(s.Weights, r.total[base:])
	for c := range k {
		copy(s.Sums[c*padded:c*padded+f.d], r.sums[(base+c)*f.d:])
	}
	return s
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
