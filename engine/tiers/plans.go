package tiers

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"segovia/engine/profile"
	"segovia/kernels/problem"
)

// PlanFields are the seven fields of a strategy, in order.
var PlanFields = [7]string{"sales_intensity", "offer", "channel", "service_level", "visits", "campaigns", "terms"}

// PlanLabels name the fields for people.
var PlanLabels = [7]Text{
	tx("Vertriebsintensität", "sales intensity"), tx("Angebot", "offer"), tx("Kommunikationskanal", "communication channel"),
	tx("Servicelevel", "service level"), tx("Besuche", "visits"), tx("Kampagnen", "campaigns"), tx("Konditionen", "terms"),
}

// plans makes the strategy of every combination of segment and tier that has customers. The most specific configured row
// decides each field: segment and tier before segment before tier before all; of equals the first. What nobody configured is
// proposed from the segment's figures.
func (a *assigner) plans() error {
	if err := a.checkPlans(); err != nil {
		return err
	}
	o := a.out
	tiers := max(1, len(o.Tiers))
	count := make([]int, a.k*tiers)
	o.PlanOf = make([]int, len(a.seg.Labels))
	for i, s := range a.seg.Labels {
		t := 0
		if o.Tier != nil {
			t = o.Tier[i]
		}
		o.PlanOf[i] = s*tiers + t
		count[o.PlanOf[i]]++
	}
	number := make([]int, len(count)) // of the plan among those with customers
	for at, n := range count {
		if n == 0 {
			continue
		}
		s, t := at/tiers, at%tiers
		tier := ""
		if o.Tier != nil {
			tier = o.Tiers[t]
		}
		p := PlanReport{Segment: s + 1, Tier: tier, Customers: n}
		var texts [len(PlanFields)]Text
		for f, field := range PlanFields {
			pf := PlanField{Field: field}
			if text := a.configured(s, tier, f); text != "" {
				pf.Text = tx(text, text)
			} else {
				pf.Proposed = true
				pf.Text, pf.Why = a.propose(f, s, t, n)
			}
			p.Fields, texts[f] = append(p.Fields, pf), pf.Text
		}
		number[at] = len(a.report.Plans)
		a.report.Plans, o.Plans = append(a.report.Plans, p), append(o.Plans, texts)
	}
	for i := range o.PlanOf {
		o.PlanOf[i] = number[o.PlanOf[i]]
	}
	for s := range a.seg.Segments.Segments {
		a.seg.Segments.Segments[s].Plan = a.planOfSegment(s)
	}
	return nil
}

// planOfSegment is the plan in segments.json: by tier, field by field in both languages.
func (a *assigner) planOfSegment(s int) map[string]any {
	out := map[string]any{}
	for _, p := range a.report.Plans {
		if p.Segment != s+1 {
			continue
		}
		fields := map[string]any{}
		for _, f := range p.Fields {
			fields[f.Field] = map[string]any{"de": f.Text.DE, "en": f.Text.EN, "proposed": f.Proposed}
		}
		tier := p.Tier
		if tier == "" {
			tier = "all"
		}
		out[tier] = fields
	}
	return out
}

// checkPlans returns SEG-FEA-002 for rows whose segment or tier is not there.
func (a *assigner) checkPlans() error {
	var list problem.List
	var known []string // whether or not the data allowed them
	if a.cfg.Rules != nil {
		known = a.cfg.Rules.WithDefaults().Tiers
	}
	for i, p := range a.cfg.Plans {
		if p.Segment != "" && !slices.ContainsFunc(a.seg.Segments.Segments, func(s profile.Segment) bool { return names(p.Segment, s) }) {
			a.warn(fmt.Sprintf("Der Plan %d nennt ein Segment „%s“, das es in diesem Lauf nicht gibt.", i+1, p.Segment),
				fmt.Sprintf("plan %d names a segment %q that this run does not have", i+1, p.Segment))
		}
		if p.Tier != "" && !slices.Contains(known, p.Tier) {
			list = append(list, &problem.Problem{ID: "SEG-FEA-002", What: fmt.Sprintf("%q is no tier", p.Tier), Place: fmt.Sprintf("plans[%d].tier", i),
				Fix: "use one of " + strings.Join(known, ", ")})
		}
	}
	return list.Err()
}

