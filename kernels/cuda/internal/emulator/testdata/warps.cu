// Kernels in which threads work together. warps.ptx is made of them by
//
//	nvcc -ptx -arch=compute_80 warps.cu -o warps.ptx

extern "C" __global__ void __launch_bounds__(256) reduce(const float* x, int n, double* sum, float* largest) {
  __shared__ double part[8];
  __shared__ float top[8];
  double s = 0;
  float m = -INFINITY;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
    s = __dadd_rn(s, (double)x[i]);
    m = fmaxf(m, x[i]);
  }
  for (int d = 16; d > 0; d /= 2) {
    s = __dadd_rn(s, __shfl_down_sync(0xffffffffu, s, d));
    m = fmaxf(m, __shfl_xor_sync(0xffffffffu, m, d));
  }
  if (threadIdx.x % 32 == 0) {
    part[threadIdx.x / 32] = s;
    top[threadIdx.x / 32] = m;
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    for (int i = 1; i < 8; i++) {
      s = __dadd_rn(s, part[i]);
      m = fmaxf(m, top[i]);
    }
    sum[blockIdx.x] = s;
    largest[blockIdx.x] = m;
  }
}

// The length of the Collatz sequence of each number: loops that end at different times; then who has an even one.
extern "C" __global__ void collatz(unsigned* steps, unsigned* even) {
  unsigned long long v = blockIdx.x * blockDim.x + threadIdx.x + 1;
  unsigned n = 0;
  while (v != 1) {
    if (v & 1)
      v = 3 * v + 1;
    else
      v /= 2;
    n++;
  }
  steps[blockIdx.x * blockDim.x + threadIdx.x] = n;
  unsigned b = __ballot_sync(0xffffffffu, n % 2 == 0);
  if (threadIdx.x % 32 == 0) even[(blockIdx.x * blockDim.x + threadIdx.x) / 32] = b;
}

// Inclusive sums over halves of the warp, each with its own mask, on different ways.
extern "C" __global__ void halves(int* out) {
  int v = threadIdx.x;
  unsigned mask = threadIdx.x % 32 < 16 ? 0xffffu : 0xffff0000u;
  if (threadIdx.x % 32 < 16) {
    for (int d = 1; d < 16; d *= 2) {
      int o = __shfl_up_sync(mask, v, d, 16);
      if (threadIdx.x % 16 >= d) v += o;
    }
  } else {
    for (int d = 1; d < 16; d *= 2) {
      int o = __shfl_up_sync(mask, v, d, 16);
      if (threadIdx.x % 16 >= d) v += 2 * o;
    }
  }
  out[threadIdx.x] = v;
}

// Lanes of a warp take a lock one after the other: a lane that spins must not keep the owner from running.
extern "C" __global__ void lock(int* mutex, int* count) {
  bool done = false;
  while (!done) {
    if (atomicCAS(mutex, 0, 1) == 0) {
      *(volatile int*)count = *(volatile int*)count + 1;
      __threadfence();
      atomicExch(mutex, 0);
      done = true;
    }
  }
}

// The block that comes last adds up what the others have written.
extern "C" __global__ void last(const int* x, int* parts, unsigned* ticket, int* total) {
  __shared__ bool isLast;
  __shared__ int sum;
  if (threadIdx.x == 0) sum = 0;
  __syncthreads();
  atomicAdd(&sum, x[blockIdx.x * blockDim.x + threadIdx.x]);
  __syncthreads();
  if (threadIdx.x == 0) {
    parts[blockIdx.x] = sum;
    __threadfence();
    isLast = atomicInc(ticket, gridDim.x - 1) == gridDim.x - 1;
  }
  __syncthreads();
  if (isLast && threadIdx.x == 0) {
    int s = 0;
    for (int i = 0; i < gridDim.x; i++) s += ((volatile int*)parts)[i];
    *total = s;
  }
}

extern "C" __global__ void votes(const int* x, unsigned* out) {
  int v = x[threadIdx.x];
  int pred;
  unsigned* o = out + 12 * threadIdx.x;
  o[0] = __all_sync(0xffffffffu, v >= 0);
  o[1] = __any_sync(0xffffffffu, v == 3);
  o[2] = __uni_sync(0xffffffffu, v > 100);
  o[3] = __match_any_sync(0xffffffffu, v);
  o[4] = __match_all_sync(0xffffffffu, v, &pred);
  o[4] |= pred << 31;
  o[5] = __reduce_min_sync(0xffffffffu, v);
  o[6] = __reduce_max_sync(0xffffffffu, (unsigned)v);
  o[7] = __reduce_xor_sync(0xffffffffu, (unsigned)v);
  o[8] = __syncthreads_count(v == 3);
  o[9] = __syncthreads_and(v >= 0);
  o[10] = __syncthreads_or(v < 0);
  o[11] = __activemask();
}

// Sums in shared memory with __syncwarp between the steps.
extern "C" __global__ void syncwarp(const int* x, int* out) {
  __shared__ int s[64];
  int t = threadIdx.x;
  s[t] = x[t];
  __syncwarp();
  for (int d = 16; d > 0; d /= 2) {
    int v = 0;
    if (t % 32 < d) v = s[t + d];
    __syncwarp();
    if (t % 32 < d) s[t] += v;
    __syncwarp();
  }
  if (t % 32 == 0) out[t / 32] = s[t];
}

