package tiers

import (
	"fmt"
	"slices"
	"strings"

	"segovia/kernels/problem"
)

// The three dimensions of a tier, in this order everywhere.
const (
	dimPotential = iota
	dimShare
	dimBehaviour
	dimensions
)

// Dimensions are the names of the three dimensions, in order.
var Dimensions = [dimensions]string{"potential", "share_of_wallet", "behaviour"}

// Cut says where the classes of a dimension begin.
type Cut struct {
	By        string    // "value", "quantile" (of the customers) or "revenue" (share of the dimension's sum that lies below)
	At        []float64 // ascending, one fewer than Classes
	Classes   []string  // lowest first
	Direction string    // "up", "down" or "free": how the tier may depend on it
}

// Rule gives a tier to all combinations of the classes that it names; an empty list stands for all classes.
type Rule struct {
	Tier    string
	Classes [dimensions][]string
}

// Rules is what decides tiers.
type Rules struct {
	Tiers []string // best first
	Cuts  [dimensions]Cut
	Grid  []Rule
	Per   string // column whose levels have cuts of their own
}

// usualClasses names 2 to 5 classes.
var usualClasses = map[int][]string{
	2: {"low", "high"}, 3: {"low", "medium", "high"}, 4: {"low", "medium", "high", "very_high"},
	5: {"very_low", "low", "medium", "high", "very_high"},
}

// DefaultTiers are the usual five, best first.
var DefaultTiers = []string{"Key Account", "A", "B", "C", "D"}

// defaultCuts are used for a dimension that nothing is said of.
var defaultCuts = [dimensions]Cut{
	{By: "quantile", At: []float64{0.5, 0.8, 0.95}, Direction: "up"},
	{By: "value", At: []float64{0.25, 0.6}, Direction: "free"},
	{By: "value", At: []float64{40, 75}, Direction: "up"},
}

// DefaultGrid ranks customers by potential first: where it is high, a low share of wallet is room to grow, so that the
// share decides only where there is little to gain. It fits the usual classes of four, three and three.
func DefaultGrid() []Rule {
	rule := func(tier, potential, share, behaviour string) Rule {
		return Rule{Tier: tier, Classes: [dimensions][]string{strings.Fields(potential), strings.Fields(share), strings.Fields(behaviour)}}
	}
	return []Rule{
		rule("Key Account", "very_high", "", "medium high"),
		rule("A", "very_high", "", "low"),
		rule("A", "high", "", "medium high"),
		rule("B", "high", "", "low"),
		rule("B", "medium", "", "high"),
		rule("B", "medium", "high", "low medium"),
		rule("C", "medium", "low medium", "low medium"),
		rule("C", "low", "", "high"),
		rule("C", "low", "high", "medium"),
		rule("D", "low", "low medium", "medium"),
		rule("D", "low", "", "low"),
	}
}

// WithDefaults fills what is not said.
func (r Rules) WithDefaults() Rules {
	if len(r.Tiers) == 0 {
		r.Tiers = DefaultTiers
	}
	for d := range r.Cuts {
		c, usual := &r.Cuts[d], defaultCuts[d]
		if len(c.At) == 0 {
			if c.By == "" || c.By == usual.By {
				c.At = usual.At
			}
		}
		if c.By == "" {
			c.By = usual.By
		}
		if c.Direction == "" {
			c.Direction = usual.Direction
		}
		if len(c.Classes) == 0 {
			c.Classes = usualClasses[len(c.At)+1]
		}
	}
	if len(r.Grid) == 0 {
		r.Grid = DefaultGrid()
	}
	return r
}

// cell is a combination of classes, by index.
type cell [dimensions]int

// tierAt is the grid with every combination looked up: an index of Rules.Tiers.
type tierAt map[cell]int

// Check returns every contradiction: cuts that do not rise or whose number does not fit the classes, rules that name what
// is not there, combinations that no rule or more than one meets, and tiers that move against a direction. at names the
// places of the settings in the configuration. It wants rules WithDefaults.
func (r Rules) Check(at string) error {
	_, err := r.table(at)
	return err
}

