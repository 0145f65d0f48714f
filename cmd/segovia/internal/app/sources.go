package app

import (
	"context"
	"fmt"

	"segovia/cmd/segovia/internal/config"
	"segovia/engine/features"
	"segovia/io/anyio"
	"segovia/io/csvio"
	"segovia/kernels/problem"
)

// openSources opens every source of the configuration: expands globs, looks at all files, unifies their types. Nothing is
// folded yet.
func (e *env) openSources(ctx context.Context, c *config.Config) ([]*anyio.Source, error) {
	var out []*anyio.Source
	e.progress.Begin("look at the sources", 0, "bytes")
	defer e.progress.End()
	for _, s := range c.Sources {
		keys := []string{s.Key}
		if c.Features.Entity.From == s.Name && c.Features.Entity.Key != "" && c.Features.Entity.Key != s.Key {
			keys = append(keys, c.Features.Entity.Key)
		}
		if e := c.Features.Entity; e.Table == s.Name && e.Account != "" && e.Account != s.Key {
			keys = append(keys, e.Account) // parents are customers: their ids are written as keys are
		}
		src, err := anyio.Open(ctx, e.specs(c, s), anyio.Options{Name: s.Name, Keys: keys, MaxRejects: float64(c.Quality.MaxRejects),
			Threads: c.ThreadCount(), ShowValues: e.flags.showValues, Progress: e.progress})
		if err != nil {
			return nil, err
		}
		e.warnOfHeaders(src)
		out = append(out, src)
	}
	return out, nil
}

// warnOfHeaders tells of files whose first line holds numbers only, so that nobody has to guess how it was read.
func (e *env) warnOfHeaders(src *anyio.Source) {
	data, names := src.Headerless()
	for _, w := range []struct {
		files []string
		what  string
	}{{data, "the first line holds numbers only and is read as data; columns are named column_1, column_2, ..."},
		{names, "the first line holds numbers that count upwards and is read as names"}} {
		if len(w.files) > 0 {
			place := ""
			if len(w.files) > 1 {
				place = fmt.Sprintf("and %d more files", len(w.files)-1)
			}
			e.warn(&problem.Problem{ID: "SEG-CSV-009", What: w.what, File: w.files[0], Line: 1, Place: place,
				Fix: "name the columns in a configuration with `csv: {header: [...]}`"})
		}
	}
}

// specs are the sets of files of one source.
func (e *env) specs(c *config.Config, s config.Source) []anyio.Spec {
	if len(s.Files) == 0 {
		return []anyio.Spec{{Type: s.Type, Path: s.Path, Dir: c.Dir, CSV: e.csvOptions(s.CSV), Rename: s.Rename, Nulls: s.Nulls,
			MaxExpansion: int64(s.MaxExpansion)}}
	}
	var specs []anyio.Spec
	for _, f := range s.Files {
		spec := anyio.Spec{Type: f.Type, Path: f.Path, Dir: c.Dir, CSV: e.csvOptions(f.CSV), Rename: f.Rename, Nulls: f.Nulls,
			MaxExpansion: int64(s.MaxExpansion)}
		if spec.Type == "" {
			spec.Type = s.Type
		}
		if spec.Rename == nil {
			spec.Rename = s.Rename
		}
		if spec.Nulls == nil {
			spec.Nulls = s.Nulls
		}
		specs = append(specs, spec)
	}
	return specs
}

func (e *env) csvOptions(c config.CSV) csvio.Options {
	return csvio.Options{Encoding: c.Encoding, Delimiter: c.Delimiter, Numbers: c.Numbers, Dates: c.Dates, Header: c.Header, Quote: c.Quote,
		Nulls: c.Nulls, MaxField: int64(c.MaxField), ShowValues: e.flags.showValues}
}

// asFeatureSources hands the sources to the engine in its own words.
func asFeatureSources(sources []*anyio.Source) []features.Source {
	out := make([]features.Source, len(sources))
	for i, s := range sources {
		out[i] = s
	}
	return out
}
