package anyio

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"segovia/kernels/problem"
)

// found is a file that a Spec names.
type found struct {
	path string // as given: below Spec.Dir when the pattern is relative
	abs  string
	spec int
	part []partition
}

// partition is a folder named key=value in a file's path.
type partition struct {
	key   string
	value string
	null  bool
}

// hiveNull is the folder name that Hive and Spark give to a missing value.
const hiveNull = "__HIVE_DEFAULT_PARTITION__"

// suffixes of files that a folder contributes, without .gz and .zst.
var suffixes = map[string]string{
	".csv": "csv", ".tsv": "csv", ".tab": "csv", ".txt": "csv", ".dat": "csv", ".data": "csv", ".psv": "csv",
	".parquet": "parquet", ".pq": "parquet", ".parq": "parquet",
	".arrow": "arrow", ".arrows": "arrow", ".feather": "arrow", ".ipc": "arrow",
}

// byName returns the format that a file's name tells, "" if none.
func byName(name string) string {
	name = strings.ToLower(name)
	for _, c := range []string{".gz", ".zst", ".zstd"} {
		name = strings.TrimSuffix(name, c)
	}
	return suffixes[path.Ext(name)]
}

// expand returns the files that the specs name, sorted by path. It returns SEG-SRC-001 for a pattern without a file,
// SEG-SRC-004 for a folder that cannot be listed and SEG-CFG-008 for a file that two groups name.
func expand(specs []Spec) ([]found, error) {
	var files []found
	for i, s := range specs {
		names, err := s.files()
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			abs, err := filepath.Abs(s.join(name))
			if err != nil {
				return nil, unreadable(name, err)
			}
			part, err := partitions(name)
			if err != nil {
				return nil, err
			}
			files = append(files, found{path: name, abs: abs, spec: i, part: part})
		}
	}
	slices.SortStableFunc(files, func(a, b found) int { return strings.Compare(a.path, b.path) })
	seen := map[string]found{}
	for _, f := range files {
		if g, twice := seen[f.abs]; twice {
			return nil, &problem.Problem{ID: "SEG-CFG-008", What: "a file is named by two groups of one source", File: f.path,
				Place: fmt.Sprintf("groups %d and %d", g.spec+1, f.spec+1), Why: "its rows would count twice", Fix: "make the patterns narrower"}
		}
		seen[f.abs] = f
	}
	return files, nil
}

// join returns the path under which the system finds a name.
func (s Spec) join(name string) string {
	if filepath.IsAbs(name) || s.Dir == "" {
		return filepath.FromSlash(name)
	}
	return filepath.Join(s.Dir, filepath.FromSlash(name))
}

