package anyio

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/apache/arrow/go/v17/arrow"

	"segovia/io/arrowio"
	"segovia/io/csvio"
	"segovia/io/parquetio"
	"segovia/kernels/problem"
)

// TableWriter takes a table's records. The columns must be those of the schema, in canonical types.
type TableWriter interface {
	Write(rec arrow.Record) error
	// Close completes what was written; it does not close the stream or file below.
	Close() error
}

// NewWriter writes a table to w as CSV, Parquet or Arrow. The same table gives the same bytes.
func NewWriter(w io.Writer, format string, schema *arrow.Schema) (TableWriter, error) {
	switch format {
	case CSV:
		return csvio.NewWriter(w, schema, csvio.WriterOptions{})
	case Parquet:
		return parquetio.NewWriter(w, schema)
	case Arrow:
		return arrowio.NewWriter(w, schema)
	}
	return nil, &problem.Problem{ID: "SEG-CFG-003", What: fmt.Sprintf("the format %q cannot be written", format), Fix: "use csv, parquet or arrow"}
}

// FormatOf returns the format that a file's name tells, and false if it tells none or a compression, which is not
// written.
func FormatOf(name string) (string, bool) {
	f := byName(name)
	return f, f != "" && compressedName(name) == ""
}

// File is a table that is being written under a temporary name beside its own.
type File struct {
	path string
	tmp  *os.File
	buf  *bufio.Writer
	w    TableWriter
	done bool
}

// CreateBeside creates a new file in the folder of path, under a hidden name of its own, to be renamed to path when it is
// whole. Its rights are those that the umask leaves, as if path itself had been created.
func CreateBeside(path string) (*os.File, error) {
	for {
		name := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%08x.tmp", filepath.Base(path), rand.Uint32()))
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
}

// Create begins a table at path; format "" is taken from the name. Nobody sees the file before Close has succeeded. Abort
// must be called after an error; after Close it does nothing.
func Create(path, format string, schema *arrow.Schema) (*File, error) {
	if format == "" {
		var ok bool
		if format, ok = FormatOf(path); !ok {
			return nil, &problem.Problem{ID: "SEG-CLI-001", What: "the name does not tell the format to write", File: path, Fix: "end it with .csv, .parquet or .arrow"}
		}
	}
	tmp, err := CreateBeside(path)
	if err != nil {
		return nil, output(path, err)
	}
	f := &File{path: path, tmp: tmp, buf: bufio.NewWriterSize(tmp, 1<<20)}
	if f.w, err = NewWriter(f.buf, format, schema); err != nil {
		f.Abort()
		return nil, output(path, err)
	}
	return f, nil
}

// Write appends rec.
func (f *File) Write(rec arrow.Record) error {
	if err := f.w.Write(rec); err != nil {
		return output(f.path, err)
	}
	return nil
}

// Close completes the file, makes it durable and gives it its name.
func (f *File) Close() error {
	err := f.w.Close()
	if err == nil {
		err = f.buf.Flush()
	}
	if err == nil {
		err = f.tmp.Sync()
	}
	if err == nil {
		err = f.tmp.Close()
	}
	if err == nil {
		err = os.Rename(f.tmp.Name(), f.path)
	}
	if err != nil {
		f.Abort()
		return output(f.path, err)
	}
	f.done = true
	return syncDir(filepath.Dir(f.path))
}

// Abort removes what was written.
func (f *File) Abort() {
	if f.done {
		return
	}
	f.done = true
	f.tmp.Close()
	os.Remove(f.tmp.Name())
}

// syncDir makes a rename durable. Some file systems cannot, which is no error of ours.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return output(dir, err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, errors.ErrUnsupported) {
		return output(dir, err)
	}
	return nil
}

// WriteFile writes a whole table.
func WriteFile(path, format string, schema *arrow.Schema, records ...arrow.Record) error {
	f, err := Create(path, format, schema)
	if err != nil {
		return err
	}
	defer f.Abort()
	for _, rec := range records {
		if err := f.Write(rec); err != nil {
			return err
		}
	}
	return f.Close()
}

func output(path string, err error) error {
	var p *problem.Problem
	var sys *os.PathError
	switch {
	case errors.As(err, &p):
		return err
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT):
		return &problem.Problem{ID: "SEG-OUT-002", What: "the disk is full", File: path, Why: err.Error(), Fix: "free space", Err: err}
	case errors.As(err, &sys) || errors.As(err, new(*os.LinkError)) || errors.As(err, new(syscall.Errno)):
		return &problem.Problem{ID: "SEG-OUT-003", What: "the output cannot be written", File: path, Why: strings.TrimSpace(err.Error()),
			Fix: "check rights and mount of the folder", Err: err}
	}
	return err
}
