// Greedy k-means++ of many restarts over the same points and weights, as kernels/doc.go states it. All restarts take each
// step together, one row of the grid each; a step is four kernels: sums of the masses, draws of the candidates, potentials
// of the candidates, and the winner's distances. Nothing comes back to the host before the last step.
#include "nearest.cuh"

#define CANDIDATES 7    // of a step, at most: 2 + floor(ln 256)
#define MASS_BLOCK 4096 // rows of one sum of masses
#define PART 256        // threads of a block

// Wide is an unsigned integer of 128 bits.
struct Wide {
    u64 high, low;
};

static __device__ __forceinline__ void plus(Wide &a, u64 high, u64 low) {
    a.low += low;
    a.high += high + (a.low < low);
}

static __device__ __forceinline__ void minus(Wide &a, Wide b) {
    u64 borrow = a.low < b.low;
    a.low -= b.low;
    a.high -= b.high + borrow;
}

static __device__ __forceinline__ bool less(Wide a, Wide b) { return a.high < b.high || (a.high == b.high && a.low < b.low); }

// scaled is floor(a * r / 2^64).
static __device__ __forceinline__ Wide scaled(Wide a, u64 r) {
    Wide t = {__umul64hi(a.high, r), a.high * r};
    plus(t, 0, __umul64hi(a.low, r));
    return t;
}

// Chain is one restart. cuda.chain in Go has the same layout.
struct Chain {
    u32 seeds;              // drawn so far
    u32 ended;              // no row is left at a positive distance
    u64 largest;            // bits of the largest distance of a row of positive weight, for the next step
    u32 drawn[CANDIDATES];  // rows
    u32 unused;
    Wide potential[CANDIDATES];
};

// Seeding are the parameters. cuda.seeding in Go has the same layout.
struct Seeding {
    const float *tiles;
    const u16 *weight; // null = 1 each
    Chain *chains;
    const u64 *random; // per chain and step CANDIDATES numbers of its stream
    double *nearest;   // per chain n: canonical distances to the nearest seed
    u64 *masses;       // per chain a sum for each MASS_BLOCK rows
    u32 *seeds;        // per chain k rows
    u32 n, d, k;
    u32 step; // from 0
    u32 candidates;
    u32 blocks; // sums of masses of a chain
};

static __device__ __forceinline__ u64 weightOf(const Seeding &s, u32 i) { return s.weight ? s.weight[i] : 1; }

// massOf is weight * ceil(distance / largest * 2^32), or the weight alone in the first step.
static __device__ __forceinline__ u64 massOf(const Seeding &s, const double *nearest, u32 i, double largest) {
    u64 w = weightOf(s, i);
    if (s.step == 0 || w == 0) return w;
    return w * __double2ull_rz(ceil(__dmul_rn(__ddiv_rn(nearest[i], largest), 0x1p32)));
}

// sumOf adds v over the threads of the block; all get the sum, which is below 2^64.
static __device__ u64 sumOf(u64 v, u64 *parts) {
#pragma unroll
    for (int o = 16; o > 0; o /= 2) v += __shfl_xor_sync(EVERYONE, v, o);
    __syncthreads();
    if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = v;
    __syncthreads();
    u64 sum = 0;
    for (u32 i = 0; i < PART / 32; i++) sum += parts[i];
    return sum;
}

// masses sums the masses of each MASS_BLOCK rows; grid: such blocks, chains.
extern "C" __global__ void __launch_bounds__(PART) masses(const __grid_constant__ Seeding s) {
    __shared__ u64 parts[PART / 32];
    Chain &chain = s.chains[blockIdx.y];
    if (chain.ended) return;
    double largest = __longlong_as_double(chain.largest);
    if (s.step > 0 && largest == 0) return;
    const double *nearest = s.nearest + (u64)blockIdx.y * s.n;
    u64 sum = 0;
    for (u32 i = blockIdx.x * MASS_BLOCK + threadIdx.x, o = 0; o < MASS_BLOCK && i < s.n; o += PART, i += PART) sum += massOf(s, nearest, i, largest);
    sum = sumOf(sum, parts);
    if (threadIdx.x == 0) s.masses[(u64)blockIdx.y * s.blocks + blockIdx.x] = sum;
}

