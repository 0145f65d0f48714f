package config

import (
	"cmp"
	"runtime"
	"slices"
	"time"

	"segovia/engine/features"
	"segovia/engine/prep"
	"segovia/engine/profile"
	"segovia/engine/sweep"
)

// FeaturesConfig returns the definition of the feature table. now resolves `as_of: today` and is not read otherwise.
func (c *Config) FeaturesConfig(now time.Time) features.Config {
	e := c.Features.Entity
	if e.Account != "" {
		e.Accounts = cmp.Or(e.Accounts, features.AccountsTie)
	}
	f := features.Config{
		Entity:  features.Entity{Table: e.Table, From: e.From, Key: e.Key, Account: e.Account, Accounts: e.Accounts},
		AsOf:    c.Features.AsOf.Resolve(now),
		Window:  c.Features.Window.Duration,
		Threads: c.ThreadCount(), TempDir: c.Run.TempDir, MemoryMax: int64(c.Run.Memory),
	}
	for _, s := range c.Sources {
		f.Sources = append(f.Sources, features.SourceConfig{Name: s.Name, Key: s.Key, Time: s.Time, Amount: s.Amount,
			Where: s.Where, Order: s.Order, Distinct: s.Distinct, MissingKey: s.MissingKey, OnDuplicate: s.OnDuplicate})
	}
	for _, col := range c.Features.Columns {
		f.Columns = append(f.Columns, c.column(col))
	}
	for _, name := range c.Features.ProfileOnly {
		if !slices.ContainsFunc(f.Columns, func(x features.Column) bool { return x.Name == name }) {
			f.Columns = append(f.Columns, features.Column{Name: name, From: c.Features.Entity.Table, Column: name, ProfileOnly: true})
		}
	}
	return f
}

func (c *Config) column(col Column) features.Column {
	out := features.Column{Name: col.Name, From: col.From, Agg: col.Agg, Column: col.Column, Where: col.Where, Order: col.Order,
		By: col.By, MaxBy: col.MaxBy, Expr: col.Expr, Encode: col.Encode, Window: col.Window.Duration, Period: col.Period, Unit: col.Unit,
		Type: col.Type, LabelDE: col.Label.DE, LabelEN: col.Label.EN,
		ProfileOnly: col.ProfileOnly || slices.Contains(c.Features.ProfileOnly, col.Name)}
	if col.From != "" && col.Agg == "" && col.Column == "" {
		out.Column = col.Name // a column of the entity table under its own name
	}
	if col.Window.All {
		out.Window = -1 // 0 would inherit
	}
	if col.Score != nil {
		out.Score = &features.Score{Of: col.Score.Of, Style: col.Score.Style, Rank: col.Score.Rank,
			Reversed: col.Score.Reversed, Bins: col.Score.Bins}
	}
	return out
}

// PrepConfig returns how features become the matrix.
func (c *Config) PrepConfig() prep.Config {
	p := c.Prep
	out := prep.Config{NonFinite: p.NonFinite, Impute: p.Impute, Indicate: float64(p.Indicate), Transform: p.Transform,
		Scale: p.Scale, Weights: p.Weights, Groups: p.Groups, Correlation: p.Correlation, Features: p.Features,
		OneHot: prep.OneHot{MinLevel: float64(p.OneHot.MinLevel), MaxLevels: p.OneHot.MaxLevels, MaxRaw: p.OneHot.MaxRaw},
		PCA:    prep.PCA{Variance: float64(p.PCA.Variance), Components: p.PCA.Components}}
	out.Order, out.Threads = p.Order, c.ThreadCount()
	for _, col := range c.Features.Columns {
		if col.Encode != "" {
			if out.Encode == nil {
				out.Encode = map[string]string{}
			}
			out.Encode[col.Name] = col.Encode
		}
	}
	if len(p.Clip) == 2 {
		out.Clip = [2]float64{float64(p.Clip[0]), float64(p.Clip[1])}
	}
	return out
}

// SweepConfig returns what is swept and how a solution is chosen.
func (c *Config) SweepConfig() sweep.Config {
	rule := string(c.Segment.Choose)
	if rule == "auto" {
		rule = ""
	}
	clusterboot := c.Stability.Clusterboot
	if clusterboot < 0 {
		clusterboot = c.Stability.Bootstrap
	}
	return sweep.Config{
		Algorithm: c.Sweep.Algorithm, K: c.Sweep.K.Values, KFromRange: c.Sweep.K.FromRange, Restarts: c.Sweep.Restarts,
		Init: c.Sweep.Init, MaxIter: c.Sweep.MaxIter, Silhouette: string(c.Sweep.Silhouette),
		Gap: c.Sweep.Gap, GapSpace: c.Sweep.GapSpace, GapPower: c.Sweep.GapPower, GapRows: c.Sweep.GapRows,
		PredictionStrength: c.Sweep.Strength, Influence: c.Sweep.Influence, Compat: c.Sweep.Compat,
		BootSE: c.Stability.BootSE, Clusterboot: clusterboot, ClusterbootScheme: c.Stability.ClusterbootScheme,
		Bootstrap: c.Stability.Bootstrap, BootRestarts: c.Stability.BootRestarts, BootScheme: c.Stability.BootScheme,
		Seed: c.Run.Seed, Threads: c.ThreadCount(),
		Choose: sweep.Choose{Rule: rule, Global: c.Stability.Require.Global, EachSegment: c.Stability.Require.EachSegment,
			MinSize: float64(c.Segment.MinSize), MaxSegments: c.Segment.MaxSegments, Distinguish: c.Segment.Distinguish,
			BestFailing: c.Segment.BestFailing},
	}
}

// ProfileConfig returns how segments are judged and described.
func (c *Config) ProfileConfig() profile.Config {
	s := c.Segment
	out := profile.Config{MinSize: float64(s.MinSize), EachSegment: c.Stability.Require.EachSegment, Distinguish: s.Distinguish,
		Revenue: s.Revenue, Orders: s.Orders, Contacts: s.Contacts, Addressable: s.Addressable, AddressableShare: s.AddressableShare,
		Currency: s.Currency, MinCell: c.Report.MinCell, Threads: c.ThreadCount()}
	if len(s.RevenueCuts) == 3 {
		out.RevenueCuts = [3]float64(s.RevenueCuts)
	}
	text := func(l Label) profile.Text { return profile.Text{DE: l.DE, EN: l.EN} }
	for _, n := range s.Nicknames {
		out.Nicknames = append(out.Nicknames, profile.Nickname{Name: profile.Text{DE: n.Name.DE, EN: n.Name.EN}, When: n.When})
	}
	for name, w := range s.Vocabulary {
		if out.Vocabulary == nil {
			out.Vocabulary = map[string]profile.Words{}
		}
		out.Vocabulary[name] = profile.Words{Label: text(w.Label), VeryHigh: text(w.VeryHigh), High: text(w.High),
			Low: text(w.Low), VeryLow: text(w.VeryLow)}
	}
	return out
}

// ThreadCount returns the number of threads to use: the configured one, or the number of processors.
func (c *Config) ThreadCount() int {
	if c.Run.Threads > 0 {
		return int(c.Run.Threads)
	}
	return runtime.GOMAXPROCS(0)
}
