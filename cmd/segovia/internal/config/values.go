package config

import (
	"errors"
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"time"

	"segovia/engine/sweep"
	"segovia/kernels/problem"
)

// textValue is a value that is written as one scalar of its own form.
type textValue interface {
	setText(text string) error // the error says what is wrong, in few words
	form() string              // what is expected: "a duration such as 365d, or all"
	pattern() string           // regular expression of the form, for the JSON Schema
	String() string
}

// Auto is a whole number from 1, or auto (0).
type Auto int

func (a *Auto) setText(s string) error {
	if s == "auto" {
		*a = 0
		return nil
	}
	v, err := strconv.Atoi(s)
	if err != nil || v < 1 || v > 1<<20 {
		return errors.New("not a number of that kind")
	}
	*a = Auto(v)
	return nil
}
func (Auto) form() string    { return "a whole number from 1, or auto" }
func (Auto) pattern() string { return `^(auto|[1-9][0-9]*)$` }

// String returns the value as it is written.
func (a *Auto) String() string {
	if *a == 0 {
		return "auto"
	}
	return strconv.Itoa(int(*a))
}

// Size is a number of bytes; 0 is auto.
type Size int64

// sizeUnits are the units that a size may have, longest first.
var sizeUnits = []struct {
	name  string
	bytes float64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40},
	{"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1},
}

// ParseSize reads "2GiB", "512 MiB", "1.5GB" or plain bytes; "auto" is 0.
func ParseSize(s string) (int64, error) {
	if s == "auto" {
		return 0, nil
	}
	number, unit := strings.TrimSpace(s), 1.0
	for _, u := range sizeUnits {
		if rest, ok := cutSuffixFold(number, u.name); ok {
			number, unit = strings.TrimSpace(rest), u.bytes
			break
		}
	}
	v, err := parseDecimal(number)
	bytes := math.Floor(v * unit)
	if err != nil || bytes < 1 || bytes >= 1<<62 {
		return 0, errors.New("not a size")
	}
	return int64(bytes), nil
}

func cutSuffixFold(s, suffix string) (string, bool) {
	if len(s) < len(suffix) || !strings.EqualFold(s[len(s)-len(suffix):], suffix) {
		return s, false
	}
	return s[:len(s)-len(suffix)], true
}

func (z *Size) setText(s string) (err error) {
	v, err := ParseSize(s)
	*z = Size(v)
	return err
}
func (Size) form() string    { return "a size such as 2GiB or 512MiB, or auto" }
func (Size) pattern() string { return `^(auto|[0-9.]+ *([KMGTkmgt]?[Ii]?[Bb])?)$` }

// String returns the value as it is written.
func (z *Size) String() string {
	if *z == 0 {
		return "auto"
	}
	for i := 3; i >= 0; i-- {
		if u := sizeUnits[i]; int64(*z)%int64(u.bytes) == 0 {
			return strconv.FormatInt(int64(*z)/int64(u.bytes), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(*z), 10)
}

// parseDecimal reads digits with an optional dot, nothing else: no exponent, no "inf", no hexadecimal.
func parseDecimal(s string) (float64, error) {
	digits := 0
	for i, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r == '.' && strings.IndexByte(s, '.') == i:
		case (r == '-' || r == '+') && i == 0:
		default:
			return 0, errors.New("not a number")
		}
	}
	if digits == 0 {
		return 0, errors.New("not a number")
	}
	return strconv.ParseFloat(s, 64)
}

// Share is a share of one: 5%, 0.05 and 5pp are the same.
type Share float64

func (h *Share) setText(s string) error {
	number, hundredth := s, false
	for _, unit := range []string{"%", "pp"} {
		if rest, ok := strings.CutSuffix(number, unit); ok {
			number, hundredth = strings.TrimSpace(rest), true
			break
		}
	}
	v, err := parseDecimal(number)
	if err != nil || v < 0 {
		return errors.New("not a share")
	}
	if hundredth {
		v /= 100
	}
	*h = Share(v)
	return nil
}
func (Share) form() string    { return "a share such as 5%, 0.05 or 5pp" }
func (Share) pattern() string { return `^[0-9.]+ *(%|pp)?$` }

