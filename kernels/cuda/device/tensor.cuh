// Points are labelled by scores that tensor cores make.
#pragma once
#include "group.cuh"

// tf32 rounds to the eleven significant bits of tensor cores.
static __device__ __forceinline__ u32 tf32(float x) {
    u32 r;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(r) : "f"(x));
    return r;
}

// multiply adds the product of 16 x 8 values of a with 8 x 8 of b to c: mma.m16n8k8, whose fragments the PTX manual describes.
static __device__ __forceinline__ void multiply(float (&c)[4], const u32 (&a)[4], u32 b0, u32 b1) {
    asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// tensor is pass with scores by tensor cores. A value is the sum of two of eleven bits, x = b + s, up to 2^-22 |x|, and
//
//     h - x.c = h - (s.b' + b.s') - b.b'
//
// leaves s.s' out, so that three products of matrices give nearly what float32 gives. The first two come first and are as
// small as 2^-10 of the last, whose d products and h are then added; multiplications are exact, and each addend of tensor
// cores, the sum so far among them, as well as each sum of four products, is off by at most 2^-23 of the magnitudes (they may
// truncate). In all, in the place of package simd's gamma,
//
//     gamma = 1.01 (3/2 d + 12) 2^-23
//
// A warp holds TILES tiles of 16 points as the rows of a; eight centroids are the columns of b. So four lanes share a point,
// and compare in the end.
template <int D, int TILES> static __device__ __forceinline__ void tensorOf(const Work &w) {
    constexpr u32 values = 2 * (D + 4), stride = D + 4; // of a row in shared memory; so that lanes meet in no bank
    constexpr u32 points = 16 * TILES, block = points * THREADS / 32;
    extern __shared__ float4 memory[];
    __shared__ Model models[GROUP];
    __shared__ __align__(16) float2 scores[THREADS / 32][points][4]; // best and second of the four lanes that share a point
    __shared__ __align__(4) u8 labels[THREADS / 32][points][4];      // and the best one's label
    __shared__ __align__(4) u8 found[THREADS / 32][points], open[THREADS / 32][points];
    u64 subs = (w.n + block - 1) / block, total = subs * w.plan->groups;
    u64 at = total * blockIdx.x / gridDim.x, end = total * (blockIdx.x + 1) / gridDim.x;
    u32 warp = threadIdx.x / 32, lane = threadIdx.x % 32, g = lane / 4, q = lane % 4, count = 0, rows = 0, group = ~0u;
    Shared s;
    for (; at < end; at++) {
        if (u32 now = at / subs; now != group) {
            if (group != ~0u) leave(w, models, count, s, rows);
            group = now;
            rows = enter(w, group, models, count, memory, values, s, [](const Shared &s, u32 rows, u32 row, u32 j, float v) {
                u32 big = tf32(v);
                s.c[row * stride + j] = __uint_as_float(big);
                s.c[(rows + row) * stride + j] = __uint_as_float(tf32(__fsub_rn(v, __uint_as_float(big))));
            });
        }
        u32 first = (u32)(at % subs * block) + warp * points; // point of the warp
        u32 row = first + lane * POINTS, there = lane * POINTS >= points || row >= w.n ? 0 : w.n - row >= POINTS ? 15 : (1u << (w.n - row)) - 1;
        Thread a = {w.tiles + ((u64)(row / LANES) * w.d) * LANES + row % LANES, row, there, 0, 0};
        u32 big[TILES][D / 8][4], small[TILES][D / 8][4];
        float square[points / 32]; // of points lane * points/32 and following
#pragma unroll
        for (u32 o = 0; o < points / 32; o++) {
            u32 p = first + lane * (points / 32) + o;
            square[o] = p < w.n ? w.square[p] : 0;
        }
#pragma unroll
        for (int i = 0; i < TILES; i++) {
            u32 p = first + i * LANES;
            const float *x = w.tiles + ((u64)(p / LANES) * w.d) * LANES;
#pragma unroll
            for (int step = 0; step < D / 8; step++)
#pragma unroll
                for (int o = 0; o < 4; o++) {
                    u32 j = step * 8 + q + o / 2 * 4;
                    float v = p < w.n && j < w.d ? __ldg(x + j * LANES + g + o % 2 * 8) : 0;
                    big[i][step][o] = tf32(v);
                    small[i][step][o] = tf32(__fsub_rn(v, __uint_as_float(big[i][step][o])));
                }
        }
        for (u32 m = 0; m < count; m++) {
            Model &model = models[m];
            float best[TILES][2], second[TILES][2];
            u32 label[TILES][2];
#pragma unroll
            for (int i = 0; i < TILES; i++)
#pragma unroll
                for (int half = 0; half < 2; half++) best[i][half] = second[i][half] = INFINITE, label[i][half] = 0;
            for (u32 c = 0; c < model.k; c += 8) {
                const float *b = s.c + (model.row + c + g) * stride + q, *bs = b + rows * stride;
                float h0 = s.h[model.row + c + 2 * q], h1 = s.h[model.row + c + 2 * q + 1];
                u32 bb[D / 8][2], sb[D / 8][2];
#pragma unroll
                for (int step = 0; step < D / 8; step++)
#pragma unroll
                    for (int o = 0; o < 2; o++) {
                        bb[step][o] = __float_as_uint(b[step * 8 + o * 4]);
                        sb[step][o] = __float_as_uint(bs[step * 8 + o * 4]);
                    }
#pragma unroll
                for (int i = 0; i < TILES; i++) {
                    float score[4] = {0, 0, 0, 0};
#pragma unroll
                    for (int step = 0; step < D / 8; step++) {
                        multiply(score, small[i][step], bb[step][0], bb[step][1]);
                        multiply(score, big[i][step], sb[step][0], sb[step][1]);
                    }
                    score[0] += h0, score[1] += h1, score[2] += h0, score[3] += h1;
#pragma unroll
                    for (int step = 0; step < D / 8; step++) multiply(score, big[i][step], bb[step][0], bb[step][1]);
#pragma unroll
                    for (int o = 0; o < 4; o++) {
                        int half = o / 2;
                        second[i][half] = fminf(second[i][half], fmaxf(best[i][half], score[o]));
                        label[i][half] = score[o] < best[i][half] ? c + 2 * q + o % 2 : label[i][half];
                        best[i][half] = fminf(best[i][half], score[o]);
                    }
                }
            }
#pragma unroll
            for (int i = 0; i < TILES; i++)
#pragma unroll
                for (int half = 0; half < 2; half++) {
                    u32 p = i * LANES + g + 8 * half;
                    scores[warp][p][q] = make_float2(best[i][half], second[i][half]);
                    labels[warp][p][q] = label[i][half];
                }
            __syncwarp();
            Bounds bounds = {model.fixed, model.square, 0, 0};
#pragma unroll
            for (u32 o = 0; o < points / 32; o++) { // each lane compares what four found of its points
                u32 p = lane * (points / 32) + o;
                float4 a01 = *(const float4 *)&scores[warp][p][0], a23 = *(const float4 *)&scores[warp][p][2];
                float low01 = fminf(a01.x, a01.z), low23 = fminf(a23.x, a23.z), nearest = fminf(low01, low23);
                float next = fminf(fminf(fmaxf(a01.x, a01.z), fmaxf(a23.x, a23.z)), fmaxf(low01, low23));
                next = fminf(next, fminf(fminf(a01.y, a01.w), fminf(a23.y, a23.w)));
                // Of several lanes with the best score any may win: then it is in doubt.
                u32 winner = a01.x == nearest ? 0 : a01.z == nearest ? 8 : a23.x == nearest ? 16 : 24;
                found[warp][p] = *(const u32 *)labels[warp][p] >> winner;
                open[warp][p] = doubtful(nearest, next, square[o], bounds);
            }
            __syncwarp();
            u32 doubts = 0;
            if (there) {
                a.now = *(const u32 *)&found[warp][lane * POINTS];
                u32 flags = *(const u32 *)&open[warp][lane * POINTS];
                doubts = (flags & 1 | flags >> 7 & 2 | flags >> 14 & 4 | flags >> 21 & 8) & there;
            }
            __syncwarp();
            u32 *kept = (u32 *)(w.labels + model.slot * w.stride + w.first + row);
            a.old = there && !model.fresh ? *kept : 0;
            settle(a, doubts, w.negated + (u64)model.slot * w.kmax * w.wide, w.wide, w.d, model.k);
            close(w, a, model, s, kept);
        }
    }
    if (group != ~0u) leave(w, models, count, s, rows);
}

#define TENSOR(D, TILES, BLOCKS)                                                                                                           \
    extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS) tensor##D(const __grid_constant__ Work w) { tensorOf<D, TILES>(w); }
