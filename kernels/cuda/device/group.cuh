// A group of models in shared memory.
#pragma once
#include "book.cuh"

// Model is one model of the group in shared memory.
struct Model {
    u32 slot, k, row; // its first row in shared memory
    u32 fresh;
    float fixed, square;
    u32 moved;
    u32 hash[4];
};

// Shared is the layout of a group's shared memory.
struct Shared {
    float *c;  // rows x values
    float *h;  // rows
    u32 *low;  // rows x (d + 1), the last column for weights
    u32 *high; //
    u32 *to;   // row of all slots
};

// layoutOf places rows with so many values each.
static __device__ __forceinline__ Shared layoutOf(void *memory, u32 rows, u32 values, u32 d) {
    Shared s;
    s.c = (float *)memory;
    s.h = s.c + rows * values;
    s.low = (u32 *)(s.h + rows);
    s.high = s.low + rows * (d + 1);
    s.to = s.high + rows * (d + 1);
    return s;
}

// enter loads the models of a group, and returns how many rows they have: store(s, rows, row, j, v) stores value j of a row. Rows that
// fill a model up to a multiple of w.round are zero and infinitely far.
template <typename Store> static __device__ u32 enter(const Work &w, u32 group, Model *models, u32 &count, void *memory, u32 values, Shared &s, Store store) {
    u32 begin = w.group[group];
    count = w.group[group + 1] - begin;
    for (u32 m = threadIdx.x; m < count; m += THREADS) {
        u32 slot = w.order[begin + m];
        const Slot &from = w.slots[slot];
        Model model = {slot, from.k, 0, from.fresh, from.bounds.fixed, from.bounds.square, 0, {0, 0, 0, 0}};
        models[m] = model;
    }
    __syncthreads();
    u32 rows = 0;
    for (u32 m = 0; m < count; m++) { // every thread counts for itself
        u32 filled = (models[m].k + w.round - 1) / w.round * w.round;
        if (threadIdx.x == m % THREADS) models[m].row = rows;
        rows += filled;
    }
    s = layoutOf(memory, rows, values, w.d);
    __syncthreads();
    for (u32 row = threadIdx.x; row < rows; row += THREADS) {
        u32 m = count - 1;
        while (models[m].row > row) m--;
        u32 c = row - models[m].row, to = c < models[m].k ? models[m].slot * w.kmax + c : NOWHERE;
        s.to[row] = to;
        s.h[row] = to != NOWHERE ? w.h[to] : INFINITE;
    }
    __syncthreads();
    for (u32 e = threadIdx.x; e < rows * w.wide; e += THREADS) {
        u32 row = e / w.wide, j = e % w.wide, to = s.to[row];
        store(s, rows, row, j, to != NOWHERE ? w.negated[(u64)to * w.wide + j] : 0);
    }
    for (u32 e = threadIdx.x; e < rows * (w.d + 1); e += THREADS) s.low[e] = s.high[e] = 0;
    __syncthreads();
    return rows;
}

// leave adds what a group's models gained to their sums.
static __device__ void leave(const Work &w, Model *models, u32 count, const Shared &s, u32 rows) {
    __syncthreads();
    u32 columns = w.d + 1;
    for (u32 e = threadIdx.x; e < rows * columns; e += THREADS) {
        i64 v = (i64)((u64)s.high[e] << 32 | s.low[e]);
        if (v == 0) continue;
        u32 row = e / columns, j = e % columns;
        u64 to = s.to[row];
        atomicAdd((u64 *)(j < w.d ? w.sums + to * w.d + j : w.weights + to), (u64)v);
    }
    for (u32 m = threadIdx.x; m < count; m += THREADS) {
        Model &from = models[m];
        Slot &slot = w.slots[from.slot];
        if (from.moved == 0) continue;
        atomicAdd(&slot.moved, from.moved);
        atomicXor(&slot.hash[0], (u64)from.hash[1] << 32 | from.hash[0]);
        atomicXor(&slot.hash[1], (u64)from.hash[3] << 32 | from.hash[2]);
    }
    __syncthreads();
}

// close writes the labels of a warp's points under a model, and books what changed.
static __device__ __forceinline__ void close(const Work &w, const Thread &a, Model &model, const Shared &s, u32 *labels) {
    bool fresh = model.fresh, changed = a.there && (fresh || a.now != a.old);
    if (changed) *labels = a.now;
    if (!__any_sync(EVERYONE, changed)) return;
    u64 hash[2];
    u32 columns = w.d + 1, *low = s.low + model.row * columns, *high = s.high + model.row * columns;
    u32 moved = book(w, a, fresh, hash, [=](u32 label, u32 j, i64 v) { add(low + label * columns + j, high + label * columns + j, v); });
    if (threadIdx.x % 32 == 0 && moved) {
        atomicAdd(&model.moved, moved);
        atomicXor(&model.hash[0], (u32)hash[0]);
        atomicXor(&model.hash[1], (u32)(hash[0] >> 32));
        atomicXor(&model.hash[2], (u32)hash[1]);
        atomicXor(&model.hash[3], (u32)(hash[1] >> 32));
    }
}
