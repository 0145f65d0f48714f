package reportio

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// curve is a small picture of one statistic over the number of segments.
type curve struct {
	Name, Hint string
	Chart      *chart
}

// curves draws every statistic that was computed.
func (p *page) curves() []curve {
	type statistic struct {
		key   string
		of    []sweepK
		value func(k sweepK) (v, se *float64)
	}
	ks := p.sweep.K
	all := []statistic{
		{"gap", p.sweep.all(), func(k sweepK) (_, _ *float64) { return k.Gap, k.GapSE }},
		{"ari", ks, func(k sweepK) (_, _ *float64) {
			if k.Stability == nil {
				return nil, nil
			}
			return k.Stability.ARIMean, k.Stability.ARIMCSE
		}},
		{"silhouette", ks, func(k sweepK) (_, _ *float64) { return k.Silhouette, k.SilhouetteSE }},
		{"strength", ks, func(k sweepK) (_, _ *float64) { return k.Strength, k.StrengthSE }},
		{"ch", ks, func(k sweepK) (_, _ *float64) { return k.CalinskiHarabasz, nil }},
		{"db", ks, func(k sweepK) (_, _ *float64) { return k.DaviesBouldin, nil }},
		{"inertia", ks, func(k sweepK) (_, _ *float64) { return &k.Inertia, nil }},
	}
	if slices.ContainsFunc(ks, func(k sweepK) bool { return k.SilhouetteSimplified != nil }) &&
		!slices.ContainsFunc(ks, func(k sweepK) bool { return k.Silhouette != nil }) {
		all[2] = statistic{"silhouette_simplified", ks, func(k sweepK) (_, _ *float64) { return k.SilhouetteSimplified, nil }}
	}
	var out []curve
	for _, st := range all {
		var points []point
		for _, k := range st.of {
			if v, se := st.value(k); v != nil && !math.IsNaN(*v) {
				q := point{k: k.K, v: *v}
				if se != nil && *se > 0 {
					q.e = *se
				}
				points = append(points, q)
			}
		}
		if len(points) > 0 {
			out = append(out, curve{p.t("stat." + st.key), p.hint(st.key, points), p.curve(st.key, points)})
		}
	}
	return out
}

// hint says which way is better, and what the whiskers are.
func (p *page) hint(key string, points []point) string {
	s := p.t("hint." + key)
	if slices.ContainsFunc(points, func(q point) bool { return q.e > 0 }) {
		s += "; " + p.t("whiskers")
	}
	return s
}

type point struct {
	k    int
	v, e float64 // value and its standard error
}

// curve draws one statistic, with whiskers of one standard error.
func (p *page) curve(key string, points []point) *chart {
	const w, h, left, right, top, bottom = 350.0, 220.0, 56.0, 336.0, 20.0, 186.0
	c := &chart{ID: p.id("curve-" + key), W: int(w), H: int(h), Title: p.t("stat." + key), Desc: p.t("curve.desc")}
	lo, hi := points[0].v, points[0].v
	for _, q := range points {
		lo, hi = min(lo, q.v-q.e), max(hi, q.v+q.e)
	}
	if pad := float64((hi - lo) * 0.08); pad > 0 {
		lo, hi = lo-pad, hi+pad
	}
	if key == "ari" || key == "strength" || strings.HasPrefix(key, "silhouette") {
		hi = min(hi, 1)
	}
	values, dec := ticks(lo, hi, 4)
	sc := scale{values[0], values[len(values)-1], bottom, top}
	big := max(math.Abs(sc.lo), math.Abs(sc.hi)) >= 1e5
	for _, v := range values {
		c.line("grid", left, sc.at(v), right, sc.at(v))
		label := p.L.dec(v, dec)
		if big {
			label = p.L.compact(v)
		}
		c.text("tick end", left-8, sc.at(v)+4, label)
	}
	xs := p.kScale(points[0].k, points[len(points)-1].k, left+14, right-14)
	p.kAxis(c, points, xs, bottom)
	chosen := p.chosenK()
	var path []float64
	for _, q := range points {
		path = append(path, xs.at(float64(q.k)), sc.at(q.v))
		if q.k == chosen {
			c.line("mark", xs.at(float64(q.k)), top-4, xs.at(float64(q.k)), bottom)
		}
	}
	if key == "strength" && sc.lo < strengthCutoff && strengthCutoff < sc.hi {
		c.line("gate", left, sc.at(strengthCutoff), right, sc.at(strengthCutoff))
	}
	c.path("curve", polyline(path...), "")
	for _, q := range points {
		x := xs.at(float64(q.k))
		tip := fmt.Sprintf("k = %d: %s", q.k, p.figure(q.v))
		if q.e > 0 {
			tip += " " + p.plusMinus(&q.e, 3)
			above, below := sc.at(min(q.v+q.e, sc.hi)), sc.at(q.v-q.e)
			c.line("error", x, above, x, below)
			c.line("error", x-5, above, x+5, above)
			c.line("error", x-5, below, x+5, below)
		}
		r := 3.5
		if q.e > 0 {
			r = 2.5 // not to hide the whiskers
		}
		if q.k == chosen {
			c.circle("point chosen", x, sc.at(q.v), r+2.5, tip)
		} else {
			c.circle("point", x, sc.at(q.v), r, tip)
		}
	}
	return c
}

// strengthCutoff is the prediction strength above which a number of segments counts as predictable.
const strengthCutoff = 0.8

// figure writes a statistic: large ones whole, small ones with three decimals.
func (p *page) figure(v float64) string {
	switch a := math.Abs(v); {
	case a >= 1e6:
		return p.L.compact(v)
	case a >= 100:
		return p.L.dec(v, 0)
	}
	return p.L.dec(v, 3)
}

func (p *page) kScale(lo, hi int, from, to float64) scale {
	return scale{float64(lo), float64(hi), from, to}
}

// kAxis writes the numbers of segments, leaving some out where they would touch; the chosen one is always there.
func (p *page) kAxis(c *chart, points []point, xs scale, bottom float64) {
	chosen, lastX := p.chosenK(), math.Inf(-1)
	for _, q := range points {
		if q.k == chosen {
			c.text("tick mid chosen", xs.at(float64(q.k)), bottom+19, fmt.Sprint(q.k))
		}
	}
	for _, q := range points {
		x := xs.at(float64(q.k))
		near := chosen > 0 && q.k != chosen && math.Abs(x-xs.at(float64(chosen))) < 18
		if q.k == chosen || near || x-lastX < 18 {
			continue
		}
		c.text("tick mid", x, bottom+19, fmt.Sprint(q.k))
		lastX = x
	}
}

func (p *page) chosenK() int {
	if p.sweep == nil || p.sweep.Chosen == nil {
		return 0
	}
	return p.sweep.Chosen.K
}
