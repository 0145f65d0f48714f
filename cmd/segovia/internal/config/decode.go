package config

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"segovia/kernels/problem"
)

// decoder fills a Config from nodes and collects every problem on the way.
type decoder struct {
	problems problem.List
	index    map[string]position
	failed   map[string]bool
	keys     map[string][]string // every key of the model -> sections that know it, for misplaced keys
	partial  bool                // a profile: required keys may be missing
}

// field is one declared key of a struct.
type field struct {
	name     string
	index    int
	required bool
	keyed    bool
	tag      reflect.StructTag
}

func (f field) def() (string, bool) { return f.tag.Lookup("def") }

// fieldsOf returns the declared keys of a struct type in order.
func fieldsOf(t reflect.Type) []field {
	var fields []field
	for i := range t.NumField() {
		tag := t.Field(i).Tag
		parts := strings.Split(tag.Get("cfg"), ",")
		if parts[0] == "" || parts[0] == "-" {
			continue
		}
		f := field{name: parts[0], index: i, tag: tag}
		for _, opt := range parts[1:] {
			f.required = f.required || opt == "required"
			f.keyed = f.keyed || opt == "keyed"
		}
		fields = append(fields, f)
	}
	return fields
}

func names(fields []field) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.name
	}
	return out
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	if strings.ContainsAny(key, ".[]\"") {
		return path + "." + strconv.Quote(key)
	}
	return path + "." + key
}

// fail reports a problem about the value at path.
func (d *decoder) fail(n *node, path, id, what, why, fix string) {
	d.failed[path] = true
	place := ""
	if path != "" {
		place = "`" + path + "`"
	}
	d.problems = append(d.problems, n.pos.at(&problem.Problem{ID: id, What: what, Place: place, Why: why, Fix: fix}))
}

func (d *decoder) wrongType(n *node, path, want string) {
	got := n.kind.String()
	if n.kind == scalar {
		got = strconv.Quote(shorten(n.text))
	}
	d.fail(n, path, "SEG-CFG-003", fmt.Sprintf("`%s` is %s", path, got), "this key takes another kind of value", "write "+want)
}

func shorten(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "..."
	}
	return s
}

// value decodes n into v. tag is the tag of the field that v belongs to.
func (d *decoder) value(n *node, v reflect.Value, path string, tag reflect.StructTag) {
	if n.bad {
		d.failed[path] = true
		return
	}
	if n.kind == null {
		return // `key:` without a value leaves the default
	}
	d.index[path] = n.pos
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		d.defaults(v.Elem())
		v = v.Elem()
	}
	switch x := v.Addr().Interface().(type) {
	case *Entity:
		if n.kind == scalar {
			x.Table = n.text
			return
		}
	case *Range:
		if n.kind == list {
			d.rangeList(n, x, path)
			return
		}
	}
	if tv, ok := v.Addr().Interface().(textValue); ok {
		if n.kind != scalar {
			d.wrongType(n, path, tv.form())
			return
		}
		if err := tv.setText(strings.TrimSpace(n.text)); err != nil {
			d.textError(n, path, tv.form(), err)
			return
		}
		if s, ok := tv.(*Share); ok {
			d.bounds(n, path, float64(*s), tag)
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.structure(n, v, path)
	case reflect.Slice:
		d.slice(n, v, path, tag)
	case reflect.Map:
		d.mapping(n, v, path, tag)
	default:
		d.scalar(n, v, path, tag)
	}
}

func (d *decoder) textError(n *node, path, form string, err error) {
	var p *problem.Problem
	if errors.As(err, &p) {
		d.fail(n, path, p.ID, p.What, p.Why, p.Fix)
		return
	}
	d.fail(n, path, "SEG-CFG-003", fmt.Sprintf("`%s` is %q", path, shorten(n.text)), err.Error(), "write "+form)
}

func (d *decoder) rangeList(n *node, r *Range, path string) {
	*r = Range{}
	for i, it := range n.items {
		k, err := strconv.Atoi(it.text)
		if it.kind != scalar || err != nil {
			d.wrongType(it, fmt.Sprintf("%s[%d]", path, i), "a whole number")
			return
		}
		r.Values = append(r.Values, k)
	}
	if err := r.check(); err != nil {
		d.textError(n, path, r.form(), err)
	}
}

