// Package bench holds the workloads by which Segovia's speed is measured, so that every path, every version and every other
// tool does the same work, and measures them.
package bench

import (
	"fmt"
	"slices"
	"strings"
)

// Kind says what a workload does with its points.
type Kind int

// The kinds of work.
const (
	KindScoring    Kind = iota // one pass of a path's Score
	KindSweep                  // the k sweep, with its bootstrap and its gap statistic
	KindSilhouette             // exact silhouettes of several labelings
	KindARI                    // adjusted Rand index of all pairs of labelings
	KindFold                   // order lines to features
	KindIterations             // fits of one model after the other, so many iterations each
	KindFits                   // restarts and replicates over the same points, so many iterations each
)

// Workload is one row of the table by which speed is judged.
type Workload struct {
	ID           string
	Title        string
	Kind         Kind
	Points       Points
	K            []int
	Restarts     int
	Bootstrap    int // pairs; their fits have as many restarts
	Init         string
	Labelings    int   // that are judged
	References   int   // sets of the gap statistic
	Dims         []int // of scoring, which goes through all pairs of these and K
	BootRestarts int
	Share        float64 // of the rows whose silhouette is taken, each against all; 0 = all
	Replicates   int     // of KindFits: resamples, fitted once for each k
	MaxIter      int     // of KindIterations and KindFits
	Sets         int     // of points, which the repeats take in turn; 0 = 1
}

// Workloads are all of them. Seeds are 1.
var Workloads = []Workload{
	{ID: "W0", Title: "one pass over a block in L2, one core", Kind: KindScoring,
		Dims: []int{5, 8, 16, 20, 32, 64, 128}, K: []int{2, 4, 8, 16, 32, 64}},
	{ID: "W1", Title: "20,000 x 16, eight Gaussian segments, k = 2..6, 5 pairs, 3 restarts, random rows", Kind: KindSweep,
		Points: Points{Rows: 20_000, Dim: 16, Segments: 8}, K: ks(2, 6), Restarts: 3, Bootstrap: 5, BootRestarts: 3, Init: "random"},
	{ID: "W2", Title: "1,453 answers to 11 yes/no questions, k = 2..8, 100 pairs, 5 restarts, random rows", Kind: KindSweep,
		Points: Points{Rows: 1_453, Dim: 11, File: "mcdonalds.csv"}, K: ks(2, 8), Restarts: 5, Bootstrap: 100, BootRestarts: 5, Init: "random"},
	{ID: "W3", Title: "50,000 x 16, eight Gaussian segments, k = 2..20, 100 pairs, 3 restarts, random rows", Kind: KindSweep,
		Points: Points{Rows: 50_000, Dim: 16, Segments: 8}, K: ks(2, 20), Restarts: 3, Bootstrap: 100, BootRestarts: 3, Init: "random"},
	{ID: "W4", Title: "200,000 x 10, eight Gaussian segments, k = 2..20, 10 restarts", Kind: KindSweep,
		Points: Points{Rows: 200_000, Dim: 10, Segments: 8}, K: ks(2, 20), Restarts: 10, Init: "kmeans++"},
	{ID: "W5", Title: "1,000,000 x 16 with 10 % noise, k = 2..15, 25 pairs, 3 restarts", Kind: KindSweep,
		Points: Points{Rows: 1_000_000, Dim: 16, Segments: 8, Noise: .1}, K: ks(2, 15), Restarts: 3, Bootstrap: 25, BootRestarts: 3, Init: "kmeans++"},
	{ID: "W6", Title: "exact silhouettes of 19 labelings of 50,000 x 16", Kind: KindSilhouette,
		Points: Points{Rows: 50_000, Dim: 16, Segments: 8}, K: ks(2, 20), Labelings: 19},
	{ID: "W7", Title: "ARI of all pairs of 200 labelings of 1,000,000 rows", Kind: KindARI,
		Points: Points{Rows: 1_000_000}, K: ks(2, 20), Labelings: 200},
	{ID: "W8", Title: "gap statistic of 100,000 x 10, k = 1..15, 50 references", Kind: KindSweep,
		Points: Points{Rows: 100_000, Dim: 10, Segments: 8}, K: ks(1, 15), Restarts: 1, Init: "kmeans++", References: 50},
	{ID: "W9", Title: "W3 on one Gaussian, which has no structure", Kind: KindSweep,
		Points: Points{Rows: 50_000, Dim: 16, Segments: 1}, K: ks(2, 20), Restarts: 3, Bootstrap: 100, BootRestarts: 3, Init: "random"},
	{ID: "W10", Title: "nine features of 200,000 customers from 10,000,000 order lines", Kind: KindFold,
		Points: Points{Rows: 10_000_000}},
	// Of devices. The points of G1 to G3 have no segments, so that every iteration moves some of them.
	{ID: "G1", Title: "10,000,000 x 32, one Gaussian, k = 4 and 16, one model of 32 iterations at a time", Kind: KindIterations,
		Points: Points{Rows: 10_000_000, Dim: 32, Segments: 1}, K: []int{4, 16}, Restarts: 1, MaxIter: 32, Sets: 3},
	{ID: "G2", Title: "the same points, k = 64", Kind: KindIterations,
		Points: Points{Name: "G1", Rows: 10_000_000, Dim: 32, Segments: 1}, K: []int{64}, Restarts: 1, MaxIter: 32, Sets: 3},
	{ID: "G3", Title: "10,000,000 x 16, one Gaussian, k = 2..32, 5 restarts and 100 replicates of 25 iterations, random rows", Kind: KindFits,
		Points: Points{Rows: 10_000_000, Dim: 16, Segments: 1}, K: ks(2, 32), Restarts: 5, Replicates: 100, MaxIter: 25, Sets: 3},
	{ID: "G4", Title: "W3, three sets of points", Kind: KindSweep,
		Points: Points{Name: "W3", Rows: 50_000, Dim: 16, Segments: 8}, K: ks(2, 20), Restarts: 3, Bootstrap: 100, BootRestarts: 3, Init: "random", Sets: 3},
	{ID: "G5", Title: "exact silhouettes of 19 labelings of 200,000 x 16", Kind: KindSilhouette,
		Points: Points{Rows: 200_000, Dim: 16, Segments: 8}, K: ks(2, 20), Labelings: 19, Sets: 3},
}

