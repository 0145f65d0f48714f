package validity

import (
	"context"
	"fmt"
	"math"

	"segovia/kernels/problem"
)

// SilhouetteLimit is the number of rows up to which the silhouette called "auto" is exact: its work grows with the square,
// and 20,000 rows of 16 columns take about 0.6 s on two cores with AVX2, 3 ns a pair and core, and 4 s without
// (BenchmarkSilhouettes, BenchmarkSums). Above it, silhouetteSample rows are taken, each against all.
const (
	SilhouetteLimit  = 20_000
	silhouetteSample = 2_000
)

// Resolve returns the name of the silhouette that how stands for with n rows: "" and "auto" become "exact" or "sample:N".
func Resolve(how string, n int) string {
	switch {
	case how != "" && how != "auto":
		return how
	case n <= SilhouetteLimit:
		return "exact"
	}
	return fmt.Sprintf("sample:%d", silhouetteSample)
}

// Named holds the silhouettes of one partition; nil where they were not asked for or are not defined: they need at least two
// clusters, and fewer than rows.
type Named struct {
	Mean       *float64
	SE         *float64  // of a sampled mean
	Simplified *float64  // distances to the means instead of to rows
	Segment    []float64 // mean per cluster, of the exact or sampled one, else of the simplified one; 0 where the sample has no row
}

// SilhouettesNamed returns the silhouettes of the kind that how names for each partition: "exact", "simplified",
// "sample:N", "none", or "auto". An unknown name is SEG-CFG-003.
func SilhouettesNamed(ctx context.Context, p *Points, moments []*Moments, partitions []Partition, how string, seed uint64, threads int,
	begin func(rows int) (tick func(n int))) ([]Named, error) {
	out := make([]Named, len(partitions))
	how = Resolve(how, p.N)
	var sample int
	_, err := fmt.Sscanf(how, "sample:%d", &sample)
	sampled := err == nil && sample >= 2
	if how == "none" {
		return out, nil
	}
	if how != "exact" && how != "simplified" && !sampled {
		return nil, &problem.Problem{ID: "SEG-CFG-003", What: fmt.Sprintf("silhouette %q is not known", how),
			Fix: "use auto, exact, simplified, sample:N or none"}
	}
	var defined []Partition
	var at []int
	for i, part := range partitions {
		if part.K < 2 || part.K >= p.N {
			continue
		}
		mean, segment := Simplified(p, moments[i], part.Labels)
		out[i].Simplified, out[i].Segment = &mean, finite(segment)
		defined, at = append(defined, part), append(at, i)
	}
	if how == "simplified" || len(defined) == 0 {
		return out, nil
	}
	var rows []int
	total := p.N
	if sampled {
		if rows = Sample(seed, p.N, sample); rows != nil {
			total = len(rows)
		}
	}
	var tick func(int)
	if begin != nil {
		tick = begin(total)
	}
	results, err := Silhouettes(ctx, p, defined, rows, threads, tick)
	if err != nil {
		return nil, err
	}
	for q, i := range at {
		out[i].Mean, out[i].SE, out[i].Segment = &results[q].Mean, results[q].SE, finite(results[q].Segment)
	}
	return out, nil
}

// finite replaces the NaN of clusters of which the sample holds no row by 0, so that JSON can hold the list.
func finite(segment []float64) []float64 {
	for i, v := range segment {
		if math.IsNaN(v) {
			segment[i] = 0
		}
	}
	return segment
}
