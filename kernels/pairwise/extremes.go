package pairwise

import "math"

// None stands for the smallest distance to a row of another label where there is no such row.
const None = math.MaxUint64

// Extremes returns, for points of the targets' columns, row by row, and each labeling, the smallest distance to the targets
// of another label (None without one) and the largest to those of the point's own (0 without one). slot holds the q slots
// of each point, one per labeling. For the point i and labeling l both stand at [i/Lanes][l][i%Lanes], in steps; otherwise
// all is as with Sums.
func (s *Summer) Extremes(points []float64, slot []uint16) (least, most []uint64) {
	t := s.t
	groups, size := s.set(points), t.q*Lanes
	s.own, s.least, s.most = grow(s.own, groups*size), grow(s.least, groups*size), grow(s.most, groups*size)
	for i := range groups * Lanes {
		own := slot[min(i, len(points)/t.d-1)*t.q:]
		for l := range t.q {
			s.own[i/Lanes*size+l*Lanes+i%Lanes] = own[l]
		}
	}
	for i := range s.least {
		s.least[i] = None
	}
	clear(s.most)
	for tile := range len(t.first) - 1 {
		s.take(tile)
		rows, length, slot := t.tile(tile)
		for g := range groups {
			s.distances(s.steps[:rows*Lanes], s.point(g), s.rows, t.d, t.Magic())
			a, b := g*size, (g+1)*size
			extremeRuns(s.least[a:b], s.most[a:b], s.own[a:b], s.steps, length, slot)
		}
	}
	return s.least, s.most
}

// extremeRuns takes the rows of t, run by run, into the extremes of each labeling: into least where the slot of the run is
// not the point's own, else into most.
func extremeRuns(least, most []uint64, own []uint16, t []uint64, length []int32, slot []uint16) {
	for _, n := range length {
		var lo, hi [Lanes]uint64
		extremes(&lo, &hi, t[:int(n)*Lanes])
		t = t[int(n)*Lanes:]
		for at := 0; at < len(own); at += Lanes {
			for l, o := range (*[Lanes]uint16)(own[at:]) {
				if o == slot[0] {
					most[at+l] = max(most[at+l], hi[l])
				} else {
					least[at+l] = min(least[at+l], lo[l])
				}
			}
			slot = slot[1:]
		}
	}
}

// extremes sets lo and hi to the smallest and the largest in each lane of rows of t.
func extremes(lo, hi *[Lanes]uint64, t []uint64) {
	const half = Lanes / 2
	for h := 0; h < Lanes; h += half {
		first := (*[half]uint64)(t[h:])
		a0, a1, a2, a3 := first[0], first[1], first[2], first[3]
		b0, b1, b2, b3 := a0, a1, a2, a3
		for at := Lanes + h; at < len(t); at += Lanes {
			v := (*[half]uint64)(t[at:])
			a0, b0 = min(a0, v[0]), max(b0, v[0])
			a1, b1 = min(a1, v[1]), max(b1, v[1])
			a2, b2 = min(a2, v[2]), max(b2, v[2])
			a3, b3 = min(a3, v[3]), max(b3, v[3])
		}
		*(*[half]uint64)(lo[h:]) = [half]uint64{a0, a1, a2, a3}
		*(*[half]uint64)(hi[h:]) = [half]uint64{b0, b1, b2, b3}
	}
}
