package features

import (
	"fmt"
	"slices"
	"strings"
)

// didYouMean names the candidates nearest to name by edit distance, or all of them when there are few and none is near.
func didYouMean(name string, candidates []string) string {
	type near struct {
		name     string
		distance int
	}
	var all []near
	for _, c := range candidates {
		d := editDistance(strings.ToLower(name), strings.ToLower(c))
		if d <= 1+max(len(name), len(c))/3 {
			all = append(all, near{c, d})
		}
	}
	slices.SortFunc(all, func(a, b near) int {
		if a.distance != b.distance {
			return a.distance - b.distance
		}
		return strings.Compare(a.name, b.name)
	})
	if len(all) > 0 {
		return fmt.Sprintf("Did you mean %q?", all[0].name)
	}
	if len(candidates) == 0 || len(candidates) > 24 {
		return ""
	}
	sorted := slices.Clone(candidates)
	slices.Sort(sorted)
	return "Known are: " + strings.Join(slices.Compact(sorted), ", ") + "."
}

// editDistance counts insertions, deletions, substitutions and swaps of neighbours (optimal string alignment).
func editDistance(a, b string) int {
	s, t := []rune(a), []rune(b)
	rows := make([][]int, len(s)+1)
	for i := range rows {
		rows[i] = make([]int, len(t)+1)
		rows[i][0] = i
	}
	for j := range t {
		rows[0][j+1] = j + 1
	}
	for i := 1; i <= len(s); i++ {
		for j := 1; j <= len(t); j++ {
			cost := 1
			if s[i-1] == t[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(s)][len(t)]
}
