package reportio

import (
	"fmt"
	"slices"
	"strings"
)

// gateTable is every number of segments that was tried, with its figures and checks.
type gateTable struct {
	Columns []string // statistics
	Gates   []string // checks; empty if nothing was chosen
	Rows    []gateRow
}

type gateRow struct {
	K       int
	Chosen  bool
	Figures []string
	Checks  []check
	Verdict string
	State   string // "yes", "no", "chosen", "" if there is no verdict
}

// gateOrder is the order of the checks; the limit on the number of segments is shown only where it mattered.
var gateOrder = []string{"large_enough", "stable_global", "stable_segments", "distinguishable", "max_segments"}

func (p *page) gates() *gateTable {
	t := &gateTable{}
	type column struct {
		name  string
		value func(k sweepK) string
	}
	num := func(v *float64) string {
		if v == nil {
			return none
		}
		return p.figure(*v)
	}
	exact := slices.ContainsFunc(p.sweep.K, func(k sweepK) bool { return k.Silhouette != nil })
	columns := []column{
		{p.t("short.ari"), func(k sweepK) string {
			if k.Stability == nil {
				return none
			}
			return p.figure(k.Stability.ARIMean)
		}},
		{p.t("weakest"), func(k sweepK) string {
			if k.Stability == nil || len(k.Stability.Segments) == 0 {
				return none
			}
			least := k.Stability.Segments[0].SLSwMean
			for _, s := range k.Stability.Segments {
				least = min(least, s.SLSwMean)
			}
			return p.figure(least)
		}},
		{p.t("smallest"), func(k sweepK) string {
			if len(k.Sizes) == 0 {
				return none
			}
			least := slices.Min(k.Sizes)
			if least < p.least() {
				return p.t("few", p.L.int(int64(p.least())))
			}
			return p.L.int(int64(least))
		}},
		{p.t("stat.silhouette"), func(k sweepK) string { return num(k.Silhouette) }},
		{p.t("short.simplified"), func(k sweepK) string {
			if exact {
				return none
			}
			return num(k.SilhouetteSimplified)
		}},
		{p.t("stat.ch"), func(k sweepK) string { return num(k.CalinskiHarabasz) }},
		{p.t("stat.db"), func(k sweepK) string { return num(k.DaviesBouldin) }},
		{p.t("stat.gap"), func(k sweepK) string { return num(k.Gap) }},
		{p.t("short.inertia"), func(k sweepK) string { return num(&k.Inertia) }},
	}
	columns = slices.DeleteFunc(columns, func(c column) bool {
		return !slices.ContainsFunc(p.sweep.K, func(k sweepK) bool { return c.value(k) != none })
	})
	for _, c := range columns {
		t.Columns = append(t.Columns, c.name)
	}
	gates := p.usedGates()
	for _, g := range gates {
		t.Gates = append(t.Gates, p.t("gate."+g))
	}
	for _, k := range p.sweep.K {
		r := gateRow{K: k.K, Chosen: k.K == p.chosenK()}
		for _, c := range columns {
			r.Figures = append(r.Figures, c.value(k))
		}
		p.verdict(&r, gates)
		t.Rows = append(t.Rows, r)
	}
	return t
}

// usedGates lists the checks that the table shows; none if no choice was made.
func (p *page) usedGates() []string {
	if p.sweep.Chosen == nil || len(p.sweep.Chosen.Gates) == 0 {
		return nil
	}
	gates := slices.Clone(gateOrder[:4])
	for _, g := range p.sweep.Chosen.Gates {
		if slices.Contains(g.Failed, gateOrder[4]) {
			return gateOrder
		}
	}
	return gates
}

func (p *page) verdict(r *gateRow, gates []string) {
	if p.sweep.Chosen == nil {
		return
	}
	for _, g := range p.sweep.Chosen.Gates {
		if g.K != r.K {
			continue
		}
		for _, name := range gates {
			c := check{Name: p.t("gate." + name), State: "yes"}
			if slices.Contains(g.Failed, name) {
				c.State = "no"
			}
			c.Verdict = p.t("check." + c.State)
			r.Checks = append(r.Checks, c)
		}
		switch {
		case r.Chosen:
			r.Verdict, r.State = p.t("verdict.chosen"), "chosen"
		case g.Passed:
			r.Verdict, r.State = p.t("verdict.passed"), "yes"
		default:
			r.Verdict, r.State = p.t("verdict.failed"), "no"
		}
	}
}

// qualityView is the page on the data.
type qualityView struct {
	Columns  []string // reasons that occur, beside read and used
	Sources  []sourceRow
	Entity   []pair
	Findings []finding
	Overlap  bool       // reasons that can meet in one row
	Unusable []unusable // by reason
	Features []featureRow
	Coverage []coverageRow
}

// coverageRow is one subsidiary, country or region.
type coverageRow struct {
	Level, Customers, Active, Complete string
	ActiveBar, CompleteBar             bar
}

type sourceRow struct {
	Name, Files, Read, Used, UsedShare string
	UsedBar                            bar
	Reasons                            []string
	Found                              string
	Title                              string // of the table of columns
	Details                            []columnRow
}

