package anyio

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"segovia/io/csvio"
	"segovia/kernels/problem"
)

// unify merges what was found in the files into one schema and the layout of the CSV files.
func (s *Source) unify() error {
	if err := s.checkRejects(); err != nil {
		return err
	}
	var merged *csvio.Profile
	for _, f := range s.files {
		switch {
		case f.profile == nil:
		case merged == nil:
			merged = f.profile
		default:
			if err := merged.Merge(f.profile); err != nil {
				return err
			}
		}
	}
	var csvColumns []memberColumn
	if merged != nil {
		var err error
		if s.layout, err = merged.Layout(); err != nil {
			return err
		}
		for i, c := range s.layout.Columns() {
			m := memberColumn{name: c.Name, typ: c.Type, csv: true, meta: s.layout.Schema().Field(i).Metadata}
			if c.Cells == 0 {
				m.typ = arrow.Null
			}
			csvColumns = append(csvColumns, m)
		}
	}
	folders := map[string][]partition{}
	for _, f := range s.files {
		for _, p := range f.part {
			folders[f.renamed(p.key)] = append(folders[f.renamed(p.key)], p)
		}
	}
	s.folders = map[string]arrow.DataType{}
	for name, parts := range folders {
		s.folders[name] = partitionType(parts)
	}
	members := make([]member, len(s.files))
	for i, f := range s.files {
		m := member{file: f.path}
		if f.profile != nil {
			m.columns = slices.Clone(csvColumns)
		} else {
			for _, c := range f.schema.Fields() {
				col := memberColumn{name: f.renamed(c.Name), typ: c.Type, meta: c.Metadata}
				if f.empty[c.Name] {
					col.typ = arrow.Null
				}
				m.columns = append(m.columns, col)
			}
		}
		for _, p := range f.part {
			name := f.renamed(p.key)
			m.columns = append(m.columns, memberColumn{name: name, typ: s.folders[name], csv: true})
		}
		members[i] = m
	}
	if err := s.checkRenames(members); err != nil {
		return err
	}
	var err error
	if s.schema, err = unify(members, s.opt.Keys); err != nil {
		return err
	}
	if s.Rows() == 0 {
		return &problem.Problem{ID: "SEG-SRC-003", What: "the source has no rows", File: s.files[0].path,
			Why: fmt.Sprintf("%d files have columns and no row", len(s.files)), Fix: "check the export that wrote it"}
	}
	return nil
}

// renamed returns the column that a name in the file stands for. Those of CSV files are renamed when they are read.
func (f *file) renamed(name string) string {
	if to, ok := f.spec.Rename[name]; ok {
		return to
	}
	return name
}

// checkRenames looks for renames that meet no column in any file of their group.
func (s *Source) checkRenames(members []member) error {
	for i, spec := range s.specs {
		for _, from := range slices.Sorted(maps.Keys(spec.Rename)) {
			met := false
			var have []string
			for j, f := range s.files {
				if f.spec != &s.specs[i] {
					continue
				}
				for _, c := range members[j].columns {
					met = met || c.name == spec.Rename[from]
				}
				if have == nil {
					for _, c := range members[j].columns {
						have = append(have, c.name)
					}
				}
			}
			if !met {
				return &problem.Problem{ID: "SEG-FEA-002", What: fmt.Sprintf("`rename` names a column %q that is not in the files", from), File: spec.Path,
					Place: fmt.Sprintf("column %q", from), Why: "the columns are " + strings.Join(have, ", "), Fix: "write the name as it stands in the file"}
			}
		}
	}
	return nil
}

// ReadFile gives the rows of file i in order to yield, under the source's schema; firstRow counts the file's data rows
// from 1. A record belongs to the callee only until yield returns; an error of yield ends the reading and is returned. It
// returns SEG-SRC-005 when the file is not the one that Open saw, and what the formats return.
func (s *Source) ReadFile(ctx context.Context, i int, yield func(rec arrow.Record, firstRow int64) error) error {
	f := s.files[i]
	if err := unchanged(f.path, f.abs, f.Size, f.ModTime); err != nil {
		return err
	}
	rows := int64(0)
	give := func(rec arrow.Record, first int64) error {
		out, err := s.convert(f, rec, first)
		if err != nil {
			return err
		}
		defer out.Release()
		rows += rec.NumRows()
		return yield(out, first)
	}
	var err error
	if f.Format == CSV {
		err = s.readCSV(ctx, f, give)
	} else {
		err = s.readColumnar(ctx, f, give)
	}
	if err == nil && rows != f.Rows {
		err = changed(f.path, fmt.Sprintf("it had %d rows and now has %d", f.Rows, rows))
	}
	return err
}