// c = a b of n x n numbers, n a multiple of 16, in tiles of 16 x 16.
extern "C" __global__ void tiles(const float* a, const float* b, float* c, int n) {
  __shared__ float x[16][17], y[16][17];
  int row = blockIdx.y * 16 + threadIdx.y, col = blockIdx.x * 16 + threadIdx.x;
  float s = 0;
  for (int k = 0; k < n; k += 16) {
    x[threadIdx.y][threadIdx.x] = a[row * n + k + threadIdx.x];
    y[threadIdx.y][threadIdx.x] = b[(k + threadIdx.y) * n + col];
    __syncthreads();
    for (int i = 0; i < 16; i++) s = fmaf(x[threadIdx.y][i], y[i][threadIdx.x], s);
    __syncthreads();
  }
  c[row * n + col] = s;
}

// One tile of m16n8k8 in tf32 and one of m16n8k16 in bf16: a row by row, b column by column.
extern "C" __global__ void mma(const float* a, const float* b, const float* c, float* d, const unsigned* ah, const unsigned* bh, float* dh) {
  int g = threadIdx.x / 4, q = threadIdx.x % 4;
  const unsigned* au = (const unsigned*)a;
  const unsigned* bu = (const unsigned*)b;
  float d0, d1, d2, d3;
  float c0 = c[g * 8 + 2 * q], c1 = c[g * 8 + 2 * q + 1], c2 = c[(g + 8) * 8 + 2 * q], c3 = c[(g + 8) * 8 + 2 * q + 1];
  asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%10,%11,%12,%13};"
               : "=f"(d0), "=f"(d1), "=f"(d2), "=f"(d3)
               : "r"(au[g * 8 + q]), "r"(au[(g + 8) * 8 + q]), "r"(au[g * 8 + q + 4]), "r"(au[(g + 8) * 8 + q + 4]),
                 "r"(bu[g * 8 + q]), "r"(bu[g * 8 + q + 4]), "f"(c0), "f"(c1), "f"(c2), "f"(c3));
  d[g * 8 + 2 * q] = d0, d[g * 8 + 2 * q + 1] = d1, d[(g + 8) * 8 + 2 * q] = d2, d[(g + 8) * 8 + 2 * q + 1] = d3;
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%10,%11,%12,%13};"
               : "=f"(d0), "=f"(d1), "=f"(d2), "=f"(d3)
               : "r"(ah[g * 8 + q]), "r"(ah[(g + 8) * 8 + q]), "r"(ah[g * 8 + q + 4]), "r"(ah[(g + 8) * 8 + q + 4]),
                 "r"(bh[g * 8 + q]), "r"(bh[g * 8 + q + 4]), "f"(c0), "f"(c1), "f"(c2), "f"(c3));
  dh[g * 8 + 2 * q] = d0, dh[g * 8 + 2 * q + 1] = d1, dh[(g + 8) * 8 + 2 * q] = d2, dh[(g + 8) * 8 + 2 * q + 1] = d3;
}

// Rows of 32 float4 go through shared memory with cp.async, the next one under way while one is added up.
extern "C" __global__ void pipeline(const float4* x, int rows, float4* out) {
  __shared__ float4 s[2][32];
  float4 sum = make_float4(0, 0, 0, 0);
  unsigned at = (unsigned)__cvta_generic_to_shared(&s[0][threadIdx.x]);
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(at), "l"(x + threadIdx.x));
  asm volatile("cp.async.commit_group;");
  for (int r = 0; r < rows; r++) {
    if (r + 1 < rows) asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(at + ((r + 1) & 1) * 512), "l"(x + 32 * (r + 1) + threadIdx.x));
    asm volatile("cp.async.commit_group;");
    asm volatile("cp.async.wait_group 1;" ::: "memory");
    __syncthreads();
    float4 v = s[r & 1][(threadIdx.x + 1) % 32];
    sum.x += v.x, sum.y += v.y, sum.z += v.z, sum.w += v.w;
    __syncthreads();
  }
  out[threadIdx.x] = sum;
}

// A row of an 8 x 8 matrix of 16-bit numbers each by ldmatrix, straight and transposed.
extern "C" __global__ void fragments(const uint4* x, unsigned* out) {
  __shared__ uint4 s[8];
  if (threadIdx.x < 8) s[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  unsigned at = (unsigned)__cvta_generic_to_shared(&s[threadIdx.x % 8]);
  unsigned v, w;
  asm volatile("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%0}, [%1];" : "=r"(v) : "r"(at));
  asm volatile("ldmatrix.sync.aligned.m8n8.x1.trans.shared.b16 {%0}, [%1];" : "=r"(w) : "r"(at));
  out[2 * threadIdx.x] = v;
  out[2 * threadIdx.x + 1] = w;
}

// Functions, tables and local arrays.
__device__ __noinline__ float helper(float a, int* p) {
  if (a > 3) *p = 7;
  return a * 2 + *p;
}
__constant__ float table[4] = {1, 2, 3, 4};
__device__ int counter = 5;

extern "C" __global__ void functions(float* a, int n) {
  int local[8];
  for (int i = 0; i < 8; i++) local[i] = 10 * i;
  int v = local[n & 7];
  float r = helper(a[threadIdx.x], &v) + table[n & 3];
  switch (threadIdx.x % 6) {
    case 0: r += 1; break;
    case 1: r *= 3; break;
    case 2: r -= helper(r, &v); break;
    case 3: r = -r; break;
    case 4: r = sqrtf(r); break;
  }
  a[threadIdx.x] = r + local[v & 7];
  if (threadIdx.x == 0) atomicAdd(&counter, 1);
}
