package config

import (
	"sort"
	"strings"
)

// Nearest returns the candidate that name was probably meant to be, or "". It ignores case, hyphens and underscores, and
// allows about one slip in three characters.
func Nearest(name string, candidates []string) string {
	plain := func(s string) string {
		return strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(s))
	}
	sorted := append([]string(nil), candidates...)
	sort.Strings(sorted)
	best, bestDist := "", 1<<30
	for _, c := range sorted {
		if d := distance(plain(name), plain(c)); d < bestDist {
			best, bestDist = c, d
		}
	}
	if best == "" || bestDist > max(1, (len(plain(name))+1)/3) || bestDist >= len(plain(name)) {
		return ""
	}
	return best
}

// DidYouMean is the fix that names the nearest candidate, or lists them all when none is near.
func DidYouMean(name string, candidates []string) string {
	if c := Nearest(name, candidates); c != "" {
		return "did you mean `" + c + "`?"
	}
	if len(candidates) == 0 {
		return ""
	}
	const most = 30
	if len(candidates) > most {
		return "possible: " + strings.Join(candidates[:most], ", ") + ", ..."
	}
	return "possible: " + strings.Join(candidates, ", ")
}

// distance is the optimal string alignment distance: insertions, deletions, replacements and swaps of neighbours.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > 64 || len(y) > 64 {
		return 1 << 20
	}
	d := make([][]int, len(x)+1)
	for i := range d {
		d[i] = make([]int, len(y)+1)
		d[i][0] = i
	}
	for j := range y {
		d[0][j+1] = j + 1
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(x)][len(y)]
}
