package kmeans

import "context"

// FitAll fits the cells 0..n-1 over the open sample: start gives the rows that a cell starts from, and is called in the
// order of the cells; done takes the fits as they end. Where the rows exceed the cache, several cells are in progress at
// once and share the passes, and the next cell takes the place of one that is done. A cancelled ctx ends it within one pass.
//
// Where hardware holds the rows, it fits all cells together; should it fail, the processor fits those that are left, or the
// error says so (Data.Hold).
func (w *Worker) FitAll(ctx context.Context, n int, start func(cell int) []float32, maxIter int, done func(cell int, f Fit)) error {
	if w.failure != nil {
		return w.failure
	}
	if w.fitter == nil {
		return w.fitHere(ctx, n, start, maxIter, done)
	}
	starts := make([][]float32, n)
	for cell := range starts {
		starts[cell] = start(cell)
	}
	if w.failure != nil { // while seeds were drawn
		return w.failure
	}
	if w.fitter == nil {
		return w.fitHere(ctx, n, func(cell int) []float32 { return starts[cell] }, maxIter, done)
	}
	left, err := w.fitResident(ctx, starts, maxIter, done)
	if err != nil || len(left) == 0 {
		return err
	}
	return w.fitHere(ctx, len(left), func(i int) []float32 { return starts[left[i]] }, maxIter, func(i int, f Fit) { done(left[i], f) })
}

// fitHere is FitAll on the processor.
func (w *Worker) fitHere(ctx context.Context, n int, start func(cell int) []float32, maxIter int, done func(cell int, f Fit)) error {
	width := 1
	if w.data.Shared(w.sample.N) {
		width = max(w.data.limits.Runs, 1)
	}
	var active []*run
	var cells []int
	next := 0
	defer func() { w.runs = append(w.runs, active...) }()
	for next < n || len(active) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		for next < n && len(active) < width {
			r := w.spare()
			w.begin(r, start(next), maxIter)
			active, cells = append(active, r), append(cells, next)
			next++
		}
		w.pass(active)
		kept := 0
		for i, r := range active {
			if !w.step(r) {
				active[kept], cells[kept] = r, cells[i]
				kept++
				continue
			}
			done(cells[i], w.finish(r))
			w.runs = append(w.runs, r)
		}
		active, cells = active[:kept], cells[:kept]
	}
	return nil
}
