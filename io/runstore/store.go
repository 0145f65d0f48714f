package runstore

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Names inside the root.
const (
	currentFile   = "CURRENT"
	currentTemp   = currentFile + tempSuffix
	lockFile      = "lock"
	runsDir       = "runs"
	removedSuffix = ".removed"
	tempSuffix    = ".tmp" // of a file that replaces another, or appears, as a whole
)

// Store reads an output directory. Its methods are safe for concurrent use, also while a run works there.
type Store struct {
	fs FS
}

// Open returns the store of the output directory dir; one that does not exist gives SEG-STA-002.
func Open(dir string) (*Store, error) {
	fsys, err := OpenDir(dir)
	if err != nil {
		s := &Store{fs: &diskFS{dir: dir}}
		if errors.Is(err, fs.ErrNotExist) {
			return nil, s.noRun("there is no such output directory", "check --out, or make a run first")
		}
		return nil, s.writeProblem(".", 0, err)
	}
	return New(fsys), nil
}

// OpenOrCreate returns the store of the output directory dir, which is made if need be.
func OpenOrCreate(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, (&Store{fs: &diskFS{dir: dir}}).writeProblem(".", 0, err)
	}
	return Open(dir)
}

// New returns the store on fsys.
func New(fsys FS) *Store { return &Store{fs: fsys} }

// Close releases the directory.
func (s *Store) Close() error { return s.fs.Close() }

// Path returns where a name of the output directory lies, for messages and for readers that want a path.
func (s *Store) Path(name string) string { return s.fs.Path(name) }

// RunID returns the id of a run that starts at start and whose configuration and inputs have the hash: for example
// "20261122T010000Z-7f3a". Ids sort by start.
func RunID(start time.Time, hash [sha256.Size]byte) string {
	return stamp(start) + "-" + hex.EncodeToString(hash[:2])
}

func stamp(t time.Time) string { return t.UTC().Format("20060102T150405Z") }

var runIDPattern = regexp.MustCompile(`^[0-9]{8}T[0-9]{6}Z-[0-9a-f]{4}$`)

// State of a run's directory; see the package comment.
type State string

// The states.
const (
	Published State = "published"
	Failed    State = "failed"
	Finished  State = "finished"
	Running   State = "running"
	Abandoned State = "abandoned"
)

// Info describes one run's directory.
type Info struct {
	ID      string
	State   State
	Current bool     // CURRENT names it
	Results *Results // nil if there are none that can be read
}

// Holder is who works in the output directory: the lock's JSON.
type Holder struct {
	Host  string    `json:"host"`
	PID   int       `json:"pid"`
	RunID string    `json:"run_id"` // empty for a rollback or a clean-up
	Start time.Time `json:"start"`
}

// decodeHolder reads the lock's JSON; ok is false when it is not one.
func decodeHolder(content []byte) (h Holder, ok bool) {
	err := json.Unmarshal(content, &h)
	return h, err == nil
}

// Status is what `segovia status` tells.
type Status struct {
	Locked  bool
	Holder  Holder // zero if not locked, or if the holder has not said yet who it is
	Runs    []Info // oldest first
	Current *Info  // nil if nothing is published
	Last    *Info  // the newest run, whatever became of it
}

// Status looks at everything. A CURRENT that names no whole run is SEG-STA-003.
func (s *Store) Status() (Status, error) {
	var st Status
	content, held, err := s.fs.Holder(lockFile)
	if err != nil {
		return st, s.damaged(lockFile, "the lock cannot be read", cause(err), err)
	}
	st.Locked = held
	if held {
		st.Holder, _ = decodeHolder(content)
	}
	st.Runs, err = s.list(st.Holder.RunID)
	if err != nil {
		return st, err
	}
	for i := range st.Runs {
		st.Last = &st.Runs[i]
		if st.Runs[i].Current {
			st.Current = &st.Runs[i]
		}
	}
	id, err := s.CurrentID()
	if err == nil && id != "" && (st.Current == nil || st.Current.State != Published) {
		err = s.damaged(currentFile, fmt.Sprintf("the published run %q is not there or not whole", id), "", nil)
	}
	return st, err
}

// List returns all runs, oldest first.
func (s *Store) List() ([]Info, error) {
	content, _, err := s.fs.Holder(lockFile)
	if err != nil {
		return nil, s.damaged(lockFile, "the lock cannot be read", cause(err), err)
	}
	h, _ := decodeHolder(content)
	return s.list(h.RunID)
}

