package rng

import (
	"math"
	"testing"
)

// The known-answer vectors of Random123's Philox4x32-10.
func TestPhiloxKnownAnswers(t *testing.T) {
	words := func(key [2]uint32, step, index uint64) [4]uint32 {
		lo, hi := Stream{key}.block(step, index)
		return [4]uint32{uint32(lo), uint32(lo >> 32), uint32(hi), uint32(hi >> 32)}
	}
	for _, c := range []struct {
		got, want [4]uint32
	}{
		{words([2]uint32{}, 0, 0), [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{words([2]uint32{0xffffffff, 0xffffffff}, math.MaxUint64, math.MaxUint64),
			[4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{words([2]uint32{0xa4093822, 0x299f31d0}, 0x03707344_13198a2e, 0x85a308d3_243f6a88),
			[4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	} {
		if c.got != c.want {
			t.Errorf("got %08x, want %08x", c.got, c.want)
		}
	}
}

func TestNamesSeparateStreams(t *testing.T) {
	seen := map[uint64]string{}
	for _, s := range []struct {
		name string
		s    Stream
	}{
		{"base", New(1, "a", 0, 0)}, {"seed", New(2, "a", 0, 0)}, {"purpose", New(1, "b", 0, 0)},
		{"restart", New(1, "a", 1, 0)}, {"replicate", New(1, "a", 0, 1)}, {"negative", New(1, "a", -1, 0)},
	} {
		for i := range uint64(100) {
			v := s.s.Uint64(i/10, i)
			if other, ok := seen[v]; ok {
				t.Fatalf("%s and %s share a number", s.name, other)
			}
			seen[v] = s.name
		}
	}
}

// Below is uniform: the chi-square statistic over 100 cells of 100,000 draws stays below the 1 - 1e-6 quantile (178).
func TestBelowIsUniform(t *testing.T) {
	s := New(7, "uniform", 0, 0)
	var count [100]float64
	const draws = 100_000
	for i := range uint64(draws) {
		count[s.Below(100, 0, i)]++
	}
	var chi float64
	for _, c := range count {
		chi += (c - draws/100) * (c - draws/100) / (draws / 100)
	}
	if chi > 178 {
		t.Errorf("chi-square %.1f", chi)
	}
}

func TestSampleIsUniform(t *testing.T) {
	const n, m, draws = 7, 3, 20_000
	var in [n]int
	for r := range draws {
		sample := New(1, "sample", 0, r).Sample(n, m)
		if len(sample) != m {
			t.Fatalf("%d of %d", len(sample), m)
		}
		for at, i := range sample {
			if at > 0 && sample[at-1] >= i {
				t.Fatalf("not ascending: %v", sample)
			}
			in[i]++
		}
	}
	// The standard deviation of a count is sqrt(draws p (1-p)) = 70: five of them.
	for i, c := range in {
		if want := draws * m / n; c < want-350 || c > want+350 {
			t.Errorf("%d was drawn %d times of about %d", i, c, want)
		}
	}
	if all := New(1, "sample", 0, 0).Sample(4, 9); len(all) != 4 {
		t.Errorf("nine of four: %v", all)
	}
}
