package cuda

import (
	"fmt"

	"segovia/kernels/cuda/driver"
)

// filter is a kernel that labels points: how it scores them, before canonical distances decide what the scores leave open.
type filter struct {
	name     string  // of the kernel and of its module
	wide     int     // columns that it works on, the rest being zero
	points   int     // of a block of threads
	round    int     // the number of centroids of a model is rounded up to a multiple of it
	fixed    int     // shared memory of a block, at most, besides that of the models
	rowBytes int     // shared memory of a centroid; 0 where a block has one model at a time and centroids pass through
	gamma    float64 // relative error of a score
}

// How scores are made.
const (
	Float32Scores = "float32" // by fused multiply-adds
	TensorScores  = "tensor"  // by tensor cores, in TF32 with corrections
)

// widest is the largest number of columns for which points stay in registers.
const widest = 32

// filters returns the kernels for d columns, best first: those behind the first are for models that it has no room for.
func filters(d int, scores string) []filter {
	var list []filter
	sums := 8 * (d + 1)
	if scores == TensorScores {
		for _, wide := range []int{8, 16, 24, 32} {
			if d <= wide {
				points := 256
				if wide > 16 {
					points = 128
				}
				list = append(list, filter{fmt.Sprintf("tensor%d", wide), wide, points, 8, 4608 + 36*points, 8*(wide+4) + 8 + sums, 1.01 * (1.5*float64(d) + 12) * 0x1p-23})
				break
			}
		}
	}
	gamma := 1.01 * float64(d+4) * 0x1p-24
	for _, wide := range []int{4, 8, 12, 16, 24, widest} {
		if d <= wide {
			list = append(list, filter{fmt.Sprintf("pass%d", wide), wide, blockPoints, 1, 4096, 4*wide + 8 + sums, gamma})
			break
		}
	}
	return append(list, filter{"passWide", d, blockPoints, 1, 5120, 0, gamma})
}

// need is the shared memory of one model of k centroids.
func (f filter) need(k int) int { return ceil(k, f.round) * f.round * f.rowBytes }

// filterFor returns the kernel for models of up to kmax centroids.
func (h *held) filterFor(kmax int) filter {
	for _, f := range h.filters {
		if f.need(kmax) <= h.dev.shared-f.fixed {
			return f
		}
	}
	return h.filters[len(h.filters)-1] // takes none
}

// grid returns the kernel, the shared memory of a block of it for models of up to kmax centroids, as much as leaves room for the
// blocks that registers allow, and more only where one model needs it; and how many blocks run on the device at once.
func (d *device) grid(f filter, kmax int) (kernel driver.Function, shared, blocks int, err error) {
	if kernel, err = d.kernel(f.name, f.name); err != nil {
		return 0, 0, 0, err
	}
	most := d.shared - f.fixed
	if f.rowBytes > 0 {
		if err := d.api.AllowShared(kernel, most); err != nil {
			return 0, 0, 0, failed(err)
		}
	}
	perMP, err := d.api.BlocksPerMP(kernel, threads, 0)
	if err != nil {
		return 0, 0, 0, failed(err)
	}
	if f.rowBytes > 0 {
		const reserved = 1024 // of each block, by the hardware
		shared = min(max(((d.shared+reserved)/max(perMP, 1)-reserved-f.fixed)&^15, f.need(kmax)), most)
		if perMP, err = d.api.BlocksPerMP(kernel, threads, shared); err != nil {
			return 0, 0, 0, failed(err)
		}
	}
	return kernel, shared, max(perMP, 1) * d.mps, nil
}
