package kmeans

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"segovia/kernels"
	"segovia/kernels/cuda"
	"segovia/kernels/cuda/cudatest"
	"segovia/kernels/cuda/driver"
	"segovia/kernels/kerneltest"
	"segovia/kernels/problem"
	"segovia/kernels/ref"
	"segovia/kernels/rng"
)

// fitsOf fits all cells over the open sample.
func fitsOf(t testing.TB, w *Worker, starts [][]float32, maxIter int) []Fit {
	t.Helper()
	fits := make([]Fit, len(starts))
	if err := w.FitAll(context.Background(), len(starts), func(i int) []float32 { return starts[i] }, maxIter, func(i int, f Fit) { fits[i] = f }); err != nil {
		t.Fatal(err)
	}
	for i := range fits {
		w.Inertia(&fits[i])
		w.Complete(&fits[i])
	}
	return fits
}

// different says in what two fits differ.
func different(f, g *Fit) string {
	switch {
	case f.K != g.K:
		return fmt.Sprintf("%d clusters, want %d", f.K, g.K)
	case f.Iterations != g.Iterations || f.Converged != g.Converged:
		return fmt.Sprintf("%d iterations, converged %v; want %d, %v", f.Iterations, f.Converged, g.Iterations, g.Converged)
	case !slices.Equal(f.Labels, g.Labels):
		return "other labels"
	case !slices.Equal(f.Centroids, g.Centroids):
		return "other centroids"
	case f.inertia != nil && g.inertia != nil && *f.inertia != *g.inertia:
		return fmt.Sprintf("inertia %v, want %v", *f.inertia, *g.inertia)
	case f.print != g.print:
		return "another print"
	}
	return ""
}

// Fits on a device are those of the processor: any points and weights, bad starts that leave clusters empty, few iterations,
// more fits than there is room for, points that pass through in chunks, points weighed one way after the other.
func TestResidentEqualsHost(t *testing.T) {
	cases := 0
	rapid.Check(t, func(r *rapid.T) {
		if cases++; cases > 30 { // an emulated device takes half a second for each
			return
		}
		m, weights := drawMatrix(r)
		memory := rapid.SampledFrom([]uint64{1 << 30, 300 << 10}).Draw(r, "memory")
		path := cudatest.Path(t, cudatest.Device{Memory: memory, Multiprocessors: rapid.IntRange(1, 3).Draw(r, "multiprocessors"), Seed: rapid.Uint64().Draw(r, "order"),
			Scores: rapid.SampledFrom([]string{"float32", "tensor"}).Draw(r, "scores")})
		here, there := NewData(m), NewData(m)
		if err := there.Hold(path, 1, false, nil); err != nil {
			r.Fatal(err)
		}
		defer there.Release()
		h, _ := here.NewWorker(ref.Path{})
		d, err := there.NewWorker(path)
		if err != nil {
			r.Fatal(err)
		}
		defer d.Close()
		for round, weights := range [][]uint16{weights, nil, resample(m.N, 3)} {
			h.Open(weights)
			d.Open(weights)
			if len(h.SeedRandom(1, rng.New(3, "any", 0, 0))) == 0 { // no row has weight
				continue
			}
			var starts [][]float32
			streams := []rng.Stream{rng.New(3, "seeds", 0, round), rng.New(3, "seeds", 1, round), rng.New(3, "seeds", 2, round)}
			largest := rapid.IntRange(1, 12).Draw(r, "k")
			seeds := d.Seeds(largest, streams)
			for s, stream := range streams {
				want := h.Seed(largest, stream)
				if got := seeds(s); !slices.Equal(got, want) {
					r.Fatalf("seeds of restart %d differ: %d values, want %d", s, len(got), len(want))
				}
				for k := range min(largest, len(want)/m.D) {
					starts = append(starts, want[:(k+1)*m.D])
				}
			}
			var bad []float32 // far away or equal centroids
			for a := range largest {
				row := m.Row(nil, a%m.N)
				row[0] += float32(a%3) * 100
				bad = append(bad, row...)
			}
			starts = append(starts, bad)
			maxIter := rapid.SampledFrom([]int{1, 3, 300}).Draw(r, "maxIter")
			want, got := fitsOf(t, h, starts, maxIter), fitsOf(t, d, starts, maxIter)
			for i := range want {
				if what := different(&got[i], &want[i]); what != "" {
					r.Fatalf("round %d, fit %d of %d centroids: %s", round, i, len(starts[i])/m.D, what)
				}
			}
		}
	})
}

