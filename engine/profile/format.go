package profile

import (
	"strconv"
	"strings"
)

// language is the index of a language in this package's tables.
type language int

const (
	de language = iota
	en
)

func (t Text) in(l language) string {
	if l == de {
		return t.DE
	}
	return t.EN
}

// both builds a Text from a function of the language.
func both(f func(l language) string) Text { return Text{DE: f(de), EN: f(en)} }

func tx(de, en string) Text { return Text{DE: de, EN: en} }

// Localise gives a plain decimal ("-1234.5") the separators of German or English.
func Localise(plain string, german bool) string {
	if german {
		return localise(plain, de)
	}
	return localise(plain, en)
}

// localise gives a plain decimal ("-1234.5") the language's separators: "-1.234,5" or "-1,234.5".
func localise(plain string, l language) string {
	group, point := ".", ","
	if l == en {
		group, point = ",", "."
	}
	sign := ""
	if strings.HasPrefix(plain, "-") {
		sign, plain = "-", plain[1:]
	}
	whole, frac, hasFrac := strings.Cut(plain, ".")
	var b strings.Builder
	for i := range len(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(group)
		}
		b.WriteByte(whole[i])
	}
	if hasFrac {
		b.WriteString(point)
		b.WriteString(frac)
	}
	if b.String() == "0" {
		sign = ""
	}
	return sign + b.String()
}

// trimZeros removes the zeros behind the decimal point, and the point if nothing is left behind it.
func trimZeros(s string) string {
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// plain writes x in decimal notation with the given number of decimals; -1 = as many as needed to read back x.
func plain(x float64, decimals int) string { return strconv.FormatFloat(x, 'f', decimals, 64) }

// count formats an integer with group separators.
func count(n int, l language) string { return localise(strconv.Itoa(n), l) }

// fixed formats x with so many decimals at most.
func fixed(x float64, decimals int, l language) string {
	return localise(trimZeros(plain(x, decimals)), l)
}

// rounded formats x to three significant digits, which is as much as a description needs.
func rounded(x float64, l language) string {
	r, err := strconv.ParseFloat(strconv.FormatFloat(x, 'e', 2, 64), 64)
	if err != nil {
		r = x
	}
	return localise(trimZeros(plain(r, -1)), l)
}

// percent formats a share in per cent: without decimals from 10 % on, else to two significant digits.
func percent(share float64, l language) string {
	p := share * 100
	if p >= 9.95 || p <= -9.95 || p == 0 {
		return fixed(p, 0, l) + " %"
	}
	r, err := strconv.ParseFloat(strconv.FormatFloat(p, 'e', 1, 64), 64)
	if err != nil {
		r = p
	}
	return localise(trimZeros(plain(r, -1)), l) + " %"
}

// percent1 formats a share in per cent with one decimal.
func percent1(share float64, l language) string { return localise(plain(share*100, 1), l) + " %" }

// exactly formats x with all its digits; shares are in per cent, by moving the decimal point so that 0.35 is 35.
func exactly(x float64, share bool, l language) string {
	s := plain(x, -1)
	if share {
		s = shiftTwo(s)
	}
	return localise(s, l)
}

// shiftTwo multiplies a plain decimal by 100.
func shiftTwo(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	whole, frac, _ := strings.Cut(s, ".")
	for len(frac) < 2 {
		frac += "0"
	}
	whole = strings.TrimLeft(whole+frac[:2], "0")
	if whole == "" {
		whole = "0"
	}
	if frac = strings.TrimRight(frac[2:], "0"); frac != "" {
		whole += "." + frac
	}
	return sign + whole
}

// unitWords are units that are written out behind a number; the units of counts ("orders") are not, since the label
// says them.
var unitWords = map[string][2]Text{ // singular, plural
	"day":    {tx("Tag", "day"), tx("Tage", "days")},
	"week":   {tx("Woche", "week"), tx("Wochen", "weeks")},
	"month":  {tx("Monat", "month"), tx("Monate", "months")},
	"year":   {tx("Jahr", "year"), tx("Jahre", "years")},
	"hour":   {tx("Stunde", "hour"), tx("Stunden", "hours")},
	"minute": {tx("Minute", "minute"), tx("Minuten", "minutes")},
}

// suffix returns what stands behind a number of the feature's unit, with a leading space, or nothing.
func (m meta) suffix(number string, l language) string {
	switch {
	case m.share || m.percent:
		return " %"
	case m.currency != "":
		return " " + m.currency
	}
	if w, ok := unitWords[strings.TrimSuffix(m.unit, "s")]; ok {
		if number == "1" {
			return " " + w[0].in(l)
		}
		return " " + w[1].in(l)
	}
	if m.symbol != "" {
		return " " + m.symbol
	}
	return ""
}

// figure formats a mean of the feature with its unit.
func (m meta) figure(x float64, l language) string {
	if m.share {
		return percent(x, l)
	}
	s := rounded(x, l)
	return s + m.suffix(s, l)
}

// threshold formats a cut point of the feature, with all digits and its unit.
func (m meta) threshold(x float64, l language) string {
	s := exactly(x, m.share, l)
	return s + m.suffix(s, l)
}
