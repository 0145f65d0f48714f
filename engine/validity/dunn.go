package validity

import (
	"context"
	"math"
	"sync"

	"segovia/engine/internal/par"
	"segovia/kernels/pairwise"
)

// Dunn returns the Dunn index (Dunn 1974) of several partitions of the same points in one pass over the distances: the
// smallest Euclidean distance between rows of different clusters over the largest within one. It is NaN where it is not
// defined: with fewer than two clusters with rows, or where the rows of each cluster are equal. Distances are rounded as
// package pairwise says, and found by the processor: a device only sums. The work is O(n^2 d). tick, if not nil, is told of rows done.
func Dunn(ctx context.Context, p *Points, partitions []Partition, threads int, tick func(n int)) ([]float64, error) {
	dunn := make([]float64, 0, len(partitions))
	rows := p.rows()
	for at := 0; at < len(partitions); {
		slots, end := room(partitions, at)
		least, most, err := p.extremes(ctx, partitions[at:end], slots, rows, threads, tick)
		if err != nil {
			return nil, err
		}
		for q := range least {
			if least[q] == pairwise.None || most[q] == 0 {
				dunn = append(dunn, math.NaN())
				continue
			}
			dunn = append(dunn, float64(least[q])/float64(most[q]))
		}
		at = end
	}
	return dunn, nil
}

// extremes returns for each partition the smallest distance between clusters and the largest within one, in steps.
func (p *Points) extremes(ctx context.Context, partitions []Partition, slots int, rows []int, threads int, tick func(n int)) (least, most []uint64, err error) {
	targets, base := p.targets(partitions, slots)
	least, most = make([]uint64, len(partitions)), make([]uint64, len(partitions))
	for q := range least {
		least[q] = pairwise.None
	}
	summers := make([]*pairwise.Summer, par.Threads(threads))
	var mu sync.Mutex
	err = p.chunks(ctx, rows, targets.Points(), threads, tick, func(worker int, points []float64, first, end int) error {
		if summers[worker] == nil {
			summers[worker] = targets.Summer()
		}
		slot := make([]uint16, 0, (end-first)*len(partitions))
		for _, i := range rows[first:end] {
			for q, part := range partitions {
				slot = append(slot, uint16(base[q]+int(part.Labels[i])))
			}
		}
		lo, hi := summers[worker].Extremes(points, slot)
		mu.Lock()
		defer mu.Unlock()
		for at := range lo { // lanes beyond the last row repeat it
			q := at / pairwise.Lanes % len(partitions)
			least[q], most[q] = min(least[q], lo[at]), max(most[q], hi[at])
		}
		return nil
	})
	return least, most, err
}
