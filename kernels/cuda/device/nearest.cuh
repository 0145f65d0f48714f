// What the kernels share: the nearest centroid of four points per thread, decided exactly.
//
// A thread holds four neighbouring lanes of a tile (package tile) with all their columns in registers; four threads hold a
// tile, a warp 128 points, a block of 128 threads 512. Centroids are read from shared memory, the same one by all threads.
// Scores, their error bound and its proof are those of package simd: s(c) = |c|^2/2 - x.c in float32 with fused
// multiply-adds in the order of the columns, off by no more than err; where second - best > 2 err the first decides,
// elsewhere canonical distances in float64 do.
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long i64;

#define THREADS 128
#define POINTS 4                    // of a thread
#define BLOCK (THREADS * POINTS)    // points of a block, a sub-block of the work
#define LANES 16                    // of a tile
#define EVERYONE 0xFFFFFFFFu
#define LIMIT 0x1p120f              // below it, for h and |x|^2, no sum overflows
#define INFINITE __int_as_float(0x7F800000)

// Bounds of one model: err = fixed/2 + square/2 * |x|^2; the others are for the bounds of distances. Each is rounded up.
struct Bounds {
    float fixed, square, slackX, slack;
};

// plainGamma is gamma of package simd, for scores by scan.
static __device__ __forceinline__ double plainGamma(int d) { return 1.01 * (d + 4) * 0x1p-24; }

// boundsOf returns the bounds for d columns, the largest |c|^2 of a model, and the relative error gamma of a score.
static __device__ Bounds boundsOf(int d, double largest, double gamma) {
    const double up = 1 + 0x1p-20;
    double h = largest / 2;
    if (!(h < 0x1p120)) h = __longlong_as_double(0x7FF0000000000000LL); // everything is in doubt
    Bounds b;
    b.fixed = (float)(2 * (2 * gamma * h + (d + 4) * 0x1p-126) * up);
    b.square = (float)(2 * (gamma / 2 + 0x1p-40) * up);
    b.slackX = (float)(4 * gamma * up);
    b.slack = (float)(4 * gamma * h * up);
    return b;
}

// Four are the candidates of a thread's points.
struct Four {
    float best[POINTS], second[POINTS];
    u32 label[POINTS];
};

// clear makes f that of points that have seen no centroid.
static __device__ __forceinline__ void clear(Four &f) {
#pragma unroll
    for (int p = 0; p < POINTS; p++) f.best[p] = f.second[p] = INFINITE, f.label[p] = 0;
}

// offer lets centroid c with these scores compete.
static __device__ __forceinline__ void offer(Four &f, const float (&score)[POINTS], u32 c) {
#pragma unroll
    for (int p = 0; p < POINTS; p++) {
        f.second[p] = fminf(f.second[p], fmaxf(f.best[p], score[p]));
        f.label[p] = score[p] < f.best[p] ? c : f.label[p];
        f.best[p] = fminf(f.best[p], score[p]);
    }
}

// load reads the columns of a thread's points; columns beyond d, and points that are not there, are zero. tile is the first
// value of the thread's lanes.
template <int D> static __device__ __forceinline__ void load(float4 (&x)[D], const float *tile, int d, bool there) {
#pragma unroll
    for (int j = 0; j < D; j++)
        x[j] = there && j < d ? __ldg((const float4 *)(tile + j * LANES)) : make_float4(0, 0, 0, 0);
}

// scan offers the k centroids at c, rows of D negated values, whose halved squares are h.
template <int D> static __device__ __forceinline__ void scan(Four &f, const float4 (&x)[D], const float *c, const float *h, int k) {
    clear(f);
    for (int r = 0; r < k; r++, c += D) {
        float s[POINTS];
#pragma unroll
        for (int p = 0; p < POINTS; p++) s[p] = h[r];
#pragma unroll
        for (int j = 0; j < D; j += 4) {
            float4 v = *(const float4 *)(c + j);
#pragma unroll
            for (int o = 0; o < 4; o++) {
                float w = o == 0 ? v.x : o == 1 ? v.y : o == 2 ? v.z : v.w;
                s[0] = __fmaf_rn(x[j + o].x, w, s[0]);
                s[1] = __fmaf_rn(x[j + o].y, w, s[1]);
                s[2] = __fmaf_rn(x[j + o].z, w, s[2]);
                s[3] = __fmaf_rn(x[j + o].w, w, s[3]);
            }
        }
        offer(f, s, r);
    }
}

