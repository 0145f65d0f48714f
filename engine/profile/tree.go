package profile

import (
	"cmp"
	"context"
	"slices"

	"segovia/engine/internal/par"
	"segovia/engine/table"
)

const (
	treeDepth    = 3      // conditions of a rule at most
	trainRows    = 200000 // customers that trees are grown on; the figures of a rule are counted on all
	leastTrain   = 1000   // of each segment, where it has so many
	maxSplitters = 64     // features that trees may use, strongest first
	ruleLevels   = 32     // levels of a category that trees may use, most frequent first
	gainSlack    = 0.02   // share of the best gain that a rounder threshold may cost
	perCondition = 0.02   // F1 that a condition must bring
	dropSlack    = 0.005  // F1 that leaving a condition out may cost
)

// forest is the training data of the trees: binned features of the rows that were taken.
type forest struct {
	features []*splitter
	bins     [][]uint8 // per feature, one per taken row
	label    []int32
	weight   []float64 // per segment: customers for each row taken
	sizes    []int     // per segment
}

// newForest bins the features that trees may use. Where there are more than trainRows customers it takes every
// so-manieth of each segment, in key order.
func newForest(in Input, cfg Config, numbers []*numeric, cats []*category) *forest {
	f := &forest{weight: make([]float64, in.K), sizes: make([]int, in.K)}
	for _, l := range in.Labels {
		f.sizes[l]++
	}
	n := len(in.Labels)
	take := make([]int, in.K)
	for s, size := range f.sizes {
		take[s] = size
		if n > trainRows {
			take[s] = min(size, max(leastTrain, int(int64(size)*trainRows/int64(n))))
		}
		f.weight[s] = float64(size) / float64(take[s])
	}
	var rows []int
	seen := make([]int, in.K)
	for i, s := range in.Labels {
		// Row number j of the segment is taken when it begins a new one of the take[s] equal parts.
		j := int64(seen[s])
		seen[s]++
		m, size := int64(take[s]), int64(f.sizes[s])
		if j == 0 || j*m/size != (j-1)*m/size {
			rows, f.label = append(rows, i), append(f.label, int32(s))
		}
	}
	indexes := f.choose(cfg, numbers, cats)
	f.bins = make([][]uint8, len(f.features))
	// The work cannot fail: it has no error to return.
	_ = par.Each(context.Background(), cfg.Threads, len(f.features), func(_, j int) error {
		b := make([]uint8, len(rows))
		for at, i := range rows {
			b[at] = f.features[j].bin(i, indexes[j])
		}
		f.bins[j] = b
		return nil
	})
	return f
}

// choose fills features: those that were clustered on, strongest effect in any segment first; all that may be clustered
// on where none of them is known. It returns the level indexes beside them.
func (f *forest) choose(cfg Config, numbers []*numeric, cats []*category) []map[string]int {
	type candidate struct {
		split    *splitter
		index    map[string]int
		strength float64
	}
	var all []candidate
	for _, any := range []bool{false, true} {
		for _, x := range numbers {
			if !x.clustered && (!any || x.col.ProfileOnly) {
				continue
			}
			s := &splitter{col: x.col, bool01: x.zeroOne}
			if s.cuts, s.digits = numberCuts(x.sorted); len(s.cuts) == 0 {
				continue
			}
			strength := 0.0
			for _, e := range x.effect {
				strength = max(strength, e, -e)
			}
			all = append(all, candidate{s, nil, strength})
		}
		for _, x := range cats {
			if !x.clustered && (!any || x.col.ProfileOnly) {
				continue
			}
			s, strength := &splitter{col: x.col}, 0.0
			for at := range min(len(x.levels), ruleLevels) {
				if x.count[at] < cfg.MinCell {
					break
				}
				s.levels = append(s.levels, x.levels[at])
				for seg := range f.sizes {
					e := x.effect(seg, at)
					strength = max(strength, e, -e)
				}
			}
			if len(s.levels) > 0 && len(x.levels) > 1 {
				all = append(all, candidate{s, x.index, strength})
			}
		}
		if len(all) > 0 {
			break
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(b.strength, a.strength) })
	var indexes []map[string]int
	for _, c := range all[:min(len(all), maxSplitters)] {
		f.features = append(f.features, c.split)
		indexes = append(indexes, c.index)
	}
	return indexes
}

