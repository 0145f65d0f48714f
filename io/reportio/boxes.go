package reportio

import (
	"fmt"
	"slices"
	"strings"
)

// sample is one box of a box plot.
type sample struct {
	label  string
	class  string
	values []float64
	mean   float64
	error  *float64 // standard error of the mean
	mark   bool
}

// ariBoxes draws the agreement of the bootstrap pairs for every number of segments.
func (p *page) ariBoxes() *chart {
	var samples []sample
	for _, k := range p.sweep.K {
		if k.Stability != nil && len(k.Stability.ARI) > 0 && k.Stability.ARIMean != nil {
			samples = append(samples, sample{
				label: fmt.Sprint(k.K), class: "box", values: k.Stability.ARI, mean: *k.Stability.ARIMean, error: k.Stability.ARIMCSE,
				mark: k.K == p.chosenK(),
			})
		}
	}
	return p.boxes("boxes-k", p.t("boxes.k"), p.t("boxes.k.desc"), samples, p.in.Generated.RequireGlobal)
}

// segmentBoxes draws, for the chosen number, how well each segment was found again: in the pairs, and where there were
// none, in the replicates of clusterboot.
func (p *page) segmentBoxes() *chart {
	var pairs, replicates []sample
	for _, s := range p.segmentStability() {
		label, class := fmt.Sprint(s.Segment), "box "+colour(s.Segment)
		if len(s.SLSw) > 0 && s.SLSwMean != nil {
			pairs = append(pairs, sample{label: label, class: class, values: s.SLSw, mean: *s.SLSwMean, error: s.SLSwMCSE})
		}
		if len(s.Jaccard) > 0 && s.JaccardMean != nil {
			replicates = append(replicates, sample{label: label, class: class, values: s.Jaccard, mean: *s.JaccardMean, error: s.JaccardMCSE})
		}
	}
	if len(pairs) > 0 {
		return p.boxes("boxes-s", p.t("boxes.s"), p.t("boxes.s.desc"), pairs, p.in.Generated.RequireSegment)
	}
	return p.boxes("boxes-s", p.t("boxes.j"), p.t("boxes.s.desc"), replicates, p.in.Generated.RequireSegment)
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
		c.path("mean", polyline(x, y-4, x+4, y, x, y+4, x-4, y)+"Z", strings.TrimSpace(p.t("mean")+" "+p.L.dec(s.mean, 3)+" "+p.plusMinus(s.error, 3)))
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
