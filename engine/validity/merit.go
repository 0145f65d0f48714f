package validity

import "math"

// FigureOfMerit tells how well clusters that were found without some columns foretell them (Yeung, Haynor, Ruzzo 2001, as in
// R's clValid): the root of the mean squared distance of the left-out columns, given in values, to their means in the k
// clusters, over sqrt((n - k)/n), which allows for k. Smaller is better. It is NaN where there are no more than k rows.
func FigureOfMerit(values [][]float64, labels []uint8, k int) float64 {
	n := len(labels)
	if n <= k {
		return math.NaN()
	}
	w := MomentsOf(FromColumns(values), labels, k).Inertia()
	return math.Sqrt(w/float64(n)) / math.Sqrt(float64(n-k)/float64(n))
}