type columnRow struct {
	Name, Type, Nulls, NonFinite, Outliers, Period, Used string
}

type finding struct{ Severity, Class, Text, Code string }

// unusable are the features that one reason keeps out.
type unusable struct {
	Why, Names string
	Foreign    bool // Why is in the engine's English
}

// featureRow is one feature with what is missing of it.
type featureRow struct{ Label, Used, Missing, Share string }

// whyNot translates the reasons that quality.json gives for a feature that is not used.
var whyNot = []struct{ part, key string }{
	{"missing", "why.missing"}, {"null", "why.missing"}, {"constant", "why.constant"},
	{"profile", "why.profile"}, {"correlat", "why.correlated"},
}

func (p *page) qualityView() *qualityView {
	v := &qualityView{}
	type reason struct {
		key  string
		rows func(s qualitySource) int64
	}
	reasons := []reason{
		{"rows.nokey", func(s qualitySource) int64 { return s.RowsWithoutKey }},
		{"rows.filtered", func(s qualitySource) int64 { return s.RowsFiltered }},
		{"rows.notime", func(s qualitySource) int64 { return s.RowsWithoutTime }},
		{"rows.window", func(s qualitySource) int64 { return s.RowsOutsideWindow }},
		{"rows.future", func(s qualitySource) int64 { return s.RowsFuture }},
		{"rows.unknown", func(s qualitySource) int64 { return s.RowsUnknownCustomer }},
		{"rows.duplicate", func(s qualitySource) int64 { return s.RowsDuplicateRemoved }},
		{"rows.rejected", func(s qualitySource) int64 { return s.RowsRejected }},
	}
	reasons = slices.DeleteFunc(reasons, func(r reason) bool {
		return !slices.ContainsFunc(p.quality.Sources, func(s qualitySource) bool { return r.rows(s) != 0 })
	})
	for _, r := range reasons {
		v.Columns = append(v.Columns, p.t(r.key))
		v.Overlap = v.Overlap || r.key == "rows.nokey" || r.key == "rows.duplicate"
	}
	for _, s := range p.quality.Sources {
		row := sourceRow{
			Name: s.Name, Files: p.L.int(int64(s.Files)), Read: p.L.int(s.RowsRead), Used: p.L.int(s.RowsUsed),
			Title: p.t("columns", s.Name),
		}
		if s.RowsRead > 0 {
			share := float64(s.RowsUsed) / float64(s.RowsRead)
			row.UsedShare, row.UsedBar = p.L.pct(share), lengthBar(share)
		}
		if s.RowsDuplicate > 0 {
			row.Found = p.t("rows.found", p.L.int(s.RowsDuplicate))
		}
		for _, r := range reasons {
			row.Reasons = append(row.Reasons, p.L.int(r.rows(s)))
		}
		for _, c := range s.Columns {
			row.Details = append(row.Details, p.columnRow(c))
		}
		v.Sources = append(v.Sources, row)
	}
	e := p.quality.Entity
	v.Entity = append(v.Entity, pair{Name: p.t("entity.customers"), Value: p.L.int(e.Customers)})
	if e.Orders != nil {
		v.Entity = append(v.Entity, pair{Name: p.t("entity.orders"), Value: p.L.int(*e.Orders)})
	}
	if e.Amount != nil {
		v.Entity = append(v.Entity, pair{Name: p.t("entity.amount"), Value: p.L.amount(*e.Amount)})
	}
	if e.Complete != nil {
		v.Entity = append(v.Entity, pair{Name: p.t("entity.complete"), Value: p.L.int(*e.Complete)})
	}
	for _, severity := range []string{"error", "warn", "info"} {
		for _, f := range p.quality.Findings {
			if f.Severity == severity {
				v.Findings = append(v.Findings, finding{p.t("severity." + severity), severity, p.prose(f.Text.in(p.Lang)), f.Code})
			}
		}
	}
	for _, f := range p.quality.Features {
		row := featureRow{Label: p.label(f.Name), Used: p.t("no"), Missing: p.L.int(f.Missing), Share: none}
		if e.Customers > 0 {
			row.Share = p.L.pct(float64(f.Missing) / float64(e.Customers))
		}
		if f.Used {
			row.Used = p.t("yes")
		}
		v.Features = append(v.Features, row)
		if f.Used {
			continue
		}
		u := unusable{Names: p.label(f.Name), Why: none}
		if f.WhyNot != nil {
			u.Why, u.Foreign = *f.WhyNot, p.Lang != "en"
			for _, w := range whyNot {
				if strings.Contains(*f.WhyNot, w.part) {
					u.Why, u.Foreign = p.t(w.key), false
					break
				}
			}
		}
		if i := slices.IndexFunc(v.Unusable, func(o unusable) bool { return o.Why == u.Why }); i >= 0 {
			v.Unusable[i].Names += ", " + u.Names
		} else {
			v.Unusable = append(v.Unusable, u)
		}
	}
	var sizes []segment // the least cell holds here as for segments
	for _, c := range p.quality.Coverage {
		sizes = append(sizes, segment{Customers: int(c.Customers)})
	}
	hidden := covers(sizes, p.least()).size
	for i, c := range p.quality.Coverage {
		if hidden[i] {
			continue
		}
		active, complete := float64(c.Active)/float64(c.Customers), float64(c.Complete)/float64(c.Customers)
		v.Coverage = append(v.Coverage, coverageRow{
			Level: p.label(c.Column) + ": " + p.levelName(c.Level), Customers: p.L.int(c.Customers),
			Active: p.L.pct0(active), ActiveBar: lengthBar(active), Complete: p.L.pct0(complete), CompleteBar: lengthBar(complete),
		})
	}
	return v
}

