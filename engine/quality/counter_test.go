package quality

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A counter is what a map is, also after some keys were left out.
func TestCounterAgainstMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c counter
		want := map[uint64]int64{}
		for range rapid.IntRange(0, 200).Draw(t, "steps") {
			key := rapid.OneOf(rapid.Uint64Range(0, 40), rapid.Uint64()).Draw(t, "key")
			if rapid.IntRange(0, 50).Draw(t, "what") == 0 {
				c.keep(func(k uint64) bool { return k%3 != key%3 })
				maps.DeleteFunc(want, func(k uint64, _ int64) bool { return k%3 == key%3 })
				continue
			}
			*c.at(key)++
			want[key]++
		}
		if got := maps.Collect(c.all()); !maps.Equal(got, want) || c.n != len(want) {
			t.Fatalf("got %v (%d), want %v", got, c.n, want)
		}
	})
}

// nth is what sorting would give, for any place.
func TestNth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.SliceOfN(rapid.Uint64Range(0, 1<<rapid.IntRange(1, 63).Draw(t, "bits")), 1, 2000).Draw(t, "v")
		sorted := slices.Sorted(slices.Values(v))
		n := rapid.IntRange(0, len(v)-1).Draw(t, "n")
		if got := nth(v, n); got != sorted[n] {
			t.Fatalf("element %d of %d is %d, want %d", n, len(v), got, sorted[n])
		}
	})
}
