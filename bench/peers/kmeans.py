"""k-means in other tools: each contestant fits the same rows from the same initial centroids until nothing moves.

A contestant is a function fit(points, weights, start) -> (seconds, centroids). weights are how often each row was drawn in a
bootstrap resample, or None. What a user would do once for many fits, such as copying rows, is not timed.
"""

import time

import numpy as np

MAX_ITER = 300


class Missing(Exception):
    """The tool is not installed here; the text says what is missing."""


def inertia(points, weights, centroids):
    """Weighted sum of squared distances to the nearest centroid, in float64 whatever the tool computes in."""
    c = np.asarray(centroids, dtype=np.float64)
    total = 0.0
    for lo in range(0, len(points), 65536):
        x = points[lo : lo + 65536].astype(np.float64)
        nearest = np.full(len(x), np.inf)
        for row in c:
            diff = x - row
            np.minimum(nearest, np.einsum("ij,ij->i", diff, diff), out=nearest)
        total += float(nearest.sum() if weights is None else nearest @ weights[lo : lo + 65536])
    return total


def drawn(points, weights):
    """The resample as a copy of rows, for tools that know no weights."""
    return points if weights is None else np.repeat(points, weights, axis=0)


def scikit_learn(algorithm):
    """KMeans of scikit-learn in float32, which is its faster type, with tol=0: it ends when no label changes."""
    try:
        from sklearn.cluster import KMeans
    except ImportError as missing:
        raise Missing(f"scikit-learn: {missing}")

    def fit(points, weights, start):
        model = KMeans(len(start), init=start, n_init=1, tol=0, max_iter=MAX_ITER, algorithm=algorithm)
        begin = time.perf_counter()
        model.fit(points, sample_weight=weights)
        return time.perf_counter() - begin, model.cluster_centers_

    return fit


def scikit_learn_intelex():
    """KMeans of scikit-learn-intelex. It leaves weighted rows to scikit-learn, so it gets the copied rows instead."""
    try:
        from sklearnex.cluster import KMeans
    except Exception as missing:  # it fails in many ways where it does not fit the processor or scikit-learn
        raise Missing(f"scikit-learn-intelex: {missing}")

    def fit(points, weights, start):
        points = drawn(points, weights)
        model = KMeans(len(start), init=start, n_init=1, tol=0, max_iter=MAX_ITER)
        begin = time.perf_counter()
        model.fit(points)
        return time.perf_counter() - begin, model.cluster_centers_

    return fit


def faiss_kmeans():
    """Kmeans of faiss on all rows. It knows no convergence: fit is told how good it must become and by how many iterations
    others got there, and iterates more until it is; only the last run, with enough iterations, is timed."""
    try:
        import faiss
    except ImportError as missing:
        raise Missing(f"faiss: {missing}")

    def fit(points, weights, start, iterations, wanted):
        w = None if weights is None else weights.astype(np.float32)
        while True:
            model = faiss.Kmeans(points.shape[1], len(start), niter=iterations, nredo=1, min_points_per_centroid=1,
                                 max_points_per_centroid=len(points) + 1)
            begin = time.perf_counter()
            model.train(points, weights=w, init_centroids=start)
            seconds = time.perf_counter() - begin
            if iterations >= MAX_ITER or inertia(points, weights, model.centroids) <= wanted * (1 + 1e-6):
                return seconds, model.centroids
            iterations = min(MAX_ITER, iterations + iterations // 2 + 1)

    return fit
