package stability

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// slowPairs counts pairs of rows one by one.
func slowPairs(a, b []int) (both, inA, inB, all float64) {
	for i := range a {
		for j := range i {
			all++
			if a[i] == a[j] {
				inA++
			}
			if b[i] == b[j] {
				inB++
			}
			if a[i] == a[j] && b[i] == b[j] {
				both++
			}
		}
	}
	return
}

func TestIndicesEqualTheirDefinitions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 60).Draw(t, "n")
		ka, kb := rapid.IntRange(1, 6).Draw(t, "ka"), rapid.IntRange(1, 6).Draw(t, "kb")
		a := rapid.SliceOfN(rapid.IntRange(0, ka-1), n, n).Draw(t, "a")
		b := rapid.SliceOfN(rapid.IntRange(0, kb-1), n, n).Draw(t, "b")
		table := Cross(a, b, ka, kb)
		both, inA, inB, all := slowPairs(a, b)
		want := 1.0
		if expected := inA * inB / all; (inA+inB)/2 != expected {
			want = (both - expected) / ((inA+inB)/2 - expected)
		}
		near := func(name string, got, want float64) {
			if math.Abs(got-want) > 1e-12 {
				t.Fatalf("%s = %v, want %v", name, got, want)
			}
		}
		near("ARI", table.ARI(), want)
		near("Rand", table.Rand(), (all+2*both-inA-inB)/all)
		if inA+inB-both > 0 {
			near("Jaccard", table.Jaccard(), both/(inA+inB-both))
		}
		if inA > 0 && inB > 0 {
			near("Fowlkes-Mallows", table.FowlkesMallows(), both/math.Sqrt(inA*inB))
		}
		// Entropies, by definition: VI = 2 H(a,b) - H(a) - H(b).
		entropy := func(counts []int64) (h float64) {
			for _, c := range counts {
				if c > 0 {
					h -= float64(c) / float64(n) * math.Log(float64(c)/float64(n))
				}
			}
			return
		}
		rows, columns, _ := table.Sums()
		near("VI", table.VariationOfInformation(), 2*entropy(table.Count)-entropy(rows)-entropy(columns))
		apart, kept := 0.0, 1.0
		for c := range ka {
			var same, pairs float64
			for i := range n {
				var with, size float64
				for j := range n {
					if a[i] != c || a[j] != c {
						continue
					}
					size++
					if b[i] == b[j] {
						with++
					}
				}
				if size > 0 {
					apart += (1 - with/size) / float64(n)
					same, pairs = same+with-1, pairs+size-1
				}
			}
			if pairs > 0 {
				kept = min(kept, same/pairs)
			}
		}
		near("APN", table.APN(), apart)
		near("pairs kept", table.PairsKept(), kept)
		jaccard, match := table.SegmentJaccard()
		for i := range ka {
			best := 0.0
			for j := range kb {
				var inter, union float64
				for r := range a {
					if a[r] == i && b[r] == j {
						inter++
					}
					if a[r] == i || b[r] == j {
						union++
					}
				}
				if union > 0 {
					best = max(best, inter/union)
				}
			}
			near("segment Jaccard", jaccard[i], best)
			if rows[i] > 0 && match[i] < 0 {
				t.Fatalf("segment %d has rows and no match", i)
			}
		}
	})
}

// At 1e10 rows the counts of pairs leave 64 bits; a table that agrees except for a few rows must still be just below 1.
func TestIndicesAtTenBillionRows(t *testing.T) {
	half := int64(5e9)
	perfect := Table{2, 2, []int64{half, 0, 0, half}}
	if got := perfect.ARI(); got != 1 {
		t.Errorf("perfect agreement: %v", got)
	}
	// m rows of each half swapped: ARI = (1 - 2m/half)^2 up to terms of order 1/n.
	const m = 1e6
	got := Table{2, 2, []int64{half - m, m, m, half - m}}.ARI()
	if want := (1 - 2*m/float64(half)) * (1 - 2*m/float64(half)); math.Abs(got-want) > 1e-9 {
		t.Errorf("got %v, want about %v", got, want)
	}
	if got := perfect.APN(); got != 0 {
		t.Errorf("APN of perfect agreement: %v", got)
	}
	// A share of (half-1)(half-2) of half (half-1) ordered pairs is kept.
	if got, want := (Table{1, 2, []int64{half - 1, 1}}).PairsKept(), 1-2/float64(half); got != want {
		t.Errorf("pairs kept %v, want %v", got, want)
	}
	if got := (Table{3, 2, []int64{1, 0, 0, 0, 1, 1}}).PairsKept(); got != 0 {
		t.Errorf("pairs kept where one of two leaves: %v", got)
	}
	if got := (Table{1, 1, []int64{7}}).ARI(); got != 1 {
		t.Errorf("both trivial: %v", got)
	}
}

func TestSummarise(t *testing.T) {
	s := Summarise([]float64{4, 1, 3, 2})
	if s.Mean != 2.5 || s.Q1 != 1.75 || s.Median != 2.5 || s.Q3 != 3.25 || math.Abs(*s.MCSE-math.Sqrt(5./3)/2) > 1e-15 {
		t.Errorf("got %+v, MCSE %v", s, *s.MCSE)
	}
	if Summarise([]float64{1}).MCSE != nil {
		t.Error("one value has no standard error")
	}
}

func TestEnough(t *testing.T) {
	wide, narrow := []float64{.5, .7}, []float64{.7, .72, .71} // standard errors .1 and .0058
	for _, c := range []struct {
		values [][]float64
		se     float64
		want   bool
	}{
		{[][]float64{wide, narrow}, .11, true}, {[][]float64{wide, narrow}, .09, false}, {[][]float64{narrow, wide}, .09, false},
		{[][]float64{narrow}, .006, true}, {[][]float64{narrow}, .0057, false}, {[][]float64{narrow, {.7}}, 1, false},
		{[][]float64{nil}, 1, false}, {[][]float64{{1, 1}}, 0, true},
	} {
		if got := Enough(c.values, c.se); got != c.want {
			t.Errorf("%v at %v: %v", c.values, c.se, got)
		}
	}
}
