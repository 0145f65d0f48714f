package wallet

import (
	"cmp"
	"slices"

	"segovia/kernels/rng"
)

// tree is one tree of the forest. Nodes are numbered as they are made, the root being 0.
type tree struct {
	nodes []node
	ranks []uint16  // of the draw, leaf by leaf
	drawn []uint64  // bit set over ranks
	gain  []float64 // by predictor: reduction of the sum of squares by its splits
	depth int       // of the deepest leaf, the root's being 0
}

// node is a split on a predictor or a leaf that holds ranks[from:to] of its tree.
type node struct {
	left      [4]uint64 // bins that go left, as a bit set; of a leaf: all
	predictor int32
	child     int32 // of a split: its left node, after which comes the right one; of a leaf: itself
	from, to  int32
	weight    uint32 // of a leaf: what each of its customers adds; 0 for a split
	depth     int32
}

// weightBits is the fixed point of weights: a leaf of s customers gives each of them 2^22 / s, rounded down. With at most
// 1000 trees, a weight and a sum of weights stay below 2^32, and a sum of squared weights below 2^64.
const weightBits = 22

// side returns 0 for a bin that goes left and 1 for one that goes right. A walk adds it to child instead of branching on it:
// half the branches would be guessed wrong.
func (n *node) side(bin uint8) int32 { return int32(^n.left[bin>>6] >> (bin & 63) & 1) }

// has reports whether the tree drew the customer of that rank.
func (t *tree) has(rank int32) bool { return t.drawn[rank>>6]>>(rank&63)&1 != 0 }

// grower grows trees, one after the other, on one goroutine.
type grower struct {
	pool  *pool
	bins  [][]uint8 // by predictor and rank
	count []int     // bins of each predictor
	cats  []bool    // which predictors are categories
	cfg   Config
	// For the tree at work:
	t       *tree
	order   [][]uint8 // by predictor: bins but the missing one, in the order in which they are cut
	stream  rng.Stream
	scratch []uint16
	tried   []int
	hist    [maxBin + 1]cell
}

// cell is the customers of a bin.
type cell struct {
	n   int64
	sum int64 // of their scores
}

// split is the best way found to cut a node.
type split struct {
	predictor int
	gain      float64 // reduction of the sum of squares
	left      [4]uint64
}

func newGrower(p *pool, bins [][]uint8, predictors []*predictor, cats []bool, cfg Config) *grower {
	g := &grower{pool: p, bins: bins, cats: cats, cfg: cfg, order: make([][]uint8, len(bins)), tried: make([]int, len(bins))}
	for _, x := range predictors {
		g.count = append(g.count, x.bins)
	}
	g.scratch = make([]uint16, len(p.rows))
	return g
}

// grow returns the tree of the given number on the drawn ranks, which it keeps.
func (g *grower) grow(number int, ranks []uint16) *tree {
	g.t = &tree{ranks: ranks, drawn: make([]uint64, (len(g.pool.rows)+63)/64), gain: make([]float64, len(g.bins))}
	for _, r := range ranks {
		g.t.drawn[r>>6] |= 1 << (r & 63)
	}
	g.stream = rng.New(g.cfg.Seed, "wallet tree", number, 0)
	for j := range g.bins {
		g.arrange(j)
	}
	g.t.nodes = append(g.t.nodes, node{to: int32(len(ranks))})
	// Nodes are taken up in the order of their numbers, so the list is its own queue.
	for at := 0; at < len(g.t.nodes); at++ {
		nd := &g.t.nodes[at]
		best, ok := g.best(at, ranks[nd.from:nd.to])
		if !ok {
			nd.weight, nd.child = 1<<weightBits/uint32(nd.to-nd.from), int32(at)
			nd.left = [4]uint64{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}
			g.t.depth = int(nd.depth) // nodes come level by level
			continue
		}
		g.t.gain[best.predictor] += best.gain
		nd.predictor, nd.left, nd.child = int32(best.predictor), best.left, int32(len(g.t.nodes))
		from, to, depth := nd.from, nd.to, nd.depth+1
		cut := from + int32(g.part(nd, ranks[from:to]))
		g.t.nodes = append(g.t.nodes, node{from: from, to: cut, depth: depth}, node{from: cut, to: to, depth: depth})
	}
	return g.t
}

