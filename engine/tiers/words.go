package tiers

import (
	"strconv"
	"strings"

	"segovia/engine/profile"
)

func (t Text) in(german bool) string {
	if german {
		return t.DE
	}
	return t.EN
}

// both builds a Text from a function of the language.
func both(f func(german bool) string) Text { return Text{DE: f(true), EN: f(false)} }

var classLabels = map[string]Text{
	"very_low": tx("sehr niedrig", "very low"), "low": tx("niedrig", "low"), "medium": tx("mittel", "medium"),
	"high": tx("hoch", "high"), "very_high": tx("sehr hoch", "very high"),
}

// classLabel names a class for people; a class of the configuration's own is its own name.
func classLabel(class string) Text {
	if t, ok := classLabels[class]; ok {
		return t
	}
	return tx(class, class)
}

// Amount writes a figure with its unit: shares in per cent, scores and amounts of at least 100 without decimals.
func Amount(x float64, unit string, german bool) string { return amountBy(x, unit, german, number) }

func amountBy(x float64, unit string, german bool, write func(x float64, german bool) string) string {
	if unit == "share" {
		return write(100*x, german) + " %"
	}
	s := write(x, german)
	if unit != "" && unit != "score" {
		s += " " + unit
	}
	return s
}

// number writes x to three significant digits, whole from 100 on, with the language's separators.
func number(x float64, german bool) string {
	decimals := 0
	switch m := max(x, -x); {
	case m == 0 || m >= 99.95:
	case m >= 9.995:
		decimals = 1
	default:
		decimals = 2
	}
	return decimal(x, decimals, german)
}

// precise writes x so that it reads differently from a number nearby.
func precise(x float64, german bool) string { return decimal(x, 6, german) }

// decimal writes x with at most so many decimals.
func decimal(x float64, decimals int, german bool) string {
	s := strconv.FormatFloat(x, 'f', decimals, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return profile.Localise(s, german)
}

// Millions writes a large amount short, as 80.6 M, 1.3 k or 950, with English separators.
func Millions(x float64) string { return short(x, false) }

func short(x float64, german bool) string {
	for _, u := range []struct {
		size float64
		sign Text
	}{{1e9, tx(" Mrd.", " bn")}, {1e6, tx(" Mio.", " M")}, {1e3, tx(" Tsd.", " k")}} {
		if max(x, -x) >= u.size {
			return number(x/u.size, german) + u.sign.in(german)
		}
	}
	return number(x, german)
}

func shortAmount(x float64, currency string, german bool) string {
	if currency == "" {
		return short(x, german)
	}
	return short(x, german) + " " + currency
}
