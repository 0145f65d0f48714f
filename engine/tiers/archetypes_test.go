package tiers

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"segovia/kernels/ref"
)

// Three ways to buy, far apart, are found, numbered by size; every customer is most like their own.
func TestLearnedArchetypes(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	truth := make([]int, 300)
	var orders, returns, same []float64
	for i := range truth {
		k := map[bool]int{i%10 < 3: 1, i%10 == 9: 2}[true]
		truth[i] = k
		orders = append(orders, []float64{10, 30, 50}[k]+r.NormFloat64())
		returns = append(returns, []float64{0.5, 0.1, 0.9}[k]+0.02*r.NormFloat64())
		same = append(same, 7)
	}
	work := func(threads int) outcome {
		in := tableOf(column("orders", "orders", "behavioural", slices.Clone(orders)...), column("returns_share", "share", "behavioural", slices.Clone(returns)...),
			column("same", "", "behavioural", slices.Clone(same)...), column("employees", "", "firmographic", make([]float64, 300)...))
		return mustWork(t, in, inSegments(make([]int, 300), 1), Config{Archetypes: &Archetypes{K: 3}, Path: ref.Path{}, Seed: 1, Threads: threads})
	}
	o := work(1)
	if !slices.Equal(o.customers.Profile, truth) {
		t.Fatalf("profiles %v", o.customers.Profile)
	}
	p := o.report.Profiles
	if !p.Learned || !slices.Equal(p.Features, []string{"orders", "returns_share"}) || !o.warned("profiles do without same") {
		t.Errorf("%+v, %v", p, o.report.Warnings)
	}
	for k, size := range []int{180, 90, 30} {
		a := p.Archetypes[k]
		// A centre is the mean of its customers; the standard error of the mean of 30 is 0.18, of the share 0.004.
		if a.Customers != size || a.Share != float64(size)/300 || math.Abs(a.Prototype[0]-[]float64{10, 30, 50}[k]) > 1 ||
			math.Abs(a.Prototype[1]-[]float64{0.5, 0.1, 0.9}[k]) > 0.02 || a.MeanSimilarity < 0.8 || a.MeanSimilarity > 1 || a.ID != []string{"profile-1", "profile-2", "profile-3"}[k] || a.Name.DE == "" {
			t.Errorf("archetype %d: %+v", k, a)
		}
	}
	for i := range truth {
		if o.customers.Similarity[i] <= o.customers.Second[i] || o.customers.RunnerUp[i] == truth[i] {
			t.Fatalf("customer %d is %v like their own and %v like the next", i, o.customers.Similarity[i], o.customers.Second[i])
		}
	}
	other := work(7)
	a, _ := json.Marshal(o.report)
	b, _ := json.Marshal(other.report)
	if string(a) != string(b) || !slices.Equal(o.customers.Similarity, other.customers.Similarity) {
		t.Error("threads change profiles")
	}
}

// evenly is 0 to 9 in turn: no skew that asks for a logarithm, and nothing that clipping at 0.5 % would reach.
func evenly(n, step int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = float64(i / step % 10)
	}
	return out
}

// Similarities to given archetypes by hand: a and b have mean 4.5 and variance 8.25; a prototype without b has its median.
func TestGivenArchetypes(t *testing.T) {
	a, b := evenly(400, 1), evenly(400, 10)
	in := tableOf(column("b", "", "", b...), column("a", "", "", a...), column("other", "", "", a...))
	given := []Archetype{{ID: "low", Name: Text{DE: "Wenige"}, Values: map[string]float64{"a": 1, "b": 2}},
		{ID: "high", Values: map[string]float64{"a": 8, "b": 6}}, {ID: "plain", Values: map[string]float64{"a": 5}}, {ID: "twin", Values: map[string]float64{"a": 5}}}
	for _, features := range [][]string{nil, {"a", "b"}, {"b", "a"}} {
		o := mustWork(t, tableOf(in.Table.Columns...), inSegments(make([]int, 400), 1), Config{Archetypes: &Archetypes{Given: given, Features: features}})
		points := [][2]float64{{1, 2}, {8, 6}, {5, 4.5}, {5, 4.5}}
		for i := range a {
			order := []int{0, 1, 2, 3}
			distance := func(k int) float64 {
				x, y := a[i]-points[k][0], b[i]-points[k][1]
				return math.Sqrt((x*x/8.25 + y*y/8.25) / 2)
			}
			slices.SortStableFunc(order, func(x, y int) int {
				if d := distance(x) - distance(y); math.Abs(d) > 1e-9 {
					return int(math.Copysign(1, d))
				}
				return x - y
			})
			c := o.customers
			// Distances are of numbers below ten that were divided by a deviation: some dozens of roundings.
			if math.Abs(c.Similarity[i]-1/(1+distance(order[0]))) > 1e-12 || math.Abs(c.Second[i]-1/(1+distance(order[1]))) > 1e-12 {
				t.Fatalf("customer %d (%v, %v): %v and %v, want those of %v", i, a[i], b[i], c.Similarity[i], c.Second[i], order)
			}
			if near := math.Abs(distance(order[1]) - distance(order[0])); near > 1e-9 && (c.Profile[i] != order[0]) || c.Profile[i] == c.RunnerUp[i] || c.Profile[i] == 3 {
				t.Fatalf("customer %d is %d, next %d, want %v", i, c.Profile[i], c.RunnerUp[i], order)
			}
		}
		r := o.report.Profiles
		at := slices.Index(r.Features, "a")
		if p := r.Archetypes[1]; math.Abs(p.Prototype[at]-8) > 1e-12 || math.Abs(p.Prototype[1-at]-6) > 1e-12 || p.ID != "high" || p.Name.DE != "high" {
			t.Errorf("features %v: %+v", r.Features, p)
		}
		if r.Learned || r.Archetypes[0].Name.EN != "Wenige" || r.Archetypes[3].Customers != 0 || r.Archetypes[3].MeanSimilarity != 0 || len(r.Features) != 2 {
			t.Errorf("%+v", r)
		}
	}
}

