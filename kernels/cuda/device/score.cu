// Scores of one block of points under one model, with bounds of the distances: what kernels.Scorer asks for.
#include "nearest.cuh"

// Scoring are the parameters of prepareModel, score and distances. cuda.scoring in Go has the same layout.
struct Scoring {
    const float *tiles, *square;
    const float *rows; // k x d
    float *negated;    // k x wide
    float *h;          // k
    Bounds *bounds;
    u8 *labels;
    float *upper, *lower; // null = not wanted
    double *distances;
    u32 n, d, wide, k;
};

// prepareModel makes of rows what score reads; one block.
extern "C" __global__ void __launch_bounds__(THREADS) prepareModel(const __grid_constant__ Scoring s) {
    prepare(s.rows, s.negated, s.h, s.bounds, s.k, s.d, s.wide, plainGamma(s.d));
}

// above and below are kernels.DistanceAbove and kernels.DistanceBelow.
static __device__ __forceinline__ float above(double square) { return __double2float_rn(__dmul_rn(__dsqrt_rn(square), 1 + 0x1p-22)); }
static __device__ __forceinline__ float below(double square) { return __double2float_rn(__dmul_rn(__dsqrt_rn(square), 1 - 0x1p-22)); }

// score labels the points of the call, 32 columns or any number (D = 0): the centroids are read from global memory, as calls
// are small.
template <int D> static __device__ __forceinline__ void scoreOf(const Scoring &s) {
    u32 t = threadIdx.x, row = blockIdx.x * BLOCK + t * POINTS;
    u32 there = row >= s.n ? 0 : s.n - row >= POINTS ? 15 : (1u << (s.n - row)) - 1;
    const float *tile = tileOf(s.tiles, blockIdx.x, s.d, t);
    Four f;
    if (D > 0) {
        float4 x[D > 0 ? D : 1];
        load(x, tile, s.d, there);
        scan(f, x, s.negated, s.h, s.k);
    } else {
        clear(f);
        for (u32 r = 0; r < s.k; r++) {
            float v[POINTS];
#pragma unroll
            for (int p = 0; p < POINTS; p++) v[p] = s.h[r];
            for (u32 j = 0; j < s.d; j++) {
                float4 x = there ? __ldg((const float4 *)(tile + j * LANES)) : make_float4(0, 0, 0, 0);
                float w = s.negated[(u64)r * s.wide + j];
                v[0] = __fmaf_rn(x.x, w, v[0]), v[1] = __fmaf_rn(x.y, w, v[1]);
                v[2] = __fmaf_rn(x.z, w, v[2]), v[3] = __fmaf_rn(x.w, w, v[3]);
            }
            offer(f, v, r);
        }
    }
    Bounds b = *s.bounds;
#pragma unroll
    for (int p = 0; p < POINTS; p++) {
        bool real = there >> p & 1;
        float square = real ? s.square[row + p] : 0, upper = 0, lower = 0;
        if (real) {
            float reach = b.slack + b.fixed + (b.slackX + b.square) * square;
            upper = sqrtf(fmaxf(square + 2 * f.best[p] + reach, 0)) * (1 + 0x1p-22f);
            lower = sqrtf(fmaxf(square + 2 * f.second[p] - reach, 0)) * (1 - 0x1p-22f);
        }
        u32 open = __ballot_sync(EVERYONE, real && doubtful(f.best[p], f.second[p], square, b));
        while (open) {
            u32 who = __ffs(open) - 1;
            open &= open - 1;
            const float *x = (const float *)__shfl_sync(EVERYONE, (u64)tile, who) + p;
            Exact e = decide(x, s.negated, s.wide, s.d, s.k);
            if (t % 32 == who) f.label[p] = e.label, upper = above(e.best), lower = below(e.second);
        }
        if (!real) continue;
        s.labels[row + p] = f.label[p];
        if (s.upper) s.upper[row + p] = upper, s.lower[row + p] = lower;
    }
}

extern "C" __global__ void __launch_bounds__(THREADS) score16(const __grid_constant__ Scoring s) { scoreOf<16>(s); }
extern "C" __global__ void __launch_bounds__(THREADS) score32(const __grid_constant__ Scoring s) { scoreOf<32>(s); }
extern "C" __global__ void __launch_bounds__(THREADS) scoreWide(const __grid_constant__ Scoring s) { scoreOf<0>(s); }

// distances are the canonical distances to the first row.
extern "C" __global__ void __launch_bounds__(THREADS) distances(const __grid_constant__ Scoring s) {
    u32 i = blockIdx.x * THREADS + threadIdx.x;
    if (i >= s.n) return;
    const float *x = s.tiles + (u64)(i / LANES) * s.d * LANES + i % LANES;
    double sum = 0;
    for (u32 j = 0; j < s.d; j++) {
        double diff = __dsub_rn(x[j * LANES], s.rows[j]);
        sum = __dadd_rn(sum, __dmul_rn(diff, diff));
    }
    s.distances[i] = sum;
}
