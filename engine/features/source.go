package features

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"

	"segovia/kernels/problem"
)

// sourcePlan is a source with everything that is computed from its rows: expressions, and the states they feed. Equal
// expressions and equal states of several features exist once.
type sourcePlan struct {
	cfg     SourceConfig
	schema  *arrow.Schema
	place   string // "sources.orders"
	columns []*node
	byName  map[string]int
	used    map[string]bool // columns that anything uses

	exprs   []*node
	exprKey map[string]int

	key, time, amount, where, order int // expressions; -1 = none
	entity                          bool
	oneRow                          bool  // some feature takes its rows as "the" row of a customer
	from                            int64 // rows before it are outside every window
	asOf                            int64

	specs   []stateSpec
	specKey map[stateSpec]int
	texts   map[int]bool // specs with keyLevel
}

func newSourcePlan(cfg SourceConfig, schema *arrow.Schema) *sourcePlan {
	s := &sourcePlan{cfg: cfg, schema: schema, place: "sources." + cfg.Name, byName: map[string]int{},
		used:    map[string]bool{},
		exprKey: map[string]int{}, specKey: map[stateSpec]int{}, key: -1, time: -1, amount: -1, where: -1, order: -1,
		from: math.MaxInt64}
	for i, f := range schema.Fields() {
		s.byName[f.Name] = i
		n := &node{eval: func(in *input) (*vec, error) { return in.get(i) }}
		n.typ, n.scale = columnType(f.Type)
		s.columns = append(s.columns, n)
	}
	return s
}

// columnType returns the type of a column's values in expressions and their decimals; typeNull when it has none.
func columnType(t arrow.DataType) (valueType, int) {
	switch t := t.(type) {
	case *arrow.StringType, *arrow.LargeStringType:
		return typeText, 0
	case *arrow.BooleanType:
		return typeBool, 0
	case *arrow.Int64Type:
		return typeNumber, 0
	case *arrow.Float64Type:
		return typeNumber, floatScale
	case *arrow.Decimal128Type:
		if t.Scale >= 0 && t.Scale <= maxScale {
			return typeNumber, int(t.Scale)
		}
	case *arrow.TimestampType:
		if t.Unit == arrow.Microsecond {
			return typeTime, 0
		}
	}
	return typeNull, 0
}

// lookup finds a column, or the amount under its name.
func (s *sourcePlan) lookup(name string) (*node, *exprError) {
	if name == "amount" && s.amount >= 0 {
		return s.exprs[s.amount], nil
	}
	i, ok := s.byName[name]
	if !ok {
		return nil, nil
	}
	if s.columns[i].typ == typeNull {
		return nil, &exprError{id: "SEG-SCH-002",
			what: fmt.Sprintf("column %q has the type %s, which has no meaning here", name, s.schema.Field(i).Type)}
	}
	s.used[name] = true
	return s.columns[i], nil
}

// isEmpty reports whether name is a column without any value: of no type, so it can stand for a missing one of each.
func (s *sourcePlan) isEmpty(name string) bool {
	i, ok := s.byName[name]
	if !ok {
		return false
	}
	v, _ := s.schema.Field(i).Metadata.GetValue("empty")
	return v == "true" && s.columns[i].typ == typeText
}

// lookupInExpression is lookup, where an empty column is the literal null.
func (s *sourcePlan) lookupInExpression(name string) (*node, *exprError) {
	n, fault := s.lookup(name)
	if n != nil && s.isEmpty(name) {
		return constant(&vec{typ: typeNull, null: []bool{true}}), nil
	}
	return n, fault
}

func (s *sourcePlan) environment() *environment {
	names := make([]string, 0, len(s.byName)+1)
	for _, f := range s.schema.Fields() {
		names = append(names, f.Name)
	}
	if s.amount >= 0 {
		names = append(names, "amount")
	}
	return &environment{lookup: s.lookupInExpression, names: names, what: fmt.Sprintf("column of source %q", s.cfg.Name),
		number: s.notNumber, asOf: s.asOf}
}

