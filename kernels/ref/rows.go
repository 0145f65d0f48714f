package ref

import (
	"math"
	"math/bits"

	"segovia/kernels"
	"segovia/kernels/tile"
)

// RowTools are the kernels.RowTools in plain Go, for every path that has none of its own.
type RowTools struct{}

// Pending compares one by one.
func (RowTools) Pending(dst []int32, gap []float32, label []uint8, limit *[kernels.MaxK]float32, _, first int) []int32 {
	label = label[:len(gap)]
	for i, g := range gap {
		if g <= limit[label[i]] {
			dst = append(dst, int32(first+i))
		}
	}
	return dst
}

// Settle computes in float64.
func (RowTools) Settle(gap []float32, index []int32, s *kernels.Scores, slack *[kernels.MaxK]float32) {
	for o, l := range s.Label {
		v := min(float64(s.Lower[o]), math.MaxFloat32/2) - float64(s.Upper[o]) + float64(slack[l])
		i := o
		if index != nil {
			i = int(index[o])
		}
		gap[i] = float32(v - math.Abs(v)*0x1p-22 - 0x1p-148)
	}
}

// at returns the values of point i, which stand step apart.
func at(rows *kernels.Rows, i int) (row []float32, step int) {
	if rows.Values == nil {
		return rows.Tiles[i/tile.Lanes*rows.D*tile.Lanes+i%tile.Lanes:], tile.Lanes
	}
	return rows.Values[i*rows.D:], 1
}

// Gather copies value by value.
func (RowTools) Gather(b *kernels.Block, rows *kernels.Rows, index []int32) {
	b.D, b.N = rows.D, len(index)
	for o, i := range index {
		to := o/tile.Lanes*rows.D*tile.Lanes + o%tile.Lanes
		row, step := at(rows, int(i))
		for j := range rows.D {
			b.Tiles[to+j*tile.Lanes] = row[j*step]
		}
		b.Square[o] = rows.Square[i]
	}
}

// Prefetch does nothing.
func (RowTools) Prefetch(*kernels.Rows, []int32) {}

// Accumulate adds value by value.
func (RowTools) Accumulate(sums []int64, rows *kernels.Rows, index []int32, label []uint8, weight []int32) {
	d, padded := rows.D, kernels.Padded(rows.D)
	scale := rows.Scale[:d]
	for o, l := range label {
		i := o
		if index != nil {
			i = int(index[o])
		}
		w := int64(weight[o])
		into := sums[int(l)*padded : int(l)*padded+d]
		row, step := at(rows, i)
		for j := range into {
			into[j] += w * int64(row[j*step]*scale[j])
		}
	}
}

// Potential sums in 128 bits.
func (RowTools) Potential(dst, near, dist []float64, weight []int32, largest float64) (hi, lo uint64) {
	near, dist, weight = near[:len(dst)], dist[:len(dst)], weight[:len(dst)]
	for i := range dst {
		v := min(near[i], dist[i])
		dst[i] = v
		h, l := bits.Mul64(uint64(weight[i]), Share(v, largest))
		var carry uint64
		lo, carry = bits.Add64(lo, l, 0)
		hi += h + carry
	}
	return hi, lo
}

// Share is ceil(d / largest * 2^32), by which k-means++ draws a row at distance d: positive for every positive d.
func Share(d, largest float64) uint64 { return uint64(math.Ceil(d / largest * 0x1p32)) }
