package profile

import (
	"cmp"
	"slices"
)

// trait is one thing that is typical of a segment, in words.
type trait struct {
	family string
	rank   int  // of the family's concept in the vocabulary; generic features come after all of these
	core   bool // concepts that come before others of the same strength
	band   int  // strength: 3 very clear, 2 clear, 1 visible
	effect float64
	inName Text // "few orders"
	inText Text // "very few orders (3.1, average 6.4)"
	later  bool // its figures stand in the sentence on contacts and orders
	phrase Text // inText without figures
}

// Effects from which on a difference is visible, clear and very clear. Cohen calls 0.5 medium and 0.8 large; between
// segments that a clustering made, effects are larger than between groups that somebody else made.
var bandFrom = [3]float64{0.5, 0.8, 1.2}

// fineFrom orders very clear differences of generic features, which have no order of their own.
var fineFrom = [3]float64{2, 4, 8}

func band(effect float64) int { return steps(effect, bandFrom) }
func fine(effect float64) int { return steps(effect, fineFrom) }

// steps counts the ascending bounds that the magnitude of effect reaches.
func steps(effect float64, bounds [3]float64) int {
	b := 0
	for b < len(bounds) && max(effect, -effect) >= bounds[b] {
		b++
	}
	return b
}

// traits lists what is typical of segment s, strongest first and one per family. Revenue is not among them when it is
// told by its class, and realised potential has a sentence of its own. Strengths are compared in bands, so that figures that move a little keep the order.
func (d *describer) traits(s int) []trait {
	var all []trait
	for at, f := range d.numbers {
		if f == d.roles.revenue || f == d.roles.reachable || f == d.roles.realised || f.seg[s].n == 0 {
			continue
		}
		b := band(f.effect[s])
		// Prepared and raw values may disagree on the direction where a transform bends them: then say nothing.
		if b == 0 || (f.effect[s] > 0) != (f.seg[s].mean > f.all.mean) || f.seg[s].mean == f.all.mean {
			continue
		}
		t := d.word(f, s)
		t.band, t.effect, t.rank = b, f.effect[s], len(concepts)+at
		if c := f.meta.concept; c != nil {
			t.family, t.core = c.family, c.core
			t.rank = slices.IndexFunc(concepts, func(o concept) bool { return o.id == c.id })
		} else {
			t.family = "feature " + f.col.Name
			t.rank += len(d.numbers) * (len(fineFrom) - fine(t.effect))
		}
		if d.roles.revenue != nil && t.family == "revenue" {
			continue
		}
		all = append(all, t)
	}
	for at, c := range d.cats {
		if t, ok := d.levelTrait(c, s); ok {
			t.rank = len(concepts) + len(d.numbers)*(len(fineFrom)+1) + at
			all = append(all, t)
		}
	}
	slices.SortStableFunc(all, func(a, b trait) int {
		return cmp.Or(cmp.Compare(b.weight(), a.weight()), cmp.Compare(a.rank, b.rank))
	})
	seen := make(map[string]bool)
	return slices.DeleteFunc(all, func(t trait) bool {
		again := seen[t.family]
		seen[t.family] = true
		return again
	})
}

func (t trait) weight() int {
	if t.core {
		return t.band + 1
	}
	return t.band
}

// extreme reports whether segment s has the largest (effect > 0) or smallest mean of at least three segments.
func extreme(f *numeric, s int) bool {
	if len(f.seg) < 3 {
		return false
	}
	for t, m := range f.seg {
		if t != s && m.n > 0 {
			if f.effect[s] > 0 && m.mean > f.seg[s].mean || f.effect[s] < 0 && m.mean < f.seg[s].mean {
				return false
			}
		}
	}
	return true
}

