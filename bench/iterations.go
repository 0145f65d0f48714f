package bench

import (
	"context"
	"fmt"
	"hash/crc32"
	"runtime"
	"slices"
	"sync"
	"time"

	"segovia/engine/pool"
	"segovia/kernels"
	"segovia/kernels/cuda"
	"segovia/kernels/rng"
	"segovia/kernels/tile"
)

// gridE is the exponent of the grid of all points that are made: step is 2^-gridE.
const gridE = 18

// matrix returns what prepared makes of Columns, up to the grid, without columns in between: ten million rows take seconds on
// many cores. All values have to be below 32.
func (p Points) matrix(id string) (*tile.Matrix, error) {
	draw := p.drawing(id)
	m := &tile.Matrix{N: p.Rows, D: p.Dim, Tiles: tile.Aligned((p.Rows + tile.Lanes - 1) / tile.Lanes * tile.Lanes * p.Dim), Grids: make([]tile.Grid, p.Dim)}
	for j := range m.Grids {
		m.Grids[j].E = gridE
	}
	const rows = 1 << 12 // of a piece: whole tiles
	var wait sync.WaitGroup
	threads := runtime.GOMAXPROCS(0)
	large := make([]bool, threads)
	for t := range threads {
		wait.Go(func() {
			for first := t * rows; first < p.Rows; first += threads * rows {
				for i := first; i < min(first+rows, p.Rows); i++ {
					g := draw.segment(i)
					for j := range p.Dim {
						x := float32(draw.value(j, i, g))
						large[t] = large[t] || x >= 32 || x <= -32
						m.Tiles[(i/tile.Lanes*p.Dim+j)*tile.Lanes+i%tile.Lanes] = x
					}
				}
			}
		})
	}
	wait.Wait()
	if slices.Contains(large, true) {
		return nil, fmt.Errorf("%s: a value is beyond the grid", id)
	}
	return m, nil
}

// starts returns k distinct rows, the same for the same set of points.
func (w Workload) starts(m *tile.Matrix, k int) []float32 {
	s := rng.New(1, "bench starts", k, 0)
	taken := map[uint64]bool{}
	var rows []float32
	for draw := uint64(0); len(taken) < min(k, m.N); draw++ {
		if i := s.Below(uint64(m.N), 0, draw); !taken[i] {
			taken[i] = true
			rows = m.Row(rows, int(i))
		}
	}
	return rows
}

// fitOne fits one model of k centroids on its own.
func (w Workload) fitOne(ctx context.Context, p *pool.Pool, k, maxIter int) (pool.Fits, error) {
	var fits pool.Fits
	err := p.Run(ctx, 1, func(int) pool.Batch {
		return pool.Batch{K: []int{k}, Starts: map[int][]float32{k: w.starts(p.Data.M, k)}, MaxIter: maxIter}
	}, func(_ int, f pool.Fits) error {
		fits = f
		return nil
	}, nil)
	return fits, err
}

// iterations makes the job of one model at a time. Its time is all of it: taking the points to the device, where there is one,
// and a fit for each k.
func (j *Job) iterations() error {
	w := j.Work
	m, err := w.Points.matrix(w.pointsID())
	if err != nil {
		return err
	}
	j.run = func(ctx context.Context, path kernels.Path, threads int) (Sample, error) {
		s, err := w.iterate(ctx, m, path, threads, false)
		if err != nil || s.Device == nil {
			return s, err
		}
		apart, err := w.iterate(ctx, m, path, threads, true)
		if err != nil {
			return s, err
		}
		if apart.Hash != s.Hash {
			return s, differ(w.ID+": kernels one by one give other results than their graph", s.Hash, apart.Hash)
		}
		for i := range s.Models {
			s.Models[i].device.kernels = apart.Models[i].device.kernels
		}
		return s, nil
	}
	return nil
}

