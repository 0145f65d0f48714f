package features

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"segovia/kernels/problem"
)

// builder turns one configured aggregation into states and the function that reads them.
type builder struct {
	*plan
	planner *planner
	f       *featurePlan
	s       *sourcePlan
	from    int64
	where   int
	arg     int
	order   int
	by      int
	bad     bool
}

func (b *builder) fail(id, setting, what, fix string) {
	b.bad = true
	b.planner.add(&problem.Problem{ID: id, What: fmt.Sprintf("feature %q: %s", b.f.col.Name, what),
		Place: b.f.place + setting, Fix: fix})
}

func (b *builder) fault(e *exprError, text, setting string) {
	b.bad = true
	b.planner.fault(e, text, b.f.place+setting)
}

// build resolves the arguments that the aggregation needs or takes, then its reader.
func (b *builder) build() {
	col, agg := b.f.col, b.f.agg
	b.arg, b.order, b.by, b.where = -1, -1, -1, -1
	for _, x := range []struct{ setting, text string }{{needWhere, col.Where}, {needBy, col.By},
		{needPeriod, col.Period}} {
		if x.text != "" && !agg.takes(x.setting) {
			b.fail("SEG-CFG-008", "."+x.setting,
				fmt.Sprintf("%s has no use for `%s`", agg.Name, x.setting), "Remove it, or choose another aggregation.")
		}
	}
	if col.Where != "" {
		if b.where = b.planner.condition(b.s, col.Where, b.f.place+".where"); b.where < 0 {
			b.bad = true
		}
	}
	if agg.needs(needTime) && b.s.time < 0 && !(agg.Name == "days_since_last" || agg.Name == "days_since_first") {
		b.fail("SEG-CFG-008", ".from",
			fmt.Sprintf("source %q has no time column, and %s needs one", b.s.cfg.Name, agg.Name), "Set `time` in the source.")
	}
	b.resolveOrder()
	b.resolveColumn()
	if col.By != "" {
		i, fault := b.s.expression(col.By)
		if fault != nil {
			b.fault(fault, col.By, ".by")
		}
		b.by = i
	} else if agg.needs(needBy) {
		b.fail("SEG-CFG-008", ".by", agg.Name+" needs `by`: the column whose levels are compared", "Add `by`.")
	}
	if agg.Name == "share" && col.Where == "" && col.By == "" {
		b.fail("SEG-CFG-008", ".where", "a share needs `where` (the part) or `by` (the levels)", "Add one of them.")
	}
	b.planner.oneOf(col.Period, b.f.place+".period", "", "month", "quarter")
	b.planner.oneOf(col.Encode, b.f.place+".encode", "", "number", "one_hot", "ordinal")
	if b.bad {
		return
	}
	if !b.s.entity {
		b.s.from = min(b.s.from, b.from)
	}
	b.describe()
	if col.By != "" && agg.Name != "top_share" {
		b.expand()
		return
	}
	b.f.read = b.reader()
}

func (b *builder) resolveOrder() {
	col, agg := b.f.col, b.f.agg
	if col.Order != "" && !agg.takes(needOrder) {
		b.fail("SEG-CFG-008", ".order", agg.Name+" has no use for `order`", "Remove it, or set `order` in the source.")
		return
	}
	if col.Order != "" {
		i, fault := b.s.expression(col.Order)
		if fault != nil {
			b.fault(fault, col.Order, ".order")
		}
		b.order = i
	} else if agg.takes(needOrder) {
		b.order = b.s.order
	}
	if agg.needs(needOrder) && b.order < 0 && !b.bad {
		b.fail("SEG-CFG-008", ".order", agg.Name+" needs the column that names the order", "Set `order` in the feature or in the source.")
	}
}

