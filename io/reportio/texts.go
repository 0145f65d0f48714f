package reportio

import (
	"fmt"
	"maps"
)

// texts is every word of the page that does not come from the artifacts. %[1]s and so on stand for figures.
var texts = join(pageTexts, evidenceTexts, methodTexts, valueTexts)

func join(parts ...map[string]text) map[string]text {
	all := map[string]text{}
	for _, part := range parts {
		for key := range part {
			if _, twice := all[key]; twice {
				panic("BUG: reportio has two texts " + key)
			}
		}
		maps.Copy(all, part)
	}
	return all
}

// pageTexts are the words of the page's head, the segments, their profiles, rules and data.
var pageTexts = map[string]text{
	// Head of the page.
	"report":              {"Segmentbericht", "Segment report"},
	"title":               {"Segmente: %[1]s", "Segments: %[1]s"},
	"skip":                {"Zum Inhalt springen", "Skip to content"},
	"nav":                 {"Abschnitte", "Sections"},
	"language":            {"Sprache", "Language"},
	"as_of":               {"Stand %[1]s", "As of %[1]s"},
	"run":                 {"Lauf %[1]s", "Run %[1]s"},
	"headline":            {"%[1]s Kunden bilden %[2]s %[3]s.", "%[1]s customers form %[2]s %[3]s."},
	"headline.one":        {"%[1]s Kunden bilden keine getrennten Segmente.", "%[1]s customers do not form separate segments."},
	"headline.group":      {"%[1]s Kunden bilden eine einzige Gruppe: Es gibt keine Segmente.", "%[1]s customers form a single group: there are no segments."},
	"headline.continuous": {"%[1]s Kunden gehen fließend ineinander über: keine getrennten Segmente.", "%[1]s customers shade into one another: no separate segments."},
	"headline.fixed":      {"%[1]s Kunden in einer einzigen Gruppe.", "%[1]s customers in a single group."},
	"headline.failing":    {"%[1]s Kunden in %[2]s Segmenten, die ihre Prüfungen nicht bestehen.", "%[1]s customers in %[2]s segments that fail their checks."},
	"headline.none":       {"Es wurden keine Segmente gebildet.", "No segments were formed."},
	"grade.plain":         {"Segmente", "segments"},
	"grade.very":          {"sehr stabile Segmente", "very stable segments"},
	"grade.stable":        {"stabile Segmente", "stable segments"},
	"grade.doubtful":      {"nur teilweise stabile Segmente", "segments that are only partly stable"},
	"grade.unstable":      {"noch nicht verlässliche Segmente", "segments that cannot be trusted yet"},
	"repeat": {
		"Über %[1]s Paare von Wiederholungen mit neu gezogenen Kunden stimmen die Segmente im Mittel mit %[2]s überein (1 = völlig gleich, 0 = Zufall).",
		"Over %[1]s pairs of repeats with customers drawn anew, the segments agree at %[2]s on average (1 = exactly the same, 0 = chance).",
	},
	"one.hint": {
		"Die Kunden unterscheiden sich zwar, aber ohne klare Grenzen zwischen Gruppen.",
		"The customers do differ, but without clear borders between groups.",
	},
	"one.none": {
		"Keine der geprüften Einteilungen ist deutlich besser als gar keine. Jede Aufteilung in Segmente wäre willkürlich.",
		"None of the groupings that were tried is clearly better than none. Any division into segments would be arbitrary.",
	},
	"one.continuous": {
		"Die Kunden lassen sich zwar immer wieder gleich aufteilen, aber die Teile gehen ineinander über: Es wären Schnitte durch ein zusammenhängendes Ganzes, keine getrennten Gruppen.",
		"The customers can be divided in the same way again and again, yet the parts run into one another: they would be cuts through one connected whole, not separate groups.",
	},
	"one.rules": {
		"Regeln (etwa nach Umsatz oder Branche) dienen hier besser als gelernte Segmente.",
		"Rules (by revenue or industry, say) serve better here than learned segments.",
	},
	"alert.title": {"Prüfungen nicht bestanden", "Checks not passed"},
	"alert.text": {
		"Keine Segmentzahl hat alle Prüfungen bestanden. Gezeigt wird die beste der übrigen; sie taugt zum Ansehen, nicht zum Steuern.",
		"No number of segments passed every check. This is the best of the rest; it is good for looking at, not for acting on.",
	},
	"alert.fixed": {
		"Die Segmentzahl ist in der Konfiguration festgelegt und besteht nicht alle Prüfungen; das Ergebnis taugt zum Ansehen, nicht zum Steuern.",
		"The number of segments was fixed by the configuration and does not pass every check; the result is good for looking at, not for acting on.",
	},
	"failed.large_enough":    {"ein Segment ist zu klein", "a segment is too small"},
	"failed.stable_global":   {"insgesamt nicht stabil", "not stable as a whole"},
	"failed.stable_segments": {"ein Segment ist nicht stabil", "a segment is not stable"},
	"failed.distinguishable": {"ein Segment ist nicht unterscheidbar", "a segment is not distinguishable"},
	"failed.max_segments":    {"zu viele Segmente", "too many segments"},

	"entity.short":  {"Daten", "Data"},
	"number.short":  {"Anzahl", "Number"},
	"choice":        {"Die Wahl", "The choice"},
	"methods.short": {"Methode", "Methods"},

	// Key figures.
	"customers":           {"Kunden", "Customers"},
	"segments":            {"Segmente", "Segments"},
	"segment":             {"Segment", "Segment"},
	"revenue":             {"Umsatz", "Revenue"},
	"kpi.stability":       {"Wiederholbarkeit", "Repeatability"},
	"kpi.stability.note":  {"mittlerer ARI aus %[1]s Paaren", "mean ARI of %[1]s pairs"},
	"kpi.separation":      {"Trennung", "Separation"},
	"kpi.separation.note": {"Silhouette, %[1]s", "silhouette, %[1]s"},
	"kpi.separation.se":   {"Silhouette einer Stichprobe, %[1]s", "silhouette of a sample, %[1]s"},
	"sil.strong":          {"deutlich", "strong"},
	"sil.fair":            {"ordentlich", "reasonable"},
	"sil.weak":            {"schwach", "weak"},
	"sil.none":            {"kaum vorhanden", "hardly any"},
	"kpi.data":            {"Genutzte Zeilen", "Rows used"},
	"kpi.data.note":       {"%[1]s von %[2]s gelesenen", "%[1]s of %[2]s read"},
	"kpi.customers.note":  {"im Bestand der Auswertung", "in this analysis"},
	"kpi.revenue.note":    {"aller Segmente", "of all segments"},
	"kpi.revenue.one":     {"aller Kunden", "of all customers"},
	"kpi.segments.none":   {"keine", "none"},
	"kpi.segments.note":   {"geprüft: %[1]s bis %[2]s", "tried: %[1]s to %[2]s"},

	// Overview.
	"overview":     {"Überblick", "Overview"},
	"overview.sub": {"Alle Segmente auf einen Blick, das größte zuerst.", "All segments at a glance, the largest first."},
	"flow.title":   {"Anteile der Segmente an Kunden und Umsatz", "Shares of the segments in customers and revenue"},
	"flow.desc": {
		"Oben die Anteile der Segmente an den Kunden, unten ihre Anteile am Umsatz, durch Bänder verbunden. Die Zahlen stehen in der Tabelle im Überblick.",
		"Above, the segments' shares of customers; below, their shares of revenue, joined by bands. The figures are in the table of the overview.",
	},
	"flow.customers":     {"Anteil an den Kunden", "Share of customers"},
	"flow.revenue":       {"Anteil am Umsatz", "Share of revenue"},
	"suppressed":         {"nicht ausgewiesen", "not shown"},
	"suppressed.few":     {"weniger als %[1]s Kunden: nicht ausgewiesen", "fewer than %[1]s customers: not shown"},
	"suppressed.with":    {"nicht ausgewiesen, weil sonst ein sehr kleines Segment errechenbar wäre", "not shown, since a very small segment could be reckoned from it"},
	"suppressed.figures": {"Zahlen werden nicht ausgewiesen, weil weniger als %[1]s Kunden erkennbar würden.", "Figures are not shown, since fewer than %[1]s customers could be made out."},
	"few":                {"unter %[1]s", "under %[1]s"},
	"col.share":          {"Anteil Kunden", "Share of customers"},
	"col.revshare":       {"Anteil Umsatz", "Share of revenue"},
	"col.class":          {"Umsatz je Kunde", "Revenue per customer"},
	"col.stability":      {"Stabilität", "Stability"},
	"col.checks":         {"Prüfungen", "Checks"},
	"class.each":         {"Umsatz %[1]s", "%[1]s revenue"},
	"class.very high":    {"sehr hoch", "very high"},
	"class.high":         {"hoch", "high"},
	"class.medium":       {"mittel", "medium"},
	"class.low":          {"niedrig", "low"},
	"slsw.very":          {"sehr stabil", "highly stable"},
	"slsw.stable":        {"stabil", "stable"},
	"slsw.doubtful":      {"unscharfer Rand", "blurred edge"},
	"slsw.unstable":      {"nicht verlässlich", "not reliable"},
	"slsw.unknown":       {"nicht geprüft", "not tested"},
	"check.large":        {"groß genug", "large enough"},
	"check.stable":       {"stabil", "stable"},
	"check.distinct":     {"unterscheidbar", "distinguishable"},
	"check.address":      {"ansprechbar", "addressable"},
	"check.yes":          {"bestanden", "passed"},
	"check.no":           {"nicht bestanden", "failed"},
	"check.unknown":      {"nicht prüfbar", "could not be checked"},

	// Segments one by one.
	"cards":           {"Die Segmente", "The segments"},
	"cards.one":       {"Die Kunden insgesamt", "The customers as a whole"},
	"cards.one.sub":   {"Was alle zusammen beschreibt, in Worten und Zahlen.", "What describes them all, in words and figures."},
	"cards.sub":       {"Was jedes Segment ausmacht, in Worten und Zahlen.", "What makes each segment, in words and figures."},
	"orders_year":     {"Bestellungen/Jahr", "Orders/year"},
	"contacts_year":   {"Kontakte/Jahr", "Contacts/year"},
	"realised":        {"Potenzial realisiert", "Potential realised"},
	"unrealised":      {"Potenzial offen", "Potential open"},
	"drivers":         {"Was das Segment unterscheidet", "What sets it apart"},
	"levels":          {"Häufiger als sonst", "More frequent than elsewhere"},
	"plan":            {"Plan", "Plan"},
	"more_features":   {"Alle Merkmale dieses Segments", "All features of this segment"},
	"event.new":       {"neu", "new"},
	"event.continued": {"fortgeführt", "continued"},
	"event.split":     {"aus einer Teilung", "from a split"},
	"event.merged":    {"aus einer Verschmelzung", "from a merger"},
	"history.jaccard": {"Überdeckung mit dem Vorlauf %[1]s", "overlap with the last run %[1]s"},
	"feature":         {"Merkmal", "Feature"},
	"mean_segment":    {"Mittel im Segment", "Mean in the segment"},
	"mean_all":        {"Mittel aller", "Mean of all"},
	"lift":            {"Verhältnis", "Ratio"},
	"effect":          {"Effektstärke", "Effect size"},

	// Charts.
	"profiles":       {"Profile im Vergleich", "Profiles compared"},
	"profiles.short": {"Profile", "Profiles"},
	"profiles.sub":   {"Worin sich die Segmente unterscheiden.", "How the segments differ."},
	"sizes.title":    {"Größe und Umsatz", "Size and revenue"},
	"sizes.sub": {
		"Anteil an den Kunden (kräftig) und am Umsatz (hell).",
		"Share of customers (strong) and of revenue (pale).",
	},
	"sizes.sub.norev": {"Anteil an den Kunden.", "Share of customers."},
	"sizes.desc": {
		"Für jedes Segment ein Balken mit dem Anteil an den Kunden und, wo bekannt, einer mit dem Anteil am Umsatz. Die Zahlen stehen in der Tabelle im Überblick.",
		"For each segment a bar with its share of customers and, where known, one with its share of revenue. The figures are in the table of the overview.",
	},
	"heat.title": {"Merkmale der Segmente", "Features of the segments"},
	"heat.sub": {
		"Stärkste Merkmale zuerst. Die Zahl ist die Effektstärke: um wie viele Standardabweichungen das Segment über (+) oder unter (−) den übrigen Kunden liegt.",
		"Strongest features first. The figure is the effect size: by how many standard deviations the segment lies above (+) or below (−) the other customers.",
	},
	"heat.desc": {
		"Eine Zeile je Merkmal, eine Spalte je Segment. Die Zahlen stehen in der Tabelle darunter.",
		"A row for each feature, a column for each segment. The figures are in the table below.",
	},
	"heat.below":  {"deutlich darunter", "far below"},
	"heat.above":  {"deutlich darüber", "far above"},
	"heat.more":   {"%[1]s weitere Merkmale", "%[1]s more features"},
	"as_table":    {"Als Tabelle", "As a table"},
	"heat.table":  {"Mittelwerte je Segment, in Klammern die Effektstärke", "Means by segment, with the effect size in brackets"},
	"lines.title": {"Profillinien", "Profile lines"},
	"lines.sub": {
		"Mittelwerte der Segmente, in Standardabweichungen vom Mittel aller Kunden (0). Die Merkmale, aus denen gelernt wurde, das stärkste links.",
		"Means of the segments, in standard deviations from the mean of all customers (0). The features that were learned from, the strongest on the left.",
	},
	"lines.desc": {
		"Parallele Koordinaten: eine Linie je Segment über die stärksten Merkmale. Die Mittelwerte stehen in der Tabelle zur Merkmalskarte.",
		"Parallel coordinates: one line for each segment across the strongest features. The means are in the table of the heat map.",
	},
	"lines.axes": {"Die Merkmale von links nach rechts", "The features from left to right"},

	// Rules.
	"rules": {"Kurzregeln", "Short rules"},
	"rules.sub": {
		"Eine Faustregel je Segment zum Merken und Weitersagen. Trefferquote: so viel vom Segment findet die Regel. Genauigkeit: so viel vom Gefundenen gehört zum Segment.",
		"A rule of thumb for each segment, to remember and pass on. Coverage: how much of the segment the rule finds. Precision: how much of what it finds belongs to the segment.",
	},
	"rule":      {"Regel", "Rule"},
	"coverage":  {"Trefferquote", "Coverage"},
	"precision": {"Genauigkeit", "Precision"},

	// Data quality.
	"quality": {"Wie gut waren die Daten?", "How good were the data?"},
	"quality.sub": {
		"Ein Ergebnis ist nie besser als seine Daten. Was gelesen, was genutzt und was warum nicht genutzt wurde:",
		"A result is never better than its data. What was read, what was used, and what was not and why:",
	},
	"source":         {"Quelle", "Source"},
	"files":          {"Dateien", "Files"},
	"rows.read":      {"gelesen", "Read"},
	"rows.used":      {"genutzt", "Used"},
	"rows.nokey":     {"ohne Kunden\u00adnummer", "Without customer"},
	"rows.filtered":  {"gefiltert", "Filtered"},
	"rows.notime":    {"ohne Datum", "Without date"},
	"coverage.title": {"Daten je Gesellschaft, Land oder Region", "Data by subsidiary, country or region"},
	"coverage.none":  {"ohne Angabe", "not given"},
	"coverage.rest":  {"übrige", "others"},
	"coverage.level": {"Bereich", "Area"},
	"coverage.act":   {"mit Bewegungen", "With records"},
	"coverage.full":  {"ohne Lücken", "Nothing missing"},
	"rows.window":    {"außerhalb des Zeitraums", "Outside the window"},
	"rows.future":    {"in der Zukunft", "In the future"},
	"rows.unknown":   {"Kunde unbekannt", "Unknown customer"},
	"rows.duplicate": {"Dubletten entfernt", "Duplicates removed"},
	"rows.rejected":  {"nicht lesbar", "Not readable"},
	"rows.found":     {"Dubletten gefunden: %[1]s", "Duplicates found: %[1]s"},
	"rows.note": {
		"„Ohne Kundennummer“ und „Dubletten entfernt“ zählen alle solchen Zeilen und können sich überschneiden; jede andere Zeile zählt einmal.",
		"“Without customer” and “duplicates removed” count all such rows and can overlap; every other row counts once.",
	},
	"entity":           {"Daraus entstanden", "What they gave"},
	"entity.customers": {"Kunden", "Customers"},
	"entity.accounts":  {"Accounts, mit den Daten aller Töchter", "Accounts, with the records of all subsidiaries"},
	"entity.orders":    {"Bestellungen", "Orders"},
	"entity.amount":    {"Umsatz aller genutzten Zeilen", "Revenue of all rows used"},
	"entity.complete":  {"Kunden ohne fehlende Angabe", "Customers with nothing missing"},
	"findings":         {"Auffälligkeiten", "Findings"},
	"findings.none":    {"Keine Auffälligkeiten.", "No findings."},
	"severity.error":   {"Fehler", "Error"},
	"severity.warn":    {"Warnung", "Warning"},
	"severity.info":    {"Hinweis", "Note"},
	"unusable":         {"Nicht genutzte Merkmale", "Features not used"},
	"unusable.none":    {"Alle Merkmale wurden genutzt.", "All features were used."},
	"features.missing": {"Alle Merkmale mit ihren Lücken", "All features with what is missing"},
	"missing":          {"fehlend bei Kunden", "Missing for customers"},
	"why.constant":     {"überall derselbe Wert", "the same value everywhere"},
	"why.missing":      {"alle Werte fehlen", "all values are missing"},
	"why.profile":      {"nur zur Beschreibung, nicht zum Lernen", "for description only, not for learning"},
	"why.correlated":   {"fast gleich einem anderen Merkmal", "nearly equal to another feature"},
	"columns":          {"Spalten der Quelle „%[1]s“", "Columns of the source “%[1]s”"},
	"column":           {"Spalte", "Column"},
	"type":             {"Typ", "Type"},
	"nulls":            {"leer", "Empty"},
	"nonfinite":        {"nicht endlich", "Not finite"},
	"outliers":         {"Ausreißer", "Outliers"},
	"period":           {"Zeitraum", "Period"},
	"used":             {"genutzt", "Used"},
	"yes":              {"ja", "yes"},
	"no":               {"nein", "no"},
}

// t returns the text of a key in the page's language, with its figures. An unknown key is a bug.
func (p *page) t(key string, figures ...string) string {
	entry, ok := texts[key]
	if !ok {
		panic("BUG: reportio has no text " + key)
	}
	s := entry.EN
	if p.Lang == "de" {
		s = entry.DE
	}
	if len(figures) == 0 {
		return s
	}
	args := make([]any, len(figures))
	for i, f := range figures {
		args[i] = f
	}
	return fmt.Sprintf(s, args...)
}
