// Lloyd iterations of many models over the same points, without the host in between.
//
// pass is one read of the points: each block of threads takes a share of the points, loads its models' centroids into shared
// memory, and labels 512 points at a time under all of them while the points are in registers. What moved changes integer
// sums in shared memory, which go to the sums of the models when the block has done its share. step then ends the iteration
// of each model as package kmeans does: convergence, states that return, new centroids. plan packs the models that go on
// into groups that fit into shared memory. The three are one link of a chain that runs many times between two looks of the host.
//
// Sums are integers, so that neither the order of the blocks nor the shape of the groups changes a bit.
#include "nearest.cuh"

// How a model stands.
enum Status : u32 {
    Idle,      // the slot is free
    Active,    // to be iterated
    Final,     // stopped without convergence: to be labelled once more against its last centroids
    Done,      // stopped without convergence
    Converged, //
    Empty,     // a cluster has no weight: the host fills it
    Resumed,   // the host is done with that; the iteration is to be ended
};

// Slot is one model. cuda.slot in Go has the same layout.
struct Slot {
    Status status;
    u32 k, iterations, maxIter;
    u32 moved;  // rows of positive weight whose label changed in this iteration
    u32 filled; // the host moved rows in this iteration
    u32 formers;
    u32 fresh; // no row has a label yet
    u64 hash[2];
    Bounds bounds;
};

// Plan says what the next pass works on. cuda.plan in Go has the same layout.
struct Plan {
    u32 active, groups;
    u32 empty, ended; // slots that wait for the host
};

#define GROUP 64         // models of a group, at most
#define SLOTS 4096       // slots, at most
#define NOWHERE 0xFFFFFFFFu // no row of a model

// Work are the parameters of pass, step and plan. cuda.work in Go has the same layout.
struct Work {
    const float *tiles, *square; // of the points of this call
    const u16 *weight;           // of theirs; null = 1 each
    const float *scale;          // d, 2^e per column
    Slot *slots;
    Plan *plan;
    u32 *order, *group; // slots in the order of the groups; the first of each group, and the end
    float *rows;        // per slot kmax rows of d: the centroids
    float *negated;     // per slot kmax rows of wide
    float *h;           // per slot kmax
    i64 *sums;          // per slot kmax rows of d
    i64 *weights;       // per slot kmax
    u8 *labels;         // per slot stride
    u64 *former;        // per slot maxIter pairs
    u64 stride;         // labels of a slot
    u64 first;          // number of the first point of this call
    u32 n;              // points of this call
    u32 d, wide, kmax, slotCount, maxIter;
    u32 shared;   // bytes that a group may take
    u32 atLeast;  // groups that keep the whole device busy
    u32 rowBytes; // of a group that one centroid takes; 0 where a group is one model
    u32 round;    // centroids of a model are rounded up to a multiple of it
    u32 unused;
    double gamma; // relative error of a score
};

// Model is one model of the group in shared memory.
struct Model {
    u32 slot, k, row; // its first row in shared memory
    u32 fresh;
    float fixed, square;
    u32 moved;
    u32 hash[4];
};

// add adds v to the 64-bit integer in two halves. Every carry is seen by exactly one thread.
static __device__ __forceinline__ void add(u32 *low, u32 *high, i64 v) {
    u32 part = (u32)v, old = atomicAdd(low, part), rest = (u32)((u64)v >> 32) + (old + part < old);
    if (rest) atomicAdd(high, rest);
}

// mix is a bijection of 64 bits without structure, the same as kmeans.mix.
static __device__ __forceinline__ u64 mix(u64 v) {
    v = (v ^ v >> 33) * 0xFF51AFD7ED558CCDull;
    v = (v ^ v >> 33) * 0xC4CEB9FE1A85EC53ull;
    u64 w = v ^ v >> 33;
    return __umul64hi(w, 0x9FB21C651E98DF25ull) ^ w * 0x9FB21C651E98DF25ull;
}

