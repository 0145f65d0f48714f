package pool

import (
	"errors"
	"fmt"
	"sync"

	"segovia/engine/internal/par"
	"segovia/kernels"
	"segovia/kernels/problem"
)

// Place is where fits run.
type Place struct {
	Path         string // its name
	Why          string // where that was a choice, or the device failed
	DeviceFailed bool   // and the processor went on
}

// place is a Place with what guards it.
type place struct {
	once sync.Once
	err  error
	mu   sync.Mutex
	at   Place
}

// Place returns where the fits so far ran; before the first fit it is empty.
func (p *Pool) Place() Place {
	p.place.mu.Lock()
	defer p.place.mu.Unlock()
	return p.place.at
}

func (p *Pool) setPlace(at Place) {
	p.place.mu.Lock()
	defer p.place.mu.Unlock()
	p.place.at = at
}

// settle takes the rows to the hardware of the path, where it has a memory of its own and the work is worth it. It happens
// before the first fit; Close undoes it.
func (p *Pool) settle() error {
	p.place.once.Do(func() { p.place.err = p.choose() })
	return p.place.err
}

func (p *Pool) choose() error {
	there, ok := p.Path.(kernels.Resident)
	if !ok {
		p.setPlace(Place{Path: p.Path.Name()})
		return nil
	}
	here := there.Host().Name()
	threads := par.Threads(p.Threads)
	worth, why := there.Worth(p.Data.M.N, p.Data.Fitted(), p.Data.M.D, threads)
	if !worth {
		p.setPlace(Place{Path: here, Why: why})
		return nil
	}
	lost := func(err error) {
		p.setPlace(Place{Path: here, Why: err.Error(), DeviceFailed: true})
	}
	err := p.Data.Hold(there, threads, there.Fallback(), lost)
	switch {
	case err == nil:
		p.setPlace(Place{Path: there.Name(), Why: why})
	case errors.Is(err, kernels.ErrDevice) && there.Fallback():
		lost(err)
	case errors.Is(err, kernels.ErrDevice):
		return kernels.DeviceFailed(err)
	case errors.Is(err, kernels.ErrUnavailable): // it was there, but cannot be opened
		return &problem.Problem{ID: "SEG-HW-001", What: fmt.Sprintf("hardware path %q cannot run here", there.Name()), Why: err.Error(), Err: err,
			Fix: "`segovia paths` lists what can run; `--path auto` chooses"}
	default:
		return err
	}
	return nil
}

// Close lets go what the pool took from hardware with a memory of its own. The pool is not used after it.
func (p *Pool) Close() error { return p.Data.Release() }