// Lines returns the physical line, from 1, on which each of the data rows of file i begins, for messages; rows count from 1
// as in ReadFile and ascend. It returns nil for a file that is no text.
func (s *Source) Lines(ctx context.Context, i int, rows []int64) ([]int, error) {
	f := s.files[i]
	if f.Format != CSV {
		return nil, nil
	}
	r, done, err := s.text(f, false)
	if err != nil {
		return nil, err
	}
	opt := f.csv
	if s.opt.MaxRejects > 0 {
		opt.Reject = func(int64, string) bool { return true }
	}
	lines, err := csvio.Lines(cancelled{ctx, r}, f.path, opt, rows)
	if _, err2 := done(); err == nil {
		err = err2
	}
	return lines, err
}

func (s *Source) readCSV(ctx context.Context, f *file, give func(arrow.Record, int64) error) error {
	r, done, err := s.text(f, false)
	if err != nil {
		return err
	}
	opt := f.csv
	if s.opt.MaxRejects > 0 {
		opt.Reject = func(int64, string) bool { return true }
	}
	err = csvio.Read(ctx, cancelled{ctx, r}, f.path, opt, s.layout, give)
	if ctx.Err() != nil {
		done()
		return ctx.Err()
	}
	if _, err2 := done(); err2 != nil && (err == nil || (&problem.Problem{ID: "SEG-SRC-005"}).Is(err2)) {
		return err2
	}
	return err
}

func (s *Source) readColumnar(ctx context.Context, f *file, give func(arrow.Record, int64) error) error {
	r, done, err := s.columnar(f)
	if err != nil {
		return err
	}
	first := int64(1)
	err = r.Read(ctx, func(rec arrow.Record) error {
		at := first
		first += rec.NumRows()
		return give(rec, at)
	})
	if p := s.progress(); p != nil && err == nil {
		p(f.Size)
	}
	if err2 := done(); err2 != nil {
		return err2
	}
	return err
}

// convert brings a record of file f under the source's schema.
func (s *Source) convert(f *file, rec arrow.Record, first int64) (arrow.Record, error) {
	at := map[string]int{}
	for i, c := range rec.Schema().Fields() {
		if f.Format == CSV {
			at[c.Name] = i
		} else {
			at[f.renamed(c.Name)] = i
		}
	}
	cols := make([]arrow.Array, 0, s.schema.NumFields())
	defer func() {
		for _, c := range cols {
			c.Release()
		}
	}()
	for _, field := range s.schema.Fields() {
		where := place{file: f.path, column: field.Name, first: first}
		var col arrow.Array
		if i, ok := at[field.Name]; ok {
			col = rec.Column(i)
			col.Retain()
			if text, ok := col.(*array.String); ok && f.Format != CSV && len(f.spec.Nulls) > 0 {
				col = blank(text, f.spec.Nulls, s.mem)
				text.Release()
			}
		} else {
			col = s.folder(f, field, int(rec.NumRows()))
		}
		out, err := s.deliver(col, field, where)
		col.Release()
		if err != nil {
			return nil, err
		}
		cols = append(cols, out)
	}
	return array.NewRecord(s.schema, cols, rec.NumRows()), nil
}

func (s *Source) deliver(col arrow.Array, field arrow.Field, where place) (arrow.Array, error) {
	if !slices.Contains(s.opt.Keys, field.Name) {
		return cast(col, field.Type, where, s.mem)
	}
	out, err := keys(col, where, s.mem)
	if p, ok := err.(*problem.Problem); ok && !s.opt.ShowValues {
		p.Values = ""
	}
	return out, err
}

// folder returns n times the value of the folder that stands for the field.
func (s *Source) folder(f *file, field arrow.Field, n int) arrow.Array {
	t := s.folders[field.Name]
	if field.Type.ID() == arrow.STRING {
		t = field.Type
	}
	for _, p := range f.part {
		if f.renamed(p.key) == field.Name {
			return p.constant(t, n, s.mem)
		}
	}
	panic("BUG: column " + field.Name + " is neither in the file nor in its path")
}
