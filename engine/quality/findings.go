package quality

import (
	"fmt"
	"strings"
	"time"
)

// Limits of the findings. They are about when a person should look, so they are round and stated in the texts.
const (
	staleDays       = 31   // last record longer before the analysis date than this
	duplicateShare  = 0.01 // of the rows read
	withoutKeyShare = 0.05
	missingShare    = 0.5 // of the customers, in a feature
	nullShare       = 0.5 // of the rows, in a column that is used
	strongShift     = 0.25
	completeShare   = 0.9
)

// Findings returns what somebody should look at in r, in fixed order: by source, then by feature, then over all. The texts
// hold names of the configuration and counts, never a cell of the data.
func Findings(r *Report, asOf time.Time) []Finding {
	f := &finder{}
	for _, s := range r.Sources {
		f.source(s, asOf)
	}
	for _, x := range r.Features {
		f.feature(x, r.Entity.Customers)
	}
	f.base(r)
	if r.Entity.Accounts != nil {
		f.accounts(r.Entity.Accounts)
	}
	return f.all
}

type finder struct{ all []Finding }

func (f *finder) add(code, severity, de, en string) {
	f.all = append(f.all, Finding{Code: code, Severity: severity, Text: Text{DE: de, EN: en}})
}

func share(n, of int64) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

// percent writes a share with one decimal, with a comma in German.
func percent(n, of int64) (de, en string) {
	en = fmt.Sprintf("%.1f %%", 100*share(n, of))
	return strings.Replace(en, ".", ",", 1), en
}

// count writes a number with separators of thousands.
func count(n int64) (de, en string) {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return strings.ReplaceAll(s, ",", "."), s
}

func severity(warn bool) string {
	if warn {
		return "warn"
	}
	return "info"
}

func (f *finder) source(s Source, asOf time.Time) {
	if !s.Used {
		f.add("unused_source", "warn",
			fmt.Sprintf("Die Quelle „%s“ wird geladen, aber kein Merkmal verwendet sie.", s.Name),
			fmt.Sprintf("Source %q is loaded, but no feature uses it.", s.Name))
	}
	f.rows(s, "rows_without_key", s.RowsWithoutKey, share(s.RowsWithoutKey, s.RowsRead) > withoutKeyShare,
		"haben keine Kundennummer und zählen für keinen Kunden", "have no customer key and count for no customer")
	de, en := "wiederholen eine frühere Zeile genau", "repeat an earlier row exactly"
	if s.RowsDuplicateRemoved > 0 {
		gone, left := count(s.RowsDuplicateRemoved)
		de, en = de+"; "+gone+" davon wurden entfernt", en+"; "+left+" of them were removed"
	} else {
		de, en = de+"; keine wurde entfernt", en+"; none was removed"
	}
	f.rows(s, "duplicates", s.RowsDuplicate, share(s.RowsDuplicate, s.RowsRead) > duplicateShare, de, en)
	f.rows(s, "rejected", s.RowsRejected, true, "waren nicht lesbar und wurden ausgelassen",
		"could not be read and were left out")
	f.rows(s, "rows_without_time", s.RowsWithoutTime, true, "haben kein Datum und wurden nicht verwendet",
		"have no time and were not used")
	f.rows(s, "SEG-FEA-004", s.RowsFuture, true, "liegen am oder nach dem Stichtag und wurden nicht verwendet",
		"lie at or after the analysis date and were not used")
	f.rows(s, "SEG-FEA-004", s.RowsPlaceholderTime, true, "tragen ein Platzhalterdatum wie 1900-01-01",
		"carry a placeholder date such as 1900-01-01")
	f.rows(s, "unknown_customer", s.RowsUnknownCustomer, share(s.RowsUnknownCustomer, s.RowsRead) > withoutKeyShare,
		"gehören zu Kunden, die in der Kundentabelle fehlen", "belong to customers who are not in the customer table")
	if s.RowsUsed == 0 {
		f.add("nothing_used", "warn", fmt.Sprintf("Aus der Quelle „%s“ wurde keine Zeile verwendet.", s.Name),
			fmt.Sprintf("No row of source %q was used.", s.Name))
	}
	if s.RowsUsedLast != nil {
		if last, err := time.Parse("2006-01-02T15:04:05.999999Z", *s.RowsUsedLast); err == nil {
			if days := int64(asOf.Sub(last) / (24 * time.Hour)); days > staleDays {
				f.add("stale", "warn",
					fmt.Sprintf("Die jüngste verwendete Zeile der Quelle „%s“ liegt %d Tage vor dem Stichtag.", s.Name, days),
					fmt.Sprintf("The latest used row of source %q lies %d days before the analysis date.", s.Name, days))
			}
		}
	}
	f.columns(s)
}

