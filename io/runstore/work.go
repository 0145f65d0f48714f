package runstore

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"path"
	"slices"
	"sort"
	"strings"
	"sync"

	"segovia/kernels/problem"
)

// Work is a run in work. Its methods are safe for concurrent use.
type Work struct {
	w   *Writer
	id  string
	dir string

	mu      sync.Mutex
	outputs map[string]*Out
	dirs    map[string]bool // directories below dir, relative to it
	ended   bool
}

// ownFiles are the names that outputs cannot have, nor with tempSuffix.
var ownFiles = []string{ManifestFile, ResultsFile, SuccessFile}

// ID returns the run's id.
func (r *Work) ID() string { return r.id }

// Dir returns where the run lies.
func (r *Work) Dir() string { return r.w.store.fs.Path(r.dir) }

// Out is one output being written. It belongs to one goroutine.
type Out struct {
	work   *Work
	name   string
	file   File
	hash   hash.Hash
	size   int64
	err    error // the first failure
	closed bool
}

// Create opens the output name for writing; names may have directories ("export/crm.csv"). An unsafe name is SEG-OUT-001.
func (r *Work) Create(name string) (*Out, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	s := r.w.store
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.outputs[name] != nil || slices.Contains(ownFiles, strings.TrimSuffix(name, tempSuffix)) {
		return nil, &problem.Problem{
			ID: "SEG-OUT-001", What: fmt.Sprintf("output name %q is taken", name),
			Why: "the run has a file of that name", Fix: "rename the value that the name is made of",
		}
	}
	if r.ended {
		return nil, &problem.Problem{ID: "SEG-BUG-001", What: fmt.Sprintf("output %q after the end of the run", name)}
	}
	parts := strings.Split(name, "/")
	for i := 1; i < len(parts); i++ {
		dir := strings.Join(parts[:i], "/")
		if r.dirs[dir] {
			continue
		}
		if err := s.fs.Mkdir(path.Join(r.dir, dir)); err != nil {
			return nil, s.writeProblem(path.Join(r.dir, dir), 0, err)
		}
		r.dirs[dir] = true
	}
	file, err := s.fs.Create(path.Join(r.dir, name))
	if err != nil {
		return nil, s.writeProblem(path.Join(r.dir, name), 0, err)
	}
	o := &Out{work: r, name: name, file: file, hash: sha256.New()}
	r.outputs[name] = o
	return o, nil
}

// Write writes and hashes p.
func (o *Out) Write(p []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	if o.closed {
		return 0, fs.ErrClosed
	}
	n, err := o.file.Write(p)
	o.hash.Write(p[:n])
	o.size += int64(n)
	if err != nil {
		o.err = o.work.w.store.writeProblem(path.Join(o.work.dir, o.name), int64(len(p)-n), err)
	}
	return n, o.err
}

// Path returns where the output lies.
func (o *Out) Path() string { return o.work.w.store.fs.Path(path.Join(o.work.dir, o.name)) }

// Close makes the contents durable and returns the first failure of the output. Closing again does nothing.
func (o *Out) Close() error {
	if o.closed {
		return o.err
	}
	err := o.err
	if err == nil {
		err = o.file.Sync()
	}
	err = errors.Join(err, o.file.Close())
	o.work.mu.Lock()
	defer o.work.mu.Unlock()
	o.closed = true
	if o.err == nil && err != nil {
		o.err = o.work.w.store.writeProblem(path.Join(o.work.dir, o.name), 0, err)
	}
	return o.err
}

// Abort closes and removes the output: it will not be part of the run.
func (o *Out) Abort() error {
	s, name := o.work.w.store, path.Join(o.work.dir, o.name)
	o.work.mu.Lock()
	defer o.work.mu.Unlock()
	if !o.closed {
		o.closed = true
		o.file.Close()
	}
	delete(o.work.outputs, o.name)
	if err := s.fs.Remove(name); err != nil {
		return s.writeProblem(name, 0, err)
	}
	return nil
}

// WriteFile writes a whole output.
func (r *Work) WriteFile(name string, content []byte) error {
	o, err := r.Create(name)
	if err != nil {
		return err
	}
	o.Write(content) // Close returns its failure
	return o.Close()
}

// WriteResults writes run_results.json anew, so that a reader sees the old or the new one whole. It may be called at any
// time, and is what a killed run leaves behind.
func (r *Work) WriteResults(res Results) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.writeResults(res)
}

