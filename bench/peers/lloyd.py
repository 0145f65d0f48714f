"""Plain Lloyd iterations of other tools on the same points and starts: one function for each, which gpu.py times.

Each function takes points (n x d, float32, C order), starts (k x d, float32), the device ("cuda" or "cpu") and the number of
iterations, and yields first what the tool is called, then a dictionary for each run until it is closed: `seconds`, of all
iterations, by the device's events where there is one and by the host's clock else, and `labels` after them, against the
last centroids. Points stay on the device between the runs. The first run is a warm-up. A tool that cannot run raises
Missing with the reason.
"""

import time


class Missing(Exception):
    """The tool is not installed or cannot run here."""


def _import(name):
    try:
        return __import__(name, fromlist=["x"])
    except Exception as e:  # also a library that does not load
        raise Missing(f"{name} cannot be imported: {e}") from e


def _torch(device):
    torch = _import("torch")
    if device == "cuda" and not torch.cuda.is_available():
        raise Missing("torch sees no CUDA device")
    torch.backends.cuda.matmul.allow_tf32 = False
    return torch


def _torch_time(torch, device, run):
    if device != "cuda":
        begin = time.perf_counter()
        value = run()
        return time.perf_counter() - begin, value
    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    torch.cuda.synchronize()
    start.record()
    value = run()
    end.record()
    end.synchronize()
    return start.elapsed_time(end) / 1000, value


def _torch_lloyd(name, points, starts, device, iterations, onehot, compiled):
    torch = _torch(device)
    if compiled and not hasattr(torch, "compile"):
        raise Missing(f"torch {torch.__version__} has no compile")
    x = torch.from_numpy(points).to(device)
    begin = torch.from_numpy(starts.copy()).to(device)
    k, ones = len(starts), torch.ones(len(points), device=device)

    def assign(x, c):
        return torch.addmm((c * c).sum(1) / 2, x, c.T, alpha=-1).argmin(1)

    def step(x, c, ones):
        labels = assign(x, c)
        if onehot:
            member = torch.nn.functional.one_hot(labels, k).to(x.dtype)
            sums, counts = member.T @ x, member.sum(0)
        else:
            sums = torch.zeros_like(c).index_add_(0, labels, x)
            counts = torch.zeros(k, device=x.device, dtype=x.dtype).index_add_(0, labels, ones)
        return torch.where(counts[:, None] > 0, sums / counts.clamp(min=1)[:, None], c)

    if compiled:
        step = torch.compile(step)

    def run():
        c = begin
        for _ in range(iterations):
            c = step(x, c, ones)
        return c

    yield f"{name} {torch.__version__}"
    with torch.no_grad():
        while True:
            seconds, c = _torch_time(torch, device, run)
            yield {"seconds": seconds, "labels": assign(x, c).to(torch.uint8).cpu().numpy()}


def torch_index_add(points, starts, device, iterations):
    """Eager: distances by a matrix product, argmin, index_add."""
    return _torch_lloyd("torch, index_add", points, starts, device, iterations, False, False)


def torch_onehot(points, starts, device, iterations):
    """Eager: distances by a matrix product, argmin, sums by a product with one-hot rows."""
    return _torch_lloyd("torch, one-hot", points, starts, device, iterations, True, False)


def torch_index_add_compiled(points, starts, device, iterations):
    """The first one under torch.compile."""
    return _torch_lloyd("torch.compile, index_add", points, starts, device, iterations, False, True)


def torch_onehot_compiled(points, starts, device, iterations):
    """The second one under torch.compile."""
    return _torch_lloyd("torch.compile, one-hot", points, starts, device, iterations, True, True)


def _cupy(device):
    if device != "cuda":
        raise Missing("CuPy runs on a CUDA device only")
    cupy = _import("cupy")
    try:
        cupy.cuda.runtime.getDeviceCount()
    except Exception as e:
        raise Missing(f"CuPy sees no device: {e}") from e
    return cupy


def _cupy_lloyd(name, cupy, starts, iterations, x, step, assign):
    begin = cupy.asarray(starts)
    yield f"{name} {cupy.__version__}"
    while True:
        start, end = cupy.cuda.Event(), cupy.cuda.Event()
        cupy.cuda.Device().synchronize()
        start.record()
        c = begin
        for _ in range(iterations):
            c = step(x, c)
        end.record()
        end.synchronize()
        seconds = cupy.cuda.get_elapsed_time(start, end) / 1000
        yield {"seconds": seconds, "labels": cupy.asnumpy(assign(x, c).astype(cupy.uint8))}


def cupy_scatter(points, starts, device, iterations):
    """Distances by a matrix product, argmin, scatter-add."""
    cupy = _cupy(device)
    x, k = cupy.asarray(points), len(starts)

    def assign(x, c):
        return ((c * c).sum(1) / 2 - x @ c.T).argmin(1)

    def step(x, c):
        labels = assign(x, c)
        sums = cupy.zeros_like(c)
        cupy.add.at(sums, labels, x)
        counts = cupy.bincount(labels, minlength=k).astype(cupy.float32)
        return cupy.where(counts[:, None] > 0, sums / cupy.maximum(counts, 1)[:, None], c)

    return _cupy_lloyd("CuPy, scatter-add", cupy, starts, iterations, x, step, assign)