// table looks every combination up; the error lists all that is wrong.
func (r Rules) table(at string) (tierAt, error) {
	var list problem.List
	fail := func(place, what, why, fix string) {
		list = append(list, &problem.Problem{ID: "SEG-CFG-012", What: what, Place: at + place, Why: why, Fix: fix})
	}
	for d := range r.Cuts {
		r.checkCut(d, fail)
	}
	for i, name := range r.Tiers {
		if slices.Contains(r.Tiers[:i], name) || name == "" {
			fail(fmt.Sprintf(".names[%d]", i), fmt.Sprintf("the tier %q is empty or stands twice", name), "", "give each tier a name of its own")
		}
	}
	if len(list) > 0 {
		return nil, list
	}
	owner := map[cell]int{} // rule that meets it
	overlap := map[[2]int]bool{}
	for i, rule := range r.Grid {
		place := fmt.Sprintf(".grid[%d]", i)
		if !slices.Contains(r.Tiers, rule.Tier) {
			fail(place+".tier", fmt.Sprintf("%q is no tier", rule.Tier), "", "use one of "+strings.Join(r.Tiers, ", "))
		}
		known := true
		for d, classes := range rule.Classes {
			for j, c := range classes {
				if !slices.Contains(r.Cuts[d].Classes, c) {
					known = false
					fail(fmt.Sprintf("%s.%s[%d]", place, Dimensions[d], j), fmt.Sprintf("%q is no class of %s", c, Dimensions[d]),
						"", "use one of "+strings.Join(r.Cuts[d].Classes, ", "))
				}
			}
		}
		if !known {
			continue
		}
		for _, c := range r.cells() {
			if !r.meets(rule, c) {
				continue
			}
			first, taken := owner[c]
			if !taken {
				owner[c] = i
			} else if !overlap[[2]int{first, i}] {
				overlap[[2]int{first, i}] = true
				fail(place, fmt.Sprintf("rules %d and %d of the grid overlap", first+1, i+1),
					"both meet "+r.words(c)+", and one customer cannot have two tiers", "narrow one of them")
			}
		}
	}
	if len(list) == 0 {
		var open []string
		for _, c := range r.cells() {
			if _, met := owner[c]; !met {
				open = append(open, r.words(c))
			}
		}
		if len(open) > 0 {
			more := ""
			if n := len(open) - 3; n > 0 {
				more = fmt.Sprintf(", and %d more", n)
			}
			fail(".grid", "the grid leaves customers without a tier",
				"no rule meets "+strings.Join(open[:min(3, len(open))], "; ")+more, "add rules for them")
		}
	}
	if len(list) > 0 {
		return nil, list
	}
	tiers := tierAt{}
	for c, i := range owner {
		tiers[c] = slices.Index(r.Tiers, r.Grid[i].Tier)
	}
	r.checkMonotone(tiers, owner, fail)
	return tiers, list.Err()
}

func (r Rules) checkCut(d int, fail func(place, what, why, fix string)) {
	c, place := r.Cuts[d], ".cuts."+Dimensions[d]
	if !slices.Contains([]string{"value", "quantile", "revenue"}, c.By) {
		fail(place+".by", fmt.Sprintf("cuts by %q are not known", c.By), "", "use value, quantile or revenue")
	}
	if !slices.Contains([]string{"up", "down", "free"}, c.Direction) {
		fail(place+".direction", fmt.Sprintf("the direction %q is not known", c.Direction), "", "use up, down or free")
	}
	if len(c.At) == 0 {
		fail(place, "the cuts of "+Dimensions[d]+" are missing", "", "write for example `at: [50%, 80%, 95%]`")
		return
	}
	if len(c.Classes) != len(c.At)+1 {
		fail(place+".classes", fmt.Sprintf("%d cuts make %d classes, not %d", len(c.At), len(c.At)+1, len(c.Classes)), "",
			"name one class more than there are cuts, lowest first")
	}
	for i, name := range c.Classes {
		if name == "" || slices.Contains(c.Classes[:i], name) {
			fail(fmt.Sprintf("%s.classes[%d]", place, i), fmt.Sprintf("the class %q is empty or stands twice", name), "", "rename it")
		}
	}
	for i, v := range c.At {
		if i > 0 && v <= c.At[i-1] {
			fail(fmt.Sprintf("%s.at[%d]", place, i), "the cuts of "+Dimensions[d]+" overlap",
				fmt.Sprintf("%v does not lie above %v", v, c.At[i-1]), "write them in rising order")
		}
		if c.By != "value" && (v <= 0 || v >= 1) {
			fail(fmt.Sprintf("%s.at[%d]", place, i), fmt.Sprintf("%v is no share between 0 and 1", v),
				"cuts by "+c.By+" are shares", "write for example 80%, or `by: value`")
		}
	}
}

// cells lists all combinations of classes in a fixed order.
func (r Rules) cells() []cell {
	var out []cell
	for p := range r.Cuts[dimPotential].Classes {
		for s := range r.Cuts[dimShare].Classes {
			for b := range r.Cuts[dimBehaviour].Classes {
				out = append(out, cell{p, s, b})
			}
		}
	}
	return out
}

func (r Rules) meets(rule Rule, c cell) bool {
	for d, classes := range rule.Classes {
		if len(classes) > 0 && !slices.Contains(classes, r.Cuts[d].Classes[c[d]]) {
			return false
		}
	}
	return true
}

func (r Rules) words(c cell) string {
	parts := make([]string, dimensions)
	for d := range c {
		parts[d] = Dimensions[d] + " " + r.Cuts[d].Classes[c[d]]
	}
	return strings.Join(parts, ", ")
}

// checkMonotone compares neighbours along each dimension that has a direction.
func (r Rules) checkMonotone(tiers tierAt, owner map[cell]int, fail func(place, what, why, fix string)) {
	for d := range r.Cuts {
		direction := r.Cuts[d].Direction
		if direction == "free" {
			continue
		}
		for _, c := range r.cells() {
			next := c
			if next[d]++; next[d] == len(r.Cuts[d].Classes) {
				continue
			}
			worse := tiers[next] > tiers[c] // a larger index is a worse tier
			if direction == "down" {
				worse = tiers[next] < tiers[c]
			}
			if worse {
				how := map[string]string{"up": "worse", "down": "better"}[direction]
				fail(fmt.Sprintf(".grid[%d]", owner[next]), fmt.Sprintf("the tier gets %s with more %s", how, Dimensions[d]),
					fmt.Sprintf("%s is %s, but %s is %s, and the direction of %s is %s", r.words(c), r.Tiers[tiers[c]],
						r.words(next), r.Tiers[tiers[next]], Dimensions[d], direction),
					"change one of the two rules, or write `direction: free`")
				return // one is enough to see
			}
		}
	}
}