// notNumber explains a text column that is used as a number with what the reader saw in its cells.
func (s *sourcePlan) notNumber(name string) *exprError {
	i, ok := s.byName[name]
	if !ok {
		return nil
	}
	md := s.schema.Field(i).Metadata
	get := func(key string) string {
		if j := md.FindKey(key); j >= 0 {
			return md.Values()[j]
		}
		return ""
	}
	bad := get("csv.not_numbers")
	if bad == "" || bad == "0" {
		return nil
	}
	e := &exprError{id: "SEG-NUM-001",
		what: fmt.Sprintf("column %q is used as a number, but %s of its cells are none", name, bad)}
	if bad == "1" {
		e.what = fmt.Sprintf("column %q is used as a number, but 1 of its cells is none", name)
	}
	if cells := get("csv.cells"); cells != "" {
		e.why = fmt.Sprintf("%s of %s cells are numbers", cmp.Or(get("csv.numbers"), "0"), cells)
	}
	if line := get("csv.first_not_number_line"); line != "" {
		e.why += fmt.Sprintf("; the first stands in %s:%s", get("csv.first_not_number_file"), line)
	}
	e.fix = "list tokens that mean missing under `csv: {nulls: [...]}`, or repair the cells"
	return e
}

// share registers a compiled expression under its text and returns its index; its values are computed once per batch.
func (s *sourcePlan) share(key string, n *node) int {
	if i, ok := s.exprKey[key]; ok {
		return i
	}
	i := len(s.exprs)
	wrapped := *n
	wrapped.eval = func(in *input) (*vec, error) {
		if in.shared[i] == nil {
			v, err := n.eval(in)
			if err != nil {
				return nil, err
			}
			in.shared[i] = v
		}
		return in.shared[i], nil
	}
	s.exprs = append(s.exprs, &wrapped)
	s.exprKey[key] = i
	return i
}

// column registers the column of exactly that name; -1 when there is none.
func (s *sourcePlan) column(name string) (int, *exprError) {
	n, fault := s.lookup(name)
	if n == nil {
		return -1, fault
	}
	if name == "amount" && s.amount >= 0 {
		return s.amount, nil
	}
	return s.share("`"+name+"`", n), nil
}

// expression registers a column by its name, or else compiles text as an expression.
func (s *sourcePlan) expression(text string) (int, *exprError) {
	if i, fault := s.column(text); i >= 0 || fault != nil {
		return i, fault
	}
	n, fault := compile(text, s.environment())
	if fault != nil {
		return -1, fault
	}
	return s.share(text, n), nil
}

// number registers an expression whose values are numbers; yes/no counts as 1 and 0.
func (s *sourcePlan) number(text string) (int, *exprError) {
	i, fault := s.expression(text)
	if fault != nil {
		return -1, fault
	}
	switch n := s.exprs[i]; n.typ {
	case typeNumber:
		return i, nil
	case typeBool:
		return s.derive("number", i, &node{typ: typeNumber, eval: func(in *input) (*vec, error) {
			v, err := n.eval(in)
			if err != nil {
				return nil, err
			}
			r := &vec{typ: typeNumber, mask: v.mask, null: v.null, dec: make([]i128, len(v.bit))}
			for j, b := range v.bit {
				if b {
					r.dec[j].lo = 1
				}
			}
			return r, nil
		}}), nil
	case typeText:
		if s.isEmpty(text) {
			return s.derive("no number", i, constant(&vec{typ: typeNumber, dec: make([]i128, 1), null: []bool{true}})), nil
		}
		if e := s.notNumber(text); e != nil {
			return -1, e
		}
	}
	return -1, &exprError{id: "SEG-FEA-005",
		what: fmt.Sprintf("a number is wanted here, this is of type %s", s.exprs[i].typ)}
}

// derive registers a node that is computed from expression i.
func (s *sourcePlan) derive(name string, i int, n *node) int {
	return s.share(fmt.Sprintf("\x00%s(%d)", name, i), n)
}

// map1 registers a function of a number that keeps its scale and cannot leave the range.
func (s *sourcePlan) map1(name string, i int, f func(i128) i128) int {
	a := s.exprs[i]
	return s.derive(name, i, &node{typ: typeNumber, scale: a.scale, eval: func(in *input) (*vec, error) {
		v, err := a.eval(in)
		if err != nil {
			return nil, err
		}
		r := &vec{typ: typeNumber, mask: v.mask, scale: v.scale, null: v.null, dec: make([]i128, len(v.dec))}
		for j, d := range v.dec {
			r.dec[j] = f(d)
		}
		return r, nil
	}})
}

// past registers the times of expression i that lie before asOf; later ones are missing.
func (s *sourcePlan) past(i int, asOf int64) int {
	a := s.exprs[i]
	return s.derive("past", i, &node{typ: typeTime, eval: func(in *input) (*vec, error) {
		v, err := a.eval(in)
		if err != nil {
			return nil, err
		}
		r, n := in.result(typeTime, v)
		r.tim = v.tim
		for j := range n {
			if v.tim[j] >= asOf {
				r.setNull(j, n)
			}
		}
		return r, nil
	}})
}

