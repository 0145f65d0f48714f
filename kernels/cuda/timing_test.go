package cuda_test

import (
	"slices"
	"testing"

	"segovia/kernels"
	"segovia/kernels/cuda"
	"segovia/kernels/cuda/cudatest"
	"segovia/kernels/kerneltest"
	"segovia/kernels/pairwise"
	"segovia/kernels/rng"
	"segovia/kernels/tile"
)

// rowsOf are n rows of d columns of grid values.
func rowsOf(n, d int) *kernels.Rows {
	m := &tile.Matrix{N: n, D: d, Tiles: tile.Aligned((n + tile.Lanes - 1) / tile.Lanes * tile.Lanes * d), Grids: make([]tile.Grid, d)}
	s := rng.New(1, "timing test", n, d)
	for i := range n {
		for j := range d {
			m.Tiles[(i/tile.Lanes*d+j)*tile.Lanes+i%tile.Lanes] = float32(s.Below(64, uint64(j), uint64(i)))
		}
	}
	scale := make([]float32, d)
	for j := range scale {
		scale[j] = 1
	}
	return &kernels.Rows{N: n, D: d, Tiles: m.Tiles, Square: kerneltest.Squares(m), Scale: scale}
}

// fitTimed fits three models from rows 0, 1, ... and returns their labels and what was measured.
func fitTimed(t *testing.T, n, maxIter int, device cudatest.Device, apart bool) (labels [][]uint8, times cuda.Times) {
	t.Helper()
	timing := &cuda.Timing{Apart: apart}
	rows := rowsOf(n, 4)
	held, err := cudatest.Path(t, device).Timed(timing).Hold(rows, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	f, err := held.NewFitter()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Draw(rng.New(1, "draw", 0, 0)); err != nil {
		t.Fatal(err)
	}
	if err := f.Weigh(nil); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Seed(2, []rng.Stream{rng.New(1, "seed", 0, 0)}); err != nil && device.Memory == 0 {
		t.Fatal(err)
	}
	labels = make([][]uint8, 3)
	fits := kernels.Fits{MaxIter: maxIter, Fill: func(int, *kernels.State) {}, Done: func(i int, s *kernels.State) { labels[i] = s.Labels }}
	for m := range labels {
		var start []float32
		for r := range m + 2 {
			for j := range 4 {
				start = append(start, rows.Tiles[(r/tile.Lanes*4+j)*tile.Lanes+r%tile.Lanes])
			}
		}
		fits.Start = append(fits.Start, start)
	}
	if err := f.Fit(t.Context(), fits); err != nil {
		t.Fatal(err)
	}
	return labels, timing.Take()
}

// What is measured adds up, and changes no label.
func TestTiming(t *testing.T) {
	chained, times := fitTimed(t, 600, 11, cudatest.Device{}, false)
	apart, kernels := fitTimed(t, 600, 11, cudatest.Device{}, true)
	for m := range chained {
		if !slices.Equal(chained[m], apart[m]) {
			t.Errorf("model %d: kernels one by one give other labels", m)
		}
	}
	if n := len(times.Seconds[cuda.Chain]); n != 2 {
		t.Errorf("%d launches of the chain for 11 iterations and the last labels, want 2", n)
	}
	for _, what := range []string{cuda.Pass, cuda.Step, cuda.Plan} {
		if n := len(kernels.Seconds[what]); n != 2*cuda.ChainIterations || len(times.Seconds[what]) != 0 {
			t.Errorf("%d times of %s, want %d", n, what, 2*cuda.ChainIterations)
		}
	}
	if n := len(times.Seconds[cuda.Labels]); n < 1 || n > 3 || times.Bytes[cuda.Labels] != 1800 {
		t.Errorf("labels came %d times, %d bytes", n, times.Bytes[cuda.Labels])
	}
	if want := uint64(608*4*4 + 600*4 + 4*4); times.Bytes[cuda.Transfer] != want || len(times.Seconds[cuda.Transfer]) != 1 {
		t.Errorf("%d bytes to the device, want %d", times.Bytes[cuda.Transfer], want)
	}
	for name, got := range map[string]cuda.Times{"chain": times, "apart": kernels} {
		sum := 0.0
		for _, what := range []string{cuda.Chain, cuda.Pass, cuda.Step, cuda.Plan, cuda.Drawing, cuda.Seeding} {
			for _, s := range got.Seconds[what] {
				sum += s
			}
		}
		if len(got.Seconds[cuda.Drawing]) != 1 || len(got.Seconds[cuda.Seeding]) != 1 || sum <= 0 {
			t.Errorf("%s: %v", name, got.Seconds)
		}
		if got.Busy < sum*(1-1e-6) || got.Busy > sum*(1+1e-6) { // one stream: nothing at the same time
			t.Errorf("%s: busy for %v s, its pieces take %v s", name, got.Busy, sum)
		}
	}
}

// Points that pass through in chunks have no chain of kernels; an iteration is one piece in any case.
func TestTimingOfChunks(t *testing.T) {
	_, times := fitTimed(t, 10240, 1, cudatest.Device{Memory: 280 << 10}, true)
	if n := len(times.Seconds[cuda.Chain]); n != 2 || len(times.Seconds[cuda.Pass]) != 0 {
		t.Errorf("%d pieces, want 2", n)
	}
}

func TestTimingOfDistances(t *testing.T) {
	timing := &cuda.Timing{}
	device, err := cudatest.Path(t, cudatest.Device{}).Timed(timing).Pairwise()
	if err != nil {
		t.Fatal(err)
	}
	values, labels := make([]float64, 2*300), make([]uint8, 300)
	for i := range values {
		values[i] = float64(i % 17)
		labels[i/2] = uint8(i / 2 % 3)
	}
	loaded, err := device.Load(pairwise.NewTargets(values, 2, [][]uint8{labels}, []int{0}, 3))
	if err != nil {
		t.Fatal(err)
	}
	defer loaded.Close()
	if _, err := loaded.Sums(t.Context(), nil, values[:20]); err != nil {
		t.Fatal(err)
	}
	times := timing.Take()
	if len(times.Seconds[cuda.Distances]) != 1 || times.Busy <= 0 || times.Bytes[cuda.Transfer] < 300*16 {
		t.Errorf("%+v", times)
	}
	if again := timing.Take(); again.Busy != 0 || again.Seconds != nil {
		t.Errorf("what was taken is still there: %+v", again)
	}
}

// Every probe runs on the emulated device: its instructions are known there, and nothing races.
func TestPeaks(t *testing.T) {
	p, err := cudatest.Path(t, cudatest.Device{}).Peaks(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]float64{"read": p.Read, "FP32": p.FP32, "FP64": p.FP64, "TF32": p.TF32, "BF16": p.BF16} {
		if v <= 0 {
			t.Errorf("%s is %v", name, v)
		}
	}
	if p.BF16 < 1.5*p.TF32 { // twice the products of an instruction, and the emulator counts instructions
		t.Errorf("BF16 %v, TF32 %v", p.BF16, p.TF32)
	}
}
