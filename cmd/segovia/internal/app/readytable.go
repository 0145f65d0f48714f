package app

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"segovia/cmd/segovia/internal/config"
	"segovia/engine/features"
	"segovia/engine/table"
	"segovia/io/anyio"
	"segovia/io/csvio"
	"segovia/kernels/problem"
)

// readyTable is a table with one row per customer, read from a file as it is.
type readyTable struct {
	*table.Table
	file string
	// rowNumbers: the file has no id column and keys are zero-padded row numbers.
	rowNumbers bool
	order      []int             // file row (from 0) of each row in key order
	inputs     []anyio.Input     // the files that were read
	hint       map[string]string // by text column: why it is no number, as far as the reader knows
}

// id returns the id of row i as people know it: the key, or the row number without padding.
func (t *readyTable) id(i int) string {
	if t.rowNumbers {
		return strconv.Itoa(t.order[i] + 1)
	}
	return t.Keys[i]
}

// readTable reads file (any format that anyio knows) into memory, sorted by key. id names the key column; "" takes the row
// numbers. Columns of other ids, such as a parent's, are read as keys are. Rows without or with a repeated key are
// SEG-KEY-001.
func (e *env) readTable(ctx context.Context, file, id string, ids ...string) (*readyTable, error) {
	opt := anyio.Options{Name: filepath.Base(file), Threads: e.threads(), ShowValues: e.flags.showValues}
	if id != "" {
		opt.Keys = append([]string{id}, ids...)
	}
	src, err := anyio.Open(ctx, []anyio.Spec{{Path: file, CSV: csvio.Options{ShowValues: e.flags.showValues}}}, opt)
	if err != nil {
		return nil, err
	}
	e.warnOfHeaders(src)
	t := &readyTable{Table: &table.Table{}, file: file, rowNumbers: id == "", inputs: src.Inputs(), hint: map[string]string{}}
	builder, err := newTableBuilder(src, file, id)
	if err != nil {
		return nil, err
	}
	for i := range src.Files() {
		if err := src.ReadFile(ctx, i, builder.add); err != nil {
			return nil, err
		}
	}
	builder.lines = func(rows []int64) ([]int, error) {
		if len(src.Files()) != 1 {
			return nil, nil
		}
		return src.Lines(ctx, 0, rows)
	}
	for _, f := range builder.fields {
		t.hint[f.Name] = notNumbers(f)
	}
	return t, builder.finish(t)
}

// notNumbers tells what the reader saw in a text column that has numbers in it; empty for others.
func notNumbers(f arrow.Field) string {
	get := func(key string) string {
		v, _ := f.Metadata.GetValue("csv." + key)
		return v
	}
	if f.Type.ID() != arrow.STRING || get("numbers") == "" || get("first_not_number_line") == "" {
		return ""
	}
	return fmt.Sprintf("%s of its %s cells are no numbers; the first stands in %s:%s", get("not_numbers"), get("cells"),
		get("first_not_number_file"), get("first_not_number_line"))
}

// tableBuilder appends record batches of canonical types to columns.
type tableBuilder struct {
	file    string
	key     int // column of the key, -1 = none
	fields  []arrow.Field
	keys    []string
	missing []int // rows (from 1) without key
	columns []*table.Column
	numbers [][][]float64                     // per column, batch by batch: growing slices would take twice the memory
	lines   func(rows []int64) ([]int, error) // the lines of rows in a text file; nil where they have none
}

