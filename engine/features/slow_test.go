package features

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"slices"
	"sort"
	"testing"
	"time"

	"pgregory.net/rapid"

	"segovia/engine/ports"
	"segovia/engine/table"
)

// event is a row of the random orders, as the slow implementation sees it. Pointers are nil where a cell is empty.
type event struct {
	key, order, category string
	at                   time.Time
	amount               *big.Rat // decimal(2) or double
	flag                 bool
	row                  []string
}

var eventSchema = schemaOf(field("customer", tText), field("order", tText), field("category", tText), field("at", tTime),
	field("net", tDecimal(2)), field("gross", tFloat), field("flag", tBool))

// genEvents draws rows of a few customers, with empty cells, returns, and times on both sides of the window.
func genEvents(t *rapid.T) []event {
	n := rapid.IntRange(1, 60).Draw(t, "rows")
	events := make([]event, n)
	for i := range events {
		e := &events[i]
		e.key = rapid.SampledFrom([]string{"a", "b", "c", "007"}).Draw(t, "key")
		e.order = rapid.SampledFrom([]string{"", "1", "2", "3", "4", "5"}).Draw(t, "order")
		e.category = rapid.SampledFrom([]string{"", "x", "y y", "z", "Ä"}).Draw(t, "category")
		e.at = date("2026-01-01").Add(time.Duration(rapid.IntRange(0, 400*48).Draw(t, "half hours")) * 30 * time.Minute)
		e.flag = rapid.Bool().Draw(t, "flag")
		net := ""
		if !rapid.Bool().Draw(t, "has amount") || i%5 > 0 {
			cents := rapid.IntRange(-2000, 20000).Draw(t, "cents")
			e.amount = big.NewRat(int64(cents), 100)
			net = e.amount.FloatString(2)
		}
		e.row = []string{e.key, e.order, e.category, e.at.Format("2006-01-02 15:04:05"), net, net, fmt.Sprint(e.flag)}
	}
	return events
}

func rat(r *big.Rat) float64 { f, _ := r.Float64(); return f }

func sumOf(events []event) *big.Rat {
	s := new(big.Rat)
	for _, e := range events {
		if e.amount != nil {
			s.Add(s, e.amount)
		}
	}
	return s
}

func filter(events []event, keep func(event) bool) []event {
	return slices.DeleteFunc(slices.Clone(events), func(e event) bool { return !keep(e) })
}