// files returns the names of the files that s.Path names, relative to s.Dir unless the path is absolute.
func (s Spec) files() ([]string, error) {
	pattern := path.Clean(filepath.ToSlash(s.Path))
	if s.Path == "" {
		return nil, &problem.Problem{ID: "SEG-CFG-008", What: "a source has no path", Fix: "name its file, glob or folder with `path:`"}
	}
	if info, err := os.Stat(s.join(pattern)); err == nil {
		if !info.IsDir() {
			return []string{pattern}, nil
		}
		return s.folder(pattern)
	} else if !strings.ContainsAny(pattern, "*?[") && !errors.Is(err, fs.ErrNotExist) {
		return nil, unreadable(s.Path, err)
	}
	if !strings.ContainsAny(pattern, "*?[") {
		return nil, s.missing("there is no such file")
	}
	if _, err := path.Match(pattern, ""); err != nil {
		return nil, s.missing("the pattern is not valid: a [ is not closed")
	}
	segments := strings.Split(pattern, "/")
	root := ""
	if path.IsAbs(pattern) {
		root, segments = "/", segments[1:]
	}
	var names, folders []string
	if err := s.walk(root, segments, &names, &folders); err != nil {
		return nil, err
	}
	if len(names) == 0 {
		for _, d := range folders {
			more, err := s.under(d)
			if err != nil {
				return nil, err
			}
			names = append(names, more...)
		}
	}
	if len(names) == 0 {
		return nil, s.missing("no file matches the pattern")
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// walk collects what the segments match below the folder at.
func (s Spec) walk(at string, segments []string, names, folders *[]string) error {
	seg, rest := segments[0], segments[1:]
	if len(rest) > 0 && !strings.ContainsAny(seg, "*?[\\") { // a plain folder, also "..", which no listing shows
		return s.walk(path.Join(at, seg), rest, names, folders)
	}
	if seg == "**" {
		if len(rest) == 0 {
			rest = []string{"*"}
		}
		if err := s.walk(at, rest, names, folders); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(s.join(cmpOr(at, ".")))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return unreadable(at, err)
	}
	for _, e := range entries {
		name := path.Join(at, e.Name())
		if seg == "**" {
			if e.IsDir() && !hidden(e.Name()) { // links to folders are not followed: they may lead in a circle
				if err := s.walk(name, segments, names, folders); err != nil {
					return err
				}
			}
			continue
		}
		if ok, err := path.Match(seg, e.Name()); err != nil || !ok || hidden(e.Name()) && !hidden(seg) {
			continue
		}
		info, err := os.Stat(s.join(name))
		switch {
		case err != nil: // a link to nowhere
			if len(rest) == 0 {
				return unreadable(name, err)
			}
		case len(rest) > 0 && info.IsDir():
			if err := s.walk(name, rest, names, folders); err != nil {
				return err
			}
		case len(rest) == 0 && info.IsDir():
			*folders = append(*folders, name)
		case len(rest) == 0:
			*names = append(*names, name)
		}
	}
	return nil
}

func cmpOr(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

// hidden names (.git, _SUCCESS, _metadata) are no data.
func hidden(name string) bool { return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") }

// folder returns the data files below a folder.
func (s Spec) folder(at string) ([]string, error) {
	names, err := s.under(at)
	if err == nil && len(names) == 0 {
		err = s.missing("the folder holds no file with a known ending (.csv, .parquet, .arrow, also with .gz or .zst)")
	}
	return names, err
}

func (s Spec) under(at string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(s.join(at), func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return unreadable(at, err)
		}
		rel, err := filepath.Rel(s.join(at), p)
		if err != nil {
			return unreadable(at, err)
		}
		if rel != "." && hidden(d.Name()) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if !d.IsDir() && byName(d.Name()) != "" {
			names = append(names, path.Join(at, filepath.ToSlash(rel)))
		}
		return nil
	})
	return names, err
}

// missing is SEG-SRC-001 with what there is instead.
func (s Spec) missing(why string) error {
	p := &problem.Problem{ID: "SEG-SRC-001", What: "no source file for " + s.Path, File: s.Path, Why: why,
		Fix: "check the path; relative paths start at the folder of the configuration file"}
	dir := path.Clean(filepath.ToSlash(s.Path))
	for {
		if i := strings.IndexAny(dir, "*?["); i >= 0 {
			dir = path.Dir(dir[:i] + "x")
		} else {
			dir = path.Dir(dir)
		}
		entries, err := os.ReadDir(s.join(dir))
		if err == nil {
			p.Why += "; " + describeFolder(filepath.ToSlash(s.join(dir)), entries)
			return p
		}
		if dir == "/" || dir == "." {
			return p
		}
	}
}

func describeFolder(dir string, entries []fs.DirEntry) string {
	const most = 10
	var names []string
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() {
			name += "/"
		}
		names = append(names, name)
	}
	switch {
	case len(names) == 0:
		return fmt.Sprintf("the folder %s is empty", dir)
	case len(names) > most:
		return fmt.Sprintf("the folder %s holds %s and %d more", dir, strings.Join(names[:most], ", "), len(names)-most)
	}
	return fmt.Sprintf("the folder %s holds %s", dir, strings.Join(names, ", "))
}

func unreadable(name string, err error) error {
	var p *problem.Problem
	if errors.As(err, &p) {
		return err
	}
	if errors.Is(err, fs.ErrNotExist) {
		return &problem.Problem{ID: "SEG-SRC-001", What: "no source file " + name, File: name, Why: "it is not there", Err: err}
	}
	return &problem.Problem{ID: "SEG-SRC-004", What: "the source cannot be read", File: name, Why: err.Error(), Fix: "check rights and disk", Err: err}
}

// partitions reads the folders named key=value of a file's name. Values are percent-decoded.
func partitions(name string) ([]partition, error) {
	var out []partition
	for _, seg := range strings.Split(path.Dir(name), "/") {
		key, value, ok := strings.Cut(seg, "=")
		if !ok || key == "" {
			continue
		}
		k, err1 := url.PathUnescape(key)
		v, err2 := url.PathUnescape(value)
		if err := errors.Join(err1, err2); err != nil || strings.ContainsRune(k+v, 0) {
			return nil, &problem.Problem{ID: "SEG-SCH-001", What: "a folder named key=value cannot be decoded", File: name, Place: fmt.Sprintf("folder %q", seg),
				Why: "percent signs stand for bytes in it", Fix: "write % as %25"}
		}
		if slices.ContainsFunc(out, func(p partition) bool { return p.key == k }) {
			return nil, &problem.Problem{ID: "SEG-SCH-001", What: fmt.Sprintf("two folders of a path name the column %q", k), File: name,
				Place: fmt.Sprintf("column %q", k), Why: "a column has one value for a file", Fix: "rename one of the folders"}
		}
		out = append(out, partition{key: k, value: v, null: v == hiveNull || v == ""})
	}
	return out, nil
}
