package reportio

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// locale is how one language writes figures.
type locale struct {
	code         string // "de", "en"
	group, point string
	percent      string // with its space
}

var locales = map[string]locale{
	"de": {code: "de", group: ".", point: ",", percent: "\u00a0%"},
	"en": {code: "en", group: ",", point: ".", percent: "%"},
}

const (
	none    = "–"
	minus   = "\u2212"
	nbsp    = "\u00a0"
	average = "⌀"
)

// plain gives a decimal ("-1234.5") the language's separators and a true minus sign.
func (l locale) plain(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = minus, s[1:]
	}
	whole, frac, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + l.group + whole[i:]
	}
	if frac != "" {
		whole += l.point + frac
	}
	if strings.Trim(whole, "0"+l.point) == "" {
		sign = ""
	}
	return sign + whole
}

// int writes a count.
func (l locale) int(n int64) string { return l.plain(strconv.FormatInt(n, 10)) }

// dec writes x with so many decimals.
func (l locale) dec(x float64, decimals int) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return none
	}
	return l.plain(strconv.FormatFloat(x, 'f', decimals, 64))
}

// sig writes x to three significant digits at most, whole numbers from 100 on.
func (l locale) sig(x float64) string {
	if x == 0 {
		return "0"
	}
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return none
	}
	s := strconv.FormatFloat(x, 'e', 2, 64)
	exp, _ := strconv.Atoi(s[strings.IndexByte(s, 'e')+1:])
	s = strconv.FormatFloat(x, 'f', min(max(2-exp, 0), 6), 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return l.plain(s)
}

// signed is dec with a plus sign where it is positive as written.
func (l locale) signed(x float64, decimals int) string {
	s := l.dec(x, decimals)
	if x > 0 && strings.Trim(s, "0"+l.point) != "" {
		return "+" + s
	}
	return s
}

// pct writes a share in per cent with one decimal; what would round to nothing is "<0.1 %".
func (l locale) pct(share float64) string {
	if share > 0 && share < 0.0005 {
		return "<" + l.dec(0.1, 1) + l.percent
	}
	return l.dec(float64(share*100), 1) + l.percent
}

// pct0 writes a share in whole per cent.
func (l locale) pct0(share float64) string { return l.dec(float64(share*100), 0) + l.percent }

// units that are written out, by their singular in English.
var unitWords = map[string]text{
	"day":   {"Tage", "days"},
	"week":  {"Wochen", "weeks"},
	"month": {"Monate", "months"},
	"year":  {"Jahre", "years"},
	"hour":  {"Stunden", "hours"},
}

// value writes a feature's figure with its unit: shares in per cent, times with their word, currencies with their code;
// counts ("orders") without, since the feature's name says what is counted.
func (l locale) value(x float64, unit string) string {
	switch u := strings.ToLower(unit); u {
	case "share":
		return l.pct(x)
	case "%", "percent", "pct":
		return l.sig(x) + l.percent
	case "eur", "usd", "gbp", "chf":
		return l.sig(x) + nbsp + strings.ToUpper(u)
	case "€", "$", "£":
		return l.sig(x) + nbsp + u
	default:
		if w, ok := unitWords[strings.TrimSuffix(u, "s")]; ok {
			return l.sig(x) + nbsp + w.in(l.code)
		}
	}
	return l.sig(x)
}

// compact writes large amounts in millions or billions.
func (l locale) compact(x float64) string {
	a := math.Abs(x)
	switch {
	case a >= 1e9:
		return l.dec(x/1e9, 1) + nbsp + text{"Mrd.", "bn"}.in(l.code)
	case a >= 1e6:
		return l.dec(x/1e6, 1) + nbsp + text{"Mio.", "m"}.in(l.code)
	case a >= 1000:
		return l.dec(x, 0)
	}
	return l.sig(x)
}

// amount gives an exact decimal, as quality.json has it, the language's separators; anything else is left as it is.
func (l locale) amount(s string) string {
	if _, err := strconv.ParseFloat(s, 64); err != nil || strings.ContainsAny(s, "eExXpPnN_") {
		return s
	}
	return l.plain(s)
}

var months = map[string][12]string{
	"de": {"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"},
	"en": {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
}

// date writes a day in words.
func (l locale) date(t time.Time) string {
	t = t.UTC()
	day := strconv.Itoa(t.Day())
	if l.code == "de" {
		day += "."
	}
	return day + nbsp + months[l.code][t.Month()-1] + " " + strconv.Itoa(t.Year())
}

// moment writes a day and the time of day.
func (l locale) moment(t time.Time) string {
	return l.date(t) + ", " + t.UTC().Format("15:04") + nbsp + "UTC"
}

// day writes a timestamp of an artifact ("2011-12-09T12:50:00Z" or "2011-12-09") as a short date.
func (l locale) day(s string) string {
	if len(s) < 10 {
		return s
	}
	t, err := time.Parse(time.DateOnly, s[:10])
	if err != nil {
		return s
	}
	if l.code == "de" {
		return t.Format("02.01.2006")
	}
	return t.Format("2 Jan 2006")
}

// number words of small counts, as a headline has them.
var numberWords = map[string][]string{
	"de": {"null", "ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf"},
	"en": {"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"},
}

// word writes a count up to twelve in words.
func (l locale) word(n int) string {
	if words := numberWords[l.code]; n >= 0 && n < len(words) {
		return words[n]
	}
	return l.int(int64(n))
}