func newTableBuilder(src features.Source, file, id string) (*tableBuilder, error) {
	b := &tableBuilder{file: file, key: -1, fields: src.Schema().Fields()}
	var names []string
	for i, f := range b.fields {
		names = append(names, f.Name)
		if f.Name == id {
			b.key = i
		}
	}
	if id != "" && b.key < 0 {
		return nil, unknownColumn(file, id, names)
	}
	for _, f := range b.fields {
		c := &table.Column{Name: f.Name, Kind: table.Number}
		c.Unit, _ = f.Metadata.GetValue("unit")
		c.Formula, _ = f.Metadata.GetValue("formula")
		c.Type, _ = f.Metadata.GetValue("type")
		c.LabelDE, _ = f.Metadata.GetValue("label_de")
		c.LabelEN, _ = f.Metadata.GetValue("label_en")
		profileOnly, _ := f.Metadata.GetValue("profile_only")
		c.ProfileOnly = profileOnly == "true"
		switch f.Type.ID() {
		case arrow.STRING:
			c.Kind, c.Missing = table.Category, []bool{}
		case arrow.BOOL:
			c.Kind = table.Bool
		}
		b.columns, b.numbers = append(b.columns, c), append(b.numbers, nil)
	}
	return b, nil
}

// unknownColumn names the nearest column.
func unknownColumn(file, name string, known []string) *problem.Problem {
	fix := "the columns are " + strings.Join(known, ", ")
	if near := config.Nearest(name, known); near != "" {
		fix = fmt.Sprintf("did you mean %q?", near)
	}
	return &problem.Problem{ID: "SEG-FEA-002", What: fmt.Sprintf("there is no column %q", name), File: file, Fix: fix}
}

func (b *tableBuilder) add(rec arrow.Record, _ int64) error {
	for j, c := range b.columns {
		a := rec.Column(j)
		if j == b.key {
			keys := a.(*array.String)
			for i := range keys.Len() {
				if keys.IsNull(i) {
					b.missing = append(b.missing, len(b.keys)+1)
				}
				b.keys = append(b.keys, strings.Clone(keys.Value(i)))
			}
			continue
		}
		if s, ok := a.(*array.String); ok {
			for i := range s.Len() {
				c.Strings = append(c.Strings, strings.Clone(s.Value(i)))
				c.Missing = append(c.Missing, s.IsNull(i))
			}
			continue
		}
		numbers, err := floats(a)
		if err != nil {
			return &problem.Problem{ID: "SEG-SCH-002", What: err.Error(), File: b.file, Place: fmt.Sprintf("column %q", c.Name)}
		}
		b.numbers[j] = append(b.numbers[j], numbers)
	}
	if b.key < 0 {
		for range int(rec.NumRows()) {
			b.keys = append(b.keys, "")
		}
	}
	return nil
}

// floats returns the values of a canonical array that is no text; NaN stands for null, times are days since 1970.
func floats(a arrow.Array) ([]float64, error) {
	out := make([]float64, a.Len())
	for i := range out {
		if a.IsNull(i) {
			out[i] = math.NaN()
			continue
		}
		switch a := a.(type) {
		case *array.Int64:
			out[i] = float64(a.Value(i))
		case *array.Float64:
			out[i] = a.Value(i)
		case *array.Boolean:
			if a.Value(i) {
				out[i] = 1
			}
		case *array.Decimal128:
			v, err := strconv.ParseFloat(a.Value(i).ToString(a.DataType().(*arrow.Decimal128Type).Scale), 64)
			if err != nil {
				return nil, fmt.Errorf("decimal of %d digits is no number", a.DataType().(*arrow.Decimal128Type).Precision)
			}
			out[i] = v
		case *array.Timestamp:
			out[i] = float64(a.Value(i)) / 86_400e6
		default:
			return nil, fmt.Errorf("columns of type %s are not supported", a.DataType())
		}
	}
	return out, nil
}

