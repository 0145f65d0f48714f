package simd

import (
	"math"
	"math/bits"
	"slices"

	"segovia/kernels"
	"segovia/kernels/ref"
	"segovia/kernels/tile"
)

// rowTools are the kernels.RowTools on AVX2.
type rowTools struct{ plain ref.RowTools }

// compress lists, for every set of eight lanes, their numbers in ascending order, a byte each.
var compress = func() (table [256]uint64) {
	for set := range table {
		n := 0
		for rest := uint8(set); rest != 0; rest &= rest - 1 {
			table[set] |= uint64(bits.TrailingZeros8(rest)) << (8 * n)
			n++
		}
	}
	return table
}()

// Pending compares eight rows at a time.
func (r rowTools) Pending(dst []int32, gap []float32, label []uint8, limit *[kernels.MaxK]float32, k, first int) []int32 {
	n := len(gap) &^ 7
	if n > 0 {
		at := len(dst)
		if cap(dst)-at < n {
			dst = append(make([]int32, 0, 2*(at+n)), dst...)
		}
		scan := pending256AVX2
		switch {
		case k <= 8:
			scan = pending8AVX2
		case k <= 16:
			scan = pending16AVX2
		case k <= 32:
			scan = pending32AVX2
		}
		room := dst[at : at+n] // what is written at once are eight numbers, of which the last ones may not count
		dst = dst[:at+scan(&room[0], &gap[0], &label[0], &limit[0], &compress[0], n/8, first)]
	}
	return r.plain.Pending(dst, gap[n:], label[n:], limit, k, first+n)
}

// Settle computes eight gaps at a time.
func (r rowTools) Settle(gap []float32, index []int32, s *kernels.Scores, slack *[kernels.MaxK]float32) {
	n := len(s.Label) &^ 7
	var rest []int32
	if n > 0 {
		var first *int32
		if index != nil {
			first = &index[0]
		}
		settleAVX2(&gap[0], first, &s.Label[0], &s.Upper[0], &s.Lower[0], &slack[0], n/8)
	}
	if index != nil {
		rest = index[n:]
	} else {
		gap = gap[n:]
	}
	r.plain.Settle(gap, rest, &kernels.Scores{Label: s.Label[n:], Upper: s.Upper[n:], Lower: s.Lower[n:]}, slack)
}

// Gather transposes eight rows at a time.
func (r rowTools) Gather(b *kernels.Block, rows *kernels.Rows, index []int32) {
	if rows.Values == nil {
		r.pick(b, rows, index)
		return
	}
	n := len(index) &^ 7
	b.D, b.N = rows.D, len(index)
	if n > 0 {
		gatherAVX2(&b.Tiles[0], &b.Square[0], &rows.Values[0], &rows.Square[0], &index[0], n/8, rows.D)
	}
	if rest := index[n:]; len(rest) > 0 { // the last rows once more, so that there are eight
		var eight [8]int32
		for i := range eight {
			eight[i] = rest[min(i, len(rest)-1)]
		}
		t := n / tile.Lanes * tile.Lanes
		gatherAVX2(&b.Tiles[t*rows.D+n%tile.Lanes], &b.Square[n], &rows.Values[0], &rows.Square[0], &eight[0], 1, rows.D)
	}
}

// pick is Gather from tiles. Places of rows are counted from the tile of the first one of each eight, so that they fit into
// 32 bits however large the matrix is.
func (r rowTools) pick(b *kernels.Block, rows *kernels.Rows, index []int32) {
	b.D, b.N = rows.D, len(index)
	for o := 0; o < len(index); o += 8 {
		var place [8]int32
		first := slices.Min(index[o:min(o+8, len(index))]) / tile.Lanes
		far := false
		for l := range place {
			i := index[min(o+l, len(index)-1)]
			at := (int(i)/tile.Lanes-int(first))*rows.D*tile.Lanes + int(i)%tile.Lanes
			place[l], far = int32(at), far || at > math.MaxInt32
			if o+l < len(index) {
				b.Square[o+l] = rows.Square[i]
			}
		}
		if far {
			r.plain.Gather(b, rows, index)
			return
		}
		to := o/tile.Lanes*tile.Lanes*rows.D + o%tile.Lanes
		pickAVX2(&b.Tiles[to], &rows.Tiles[int(first)*rows.D*tile.Lanes], &place[0], 1, rows.D)
	}
}

// Prefetch asks for the cache lines of the rows.
func (r rowTools) Prefetch(rows *kernels.Rows, index []int32) {
	if rows.Values != nil && len(index) > 0 {
		prefetchAVX2(&rows.Values[0], &index[0], len(index), rows.D)
	}
}

// Accumulate adds eight columns at a time.
func (r rowTools) Accumulate(sums []int64, rows *kernels.Rows, index []int32, label []uint8, weight []int32) {
	if len(label) == 0 {
		return
	}
	if rows.Values == nil {
		r.plain.Accumulate(sums, rows, index, label, weight)
		return
	}
	var first *int32
	if index != nil {
		first = &index[0]
	}
	accumulateAVX2(&sums[0], &rows.Values[0], &rows.Scale[0], first, &label[0], &weight[0], len(label), rows.D)
}

// exactRows is the number of rows whose potential stays below 2^53 in each of four lanes.
const exactRows = 128

// Potential sums in float64 as long as that is exact.
func (r rowTools) Potential(dst, near, dist []float64, weight []int32, largest float64) (hi, lo uint64) {
	whole := len(dst) &^ 3
	add := func(h, l uint64) {
		var carry uint64
		lo, carry = bits.Add64(lo, l, 0)
		hi += h + carry
	}
	for i := 0; i < whole; i += exactRows {
		add(0, potentialAVX2(&dst[i], &near[i], &dist[i], &weight[i], min(exactRows, whole-i)/4, largest))
	}
	add(r.plain.Potential(dst[whole:], near[whole:], dist[whole:], weight[whole:], largest))
	return hi, lo
}
