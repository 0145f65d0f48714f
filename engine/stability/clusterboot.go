package stability

// ClusterJaccard returns, for each cluster of base, the largest Jaccard index with a cluster of fit over the rows whose
// weight is positive, nil = all rows: gamma of Hennig (2007) and R's fpc::clusterboot, where the resample of clusterboot
// is that of distinct rows. It is 0 for a cluster without such rows.
func ClusterJaccard(base, fit []uint8, kBase, kFit int, weights []uint16) []float64 {
	t := CrossWhere(base, fit, kBase, kFit, weights)
	gamma, _ := t.SegmentJaccard()
	return gamma
}

// Dissolved reports whether a cluster with this gamma of ClusterJaccard is lost in the resample.
func Dissolved(gamma float64) bool { return gamma <= .5 }

// Recovered reports whether a cluster with this gamma of ClusterJaccard is found again in the resample.
func Recovered(gamma float64) bool { return gamma > .75 }