// flip adds or removes (row, label) in the hash of a state, as kmeans does.
static __device__ __forceinline__ void flip(u64 (&hash)[2], u64 row, u32 label) {
    u64 v = row << 8 | label;
    hash[0] ^= mix(v ^ 0x9E3779B97F4A7C15ull);
    hash[1] ^= mix(v ^ 0xC2B2AE3D27D4EB4Full);
}

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

// Thread is what a thread works on.
struct Thread {
    const float *tile; // the first value of its points
    u32 row, there;    // number of the first one within the call, and a bit for each that exists
    u32 old, now;      // labels, a byte each
};

// weightsOf returns the weights of a thread's points, 16 bits each.
static __device__ __forceinline__ u64 weightsOf(const Work &w, const Thread &a) {
    if (!a.there) return 0;
    return w.weight ? __ldg((const u64 *)(w.weight + a.row)) : 0x0001000100010001ull;
}

// settle decides the points whose bits are set in open: the lanes of the warp together, one point after the other.
static __device__ __forceinline__ void settle(Thread &a, u32 open, const float *c, int stride, int d, int k) {
    if (!__any_sync(EVERYONE, open)) return;
#pragma unroll 1
    for (int p = 0; p < POINTS; p++) {
        u32 doubts = __ballot_sync(EVERYONE, open >> p & 1);
        while (doubts) {
            u32 who = __ffs(doubts) - 1;
            doubts &= doubts - 1;
            const float *x = (const float *)__shfl_sync(EVERYONE, (u64)a.tile, who) + p;
            Exact e = decide(x, c, stride, d, k);
            if (threadIdx.x % 32 == who) a.now = (a.now & ~(255u << 8 * p)) | e.label << 8 * p;
        }
    }
}

// book notes that points of the warp have other labels than before: change(label, column, v) adds v to a sum, column d being
// that of the weights. It returns how many points of positive weight moved, and what that changes in the hash.
template <typename Change>
static __device__ __forceinline__ u32 book(const Work &w, const Thread &a, bool fresh, u64 (&hash)[2], Change change) {
    u32 d = w.d, lane = threadIdx.x % 32, moved = 0;
    u64 weights = weightsOf(w, a);
    hash[0] = hash[1] = 0;
#pragma unroll 1
    for (int p = 0; p < POINTS; p++) {
        u32 from = a.old >> 8 * p & 255, to = a.now >> 8 * p & 255, weight = weights >> 16 * p & 0xFFFF;
        bool acts = (a.there >> p & 1) && (fresh || from != to) && weight;
        if (acts) {
            change(to, d, (i64)weight);
            moved++;
            if (!fresh) {
                change(from, d, -(i64)weight);
                flip(hash, w.first + a.row + p, from);
                flip(hash, w.first + a.row + p, to);
            }
        }
        u32 movers = __ballot_sync(EVERYONE, acts), move = weight << 16 | from << 8 | to;
        while (movers) { // lanes take the columns of one point after the other
            u32 who = __ffs(movers) - 1;
            movers &= movers - 1;
            u32 m = __shfl_sync(EVERYONE, move, who);
            const float *x = (const float *)__shfl_sync(EVERYONE, (u64)a.tile, who) + p;
            for (u32 j = lane; j < d; j += 32) {
                i64 v = (i64)(m >> 16) * (i64)(int)__fmul_rn(x[j * LANES], w.scale[j]);
                change(m & 255, j, v);
                if (!fresh) change(m >> 8 & 255, j, -v);
            }
        }
    }
#pragma unroll
    for (int o = 16; o > 0; o /= 2) {
        moved += __shfl_xor_sync(EVERYONE, moved, o);
        hash[0] ^= __shfl_xor_sync(EVERYONE, hash[0], o);
        hash[1] ^= __shfl_xor_sync(EVERYONE, hash[1], o);
    }
    return moved;
}

// threadAt returns a thread's share of a sub-block.
static __device__ __forceinline__ Thread threadAt(const Work &w, u64 sub) {
    u32 row = (u32)(sub * BLOCK) + threadIdx.x * POINTS;
    u32 there = row >= w.n ? 0 : w.n - row >= POINTS ? 15 : (1u << (w.n - row)) - 1;
    return {tileOf(w.tiles, sub, w.d, threadIdx.x), row, there, 0, 0};
}

