// Kernels like those of k-means. kernels.ptx is made of them by
//
//	nvcc -ptx -arch=compute_80 kernels.cu -o kernels.ptx

#include <cstdint>

// Nearest and second nearest of k centroids for rows of q float4, column blocks of rows first; half is what distances start from.
extern "C" __global__ void __launch_bounds__(256)
assign(const float4* __restrict__ rows, const float4* __restrict__ centroids, const float* __restrict__ half, int n, int k, int q, int* label,
       float* best, float* second, unsigned long long* moved, unsigned long long* sums, unsigned* counts) {
  extern __shared__ float4 table[];
  __shared__ unsigned count[64];
  for (int i = threadIdx.x; i < k * q; i += blockDim.x) table[i] = centroids[i];
  if (threadIdx.x < 64) count[threadIdx.x] = 0;
  __syncthreads();
  int r = blockIdx.x * blockDim.x + threadIdx.x;
  bool in = r < n;
  float b = INFINITY, s = INFINITY;
  int l = -1;
  if (in)
    for (int c = 0; c < k; c++) {
      float d = half[c];
      for (int j = 0; j < q; j++) {
        float4 x = rows[(size_t)j * n + r], y = table[c * q + j];
        d = fmaf(-x.x, y.x, d);
        d = fmaf(-x.y, y.y, d);
        d = fmaf(-x.z, y.z, d);
        d = fmaf(-x.w, y.w, d);
      }
      if (d < b) {
        s = b;
        b = d;
        l = c;
      } else if (d < s)
        s = d;
    }
  bool other = in && label[r] != l;
  unsigned ballot = __ballot_sync(0xffffffffu, other);
  if ((threadIdx.x & 31) == 0 && ballot) atomicAdd(moved, (unsigned long long)__popc(ballot));
  if (in) {
    label[r] = l;
    best[r] = b;
    second[r] = s;
    atomicAdd(&count[l], 1u);
    atomicXor(&sums[l], (unsigned long long)r * 0x9E3779B97F4A7C15ull);
    atomicAdd(&sums[k + l], (unsigned long long)r);
  }
  __syncthreads();
  if (threadIdx.x < k) atomicAdd(&counts[threadIdx.x], count[threadIdx.x]);
}

// Places for the rows of each bucket, from the old values of atomics on shared memory.
extern "C" __global__ void places(const unsigned char* bucket, unsigned* place) {
  __shared__ unsigned next[256];
  next[threadIdx.x] = 0;
  __syncthreads();
  place[threadIdx.x] = atomicAdd(&next[bucket[threadIdx.x]], 1u);
}

extern "C" __global__ void doubles(const double* a, const double* b, double* o, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  double x = a[i], y = b[i];
  o[6 * i] = __dadd_rn(x, y);
  o[6 * i + 1] = __dmul_rn(x, y);
  o[6 * i + 2] = __ddiv_rn(x, y);
  o[6 * i + 3] = __dsqrt_rn(x);
  o[6 * i + 4] = fma(x, y, x);
  o[6 * i + 5] = __dadd_rn(__dmul_rn(x, x), -y);
}

// Philox4x32-10; out is a number below m.
extern "C" __global__ void philox(uint32_t k0, uint32_t k1, unsigned long long step, unsigned long long* out, int n, unsigned long long m) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  uint32_t c0 = i, c1 = 0, c2 = (uint32_t)step, c3 = step >> 32;
#pragma unroll
  for (int r = 0; r < 10; r++) {
    uint64_t p0 = (uint64_t)c0 * 0xD2511F53u, p1 = (uint64_t)c2 * 0xCD9E8D57u;
    uint32_t t0 = (p1 >> 32) ^ c1 ^ k0, t2 = (p0 >> 32) ^ c3 ^ k1;
    c1 = (uint32_t)p1;
    c3 = (uint32_t)p0;
    c0 = t0;
    c2 = t2;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  out[i] = __umul64hi((unsigned long long)c1 << 32 | c0, m);
}

// The library's functions, each of thousands of instructions in all: x is positive.
extern "C" __global__ void library(const double* x, double* o, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  double v = x[i];
  float f = (float)v;
  o[8 * i] = exp(v);
  o[8 * i + 1] = log(v);
  o[8 * i + 2] = pow(v, 1.5);
  o[8 * i + 3] = sin(v);
  o[8 * i + 4] = cbrt(v);
  o[8 * i + 5] = expf(f);
  o[8 * i + 6] = logf(f);
  o[8 * i + 7] = erf(v);
}
