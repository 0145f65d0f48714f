package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"segovia/engine/ports"
	"segovia/engine/sweep"
	"segovia/kernels"
	"segovia/kernels/paths"
	"segovia/kernels/problem"
	"segovia/kernels/ref"
)

// shared is the folder of the reference fixtures, seen from here.
const shared = "../../shared/reference"

// BenchmarkSweep times the short sweeps on every path that runs here, on one core and on two. The figure to compare is
// fits/s.
func BenchmarkSweep(b *testing.B) {
	short, err := Named([]string{"W1", "W2"})
	if err != nil {
		b.Fatal(err)
	}
	for _, whole := range short {
		w := whole.Part(0.05)
		job, err := Prepare(context.Background(), w, whole, shared)
		if errors.Is(err, ErrAbsent) {
			continue
		}
		if err != nil {
			b.Fatal(err)
		}
		for _, path := range paths.All() {
			if path.Available() != nil {
				continue
			}
			for _, threads := range []int{1, 2} {
				b.Run(fmt.Sprintf("path=%s/work=%s/threads=%d", path.Name(), w.ID, threads), func(b *testing.B) {
					fits := 0
					for range b.N {
						s, err := job.Run(context.Background(), path, threads)
						if err != nil {
							b.Fatal(err)
						}
						fits += s.Fits
					}
					b.ReportMetric(float64(fits)/b.Elapsed().Seconds(), "fits/s")
				})
			}
		}
	}
}

// Other points are other work, whose times cannot be compared with earlier ones.
func TestWorkloadsAreTheSame(t *testing.T) {
	golden := map[string]float64{"W1": 0x1.56974p+00, "W3": -0x1.26918p+00, "W4": 0x1.4855cp+00, "W5": 0x1.30f1dp+02,
		"W6": -0x1.6a038p+01, "W8": -0x1.1365ap+01, "W9": 0x1.fc9ap-02, "G1": -0x1.9275p+00, "G2": -0x1.9275p+00, "G3": 0x1.df46p-03,
		"G4": -0x1.26918p+00, "G5": 0x1.355dp-01}
	for _, w := range Workloads {
		want, ok := golden[w.ID]
		if !ok {
			continue
		}
		w.Points.Rows = 100 // points do not depend on how many there are
		columns, err := w.Points.Columns(w.pointsID(), "")
		if err != nil {
			t.Fatal(err)
		}
		if len(columns) != w.Points.Dim || columns[3][77] != want {
			t.Errorf("%s: %d columns, point 77 is %x in column 3, want %x", w.ID, len(columns), columns[3][77], want)
		}
	}
	if l := Workloads[7].Small().labelings(); fmt.Sprint(l[2].Labels[:8]) != goldenLabels {
		t.Errorf("labels %v, want %s", l[2].Labels[:8], goldenLabels)
	}
}

const goldenLabels = "[3 1 1 3 0 1 1 2]"