// All numbers of columns for which there is other code, and labels up to 255.
func TestResidentColumns(t *testing.T) {
	for _, c := range []struct{ n, d, k int }{{700, 1, 2}, {1100, 4, 5}, {600, 5, 9}, {530, 12, 3}, {520, 16, 7}, {250, 20, 33}, {270, 32, 12}, {600, 33, 5}, {100, 70, 9}, {300, 3, 256}, {260, 40, 256}, {300, 24, 20}} {
		for _, scores := range []string{"float32", "tensor"} {
			if c.d > 32 && scores == "tensor" {
				continue
			}
			residentColumns(t, c.n, c.d, c.k, cudatest.Device{Scores: scores})
		}
	}
	// Models that have no room in the shared memory of smaller cards take another kernel.
	residentColumns(t, 260, 32, 250, cudatest.Device{Scores: "float32", Shared: 99 << 10})
	residentColumns(t, 190, 32, 180, cudatest.Device{Scores: "tensor", Shared: 99 << 10})
}

// Seeds and models share what memory there is: more of both than there is room for, on several workers.
func TestResidentMemory(t *testing.T) {
	m := blobs(t, 4000, 2, false)
	path := cudatest.Path(t, cudatest.Device{Memory: 2 << 20})
	there := NewData(m)
	if err := there.Hold(path, 4, false, nil); err != nil {
		t.Fatal(err)
	}
	h, _ := NewData(m).NewWorker(ref.Path{})
	var streams []rng.Stream
	for r := range 10 {
		streams = append(streams, rng.New(5, "s", r, 0))
	}
	var workers []*Worker
	for range 4 {
		w, err := there.NewWorker(path)
		if err != nil {
			t.Fatal(err)
		}
		workers = append(workers, w)
	}
	for i, w := range workers {
		for range 2 - i/2 {
			w.Open(resample(m.N, i))
			seeds := w.Seeds(3, streams)
			var starts [][]float32
			for r := range streams {
				for range 5 {
					starts = append(starts, seeds(r))
				}
			}
			got := fitsOf(t, w, starts, 2)
			if i > 0 {
				continue
			}
			h.Open(resample(m.N, i))
			want := fitsOf(t, h, starts, 2)
			for f := range want {
				if what := different(&got[f], &want[f]); what != "" {
					t.Fatalf("fit %d: %s", f, what)
				}
			}
		}
	}
	for _, w := range workers {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := there.Release(); err != nil {
		t.Error(err)
	}
}

func residentColumns(t *testing.T, n, d, k int, device cudatest.Device) {
	t.Helper()
	residentOn(t, cudatest.Path(t, device), n, d, k, device.Scores, 4)
}

// On a device, where there is one: every kernel, on more points.
func TestResidentOnDevice(t *testing.T) {
	path := cuda.New(ref.Path{})
	kerneltest.Require(t, path.Name(), path.Available() == nil)
	for _, scores := range []string{cuda.Float32Scores, cuda.TensorScores} {
		for _, c := range []struct{ n, d, k int }{{50_000, 1, 5}, {50_001, 4, 9}, {50_003, 7, 16}, {60_000, 12, 33}, {100_000, 16, 20}, {30_007, 22, 64}, {30_000, 32, 256}, {5_000, 100, 20}} {
			residentOn(t, path.With(cuda.Options{Named: true, Scores: scores}), c.n, c.d, c.k, scores, 30)
		}
	}
}

// residentOn compares two rounds of seeds and fits on path with those of the processor.
func residentOn(t *testing.T, path kernels.Resident, n, d, k int, scores string, maxIter int) {
	t.Helper()
	m := blobs(t, n, d, false)
	here, there := NewData(m), NewData(m)
	if err := there.Hold(path, 1, false, nil); err != nil {
		t.Fatal(err)
	}
	h, _ := here.NewWorker(available()[len(available())-1]) // the fastest
	w, err := there.NewWorker(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, weights := range [][]uint16{nil, resample(m.N, 1)} {
		h.Open(weights)
		w.Open(weights)
		seeds := h.Seed(k, rng.New(5, "seeds", 0, 0))
		if got := w.Seeds(k, []rng.Stream{rng.New(5, "seeds", 0, 0)})(0); !slices.Equal(got, seeds) {
			t.Fatalf("%d x %d, k=%d: other seeds", n, d, k)
		}
		starts := [][]float32{seeds, seeds[:d*((k+1)/2)]}
		want, got := fitsOf(t, h, starts, maxIter), fitsOf(t, w, starts, maxIter)
		for i := range want {
			if what := different(&got[i], &want[i]); what != "" {
				t.Errorf("%d x %d, k=%d, %s scores, fit %d: %s", n, d, k, scores, i, what)
			}
		}
	}
	if err := errors.Join(w.Close(), there.Release()); err != nil {
		t.Error(err)
	}
}

// Weights drawn on a device are those of the host.
func TestResidentDraws(t *testing.T) {
	for _, n := range []int{1, 17, 5000} {
		m := blobs(t, n, 2, false)
		path := cudatest.Path(t, cudatest.Device{})
		data := NewData(m)
		if err := data.Hold(path, 1, false, nil); err != nil {
			t.Fatal(err)
		}
		w, err := data.NewWorker(path)
		if err != nil {
			t.Fatal(err)
		}
		stream := rng.New(1, "drawn", n, 0)
		w.OpenDrawn(stream)
		for i, want := range stream.Multinomial(n) {
			if w.sample.weight[i] != int32(want) {
				t.Fatalf("n=%d, row %d: weight %d, want %d", n, i, w.sample.weight[i], want)
			}
		}
		if err := errors.Join(w.Close(), data.Release()); err != nil {
			t.Error(err)
		}
	}
}

// A device that fails at any of its calls ends the work with an error, or the processor goes on with the same fits. Nothing
// partial comes out, and nothing is left on a device that still answers.
func TestResidentFailures(t *testing.T) {
	m := blobs(t, 900, 3, false)
	streams := []rng.Stream{rng.New(5, "seeds", 0, 0), rng.New(5, "seeds", 1, 0)}
	h, _ := NewData(m).NewWorker(ref.Path{})
	h.Open(resample(m.N, 1))
	var starts [][]float32
	for _, s := range streams {
		seeds := h.Seed(5, s)
		starts = append(starts, seeds, seeds[:3*m.D])
	}
	want := fitsOf(t, h, starts, 300)
	// work does all that a batch does, and returns the error of the first step that has one.
	work := func(path kernels.Resident, fallback bool, lost func(error)) (_ []Fit, err error) {
		data := NewData(m)
		if err := data.Hold(path, 1, fallback, lost); err != nil {
			return nil, err
		}
		closing := func(c func() error) {
			if closed := c(); err == nil {
				err = closed
			}
		}
		defer closing(data.Release)
		w, err := data.NewWorker(path)
		if err != nil {
			return nil, err
		}
		defer closing(w.Close)
		w.Open(resample(m.N, 1))
		seeds := w.Seeds(5, streams)
		start := func(i int) []float32 { return seeds(i / 2)[:[]int{5, 3}[i%2]*m.D] }
		fits := make([]Fit, len(starts))
		if err := w.FitAll(context.Background(), len(fits), start, 300, func(i int, f Fit) { fits[i] = f }); err != nil {
			return nil, err
		}
		for i := range fits {
			w.Inertia(&fits[i])
			w.Complete(&fits[i])
		}
		return fits, nil
	}
	calls := map[string]int{}
	if _, err := work(cudatest.Path(t, cudatest.Device{Fault: func(name string, n int) error {
		calls[name] = n
		return nil
	}}), false, nil); err != nil {
		t.Fatal(err)
	}
	for name, code := range map[string]int{"Alloc": driver.OutOfMemory, "AllocHost": driver.OutOfMemory, "Launch": driver.LaunchFailed,
		"Synchronize": driver.IllegalAddress, "LaunchGraph": driver.Unknown, "CopyToHost": driver.ECCUncorrectable, "CopyToDevice": driver.LaunchTimeout,
		"LoadModule": driver.UnsupportedPTX, "NewStream": driver.OutOfMemory, "BeginCapture": driver.Unknown, "EndCapture": driver.Unknown, "Fill": driver.IllegalAddress} {
		if calls[name] == 0 {
			t.Errorf("%s is never called", name)
		}
		for at := 1; at <= calls[name]; at += 1 + at/3 {
			fallback := at%2 == 0 || calls[name] == 1 && code == driver.Unknown
			told := 0
			path := cudatest.Path(t, cudatest.Device{Fault: func(call string, n int) error {
				if call == name && n == at {
					return cudatest.Fail(call, code)
				}
				return nil
			}})
			got, err := work(path, fallback, func(error) { told++ })
			switch {
			case err == nil && !fallback:
				t.Fatalf("%s %d failed, and nobody was told", name, at)
			case err == nil:
				for i := range want {
					if what := different(&got[i], &want[i]); what != "" {
						t.Fatalf("%s %d failed, fit %d: %s", name, at, i, what)
					}
				}
				if told != 1 {
					t.Errorf("%s %d failed, told %d times", name, at, told)
				}
			case !errors.Is(err, kernels.ErrDevice) && !errors.Is(err, &problem.Problem{ID: "SEG-HW-003"}):
				t.Errorf("%s %d failed: %v", name, at, err)
			}
		}
	}
}

// Points that exceed the device's memory pass through it in chunks; seeds are drawn on the processor then.
func TestResidentChunks(t *testing.T) {
	m := blobs(t, 3000, 16, false)
	path := cudatest.Path(t, cudatest.Device{Memory: 320 << 10})
	here, there := NewData(m), NewData(m)
	if err := there.Hold(path, 1, false, nil); err != nil {
		t.Fatal(err)
	}
	h, _ := here.NewWorker(ref.Path{})
	d, err := there.NewWorker(path)
	if err != nil {
		t.Fatal(err)
	}
	for round, weights := range [][]uint16{resample(m.N, 1), nil} {
		h.Open(weights)
		d.Open(weights)
		streams := []rng.Stream{rng.New(5, "seeds", round, 0)}
		seeds := d.Seeds(6, streams)(0)
		if !slices.Equal(seeds, h.Seed(6, streams[0])) {
			t.Fatal("other seeds")
		}
		var starts [][]float32
		for k := range 6 {
			starts = append(starts, seeds[:(k+1)*m.D])
		}
		want, got := fitsOf(t, h, starts, 12), fitsOf(t, d, starts, 12)
		for i := range want {
			if what := different(&got[i], &want[i]); what != "" {
				t.Errorf("round %d, fit %d: %s", round, i, what)
			}
		}
	}
	if err := errors.Join(d.Close(), there.Release()); err != nil {
		t.Error(err)
	}
	if err := NewData(m).Hold(cudatest.Path(t, cudatest.Device{Memory: 8 << 10}), 1, false, nil); !errors.Is(err, kernels.ErrDevice) {
		t.Errorf("a device of 8 KiB: %v", err)
	}
	// Where there is room for fewer workers than there are, the others fit on the processor.
	small, onDevice := NewData(m), 0
	if err := small.Hold(cudatest.Path(t, cudatest.Device{Memory: 160 << 10}), 4, false, nil); err != nil {
		t.Fatal(err)
	}
	h.Open(nil)
	start := slices.Concat(m.Row(nil, 0), m.Row(nil, 1))
	best := lloyd(h, start, 3)
	var workers []*Worker
	for range 4 {
		w, err := small.NewWorker(path)
		if err != nil {
			t.Fatal(err)
		}
		workers = append(workers, w)
		if w.fitter != nil {
			onDevice++
		}
		fit := lloyd(w, start, 3)
		if what := different(&fit, &best); what != "" {
			t.Errorf("little room: %s", what)
		}
	}
	if onDevice == 0 || onDevice == 4 {
		t.Errorf("%d of 4 workers on the device", onDevice)
	}
	for _, w := range workers {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := small.Release(); err != nil {
		t.Error(err)
	}
}
