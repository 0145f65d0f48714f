// Weights of resamples.
#include "nearest.cuh"

// Resample are the parameters of multinomial and narrow. cuda.resample in Go has the same layout.
struct Resample {
    u32 *counts;
    u16 *weights;
    u32 key[2];
    u32 n;
};

// philox is word (0, index) of the stream with that key: package rng.
static __device__ __forceinline__ u64 philox(u32 k0, u32 k1, u64 index) {
    u32 c0 = (u32)index, c1 = (u32)(index >> 32), c2 = 0, c3 = 0;
#pragma unroll
    for (int round = 0; round < 10; round++) {
        u32 h0 = __umulhi(c0, 0xD2511F53u), l0 = c0 * 0xD2511F53u, h1 = __umulhi(c2, 0xCD9E8D57u), l1 = c2 * 0xCD9E8D57u;
        c0 = h1 ^ c1 ^ k0, c1 = l1, c2 = h0 ^ c3 ^ k1, c3 = l0;
        k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
    }
    return (u64)c1 << 32 | c0;
}

// multinomial draws n rows out of n with replacement and counts them.
extern "C" __global__ void __launch_bounds__(THREADS) multinomial(const __grid_constant__ Resample s) {
    for (u64 t = blockIdx.x * (u64)THREADS + threadIdx.x; t < s.n; t += gridDim.x * (u64)THREADS)
        atomicAdd(&s.counts[__umul64hi(philox(s.key[0], s.key[1], t), s.n)], 1u);
}

// narrow makes weights of the counts.
extern "C" __global__ void __launch_bounds__(THREADS) narrow(const __grid_constant__ Resample s) {
    for (u64 i = blockIdx.x * (u64)THREADS + threadIdx.x; i < s.n; i += gridDim.x * (u64)THREADS) s.weights[i] = (u16)s.counts[i];
}
