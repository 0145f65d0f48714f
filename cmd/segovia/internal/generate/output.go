package generate

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/apache/arrow/go/v17/arrow"

	"segovia/engine/company"
	"segovia/io/arrowio"
	"segovia/io/csvio"
	"segovia/io/parquetio"
	"segovia/kernels/problem"
)

// recordWriter is what the writers of all formats have in common.
type recordWriter interface {
	Write(rec arrow.Record) error
	Close() error
}

func newWriter(w io.Writer, schema *arrow.Schema, format string) (recordWriter, error) {
	switch format {
	case "parquet":
		return parquetio.NewWriter(w, schema)
	case "arrow":
		return arrowio.NewWriter(w, schema)
	}
	return csvio.NewWriter(w, schema, csvio.WriterOptions{})
}

// output is one file under its temporary name. It is renamed only when all files are whole.
type output struct {
	table  string
	final  string // path
	schema *arrow.Schema
	file   *os.File
	buffer *bufio.Writer
	w      recordWriter
}

// create opens the file dir/name, whose final name has ending behind it.
func create(dir, name, ending, table string, columns []company.Column, format string) (*output, error) {
	o := &output{table: table, final: filepath.Join(dir, name+ending), schema: schemaOf(columns, format)}
	var err error
	if o.file, err = os.Create(o.temporary()); err != nil {
		return nil, outputProblem(o.final, err)
	}
	o.buffer = bufio.NewWriterSize(o.file, 256<<10)
	if o.w, err = newWriter(o.buffer, o.schema, format); err != nil {
		o.discard()
		return nil, outputProblem(o.final, err)
	}
	return o, nil
}

func (o *output) temporary() string { return o.final + ".tmp" }

// put appends the given rows of a table, all of them if rows is nil.
func (o *output) put(columns []company.Column, rows []int32) error {
	rec := recordOf(o.schema, columns, rows)
	defer rec.Release()
	return outputProblem(o.final, o.w.Write(rec))
}

// finish completes the temporary file and plants the faults in its bytes.
func (o *output) finish(faults []damage) error {
	if err := errors.Join(o.w.Close(), o.buffer.Flush(), o.file.Close()); err != nil {
		return outputProblem(o.final, err)
	}
	if len(faults) == 0 {
		return nil
	}
	data, err := os.ReadFile(o.temporary())
	if err != nil {
		return outputProblem(o.final, err)
	}
	for _, f := range faults {
		if data, err = f.plant(data); err != nil {
			return err
		}
	}
	return outputProblem(o.final, os.WriteFile(o.temporary(), data, 0o666))
}

func (o *output) publish() error {
	return outputProblem(o.final, os.Rename(o.temporary(), o.final))
}

// discard removes the temporary file, if it is still there.
func (o *output) discard() {
	o.file.Close()
	os.Remove(o.temporary())
}

// outputProblem says what an error of the operating system means for the user; nil and problems stay as they are.
func outputProblem(path string, err error) error {
	var p *problem.Problem
	if err == nil || errors.As(err, &p) {
		return err
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return &problem.Problem{
			ID: "SEG-OUT-002", What: "no space left for the generated files", File: path,
			Fix: "free space there, choose another directory, or generate fewer customers", Err: err,
		}
	}
	why := err.Error()
	var pe *fs.PathError
	if errors.As(err, &pe) {
		why = pe.Op + ": " + pe.Err.Error()
	}
	return &problem.Problem{
		ID: "SEG-OUT-003", What: "a generated file cannot be written", File: path, Why: why,
		Fix: "check rights and mount of the directory, or choose another", Err: err,
	}
}
