package config

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
)

// SchemaURL names the form of segovia.yaml.
const SchemaURL = "segovia:config"

// object is a JSON object with keys in a fixed order.
type object []member

type member struct {
	key   string
	value any
}

// MarshalJSON writes the members in order.
func (o object) MarshalJSON() ([]byte, error) {
	var b strings.Builder
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(m.key)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return []byte(b.String()), nil
}

// variable is the pattern of a value that holds a variable, whose form is known only when it is replaced.
const variable = `\$\{`

// Schema returns the JSON Schema (draft 2020-12) of segovia.yaml, for editors. It describes what Load accepts as to keys
// and forms; contradictions between values are Load's alone.
func Schema() json.RawMessage {
	body := structSchema(reflect.TypeFor[Config](), true)
	partial := structSchema(reflect.TypeFor[Config](), false)
	properties := body[1].value.(object)
	properties = append(properties, member{"profiles", object{{"type", "object"}, {"description", "Named sets of changes, chosen with --profile."},
		{"additionalProperties", object{{"$ref", "#/$defs/profile"}}}}})
	body[1].value = properties
	doc := append(object{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"$id", SchemaURL}, {"title", "Segovia configuration"}}, body...)
	doc = append(doc, member{"$defs", object{{"profile", partial}}})
	data, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		panic("BUG: config: schema: " + err.Error())
	}
	return data
}

func structSchema(t reflect.Type, required bool) object {
	var properties object
	var need []string
	for _, f := range fieldsOf(t) {
		s := fieldSchema(t.Field(f.index).Type, f, required)
		s = append(s, member{"description", f.tag.Get("doc")})
		if def, ok := f.def(); ok {
			s = append(s, member{"default", defaultValue(t.Field(f.index).Type, def)})
		}
		properties = append(properties, member{f.name, s})
		if f.required && required {
			need = append(need, f.name)
		}
	}
	o := object{{"type", []string{"object", "null"}}, {"properties", properties}, {"additionalProperties", false}}
	if len(need) > 0 {
		o = append(o, member{"required", need})
	}
	return o
}

func defaultValue(t reflect.Type, def string) any {
	switch t.Kind() {
	case reflect.Slice:
		return strings.Split(def, ",")
	case reflect.Int, reflect.Uint64, reflect.Float64:
		if f, err := strconv.ParseFloat(def, 64); err == nil {
			return f
		}
	}
	return def
}

func fieldSchema(t reflect.Type, f field, required bool) object {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if f.keyed {
		return object{{"type", []string{"object", "null"}}, {"additionalProperties", structSchema(t.Elem(), required)}}
	}
	v := reflect.New(t).Interface()
	switch v.(type) {
	case *Entity:
		return object{{"anyOf", []object{{{"type", "string"}}, structSchema(t, required)}}}
	case *Range:
		return object{{"anyOf", []object{{{"type", "string"}, {"pattern", Range{}.pattern() + "|" + variable}}, {{"type", "integer"}, {"minimum", 1}},
			{{"type", "array"}, {"items", object{{"type", "integer"}, {"minimum", 1}, {"maximum", maxK}}}}}}}
	}
	if tv, ok := v.(textValue); ok {
		return object{{"type", []string{"string", "number"}}, {"pattern", tv.pattern() + "|" + variable}}
	}
	switch t.Kind() {
	case reflect.Struct:
		return structSchema(t, required)
	case reflect.Slice:
		list := object{{"type", "array"}, {"items", fieldSchema(t.Elem(), f, required)}}
		if t.Elem().Kind() == reflect.String {
			return object{{"anyOf", []object{list, fieldSchema(t.Elem(), f, required)}}}
		}
		return list
	case reflect.Map:
		return object{{"type", "object"}, {"additionalProperties", fieldSchema(t.Elem(), f, required)}}
	case reflect.Bool:
		return object{{"anyOf", []object{{{"type", "boolean"}}, {{"type", "string"}, {"pattern", variable}}}}}
	case reflect.String:
		if enum := f.tag.Get("enum"); enum != "" {
			return object{{"anyOf", []object{{{"enum", strings.Split(enum, "|")}}, {{"type", "string"}, {"pattern", variable}}}}}
		}
		return object{{"type", []string{"string", "number", "boolean"}}}
	}
	number := object{{"type", "number"}}
	if t.Kind() != reflect.Float64 {
		number[0].value = "integer"
	}
	for _, bound := range []struct{ tag, key string }{{"min", "minimum"}, {"max", "maximum"}} {
		if s, ok := f.tag.Lookup(bound.tag); ok {
			if x, err := strconv.ParseFloat(s, 64); err == nil {
				number = append(number, member{bound.key, x})
			}
		}
	}
	return object{{"anyOf", []object{number, {{"type", "string"}, {"pattern", variable}}}}}
}
