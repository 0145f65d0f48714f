package reportio

import (
	"fmt"
	"strings"
)

// buildMethods lists what it takes to repeat the run, and what the terms mean.
func (p *page) buildMethods() {
	add := func(key, value string, code bool) {
		if value != "" {
			p.Methods = append(p.Methods, pair{p.t(key), value, code})
		}
	}
	g := p.in.Generated
	add("m.project", p.in.Project, false)
	add("m.run", p.in.RunID, true)
	if !g.Time.IsZero() {
		add("m.time", p.L.moment(g.Time), false)
	}
	if !g.AsOf.IsZero() {
		add("m.asof", p.L.date(g.AsOf), false)
	}
	if g.Window == "all" {
		add("m.window", p.t("m.window.all"), false)
	} else {
		add("m.window", g.Window, false)
	}
	if g.Inputs > 0 {
		add("m.inputs", p.L.int(int64(g.Inputs)), false)
	}
	add("m.version", g.Version, false)
	algorithm, seed := g.AlgorithmVersion, g.Seed
	if p.sweep != nil {
		if algorithm == "" {
			algorithm = p.sweep.AlgorithmVersion
		}
		if seed == 0 {
			seed = p.sweep.Seed
		}
	}
	add("m.algorithm", algorithm, false)
	add("m.seed", fmt.Sprint(seed), true)
	if p.sweep != nil {
		p.sweepMethods(add)
	}
	add("m.mincell", p.t("m.mincell.v", p.L.int(int64(p.least()))), false)
	add("m.path", g.HardwarePath, true)
	add("m.config", g.ConfigSHA256, true)
	add("m.labels", g.LabelHash, true)
	terms := []string{
		"ari", "slsw", "jaccard", "slsa", "se", "gap", "strength", "sil", "ch", "db", "inertia", "niche", "apn", "effect", "class",
	}
	if p.value != nil {
		terms = append(terms, "potential", "wallet", "tier", "uplift", "lifetime", "pinball")
	}
	for _, key := range terms {
		p.Glossary = append(p.Glossary, pair{Name: p.t("g." + key + ".t"), Value: p.t("g." + key)})
	}
}

// sweepMethods lists every choice of the sweep that another tool may make differently, and what was of a sample.
func (p *page) sweepMethods(add func(key, value string, code bool)) {
	c, n := p.sweep.Convention, p.sweep.N
	if p.sweep.Chosen != nil {
		add("m.rule", p.sweep.Chosen.Rule, true)
	}
	if c.Accounts > 0 {
		add("m.accounts", p.t("m.accounts.tied", p.L.int(int64(c.Accounts))), false)
	}
	add("m.scale", c.Scale, true)
	add("m.init", c.Init, true)
	if c.Restarts > 0 {
		add("m.restarts", p.L.int(int64(c.Restarts)), false)
	}
	if c.BestOf != "" { // as every file that names conventions has it
		add("m.bestof", p.word("m.bestof.", c.BestOf), false)
		add("m.refined", p.t(map[bool]string{true: "m.refined.yes", false: "no"}[c.Refined]), false)
		add("m.compat", p.compat(c.Compat), false)
	}
	if c.Bootstrap > 0 {
		add("m.bootstrap", p.bootstrap(), false)
		if c.Replay {
			add("m.scheme", p.t("m.replay"), false)
		} else {
			add("m.scheme", c.BootScheme, true)
		}
	}
	if c.Clusterboot > 0 {
		add("m.clusterboot", p.t("m.clusterboot.v", p.L.int(int64(c.Clusterboot)), p.L.int(int64(c.BootRestart)), c.ClusterbootScheme), false)
	}
	if c.PredictionStrength > 0 {
		add("m.strength", p.t("m.strength.v", p.L.int(int64(c.PredictionStrength)), p.L.int(int64(c.BootRestart))), false)
	}
	add("m.silhouette", p.silhouetteKind(c.Silhouette, c.SilhouetteDistance), false)
	add("m.db", p.word("m.db.", c.DaviesBouldin), false)
	if _, known := texts["m.gap."+c.GapSpace]; known && c.Gap > 0 {
		gap := p.t("m.gap."+c.GapSpace, p.L.int(int64(c.Gap)), p.L.int(int64(c.GapPower)))
		if c.GapRows > 0 && c.GapRows < n {
			gap += "; " + p.t("m.gap.rows", p.L.int(int64(c.GapRows)))
		}
		add("m.gap", gap, false)
	}
	if in := p.sweep.Influence; in != nil && in.Rows > 0 {
		if in.Rows < n {
			add("m.influence", p.t("m.influence.rows", p.L.int(int64(in.Rows))), false)
		} else {
			add("m.influence", p.t("m.influence.all"), false)
		}
	}
	add("m.precision", p.word("m.precision.", p.sweep.Precision), false)
	if p.sweep.Fits > 0 {
		add("m.fits", p.L.int(int64(p.sweep.Fits)), false)
	}
	var names []string
	for _, f := range p.sweep.Features {
		names = append(names, p.label(f))
	}
	add("m.features", strings.Join(names, ", "), false)
}

// word translates a value of the artifacts; "" for one that is not known.
func (p *page) word(family, value string) string {
	key := family + strings.ReplaceAll(value, " ", "_")
	if _, known := texts[key]; !known {
		return ""
	}
	return p.t(key)
}

// compat names the tool whose conventions were asked for.
func (p *page) compat(name string) string {
	if name == "" {
		return p.t("m.compat.none")
	}
	return name
}

// bootstrap says how many pairs were made, and whether they ended early.
func (p *page) bootstrap() string {
	c, done := p.sweep.Convention, 0
	for _, k := range p.sweep.K {
		if k.Stability != nil {
			done = max(done, k.Stability.Pairs)
		}
	}
	restarts := p.L.int(int64(c.BootRestart))
	if done == 0 || c.BootSE <= 0 {
		return p.t("m.boot", p.L.int(int64(c.Bootstrap)), restarts)
	}
	return p.t("m.boot.se", p.L.int(int64(done)), p.L.int(int64(c.Bootstrap)), restarts, p.L.sig(c.BootSE))
}

func (p *page) silhouetteKind(kind, distance string) string {
	n, sampled := strings.CutPrefix(kind, "sample:")
	how := p.word("m.sil.", distance)
	if how == "" {
		how = p.t("m.sil.euclidean")
	}
	switch {
	case kind == "simplified":
		return p.t("m.sil.simple")
	case kind == "exact":
		return p.t("m.sil.exact") + ", " + how
	case sampled:
		return p.t("m.sil.sample", p.L.amount(n)) + ", " + how
	}
	return ""
}
