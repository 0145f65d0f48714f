package pool

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"segovia/kernels"
	"segovia/kernels/cuda/cudatest"
	"segovia/kernels/cuda/driver"
	"segovia/kernels/problem"
	"segovia/kernels/ref"
	"segovia/kernels/rng"
	"segovia/kernels/tile"
)

// reluctant is a path on a device that says what is worth it.
type reluctant struct {
	kernels.Resident
	worth, fallback bool
}

func (r reluctant) Worth(int, int, int, int) (bool, string) { return r.worth, "because" }
func (r reluctant) Fallback() bool                          { return r.fallback }

// occupied is a path on a device that another process has for itself.
type occupied struct{ kernels.Resident }

func (occupied) Hold(*kernels.Rows, int) (kernels.Held, error) {
	return nil, fmt.Errorf("cuda: %w: occupied", kernels.ErrUnavailable)
}

// drawn is batch with weights that are drawn.
func drawn(b int) Batch {
	set := batch(b)
	stream := rng.New(9, "drawn", 0, b)
	set.Weights, set.Drawn = nil, &stream
	return set
}

// run returns the labels of all fits of four batches, and where they ran.
func run(t *testing.T, m *tile.Matrix, path kernels.Path) ([][]uint8, Place, error) {
	t.Helper()
	p := New(m, path, 2)
	var mu sync.Mutex
	labels := make([][]uint8, 0, 16)
	all := make([]Fits, 4)
	err := p.Run(context.Background(), len(all), drawn, func(b int, fits Fits) error {
		mu.Lock()
		defer mu.Unlock()
		all[b] = fits
		return nil
	}, nil)
	place := p.Place()
	if closed := p.Close(); err == nil {
		err = closed
	}
	for _, fits := range all {
		for _, f := range fits {
			labels = append(labels, f.Labels)
		}
	}
	return labels, place, err
}

// Fits run where it is worth it, and give the same labels wherever that is, also where a device fails under way.
func TestPlace(t *testing.T) {
	m := matrix(t, 260, 3)
	want, _, err := run(t, m, ref.Path{})
	if err != nil {
		t.Fatal(err)
	}
	same := func(got [][]uint8) bool { return slices.EqualFunc(got, want, slices.Equal[[]uint8]) }
	device := func(fault func(call string, n int) error) kernels.Resident {
		return cudatest.Path(t, cudatest.Device{Fault: fault})
	}
	lost := func(call string, n int) error {
		if call == "Synchronize" && n == 9 {
			return cudatest.Fail(call, driver.LaunchFailed)
		}
		return nil
	}
	full := func(call string, n int) error {
		if call == "Alloc" {
			return cudatest.Fail(call, driver.OutOfMemory)
		}
		return nil
	}
	for _, c := range []struct {
		name  string
		path  kernels.Path
		where Place
		id    string // of the problem
	}{
		{"named", device(nil), Place{Path: "cuda"}, ""},
		{"worth it", reluctant{device(nil), true, true}, Place{Path: "cuda", Why: "because"}, ""},
		{"not worth it", reluctant{device(nil), false, true}, Place{Path: "ref", Why: "because"}, ""},
		{"lost, stops", reluctant{device(lost), true, false}, Place{}, "SEG-HW-003"},
		{"lost, goes on", reluctant{device(lost), true, true}, Place{Path: "ref", DeviceFailed: true}, ""},
		{"occupied", occupied{device(nil)}, Place{}, "SEG-HW-001"},
		{"full, stops", reluctant{device(full), true, false}, Place{}, "SEG-HW-003"},
		{"full, goes on", reluctant{device(full), true, true}, Place{Path: "ref", DeviceFailed: true}, ""},
	} {
		got, where, err := run(t, m, c.path)
		if c.id != "" {
			if !errors.Is(err, &problem.Problem{ID: c.id}) {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if where.DeviceFailed && where.Why != "" {
			where.Why = ""
		}
		if where != c.where {
			t.Errorf("%s: ran at %+v, want %+v", c.name, where, c.where)
		}
		if !same(got) {
			t.Errorf("%s: other labels", c.name)
		}
	}
	// Rows with the same values are fitted as one on the processor, one by one on a device.
	coarse := tile.New([][]float64{slices.Repeat([]float64{1, 2, 3, 4, 9, 11, 12, 20}, 80)}, []tile.Grid{{}})
	if want, _, err = run(t, coarse, ref.Path{}); err != nil {
		t.Fatal(err)
	}
	if got, where, err := run(t, coarse, device(nil)); err != nil || where.Path != "cuda" || !same(got) {
		t.Errorf("rows with the same values: %+v, %v, or other labels", where, err)
	}
}
