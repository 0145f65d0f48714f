package kmeans

import (
	"errors"

	"segovia/kernels"
)

// Fit is one clustering.
type Fit struct {
	K          int       // clusters with at least one row of positive weight; below the k asked for when rows are too few
	Labels     []uint8   // argmin of the canonical distance to Centroids: per row of the sample, after Complete per row of the matrix
	Centroids  []float32 // K rows in grid units
	Iterations int
	Converged  bool

	complete bool
	inertia  *float64  // canonical, once it was needed
	apart    *float64  // sum of distances, likewise
	about    float64   // the inertia, off by at most within
	within   float64   //
	print    [2]uint64 // equal for the same clusters in another order
}

// Worker fits on one goroutine: a scorer and buffers that are reused from fit to fit. Open names the weights of the rows
// for all that follows.
type Worker struct {
	data   *Data
	scorer kernels.Scorer
	fitter kernels.Fitter // where the rows are held by hardware; nil elsewhere
	// failure is the error of the hardware that ends all fits.
	failure error
	sample  sample

	nearest, kept, tried []float64 // seeding
	draws                draws
	taken                []bool
	candidate            []float32

	dense   *gathered
	pending []int32
	moves   moves
	stack   []kernels.Centroids
	window  kernels.Rows
	runs    []*run // that are not in use
}

// NewWorker returns a worker that scores on path, with all rows open at weight 1. Where hardware holds the rows (Hold), fits
// run there, and what else there is to do runs on the processor's path.
func (d *Data) NewWorker(path kernels.Path) (*Worker, error) {
	scorer, err := kernels.OnHost(path).Open(d.M.D)
	if err != nil {
		return nil, err
	}
	w := &Worker{data: d, scorer: scorer, dense: newGathered(d.M.D)}
	if err := w.move(); err != nil {
		_ = scorer.Close()
		return nil, err
	}
	w.Open(nil)
	return w, nil
}

// Close releases what the worker took.
func (w *Worker) Close() error {
	var err error
	if w.fitter != nil {
		err = w.fitter.Close()
	}
	return errors.Join(err, w.scorer.Close())
}

// Columns returns the number of columns of the data.
func (w *Worker) Columns() int { return w.data.M.D }
