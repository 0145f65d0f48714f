package runstore

import (
	"fmt"
	"io"
	"io/fs"
	"strings"

	"segovia/kernels/problem"
)

// FS is the file system of one output root. Names are relative to it, separated by slashes; "." is the root itself.
// Errors wrap those of io/fs and of the operating system (fs.ErrNotExist, syscall.ENOSPC, ...). All methods are safe for
// concurrent use.
type FS interface {
	// Path returns name as a person would look for it; readers that need a path of the operating system can open it.
	Path(name string) string
	// Create makes or empties a file for writing.
	Create(name string) (File, error)
	// Open opens a file for reading.
	Open(name string) (io.ReadCloser, error)
	// ReadDir returns the entries of a directory in order of their names.
	ReadDir(name string) ([]Entry, error)
	// Mkdir makes one directory, whose parent must exist.
	Mkdir(name string) error
	// Rename replaces newName by oldName atomically. Both must lie in the same directory.
	Rename(oldName, newName string) error
	// Remove removes a file or an empty directory.
	Remove(name string) error
	// SyncDir makes the entries of a directory durable.
	SyncDir(name string) error
	// Free returns how many bytes can still be written; -1 where that is not known.
	Free() int64
	// Lock takes the lock file name for this process, without waiting, and writes content into it. While another holds
	// the lock it returns a *HeldError. The lock ends with unlock or with the process, however that dies.
	Lock(name string, content []byte) (unlock func() error, err error)
	// Holder returns what the present holder of the lock wrote; held is false when nobody holds it.
	Holder(name string) (content []byte, held bool, err error)
	// Close releases the root.
	Close() error
}

// File is a file being written.
type File interface {
	io.Writer
	// Sync makes the contents durable.
	Sync() error
	Close() error
}

// Entry is one name in a directory.
type Entry struct {
	Name string
	Dir  bool
	Size int64
}

// HeldError says that another process holds a lock.
type HeldError struct {
	Content []byte // what the holder wrote; empty when it has not got that far
}

// Error returns one sentence.
func (e *HeldError) Error() string { return "lock is held: " + string(e.Content) }

// checkName refuses, with SEG-OUT-001, a name that is not a plain relative path inside the root. It is stricter than the
// operating system: no "..", no empty or dot part, no backslash or colon (they mean something elsewhere), no control
// character, no part longer than 255 bytes.
func checkName(name string) error {
	why := ""
	switch {
	case name == "":
		why = "the name is empty"
	case !fs.ValidPath(name) || name == ".":
		why = "the name is absolute, climbs out of its directory, or has an empty part"
	case strings.ContainsAny(name, `\:`):
		why = "the name contains a backslash or a colon"
	case strings.ContainsFunc(name, func(r rune) bool { return r < 0x20 || r == 0x7f }):
		why = "the name contains a NUL or another control character"
	}
	for part := range strings.SplitSeq(name, "/") {
		if len(part) > 255 {
			why = "a part of the name is longer than 255 bytes"
		}
	}
	if why == "" {
		return nil
	}
	return &problem.Problem{
		ID:   "SEG-OUT-001",
		What: fmt.Sprintf("output name %q is not safe", name),
		Why:  why,
		Fix:  "rename the value that the name is made of",
	}
}
