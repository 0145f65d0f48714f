package config

import (
	"fmt"

	"segovia/kernels/problem"
)

// Available returns a SEG-CFG-011 for everything that the configuration asks for and this version of Segovia cannot do: a
// request that cannot be met fails, it is not quietly left out.
// Commands that carry a configuration out call it; `config show` and the schema do not.
func (c *Config) Available() error {
	var l problem.List
	no := func(path, what, fix string) {
		l = append(l, c.Problem(path, "SEG-CFG-011", what, "this version of segovia cannot do it yet", fix))
	}
	for _, s := range c.Sources {
		if s.Type == "postgres" {
			no(join("sources", s.Name)+".type", fmt.Sprintf("source %q is a PostgreSQL table", s.Name),
				"export it to CSV, Parquet or Arrow and name the file with `path`")
		}
	}
	if c.Sweep.Algorithm != "kmeans" {
		no("sweep.algorithm", fmt.Sprintf("algorithm %q is asked for", c.Sweep.Algorithm), "write `algorithm: kmeans`")
	}
	for _, s := range []struct {
		path, what string
		set        bool
	}{
		{"classify", "a supervised model is asked for", c.Classify != nil},
		{"monitor", "gates against the last night are asked for", c.Monitor != nil},
		{"export", "exports are asked for", len(c.Export) > 0},
	} {
		if s.set {
			no(s.path, s.what, "remove the section `"+s.path+"`")
		}
	}
	return l.Err()
}

// remarks adds warnings for tables that are loaded and never used.
func (c *Config) remarks() {
	for _, s := range c.Sources {
		used := s.Name == c.Features.Entity.Table || s.Name == c.Features.Entity.From
		for _, f := range c.Features.Columns {
			used = used || f.From == s.Name
		}
		used = used || c.Lifetime != nil && c.purchases() == s.Name || c.Tiers != nil && c.Tiers.Potential != nil && c.Tiers.Potential.From == s.Name
		if !used {
			c.warn(join("sources", s.Name), "no feature uses source %q; it is read for its quality only", s.Name)
		}
	}
}
