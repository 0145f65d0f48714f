package cuda

import (
	"unsafe"

	"segovia/kernels/cuda/driver"
)

// The structs that kernels read have the same layout in Go and in device/*.cu; TestLayout compares their sizes with those
// that the PTX declares.

// How a model stands: enum Status in lloyd.cu.
const (
	idle uint32 = iota
	active
	final
	stopped // without convergence
	converged
	empty   // waits for the host to fill a cluster
	resumed // and was filled
)

// slot is one model: Slot in lloyd.cu.
type slot struct {
	status, k, iterations, maxIter uint32
	//lint:ignore U1000 counted by the kernels
	moved  uint32
	filled uint32
	//lint:ignore U1000 counted by the kernels
	formers uint32
	fresh   uint32
	hash    [2]uint64
	//lint:ignore U1000 computed and read by the kernels
	bounds [4]float32
}

// plan says what the next pass works on: Plan in lloyd.cu.
type plan struct {
	//lint:ignore U1000 read by the kernels
	active, groups uint32
	empty, ended   uint32
}

// work are the parameters of pass, step and plan: Work in lloyd.cu.
type work struct {
	tiles, square, weight, scale                 driver.Ptr
	slots, plan, order, group                    driver.Ptr
	rows, negated, h                             driver.Ptr
	sums, weights, labels, former                driver.Ptr
	stride, first                                uint64
	n, d, wide, kmax, slotCount, maxIter, shared uint32
	atLeast, rowBytes, round                     uint32
	_                                            uint32
	gamma                                        float64
}

// seeding are the parameters of the kernels of seed.cu.
type seeding struct {
	tiles, weight, chains, random, nearest, masses, seeds driver.Ptr
	n, d, k, step, candidates, blocks                     uint32
}

// chain is one restart: Chain in seed.cu.
type chain struct {
	seeds uint32
	//lint:ignore U1000 the kernels' own
	ended uint32
	//lint:ignore U1000 the kernels' own
	largest uint64
	//lint:ignore U1000 the kernels' own
	drawn [candidatesMax]uint32
	_     uint32
	//lint:ignore U1000 the kernels' own
	potential [candidatesMax][2]uint64
}

// scoring are the parameters of the kernels of score.cu.
type scoring struct {
	tiles, square, rows, negated, h, bounds driver.Ptr
	labels, upper, lower, distances         driver.Ptr
	n, d, wide, k                           uint32
}

// resample are the parameters of multinomial and narrow.
type resample struct {
	counts, weights driver.Ptr
	key             [2]uint32
	n               uint32
	_               uint32
}

// What device/*.cuh says of blocks.
const (
	threads       = 128
	blockPoints   = 512 // points of a block of threads, at most
	candidatesMax = 7
	massBlock     = 4096
	massThreads   = 256
	slotsMax      = 4096 // more models at once do not make the device busier
)

// args makes a launch's arguments of one struct.
func args[T any](p *T) []unsafe.Pointer { return []unsafe.Pointer{unsafe.Pointer(p)} }
