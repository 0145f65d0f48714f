package config

import (
	"fmt"
	"path/filepath"
	"strings"

	"segovia/kernels/problem"
)

// CheckOutput returns a SEG-CFG-007 for every source whose files' pattern reaches into outDir, where a run would then
// read what an earlier one wrote. A pattern reaches in when its leading steps match outDir's and what is left of it, if
// anything, has a wildcard.
func (c *Config) CheckOutput(outDir string) error {
	out, err := filepath.Abs(outDir)
	if err != nil {
		return &problem.Problem{ID: "SEG-OUT-003", What: "cannot find the output directory", File: outDir, Why: reason(err), Err: err}
	}
	var l problem.List
	check := func(path, pattern string) {
		if pattern == "" || !reaches(c.Abs(pattern), out) {
			return
		}
		l = append(l, c.Problem(path, "SEG-CFG-007", fmt.Sprintf("the output directory %q lies inside the input %q", outDir, pattern),
			"the next run would read what this one writes", "choose another --out, or a narrower pattern"))
	}
	for _, s := range c.Sources {
		at := join("sources", s.Name)
		check(at+".path", s.Path)
		for i, f := range s.Files {
			check(fmt.Sprintf("%s.files[%d].path", at, i), f.Path)
		}
	}
	return l.Err()
}

// Abs returns a path of the configuration as an absolute path: relative ones start at the configuration's folder.
func (c *Config) Abs(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		dir = c.Dir
	}
	return filepath.Join(dir, path)
}

// reaches reports whether an absolute pattern can match something in the folder out.
func reaches(pattern, out string) bool {
	p, o := steps(pattern), steps(out)
	for i, want := range p {
		if want == "**" {
			return true
		}
		if i >= len(o) {
			return strings.ContainsAny(want, "*?[") || want == "runs" // runs is where a run directory keeps its runs
		}
		if ok, err := filepath.Match(want, o[i]); err != nil || !ok {
			return false
		}
	}
	return true // the pattern names a folder that holds out
}

func steps(path string) []string {
	return strings.FieldsFunc(filepath.ToSlash(path), func(r rune) bool { return r == '/' })
}
