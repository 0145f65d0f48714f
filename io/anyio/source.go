package anyio

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"segovia/io/arrowio"
	"segovia/io/csvio"
	"segovia/io/parquetio"
	"segovia/kernels/problem"
)

// Formats of files.
const (
	CSV     = "csv"
	Parquet = "parquet"
	Arrow   = "arrow"
)

// Spec names a group of files and says how they are read.
type Spec struct {
	Type string // "" = by name and first bytes; CSV, Parquet or Arrow
	Path string // a file, a glob (* ? [] ** with /) or a folder
	Dir  string // folder that a relative path starts at; "" = the working directory
	CSV  csvio.Options
	// Nulls are cells of text columns that mean missing, in every format; for CSV they add to CSV.Nulls.
	Nulls []string
	// Rename maps names in the files to names of columns; for CSV it adds to CSV.Rename.
	Rename map[string]string
	// MaxExpansion limits how many times as large a compressed file may become; 0 = 1000. 64 MiB are always allowed.
	MaxExpansion int64
}

// Options say how a source is opened.
type Options struct {
	Name       string
	Keys       []string // columns delivered as canonical key text
	MaxRejects float64  // share of CSV rows that may be left out, 0 to 1
	Threads    int      // files that are looked at at once; 0 = one per core
	ShowValues bool     // problems may carry offending cells
	// Progress is told the bytes that are read, as they lie on disk; nil = nobody. All bytes are read in Open and again when
	// the rows are read, so twice what Inputs sums up to.
	Progress interface{ Add(n int64) }
}

// Input is a file of a source, for the manifest.
type Input struct {
	Path     string // as given, or as the glob expanded
	Absolute string
	Format   string
	Size     int64 // bytes on disk
	ModTime  time.Time
	SHA256   string // of the bytes on disk
	Rows     int64  // without rejected ones
}

// Note tells why a column of a file is not delivered.
type Note struct {
	File string
	arrowio.Note
}

// Source is an opened source. Its methods may run concurrently.
type Source struct {
	opt      Options
	specs    []Spec
	files    []*file
	schema   *arrow.Schema
	layout   *csvio.Layout
	folders  map[string]arrow.DataType // columns that come from folders, and what their values are read as
	rejected map[string]int64
	mem      memory.Allocator
}

// file is a file of a source and what Open found out about it.
type file struct {
	found
	Input
	compress string
	spec     *Spec
	csv      csvio.Options
	profile  *csvio.Profile
	rejects  []int64 // lines of rejected rows, the first of them
	schema   *arrow.Schema
	notes    []arrowio.Note
	empty    map[string]bool // columns that the file's statistics call all null
}

// Open expands the specs, looks at every file and unifies their columns. Besides what the formats return (SEG-CSV, SEG-PQ,
// SEG-IPC, SEG-ZIP) its errors are SEG-SRC-001 to -006, SEG-SCH-001, SEG-FEA-002 for a rename of a column that is not
// there, SEG-CFG-008 and SEG-CSV-008 where more rows are rejected than allowed. Of several files with errors the first
// in the order of Files counts.
func Open(ctx context.Context, specs []Spec, opt Options) (*Source, error) {
	s := &Source{opt: opt, specs: slices.Clone(specs), rejected: map[string]int64{}, mem: memory.NewGoAllocator()}
	if len(specs) == 0 {
		return nil, &problem.Problem{ID: "SEG-CFG-008", What: fmt.Sprintf("the source %q names no files", opt.Name), Fix: "give it a path"}
	}
	all, err := expand(s.specs)
	if err != nil {
		return nil, err
	}
	for _, f := range all {
		s.files = append(s.files, &file{found: f, spec: &s.specs[f.spec], Input: Input{Path: f.path, Absolute: f.abs}})
	}
	if err := s.each(ctx, s.look); err != nil {
		return nil, err
	}
	if err := s.each(ctx, func(ctx context.Context, f *file) error {
		if f.Format == CSV {
			return nil
		}
		return s.inspect(ctx, f)
	}); err != nil {
		return nil, err
	}
	text := s.textColumns()
	if err := s.each(ctx, func(ctx context.Context, f *file) error {
		if f.Format != CSV {
			return nil
		}
		return s.scan(ctx, f, text)
	}); err != nil {
		return nil, err
	}
	if err := s.unify(); err != nil {
		return nil, err
	}
	return s, nil
}

