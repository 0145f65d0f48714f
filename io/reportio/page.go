package reportio

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
)

// page is the report in one language: the decoded artifacts, and what the template shows of them.
type page struct {
	Lang string
	L    locale

	in       Input
	seg      *segmentsJSON
	segments []segment
	cover    cover
	info     map[string]featureInfo
	sweep    *sweepJSON
	quality  *qualityJSON
	value    *valueJSON
	regions  *regionsJSON

	One        bool   // there is one segment only
	Other      string // the other language's code, "" if there is none
	Project    string
	Line       []string // small facts under the project's name
	Headline   string
	Lead       []string
	Alert      *alert
	KPIs       []kpi
	Flow       *chart
	Rows       []row
	Revenue    bool // any segment has a revenue share
	Classes    bool // any segment has a revenue class
	Sizes      *chart
	Profile    []profileRow
	Heat       *chart
	HeatMore   *chart
	MoreText   string
	Lines      []*chart
	LineAxes   []string
	Curves     []curve
	Chosen     string // "k = 5", "" if nothing was chosen
	Because    string
	Gates      *gateTable
	BoxesK     *chart
	BoxesS     *chart
	Indicators []indicator
	Stable     *stabilityView
	Niches     []nicheView
	Influence  *influenceView
	Rules      bool // any segment has a rule
	Quality    *qualityView
	Value      *valueView
	Regions    *regionsView
	Methods    []pair
	Warnings   []string
	Glossary   []pair
}

type kpi struct{ Name, Value, Note string }

type pair struct {
	Name, Value string
	Code        bool // set in a fixed-width font
}

// row is one segment, in the overview and as a card.
type row struct {
	Anchor       string
	Only         bool // there is no other
	Number       int
	Colour       string
	ID           string
	Name         string
	Description  string
	Suppressed   string // why nothing more is said; "" if it is
	SizeHidden   string // why size and revenue are not said
	Customers    string
	Share        string
	ShareBar     bar // the longest share of the page fills it
	RevenueShare string
	RevenueBar   bar
	Class        string // text of the revenue class
	ClassKey     string // for the style: "very-high", "high", "medium", "low"
	Stability    grade
	Checks       []check
	Failed       []string
	Figures      []pair
	Drivers      []driver
	Levels       []pair
	Plan         []pair
	History      string
	Features     []profileRow // with one cell
	Rule         string
	Coverage     string
	CoverageBar  bar
	Precision    string
	PrecisionBar bar
}

// bar is a small horizontal bar: start and length in px of 100.
type bar struct{ X, W string }

type check struct {
	Name, Verdict string
	State         string // "yes", "no", "unknown"
}

type driver struct {
	Label, Mean, Overall, Effect string
	Bar                          bar
	Up                           bool
}

func lengthBar(share float64) bar { return bar{"0", px(float64(100 * min(max(share, 0), 1)))} }

// effectBar starts in the middle; 2.5 standard deviations fill its half.
func effectBar(effect float64) bar {
	n := float64(50 * min(math.Abs(effect)/2.5, 1))
	if effect < 0 {
		return bar{px(50 - n), px(n)}
	}
	return bar{"50", px(n)}
}

// id makes an id that is unique on the page: both languages have the same parts.
func (p *page) id(name string) string { return p.Lang + "-" + name }

// suppressed says why segment i is not shown.
func (p *page) suppressed(i int) string {
	if p.cover.all[i] {
		return p.t("suppressed.few", p.L.int(int64(p.least())))
	}
	return p.t("suppressed.with")
}

func (p *page) least() int { return cmp.Or(p.in.MinCell, 10) }

