package sweep

import (
	"cmp"
	"math"
	"slices"

	"segovia/engine/stability"
)

// What makes a segment a niche. Stable is what clusterboot's authors call so (Hennig 2007: a Jaccard of 0.75 and more), and
// distinguishable what Kaufman and Rousseeuw (1990) call a structure (a silhouette above 0.25).
const (
	nicheShare      = 0.05 // at most this share of the rows
	nicheRows       = 5    // and at least so many of them
	nicheStable     = 0.75
	nicheSilhouette = 0.25
	nicheSame       = 0.5 // Jaccard above which segments of two solutions are the same: at most one can be
)

// nicheFeatures is the number of features that are named.
const nicheFeatures = 5

// findNiches looks through all solutions for small segments that are stable and distinguishable, and that the chosen
// solution does not show. Those of several k that are the same count once, at the k where they are most stable.
func (s *runner) findNiches(r *Result) {
	r.Niches = []Niche{}
	var chosen *Solution
	if r.Chosen.K != nil {
		at := slices.IndexFunc(s.solutions, func(x Solution) bool { return x.K == *r.Chosen.K })
		chosen = &s.solutions[at]
	}
	var solutions []int // of each niche
	for at, k := range r.K {
		if k.K < 2 || k.Stability == nil || len(k.SegmentSilhouette) == 0 || chosen != nil && k.K == chosen.K {
			continue
		}
		shown := make([]bool, k.K)
		if chosen != nil {
			shown = shows(stability.Cross(s.solutions[at].Labels, chosen.Labels, k.K, chosen.K))
		}
		for c, seg := range k.Stability.Segments {
			trust := seg.trust()
			size, silhouette := k.Sizes[c], k.SegmentSilhouette[c]
			if size < nicheRows || float64(size) > nicheShare*float64(r.N) || trust == nil || *trust < nicheStable || silhouette < nicheSilhouette || shown[c] {
				continue
			}
			n := Niche{K: k.K, Segment: c + 1, Customers: size, Share: float64(size) / float64(r.N), SeenAt: []int{k.K}, Stability: *trust,
				Silhouette: silhouette, SLSa: seg.SLSa}
			same := -1
			for i, other := range r.Niches {
				if s.jaccard(solutions[i], other.Segment-1, at, c) > nicheSame {
					same = i
				}
			}
			switch {
			case same < 0:
				r.Niches, solutions = append(r.Niches, n), append(solutions, at)
			default:
				n.SeenAt = append(r.Niches[same].SeenAt, k.K)
				if n.Stability > r.Niches[same].Stability {
					r.Niches[same], solutions[same] = n, at
				} else {
					r.Niches[same].SeenAt = n.SeenAt
				}
			}
		}
	}
	for i := range r.Niches {
		s.placeNiche(&r.Niches[i], s.solutions[solutions[i]], chosen)
	}
	slices.SortStableFunc(r.Niches, func(a, b Niche) int { return cmp.Compare(b.Stability, a.Stability) })
}

// shows tells for each cluster of A whether B shows it: most of its rows and of a cluster of B are the same, or a cluster
// of B is a part of it.
func shows(t stability.Table) []bool {
	shown := make([]bool, t.A)
	jaccard, _ := t.SegmentJaccard()
	_, columns, _ := t.Sums()
	for c := range shown {
		shown[c] = jaccard[c] > nicheSame
		for j, size := range columns {
			shown[c] = shown[c] || float64(t.Count[c*t.B+j]) > nicheSame*float64(size)
		}
	}
	return shown
}

// jaccard compares segment c of solution a with segment e of solution b.
func (s *runner) jaccard(a, c, b, e int) float64 {
	var both, any int
	other := s.solutions[b].Labels
	for i, l := range s.solutions[a].Labels {
		x, y := int(l) == c, int(other[i]) == e
		if x && y {
			both++
		}
		if x || y {
			any++
		}
	}
	return float64(both) / float64(any)
}

// placeNiche says in which segment of the chosen solution most of a niche lies, and what sets it apart from all rows.
func (s *runner) placeNiche(n *Niche, in Solution, chosen *Solution) {
	if chosen != nil {
		t := stability.Cross(in.Labels, chosen.Labels, in.K, chosen.K)
		row := t.Count[(n.Segment-1)*t.B : n.Segment*t.B]
		most := slices.Max(row)
		within := slices.Index(row, most) + 1
		n.Within, n.WithinOf = &within, float64(most)/float64(n.Customers)
	}
	mean, sd := s.overall()
	for j, name := range s.in.Names {
		if sd[j] > 0 {
			n.Features = append(n.Features, NicheFeature{name, (in.Moments.Mean[(n.Segment-1)*s.points.D+j] - mean[j]) / sd[j]})
		}
	}
	slices.SortStableFunc(n.Features, func(a, b NicheFeature) int { return cmp.Compare(math.Abs(b.Effect), math.Abs(a.Effect)) })
	n.Features = n.Features[:min(len(n.Features), nicheFeatures)]
}

// overall returns mean and population standard deviation of each column.
func (s *runner) overall() (mean, sd []float64) {
	if s.columnMean == nil {
		s.columnMean, s.columnSD = s.points.Spread()
	}
	return s.columnMean, s.columnSD
}