// doubtful reports whether the scores leave the nearest centroid open for a point with that square.
static __device__ __forceinline__ bool doubtful(float best, float second, float square, const Bounds &b) {
    return !(second - best > b.fixed + b.square * square) || !(square < LIMIT);
}

// packed are the labels, a byte each.
static __device__ __forceinline__ u32 packed(const Four &f) { return f.label[0] | f.label[1] << 8 | f.label[2] << 16 | f.label[3] << 24; }

// doubts has a bit for each of a thread's points, of those that are there, that is doubtful.
static __device__ __forceinline__ u32 doubts(const Four &f, float4 square, const Bounds &b, u32 there) {
    u32 open = doubtful(f.best[0], f.second[0], square.x, b) | doubtful(f.best[1], f.second[1], square.y, b) << 1 |
               doubtful(f.best[2], f.second[2], square.z, b) << 2 | doubtful(f.best[3], f.second[3], square.w, b) << 3;
    return open & there;
}

// Exact are canonical distances: to the nearest centroid and to the next one.
struct Exact {
    double best, second;
    u32 label;
};

// canonical is the canonical distance (kernels/doc.go) of the point whose column j is x[j * LANES] to the centroid whose
// column j is -c[j].
static __device__ __forceinline__ double canonical(const float *x, const float *c, int d) {
    double sum = 0;
    for (int j = 0; j < d; j++) {
        double diff = __dadd_rn((double)x[j * LANES], (double)c[j]);
        sum = __dadd_rn(sum, __dmul_rn(diff, diff));
    }
    return sum;
}

// decide finds the nearest of k centroids, ties to the lowest, by canonical distances: all lanes of a warp together for one
// point. Rows of negated centroids stand stride values apart.
static __device__ Exact decide(const float *x, const float *c, int stride, int d, int k) {
    u32 lane = threadIdx.x % 32;
    const double infinite = __longlong_as_double(0x7FF0000000000000LL);
    Exact e = {infinite, infinite, 0};
    for (int r = lane; r < k; r += 32) {
        double sum = canonical(x, c + r * stride, d);
        if (sum < e.best) {
            e.second = e.best, e.best = sum, e.label = r;
        } else if (sum < e.second) {
            e.second = sum;
        }
    }
#pragma unroll
    for (int o = 16; o > 0; o /= 2) {
        Exact other = {__shfl_xor_sync(EVERYONE, e.best, o), __shfl_xor_sync(EVERYONE, e.second, o), __shfl_xor_sync(EVERYONE, e.label, o)};
        bool closer = other.best < e.best || (other.best == e.best && other.label < e.label);
        if (closer) {
            e.second = fmin(e.best, other.second), e.best = other.best, e.label = other.label;
        } else {
            e.second = fmin(e.second, other.best);
        }
    }
    return e;
}

// tileOf returns the first value of the lanes of thread t of the block at a sub-block's tiles.
static __device__ __forceinline__ const float *tileOf(const float *tiles, u64 sub, int d, u32 t) {
    return tiles + (sub * (BLOCK / LANES) + t / POINTS) * d * LANES + t % POINTS * POINTS;
}

// prepare makes of k rows of centroids, d values each, what scan reads: negated rows of D values, padded with zeros, and
// half the squares; and their bounds. The whole block takes part.
static __device__ void prepare(const float *rows, float *negated, float *h, Bounds *bounds, int k, int d, int wide, double gamma) {
    __shared__ double largest[THREADS];
    double most = 0;
    for (int r = threadIdx.x; r < k; r += blockDim.x) {
        double sum = 0;
        for (int j = 0; j < d; j++) {
            double v = rows[(u64)r * d + j];
            sum += v * v;
            negated[(u64)r * wide + j] = -(float)v;
        }
        for (int j = d; j < wide; j++) negated[(u64)r * wide + j] = 0;
        h[r] = (float)(sum / 2);
        most = fmax(most, sum);
    }
    largest[threadIdx.x] = most;
    __syncthreads();
    if (threadIdx.x == 0) {
        for (int t = 1; t < blockDim.x; t++) most = fmax(most, largest[t]);
        *bounds = boundsOf(d, most, gamma);
    }
    __syncthreads();
}
