package bench

import (
	"bufio"
	"context"
	"os"
	"path/filepath"

	"segovia/engine/validity"
	"segovia/kernels/paths"
)

// Export writes what another tool needs to do the same work, as NumPy arrays in dir, and returns their names: the points as
// ID.points.npy, float32, rows x columns, and the labelings that are judged as ID.labels.npy, uint8, labelings x rows, and
// order lines as ID.parquet. Of models one at a time it writes the starts as ID.starts.npy, float32, the centroids of every k
// in turn x columns, and the labels after all iterations as ID.labels.npy, uint8, k x rows; points that are those of another
// workload are not written.
// fixtures is the folder of the reference fixtures. The error of a file that cannot be written is an *os.PathError.
func (w Workload) Export(ctx context.Context, dir, fixtures string) ([]string, error) {
	var files []string
	var labelings []validity.Partition
	if w.Kind == KindIterations {
		return w.exportIterations(ctx, dir)
	}
	if w.Points.Dim > 0 {
		in, err := w.Input(fixtures)
		if err != nil {
			return nil, err
		}
		n, d := in.Matrix.N, in.Matrix.D
		points := make([]float32, 0, n*d)
		for i := range n {
			for j := range d {
				points = append(points, float32(in.X[j][i]))
			}
		}
		file := filepath.Join(dir, w.ID+".points.npy")
		if err := export(file, []int{n, d}, points); err != nil {
			return nil, err
		}
		files = append(files, file)
		if w.Kind == KindSilhouette {
			if labelings, err = w.partitions(ctx, in); err != nil {
				return nil, err
			}
		}
	}
	if w.Kind == KindARI {
		labelings = w.labelings()
	}
	if w.Kind == KindFold {
		file := filepath.Join(dir, w.ID+".parquet")
		if err := w.lines().Create(ctx, file); err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	if labelings != nil {
		var labels []uint8
		for _, p := range labelings {
			labels = append(labels, p.Labels...)
		}
		file := filepath.Join(dir, w.ID+".labels.npy")
		if err := export(file, []int{len(labelings), len(labels) / len(labelings)}, labels); err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

// exportIterations is Export of KindIterations.
func (w Workload) exportIterations(ctx context.Context, dir string) ([]string, error) {
	path, err := paths.Choose("auto")
	if err != nil {
		return nil, err
	}
	m, err := w.Points.matrix(w.pointsID())
	if err != nil {
		return nil, err
	}
	var files []string
	if w.Points.Name == "" {
		points := make([]float32, 0, m.N*m.D)
		for i := range m.N {
			points = m.Row(points, i)
		}
		file := filepath.Join(dir, w.ID+".points.npy")
		if err := export(file, []int{m.N, m.D}, points); err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	var starts []float32
	for _, k := range w.K {
		starts = append(starts, w.starts(m, k)...)
	}
	file := filepath.Join(dir, w.ID+".starts.npy")
	if err := export(file, []int{len(starts) / m.D, m.D}, starts); err != nil {
		return nil, err
	}
	files = append(files, file)
	labels, err := w.labels(ctx, m, path)
	if err != nil {
		return nil, err
	}
	file = filepath.Join(dir, w.ID+".labels.npy")
	return append(files, file), export(file, []int{len(w.K), m.N}, labels)
}

func export[T number](file string, shape []int, data []T) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	if err := writeNPY(w, shape, data); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}
