package app

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"segovia/kernels/problem"
)

// message is a problem or warning as a JSON line on standard error.
type message struct {
	Level    string `json:"level"`
	ID       string `json:"id"`
	What     string `json:"what"`
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Place    string `json:"place,omitempty"`
	Why      string `json:"why,omitempty"`
	Fix      string `json:"fix,omitempty"`
	Values   string `json:"values,omitempty"`
	ExitCode *int   `json:"exit_code,omitempty"`
}

// report writes a problem to standard error: one line of text, or with --json one line of JSON.
func (e *env) report(p *problem.Problem, code int) {
	e.render("error", p, &code)
	if p.Err != nil {
		e.log.Debug("cause", "id", p.ID, "err", p.Err.Error())
	}
}

// warn writes something that a user should know, in the same form. -q silences it.
func (e *env) warn(p *problem.Problem) {
	if !e.flags.quiet {
		e.render("warning", p, nil)
	}
}

func (e *env) render(level string, p *problem.Problem, code *int) {
	values := ""
	if e.flags.showValues {
		values = p.Values
	}
	if e.flags.json {
		line, err := json.Marshal(message{level, p.ID, p.What, p.File, p.Line, p.Column, p.Place, p.Why, p.Fix, values, code})
		if err != nil {
			panic("BUG: app: " + err.Error())
		}
		_, _ = fmt.Fprintf(e.err, "%s\n", line)
		return
	}
	text := oneLine(p.Error())
	if values != "" {
		text += " | values: " + oneLine(values)
	}
	if e.colour() {
		colour := map[string]string{"error": "\x1b[1;31m", "warning": "\x1b[1;33m"}[level]
		level = colour + level + "\x1b[0m"
	}
	_, _ = fmt.Fprintf(e.err, "%s %s\n", level, text)
}

// oneLine removes line breaks and control characters, which file names and cells may bring.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, s)
}
