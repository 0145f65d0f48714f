package tiers

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"segovia/engine/internal/exact"
	"segovia/engine/ports"
	"segovia/engine/prep"
	"segovia/engine/profile"
	"segovia/engine/sweep"
	"segovia/engine/table"
	"segovia/kernels/problem"
)

// profiles gives every customer the most similar archetype of behaviour. Distances are Euclidean over the features, each in
// standard deviations of all customers (skewed ones after a logarithm), divided by the root of their number: how many standard
// deviations a customer differs from the archetype on average. The similarity is 1/(1 + distance).
func (a *assigner) profiles() error {
	c := a.cfg.Archetypes
	names, err := a.behaviourFeatures()
	if err != nil {
		return err
	}
	if len(names) == 0 {
		a.warn("Es gibt keine Verhaltensmerkmale für Profile.", "there are no features of behaviour for profiles")
		return nil
	}
	model, prepared, left, err := prep.FitApply(a.in.Table, prep.Config{Features: names, Transform: map[string]string{"*": "auto"},
		Clip: [2]float64{0.005, 0.995}, NonFinite: "missing", Threads: a.cfg.Threads})
	var p *problem.Problem
	if errors.As(err, &p) && p.ID == "SEG-FEA-001" { // all alike in all: nothing that the configuration could mend
		a.warn("Es gibt keine Profile: alle Kunden gleichen sich in "+strings.Join(names, ", ")+".", "there are no profiles: all customers are alike in "+strings.Join(names, ", "))
		return nil
	}
	if err != nil {
		return err
	}
	for _, l := range left.LeftOut {
		names = slices.DeleteFunc(names, func(n string) bool { return n == l.Feature })
		a.warn("Die Profile kommen ohne "+l.Feature+" aus: "+l.DE, "profiles do without "+l.Feature+": "+l.EN)
	}
	r := &ProfilesReport{Learned: len(c.Given) == 0, Features: names}
	var centres [][]float64 // prepared units, by archetype
	if r.Learned {
		centres, err = a.learnArchetypes(prepared, min(cmp.Or(c.K, 4), distinctRows(prepared)))
	} else {
		centres, err = a.givenArchetypes(model, names)
	}
	if err != nil {
		return err
	}
	o, n := a.out, prepared.Rows()
	o.Profile, o.RunnerUp, o.Similarity, o.Second = make([]int, n), make([]int, n), make([]float64, n), make([]float64, n)
	scale := float64(len(prepared.X))
	err = a.each(a.ctx, n, func(i int) {
		best, second := math.Inf(1), math.Inf(1)
		for k, centre := range centres {
			var sum float64
			for j, m := range centre {
				d := prepared.X[j][i] - m
				sum += float64(d * d)
			}
			switch {
			case sum < best:
				best, second = sum, best
				o.Profile[i], o.RunnerUp[i] = k, o.Profile[i]
			case sum < second:
				second, o.RunnerUp[i] = sum, k
			}
		}
		o.Similarity[i] = 1 / (1 + math.Sqrt(best/scale))
		o.Second[i] = 1 / (1 + math.Sqrt(second/scale)) // 0 where there is no other
	})
	if err != nil {
		return err
	}
	described, err := a.nameArchetypes(prepared, len(centres))
	if err != nil {
		return err
	}
	for k := range centres {
		info := ArchetypeInfo{ID: fmt.Sprintf("profile-%d", k+1), Prototype: finiteOrZero(model.Original(centres[k])), Customers: countOf(o.Profile, k)}
		info.Name = described[k]
		if !r.Learned {
			g := c.Given[k]
			info.ID, info.Name = g.ID, Text{DE: cmp.Or(g.Name.DE, g.Name.EN, g.ID), EN: cmp.Or(g.Name.EN, g.Name.DE, g.ID)}
		}
		info.Share = float64(info.Customers) / float64(n)
		var sum exact.Accumulator
		for i, p := range o.Profile {
			if p == k {
				sum.Add(o.Similarity[i])
			}
		}
		if info.Customers > 0 {
			info.MeanSimilarity = sum.Sum() / float64(info.Customers)
		}
		r.Archetypes = append(r.Archetypes, info)
		o.Archetypes = append(o.Archetypes, info.Name)
	}
	a.report.Profiles = r
	return nil
}

