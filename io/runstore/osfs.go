package runstore

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"syscall"
	"time"
)

// diskFS is FS on the disk. os.Root holds that nothing outside the root is read or written, whatever links lie inside.
type diskFS struct {
	dir  string
	root *os.Root
}

// OpenDir returns the FS of dir, which must exist.
func OpenDir(dir string) (FS, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &diskFS{dir: dir, root: root}, nil
}

// Path returns the path of the operating system, relative if the root was given so.
func (d *diskFS) Path(name string) string { return filepath.Join(d.dir, filepath.FromSlash(name)) }

// Create makes or empties a file. Rights are left to the umask.
func (d *diskFS) Create(name string) (File, error) {
	f, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return nil, err // not f: a nil *os.File in a File is not nil
	}
	return f, nil
}

// Open opens a file for reading.
func (d *diskFS) Open(name string) (io.ReadCloser, error) {
	f, err := d.root.Open(name)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// ReadDir lists a directory. Links count as files.
func (d *diskFS) ReadDir(name string) ([]Entry, error) {
	f, err := d.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	list, err := f.ReadDir(-1)
	if err != nil {
		return nil, err
	}
	var entries []Entry
	for _, e := range list {
		info, err := e.Info()
		if errors.Is(err, os.ErrNotExist) {
			continue // removed since
		}
		if err != nil {
			return nil, err
		}
		entries = append(entries, Entry{Name: e.Name(), Dir: e.IsDir(), Size: info.Size()})
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].Name < entries[j].Name })
	return entries, nil
}

// Mkdir makes one directory.
func (d *diskFS) Mkdir(name string) error { return d.root.Mkdir(name, 0o777) }

// Rename replaces newName.
func (d *diskFS) Rename(oldName, newName string) error { return d.root.Rename(oldName, newName) }

// Remove removes a file or an empty directory.
func (d *diskFS) Remove(name string) error { return d.root.Remove(name) }

// SyncDir calls fsync on the directory.
func (d *diskFS) SyncDir(name string) error {
	f, err := d.root.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// Free asks the file system for the space that an ordinary user may use.
func (d *diskFS) Free() int64 {
	f, err := d.root.Open(".")
	if err != nil {
		return -1
	}
	defer f.Close()
	var st syscall.Statfs_t
	if err := syscall.Fstatfs(int(f.Fd()), &st); err != nil {
		return -1
	}
	return int64(st.Bavail) * int64(st.Bsize)
}

// lockTries and lockPause: somebody who only looks (Holder), or a holder who has not yet written who it is, needs far
// less than this.
const (
	lockTries = 10
	lockPause = 20 * time.Millisecond
)

// Lock takes an exclusive flock. The kernel releases it when the process dies, so what a dead process wrote does no harm;
// the file itself is never removed, since a second process may already wait on it.
func (d *diskFS) Lock(name string, content []byte) (func() error, error) {
	f, err := d.root.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	for try := 0; ; try++ {
		err = flock(f, syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			break
		}
		if try == lockTries {
			held, _ := readAll(f) // who it is is a courtesy: the lock is held either way
			f.Close()
			return nil, &HeldError{Content: held}
		}
		time.Sleep(lockPause)
	}
	if err == nil {
		err = rewrite(f, content)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", d.Path(name), err)
	}
	return func() error {
		return errors.Join(f.Truncate(0), f.Close()) // closing unlocks
	}, nil
}

// Holder looks whether a shared lock can be had, which it gives back at once.
func (d *diskFS) Holder(name string) ([]byte, bool, error) {
	f, err := d.root.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	err = flock(f, syscall.LOCK_SH|syscall.LOCK_NB)
	if err == nil {
		return nil, false, flock(f, syscall.LOCK_UN)
	}
	if !errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, false, err
	}
	content, err := readAll(f)
	return content, true, err
}

// Close releases the root's file descriptor.
func (d *diskFS) Close() error { return d.root.Close() }

// flock repeats the system call when a signal interrupts it.
func flock(f *os.File, how int) error {
	for {
		if err := syscall.Flock(int(f.Fd()), how); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// maxLockFile bounds what is read from a lock file, which anybody may have written.
const maxLockFile = 1 << 16

func readAll(f *os.File) ([]byte, error) {
	return io.ReadAll(io.NewSectionReader(f, 0, maxLockFile))
}

func rewrite(f *os.File, content []byte) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	if _, err := f.WriteAt(content, 0); err != nil {
		return err
	}
	return f.Sync()
}