// test is one comparison in bins: values up to bin at, above it, of it or not of it.
type test struct {
	feature int
	op      string
	at      int
}

// holds reports whether a binned value passes. A missing value passes only "!=".
func (t test) holds(bin uint8) bool {
	switch t.op {
	case "<=":
		return bin != missingBin && int(bin) <= t.at
	case ">":
		return bin != missingBin && int(bin) > t.at
	case "=":
		return int(bin) == t.at
	}
	return int(bin) != t.at
}

// found is a rule in bins with what it is worth on the training rows.
type found struct {
	tests []test
	f1    float64
	score float64 // f1 less the price of its conditions
}

// search grows two trees for segment s against the rest, one on the customers as they are and one in which the segment
// weighs as much as all others, and returns the path with the best score among all their nodes; nothing where there is
// nothing to split on.
func (f *forest) search(s int) []test {
	target, others := 0.0, 0.0
	for t, size := range f.sizes {
		if t == s {
			target += float64(size)
		} else {
			others += float64(size)
		}
	}
	rows := make([]int32, len(f.label))
	for i := range rows {
		rows[i] = int32(i)
	}
	best := found{score: -1}
	for _, boost := range []float64{1, others / target} {
		g := grower{forest: f, segment: int32(s), target: target, boost: boost, best: best}
		g.grow(rows, nil)
		best = g.best
	}
	return f.simplify(s, target, best)
}

// harmonic is F1: the harmonic mean of coverage hit/target and precision hit/picked.
func harmonic(hit, picked, target float64) float64 {
	if hit == 0 {
		return 0
	}
	return 2 * hit / (picked + target)
}

// value counts what tests pick from the training rows and returns its F1 for segment s.
func (f *forest) value(s int, target float64, tests []test) float64 {
	picked := make([]int, len(f.sizes))
rows:
	for i, l := range f.label {
		for _, t := range tests {
			if !t.holds(f.bins[t.feature][i]) {
				continue rows
			}
		}
		picked[l]++
	}
	all := 0.0
	for l, n := range picked {
		all += float64(float64(n) * f.weight[l])
	}
	return harmonic(float64(float64(picked[s])*f.weight[s]), all, target)
}

// simplify merges conditions on the same feature and leaves out those that bring next to nothing.
func (f *forest) simplify(s int, target float64, r found) []test {
	var tests []test
	for _, t := range r.tests {
		at := slices.IndexFunc(tests, func(o test) bool { return o.feature == t.feature && o.op == t.op && o.op != "!=" })
		switch {
		case at < 0:
			tests = append(tests, t)
		case t.op == "<=":
			tests[at].at = min(tests[at].at, t.at)
		case t.op == ">":
			tests[at].at = max(tests[at].at, t.at)
		}
	}
	for len(tests) > 1 {
		best, drop := r.f1-dropSlack, -1
		for i := range tests {
			if v := f.value(s, target, slices.Delete(slices.Clone(tests), i, i+1)); v >= best {
				best, drop = v, i
			}
		}
		if drop < 0 {
			break
		}
		tests = slices.Delete(tests, drop, drop+1)
	}
	return tests
}

// grower grows one tree and remembers its best node.
type grower struct {
	*forest
	segment int32
	target  float64 // customers of the segment
	boost   float64 // weight of the segment's customers in the splits
	best    found
}

// tallies are the weights of the segment and of the others in one bin or node.
type tallies struct{ in, out float64 }

func (t tallies) plus(o tallies) tallies { return tallies{t.in + o.in, t.out + o.out} }
func (t tallies) minus(o tallies) tallies {
	return tallies{max(0, t.in-o.in), max(0, t.out-o.out)}
}

// purity is the weight times the chance that two draws agree: Gini's index turned round, times the weight.
func (t tallies) purity() float64 {
	if t.in+t.out == 0 {
		return 0
	}
	return (float64(t.in*t.in) + float64(t.out*t.out)) / (t.in + t.out)
}