func (d *decoder) structure(n *node, v reflect.Value, path string) {
	fields := fieldsOf(v.Type())
	if n.kind != mapping {
		d.wrongType(n, path, "a mapping with keys such as "+strings.Join(firstOf(names(fields), 4), ", "))
		return
	}
	for _, p := range n.pairs {
		f, ok := find(fields, p.key)
		if !ok {
			d.unknown(p, path, names(fields))
			continue
		}
		if f.keyed {
			d.keyed(p.value, v.Field(f.index), join(path, p.key))
			continue
		}
		d.value(p.value, v.Field(f.index), join(path, p.key), f.tag)
	}
	for _, f := range fields {
		if got := n.get(f.name); f.required && !d.partial && got.empty() {
			where := path
			if where == "" {
				where = "the configuration"
			}
			d.failed[join(path, f.name)] = true
			d.problems = append(d.problems, n.pos.at(&problem.Problem{ID: "SEG-CFG-008",
				What: fmt.Sprintf("`%s` is missing in %s", f.name, where), Why: f.tag.Get("doc"), Fix: "add `" + f.name + ": ...`"}))
		}
	}
}

// empty reports whether n gives no value; one that is already reported counts as given.
func (n *node) empty() bool {
	return n == nil || !n.bad && (n.kind == null || n.kind == scalar && n.text == "")
}

func firstOf(s []string, n int) []string { return s[:min(n, len(s))] }

func find(fields []field, name string) (field, bool) {
	for _, f := range fields {
		if f.name == name {
			return f, true
		}
	}
	return field{}, false
}

func (d *decoder) unknown(p pair, path string, known []string) {
	pr := &problem.Problem{ID: "SEG-CFG-001", What: fmt.Sprintf("unknown key %q", p.key), Fix: DidYouMean(p.key, known)}
	if path != "" {
		pr.What += " in `" + path + "`"
	}
	if homes := d.keys[p.key]; Nearest(p.key, known) == "" && len(homes) > 0 && len(homes) <= 3 {
		pr.Fix = fmt.Sprintf("`%s` belongs under `%s`", p.key, strings.Join(homes, "` or `"))
	}
	d.problems = append(d.problems, p.pos.at(pr))
}

// keyed decodes a mapping of names into a slice of structs with a Name, in the order of the file.
func (d *decoder) keyed(n *node, v reflect.Value, path string) {
	if n.kind == null || n.bad {
		return
	}
	if n.kind != mapping {
		d.wrongType(n, path, "a mapping of names to sources")
		return
	}
	d.index[path] = n.pos
	for _, p := range n.pairs {
		item := reflect.New(v.Type().Elem()).Elem()
		d.defaults(item)
		item.FieldByName("Name").SetString(p.key)
		at := join(path, p.key)
		if p.value.kind != mapping {
			d.wrongType(p.value, at, "a mapping with keys such as path and key")
			d.index[at] = p.pos
		} else {
			d.structure(p.value, item, at)
			d.index[at] = p.pos
		}
		v.Set(reflect.Append(v, item))
	}
}

func (d *decoder) slice(n *node, v reflect.Value, path string, tag reflect.StructTag) {
	v.SetLen(0) // a list replaces the default
	items := n.items
	if n.kind == scalar && v.Type().Elem().Kind() == reflect.String {
		items = []*node{n} // one name stands for a list of one
	} else if n.kind != list {
		d.wrongType(n, path, "a list")
		return
	}
	for i, it := range items {
		el := reflect.New(v.Type().Elem()).Elem()
		d.defaults(el)
		at := fmt.Sprintf("%s[%d]", path, i)
		if it.kind == null && !it.bad {
			d.wrongType(it, at, "a value")
			continue
		}
		d.value(it, el, at, tag)
		v.Set(reflect.Append(v, el))
	}
}