// word finds the words for how numeric feature f is in segment s.
func (d *describer) word(f *numeric, s int) trait {
	m, high := f.meta, f.effect[s] > 0
	very := band(f.effect[s]) == 3 && extreme(f, s)
	mean, all := f.seg[s].mean, f.all.mean
	t := trait{later: d.perYearSentence() && (f == d.roles.orders || f == d.roles.contacts)}
	labelled := func(de, en string) Text { return tx(m.label.DE+": "+de, m.label.EN+": "+en) }
	figures := both(func(l language) string {
		return m.figure(mean, l) + tx(", Durchschnitt ", ", average ").in(l) + m.figure(all, l)
	})
	inBrackets := func(phrase Text) Text {
		return both(func(l language) string { return phrase.in(l) + " (" + figures.in(l) + ")" })
	}
	withLabel := func(phrase Text) Text {
		return both(func(l language) string { return phrase.in(l) + " (" + m.label.in(l) + " " + figures.in(l) + ")" })
	}

	own := d.cfg.Vocabulary[f.col.Name]
	p := (*poles)(nil)
	if m.concept != nil && m.share && own.High == (Text{}) && own.Low == (Text{}) {
		p = m.concept.poles
	}
	switch {
	case p != nil && high && mean >= 0.5:
		t.inName, t.phrase = p.high, p.mostlyHigh
		if mean >= 0.85 {
			t.phrase = p.almostHigh
		}
		t.inText = withLabel(t.phrase)
	case p != nil && !high && mean < 0.5:
		t.inName, t.phrase = p.low, p.mostlyLow
		if mean <= 0.15 {
			t.phrase = p.almostLow
		}
		t.inText = withLabel(t.phrase)
	case m.concept != nil && m.concept.id == "trend" && f.sorted[0] < 0 && own.High == (Text{}) && (mean > 0) == high:
		// A trend that can be negative is none at 0, so its sign says more than its distance from the average.
		t.inName = tx("rückläufig", "declining")
		if high {
			t.inName = tx("wachsend", "growing")
		}
		t.phrase = t.inName
		t.inText = withLabel(t.phrase)
	case f.zeroOne && m.words.High == (Text{}):
		// Yes or no: the share of yes.
		switch {
		case high && mean >= 0.5:
			t.inName = m.label
		case high:
			t.inName = tx("häufiger "+m.label.DE, "more often "+m.label.EN)
		case mean < 0.5:
			t.inName = tx("nicht "+m.label.DE, "not "+m.label.EN)
		default:
			t.inName = tx("seltener "+m.label.DE, "less often "+m.label.EN)
		}
		t.phrase = t.inName
		t.inText = both(func(l language) string {
			return m.label.in(l) + ": " + percent(mean, l) + tx(" (Durchschnitt ", " (average ").in(l) + percent(all, l) + ")"
		})
	default:
		level, veryLevel := m.words.Low, m.words.VeryLow
		generic, veryGeneric := labelled("niedrig", "low"), labelled("sehr niedrig", "very low")
		if high {
			level, veryLevel = m.words.High, m.words.VeryHigh
			generic, veryGeneric = labelled("hoch", "high"), labelled("sehr hoch", "very high")
		}
		t.inName = orElse(level, generic)
		t.phrase = t.inName
		if very {
			t.phrase = orElse(veryLevel, orElse(level, veryGeneric))
		}
		t.inText = inBrackets(t.phrase)
	}
	return t
}

// orElse returns a, with b where a has nothing in a language.
func orElse(a, b Text) Text {
	if a.DE == "" {
		a.DE = b.DE
	}
	if a.EN == "" {
		a.EN = b.EN
	}
	return a
}

// levelTrait is the level of a category that is most typical of segment s, if there is one that most of its customers
// have.
func (d *describer) levelTrait(c *category, s int) (trait, bool) {
	best, at := 0.0, -1
	for i := range c.levels {
		p, all := c.share(s, i)
		if p < 0.5 || c.seg[s][i] < d.cfg.MinCell || p < float64(levelLiftText*all) {
			continue
		}
		if e := c.effect(s, i); e > best {
			best, at = e, i
		}
	}
	if at < 0 || band(best) == 0 {
		return trait{}, false
	}
	p, all := c.share(s, at)
	t := trait{family: "feature " + c.col.Name, band: band(best), effect: best}
	t.inName = both(func(l language) string { return c.meta.label.in(l) + ": " + c.levels[at] })
	t.phrase = t.inName
	t.inText = both(func(l language) string {
		return t.phrase.in(l) + " (" + percent(p, l) + tx(", Durchschnitt ", ", average ").in(l) + percent(all, l) + ")"
	})
	return t, true
}
