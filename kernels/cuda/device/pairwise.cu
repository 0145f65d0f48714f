// Sums of Euclidean distances by the labels of the targets, for package pairwise, whose contract this keeps to the bit:
// float64, the columns in order, product and sum each rounded, a correctly rounded square root, rounded once to whole steps.
// From there on all is integers modulo 2^64, exact in any order, so that blocks may add to the same sums.
//
// A block takes POINTS points, two to a thread, and a range of the targets, which stand in the order of their labels. A
// thread counts in S the steps to the targets of the range so far. Where a labeling's label changes, the slot that ends gets
// what S has grown by since that labeling's last change. So a labeling of two labels costs next to nothing, and the finest
// one an addition to memory for each run of rows with the same label. With its range, every label ends.
//
// At 16 columns a pair is 47 operations in float64 on the columns, 8 in the square root and one to round. An H100 does 64 a
// cycle on each of 132 multiprocessors: at 1.7 GHz the 4e10 pairs of 200,000 points take 0.156 s at least. Beside that, reading
// the targets from shared memory, 128 bytes a cycle, takes half as long, and issuing all instructions, four a cycle, three
// quarters. That the distance is symmetric is not used: half of the sums would be sums over lanes.

typedef unsigned int u32;
typedef unsigned long long u64;

enum { THREADS = 128, POINTS = 2 * THREADS, TILE = 64, GROUP = 8, COLUMNS = 64 };

#define PARAMETERS                                                                                        \
	const double *__restrict__ points,  /* column by column, stride of each, a multiple of POINTS */      \
	const double *__restrict__ targets, /* n rows of d columns, in order */                               \
	const u32 *__restrict__ ranges,     /* for each range its first boundary */                           \
	const u32 *__restrict__ ends,       /* for each boundary the target before which it stands, and one more value */ \
	const u32 *__restrict__ firsts,     /* for each boundary its first change, and the number of changes */ \
	const u32 *__restrict__ changes,    /* labeling << 16 | the slot that ends */                         \
	u64 *__restrict__ sums,             /* of point i and slot c at [i / 8][c][i % 8] */                  \
	double magic,                       /* what rounds to steps, as in package pairwise, */               \
	u32 offset,                         /* and the high word of -bits(magic); the low one is 0 */         \
	u32 stride, u32 n, u32 d, u32 slots, u32 labelings,                                                   \
	u32 length, u32 range0              /* targets of a range; the first range of this launch */

#define ARGUMENTS points, targets, ranges, ends, firsts, changes, sums, magic, offset, stride, n, d, slots, labelings, length, range0

extern __shared__ u64 begun[]; // [labeling][POINTS]: S at the labeling's last change

// steps is the distance of which square is the square, in steps.
__device__ __forceinline__ u64 steps(double square, double magic, u32 offset) {
	return __double_as_longlong(__dadd_rn(__dsqrt_rn(square), magic)) + ((u64)offset << 32);
}

__device__ __forceinline__ double square(double x, double y) {
	double diff = __dsub_rn(x, y);
	return __dmul_rn(diff, diff);
}

// Walk is the way of a thread along a range.
struct Walk {
	u64 s0, s1;    // S of its two points
	u32 b, end;    // the next boundary and its target
	u32 at, stop;  // the next target and the end of the range
	u64 *p0, *p1;  // the sums of its points

	__device__ __forceinline__ Walk(PARAMETERS) {
		u32 range = range0 + blockIdx.y, i = blockIdx.x * POINTS + threadIdx.x;
		s0 = s1 = 0;
		b = ranges[range];
		end = ends[b];
		at = range * length;
		stop = min(at + length, n);
		p0 = sums + ((u64)(i >> 3) * slots * 8 + (i & 7));
		p1 = p0 + (u64)(THREADS >> 3) * slots * 8;
#pragma unroll 1
		for (u32 q = 0; q < labelings; q++)
			begun[q * POINTS + threadIdx.x] = begun[q * POINTS + THREADS + threadIdx.x] = 0;
	}

	// add counts the distances to a target, and settles the boundary behind it, if there is one.
	__device__ __forceinline__ void add(u64 t0, u64 t1, const u32 *__restrict__ ends, const u32 *__restrict__ firsts,
			const u32 *__restrict__ changes) {
		s0 += t0;
		s1 += t1;
		if (++at != end)
			return;
		u32 until = firsts[b + 1];
		for (u32 c = firsts[b]; c < until; c++) {
			u32 change = changes[c], slot = (change & 0xFFFF) * 8;
			u64 *from = begun + (change >> 16) * POINTS + threadIdx.x;
			atomicAdd(p0 + slot, s0 - from[0]);
			atomicAdd(p1 + slot, s1 - from[THREADS]);
			from[0] = s0;
			from[THREADS] = s1;
		}
		end = ends[++b];
	}
};

