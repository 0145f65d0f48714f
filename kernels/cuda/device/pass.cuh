// Points are labelled by float32 scores.
#pragma once
#include "group.cuh"

// threadAt returns a thread's share of a sub-block.
static __device__ __forceinline__ Thread threadAt(const Work &w, u64 sub) {
    u32 row = (u32)(sub * BLOCK) + threadIdx.x * POINTS;
    u32 there = row >= w.n ? 0 : w.n - row >= POINTS ? 15 : (1u << (w.n - row)) - 1;
    return {tileOf(w.tiles, sub, w.d, threadIdx.x), row, there, 0, 0};
}

static __device__ __forceinline__ float4 squaresOf(const Work &w, const Thread &a) {
    return a.there ? __ldg((const float4 *)(w.square + a.row)) : make_float4(0, 0, 0, 0);
}

// pass labels the points of the call under the models of all groups. The grid shares (group, 512 points) evenly, group by
// group, so that a block seldom changes its models.
template <int D> static __device__ __forceinline__ void passOf(const Work &w) {
    extern __shared__ float4 memory[];
    __shared__ Model models[GROUP];
    u64 subs = (w.n + BLOCK - 1) / BLOCK, total = subs * w.plan->groups;
    u64 at = total * blockIdx.x / gridDim.x, end = total * (blockIdx.x + 1) / gridDim.x;
    u32 count = 0, rows = 0, group = ~0u;
    Shared s;
    for (; at < end; at++) {
        if (u32 now = at / subs; now != group) {
            if (group != ~0u) leave(w, models, count, s, rows);
            group = now;
            rows = enter(w, group, models, count, memory, D, s, [](const Shared &s, u32, u32 row, u32 j, float v) { s.c[row * D + j] = v; });
        }
        Thread a = threadAt(w, at % subs);
        float4 x[D];
        load(x, a.tile, w.d, a.there);
        float4 square = squaresOf(w, a);
        for (u32 m = 0; m < count; m++) {
            Model &model = models[m];
            bool fresh = model.fresh;
            u32 *labels = (u32 *)(w.labels + model.slot * w.stride + w.first + a.row);
            a.old = a.there && !fresh ? *labels : 0;
            const float *c = s.c + model.row * D;
            Four f;
            scan(f, x, c, s.h + model.row, model.k);
            a.now = packed(f);
            Bounds bounds = {model.fixed, model.square, 0, 0};
            settle(a, doubts(f, square, bounds, a.there), c, D, w.d, model.k);
            close(w, a, model, s, labels);
        }
    }
    if (group != ~0u) leave(w, models, count, s, rows);
}

#define PASS(D, BLOCKS)                                                                                                                    \
    extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS) pass##D(const __grid_constant__ Work w) { passOf<D>(w); }