func distinctOf[T comparable](events []event, f func(event) T) []T {
	var out []T
	for _, e := range events {
		if v := f(e); !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

func orderDays(events []event) []float64 {
	days := distinctOf(events, func(e event) float64 { return math.Floor(e.at.Sub(date("1970-01-01")).Hours() / 24) })
	sort.Float64s(days)
	return days
}

func divide(a, b *big.Rat) float64 {
	if b.Sign() == 0 {
		return math.NaN()
	}
	return rat(new(big.Rat).Quo(a, b))
}

func orderIDs(events []event) int {
	return len(distinctOf(filter(events, func(e event) bool { return e.order != "" }), func(e event) string { return e.order }))
}

func whole(n int) *big.Rat { return big.NewRat(int64(n), 1) }

// positive returns the amounts with f applied.
func mapped(events []event, f func(*big.Rat) *big.Rat) []event {
	out := slices.Clone(events)
	for i := range out {
		if out[i].amount != nil {
			out[i].amount = f(out[i].amount)
		}
	}
	return out
}

func isReturn(e event) bool { return e.amount != nil && e.amount.Sign() < 0 }

func abs(r *big.Rat) *big.Rat { return new(big.Rat).Abs(r) }

func clip(r *big.Rat) *big.Rat {
	if r.Sign() < 0 {
		return new(big.Rat)
	}
	return r
}

// halves splits the rows at mid.
func halves(events []event, mid time.Time) (earlier, recent []event) {
	return filter(events, func(e event) bool { return e.at.Before(mid) }), filter(events, func(e event) bool { return !e.at.Before(mid) })
}

func trend(earlier, recent *big.Rat) float64 {
	e, r := clip(earlier), clip(recent)
	return divide(new(big.Rat).Sub(r, e), new(big.Rat).Add(r, e))
}

// slow computes an aggregation from its definition. all are the customer's rows in the window [from, asOf).
func slow(agg string, all []event, asOf, mid time.Time) (float64, string) {
	withAmount := filter(all, func(e event) bool { return e.amount != nil })
	times := func(pick func(a, b time.Time) bool) time.Time {
		best := all[0].at
		for _, e := range all {
			if pick(e.at, best) {
				best = e.at
			}
		}
		return best
	}
	missing := math.NaN()
	orders := orderIDs(all)
	switch agg {
	case "count":
		return float64(len(all)), ""
	case "count_distinct":
		return float64(len(distinctOf(filter(all, func(e event) bool { return e.category != "" }), func(e event) string { return e.category }))), ""
	case "count_orders":
		return float64(orders), ""
	case "sum":
		return rat(sumOf(all)), ""
	case "first_day_sum":
		if len(withAmount) == 0 {
			return 0, ""
		}
		first := orderDays(withAmount)[0]
		return rat(sumOf(filter(withAmount, func(e event) bool { return orderDays([]event{e})[0] == first }))), ""
	case "active_days":
		return float64(len(orderDays(all))), ""
	case "repeat_days":
		return math.Max(0, float64(len(orderDays(all))-1)), ""
	}
	if len(all) == 0 {
		return missing, ""
	}
	switch agg {
	case "days_since_last":
		return math.Floor(asOf.Sub(times(time.Time.After)).Hours() / 24), ""
	case "days_since_first":
		return math.Floor(asOf.Sub(times(time.Time.Before)).Hours() / 24), ""
	case "customer_age":
		return math.Floor(asOf.Add(-time.Microsecond).Sub(date("1970-01-01")).Hours()/24) - orderDays(all)[0], ""
	case "active_span":
		d := orderDays(all)
		return d[len(d)-1] - d[0], ""
	case "mean":
		return divide(sumOf(all), whole(len(withAmount))), ""
	case "stddev":
		n := int64(len(withAmount))
		if n < 2 {
			return missing, ""
		}
		mean, ss := new(big.Rat).Quo(sumOf(all), whole(int(n))), new(big.Rat)
		for _, e := range withAmount {
			d := new(big.Rat).Sub(e.amount, mean)
			ss.Add(ss, d.Mul(d, d))
		}
		return math.Sqrt(divide(ss, whole(int(n-1)))), ""
	case "min", "max", "first", "last":
		if len(withAmount) == 0 {
			return missing, ""
		}
		best := withAmount[0]
		for _, e := range withAmount {
			c := e.amount.Cmp(best.amount)
			t := e.at.Compare(best.at)
			switch {
			case agg == "min" && c < 0, agg == "max" && c > 0,
				agg == "first" && (t < 0 || t == 0 && c < 0), agg == "last" && (t > 0 || t == 0 && c > 0):
				best = e
			}
		}
		return rat(best.amount), ""
	case "mode":
		counts := map[string]int{}
		for _, e := range all {
			if e.category != "" {
				counts[e.category]++
			}
		}
		best := ""
		for c, n := range counts {
			if best == "" || n > counts[best] || n == counts[best] && c < best {
				best = c
			}
		}
		return missing, best
	case "average_order_value":
		return divide(sumOf(all), whole(orders)), ""
	case "items_per_order":
		return divide(whole(len(all)), whole(orders)), ""
	case "gap_mean", "gap_cv":
		d := orderDays(all)
		var gaps []float64
		for i := 1; i < len(d); i++ {
			gaps = append(gaps, d[i]-d[i-1])
		}
		if len(gaps) == 0 || agg == "gap_cv" && len(gaps) < 2 {
			return missing, ""
		}
		mean := (d[len(d)-1] - d[0]) / float64(len(gaps))
		if agg == "gap_mean" {
			return mean, ""
		}
		ss := 0.0
		for _, g := range gaps {
			ss += (g - mean) * (g - mean)
		}
		return math.Sqrt(ss/float64(len(gaps))) / mean, ""
	case "trend_amount":
		e, r := halves(all, mid)
		return trend(sumOf(e), sumOf(r)), ""
	case "trend_orders":
		var e, r int
		for _, id := range distinctOf(all, func(e event) string { return e.order }) {
			if id == "" {
				continue
			}
			first := filter(all, func(e event) bool { return e.order == id })
			if early, _ := halves(first, mid); len(early) > 0 {
				e++
			} else {
				r++
			}
		}
		return trend(whole(e), whole(r)), ""
	case "share":
		return divide(sumOf(filter(all, func(e event) bool { return e.flag })), sumOf(all)), ""
	case "top_share":
		sum := sumOf(all)
		var top *big.Rat
		for _, c := range distinctOf(withAmount, func(e event) string { return e.category }) {
			s := sumOf(filter(all, func(e event) bool { return e.category == c }))
			if c != "" && (top == nil || s.Cmp(top) > 0) {
				top = s
			}
		}
		if sum.Sign() <= 0 {
			return missing, ""
		}
		if top == nil {
			return 0, ""
		}
		return divide(top, sum), ""
	case "returns_share":
		return divide(sumOf(mapped(filter(all, isReturn), abs)), sumOf(mapped(all, abs))), ""
	case "seasonality":
		sum := sumOf(mapped(all, clip))
		if sum.Sign() == 0 {
			return missing, ""
		}
		h := 0.0
		for _, m := range distinctOf(all, func(e event) time.Month { return e.at.Month() }) {
			p := divide(sumOf(mapped(filter(all, func(e event) bool { return e.at.Month() == m }), clip)), sum)
			if p > 0 {
				h -= p * math.Log(p)
			}
		}
		return 1 - h/math.Log(12), ""
	}
	panic("no slow implementation of " + agg)
}

// Every aggregation agrees with its definition on random rows, in a window and over all.
func TestAggregationsAgainstDefinition(t *testing.T) {
	asOf := date("2026-12-31").Add(5 * time.Hour)
	rapid.Check(t, func(t *rapid.T) {
		events := genEvents(t)
		amount := rapid.SampledFrom([]string{"net", "gross"}).Draw(t, "amount")
		cfg := Config{Sources: []SourceConfig{{Name: "orders", Key: "customer", Time: "at", Amount: amount,
			Order: "order"}},
			Entity: Entity{From: "orders"}, AsOf: asOf}
		if rapid.Bool().Draw(t, "window") {
			cfg.Window = 200 * 24 * time.Hour
		}
		for _, a := range Aggregations {
			c := Column{Name: a.Name, From: "orders", Agg: a.Name}
			switch a.Name {
			case "value", "rfm_segment":
				continue // no folds over rows; tested on their own
			case "count_distinct", "mode":
				c.Column = "category"
			case "share":
				c.Column, c.Where = "amount", "flag"
			case "top_share":
				c.Column, c.By = "amount", "category"
			case "trend_amount", "returns_share", "seasonality":
				c.Column = "amount"
			}
			cfg.Columns = append(cfg.Columns, c)
		}
		var rows [][]string
		for _, e := range events {
			rows = append(rows, e.row)
		}
		src := &memSource{name: "orders", schema: eventSchema, names: []string{"a"}, files: [][][]string{rows},
			batch: rapid.IntRange(1, 70).Draw(t, "batch")}
		r, err := Fold(context.Background(), cfg, []Source{src}, ports.Silent{})
		past := filter(events, func(e event) bool { return e.at.Before(asOf) })
		if len(past) == 0 {
			if err == nil {
				t.Fatal("no customer, and no error")
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		used, mid := past, time.Time{}
		if cfg.Window > 0 {
			used = filter(past, func(e event) bool { return !e.at.Before(asOf.Add(-cfg.Window)) })
			mid = asOf.Add(-cfg.Window / 2)
		} else {
			first := past[0].at
			for _, e := range past {
				if e.at.Before(first) {
					first = e.at
				}
			}
			first = first.Truncate(24 * time.Hour)
			mid = first.Add(asOf.Sub(first) / 2).Truncate(24 * time.Hour)
		}
		if got := r.RowsUsed["orders"]; got != int64(len(used)) {
			t.Fatalf("%d rows used, want %d", got, len(used))
		}
		keys := distinctOf(past, func(e event) string { return e.key })
		slices.Sort(keys)
		if !slices.Equal(keys, r.Table.Keys) {
			t.Fatalf("keys %v, want %v", r.Table.Keys, keys)
		}
		for i, key := range keys {
			mine := filter(used, func(e event) bool { return e.key == key })
			for _, c := range r.Table.Columns {
				want, text := slow(c.Name, mine, asOf, mid)
				if c.Kind == table.Category {
					if c.Strings[i] != text || c.IsMissing(i) != (text == "") {
						t.Fatalf("%s of %s: %q, want %q", c.Name, key, c.Strings[i], text)
					}
					continue
				}
				// Sums are exact and each quotient is rounded at most three times: below 2e-15 of the value. The
				// logarithms of seasonality add up to 12 errors of one part in 2^52 of a sum of at most ln 12; so do
				// the squares behind gap_cv, of which there are at most 60.
				if got := c.Numbers[i]; !(math.Abs(got-want) <= 2e-15*math.Abs(want)+1e-13) && !(math.IsNaN(got) &&
					math.IsNaN(want)) {
					t.Fatalf("%s of %s: %v, want %v (%d rows)", c.Name, key, got, want, len(mine))
				}
			}
		}
	})
}
