package anyio

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"

	"segovia/io/arrowio"
	"segovia/io/parquetio"
	"segovia/kernels/problem"
)

// Report is what a look at one file tells.
type Report struct {
	Path          string         `json:"path"`
	Format        string         `json:"format"`      // csv, parquet or arrow
	Compression   string         `json:"compression"` // of the file: "", gzip or zstd
	Codec         string         `json:"codec"`       // inside a Parquet file
	Bytes         int64          `json:"bytes"`
	SHA256        string         `json:"sha256"`
	Rows          int64          `json:"rows"`
	Rejected      int64          `json:"rejected"`       // CSV rows with another number of fields
	Encoding      string         `json:"encoding"`       // CSV
	Delimiter     string         `json:"delimiter"`      // CSV; as in csvio.Options
	LineEnd       string         `json:"line_end"`       // CSV: lf or cr
	Numbers       string         `json:"numbers"`        // CSV: de or en, when all columns with a style agree
	Dates         string         `json:"dates"`          // CSV: the date style, when all columns with one agree
	NoHeader      bool           `json:"no_header"`      // CSV: the first line holds numbers only and is read as data
	NumericHeader bool           `json:"numeric_header"` // CSV: it is read as names, since its numbers count upwards one by one
	Pages         int64          `json:"pages"`          // Parquet: number of pages ...
	PagesSummed   int64          `json:"pages_with_crc"`
	Columns       []ReportColumn `json:"columns"`
	Notes         []string       `json:"notes"` // columns that are not read, and why
	// Problems are what must be settled before the file can be read, for example ambiguous numbers.
	Problems []*problem.Problem `json:"-"`
}

// ReportColumn is a column of a Report.
type ReportColumn struct {
	Name     string `json:"name"`
	Type     string `json:"type"`    // as delivered
	Nulls    int64  `json:"nulls"`   //
	Numbers  string `json:"numbers"` // CSV: number style
	Dates    string `json:"dates"`   // CSV: date style
	Words    string `json:"words"`   // CSV: words of a yes/no column
	MinWidth int    `json:"min_width"`
	MaxWidth int    `json:"max_width"` // CSV: characters of the shortest and longest cell
	Unit     string `json:"unit"`      // from the field's metadata
	Formula  string `json:"formula"`
	// Problem is why the column cannot be read; empty if it can.
	Problem string `json:"problem"`
}

// Inspect looks at one file, which is read to its end, and tells what it is. Spec says what is known of it; its Path is
// replaced by path. Columns that cannot be decided are told in the report; a file that cannot be read is an error.
func Inspect(ctx context.Context, path string, spec Spec, opt Options) (*Report, error) {
	spec.Path = path
	s := &Source{opt: opt, specs: []Spec{spec}, rejected: map[string]int64{}, mem: arrowio.Options{}.Allocator()}
	all, err := expand(s.specs)
	if err != nil {
		return nil, err
	}
	if len(all) != 1 {
		return nil, &problem.Problem{ID: "SEG-CLI-001", What: fmt.Sprintf("%s names %d files", path, len(all)), File: path, Why: "one file is looked at", Fix: "name one of them"}
	}
	f := &file{found: all[0], spec: &s.specs[0], Input: Input{Path: all[0].path, Absolute: all[0].abs}}
	s.files = []*file{f}
	if err := s.look(ctx, f); err != nil {
		return nil, err
	}
	if f.Format == CSV {
		err = s.scan(ctx, f, opt.Keys)
	} else {
		err = s.inspect(ctx, f)
	}
	if err != nil {
		return nil, err
	}
	r := &Report{Path: f.path, Format: f.Format, Compression: f.compress, Bytes: f.Size, SHA256: f.SHA256, Rows: f.Rows}
	for _, n := range f.notes {
		r.Notes = append(r.Notes, fmt.Sprintf("column %q (%s) is not read: %s", n.Column, n.Type, n.Why))
	}
	if f.Format == CSV {
		r.csv(f)
		return r, nil
	}
	return r, s.count(ctx, f, r)
}

func (r *Report) csv(f *file) {
	p := f.profile.Files[0]
	r.Encoding, r.Delimiter, r.LineEnd, r.Rejected = p.Encoding, p.Delimiter, p.LineEnd, p.Rejected
	r.NoHeader, r.NumericHeader = p.NoHeader, p.NumericHeader
	numbers, dates := map[string]bool{}, map[string]bool{}
	for _, c := range f.profile.Columns() {
		col := ReportColumn{Name: c.Name, Nulls: c.Nulls, Numbers: c.Numbers, Dates: c.Dates, Words: c.Words, MinWidth: c.MinWidth, MaxWidth: c.MaxWidth}
		if c.Type != nil {
			col.Type = TypeName(c.Type)
		}
		if c.Problem != nil {
			col.Problem = c.Problem.ID
			r.Problems = append(r.Problems, c.Problem)
		}
		if c.Numbers != "" {
			numbers[c.Numbers] = true
		}
		if c.Dates != "" {
			dates[c.Dates] = true
		}
		r.Columns = append(r.Columns, col)
	}
	r.Numbers, r.Dates = only(numbers), only(dates)
}

func only(set map[string]bool) string {
	if len(set) != 1 {
		return ""
	}
	for s := range set {
		return s
	}
	return ""
}

// count reads a Parquet or Arrow file through: its nulls are counted and its checksums compared.
func (s *Source) count(ctx context.Context, f *file, r *Report) error {
	in, done, err := s.columnar(f)
	if err != nil {
		return err
	}
	if p, ok := in.(*parquetio.Reader); ok {
		r.Codec = p.Codec()
		r.Pages, r.PagesSummed, err = p.Verify(ctx)
	}
	nulls := make([]int64, in.Schema().NumFields())
	if err == nil {
		err = in.Read(ctx, func(rec arrow.Record) error {
			for i, c := range rec.Columns() {
				if c.DataType().ID() == arrow.NULL {
					nulls[i] += int64(c.Len())
				} else {
					nulls[i] += int64(c.NullN())
				}
			}
			return nil
		})
	}
	if err := errors.Join(err, done()); err != nil {
		return err
	}
	for i, c := range in.Schema().Fields() {
		col := ReportColumn{Name: c.Name, Type: TypeName(c.Type), Nulls: nulls[i]}
		col.Unit, _ = c.Metadata.GetValue("unit")
		col.Formula, _ = c.Metadata.GetValue("formula")
		r.Columns = append(r.Columns, col)
	}
	return nil
}

// TypeName names a canonical type for people and artifacts: utf8, bool, int64, float64, decimal(38,3), timestamp.
func TypeName(t arrow.DataType) string {
	switch t := t.(type) {
	case *arrow.Decimal128Type:
		return fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale)
	case *arrow.TimestampType:
		return "timestamp"
	}
	return t.String()
}