// behaviourFeatures are the features of the profiles: as configured, else the numbers of type behavioural or transactional
// that were folded from records, without what this package adds.
func (a *assigner) behaviourFeatures() ([]string, error) {
	c := a.cfg.Archetypes
	if len(c.Features) > 0 {
		for i, name := range c.Features {
			if _, err := a.in.column(name, fmt.Sprintf("archetypes.features[%d]", i)); err != nil {
				return nil, err
			}
		}
		return slices.Clone(c.Features), a.checkGiven(c.Features)
	}
	var names []string
	if len(c.Given) > 0 { // what the archetypes are given by
		if err := a.checkGiven(nil); err != nil {
			return nil, err
		}
		for _, col := range a.in.Table.Columns {
			if slices.ContainsFunc(c.Given, func(g Archetype) bool { _, ok := g.Values[col.Name]; return ok }) {
				names = append(names, col.Name)
			}
		}
		return names, nil
	}
	for _, col := range a.in.Table.Columns {
		behaviour := col.Type == "behavioural" || col.Type == "transactional"
		if behaviour && col.Kind != table.Category && !col.ProfileOnly && a.columns[col.Name] == nil {
			names = append(names, col.Name)
		}
	}
	return names, nil
}

// checkGiven returns SEG-FEA-002 for values of given archetypes that are of no feature, or of none of the features wanted.
func (a *assigner) checkGiven(wanted []string) error {
	for k, g := range a.cfg.Archetypes.Given {
		for _, name := range slices.Sorted(maps.Keys(g.Values)) {
			place := fmt.Sprintf("archetypes.prototypes[%d].values.%s", k, name)
			if _, err := a.in.column(name, place); err != nil {
				return err
			}
			if wanted != nil && !slices.Contains(wanted, name) {
				return &problem.Problem{ID: "SEG-FEA-002", What: fmt.Sprintf("archetype %q names %q, which is no feature of the profiles", g.ID, name),
					Place: place, Fix: "add it to archetypes.features, or remove it"}
			}
		}
	}
	return nil
}

// learnArchetypes returns the centroids of k-means, largest cluster first.
func (a *assigner) learnArchetypes(p *prep.Prepared, k int) ([][]float64, error) {
	in := sweep.Input{Matrix: p.Matrix(), X: p.X, Names: p.Names, Sources: p.Sources, Scale: "zscore"}
	_, solutions, err := sweep.Run(a.ctx, in, sweep.Config{K: []int{k}, Restarts: 10, Silhouette: "none", Seed: a.cfg.Seed, Threads: a.cfg.Threads,
		Choose: sweep.Choose{Rule: fmt.Sprint(k), BestFailing: true}}, a.cfg.Path, ports.Silent{})
	if err != nil {
		return nil, err
	}
	s := solutions[slices.IndexFunc(solutions, func(s sweep.Solution) bool { return s.K == k })]
	d := len(p.Grids)
	centres := make([][]float64, k)
	for c := range centres {
		for j := range d {
			centres[c] = append(centres[c], p.Grids[j].Restore(float64(s.Centroids[c*d+j])))
		}
	}
	return centres, nil
}

