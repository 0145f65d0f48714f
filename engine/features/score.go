package features

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"segovia/engine/internal/exact"
)

func (s *Score) bins() int { return cmp.Or(s.Bins, 5) }

// best is the style that measures a value against those of the best customers instead of cutting quintiles.
const best = "best"

func (s *Score) formula() string {
	if s.Style == best {
		return fmt.Sprintf("%s / its 90 %% quantile (type 7) over customers with a positive value, between 0 and 1", s.Of)
	}
	kind := "type-7 quantiles of the value, closed on the right"
	switch {
	case s.Style == "rfm":
		kind = "type-7 quantiles of the value plus one, closed on the left"
	case s.Rank:
		kind = "quantiles of the rank, ties in key order"
	}
	reversed := ""
	if s.Reversed {
		reversed = ", reversed"
	}
	return fmt.Sprintf("score 1..%d of %s by %s%s", s.bins(), s.Of, kind, reversed)
}

// scores returns the score of each value, 1 to bins; NaN where the value is missing. Quantiles are those of the values
// that are not missing; ranks break ties in the order of the rows.
func (s *Score) scores(x []float64) []float64 {
	if s.Style == best {
		return shareOfBest(x)
	}
	bins := s.bins()
	rows := make([]int, 0, len(x))
	for i, v := range x {
		if finite(v) {
			rows = append(rows, i)
		}
	}
	slices.SortStableFunc(rows, func(a, b int) int { return cmp.Compare(x[a], x[b]) })
	n := len(rows)
	out := make([]float64, len(x))
	for i := range out {
		out[i] = math.NaN()
	}
	edges := s.edges(x, rows)
	for rank, row := range rows {
		score := 1
		for i := 1; i < bins; i++ {
			var above bool
			switch {
			case s.Rank: // rank + 1 > 1 + (n-1) i / bins
				above = rank*bins > (n-1)*i
			case s.Style == "rfm":
				above = x[row] >= edges[i-1]
			default:
				above = x[row] > edges[i-1]
			}
			if above {
				score++
			}
		}
		if s.Reversed {
			score = bins + 1 - score
		}
		out[row] = float64(score)
	}
	return out
}

// shareOfBest returns each value as a share of what the best tenth of the customers reach: the 90 % quantile (type 7) of the
// positive values, cut to 0..1; NaN where the value is missing or none is positive.
func shareOfBest(x []float64) []float64 {
	var positive []float64
	for _, v := range x {
		if finite(v) && v > 0 {
			positive = append(positive, v)
		}
	}
	slices.Sort(positive)
	top := exact.Quantile(positive, 0.9)
	out := make([]float64, len(x))
	for i, v := range x {
		if out[i] = math.NaN(); finite(v) && len(positive) > 0 {
			out[i] = min(max(v/top, 0), 1)
		}
	}
	return out
}

// edges returns the type-7 quantiles at i/bins of the values in the order of rows; style rfm adds one to each.
func (s *Score) edges(x []float64, rows []int) []float64 {
	bins, n := s.bins(), len(rows)
	if n == 0 {
		return nil
	}
	edges := make([]float64, bins-1)
	for i := range edges {
		h := (n - 1) * (i + 1)
		j, rest := h/bins, h%bins
		edges[i] = x[rows[j]]
		if rest > 0 {
			step := x[rows[j+1]] - edges[i]
			edges[i] += float64(step*float64(rest)) / float64(bins)
		}
		if s.Style == "rfm" {
			edges[i]++
		}
	}
	return edges
}

// pandasNames is the ten-segment map by R (first index, 1 to 5) and F.
var pandasNames = [6][6]string{
	1: {1: "hibernating", 2: "hibernating", 3: "at_risk", 4: "at_risk", 5: "cant_loose"},
	2: {1: "hibernating", 2: "hibernating", 3: "at_risk", 4: "at_risk", 5: "cant_loose"},
	3: {1: "about_to_sleep", 2: "about_to_sleep", 3: "need_attention", 4: "loyal_customers", 5: "loyal_customers"},
	4: {1: "promising", 2: "potential_loyalists", 3: "potential_loyalists", 4: "loyal_customers", 5: "loyal_customers"},
	5: {1: "new_customers", 2: "potential_loyalists", 3: "potential_loyalists", 4: "champions", 5: "champions"},
}

// rfmNames are the names of R's package rfm by inclusive ranges of R, F and M; the first that fits counts.
var rfmNames = []struct {
	name                         string
	rLow, rTop, fLow, fTop, mLow int
	mTop                         int
}{
	{"Champions", 5, 5, 5, 5, 5, 5},
	{"Potential Loyalist", 3, 5, 3, 5, 2, 5},
	{"Loyal Customers", 2, 4, 2, 4, 2, 4},
	{"Promising", 3, 4, 1, 3, 3, 5},
	{"New Customers", 4, 5, 1, 3, 1, 5},
	{"Can't Lose Them", 1, 2, 3, 4, 4, 5},
	{"At Risk", 1, 2, 2, 5, 4, 5},
	{"Need Attention", 1, 3, 3, 5, 3, 5},
	{"About To Sleep", 2, 3, 1, 3, 1, 4},
	{"Lost", 1, 1, 1, 5, 1, 5},
}

func segmentFormula(names []string) string {
	if len(names) == 2 {
		return fmt.Sprintf("name by the digits of %s and %s (ten-segment map, pandas style)", names[0], names[1])
	}
	return fmt.Sprintf("name by %s, %s and %s (R package rfm; first match of inclusive ranges, else Others)",
		names[0], names[1], names[2])
}

// rfmSegments names customers by two scores (R, F) or three (R, F, M), each 1 to 5. A customer without a score, or with
// one outside 1 to 5, has no name.
func rfmSegments(scores [][]float64) (names []string, missing []bool) {
	n := len(scores[0])
	names = make([]string, n)
	for i := range n {
		var digit [3]int
		ok := true
		for j, s := range scores {
			digit[j] = int(s[i])
			ok = ok && s[i] >= 1 && s[i] <= 5 && s[i] == math.Trunc(s[i])
		}
		switch {
		case !ok:
			if missing == nil {
				missing = make([]bool, n)
			}
			missing[i] = true
		case len(scores) == 2:
			names[i] = pandasNames[digit[0]][digit[1]]
		default:
			names[i] = rfmName(digit[0], digit[1], digit[2])
		}
	}
	return names, missing
}

func rfmName(r, f, m int) string {
	for _, s := range rfmNames {
		if r >= s.rLow && r <= s.rTop && f >= s.fLow && f <= s.fTop && m >= s.mLow && m <= s.mTop {
			return s.name
		}
	}
	return "Others"
}
