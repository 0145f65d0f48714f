package reportio

import (
	"math"
	"testing"
	"time"
)

func TestFigures(t *testing.T) {
	de, en := locales["de"], locales["en"]
	for _, c := range []struct{ got, want string }{
		{de.int(12345), "12.345"}, {en.int(12345), "12,345"}, {de.int(-1234567), "−1.234.567"}, {en.int(999), "999"}, {en.int(0), "0"},
		{de.dec(1234.567, 1), "1.234,6"}, {en.dec(1234.567, 1), "1,234.6"}, {en.dec(-.004, 2), "0.00"}, {en.dec(math.NaN(), 2), "–"},
		{en.sig(.8304), "0.83"}, {en.sig(12.04), "12"}, {en.sig(1309.7), "1,310"}, {de.sig(.00012345), "0,000123"}, {en.sig(9.996), "10"},
		{en.sig(0), "0"}, {en.sig(-63.42), "−63.4"}, {en.sig(100), "100"}, {en.sig(1e-9), "0"},
		{de.signed(1.25, 1), "+1,2"}, {en.signed(-1.26, 1), "−1.3"}, {en.signed(.04, 1), "0.0"}, {en.signed(-.04, 1), "0.0"},
		{de.pct(.2871), "28,7" + nbsp + "%"}, {en.pct(.2871), "28.7%"}, {en.pct(.0001), "<0.1%"}, {en.pct(0), "0.0%"}, {en.pct0(.5), "50%"},
		{en.value(.434, "share"), "43.4%"}, {de.value(63.42, "days"), "63,4" + nbsp + "Tage"}, {en.value(63.42, "days"), "63.4" + nbsp + "days"},
		{en.value(9120, "currency"), "9,120"}, {en.value(9120, "EUR"), "9,120" + nbsp + "EUR"}, {en.value(8.1, "orders"), "8.1"},
		{de.compact(182431877.25), "182,4" + nbsp + "Mio."}, {en.compact(2.5e9), "2.5" + nbsp + "bn"}, {en.compact(8911.4), "8,911"},
		{de.amount("8911407.904"), "8.911.407,904"}, {en.amount("8911407.904"), "8,911,407.904"}, {en.amount("<b>"), "<b>"}, {en.amount("1e5"), "1e5"},
		{de.date(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)), "1." + nbsp + "März 2026"},
		{en.moment(time.Date(2026, 11, 22, 1, 5, 0, 0, time.UTC)), "22" + nbsp + "November 2026, 01:05" + nbsp + "UTC"},
		{de.day("2011-12-09T12:50:00Z"), "09.12.2011"}, {en.day("2011-12-09"), "9 Dec 2011"}, {en.day("soon"), "soon"},
		{de.word(5), "fünf"}, {en.word(12), "twelve"}, {en.word(1300), "1,300"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		n      int
		want   []float64
		dec    int
	}{
		{0, 1, 5, []float64{0, .2, .4, .6000000000000001, .8, 1}, 1},
		{0, .337, 5, []float64{0, .1, .2, .30000000000000004, .4}, 1},
		{-1.3, 1.4, 5, []float64{-2, -1, 0, 1, 2}, 0},
		{2500, 4300, 4, []float64{2500, 3000, 3500, 4000, 4500}, 0},
		{3, 3, 4, []float64{3, 3.5, 4}, 1},
	} {
		got, dec := ticks(c.lo, c.hi, c.n)
		same := len(got) == len(c.want)
		for i := range got {
			same = same && math.Abs(got[i]-c.want[i]) < 1e-12
		}
		if !same || dec != c.dec {
			t.Errorf("ticks(%v, %v, %d) = %v, %d; want %v, %d", c.lo, c.hi, c.n, got, dec, c.want, c.dec)
		}
	}
	for _, span := range [][2]float64{{1e16, 1e16 + 4}, {-1e308, 1e308}, {0, math.Inf(1)}, {1e-300, 2e-300}, {5, math.NaN()}} {
		if got, _ := ticks(span[0], span[1], 5); len(got) < 2 || len(got) > 20 {
			t.Errorf("ticks(%v) gives %d values", span, len(got))
		}
	}
}

func TestSpread(t *testing.T) {
	got := spread([]float64{10, 12, 13, 90}, 10, 0, 95)
	for i := range got {
		if i > 0 && got[i]-got[i-1] < 10 || got[i] < 0 || got[i] > 95 {
			t.Errorf("labels at %v", got)
		}
	}
}