func TestArchetypesOfOddFeatures(t *testing.T) {
	table := func() Input {
		sparse := slices.Repeat([]float64{nan}, 40)
		sparse[3], sparse[4] = 1, 2
		return tableOf(column("a", "", "behavioural", evenly(40, 1)...), column("same", "", "", slices.Repeat([]float64{3}, 40)...),
			column("none", "", "", slices.Repeat([]float64{nan}, 40)...), column("sparse", "", "", sparse...), category("kind", slices.Repeat([]string{"x", "y"}, 20)...))
	}
	seg := inSegments(make([]int, 40), 1)
	given := func(name string) *Archetypes {
		return &Archetypes{Given: []Archetype{{ID: "p", Values: map[string]float64{"a": 1}}, {ID: "q", Values: map[string]float64{name: 4}}}}
	}
	for name, c := range map[string]struct {
		of   *Archetypes
		want string // place of an error; else a warning; else nothing
	}{
		"constant": {&Archetypes{Features: []string{"same", "a"}}, "profiles do without same"}, "empty": {&Archetypes{Features: []string{"a", "none"}}, "profiles do without none"},
		"sparse": {&Archetypes{Features: []string{"sparse"}, K: 64}, ""}, "all constant": {&Archetypes{Features: []string{"same", "none"}}, "all customers are alike in same, none"},
		"given constant": {given("same"), "profiles do without same"}, "given category": {given("kind"), "SEG-FEA-002 archetypes.prototypes[1].values.kind"},
		"given unknown": {given("b"), "SEG-FEA-002 archetypes.prototypes[1].values.b"}, "unknown": {&Archetypes{Features: []string{"a", "b"}}, "SEG-FEA-002 archetypes.features[1]"},
		"not of the features": {&Archetypes{Features: []string{"a"}, Given: given("sparse").Given}, "SEG-FEA-002 archetypes.prototypes[1].values.sparse"},
		"one learned":         {&Archetypes{K: 1}, ""},
	} {
		o, err := work(table(), seg, Config{Archetypes: c.of, Path: ref.Path{}})
		switch {
		case strings.HasPrefix(c.want, "SEG"):
			if !slices.Equal(placesOf(err), []string{c.want}) {
				t.Errorf("%s: %v", name, err)
			}
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want != "" && !o.warned(c.want):
			t.Errorf("%s: warnings %v", name, o.report.Warnings)
		case (o.report.Profiles == nil) != (name == "all constant"):
			t.Errorf("%s: %+v", name, o.report.Profiles)
		case name == "sparse" && len(o.report.Profiles.Archetypes) != 3 && len(o.report.Profiles.Archetypes) != 2:
			t.Errorf("%s: %d archetypes of few values", name, len(o.report.Profiles.Archetypes))
		case name == "one learned" && (len(o.report.Profiles.Archetypes) != 1 || o.customers.Second[0] != 0):
			t.Errorf("%s: %+v", name, o.report.Profiles)
		}
	}
	o := mustWork(t, tableOf(category("kind", "x", "y")), inSegments([]int{0, 0}, 1), Config{Archetypes: &Archetypes{}})
	if !o.warned("there are no features of behaviour") {
		t.Errorf("warnings %v", o.report.Warnings)
	}
}
