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
		value func(k sweepK) *float64
		error func(k sweepK) *float64
	}
	mean := func(k sweepK) *float64 {
		if k.Stability == nil {
			return nil
		}
		return &k.Stability.ARIMean
	}
	meanError := func(k sweepK) *float64 {
		if k.Stability == nil {
			return nil
		}
		return k.Stability.ARIMCSE
	}
	nothing := func(sweepK) *float64 { return nil }
	all := []statistic{
		{"ari", mean, meanError},
		{"silhouette", func(k sweepK) *float64 { return k.Silhouette }, nothing},
		{"ch", func(k sweepK) *float64 { return k.CalinskiHarabasz }, nothing},
		{"db", func(k sweepK) *float64 { return k.DaviesBouldin }, nothing},
		{"inertia", func(k sweepK) *float64 { return &k.Inertia }, nothing},
		{"gap", func(k sweepK) *float64 { return k.Gap }, func(k sweepK) *float64 { return k.GapSE }},
	}
	if slices.ContainsFunc(p.sweep.K, func(k sweepK) bool { return k.SilhouetteSimplified != nil }) &&
		!slices.ContainsFunc(p.sweep.K, func(k sweepK) bool { return k.Silhouette != nil }) {
		all[1] = statistic{"silhouette_simplified", func(k sweepK) *float64 { return k.SilhouetteSimplified }, nothing}
	}
	var out []curve
	for _, st := range all {
		var points []point
		for _, k := range p.sweep.K {
			if v := st.value(k); v != nil && !math.IsNaN(*v) {
				q := point{k: k.K, v: *v}
				if e := st.error(k); e != nil {
					q.e = *e
				}
				points = append(points, q)
			}
		}
		if len(points) > 0 {
			out = append(out, curve{p.t("stat." + st.key), p.t("hint." + st.key), p.curve(st.key, points)})
		}
	}
	return out
}

type point struct {
	k    int
	v, e float64 // value and its standard error
}

