// Package pairwise sums the Euclidean distances from each of some points to all targets, by any number of labels of the
// targets at once: what exact silhouettes are made of. It also finds the nearest row of another label and the farthest of
// the same, of which the Dunn index is made. A Device sums on a card, to the same bits; extremes the processor finds.
//
// A distance is sqrt(D), D the canonical distance of package kernels (float64, in the order of the columns, never fused),
// rounded once to a whole number of steps, ties to even. A sum is a sum of integers, exact in any order, so that it depends
// on nothing but the points, the targets and their labels: not on the processor, the number of threads, the order of
// the rows or what else is summed in the same pass. The step is a power of two and as small as the sums allow: the box
// around the targets is wider than 2^50 steps for up to 8,191 of them, 2^47 for 50,000, 2^43 for a million.
package pairwise
