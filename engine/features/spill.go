package features

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"segovia/kernels/problem"
)

// spillFolder is the folder for what does not fit the memory budget. It is made when first needed.
type spillFolder struct {
	base string // "" = the system's folder for temporary files
	dir  string
	// create makes a file for writing and reading; tests put one in that fails.
	create func(path string) (tempFile, error)
}

// tempFile is what a spill needs of a file.
type tempFile interface {
	io.WriteSeeker
	io.ReaderAt
	io.Closer
}

func newSpillFolder(base string) *spillFolder {
	return &spillFolder{base: base, create: func(path string) (tempFile, error) {
		return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	}}
}

// open makes a new file of the schema in the folder. The caller closes it before the folder is removed.
func (f *spillFolder) open(name string, schema *arrow.Schema) (*spillFile, error) {
	if f.dir == "" {
		dir, err := os.MkdirTemp(f.base, "segovia-fold-")
		if err != nil {
			return nil, spillProblem(cmp.Or(f.base, os.TempDir()), err)
		}
		f.dir = dir
	}
	s := &spillFile{path: filepath.Join(f.dir, name), schema: schema}
	file, err := f.create(s.path)
	if err == nil {
		s.file = file
		s.out, err = ipc.NewFileWriter(file, ipc.WithSchema(schema))
	}
	if err != nil {
		return nil, spillProblem(s.path, err)
	}
	return s, nil
}

// remove deletes the folder and everything in it.
func (f *spillFolder) remove() error {
	if f.dir == "" {
		return nil
	}
	if err := os.RemoveAll(f.dir); err != nil {
		return spillProblem(f.dir, err)
	}
	return nil
}

// spillFile is an Arrow IPC file of record batches that are found again by their number. It is first written and, after
// finish, read, by several goroutines at once.
type spillFile struct {
	path   string
	schema *arrow.Schema

	mu   sync.Mutex
	file tempFile
	out  *ipc.FileWriter
	n    int
}

// write appends a record batch and returns its number.
func (s *spillFile) write(rec arrow.Record) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.out.Write(rec); err != nil {
		return 0, spillProblem(s.path, err)
	}
	s.n++
	return s.n - 1, nil
}

// finish ends the writing.
func (s *spillFile) finish() error {
	if s == nil || s.out == nil {
		return nil
	}
	err := s.out.Close()
	s.out = nil
	if err != nil {
		return spillProblem(s.path, err)
	}
	return nil
}

func (s *spillFile) close() {
	if s != nil {
		_ = s.file.Close() // nobody reads it any more
	}
}

// read hands the record batches of these numbers to yield; a record belongs to the callee only until yield returns.
func (s *spillFile) read(numbers []int, yield func(rec arrow.Record) error) (err error) {
	if len(numbers) == 0 {
		return nil
	}
	// What was written a minute ago may come back damaged, and the library meets damage with a panic.
	inLibrary := true
	defer func() {
		if r := recover(); r != nil {
			if !inLibrary {
				panic(r)
			}
			err = spillDamaged(s.path, fmt.Errorf("%v", r))
		}
	}()
	size, err := s.size()
	if err != nil {
		return spillDamaged(s.path, err)
	}
	in, err := ipc.NewFileReader(io.NewSectionReader(s.file, 0, size), ipc.WithAllocator(memory.NewGoAllocator()))
	if err != nil {
		return spillDamaged(s.path, err)
	}
	defer in.Close()
	for _, i := range numbers {
		inLibrary = true
		rec, err := in.RecordAt(i)
		if err != nil {
			return spillDamaged(s.path, err)
		}
		inLibrary = false
		err = yield(rec)
		rec.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *spillFile) size() (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.file.Seek(0, io.SeekEnd)
}

// spillProblem says that a temporary file cannot be written.
func spillProblem(path string, err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return &problem.Problem{ID: "SEG-OUT-002", What: "no space is left for temporary files", File: path,
			Why: "states of customers that exceed the memory budget are written there",
			Fix: "Free space, name a larger folder with --temp-dir, or raise --memory.", Err: err}
	}
	return &problem.Problem{ID: "SEG-OUT-003", What: "a temporary file cannot be written", File: path, Why: err.Error(),
		Fix: "Name a folder that can be written with --temp-dir, or raise --memory.", Err: err}
}

// spillDamaged says that a temporary file does not read as it was written.
func spillDamaged(path string, err error) error {
	return &problem.Problem{ID: "SEG-OUT-003", What: "a temporary file does not read as it was written", File: path,
		Why: err.Error(), Fix: "Check the disk, or name another folder with --temp-dir.", Err: err}
}