func (p *page) curve(key string, points []point) *chart {
	const w, h, left, right, top, bottom = 350.0, 220.0, 56.0, 336.0, 20.0, 186.0
	c := &chart{ID: p.id("curve-" + key), W: int(w), H: int(h), Title: p.t("stat." + key), Desc: p.t("curve.desc")}
	lo, hi := points[0].v, points[0].v
	for _, q := range points {
		lo, hi = min(lo, q.v-float64(2*q.e)), max(hi, q.v+float64(2*q.e))
	}
	if pad := float64((hi - lo) * 0.08); pad > 0 {
		lo, hi = lo-pad, hi+pad
	}
	if key == "ari" || strings.HasPrefix(key, "silhouette") {
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
	var band, path []float64
	for _, q := range points {
		path = append(path, xs.at(float64(q.k)), sc.at(q.v))
		band = append(band, xs.at(float64(q.k)), sc.at(min(q.v+float64(2*q.e), sc.hi)))
		if q.k == chosen {
			c.line("mark", xs.at(float64(q.k)), top-4, xs.at(float64(q.k)), bottom)
		}
	}
	for _, q := range slices.Backward(points) {
		band = append(band, xs.at(float64(q.k)), sc.at(q.v-float64(2*q.e)))
	}
	if slices.ContainsFunc(points, func(q point) bool { return q.e > 0 }) {
		c.path("error", polyline(band...)+"Z", "")
	}
	c.path("curve", polyline(path...), "")
	for _, q := range points {
		tip := fmt.Sprintf("k = %d: %s", q.k, p.figure(q.v))
		if q.k == chosen {
			c.circle("point chosen", xs.at(float64(q.k)), sc.at(q.v), 6, tip)
		} else {
			c.circle("point", xs.at(float64(q.k)), sc.at(q.v), 3.5, tip)
		}
	}
	return c
}

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

// sample is one box of a box plot.
type sample struct {
	label  string
	class  string
	values []float64
	mean   float64
	mark   bool
}

// ariBoxes draws the agreement of the bootstrap pairs for every number of segments.
func (p *page) ariBoxes() *chart {
	var samples []sample
	for _, k := range p.sweep.K {
		if k.Stability != nil && len(k.Stability.ARI) > 0 {
			samples = append(samples, sample{
				label: fmt.Sprint(k.K), class: "box", values: k.Stability.ARI, mean: k.Stability.ARIMean, mark: k.K == p.chosenK(),
			})
		}
	}
	return p.boxes("boxes-k", p.t("boxes.k"), p.t("boxes.k.desc"), samples, p.in.Generated.RequireGlobal)
}

// segmentBoxes draws, for the chosen number, how well each segment was found again.
func (p *page) segmentBoxes() *chart {
	var samples []sample
	for _, k := range p.sweep.K {
		if k.K != p.chosenK() || k.Stability == nil {
			continue
		}
		for _, s := range k.Stability.Segments {
			if len(s.SLSw) > 0 {
				samples = append(samples, sample{
					label: fmt.Sprint(s.Segment), class: "box " + colour(s.Segment), values: s.SLSw, mean: s.SLSwMean,
				})
			}
		}
	}
	return p.boxes("boxes-s", p.t("boxes.s"), p.t("boxes.s.desc"), samples, p.in.Generated.RequireSegment)
}

// boxes draws box plots: quartiles (type 7) and median, whiskers to the last value within 1.5 interquartile ranges,
// values beyond as points, the mean as a diamond.
func (p *page) boxes(id, title, desc string, samples []sample, required float64) *chart {
	if len(samples) == 0 {
		return nil
	}
	const w, h, left, right, top, bottom = 530.0, 300.0, 46.0, 520.0, 16.0, 262.0
	c := &chart{ID: p.id(id), W: int(w), H: int(h), Title: title, Desc: desc}
	lo := 0.8
	if required > 0 {
		lo = min(lo, required)
	}
	for _, s := range samples {
		lo = min(lo, slices.Min(s.values))
	}
	values, dec := ticks(lo, 1, 5)
	sc := scale{values[0], values[len(values)-1], bottom, top}
	for _, v := range values {
		c.line("grid", left, sc.at(v), right, sc.at(v))
		c.text("tick end", left-8, sc.at(v)+4, p.L.dec(v, max(dec, 1)))
	}
	step := (right - left) / float64(len(samples))
	half := min(step*0.3, 20)
	for i, s := range samples {
		x := left + float64(step*(float64(i)+0.5))
		if s.mark {
			c.rect("column", x-step/2, top-8, step, bottom-top+8, 4, "")
		}
		sorted := slices.Sorted(slices.Values(s.values))
		q1, q2, q3 := quantile7(sorted, 0.25), quantile7(sorted, 0.5), quantile7(sorted, 0.75)
		reach := float64(1.5 * (q3 - q1))
		low, high := q1, q3
		for _, v := range sorted {
			switch {
			case v < q1-reach || v > q3+reach:
				c.circle("outlier", x, sc.at(v), 2.2, p.L.dec(v, 3))
			case v < low:
				low = v
			case v > high:
				high = v
			}
		}
		c.line("whisker", x, sc.at(low), x, sc.at(q1))
		c.line("whisker", x, sc.at(q3), x, sc.at(high))
		c.line("whisker", x-half/2, sc.at(low), x+half/2, sc.at(low))
		c.line("whisker", x-half/2, sc.at(high), x+half/2, sc.at(high))
		tip := fmt.Sprintf("%s: %s %s, %s %s – %s", s.label, p.t("median"), p.L.dec(q2, 3),
			p.t("quartiles"), p.L.dec(q1, 3), p.L.dec(q3, 3))
		c.rect(s.class, x-half, sc.at(q3), 2*half, max(sc.at(q1)-sc.at(q3), 1), 2, tip)
		c.line("median", x-half, sc.at(q2), x+half, sc.at(q2))
		y := sc.at(s.mean)
		c.path("mean", polyline(x, y-4, x+4, y, x, y+4, x-4, y)+"Z", fmt.Sprintf("%s %s", p.t("mean"), p.L.dec(s.mean, 3)))
		class := "tick mid"
		if s.mark {
			class += " chosen"
		}
		if step >= 16 || i%2 == 0 || s.mark {
			c.text(class, x, bottom+20, s.label)
		}
	}
	if required > 0 {
		c.line("gate", left, sc.at(required), right, sc.at(required))
		c.text("gatetext", left+6, sc.at(required)-6, p.t("required")+" "+p.L.dec(required, 2))
	}
	return c
}
