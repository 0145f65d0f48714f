package enginetest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"

	"segovia/engine/sweep"
	"segovia/kernels/rng"
)

// Golden is a data set and what its sweep gives. The hashes guard algorithm v1: a change of one of them needs v2.
type Golden struct {
	Name  string
	X     [][]float64 // by column; every value is written exactly by a few decimals
	Sweep sweep.Config
	// Labels is the SHA-256 over the lines of the label hashes, "key TAB number LF" in key order, of every k in turn.
	Labels string
	// ARI is the SHA-256 over the adjusted Rand indices of the pairs, "value LF" in their shortest form, of every k in turn.
	ARI string
}

// Rows returns the number of rows.
func (g Golden) Rows() int { return len(g.X[0]) }

// Key returns the key of row i; keys are in the order of the rows.
func (g Golden) Key(i int) string { return fmt.Sprintf("r%05d", i) }

// LabelHash returns what Labels says, of the segment numbers (from 1) of the rows for every k in turn.
func (g Golden) LabelHash(ks int, number func(k, row int) int) string {
	h := sha256.New()
	for k := range ks {
		for i := range g.Rows() {
			_, _ = io.WriteString(h, g.Key(i)+"\t"+strconv.Itoa(number(k, i))+"\n")
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// ARIHash returns what ARI says, of a result.
func ARIHash(r *sweep.Result) string {
	h := sha256.New()
	for _, k := range r.K {
		for _, v := range k.Stability.ARI {
			_, _ = io.WriteString(h, strconv.FormatFloat(v, 'g', -1, 64)+"\n")
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// column is n values of a function of the row; s is a stream of the column's own.
func column(name string, n, j int, value func(s rng.Stream, i uint64) float64) []float64 {
	s, x := rng.New(1, "golden "+name, j, 0), make([]float64, n)
	for i := range x {
		x[i] = value(s, uint64(i))
	}
	return x
}

func columns(name string, n, d int, value func(s rng.Stream, i uint64, j int) float64) [][]float64 {
	x := make([][]float64, d)
	for j := range x {
		x[j] = column(name, n, j, func(s rng.Stream, i uint64) float64 { return value(s, i, j) })
	}
	return x
}

// below is an even draw of 0..m-1.
func below(s rng.Stream, m, step, i uint64) float64 { return float64(s.Below(m, step, i)) }

// bell is a sum of four even draws, in steps of 1/64 and with a standard deviation of about 1.15.
func bell(s rng.Stream, step, i uint64) float64 {
	var sum float64
	for r := range uint64(4) {
		sum += below(s, 129, step+r, i)
	}
	return sum/64 - 4
}

// Goldens returns the data sets: ties, duplicates, constant columns and columns of very different size, one column, 130
// columns, well separated groups, none at all over more rows than a block has, long tails, fewer distinct rows in a
// resample than k, and answers of zero and one from random starts.
func Goldens() []Golden {
	return []Golden{
		{
			Name:   "ties",
			X:      columns("ties", 700, 4, func(s rng.Stream, i uint64, _ int) float64 { return below(s, 3, 0, i) }),
			Sweep:  sweep.Config{K: []int{2, 3, 7}, Restarts: 3, Bootstrap: 2, BootRestarts: 2, Seed: 1},
			Labels: "417861bb16be9962546481397583d3402a37ca6dfbd998cff6ab725f928c1b61",
			ARI:    "0f7daaa52c66a0b62ad5610a85ea9fca2ead3beb33f811cebbd26133eb9db0a2",
		},
		{
			Name: "duplicates", // 150 distinct rows, some of them hundreds of times
			X: columns("duplicates", 1500, 3, func(s rng.Stream, i uint64, _ int) float64 {
				row := i * i % 151 * (i % 7) % 150
				return below(s, 4096, 0, row) / 64
			}),
			Sweep:  sweep.Config{K: []int{2, 5, 16}, Restarts: 2, Bootstrap: 2, BootRestarts: 2, Seed: 2},
			Labels: "a55aaf2948fadfc23c6cd54fc0b24fb17c15041406bcd09487d64d9d3a5ad8d3",
			ARI:    "5dcd1cf08cb3c554a943afd545c79d3fae83f09dd7297fe3559cc9ca5ff447cd",
		},
		{
			Name: "constant columns",
			X: columns("constant columns", 800, 5, func(s rng.Stream, i uint64, j int) float64 {
				return []float64{7, bell(s, 0, i) + float64(i%3*4), bell(s, 0, i) / 1024, 0, 4096 * bell(s, 0, i)}[j]
			}),
			Sweep:  sweep.Config{K: []int{1, 2, 4}, Restarts: 2, Bootstrap: 2, BootRestarts: 2, Seed: 3},
			Labels: "a5977010c18d532485fc0ea19f9fe3e52e46c3a7f9c22456e6307df939916bb4",
			ARI:    "8ff383a05d01cbc81ce236eaf6cec81f39aa37ed8d99d21c666b54bf0fc839f3",
		},
		{
			Name:   "one column",
			X:      columns("one column", 1100, 1, func(s rng.Stream, i uint64, _ int) float64 { return bell(s, 0, i) + float64(i%4*3) }),
			Sweep:  sweep.Config{K: []int{2, 3, 9}, Restarts: 2, Bootstrap: 2, BootRestarts: 2, Seed: 4},
			Labels: "aa7b9dad2a25676e8125c55cad132033f53befb647b006efbd6b878c3ba7560f",
			ARI:    "fa549c7480525842ec693143e2134e07e3d230f77f5c1c28b5ab2fd350c598c6",
		},
		{
			Name: "130 columns",
			X: columns("130 columns", 300, 130, func(s rng.Stream, i uint64, j int) float64 {
				return bell(s, 0, i) + float64((int(i)%3+j)%5)/2
			}),
			Sweep:  sweep.Config{K: []int{2, 3, 5}, Restarts: 2, Bootstrap: 2, BootRestarts: 1, Seed: 5},
			Labels: "ffe09982afce4cb59d8d985d510a16bea69a1202c800c715ebcff068e1c697ff",
			ARI:    "847424d4377500c9e351f2845b6f056edc6e8e6228f2440ca26a91c5bd766e8e",
		},
		{
			Name: "groups",
			X: columns("groups", 2000, 6, func(s rng.Stream, i uint64, j int) float64 {
				return bell(s, 0, i) + float64((int(i%8)*(j+3)*5)%11)
			}),
			Sweep:  sweep.Config{K: []int{2, 4, 8, 11}, Restarts: 2, Bootstrap: 2, BootRestarts: 1, Seed: 6},
			Labels: "bcfd51e46433eff3c50bd1b462ce98db7463af75ba2013b2d64e45e00020f95f",
			ARI:    "ddb4303b20d22732fe0449cf253a6b74493ed30fea20282b84b7311230be8184",
		},
		{
			Name:   "no groups",
			X:      columns("no groups", 4500, 9, func(s rng.Stream, i uint64, _ int) float64 { return bell(s, 0, i) }),
			Sweep:  sweep.Config{K: []int{3, 6}, Restarts: 1, MaxIter: 12, Bootstrap: 1, BootRestarts: 1, Seed: 7},
			Labels: "df3e535875e10d065995dfaca3d8c0b43d6f0dfceee1717787ba63839dcefd26",
			ARI:    "f3c067aef54862188d480cbc60e6ad64d9089f52803b3b36c7e29d1fce225da4",
		},
		{
			Name: "long tails",
			X: columns("long tails", 900, 3, func(s rng.Stream, i uint64, _ int) float64 {
				v := below(s, 4001, 0, i) / 16
				return v * v * v / (64 + below(s, 2, 1, i)*448)
			}),
			Sweep:  sweep.Config{K: []int{2, 3, 6}, Restarts: 3, Bootstrap: 2, BootRestarts: 2, Seed: 8},
			Labels: "1913ecb5346de50b4785e0d92d7fcc7714ed95cc8d8ae0997513b6c3c9ac74f2",
			ARI:    "ed250964ba73cd7c214e6652816333d0989529ce7255a31cb5bc99fc14621c7b",
		},
		{
			Name: "few distinct rows", // three of them nine or ten times, twelve once
			X: columns("few distinct rows", 40, 2, func(s rng.Stream, i uint64, j int) float64 {
				row := i % 3
				if i >= 28 {
					row = i
				}
				return below(s, 200, 0, row) / 8
			}),
			Sweep:  sweep.Config{K: []int{2, 5, 14}, Restarts: 3, Bootstrap: 3, BootRestarts: 2, Seed: 9},
			Labels: "1be13412eafe958e6eff316faad38651a31c3675ae5bcb81b095ddf34ae6de58",
			ARI:    "8769ffe64b4a7e4247e1a5a5824d7e337118844d567be4d6521b04d0426fad20",
		},
		{
			Name: "answers from random starts",
			X: columns("answers", 1400, 11, func(s rng.Stream, i uint64, j int) float64 {
				return map[bool]float64{true: 1}[below(s, 10, 0, i) < float64(2+(int(i%4)*(j+1))%7)]
			}),
			Sweep:  sweep.Config{K: []int{2, 4, 6}, Init: "random", Restarts: 3, Bootstrap: 2, BootRestarts: 2, Seed: 10},
			Labels: "65b61202bf4f9a974f22efc255fd5a7e197f4f5e76b610274ee2cf2453152fd0",
			ARI:    "5ee239da493f6a00f2f8c5d7edd5e151e4bcebf0c4daa0e113caf654a383d0b2",
		},
	}
}
