package kmeans

// Limits bound the memory of fits. They change no result.
type Limits struct {
	// Runs is the number of fits that a worker has in progress where they share passes; 0 stands for 1.
	Runs int
	// Packed bounds the bytes of the copy of the rows of a resample that a worker makes. Where it is too small, fits run over
	// the rows of the data and skip those of weight zero.
	Packed int64
	// Lean keeps no copy of the rows beside the tiles: half the memory, and slower.
	Lean bool
}

const (
	// packedBytes is Limits.Packed where memory is not short.
	packedBytes = 256 << 20
	// sharedRuns is Limits.Runs where memory is not short.
	sharedRuns = 8
	// sharedBytes is the size of a sample's rows from which on several runs share each pass over them. 200,000 x 10 (8 MB)
	// took 3 to 10 % less processor time shared, 50,000 x 16 (2 MB a resample) as much one way as the other: there labels and
	// gaps of one run stay in L2 between its passes.
	sharedBytes = 4 << 20
)

// Limits returns the limits of all workers that are made later; the caller may change them.
func (d *Data) Limits() *Limits { return &d.limits }

// Shared reports whether fits over a sample of n rows share their passes.
func (d *Data) Shared(n int) bool {
	if d.Pooling != "" {
		return d.Pooling == "shared"
	}
	return exceedsCache(n, d.M.D) && d.limits.Runs > 1
}

// exceedsCache reports whether n rows of d columns are too many for the cache.
func exceedsCache(n, d int) bool { return 4*n*d > sharedBytes }

// packedSize is the size of a copy of n rows of d columns in both layouts.
func packedSize(n, d int) int64 { return 8 * int64(n) * int64(d) }

// Need returns the bytes that fits with these limits take on so many threads, besides the matrix and the results.
func (d *Data) Need(l Limits, threads int) int64 {
	n, cols := int64(d.M.N), int64(d.M.D)
	const (
		square = 4
		groups = 4 + 16*2 // with the hash table, which has at most four times as many places as rows
		seeds  = 3 * 8
		sample = 2 + 4 + 4 + 4 // weights of the resample and of the sample, rows inside and outside
		labels = 2             // of a fit, over the sample and over all rows
		run    = 1 + 4         // labels and gaps
	)
	shared := n * (square + groups)
	if !l.Lean {
		shared += 4 * n * cols
	}
	runs := int64(1)
	if exceedsCache(d.M.N, d.M.D) {
		runs = int64(max(l.Runs, 1))
	}
	worker := n * (seeds + sample + labels + run*runs)
	if packed := packedSize(d.M.N, d.M.D); packed <= l.Packed {
		worker += packed
	}
	return shared + int64(threads)*worker
}