// String returns the value as it is written.
func (h *Share) String() string { return strconv.FormatFloat(float64(*h), 'g', -1, 64) }

// Duration is a length of time in days, weeks or hours; 0 is all of time.
type Duration struct {
	time.Duration
	All bool
	set bool
}

func (d *Duration) setText(s string) error {
	if s == "all" {
		*d = Duration{All: true, set: true}
		return nil
	}
	units := map[byte]time.Duration{'d': 24 * time.Hour, 'w': 7 * 24 * time.Hour, 'h': time.Hour}
	if s == "" || units[s[len(s)-1]] == 0 {
		return errors.New("not a duration")
	}
	unit := units[s[len(s)-1]]
	v, err := strconv.ParseInt(s[:len(s)-1], 10, 64)
	if err != nil || v < 1 || v > int64(100*366*24*time.Hour/unit) {
		return errors.New("not a duration between one hour and 100 years")
	}
	*d = Duration{Duration: time.Duration(v) * unit, set: true}
	return nil
}
func (Duration) form() string    { return "a duration such as 365d, 52w or 12h, or all" }
func (Duration) pattern() string { return `^(all|[1-9][0-9]*[dwh])$` }

// String returns the value as it is written.
func (d *Duration) String() string {
	const day = 24 * time.Hour
	switch {
	case d.All:
		return "all"
	case !d.set:
		return ""
	case d.Duration%day == 0:
		return strconv.FormatInt(int64(d.Duration/day), 10) + "d"
	}
	return strconv.FormatInt(int64(d.Duration/time.Hour), 10) + "h"
}

// AsOf is the moment of the analysis.
type AsOf struct {
	Time  time.Time // UTC; zero for today and when not set
	Today bool
	text  string
}

// asOfLayouts are the forms of a moment, each read as UTC unless it names a zone.
var asOfLayouts = []string{time.DateOnly, "2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02T15:04:05", time.RFC3339}

func (a *AsOf) setText(s string) error {
	if s == "today" {
		*a = AsOf{Today: true, text: s}
		return nil
	}
	for _, layout := range asOfLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			*a = AsOf{Time: t.UTC(), text: s}
			return nil
		}
	}
	return errors.New("not a day of the calendar or a moment")
}
func (AsOf) form() string { return "a date such as 2026-11-21, a timestamp, or today" }
func (AsOf) pattern() string {
	return `^(today|[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9:]+(Z|[+-][0-9:]+)?)?)$`
}

// String returns the value as it is written.
func (a *AsOf) String() string { return a.text }

// IsSet reports whether the configuration gives a moment at all.
func (a AsOf) IsSet() bool { return a.text != "" }

// Resolve returns the moment: the given one, or the beginning of now's day in UTC for today.
func (a AsOf) Resolve(now time.Time) time.Time {
	if a.Today {
		return now.UTC().Truncate(24 * time.Hour)
	}
	return a.Time
}

// Rule is the rule that chooses k, or a fixed number.
type Rule string

var rules = append([]string{"auto"}, sweep.Rules...)

func (r *Rule) setText(s string) error {
	for _, known := range rules {
		if s == known {
			*r = Rule(s)
			return nil
		}
	}
	if k, err := strconv.Atoi(s); err == nil && k >= 1 {
		*r = Rule(strconv.Itoa(k))
		return nil
	}
	return errors.New("no such rule")
}
func (Rule) form() string    { return strings.Join(rules, ", ") + ", or a number" }
func (Rule) pattern() string { return `^(` + strings.Join(rules, "|") + `|[1-9][0-9]*)$` }

// String returns the value as it is written.
func (r *Rule) String() string { return string(*r) }

// Silhouette says how silhouettes are computed.
type Silhouette string

