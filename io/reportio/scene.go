package reportio

import (
	"math"
	"strconv"
	"strings"
)

// chart is a drawing that the template writes as SVG. Coordinates are CSS pixels of the view box; colours are classes, so
// that the style sheet can turn them for dark screens and print.
type chart struct {
	ID          string // unique on the page
	Class       string
	W, H        int
	Title, Desc string // for those who cannot see it
	Items       []mark
}

// mark is one element of a drawing.
type mark struct {
	Kind       string // "rect", "line", "path", "circle", "text"
	Class      string
	X, Y, W, H string // line: from X,Y to W,H; circle: W is the radius; rect: R rounds the corners
	R          string
	D          string // path
	Text       string // text
	Tip        string // shown on hovering
}

// px writes a coordinate with one decimal, as short as it goes.
func px(x float64) string {
	s := strconv.FormatFloat(x, 'f', 1, 64)
	s = strings.TrimSuffix(s, ".0")
	if s == "-0" {
		return "0"
	}
	return s
}

func (c *chart) add(m mark) { c.Items = append(c.Items, m) }

func (c *chart) rect(class string, x, y, w, h, r float64, tip string) {
	c.add(mark{Kind: "rect", Class: class, X: px(x), Y: px(y), W: px(w), H: px(h), R: px(r), Tip: tip})
}

func (c *chart) line(class string, x1, y1, x2, y2 float64) {
	c.add(mark{Kind: "line", Class: class, X: px(x1), Y: px(y1), W: px(x2), H: px(y2)})
}

func (c *chart) circle(class string, x, y, r float64, tip string) {
	c.add(mark{Kind: "circle", Class: class, X: px(x), Y: px(y), W: px(r), Tip: tip})
}

// text writes s with its baseline at y; class gives size, colour and anchor ("end", "mid").
func (c *chart) text(class string, x, y float64, s string) {
	c.add(mark{Kind: "text", Class: class, X: px(x), Y: px(y), Text: s})
}

func (c *chart) path(class, d, tip string) { c.add(mark{Kind: "path", Class: class, D: d, Tip: tip}) }

// polyline is the path through points x0, y0, x1, y1, ...
func polyline(points ...float64) string {
	var b strings.Builder
	for i := 0; i+1 < len(points); i += 2 {
		if i == 0 {
			b.WriteByte('M')
		} else {
			b.WriteByte('L')
		}
		b.WriteString(px(points[i]))
		b.WriteByte(' ')
		b.WriteString(px(points[i+1]))
	}
	return b.String()
}

// scale maps values to pixels.
type scale struct{ lo, hi, from, to float64 }

// at never lets the compiler fuse: the same input gives the same page on every machine.
func (s scale) at(v float64) float64 {
	if s.hi == s.lo {
		return (s.from + s.to) / 2
	}
	t := (v - s.lo) / (s.hi - s.lo)
	return s.from + float64(t*(s.to-s.from))
}

// ticks returns round values that cover lo..hi in about n steps, and the decimals to write them with. Where lo and hi are
// too close, or not finite, there are none in between.
func ticks(lo, hi float64, n int) (values []float64, decimals int) {
	if !(hi > lo) {
		hi = lo + 1
	}
	raw := (hi - lo) / float64(n)
	if math.IsInf(raw, 0) || math.IsNaN(raw) || raw < float64(math.Abs(lo)*1e-12) {
		return []float64{lo, hi}, 0
	}
	exp := int(math.Floor(math.Log10(raw)))
	unit := math.Pow10(exp)
	step := float64(10 * unit)
	for _, m := range []float64{1, 2, 5} {
		if float64(m*unit) >= float64(raw*0.999) {
			step = float64(m * unit)
			break
		}
	}
	decimals = max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	first, last := math.Floor(lo/step+1e-9), math.Ceil(hi/step-1e-9)
	for i := range int(last-first) + 1 {
		values = append(values, float64((first+float64(i))*step))
	}
	return values, decimals
}

// textWidth estimates how wide a text is; DejaVu Sans, the widest of the usual fonts, needs no more.
func textWidth(s string, size float64) float64 {
	w := 0.0
	for _, r := range s {
		switch {
		case strings.ContainsRune("ijl.,:;'|!()ftI-– ", r):
			w += 0.38
		case strings.ContainsRune("mwMWÄÖÜ%", r):
			w += 0.9
		case r >= 'A' && r <= 'Z':
			w += 0.7
		default:
			w += 0.61
		}
	}
	return float64(w * size)
}

// fit cuts a text that is too wide.
func fit(s string, size, width float64) string {
	if textWidth(s, size) <= width {
		return s
	}
	runes := []rune(s)
	for len(runes) > 1 && textWidth(string(runes), size)+size > width {
		runes = runes[:len(runes)-1]
	}
	return strings.TrimRight(string(runes), " ") + "…"
}

// wrap breaks a text into at most n lines of the width; what does not fit is cut.
func wrap(s string, size, width float64, n int) []string {
	var lines []string
	words := strings.Fields(s)
	for len(words) > 0 {
		if len(lines) == n-1 {
			lines = append(lines, fit(strings.Join(words, " "), size, width))
			break
		}
		take := 1
		for take < len(words) && textWidth(strings.Join(words[:take+1], " "), size) <= width {
			take++
		}
		lines = append(lines, fit(strings.Join(words[:take], " "), size, width))
		words = words[take:]
	}
	return lines
}

// spread moves labels at the wanted heights apart so that neighbours keep the gap, staying within lo..hi where possible.
// The wanted heights must ascend.
func spread(wanted []float64, gap, lo, hi float64) []float64 {
	at := append([]float64{}, wanted...)
	for i := range at {
		at[i] = max(at[i], lo)
		if i > 0 {
			at[i] = max(at[i], at[i-1]+gap)
		}
	}
	for i := len(at) - 1; i >= 0; i-- {
		at[i] = min(at[i], hi)
		if i < len(at)-1 {
			at[i] = min(at[i], at[i+1]-gap)
		}
	}
	return at
}

// quantile7 is R's type 7 of sorted values.
func quantile7(sorted []float64, p float64) float64 {
	h := float64(float64(len(sorted)-1) * p)
	i := int(math.Floor(h))
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + float64((h-float64(i))*(sorted[i+1]-sorted[i]))
}
