package features

import (
	"math"
	"sort"
	"time"

	"segovia/engine/internal/exact"
	"segovia/engine/table"
)

// reader builds the states of the aggregation and what reads them.
func (b *builder) reader() reader {
	si := b.sourceIndex()
	count := func(i int) func(*shard, int) int64 {
		return func(sh *shard, slot int) int64 { return sh.states[si][i].(*countState).n[slot] }
	}
	sum := func(i int) func(*shard, int) i128 {
		return func(sh *shard, slot int) i128 { return sh.states[si][i].(*sumState).sum[slot] }
	}
	extreme := func(i int) func(*shard, int) (i128, bool) {
		return func(sh *shard, slot int) (i128, bool) {
			e := &sh.states[si][i].(*extremeState).of[slot]
			return e.v, e.has
		}
	}
	scale := 0
	if b.arg >= 0 {
		scale = b.s.exprs[b.arg].scale
	}
	switch b.f.agg.Name {
	case "days_since_last", "days_since_first":
		kind := keepMax
		if b.f.agg.Name == "days_since_first" {
			kind = keepMin
		}
		at, asOf := extreme(b.spec(kind, b.arg, b.where)), b.asOf
		return func(sh *shard, slot int) value {
			t, ok := at(sh, slot)
			return value{num: float64(floorDiv(asOf-int64(t.lo), dayMicros)), missing: !ok}
		}
	case "active_span":
		first, last := extreme(b.spec(keepMin, b.arg, b.where)), extreme(b.spec(keepMax, b.arg, b.where))
		return func(sh *shard, slot int) value {
			from, _ := first(sh, slot)
			to, ok := last(sh, slot)
			return value{num: float64(dayOf(int64(to.lo)) - dayOf(int64(from.lo))), missing: !ok}
		}
	case "customer_age":
		first, until := extreme(b.spec(keepMin, b.arg, b.where)), dayOf(b.asOf-1)
		return func(sh *shard, slot int) value {
			from, ok := first(sh, slot)
			return value{num: float64(until - dayOf(int64(from.lo))), missing: !ok}
		}
	case "active_days", "repeat_days", "gap_mean", "gap_cv":
		return b.days(si)
	case "first_day_sum":
		i := b.keyed(stateSpec{kind: keepKeyedSum, part: keyDay, arg: b.arg, by: -1, where: b.where})
		return func(sh *shard, slot int) value {
			_, sums := sh.states[si][i].(*keyedSumState).of(slot) // by day, ascending
			if len(sums) == 0 {
				return value{}
			}
			return value{num: sums[0].float(scale)}
		}
	case "count":
		n := count(b.spec(keepCount, b.arg, b.where))
		return func(sh *shard, slot int) value { return value{num: float64(n(sh, slot))} }
	case "count_distinct":
		i := b.keyed(stateSpec{kind: keepDistinct, part: keyHash, arg: -1, by: b.arg, where: b.where})
		return func(sh *shard, slot int) value {
			return value{num: float64(len(sh.states[si][i].(*distinctState).of(slot)))}
		}
	case "count_orders":
		n := b.orderCount(si)
		return func(sh *shard, slot int) value { return value{num: float64(n(sh, slot))} }
	case "sum":
		v := sum(b.spec(keepSum, b.arg, b.where))
		return func(sh *shard, slot int) value { return value{num: v(sh, slot).float(scale)} }
	case "mean":
		v, n := sum(b.spec(keepSum, b.arg, b.where)), count(b.spec(keepCount, b.arg, b.where))
		return func(sh *shard, slot int) value { return ratio(v(sh, slot).float(scale), float64(n(sh, slot))) }
	case "stddev":
		return b.stddev(si, scale)
	case "min", "max":
		kind := keepMin
		if b.f.agg.Name == "max" {
			kind = keepMax
		}
		v := extreme(b.spec(kind, b.arg, b.where))
		return func(sh *shard, slot int) value {
			x, ok := v(sh, slot)
			return value{num: x.float(scale), missing: !ok}
		}
	case "first":
		return b.picked(si, b.spec(keepEarliest, b.arg, b.where))
	case "last":
		return b.picked(si, b.spec(keepLatest, b.arg, b.where))
	case "value":
		b.s.oneRow = true
		return b.picked(si, b.s.state(stateSpec{kind: b.s.pickKind(), arg: b.arg, by: -1, time: -1, where: b.where,
			from: noLimit}))
	case "mode":
		return b.mode(si)
	case "average_order_value":
		v, n := sum(b.spec(keepSum, b.arg, b.where)), b.orderCount(si)
		return func(sh *shard, slot int) value { return ratio(v(sh, slot).float(scale), float64(n(sh, slot))) }
	case "items_per_order":
		orders := b.orderCount(si)
		if b.arg < 0 {
			n := count(b.spec(keepCount, -1, b.where))
			return func(sh *shard, slot int) value { return ratio(float64(n(sh, slot)), float64(orders(sh, slot))) }
		}
		v := sum(b.spec(keepSum, b.arg, b.where))
		return func(sh *shard, slot int) value { return ratio(v(sh, slot).float(scale), float64(orders(sh, slot))) }
	case "share":
		if b.arg < 0 {
			part, all := count(b.spec(keepCount, -1, b.where)), count(b.spec(keepCount, -1, -1))
			return func(sh *shard, slot int) value { return ratio(float64(part(sh, slot)), float64(all(sh, slot))) }
		}
		part, all := sum(b.spec(keepSum, b.arg, b.where)), sum(b.spec(keepSum, b.arg, -1))
		return func(sh *shard, slot int) value { return ratio(part(sh, slot).float(scale), all(sh, slot).float(scale)) }
	case "returns_share":
		size := b.s.map1("abs", b.arg, i128.abs)
		back := b.s.map1("negative part", b.arg, func(v i128) i128 {
			if v.sign() < 0 {
				return v.neg()
			}
			return i128{}
		})
		part := sum(b.spec(keepSum, back, -1))
		if b.where >= 0 {
			part = sum(b.spec(keepSum, size, b.where))
		}
		all := sum(b.spec(keepSum, size, -1))
		return func(sh *shard, slot int) value { return ratio(part(sh, slot).float(scale), all(sh, slot).float(scale)) }
	case "top_share":
		return b.topShare(si, scale)
	case "seasonality":
		return b.seasonality(si, scale)
	case "trend_orders":
		return b.trendOrders(si)
	case "trend_amount":
		return b.trendSums(si, b.arg, scale)
	}
	b.fail("SEG-BUG-001", ".agg", "aggregation without a reader", "")
	return nil
}