// draw draws the candidates of a step; grid: candidates, chains. A draw is the row in which floor(sum * random / 2^64) falls.
extern "C" __global__ void __launch_bounds__(PART) draw(const __grid_constant__ Seeding s) {
    __shared__ Wide share[PART];
    __shared__ u64 mass[PART];
    __shared__ Wide rest;
    __shared__ u32 at;
    Chain &chain = s.chains[blockIdx.y];
    if (chain.ended) return;
    double largest = __longlong_as_double(chain.largest);
    if (s.step > 0 && largest == 0) return;
    const u64 *masses = s.masses + (u64)blockIdx.y * s.blocks;
    u32 t = threadIdx.x, each = (s.blocks + PART - 1) / PART;
    Wide sum = {0, 0};
    for (u32 b = t * each; b < min((t + 1) * each, s.blocks); b++) plus(sum, 0, masses[b]);
    share[t] = sum;
    __syncthreads();
    if (t == 0) {
        Wide total = {0, 0};
        for (u32 i = 0; i < PART; i++) plus(total, share[i].high, share[i].low);
        at = ~0u;
        if (total.high | total.low) {
            Wide target = scaled(total, s.random[((u64)blockIdx.y * s.k + s.step) * CANDIDATES + blockIdx.x]);
            u32 i = 0;
            for (; !less(target, share[i]); i++) minus(target, share[i]);
            u32 b = i * each;
            for (; !less(target, Wide{0, masses[b]}); b++) minus(target, Wide{0, masses[b]});
            rest = target, at = b;
        }
    }
    __syncthreads();
    if (at == ~0u) { // no row has weight
        if (t == 0 && blockIdx.x == 0) chain.drawn[0] = ~0u;
        return;
    }
    const double *nearest = s.nearest + (u64)blockIdx.y * s.n;
    const u32 rows = MASS_BLOCK / PART;
    u32 first = at * MASS_BLOCK + t * rows, end = min(first + rows, s.n);
    u64 own = 0;
    for (u32 i = first; i < end; i++) own += massOf(s, nearest, i, largest);
    mass[t] = own;
    __syncthreads();
    if (t == 0) {
        u64 target = rest.low;
        u32 i = 0;
        for (; target >= mass[i]; i++) target -= mass[i];
        u32 row = at * MASS_BLOCK + i * rows;
        for (u64 m; target >= (m = massOf(s, nearest, row, largest)); row++) target -= m;
        chain.drawn[blockIdx.x] = row;
    }
}

// centers loads the columns of drawn rows, widened, column by column.
static __device__ void centers(const Seeding &s, const u32 *rows, u32 count, double *into) {
    for (u32 e = threadIdx.x; e < s.d * count; e += PART) {
        u32 j = e / count, row = rows[e % count];
        into[e] = s.tiles[((u64)(row / LANES) * s.d + j) * LANES + row % LANES];
    }
    __syncthreads();
}

