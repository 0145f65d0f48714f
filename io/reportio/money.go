package reportio

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// signs of currencies that have one.
var currencySigns = map[string]string{"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}

// money writes an amount to three significant digits, large ones in millions or billions, with the sign of its currency:
// "48.300 €", "1,24 Mio. €", "€48,300", "€1.24 m", "CHF 48,300".
func (l locale) money(x float64, currency string) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return none
	}
	x, err := strconv.ParseFloat(strconv.FormatFloat(x, 'e', 2, 64), 64)
	if err != nil {
		return none
	}
	var s string
	switch a := math.Abs(x); {
	case a >= 1e9:
		s = l.three(x/1e9) + nbsp + text{"Mrd.", "bn"}.in(l.code)
	case a >= 1e6:
		s = l.three(x/1e6) + nbsp + text{"Mio.", "m"}.in(l.code)
	default:
		s = l.sig(x)
	}
	sign, known := currencySigns[strings.ToUpper(currency)]
	if !known {
		sign = currency
	}
	switch {
	case sign == "":
		return s
	case l.code == "de":
		return s + nbsp + sign
	case utf8.RuneCountInString(sign) > 1:
		sign += nbsp
	}
	if rest, negative := strings.CutPrefix(s, minus); negative {
		return minus + sign + rest
	}
	return sign + s
}

// three writes three digits, zeros too, so that figures of a column compare: 18.0, 1.04.
func (l locale) three(x float64) string {
	switch a := math.Abs(x); {
	case a >= 100:
		return l.dec(x, 0)
	case a >= 10:
		return l.dec(x, 1)
	}
	return l.dec(x, 2)
}

// money writes an amount in the currency of value.json.
func (p *page) money(x float64) string {
	switch {
	case p.value != nil:
		return p.L.money(x, p.value.Currency)
	case p.regions != nil:
		return p.L.money(x, p.regions.Currency)
	}
	return p.L.money(x, "")
}

// moneyOf is money, a dash for null.
func (p *page) moneyOf(x *float64) string {
	if x == nil {
		return none
	}
	return p.money(*x)
}

// isMoney says whether a feature counts money.
func (p *page) isMoney(feature, unit string) bool {
	if p.value != nil && (unit != "" && strings.EqualFold(unit, p.value.Currency) || feature != "" && feature == p.value.Features.Revenue) {
		return true
	}
	unit, _, _ = strings.Cut(strings.ToLower(unit), "/") // "currency/year"
	switch unit {
	case "currency", "eur", "usd", "gbp", "chf", "€", "$", "£":
		return true
	}
	return false
}

// featureValue writes a feature's figure: money as money, anything else with its unit.
func (p *page) featureValue(x float64, feature, unit string) string {
	if p.isMoney(feature, unit) {
		return p.money(x)
	}
	return p.L.value(x, unit)
}