// Named returns the workloads of these ids, in the order of the table.
func Named(ids []string) ([]Workload, error) {
	var found []Workload
	for _, w := range Workloads {
		if slices.Contains(ids, w.ID) {
			found = append(found, w)
		}
	}
	for _, id := range ids {
		if !slices.ContainsFunc(Workloads, func(w Workload) bool { return w.ID == id }) {
			return nil, fmt.Errorf("there is no workload %q; there are %s", id, strings.Join(IDs(), ", "))
		}
	}
	return found, nil
}

// IDs lists the ids of all workloads.
func IDs() []string {
	var ids []string
	for _, w := range Workloads {
		ids = append(ids, w.ID)
	}
	return ids
}

// Part returns the workload with only a share of its repetitions: bootstrap pairs, where there are any, else restarts, rows
// that are judged, pairs of labelings or references; at least one. The points and every k stay.
func (w Workload) Part(fraction float64) Workload {
	part := func(n int) int { return max(1, int(float64(n)*fraction+.5)) }
	switch {
	case fraction >= 1:
	case w.Bootstrap > 0:
		w.Bootstrap = part(w.Bootstrap)
	case w.References > 0:
		w.References = max(2, part(w.References))
	case w.Kind == KindFits:
		w.Restarts, w.Replicates = part(w.Restarts), part(w.Replicates)
	case w.Kind == KindSweep:
		w.Restarts = part(w.Restarts)
	case w.Kind == KindSilhouette:
		w.Share = fraction
	case w.Kind == KindARI:
		for all := w.Labelings * (w.Labelings - 1); w.Labelings > 2 && float64(w.Labelings*(w.Labelings-1)) > fraction*float64(all); {
			w.Labelings--
		}
	}
	return w
}

// Small returns a work of the same kind that takes a moment, to see that everything runs.
func (w Workload) Small() Workload {
	w.Title += " (small)"
	if w.Points.File == "" {
		w.Points.Rows = min(w.Points.Rows, 600)
	}
	first := func(list []int, n int) []int { return list[:min(n, len(list))] }
	w.K, w.Dims, w.Labelings, w.References = first(w.K, 3), first(w.Dims, 3), min(w.Labelings, 3), min(w.References, 2)
	w.Restarts, w.Bootstrap, w.BootRestarts = min(w.Restarts, 2), min(w.Bootstrap, 2), min(w.BootRestarts, 1)
	w.Replicates, w.MaxIter = min(w.Replicates, 2), min(w.MaxIter, 17)
	return w
}

// pointsID names the random streams of the points.
func (w Workload) pointsID() string {
	id := w.ID
	if w.Points.Name != "" {
		id = w.Points.Name
	}
	if w.Points.Set > 0 {
		id = fmt.Sprintf("%s set %d", id, w.Points.Set)
	}
	return id
}

// Fits is the number of k-means fits.
func (w Workload) Fits() int { return len(w.K) * w.fitsPerK() }

func (w Workload) fitsPerK() int {
	return w.Restarts + 2*w.Bootstrap*w.BootRestarts + w.References*w.Restarts + w.Replicates
}

func ks(lo, hi int) []int {
	var k []int
	for i := lo; i <= hi; i++ {
		k = append(k, i)
	}
	return k
}
