package profile

import (
	"cmp"
	"math"
	"slices"

	"segovia/engine/table"
)

// category is what is known of one category feature: its levels by how many customers have them.
type category struct {
	col       *table.Column
	meta      meta
	index     map[string]int
	levels    []string // most frequent first, ties by text
	count     []int    // per level, all customers
	seg       [][]int  // per segment and level
	known     []int    // per segment: customers with a value
	total     int      // customers with a value
	clustered bool
}

// level returns the level of row i; ok is false where it is missing or empty.
func level(col *table.Column, i int) (string, bool) {
	if col.IsMissing(i) || col.Strings[i] == "" {
		return "", false
	}
	return col.Strings[i], true
}

// tally counts the levels of the category features, in table order.
func tally(in Input, cfg Config) []*category {
	var out []*category
	for _, col := range in.Table.Columns {
		if col.Kind != table.Category {
			continue
		}
		c := &category{
			col: col, meta: describeColumn(col, cfg), known: make([]int, in.K),
			clustered: slices.Contains(in.Sources, col.Name),
		}
		first := make(map[string]int)
		var levels []string
		var count []int
		for i := range in.Labels {
			l, ok := level(col, i)
			if !ok {
				continue
			}
			at, seen := first[l]
			if !seen {
				at = len(levels)
				first[l] = at
				levels, count = append(levels, l), append(count, 0)
			}
			count[at]++
			c.known[in.Labels[i]]++
			c.total++
		}
		if c.total == 0 {
			continue
		}
		order := make([]int, len(levels))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(a, b int) int {
			return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(levels[a], levels[b]))
		})
		// A level that few customers have says nothing of a segment and may name a customer.
		order = order[:min(len(order), maxLevels)]
		c.index = make(map[string]int, len(order))
		for at, o := range order {
			c.levels, c.count = append(c.levels, levels[o]), append(c.count, count[o])
			c.index[levels[o]] = at
		}
		c.seg = make([][]int, in.K)
		for s := range c.seg {
			c.seg[s] = make([]int, len(order))
		}
		for i, s := range in.Labels {
			if l, ok := level(col, i); ok {
				if at, kept := c.index[l]; kept {
					c.seg[s][at]++
				}
			}
		}
		out = append(out, c)
	}
	return out
}

const (
	maxLevels     = 1000 // levels of one feature that are looked at, most frequent first
	maxPublished  = 10   // levels of one segment that are published
	leastLift     = 1.2  // of a level that is published
	leastLevel    = 0.05 // share of the segment's customers that have it
	levelTypical  = 0.3  // share from which on a level may stand in the description
	levelLiftText = 1.5
)

// effect is the standardised difference of the level's share in the segment and in the others.
func (c *category) effect(s, at int) float64 {
	inside, outside := c.known[s], c.total-c.known[s]
	if inside == 0 || outside == 0 {
		return 0
	}
	p := float64(c.seg[s][at]) / float64(inside)
	q := float64(c.count[at]-c.seg[s][at]) / float64(outside)
	variance := float64(p*(1-p)*float64(inside)) + float64(q*(1-q)*float64(outside))
	pooled := math.Sqrt(variance / float64(max(1, c.total-2)))
	switch {
	case p == q:
		return 0
	case pooled == 0:
		return math.Copysign(maxEffect, p-q)
	}
	return min(max((p-q)/pooled, -maxEffect), maxEffect)
}

// share returns the level's share among the customers with a value, in the segment and in all.
func (c *category) share(s, at int) (segment, overall float64) {
	overall = float64(c.count[at]) / float64(c.total)
	if c.known[s] > 0 {
		segment = float64(c.seg[s][at]) / float64(c.known[s])
	}
	return segment, overall
}

// overRepresented lists the levels that segment s has clearly more often than all customers have, largest lift first.
func overRepresented(cats []*category, s int, cfg Config) []Level {
	out := []Level{}
	for _, c := range cats {
		for at, l := range c.levels {
			p, all := c.share(s, at)
			if c.seg[s][at] >= cfg.MinCell && p >= leastLevel && p >= float64(leastLift*all) {
				out = append(out, Level{Feature: c.col.Name, Level: l, Share: p, OverallShare: all, Lift: p / all})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Level) int {
		return cmp.Or(cmp.Compare(b.Lift, a.Lift), cmp.Compare(b.Share, a.Share))
	})
	return out[:min(len(out), maxPublished)]
}
