package profile

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"segovia/engine/table"
)

// measure limits the units that a concept may have.
type measure int

const (
	anything  measure = iota
	aShare            // unit or name says share
	notAShare         // neither does
	anAmount          // money or no unit, no share
	aCount            // neither money, time nor share
)

// concept is a kind of feature that people have words for.
type concept struct {
	id     string
	family string // features of one family say much the same: one of them is enough in a text
	core   bool   // comes first among traits of similar strength
	// forms are the ways to name it: in each, every slot must be met by a token, and the tokens that are left must be
	// allowed by optional or by the words that any name may have.
	forms    [][]string // slot = alternatives separated by "|"; an alternative may end in "*"
	optional string     // further tokens, as one slot
	types    string     // only for features of these M3 types, as one slot; empty = any but those in notTypes
	notTypes string
	measure  measure
	category bool // of category features; all others are of numbers
	label    Text
	words    Words
	// poles name the two ends of a share whose low end has a name of its own ("third-party brands").
	poles *poles
}

// poles are the words for a share by its level instead of its difference from the average; high and low are for names.
type poles struct{ high, low, almostHigh, mostlyHigh, mostlyLow, almostLow Text }

// meta is how a feature is spoken of.
type meta struct {
	concept  *concept // nil = not recognised
	tokens   []string
	label    Text // within a sentence
	title    Text // standing alone
	words    Words
	unit     string // lower case
	share    bool   // values are shares of 1
	percent  bool   // values are per cent
	currency string // behind amounts
	symbol   string // short unit that is written as it is
}

// freeTokens say nothing about the kind of a feature.
const freeTokens = "total|sum|summe|gesamt|net|netto|gross|brutto|eur|usd|gbp|chf|year|yearly|years|annual|jahr|jaehrlich|" +
	"per|pro|last|letzte|letzten|month|months|monat|monate|monaten|week|weeks|day|days|tag|tage|tagen|" +
	"n|num|number|count|cnt|anzahl|no|nr|zahl|all|alle|ltm"

const (
	shareUnits = "share|%|percent|pct"
	moneyUnits = "currency|eur|usd|gbp|chf|€|$|£"
)

const shareTokens = "share|shares|anteil|anteile|ratio|quote|rate|pct|percent|percentage|prozent|fraction"

// tokenise splits a feature's name into lower-case words: at everything but letters and digits and between small and
// capital letters. German umlauts are spelled out.
func tokenise(name string) []string {
	var tokens []string
	var word strings.Builder
	flush := func() {
		if word.Len() > 0 {
			tokens = append(tokens, word.String())
			word.Reset()
		}
	}
	wasLower := false
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			flush()
			wasLower = false
			continue
		}
		if wasLower && unicode.IsUpper(r) {
			flush()
		}
		wasLower = unicode.IsLower(r)
		switch r = unicode.ToLower(r); r {
		case 'ä':
			word.WriteString("ae")
		case 'ö':
			word.WriteString("oe")
		case 'ü':
			word.WriteString("ue")
		case 'ß':
			word.WriteString("ss")
		default:
			word.WriteRune(r)
		}
	}
	flush()
	return tokens
}

// window reads a token such as "12m" or "365d" as days.
func window(token string) (days float64, n int, unit byte, ok bool) {
	if len(token) < 2 {
		return 0, 0, 0, false
	}
	unit = token[len(token)-1]
	n, err := strconv.Atoi(token[:len(token)-1])
	if err != nil || n < 1 || n > 100000 {
		return 0, 0, 0, false
	}
	perUnit := map[byte]float64{'d': 1, 'w': 7, 'm': 365.0 / 12, 'y': 365}[unit]
	if unit == 'm' && n%12 == 0 { // whole years exactly
		return float64(n/12) * 365, n, unit, true
	}
	return float64(n) * perUnit, n, unit, perUnit > 0
}

func matches(slot, token string) bool {
	for alternative := range strings.SplitSeq(slot, "|") {
		if prefix, open := strings.CutSuffix(alternative, "*"); open && strings.HasPrefix(token, prefix) {
			return true
		}
		if alternative == token {
			return true
		}
	}
	return false
}

func anyToken(tokens []string, slot string) bool {
	return slices.ContainsFunc(tokens, func(t string) bool { return matches(slot, t) })
}

// fits reports whether the tokens name the concept and nothing else.
func (c *concept) fits(tokens []string) bool {
	return slices.ContainsFunc(c.forms, func(form []string) bool {
		for _, slot := range form {
			if !anyToken(tokens, slot) {
				return false
			}
		}
		for _, t := range tokens {
			inForm := slices.ContainsFunc(form, func(slot string) bool { return matches(slot, t) })
			_, _, _, isWindow := window(t)
			number := strings.Trim(t, "0123456789") == ""
			if !inForm && !isWindow && !number && !matches(freeTokens, t) && !matches(c.optional, t) {
				return false
			}
		}
		return true
	})
}

