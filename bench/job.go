package bench

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"math"

	"segovia/kernels"
)

// Job is a workload made ready: its points are there, and a path can be timed on it.
type Job struct {
	Work Workload
	// Pathless work does not go through a hardware path; Run's is nil then.
	Pathless bool
	// Devices may do pathless work too: paths whose hardware has a memory of its own.
	Devices bool
	// OneThread is work for one core.
	OneThread bool
	run       func(ctx context.Context, path kernels.Path, threads int) (Sample, error)
	sets      []func(ctx context.Context, path kernels.Path, threads int) (Sample, error) // run of each set of points, where there are several
	close     func() error                                                                // nil: nothing is left behind
}

// Sample is one run of a job.
type Sample struct {
	Seconds      float64
	WholeSeconds float64 // Seconds, scaled from the part that was run to the whole workload
	Fits         int
	Iterations   float64 // mean over k, of the fit of the data that was kept
	Pairs        float64 // of a point with a centroid; see PairsCounted
	PairsCounted string  // "exact"; "plain": those that iterations without skipping would score; "" for none
	Flops        float64 // of the pairs: two for each column
	Bytes        float64 // of points read by the passes, without skipping; 0 where they lie in a cache
	Hash         string  // SHA-256 of all results
	Cells        []Cell  // of scoring
	Set          int     // of points
	EnterSeconds float64 // of Seconds: what comes before the first of Models
	Models       []Model // of KindIterations
	Device       *DeviceSample
}

// Model is the fit of one model.
type Model struct {
	K, Iterations int
	Seconds       float64
	device        *modelTimes
}

// Cell is one shape of scoring.
type Cell struct {
	D, K, N int
	Seconds float64 // of one pass
	Pairs   float64
	labels  [sha256.Size]byte
}

// Run runs the job once.
func (j *Job) Run(ctx context.Context, path kernels.Path, threads int) (Sample, error) {
	return j.run(ctx, path, threads)
}

// RunSet runs the job once, on the points of a set; there are as many as the workload says, and they follow each other in turn.
func (j *Job) RunSet(ctx context.Context, set int, path kernels.Path, threads int) (Sample, error) {
	if len(j.sets) == 0 {
		return j.run(ctx, path, threads)
	}
	set %= len(j.sets)
	s, err := j.sets[set](ctx, path, threads)
	s.Set = set
	return s, err
}

// Close removes what Prepare wrote.
func (j *Job) Close() error {
	if j.close == nil {
		return nil
	}
	return j.close()
}

// Prepare makes the points of a workload; dir is the folder of the reference fixtures, whole the workload of which w is a
// part, for scaling. Where the workload cannot run it returns an error that wraps ErrAbsent.
func Prepare(ctx context.Context, w, whole Workload, dir string) (*Job, error) {
	j, err := prepare(ctx, w, whole, dir)
	if err != nil || w.Sets < 2 {
		return j, err
	}
	j.sets = append(j.sets, j.run)
	for w.Points.Set = 1; w.Points.Set < w.Sets; w.Points.Set++ {
		other, err := prepare(ctx, w, whole, dir)
		if err != nil {
			return nil, err
		}
		j.sets = append(j.sets, other.run)
	}
	return j, nil
}

// prepare makes the points of one set.
func prepare(ctx context.Context, w, whole Workload, dir string) (*Job, error) {
	j := &Job{Work: w}
	var err error
	switch w.Kind {
	case KindScoring:
		j.OneThread = true
		err = j.scoring()
	case KindSweep:
		err = j.sweep(whole, dir)
	case KindSilhouette:
		j.Pathless, j.Devices = true, true
		err = j.silhouettes(ctx)
	case KindARI:
		j.Pathless = true
		err = j.ari(whole)
	case KindFold:
		j.Pathless = true
		err = j.fold(ctx)
	case KindIterations:
		err = j.iterations()
	case KindFits:
		err = j.fits(whole)
	default:
		panic(fmt.Sprintf("BUG: bench: kind %d", w.Kind))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", w.ID, err)
	}
	return j, nil
}

// digest is a hash of results.
type digest struct{ hash.Hash }

func newDigest() digest { return digest{sha256.New()} }

func (d digest) floats(values ...float64) {
	for _, v := range values {
		_, _ = d.Write(binary.LittleEndian.AppendUint64(nil, math.Float64bits(v))) // a hash takes everything
	}
}

func (d digest) String() string { return hex.EncodeToString(d.Sum(nil)) }