RAW = r"""
extern "C" __global__ void lloyd(const float *x, const float *c, long long n, int k, float *sums, float *counts, unsigned char *labels) {
    extern __shared__ float memory[];
    float *own = memory, *sum = own + k * D, *count = sum + k * D;
    for (int e = threadIdx.x; e < k * D; e += blockDim.x) own[e] = c[e], sum[e] = 0;
    for (int e = threadIdx.x; e < k; e += blockDim.x) count[e] = 0;
    __syncthreads();
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < n; i += (long long)gridDim.x * blockDim.x) {
        float v[D], best = 3e38f;
        int label = 0;
        #pragma unroll
        for (int j = 0; j < D; j++) v[j] = x[i * D + j];
        for (int r = 0; r < k; r++) {
            float s = 0;
            #pragma unroll
            for (int j = 0; j < D; j++) { float t = v[j] - own[r * D + j]; s += t * t; }
            if (s < best) best = s, label = r;
        }
        labels[i] = label;
        if (sums) {
            #pragma unroll
            for (int j = 0; j < D; j++) atomicAdd(sum + label * D + j, v[j]);
            atomicAdd(count + label, 1.f);
        }
    }
    __syncthreads();
    if (!sums) return;
    for (int e = threadIdx.x; e < k * D; e += blockDim.x) atomicAdd(sums + e, sum[e]);
    for (int e = threadIdx.x; e < k; e += blockDim.x) atomicAdd(counts + e, count[e]);
}
"""


def cupy_raw(points, starts, device, iterations):
    """A kernel written by hand: a point for each thread, float32 sums in shared memory by atomics."""
    cupy = _cupy(device)
    n, d = points.shape
    k = len(starts)
    x, labels = cupy.asarray(points), cupy.empty(n, cupy.uint8)
    kernel = cupy.RawKernel(RAW, "lloyd", options=(f"-DD={d}",))
    shared = 4 * (2 * k * d + k)
    blocks = 4 * cupy.cuda.Device().attributes["MultiProcessorCount"]

    def launch(c, sums, counts):
        kernel((blocks,), (256,), (x, c, cupy.int64(n), cupy.int32(k), sums, counts, labels), shared_mem=shared)

    def step(x, c):
        sums, counts = cupy.zeros_like(c), cupy.zeros(k, cupy.float32)
        launch(c, sums, counts)
        return cupy.where(counts[:, None] > 0, sums / cupy.maximum(counts, 1)[:, None], c)

    def assign(x, c):
        launch(c, 0, 0)
        return labels

    return _cupy_lloyd("CuPy, own kernel", cupy, starts, iterations, x, step, assign)


def sklearn_lloyd(points, starts, device, iterations):
    """scikit-learn on the processor, by the host's clock."""
    cluster = _import("sklearn.cluster")
    warnings = _import("warnings")
    warnings.simplefilter("ignore")  # that it did not converge
    yield f"scikit-learn {_import('sklearn').__version__}, processor"
    while True:
        fit = cluster.KMeans(len(starts), init=starts, n_init=1, max_iter=iterations, tol=0, algorithm="lloyd")
        begin = time.perf_counter()
        fit.fit(points)
        yield {"seconds": time.perf_counter() - begin, "labels": fit.labels_.astype("uint8"), "iterations": fit.n_iter_}


def cuml_lloyd(points, starts, device, iterations):
    """cuML on the device, by the host's clock around a fit that ends with a wait."""
    if device != "cuda":
        raise Missing("cuML runs on a CUDA device only")
    cuml = _import("cuml")
    cupy = _cupy(device)
    x = cupy.asarray(points)
    yield f"cuML {cuml.__version__}"
    while True:
        fit = cuml.cluster.KMeans(n_clusters=len(starts), init=cupy.asarray(starts), n_init=1, max_iter=iterations, tol=1e-30, output_type="cupy")
        cupy.cuda.Device().synchronize()
        begin = time.perf_counter()
        fit.fit(x)
        cupy.cuda.Device().synchronize()
        yield {"seconds": time.perf_counter() - begin, "labels": cupy.asnumpy(fit.labels_).astype("uint8"), "iterations": int(fit.n_iter_)}


# On the processor an iteration of ten million rows takes long: few of them are timed there, and labels are not compared.
ON_PROCESSOR = {"scikit-learn"}

PEERS = {
    "torch index_add": torch_index_add,
    "torch one-hot": torch_onehot,
    "torch.compile index_add": torch_index_add_compiled,
    "torch.compile one-hot": torch_onehot_compiled,
    "CuPy scatter-add": cupy_scatter,
    "CuPy own kernel": cupy_raw,
    "cuML": cuml_lloyd,
    "scikit-learn": sklearn_lloyd,
}