// potentials adds up, for each candidate, weight * share of the distances that would be left; grid: shares of the rows, chains.
extern "C" __global__ void __launch_bounds__(PART) potentials(const __grid_constant__ Seeding s) {
    extern __shared__ double c[]; // d x candidates
    __shared__ u64 parts[PART / 32];
    Chain &chain = s.chains[blockIdx.y];
    double largest = __longlong_as_double(chain.largest);
    if (chain.ended || largest == 0) return;
    centers(s, chain.drawn, s.candidates, c);
    const double *nearest = s.nearest + (u64)blockIdx.y * s.n;
    u32 count = s.candidates;
    for (u64 begin = (u64)blockIdx.x * MASS_BLOCK; begin < s.n; begin += (u64)gridDim.x * MASS_BLOCK) {
        u64 sums[CANDIDATES] = {};
        for (u32 i = begin + threadIdx.x, end = min(begin + MASS_BLOCK, (u64)s.n); i < end; i += PART) {
            const float *x = s.tiles + (u64)(i / LANES) * s.d * LANES + i % LANES;
            u64 w = weightOf(s, i);
            if (w == 0) continue;
            double sum[CANDIDATES] = {};
            for (u32 j = 0; j < s.d; j++) {
                double v = x[j * LANES];
#pragma unroll
                for (int o = 0; o < CANDIDATES; o++)
                    if (o < count) {
                        double diff = __dsub_rn(v, c[j * count + o]);
                        sum[o] = __dadd_rn(sum[o], __dmul_rn(diff, diff));
                    }
            }
            double near = nearest[i];
#pragma unroll
            for (int o = 0; o < CANDIDATES; o++)
                if (o < count) sums[o] += w * __double2ull_rz(ceil(__dmul_rn(__ddiv_rn(fmin(near, sum[o]), largest), 0x1p32)));
        }
#pragma unroll
        for (int o = 0; o < CANDIDATES; o++)
            if (o < count) {
                u64 part = sumOf(sums[o], parts);
                if (threadIdx.x == 0 && part) {
                    u64 old = atomicAdd(&chain.potential[o].low, part);
                    if (old + part < old) atomicAdd(&chain.potential[o].high, 1ull);
                }
            }
    }
}

// choose takes the candidate with the smallest potential, the lowest row on ties, as a seed; one block of one thread per chain.
extern "C" __global__ void choose(const __grid_constant__ Seeding s) {
    if (threadIdx.x) return;
    Chain &chain = s.chains[blockIdx.x];
    if (chain.ended) return;
    if ((s.step > 0 && chain.largest == 0) || (s.step == 0 && chain.drawn[0] == ~0u)) {
        chain.ended = 1;
        return;
    }
    u32 best = 0;
    for (u32 o = 1; s.step > 0 && o < s.candidates; o++) {
        Wide a = chain.potential[o], b = chain.potential[best];
        if (less(a, b) || (!less(b, a) && chain.drawn[o] < chain.drawn[best])) best = o;
    }
    s.seeds[(u64)blockIdx.x * s.k + chain.seeds++] = chain.drawn[best];
    chain.largest = 0;
    for (u32 o = 0; o < CANDIDATES; o++) chain.potential[o] = {0, 0};
}

// approach lowers the distances of all rows to those to the last seed, and finds the largest; grid: shares of the rows, chains.
extern "C" __global__ void __launch_bounds__(PART) approach(const __grid_constant__ Seeding s) {
    extern __shared__ double c[]; // d
    Chain &chain = s.chains[blockIdx.y];
    if (chain.ended) return;
    centers(s, s.seeds + (u64)blockIdx.y * s.k + chain.seeds - 1, 1, c);
    double *nearest = s.nearest + (u64)blockIdx.y * s.n, most = 0;
    for (u64 i = (u64)blockIdx.x * PART + threadIdx.x; i < s.n; i += (u64)gridDim.x * PART) {
        const float *x = s.tiles + (u64)(i / LANES) * s.d * LANES + i % LANES;
        double sum = 0;
        for (u32 j = 0; j < s.d; j++) {
            double diff = __dsub_rn(x[j * LANES], c[j]);
            sum = __dadd_rn(sum, __dmul_rn(diff, diff));
        }
        if (s.step > 0) sum = fmin(sum, nearest[i]);
        nearest[i] = sum;
        if (weightOf(s, i)) most = fmax(most, sum);
    }
#pragma unroll
    for (int o = 16; o > 0; o /= 2) most = fmax(most, __shfl_xor_sync(EVERYONE, most, o));
    if (threadIdx.x % 32 == 0 && most > 0) atomicMax(&chain.largest, (u64)__double_as_longlong(most)); // of positive numbers, the bits are ordered too
}
