package company

import "segovia/kernels/rng"

// shuffle is a pseudo-random permutation of 0..n-1 whose value at any place is computed alone: a Feistel network over
// the next power of four, walked until it falls below n (Black and Rogaway: Ciphers with arbitrary finite domains, 2002).
type shuffle struct {
	stream rng.Stream
	n      int
	half   uint // bits of each half
}

func newShuffle(seed uint64, n int) shuffle {
	s := shuffle{stream: rng.New(seed, "company/segments", 0, 0), n: n, half: 1}
	for 1<<(2*s.half) < n {
		s.half++
	}
	return s
}

func (s shuffle) at(i int) int {
	mask := uint64(1)<<s.half - 1
	v := uint64(i)
	for {
		left, right := v>>s.half, v&mask
		for round := range uint64(6) {
			left, right = right, left^s.stream.Uint64(round, right)&mask
		}
		if v = left<<s.half | right; v < uint64(s.n) {
			return int(v)
		}
	}
}
