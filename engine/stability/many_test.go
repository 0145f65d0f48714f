package stability

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"segovia/kernels/rng"
)

// noisy returns labelings of n rows: the same hidden labels, some of them replaced.
func noisy(n int, ks []int) []Labeling {
	s := rng.New(1, "labelings", n, len(ks))
	var out []Labeling
	for q, k := range ks {
		l := Labeling{k, make([]uint8, n)}
		for i := range l.Labels {
			label := s.Below(uint64(k), 0, uint64(i))
			if s.Below(10, uint64(2*q+1), uint64(i)) == 0 {
				label = s.Below(uint64(k), uint64(2*q+2), uint64(i))
			}
			l.Labels[i] = uint8(label)
		}
		out = append(out, l)
	}
	return out
}

// tables collects what AllPairs visits.
func tables(t testing.TB, labelings []Labeling, threads int) map[[2]int]Table {
	got := map[[2]int]Table{}
	var mu sync.Mutex
	err := AllPairs(context.Background(), labelings, threads, func(i, j int, x Table) error {
		mu.Lock()
		defer mu.Unlock()
		if _, again := got[[2]int{i, j}]; again {
			t.Errorf("(%d, %d) is visited twice", i, j)
		}
		got[[2]int{i, j}] = Table{x.A, x.B, slices.Clone(x.Count)}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestAllPairsEqualCross(t *testing.T) {
	many := slices.Repeat([]int{3}, 40)
	for _, c := range []struct {
		n  int
		ks []int
	}{{0, []int{2, 2}}, {1, []int{1, 2}}, {5, []int{3, 1, 256}}, {1000, []int{2, 2, 2, 5}}, {5003, []int{7, 2, 3, 11, 1, 2, 2, 256, 1, 4}},
		{1_048_577, []int{16, 16, 1, 256, 1, 255, 10, 10, 2}}, {20_001, many}, {10, []int{4}}, {10, nil}} {
		if testing.Short() && c.n > 100_000 {
			continue // a minute under the race detector; make test runs it without
		}
		labelings := noisy(c.n, c.ks)
		for _, threads := range []int{1, 2, 3, 7} {
			got := tables(t, labelings, threads)
			if want := len(c.ks) * (len(c.ks) - 1) / 2; len(got) != max(0, want) {
				t.Fatalf("n=%d k=%v: %d pairs, want %d", c.n, c.ks, len(got), want)
			}
			for at, table := range got {
				a, b := labelings[at[0]], labelings[at[1]]
				if want := Cross(a.Labels, b.Labels, a.K, b.K); !reflect.DeepEqual(table, want) {
					t.Fatalf("n=%d k=%v threads=%d: the table of %v is %v, want %v", c.n, c.ks, threads, at, table, want)
				}
			}
			ari, err := AllPairsARI(context.Background(), labelings, threads)
			if err != nil {
				t.Fatal(err)
			}
			at := 0
			for i := range labelings {
				for j := i + 1; j < len(labelings); j++ {
					if want := got[[2]int{i, j}].ARI(); ari[at] != want {
						t.Fatalf("n=%d k=%v: ARI of %d and %d is %v, want %v", c.n, c.ks, i, j, ari[at], want)
					}
					at++
				}
			}
		}
	}
}

func TestAllPairsEndsWithTheFirstError(t *testing.T) {
	wrong := errors.New("wrong")
	err := AllPairs(context.Background(), noisy(100, []int{2, 3, 4}), 2, func(i, j int, _ Table) error {
		if j == 2 {
			return wrong
		}
		return nil
	})
	if !errors.Is(err, wrong) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := AllPairsARI(ctx, noisy(100, []int{2, 3}), 2); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}

// The quotient in 128 bits is that of big rational numbers, rounded once.
func TestQuotient(t *testing.T) {
	number := func(t *rapid.T, name string, least uint64) uint128 {
		v := uint128{rapid.Uint64Range(0, 1<<63-1).Draw(t, name+" hi"), rapid.Uint64().Draw(t, name+" lo")}
		if s := rapid.IntRange(0, 126).Draw(t, name+" shift"); s >= 64 {
			v = uint128{0, v.hi >> (s - 64)}
		} else {
			v = uint128{v.hi >> s, v.lo>>s | v.hi<<(64-s)}
		}
		if v.hi == 0 && v.lo < least {
			v.lo = least
		}
		return v
	}
	wide := func(v uint128) *big.Int {
		b := new(big.Int).Lsh(new(big.Int).SetUint64(v.hi), 64)
		return b.Or(b, new(big.Int).SetUint64(v.lo))
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := number(t, "a", 0), number(t, "b", 1)
		if got, want := quotient(a, b), ratio(wide(a), wide(b)); got != want {
			t.Fatalf("%v / %v = %v, want %v", a, b, got, want)
		}
		// Halfway between two numbers, and beside it: b (2 m + 1) / (2 b).
		m := rapid.Uint64Range(1<<52, 1<<53-1).Draw(t, "m")
		by := rapid.Uint64Range(1, 1<<60).Draw(t, "by")
		half := mul(2*m+1, by)
		for _, x := range []uint128{half, half.sub(uint128{0, 1}), {half.hi, half.lo | 1}} {
			if got, want := quotient(x, uint128{0, 2 * by}), ratio(wide(x), wide(uint128{0, 2 * by})); got != want {
				t.Fatalf("%v / %v = %v, want %v", x, 2*by, got, want)
			}
		}
	})
}

// Below 2^32 rows 128 bits do, above they do not; both must give what rational numbers give, also about 1e9 rows.
func TestARIOfLargeTables(t *testing.T) {
	slow := func(t Table) float64 {
		p := t.Pairs()
		rat := func(v *big.Int) *big.Rat { return new(big.Rat).SetInt(v) }
		expected := new(big.Rat).Quo(new(big.Rat).Mul(rat(p.A), rat(p.B)), rat(p.All))
		mean := new(big.Rat).Quo(new(big.Rat).Add(rat(p.A), rat(p.B)), big.NewRat(2, 1))
		below := mean.Sub(mean, expected)
		if below.Sign() == 0 {
			return 1
		}
		f, _ := new(big.Rat).Quo(new(big.Rat).Sub(rat(p.Both), expected), below).Float64()
		return f
	}
	rapid.Check(t, func(t *rapid.T) {
		ka, kb := rapid.IntRange(1, 5).Draw(t, "ka"), rapid.IntRange(1, 5).Draw(t, "kb")
		most := int64(1) << rapid.IntRange(1, 34).Draw(t, "bits")
		table := Table{ka, kb, rapid.SliceOfN(rapid.Int64Range(0, most), ka*kb, ka*kb).Draw(t, "counts")}
		table.Count[0] += 2
		if got, want := table.ARI(), slow(table); got != want {
			t.Fatalf("%+v: ARI %v, want %v", table, got, want)
		}
	})
	for _, n := range []int64{1e9, 1<<32 - 1, 1 << 32, 1e10} {
		table := Table{2, 2, []int64{n / 2, 1, 2, n - n/2 - 3}}
		_, narrow := table.ari128()
		if got, want := table.ARI(), slow(table); got != want || got >= 1 || math.Abs(got-1) > 1e-7 || narrow != (n < 1<<32) {
			t.Errorf("%d rows: ARI %v, want %v", n, got, want)
		}
	}
}

// BenchmarkAllPairs is the workload W7 with fewer labelings: the adjusted Rand index of all pairs of 40.
func BenchmarkAllPairs(b *testing.B) {
	for _, k := range []int{5, 10, 20} {
		labelings := noisy(1_000_000, slices.Repeat([]int{k}, 40))
		for _, threads := range []int{1, 2} {
			b.Run(fmt.Sprintf("rows=1M/labelings=40/k=%d/threads=%d", k, threads), func(b *testing.B) {
				for b.Loop() {
					if _, err := AllPairsARI(context.Background(), labelings, threads); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(40*39/2*float64(b.N)/b.Elapsed().Seconds(), "pairs/s")
			})
		}
	}
}