// list classifies the run directories; running is the run of the lock's holder.
func (s *Store) list(running string) ([]Info, error) {
	current, err := s.CurrentID()
	if err != nil {
		return nil, err
	}
	entries, err := s.fs.ReadDir(runsDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, s.damaged(runsDir, "the runs cannot be listed", cause(err), err)
	}
	var infos []Info
	for _, e := range entries {
		if !e.Dir || !runIDPattern.MatchString(e.Name) {
			continue
		}
		state, results, err := s.classify(e.Name, running)
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed since
		}
		if err != nil {
			return nil, s.damaged(runDir(e.Name), "the run cannot be read", cause(err), err)
		}
		infos = append(infos, Info{ID: e.Name, State: state, Current: e.Name == current, Results: results})
	}
	slices.SortStableFunc(infos, older)
	return infos, nil
}

// older orders runs by their start. Ids tell it to the second; within one the results tell it, where there are any.
func older(a, b Info) int {
	second := len("20060102T150405Z")
	if c := strings.Compare(a.ID[:second], b.ID[:second]); c != 0 || a.Results == nil || b.Results == nil {
		return c
	}
	return a.Results.Start.Compare(b.Results.Start)
}

func (s *Store) classify(id, running string) (State, *Results, error) {
	entries, err := s.fs.ReadDir(runDir(id))
	if err != nil {
		return "", nil, err
	}
	success := false
	var results *Results
	for _, e := range entries {
		switch e.Name {
		case SuccessFile:
			success = true
		case ResultsFile:
			content, err := s.read(path.Join(runDir(id), ResultsFile))
			if err != nil {
				return "", nil, err
			}
			var r Results
			if json.Unmarshal(content, &r) == nil { // damaged results say nothing, but must not hide the run
				results = &r
			}
		}
	}
	switch {
	case success:
		return Published, results, nil
	case id == running:
		return Running, results, nil
	case results == nil || results.ExitCode == nil:
		return Abandoned, results, nil
	case *results.ExitCode == 0 && results.Status != "published":
		return Finished, results, nil
	case *results.ExitCode == 0:
		return Abandoned, results, nil // died between its results and _SUCCESS
	}
	return Failed, results, nil
}

func runDir(id string) string { return runsDir + "/" + id }

// read returns a file's contents.
func (s *Store) read(name string) ([]byte, error) {
	f, err := s.fs.Open(name)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(f)
	return content, errors.Join(err, f.Close())
}

// CurrentID returns the id in CURRENT, "" if nothing is published yet. It does not look whether that run is there.
func (s *Store) CurrentID() (string, error) {
	content, err := s.read(currentFile)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", s.damaged(currentFile, "CURRENT cannot be read", cause(err), err)
	}
	id := strings.TrimSuffix(string(content), "\n")
	if !runIDPattern.MatchString(id) {
		return "", s.damaged(currentFile, "CURRENT names no run", fmt.Sprintf("it contains %.40q", id), nil)
	}
	return id, nil
}

// Run is a published run.
type Run struct {
	ID       string
	Manifest Manifest
	store    *Store
}

// Current returns the published run: SEG-STA-002 if there is none, SEG-STA-003 if CURRENT names one that is not whole.
func (s *Store) Current() (*Run, error) {
	id, err := s.CurrentID()
	if err != nil {
		return nil, err
	}
	if id == "" {
		return nil, s.noRun("nothing is published yet", "make a run first; `segovia status` shows failed ones")
	}
	return s.open(id)
}

