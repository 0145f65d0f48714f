package prep

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"segovia/engine/table"
	"segovia/kernels/tile"
)

// Means are those of the members' prepared values, in key order; who is alone stays as it is, and nothing else changes.
func TestMeans(t *testing.T) {
	p := &Prepared{Names: []string{"a", "b"}, Sources: []string{"a", "b"}, Grids: make([]tile.Grid, 2),
		X: [][]float64{{1, 2, 4, 0.1}, {-1, 0, 1, math.Pi}}}
	before := [][]float64{slices.Clone(p.X[0]), slices.Clone(p.X[1])}
	got := p.Means([]int32{2, 1, 2, 3}, 2)
	if want := [][]float64{{2.5, 2, 2.5, 0.1}, {0, 0, 0, math.Pi}}; !reflect.DeepEqual(got.X, want) {
		t.Errorf("%v, want %v", got.X, want)
	}
	if !reflect.DeepEqual(p.X, before) || !reflect.DeepEqual(got.Names, p.Names) || !reflect.DeepEqual(got.Sources, p.Sources) {
		t.Error("more has changed than the rows")
	}
}

// Tied rows lie on grids of their own, with which a model that takes them over still places every customer.
func TestTie(t *testing.T) {
	const n = 500
	r := rand.New(rand.NewPCG(1, 2))
	values, account := make([]float64, n), make([]int32, n)
	keys := make([]string, n)
	for i := range values {
		values[i], account[i], keys[i] = r.NormFloat64(), int32(i/5*5), string(rune('a'+i))
	}
	m, p, _, err := FitApply(&table.Table{Keys: keys, Columns: []*table.Column{{Name: "x", Numbers: values}}}, Config{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	tied, err := p.Tie(account, 2)
	if err != nil {
		t.Fatal(err)
	}
	want, err := tile.FitGrid(tied.X[0])
	if err != nil || tied.Grids[0] != want || tied.Grids[0] == p.Grids[0] {
		t.Errorf("grid %v, want %v: %v", tied.Grids[0], want, err)
	}
	m.Grids = tied.Grids
	again, err := m.Apply(&table.Table{Keys: keys, Columns: []*table.Column{{Name: "x", Numbers: values}}})
	if err != nil || !reflect.DeepEqual(again.X, p.X) || !reflect.DeepEqual(again.Means(account, 1), tied) ||
		!reflect.DeepEqual(p.OnGridsOf(tied), again) {
		t.Errorf("the model prepares the same rows in another way: %v", err)
	}
}
