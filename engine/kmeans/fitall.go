package kmeans

import "context"

// sharedBytes is the size of a sample's rows from which on several runs share each pass over them: below, the rows stay in
// the cache between the passes of one run (bench/README.md).
const sharedBytes = 16 << 20

// sharedRuns is the number of runs that share a pass. Each needs five bytes per row.
const sharedRuns = 8

// Shared reports whether fits over the open sample share their passes.
func (w *Worker) Shared() bool {
	if w.data.Pooling != "" {
		return w.data.Pooling == "shared"
	}
	return 4*w.sample.N*w.sample.D > sharedBytes
}

// FitAll fits the cells 0..n-1 over the open sample: start gives the rows that a cell starts from, and is called in the
// order of the cells; done takes the fits as they end. Where the rows exceed the cache, several cells are in progress at
// once and share the passes, and the next cell takes the place of one that is done. A cancelled ctx ends it within one pass.
func (w *Worker) FitAll(ctx context.Context, n int, start func(cell int) []float32, maxIter int, done func(cell int, f Fit)) error {
	width := 1
	if w.Shared() {
		width = sharedRuns
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
