// Package kernels states the numeric contract that every hardware path obeys, and the interface behind which the paths
// stand. A path may be slow, none may be different: the same input and seed give the same labels on every path, every
// machine and every number of threads.
//
// # Grid
//
// A prepared column is stored as x = q * 2^-e after an offset (a multiple of the step 2^-e near the column's centre) is
// subtracted; q is an integer with |q| < 2^23 and -100 <= e <= 100, so x is exactly a float32 and q = x * 2^e exactly its
// integer. Rounding happens once, in tile.Grid.
//
// # Canonical distance
//
//	D(x, c) = sum over j = 0..d-1, in this order, of diff*diff,  diff = float64(x[j]) - float64(c[j])
//
// Every product and every sum is rounded to float64 and never fused. Whatever is published, drawn from or compared
// between runs is made of canonical distances: inertia, k-means++ weights, distance, margin, the choice of a row for an
// empty cluster. A path's own scores never leave the path.
//
// # float32 proposes, float64 decides
//
// A path may score any way it likes with a proven bound on the error of each score, underflow included. All centroids
// whose score lies within the sum of the bounds of the best are candidates; with more than one, the label is the argmin of
// D over all centroids of the model, ties to the lowest index. So every path returns the labels of float64 arithmetic.
// Bounds that are handed out for skipping are rounded outward.
//
// # Sums
//
// Weighted sums of q and of weights are int64, exact in any order. The sum of weights stays below 2^40, so a sum of q
// stays below 2^63. A centroid is float64(sum)/float64(weight), scaled by 2^-e, rounded to float32.
//
// # Randomness
//
// Streams are counter-based and named (seed, purpose, restart, replicate); package rng. They are never keyed by k, worker,
// clock or file.
//
// # Hardware with a memory of its own
//
// Scorer works on blocks in the host's memory. A path whose hardware has its own is Resident too: it holds the points there
// and does whole fits, seeds included. It obeys the same contract: what it returns is what package kmeans computes.
//
// # Seeding and iteration
//
//	seed(weights w, restart r): greedy k-means++; the run to the largest k serves every smaller k as its prefix
//	  step 0: a row drawn with probability w
//	  step j: 2 + floor(ln(j+1)) candidates, each drawn with probability w*u,
//	          u = ceil(Dmin / max(Dmin) * 2^32) with the maximum over rows of positive weight, 0 stays 0;
//	          128-bit prefix sums, draw = high word of (random 64 bit * total);
//	          the candidate with the smallest sum of w*u' (same scale) is kept, lowest row on ties
//	lloyd(w, C): repeat up to max_iter times
//	  labels = argmin of D to C
//	  for each cluster without weight, by index: among the distinct rows of positive weight in clusters with at least two
//	      such rows, the one with the largest D to its centroid moves there with all its copies, lowest row on ties
//	  C = centroids of the sums
//	  stop, converged, when no label changed; stop, not converged, when a former state of the labels returns
//
// Rows of weight zero never seed, never donate and are no part of sums; they cannot influence C, so a path is free to label
// them only once, against the last C. A fit that stops without converging is labelled once more against its last C, so
// that labels are always the argmin to the published centroids. With fewer distinct rows of positive weight than k, the
// fit has that many clusters and says so.
//
// Of the restarts over the data themselves the best for each k (smallest inertia, earliest on ties) is refined: groups of
// equal rows, in row order, move where Hartigan's exchange lowers the inertia, then Lloyd runs again, as long as the inertia
// falls. Fits over resamples, and fits from given centroids, are not refined.
package kernels
