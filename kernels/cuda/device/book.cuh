// What is done about points whose labels changed.
#pragma once
#include "work.cuh"

// add adds v to the 64-bit integer in two halves. Every carry is seen by exactly one thread.
static __device__ __forceinline__ void add(u32 *low, u32 *high, i64 v) {
    u32 part = (u32)v, old = atomicAdd(low, part), rest = (u32)((u64)v >> 32) + (old + part < old);
    if (rest) atomicAdd(high, rest);
}

// flip adds or removes (row, label) in the hash of a state, as kmeans does: the two words of a product of 64 bits without
// structure.
static __device__ __forceinline__ void flip(u64 (&hash)[2], u64 row, u32 label) {
    u64 v = (row << 8 | label) ^ 0x9E3779B97F4A7C15ull;
    v = (v ^ v >> 33) * 0xFF51AFD7ED558CCDull;
    v = (v ^ v >> 33) * 0xC4CEB9FE1A85EC53ull;
    v ^= v >> 33;
    hash[0] ^= __umul64hi(v, 0x9FB21C651E98DF25ull);
    hash[1] ^= v * 0x9FB21C651E98DF25ull;
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

// together is the exclusive or of v over the warp.
static __device__ __forceinline__ u64 together(u64 v) {
    return (u64)__reduce_xor_sync(EVERYONE, (u32)(v >> 32)) << 32 | __reduce_xor_sync(EVERYONE, (u32)v);
}

// book notes that points of the warp have other labels than before: change(label, column, v) adds v to a sum, column d being
// that of the weights. It returns how many points of positive weight moved, and what that changes in the hash.
//
// Points that moved are listed; then the lanes of the warp, or of half of it where that is enough, take the columns of one
// point each, several points at a time, so that their values are on the way together.
template <typename Change>
static __device__ __forceinline__ u32 book(const Work &w, const Thread &a, bool fresh, u64 (&hash)[2], Change change) {
    __shared__ u32 moves[THREADS / 32][32 * POINTS]; // weight, from, to
    __shared__ u8 places[THREADS / 32][32 * POINTS]; // which point of the warp
    const u32 ahead = 4;
    u32 d = w.d, warp = threadIdx.x / 32, lane = threadIdx.x % 32, moved = 0;
    u64 weights = weightsOf(w, a);
    hash[0] = hash[1] = 0;
#pragma unroll 1
    for (int p = 0; p < POINTS; p++) {
        u32 from = a.old >> 8 * p & 255, to = a.now >> 8 * p & 255, weight = weights >> 16 * p & 0xFFFF;
        bool acts = (a.there >> p & 1) && (fresh || from != to) && weight;
        u32 movers = __ballot_sync(EVERYONE, acts);
        if (acts) {
            u32 at = moved + __popc(movers & ((1u << lane) - 1));
            moves[warp][at] = weight << 16 | from << 8 | to;
            places[warp][at] = lane * POINTS + p;
        }
        moved += __popc(movers);
    }
    if (!moved) return 0;
    __syncwarp();
    const float *first = (const float *)__shfl_sync(EVERYONE, (u64)a.tile, 0); // of the warp's points
    u64 row = w.first + __shfl_sync(EVERYONE, a.row, 0);
    for (u32 i = lane; i < moved; i += 32) {
        u32 m = moves[warp][i], from = m >> 8 & 255, to = m & 255;
        change(to, d, (i64)(m >> 16));
        if (!fresh) {
            change(from, d, -(i64)(m >> 16));
            flip(hash, row + places[warp][i], from);
            flip(hash, row + places[warp][i], to);
        }
    }
    u32 share = d <= 16 ? 2 : 1, begin = d <= 16 ? lane / 16 : 0;
#pragma unroll 1
    for (u32 j = d <= 16 ? lane % 16 : lane; j < d; j += 32) {
        float scale = w.scale[j];
#pragma unroll 1
        for (u32 i = begin; i < moved; i += ahead * share) {
            float x[ahead];
#pragma unroll
            for (u32 o = 0; o < ahead; o++) {
                u32 at = i + o * share, place = at < moved ? places[warp][at] : 0;
                x[o] = at < moved ? first[(place / LANES * d + j) * LANES + place % LANES] : 0;
            }
#pragma unroll
            for (u32 o = 0; o < ahead; o++) {
                u32 at = i + o * share;
                if (at >= moved) break;
                u32 m = moves[warp][at];
                i64 v = (i64)(m >> 16) * (i64)(int)__fmul_rn(x[o], scale);
                change(m & 255, j, v);
                if (!fresh) change(m >> 8 & 255, j, -v);
            }
        }
    }
    __syncwarp(); // the list is made anew for the next model
    if (!fresh) hash[0] = together(hash[0]), hash[1] = together(hash[1]);
    return moved;
}
