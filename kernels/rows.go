package kernels

// Rows are points of the grid row by row: value j of point i is Values[i*D+j]. They lie beside the tiles where single
// points are picked, since a tile spreads a point over as many cache lines as it has columns.
type Rows struct {
	N, D   int
	Values []float32 // N*D values and RowSlack more, finite ones, which may be read; nil = only Tiles are there
	Tiles  []float32 // the same points in tiles (package tile); needed only where Values is nil, and slower
	Square []float32 // |x|^2, off by at most gamma |x|^2 with gamma = 1.01 (D+4) 2^-24 (package simd)
	Scale  []float32 // 2^e per column, padded with zeros to Padded(D): a value times its scale is its integer q
}

// RowSlack is the number of values beyond the last row that vector code may read.
const RowSlack = 8

// Padded is the number of columns of a row of sums: d rounded up to a multiple of eight.
func Padded(d int) int { return (d + 7) &^ 7 }

// RowTools are what the engine needs besides scores. All results are exact, so every path returns the same.
type RowTools interface {
	// Pending appends first + i for every i with gap[i] <= limit[label[i]], ascending. gap and label have the same length,
	// labels are below k.
	Pending(dst []int32, gap []float32, label []uint8, limit *[MaxK]float32, k, first int) []int32
	// Settle sets gap[index[i]], gap[i] where index is nil, to Lower[i] - Upper[i] + slack[Label[i]], rounded down, for every
	// label of s: at most that, and less by no more than 2^-19 of the magnitudes. An infinite one becomes a very large one.
	Settle(gap []float32, index []int32, s *Scores, slack *[MaxK]float32)
	// Gather copies the named rows into the tiles of b and their squares into b.Square, and sets b.N and b.D. Both slices of
	// b must have room for whole tiles, Tiles for 8 values per lane more where D is below 8.
	Gather(b *Block, rows *Rows, index []int32)
	// Prefetch announces that Gather will be called for these rows soon.
	Prefetch(rows *Rows, index []int32)
	// Accumulate adds weight[i] times the integers of row index[i], of row i where index is nil, to
	// sums[label[i]*Padded(D)+j], for every i below len(label). Sums of padding columns are left with any value.
	Accumulate(sums []int64, rows *Rows, index []int32, label []uint8, weight []int32)
	// Potential sets dst[i] to the smaller of near[i] and dist[i] and returns the sum of weight[i] * ceil(dst[i] / largest *
	// 2^32), high and low word. Distances are canonical ones of at most largest > 0; weights lie in [0, 2^16).
	Potential(dst, near, dist []float64, weight []int32, largest float64) (hi, lo uint64)
}
