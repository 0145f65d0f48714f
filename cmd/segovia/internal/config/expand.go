package config

import (
	"fmt"
	"os"
	"strings"

	"segovia/kernels/problem"
)

// expand replaces ${VAR} and ${VAR:-default} in every value of n; $${VAR} stays as ${VAR}. Keys are left alone.
// Every variable that is not set is a problem, and its value is marked so that nothing further is said about it.
func expand(n *node, lookup func(string) (string, bool)) problem.List {
	var l problem.List
	var walk func(n *node)
	walk = func(n *node) {
		switch n.kind {
		case scalar:
			text, missing, malformed := substitute(n.text, lookup)
			for _, name := range missing {
				l = append(l, n.pos.at(&problem.Problem{ID: "SEG-CFG-005", What: fmt.Sprintf("variable ${%s} is not set", name),
					Fix: fmt.Sprintf("set %s in the environment or with --env-file, or write ${%s:-default}", name, name)}))
			}
			if malformed != "" {
				l = append(l, n.pos.at(&problem.Problem{ID: "SEG-CFG-003", What: fmt.Sprintf("%q is no variable", malformed),
					Why: "a variable is ${NAME} or ${NAME:-default}", Fix: "close the brace, or write $${ for a plain ${"}))
			}
			n.bad = n.bad || len(missing) > 0 || malformed != ""
			n.text = text
		case list:
			for _, it := range n.items {
				walk(it)
			}
		case mapping:
			for _, p := range n.pairs {
				walk(p.value)
			}
		}
	}
	walk(n)
	return l
}

// substitute replaces the variables in s. An empty value counts as set, except where a default is given.
func substitute(s string, lookup func(string) (string, bool)) (out string, missing []string, malformed string) {
	var b strings.Builder
	for {
		i := strings.Index(s, "${")
		if i < 0 {
			b.WriteString(s)
			return b.String(), missing, malformed
		}
		if i > 0 && s[i-1] == '$' {
			b.WriteString(s[:i-1])
			b.WriteString("${")
			s = s[i+2:]
			continue
		}
		end := strings.IndexByte(s[i:], '}')
		if end < 0 {
			return s, missing, shorten(s[i:])
		}
		name, def, hasDefault := strings.Cut(s[i+2:i+end], ":-")
		if !isName(name) {
			return s, missing, shorten(s[i : i+end+1])
		}
		b.WriteString(s[:i])
		value, set := lookup(name)
		switch {
		case hasDefault && value == "":
			b.WriteString(def)
		case !set:
			missing = append(missing, name)
		default:
			b.WriteString(value)
		}
		s = s[i+end+1:]
	}
}

func isName(s string) bool {
	for i, r := range s {
		letter := r == '_' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}

// ReadEnvFile reads lines NAME=VALUE; blank lines and lines that begin with # do not count, quotes around a value are
// removed. It returns SEG-CFG-009 when the file cannot be read and SEG-CFG-003 for every line of another form.
func ReadEnvFile(name string) (map[string]string, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, &problem.Problem{ID: "SEG-CFG-009", What: "cannot read the file of variables", File: name, Why: reason(err),
			Fix: "check --env-file", Err: err}
	}
	vars := map[string]string{}
	var l problem.List
	for i, line := range strings.Split(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n") {
		line = strings.TrimPrefix(strings.TrimSpace(line), "export ")
		if line == "" || line[0] == '#' {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if !ok || !isName(key) {
			l = append(l, &problem.Problem{ID: "SEG-CFG-003", What: "this line is not NAME=VALUE", File: name, Line: i + 1,
				Fix: "write NAME=VALUE, or # before a comment"})
			continue
		}
		if len(value) >= 2 && (value[0] == '"' || value[0] == '\'') && value[len(value)-1] == value[0] {
			value = value[1 : len(value)-1]
		}
		vars[key] = value
	}
	return vars, l.Err()
}
