package features

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"segovia/engine/table"
	"segovia/kernels/problem"
)

// planDerived checks the features that are computed from other features and puts them into an order in which each
// stands after those it needs.
func (pl *plan) planDerived(p *planner) {
	d := &deriver{plan: pl, p: p, done: make([]int, len(pl.features))}
	for i := range pl.features {
		d.visit(i)
	}
}

type deriver struct {
	*plan
	p    *planner
	done []int // 0 = not seen, 1 = being visited, 2 = done
}

// isDerived reports whether a feature is computed from features.
func (f *featurePlan) isDerived() bool {
	return f.col.From == "" && (f.col.Expr != "" || f.col.Score != nil || f.col.Agg == "rfm_segment")
}

// visit plans feature i and, before it, all that it needs. It returns false when i is part of a circle.
func (d *deriver) visit(i int) bool {
	f := d.features[i]
	switch {
	case d.done[i] == 1:
		return false
	case d.done[i] == 2 || !f.isDerived():
		return true
	}
	d.done[i] = 1
	switch {
	case f.col.Agg == "rfm_segment":
		d.segment(f)
	case f.col.Score != nil:
		d.score(f)
	default:
		d.expression(f)
	}
	d.done[i] = 2
	d.derived = append(d.derived, i)
	return true
}

func (d *deriver) index(name string) int {
	return slices.IndexFunc(d.features, func(f *featurePlan) bool { return f.col.Name == name && f.col.Name != "" })
}

func (d *deriver) names() []string {
	var names []string
	for _, f := range d.features {
		names = append(names, f.col.Name)
	}
	return names
}

// need plans the feature of that name first. The fault has no place yet.
func (d *deriver) need(name string) (*featurePlan, *exprError) {
	i := d.index(name)
	if i < 0 {
		return nil, &exprError{id: "SEG-FEA-002", what: fmt.Sprintf("%q is no feature", name),
			fix: didYouMean(name, d.names())}
	}
	if !d.visit(i) {
		return nil, &exprError{id: "SEG-FEA-005", what: fmt.Sprintf("feature %q is computed from itself", name),
			fix: "Break the circle."}
	}
	if d.features[i].by != nil {
		return nil, &exprError{id: "SEG-FEA-002",
			what: fmt.Sprintf("feature %q becomes one feature per level; name one of them: %s_LEVEL", name, name)}
	}
	return d.features[i], nil
}

func (d *deriver) expression(f *featurePlan) {
	f.typ, f.formula = f.col.Type, f.col.Expr
	if f.typ == "" {
		f.typ = "behavioural"
	}
	n, fault := compile(f.col.Expr, d.environment(nil))
	if fault == nil && n.typ != typeNumber && n.typ != typeBool && n.typ != typeText {
		fault = &exprError{id: "SEG-FEA-005",
			what: fmt.Sprintf("a feature is a number, yes/no or a category, this is of type %s", n.typ)}
	}
	if fault != nil {
		d.p.fault(fault, f.col.Expr, f.place+".expr")
		return
	}
	f.kind = resultKind(n.typ)
}

func resultKind(t valueType) table.Kind {
	switch t {
	case typeBool:
		return table.Bool
	case typeText:
		return table.Category
	}
	return table.Number
}

// environment gives expressions the features by name. With a table, names are those of its columns, by-levels among
// them; without one, the configuration is checked, where a name such as channel_Phone can only be known by its beginning.
// window_days is the length of the configuration's window, where it has one.
func (d *deriver) environment(t *table.Table) *environment {
	env := &environment{floats: true, what: "feature", names: d.names()}
	if d.cfg.Window > 0 {
		env.names = append(env.names, "window_days")
	}
	env.lookup = func(name string) (*node, *exprError) {
		if t != nil {
			if n, _ := columnsOf(t)(name); n != nil {
				return n, nil
			}
		} else if d.index(name) >= 0 {
			f, fault := d.need(name)
			if fault != nil {
				return nil, fault
			}
			typ := typeNumber
			if f.kind == table.Category {
				typ = typeText
			}
			return &node{typ: typ}, nil
		} else if d.isLevel(name) {
			return &node{typ: typeNumber}, nil
		}
		if name == "window_days" && d.cfg.Window > 0 {
			return constant(&vec{typ: typeNumber,
				flt: []float64{float64(d.cfg.Window.Microseconds()) / float64(dayMicros)}}), nil
		}
		return nil, nil
	}
	return env
}