// each calls fn for every file, several at once, and returns the error of the first file that has one: not of the first
// in time.
func (s *Source) each(ctx context.Context, fn func(context.Context, *file) error) error {
	threads := s.opt.Threads
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	errs := make([]error, len(s.files))
	var next, failed atomic.Int64
	failed.Store(math.MaxInt64)
	var wg sync.WaitGroup
	for range min(threads, len(s.files)) {
		wg.Go(func() {
			for {
				i := next.Add(1) - 1
				if i >= int64(len(s.files)) || i > failed.Load() {
					return // files before the failed one have been taken already
				}
				err := ctx.Err()
				if err == nil {
					err = fn(ctx, s.files[i])
				}
				if errs[i] = err; err != nil {
					for old := failed.Load(); i < old && !failed.CompareAndSwap(old, i); old = failed.Load() {
					}
				}
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Source) progress() func(int64) {
	if s.opt.Progress == nil {
		return nil
	}
	return s.opt.Progress.Add
}

// textColumns are the columns that CSV files must keep as written: keys, and what is text in another format.
func (s *Source) textColumns() []string {
	set := map[string]bool{}
	for _, k := range s.opt.Keys {
		set[k] = true
	}
	for _, f := range s.files {
		if f.schema == nil {
			continue
		}
		for _, c := range f.schema.Fields() {
			if c.Type.ID() == arrow.STRING && !f.empty[c.Name] {
				set[c.Name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// inspect opens a Parquet or Arrow file, keeps its schema and sums it up.
func (s *Source) inspect(ctx context.Context, f *file) error {
	r, done, err := s.columnar(f)
	if err != nil {
		return err
	}
	f.schema, f.notes, f.Rows = r.Schema(), r.Notes(), r.Rows()
	f.empty = map[string]bool{}
	if p, ok := r.(*parquetio.Reader); ok {
		for _, c := range p.Schema().Fields() {
			if p.AllNull(c.Name) {
				f.empty[c.Name] = true
			}
		}
	}
	if err := done(); err != nil {
		return err
	}
	in, err := openRaw(f.path, f.abs, true, s.progress())
	if err != nil {
		return err
	}
	defer in.f.Close()
	if f.SHA256, err = in.finish(); err != nil {
		return err
	}
	return unchanged(f.path, f.abs, f.Size, f.ModTime)
}

// columnarReader is what the readers of Parquet and Arrow have in common.
type columnarReader interface {
	Schema() *arrow.Schema
	Notes() []arrowio.Note
	Rows() int64
	Read(ctx context.Context, yield func(arrow.Record) error) error
}

// columnar opens a Parquet or Arrow file; done closes it and tells whether it has changed. A compressed one is read into
// memory.
func (s *Source) columnar(f *file) (r columnarReader, done func() error, err error) {
	in, err := openRaw(f.path, f.abs, false, nil)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			in.f.Close()
		}
	}()
	var at io.ReaderAt = in.f
	size := in.size
	if f.compress != compressNone {
		z, err := decompress(in, f.compress, f.path, f.Size, f.spec.MaxExpansion)
		if err != nil {
			return nil, nil, err
		}
		defer z.Close()
		content, err := io.ReadAll(z)
		if err != nil {
			return nil, nil, err
		}
		at, size = bytes.NewReader(content), int64(len(content))
	}
	opt := arrowio.Options{Alloc: s.mem}
	if f.Format == Parquet {
		r, err = parquetio.Open(at, size, f.path, opt)
	} else {
		r, err = arrowio.Open(at, size, f.path, opt)
	}
	if err != nil {
		// A file that is still being written looks damaged.
		if moved := unchanged(f.path, f.abs, f.Size, f.ModTime); moved != nil {
			err = moved
		}
		return nil, nil, err
	}
	return r, func() error {
		in.f.Close()
		return unchanged(f.path, f.abs, f.Size, f.ModTime)
	}, nil
}

// text opens the characters of a CSV file; done must be called after them and checks the file's end.
func (s *Source) text(f *file, hashed bool) (r io.Reader, done func() (string, error), err error) {
	in, err := openRaw(f.path, f.abs, hashed, s.progress())
	if err != nil {
		return nil, nil, err
	}
	r = onlyReader{in}
	close := func() { in.f.Close() }
	if f.compress != compressNone {
		z, err := decompress(in, f.compress, f.path, f.Size, f.spec.MaxExpansion)
		if err != nil {
			in.f.Close()
			return nil, nil, err
		}
		r, close = z, func() { z.Close(); in.f.Close() }
	}
	return r, func() (string, error) {
		defer close()
		sum, err := in.finish()
		if err != nil {
			return "", err
		}
		return sum, unchanged(f.path, f.abs, f.Size, f.ModTime)
	}, nil
}

const mostRejectLines = 5

// scan collects the evidence about a CSV file.
func (s *Source) scan(ctx context.Context, f *file, text []string) error {
	f.csv = f.spec.CSV
	f.csv.Text = slices.Concat(f.csv.Text, text)
	f.csv.Nulls = slices.Concat(f.csv.Nulls, f.spec.Nulls)
	f.csv.ShowValues = f.csv.ShowValues || s.opt.ShowValues
	f.csv.Rename = maps.Clone(f.csv.Rename)
	if f.csv.Rename == nil {
		f.csv.Rename = map[string]string{}
	}
	maps.Copy(f.csv.Rename, f.spec.Rename)
	r, done, err := s.text(f, true)
	if err != nil {
		return err
	}
	opt := f.csv
	if s.opt.MaxRejects > 0 {
		opt.Reject = func(line int64, _ string) bool {
			if len(f.rejects) < mostRejectLines {
				f.rejects = append(f.rejects, line)
			}
			return true
		}
	}
	f.profile, err = csvio.Scan(cancelled{ctx, r}, f.path, opt)
	sum, err2 := done()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		if p := (&problem.Problem{ID: "SEG-SRC-005"}); err2 != nil && p.Is(err2) {
			return err2
		}
		return err
	}
	if err2 != nil {
		return err2
	}
	f.SHA256, f.Rows = sum, f.profile.Rows()
	return nil
}

// cancelled ends the reading when ctx ends.
type cancelled struct {
	ctx context.Context
	io.Reader
}

func (c cancelled) Read(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.Reader.Read(b)
}

// Name returns the source's name.
func (s *Source) Name() string { return s.opt.Name }

// Schema returns the unified columns: those of the first file, then those of its folders.
func (s *Source) Schema() *arrow.Schema { return s.schema }

// Files returns the paths of the files as given, in byte order.
func (s *Source) Files() []string {
	names := make([]string, len(s.files))
	for i, f := range s.files {
		names[i] = f.path
	}
	return names
}

// Inputs describes the files, in the order of Files.
func (s *Source) Inputs() []Input {
	in := make([]Input, len(s.files))
	for i, f := range s.files {
		in[i] = f.Input
	}
	return in
}

// Notes tells which columns of which files are not delivered.
func (s *Source) Notes() []Note {
	var notes []Note
	for _, f := range s.files {
		for _, n := range f.notes {
			notes = append(notes, Note{f.path, n})
		}
	}
	return notes
}

// Headerless returns the text files whose first line holds numbers only and was read as data, and those where such a line
// was read as names.
func (s *Source) Headerless() (data, names []string) {
	for _, f := range s.files {
		if f.profile == nil {
			continue
		}
		switch p := f.profile.Files[0]; {
		case p.NoHeader:
			data = append(data, f.path)
		case p.NumericHeader:
			names = append(names, f.path)
		}
	}
	return data, names
}

// Rows returns the number of rows of all files, without rejected ones.
func (s *Source) Rows() int64 {
	n := int64(0)
	for _, f := range s.files {
		n += f.Rows
	}
	return n
}

// Rejected returns the number of rows that are left out, by error id.
func (s *Source) Rejected() map[string]int64 { return maps.Clone(s.rejected) }

// checkRejects counts the rejected rows and holds them against MaxRejects.
func (s *Source) checkRejects() error {
	rejected, rows := int64(0), s.Rows()
	var first *file
	for _, f := range s.files {
		if f.profile != nil {
			rejected += f.profile.Rejected()
			if first == nil && len(f.rejects) > 0 {
				first = f
			}
		}
	}
	if rejected == 0 {
		return nil
	}
	s.rejected["SEG-CSV-008"] = rejected
	if float64(rejected) <= s.opt.MaxRejects*float64(rows+rejected) {
		return nil
	}
	lines := strings.Trim(strings.ReplaceAll(fmt.Sprint(first.rejects), " ", ", "), "[]")
	return &problem.Problem{ID: "SEG-CSV-008", What: "too many rows with another number of fields than the header", File: first.path, Line: int(first.rejects[0]),
		Why: fmt.Sprintf("%d of %d rows, `max_rejects` allows a share of %g; the first lines of this file: %s", rejected, rows+rejected, s.opt.MaxRejects, lines),
		Fix: "repair the rows; a delimiter inside a value must be quoted"}
}