// build fills in everything that the template shows.
func (p *page) build() {
	g := p.in.Generated
	p.Project = p.in.Project
	if !g.AsOf.IsZero() {
		p.Line = append(p.Line, p.t("as_of", p.L.date(g.AsOf)))
	}
	if p.in.RunID != "" {
		p.Line = append(p.Line, p.t("run", p.in.RunID))
	}
	p.One = len(p.segments) == 1
	p.Profile = p.buildProfile()
	p.buildHead()
	if len(p.segments) > 1 {
		p.Flow = p.flow()
		p.Sizes = p.sizes()
	}
	for i := range p.segments {
		p.Rows = append(p.Rows, p.row(i))
		p.Revenue = p.Revenue || p.Rows[i].RevenueShare != ""
		p.Classes = p.Classes || p.Rows[i].Class != ""
		p.Rules = p.Rules || p.Rows[i].Rule != "" && len(p.segments) > 1
	}
	if len(p.Profile) > 0 && len(p.segments) > 1 {
		p.Heat = p.heat("heat", p.Profile[:min(heatRows, len(p.Profile))])
		if len(p.Profile) > heatRows {
			p.MoreText = p.t("heat.more", p.L.int(int64(len(p.Profile)-heatRows)))
			p.HeatMore = p.heat("heat-more", p.Profile[heatRows:])
		}
		p.Lines = p.lines()
		for _, a := range p.axes(maxAxes) {
			p.LineAxes = append(p.LineAxes, a.Label)
		}
	}
	if p.sweep != nil {
		p.Curves = p.curves()
		if len(p.sweep.K) < 2 {
			p.Curves = nil // one point is no curve; the table has it
		}
		if len(p.sweep.K) > 0 {
			p.Indicators = p.indicators()
		}
		if k := p.chosenK(); k > 0 {
			p.Chosen, p.Because = fmt.Sprintf("k = %d", k), p.because()
		}
		p.Gates = p.gates()
		p.BoxesK, p.BoxesS = p.ariBoxes(), p.segmentBoxes()
		p.Stable, p.Niches, p.Influence = p.stabilityTable(), p.niches(), p.influence()
		p.Warnings = p.sweep.Warnings
	}
	if p.quality != nil {
		p.Quality = p.qualityView()
	}
	if p.value != nil {
		p.buildValue()
	}
	if p.regions != nil {
		p.buildRegions()
	}
	p.buildMethods()
}

// row describes segment i as far as it may be shown.
func (p *page) row(i int) row {
	s := p.segments[i]
	r := row{
		Anchor: p.id(fmt.Sprintf("s%d", s.Number)), Only: p.One, Number: s.Number, Colour: colour(s.Number), ID: s.ID,
		Name: s.Name.in(p.Lang), Stability: p.stable(s),
	}
	for _, c := range []struct {
		key   string
		state *bool
	}{
		{"check.large", s.Checks.LargeEnough},
		{"check.stable", s.Checks.Stable},
		{"check.distinct", s.Checks.Distinguishable},
		{"check.address", s.Checks.Addressable},
	} {
		ch := check{Name: p.t(c.key), State: "unknown"}
		switch {
		case c.state == nil:
		case *c.state:
			ch.State = "yes"
		default:
			ch.State = "no"
			r.Failed = append(r.Failed, ch.Name)
		}
		ch.Verdict = p.t("check." + ch.State)
		r.Checks = append(r.Checks, ch)
	}
	p.history(&r, s)
	if p.cover.size[i] {
		r.SizeHidden = p.suppressed(i)
	}
	if p.cover.all[i] {
		r.Suppressed = r.SizeHidden
		r.Customers = p.t("few", p.L.int(int64(p.least())))
		return r
	}
	r.Description = p.prose(s.Description.in(p.Lang))
	if !p.cover.size[i] {
		r.Customers, r.Share, r.ShareBar = p.L.int(int64(s.Customers)), p.L.pct(s.Share), lengthBar(s.Share/p.longest())
		if p.One {
			r.Share = "" // the whole
		} else if s.RevenueShare != nil {
			r.RevenueShare, r.RevenueBar = p.L.pct(*s.RevenueShare), lengthBar(*s.RevenueShare/p.longest())
		}
		if s.Potential != nil {
			r.Figures = append(r.Figures,
				pair{Name: p.t("realised"), Value: p.L.compact(s.Potential.Realised)},
				pair{Name: p.t("unrealised"), Value: p.L.compact(s.Potential.Unrealised)})
		}
	}
	if s.RevenueClass != nil && !p.One {
		if _, known := texts["class."+*s.RevenueClass]; known {
			r.Class, r.ClassKey = p.t("class."+*s.RevenueClass), strings.ReplaceAll(*s.RevenueClass, " ", "-")
		}
	}
	if s.OrdersPerYear != nil {
		r.Figures = append(r.Figures, pair{Name: p.t("orders_year"), Value: p.L.dec(*s.OrdersPerYear, 1)})
	}
	if s.ContactsPerYear != nil {
		r.Figures = append(r.Figures, pair{Name: p.t("contacts_year"), Value: p.L.dec(*s.ContactsPerYear, 1)})
	}
	p.rowFeatures(&r, i)
	for _, l := range s.Levels {
		few := float64(l.Share*float64(s.Customers)) < float64(p.least())
		if len(r.Levels) < 4 && !few && !p.One {
			r.Levels = append(r.Levels, pair{
				Name:  p.label(l.Feature) + ": " + l.Level,
				Value: fmt.Sprintf("%s (%s %s)", p.L.pct0(l.Share), average, p.L.pct0(l.OverallShare)),
			})
		}
	}
	r.Plan = p.plan(s.Plan)
	if r.Rule = capital(p.prose(s.Rule.Text.in(p.Lang))); r.Rule != "" {
		r.Coverage, r.CoverageBar = p.L.pct0(s.Rule.Coverage), lengthBar(s.Rule.Coverage)
		r.Precision, r.PrecisionBar = p.L.pct0(s.Rule.Precision), lengthBar(s.Rule.Precision)
	}
	return r
}

