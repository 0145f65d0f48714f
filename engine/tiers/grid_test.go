package tiers

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var contains = strings.Contains

// The usual grid has a tier for each of the 36 combinations, better with potential and with behaviour.
func TestDefaultGrid(t *testing.T) {
	r := Rules{}.WithDefaults()
	lookup, err := r.table("tiers")
	if err != nil || len(lookup) != 4*3*3 {
		t.Fatalf("%d combinations, %v", len(lookup), err)
	}
	for c, tier := range lookup {
		for _, d := range []int{dimPotential, dimBehaviour} {
			next := c
			next[d]++
			if better, ok := lookup[next]; ok && better > tier {
				t.Errorf("%s is %s, and %s only %s", r.words(c), r.Tiers[tier], r.words(next), r.Tiers[better])
			}
		}
	}
	for want, cells := range map[string][]cell{
		"Key Account": {{3, 0, 2}, {3, 2, 1}}, "A": {{3, 1, 0}, {2, 0, 1}}, "B": {{2, 2, 0}, {1, 0, 2}, {1, 2, 0}},
		"C": {{1, 1, 1}, {0, 0, 2}, {0, 2, 1}}, "D": {{0, 0, 0}, {0, 1, 1}},
	} {
		for _, c := range cells {
			if got := r.Tiers[lookup[c]]; got != want {
				t.Errorf("%s is %s, want %s", r.words(c), got, want)
			}
		}
	}
}

func TestContradictionsOfRules(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(r *Rules)
		want string // places, below "tiers"
		text string
	}{
		{"cuts that fall", func(r *Rules) { r.Cuts[0].At = []float64{0.8, 0.5, 0.95} }, ".cuts.potential.at[1]", "overlap"},
		{"equal cuts", func(r *Rules) { r.Cuts[2].At = []float64{40, 40} }, ".cuts.behaviour.at[1]", "40 does not lie above 40"},
		{"too few classes", func(r *Rules) { r.Cuts[1].Classes = []string{"low", "high"} }, ".cuts.share_of_wallet.classes", "2 cuts make 3 classes, not 2"},
		{"a class twice", func(r *Rules) { r.Cuts[1].Classes = []string{"low", "medium", "low"} }, ".cuts.share_of_wallet.classes[2]", "stands twice"},
		{"a quantile above 1", func(r *Rules) { r.Cuts[0].At = []float64{0.5, 0.8, 95} }, ".cuts.potential.at[2]", "no share between 0 and 1"},
		{"a share of nothing", func(r *Rules) { r.Cuts[0].By, r.Cuts[0].At = "revenue", []float64{0, 0.5, 0.9} }, ".cuts.potential.at[0]", "cuts by revenue are shares"},
		{"cuts by something", func(r *Rules) { r.Cuts[0].By = "size" }, ".cuts.potential.by", "value, quantile or revenue"},
		{"a direction", func(r *Rules) { r.Cuts[0].Direction = "left" }, ".cuts.potential.direction", "up, down or free"},
		{"values without cuts", func(r *Rules) { r.Cuts[0] = Cut{By: "value", Direction: "up"} }, ".cuts.potential", "missing"},
		{"a tier twice", func(r *Rules) { r.Tiers = []string{"A", "B", "A"} }, ".names[2]", `"A" is empty or stands twice`},
		{"unknown tier", func(r *Rules) { r.Grid[2].Tier = "E" }, ".grid[2].tier", "use one of Key Account, A, B, C, D"},
		{"unknown class", func(r *Rules) { r.Grid[5].Classes[1] = []string{"low", "huge"} }, ".grid[5].share_of_wallet[1]", "use one of low, medium, high"},
		{"overlap", func(r *Rules) { r.Grid[3].Classes[2] = []string{"low", "medium"} }, ".grid[3]", "rules 3 and 4"},
		{"a hole", func(r *Rules) { r.Grid = append(r.Grid[:8:8], r.Grid[9]) }, ".grid",
			"potential low, share_of_wallet low, behaviour low; potential low, share_of_wallet medium, behaviour low; potential low, share_of_wallet high, behaviour low, and 1 more"},
		{"one hole", func(r *Rules) { r.Grid = append(r.Grid[:8:8], r.Grid[9:]...) }, ".grid", "no rule meets potential low, share_of_wallet high, behaviour medium |"},
		{"worse with more", func(r *Rules) { r.Grid[0].Tier = "D" }, ".grid[0]", "gets worse with more potential"},
		{"better with more", func(r *Rules) { r.Cuts[2].Direction = "down" }, ".grid[7]", "gets better with more behaviour"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := Rules{}.WithDefaults()
			r.Grid = DefaultGrid()
			c.edit(&r)
			err := r.Check("tiers")
			places := placesOf(err)
			if !slices.Contains(places, "SEG-CFG-012 tiers"+c.want) || !contains(fmt.Sprint(err), c.text) {
				t.Errorf("got %q, want %s\n%v", places, c.want, err)
			}
		})
	}
	free := Rules{}.WithDefaults()
	free.Cuts[0].Direction, free.Cuts[2].Direction = "free", "free"
	free.Grid = DefaultGrid()
	free.Grid[0].Tier = "D"
	if err := free.Check("tiers"); err != nil {
		t.Errorf("a free dimension is held to a direction: %v", err)
	}
}

