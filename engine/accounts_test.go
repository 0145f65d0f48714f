package engine

import (
	"math"
	"math/rand/v2"
	"testing"

	"segovia/engine/prep"
	"segovia/kernels/tile"
)

// A tied customer gets the segment of its account's mean, its own distance to that, and a margin that says how much nearer
// another segment is.
func TestAssignTied(t *testing.T) {
	m := &Model{K: 3, Centroids: []Centroid{{Number: 2, Grid: []float64{0, 0}}, {Number: 1, Grid: []float64{10, 0}}, {Number: 3, Grid: []float64{0, 10}}}}
	p := &prep.Prepared{Grids: []tile.Grid{{E: 10}, {E: 10}}, X: [][]float64{{1, 9, 9, 0.25}, {0, 0, 0, 9}}}
	head := []int32{0, 0, 0, 3} // mean of the first three: (6 1/3, 0)
	got := m.AssignTied(p, head, 2)
	for i, want := range []Assignment{{1, 9, 1 - 9}, {1, 1, 8}, {1, 1, 8}, {3, 0, 0}} {
		if i == 3 {
			want.Distance = math.Sqrt(0.25*0.25 + 1)
			want.Margin = math.Sqrt(0.25*0.25+81) - want.Distance
		}
		if got[i] != want {
			t.Errorf("customer %d: %+v, want %+v", i, got[i], want)
		}
	}
	if m.AssignTied(p, nil, 1)[0].Number != 2 {
		t.Error("without accounts the first customer is not alone")
	}
}

// Accounts of one customer change nothing, to the bit.
func TestAssignTiedAlone(t *testing.T) {
	const n = 5000
	r := rand.New(rand.NewPCG(3, 4))
	m := &Model{K: 5}
	for k := range m.K {
		m.Centroids = append(m.Centroids, Centroid{Number: (k+2)%m.K + 1, Grid: []float64{r.NormFloat64(), r.NormFloat64()}})
	}
	p := &prep.Prepared{Grids: []tile.Grid{{E: 12, Offset: 0.5}, {E: 9}}, X: [][]float64{make([]float64, n), make([]float64, n)}}
	head := make([]int32, n)
	for i := range n {
		p.X[0][i], p.X[1][i], head[i] = r.NormFloat64(), r.NormFloat64(), int32(i)
	}
	alone := m.Assign(p, 1)
	for i, a := range m.AssignTied(p, head, 3) {
		if a != alone[i] {
			t.Fatalf("customer %d: %+v, want %+v", i, a, alone[i])
		}
	}
}