// total returns the sum of v; false when it leaves the range.
func total(v []i128) (sum i128, ok bool) {
	for _, x := range v {
		if sum, ok = sum.add(x); !ok {
			return sum, false
		}
	}
	return sum, true
}

// ratio returns a / b, missing where b is 0.
func ratio(a, b float64) value {
	if b == 0 {
		return value{missing: true}
	}
	return value{num: positiveZero(a / b)}
}

// positiveZero turns -0 into 0: the sign of a zero share would be noise in the bits that are published.
func positiveZero(x float64) float64 {
	if x == 0 {
		return 0
	}
	return x
}

func (b *builder) sourceIndex() int {
	for i, s := range b.sources {
		if s == b.s {
			return i
		}
	}
	return -1
}

// orderCount counts distinct orders, or rows where nothing names the order.
func (b *builder) orderCount(si int) func(sh *shard, slot int) int64 {
	if b.order < 0 {
		i := b.spec(keepCount, -1, b.where)
		return func(sh *shard, slot int) int64 { return sh.states[si][i].(*countState).n[slot] }
	}
	i := b.keyed(stateSpec{kind: keepDistinct, part: keyHash, arg: -1, by: b.order, where: b.where})
	return func(sh *shard, slot int) int64 { return int64(len(sh.states[si][i].(*distinctState).of(slot))) }
}