// arrange puts the bins of predictor j into the order in which they are cut: numbers ascending; the levels of a category by
// their mean score in the draw, those that were not drawn at the mean of the others.
func (g *grower) arrange(j int) {
	order := g.order[j][:0]
	for b := 1; b < g.count[j]; b++ {
		order = append(order, uint8(b))
	}
	g.order[j] = order
	if !g.cats[j] {
		return
	}
	all := g.histogram(j, g.t.ranks)
	known := cell{all.n - g.hist[missingBin].n, all.sum - g.hist[missingBin].sum}
	mean := func(b uint8) float64 {
		c := g.hist[b]
		if c.n == 0 {
			c = known
		}
		return float64(c.sum) / float64(max(1, c.n))
	}
	slices.SortFunc(order, func(a, b uint8) int { return cmp.Or(cmp.Compare(mean(a), mean(b)), cmp.Compare(a, b)) })
}

// histogram fills hist with the bins of predictor j among the ranks and returns their total.
func (g *grower) histogram(j int, ranks []uint16) (all cell) {
	h, bins, score := &g.hist, g.bins[j], g.pool.score
	clear(h[:g.count[j]])
	for _, r := range ranks {
		c := &h[bins[r]]
		c.n++
		c.sum += int64(score[r])
	}
	for _, c := range h[:g.count[j]] {
		all.n += c.n
		all.sum += c.sum
	}
	return all
}

// best returns the split with the largest gain among cfg.Try predictors, drawn for the node; where none of these can split,
// the others are tried in turn.
func (g *grower) best(at int, ranks []uint16) (best split, ok bool) {
	if len(ranks) < 2*g.cfg.MinLeaf {
		return best, false
	}
	for j := range g.tried {
		g.tried[j] = j
	}
	for i := range g.tried {
		if i >= g.cfg.Try && ok {
			break
		}
		other := i + int(g.stream.Below(uint64(len(g.tried)-i), uint64(at), uint64(i)))
		g.tried[i], g.tried[other] = g.tried[other], g.tried[i]
		ok = g.cut(g.tried[i], ranks, &best) || ok
	}
	return best, ok
}

// cut betters best by the splits on predictor j: after each of its bins in order, with the missing values on either side, and
// the missing values against all others. It reports whether it did.
func (g *grower) cut(j int, ranks []uint16, best *split) bool {
	all := g.histogram(j, ranks)
	lost := g.hist[missingBin]
	least := int64(g.cfg.MinLeaf)
	cutAt, withMissing, found := 0, false, false
	try := func(left cell, at int, missing bool) {
		right := cell{all.n - left.n, all.sum - left.sum}
		if left.n < least || right.n < least {
			return
		}
		// nL nR / n (mean L - mean R)^2 as d^2 / (n nL nR) with d = sum L nR - sum R nL, an exact integer.
		d := float64(left.sum*right.n - right.sum*left.n)
		gain := d * d / float64(all.n) / float64(left.n*right.n)
		if gain > best.gain {
			best.predictor, best.gain = j, gain
			cutAt, withMissing, found = at, missing, true
		}
	}
	order := g.order[j]
	var left cell
	if lost.n > 0 {
		try(lost, 0, true)
	}
	for i, b := range order {
		c := g.hist[b]
		if c.n == 0 {
			continue
		}
		left.n += c.n
		left.sum += c.sum
		if all.n-left.n < least { // the rest is smaller still
			break
		}
		try(left, i+1, false)
		if lost.n > 0 {
			try(cell{left.n + lost.n, left.sum + lost.sum}, i+1, true)
		}
	}
	if !found {
		return false
	}
	best.left = [4]uint64{}
	var n int64
	for _, b := range order[:cutAt] {
		best.left[b>>6] |= 1 << (b & 63)
		n += g.hist[b].n
	}
	// A value that is missing in none of the node's customers follows the larger part.
	if withMissing || lost.n == 0 && 2*n > all.n {
		best.left[0] |= 1 << missingBin
	}
	return true
}

// part moves the ranks that go left to the front, keeps the order on both sides, and returns their number.
func (g *grower) part(nd *node, ranks []uint16) int {
	bins := g.bins[nd.predictor]
	n, right := 0, g.scratch[:0]
	for _, r := range ranks {
		if nd.side(bins[r]) == 0 {
			ranks[n] = r
			n++
		} else {
			right = append(right, r)
		}
	}
	copy(ranks[n:], right)
	return n
}
