package reportio

import (
	"math"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// profileRow is one feature across all segments.
type profileRow struct {
	Name, Label string
	Overall     string
	Clustered   bool
	Strength    float64 // largest absolute effect
	Cells       []profileCell
}

// profileCell is one feature in one segment.
type profileCell struct {
	Known         bool
	Effect        float64
	EffectText    string
	Mean, Overall string
	Lift          string
	Class         string // of the heat map
	z             float64
}

// label is a feature's name for people.
func (p *page) label(name string) string {
	bare := strings.ReplaceAll(name, "_", " ")
	if s := p.info[name].Label.in(p.Lang); s != "" && s != bare { // the name itself is no label
		return capital(s)
	}
	if common, ok := columnNames[strings.ToLower(name)]; ok {
		return common.in(p.Lang)
	}
	if feature, level, ok := strings.Cut(name, "="); ok && feature != "" { // a column of a feature with levels
		return p.label(feature) + ": " + p.levelName(level)
	}
	return capital(bare)
}

// columnNames are names of columns that nearly every company has, for those that the artifacts do not label.
var columnNames = map[string]text{
	"country":       {"Land", "Country"},
	"region":        {"Region", "Region"},
	"industry":      {"Branche", "Industry"},
	"subsidiary":    {"Gesellschaft", "Subsidiary"},
	"postcode":      {"Postleitzahl", "Postcode"},
	"channel":       {"Kanal", "Channel"},
	"email_consent": {"Einwilligung E-Mail", "Consent to e-mail"},
	"phone_consent": {"Einwilligung Telefon", "Consent to phone calls"},
}

// capital writes the first letter large.
func capital(s string) string {
	if s == "" {
		return ""
	}
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// buildProfile makes the rows, strongest first; ties in the order of the features.
func (p *page) buildProfile() []profileRow {
	var rows []profileRow
	at := map[string]int{}
	row := func(name string) int {
		if i, ok := at[name]; ok {
			return i
		}
		f, ok := p.info[name]
		at[name] = len(rows)
		rows = append(rows, profileRow{
			Name: name, Label: p.label(name), Overall: p.L.value(f.Mean, f.Unit), Clustered: !ok || f.Clustered,
			Cells: make([]profileCell, len(p.segments)),
		})
		return at[name]
	}
	for _, f := range p.seg.Features {
		row(f.Name)
	}
	for j, s := range p.segments {
		if p.cover.all[j] {
			continue
		}
		for _, f := range s.Features {
			r := &rows[row(f.Name)]
			info := p.info[f.Name]
			cell := profileCell{
				Known: true, Effect: f.Effect, EffectText: p.L.signed(f.Effect, 2), Class: heatClass(f.Effect),
				Mean: p.L.value(f.Mean, info.Unit), Overall: p.L.value(f.OverallMean, info.Unit),
			}
			if f.Lift != nil {
				cell.Lift = p.L.dec(*f.Lift, 2)
			}
			if info.SD > 0 {
				cell.z = (f.Mean - info.Mean) / info.SD
			}
			r.Cells[j] = cell
			r.Strength = max(r.Strength, math.Abs(f.Effect))
		}
	}
	known := rows[:0]
	for _, r := range rows {
		for _, c := range r.Cells {
			if c.Known {
				known = append(known, r)
				break
			}
		}
	}
	sort.SliceStable(known, func(a, b int) bool { return known[a].Strength > known[b].Strength })
	return known
}

// axis is one upright line of the parallel coordinates.
type axis struct {
	Label string
	Z     []float64 // one for each segment: (mean - overall mean) / standard deviation
}

// axes returns the n strongest features that the segments were learned from and that vary; if there are none, the
// strongest of all.
func (p *page) axes(n int) []axis {
	for _, any := range []bool{false, true} {
		var out []axis
		for _, r := range p.Profile {
			if len(out) == n || p.info[r.Name].SD <= 0 || !any && !r.Clustered {
				continue
			}
			a := axis{Label: r.Label}
			for _, c := range r.Cells {
				a.Z = append(a.Z, c.z)
			}
			out = append(out, a)
		}
		if len(out) >= 2 || any {
			return out
		}
	}
	return nil
}
