package cuda

import (
	"cmp"
	"slices"
	"sync"

	"segovia/kernels/cuda/driver"
)

// What a Timing tells apart.
const (
	Transfer  = "transfer"  // points and targets to the device
	Labels    = "labels"    // labels of fits to the host
	Chain     = "chain"     // ChainIterations iterations of all models in progress
	Pass      = "pass"      // one kernel of them, where Apart
	Step      = "step"      // the same
	Plan      = "plan"      // the same
	Seeding   = "seeding"   // k-means++ of some restarts
	Drawing   = "drawing"   // weights of a resample
	Distances = "distances" // sums of distances of silhouettes
)

// ChainIterations is the number of iterations of one launch of the chain. Where all models have ended, the rest of them find
// nothing to do.
const ChainIterations = iterations

// Timing collects what devices did for the paths that Timed made, by the devices' own events. It is safe for concurrent use.
type Timing struct {
	// Apart has the kernels of an iteration launched one by one, so that Pass, Step and Plan are known instead of Chain.
	// Results are the same. It is set before the work begins.
	Apart bool

	mu    sync.Mutex
	times map[string][]float64
	bytes map[string]uint64
	spans map[*clock][][2]float64 // of work on the multiprocessors
}

// Times are the times of what a device did.
type Times struct {
	Seconds map[string][]float64 // of each piece, in order where one goroutine works
	Bytes   map[string]uint64    // of Transfer and Labels
	// Busy are the seconds in which at least one kernel was in progress. Streams share the device, so that the pieces of
	// several goroutines are longer than their work.
	Busy float64
}

// Timed returns the path with its times taken: two events around each piece of work, which are microseconds beside it.
func (p *Path) Timed(t *Timing) *Path {
	q := *p
	q.timing = t
	return &q
}

// Take returns what was collected since the last time.
func (t *Timing) Take() Times {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := Times{Seconds: t.times, Bytes: t.bytes}
	for _, spans := range t.spans {
		slices.SortFunc(spans, func(a, b [2]float64) int { return cmp.Compare(a[0], b[0]) })
		end := 0.0
		for _, s := range spans {
			all.Busy += max(s[1]-max(s[0], end), 0)
			end = max(end, s[1])
		}
	}
	t.times, t.bytes, t.spans = nil, nil, nil
	return all
}

// add books a piece between from and to, in seconds on the clock.
func (t *Timing) add(c *clock, what string, from, to float64, bytes uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.times == nil {
		t.times, t.bytes, t.spans = map[string][]float64{}, map[string]uint64{}, map[*clock][][2]float64{}
	}
	t.times[what] = append(t.times[what], to-from)
	if bytes > 0 {
		t.bytes[what] += bytes
	} else {
		t.spans[c] = append(t.spans[c], [2]float64{from, to})
	}
}

// clock puts the events of several streams on one line, which begins with its own event. Its methods and those of its
// stopwatches do nothing where they are nil: nobody asked for times.
type clock struct {
	api    driver.API
	timing *Timing
	start  driver.Event
}

// newClock starts a clock on the default stream, which has to be waited for before a stopwatch is read; nil for no timing.
func newClock(api driver.API, t *Timing) (*clock, error) {
	if t == nil {
		return nil, nil
	}
	c := &clock{api: api, timing: t}
	var err error
	if c.start, err = api.NewEvent(); err != nil {
		return nil, failed(err)
	}
	if err := api.Record(c.start, 0); err != nil {
		_ = c.close()
		return nil, failed(err)
	}
	return c, nil
}

func (c *clock) close() error {
	if c == nil || c.start == 0 {
		return nil
	}
	e := c.start
	c.start = 0
	return failed(c.api.CloseEvent(e))
}

// apart says whether kernels are launched one by one.
func (c *clock) apart() bool { return c != nil && c.timing.Apart }

// stopwatch takes the times of one stream.
type stopwatch struct {
	*clock
	stream driver.Stream
	marks  []driver.Event
}

// watch returns a stopwatch with so many marks.
func (c *clock) watch(s driver.Stream, marks int) (*stopwatch, error) {
	if c == nil {
		return nil, nil
	}
	w := &stopwatch{clock: c, stream: s}
	for range marks {
		e, err := c.api.NewEvent()
		if err != nil {
			_ = w.close()
			return nil, failed(err)
		}
		w.marks = append(w.marks, e)
	}
	return w, nil
}

func (w *stopwatch) close() error {
	if w == nil {
		return nil
	}
	var first error
	for _, e := range w.marks {
		if err := w.api.CloseEvent(e); err != nil && first == nil {
			first = failed(err)
		}
	}
	w.marks = nil
	return first
}

// mark notes the time at which the stream comes here.
func (w *stopwatch) mark(i int) error {
	if w == nil {
		return nil
	}
	return failed(w.api.Record(w.marks[i], w.stream))
}

// add books the piece between two marks that the stream has passed; bytes are those of a transfer.
func (w *stopwatch) add(what string, from, to int, bytes uint64) error {
	if w == nil {
		return nil
	}
	var at [2]float64
	for i, m := range []int{from, to} {
		ms, err := w.api.Elapsed(w.start, w.marks[m])
		if err != nil {
			return failed(err)
		}
		at[i] = float64(ms) / 1000
	}
	ms, err := w.api.Elapsed(w.marks[from], w.marks[to]) // finer than the difference
	if err != nil {
		return failed(err)
	}
	w.timing.add(w.clock, what, at[0], at[0]+float64(ms)/1000, bytes)
	return nil
}

// iterateApart launches the kernels of some iterations one by one, with a mark behind each.
func (f *fitter) iterateApart() error {
	for i := range iterations {
		for o, launch := range []func(*work) error{f.passAll, f.endIteration, f.planNext} {
			if err := launch(&f.room.work); err != nil {
				return err
			}
			if err := f.watch.mark(3*i + o + 1); err != nil {
				return err
			}
		}
	}
	return toHost(f.dev.api, f.room.plan, f.room.work.plan, f.stream)
}

// bookIterations books iterations that the stream has passed.
func (f *fitter) bookIterations() error {
	if !f.clock.apart() || f.tiles == 0 {
		return f.watch.add(Chain, 0, 1, 0)
	}
	for i := range iterations {
		for o, what := range []string{Pass, Step, Plan} {
			if err := f.watch.add(what, 3*i+o, 3*i+o+1, 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// arrive waits for iterations and books them.
func (f *fitter) arrive() error {
	if !f.clock.apart() || f.tiles == 0 {
		if err := f.watch.mark(1); err != nil {
			return err
		}
	}
	if err := failed(f.dev.api.Synchronize(f.stream)); err != nil {
		return err
	}
	return f.bookIterations()
}

// timed waits for what do puts into the stream, and books it.
func (f *fitter) timed(what string, bytes uint64, do func() error) error {
	if err := f.watch.mark(0); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	if err := f.watch.mark(1); err != nil {
		return err
	}
	if err := failed(f.dev.api.Synchronize(f.stream)); err != nil {
		return err
	}
	return f.watch.add(what, 0, 1, bytes)
}

// fitterMarks is the number of marks that a fitter needs.
func (c *clock) fitterMarks() int {
	if c.apart() {
		return 3*iterations + 1
	}
	return 2
}
