#include <cstdint>
extern "C" __global__ void __launch_bounds__(256) assign(const float4* __restrict__ rows, const float4* __restrict__ cent, const float* __restrict__ half, int n, int k, int q, int* label, float* best, float* second, unsigned long long* moved, unsigned long long* sums, unsigned* counts) {
  extern __shared__ float4 sh[];
  __shared__ unsigned cnt[64];
  for (int i = threadIdx.x; i < k*q; i += blockDim.x) sh[i] = cent[i];
  if (threadIdx.x < 64) cnt[threadIdx.x] = 0;
  __syncthreads();
  int r = blockIdx.x*blockDim.x + threadIdx.x;
  bool in = r < n;
  float b = INFINITY, s = INFINITY; int l = -1;
  if (in) for (int c = 0; c < k; c++) {
    float d = half[c];
    for (int j = 0; j < q; j++) { float4 x = rows[(size_t)j*n + r], y = sh[c*q+j];
      d = fmaf(-x.x,y.x,d); d = fmaf(-x.y,y.y,d); d = fmaf(-x.z,y.z,d); d = fmaf(-x.w,y.w,d); }
    if (d < b) { s = b; b = d; l = c; } else if (d < s) s = d;
  }
  bool mv = in && label[r] != l;
  unsigned bal = __ballot_sync(0xffffffffu, mv);
  if ((threadIdx.x & 31) == 0 && bal) atomicAdd(moved, (unsigned long long)__popc(bal));
  if (in) { label[r] = l; best[r] = b; second[r] = s; unsigned old = atomicAdd(&cnt[l], 1u); atomicXor(&sums[l], (unsigned long long)old*0x9E3779B97F4A7C15ull); atomicAdd(&sums[k+l], (unsigned long long)r); }
  __syncthreads();
  if (threadIdx.x < k) atomicAdd(&counts[threadIdx.x], cnt[threadIdx.x]);
}
extern "C" __global__ void dbl(const double* a, const double* b, double* o, int n) {
  int i = blockIdx.x*blockDim.x+threadIdx.x; if (i>=n) return;
  double x=a[i], y=b[i];
  o[6*i]=__dadd_rn(x,y); o[6*i+1]=__dmul_rn(x,y); o[6*i+2]=__ddiv_rn(x,y); o[6*i+3]=__dsqrt_rn(x); o[6*i+4]=fma(x,y,x); o[6*i+5]=__ddiv_rd(x,y)+__dadd_ru(x,y)*__dmul_rz(x,y);
}
extern "C" __global__ void philox(uint32_t k0, uint32_t k1, unsigned long long step, unsigned long long* out, int n, unsigned long long m) {
  int i = blockIdx.x*blockDim.x+threadIdx.x; if (i>=n) return;
  uint32_t c0=i,c1=0,c2=(uint32_t)step,c3=step>>32;
  #pragma unroll
  for (int r=0;r<10;r++){ uint64_t p0=(uint64_t)c0*0xD2511F53u,p1=(uint64_t)c2*0xCD9E8D57u; uint32_t t0=(p1>>32)^c1^k0,t2=(p0>>32)^c3^k1; c1=(uint32_t)p1;c3=(uint32_t)p0;c0=t0;c2=t2;k0+=0x9E3779B9u;k1+=0xBB67AE85u; }
  unsigned long long v=(unsigned long long)c1<<32|c0;
  out[i]=__umul64hi(v,m);
}
extern "C" __global__ void mth(const float* a, float* o, int n, unsigned char* u8, short* s16, long long* s64, double* dd) {
  int i = blockIdx.x*blockDim.x+threadIdx.x; if (i>=n) return;
  float x=a[i]; float r=0;
  switch(i%13){case 0:r=expf(x);break;case 1:r=logf(x);break;case 2:r=x/3.3f;break;case 3:r=sqrtf(x);break;case 4:r=rsqrtf(x);break;case 5:r=sinf(x);break;case 6:r=floorf(x);break;case 7:r=rintf(x);break;case 8: r=fminf(x,2.f);break;case 9:r=(float)(int)x;break;case 10:r=(float)(s64[i]%(long long)(i+2));break;case 11:r=(float)exp((double)x);break;case 12:r=__fdividef(x,3.f)+__expf(x);}
  o[i]=r; u8[i]=(unsigned char)x; s16[i]=s16[i]*3+u8[i]; dd[i]=log(dd[i])+pow(dd[i],1.5)+(double)s64[i];
  o[i]+=__shfl_xor_sync(~0u,r,1)+__reduce_add_sync(~0u,(unsigned)i)+__popcll(s64[i])+__clz(i)+__ffs(i)+__brev(i)+__byte_perm(i,n,0x1234)+__funnelshift_l(i,n,3);
}
__device__ __noinline__ float helper(float a, int* p){ if(a>3) *p=7; return a*2+*p; }
__constant__ float tab[4]={1.f,2.f,3.f,4.f};
__device__ int counter=5; __device__ double darr[3];
extern "C" __global__ void fn(float* a, int n){ int loc[8]; for(int i=0;i<8;i++) loc[i]=i; int z=n&7; int v=loc[z]; a[threadIdx.x]=helper(a[threadIdx.x],&v)+tab[n&3]+counter+loc[v&7]; darr[1]=a[0]; }