// What is exact as float32 and on the grid is the same for every tool.
func TestPointsAreExactEverywhere(t *testing.T) {
	for _, w := range Workloads {
		w = w.Small()
		if w.Points.Dim == 0 {
			continue
		}
		in, err := w.Input(shared)
		if errors.Is(err, ErrAbsent) {
			t.Logf("skipped %v", err)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for j, column := range in.X {
			for i, x := range column {
				if float64(float32(x)) != x || in.Matrix.Grids[j].Restore(float64(in.Matrix.At(i, j))) != x {
					t.Fatalf("%s: %v in row %d is rounded", w.ID, x, i)
				}
			}
		}
	}
}

func TestFitsOfTheTable(t *testing.T) {
	for id, want := range map[string]int{"W1": 5 * (3 + 2*5*3), "W2": 7 * (5 + 2*100*5), "W3": 11_457, "W4": 190} {
		w, err := Named([]string{id})
		if err != nil || w[0].Fits() != want {
			t.Errorf("%s: %d fits, want %d (%v)", id, w[0].Fits(), want, err)
		}
	}
	if _, err := Named([]string{"W1", "W99"}); err == nil || !strings.Contains(err.Error(), `"W99"`) {
		t.Errorf("%v", err)
	}
}

func TestPart(t *testing.T) {
	for _, w := range Workloads {
		p := w.Part(0.1)
		if w.Kind == KindSweep && (p.Fits() >= w.Fits() || p.Fits() < w.Fits()/20) {
			t.Errorf("%s: a tenth is %d of %d fits", w.ID, p.Fits(), w.Fits())
		}
		if w.Kind == KindARI && (p.Labelings != 63 || w.Part(1).Labelings != 200) { // 63 * 62 is the most below 200 * 199 / 10
			t.Errorf("%s: a tenth are the pairs of %d labelings", w.ID, p.Labelings)
		}
	}
}

// small measures a moment's work on some paths.
func small(t *testing.T, ids []string, list ...kernels.Path) (*Report, error) {
	t.Helper()
	works, err := Named(ids)
	if err != nil {
		t.Fatal(err)
	}
	return Measure(t.Context(), Config{Workloads: works, Paths: list, Threads: []int{1, 2}, Repeat: 2, Small: true, Dir: shared, Progress: ports.Silent{}})
}

func TestMeasure(t *testing.T) {
	var here []kernels.Path
	for _, p := range paths.All() {
		if p.Available() == nil {
			here = append(here, p)
		}
	}
	r, err := small(t, IDs(), here...)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range r.Works {
		want := len(here) * 2
		switch w.ID {
		case "W0":
			want = len(here)
		case "W6", "W7", "W10", "G5":
			want = 2
		}
		if len(w.Results) != want || !w.HashesSame {
			t.Errorf("%s: %d results, want %d; hashes are the same: %v", w.ID, len(w.Results), want, w.HashesSame)
		}
		for _, p := range w.Results {
			if len(p.Repeats) != 2 || p.Seconds <= 0 || p.Whole < p.Seconds || len(p.Hash) != 64 {
				t.Errorf("%s: %+v", w.ID, p)
			}
			if w.ID == "W0" && (len(p.Cells) != 9 || *p.PeakShare <= 0 || *p.PeakShare > 1.2) {
				t.Errorf("%s: %d cells, %v of the peak", p.Path, len(p.Cells), *p.PeakShare)
			}
		}
	}
	for _, s := range r.Skipped {
		t.Logf("skipped %+v", s)
	}
}

// wrong labels the first point of a block by what is not its nearest centroid.
type wrong struct{ ref.Path }

func (wrong) Name() string { return "wrong" }

func (w wrong) Open(d int) (kernels.Scorer, error) {
	s, err := w.Path.Open(d)
	return wrongScorer{s}, err
}

type wrongScorer struct{ kernels.Scorer }

func (w wrongScorer) Score(dst *kernels.Scores, b kernels.Block, model int) {
	w.Scorer.Score(dst, b, model)
	if len(dst.Label) > 0 {
		dst.Label[0] = (dst.Label[0] + 1) % 2
	}
}

func TestWrongPathIsCaught(t *testing.T) {
	r, err := small(t, []string{"W0"}, ref.Path{}, wrong{})
	if !errors.Is(err, &problem.Problem{ID: "SEG-HW-002"}) || problem.ExitCode(err) != 1 {
		t.Fatalf("error %v", err)
	}
	if !strings.Contains(err.Error(), "ref with 1 thread and wrong with 1 thread") {
		t.Errorf("%v", err)
	}
	if r.Works[0].HashesSame || len(r.Works[0].Results) != 2 {
		t.Errorf("%+v", r.Works[0])
	}
}

// The fits of given starts are those that a sweep makes of them.
func TestGiven(t *testing.T) {
	dir := t.TempDir()
	w := Workloads[1].Small()
	if _, err := w.Export(t.Context(), dir, shared); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "W1.points.npy"), filepath.Join(dir, "points.npy")); err != nil {
		t.Fatal(err)
	}
	in, err := w.Input(shared)
	if err != nil {
		t.Fatal(err)
	}
	cfg := sweep.Config{K: []int{2, 3}, Silhouette: "none", InitCenters: map[int][][]float64{}}
	var starts []float32
	for _, k := range cfg.K {
		for c := range k {
			var row []float64
			for j := range w.Points.Dim {
				row = append(row, in.X[j][c*7+k])
				starts = append(starts, float32(row[j]))
			}
			cfg.InitCenters[k] = append(cfg.InitCenters[k], row)
		}
	}
	if err := export(filepath.Join(dir, "starts.npy"), []int{1, 5, w.Points.Dim}, starts); err != nil {
		t.Fatal(err)
	}
	want, _, err := sweep.Run(t.Context(), in, cfg, ref.Path{}, ports.Silent{})
	if err != nil {
		t.Fatal(err)
	}
	fits := func() (*GivenReport, error) {
		g, err := ReadGiven(dir, cfg.K, 300)
		if err != nil {
			return nil, err
		}
		return g.Measure(t.Context(), []kernels.Path{ref.Path{}}, []int{1, 2}, 1, ports.Silent{})
	}
	got, err := fits()
	if err != nil || got.Fits != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	for at, k := range want.K {
		if d := got.Inertia[0][at] - k.Inertia; d > 1e-9*k.Inertia || -d > 1e-9*k.Inertia || got.Iterations[0][at] != k.Iterations {
			t.Errorf("k = %d: inertia %v after %d iterations, want %v after %d", k.K, got.Inertia[0][at], got.Iterations[0][at], k.Inertia, k.Iterations)
		}
	}
	// Weights of 2 double the inertia and change no label.
	weights := slices.Repeat([]uint16{2}, in.Matrix.N)
	if err := export(filepath.Join(dir, "weights.npy"), []int{1, in.Matrix.N}, weights); err != nil {
		t.Fatal(err)
	}
	double, err := fits()
	if err != nil || double.Hash != got.Hash || double.Inertia[0][1] != 2*got.Inertia[0][1] {
		t.Errorf("%+v, %v", double, err)
	}
	if _, err := ReadGiven(dir, []int{2, 4}, 300); err == nil || !strings.Contains(err.Error(), "starts.npy: 5 centroids") {
		t.Errorf("%v", err)
	}
}

func TestArrays(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.npy")
	var b bytes.Buffer
	want := []float32{1, -2.5, 3e10, 0, 5, 6}
	if err := writeNPY(&b, []int{2, 3}, want); err != nil {
		t.Fatal(err)
	}
	if b.Len() != npyHeader+24 || !strings.Contains(b.String(), "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3,), }") {
		t.Errorf("%q", b.String())
	}
	write := func(data []byte) {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(b.Bytes())
	shape, got, err := readNPY[float32](file, 2)
	if err != nil || !slices.Equal(shape, []int{2, 3}) || !slices.Equal(got, want) {
		t.Errorf("%v %v, %v", shape, got, err)
	}
	for name, read := range map[string]func() error{
		"type":       func() error { _, _, err := readNPY[uint16](file, 2); return err },
		"dimensions": func() error { _, _, err := readNPY[float32](file, 3); return err },
		"cut off":    func() error { write(b.Bytes()[:140]); _, _, err := readNPY[float32](file, 2); return err },
		"no array":   func() error { write([]byte("x")); _, _, err := readNPY[float32](file, 2); return err },
	} {
		if err := read(); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v", name, err)
		}
		write(b.Bytes())
	}
}