// Check finds a grid right exactly where every combination is met once and every step along a direction is allowed.
func TestGridAgainstSlowCheck(t *testing.T) {
	good, bad := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		r := Rules{Tiers: []string{"A", "B", "C"}}
		for d := range r.Cuts {
			n := rapid.IntRange(1, 2).Draw(t, "cuts")
			r.Cuts[d] = Cut{By: "value", At: []float64{1, 2}[:n], Classes: []string{"x", "y", "z"}[:n+1],
				Direction: rapid.SampledFrom([]string{"up", "down", "free"}).Draw(t, "direction")}
		}
		cells := r.cells()
		if rapid.Bool().Draw(t, "by cell") {
			// A tier by a weighted sum of the classes, each a rule of its own: right, unless it is spoilt.
			weight := [3]int{}
			for d := range weight {
				weight[d] = map[string]int{"up": -1, "down": 1, "free": 0}[r.Cuts[d].Direction]
			}
			for _, c := range cells {
				sum := weight[0]*c[0] + weight[1]*c[1] + weight[2]*c[2]
				rule := Rule{Tier: r.Tiers[min(2, max(0, sum+1))]}
				for d := range c {
					rule.Classes[d] = []string{r.Cuts[d].Classes[c[d]]}
				}
				r.Grid = append(r.Grid, rule)
			}
			if rapid.Bool().Draw(t, "spoil") {
				r.Grid[rapid.IntRange(0, len(cells)-1).Draw(t, "rule")].Tier = rapid.SampledFrom(r.Tiers).Draw(t, "tier")
			}
		} else {
			for range rapid.IntRange(1, 4).Draw(t, "rules") {
				rule := Rule{Tier: rapid.SampledFrom(r.Tiers).Draw(t, "tier")}
				for d := range rule.Classes {
					rule.Classes[d] = rapid.SliceOfNDistinct(rapid.SampledFrom(r.Cuts[d].Classes), 0, len(r.Cuts[d].Classes), rapid.ID).Draw(t, "classes")
				}
				r.Grid = append(r.Grid, rule)
			}
		}
		lookup, err := r.table("tiers")
		holes, overlaps, wrong := 0, 0, 0
		tier := map[cell]int{}
		for _, c := range cells {
			met := 0
			for _, rule := range r.Grid {
				is := true
				for d, classes := range rule.Classes {
					is = is && (len(classes) == 0 || slices.Contains(classes, r.Cuts[d].Classes[c[d]]))
				}
				if is {
					met++
					tier[c] = slices.Index(r.Tiers, rule.Tier)
				}
			}
			holes += max(0, 1-met)
			overlaps += max(0, met-1)
		}
		if holes+overlaps == 0 {
			for c, have := range tier {
				for d := range c {
					next := c
					next[d]++
					if other, ok := tier[next]; ok && (r.Cuts[d].Direction == "up" && other > have || r.Cuts[d].Direction == "down" && other < have) {
						wrong++
					}
				}
			}
		}
		if (err == nil) != (holes+overlaps+wrong == 0) {
			t.Fatalf("%d holes, %d overlaps, %d steps the wrong way, and the answer is %v\n%+v", holes, overlaps, wrong, err, r)
		}
		if err != nil {
			bad++
			if overlaps > 0 != contains(err.Error(), "overlap") || (holes > 0 && overlaps == 0) != contains(err.Error(), "without a tier") {
				t.Fatalf("%d holes, %d overlaps: %v", holes, overlaps, err)
			}
			return
		}
		good++
		for _, c := range cells {
			if lookup[c] != tier[c] {
				t.Fatalf("%s has tier %d, want %d", r.words(c), lookup[c], tier[c])
			}
		}
	})
	if good == 0 || bad == 0 {
		t.Errorf("%d grids were right, %d wrong: the test has seen one kind only", good, bad)
	}
}
