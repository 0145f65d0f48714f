package csvio

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestDateAgainstTime holds calendar and microseconds to the standard library.
func TestDateAgainstTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y := rapid.IntRange(1, 9999).Draw(t, "y")
		m := rapid.IntRange(0, 13).Draw(t, "m")
		d := rapid.IntRange(0, 32).Draw(t, "d")
		clock := rapid.Int64Range(0, 86400e6-1).Draw(t, "clock")
		when := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
		real := when.Year() == y && int(when.Month()) == m && when.Day() == d
		at := when.Add(time.Duration(clock) * time.Microsecond)
		tail := at.Format(" 15:04:05.000000")
		for text, month := range map[string]bool{
			fmt.Sprintf("%04d-%02d-%02d", y, m, d): false, fmt.Sprintf("%04d/%d/%d", y, m, d): false, fmt.Sprintf("%04d%02d%02d", y, m, d): false,
			fmt.Sprintf("%04d.%02d.%02d", y, m, d): false, fmt.Sprintf("%d.%02d.%04d", d, m, y): false,
			fmt.Sprintf("%02d/%02d/%04d", d, m, y): false, fmt.Sprintf("%02d/%02d/%04d", m, d, y): true,
			fmt.Sprintf("%d-%d-%04d", d, m, y): false, fmt.Sprintf("%d-%d-%04d", m, d, y): true,
		} {
			got, ok := lexDate([]byte(text+tail), false)
			if !ok {
				t.Fatalf("%q is no date", text+tail)
			}
			if got.valid(month) != real {
				t.Fatalf("%q valid: %v", text, !real)
			}
			if real && got.micros(month) != at.UnixMicro() {
				t.Fatalf("%q: %d, want %d", text+tail, got.micros(month), at.UnixMicro())
			}
		}
	})
}

func TestZones(t *testing.T) {
	for text, want := range map[string]string{
		"2026-01-01T00:00:00Z": "2026-01-01T00:00:00Z", "2026-01-01 00:00+01:00": "2025-12-31T23:00:00Z", "2026-01-01T00:00-0530": "2026-01-01T05:30:00Z",
		"2026-01-01T10:00:00.5 +02": "2026-01-01T08:00:00.5Z",
	} {
		d, ok := lexDate([]byte(text), false)
		if !ok || !d.zoned || !d.valid(false) {
			t.Fatalf("%q: %+v %v", text, d, ok)
		}
		if got := time.UnixMicro(d.micros(false)).UTC().Format(time.RFC3339Nano); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	for _, text := range []string{"2026-01-01T00:00+1", "2026-01-01T00:00+01:0", "2026-01-01T00:00 CET", "2026-01-01T", "2026-01-01x", "2026-01-01 8", "2026-01-01 8:5", "2026-1"} {
		if _, ok := lexDate([]byte(text), false); ok {
			t.Errorf("%q is a date", text)
		}
	}
	for _, text := range []string{"2026-01-01T00:00+19:00", "2026-01-01 13:00 PM", "2026-01-01 00:00 AM", "2026-01-01 24:00", "2026-01-01 10:60", "2026-01-01 10:00:60"} {
		if d, ok := lexDate([]byte(text), false); !ok || d.valid(false) {
			t.Errorf("%q: %v, valid %v", text, ok, d.valid(false))
		}
	}
}

func TestDateStyles(t *testing.T) {
	for _, name := range DateStyles {
		st := parseDateStyle(name)
		if st == nil || st.String() != name {
			t.Errorf("%q: %v", name, st)
		}
		for _, clock := range []string{" hh:mm", " hh:mm:ss", " hh:mm:ss.ffffff", "Thh:mm:ssZ"} {
			if got := parseDateStyle(name + clock); got == nil || *got != *st {
				t.Errorf("%q: %v", name+clock, got)
			}
		}
	}
	for _, name := range []string{"", "yyyy", "dd.mm", "yyyy-mm-dd hh", "yyyy-mm-dd xx", "dd/mm/yyyy or mm/dd/yyyy"} {
		if st := parseDateStyle(name); st != nil {
			t.Errorf("%q is taken as %v", name, st)
		}
	}
}

func TestSaysDate(t *testing.T) {
	for name, want := range map[string]bool{
		"date": true, "Datum": true, "order_date": true, "orderDate": true, "OrderDate2": true, "Bestelldatum": true, "date_of_birth": true, "BESTELLDATUM": true,
		"dates": false, "dated": false, "customer": false, "": false, "id": false, "datacenter": false, "data": false,
	} {
		if saysDate(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
}
