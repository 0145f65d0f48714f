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

	Other    string // the other language's code, "" if there is none
	Project  string
	Line     []string // small facts under the project's name
	Headline string
	Lead     []string
	Alert    string
	KPIs     []kpi
	Flow     *chart
	Rows     []row
	Revenue  bool // any segment has a revenue share
	Classes  bool // any segment has a revenue class
	Sizes    *chart
	Profile  []profileRow
	Heat     *chart
	HeatMore *chart
	MoreText string
	Lines    []*chart
	LineAxes []string
	Curves   []curve
	Elbow    string
	Chosen   string // "k = 5", "" if nothing was chosen
	Because  string
	Gates    *gateTable
	BoxesK   *chart
	BoxesS   *chart
	Rules    bool // any segment has a rule
	Quality  *qualityView
	Methods  []pair
	Warnings []string
	Glossary []pair
}

type kpi struct{ Name, Value, Note string }

type pair struct {
	Name, Value string
	Code        bool // set in a fixed-width font
}

// row is one segment, in the overview and as a card.
type row struct {
	Anchor       string
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
	Stability    string // grade in words
	StabilityKey string // "good", "fair", "poor", "unknown"
	SLSw         string
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
		if k := p.sweep.Elbow.K; k != nil {
			p.Elbow = p.t("elbow", fmt.Sprint(*k))
		}
		if k := p.chosenK(); k > 0 {
			p.Chosen, p.Because = fmt.Sprintf("k = %d", k), p.because()
		}
		p.Gates = p.gates()
		p.BoxesK, p.BoxesS = p.ariBoxes(), p.segmentBoxes()
		p.Warnings = p.sweep.Warnings
	}
	if p.quality != nil {
		p.Quality = p.qualityView()
	}
	p.buildMethods()
}

// buildHead writes the answer: how many segments, how stable, and why.
func (p *page) buildHead() {
	customers, k := p.L.int(int64(p.seg.Customers)), len(p.segments)
	switch {
	case k == 0:
		p.Headline = p.t("headline.none")
	case k == 1:
		p.Headline = p.t("headline.one", customers)
	default:
		grade := "grade.plain"
		if st := p.seg.Stability; st != nil {
			switch a := st.ARIMean; {
			case a >= 0.9:
				grade = "grade.very"
			case a >= 0.8:
				grade = "grade.stable"
			case a >= 0.6:
				grade = "grade.doubtful"
			default:
				grade = "grade.unstable"
			}
		}
		p.Headline = p.t("headline", customers, p.L.word(k), p.t(grade))
	}
	if because := p.because(); because != "" {
		p.Lead = append(p.Lead, because)
	}
	if k == 1 {
		p.Lead = append(p.Lead, p.t("one.hint"))
	}
	if st := p.seg.Stability; st != nil && k > 1 {
		p.Lead = append(p.Lead, p.t("repeat", p.L.int(int64(st.Pairs)), p.L.dec(st.ARIMean, 2)))
	}
	if !p.seg.Passed && k > 1 {
		p.Alert = p.t("not_passed")
	}
	p.KPIs = append(p.KPIs, kpi{p.t("customers"), customers, p.t("kpi.customers.note")})
	seg := kpi{p.t("segments"), fmt.Sprint(k), ""}
	if p.sweep != nil && len(p.sweep.K) > 1 {
		seg.Note = p.t("kpi.segments.note", fmt.Sprint(p.sweep.K[0].K), fmt.Sprint(p.sweep.K[len(p.sweep.K)-1].K))
	}
	p.KPIs = append(p.KPIs, seg)
	if r := p.seg.RevenueTotal; r != nil {
		p.KPIs = append(p.KPIs, kpi{p.t("revenue"), p.L.compact(*r), p.t("kpi.revenue.note")})
	}
	if st := p.seg.Stability; st != nil && k > 1 {
		note := p.t("kpi.stability.note", p.L.int(int64(st.Pairs)))
		p.KPIs = append(p.KPIs, kpi{p.t("kpi.stability"), p.L.dec(st.ARIMean, 2), note})
	}
	if p.sweep != nil && k > 1 {
		for _, s := range p.sweep.K {
			if s.K == k && s.Silhouette != nil {
				note := "kpi.separation.note"
				if strings.HasPrefix(p.sweep.Convention.Silhouette, "sample") {
					note = "kpi.separation.se"
				}
				grade := p.t(note, p.silhouetteGrade(*s.Silhouette))
				p.KPIs = append(p.KPIs, kpi{p.t("kpi.separation"), p.L.dec(*s.Silhouette, 2), grade})
			}
		}
	}
	if p.quality != nil {
		var read, used int64
		for _, s := range p.quality.Sources {
			read += s.RowsRead
			used += s.RowsUsed
		}
		if read > 0 {
			share := float64(used) / float64(read)
			p.KPIs = append(p.KPIs, kpi{p.t("kpi.data"), p.L.pct(share), p.t("kpi.data.note", p.L.int(used), p.L.int(read))})
		}
	}
}

// because is the sentence that says why this number was chosen, without the "k = 5: " that stands above it anyway.
func (p *page) because() string {
	s := p.seg.ChosenBecause.in(p.Lang)
	if rest, ok := strings.CutPrefix(s, fmt.Sprintf("k = %d: ", p.seg.K)); ok && rest != "" {
		s = capital(rest)
	}
	return p.prose(s)
}

// prose keeps figures and what belongs to them on one line, and writes per cent as the language does.
func (p *page) prose(s string) string {
	return strings.NewReplacer(" %", p.L.percent, "k = ", "k"+nbsp+"="+nbsp, "≤ ", "≤"+nbsp, "> ", ">"+nbsp).Replace(s)
}

func (p *page) silhouetteGrade(s float64) string {
	switch {
	case s >= 0.7:
		return p.t("sil.strong")
	case s >= 0.5:
		return p.t("sil.fair")
	case s >= 0.25:
		return p.t("sil.weak")
	}
	return p.t("sil.none")
}

// row describes segment i as far as it may be shown.
func (p *page) row(i int) row {
	s := p.segments[i]
	r := row{
		Anchor: p.id(fmt.Sprintf("s%d", s.Number)), Number: s.Number, Colour: colour(s.Number), ID: s.ID,
		Name: s.Name.in(p.Lang), Stability: p.t("slsw.unknown"), StabilityKey: "unknown",
	}
	if v := s.SLSwMean; v != nil {
		r.SLSw = p.L.dec(*v, 2)
		switch {
		case *v >= 0.85:
			r.Stability, r.StabilityKey = p.t("slsw.very"), "good"
		case *v >= 0.75:
			r.Stability, r.StabilityKey = p.t("slsw.stable"), "good"
		case *v >= 0.6:
			r.Stability, r.StabilityKey = p.t("slsw.doubtful"), "fair"
		default:
			r.Stability, r.StabilityKey = p.t("slsw.unstable"), "poor"
		}
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
		if s.RevenueShare != nil {
			r.RevenueShare, r.RevenueBar = p.L.pct(*s.RevenueShare), lengthBar(*s.RevenueShare/p.longest())
		}
		if s.Potential != nil {
			r.Figures = append(r.Figures,
				pair{Name: p.t("realised"), Value: p.L.compact(s.Potential.Realised)},
				pair{Name: p.t("unrealised"), Value: p.L.compact(s.Potential.Unrealised)})
		}
	}
	if s.RevenueClass != nil {
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
		if len(r.Levels) < 4 && !few {
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
