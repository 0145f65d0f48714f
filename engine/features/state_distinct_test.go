package features

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Per customer, distinctState keeps the set of the keys that came, and not many more entries than there are pairs.
func TestDistinctStateAgainstMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		customers := rapid.IntRange(1, 40).Draw(t, "customers")
		different := rapid.Uint64Range(1, 500).Draw(t, "keys")
		var s distinctState
		s.grow(customers)
		want := make([]map[uint64]bool, customers)
		for i := range rapid.IntRange(0, 20_000).Draw(t, "rows") {
			x := uint64(i) * 0x9e3779b97f4a7c15
			slot, key := int32(x>>32%uint64(customers)), x>>7%different*0xd6e8feb86659fd93
			s.put(slot, key)
			if want[slot] == nil {
				want[slot] = map[uint64]bool{}
			}
			want[slot][key] = true
		}
		pairs := 0
		for _, keys := range want {
			pairs += len(keys)
		}
		if len(s.keys) > max(2*leastDistinct, 4*pairs) {
			t.Fatalf("%d entries for %d pairs", len(s.keys), pairs)
		}
		s.freeze()
		for slot, keys := range want {
			if got := s.of(slot); !slices.IsSorted(got) || len(got) != len(keys) ||
				slices.ContainsFunc(got, func(key uint64) bool { return !keys[key] }) {
				t.Fatalf("customer %d has %v, want %v", slot, got, keys)
			}
		}
	})
}

// The sum of two numbers of 64 bits is that of 128 bits.
func TestAddShort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64().Draw(t, "a"), rapid.Int64().Draw(t, "b")
		if want, _ := i128Of(a).add(i128Of(b)); addShort(a, b) != want {
			t.Fatalf("%d + %d is %v, want %v", a, b, addShort(a, b), want)
		}
	})
}