static __device__ __forceinline__ float4 squaresOf(const Work &w, const Thread &a) {
    return a.there ? __ldg((const float4 *)(w.square + a.row)) : make_float4(0, 0, 0, 0);
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
PASS(4, 4)
PASS(8, 4)
PASS(12, 4)
PASS(16, 4)
PASS(24, 3)
PASS(32, 3)

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
// cores, the sum so far among them, is off by at most 2^-23 of the magnitudes (they may truncate). In all, in the place of
// package simd's gamma,
//
//     gamma = 1.01 (5/4 d + 12) 2^-23
//
// A warp holds TILES tiles of 16 points as the rows of a; eight centroids are the columns of b. So four lanes share a point,
// and compare in the end.
template <int D, int TILES> static __device__ __forceinline__ void tensorOf(const Work &w) {
    constexpr u32 values = 2 * (D + 4), stride = D + 4; // of a row in shared memory; so that lanes meet in no bank
    constexpr u32 points = 16 * TILES, block = points * THREADS / 32;
    extern __shared__ float4 memory[];
    __shared__ Model models[GROUP];
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
        float square[TILES][2];
#pragma unroll
        for (int i = 0; i < TILES; i++) {
            u32 p = first + i * LANES;
            const float *x = w.tiles + ((u64)(p / LANES) * w.d) * LANES;
#pragma unroll
            for (int half = 0; half < 2; half++) square[i][half] = p < w.n ? w.square[p + g + 8 * half] : 0;
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
            Bounds bounds = {model.fixed, model.square, 0, 0};
#pragma unroll
            for (int i = 0; i < TILES; i++)
#pragma unroll
                for (int half = 0; half < 2; half++) {
                    float own = best[i][half];
#pragma unroll
                    for (int o = 1; o < 4; o *= 2) {
                        float other = __shfl_xor_sync(EVERYONE, best[i][half], o);
                        float next = __shfl_xor_sync(EVERYONE, second[i][half], o);
                        second[i][half] = fminf(fminf(second[i][half], next), fmaxf(best[i][half], other));
                        best[i][half] = fminf(best[i][half], other);
                    }
                    u32 p = i * LANES + g + 8 * half;
                    // Of several lanes with the best score any may win: then it is in doubt.
                    u32 winner = __ffs(__ballot_sync(EVERYONE, own == best[i][half]) >> (lane & ~3u) & 15) - 1;
                    if (q == winner) {
                        found[warp][p] = label[i][half];
                        open[warp][p] = doubtful(best[i][half], second[i][half], square[i][half], bounds);
                    }
                }
            __syncwarp();
            u32 doubts = 0;
            if (there) {
                a.now = *(const u32 *)&found[warp][lane * POINTS];
                u32 flags = *(const u32 *)&open[warp][lane * POINTS];
                doubts = (flags & 1 | flags >> 7 & 2 | flags >> 14 & 4 | flags >> 21 & 8) & there;
            }
            __syncwarp();
            u32 *labels = (u32 *)(w.labels + model.slot * w.stride + w.first + row);
            a.old = there && !model.fresh ? *labels : 0;
            settle(a, doubts, w.negated + (u64)model.slot * w.kmax * w.wide, w.wide, w.d, model.k);
            close(w, a, model, s, labels);
        }
    }
    if (group != ~0u) leave(w, models, count, s, rows);
}

#define TENSOR(D, TILES, BLOCKS)                                                                                                           \
    extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS) tensor##D(const __grid_constant__ Work w) { tensorOf<D, TILES>(w); }
TENSOR(8, 4, 4)
TENSOR(16, 4, 3)
TENSOR(24, 2, 4)
TENSOR(32, 2, 3)

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

// begin makes ready the slots that the host set to Active and fresh; one block each.
extern "C" __global__ void __launch_bounds__(THREADS) begin(const __grid_constant__ Work w) {
    u64 slot = blockIdx.x, base = slot * w.kmax;
    Slot &s = w.slots[slot];
    if (s.status != Active || !s.fresh || s.iterations) return;
    for (u32 e = threadIdx.x; e < s.k * w.d; e += THREADS) w.sums[base * w.d + e] = 0;
    for (u32 c = threadIdx.x; c < s.k; c += THREADS) w.weights[base + c] = 0;
    prepare(w.rows + base * w.d, w.negated + base * w.wide, w.h + base, &s.bounds, s.k, w.d, w.wide, w.gamma);
}

