// Command gen writes the JSON Schemas of Segovia's artifacts from the Go types that write them: names and order from the
// tags, descriptions from the comments.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"sort"
	"strings"
)

// artifact is one file that others read.
type artifact struct {
	name  string // "sweep" for sweep.json
	title string
	dir   string // package, from the repository's root
	typ   string
}

var artifacts = []artifact{
	{"sweep", "sweep.json: every k, every statistic, the choice and its sentence", "engine/sweep", "Result"},
	{"segments", "segments.json: the segments of a run", "engine/profile", "Report"},
	{"quality", "quality.json: what was wrong with the data", "engine/quality", "Report"},
	{"value", "value.json: what customers could be worth, tiers, groups, goal and plans", "engine/tiers", "Report"},
	{"regions", "regions.json: potential and tiers by country, region and postcode area", "engine/tiers", "RegionsReport"},
	{"model", "model.json: everything that labelling customers needs", "engine", "Model"},
	{"manifest", "manifest.json: what a published run was made from and consists of", "io/runstore", "Manifest"},
	{"run_results", "run_results.json: what happened, step by step", "io/runstore", "Results"},
	{"bench", "the output of segovia bench --json", "bench", "Report"},
}

func main() {
	root, err := repository()
	if err == nil {
		for _, a := range artifacts {
			var doc []byte
			if doc, err = schema(root, a); err != nil {
				break
			}
			if err = os.WriteFile(filepath.Join(root, "cmd/segovia/internal/schemas", a.name+".json"), doc, 0o644); err != nil {
				break
			}
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// repository finds the folder of go.mod above the working directory.
func repository() (string, error) {
	dir, err := os.Getwd()
	for ; err == nil; dir = filepath.Dir(dir) {
		if _, missing := os.Stat(filepath.Join(dir, "go.mod")); missing == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("gen: no go.mod above the working directory")
		}
	}
	return "", err
}

// source is one package's types.
type source struct {
	root    string
	types   map[string]*ast.TypeSpec
	docs    map[string]string
	imports map[string]string // of all files: name -> path
}

func parse(root, dir string) (*source, error) {
	s := &source{root: root, types: map[string]*ast.TypeSpec{}, docs: map[string]string{}, imports: map[string]string{}}
	files, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
	if err != nil {
		return nil, err
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		for _, im := range f.Imports {
			path := strings.Trim(im.Path.Value, `"`)
			alias := path[strings.LastIndexByte(path, '/')+1:]
			if im.Name != nil {
				alias = im.Name.Name
			}
			s.imports[alias] = path
		}
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.TYPE {
				continue
			}
			for _, spec := range g.Specs {
				t := spec.(*ast.TypeSpec)
				s.types[t.Name.Name] = t
				doc := t.Doc
				if doc == nil {
					doc = g.Doc
				}
				s.docs[t.Name.Name] = text(doc)
			}
		}
	}
	return s, nil
}

// text is a comment as one line.
func text(c *ast.CommentGroup) string {
	if c == nil {
		return ""
	}
	return strings.Join(strings.Fields(c.Text()), " ")
}

// object is a JSON object with its keys in order.
type object []member

type member struct {
	key   string
	value any
}

// MarshalJSON writes the members in order.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := marshal(m.key)
		if err != nil {
			return nil, err
		}
		value, err := marshal(m.value)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}

// writer collects the definitions that one schema refers to.
type writer struct {
	*source
	defs map[string]object
}

// schema returns the JSON Schema of an artifact.
func schema(root string, a artifact) ([]byte, error) {
	src, err := parse(root, a.dir)
	if err != nil {
		return nil, err
	}
	w := &writer{src, map[string]object{}}
	body, err := w.structure(a.typ)
	if err != nil {
		return nil, fmt.Errorf("gen: %s: %w", a.name, err)
	}
	doc := append(object{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"$id", "segovia:" + a.name}, {"title", a.title}}, body...)
	if len(w.defs) > 0 {
		names := make([]string, 0, len(w.defs))
		for n := range w.defs {
			names = append(names, n)
		}
		sort.Strings(names)
		var defs object
		for _, n := range names {
			defs = append(defs, member{n, w.defs[n]})
		}
		doc = append(doc, member{"$defs", defs})
	}
	line, err := marshal(doc)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, line, "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// structure is the schema of a struct type of the package.