// state registers a state and returns its index.
func (s *sourcePlan) state(spec stateSpec) int {
	if i, ok := s.specKey[spec]; ok {
		return i
	}
	i := len(s.specs)
	s.specs = append(s.specs, spec)
	s.specKey[spec] = i
	return i
}

// build checks the source's own settings.
func (s *sourcePlan) build(p *planner) {
	cfg := s.cfg
	if cfg.Key == "" {
		p.add(&problem.Problem{ID: "SEG-CFG-008", What: fmt.Sprintf("source %q has no key", cfg.Name),
			Place: s.place + ".key",
			Why:   "the key says which customer a row belongs to", Fix: "Set `key` to the column with the customer's id."})
	} else if i, fault := s.column(cfg.Key); i < 0 || fault != nil {
		p.fault(s.unknown(cfg.Key, fault), cfg.Key, s.place+".key")
	} else {
		s.key = i
	}
	if cfg.Time != "" {
		i, fault := s.column(cfg.Time)
		switch {
		case i < 0 || fault != nil:
			p.fault(s.unknown(cfg.Time, fault), cfg.Time, s.place+".time")
		case s.isEmpty(cfg.Time):
			s.time = s.derive("no time", i, constant(&vec{typ: typeTime, tim: make([]int64, 1), null: []bool{true}}))
		case s.exprs[i].typ != typeTime:
			p.add(&problem.Problem{ID: "SEG-FEA-005",
				What:  fmt.Sprintf("column %q is of type %s, not a time", cfg.Time, s.exprs[i].typ),
				Place: s.place + ".time",
				Fix:   "Say how dates are written with `csv: {dates: \"dd.mm.yyyy\"}`, or name another column."})
		default:
			s.time = i
		}
	}
	if cfg.Amount != "" {
		if i, fault := s.number(cfg.Amount); fault != nil {
			p.fault(fault, cfg.Amount, s.place+".amount")
		} else {
			s.amount = i
		}
	}
	if cfg.Order != "" {
		if i, fault := s.expression(cfg.Order); fault != nil {
			p.fault(fault, cfg.Order, s.place+".order")
		} else {
			s.order = i
		}
	}
	if cfg.Where != "" {
		s.where = p.condition(s, cfg.Where, s.place+".where")
	}
	p.oneOf(cfg.Distinct, s.place+".distinct", "", "none", "exact", "across_files")
	p.oneOf(cfg.MissingKey, s.place+".missing_key", "", "drop", "error")
	p.oneOf(cfg.OnDuplicate, s.place+".on_duplicate", "", "error", "first", "last")
}

// unknown returns fault, or that the column does not exist.
func (s *sourcePlan) unknown(name string, fault *exprError) *exprError {
	if fault != nil {
		return fault
	}
	return &exprError{id: "SEG-FEA-002", what: fmt.Sprintf("%q is no column of source %q", name, s.cfg.Name),
		fix: didYouMean(name, s.environment().names)}
}

// planner collects problems while a plan is made.
type planner struct {
	problems problem.List
}

func (p *planner) add(x *problem.Problem) { p.problems = append(p.problems, x) }

// fault adds an expression's fault; text is the expression.
func (p *planner) fault(e *exprError, text, place string) {
	x := &problem.Problem{ID: e.id, What: e.what, Place: place, Why: e.why, Fix: e.fix}
	if e.id == "SEG-FEA-005" && text != "" {
		pos := min(e.pos, len(text))
		x.Column = utf8.RuneCountInString(text[:pos]) + 1
		x.Why = fmt.Sprintf("at character %d of %q", x.Column, text)
	}
	p.add(x)
}

func (p *planner) oneOf(value, place string, allowed ...string) {
	if slices.Contains(allowed, value) {
		return
	}
	p.add(&problem.Problem{ID: "SEG-CFG-003", What: fmt.Sprintf("%q is not possible here", value), Place: place,
		Fix: didYouMean(value, allowed)})
}

// condition compiles a where; -1 after a fault.
func (p *planner) condition(s *sourcePlan, text, place string) int {
	i, fault := s.expression(text)
	if fault == nil && s.exprs[i].typ != typeBool {
		fault = &exprError{id: "SEG-FEA-005",
			what: fmt.Sprintf("a condition (yes/no) is wanted here, this is of type %s", s.exprs[i].typ)}
	}
	if fault != nil {
		p.fault(fault, text, place)
		return -1
	}
	return i
}