// stable grades a segment by its mean SLSw; by clusterboot's Jaccard where there were no pairs.
func (p *page) stable(s segment) grade {
	for _, of := range p.segmentStability() {
		switch {
		case of.Segment != s.Number:
		case s.SLSwMean != nil:
			return p.read(s.SLSwMean, of.SLSwMCSE)
		default:
			return p.read(of.JaccardMean, of.JaccardMCSE)
		}
	}
	return p.read(s.SLSwMean, nil)
}

// longest is the largest share that is shown, so that the bars of the overview can be compared.
func (p *page) longest() float64 {
	most := 0.01
	for i, s := range p.segments {
		if p.cover.size[i] {
			continue
		}
		most = max(most, s.Share)
		if s.RevenueShare != nil {
			most = max(most, *s.RevenueShare)
		}
	}
	return most
}

func (p *page) history(r *row, s segment) {
	if _, known := texts["event."+s.History.Event]; !known {
		return
	}
	r.History = p.t("event." + s.History.Event)
	if s.History.Jaccard != nil {
		r.History += ", " + p.t("history.jaccard", p.L.pct0(*s.History.Jaccard))
	}
}

// rowFeatures lists the segment's features, strongest first: the first five with an effect worth naming as drivers.
func (p *page) rowFeatures(r *row, i int) {
	for _, f := range p.Profile {
		c := f.Cells[i]
		if c.Known {
			one := f
			one.Cells = []profileCell{c}
			r.Features = append(r.Features, one)
		}
	}
	slices.SortStableFunc(r.Features, func(a, b profileRow) int {
		return cmp.Compare(math.Abs(b.Cells[0].Effect), math.Abs(a.Cells[0].Effect))
	})
	for _, f := range r.Features {
		c := f.Cells[0]
		if len(r.Drivers) == 5 || math.Abs(c.Effect) < heatSteps[0] {
			break
		}
		r.Drivers = append(r.Drivers, driver{
			Label: f.Label, Mean: c.Mean, Overall: average + nbsp + c.Overall, Effect: c.EffectText,
			Bar: effectBar(c.Effect), Up: c.Effect > 0,
		})
	}
}

// plan lists the strategy of a segment by key; values are words, figures or texts in both languages.
func (p *page) plan(plan map[string]any) []pair {
	var out []pair
	for key, v := range plan {
		value := ""
		switch x := v.(type) {
		case string:
			value = x
		case float64:
			value = p.L.sig(x)
		case bool:
			value = p.t(map[bool]string{true: "yes", false: "no"}[x])
		case map[string]any:
			value, _ = x[p.Lang].(string)
		default:
			if b, err := json.Marshal(v); err == nil && v != nil {
				value = string(b)
			}
		}
		if value != "" {
			out = append(out, pair{Name: key, Value: value})
		}
	}
	slices.SortFunc(out, func(a, b pair) int { return strings.Compare(a.Name, b.Name) })
	return out
}
