package reportio

import (
	"slices"
	"strings"
)

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
	who := "entity.customers"
	if e.Accounts != nil && e.Accounts.Mode == "sum" {
		who = "entity.accounts"
	}
	v.Entity = append(v.Entity, pair{Name: p.t(who), Value: p.L.int(e.Customers)})
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
