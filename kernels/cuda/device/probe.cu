// What the device can do, for the bench: the rate at which memory is read, and the rates of fused multiply-adds of float32, of
// separate products and sums of float64, and of mma.sync in TF32 and bf16. Each thread works on numbers of its own, so many
// that none waits for another.
#define THREADS 256

typedef unsigned int u32;
typedef unsigned long long u64;

// probeRead reads count words of 16 bytes, four at a time.
extern "C" __global__ void __launch_bounds__(THREADS) probeRead(const uint4 *__restrict__ from, u64 count, u32 *to) {
    u64 i = (u64)blockIdx.x * THREADS + threadIdx.x, all = (u64)gridDim.x * THREADS;
    u32 sum = 0;
    for (; i + 3 * all < count; i += 4 * all) {
        uint4 v[4];
#pragma unroll
        for (int o = 0; o < 4; o++) v[o] = __ldg(from + i + o * all);
#pragma unroll
        for (int o = 0; o < 4; o++) sum ^= v[o].x ^ v[o].y ^ v[o].z ^ v[o].w;
    }
    for (; i < count; i += all) {
        uint4 v = __ldg(from + i);
        sum ^= v.x ^ v.y ^ v.z ^ v.w;
    }
    if (sum == 0x9E3779B9u) *to = sum; // never, but no compiler knows
}

// probeFP32 is rounds of 16 x 16 fused multiply-adds in each thread.
extern "C" __global__ void __launch_bounds__(THREADS) probeFP32(float *to, float a, float b, u32 rounds) {
    float x[16];
#pragma unroll
    for (int i = 0; i < 16; i++) x[i] = threadIdx.x + i;
#pragma unroll 1
    for (u32 r = 0; r < rounds; r++)
#pragma unroll
        for (int u = 0; u < 16; u++)
#pragma unroll
            for (int i = 0; i < 16; i++) x[i] = __fmaf_rn(x[i], a, b);
    float sum = 0;
#pragma unroll
    for (int i = 0; i < 16; i++) sum += x[i];
    if (sum == -1) *to = sum;
}

// probeFP64 is rounds of 8 x 16 products, each with a sum of its own, in each thread.
extern "C" __global__ void __launch_bounds__(THREADS) probeFP64(double *to, double a, double b, u32 rounds) {
    double x[8];
#pragma unroll
    for (int i = 0; i < 8; i++) x[i] = threadIdx.x + i;
#pragma unroll 1
    for (u32 r = 0; r < rounds; r++)
#pragma unroll
        for (int u = 0; u < 16; u++)
#pragma unroll
            for (int i = 0; i < 8; i++) x[i] = __dadd_rn(__dmul_rn(x[i], a), b);
    double sum = 0;
#pragma unroll
    for (int i = 0; i < 8; i++) sum += x[i];
    if (sum == -1) *to = sum;
}

static __device__ __forceinline__ void mmaTF32(float (&c)[4], const u32 (&a)[4], const u32 (&b)[2]) {
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

static __device__ __forceinline__ void mmaBF16(float (&c)[4], const u32 (&a)[4], const u32 (&b)[2]) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

// tensor is rounds of 4 x 8 matrix products in each warp.
template <bool TF32> static __device__ __forceinline__ void tensor(float *to, u32 bits, u32 rounds) {
    float c[8][4] = {};
    u32 a[4], b[2];
#pragma unroll
    for (int i = 0; i < 4; i++) a[i] = bits + (threadIdx.x + i << 16);
#pragma unroll
    for (int i = 0; i < 2; i++) b[i] = bits + (threadIdx.x + 8 * i << 16);
#pragma unroll 1
    for (u32 r = 0; r < rounds; r++)
#pragma unroll
        for (int u = 0; u < 4; u++)
#pragma unroll
            for (int i = 0; i < 8; i++) {
                if (TF32) mmaTF32(c[i], a, b);
                else mmaBF16(c[i], a, b);
            }
    float sum = 0;
#pragma unroll
    for (int i = 0; i < 8; i++) sum += c[i][0] + c[i][1] + c[i][2] + c[i][3];
    if (sum == -1) *to = sum;
}

extern "C" __global__ void __launch_bounds__(THREADS) probeTF32(float *to, u32 bits, u32 rounds) { tensor<true>(to, bits, rounds); }
extern "C" __global__ void __launch_bounds__(THREADS) probeBF16(float *to, u32 bits, u32 rounds) { tensor<false>(to, bits, rounds); }