// finish sorts the rows by key into t.
func (b *tableBuilder) finish(t *readyTable) error {
	n := len(b.keys)
	if len(b.missing) > 0 {
		return b.keyProblem(fmt.Sprintf("%s without %s", countOf(len(b.missing), "row"), b.fields[b.key].Name), b.missing,
			"repair the table; every row needs an id")
	}
	if b.key < 0 {
		width := len(strconv.Itoa(n))
		for i := range b.keys {
			b.keys[i] = fmt.Sprintf("%0*d", width, i+1)
		}
	}
	t.order = make([]int, n)
	for i := range t.order {
		t.order[i] = i
	}
	slices.SortStableFunc(t.order, func(i, j int) int { return cmp.Compare(b.keys[i], b.keys[j]) })
	t.Keys = make([]string, n)
	var twice []int
	for at, i := range t.order {
		t.Keys[at] = b.keys[i]
		if at > 0 && t.Keys[at] == t.Keys[at-1] {
			twice = append(twice, i+1)
		}
	}
	if len(twice) > 0 {
		slices.Sort(twice)
		return b.keyProblem(fmt.Sprintf("%s with the %s of an earlier row", countOf(len(twice), "row"), b.fields[b.key].Name), twice,
			"repair the table; a ready table has one row per id")
	}
	for j, c := range b.columns {
		if j == b.key {
			continue
		}
		if b.numbers[j] != nil {
			c.Numbers = permute(slices.Concat(b.numbers[j]...), t.order)
			b.numbers[j] = nil
		}
		c.Strings = permute(c.Strings, t.order)
		if c.Missing != nil {
			if c.Missing = permute(c.Missing, t.order); !slices.Contains(c.Missing, true) {
				c.Missing = nil
			}
		}
		t.Columns = append(t.Columns, c)
	}
	return nil
}

// keyProblem names rows (from 1, ascending) by their lines where they have some.
func (b *tableBuilder) keyProblem(what string, rows []int, fix string) error {
	p := &problem.Problem{ID: "SEG-KEY-001", What: what, File: b.file, Why: "first in data row " + firstNumbers(rows), Fix: fix}
	first := make([]int64, min(len(rows), 6)) // one more than firstNumbers shows
	for i := range first {
		first[i] = int64(rows[i])
	}
	if lines, err := b.lines(first); err == nil && len(lines) == len(first) {
		p.Line, p.Why = lines[0], "first in line "+firstNumbers(lines)
	}
	return p
}

// countOf gives "1 row" and "2 rows".
func countOf(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

func permute[T any](x []T, order []int) []T {
	if x == nil {
		return nil
	}
	out := make([]T, len(order))
	for at, i := range order {
		out[at] = x[i]
	}
	return out
}

// firstNumbers lists up to five numbers.
func firstNumbers(n []int) string {
	var parts []string
	for _, v := range n[:min(5, len(n))] {
		parts = append(parts, strconv.Itoa(v))
	}
	if len(n) > 5 {
		parts = append(parts, "...")
	}
	return strings.Join(parts, ", ")
}

// numeric returns the columns to cluster on: those named, or all numbers and yes/no columns that are not profile-only.
func (t *readyTable) numeric(names []string) ([]string, error) {
	if len(names) == 0 {
		for _, c := range t.Columns {
			if (c.Kind != table.Category || isEmpty(c)) && !c.ProfileOnly {
				names = append(names, asNumber(c).Name)
			}
		}
		if len(names) == 0 {
			return nil, &problem.Problem{ID: "SEG-FEA-001", What: "the file has no numeric column", File: t.file,
				Fix: "`segovia inspect` shows what was detected"}
		}
		return names, nil
	}
	for _, name := range names {
		c := t.Column(name)
		if c == nil {
			return nil, unknownColumn(t.file, name, t.Names())
		}
		if c.Kind == table.Category && !isEmpty(c) {
			return nil, &problem.Problem{ID: "SEG-NUM-001", What: fmt.Sprintf("column %q is text", name), File: t.file, Why: t.hint[name],
				Fix: "repair the cells, take the column out of --features, or encode it in a configuration"}
		}
		asNumber(c)
	}
	return names, nil
}

// isEmpty reports whether a column has no value at all: nothing then says whether it is text or numbers.
func isEmpty(c *table.Column) bool {
	return c.Kind == table.Category && len(c.Missing) > 0 && !slices.Contains(c.Missing, false)
}

// asNumber makes an empty column one of missing numbers, which prep leaves out by name.
func asNumber(c *table.Column) *table.Column {
	if isEmpty(c) {
		c.Numbers = make([]float64, len(c.Missing))
		for i := range c.Numbers {
			c.Numbers[i] = math.NaN()
		}
		c.Kind, c.Strings, c.Missing = table.Number, nil, nil
	}
	return c
}
