package config

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"

	"segovia/kernels/problem"
)

// Assignment sets one value from outside the file.
type Assignment struct {
	Path   string // "sweep.restarts", "features.columns[2].agg"
	Value  string // YAML
	Origin string // "--seed", "SEGOVIA_SEED", "--set"
}

// Options say what a configuration is made of.
type Options struct {
	File    string                           // the file; required unless Data is given
	Data    []byte                           // the file's content where it is at hand; File then only names it
	Profile string                           // entry of `profiles:` to lay over the file
	Lookup  func(name string) (string, bool) // variables for ${NAME}; nil = none is set
	Env     []Assignment                     // from SEGOVIA_* variables
	Flags   []Assignment                     // from flags and --set, in order; they win
}

// Load reads a configuration and reports everything that is wrong with it as a problem.List. The Config is returned
// also with problems, as far as it could be read, for commands that look further; it is nil when nothing could be read.
func Load(o Options) (*Config, error) {
	data := o.Data
	if data == nil {
		var err error
		if data, err = readFile(o.File); err != nil {
			return nil, err
		}
	}
	root, l := parse(o.File, data)
	if root == nil {
		return nil, l
	}
	if root.kind != mapping {
		p := root.pos.at(&problem.Problem{ID: "SEG-CFG-004", What: "the configuration is no mapping",
			Why: "the file holds " + root.kind.String(), Fix: "begin with `version: 1`"})
		return nil, append(l, p)
	}
	if newer := newerVersion(root); newer != nil {
		return nil, problem.List{newer}
	}
	keys := allKeys()
	lookup := o.Lookup
	if lookup == nil {
		lookup = func(string) (string, bool) { return "", false }
	}
	root, problems := overlayProfile(root, o.Profile, keys)
	l = append(l, problems...)
	l = append(l, expand(root, lookup)...)
	for _, a := range append(append([]Assignment(nil), o.Env...), o.Flags...) {
		if p := assign(root, a); p != nil {
			l = append(l, p)
		}
	}
	c := &Config{File: o.File, Dir: filepath.Dir(o.File), root: root}
	d := &decoder{index: map[string]position{}, failed: map[string]bool{}, keys: keys}
	d.defaults(reflect.ValueOf(c).Elem())
	d.structure(root, reflect.ValueOf(c).Elem(), "")
	c.index, c.failed = d.index, d.failed
	l = append(l, d.problems...)
	l = append(l, c.validate()...)
	sort.SliceStable(l, func(i, j int) bool { // as a reader meets them; what flags brought comes last
		a, b := l[i], l[j]
		if (a.Line == 0) != (b.Line == 0) || a.Line != b.Line {
			return a.Line != 0 && (b.Line == 0 || a.Line < b.Line)
		}
		return a.Column < b.Column
	})
	return c, l.Err()
}

// newerVersion says so when the file was written for a later program: its other keys are then not worth a word.
func newerVersion(root *node) *problem.Problem {
	v := root.get("version")
	if v == nil || v.kind != scalar {
		return nil
	}
	n, err := strconv.Atoi(v.text)
	if err != nil || n == Version {
		return nil
	}
	if n < 1 {
		return v.pos.at(&problem.Problem{ID: "SEG-CFG-003", What: fmt.Sprintf("version %d does not exist", n),
			Fix: fmt.Sprintf("write `version: %d`", Version)})
	}
	return v.pos.at(&problem.Problem{ID: "SEG-CFG-006", What: fmt.Sprintf("the configuration is of version %d", n),
		Why: fmt.Sprintf("this program reads version %d", Version), Fix: "install a newer Segovia"})
}

// overlayProfile takes the section `profiles` out of root, checks every profile's keys and lays the named one over root.
func overlayProfile(root *node, name string, keys map[string][]string) (*node, problem.List) {
	var l problem.List
	var profiles *node
	for i, p := range root.pairs {
		if p.key == "profiles" {
			profiles = p.value
			root.pairs = append(root.pairs[:i:i], root.pairs[i+1:]...)
			break
		}
	}
	var known []string
	var chosen *node
	if profiles != nil && profiles.kind != null {
		if profiles.kind != mapping {
			return root, append(l, profiles.pos.at(&problem.Problem{ID: "SEG-CFG-003", What: "`profiles` is " + profiles.kind.String(),
				Why: "expected a mapping of names to sections", Fix: "write `profiles: {NAME: {run: {...}}}`"}))
		}
		for _, p := range profiles.pairs {
			known = append(known, p.key)
			if p.value.kind == null {
				continue
			}
			if p.key == name {
				chosen = p.value.clone("profile " + name)
			}
			check := &decoder{index: map[string]position{}, failed: map[string]bool{}, keys: keys, partial: true}
			probe := p.value.clone("")
			muteVariables(probe)
			check.structure(probe, reflect.ValueOf(&Config{}).Elem(), "")
			if p.key != name || p.value.kind != mapping {
				l = append(l, check.problems...) // the chosen one is decoded with the rest
			}
		}
	}
	if name == "" {
		return root, l
	}
	if !contains(known, name) {
		return root, append(l, root.pos.at(&problem.Problem{ID: "SEG-CFG-008", What: fmt.Sprintf("there is no profile %q", name),
			Fix: DidYouMean(name, known)}))
	}
	if chosen != nil && chosen.kind == mapping {
		root = merge(root, chosen)
	}
	return root, l
}

