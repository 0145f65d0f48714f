package runstore

import (
	"errors"
	"io"
	"sync"
)

// ErrCrashed is what every operation returns once the process of a Fault has died.
var ErrCrashed = errors.New("runstore: the process is dead")

// Fault is an FS that counts the operations that change something and lets the n-th go wrong.
type Fault struct {
	FS
	// FailAt is the operation, from 1, that returns Err; 0 = none. With CrashAt instead, that operation is done halfway (a
	// write writes half of its bytes, others nothing) and it and all later ones return ErrCrashed.
	FailAt  int
	Err     error
	CrashAt int

	mu    sync.Mutex
	count int
	dead  bool
}

// Count returns how many operations there were.
func (f *Fault) Count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count
}

// step counts one operation and returns the error it is to return, if any.
func (f *Fault) step() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count++
	switch {
	case f.dead, f.count == f.CrashAt:
		f.dead = true
		return ErrCrashed
	case f.count == f.FailAt:
		return f.Err
	}
	return nil
}

func (f *Fault) alive() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dead {
		return ErrCrashed
	}
	return nil
}

// Create counts.
func (f *Fault) Create(name string) (File, error) {
	if err := f.step(); err != nil {
		return nil, err
	}
	file, err := f.FS.Create(name)
	if err != nil {
		return nil, err
	}
	return &faultFile{File: file, fault: f}, nil
}

// Open does not count; a dead process reads nothing.
func (f *Fault) Open(name string) (io.ReadCloser, error) {
	if err := f.alive(); err != nil {
		return nil, err
	}
	return f.FS.Open(name)
}

// ReadDir does not count.
func (f *Fault) ReadDir(name string) ([]Entry, error) {
	if err := f.alive(); err != nil {
		return nil, err
	}
	return f.FS.ReadDir(name)
}

// Mkdir counts.
func (f *Fault) Mkdir(name string) error {
	if err := f.step(); err != nil {
		return err
	}
	return f.FS.Mkdir(name)
}

// Rename counts.
func (f *Fault) Rename(oldName, newName string) error {
	if err := f.step(); err != nil {
		return err
	}
	return f.FS.Rename(oldName, newName)
}

// Remove counts.
func (f *Fault) Remove(name string) error {
	if err := f.step(); err != nil {
		return err
	}
	return f.FS.Remove(name)
}

// SyncDir counts.
func (f *Fault) SyncDir(name string) error {
	if err := f.step(); err != nil {
		return err
	}
	return f.FS.SyncDir(name)
}

// Lock counts. The lock of a dead process is released by Memory.Kill, as by the kernel.
func (f *Fault) Lock(name string, content []byte) (func() error, error) {
	if err := f.step(); err != nil {
		return nil, err
	}
	unlock, err := f.FS.Lock(name, content)
	if err != nil {
		return nil, err
	}
	return func() error {
		if err := f.alive(); err != nil {
			return err
		}
		return unlock()
	}, nil
}

// faultFile counts the operations of one file.
type faultFile struct {
	File
	fault *Fault
}

// Write counts; the write at which the process dies or fails leaves its first half behind.
func (f *faultFile) Write(p []byte) (int, error) {
	wasAlive := f.fault.alive() == nil
	if err := f.fault.step(); err != nil {
		n := 0
		if wasAlive {
			n, _ = f.File.Write(p[:len(p)/2])
		}
		return n, err
	}
	return f.File.Write(p)
}

// Sync counts.
func (f *faultFile) Sync() error {
	if err := f.fault.step(); err != nil {
		return err
	}
	return f.File.Sync()
}

// Close counts.
func (f *faultFile) Close() error {
	if err := f.fault.step(); err != nil {
		f.File.Close()
		return err
	}
	return f.File.Close()
}
