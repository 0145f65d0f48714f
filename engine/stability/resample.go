package stability

import (
	"slices"

	"segovia/kernels/rng"
)

// Schemes are the names that Weights knows; the first is the plain bootstrap.
func Schemes() []string { return []string{"multinomial", "poisson", "subset"} }

// Weights returns the weights of resample r of seed, one per row, by the scheme of that name. They are the same for every
// k, restart and algorithm.
func Weights(scheme string, seed uint64, resample, n int) []uint16 {
	switch scheme {
	case "multinomial":
		return Multinomial(seed, resample, n)
	case "poisson":
		return Poisson(seed, resample, n)
	case "subset":
		return Subset(seed, resample, n)
	}
	panic("BUG: stability: no scheme " + scheme)
}

// Multinomial returns the weights of one bootstrap resample: n rows drawn with replacement out of n, as how often each was
// drawn. Resample r of seed is the same for every k, restart and algorithm.
func Multinomial(seed uint64, resample, n int) []uint16 {
	return MultinomialStream(seed, resample).Multinomial(n)
}

// MultinomialStream is the stream from which Multinomial draws.
func MultinomialStream(seed uint64, resample int) rng.Stream {
	return rng.New(seed, "bootstrap", 0, resample)
}

// Poisson returns the weights of one resample in which each row is drawn a number of times that is Poisson with mean 1 and
// independent of all other rows and of n, so that rows can be drawn apart. Their sum is n only on average; it is 0 with
// probability e^-n.
func Poisson(seed uint64, resample, n int) []uint16 {
	s := rng.New(seed, "poisson", 0, resample)
	weights := make([]uint16, n)
	for i := range weights {
		u := s.Uint64(0, uint64(i))
		for int(weights[i]) < len(poissonBelow) && u >= poissonBelow[weights[i]] {
			weights[i]++
		}
	}
	return weights
}

// poissonBelow[c] is 2^64 times the probability of at most c, rounded to the nearest integer; from 20 on it is 2^64.
var poissonBelow = [...]uint64{
	0x5e2d58d8b3bcdf1b, 0xbc5ab1b16779be35, 0xeb715e1dc1582dc3, 0xfb23979734a252f2, 0xff1025f59174dc3e,
	0xffd90f3ba4055e1a, 0xfffa8b71fc72c914, 0xffff540c0914b3ca, 0xffffed1f4aa8f120, 0xfffffe216e641463,
	0xffffffd4d85d3183, 0xfffffffc6da262b5, 0xffffffffba12d179, 0xfffffffffb07c64d, 0xffffffffffab8ea5,
	0xfffffffffffabe22, 0xffffffffffffb11a, 0xfffffffffffffba1, 0xffffffffffffffc5, 0xfffffffffffffffd,
}

// Subset returns the weights of one resample without replacement: 1 for floor(n/2) of the rows, 0 for the rest.
func Subset(seed uint64, resample, n int) []uint16 {
	in, _ := split(rng.New(seed, "subset", 0, resample), n)
	return in
}

// Halves returns the weights of a random split of the rows into floor(n/2), a, and the rest, b: a + b = 1.
func Halves(seed uint64, number, n int) (a, b []uint16) {
	return split(rng.New(seed, "halves", 0, number), n)
}

// split puts floor(n/2) rows in, all such sets being equally likely, and the others out.
func split(s rng.Stream, n int) (in, out []uint16) {
	in, out = make([]uint16, n), slices.Repeat([]uint16{1}, n)
	for _, i := range s.Sample(n, n/2) {
		in[i], out[i] = 1, 0
	}
	return in, out
}

// Distinct returns the weights of a resample in which every row drawn counts once: 1 where the weight is positive.
func Distinct(weights []uint16) []uint16 {
	once := make([]uint16, len(weights))
	for i, w := range weights {
		once[i] = min(w, 1)
	}
	return once
}