// levelName gives the two levels that the engine makes up a name for people.
func (p *page) levelName(level string) string {
	switch level {
	case "":
		return p.t("coverage.none")
	case "other":
		return p.t("coverage.rest")
	}
	return level
}

func (p *page) columnRow(c qualityColumn) columnRow {
	r := columnRow{
		Name: c.Name, Type: c.Type, Nulls: p.L.int(c.Nulls), NonFinite: p.L.int(c.NonFinite), Outliers: p.L.int(c.Outliers),
		Period: none, Used: none,
	}
	if c.FirstTime != nil && c.LastTime != nil {
		r.Period = p.L.day(*c.FirstTime) + " – " + p.L.day(*c.LastTime)
	}
	if c.Used != nil {
		r.Used = p.t(map[bool]string{true: "yes", false: "no"}[*c.Used])
	}
	return r
}

// buildMethods lists what it takes to repeat the run, and what the terms mean.
func (p *page) buildMethods() {
	add := func(key, value string, code bool) {
		if value != "" {
			p.Methods = append(p.Methods, pair{p.t(key), value, code})
		}
	}
	g := p.in.Generated
	add("m.project", p.in.Project, false)
	add("m.run", p.in.RunID, true)
	if !g.Time.IsZero() {
		add("m.time", p.L.moment(g.Time), false)
	}
	if !g.AsOf.IsZero() {
		add("m.asof", p.L.date(g.AsOf), false)
	}
	if g.Window == "all" {
		add("m.window", p.t("m.window.all"), false)
	} else {
		add("m.window", g.Window, false)
	}
	if g.Inputs > 0 {
		add("m.inputs", p.L.int(int64(g.Inputs)), false)
	}
	add("m.version", g.Version, false)
	algorithm, seed := g.AlgorithmVersion, g.Seed
	if p.sweep != nil {
		if algorithm == "" {
			algorithm = p.sweep.AlgorithmVersion
		}
		if seed == 0 {
			seed = p.sweep.Seed
		}
	}
	add("m.algorithm", algorithm, false)
	add("m.seed", fmt.Sprint(seed), true)
	if p.sweep != nil {
		c := p.sweep.Convention
		if p.sweep.Chosen != nil {
			add("m.rule", p.sweep.Chosen.Rule, true)
		}
		add("m.scale", c.Scale, true)
		add("m.init", c.Init, true)
		if c.Restarts > 0 {
			add("m.restarts", p.L.int(int64(c.Restarts)), false)
		}
		if c.Bootstrap > 0 {
			add("m.bootstrap", p.t("m.boot", p.L.int(int64(c.Bootstrap)), p.L.int(int64(c.BootRestart))), false)
			add("m.scheme", c.BootScheme, true)
		}
		add("m.silhouette", p.silhouetteKind(c.Silhouette), false)
		if _, known := texts["m.gap."+c.GapSpace]; known && c.Gap > 0 {
			add("m.gap", p.t("m.gap."+c.GapSpace, p.L.int(int64(c.Gap)), p.L.int(int64(c.GapPower))), false)
		}
		if _, known := texts["m.precision."+p.sweep.Precision]; known {
			add("m.precision", p.t("m.precision."+p.sweep.Precision), false)
		}
		if p.sweep.Fits > 0 {
			add("m.fits", p.L.int(int64(p.sweep.Fits)), false)
		}
		var names []string
		for _, f := range p.sweep.Features {
			names = append(names, p.label(f))
		}
		add("m.features", strings.Join(names, ", "), false)
	}
	add("m.mincell", p.t("m.mincell.v", p.L.int(int64(p.least()))), false)
	add("m.path", g.HardwarePath, true)
	add("m.config", g.ConfigSHA256, true)
	add("m.labels", g.LabelHash, true)
	for _, key := range []string{"ari", "slsw", "sil", "ch", "db", "inertia", "effect", "class"} {
		p.Glossary = append(p.Glossary, pair{Name: p.t("g." + key + ".t"), Value: p.t("g." + key)})
	}
}

func (p *page) silhouetteKind(kind string) string {
	n, sampled := strings.CutPrefix(kind, "sample:")
	switch {
	case kind == "exact":
		return p.t("m.sil.exact")
	case kind == "simplified":
		return p.t("m.sil.simple")
	case sampled:
		return p.t("m.sil.sample", p.L.amount(n))
	}
	return ""
}
