package lifetime

import "math"

// Horizon is how far ahead a value looks and what is counted.
type Horizon struct {
	Weeks      float64 // 0: 52
	YearlyRate float64 // discount, continuously; 0.1: money in a year is worth 1/1.1 of what it is today; 0: none
	MarginRate float64 // share of spend that is margin; 0: not known, the value is revenue
}

// Value returns what a customer is expected to bring within the horizon: discounted expected orders times expected spend of an
// order, in the currency of the spend, times the margin rate if there is one. The two models take amounts and rhythm to be
// independent. It is NaN (not defined) where the expected spend is.
func Value(orders BGNBD, amounts GammaGamma, h History, s Spend, of Horizon) float64 {
	if of.Weeks == 0 {
		of.Weeks = 52
	}
	if of.MarginRate == 0 {
		of.MarginRate = 1
	}
	return float64(float64(orders.Discounted(h, of.Weeks, of.YearlyRate)*amounts.Mean(s)) * of.MarginRate)
}

// Overdue returns how late a customer is by their own rhythm: days since the last order over the mean days between orders,
// recency / (activeSpan / repeats), both in days. 1 is just due; from about 2 or 3 on a regular customer has probably left. It
// needs no model and no other customer. It is NaN (not defined) without repeats and without an active span.
func Overdue(recencyDays, activeSpanDays float64, repeats int) float64 {
	if repeats < 1 || !(activeSpanDays > 0) {
		return math.NaN()
	}
	return recencyDays / (activeSpanDays / float64(repeats))
}