// givenArchetypes prepares the given values as if they were customers. A value that is not given is the median.
func (a *assigner) givenArchetypes(model *prep.Model, names []string) ([][]float64, error) {
	c := a.cfg.Archetypes
	t := &table.Table{}
	for k := range c.Given {
		t.Keys = append(t.Keys, fmt.Sprintf("%04d", k))
	}
	for _, name := range names {
		source := a.in.Table.Column(name)
		col := *source
		median := exact.Quantile(sortedKnown(source.Numbers), 0.5)
		col.Numbers = make([]float64, len(c.Given))
		for k, g := range c.Given {
			v, ok := g.Values[name]
			if !ok {
				v = median
			}
			col.Numbers[k] = v
		}
		t.Columns = append(t.Columns, &col)
	}
	p, err := model.Apply(t)
	if err != nil {
		return nil, err
	}
	centres := make([][]float64, len(c.Given))
	for k := range centres {
		for j := range p.X {
			centres[k] = append(centres[k], p.X[j][k])
		}
	}
	return centres, nil
}

// nameArchetypes describes the archetypes as segments are described, and takes the names.
func (a *assigner) nameArchetypes(p *prep.Prepared, k int) ([]Text, error) {
	out := make([]Text, k)
	// Archetypes that nobody resembles most have nothing to describe.
	dense := make([]int, k)
	kept := 0
	for c := range dense {
		dense[c] = -1
		if countOf(a.out.Profile, c) > 0 {
			dense[c] = kept
			kept++
		}
		out[c] = tx(fmt.Sprintf("Profil %d", c+1), fmt.Sprintf("profile %d", c+1))
	}
	labels := make([]int, len(a.out.Profile))
	for i, c := range a.out.Profile {
		labels[i] = dense[c]
	}
	cfg := a.cfg.Profile
	cfg.Revenue, cfg.Orders, cfg.Contacts = a.roles.Revenue, a.roles.Orders, a.roles.Contacts
	t := &table.Table{Keys: a.in.Table.Keys}
	for _, name := range sourcesOf(a.in.Table, p) {
		t.Columns = append(t.Columns, a.in.Table.Column(name))
	}
	for _, role := range []*string{&cfg.Revenue, &cfg.Orders, &cfg.Contacts} {
		if *role != "" && t.Column(*role) == nil {
			*role = ""
		}
	}
	cfg.Addressable, cfg.Vocabulary = "", vocabularyOf(cfg.Vocabulary, t)
	cfg.Nicknames = slices.DeleteFunc(slices.Clone(cfg.Nicknames), func(n profile.Nickname) bool {
		for feature := range n.When {
			if t.Column(feature) == nil {
				return true
			}
		}
		return false
	})
	r, err := profile.Describe(profile.Input{Table: t, Columns: p.Names, X: p.X, Sources: p.Sources, Labels: labels, K: kept,
		WindowDays: a.in.WindowDays, FeatureWindows: a.in.FeatureWindows}, cfg)
	if err != nil {
		return nil, err
	}
	for c, at := range dense {
		if at >= 0 {
			out[c] = Text{DE: r.Segments[at].Name.DE, EN: r.Segments[at].Name.EN}
		}
	}
	return out, nil
}

// sourcesOf lists the features that a prepared table was made from.
func sourcesOf(t *table.Table, p *prep.Prepared) []string {
	var names []string
	for _, c := range t.Columns {
		if slices.Contains(p.Sources, c.Name) {
			names = append(names, c.Name)
		}
	}
	return names
}

// vocabularyOf keeps the words for features of t.
func vocabularyOf(words map[string]profile.Words, t *table.Table) map[string]profile.Words {
	out := map[string]profile.Words{}
	for name, w := range words {
		if t.Column(name) != nil {
			out[name] = w
		}
	}
	return out
}

// distinctRows counts the different rows, up to 64: k-means cannot have more clusters.
func distinctRows(p *prep.Prepared) int {
	var seen []int
	for i := range p.Rows() {
		if !slices.ContainsFunc(seen, func(j int) bool {
			for _, x := range p.X {
				if x[i] != x[j] {
					return false
				}
			}
			return true
		}) {
			if seen = append(seen, i); len(seen) == 64 {
				break
			}
		}
	}
	return len(seen)
}

func finiteOrZero(x []float64) []float64 {
	for i, v := range x {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			x[i] = 0
		}
	}
	return x
}
