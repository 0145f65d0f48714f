package stability

import (
	"math"
	"testing"

	"segovia/engine/kmeans"
)

// Ten pairs of flexclust::bootFlexclust on iris, k = 3, recomputed from the fitted centroids: every adjusted Rand index.
// The fixture lists the ten resamples of side 1 and then those of side 2, in the order of the pairs: the centroids are the
// means of the resampled rows that are nearest to them.
func TestReplayOfIris(t *testing.T) {
	x := columns(reference(t, "iris_r.csv"))
	drawn, centers, ari := reference(t, "iris_boot_k3_index.csv"), reference(t, "iris_boot_k3_centers.csv"), reference(t, "iris_boot_k3_ari.csv")
	if len(drawn) != 20 || len(centers) != 60 || len(ari) != 10 {
		t.Fatalf("%d resamples, %d centroids, %d pairs", len(drawn), len(centers), len(ari))
	}
	for pair := range 10 {
		var sides [2][]uint8
		for side := range sides {
			var centroids [][]float64
			for _, line := range centers[(2*pair+side)*3:][:3] {
				if int(line[0]) != pair+1 || int(line[1]) != side+1 {
					t.Fatalf("pair %v side %v, want %d %d", line[0], line[1], pair+1, side+1)
				}
				centroids = append(centroids, line[3:])
			}
			labels := kmeans.Nearest(x, centroids)
			sides[side] = labels
			resample := drawn[10*side+pair]
			if int(resample[0]) != side+1 || len(resample) != 151 {
				t.Fatalf("side %v with %d numbers", resample[0], len(resample))
			}
			var size [3]float64
			var sums [3][4]float64
			for _, row := range resample[1:] {
				i := int(row) - 1
				size[labels[i]]++
				for j := range x {
					sums[labels[i]][j] += x[j][i]
				}
			}
			for c, centroid := range centroids {
				for j, v := range centroid {
					// The fixture has 15 digits, the sum of 150 values is off by at most 150 roundings.
					if mean := sums[c][j] / size[c]; math.Abs(mean-v) > 1e-14*150*v {
						t.Errorf("pair %d, side %d: centroid %d is %v, the mean %v", pair+1, side+1, c+1, v, mean)
					}
				}
			}
		}
		if got := Cross(sides[0], sides[1], 3, 3).ARI(); math.Abs(got-ari[pair][1]) > 1e-12 {
			t.Errorf("pair %d: %v, want %v", pair+1, got, ari[pair][1])
		}
	}
}