func (v *Silhouette) setText(s string) error {
	n, sampled := strings.CutPrefix(s, "sample:")
	if sampled {
		if size, err := strconv.Atoi(n); err != nil || size < 2 {
			return errors.New("a sample needs at least 2 rows")
		}
	} else if s != "auto" && s != "exact" && s != "simplified" && s != "none" {
		return errors.New("no such way")
	}
	*v = Silhouette(s)
	return nil
}
func (Silhouette) form() string    { return "auto, exact, simplified, sample:N or none" }
func (Silhouette) pattern() string { return `^(auto|exact|simplified|none|sample:[1-9][0-9]*)$` }

// String returns the value as it is written.
func (v *Silhouette) String() string { return string(*v) }

// Range is a set of numbers of segments, ascending.
type Range struct {
	Values    []int
	FromRange bool // written as a range: impossible values may be left out
}

// maxK is the largest number of segments (design.md, section 7).
const maxK = 256

// ParseRange reads "2..15", "5" or "2,3,5".
func ParseRange(s string) (Range, error) {
	var r Range
	if lo, hi, ok := strings.Cut(s, ".."); ok {
		a, err1 := strconv.Atoi(strings.TrimSpace(lo))
		b, err2 := strconv.Atoi(strings.TrimSpace(hi))
		if err1 != nil || err2 != nil {
			return r, errors.New("not a range")
		}
		if a > b {
			return r, errors.New("the range runs backwards")
		}
		if b > maxK {
			return r, fmt.Errorf("the largest number of segments is %d", maxK)
		}
		for k := a; k <= b; k++ {
			r.Values = append(r.Values, k)
		}
		r.FromRange = true
	} else {
		for part := range strings.SplitSeq(s, ",") {
			k, err := strconv.Atoi(strings.TrimSpace(part))
			if err != nil {
				return r, errors.New("not a number of segments")
			}
			r.Values = append(r.Values, k)
		}
	}
	return r, r.check()
}

func (r *Range) check() error {
	sort.Ints(r.Values)
	for i, k := range r.Values {
		switch {
		case k < 1 && !r.FromRange: // the sweep leaves impossible values of a range out, with a warning
			return &problem.Problem{ID: "SEG-SEG-001", What: fmt.Sprintf("%d segments are not possible", k),
				Fix: "choose k between 2 and the number of distinct rows"}
		case k > maxK:
			return fmt.Errorf("the largest number of segments is %d", maxK)
		case i > 0 && r.Values[i-1] == k:
			return fmt.Errorf("%d stands there twice", k)
		}
	}
	if len(r.Values) == 0 {
		return errors.New("no number of segments")
	}
	return nil
}

func (r *Range) setText(s string) (err error) {
	*r, err = ParseRange(s)
	return err
}
func (Range) form() string    { return "a range such as 2..15, a list such as [2, 3, 5], or one number" }
func (Range) pattern() string { return `^[0-9]+(\.\.[0-9]+|(,[0-9]+)*)$` }

// String returns the value as it is written.
func (r *Range) String() string {
	if len(r.Values) == 0 {
		return ""
	}
	if r.FromRange {
		return fmt.Sprintf("%d..%d", r.Values[0], r.Values[len(r.Values)-1])
	}
	parts := make([]string, len(r.Values))
	for i, k := range r.Values {
		parts[i] = strconv.Itoa(k)
	}
	return strings.Join(parts, ",")
}

// Level is a number or a share: 48000, 0.25 and 25%.
type Level float64

func (v *Level) setText(s string) error {
	t, percent := strings.CutSuffix(s, "%")
	x, err := parseDecimal(strings.TrimSpace(t))
	if err != nil {
		return err
	}
	if percent {
		x /= 100
	}
	*v = Level(x)
	return nil
}

func (Level) form() string    { return "a number such as 48000, or a share such as 25%" }
func (Level) pattern() string { return `^-?[0-9.]+ *%?$` }

// String returns the number.
func (v *Level) String() string { return strconv.FormatFloat(float64(*v), 'g', -1, 64) }
