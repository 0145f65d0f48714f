// Package pool is the many-model engine: batches of k-means problems over the same points go in, fits come out. Results
// depend on the batches alone, never on the number of workers or on who fits what.
package pool

import (
	"context"
	"fmt"
	"sync"

	"segovia/engine/internal/par"
	"segovia/engine/kmeans"
	"segovia/kernels"
	"segovia/kernels/problem"
	"segovia/kernels/rng"
	"segovia/kernels/tile"
)

// Batch is a stack of models that share the points and the weights of their rows: several k, each with several restarts.
type Batch struct {
	Weights []uint16 // per row, nil = 1 each
	// Drawn gives the weights instead: as many rows as there are, drawn with replacement from the stream.
	Drawn *rng.Stream
	K     []int // ascending
	// Seeds names the stream of each restart: all k of one restart start from prefixes of one run to the largest k.
	Seeds  []rng.Stream
	Random bool // start from random distinct rows instead of k-means++
	Alike  bool // with Random: each distinct value has the same chance, not each row
	// Starts gives the initial centroids per k instead (grid units); then there is one restart and Seeds is not used.
	Starts  map[int][]float32
	MaxIter int
	// ByDistance keeps the restart with the smallest sum of Euclidean distances instead of the smallest inertia.
	ByDistance bool
	// Half, if not nil, is given the best fits of the first half of two or more restarts, before all are done.
	Half func(fits Fits)
}

// Fits are the best fits of one batch: smallest inertia over the restarts, the earliest on ties; by position in Batch.K.
type Fits []kmeans.Fit

// maxWeight bounds the sum of weights, so that sums of weighted grid integers stay within int64.
const maxWeight = 1 << 40

// Pool fits batches over one matrix on one path.
type Pool struct {
	Data    *kmeans.Data
	Path    kernels.Path
	Threads int // 0 = all

	place place
}

// New returns a pool over m without a limit of memory.
func New(m *tile.Matrix, path kernels.Path, threads int) *Pool {
	return &Pool{Data: kmeans.NewData(m), Path: path, Threads: threads}
}

// Fit makes the pool keep within a number of bytes besides the matrix and the labels of the fits: it does without copies
// of the rows, runs fewer fits at once, or works on fewer threads. It returns a *TooLittleError where that is not enough.
func (p *Pool) Fit(memory int64) error {
	threads := par.Threads(p.Threads)
	plain := *p.Data.Limits()
	for _, try := range []struct {
		limits  kmeans.Limits
		threads int
	}{
		{plain, threads},
		{kmeans.Limits{Runs: 1, Packed: plain.Packed}, threads},
		{kmeans.Limits{Runs: 1}, threads},
		{kmeans.Limits{Runs: 1, Lean: true}, threads},
		{kmeans.Limits{Runs: 1}, 1},
		{kmeans.Limits{Runs: 1, Lean: true}, 1},
	} {
		if p.Data.Need(try.limits, try.threads) <= memory {
			*p.Data.Limits(), p.Threads = try.limits, try.threads
			return nil
		}
	}
	return &TooLittleError{p.Data.Need(kmeans.Limits{Runs: 1, Lean: true}, 1)}
}

// TooLittleError says how many bytes a pool needs at least, besides the matrix and the labels of the fits.
type TooLittleError struct{ Least int64 }

// Error names the bytes.
func (e *TooLittleError) Error() string { return fmt.Sprintf("fits need at least %d bytes", e.Least) }

// Best returns the best fits of one batch without weights, whose restarts it spreads over the cores. tick is as for Run.
func (p *Pool) Best(ctx context.Context, b Batch, tick func()) (Fits, error) {
	var mu sync.Mutex
	best := b.bests()
	restarts := len(b.Seeds)
	if b.Starts != nil {
		restarts = 1
	}
	err := p.each(ctx, restarts, func(w *kmeans.Worker, r int) error {
		one := b
		if b.Starts == nil {
			one.Seeds = b.Seeds[r : r+1]
		}
		fits, err := fit(ctx, w, one, tick)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		for at, f := range fits {
			best.keep(w, at, r, f)
		}
		return nil
	})
	return best.fits, err
}

// bests are the best fits so far, one for each k, and the restarts that they come from, + 1.
type bests struct {
	fits   Fits
	from   []int
	better func(w *kmeans.Worker, f, g *kmeans.Fit) bool
}

func (b Batch) bests() *bests {
	better := (*kmeans.Worker).Better
	if b.ByDistance {
		better = (*kmeans.Worker).Closer
	}
	return &bests{make(Fits, len(b.K)), make([]int, len(b.K)), better}
}

