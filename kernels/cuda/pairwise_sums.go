package cuda

import (
	"context"
	"math"
	"time"
	"unsafe"

	"segovia/kernels/cuda/driver"
	"segovia/kernels/pairwise"
)

// A launch is made to take about launchTime, whatever the card, so that a run that is cancelled ends soon and a card that
// also draws a screen goes on drawing. The first is of firstLaunch operations: 70 ms on a card that does 0.12e12 a second in
// float64, the slowest in use.
const (
	launchTime  = 50 * time.Millisecond
	firstLaunch = 1 << 33
)

// maxRanges is the largest second extent of a grid.
const maxRanges = 1<<16 - 1

// Sums returns the sums of the distances from points, as pairwise.Loaded says.
func (l *loaded) Sums(ctx context.Context, dst []uint64, points []float64) ([]uint64, error) {
	if len(points) > l.points*l.d {
		panic("BUG: cuda: more points than a call takes")
	}
	rounded := (len(points)/l.d + pairwise.Lanes - 1) / pairwise.Lanes * pairwise.Lanes
	if need := rounded * l.slots; cap(dst) < need {
		dst = make([]uint64, need)
	} else {
		dst = dst[:need]
	}
	if len(dst) == 0 {
		return dst, nil
	}
	ln := <-l.lanes
	defer func() { l.lanes <- ln }()
	if err := l.sum(ctx, ln, dst, points); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, l.p.failed(err)
	}
	return dst, nil
}

// sum fills dst in the lane ln. Nothing is under way in it after an error of ctx.
func (l *loaded) sum(ctx context.Context, ln *lane, dst []uint64, points []float64) error {
	api, n := l.p.api, len(points)/l.d
	blocks := (n + pairwisePoints - 1) / pairwisePoints
	stride := blocks * pairwisePoints
	for i := range stride { // those beyond the last point repeat it
		row := points[min(i, n-1)*l.d:]
		for j := range l.d {
			ln.host[j*stride+i] = row[j]
		}
	}
	if err := api.CopyToDevice(ln.points, unsafe.Pointer(&ln.host[0]), 8*uint64(stride*l.d), ln.stream); err != nil {
		return err
	}
	if err := api.Fill(ln.sums, 0, 8*uint64(stride*l.slots), ln.stream); err != nil {
		return err
	}
	ranges := (l.n + rangeLength - 1) / rangeLength
	for _, g := range l.groups {
		for first := 0; first < ranges; {
			if err := ctx.Err(); err != nil {
				return err
			}
			count := min(ranges-first, maxRanges, max(1, int(l.launch.Load())/stride))
			start := time.Now()
			if err := ln.watch.mark(0); err != nil {
				return err
			}
			if err := l.run(ln, g, blocks, first, count); err != nil {
				return err
			}
			if err := ln.watch.mark(1); err != nil {
				return err
			}
			if err := api.Synchronize(ln.stream); err != nil {
				return err
			}
			if err := ln.watch.add(Distances, 0, 1, 0); err != nil {
				return err
			}
			l.adapt(time.Since(start))
			first += count
		}
	}
	if err := api.CopyToHost(unsafe.Pointer(&dst[0]), ln.sums, 8*uint64(len(dst)), ln.stream); err != nil {
		return err
	}
	return api.Synchronize(ln.stream)
}

// adapt makes the next launch larger or smaller, as the last one took its time. Results do not depend on it.
func (l *loaded) adapt(took time.Duration) {
	switch launch := l.launch.Load(); {
	case took < launchTime/2 && launch < 1<<40:
		l.launch.Store(2 * launch)
	case took > 2*launchTime && launch > 1:
		l.launch.Store(launch / 2)
	}
}

// run launches the kernel for some ranges of the targets.
func (l *loaded) run(ln *lane, g group, blocks, first, count int) error {
	magic := l.magic
	offset := uint32(-math.Float64bits(magic) >> 32)
	stride, n, d, slots := uint32(blocks*pairwisePoints), uint32(l.n), uint32(l.d), uint32(l.slots)
	labelings, length, range0 := uint32(g.labelings), uint32(rangeLength), uint32(first)
	params := []unsafe.Pointer{unsafe.Pointer(&ln.points), unsafe.Pointer(&l.values), unsafe.Pointer(&g.ranges), unsafe.Pointer(&g.ends),
		unsafe.Pointer(&g.firsts), unsafe.Pointer(&g.changes), unsafe.Pointer(&ln.sums), unsafe.Pointer(&magic), unsafe.Pointer(&offset),
		unsafe.Pointer(&stride), unsafe.Pointer(&n), unsafe.Pointer(&d), unsafe.Pointer(&slots), unsafe.Pointer(&labelings),
		unsafe.Pointer(&length), unsafe.Pointer(&range0)}
	return l.p.api.Launch(l.kernel.f, driver.Dim{X: uint32(blocks), Y: uint32(count), Z: 1}, driver.Dim{X: pairwiseThreads, Y: 1, Z: 1},
		sharedBytes(g.labelings), ln.stream, params)
}