// Run returns the published run id, whether current or not: SEG-STA-002 if there is none of that id.
func (s *Store) Run(id string) (*Run, error) {
	missing := func() error {
		return s.noRun(fmt.Sprintf("there is no published run %q", id), "`segovia runs list` names those that are there")
	}
	if !runIDPattern.MatchString(id) {
		return nil, missing()
	}
	entries, err := s.fs.ReadDir(runDir(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, missing()
	}
	if err != nil {
		return nil, s.damaged(runDir(id), "the run cannot be read", cause(err), err)
	}
	for _, e := range entries {
		if e.Name == SuccessFile {
			return s.open(id)
		}
	}
	return nil, missing()
}

// open reads the manifest of a run that should be whole and compares it with _SUCCESS.
func (s *Store) open(id string) (*Run, error) {
	dir := runDir(id)
	success, err := s.read(path.Join(dir, SuccessFile))
	if err != nil {
		return nil, s.damaged(path.Join(dir, SuccessFile), "the run is not whole", cause(err), err)
	}
	name := path.Join(dir, ManifestFile)
	content, err := s.read(name)
	if err != nil {
		return nil, s.damaged(name, "the manifest cannot be read", cause(err), err)
	}
	if want := successText(content); !bytes.Equal(success, want) {
		return nil, s.damaged(name, "the manifest was changed", "its SHA-256 is not the one in _SUCCESS", nil)
	}
	r := &Run{ID: id, store: s}
	if err := json.Unmarshal(content, &r.Manifest); err != nil {
		return nil, s.damaged(name, "the manifest cannot be read", err.Error(), err)
	}
	if r.Manifest.RunID != id {
		return nil, s.damaged(name, "the manifest belongs to another run", "it names "+r.Manifest.RunID, nil)
	}
	return r, nil
}

// successText is the content of _SUCCESS: the line that sha256sum prints for the manifest.
func successText(manifest []byte) []byte {
	return fmt.Appendf(nil, "%x  %s\n", sha256.Sum256(manifest), ManifestFile)
}

// Dir returns where the run lies.
func (r *Run) Dir() string { return r.store.fs.Path(runDir(r.ID)) }

// Path returns where an output lies, whether or not it is there.
func (r *Run) Path(name string) string { return r.store.fs.Path(path.Join(runDir(r.ID), name)) }

// Has reports whether the manifest lists an output.
func (r *Run) Has(name string) bool {
	for _, o := range r.Manifest.Outputs {
		if o.Path == name {
			return true
		}
	}
	return false
}

// Open opens an output: SEG-STA-002 if the run has none of that name, SEG-STA-003 if it should but has not.
func (r *Run) Open(name string) (io.ReadCloser, error) {
	if !r.Has(name) {
		return nil, r.store.noRun(fmt.Sprintf("run %s has no output %q", r.ID, name), "its manifest.json lists them")
	}
	f, err := r.store.fs.Open(path.Join(runDir(r.ID), name))
	if err != nil {
		return nil, r.store.damaged(path.Join(runDir(r.ID), name), "an output cannot be read", cause(err), err)
	}
	return f, nil
}

// ReadFile returns an output's contents after comparing them with the manifest (SEG-STA-003).
func (r *Run) ReadFile(name string) ([]byte, error) {
	f, err := r.Open(name)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, r.store.damaged(path.Join(runDir(r.ID), name), "an output cannot be read", cause(err), err)
	}
	return content, r.compare(name, int64(len(content)), sha256.Sum256(content))
}

// Results returns run_results.json, nil if there is none.
func (r *Run) Results() (*Results, error) {
	_, results, err := r.store.classify(r.ID, "")
	if err != nil {
		return nil, r.store.damaged(runDir(r.ID), "the run cannot be read", cause(err), err)
	}
	return results, nil
}

// Verify reads every output and compares size and SHA-256 with the manifest: SEG-STA-003 for the first that differs.
func (r *Run) Verify() error {
	for _, o := range r.Manifest.Outputs {
		f, err := r.Open(o.Path)
		if err != nil {
			return err
		}
		h := sha256.New()
		n, err := io.Copy(h, f)
		if err = errors.Join(err, f.Close()); err != nil {
			return r.store.damaged(path.Join(runDir(r.ID), o.Path), "an output cannot be read", cause(err), err)
		}
		if err := r.compare(o.Path, n, [sha256.Size]byte(h.Sum(nil))); err != nil {
			return err
		}
	}
	return nil
}

// Verify is Run(id) and its Verify.
func (s *Store) Verify(id string) error {
	r, err := s.Run(id)
	if err != nil {
		return err
	}
	return r.Verify()
}

func (r *Run) compare(name string, size int64, sum [sha256.Size]byte) error {
	for _, o := range r.Manifest.Outputs {
		if o.Path != name {
			continue
		}
		why := ""
		switch {
		case o.Size != size:
			why = fmt.Sprintf("it has %d bytes, the manifest says %d", size, o.Size)
		case o.SHA256 != hex.EncodeToString(sum[:]):
			why = "its SHA-256 is not the one in the manifest"
		default:
			return nil
		}
		return r.store.damaged(path.Join(runDir(r.ID), name), "an output was changed after publication", why, nil)
	}
	return nil
}
