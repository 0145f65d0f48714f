package reportio

import (
	"fmt"
	"slices"
	"strings"
)

// structure is what the choice says of the data; "" for artifacts that do not say it.
func (p *page) structure() string {
	if p.sweep == nil || p.sweep.Chosen == nil {
		return ""
	}
	return p.sweep.Chosen.Structure
}

// alert marks a solution that is shown although it failed its checks.
type alert struct {
	Title, Text string
	Failed      []string
}

func (p *page) buildAlert() {
	if p.seg.Passed || len(p.segments) < 2 {
		return
	}
	p.Alert = &alert{Title: p.t("alert.title"), Text: p.t("alert.text")}
	if p.structure() == "fixed" {
		p.Alert.Text = p.t("alert.fixed")
	}
	if g := p.gate(len(p.segments)); g != nil {
		for _, name := range gateOrder {
			if slices.Contains(g.Failed, name) {
				p.Alert.Failed = append(p.Alert.Failed, p.t("failed."+name))
			}
		}
	}
}

// headline says in one sentence what came out.
func (p *page) headline() string {
	customers, k := p.L.int(int64(p.seg.Customers)), len(p.segments)
	switch {
	case k == 0:
		return p.t("headline.none")
	case k == 1 && p.structure() == "none":
		return p.t("headline.group", customers)
	case k == 1 && p.structure() == "continuous":
		return p.t("headline.continuous", customers)
	case k == 1 && p.structure() == "fixed":
		return p.t("headline.fixed", customers)
	case k == 1:
		return p.t("headline.one", customers)
	case !p.seg.Passed:
		return p.t("headline.failing", customers, p.L.word(k))
	}
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
	return p.t("headline", customers, p.L.word(k), p.t(grade))
}

// buildHead writes the answer: how many segments, how stable, and why. Where there are none, it says first what that
// means.
func (p *page) buildHead() {
	customers, k := p.L.int(int64(p.seg.Customers)), len(p.segments)
	p.Headline = p.headline()
	p.buildAlert()
	because := p.because()
	switch {
	case k != 1:
	case p.structure() == "none":
		p.Lead = append(p.Lead, p.t("one.none")+" "+p.t("one.rules"))
	case p.structure() == "continuous":
		p.Lead = append(p.Lead, p.t("one.continuous")+" "+p.t("one.rules"))
	case p.structure() != "fixed":
		p.Lead = append(p.Lead, p.t("one.hint")+" "+p.t("one.rules"))
	}
	if because != "" {
		p.Lead = append(p.Lead, because)
	}
	if st := p.seg.Stability; st != nil && k > 1 {
		p.Lead = append(p.Lead, p.t("repeat", p.L.int(int64(st.Pairs)), strings.TrimSpace(p.L.dec(st.ARIMean, 2)+" "+p.plusMinus(st.ARIMCSE, 2))))
	}
	p.KPIs = append(p.KPIs, kpi{p.t("customers"), customers, p.t("kpi.customers.note")})
	seg := kpi{p.t("segments"), fmt.Sprint(k), ""}
	if s := p.structure(); k == 1 && (s == "none" || s == "continuous") {
		seg.Value = p.t("kpi.segments.none")
	}
	if p.sweep != nil && len(p.sweep.K) > 1 {
		seg.Note = p.t("kpi.segments.note", fmt.Sprint(p.sweep.K[0].K), fmt.Sprint(p.sweep.K[len(p.sweep.K)-1].K))
	}
	p.KPIs = append(p.KPIs, seg)
	if r := p.seg.RevenueTotal; r != nil {
		note := p.t("kpi.revenue.note")
		if k == 1 {
			note = p.t("kpi.revenue.one")
		}
		p.KPIs = append(p.KPIs, kpi{p.t("revenue"), p.L.compact(*r), note})
	}
	p.valueKPI()
	if st := p.seg.Stability; st != nil && k > 1 {
		note := p.t("kpi.stability.note", p.L.int(int64(st.Pairs)))
		p.KPIs = append(p.KPIs, kpi{p.t("kpi.stability"), p.L.dec(st.ARIMean, 2), noteWith(p.plusMinus(st.ARIMCSE, 3), note)})
	}
	p.separation()
	p.rowsUsed()
}

// noteWith puts a standard error before a note.
func noteWith(error, note string) string {
	if error == "" {
		return note
	}
	return error + "; " + note
}

// separation adds the silhouette to the key figures.
func (p *page) separation() {
	if p.sweep == nil || len(p.segments) < 2 {
		return
	}
	s := p.sweep.at(len(p.segments))
	if s == nil || s.Silhouette == nil {
		return
	}
	note := "kpi.separation.note"
	if strings.HasPrefix(p.sweep.Convention.Silhouette, "sample") {
		note = "kpi.separation.se"
	}
	p.KPIs = append(p.KPIs, kpi{
		p.t("kpi.separation"), p.L.dec(*s.Silhouette, 2),
		noteWith(p.plusMinus(s.SilhouetteSE, 3), p.t(note, p.silhouetteGrade(*s.Silhouette))),
	})
}

// rowsUsed adds to the key figures how much of what was read was used.
func (p *page) rowsUsed() {
	if p.quality == nil {
		return
	}
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
	return strings.NewReplacer(" %", p.L.percent, "k = ", "k"+nbsp+"="+nbsp, "≤ ", "≤"+nbsp, "> ", ">"+nbsp, " ± ", nbsp+"±"+nbsp).Replace(s)
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