// grow looks at the node of the given rows, reached by path, and grows its children.
func (g *grower) grow(rows []int32, path []test) {
	n := make([]int, len(g.sizes))
	for _, i := range rows {
		n[g.label[i]]++
	}
	var hit, picked float64
	var node tallies
	for l, c := range n {
		w := float64(float64(c) * g.weight[l])
		picked += w
		if l == int(g.segment) {
			hit = w
			node.in = float64(w * g.boost)
		} else {
			node.out += w
		}
	}
	if len(path) > 0 {
		f1 := harmonic(hit, picked, g.target)
		if score := f1 - float64(perCondition*float64(len(path))); score > g.best.score {
			g.best = found{tests: slices.Clone(path), f1: f1, score: score}
		}
	}
	if len(path) == treeDepth || node.in == 0 || node.out == 0 {
		return
	}
	split, ok := g.split(rows, node)
	if !ok {
		return
	}
	inverse := map[string]string{"<=": ">", "=": "!="}
	for _, t := range []test{split, {split.feature, inverse[split.op], split.at}} {
		var child []int32
		for _, i := range rows {
			if t.holds(g.bins[t.feature][i]) {
				child = append(child, i)
			}
		}
		g.grow(child, append(path[:len(path):len(path)], t))
	}
}

// split returns the test of the largest gain in purity, or a rounder one on the same feature that gains nearly as much.
// Ties go to the stronger feature, then to the lower bin.
func (g *grower) split(rows []int32, node tallies) (best test, ok bool) {
	base, bestGain := node.purity(), 1e-9*(node.in+node.out)
	var sums [256]tallies
	for j, f := range g.features {
		g.count(&sums, j, rows)
		gains := g.gains(f, &sums, node, base)
		at := -1
		for b, gain := range gains {
			if gain > bestGain {
				bestGain, at = gain, b
			}
		}
		if at < 0 {
			continue
		}
		best, ok = test{feature: j, op: "<=", at: at}, true
		if f.levels != nil {
			best.op = "="
			continue
		}
		for b, gain := range gains {
			if gain < float64(bestGain*(1-gainSlack)) {
				continue
			}
			if d := f.digits[b] - f.digits[best.at]; d < 0 || d == 0 && gain > gains[best.at] {
				best.at = b
			}
		}
	}
	return best, ok
}

// count fills sums with the weights of feature j's bins over the rows.
func (g *grower) count(sums *[256]tallies, j int, rows []int32) {
	clear(sums[:])
	bins := g.bins[j]
	for _, i := range rows {
		l := g.label[i]
		if l == g.segment {
			sums[bins[i]].in += g.weight[l]
		} else {
			sums[bins[i]].out += g.weight[l]
		}
	}
	for b := range sums {
		sums[b].in = float64(sums[b].in * g.boost)
	}
}

// gains returns the gain of each test of a feature: "<= cut b" or "= level b". A number's
// gain is that among the rows with a value, as the others go to neither child; a missing level is not equal to any.
func (g *grower) gains(f *splitter, sums *[256]tallies, node tallies, base float64) []float64 {
	out := make([]float64, f.bins()-1)
	if f.levels != nil {
		for b := range out {
			out[b] = sums[b].purity() + node.minus(sums[b]).purity() - base
		}
		return out
	}
	known := node.minus(sums[missingBin])
	var left tallies
	unsplit := known.purity()
	for b := range out {
		left = left.plus(sums[b])
		right := known.minus(left)
		if left == (tallies{}) || right == (tallies{}) {
			continue
		}
		out[b] = left.purity() + right.purity() - unsplit
	}
	return out
}

// condition turns a test into a comparison of values.
func (f *forest) condition(t test) Condition {
	s := f.features[t.feature]
	c := Condition{Feature: s.col.Name, Op: t.op}
	switch {
	case s.levels != nil:
		c.Level = s.levels[t.at]
	case s.bool01 || s.col.Kind == table.Bool:
		c.Op = "="
		if t.op == ">" {
			c.Value = 1
		}
	default:
		c.Value = s.cuts[t.at]
	}
	return c
}
