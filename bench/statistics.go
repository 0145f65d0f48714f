package bench

import (
	"context"
	"sync"
	"time"

	"segovia/engine/ports"
	"segovia/engine/stability"
	"segovia/engine/sweep"
	"segovia/engine/validity"
	"segovia/kernels"
	"segovia/kernels/cuda"
	"segovia/kernels/pairwise"
	"segovia/kernels/paths"
	"segovia/kernels/rng"
)

// partitions labels the points for each k by one fit, on the path that auto takes: all give the same labels.
func (w Workload) partitions(ctx context.Context, in sweep.Input) ([]validity.Partition, error) {
	path, err := paths.Choose("auto")
	if err != nil {
		return nil, err
	}
	cfg := sweep.Config{K: w.K, Restarts: 1, Init: "random", Silhouette: "none", Seed: 1}
	_, solutions, err := sweep.Run(ctx, in, cfg, path, ports.Silent{})
	if err != nil {
		return nil, err
	}
	var all []validity.Partition
	for _, s := range solutions {
		all = append(all, validity.Partition{K: s.K, Labels: s.Labels})
	}
	return all, nil
}

// silhouettes makes the job of exact silhouettes of one labeling for each k.
func (j *Job) silhouettes(ctx context.Context) error {
	in, err := j.Work.Input("")
	if err != nil {
		return err
	}
	parts, err := j.Work.partitions(ctx, in)
	if err != nil {
		return err
	}
	all := validity.FromColumns(in.X)
	var rows []int // nil = all
	if j.Work.Share > 0 {
		for i := 0.0; i < float64(all.N); i += 1 / j.Work.Share {
			rows = append(rows, int(i))
		}
	}
	j.run = func(ctx context.Context, path kernels.Path, threads int) (Sample, error) {
		points := *all
		start := time.Now()
		var timing *cuda.Timing
		if path != nil {
			path, timing = timed(path, false)
			device, err := path.(pairwise.Opener).Pairwise()
			if err != nil {
				return Sample{}, err
			}
			points.Device = device
		}
		list, err := validity.Silhouettes(ctx, &points, parts, rows, threads, nil)
		if err != nil {
			return Sample{}, err
		}
		s := Sample{Seconds: time.Since(start).Seconds()}
		if points.Device != nil {
			if err := points.Device.Err(); err != nil { // the processor did it instead
				return Sample{}, err
			}
		}
		if timing != nil {
			s.Device = deviceTimes(timing.Take())
			s.Device.unit = "fp64"
			judged := points.N
			if rows != nil {
				judged = len(rows)
			}
			s.Flops = float64(judged) * float64(points.N) * pairOperations(points.D)
		}
		s.WholeSeconds = s.Seconds
		if rows != nil {
			s.WholeSeconds *= float64(points.N) / float64(len(rows))
		}
		sum := newDigest()
		for _, v := range list {
			sum.floats(v.Mean)
			sum.floats(v.Segment...)
		}
		s.Hash = sum.String()
		return s, nil
	}
	return nil
}

// labelings returns labelings with the numbers of segments of K in turn. One row in eight is drawn anew in each; the
// others follow one hidden segmentation, coarser or finer.
func (w Workload) labelings() []validity.Partition {
	n := w.Points.Rows
	hidden := make([]uint8, n)
	draw(hidden, rng.New(1, "bench hidden segments", 0, 0))
	all := make([]validity.Partition, w.Labelings)
	var wait sync.WaitGroup
	for l := range all {
		all[l] = validity.Partition{K: w.K[l%len(w.K)], Labels: make([]uint8, n)}
		wait.Go(func() {
			labels, k := all[l].Labels, all[l].K
			draw(labels, rng.New(1, "bench labelings", 0, l))
			for i, b := range labels {
				if b < 32 {
					labels[i] = uint8(int(b) * k >> 5)
				} else {
					labels[i] = uint8(int(hidden[i]) * k >> 8)
				}
			}
		})
	}
	wait.Wait()
	return all
}

// draw fills dst with bytes of a stream.
func draw(dst []uint8, s rng.Stream) {
	var word uint64
	for i := range dst {
		if i%8 == 0 {
			word = s.Uint64(0, uint64(i/8))
		}
		dst[i], word = uint8(word), word>>8
	}
}

// ari makes the job of the adjusted Rand index of all pairs of labelings.
func (j *Job) ari(whole Workload) error {
	var all []stability.Labeling
	for _, l := range j.Work.labelings() {
		all = append(all, stability.Labeling{K: l.K, Labels: l.Labels})
	}
	pairs := func(w Workload) int { return w.Labelings * (w.Labelings - 1) / 2 }
	j.run = func(ctx context.Context, _ kernels.Path, threads int) (Sample, error) {
		start := time.Now()
		values, err := stability.AllPairsARI(ctx, all, threads)
		if err != nil {
			return Sample{}, err
		}
		s := Sample{Seconds: time.Since(start).Seconds()}
		s.WholeSeconds = s.Seconds * (float64(pairs(whole)) / float64(pairs(j.Work)))
		sum := newDigest()
		sum.floats(values...)
		s.Hash = sum.String()
		return s, nil
	}
	return nil
}
