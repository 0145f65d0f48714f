package runstore

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"segovia/kernels/problem"
)

// Writer is the one process that may change an output directory: the holder of its lock.
type Writer struct {
	store  *Store
	holder Holder
	unlock func() error
}

// Lock takes the output directory's lock for h and finishes what dead processes left: half removed runs go, and so do
// abandoned ones. Published runs are never touched. While another process holds the lock it returns SEG-LCK-001.
func (s *Store) Lock(h Holder) (*Writer, error) {
	h.Start = h.Start.UTC()
	content, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	unlock, err := s.fs.Lock(lockFile, append(content, '\n'))
	var held *HeldError
	if errors.As(err, &held) {
		return nil, s.lockProblem(held)
	}
	if err != nil {
		return nil, s.writeProblem(lockFile, int64(len(content)), err)
	}
	w := &Writer{store: s, holder: h, unlock: unlock}
	if err := w.clean(); err != nil {
		return nil, errors.Join(err, w.Unlock())
	}
	return w, nil
}

// Unlock lets the next process in. A second call does nothing.
func (w *Writer) Unlock() error {
	if w.unlock == nil {
		return nil
	}
	unlock := w.unlock
	w.unlock = nil
	if err := unlock(); err != nil {
		return w.store.writeProblem(lockFile, 0, err)
	}
	return nil
}

// clean removes abandoned runs, half removed ones, and failed and finished ones but the newest of each.
func (w *Writer) clean() error {
	s := w.store
	entries, err := s.fs.ReadDir(runsDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return s.writeProblem(runsDir, 0, err)
	}
	for _, e := range entries {
		if id, ok := strings.CutSuffix(e.Name, removedSuffix); ok && e.Dir && runIDPattern.MatchString(id) {
			if err := w.removeAll(path.Join(runsDir, e.Name)); err != nil {
				return err
			}
		}
	}
	runs, err := s.list("") // nobody else is running: the lock is ours
	if err != nil {
		return err
	}
	newest := map[State]string{}
	for _, r := range runs {
		newest[r.State] = r.ID
	}
	for _, r := range runs {
		kept := r.State == Published || r.State != Abandoned && newest[r.State] == r.ID
		if r.Current || kept {
			continue
		}
		if err := w.removeRun(r.ID); err != nil {
			return err
		}
	}
	return nil
}

// removeRun takes a run away in one step, then removes its files.
func (w *Writer) removeRun(id string) error {
	s := w.store
	gone := runDir(id) + removedSuffix
	if err := s.fs.Rename(runDir(id), gone); err != nil {
		return s.writeProblem(runDir(id), 0, err)
	}
	if err := s.fs.SyncDir(runsDir); err != nil {
		return s.writeProblem(runsDir, 0, err)
	}
	return w.removeAll(gone)
}

func (w *Writer) removeAll(dir string) error {
	s := w.store
	entries, err := s.fs.ReadDir(dir)
	if err != nil {
		return s.writeProblem(dir, 0, err)
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name)
		if e.Dir {
			err = w.removeAll(name)
		} else if err = s.fs.Remove(name); err != nil {
			err = s.writeProblem(name, 0, err)
		}
		if err != nil {
			return err
		}
	}
	if err := s.fs.Remove(dir); err != nil {
		return s.writeProblem(dir, 0, err)
	}
	return nil
}

// Collect removes the oldest published runs until keep are left, and returns their ids. The current run is never removed
// and counts among those kept; keep below 1 keeps it alone.
func (w *Writer) Collect(keep int) ([]string, error) {
	runs, err := w.store.list("")
	if err != nil {
		return nil, err
	}
	published := 0
	for _, r := range runs {
		if r.State == Published {
			published++
		}
	}
	var removed []string
	for _, r := range runs {
		if published <= max(keep, 1) {
			break
		}
		if r.State != Published || r.Current {
			continue
		}
		if err := w.removeRun(r.ID); err != nil {
			return removed, err
		}
		removed = append(removed, r.ID)
		published--
	}
	return removed, nil
}

// Rollback makes the published run id the current one, after verifying it (SEG-STA-002, SEG-STA-003).
func (w *Writer) Rollback(id string) error {
	if err := w.store.Verify(id); err != nil {
		return err
	}
	if err := w.stageCurrent(id); err != nil {
		return err
	}
	return w.swapCurrent()
}

// stageCurrent writes the future CURRENT beside it, durably.
func (w *Writer) stageCurrent(id string) error {
	return w.store.writeFile(currentTemp, []byte(id+"\n"))
}

// swapCurrent is the moment of publication.
func (w *Writer) swapCurrent() error {
	s := w.store
	if err := s.fs.Rename(currentTemp, currentFile); err != nil {
		return s.writeProblem(currentFile, 0, err)
	}
	if err := s.fs.SyncDir("."); err != nil {
		return s.writeProblem(".", 0, err)
	}
	return nil
}

// writeFile writes and syncs a whole file. Its name is not yet durable.
func (s *Store) writeFile(name string, content []byte) error {
	f, err := s.fs.Create(name)
	if err != nil {
		return s.writeProblem(name, int64(len(content)), err)
	}
	n, err := f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return s.writeProblem(name, int64(len(content)-n), err)
}

// Need returns SEG-OUT-002 if fewer than so many bytes are free; where the free space is not known it returns nil.
func (w *Writer) Need(bytes int64) error {
	if free := w.store.fs.Free(); free >= 0 && free < bytes {
		return spaceProblem(w.store.fs.Path("."), bytes, free, nil)
	}
	return nil
}

// Begin makes the directory of the run that the lock's holder named.
func (w *Writer) Begin() (*Work, error) {
	s, id := w.store, w.holder.RunID
	if !runIDPattern.MatchString(id) {
		return nil, &problem.Problem{
			ID: "SEG-BUG-001", What: fmt.Sprintf("%q is not a run id", id), Why: "runstore.RunID makes them",
		}
	}
	if err := s.fs.Mkdir(runsDir); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, s.writeProblem(runsDir, 0, err)
	}
	if err := s.fs.SyncDir("."); err != nil {
		return nil, s.writeProblem(".", 0, err)
	}
	err := s.fs.Mkdir(runDir(id))
	if errors.Is(err, fs.ErrExist) {
		if _, runErr := s.Run(id); !errors.Is(runErr, &problem.Problem{ID: "SEG-STA-002"}) {
			return nil, &problem.Problem{
				ID: "SEG-RUN-001", What: fmt.Sprintf("run %s is published already", id), File: s.fs.Path(runDir(id)),
				Why: "the same work was started twice within a second", Fix: "start it again",
			}
		}
		// What failed within this very second makes place.
		if err = w.removeRun(id); err == nil {
			err = s.fs.Mkdir(runDir(id))
		}
	}
	if err != nil {
		return nil, s.writeProblem(runDir(id), 0, err)
	}
	if err := s.fs.SyncDir(runsDir); err != nil {
		return nil, s.writeProblem(runsDir, 0, err)
	}
	return &Work{w: w, id: id, dir: runDir(id), outputs: map[string]*Out{}, dirs: map[string]bool{}}, nil
}
