package profile

import "strings"

// maxTextTraits is how many traits a description tells.
const maxTextTraits = 6

// description writes two to five sentences on segment s: how many customers and how much revenue, what is typical,
// contacts against orders, realised potential, levels that are frequent.
func (d *describer) description(s int, seg *Segment) Text {
	return both(func(l language) string {
		sentences := []string{d.sizeSentence(s, seg, l), d.traitSentence(s, seg, l)}
		if d.perYearSentence() && seg.ContactsPerYear != nil && seg.OrdersPerYear != nil {
			sentences = append(sentences, d.contactSentence(seg, l))
		}
		if f := d.roles.realised; f != nil && f.seg[s].n > 0 {
			sentences = append(sentences, d.potentialSentence(f.seg[s].mean, f.all.mean, l))
		}
		if levels := d.levelSentence(s, seg, l); levels != "" {
			sentences = append(sentences, levels)
		}
		return strings.Join(sentences, " ")
	})
}

func (d *describer) sizeSentence(s int, seg *Segment, l language) string {
	who := count(seg.Customers, l) + " " + tx("Kunden", "customers").in(l)
	if seg.Customers == 1 {
		who = tx("1 Kunde", "1 customer").in(l)
	}
	if d.in.K == 1 { // nothing to compare with
		if seg.RevenueShare == nil || seg.Customers == 1 {
			return who + "."
		}
		figure := d.roles.revenue.meta.figure(*seg.Revenue/float64(seg.Customers), l)
		return who + tx(" mit im Mittel "+figure+" Umsatz.", " with an average revenue of "+figure+".").in(l)
	}
	who += " (" + percent1(seg.Share, l) + tx(" aller Kunden)", " of all)").in(l)
	if seg.RevenueShare == nil || seg.RevenueClass == nil {
		return who + "."
	}
	verb := tx("bringen", "bring")
	if seg.Customers == 1 {
		verb = tx("bringt", "brings")
	}
	mean, all := *seg.Revenue/float64(seg.Customers), d.revenue/float64(len(d.in.Labels))
	class := map[string]Text{
		"low": tx("niedrig", "low"), "medium": tx("mittel", "medium"),
		"high": tx("hoch", "high"), "very high": tx("sehr hoch", "very high"),
	}[*seg.RevenueClass].in(l)
	figure := d.roles.revenue.meta.figure(mean, l)
	times := fixed(mean/all, 1, l)
	if mean < all {
		times = fixed(mean/all, 2, l)
	}
	if l == de {
		return who + " " + verb.DE + " " + percent1(*seg.RevenueShare, l) + " des Umsatzes; der Umsatz je Kunde ist " + class +
			": " + figure + ", das " + times + "-Fache des Durchschnitts."
	}
	return who + " " + verb.EN + " " + percent1(*seg.RevenueShare, l) + " of revenue; revenue per customer is " + class +
		": " + figure + ", " + times + " times the average."
}

func (d *describer) traitSentence(s int, seg *Segment, l language) string {
	typical := d.typical[s]
	if len(typical) == 0 {
		switch {
		case d.in.K == 1:
			return tx("Es gibt nur dieses eine Segment.", "There is only this one segment.").in(l)
		case seg.RevenueClass != nil:
			return tx("In allem anderen liegen sie nahe am Durchschnitt.",
				"In everything else they are close to the average.").in(l)
		}
		return tx("Sie liegen in allen Merkmalen nahe am Durchschnitt.",
			"They are close to the average in all features.").in(l)
	}
	parts := make([]string, 0, maxTextTraits)
	for _, t := range d.told(s) {
		if t.later {
			parts = append(parts, t.phrase.in(l))
		} else {
			parts = append(parts, t.inText.in(l))
		}
	}
	return tx("Typisch: ", "Typical: ").in(l) + enumerate(parts, l) + "."
}

// told lists the traits that segment s's description tells: the core ones and the strongest others.
func (d *describer) told(s int) []trait {
	core := 0
	for _, t := range d.typical[s] {
		if t.core {
			core++
		}
	}
	var out []trait
	others := max(0, maxTextTraits-core)
	for _, t := range d.typical[s] {
		if !t.core {
			if others == 0 {
				continue
			}
			others--
		}
		out = append(out, t)
	}
	return out
}

// enumerate joins parts with commas, or semicolons where the parts have commas; two plain parts with "and".
func enumerate(parts []string, l language) string {
	separator := ", "
	for _, p := range parts {
		if strings.Contains(p, ", ") {
			separator = "; "
		}
	}
	if len(parts) == 2 && separator == ", " {
		return parts[0] + tx(" und ", " and ").in(l) + parts[1]
	}
	return strings.Join(parts, separator)
}

// perYearSentence reports whether orders and contacts a year are known, so that they stand against each other.
func (d *describer) perYearSentence() bool { return d.contactsAll != nil && d.ordersAll != nil }

func (d *describer) contactSentence(seg *Segment, l language) string {
	contacts, orders := fixed(*seg.ContactsPerYear, 1, l), fixed(*seg.OrdersPerYear, 1, l)
	if d.in.K == 1 {
		return tx("Sie werden "+contacts+"-mal im Jahr kontaktiert und bestellen "+orders+"-mal.",
			"They are contacted "+contacts+" times a year and order "+orders+" times.").in(l)
	}
	contactsAll, ordersAll := fixed(*d.contactsAll, 1, l), fixed(*d.ordersAll, 1, l)
	if l == de {
		return "Sie werden " + contacts + "-mal im Jahr kontaktiert (Durchschnitt " + contactsAll + ") und bestellen " +
			orders + "-mal (Durchschnitt " + ordersAll + ")."
	}
	return "They are contacted " + contacts + " times a year (average " + contactsAll + ") and order " + orders +
		" times (average " + ordersAll + ")."
}

// potentialSentence tells by its level how much of the potential is realised.
func (d *describer) potentialSentence(mean, all float64, l language) string {
	verdict := tx("überwiegend nicht ausgeschöpft", "mostly not realised")
	switch {
	case mean >= 0.6:
		verdict = tx("weitgehend ausgeschöpft", "largely realised")
	case mean >= 0.45:
		verdict = tx("etwa zur Hälfte ausgeschöpft", "about half realised")
	case mean <= 0.15:
		verdict = tx("kaum ausgeschöpft", "hardly realised")
	}
	if l == de {
		return "Ihr Potenzial ist " + verdict.DE + ": " + percent(mean, l) + ", gemessen an den besten Kunden (Durchschnitt " + percent(all, l) + ")."
	}
	return "Their potential is " + verdict.EN + ": " + percent(mean, l) + ", measured against the best customers (average " + percent(all, l) + ")."
}

// levelSentence names up to two levels that are frequent in segment s and not told as a trait.
func (d *describer) levelSentence(s int, seg *Segment, l language) string {
	var parts []string
	for _, v := range seg.Levels {
		told := false
		for _, t := range d.told(s) {
			told = told || t.family == "feature "+v.Feature
		}
		if told || v.Share < levelTypical || v.Lift < levelLiftText || len(parts) == 2 {
			continue
		}
		parts = append(parts, d.metas[v.Feature].label.in(l)+" "+v.Level+" ("+percent(v.Share, l)+
			tx(", Durchschnitt ", ", average ").in(l)+percent(v.OverallShare, l)+")")
	}
	if len(parts) == 0 {
		return ""
	}
	return tx("Häufig: ", "Frequent: ").in(l) + enumerate(parts, l) + "."
}
