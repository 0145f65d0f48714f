package stability

import (
	"math"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"segovia/kernels/rng"
)

// assignSlow tries all choices of columns in lexicographic order and keeps the first of the largest total.
func assignSlow(profit [][]float64) (best []int, total float64) {
	total = math.Inf(-1)
	var try func(chosen []int, sum float64)
	try = func(chosen []int, sum float64) {
		if len(chosen) == len(profit) {
			if sum > total {
				best, total = slices.Clone(chosen), sum
			}
			return
		}
		for j, p := range profit[len(chosen)] {
			if !slices.Contains(chosen, j) {
				try(append(chosen, j), sum+p)
			}
		}
	}
	try(nil, 0)
	return best, total
}

func TestAssignAgainstAllPermutations(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		columns := rapid.IntRange(1, 7).Draw(t, "columns")
		rows := rapid.IntRange(1, columns).Draw(t, "rows")
		most := rapid.SampledFrom([]int{0, 1, 2, 5, 1_000_000}).Draw(t, "most") // small ones make ties
		scale := rapid.SampledFrom([]float64{1, 1, 1. / 3}).Draw(t, "scale")
		profit := make([][]float64, rows)
		for i := range profit {
			for range columns {
				profit[i] = append(profit[i], scale*float64(rapid.IntRange(-most, most).Draw(t, "profit")))
			}
		}
		got := Assign(profit)
		want, total := assignSlow(profit)
		if scale == 1 {
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("%v, want %v", got, want)
			}
			return
		}
		var sum float64
		for i, j := range got {
			if slices.Contains(got[:i], j) {
				t.Fatalf("%v has column %d twice", got, j)
			}
			sum += profit[i][j]
		}
		// Prices are sums of up to 2 * 7 profits; each of 7 pairs may be off tight by that many roundings.
		if math.Abs(sum-total) > 7*14*0x1p-52*7*scale*float64(most) {
			t.Fatalf("total %v, want %v", sum, total)
		}
	})
	if Assign(nil) != nil {
		t.Error("no rows have columns")
	}
}

// The largest table there is: a hidden permutation of 256 columns is found again.
func TestAssignOfManyColumns(t *testing.T) {
	const n = 256
	s := rng.New(1, "assign", 0, 0)
	want := make([]int, n)
	for i := range want {
		j := int(s.Below(uint64(i+1), 0, uint64(i)))
		want[i], want[j] = want[j], i
	}
	profit := make([][]float64, n)
	for i := range profit {
		profit[i] = make([]float64, n)
		for j := range profit[i] {
			profit[i][j] = float64(s.Below(1000, uint64(i+1), uint64(j)))
		}
		profit[i][want[i]] = 1000
	}
	if got := Assign(profit); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