// step ends the iteration of each model; one block each.
extern "C" __global__ void __launch_bounds__(THREADS) step(const __grid_constant__ Work w) {
    u64 number = blockIdx.x, base = number * w.kmax;
    Slot &s = w.slots[number];
    Status status = s.status;
    u32 k = s.k, t = threadIdx.x;
    if (status == Final) {
        __syncthreads();
        if (t == 0) s.status = Done;
        return;
    }
    if (status != Active && status != Resumed) return;
    bool empty = false;
    for (u32 c = t; c < k; c += THREADS) empty |= w.weights[base + c] == 0;
    empty = __syncthreads_or(empty);
    u32 iterations = s.iterations + (status == Active);
    bool converged = iterations > 1 && s.moved == 0 && s.filled == 0;
    u64 *former = w.former + number * w.maxIter * 2;
    u64 h0 = s.hash[0], h1 = s.hash[1];
    bool known = false;
    for (u32 f = t; f < s.formers; f += THREADS) known |= former[2 * f] == h0 && former[2 * f + 1] == h1;
    known = __syncthreads_or(known);
    bool wait = empty && status == Active;
    if (t == 0) {
        s.iterations = iterations;
        s.fresh = 0;
        if (wait) {
            s.status = Empty;
        } else if (converged) {
            s.status = Converged;
        } else if (known) {
            s.status = Final;
        } else {
            former[2 * s.formers] = h0, former[2 * s.formers + 1] = h1;
            s.formers++;
            s.status = iterations >= s.maxIter ? Final : Active;
        }
        if (!wait) s.moved = s.filled = 0;
    }
    if (wait || converged || known) return;
    for (u32 e = t; e < k * w.d; e += THREADS) {
        u32 c = e / w.d, j = e % w.d;
        i64 weight = w.weights[base + c];
        if (weight > 0) {
            double mean = __ddiv_rn(__ddiv_rn((double)w.sums[base * w.d + e], (double)weight), (double)w.scale[j]);
            w.rows[base * w.d + e] = __double2float_rn(mean);
        }
    }
    __syncthreads();
    prepare(w.rows + base * w.d, w.negated + base * w.wide, w.h + base, &s.bounds, k, w.d, w.wide, w.gamma);
}

// plan packs the models that go on into groups; one block.
extern "C" __global__ void __launch_bounds__(THREADS) plan(const __grid_constant__ Work w) {
    __shared__ u16 rows[SLOTS]; // of the models that go on; 0 elsewhere
    __shared__ u32 empty, ended, sum;
    if (threadIdx.x == 0) empty = ended = sum = 0;
    __syncthreads();
    for (u32 i = threadIdx.x; i < w.slotCount; i += THREADS) {
        Status s = w.slots[i].status;
        u32 k = s == Active || s == Final ? (w.slots[i].k + w.round - 1) / w.round * w.round : 0;
        rows[i] = k;
        if (k) atomicAdd(&sum, k);
        if (s == Empty) atomicAdd(&empty, 1);
        if (s == Done || s == Converged) atomicAdd(&ended, 1);
    }
    __syncthreads();
    if (threadIdx.x) return;
    Plan p = {0, 0, empty, ended};
    u32 limit = w.rowBytes ? w.shared / w.rowBytes : 0, fair = (sum + w.atLeast - 1) / w.atLeast, taken = 0, members = 0;
    limit = min(limit, max(fair, 1u));
    for (u32 i = 0; i < w.slotCount; i++) {
        u32 k = rows[i];
        if (!k) continue;
        if (p.active == 0 || taken + k > limit || members == GROUP) {
            w.group[p.groups++] = p.active;
            taken = members = 0;
        }
        w.order[p.active++] = i;
        taken += k, members++;
    }
    w.group[p.groups] = p.active;
    *w.plan = p;
}
