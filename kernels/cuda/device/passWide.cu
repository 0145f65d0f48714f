#include "pass.cuh"

// passWide is pass for any number of columns: centroids come eight at a time and 64 columns of them at a time, points are
// read again for each eight, and sums are changed where they lie. A group is one model.
#define EIGHT 8
#define STAGE 64
extern "C" __global__ void __launch_bounds__(THREADS) passWide(const __grid_constant__ Work w) {
    __shared__ __align__(16) float stage[STAGE][EIGHT];
    u64 subs = (w.n + BLOCK - 1) / BLOCK, total = subs * w.plan->groups;
    u32 t = threadIdx.x, lane = t % 32;
    for (u64 at = total * blockIdx.x / gridDim.x, end = total * (blockIdx.x + 1) / gridDim.x; at < end; at++) {
        u32 number = w.order[at / subs];
        Slot &slot = w.slots[number];
        bool fresh = slot.fresh;
        u32 k = slot.k, d = w.d;
        u64 base = (u64)number * w.kmax;
        Thread a = threadAt(w, at % subs);
        u32 *labels = (u32 *)(w.labels + number * w.stride + w.first + a.row);
        a.old = a.there && !fresh ? *labels : 0;
        Four f;
        clear(f);
        for (u32 c = 0; c < k; c += EIGHT) {
            float score[EIGHT][POINTS];
#pragma unroll
            for (int o = 0; o < EIGHT; o++)
#pragma unroll
                for (int p = 0; p < POINTS; p++) score[o][p] = c + o < k ? w.h[base + c + o] : INFINITE;
            for (u32 first = 0; first < d; first += STAGE) {
                u32 columns = min(STAGE, d - first);
                __syncthreads();
                for (u32 e = t; e < STAGE * EIGHT; e += THREADS) {
                    u32 j = e % STAGE, o = e / STAGE;
                    stage[j][o] = j < columns && c + o < k ? w.negated[(base + c + o) * w.wide + first + j] : 0;
                }
                __syncthreads();
                for (u32 j = 0; j < columns; j++) {
                    float4 x = a.there ? __ldg((const float4 *)(a.tile + (first + j) * LANES)) : make_float4(0, 0, 0, 0);
#pragma unroll
                    for (int o = 0; o < EIGHT; o++) {
                        float v = stage[j][o];
                        score[o][0] = __fmaf_rn(x.x, v, score[o][0]);
                        score[o][1] = __fmaf_rn(x.y, v, score[o][1]);
                        score[o][2] = __fmaf_rn(x.z, v, score[o][2]);
                        score[o][3] = __fmaf_rn(x.w, v, score[o][3]);
                    }
                }
            }
#pragma unroll
            for (int o = 0; o < EIGHT; o++) offer(f, score[o], c + o);
        }
        a.now = packed(f);
        settle(a, doubts(f, squaresOf(w, a), slot.bounds, a.there), w.negated + base * w.wide, w.wide, d, k);
        bool changed = a.there && (fresh || a.now != a.old);
        if (changed) *labels = a.now;
        if (!__any_sync(EVERYONE, changed)) continue;
        u64 hash[2];
        i64 *sums = w.sums + base * d, *weights = w.weights + base;
        u32 moved = book(w, a, fresh, hash, [=](u32 label, u32 j, i64 v) { atomicAdd((u64 *)(j < d ? sums + label * d + j : weights + label), (u64)v); });
        if (lane == 0 && moved) {
            atomicAdd(&slot.moved, moved);
            atomicXor(&slot.hash[0], hash[0]);
            atomicXor(&slot.hash[1], hash[1]);
        }
    }
}