// rows adds a finding about a number of rows, if there are any.
func (f *finder) rows(s Source, code string, n int64, warn bool, de, en string) {
	if n == 0 {
		return
	}
	nDE, nEN := count(n)
	pDE, pEN := percent(n, s.RowsRead)
	f.add(code, severity(warn), fmt.Sprintf("Quelle „%s“: %s Zeilen (%s) %s.", s.Name, nDE, pDE, de),
		fmt.Sprintf("Source %q: %s rows (%s) %s.", s.Name, nEN, pEN, en))
}

func (f *finder) columns(s Source) {
	var unused []string
	for _, c := range s.Columns {
		if !c.Used {
			unused = append(unused, c.Name)
		}
		nDE, nEN := count(c.NonFinite)
		if c.NonFinite > 0 {
			f.add("non_finite", "warn",
				fmt.Sprintf("Quelle „%s“, Spalte „%s“: %s Werte sind keine endlichen Zahlen und gelten als fehlend.",
					s.Name, c.Name, nDE),
				fmt.Sprintf("Source %q, column %q: %s values are not finite and count as missing.", s.Name, c.Name, nEN))
		}
		if c.Used && share(c.Nulls, s.RowsRead) > nullShare {
			pDE, pEN := percent(c.Nulls, s.RowsRead)
			f.add("mostly_null", "warn",
				fmt.Sprintf("Quelle „%s“, Spalte „%s“: %s der Zellen sind leer.", s.Name, c.Name, pDE),
				fmt.Sprintf("Source %q, column %q: %s of the cells are empty.", s.Name, c.Name, pEN))
		}
		if c.Negative > 0 && isPrice(c.Name) {
			nDE, nEN := count(c.Negative)
			f.add("negative_price", "warn",
				fmt.Sprintf("Quelle „%s“, Spalte „%s“: %s Preise sind negativ.", s.Name, c.Name, nDE),
				fmt.Sprintf("Source %q, column %q: %s prices are negative.", s.Name, c.Name, nEN))
		}
	}
	if len(unused) > 0 && s.Used {
		list := strings.Join(unused, ", ")
		f.add("unused_columns", "info",
			fmt.Sprintf("Quelle „%s“: Diese Spalten werden geladen, aber nicht verwendet: %s.", s.Name, list),
			fmt.Sprintf("Source %q: these columns are loaded and not used: %s.", s.Name, list))
	}
}

// isPrice reports whether a column's name says that it holds prices, which are never below 0.
func isPrice(name string) bool {
	low := strings.ToLower(name)
	return strings.Contains(low, "price") || strings.Contains(low, "preis")
}

func (f *finder) feature(x Feature, customers int64) {
	switch {
	case x.Missing == customers:
		f.add("feature_missing", "warn",
			fmt.Sprintf("Das Merkmal „%s“ fehlt bei allen Kunden und wird ausgelassen.", x.Name),
			fmt.Sprintf("Feature %q is missing for all customers and is left out.", x.Name))
	case x.Constant:
		f.add("feature_constant", "warn",
			fmt.Sprintf("Das Merkmal „%s“ hat bei allen Kunden denselben Wert und wird ausgelassen.", x.Name),
			fmt.Sprintf("Feature %q has the same value for all customers and is left out.", x.Name))
	case share(x.Missing, customers) > missingShare:
		pDE, pEN := percent(x.Missing, customers)
		f.add("feature_mostly_missing", "warn", fmt.Sprintf("Das Merkmal „%s“ fehlt bei %s der Kunden.", x.Name, pDE),
			fmt.Sprintf("Feature %q is missing for %s of the customers.", x.Name, pEN))
	}
}