// names reports whether a configured text means the segment: its id, number or name in one of the languages.
func names(text string, s profile.Segment) bool {
	return strings.EqualFold(text, s.ID) || text == strconv.Itoa(s.Number) || strings.EqualFold(text, s.Name.DE) || strings.EqualFold(text, s.Name.EN)
}

// configured returns the text that the most specific row gives the field; empty where none does.
func (a *assigner) configured(s int, tier string, field int) string {
	best, text := -1, ""
	for _, p := range a.cfg.Plans {
		rank := 0
		if p.Segment != "" {
			if !names(p.Segment, a.seg.Segments.Segments[s]) {
				continue
			}
			rank += 2
		}
		if p.Tier != "" {
			if p.Tier != tier {
				continue
			}
			rank++
		}
		if p.Fields[field] != "" && rank > best {
			best, text = rank, p.Fields[field]
		}
	}
	return text
}

// propose makes a proposal for a field from the figures of segment s and the rank of the tier (0 = best of five; -1 without
// tiers), and says which figure it rests on.
func (a *assigner) propose(field, s, tier, customers int) (text, why Text) {
	v := a.report.Segments[s]
	level := tier // 0..4
	if a.out.Tier == nil {
		level = 2
	} else if n := len(a.out.Tiers); n > 1 {
		level = (tier*4 + (n-1)/2) / (n - 1)
	}
	tierWhy := tx("Klasse", "tier")
	if a.out.Tier != nil {
		tierWhy = both(func(g bool) string {
			return tx("Klasse ", "tier ").in(g) + a.out.Tiers[tier]
		})
	}
	share := 1.0
	if v.ShareOfWallet != nil {
		share = *v.ShareOfWallet
	}
	open := share < 1-UnrealisedFrom
	shareWhy := both(func(g bool) string {
		return tx("Lieferanteil des Segments ", "the segment's share of wallet ").in(g) + Amount(share, "share", g)
	})
	ratio, contactWhy := 1.0, tx("Kontakte und Bestellungen nicht bekannt", "contacts and orders not known")
	if v.ContactsPerYear != nil && v.OrdersPerYear != nil && *v.OrdersPerYear > 0 {
		ratio = *v.ContactsPerYear / *v.OrdersPerYear
		contactWhy = both(func(g bool) string {
			return number(*v.ContactsPerYear, g) + tx(" Kontakte, ", " contacts, ").in(g) + number(*v.OrdersPerYear, g) + tx(" Bestellungen im Jahr im Segment", " orders a year in the segment").in(g)
		})
	}
	pick := func(texts ...Text) Text { return texts[level] }
	switch PlanFields[field] {
	case "sales_intensity":
		text = pick(tx("sehr hoch: eigener Key-Account-Manager", "very high: a key account manager of their own"), tx("hoch: fester Außendienst", "high: a field salesperson of their own"),
			tx("mittel: Außendienst nach Anlass", "medium: field sales on occasion"), tx("gering: Innendienst", "low: inside sales"), tx("minimal: Online und Hotline", "minimal: web and hotline"))
		if open && level == 3 {
			text = tx("mittel: Innendienst mit Potenzialgespräch", "medium: inside sales with a talk about potential")
		}
		return text, joinTexts(tierWhy, shareWhy)
	case "offer":
		return a.proposeOffer(s, open, shareWhy)
	case "channel":
		return pick(tx("persönlich", "in person"), tx("persönlich und Telefon", "in person and telephone"), tx("Telefon und E-Mail", "telephone and e-mail"),
			tx("E-Mail, Telefon bei Anlass", "e-mail, telephone on occasion"), tx("E-Mail und Webshop", "e-mail and web shop")), tierWhy
	case "service_level":
		return pick(tx("Premium: Reaktion am selben Tag", "premium: response on the same day"), tx("hoch: Reaktion am nächsten Tag", "high: response on the next day"),
			tx("Standard", "standard"), tx("Standard, Fernwartung zuerst", "standard, remote service first"), tx("Basis: Fernwartung und Selbsthilfe", "basic: remote service and self-help")), tierWhy
	case "visits":
		perYear := [5]int{12, 6, 2, 1, 0}[level]
		if open && level > 0 && level < 4 {
			perYear++
		}
		if perYear == 0 {
			return tx("keine", "none"), joinTexts(tierWhy, shareWhy)
		}
		return tx(strconv.Itoa(perYear)+" im Jahr", strconv.Itoa(perYear)+" a year"), joinTexts(tierWhy, shareWhy)
	case "campaigns":
		switch {
		case ratio > 2:
			return tx("weniger und gezielter als heute", "fewer and better aimed than today"), contactWhy
		case ratio < 0.5 && open:
			return tx("in alle passenden Kampagnen aufnehmen", "into every campaign that fits"), joinTexts(contactWhy, shareWhy)
		case open:
			return tx("Kampagnen zum offenen Bedarf", "campaigns for what they buy elsewhere"), shareWhy
		}
		return tx("wie bisher", "as before"), contactWhy
	}
	switch { // terms
	case open && level <= 1:
		return tx("Jahresvereinbarung mit Bonus auf Mehrumsatz", "annual agreement with a bonus on growth"), joinTexts(tierWhy, shareWhy)
	case open:
		return tx("Staffelpreise, Neukundenrabatt auf neue Warengruppen", "graduated prices, introductory discount on new product groups"), shareWhy
	case level <= 1:
		return tx("Rahmenvertrag verlängern", "prolong the framework agreement"), joinTexts(tierWhy, shareWhy)
	}
	return tx("Listenpreise", "list prices"), joinTexts(tierWhy, shareWhy)
}

