package profile

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"segovia/engine/table"
	"segovia/kernels/problem"
)

// Nickname is a name of the house, such as "heavy buyers", for segments that are as When says.
type Nickname struct {
	Name Text
	// When lists for each feature the levels that fit: "very_low", "low", "medium", "high", "very_high". A very high value is
	// high, too, and a very low one low. Of the revenue the levels are those of the revenue class; of another feature, those
	// that descriptions speak of: from a visible difference on, and very from a very clear one of the most extreme segment.
	When map[string][]string
}

// Levels are the levels of Nickname.When.
var Levels = []string{"very_low", "low", "medium", "high", "very_high"}

// nickname returns the first nickname that fits segment s. Levels are bands, so that figures that move a little keep it.
func (d *describer) nickname(s int, classOf []int) (Text, bool) {
	for _, n := range d.cfg.Nicknames {
		fits := len(n.When) > 0
		for feature, wanted := range n.When {
			is := d.levels(feature, s, classOf)
			fits = fits && slices.ContainsFunc(is, func(l string) bool { return slices.Contains(wanted, l) })
		}
		if fits {
			return n.Name, true
		}
	}
	return Text{}, false
}

// levels returns what a feature's value in segment s is called; nothing for a feature without values.
func (d *describer) levels(feature string, s int, classOf []int) []string {
	for _, f := range d.numbers {
		switch {
		case f.col.Name != feature || f.seg[s].n == 0:
			continue
		case f == d.roles.revenue && classOf != nil:
			return [][]string{{"low"}, {"medium"}, {"high"}, {"high", "very_high"}}[classOf[s]]
		}
		level := "low"
		if f.effect[s] > 0 {
			level = "high"
		}
		switch b := band(f.effect[s]); {
		case b == 0:
			return []string{"medium"}
		case b == 3 && extreme(f, s):
			return []string{level, "very_" + level}
		}
		return []string{level}
	}
	return nil
}

// checkNicknames returns SEG-FEA-002 and SEG-CFG-003 for features and levels that are not there, and for features without
// levels.
func checkNicknames(names []Nickname, t *table.Table) error {
	var list problem.List
	for i, n := range names {
		var features []string
		for f := range n.When {
			features = append(features, f)
		}
		sort.Strings(features)
		for _, f := range features {
			place := fmt.Sprintf("segment.nicknames[%d].when.%s", i, f)
			what := ""
			switch c := t.Column(f); {
			case c == nil:
				what = fmt.Sprintf("there is no feature %q", f)
			case c.Kind == table.Category:
				what = fmt.Sprintf("feature %q is a category and has no levels", f)
			}
			if what != "" {
				list = append(list, &problem.Problem{ID: "SEG-FEA-002", What: what, Place: place,
					Fix: "Name one of the features: " + strings.Join(t.Names(), ", ") + "."})
			}
			for _, l := range n.When[f] {
				if !slices.Contains(Levels, l) {
					list = append(list, &problem.Problem{ID: "SEG-CFG-003", What: fmt.Sprintf("%q is no level", l), Place: place,
						Fix: "Use " + strings.Join(Levels, ", ") + "."})
				}
			}
		}
	}
	return list.Err()
}
