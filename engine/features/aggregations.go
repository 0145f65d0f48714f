package features

import "slices"

// AggregationInfo describes one built-in aggregation: for the manual, for `check`, and for the units and formulas that
// stand in the feature table.
type AggregationInfo struct {
	Name    string
	Unit    string // of the result; "" = that of the column
	Formula string // with c = the column (an amount), o = the order column, t = the time of a row
	Needs   []string
	Takes   []string
	DocDE   string
	DocEN   string
	// Kind is the M3 kind of the features it yields: "behavioural" or "transactional"; "" = by the column's name.
	Kind string
	// Empty is the value of a customer without rows: "0" or "missing".
	Empty string
}

// Words of Needs and Takes.
const (
	needTime   = "time"   // the source has a time column
	needColumn = "column" // an argument: number unless the documentation says otherwise; default: the source's amount
	needOrder  = "order"  // the column that names the order; default: the source's order column, else each line is an order
	needWhere  = "where"
	needBy     = "by"
	needPeriod = "period"
)

// Aggregations lists the built-in aggregations. Days are calendar days in UTC; "rows" are those of the customer that pass
// the source's where, the feature's where and the window.
var Aggregations = []AggregationInfo{
	{"days_since_last", "days", "floor((as_of - max t) / 24 h)", []string{needTime}, []string{needColumn, needWhere}, "Tage seit dem letzten Ereignis (Recency).", "Days since the last event (recency); `column` may name another time column.", "behavioural", "missing"},
	{"days_since_first", "days", "floor((as_of - min t) / 24 h)", []string{needTime}, []string{needColumn, needWhere}, "Tage seit dem ersten Ereignis (Dauer der Kundenbeziehung).", "Days since the first event (tenure); `column` may name another time column.", "behavioural", "missing"},
	{"active_span", "days", "day(max t) - day(min t)", []string{needTime}, []string{needColumn, needWhere}, "Tage zwischen erstem und letztem Ereignis.", "Days between the first and the last event.", "behavioural", "missing"},
	{"customer_age", "days", "day(last moment before as_of) - day(min t)", []string{needTime}, []string{needWhere}, "Tage vom Tag des ersten Ereignisses bis zum letzten Tag vor as_of.", "Days from the day of the first event to the last day before as_of, in whole days as active_span counts them.", "behavioural", "missing"},
	{"active_days", "days", "number of distinct day(t)", []string{needTime}, []string{needWhere}, "Zahl der Tage mit mindestens einem Ereignis.", "Number of days with at least one event.", "behavioural", "0"},
	{"repeat_days", "days", "max(0, number of distinct day(t) - 1)", []string{needTime}, []string{needWhere}, "Zahl der Tage mit Ereignis nach dem ersten.", "Number of days with an event after the first such day.", "behavioural", "0"},
	{"first_day_sum", "", "sum of c on day(min t)", []string{needTime, needColumn}, []string{needWhere}, "Summe am Tag des ersten Ereignisses.", "Sum on the day of the first event; what is left of the sum is that of the repeat days.", "transactional", "0"},
	{"count", "rows", "number of rows (with a column: where c is not missing)", nil, []string{needColumn, needWhere, needBy}, "Zahl der Zeilen.", "Number of rows; with a column, of those where it is not missing. Any type.", "behavioural", "0"},
	{"count_distinct", "values", "number of distinct values of c", []string{needColumn}, []string{needWhere}, "Zahl der verschiedenen Werte, zum Beispiel Warengruppen.", "Number of distinct values, for example of product groups. Any type.", "behavioural", "0"},
	{"count_orders", "orders", "number of distinct o", nil, []string{needOrder, needWhere}, "Zahl der Bestellungen.", "Number of orders.", "behavioural", "0"},
	{"sum", "", "sum of c", []string{needColumn}, []string{needWhere, needBy}, "Summe.", "Sum.", "transactional", "0"},
	{"mean", "", "sum of c / number of c", []string{needColumn}, []string{needWhere}, "Mittelwert je Zeile.", "Mean per row.", "transactional", "missing"},
	{"stddev", "", "sqrt((n sum of c^2 - (sum of c)^2) / (n (n - 1))), n = number of c", []string{needColumn}, []string{needWhere}, "Standardabweichung je Zeile (der Stichprobe).", "Sample standard deviation per row; missing below 2 rows.", "transactional", "missing"},
	{"min", "", "smallest c", []string{needColumn}, []string{needWhere}, "Kleinster Wert.", "Smallest value.", "transactional", "missing"},
	{"max", "", "largest c", []string{needColumn}, []string{needWhere}, "Größter Wert.", "Largest value.", "transactional", "missing"},
	{"first", "", "c at min t (of equal times the smallest c)", []string{needTime, needColumn}, []string{needWhere}, "Frühester Wert.", "Earliest value that is not missing. Number, yes/no or category.", "", "missing"},
	{"last", "", "c at max t (of equal times the largest c)", []string{needTime, needColumn}, []string{needWhere}, "Jüngster Wert.", "Latest value that is not missing. Number, yes/no or category.", "", "missing"},
	{"mode", "", "most frequent c (of equally frequent ones the first in byte order)", []string{needColumn}, []string{needWhere}, "Häufigster Wert.", "Most frequent value, as a category.", "", "missing"},
	{"average_order_value", "currency", "sum of c / number of distinct o", []string{needColumn}, []string{needOrder, needWhere}, "Mittlerer Bestellwert.", "Mean amount of an order.", "transactional", "missing"},
	{"items_per_order", "rows", "number of rows (with a column: sum of c) / number of distinct o", []string{needOrder}, []string{needColumn, needWhere}, "Positionen (oder Menge) je Bestellung.", "Lines (with a column: its sum) of an order.", "behavioural", "missing"},
	{"gap_mean", "days", "(last order day - first order day) / (order days - 1)", []string{needTime}, []string{needWhere}, "Mittlerer Abstand zwischen Bestelltagen.", "Mean gap between order days; missing below 2 order days.", "behavioural", "missing"},
	{"gap_cv", "ratio", "population standard deviation of the gaps between order days / their mean", []string{needTime}, []string{needWhere}, "Unregelmäßigkeit des Bestellrhythmus (Variationskoeffizient der Abstände).", "Irregularity of the order rhythm; missing below 3 order days.", "behavioural", "missing"},
	{"trend_orders", "ratio", "(r - e) / (r + e), r and e = orders in the recent and earlier half of the window", []string{needTime}, []string{needOrder, needWhere}, "Trend der Bestellungen von -1 (nur früher) bis 1 (nur zuletzt).", "Trend of orders from -1 (only earlier) to 1 (only recently). An order belongs to the half of its first line. Window \"all\" begins with the source's first record.", "behavioural", "missing"},
	{"trend_amount", "ratio", "(r - e) / (r + e), r and e = sum of c, negative sums as 0, in the recent and earlier half of the window", []string{needTime, needColumn}, []string{needWhere}, "Trend des Umsatzes von -1 (nur früher) bis 1 (nur zuletzt).", "Trend of the amount from -1 (only earlier) to 1 (only recently). Window \"all\" begins with the day of the source's first record.", "behavioural", "missing"},
	{"share", "share", "sum of c where w / sum of c (without a column: counts of rows)", nil, []string{needColumn, needWhere, needBy}, "Anteil der Zeilen, die die Bedingung erfüllen, am Ganzen; mit `by` der Anteil jeder Ausprägung.", "Share of the rows that fulfil `where` in the whole; with `by`, of each level in the rows that fulfil it. Missing where the whole is 0.", "behavioural", "missing"},
	{"top_share", "share", "largest sum of c over the levels of `by` / sum of c (without a column: counts of rows)", []string{needBy}, []string{needColumn, needWhere}, "Anteil der stärksten Ausprägung, zum Beispiel der wichtigsten Warengruppe.", "Share of the strongest level, for example of the main product group. Missing where the whole is not positive.", "behavioural", "missing"},
	{"returns_share", "share", "sum of |c| where c < 0 (or where w) / sum of |c|", []string{needColumn}, []string{needWhere}, "Anteil der Rücksendungen.", "Share of returns. The source's own where must not remove them.", "behavioural", "missing"},
	{"seasonality", "share", "1 + sum of p ln p / ln m, p = share of calendar month (m = 12) or quarter (m = 4) in the sum of positive c", []string{needTime}, []string{needColumn, needWhere, needPeriod}, "Saisonalität: 0 = gleichmäßig über das Kalenderjahr, 1 = alles in einem Monat oder Quartal.", "Seasonality: 0 = even over the calendar year, 1 = all in one month or quarter. Without a column: counts of rows.", "behavioural", "missing"},
	{"value", "", "c", nil, []string{needColumn, needWhere}, "Spalte der Kundentabelle (Zahl, ja/nein oder Kategorie).", "Column of a table with one row per customer: number, yes/no or category. Default column: the feature's name.", "", "missing"},
	{"rfm_segment", "", "name by the scores R, F and M", []string{needColumn}, nil, "Name nach RFM-Noten: zwei Noten (R,F) ergeben die zehn Namen der pandas-Karte, drei (R,F,M) die elf des R-Pakets rfm.", "Name by RFM scores, the features that `column` lists: two (R,F) give the ten names of the pandas map, three (R,F,M) the eleven of R's package rfm.", "behavioural", "missing"},
}

func aggregation(name string) (AggregationInfo, bool) {
	for _, a := range Aggregations {
		if a.Name == name {
			return a, true
		}
	}
	return AggregationInfo{}, false
}

func aggregationNames() []string {
	var names []string
	for _, a := range Aggregations {
		names = append(names, a.Name)
	}
	return names
}

func (a AggregationInfo) needs(word string) bool { return slices.Contains(a.Needs, word) }

func (a AggregationInfo) takes(word string) bool {
	return a.needs(word) || slices.Contains(a.Takes, word)
}
