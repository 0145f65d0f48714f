// What ends an iteration (work.cuh).
#include "work.cuh"

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
