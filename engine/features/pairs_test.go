package features

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"segovia/engine/quality"
)

// A set of pairs is what a map of them is, in any order of arrival.
func TestPairSetAgainstMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const customers = 3
		var set pairSet
		type pair struct {
			slot int32
			key  uint64
		}
		numbers := map[pair]int{}
		for range rapid.IntRange(0, 300).Draw(t, "pairs") {
			p := pair{int32(rapid.IntRange(0, customers-1).Draw(t, "customer")), rapid.Uint64Range(0, 60).Draw(t, "key")}
			if p.key%7 == 0 {
				p.key = ^p.key << 32
			}
			n, isNew := set.at(p.slot, p.key)
			if want, known := numbers[p]; known == isNew || known && n != want || !known && n != len(numbers) {
				t.Fatalf("%v is number %d (new: %v), want %d", p, n, isNew, want)
			}
			numbers[p] = n
		}
		order := set.freeze(customers)
		for slot := range int32(customers) {
			var want []uint64
			for p := range numbers {
				if p.slot == slot {
					want = append(want, p.key)
				}
			}
			slices.Sort(want)
			if got := set.of(int(slot)); !slices.Equal(got, want) {
				t.Fatalf("customer %d has %d, want %d", slot, got, want)
			}
			for i, key := range set.of(int(slot)) {
				if got := int(order[int(set.begin[slot])+i]); got != numbers[pair{slot, key}] {
					t.Fatalf("number %d, want %d", got, numbers[pair{slot, key}])
				}
			}
		}
	})
}

// Keys are found again under their numbers, also while the table grows, and others are not found.
func TestKeyIndex(t *testing.T) {
	var index keyIndex
	var keys []string
	for i := range 3000 {
		key := fmt.Sprint(strings.Repeat("k", i%10), i)
		if i%10 == 9 {
			key += "\x00"
		}
		if index.find(keys, key, keyHead(key), hashKey(key)) >= 0 {
			t.Fatalf("%s is there too soon", key)
		}
		keys = append(keys, key)
		index.add(keys, hashKey(key))
		if int64(len(index.places))*16 > indexBytes*int64(len(keys))+16*leastKeys {
			t.Fatalf("%d places for %d keys", len(index.places), len(keys))
		}
	}
	for i, key := range keys {
		if got := index.find(keys, key, keyHead(key), hashKey(key)); got != int32(i) {
			t.Fatalf("%s is number %d, want %d", key, got, i)
		}
	}
}

// A log keeps every hash, and does not grow beyond four times the different ones.
func TestHashLog(t *testing.T) {
	for _, different := range []int{1, 1000, leastLog - 1, leastLog + 1, 3 * leastLog} {
		var log hashLog
		for i := range 5 * leastLog {
			log.add(quality.Hash{Lo: uint64(i % different)})
			if log.n > max(leastLog, 4*different) {
				t.Fatalf("%d entries for %d hashes", log.n, different)
			}
		}
		log.compact()
		var hashes []quality.Hash
		if err := log.each(func(h quality.Hash) error { hashes = append(hashes, h); return nil }); err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(hashes, func(a, b quality.Hash) int { return cmp.Compare(a.Lo, b.Lo) })
		for i, h := range hashes {
			if h.Lo != uint64(i) {
				t.Fatalf("of %d hashes, %d comes at place %d", different, h.Lo, i)
			}
		}
		if len(hashes) != different {
			t.Errorf("%d hashes, want %d", len(hashes), different)
		}
	}
}
