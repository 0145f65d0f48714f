package cuda

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	"segovia/kernels"
	"segovia/kernels/cuda/driver"
	"segovia/kernels/pairwise"
)

// As in pairwise.cu.
const (
	pairwiseThreads = 128
	pairwisePoints  = 2 * pairwiseThreads
)

// rangeLength is the number of targets of a range. 4,096 points and 200,000 targets are 3,136 blocks, six for each that an
// H100 runs at a time, so that its multiprocessors finish at nearly the same time.
const rangeLength = 1024

// maxPoints is the number of points that Sums takes well: their sums over 209 slots are 7 MB, and on an H100 200,000 targets
// are some milliseconds of work.
const maxPoints = 16 * pairwisePoints

// maxLabelings is the number of labelings of one pass over the distances: 64 KiB of shared memory and up to 16 KiB for the
// targets are what every card since compute capability 8.0 has. The sweep's usual 19 leave room for four blocks at a time.
const maxLabelings = 32

// lanes is the number of calls of Sums that are on the card at a time.
const lanes = 2

// maxTargets keeps the numbers of changes, up to maxLabelings for each target and range, below 2^32.
const maxTargets = 130_000_000

// Pairwise sums distances on a card.
type Pairwise struct {
	api     driver.API
	mu      sync.Mutex
	free    uint64 // of the limit
	kernels []pairwiseKernel
	failure atomic.Pointer[error]
	timing  *Timing
}

// pairwiseKernel is one of pairwise.cu, for up to so many columns.
type pairwiseKernel struct {
	name    string
	columns int
	f       driver.Function
}

// Pairwise returns what sums distances on the device. All targets that are loaded at a time share half of the memory that the
// path may take.
func (p *Path) Pairwise() (pairwise.Device, error) {
	d, err := p.open()
	if err != nil {
		return nil, err
	}
	limit, err := d.budget(p.options.Memory)
	if err != nil {
		return nil, err
	}
	sums, err := newPairwise(d, limit/2)
	if err != nil {
		return nil, err
	}
	sums.timing = p.timing
	return sums, nil
}

// newPairwise finds the kernels; limit are the bytes that all loaded targets share.
func newPairwise(d *device, limit uint64) (*Pairwise, error) {
	p := &Pairwise{api: d.api, free: limit,
		kernels: []pairwiseKernel{{"pairwise8", 8, 0}, {"pairwise12", 12, 0}, {"pairwise16", 16, 0}, {"pairwise24", 24, 0},
			{"pairwise32", 32, 0}, {"pairwiseAny", math.MaxInt, 0}}}
	for i := range p.kernels {
		k := &p.kernels[i]
		var err error
		if k.f, err = d.kernel("pairwise", k.name); err != nil {
			return nil, err
		}
		if err = d.api.AllowShared(k.f, sharedBytes(maxLabelings)); err != nil {
			return nil, failed(err)
		}
	}
	return p, nil
}

// sharedBytes is the dynamic shared memory of a block.
func sharedBytes(labelings int) int { return labelings * pairwisePoints * 8 }

// Err returns why Load or Sums first failed, if one did, for whoever did the work on the processor instead and wants to say so.
func (p *Pairwise) Err() error {
	if err := p.failure.Load(); err != nil {
		return *err
	}
	return nil
}

// failed keeps the first error and returns it with its place.
func (p *Pairwise) failed(err error) error {
	err = fmt.Errorf("cuda: %w: sums of distances: %w", kernels.ErrDevice, err)
	p.failure.CompareAndSwap(nil, &err)
	return err
}

// loaded are targets on the card, and two lanes over which points go there and sums come back, one while the other works.
type loaded struct {
	p           *Pairwise
	magic       float64
	kernel      pairwiseKernel
	points      int // of a call
	n, d, slots int
	values      driver.Ptr
	groups      []group
	lanes       chan *lane // that are free
	release     []func() error
	clock       *clock
	launch      atomic.Int64 // points times ranges of the next launch
}

// group are labelings that are summed in one pass, with the parts of their table.
type group struct {
	labelings                     int
	ranges, ends, firsts, changes driver.Ptr
}

// lane belongs to one call of Sums at a time.
type lane struct {
	stream       driver.Stream
	watch        *stopwatch
	points, sums driver.Ptr
	host         []float64 // points, column by column
}

// reserve takes as many bytes of the limit as up to maxPoints points at a time need, perPoint each, beside fixed.
func (p *Pairwise) reserve(fixed, perPoint uint64) (points int, bytes uint64, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if need := fixed + pairwisePoints*perPoint; need > p.free {
		return 0, 0, fmt.Errorf("%d bytes of the card's memory are needed, and %d of those allowed are free", need, p.free)
	}
	blocks := min(maxPoints/pairwisePoints, (p.free-fixed)/(pairwisePoints*perPoint))
	bytes = fixed + blocks*pairwisePoints*perPoint
	p.free -= bytes
	return int(blocks) * pairwisePoints, bytes, nil
}

func (p *Pairwise) giveBack(bytes uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free += bytes
}

