package kmeans

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"segovia/kernels"
	"segovia/kernels/ref"
	"segovia/kernels/rng"
)

// residence is what workers share of hardware that holds the rows.
type residence struct {
	held     kernels.Held
	fallback bool            // the processor goes on where the hardware fails; else its error ends the work
	lost     func(err error) // is told of the first failure, where the processor goes on
	once     sync.Once
	failed   atomic.Bool
}

// Hold takes the rows to hardware with a memory of its own, for so many workers, which are made and closed after it and before
// Release. Fits then run there. Where the hardware fails at work, it is told once to lost, and with fallback the processor
// does what is left, with the same results; without it, fits end with SEG-HW-003.
func (d *Data) Hold(path kernels.Resident, workers int, fallback bool, lost func(err error)) error {
	held, err := path.Hold(&d.points().Rows, workers)
	if err != nil {
		return err
	}
	d.residence = &residence{held: held, fallback: fallback, lost: lost}
	return nil
}

// Fitted is the number of rows that fits on the processor work on: where many rows are equal, that of the distinct ones.
func (d *Data) Fitted() int {
	if m := d.mergedRows(ref.RowTools{}); m != nil {
		return m.N
	}
	return d.M.N
}

// Release lets the rows go that Hold took.
func (d *Data) Release() error {
	r := d.residence
	if r == nil {
		return nil
	}
	d.residence = nil
	if err := r.held.Close(); err != nil && !r.failed.Load() { // what has failed cannot give back
		return err
	}
	return nil
}

// move makes a worker fit where the rows are held.
func (w *Worker) move() error {
	r := w.data.residence
	if r == nil {
		return nil
	}
	fitter, err := r.held.NewFitter()
	switch {
	case errors.Is(err, kernels.ErrOnHost):
		return nil
	case err != nil:
		return w.lose(err)
	}
	w.fitter = fitter
	return nil
}

// lose books that the hardware failed: the worker fits on the processor from now on, or not at all.
func (w *Worker) lose(err error) error {
	r := w.data.residence
	r.failed.Store(true)
	r.once.Do(func() {
		if r.lost != nil && r.fallback {
			r.lost(err)
		}
	})
	if w.fitter != nil {
		_ = w.fitter.Close() // of what has failed already
		w.fitter = nil
	}
	if !r.fallback {
		w.failure = kernels.DeviceFailed(err)
	}
	return w.failure
}

// openResident makes a sample of all rows; those of weight zero are labelled and do no more.
func (w *Worker) openResident(weights []uint16) {
	w.openWhole(weights)
	if err := w.fitter.Weigh(weights); err != nil {
		_ = w.lose(err) // the sample serves the processor as well
	}
}

// OpenDrawn is Open with as many rows as there are, drawn with replacement from the stream (rng.Stream.Multinomial). Where
// hardware holds the rows, it draws them.
func (w *Worker) OpenDrawn(stream rng.Stream) {
	if w.fitter == nil {
		w.Open(stream.Multinomial(w.data.M.N))
		return
	}
	weights, err := w.fitter.Draw(stream)
	if err != nil {
		_ = w.lose(err)
		w.Open(stream.Multinomial(w.data.M.N))
		return
	}
	w.sample.reset()
	w.openWhole(weights)
	w.measure()
}

// Seeds returns the function that gives the seeds of each restart, up to k of them, as Seed does. Where the rows are held by
// hardware, all restarts draw theirs together at once.
func (w *Worker) Seeds(k int, streams []rng.Stream) func(restart int) []float32 {
	here := func(restart int) []float32 { return w.Seed(k, streams[restart]) }
	if w.fitter == nil || w.sample.total == 0 {
		return here
	}
	rows, err := w.fitter.Seed(k, streams)
	switch {
	case errors.Is(err, kernels.ErrOnHost):
		return here
	case err != nil:
		_ = w.lose(err)
		return here
	}
	return func(restart int) []float32 {
		seeds := make([]float32, 0, k*w.data.M.D)
		for _, row := range rows[restart] {
			seeds = append(seeds, w.sample.row(int(row))...)
		}
		return seeds
	}
}

// fitResident fits the cells where the rows are held. It returns the cells that are left when the hardware failed.
func (w *Worker) fitResident(ctx context.Context, starts [][]float32, maxIter int, done func(cell int, f Fit)) (left []int, err error) {
	ended := make([]bool, len(starts))
	err = w.fitter.Fit(ctx, kernels.Fits{Start: starts, MaxIter: maxIter, Fill: func(_ int, s *kernels.State) {
		r := w.runOf(s)
		r.gap = make([]float32, len(s.Labels))
		w.fillEmpty(r)
		s.Labels, s.Sums, s.Weights, s.Hash, s.Filled = r.labels, r.sums, r.weight, r.hash, r.filled
	}, Done: func(cell int, s *kernels.State) {
		f := Fit{K: len(s.Weights), Labels: s.Labels, Centroids: s.Centroids, Iterations: s.Iterations, Converged: s.Converged, complete: true}
		r := w.runOf(s)
		w.dropEmpty(r, &f)
		w.estimate(r, &f)
		ended[cell] = true
		done(cell, f)
	}})
	if err == nil || ctx.Err() != nil {
		return nil, err
	}
	if !errors.Is(err, kernels.ErrDevice) {
		return nil, fmt.Errorf("fits of %d columns: %w", w.data.M.D, err)
	}
	for cell, e := range ended {
		if !e {
			left = append(left, cell)
		}
	}
	return left, w.lose(err)
}

// runOf is a fit in progress elsewhere, as the processor's own.
func (w *Worker) runOf(s *kernels.State) *run {
	return &run{k: len(s.Weights), labels: s.Labels, c: s.Centroids, sums: s.Sums, weight: s.Weights, hash: s.Hash, filled: s.Filled,
		dirty: make([]bool, len(s.Weights))}
}