// base adds what concerns all customers: complete against incomplete ones, and coverage by subsidiary or country.
func (f *finder) base(r *Report) {
	n, complete := r.Entity.Customers, r.Entity.Complete
	if complete < n {
		pDE, pEN := percent(complete, n)
		f.add("complete_customers", severity(share(complete, n) < completeShare),
			fmt.Sprintf("Vollständige Angaben haben %s der Kunden; fehlende Werte werden ergänzt, damit alle Kunden zählen.", pDE),
			fmt.Sprintf("%s of the customers have complete data; missing values are imputed, so that all customers count.", pEN))
	}
	worst, at := 0.0, -1
	for i, x := range r.Features {
		if x.CompleteShift != nil && max(*x.CompleteShift, -*x.CompleteShift) > worst {
			worst, at = max(*x.CompleteShift, -*x.CompleteShift), i
		}
	}
	if worst > strongShift {
		name := r.Features[at].Name
		en := fmt.Sprintf("%.2f", *r.Features[at].CompleteShift)
		f.add("selection_bias", "warn",
			fmt.Sprintf("Kunden mit vollständigen Angaben sind nicht wie alle: Beim Merkmal „%s“ liegt ihr Mittel um %s Standardabweichungen neben dem aller Kunden.",
				name, strings.Replace(en, ".", ",", 1)),
			fmt.Sprintf("Customers with complete data are not like all: in feature %q their mean is %s standard deviations off that of all customers.",
				name, en))
	}
	low := 0
	for _, c := range r.Coverage {
		if share(c.Active, c.Customers) < share(r.activeTotal(), n)/2 {
			low++
		}
	}
	if low > 0 {
		f.add("coverage", "warn",
			fmt.Sprintf("Bei %d von %d Ausprägungen der Spalte „%s“ haben Kunden nicht einmal halb so oft Ereignisse wie im Ganzen; fehlen dort Daten?",
				low, len(r.Coverage), r.Coverage[0].Column),
			fmt.Sprintf("In %d of %d levels of column %q customers have events less than half as often as overall; are data missing there?",
				low, len(r.Coverage), r.Coverage[0].Column))
	}
}

// accounts adds what the parents of customers say.
func (f *finder) accounts(a *Accounts) {
	jointDE, jointEN := count(a.Joint)
	membersDE, membersEN := count(a.Members)
	largestDE, largestEN := count(a.Largest)
	if a.Joint == 0 {
		f.add("accounts", "warn",
			fmt.Sprintf("Die Spalte „%s“ verbindet keine Kunden: Jeder ist ein Account für sich.", a.Column),
			fmt.Sprintf("Column %q joins no customers: each is an account of its own.", a.Column))
	} else {
		f.add("accounts", "info",
			fmt.Sprintf("%s Accounts haben mehr als einen Kunden, zusammen %s; der größte hat %s.", jointDE, membersDE, largestDE),
			fmt.Sprintf("%s accounts have more than one customer, %s together; the largest has %s.", jointEN, membersEN, largestEN))
	}
	if a.UnknownParent > 0 {
		nDE, nEN := count(a.UnknownParent)
		mDE, mEN := count(a.MissingParents)
		f.add("account_parent_unknown", "warn",
			fmt.Sprintf("Spalte „%s“: %s Kunden nennen eine Mutter, die nicht in der Kundentabelle steht (%s verschiedene). Geschwister bleiben beisammen, unter dem ersten nach Kundennummer; bitte die Mütter ergänzen.", a.Column, nDE, mDE),
			fmt.Sprintf("Column %q: %s customers name a parent that is not in the customer table (%s different ones). Siblings stay together, under the first by key; add the parents.", a.Column, nEN, mEN))
	}
	if a.Circles > 0 {
		nDE, nEN := count(a.InCircles)
		cDE, cEN := count(a.Circles)
		f.add("account_circle", "warn",
			fmt.Sprintf("Spalte „%s“: Bei %s Kunden führen die Mütter im Kreis (%s Kreise). Als Kopf gilt der erste nach Kundennummer; bitte bei einem Kunden jedes Kreises die Mutter leeren.", a.Column, nDE, cDE),
			fmt.Sprintf("Column %q: the parents of %s customers lead in a circle (%s circles). The first by key counts as the head; empty the parent of one customer in each circle.", a.Column, nEN, cEN))
	}
}

func (r *Report) activeTotal() int64 {
	var n int64
	for _, c := range r.Coverage {
		n += c.Active
	}
	return n
}
