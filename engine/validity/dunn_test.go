package validity

import (
	"context"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestDunnEqualsTheDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, columns, labels, k := draw(t)
		partitions := []Partition{{k, labels}, {1, make([]uint8, p.N)}}
		got, err := Dunn(context.Background(), p, partitions, 2, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !math.IsNaN(got[1]) {
			t.Fatalf("one cluster has the Dunn index %v", got[1])
		}
		least, most := math.Inf(1), 0.0
		for i := range p.N {
			for j := range i {
				distance := math.Sqrt(squared(p.Row(nil, i), p.Row(nil, j)))
				if labels[i] == labels[j] {
					most = max(most, distance)
				} else {
					least = min(least, distance)
				}
			}
		}
		// Steps are at most 2^-50 of the diagonal; each distance is off by half of one, and the quotient by 2^-53 of itself.
		var diagonal float64
		for _, c := range columns {
			diagonal += (slices.Max(c) - slices.Min(c)) * (slices.Max(c) - slices.Min(c))
		}
		half := math.Sqrt(diagonal) * 0x1p-51
		if most <= half {
			return // rounded to none
		}
		want := least / most
		if math.Abs(got[0]-want) > half*(1+want)/(most-half)+0x1p-51*want {
			t.Fatalf("Dunn = %v, want %v", got[0], want)
		}
	})
}

// Every bit is the same for any number of threads, alone or beside other partitions, and in any order of the rows.
func TestDunnDependsOnThePartitionAlone(t *testing.T) {
	p, partitions := clustered(1_000, 5)
	want, err := Dunn(context.Background(), p, partitions, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	turned := &Points{N: p.N, D: p.D}
	for i := range p.N {
		turned.Values = append(turned.Values, p.Row(nil, i*7%p.N)...)
	}
	for _, threads := range []int{2, 3, 7} {
		if got, err := Dunn(context.Background(), p, partitions, threads, nil); err != nil || !slices.Equal(got, want) {
			t.Fatalf("%d threads: %v, want %v (%v)", threads, got, want, err)
		}
	}
	for q, part := range partitions {
		labels := make([]uint8, p.N)
		for i := range labels {
			labels[i] = part.Labels[i*7%p.N]
		}
		rows := 0
		got, err := Dunn(context.Background(), turned, []Partition{{part.K, labels}}, 1, func(n int) { rows += n })
		if err != nil || got[0] != want[q] || rows != p.N {
			t.Fatalf("k = %d alone, in another order: %v, want %v, %d rows told of (%v)", part.K, got[0], want[q], rows, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Dunn(ctx, p, partitions, 2, nil); err != context.Canceled {
		t.Errorf("canceled: %v", err)
	}
}

// Equal rows in each cluster have no diameter, whatever lies between; two clusters that share a row are not apart.
func TestDunnAtTheEdges(t *testing.T) {
	p := FromColumns([][]float64{{0, 0, 1, 1}})
	got, err := Dunn(context.Background(), p, []Partition{{2, []uint8{0, 0, 1, 1}}, {2, []uint8{0, 1, 0, 1}}, {3, []uint8{2, 2, 2, 2}}}, 1, nil)
	if err != nil || !math.IsNaN(got[0]) || got[1] != 0 || !math.IsNaN(got[2]) {
		t.Errorf("%v (%v)", got, err)
	}
}