// iterate runs the job; apart is Timing.Apart.
func (w Workload) iterate(ctx context.Context, m *tile.Matrix, path kernels.Path, threads int, apart bool) (Sample, error) {
	var s Sample
	path, timing := timed(path, apart)
	start := time.Now()
	p := pool.New(m, path, threads)
	defer p.Close()
	if _, err := w.fitOne(ctx, p, 1, 1); err != nil { // points are taken to the device with the first fit
		return s, err
	}
	sum := newDigest()
	var all []cuda.Times
	if timing != nil {
		all = append(all, timing.Take())
	}
	s.EnterSeconds = time.Since(start).Seconds()
	for _, k := range w.K {
		begin := time.Now()
		fits, err := w.fitOne(ctx, p, k, w.MaxIter)
		if err != nil {
			return s, err
		}
		one := Model{K: k, Seconds: time.Since(begin).Seconds(), Iterations: fits[0].Iterations}
		if timing != nil {
			times := timing.Take()
			all = append(all, times)
			one.device = iterationTimes(times, fits[0].Iterations)
		}
		_, _ = sum.Write(fits[0].Labels)
		s.Models, s.Fits, s.Iterations = append(s.Models, one), s.Fits+1, s.Iterations+float64(one.Iterations)/float64(len(w.K))
		s.Pairs += float64(one.Iterations) * float64(m.N*k)
	}
	s.Seconds = time.Since(start).Seconds()
	s.WholeSeconds, s.PairsCounted, s.Hash = s.Seconds, "plain", sum.String()
	s.Flops = 2 * float64(m.D) * s.Pairs
	if timing != nil {
		s.Device = deviceTimes(all...)
	}
	return s, ranThere(p, path)
}

// ranThere makes sure that the work was done where it was to be.
func ranThere(p *pool.Pool, path kernels.Path) error {
	if at := p.Place(); at.Path != path.Name() {
		return fmt.Errorf("the fits ran on %s and not on %s: %s", at.Path, path.Name(), at.Why)
	}
	return nil
}

// fits makes the job of many models over the same points: restarts on the points as they are, and replicates of them.
func (j *Job) fits(whole Workload) error {
	w := j.Work
	m, err := w.Points.matrix(w.pointsID())
	if err != nil {
		return err
	}
	j.run = func(ctx context.Context, path kernels.Path, threads int) (Sample, error) {
		path, timing := timed(path, false)
		p := pool.New(m, path, threads)
		defer p.Close()
		prints := make([][]float64, w.Restarts+w.Replicates)
		start := time.Now()
		err := p.Run(ctx, len(prints), func(b int) pool.Batch {
			batch := pool.Batch{K: w.K, Seeds: []rng.Stream{rng.New(1, "bench seeds", b, 0)}, Random: true, MaxIter: w.MaxIter}
			if b >= w.Restarts {
				stream := rng.New(1, "bench replicates", b, 0)
				batch.Drawn = &stream
			}
			return batch
		}, func(b int, fits pool.Fits) error {
			for _, f := range fits { // a checksum, since hashing thirty gigabytes would be a part of the time
				prints[b] = append(prints[b], float64(crc32.Checksum(f.Labels, castagnoli)), float64(f.Iterations))
			}
			return nil
		}, nil)
		if err != nil {
			return Sample{}, err
		}
		s := Sample{Seconds: time.Since(start).Seconds(), Fits: w.Fits(), PairsCounted: "plain"}
		s.WholeSeconds = s.Seconds * (float64(whole.Fits()) / float64(w.Fits()))
		sum := newDigest()
		for _, fits := range prints {
			sum.floats(fits...)
			passes := 0.0
			for at, k := range w.K {
				n := fits[2*at+1]
				s.Iterations += n / float64(w.Fits())
				s.Pairs += n * float64(m.N*k)
				passes = max(passes, n)
			}
			s.Bytes += passes * float64(4*m.N*(m.D+1)) // models of a batch share their passes
		}
		s.Flops, s.Hash = 2*float64(m.D)*s.Pairs, sum.String()
		if timing != nil {
			s.Device = deviceTimes(timing.Take())
		}
		return s, ranThere(p, path)
	}
	return nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// labels are those of one fit for each k.
func (w Workload) labels(ctx context.Context, m *tile.Matrix, path kernels.Path) ([]uint8, error) {
	p := pool.New(m, path, 0)
	defer p.Close()
	var all []uint8
	for _, k := range w.K {
		fits, err := w.fitOne(ctx, p, k, w.MaxIter)
		if err != nil {
			return nil, err
		}
		all = append(all, fits[0].Labels...)
	}
	return all, nil
}
