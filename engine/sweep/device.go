package sweep

import (
	"segovia/engine/internal/par"
	"segovia/kernels"
	"segovia/kernels/pairwise"
)

// openDevice lets the hardware on which the fits ran sum the distances of silhouettes too.
func (s *runner) openDevice() error {
	opener, ok := s.pool.Path.(pairwise.Opener)
	if !ok || s.pool.Place().Path != s.pool.Path.Name() {
		return nil
	}
	device, err := opener.Pairwise()
	if err != nil {
		return s.lose(err)
	}
	s.points.Device = device
	return nil
}

// lose returns what it means that the hardware failed: nothing where the processor goes on.
func (s *runner) lose(err error) error {
	if there, ok := s.pool.Path.(kernels.Resident); ok && !there.Fallback() {
		return kernels.DeviceFailed(err)
	}
	s.deviceErr = err
	return nil
}

// environment says where the work was done. It fails where hardware failed whose work the processor did unasked.
func (s *runner) environment() (Environment, error) {
	if s.points.Device != nil {
		if err := s.points.Device.Err(); err != nil {
			if err := s.lose(err); err != nil {
				return Environment{}, err
			}
		}
	}
	place := s.pool.Place()
	e := Environment{Path: place.Path, PathWhy: place.Why, DeviceFailed: place.DeviceFailed, Pooling: s.pool.Pooling(),
		Threads: par.Threads(s.pool.Threads), Timings: s.timings}
	if s.deviceErr != nil && !e.DeviceFailed {
		e.DeviceFailed, e.PathWhy = true, s.deviceErr.Error()
	}
	return e, nil
}