func (d *deriver) isLevel(name string) bool {
	for _, f := range d.features {
		if f.by != nil && strings.HasPrefix(name, f.col.Name+"_") {
			return true
		}
	}
	return false
}

// numeric checks that the feature of that name exists and is a number.
func (d *deriver) numeric(name, place string) {
	f, fault := d.need(name)
	if fault == nil && f.kind == table.Category {
		fault = &exprError{id: "SEG-FEA-005", what: fmt.Sprintf("feature %q is a category; a number is wanted", name)}
	}
	if fault != nil {
		d.p.fault(fault, "", place)
	}
}

func (d *deriver) score(f *featurePlan) {
	sc := f.col.Score
	f.typ, f.unit = f.col.Type, f.col.Unit
	if f.typ == "" {
		f.typ = "behavioural"
	}
	if f.unit == "" {
		f.unit = "score"
		if sc.Style == best {
			f.unit = "share"
		}
	}
	d.p.oneOf(sc.Style, f.place+".score.style", "", "pandas", "rfm", best)
	if sc.Bins < 0 || sc.Bins == 1 || sc.Bins > 100 {
		d.p.add(&problem.Problem{ID: "SEG-CFG-003", What: "the number of bins is between 2 and 100",
			Place: f.place + ".score.bins"})
	}
	if sc.Rank && (sc.Style == "rfm" || sc.Style == best) {
		d.p.add(&problem.Problem{ID: "SEG-CFG-008", What: "style " + sc.Style + " has no scores by rank",
			Place: f.place + ".score.rank", Fix: "Use style pandas."})
	}
	d.numeric(sc.Of, f.place+".score.of")
	f.formula = sc.formula()
}

// segment checks an rfm_segment: two or three scores from 1 to 5.
func (d *deriver) segment(f *featurePlan) {
	f.kind, f.typ = table.Category, f.col.Type
	if f.typ == "" {
		f.typ = "behavioural"
	}
	names := splitNames(f.col.Column)
	if len(names) != 2 && len(names) != 3 {
		d.p.add(&problem.Problem{ID: "SEG-CFG-008", What: "rfm_segment needs two scores (R,F) or three (R,F,M)",
			Place: f.place + ".column",
			Fix:   "Write `column: \"r_score, f_score\"` or `column: \"r_score, f_score, m_score\"`."})
		return
	}
	for _, name := range names {
		d.numeric(name, f.place+".column")
	}
	f.formula = segmentFormula(names)
}

func splitNames(list string) []string {
	var names []string
	for _, name := range strings.Split(list, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// compute fills a derived feature's column from the columns of the table that exist already.
func (pl *plan) compute(f *featurePlan, t *table.Table) (*table.Column, error) {
	c := f.column(f.col.Name)
	switch {
	case f.col.Agg == "rfm_segment":
		var scores [][]float64
		for _, name := range splitNames(f.col.Column) {
			scores = append(scores, t.Column(name).Numbers)
		}
		c.Strings, c.Missing = rfmSegments(scores)
	case f.col.Score != nil:
		c.Numbers = f.col.Score.scores(t.Column(f.col.Score.Of).Numbers)
	default:
		return c, pl.evaluate(f, t, c)
	}
	return c, nil
}

// evaluate computes an expression over features for all customers at once.
func (pl *plan) evaluate(f *featurePlan, t *table.Table, c *table.Column) error {
	d := &deriver{plan: pl}
	env := d.environment(t)
	env.names = t.Names()
	n, fault := compile(f.col.Expr, env)
	if fault != nil {
		p := &planner{}
		p.fault(fault, f.col.Expr, f.place+".expr")
		return p.problems.Err()
	}
	err := evaluateInto(c, n, t)
	var over *rangeError
	if errors.As(err, &over) {
		return tooLarge(f)
	}
	return err
}