func (r *Work) writeResults(res Results) error {
	res.Schema, res.FormatVersion, res.RunID = ResultsSchema, FormatVersion, r.id
	res.normalise()
	content, err := encode(res)
	if err != nil {
		return err
	}
	s, temp, name := r.w.store, path.Join(r.dir, ResultsFile+tempSuffix), path.Join(r.dir, ResultsFile)
	if err := s.writeFile(temp, content); err != nil {
		return err
	}
	if err := s.fs.Rename(temp, name); err != nil {
		return s.writeProblem(name, 0, err)
	}
	return s.writeProblem(r.dir, 0, s.fs.SyncDir(r.dir))
}

// Publish ends the run and makes it the current one: results (whose exit code and status it sets), manifest (whose run id
// and outputs it fills), _SUCCESS, all durable, then CURRENT. When it fails before CURRENT is replaced, the run is not
// published and End may still be called; a failure after that, of the last fsync alone, is returned too.
func (r *Work) Publish(m Manifest, res Results) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return &problem.Problem{ID: "SEG-BUG-001", What: "the run has ended already"}
	}
	outputs, err := r.manifestOutputs()
	if err != nil {
		return err
	}
	m.Schema, m.FormatVersion, m.RunID, m.Outputs = ManifestSchema, FormatVersion, r.id, outputs
	m.normalise()
	manifest, err := encode(m)
	if err != nil {
		return err
	}
	code := 0
	res.ExitCode, res.Status = &code, "published"
	if err := r.writeResults(res); err != nil {
		return err
	}
	s := r.w.store
	if err := s.writeFile(path.Join(r.dir, ManifestFile), manifest); err != nil {
		return err
	}
	for _, dir := range r.allDirs() {
		if err := s.fs.SyncDir(dir); err != nil {
			return s.writeProblem(dir, 0, err)
		}
	}
	if err := r.w.stageCurrent(r.id); err != nil { // before _SUCCESS: with it written nothing can lack space any more
		return err
	}
	// _SUCCESS appears whole too, so that a run that has one is never half.
	success := path.Join(r.dir, SuccessFile)
	if err := s.writeFile(success+tempSuffix, successText(manifest)); err != nil {
		return err
	}
	if err := s.fs.Rename(success+tempSuffix, success); err != nil {
		return s.writeProblem(success, 0, err)
	}
	if err := s.fs.SyncDir(r.dir); err != nil {
		return errors.Join(s.writeProblem(r.dir, 0, err), r.revoke(success))
	}
	if err := s.fs.Rename(currentTemp, currentFile); err != nil {
		return errors.Join(s.writeProblem(currentFile, 0, err), r.revoke(success))
	}
	r.ended = true
	return s.writeProblem(".", 0, s.fs.SyncDir("."))
}

// revoke takes _SUCCESS back after a failure; in a dead process that is not possible, and then the run stays as a whole
// one that was never current.
func (r *Work) revoke(success string) error {
	err := r.w.store.fs.Remove(success)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return r.w.store.writeProblem(success, 0, err)
}

// manifestOutputs lists the closed outputs by name; an open or failed one cannot be published.
func (r *Work) manifestOutputs() ([]Output, error) {
	var list []Output
	for name, o := range r.outputs {
		if !o.closed {
			return nil, &problem.Problem{ID: "SEG-BUG-001", What: fmt.Sprintf("output %q is not closed", name)}
		}
		if o.err != nil {
			return nil, o.err
		}
		list = append(list, Output{Path: name, Size: o.size, SHA256: hex.EncodeToString(o.hash.Sum(nil))})
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Path < list[j].Path })
	return list, nil
}

// allDirs returns the run's directories, inner ones first.
func (r *Work) allDirs() []string {
	dirs := []string{r.dir}
	for d := range r.dirs {
		dirs = append(dirs, path.Join(r.dir, d))
	}
	sort.Sort(sort.Reverse(sort.StringSlice(dirs)))
	return dirs
}

// End ends a run that is not published (failed, stopped, stopped by a gate, or nothing to do) with its results, whose
// exit code must be set. What the run wrote stays for people to look at; if there is no space even for the results, the
// outputs give way. After Publish it only replaces the results.
func (r *Work) End(res Results) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if res.ExitCode == nil {
		return &problem.Problem{ID: "SEG-BUG-001", What: "a run ends with an exit code"}
	}
	err := r.writeResults(res)
	if errors.Is(err, &problem.Problem{ID: "SEG-OUT-002"}) && !r.ended {
		for name, o := range r.outputs {
			if !o.closed {
				o.closed = true
				o.file.Close()
			}
			if rmErr := r.w.store.fs.Remove(path.Join(r.dir, name)); rmErr != nil {
				return errors.Join(err, r.w.store.writeProblem(path.Join(r.dir, name), 0, rmErr))
			}
		}
		err = r.writeResults(res)
	}
	r.ended = r.ended || err == nil
	return err
}