func (w *writer) structure(name string) (object, error) {
	spec, ok := w.types[name]
	if !ok {
		return nil, fmt.Errorf("there is no type %s", name)
	}
	st, ok := spec.Type.(*ast.StructType)
	if !ok {
		return w.of(spec.Type)
	}
	var properties object
	required := []string{}
	for _, f := range st.Fields.List {
		if f.Tag == nil || len(f.Names) != 1 {
			continue
		}
		key, opts, _ := strings.Cut(reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("json"), ",")
		if key == "" || key == "-" {
			continue
		}
		value, err := w.of(f.Type)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", name, f.Names[0].Name, err)
		}
		if doc := strings.TrimSpace(text(f.Doc) + " " + text(f.Comment)); doc != "" {
			value = append(value, member{"description", doc})
		}
		properties = append(properties, member{key, value})
		if !strings.Contains(opts, "omitempty") {
			required = append(required, key)
		}
	}
	o := object{{"type", "object"}}
	if doc := w.docs[name]; doc != "" {
		o = append(o, member{"description", doc})
	}
	return append(o, member{"properties", properties}, member{"required", required}, member{"additionalProperties", false}), nil
}

// of is the schema of a type. Pointers and lists may be null, as Go writes them.
func (w *writer) of(t ast.Expr) (object, error) {
	switch t := t.(type) {
	case *ast.StarExpr:
		inner, err := w.of(t.X)
		if err != nil {
			return nil, err
		}
		return object{{"anyOf", []object{inner, {{"type", "null"}}}}}, nil
	case *ast.ArrayType:
		inner, err := w.of(t.Elt)
		if err != nil {
			return nil, err
		}
		return object{{"type", []string{"array", "null"}}, {"items", inner}}, nil
	case *ast.MapType:
		inner, err := w.of(t.Value)
		if err != nil {
			return nil, err
		}
		return object{{"type", []string{"object", "null"}}, {"additionalProperties", inner}}, nil
	case *ast.InterfaceType:
		return object{}, nil
	case *ast.SelectorExpr:
		return w.imported(t)
	case *ast.Ident:
		switch t.Name {
		case "string":
			return object{{"type", "string"}}, nil
		case "bool":
			return object{{"type", "boolean"}}, nil
		case "int", "int64", "int32", "uint8":
			return object{{"type", "integer"}}, nil
		case "uint64", "uint32", "uint":
			return object{{"type", "integer"}, {"minimum", 0}}, nil
		case "float64", "float32":
			return object{{"type", "number"}}, nil
		case "any":
			return object{}, nil
		}
		if _, done := w.defs[t.Name]; !done {
			w.defs[t.Name] = object{} // a type may hold itself
			def, err := w.structure(t.Name)
			if err != nil {
				return nil, err
			}
			w.defs[t.Name] = def
		}
		return object{{"$ref", "#/$defs/" + t.Name}}, nil
	}
	return nil, fmt.Errorf("a %T has no schema", t)
}

// imported is the schema of another package's type: a few of the library's, and any of ours.
func (w *writer) imported(t *ast.SelectorExpr) (object, error) {
	pkg := t.X.(*ast.Ident).Name
	switch pkg + "." + t.Sel.Name {
	case "time.Time":
		return object{{"type", "string"}, {"format", "date-time"}}, nil
	case "json.RawMessage":
		return object{}, nil
	}
	dir, ours := strings.CutPrefix(w.imports[pkg], "segovia/")
	if !ours {
		return nil, fmt.Errorf("%s.%s has no schema", pkg, t.Sel.Name)
	}
	src, err := parse(w.root, dir)
	if err != nil {
		return nil, err
	}
	other := &writer{src, w.defs}
	name := pkg + "." + t.Sel.Name
	if _, done := w.defs[name]; !done {
		w.defs[name] = object{}
		def, err := other.structure(t.Sel.Name)
		if err != nil {
			return nil, err
		}
		w.defs[name] = def
	}
	return object{{"$ref", "#/$defs/" + name}}, nil
}
