package features

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// Squares and the spread agree with big integers, whichever way they are computed.
func TestSquaresAgainstBig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.IntRange(0, 38).Draw(t, "digits fewer")
		var q u256
		var s i128
		wantQ, n := new(big.Int), int64(rapid.IntRange(1, 20).Draw(t, "rows"))
		ok := true
		for range n {
			a := genI128().Draw(t, "number").quo10(max(digits, 2), 'f')
			if a.square().big().Cmp(new(big.Int).Mul(a.big(), a.big())) != 0 {
				t.Fatalf("%s^2 is not %s", a.big(), a.square().big())
			}
			wantQ.Add(wantQ, new(big.Int).Mul(a.big(), a.big()))
			var in bool
			q, in = q.add(a.square())
			s, _ = s.add(a)
			ok = ok && in
		}
		if !ok || q.big().Cmp(wantQ) != 0 {
			t.Fatalf("sum of squares %s, want %s", q.big(), wantQ)
		}
		if got, want := spreadOf(n, s, q), bigSpread(n, s, q); got != want {
			t.Fatalf("spread %v, want %v", got, want)
		}
	})
}

// A sum of squares that leaves 256 bits says so.
func TestSquaresLeaveTheRange(t *testing.T) {
	most := i128{1<<63 - 1, 1<<64 - 1}.square()
	ok, rows, sum := true, 0, u256{}
	for ; ok; rows++ {
		sum, ok = sum.add(most)
	}
	if rows != 5 {
		t.Errorf("out of range at row %d, want 5", rows)
	}
}