// Load takes t to the card. It fails where the limit has no room for them and 256 points at a time.
func (p *Pairwise) Load(t *pairwise.Targets) (pairwise.Loaded, error) {
	l, tables, err := p.plan(t)
	if err != nil {
		return nil, p.failed(err)
	}
	if err := l.fill(t, tables); err != nil {
		_ = l.Close() // err says more
		return nil, p.failed(err)
	}
	return l, nil
}

// plan returns what t needs, and its share of the limit, but no memory of the card yet.
func (p *Pairwise) plan(t *pairwise.Targets) (*loaded, []table, error) {
	n, d, labelings, slots := t.Shape()
	if n == 0 || n > maxTargets {
		return nil, nil, fmt.Errorf("%d targets; 1 to %d are taken", n, maxTargets)
	}
	var tables []table
	fixed := 8 * uint64(n) * uint64(d)
	for first := 0; first < labelings; first += maxLabelings {
		table := tableOf(t, first, min(first+maxLabelings, labelings))
		tables, fixed = append(tables, table), fixed+4*uint64(len(table.words))
	}
	points, bytes, err := p.reserve(fixed, lanes*8*uint64(d+slots))
	if err != nil {
		return nil, nil, fmt.Errorf("%d targets of %d columns in %d labelings with %d slots: %w", n, d, labelings, slots, err)
	}
	l := &loaded{p: p, magic: t.Magic(), n: n, d: d, slots: slots, points: points, lanes: make(chan *lane, lanes)}
	l.release = append(l.release, func() error { p.giveBack(bytes); return nil })
	for _, k := range p.kernels {
		if l.kernel = k; d <= k.columns {
			break
		}
	}
	l.launch.Store(max(1, firstLaunch/rangeLength/int64(3*d+9)))
	return l, tables, nil
}

// fill takes the memory that is planned and copies the targets and their tables there.
func (l *loaded) fill(t *pairwise.Targets, tables []table) error {
	api, row := l.p.api, 8*uint64(l.d)
	var err error
	if l.clock, err = newClock(api, l.p.timing); err != nil {
		return err
	}
	l.release = append(l.release, l.clock.close)
	if err := api.Synchronize(0); err != nil {
		return err
	}
	for range lanes {
		ln := &lane{host: make([]float64, l.points*l.d)}
		var err error
		if ln.stream, err = l.stream(); err != nil {
			return err
		}
		if ln.watch, err = l.watch(ln.stream); err != nil {
			return err
		}
		if ln.points, err = l.alloc(row * uint64(l.points)); err != nil {
			return err
		}
		if ln.sums, err = l.alloc(8 * uint64(l.points) * uint64(l.slots)); err != nil {
			return err
		}
		l.lanes <- ln
	}
	stream, err := l.stream()
	if err != nil {
		return err
	}
	watch, err := l.watch(stream)
	if err != nil {
		return err
	}
	if err := watch.mark(0); err != nil {
		return err
	}
	sent := row * uint64(l.n)
	if l.values, err = l.alloc(row * uint64(l.n)); err != nil {
		return err
	}
	var buf []float64
	for at, piece := 0, max(1, 1<<20/l.d); at < l.n; at += piece {
		buf = t.Rows(buf, at, min(at+piece, l.n))
		if err := api.CopyToDevice(l.values+driver.Ptr(row*uint64(at)), unsafe.Pointer(&buf[0]), 8*uint64(len(buf)), stream); err != nil {
			return err
		}
	}
	for _, table := range tables {
		bytes := 4 * uint64(len(table.words))
		sent += bytes
		at, err := l.alloc(bytes)
		if err != nil {
			return err
		}
		if err := api.CopyToDevice(at, unsafe.Pointer(&table.words[0]), bytes, stream); err != nil {
			return err
		}
		part := func(i int) driver.Ptr { return at + driver.Ptr(4*table.part[i]) }
		l.groups = append(l.groups, group{table.labelings, part(0), part(1), part(2), part(3)})
	}
	if err := watch.mark(1); err != nil {
		return err
	}
	if err := api.Synchronize(stream); err != nil {
		return err
	}
	return watch.add(Transfer, 0, 1, sent)
}

// watch returns a stopwatch for a stream, which Close closes before the stream.
func (l *loaded) watch(s driver.Stream) (*stopwatch, error) {
	w, err := l.clock.watch(s, 2)
	if err == nil {
		l.release = append(l.release, w.close)
	}
	return w, err
}

// stream returns a new stream, which Close closes.
func (l *loaded) stream() (driver.Stream, error) {
	s, err := l.p.api.NewStream()
	if err == nil {
		l.release = append(l.release, func() error { return l.p.api.CloseStream(s) })
	}
	return s, err
}

// alloc returns memory of the card, which Close frees.
func (l *loaded) alloc(bytes uint64) (driver.Ptr, error) {
	at, err := l.p.api.Alloc(bytes)
	if err == nil {
		l.release = append(l.release, func() error { return l.p.api.Free(at) })
	}
	return at, err
}

// Close gives back what load took, the last first.
func (l *loaded) Close() error {
	var errs []error
	for _, release := range slices.Backward(l.release) {
		errs = append(errs, release())
	}
	l.release = nil
	return errors.Join(errs...)
}

// Points is how many points a call of Sums takes.
func (l *loaded) Points() int { return l.points }