func (d *decoder) mapping(n *node, v reflect.Value, path string, tag reflect.StructTag) {
	if n.kind != mapping {
		d.wrongType(n, path, "a mapping of names to values")
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for _, p := range n.pairs {
		el := reflect.New(v.Type().Elem()).Elem()
		at := join(path, p.key)
		if p.value.kind == null && !p.value.bad {
			d.wrongType(p.value, at, "a value")
			continue
		}
		d.value(p.value, el, at, tag)
		if _, ok := d.index[at]; ok {
			d.index[at] = p.pos // where the name stands that other checks may not know
		}
		v.SetMapIndex(reflect.ValueOf(p.key), el)
	}
}

func (d *decoder) scalar(n *node, v reflect.Value, path string, tag reflect.StructTag) {
	want := map[reflect.Kind]string{reflect.String: "a text", reflect.Bool: "true or false", reflect.Float64: "a number",
		reflect.Int: "a whole number", reflect.Uint64: "a whole number from 0"}[v.Kind()]
	if n.kind != scalar {
		d.wrongType(n, path, want)
		return
	}
	var err error
	switch v.Kind() {
	case reflect.String:
		if values := tag.Get("enum"); values != "" {
			if choices := strings.Split(values, "|"); !contains(choices, n.text) {
				fix := "choose one of them"
				if near := Nearest(n.text, choices); near != "" {
					fix = "did you mean `" + near + "`?"
				}
				d.fail(n, path, "SEG-CFG-003", fmt.Sprintf("`%s` is %q", path, shorten(n.text)),
					"it takes one of "+strings.Join(choices, ", "), fix)
				return
			}
		}
		v.SetString(n.text)
	case reflect.Bool:
		if n.text != "true" && n.text != "false" {
			err = errors.New("not true or false")
		}
		v.SetBool(n.text == "true")
	case reflect.Int:
		var i int64
		if i, err = strconv.ParseInt(n.text, 10, 64); err == nil {
			v.SetInt(i)
			d.bounds(n, path, float64(i), tag)
		}
	case reflect.Uint64:
		var u uint64
		if u, err = strconv.ParseUint(n.text, 10, 64); err == nil {
			v.SetUint(u)
		}
	case reflect.Float64:
		var f float64
		if f, err = parseDecimal(n.text); err == nil {
			v.SetFloat(f)
			d.bounds(n, path, f, tag)
		}
	default:
		panic(fmt.Sprintf("BUG: config: %s has a type that cannot be decoded: %s", path, v.Type()))
	}
	if err != nil {
		d.wrongType(n, path, want)
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// bounds holds a number against the tags min and max.
func (d *decoder) bounds(n *node, path string, x float64, tag reflect.StructTag) {
	lo, hi := math.Inf(-1), math.Inf(1)
	if s, ok := tag.Lookup("min"); ok {
		lo, _ = strconv.ParseFloat(s, 64)
	}
	if s, ok := tag.Lookup("max"); ok {
		hi, _ = strconv.ParseFloat(s, 64)
	}
	if x >= lo && x <= hi {
		return
	}
	why := "the least is " + tag.Get("min")
	if x > hi {
		why = "the most is " + tag.Get("max")
	}
	d.fail(n, path, "SEG-CFG-003", fmt.Sprintf("`%s` is %s", path, shorten(n.text)), why, "write a number within that limit")
}

// defaults sets every declared default in v and below.
func (d *decoder) defaults(v reflect.Value) {
	if v.Kind() != reflect.Struct {
		return
	}
	for _, f := range fieldsOf(v.Type()) {
		fv := v.Field(f.index)
		def, ok := f.def()
		if !ok {
			if fv.Kind() == reflect.Struct {
				d.defaults(fv)
			}
			continue
		}
		n := &node{kind: scalar, text: def}
		if fv.Kind() == reflect.Slice {
			n.kind = list
			for part := range strings.SplitSeq(def, ",") {
				n.items = append(n.items, &node{kind: scalar, text: part})
			}
		}
		quiet := &decoder{index: map[string]position{}, failed: map[string]bool{}}
		quiet.value(n, fv, f.name, f.tag)
		if len(quiet.problems) > 0 {
			panic("BUG: config: default of " + f.name + ": " + quiet.problems.Error())
		}
	}
}

// allKeys lists for every key of the model the sections that know it.
func allKeys() map[string][]string {
	keys := map[string][]string{}
	var walk func(t reflect.Type, path string)
	walk = func(t reflect.Type, path string) {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct {
			return
		}
		if _, text := reflect.New(t).Interface().(textValue); text {
			return
		}
		for _, f := range fieldsOf(t) {
			ft := t.Field(f.index).Type
			at := path
			if path != "" {
				keys[f.name] = append(keys[f.name], path)
				at += "."
			}
			at += f.name
			if f.keyed {
				at += ".NAME"
			} else if ft.Kind() == reflect.Slice {
				at += "[]"
			}
			walk(ft, at)
		}
	}
	walk(reflect.TypeFor[Config](), "")
	return keys
}
