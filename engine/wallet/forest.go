package wallet

import (
	"context"
	"math"

	"segovia/engine/internal/par"
	"segovia/engine/table"
	"segovia/kernels/rng"
)

// forest is a quantile regression forest over a pool.
type forest struct {
	pool       *pool
	predictors []*predictor
	trees      []*tree
}

// growForest grows cfg.Trees trees in pairs on disjoint draws of at most half the pool.
func growForest(ctx context.Context, p *pool, predictors []*predictor, cfg Config) (*forest, error) {
	f := &forest{pool: p, predictors: predictors, trees: make([]*tree, cfg.Trees)}
	bins := make([][]uint8, len(predictors))
	cats := make([]bool, len(predictors))
	err := par.Each(ctx, cfg.Threads, len(predictors), func(_, j int) error {
		bins[j] = make([]uint8, len(p.rows))
		cats[j] = predictors[j].col.Kind == table.Category
		for rank, i := range p.rows {
			bins[j][rank] = predictors[j].bin(int(i))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	growers := make([]*grower, par.Threads(cfg.Threads))
	size := min(cfg.MaxRows, len(p.rows)/2)
	err = par.Each(ctx, cfg.Threads, cfg.Trees/2, func(worker, pair int) error {
		if growers[worker] == nil {
			growers[worker] = newGrower(p, bins, predictors, cats, cfg)
		}
		one, two := pairOf(cfg.Seed, pair, p.order, size)
		f.trees[2*pair] = growers[worker].grow(2*pair, one)
		f.trees[2*pair+1] = growers[worker].grow(2*pair+1, two)
		return nil
	})
	return f, err
}

// pairOf draws two disjoint sets of size ranks each: twice as many of the pool in key order, and half of these.
func pairOf(seed uint64, pair int, order []int32, size int) (one, two []uint16) {
	both := rng.New(seed, "wallet draw", pair, 0).Sample(len(order), 2*size)
	half := rng.New(seed, "wallet halves", pair, 0).Sample(2*size, size)
	one, two = make([]uint16, 0, size), make([]uint16, 0, size)
	for i, at := range both {
		if len(one) < size && half[len(one)] == i {
			one = append(one, uint16(order[at]))
		} else {
			two = append(two, uint16(order[at]))
		}
	}
	return one, two
}

// blockRows customers are predicted together: each tree is walked for all of them while it is in the cache.
const blockRows = 256

// reader predicts customers, on one goroutine.
type reader struct {
	f      *forest
	bins   [][blockRows]uint8 // by predictor
	leaves [][blockRows]int32 // by tree
	dist   distribution
}

func newReader(f *forest) *reader {
	return &reader{f: f, bins: make([][blockRows]uint8, len(f.predictors)), leaves: make([][blockRows]int32, len(f.trees)),
		dist: distribution{weight: make([]uint32, len(f.pool.rows))}}
}

// load finds the leaves of n customers, at most blockRows, row(i) being the number of the i-th.
func (r *reader) load(n int, row func(i int) int) {
	for j, p := range r.f.predictors {
		for i := range n {
			r.bins[j][i] = p.bin(row(i))
		}
	}
	for t, tr := range r.f.trees {
		at := r.leaves[t][:n]
		clear(at)
		// Level by level, with leaves that lead to themselves: the steps of the customers do not wait for each other.
		for range tr.depth {
			for i, from := range at {
				nd := &tr.nodes[from]
				at[i] = nd.child + nd.side(r.bins[nd.predictor][i])
			}
		}
	}
}

// read sets dist to the distribution of the i-th customer loaded, by the trees that did not draw the customer of that rank;
// by all where rank is negative. forget must follow.
func (r *reader) read(i int, rank int32) {
	r.walk(i, rank, func(ranks []uint16, weight uint32) { r.dist.add(ranks, weight) })
}

// forget empties dist.
func (r *reader) forget(i int, rank int32) {
	r.walk(i, rank, func(ranks []uint16, _ uint32) {
		for _, at := range ranks {
			r.dist.weight[at] = 0
		}
	})
	r.dist.clear()
}

func (r *reader) walk(i int, rank int32, f func(ranks []uint16, weight uint32)) {
	for t, tr := range r.f.trees {
		if rank >= 0 && tr.has(rank) {
			continue
		}
		leaf := &tr.nodes[r.leaves[t][i]]
		f(tr.ranks[leaf.from:leaf.to], leaf.weight)
	}
}

// distribution is the weights of the pool's customers for one customer, by rank, in units of 2^-weightBits.
type distribution struct {
	weight  []uint32
	coarse  [maxPool >> 8]uint32 // sums of 256 ranks each
	total   uint64
	squares uint64 // sum of squared weights
}

// add adds the weight to each of the ranks.
func (d *distribution) add(ranks []uint16, weight uint32) {
	for _, r := range ranks {
		w := d.weight[r]
		d.squares += uint64(weight) * (2*uint64(w) + uint64(weight)) // (w + weight)^2 - w^2
		d.weight[r] = w + weight
		d.coarse[r>>8] += weight
	}
	d.total += uint64(len(ranks)) * uint64(weight)
}

// clear resets all but weight.
func (d *distribution) clear() {
	clear(d.coarse[:])
	d.total, d.squares = 0, 0
}

// effective returns (sum w)^2 / sum w^2: how many customers with equal weights would tell as much.
func (d *distribution) effective() float64 {
	return float64(float64(d.total)*float64(d.total)) / float64(d.squares)
}

// at returns the lowest rank up to which the share level of the weights lies, level being cut to [0, 1].
func (d *distribution) at(level float64) int {
	want := uint64(max(1, math.Ceil(min(1, max(0, level))*float64(d.total))))
	var sum uint64
	block := 0
	for ; sum+uint64(d.coarse[block]) < want; block++ {
		sum += uint64(d.coarse[block])
	}
	rank := block << 8
	for sum += uint64(d.weight[rank]); sum < want; sum += uint64(d.weight[rank]) {
		rank++
	}
	return rank
}

// below returns the sum of the weights of the ranks below rank.
func (d *distribution) below(rank int) (sum uint64) {
	for _, c := range d.coarse[:rank>>8] {
		sum += uint64(c)
	}
	for _, w := range d.weight[rank&^255 : rank] {
		sum += uint64(w)
	}
	return sum
}
