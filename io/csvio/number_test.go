package csvio

import (
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The slow, obvious reading of a number: one expression for each style.
var (
	plainRE = map[style]*regexp.Regexp{
		styleEN: regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)$`),
		styleDE: regexp.MustCompile(`^[+-]?([0-9]+,?[0-9]*|,[0-9]+)$`),
	}
	groupedRE = map[style]*regexp.Regexp{
		styleEN: regexp.MustCompile(`^[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]+)?$`),
		styleDE: regexp.MustCompile(`^[+-]?[1-9][0-9]{0,2}(\.[0-9]{3})+(,[0-9]+)?$`),
	}
	exponentRE = map[style]*regexp.Regexp{
		styleEN: regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)[eE][+-]?[0-9]{1,4}$`),
		styleDE: regexp.MustCompile(`^[+-]?([0-9]+,?[0-9]*|,[0-9]+)[eE][+-]?[0-9]{1,4}$`),
	}
	paddedRE = regexp.MustCompile(`^[+-]?0[0-9]`)
)

// slowNumber returns the value of text in style s, as a fraction.
func slowNumber(text string, s style) (v *big.Rat, exponent, ok bool) {
	exponent = exponentRE[s].MatchString(text)
	if !plainRE[s].MatchString(text) && !groupedRE[s].MatchString(text) && !exponent {
		return nil, false, false
	}
	group := ","
	if s == styleDE {
		group = "."
	}
	text = strings.ReplaceAll(strings.ReplaceAll(text, group, ""), ",", ".")
	v, ok = new(big.Rat).SetString(text)
	return v, exponent, ok
}

func checkNumber(t interface{ Errorf(string, ...any) }, text string) {
	en, expEN, okEN := slowNumber(text, styleEN)
	de, expDE, okDE := slowNumber(text, styleDE)
	n, ok := lexNumber([]byte(text))
	if ok != (okEN || okDE) {
		t.Errorf("%q: number %v, want %v", text, ok, okEN || okDE)
		return
	}
	if !ok {
		return
	}
	if n.padded != paddedRE.MatchString(text) || n.exponent != (expEN || expDE) {
		t.Errorf("%q: padded %v, exponent %v", text, n.padded, n.exponent)
	}
	if n.padded {
		return
	}
	if got, want := n.ambiguous != 0, okEN && okDE && en.Cmp(de) != 0; got != want {
		t.Errorf("%q: ambiguous %v, want %v", text, got, want)
	}
	for s, want := range map[style]*big.Rat{styleEN: en, styleDE: de} {
		if n.fits(s) != (want != nil) {
			t.Errorf("%q: fits %v is %v", text, s, n.fits(s))
		}
		if want == nil {
			continue
		}
		if f, ok := parseFloat([]byte(text), s); ok {
			if exact, _ := want.Float64(); exact != f && !(f == 0 && exact == 0) {
				t.Errorf("%q in %v: float %v, want %v", text, s, f, exact)
			}
		}
		if n.exponent {
			continue
		}
		integer, decimals := n.digitsIn(s)
		scale := 0
		for x := new(big.Rat).Set(want); !x.IsInt(); scale++ {
			x.Mul(x, big.NewRat(10, 1))
		}
		if decimals < scale {
			t.Errorf("%q in %v: %d decimals, want at least %d", text, s, decimals, scale)
		}
		whole := new(big.Int).Quo(want.Num(), want.Denom())
		if digits := len(strings.TrimLeft(whole.Text(10), "-0")); integer != digits {
			t.Errorf("%q in %v: %d integer digits, want %d", text, s, integer, digits)
		}
		for _, sc := range []int{decimals, decimals + 2} {
			unit := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(sc)), nil))
			v := new(big.Rat).Mul(want, unit)
			got, ok := parseDecimal([]byte(text), s, sc)
			if fits := len(strings.TrimLeft(v.Num().Text(10), "-0")) <= 38; ok != fits {
				t.Errorf("%q in %v, scale %d: fits %v, want %v", text, s, sc, ok, fits)
			} else if ok && got.BigInt().Cmp(v.Num()) != 0 {
				t.Errorf("%q in %v, scale %d: %s, want %s", text, s, sc, got.BigInt(), v.Num())
			}
		}
		if _, ok := parseDecimal([]byte(text), s, decimals-1); ok && decimals > 0 {
			t.Errorf("%q in %v: too many decimals accepted", text, s)
		}
		if decimals == 0 {
			got, ok := parseInt([]byte(text))
			if ok != want.Num().IsInt64() || ok && got != want.Num().Int64() {
				t.Errorf("%q in %v: int64 %d %v", text, s, got, ok)
			}
		}
	}
}

func TestNumberAgainstSlow(t *testing.T) {
	// Every text up to five characters over a small alphabet, then long random ones.
	alphabet := "0137.,e-"
	var all func(prefix string, left int)
	all = func(prefix string, left int) {
		checkNumber(t, prefix)
		if left == 0 {
			return
		}
		for i := range alphabet {
			all(prefix+alphabet[i:i+1], left-1)
		}
	}
	all("", 5)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[+-]?[0-9]{0,4}([.,][0-9]{3}){0,8}([.,][0-9]{0,30})?([eE][+-]?[0-9]{0,3})?`).Draw(t, "text")
		checkNumber(t, text)
	})
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Int64().Draw(t, "v")
		checkNumber(t, strconv.FormatInt(v, 10))
	})
	for _, text := range []string{
		"9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551616",
		"99999999999999999999999999999999999999", "100000000000000000000000000000000000000", "-99999999999999999999999999999999999999",
		"0.00000000000000000000000000000000000001", "1.234.567.890.123.456.789",
	} {
		checkNumber(t, text)
	}
}
