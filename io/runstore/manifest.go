package runstore

import (
	"bytes"
	"encoding/json"
	"time"
)

// Names of the files that runstore writes itself; outputs cannot have them.
const (
	ManifestFile = "manifest.json"
	ResultsFile  = "run_results.json"
	SuccessFile  = "_SUCCESS"
)

// Schemas of the two JSON files of this package, and their version.
const (
	ManifestSchema = "segovia:manifest"
	ResultsSchema  = "segovia:run_results"
	FormatVersion  = 1
)

// Manifest is manifest.json: everything a published run was made from and consists of. Publish fills Schema,
// FormatVersion, RunID and Outputs.
type Manifest struct {
	Schema           string          `json:"$schema"`
	FormatVersion    int             `json:"format_version"`
	RunID            string          `json:"run_id"`
	Project          string          `json:"project"`
	Segovia          Build           `json:"segovia"`
	Config           json.RawMessage `json:"config"` // as resolved, without credentials; null if there was none
	ConfigSHA256     string          `json:"config_sha256"`
	Seed             uint64          `json:"seed"`
	AlgorithmVersion string          `json:"algorithm_version"`
	Inputs           []Input         `json:"inputs"`
	Data             Data            `json:"data"`
	Outputs          []Output        `json:"outputs"` // by name
	LabelHash        string          `json:"label_hash"`
	Environment      Environment     `json:"environment"`
}

// Data sums up what the inputs held, as quality.json counts it.
type Data struct {
	Sources   []SourceRows `json:"sources"`
	Customers int64        `json:"customers"`
	Orders    *int64       `json:"orders"`
	Amount    *string      `json:"amount"` // exact decimal
}

// SourceRows counts the rows of one source.
type SourceRows struct {
	Name           string `json:"name"`
	Files          int    `json:"files"`
	RowsRead       int64  `json:"rows_read"`
	RowsWithoutKey int64  `json:"rows_without_key"`
	RowsDuplicate  int64  `json:"rows_duplicate"`
	RowsUsed       int64  `json:"rows_used"`
}

// Build says which binary ran.
type Build struct {
	Version string `json:"version"`
	Build   string `json:"build"` // revision, Go version, platform
}

// Input is one file, or one query of a database, that was read.
type Input struct {
	Source string    `json:"source"`
	Path   string    `json:"path"`
	Size   int64     `json:"size"` // bytes
	MTime  time.Time `json:"mtime"`
	SHA256 string    `json:"sha256"`
	Rows   int64     `json:"rows"`
}

// Output is one file of the run, its name relative to the run's directory.
type Output struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"` // bytes
	SHA256 string `json:"sha256"`
}

// Environment is what depends on the machine or the clock.
type Environment struct {
	Host       string             `json:"host"`
	Path       string             `json:"path"`               // hardware path on which the sweep ran
	PathWhy    string             `json:"path_why,omitempty"` // where it was a choice, or a device failed
	Threads    int                `json:"threads"`
	Start      time.Time          `json:"start"`
	End        time.Time          `json:"end"`
	Timings    map[string]float64 `json:"timings"`     // seconds, by step
	PeakMemory int64              `json:"peak_memory"` // bytes; 0 = not known
}

// Results is run_results.json: what happened, step by step. WriteResults may be called after every step; while ExitCode is
// null the run has not ended.
type Results struct {
	Schema        string     `json:"$schema"`
	FormatVersion int        `json:"format_version"`
	RunID         string     `json:"run_id"`
	Project       string     `json:"project"`
	Start         time.Time  `json:"start"`
	Seconds       float64    `json:"seconds"`
	Status        string     `json:"status"` // "running", "published", "unchanged", "failed", "stopped"
	Steps         []Step     `json:"steps"`
	Errors        []RunError `json:"errors"`
	ExitCode      *int       `json:"exit_code"`
}

// Step is one step of a run. Figures that were not measured are null.
type Step struct {
	Name       string     `json:"name"`
	Status     string     `json:"status"` // "done", "skipped", "failed", "stopped", "running"
	Start      *time.Time `json:"start"`
	Seconds    *float64   `json:"seconds"`
	RowsIn     *int64     `json:"rows_in"`
	RowsOut    *int64     `json:"rows_out"`
	PeakMemory *int64     `json:"peak_memory"` // bytes
	Message    string     `json:"message"`
}

// RunError is one problem that ended the run, without customers' values.
type RunError struct {
	ID      string `json:"id"`
	Message string `json:"message"`
}

// encode renders v as the JSON of an artifact: keys in the order of the fields, two blanks of indent, no escaping of
// characters that only matter inside HTML, a newline at the end.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// normalise gives empty lists instead of null, and times in UTC.
func (m *Manifest) normalise() {
	m.Inputs = append([]Input{}, m.Inputs...)
	for i := range m.Inputs {
		m.Inputs[i].MTime = m.Inputs[i].MTime.UTC()
	}
	m.Data.Sources = append([]SourceRows{}, m.Data.Sources...)
	if m.Outputs == nil {
		m.Outputs = []Output{}
	}
	m.Environment.Start = m.Environment.Start.UTC()
	m.Environment.End = m.Environment.End.UTC()
	if m.Environment.Timings == nil {
		m.Environment.Timings = map[string]float64{}
	}
}

func (r *Results) normalise() {
	r.Start = r.Start.UTC()
	r.Steps = append([]Step{}, r.Steps...)
	for i := range r.Steps {
		if s := r.Steps[i].Start; s != nil {
			utc := s.UTC()
			r.Steps[i].Start = &utc
		}
	}
	if r.Errors == nil {
		r.Errors = []RunError{}
	}
}