// sum is the kernel for up to D columns; those beyond d are 0 in points and targets alike, and add nothing. The points stay in
// registers, the targets go through shared memory, where all threads read the same words.
template <int D> __device__ __forceinline__ void sum(PARAMETERS) {
	__shared__ __align__(16) double tile[TILE][D];
	Walk w(ARGUMENTS);
	double x0[D], x1[D];
	const double *x = points + blockIdx.x * POINTS + threadIdx.x;
#pragma unroll
	for (u32 j = 0; j < D; j++, x += stride) {
		x0[j] = j < d ? x[0] : 0;
		x1[j] = j < d ? x[THREADS] : 0;
	}
	while (w.at < w.stop) {
		u32 rows = min(TILE, w.stop - w.at);
		__syncthreads();
		for (u32 e = threadIdx.x; e < rows * D; e += THREADS)
			tile[e / D][e % D] = e % D < d ? targets[(u64)(w.at + e / D) * d + e % D] : 0;
		__syncthreads();
#pragma unroll 1
		for (u32 r = 0; r < rows; r++) {
			double sq0 = square(x0[0], tile[r][0]), sq1 = square(x1[0], tile[r][0]);
#pragma unroll
			for (u32 j = 1; j < D; j++) {
				sq0 = __dadd_rn(sq0, square(x0[j], tile[r][j]));
				sq1 = __dadd_rn(sq1, square(x1[j], tile[r][j]));
			}
			w.add(steps(sq0, magic, offset), steps(sq1, magic, offset), ends, firsts, changes);
		}
	}
}

// sumAny is the kernel for any number of columns: a thread takes GROUP targets at a time to its points, COLUMNS columns of
// which go through shared memory at a time, so that a value of a point is read once for all of them.
__device__ __forceinline__ void sumAny(PARAMETERS) {
	__shared__ __align__(16) double tile[COLUMNS][GROUP];
	Walk w(ARGUMENTS);
	while (w.at < w.stop) {
		u32 rows = min(GROUP, w.stop - w.at);
		double sq0[GROUP] = {}, sq1[GROUP] = {};
		const double *x = points + blockIdx.x * POINTS + threadIdx.x;
		for (u32 from = 0; from < d; from += COLUMNS) {
			__syncthreads();
			for (u32 e = threadIdx.x; e < GROUP * COLUMNS; e += THREADS) {
				u32 r = e / COLUMNS, j = e % COLUMNS;
				tile[j][r] = r < rows && from + j < d ? targets[(u64)(w.at + r) * d + from + j] : 0;
			}
			__syncthreads();
#pragma unroll 1
			for (u32 j = 0; j < min(COLUMNS, d - from); j++, x += stride) {
				double a = x[0], b = x[THREADS];
#pragma unroll
				for (u32 r = 0; r < GROUP; r++) {
					sq0[r] = __dadd_rn(sq0[r], square(a, tile[j][r]));
					sq1[r] = __dadd_rn(sq1[r], square(b, tile[j][r]));
				}
			}
		}
#pragma unroll 1
		for (u32 r = 0; r < rows; r++) {
			u64 t0 = steps(sq0[0], magic, offset), t1 = steps(sq1[0], magic, offset);
#pragma unroll
			for (u32 g = 1; g < GROUP; g++) { // registers have no index
				sq0[g - 1] = sq0[g];
				sq1[g - 1] = sq1[g];
			}
			w.add(t0, t1, ends, firsts, changes);
		}
	}
}

#define KERNEL extern "C" __global__ void __launch_bounds__(THREADS)

KERNEL pairwise8(PARAMETERS) { sum<8>(ARGUMENTS); }
KERNEL pairwise12(PARAMETERS) { sum<12>(ARGUMENTS); }
KERNEL pairwise16(PARAMETERS) { sum<16>(ARGUMENTS); }
KERNEL pairwise24(PARAMETERS) { sum<24>(ARGUMENTS); }
KERNEL pairwise32(PARAMETERS) { sum<32>(ARGUMENTS); }
KERNEL pairwiseAny(PARAMETERS) { sumAny(ARGUMENTS); }
