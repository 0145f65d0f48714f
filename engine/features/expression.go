package features

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"

	"segovia/engine/table"
	"segovia/kernels/problem"
)

// ExpressionName is the name of a column in an expression.
type ExpressionName struct {
	Name      string
	Character int // where it stands first, from 1
}

// ExpressionNames returns the columns that an expression names, each once, in order of first use. It returns SEG-FEA-005,
// with the character as Column, for what is no expression. What the columns are is not looked at.
func ExpressionNames(text string) ([]ExpressionName, error) {
	t, fault := parse(text)
	if fault != nil {
		return nil, fault.at(text, "")
	}
	var names []ExpressionName
	seen := map[string]bool{}
	for i, l := range t.lexemes {
		calls := i+1 < len(t.lexemes) && t.lexemes[i+1].kind == lexOp && t.lexemes[i+1].text == "("
		if l.kind != lexName || calls || seen[l.text] {
			continue
		}
		seen[l.text] = true
		names = append(names, ExpressionName{l.text, 1 + utf8.RuneCountInString(text[:l.pos])})
	}
	return names, nil
}

// Conditions splits a condition at each `and` that joins its parts; a condition of `or` is one part.
func Conditions(text string) []string {
	t, fault := parse(text)
	if fault != nil {
		return []string{text}
	}
	var parts []string
	depth, from := 0, 0
	for _, l := range t.lexemes {
		switch {
		case l.kind == lexOp && l.text == "(":
			depth++
		case l.kind == lexOp && l.text == ")":
			depth--
		case depth == 0 && (l.kind == lexKeyword && l.text == "or" || l.kind == lexOp && l.text == "||"):
			return []string{strings.TrimSpace(text)}
		case depth == 0 && (l.kind == lexKeyword && l.text == "and" || l.kind == lexOp && l.text == "&&"):
			parts = append(parts, strings.TrimSpace(text[from:l.pos]))
			from = l.pos + len(l.text)
		}
	}
	return append(parts, strings.TrimSpace(text[from:]))
}

// Evaluate computes an expression over the columns of t for all its rows: a number, yes/no or category column without a
// name. place names the setting in errors: SEG-FEA-002 for a name that is no column of t, SEG-FEA-005 for what cannot be
// computed, SEG-NUM-002 for values that leave the range of numbers.
func Evaluate(t *table.Table, text, place string) (*table.Column, error) {
	n, fault := compile(text, &environment{floats: true, what: "feature", names: t.Names(), lookup: columnsOf(t)})
	if fault == nil && n.typ != typeNumber && n.typ != typeBool && n.typ != typeText {
		fault = &exprError{id: "SEG-FEA-005", what: fmt.Sprintf("a number, yes/no or a category is wanted, this is of type %s", n.typ)}
	}
	if fault != nil {
		return nil, fault.at(text, place)
	}
	c := &table.Column{Kind: resultKind(n.typ), Formula: text}
	err := evaluateInto(c, n, t)
	var over *rangeError
	if errors.As(err, &over) {
		return nil, &problem.Problem{ID: "SEG-NUM-002", What: "the expression leaves the range of numbers", Place: place}
	}
	return c, err
}

// at makes a problem of a fault in the expression text that stands at place.
func (e *exprError) at(text, place string) error {
	p := &planner{}
	p.fault(e, text, place)
	return p.problems.Err()
}

// Shape returns the feature table of cfg without rows, as far as it is known before the sources are read, and the beginnings
// of the names of features that become one per level. Faults of cfg are left to ValidateConfig.
func Shape(cfg Config, schemas map[string]*arrow.Schema) (t *table.Table, open []string) {
	pl, _ := newPlan(cfg, schemas)
	t = &table.Table{}
	for _, f := range pl.features {
		if f.by != nil {
			open = append(open, f.col.Name+"_")
			continue
		}
		t.Columns = append(t.Columns, f.column(f.col.Name))
	}
	return t, open
}

// columnsOf finds the columns of a table by name.
func columnsOf(t *table.Table) func(name string) (*node, *exprError) {
	return func(name string) (*node, *exprError) {
		for i, c := range t.Columns {
			if c.Name == name {
				typ := typeNumber
				if c.Kind == table.Category {
					typ = typeText
				}
				return &node{typ: typ, eval: func(in *input) (*vec, error) { return in.get(i) }}, nil
			}
		}
		return nil, nil
	}
}

// evaluateInto fills c with the values of n over the rows of t.
func evaluateInto(c *table.Column, n *node, t *table.Table) error {
	rows := t.Rows()
	in := &input{rows: rows, columns: make([]*vec, len(t.Columns)),
		column: func(i int) (*vec, error) { return columnVec(t.Columns[i]), nil }}
	v, err := n.eval(in)
	if err != nil {
		return err
	}
	if c.Kind == table.Category {
		c.Strings = make([]string, rows)
	} else {
		c.Numbers = make([]float64, rows)
	}
	for i := range rows {
		switch j := i & v.mask; {
		case c.Kind == table.Category && v.isNull(i):
			setMissing(c, i)
		case c.Kind == table.Category:
			c.Strings[i] = v.str[j]
		case v.isNull(i):
			c.Numbers[i] = math.NaN()
		case c.Kind == table.Bool:
			if v.bit[j] {
				c.Numbers[i] = 1
			}
		default:
			c.Numbers[i] = positiveZero(v.flt[j])
		}
	}
	return nil
}

// columnVec shows a column of the feature table to expressions.
func columnVec(c *table.Column) *vec {
	if c.Kind == table.Category {
		return &vec{typ: typeText, mask: -1, str: c.Strings, null: c.Missing}
	}
	v := &vec{typ: typeNumber, mask: -1, flt: c.Numbers}
	for i, x := range c.Numbers {
		if !finite(x) {
			v.setNull(i, len(c.Numbers))
		}
	}
	return v
}
