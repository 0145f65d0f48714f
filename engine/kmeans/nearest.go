package kmeans

import "math"

// Nearest returns the label of each row of the columns x: the nearest of 1 to 256 centroids, the lowest on ties, by
// canonical distances between unrounded float64 values. It is for centroids from elsewhere, which no grid holds; fits label
// through a path.
func Nearest(x [][]float64, centroids [][]float64) []uint8 {
	if len(x) == 0 {
		return nil
	}
	labels := make([]uint8, len(x[0]))
	row := make([]float64, len(x))
	for i := range labels {
		for j, column := range x {
			row[j] = column[i]
		}
		least := math.Inf(1)
		for c, centroid := range centroids {
			var distance float64
			for j, v := range row {
				diff := v - centroid[j]
				distance += float64(diff * diff)
			}
			if distance < least {
				least, labels[i] = distance, uint8(c)
			}
		}
	}
	return labels
}
