package reportio

import "fmt"

// stabilityRow is what the bootstrap says of one segment of the chosen solution.
type stabilityRow struct {
	Number               int
	Colour, Name         string
	SLSw, Jaccard        grade
	Recovered, Dissolved string // of how many replicates
	SLSa                 string
}

// stabilityView is the table of the segments' stability; only what was tested has a column.
type stabilityView struct {
	Rows                []stabilityRow
	Pairs, Boot, Across bool
	Replicates          string // "100", "" without clusterboot
}

// grade is a figure with its reading; Key is for the style.
type grade struct {
	Key, Word, Value, Error string
}

// segmentStability returns what is known of the segments of the chosen solution, in the order of their numbers. One
// segment has no stability: it comes again always.
func (p *page) segmentStability() []stabilityOfSegment {
	if p.sweep == nil || p.chosenK() < 2 {
		return nil
	}
	if k := p.sweep.at(p.chosenK()); k != nil && k.Stability != nil {
		return k.Stability.Segments
	}
	return nil
}

// read gives a mean SLSw or Jaccard the reading of Hennig (2007).
func (p *page) read(v, e *float64) grade {
	if v == nil {
		return grade{Key: "unknown", Word: p.t("slsw.unknown")}
	}
	g := grade{Value: p.L.dec(*v, 2), Error: p.plusMinus(e, 2)}
	switch {
	case *v >= 0.85:
		g.Key, g.Word = "good", p.t("slsw.very")
	case *v >= 0.75:
		g.Key, g.Word = "good", p.t("slsw.stable")
	case *v >= 0.6:
		g.Key, g.Word = "fair", p.t("slsw.doubtful")
	default:
		g.Key, g.Word = "poor", p.t("slsw.unstable")
	}
	return g
}

// stabilityTable lists the segments of the chosen solution; nil where nothing was tested.
func (p *page) stabilityTable() *stabilityView {
	v, replicates := &stabilityView{}, 0
	if k := p.sweep.at(p.chosenK()); k != nil && k.Stability != nil && k.Stability.Replicates > 0 {
		replicates = k.Stability.Replicates
		v.Replicates = p.L.int(int64(replicates))
	}
	count := func(n *int) string {
		if n == nil || replicates == 0 {
			return none
		}
		return p.t("of", p.L.int(int64(*n)), v.Replicates)
	}
	for _, s := range p.segmentStability() {
		r := stabilityRow{
			Number: s.Segment, Colour: colour(max(s.Segment, 1)), Name: p.segmentName(s.Segment), SLSw: p.read(s.SLSwMean, s.SLSwMCSE),
			Jaccard: p.read(s.JaccardMean, s.JaccardMCSE), Recovered: count(s.Recovered), Dissolved: count(s.Dissolved), SLSa: none,
		}
		if s.SLSa != nil {
			r.SLSa, v.Across = p.L.dec(*s.SLSa, 2), true
		}
		v.Pairs, v.Boot = v.Pairs || s.SLSwMean != nil, v.Boot || s.JaccardMean != nil
		v.Rows = append(v.Rows, r)
	}
	if !v.Pairs && !v.Boot {
		return nil
	}
	return v
}

// segmentName is the name of a segment by its number.
func (p *page) segmentName(number int) string {
	for _, s := range p.segments {
		if s.Number == number {
			return s.Name.in(p.Lang)
		}
	}
	return fmt.Sprintf("%s %d", p.t("segment"), number)
}