// proposeOffer names the part of the demand in which most is to gain.
func (a *assigner) proposeOffer(s int, open bool, shareWhy Text) (text, why Text) {
	if !open {
		return tx("halten: Vertragsverlängerung, Zusatzleistungen", "keep: prolongation, additional services"), shareWhy
	}
	if a.cfg.Potential == nil {
		return tx("Angebot für den Bedarf, der anderswo gedeckt wird", "an offer for what they buy elsewhere"), shareWhy
	}
	if a.gains == nil {
		a.findGains()
	}
	c, v := a.gains[0][s], a.gains[1][s]
	why = both(func(g bool) string {
		return tx("offen: Verbrauchsmaterial ", "open: consumables ").in(g) + shortAmount(c, a.cfg.Profile.Currency, g) + tx(", Service ", ", service ").in(g) + shortAmount(v, a.cfg.Profile.Currency, g)
	})
	if c >= v {
		return tx("Verbrauchsmaterial im Abonnement zu den Geräten", "consumables by subscription with the machines"), why
	}
	return tx("Wartungsvertrag", "a service contract"), why
}

func joinTexts(a, b Text) Text { return Text{DE: a.DE + ", " + b.DE, EN: a.EN + ", " + b.EN} }

// findGains sums up by segment what consumables and service could bring beyond today's.
func (a *assigner) findGains() {
	p := a.cfg.Potential
	for part, x := range []struct{ could, feature string }{{"potential_consumables", p.Consumables}, {"potential_service", p.Service}} {
		could := slices.Clone(a.numbers(x.could))
		if x.feature != "" && x.feature != a.roles.Revenue {
			for i, is := range a.perYear(x.feature) {
				could[i] = max(0, could[i]-max(0, is))
			}
		}
		sums := make([]float64, a.k)
		a.sumBy(could, a.seg.Labels, sums)
		if a.gains == nil {
			a.gains = make([][]float64, 2)
		}
		a.gains[part] = sums
	}
}
