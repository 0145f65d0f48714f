package kmeans

import (
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
	sample sample

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

// NewWorker returns a worker that scores on path, with all rows open at weight 1.
func (d *Data) NewWorker(path kernels.Path) (*Worker, error) {
	scorer, err := path.Open(d.M.D)
	if err != nil {
		return nil, err
	}
	w := &Worker{data: d, scorer: scorer, dense: newGathered(d.M.D)}
	w.Open(nil)
	return w, nil
}

// Close releases the scorer.
func (w *Worker) Close() error { return w.scorer.Close() }

// Columns returns the number of columns of the data.
func (w *Worker) Columns() int { return w.data.M.D }
