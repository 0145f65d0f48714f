package sweep

import (
	"context"
	"math"
	"reflect"
	"testing"

	"segovia/engine/ports"
	"segovia/engine/stability"
	"segovia/kernels/ref"
)

// The figures of flexclust::slsaplot for the best k-means solutions of iris, by the size of the segment: all others are
// 1, since their rows come from one segment.
func TestAcrossIris(t *testing.T) {
	x := reference(t, "reference/iris_r.csv", "Sepal.Length", "Sepal.Width", "Petal.Length", "Petal.Width")
	_, solutions, err := Run(context.Background(), input(t, x), Config{K: []int{2, 3, 4}, Restarts: 50, Silhouette: "none", Seed: 1},
		ref.Path{}, ports.Silent{})
	if err != nil {
		t.Fatal(err)
	}
	var tables []stability.Table
	for s, want := range []struct {
		inertia, slsa float64
		size          int
	}{{152.3479518, 0, 0}, {78.85144143, .7204945, 62}, {57.22847321, .6152336, 40}} {
		now := solutions[s]
		if math.Abs(now.Moments.Inertia()-want.inertia) > 1e-7 {
			t.Fatalf("k=%d: inertia %v, want %v", now.K, now.Moments.Inertia(), want.inertia)
		}
		if s == 0 {
			continue
		}
		old := solutions[s-1]
		table := stability.Cross(old.Labels, now.Labels, old.K, now.K)
		tables = append(tables, table)
		for c, got := range table.Across() {
			figure := 1.0
			if now.Moments.Size[c] == want.size {
				figure = want.slsa
			}
			if math.Abs(got-figure) > 5e-8 { // seven digits are known
				t.Errorf("k=%d: the segment of %d rows has %v, want %v", now.K, now.Moments.Size[c], got, figure)
			}
		}
	}
	// Sizes are 62 50 38 and 50 40 32 28: the segment of 28 leaves that of 62, of which 34 go on.
	if got, want := stability.Lines(2, tables), [][]int{{1, 2}, {1, 2, 3}, {2, 1, 3, 4}}; !reflect.DeepEqual(got, want) {
		t.Errorf("lines %v, want %v", got, want)
	}
}