// keep takes f of a restart if it is the best so far, or as good and from an earlier restart, in whatever order the
// restarts end.
func (b *bests) keep(w *kmeans.Worker, at, restart int, f kmeans.Fit) {
	best := &b.fits[at]
	if b.from[at] == 0 || b.better(w, &f, best) || restart+1 < b.from[at] && !b.better(w, best, &f) {
		*best, b.from[at] = f, restart+1
	}
}

// Refine improves the fits of unweighted rows by exchanges (kmeans.Worker.Refine), each on its own.
func (p *Pool) Refine(ctx context.Context, fits Fits, maxIter int) (Fits, error) {
	refined := make(Fits, len(fits))
	err := p.each(ctx, len(fits), func(w *kmeans.Worker, i int) error {
		var err error
		refined[i], err = w.Refine(ctx, fits[i], maxIter)
		return err
	})
	return refined, err
}

// Pooling says how models share the processor: "per-model", each core works on one model at a time, or "shared", each core, or the
// device that holds the rows, passes once over them for several models.
func (p *Pool) Pooling() string {
	there, ok := p.Path.(kernels.Resident)
	if ok && p.Place().Path == there.Name() || p.Data.Shared(p.Data.M.N) {
		return "shared"
	}
	return "per-model"
}

// Run fits the batches 0..n-1. open builds batch b when a worker is ready for it; done takes its fits, and tick, which may
// be nil, is told of each fit as it ends. open, done and tick are called from several goroutines at once, but done for b
// only after open for b. The first error, in the order of b, ends the run; a cancelled ctx ends it within one fit.
func (p *Pool) Run(ctx context.Context, n int, open func(b int) Batch, done func(b int, fits Fits) error, tick func()) error {
	return p.each(ctx, n, func(w *kmeans.Worker, b int) error {
		fits, err := fit(ctx, w, open(b), tick)
		if err != nil {
			return err
		}
		return done(b, fits)
	})
}

// each calls f for every i below n with the worker of the goroutine that it runs on.
func (p *Pool) each(ctx context.Context, n int, f func(w *kmeans.Worker, i int) error) error {
	if err := p.settle(); err != nil {
		return err
	}
	workers := make([]*kmeans.Worker, par.Threads(p.Threads))
	defer func() {
		for _, w := range workers {
			if w != nil {
				w.Close()
			}
		}
	}()
	return par.Each(ctx, len(workers), n, func(worker, i int) error {
		if workers[worker] == nil {
			w, err := p.Data.NewWorker(p.Path)
			if err != nil {
				return err
			}
			workers[worker] = w
		}
		return f(workers[worker], i)
	})
}

// fit finds the best fits of a batch.
func fit(ctx context.Context, w *kmeans.Worker, b Batch, tick func()) (Fits, error) {
	var sum uint64
	for _, v := range b.Weights {
		sum += uint64(v)
	}
	if sum >= maxWeight {
		return nil, &problem.Problem{ID: "SEG-NUM-002", What: fmt.Sprintf("the weights sum up to %d", sum),
			Why: "integer sums are exact only below 2^40", Fix: "use fewer rows or smaller weights"}
	}
	if b.Drawn != nil {
		w.OpenDrawn(*b.Drawn)
	} else {
		w.Open(b.Weights)
	}
	best, half := b.bests(), b.bests()
	d := w.Columns()
	restart, seeds := -1, []float32(nil)
	var drawn func(restart int) []float32
	cells := len(b.K) * max(len(b.Seeds), 1)
	if b.Starts != nil {
		cells = len(b.K)
	}
	start := func(cell int) []float32 {
		k := b.K[cell%len(b.K)]
		if b.Starts != nil {
			return b.Starts[k]
		}
		if r := cell / len(b.K); r != restart {
			restart = r
			switch largest := b.K[len(b.K)-1]; {
			case b.Random && b.Alike:
				seeds = w.SeedValues(largest, b.Seeds[r])
			case b.Random:
				seeds = w.SeedRandom(largest, b.Seeds[r])
			default:
				if drawn == nil {
					drawn = w.Seeds(largest, b.Seeds)
				}
				seeds = drawn(r)
			}
		}
		return seeds[:min(k*d, len(seeds))]
	}
	err := w.FitAll(ctx, cells, start, b.MaxIter, func(cell int, f kmeans.Fit) {
		at, restart := cell%len(b.K), cell/len(b.K)
		best.keep(w, at, restart, f)
		if b.Half != nil && restart < len(b.Seeds)/2 {
			half.keep(w, at, restart, f)
		}
		if tick != nil {
			tick()
		}
	})
	if err != nil {
		return nil, err
	}
	for at := range best.fits {
		w.Complete(&best.fits[at])
	}
	if b.Half != nil && len(b.Seeds) > 1 {
		for at, from := range half.from {
			if from == best.from[at] {
				half.fits[at] = best.fits[at]
				continue
			}
			w.Complete(&half.fits[at])
		}
		b.Half(half.fits)
	}
	return best.fits, nil
}