// recognise returns the concept that a feature of this name, unit and M3 type is, or nil. Categories and numbers have
// concepts of their own.
func recognise(name, unit, kind string, category bool) *concept {
	tokens := tokenise(name)
	unit = strings.ToLower(unit)
	isShare := matches(shareUnits, unit) || anyToken(tokens, shareTokens)
	_, isTime := unitWords[strings.TrimSuffix(unit, "s")]
	isMoney := matches(moneyUnits, unit)
	for i := range concepts {
		c := &concepts[i]
		fitsUnit := true
		switch c.measure {
		case aShare:
			fitsUnit = isShare
		case notAShare:
			fitsUnit = !isShare
		case anAmount:
			fitsUnit = !isShare && (isMoney || unit == "")
		case aCount:
			fitsUnit = !isShare && !isMoney && !isTime
		}
		fitsType := (c.types == "" || matches(c.types, kind)) && (c.notTypes == "" || !matches(c.notTypes, kind))
		if fitsUnit && fitsType && c.category == category && c.fits(tokens) {
			return c
		}
	}
	return nil
}

// describeColumn finds the words for a feature: the configured ones, else its labels, else its concept's, else its name.
func describeColumn(col *table.Column, cfg Config) meta {
	m := meta{
		concept: recognise(col.Name, col.Unit, col.Type, col.Kind == table.Category),
		tokens:  tokenise(col.Name), unit: strings.ToLower(col.Unit),
	}
	switch {
	case m.unit == "share":
		m.share = true
	case matches(shareUnits, m.unit):
		m.percent = true
	case m.unit == "currency":
		m.currency = cfg.Currency
	case m.unit == "":
		m.share = col.Kind != table.Category && anyToken(m.tokens, shareTokens) && within01(col.Numbers)
		if m.concept != nil && m.concept.measure == anAmount {
			m.currency = cfg.Currency
		}
	default:
		if _, word := unitWords[strings.TrimSuffix(m.unit, "s")]; !word && len(col.Unit) <= 3 {
			m.symbol = col.Unit
		}
	}
	human := humanise(col.Name)
	m.label = tx(human, human)
	if c := m.concept; c != nil {
		m.label = both(func(l language) string { return c.label.in(l) + windowWords(m.tokens, l) })
		m.words = c.words
	}
	m.title = both(func(l language) string { return capitalise(m.label.in(l)) })
	if m.concept == nil {
		m.title = m.label
	}
	override := func(to *Text, from Text) {
		if from.DE != "" {
			to.DE = from.DE
		}
		if from.EN != "" {
			to.EN = from.EN
		}
	}
	given := tx(col.LabelDE, col.LabelEN)
	own := cfg.Vocabulary[col.Name]
	for _, t := range []Text{given, own.Label} {
		override(&m.label, t)
		override(&m.title, t)
	}
	override(&m.words.VeryHigh, own.VeryHigh)
	override(&m.words.High, own.High)
	override(&m.words.Low, own.Low)
	override(&m.words.VeryLow, own.VeryLow)
	return m
}

func within01(xs []float64) bool {
	for _, x := range xs {
		if x < 0 || x > 1 { // false for NaN
			return false
		}
	}
	return true
}

func windowWords(tokens []string, l language) string {
	for _, t := range tokens {
		if _, n, unit, ok := window(t); ok {
			w := unitWords[map[byte]string{'d': "day", 'w': "week", 'm': "month", 'y': "year"}[unit]][min(n, 2)-1]
			return " (" + strconv.Itoa(n) + " " + w.in(l) + ")"
		}
	}
	return ""
}

// humanise makes a label of a name: "Petal.Length" is "Petal Length".
func humanise(name string) string {
	fields := strings.FieldsFunc(name, func(r rune) bool { return r == '_' || r == '.' || unicode.IsSpace(r) })
	if len(fields) == 0 {
		return name
	}
	return strings.Join(fields, " ")
}

func capitalise(s string) string {
	for i, r := range s {
		return string(unicode.ToUpper(r)) + s[i+len(string(r)):]
	}
	return s
}

// uniqueLabels gives features whose labels are equal, in either language, the labels of their names instead.
func uniqueLabels(metas []*meta, names []string) {
	seen := make(map[Text]int)
	lower := func(t Text) []Text {
		return []Text{{DE: strings.ToLower(t.DE)}, {EN: strings.ToLower(t.EN)}}
	}
	for _, m := range metas {
		for _, t := range lower(m.label) {
			seen[t]++
		}
	}
	for i, m := range metas {
		for _, t := range lower(m.label) {
			if seen[t] > 1 {
				m.label = tx(humanise(names[i]), humanise(names[i]))
				m.title = m.label
			}
		}
	}
}