// days builds what is read from the set of days with an event.
func (b *builder) days(si int) reader {
	i := b.keyed(stateSpec{kind: keepDistinct, part: keyDay, arg: -1, by: -1, where: b.where})
	days := func(sh *shard, slot int) []uint64 { return sh.states[si][i].(*distinctState).of(slot) }
	switch b.f.agg.Name {
	case "active_days":
		return func(sh *shard, slot int) value { return value{num: float64(len(days(sh, slot)))} }
	case "repeat_days":
		return func(sh *shard, slot int) value { return value{num: float64(max(0, len(days(sh, slot))-1))} }
	case "gap_mean":
		return func(sh *shard, slot int) value {
			d := days(sh, slot)
			if len(d) < 2 {
				return value{missing: true}
			}
			return ratio(float64(keyedDay(d[len(d)-1])-keyedDay(d[0])), float64(len(d)-1))
		}
	}
	return func(sh *shard, slot int) value {
		d := days(sh, slot)
		if len(d) < 3 {
			return value{missing: true}
		}
		// With n gaps g: sd / mean = sqrt(n sum g^2 - (sum g)^2) / sum g, in integers up to the root.
		var n, s, q i128
		for j := 1; j < len(d); j++ {
			g := i128Of(keyedDay(d[j]) - keyedDay(d[j-1]))
			square, _ := g.mul(g) // a gap is below 2^31 days
			n.lo++
			s, _ = s.add(g)
			q, _ = q.add(square)
		}
		nq, _ := n.mul(q)
		ss, _ := s.mul(s)
		v, _ := nq.sub(ss)
		return value{num: math.Sqrt(v.float(0)) / s.float(0)}
	}
}

// picked reads the value of one row, whose type was checked.
func (b *builder) picked(si, i int) reader {
	b.f.kind = table.Number
	typ := b.s.exprs[b.arg].typ
	scale := b.s.exprs[b.arg].scale
	text := typ == typeText || b.f.col.Encode == "one_hot" && typ == typeNumber
	switch {
	case text:
		b.f.kind = table.Category
	case typ == typeBool:
		b.f.kind = table.Bool
	}
	return func(sh *shard, slot int) value {
		p := sh.states[si][i].(*pickState)
		if at := &p.at[slot]; !at.has || at.null {
			return value{missing: true}
		}
		switch {
		case typ == typeText:
			return value{str: p.v.str[slot], missing: p.v.str[slot] == ""}
		case typ == typeBool && p.v.bit[slot]:
			return value{num: 1}
		case typ == typeBool:
			return value{}
		case text:
			return value{str: p.v.dec[slot].text(scale)}
		}
		return value{num: p.v.dec[slot].float(scale)}
	}
}

func (b *builder) mode(si int) reader {
	b.f.kind = table.Category
	i := b.keyed(stateSpec{kind: keepKeyedSum, part: keyLevel, arg: -1, by: b.arg, where: b.where})
	b.s.keepTexts(i)
	return func(sh *shard, slot int) value {
		keys, counts := sh.states[si][i].(*keyedSumState).of(slot)
		best, name := -1, ""
		for j, k := range keys {
			if k == 0 {
				continue
			}
			text := sh.fold.levels[si][i].text(k)
			if best < 0 || counts[j].cmp(counts[best]) > 0 || counts[j] == counts[best] && text < name {
				best, name = j, text
			}
		}
		return value{str: name, missing: best < 0}
	}
}

func (b *builder) topShare(si, scale int) reader {
	i := b.keyed(stateSpec{kind: keepKeyedSum, part: keyHash, arg: b.arg, by: b.by, where: b.where})
	kind := keepSum
	if b.arg < 0 {
		kind = keepCount
	}
	all := b.spec(kind, b.arg, b.where)
	return func(sh *shard, slot int) value {
		_, sums := sh.states[si][i].(*keyedSumState).of(slot)
		var top i128
		for j, v := range sums {
			if j == 0 || v.cmp(top) > 0 {
				top = v
			}
		}
		var whole i128
		if b.arg < 0 {
			whole = i128Of(sh.states[si][all].(*countState).n[slot])
		} else {
			whole = sh.states[si][all].(*sumState).sum[slot]
		}
		if whole.sign() <= 0 {
			return value{missing: true}
		}
		return ratio(top.float(scale), whole.float(scale))
	}
}

