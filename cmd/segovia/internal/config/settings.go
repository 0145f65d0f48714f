package config

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

// Setting is one value of a resolved configuration.
type Setting struct {
	Path   string `json:"path"`
	Value  any    `json:"value"` // text, number, true/false; texts of durations and the like in their own form
	Origin string `json:"origin"`
}

// masked stands for a value that must not be shown.
const masked = "***"

// Settings returns every value of the resolved configuration in the order of the sections, defaults included, each with
// its origin. Connections of databases are masked. Optional sections that are not given do not appear.
func (c *Config) Settings() []Setting {
	var out []Setting
	c.walk(reflect.ValueOf(c).Elem(), "", func(path string, v any) {
		out = append(out, Setting{Path: path, Value: v, Origin: c.Origin(path)})
	})
	return out
}

// Origin says where the value at path comes from: "file (segovia.yaml:12)", "profile prod (...)", "--seed",
// "SEGOVIA_SEED" or "default".
func (c *Config) Origin(path string) string {
	for at := path; at != ""; at = parent(at) {
		if p, ok := c.index[at]; ok {
			// A section's own position says nothing of a default inside it; a list or mapping of values holds its entries.
			if at == path || strings.HasPrefix(path[len(at):], "[") {
				return p.String()
			}
			return "default"
		}
	}
	return "default"
}

// walk calls visit for every value below v. Empty lists and unset texts without default are left out.
func (c *Config) walk(v reflect.Value, path string, visit func(path string, v any)) {
	for _, f := range fieldsOf(v.Type()) {
		fv, at := v.Field(f.index), join(path, f.name)
		if fv.Kind() == reflect.Pointer {
			if fv.IsNil() {
				continue
			}
			fv = fv.Elem()
		}
		if f.tag.Get("secret") != "" {
			if fv.String() != "" {
				visit(at, masked)
			}
			continue
		}
		c.walkValue(fv, at, f, visit)
	}
}

func (c *Config) walkValue(fv reflect.Value, at string, f field, visit func(path string, v any)) {
	switch x := fv.Addr().Interface().(type) {
	case *Share:
		visit(at, float64(*x))
		return
	case textValue:
		if x.String() != "" {
			visit(at, x.String())
		}
		return
	case *Entity:
		if *x == (Entity{Table: x.Table}) && x.Table != "" {
			visit(at, x.Table)
			return
		}
	}
	switch fv.Kind() {
	case reflect.Struct:
		c.walk(fv, at, visit)
	case reflect.Slice:
		for i := range fv.Len() {
			el := fv.Index(i)
			next := fmt.Sprintf("%s[%d]", at, i)
			if f.keyed {
				next = join(at, el.FieldByName("Name").String())
			}
			c.walkValue(el, next, field{tag: f.tag}, visit)
		}
	case reflect.Map:
		keys := make([]string, 0, fv.Len())
		for _, k := range fv.MapKeys() {
			keys = append(keys, k.String())
		}
		sort.Strings(keys)
		for _, k := range keys {
			el := reflect.New(fv.Type().Elem()).Elem()
			el.Set(fv.MapIndex(reflect.ValueOf(k)))
			c.walkValue(el, join(at, k), field{tag: f.tag}, visit)
		}
	case reflect.String:
		if _, def := f.def(); fv.String() != "" || def {
			visit(at, fv.String())
		}
	default:
		if fv.IsZero() && !c.isSet(at) {
			if _, def := f.def(); !def {
				return // unset, and unset means nothing
			}
		}
		visit(at, fv.Interface())
	}
}

// Resolved returns the whole resolved configuration as one JSON document with keys in the order of the sections, for the
// manifest. Connections of databases are masked.
func (c *Config) Resolved() json.RawMessage { return c.document(func(string) bool { return true }) }

// Hash returns the SHA-256 of the resolved configuration without what cannot change a result: threads, memory, folder for
// temporary files, hardware path, number of runs kept.
func (c *Config) Hash() string {
	doc := c.document(func(path string) bool {
		return !strings.HasPrefix(path, "run.") || path == "run.seed" || path == "run.algorithm"
	})
	sum := sha256.Sum256(doc)
	return hex.EncodeToString(sum[:])
}

func (c *Config) document(keep func(path string) bool) []byte {
	root := &node{kind: mapping}
	c.walk(reflect.ValueOf(c).Elem(), "", func(path string, v any) {
		if keep(path) {
			place(root, path, v)
		}
	})
	var b bytes.Buffer
	root.json(&b)
	return b.Bytes()
}

// place puts a value into a tree by its path; the paths of walk are well formed.
func place(root *node, path string, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		panic("BUG: config: " + path + ": " + err.Error())
	}
	steps, err := splitPath(path)
	if err != nil {
		panic("BUG: config: " + path + ": " + err.Error())
	}
	n := root
	for _, s := range steps {
		if s.index >= 0 {
			n.kind = list
			for len(n.items) <= s.index {
				n.items = append(n.items, &node{})
			}
			n = n.items[s.index]
			continue
		}
		n.kind = mapping
		if n.get(s.key) == nil {
			n.put(s.key, &node{})
		}
		n = n.get(s.key)
	}
	n.kind, n.text = scalar, string(data)
}

// json writes a tree whose scalars are JSON already.
func (n *node) json(b *bytes.Buffer) {
	switch n.kind {
	case null:
		b.WriteString("null")
	case scalar:
		b.WriteString(n.text)
	case list:
		b.WriteByte('[')
		for i, it := range n.items {
			if i > 0 {
				b.WriteByte(',')
			}
			it.json(b)
		}
		b.WriteByte(']')
	case mapping:
		b.WriteByte('{')
		for i, p := range n.pairs {
			if i > 0 {
				b.WriteByte(',')
			}
			key, _ := json.Marshal(p.key)
			b.Write(key)
			b.WriteByte(':')
			p.value.json(b)
		}
		b.WriteByte('}')
	}
}

// FormatValue writes a setting's value as YAML would, quoted unless it is plain beyond doubt.
func FormatValue(v any) string {
	s, ok := v.(string)
	if !ok {
		return fmt.Sprint(v)
	}
	if !plain.MatchString(s) || s == "true" || s == "false" || s == "null" {
		return strconv.Quote(s)
	}
	return s
}

// plain are texts that mean themselves wherever they stand in YAML.
var plain = regexp.MustCompile(`^[\pL\pN_./](?:[\pL\pN_./+ -]*[\pL\pN_./+-])?$`)