// muteVariables marks values whose variables are not replaced, so that their form is not judged.
func muteVariables(n *node) {
	n.bad = n.bad || n.kind == scalar && strings.Contains(n.text, "${")
	for _, it := range n.items {
		muteVariables(it)
	}
	for _, p := range n.pairs {
		muteVariables(p.value)
	}
}

// assign puts one value from outside into the tree.
func assign(root *node, a Assignment) *problem.Problem {
	bad := func(what, why string) *problem.Problem {
		return &problem.Problem{ID: "SEG-CFG-003", What: what, Place: a.Origin + " " + a.Path, Why: why,
			Fix: "write path=value, for example sweep.restarts=20 or features.columns[0].agg=sum"}
	}
	steps, err := splitPath(a.Path)
	if err != nil {
		return bad("cannot read the path of a value", err.Error())
	}
	value, l := parse("", []byte(a.Value))
	if len(l) > 0 || value == nil || a.Value == "|" || a.Value == ">" { // these would begin a block of text
		value = &node{kind: scalar, text: a.Value}
	}
	if a.Value == "" {
		value = &node{kind: scalar}
	}
	setOrigin(value, a.Origin)
	n := root
	for i, s := range steps {
		last := i == len(steps)-1
		if s.index >= 0 {
			if n.kind != list || s.index > len(n.items) {
				return bad(fmt.Sprintf("there is no entry %d in %s", s.index, a.Path), fmt.Sprintf("the list has %d", len(n.items)))
			}
			if s.index == len(n.items) {
				n.items = append(n.items, &node{pos: position{origin: a.Origin}})
			}
			if last {
				n.items[s.index] = value
				return nil
			}
			n = n.items[s.index]
			continue
		}
		if n.kind == null {
			n.kind = mapping
		}
		if n.kind != mapping {
			return bad(fmt.Sprintf("%s is %s and has no key %q", a.Path, n.kind, s.key), "")
		}
		if last {
			n.put(s.key, value)
			return nil
		}
		next := n.get(s.key)
		if next == nil || next.kind == null {
			next = &node{pos: position{origin: a.Origin}}
			n.put(s.key, next)
			if steps[i+1].index >= 0 {
				next.kind = list
			}
		}
		n = next
	}
	return nil
}

func setOrigin(n *node, origin string) {
	n.pos = position{origin: origin}
	for _, it := range n.items {
		setOrigin(it, origin)
	}
	for i := range n.pairs {
		n.pairs[i].pos = position{origin: origin}
		setOrigin(n.pairs[i].value, origin)
	}
}

// step is one step of a path: a key, or the number of a list entry (index >= 0).
type step struct {
	key   string
	index int
}

// splitPath takes `a.b[3]."c.d"` apart.
func splitPath(path string) ([]step, error) {
	var steps []step
	for rest := path; rest != ""; {
		switch {
		case rest[0] == '[':
			end := strings.IndexByte(rest, ']')
			if end < 0 {
				return nil, fmt.Errorf("%q has no closing bracket", path)
			}
			i, err := strconv.Atoi(rest[1:end])
			if err != nil || i < 0 {
				return nil, fmt.Errorf("%q is no number of a list entry", rest[1:end])
			}
			steps, rest = append(steps, step{index: i}), rest[end+1:]
		case rest[0] == '"':
			quoted, err := strconv.QuotedPrefix(rest)
			if err != nil {
				return nil, fmt.Errorf("%q has no closing quote", path)
			}
			key, _ := strconv.Unquote(quoted)
			steps, rest = append(steps, step{key: key, index: -1}), rest[len(quoted):]
		default:
			end := strings.IndexAny(rest, ".[")
			if end < 0 {
				end = len(rest)
			}
			if end == 0 {
				return nil, fmt.Errorf("%q has an empty step", path)
			}
			steps, rest = append(steps, step{key: rest[:end], index: -1}), rest[end:]
		}
		if rest != "" && rest[0] == '.' {
			if rest = rest[1:]; rest == "" {
				return nil, fmt.Errorf("%q ends with a dot", path)
			}
		}
	}
	if len(steps) == 0 {
		return nil, fmt.Errorf("the path is empty")
	}
	return steps, nil
}

// shortVariables are the variables with a name of their own; any other value is SEGOVIA_SECTION__KEY.
var shortVariables = map[string]string{
	"SEGOVIA_SEED": "run.seed", "SEGOVIA_THREADS": "run.threads", "SEGOVIA_MEMORY": "run.memory",
	"SEGOVIA_TEMP_DIR": "run.temp_dir", "SEGOVIA_PATH": "run.hardware.path",
}

// FromEnviron turns SEGOVIA_* variables ("NAME=VALUE") into assignments, in the order of their names: SEGOVIA_SEED and its
// like, and SEGOVIA_SWEEP__RESTARTS for sweep.restarts. others are names that the caller knows itself; names that
// nobody knows come back in unknown.
func FromEnviron(environ []string, others ...string) (set []Assignment, unknown []string) {
	sorted := append([]string(nil), environ...)
	slices.Sort(sorted)
	for _, kv := range sorted {
		name, value, _ := strings.Cut(kv, "=")
		rest, ok := strings.CutPrefix(name, "SEGOVIA_")
		if !ok || contains(others, name) {
			continue
		}
		path := shortVariables[name]
		if path == "" && strings.Contains(rest, "__") {
			path = strings.ReplaceAll(strings.ToLower(rest), "__", ".")
		}
		if path == "" {
			unknown = append(unknown, name)
			continue
		}
		set = append(set, Assignment{Path: path, Value: value, Origin: name})
	}
	return set, unknown
}
