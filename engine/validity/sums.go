package validity

import (
	"context"

	"segovia/engine/internal/par"
	"segovia/kernels/pairwise"
)

// devicePairs is the number of pairs of rows from which a device is asked: 50 ms of a core at 16 columns, beside which taking the
// targets to a card counts for little.
const devicePairs = 1 << 24

// targets returns the points as targets under partitions with that many clusters in all, label c of partition q in slot
// base[q] + c.
func (p *Points) targets(partitions []Partition, slots int) (t *pairwise.Targets, base []int) {
	labels, base := make([][]uint8, len(partitions)), make([]int, len(partitions))
	next := 0
	for q, part := range partitions {
		labels[q], base[q] = part.Labels, next
		next += part.K
	}
	return pairwise.NewTargets(p.dense(), p.D, labels, base, slots), base
}

// chunks calls f for the rows, that many at a time, rows[first:end] with their values. Calls with the same worker follow each
// other.
func (p *Points) chunks(ctx context.Context, rows []int, chunk, threads int, tick func(n int),
	f func(worker int, points []float64, first, end int) error) error {
	return par.Each(ctx, threads, (len(rows)+chunk-1)/chunk, func(worker, c int) error {
		first, end := c*chunk, min((c+1)*chunk, len(rows))
		points, buf := make([]float64, 0, (end-first)*p.D), p.buffer()
		for _, i := range rows[first:end] {
			points = append(points, p.Row(buf, i)...)
		}
		if err := f(worker, points, first, end); err != nil {
			return err
		}
		if tick != nil {
			tick(end - first)
		}
		return nil
	})
}

// perRow returns for each partition and each of the rows what f makes of the sums of the distances to the rows of each
// cluster, the clusters' sizes, and the row's own cluster.
func (p *Points) perRow(ctx context.Context, partitions []Partition, slots int, rows []int, threads int, tick func(n int),
	f func(sums []float64, size []int, own int) float64) ([][]float64, error) {
	targets, base := p.targets(partitions, slots)
	values := make([][]float64, len(partitions))
	size := make([]int, slots)
	for q, part := range partitions {
		values[q] = make([]float64, len(rows))
		for _, l := range part.Labels {
			size[base[q]+int(l)]++
		}
	}
	step := targets.Step()
	err := p.sums(ctx, targets, rows, threads, tick, func(steps []uint64, first, end int) {
		sums := make([]float64, slots)
		for r := first; r < end; r++ {
			group, lane := (r-first)/pairwise.Lanes, (r-first)%pairwise.Lanes
			for s := range sums {
				sums[s] = float64(steps[(group*slots+s)*pairwise.Lanes+lane]) * step
			}
			for q, part := range partitions {
				values[q][r] = f(sums[base[q]:base[q]+part.K], size[base[q]:base[q]+part.K], int(part.Labels[rows[r]]))
			}
		}
	})
	return values, err
}

// sums calls take for the rows chunk by chunk, with the sums of the distances from rows[first:end] to t as a Summer returns
// them. The device of the points adds them up where it pays, and where there is none or it fails the processor does.
func (p *Points) sums(ctx context.Context, t *pairwise.Targets, rows []int, threads int, tick func(n int),
	take func(steps []uint64, first, end int)) error {
	chunk := t.Points()
	loaded := p.load(t, len(rows))
	if loaded != nil {
		defer func() { _ = loaded.Close() }() // what it gave is right all the same
		chunk = loaded.Points()
	}
	type worker struct {
		summer *pairwise.Summer
		steps  []uint64 // of the device
	}
	workers := make([]worker, par.Threads(threads))
	return p.chunks(ctx, rows, chunk, threads, tick, func(at int, points []float64, first, end int) error {
		w := &workers[at]
		if loaded != nil {
			steps, err := loaded.Sums(ctx, w.steps, points)
			if err == nil {
				w.steps = steps
				take(steps, first, end)
				return nil
			}
		}
		if w.summer == nil {
			w.summer = t.Summer()
		}
		for ; first < end && ctx.Err() == nil; first += t.Points() {
			n := min(t.Points(), end-first)
			take(w.summer.Sums(points[:n*p.D]), first, first+n)
			points = points[n*p.D:]
		}
		return ctx.Err()
	})
}

// load takes t to the device, if there is one, that many rows to all of t are enough work for it, and it can.
func (p *Points) load(t *pairwise.Targets, rows int) pairwise.Loaded {
	if p.Device == nil || p.N*rows < devicePairs {
		return nil
	}
	loaded, err := p.Device.Load(t)
	if err != nil {
		return nil
	}
	return loaded
}
