// Package problem holds the one error type that a user of Segovia meets: an id, what is wrong, where, why and how to
// mend it, with the exit code that the command line returns for it. Every layer raises it, none renders it but app.
package problem

import (
	"errors"
	"fmt"
	"strings"
)

// Exit codes of the command line, as the contract in the README's manual states them.
const (
	ExitOther       = 1
	ExitBug         = 2
	ExitGate        = 4
	ExitConfig      = 10
	ExitLocked      = 11
	ExitSource      = 12
	ExitData        = 13
	ExitOutput      = 14
	ExitBudget      = 15
	ExitTransient   = 16
	ExitCredentials = 17
	ExitState       = 18
	ExitUsage       = 64
)

// Problem is one thing that a person or a scheduler has to know about. ID is required and stands in the catalogue;
// the other fields may be empty. None of them but Values may contain a cell of a customer's data.
type Problem struct {
	ID     string // "SEG-CSV-004"
	What   string // one sentence without full stop
	File   string // path as the user wrote it, or as the glob expanded
	Line   int    // from 1; 0 = not known
	Column int    // from 1 (position of the field or of the character, as the text says); 0 = not known
	Place  string // where instead of, or after, file:line:column: `column "price"`, `features.columns[3]`
	Why    string
	Fix    string
	Values string // offending cells; shown only with --show-values
	Err    error  // cause, for errors.Is and errors.As
}

// Error returns the whole problem on one line: "error-id: what | at: file:line:column | why: ... | fix: ...".
func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.ID)
	b.WriteString(": ")
	b.WriteString(p.What)
	if at := p.At(); at != "" {
		b.WriteString(" | at: ")
		b.WriteString(at)
	}
	if p.Why != "" {
		b.WriteString(" | why: ")
		b.WriteString(p.Why)
	}
	if p.Fix != "" {
		b.WriteString(" | fix: ")
		b.WriteString(p.Fix)
	}
	return b.String()
}

// At returns the place as "file:line:column, place", with the parts that are known.
func (p *Problem) At() string {
	at := p.File
	if p.Line > 0 {
		at = fmt.Sprintf("%s:%d", at, p.Line)
		if p.Column > 0 {
			at = fmt.Sprintf("%s:%d", at, p.Column)
		}
	}
	switch {
	case at == "":
		return p.Place
	case p.Place == "":
		return at
	}
	return at + ", " + p.Place
}

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.Err }

// Is reports whether target is a Problem of the same id, so that errors.Is(err, &Problem{ID: "SEG-..."}) works.
func (p *Problem) Is(target error) bool {
	t, ok := target.(*Problem)
	return ok && t.ID == p.ID
}

// List is several problems found in one go, for example all errors of a configuration.
type List []*Problem

// Error joins the problems with newlines.
func (l List) Error() string {
	lines := make([]string, len(l))
	for i, p := range l {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the problems for errors.Is and errors.As.
func (l List) Unwrap() []error {
	errs := make([]error, len(l))
	for i, p := range l {
		errs[i] = p
	}
	return errs
}

// Err returns l as an error, or nil when it is empty.
func (l List) Err() error {
	if len(l) == 0 {
		return nil
	}
	return l
}

// All returns every Problem in err's tree, in order; an error without one gives none.
func All(err error) []*Problem {
	if err == nil {
		return nil
	}
	if l, ok := err.(List); ok {
		return l
	}
	if p, ok := err.(*Problem); ok {
		return []*Problem{p}
	}
	switch u := err.(type) {
	case interface{ Unwrap() error }:
		return All(u.Unwrap())
	case interface{ Unwrap() []error }:
		var all []*Problem
		for _, e := range u.Unwrap() {
			all = append(all, All(e)...)
		}
		return all
	}
	return nil
}

// ExitCode returns the exit code for err: that of its first Problem, ExitOther for any other error, 0 for nil.
func ExitCode(err error) int {
	if err == nil {
		return 0
	}
	var p *Problem
	if errors.As(err, &p) {
		if e, ok := Lookup(p.ID); ok {
			return e.Exit
		}
	}
	return ExitOther
}
