package bench

import (
	"context"

	"segovia/engine/ports"
	"segovia/engine/sweep"
	"segovia/kernels"
)

// Config returns the sweep of the workload.
func (w Workload) Config(threads int) sweep.Config {
	return sweep.Config{K: w.K, Restarts: w.Restarts, Bootstrap: w.Bootstrap, BootRestarts: w.BootRestarts, Init: w.Init,
		Gap: w.References, Silhouette: "none", Seed: 1, Threads: threads}
}

// Input returns the workload's points, prepared; dir is where files lie.
func (w Workload) Input(dir string) (sweep.Input, error) {
	columns, err := w.Points.Columns(w.pointsID(), dir)
	if err != nil {
		return sweep.Input{}, err
	}
	return prepared(columns)
}

// sweep makes the job of a k sweep. Its time is that of the fits, the stability and the gap statistic, as they are timed in
// every sweep.
func (j *Job) sweep(whole Workload, dir string) error {
	in, err := j.Work.Input(dir)
	if err != nil {
		return err
	}
	j.run = j.Work.sweeping(whole, in)
	return nil
}

// sweeping returns the run of a k sweep.
func (w Workload) sweeping(whole Workload, in sweep.Input) func(ctx context.Context, path kernels.Path, threads int) (Sample, error) {
	return func(ctx context.Context, path kernels.Path, threads int) (Sample, error) {
		path, timing := timed(path, false)
		r, solutions, err := sweep.Run(ctx, in, w.Config(threads), path, ports.Silent{})
		if err != nil {
			return Sample{}, err
		}
		fit, stability, gap := r.Environment.Timings["fit_s"], r.Environment.Timings["stability_s"], r.Environment.Timings["gap_s"]
		s := Sample{Seconds: fit + stability + gap, Fits: r.Fits}
		s.WholeSeconds = fit * (float64(whole.Restarts) / float64(w.Restarts))
		if w.Bootstrap > 0 {
			s.WholeSeconds += stability * (float64(whole.Bootstrap) / float64(w.Bootstrap))
		}
		if w.References > 0 {
			s.WholeSeconds += gap * (float64(whole.References) / float64(w.References))
		}
		sum := newDigest()
		for i, k := range r.K {
			_, _ = sum.Write(solutions[i].Labels)
			if k.Stability != nil {
				sum.floats(k.Stability.ARI...)
			}
			if k.Gap != nil && k.GapSE != nil {
				sum.floats(*k.Gap, *k.GapSE)
			}
			s.Iterations += float64(k.Iterations) / float64(len(r.K))
			if w.References > 0 { // whose fits take other numbers of iterations
				continue
			}
			s.PairsCounted = "plain"
			passes := float64(w.fitsPerK() * k.Iterations)
			s.Pairs += passes * float64(r.N*k.K)
			s.Bytes += passes * float64(4*r.N*r.D)
		}
		s.Flops = 2 * float64(r.D) * s.Pairs
		s.Hash = sum.String()
		if timing != nil && r.Environment.Path == path.Name() { // else it left the work to the processor
			s.Device = deviceTimes(timing.Take())
		}
		return s, nil
	}
}
