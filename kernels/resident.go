package kernels

import (
	"context"
	"errors"

	"segovia/kernels/problem"
	"segovia/kernels/rng"
)

// Resident is a path on hardware with a memory of its own. Points are taken there once; then many fits run over them
// together, from seeds to labels, and only what is asked for comes back. What it returns is what package kmeans computes on
// any other path, bit for bit.
type Resident interface {
	Path
	// Host is the path for what is not worth a transfer.
	Host() Path
	// Worth says whether fits over n points of d columns are faster there than on Host with so many threads, where they are
	// over the distinct ones of the points if those are far fewer; and why, in a few words that begin with a small letter.
	Worth(n, distinct, d, threads int) (worth bool, why string)
	// Fallback says whether Host does what is left where the hardware fails at work; else that is an error.
	Fallback() bool
	// Hold takes the points there, for so many goroutines at once. Values, where they are given, are not needed.
	Hold(points *Rows, goroutines int) (Held, error)
}

// Held are points in the memory of the hardware. It is safe for concurrent use.
type Held interface {
	// NewFitter returns a fitter for one goroutine; it is closed before the points are. It returns ErrOnHost where the hardware
	// has room for no more of them.
	NewFitter() (Fitter, error)
	Close() error
}

// Fitter fits over held points.
type Fitter interface {
	// Weigh names the weights of the points for all that follows; nil = 1 each.
	Weigh(weights []uint16) error
	// Draw makes stream.Multinomial the weights of the points for all that follows, and returns them.
	Draw(stream rng.Stream) ([]uint16, error)
	// Seed returns for each stream up to k points drawn by greedy k-means++ (kernels/doc.go): their numbers. It returns
	// ErrOnHost where the host has to.
	Seed(k int, streams []rng.Stream) ([][]int32, error)
	// Fit runs Lloyd iterations from all starts. A cancelled ctx ends it within a few iterations.
	Fit(ctx context.Context, fits Fits) error
	Close() error
}

// Fits are fits over the same points and weights, in progress together as far as memory goes.
type Fits struct {
	Start   [][]float32 // per fit its initial centroids, row by row, 1 to MaxK of them
	MaxIter int
	// Fill is called for a fit in which a cluster has no weight. It moves points into it where it can, changing Labels, Sums,
	// Weights and Hash, and sets Filled where it did.
	Fill func(fit int, s *State)
	// Done is called once for each fit, in any order. It may keep what the state holds.
	Done func(fit int, s *State)
}

// State is a fit between two iterations, or at its end.
type State struct {
	Labels    []uint8   // per point, also those of weight zero
	Centroids []float32 // K rows of D values
	Sums      []int64   // K rows of Padded(D) integers; what stands in padding has no meaning
	Weights   []int64   // K
	Hash      [2]uint64 // of the labels of points of positive weight, relative to the first ones
	Filled    bool

	Iterations int
	Converged  bool
}

// ErrOnHost says that the host has to do it.
var ErrOnHost = errors.New("the host has to do it")

// ErrDevice is wrapped by every error of hardware with a memory of its own that fails at work: too little memory, a device
// that was lost. Nothing that it returned before is wrong, and the host can do the work anew.
var ErrDevice = errors.New("the device failed")

// DeviceFailed is the problem of work that ends because a device failed, and the host was not to go on.
func DeviceFailed(err error) error {
	return &problem.Problem{ID: "SEG-HW-003", What: "the device failed during the work", Why: err.Error(), Err: err,
		Fix: "run again; `--path auto`, or run.hardware.on_failure: cpu, lets the processor go on where a device fails"}
}

// OnHost returns the path of the processor that p stands for: its host where it is Resident, else p.
func OnHost(p Path) Path {
	if r, ok := p.(Resident); ok {
		return r.Host()
	}
	return p
}