// resolveColumn compiles the argument as the aggregation wants it: a number, a time, or anything.
func (b *builder) resolveColumn() {
	col, agg := b.f.col, b.f.agg
	text := col.Column
	switch agg.Name {
	case "days_since_last", "days_since_first", "active_span", "customer_age":
		b.arg = b.s.time
		if text == "" {
			if b.arg < 0 && agg.Name != "active_span" && agg.Name != "customer_age" {
				b.fail("SEG-CFG-008", ".column",
					fmt.Sprintf("source %q has no time column", b.s.cfg.Name), "Set `time` in the source, or `column` here.")
			}
			return
		}
		i, fault := b.s.expression(text)
		if fault == nil && b.s.exprs[i].typ != typeTime {
			fault = &exprError{id: "SEG-FEA-005",
				what: fmt.Sprintf("a time is wanted here, this is of type %s", b.s.exprs[i].typ)}
		}
		if fault != nil {
			b.fault(fault, text, ".column")
			return
		}
		b.arg = b.s.past(i, b.asOf)
		return
	case "value":
		text = cmp.Or(text, col.Name)
	}
	if text == "" {
		if agg.needs(needColumn) {
			if b.s.amount < 0 || agg.Name == "count_distinct" || agg.Name == "mode" {
				b.fail("SEG-CFG-008", ".column", agg.Name+" needs a column", "Set `column` here, or `amount` in the source.")
			}
			b.arg = b.s.amount
		}
		return
	}
	if !agg.takes(needColumn) {
		b.fail("SEG-CFG-008", ".column", agg.Name+" has no use for `column`", "Remove it.")
		return
	}
	var fault *exprError
	switch agg.Name {
	case "count", "count_distinct", "mode", "first", "last", "value":
		b.arg, fault = b.s.expression(text)
		if agg.Name == "value" && fault != nil && fault.id == "SEG-FEA-005" && col.Column == "" {
			fault = b.s.unknown(text, nil)
		}
	default:
		b.arg, fault = b.s.number(text)
	}
	if fault != nil {
		b.fault(fault, text, ".column")
		return
	}
	if agg.Name == "first" || agg.Name == "last" || agg.Name == "value" {
		if b.s.exprs[b.arg].typ == typeTime {
			b.fail("SEG-FEA-005", ".column", "a time is no feature by itself", "Use `agg: days_since_first` or `days_since_last` with this column.")
		}
	}
}

// spec returns a state of the feature's rows.
func (b *builder) spec(kind stateKind, arg, where int) int {
	return b.keyed(stateSpec{kind: kind, arg: arg, by: -1, where: where})
}

// keyed completes spec with the window and registers it.
func (b *builder) keyed(spec stateSpec) int {
	spec.time = -1
	spec.from = noLimit
	if b.s.time >= 0 {
		spec.time, spec.from = b.s.time, b.from
	}
	return b.s.state(spec)
}

// describe fills unit, formula, kind and M3 type of the feature.
func (b *builder) describe() {
	col, agg := b.f.col, b.f.agg
	b.f.unit = cmp.Or(col.Unit, agg.Unit)
	if b.f.unit == "" && b.arg >= 0 && b.arg == b.s.amount && b.s.exprs[b.arg].typ == typeNumber {
		b.f.unit = "currency"
	}
	if col.Unit == "" && agg.Name == "items_per_order" && b.arg >= 0 {
		b.f.unit = ""
	}
	b.f.typ = cmp.Or(col.Type, agg.Kind, kindOf(cmp.Or(col.Column, col.Name)))
	var f strings.Builder
	f.WriteString(agg.Name + "(")
	arg := col.Column
	if arg == "" && b.arg >= 0 && b.arg == b.s.amount {
		arg = b.s.cfg.Amount
	} else if arg == "amount" && b.s.cfg.Amount != "" {
		arg = b.s.cfg.Amount
	} else if arg == "" && agg.Name == "value" {
		arg = col.Name
	}
	f.WriteString(arg + ")")
	if b.by >= 0 {
		f.WriteString(" by " + col.By)
	}
	f.WriteString(" from " + b.s.cfg.Name)
	if col.Where != "" {
		f.WriteString(" where " + col.Where)
	}
	if agg.takes(needOrder) && b.order >= 0 {
		f.WriteString(" order " + cmp.Or(col.Order, b.s.cfg.Order))
	}
	if b.s.time >= 0 {
		switch window := cmp.Or(col.Window, b.cfg.Window); {
		case window <= 0:
			f.WriteString(" window all")
		default:
			fmt.Fprintf(&f, " window %s", windowText(window))
		}
	}
	f.WriteString(": " + agg.Formula)
	b.f.formula = f.String()
}

func windowText(w time.Duration) string {
	if w%(24*time.Hour) == 0 {
		return fmt.Sprintf("%dd", w/(24*time.Hour))
	}
	return w.String()
}
