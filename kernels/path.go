package kernels

// Path is one way of scoring points against centroids on some hardware.
type Path interface {
	// Name is the path's name on the command line, for example "avx512".
	Name() string
	// Available returns nil, or an error that wraps ErrUnavailable and says why the path cannot run here.
	Available() error
	// Open returns a Scorer for points of d dimensions. It fails as Available does.
	Open(d int) (Scorer, error)
}

// Scorer scores blocks of tiles against stacks of centroids. One Scorer belongs to one goroutine.
type Scorer interface {
	// Load takes the models that the following calls of Score name by their position. The stack may change after the call.
	Load(stack []Centroids)
	// Score labels every point of b under one of the loaded models.
	//
	// A call is coarse: 10 to 1,000 microseconds of work, thousands of point-centroid pairs.
	Score(dst *Scores, b Block, model int)
	// Distances sets dst[i] to the canonical distance D (kernels/doc.go) from point i of b to the row c of d values.
	// len(dst) is the number of points of b.
	Distances(dst []float64, b Block, c []float32)
	RowTools
	// Close releases what Open took.
	Close() error
}

// Block is a run of whole tiles (package tile): for tile t, feature j and lane l the value is
// Tiles[(t*D+j)*16+l]. Only the first N points count; lanes beyond hold values that no result depends on.
type Block struct {
	D     int
	N     int
	Tiles []float32
	// Square, where it is not nil, holds |x|^2 of every point as Rows has it; a path that needs it is spared the work.
	Square []float32
}

// Centroids is one model of a stack: K rows of d values, row by row. Several models stacked share one pass over a block.
type Centroids struct {
	K int
	C []float32
}

// Scores is what a path says of one block under one model. The caller owns the slices; Upper and Lower may be nil when
// they are not wanted.
type Scores struct {
	// Label holds the labels of the last pass on entry and argmin D on return (ties to the lowest index), one byte each.
	Label []uint8
	// Moved is set to the points of the block, ascending, whose label changed. Its capacity is reused.
	Moved []int32
	// Upper is at least the Euclidean distance to the labelled centroid, Lower at most that to the nearest other one
	// (+Inf where there is none); both rounded outward.
	Upper, Lower []float32
}

// MaxK is the largest number of centroids of one model: a label is a byte.
const MaxK = 256
