package company

import (
	"math"
	"sort"
	"time"
)

// calendar spreads events over the days of the company's history: a day's weight is how much happens on it.
type calendar struct {
	first time.Time // midnight UTC of the first day
	until time.Time // midnight UTC after the last day
	sums  []int64   // sums[i]: weight of the days before day i; one entry more than days
	ends  []int     // ends[m]: index of the day after month m of the history
	year  int64     // weight of the last twelve months (of a shorter history: extended to twelve)
}

// Weights in percent of an ordinary day, from January: slow summer and Christmas, busy autumn.
var monthWeights = [12]int64{95, 97, 104, 100, 98, 102, 92, 80, 106, 110, 112, 84}

// newOrderCalendar weighs days for orders: mostly Monday to Friday, a month pattern, hardly anything between Christmas
// and New Year, and growth of 4 % a year.
func newOrderCalendar(end time.Time, months int) *calendar {
	return newCalendar(end, months, func(day time.Time, sinceFirst int) int64 {
		w := monthWeights[day.Month()-1] * 1000
		switch day.Weekday() {
		case time.Saturday:
			w = w * 12 / 100
		case time.Sunday:
			w = w * 2 / 100
		}
		if holidays(day) {
			w = w * 15 / 100
		}
		return w * int64(365*100+4*sinceFirst) / (365 * 100)
	})
}

// newContactCalendar weighs days for contacts: working days outside the holidays.
func newContactCalendar(end time.Time, months int) *calendar {
	return newCalendar(end, months, func(day time.Time, _ int) int64 {
		if wd := day.Weekday(); wd == time.Saturday || wd == time.Sunday || holidays(day) {
			return 0
		}
		return monthWeights[day.Month()-1]
	})
}

func holidays(day time.Time) bool {
	return day.Month() == time.December && day.Day() >= 23 || day.Month() == time.January && day.Day() == 1
}

func newCalendar(end time.Time, months int, weight func(day time.Time, sinceFirst int) int64) *calendar {
	c := &calendar{first: end.AddDate(0, -months, 0), until: end, sums: []int64{0}}
	yearStart := end.AddDate(0, -min(12, months), 0)
	for i, day := 0, c.first; day.Before(end); i, day = i+1, day.AddDate(0, 0, 1) {
		w := weight(day, i)
		c.sums = append(c.sums, c.sums[i]+w)
		if !day.Before(yearStart) {
			c.year += w
		}
	}
	for m := range months {
		c.ends = append(c.ends, int(end.AddDate(0, m+1-months, 0).Sub(c.first)/(24*time.Hour)))
	}
	c.year = c.year * 12 / int64(min(12, months))
	return c
}

// total is the weight of the whole history.
func (c *calendar) total() int64 { return c.sums[len(c.sums)-1] }

// years is the length of the history in years as busy as the last one.
func (c *calendar) years() float64 { return float64(c.total()) / float64(c.year) }

// day returns the index of the day at quantile u of the history's weight, 0 <= u < 1.
func (c *calendar) day(u float64) int {
	v := int64(u * float64(c.total()))
	return sort.Search(len(c.sums)-1, func(i int) bool { return c.sums[i+1] > v })
}

// events spreads about rate events a year over the history: at equal steps from a random phase but for jitter (0 = like
// clockwork, 1 = each anywhere in its step), drift (-0.9..0.9: the rate goes from 1-drift to 1+drift times its mean) and
// the calendar. It returns the days' indexes in ascending order.
func (c *calendar) events(d *draws, rate, jitter, drift float64) []int {
	mean := float64(rate * c.years())
	phase := d.unit()
	var days []int
	for i := -1; float64(i)+phase-1 < mean; i++ {
		u := (float64(i) + phase + float64(jitter*(d.unit()-0.5))) / mean
		if u < 0 || u >= 1 {
			continue
		}
		if drift > 0.001 || drift < -0.001 { // the inverse of (1-drift) u + drift u^2
			a := 1 - drift
			u = (math.Sqrt(float64(a*a)+float64(4*drift*u)) - a) / (2 * drift)
		}
		days = append(days, c.day(min(max(u, 0), 1-0x1p-53)))
	}
	sort.Ints(days)
	return days
}

// at is the time of a minute of a day, in microseconds.
func (c *calendar) at(day, minute int) int64 {
	return micros(c.first) + (int64(day)*24*60+int64(minute))*60_000_000
}

// month is the month of a day.
func (c *calendar) month(day int) time.Month { return c.first.AddDate(0, 0, day).Month() }

// monthOf is the month of the history, from 0, in which a day lies.
func (c *calendar) monthOf(day int) int {
	return sort.Search(len(c.ends), func(m int) bool { return c.ends[m] > day })
}
