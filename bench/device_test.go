package bench

import (
	"slices"
	"strings"
	"testing"

	"segovia/engine/ports"
	"segovia/kernels"
	"segovia/kernels/cuda"
	"segovia/kernels/cuda/cudatest"
	"segovia/kernels/ref"
)

// Points that are made on the grid at once are those of all other workloads.
func TestMatrixIsThatOfColumns(t *testing.T) {
	for _, p := range []Points{{Rows: 5000, Dim: 3, Segments: 2, Set: 1}, {Rows: 33, Dim: 2, Segments: 3, Noise: .5}, {Rows: 1, Dim: 1, Segments: 1}} {
		columns, err := p.Columns("any", "")
		if err != nil {
			t.Fatal(err)
		}
		m, err := p.matrix("any")
		if err != nil {
			t.Fatal(err)
		}
		for j, column := range columns {
			for i, x := range column {
				if float64(m.At(i, j)) != x || m.Grids[j].Round(x) != x {
					t.Fatalf("%+v: row %d of column %d is %v, want %v", p, i, j, m.At(i, j), x)
				}
			}
		}
	}
}

// The workloads of devices run on an emulated one, where they find what the processor finds; times and floors are there.
func TestDeviceWorkloads(t *testing.T) {
	device := cudatest.Path(t, cudatest.Device{})
	works, err := Named([]string{"G1", "G2", "G3"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range works {
		works[i].Points.Rows, works[i].Points.Dim, works[i].Sets = 200, 4, 2
	}
	r, err := Measure(t.Context(), Config{Workloads: works, Paths: []kernels.Path{ref.Path{}, device}, Threads: []int{1}, Repeat: 2, Small: true, Progress: ports.Silent{}})
	if err != nil {
		t.Fatal(err)
	}
	if p := r.Device; p == nil || p.ReadBytesPerS <= 0 || p.FP32 <= 0 || p.BF16 <= 0 || !strings.HasPrefix(p.Name, "Emulated") {
		t.Fatalf("%+v", p)
	}
	for _, w := range r.Works {
		if len(w.Results) != 2 || !w.HashesSame {
			t.Fatalf("%s: %+v", w.ID, w.Results)
		}
		host, on := w.Results[0], w.Results[1]
		if host.Path != "ref" || host.Device != nil || on.Path != "cuda" || on.Device == nil {
			t.Fatalf("%s: %+v, %+v", w.ID, host, on)
		}
		if !slices.Equal(host.Sets, on.Sets) || on.Sets[0] == on.Sets[1] || on.Sets[1] == "" {
			t.Errorf("%s: hashes of sets %v and %v", w.ID, host.Sets, on.Sets)
		}
		d := on.Device
		if d.TransferBytes < float64(4*4*w.Rows) || d.BusyS <= 0 || d.FloorFlops <= 0 || *d.OfUnit <= 0 || on.PeakUnit != "cuda fp32" {
			t.Errorf("%s: %+v", w.ID, d)
		}
		if w.ID == "G3" {
			if on.Fits != 12 || d.DrawingS <= 0 || d.LabelBytes != float64(12*w.Rows) {
				t.Errorf("G3: %d fits, %+v", on.Fits, d)
			}
			continue
		}
		for at, m := range on.Models {
			if h := host.Models[at]; m.K != w.K[at] || h.Iterations != m.Iterations || h.Device != nil || m.Device == nil {
				t.Fatalf("%s: %+v, on the host %+v", w.ID, m, h)
			}
			if e := m.Device; m.Iterations == 17 && (e.Steady <= 0 || e.FirstChain <= e.Steady || e.FirstPass <= e.Pass || e.Pass <= 0 || e.Step <= 0 || e.Plan <= 0) {
				t.Errorf("%s, k = %d: %+v", w.ID, m.K, e)
			}
			if bytes, flops := passFloor(w.Rows, w.Dim, m.K); m.Device.FloorBytes != bytes || m.Device.FloorFlops != flops {
				t.Errorf("%s, k = %d: %+v", w.ID, m.K, m.Device)
			}
		}
	}
}

// Rows with the same values are fitted one by one on a device that was named, whose times are told.
func TestEqualRowsOnDevice(t *testing.T) {
	w := Workload{ID: "W1", Kind: KindSweep, Points: Points{Rows: 300, Dim: 1, Segments: 1}, K: []int{2}, Restarts: 1, Init: "random"}
	columns, err := w.Points.Columns("W1", "")
	if err != nil {
		t.Fatal(err)
	}
	for i := range columns[0] {
		columns[0][i] = float64(i % 3)
	}
	in, err := prepared(columns)
	if err != nil {
		t.Fatal(err)
	}
	s, err := w.sweeping(w, in)(t.Context(), cudatest.Path(t, cudatest.Device{}), 1)
	if err != nil || s.Device == nil {
		t.Errorf("%+v, %v", s.Device, err)
	}
}

// Silhouettes on a device, once with enough rows that it is asked.
func TestDeviceSilhouettes(t *testing.T) {
	w := Workload{ID: "G5", Kind: KindSilhouette, Points: Points{Rows: 4096, Dim: 2, Segments: 2}, K: []int{2}, Labelings: 1}
	job, err := Prepare(t.Context(), w, w, "")
	if err != nil {
		t.Fatal(err)
	}
	device := cudatest.Path(t, cudatest.Device{})
	if list := onDevices([]kernels.Path{ref.Path{}, device}); !job.Pathless || !job.Devices || len(list) != 1 || list[0] != kernels.Path(device) {
		t.Fatalf("%+v, %v", job, list)
	}
	host, err := job.Run(t.Context(), nil, 2)
	if err != nil {
		t.Fatal(err)
	}
	on, err := job.Run(t.Context(), device, 1)
	if err != nil {
		t.Fatal(err)
	}
	if host.Hash != on.Hash || host.Device != nil || on.Device.busy <= 0 || on.Device.unit != "fp64" || on.Flops != 4096*4096*14 {
		t.Errorf("%+v, on the host %+v", on, host)
	}
}

// Launches with nothing to do for some of their iterations do not count, and the first stands apart.
func TestIterationTimes(t *testing.T) {
	times := cuda.Times{Seconds: map[string][]float64{cuda.Chain: {16, 8, 10, 9, 1}, cuda.Pass: {7, 3, 2, 4, .1, .1}, cuda.Step: {1, 1, 1, 1, 1, 1}}}
	m := iterationTimes(times, 4*cuda.ChainIterations)
	if m.first != 2 || m.steady != 9./8 || m.kernels[0] != 7 {
		t.Errorf("%+v", m)
	}
	if m = iterationTimes(times, 4); m.kernels[1] != 3 || m.steady != 0 || m.first != 0 {
		t.Errorf("%+v", m)
	}
}