func (b *builder) seasonality(si, scale int) reader {
	part, periods := keyMonth, 12.0
	if b.f.col.Period == "quarter" {
		part, periods = keyQuarter, 4.0
	}
	arg := b.arg
	if arg >= 0 {
		arg = b.s.map1("positive part", arg, func(v i128) i128 {
			if v.sign() < 0 {
				return i128{}
			}
			return v
		})
	}
	i := b.keyed(stateSpec{kind: keepKeyedSum, part: part, arg: arg, by: -1, where: b.where})
	return func(sh *shard, slot int) value {
		_, sums := sh.states[si][i].(*keyedSumState).of(slot)
		whole, ok := total(sums)
		if !ok {
			return value{over: true}
		}
		return seasonalityOf(sums, whole, scale, periods)
	}
}

// seasonalityOf returns 1 + sum p ln p / ln m for the shares p of m periods, held within [0, 1] against rounding.
func seasonalityOf(sums []i128, whole i128, scale int, periods float64) value {
	if whole.sign() <= 0 {
		return value{missing: true}
	}
	all, entropy := whole.float(scale), 0.0
	for _, v := range sums {
		if p := v.float(scale) / all; p > 0 {
			entropy += float64(p * exact.Log(p))
		}
	}
	return value{num: min(1, max(0, 1+entropy/exact.Log(periods)))}
}

// trendOrders compares the orders of both halves of the window; an order belongs to the half of its first line.
func (b *builder) trendOrders(si int) reader {
	if b.order < 0 {
		return b.trendSums(si, -1, 0)
	}
	i := b.keyed(stateSpec{kind: keepKeyedMin, part: keyHash, arg: -1, by: b.order, where: b.where})
	from, asOf := b.from, b.asOf
	return func(sh *shard, slot int) value {
		mid := middle(from, sh.fold.first[si], asOf)
		var recent, earlier float64
		for _, t := range sh.states[si][i].(*keyedMinState).of(slot) {
			if t >= mid {
				recent++
			} else {
				earlier++
			}
		}
		return ratio(recent-earlier, recent+earlier)
	}
}

// trendSums compares the sums (without arg: the number of rows) of both halves of the window. Where the window is all,
// its middle is known only at the end and lies between two days.
func (b *builder) trendSums(si, arg, scale int) reader {
	spec := stateSpec{kind: keepKeyedSum, part: keyHalf, arg: arg, by: -1, where: b.where, mid: middle(b.from, 0, b.asOf)}
	all := b.from == noLimit
	if all {
		spec.part, spec.mid = keyDay, 0
	}
	i := b.keyed(spec)
	from, asOf := b.from, b.asOf
	return func(sh *shard, slot int) value {
		keys, sums := sh.states[si][i].(*keyedSumState).of(slot)
		mid := uint64(2)
		if all {
			mid = dayKey(middle(from, sh.fold.first[si], asOf))
		}
		split := sort.Search(len(keys), func(j int) bool { return keys[j] >= mid })
		earlier, ok1 := total(sums[:split])
		recent, ok2 := total(sums[split:])
		if !ok1 || !ok2 {
			return value{over: true}
		}
		r, e := max(0, recent.float(scale)), max(0, earlier.float(scale))
		return ratio(r-e, r+e)
	}
}

const dayMicros = int64(24 * time.Hour / time.Microsecond)

// middle returns the middle of the window [from, asOf); of the window "all" the start of the day that holds the middle
// between the day of the first record and asOf.
func middle(from, first, asOf int64) int64 {
	if from != noLimit {
		return from + (asOf-from)/2
	}
	start := dayOf(first) * dayMicros
	return dayOf(start+(asOf-start)/2) * dayMicros
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// dayOf returns the days since 1970-01-01 of a time.
func dayOf(micros int64) int64 { return floorDiv(micros, dayMicros) }

// dayKey returns the day of a time as a key that sorts like the days; keyedDay returns the day again.
func dayKey(micros int64) uint64 { return uint64(dayOf(micros)) ^ 1<<63 }

func keyedDay(key uint64) int64 { return int64(key ^ 1<<63) }
