package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func hex(sum [sha256.Size]byte) string { return fmt.Sprintf("%x", sum) }

// manifestFile is what the tests read of manifest.json.
type manifestFile struct {
	RunID  string         `json:"run_id"`
	Config map[string]any `json:"config"`
	Seed   uint64         `json:"seed"`
	Inputs []struct {
		Source string `json:"source"`
		Path   string `json:"path"`
		Size   int64  `json:"size"`
		SHA256 string `json:"sha256"`
		Rows   int64  `json:"rows"`
	} `json:"inputs"`
	Outputs []struct {
		Path   string `json:"path"`
		Size   int64  `json:"size"`
		SHA256 string `json:"sha256"`
	} `json:"outputs"`
	LabelHash   string `json:"label_hash"`
	Environment struct {
		Host    string             `json:"host"`
		Threads int                `json:"threads"`
		Timings map[string]float64 `json:"timings"`
	} `json:"environment"`
}

func manifest(t *testing.T, run string) manifestFile {
	t.Helper()
	var m manifestFile
	decode(t, filepath.Join(run, "manifest.json"), &m)
	return m
}

// Every JSON artifact says which schema it has, the program knows that schema, and the artifact keeps to it.
func TestArtifactsKeepToTheirSchemas(t *testing.T) {
	bin, dir := segovia(t), company(t)
	_, run := publish(t, bin, dir, "company.yaml", "--out", "out")
	files, err := filepath.Glob(filepath.Join(run, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		names = append(names, filepath.Base(f))
	}
	if want := []string{"manifest.json", "model.json", "quality.json", "regions.json", "run_results.json", "segments.json", "sweep.json", "value.json"}; !slices.Equal(names, want) {
		t.Fatalf("the run holds %v, want %v", names, want)
	}
	for _, file := range files {
		name, _ := bytes.CutSuffix([]byte(filepath.Base(file)), []byte(".json"))
		t.Run(string(name), func(t *testing.T) {
			text := call(t, bin, dir, "schema", string(name))
			doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			id, _ := doc.(map[string]any)["$id"].(string)
			c := jsonschema.NewCompiler()
			if err := c.AddResource(id, doc); err != nil {
				t.Fatal(err)
			}
			schema, err := c.Compile(id)
			if err != nil {
				t.Fatal(err)
			}
			artifact, err := jsonschema.UnmarshalJSON(bytes.NewReader(read(t, file)))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(artifact); err != nil {
				t.Error(err)
			}
			head := artifact.(map[string]any)
			if head["$schema"] != id || head["format_version"] != json.Number("1") {
				t.Errorf("$schema is %v, format_version %v; want %s and 1", head["$schema"], head["format_version"], id)
			}
		})
	}
}

// manifest.json names every input and output as it lies on the disk; the label hash is the one that formats define.
func TestManifest(t *testing.T) {
	bin, dir := segovia(t), company(t)
	s, run := publish(t, bin, dir, "company.yaml", "--out", "out")
	m := manifest(t, run)
	if m.RunID != s.RunID || m.Seed != 7 || m.Environment.Threads < 1 || m.Environment.Host == "" || len(m.Environment.Timings) == 0 {
		t.Errorf("manifest: %+v", m)
	}
	if m.Config["project"] != "e2e" {
		t.Errorf("the configuration of the manifest is %v", m.Config)
	}
	rows, files := int64(0), 0
	for table := range map[string]bool{"customers": true, "orders": true, "contacts": true, "devices": true} {
		names, err := filepath.Glob(filepath.Join(dir, table, "*"))
		if err != nil {
			t.Fatal(err)
		}
		files += len(names)
		for _, n := range names {
			rows += int64(bytes.Count(read(t, n), []byte("\n"))) - 1
		}
	}
	got := int64(0)
	for _, in := range m.Inputs {
		data := read(t, filepath.Join(dir, in.Path))
		if in.SHA256 != hex(sha256.Sum256(data)) || in.Size != int64(len(data)) {
			t.Errorf("input %s is not the file", in.Path)
		}
		got += in.Rows
	}
	if len(m.Inputs) != files || got != rows {
		t.Errorf("%d inputs with %d rows, want %d with %d", len(m.Inputs), got, files, rows)
	}
	var listed []string
	for _, o := range m.Outputs {
		data := read(t, filepath.Join(run, o.Path))
		if o.SHA256 != hex(sha256.Sum256(data)) || o.Size != int64(len(data)) {
			t.Errorf("output %s is not the file", o.Path)
		}
		listed = append(listed, o.Path)
	}
	listed = append(listed, "manifest.json", "run_results.json", "_SUCCESS")
	slices.Sort(listed)
	entries, err := os.ReadDir(run)
	if err != nil {
		t.Fatal(err)
	}
	var there []string
	for _, e := range entries {
		there = append(there, e.Name())
	}
	slices.Sort(there)
	if !slices.Equal(there, listed) {
		t.Errorf("the run holds %v, the manifest lists %v", there, listed)
	}

	labels := readParquet(t, filepath.Join(run, "labels.parquet"))
	var text bytes.Buffer
	for i, id := range labels.column(t, "customer_id") {
		fmt.Fprintf(&text, "%s\t%s\n", id, labels.column(t, "number")[i])
	}
	if h := hex(sha256.Sum256(text.Bytes())); h != m.LabelHash || h != s.LabelHash {
		t.Errorf("label hash %s, the labels give %s", m.LabelHash, h)
	}
}

// The tables, the segments and the model tell the same story.
func TestLabelsSegmentsAndModelAgree(t *testing.T) {
	_, run := publish(t, segovia(t), company(t), "company.yaml", "--out", "out")
	labels := readParquet(t, filepath.Join(run, "labels.parquet"))
	if want := []string{"customer_id", "segment_id", "segment", "number", "tier", "profile", "distance", "margin"}; !slices.Equal(labels.names, want) {
		t.Errorf("labels.parquet has the columns %v, want %v", labels.names, want)
	}
	features := readParquet(t, filepath.Join(run, "features.parquet"))
	if !slices.Equal(features.column(t, "customer_id"), labels.column(t, "customer_id")) || features.n != customers {
		t.Error("features.parquet and labels.parquet have other customers")
	}
	var segments struct {
		K        int `json:"k"`
		Segments []struct {
			ID        string            `json:"id"`
			Number    int               `json:"number"`
			Name      map[string]string `json:"name"`
			Customers int               `json:"customers"`
		} `json:"segments"`
	}
	decode(t, filepath.Join(run, "segments.json"), &segments)
	if segments.K != len(segments.Segments) || segments.K < 2 {
		t.Fatalf("k is %d, there are %d segments", segments.K, len(segments.Segments))
	}
	for i, s := range segments.Segments {
		if s.Number != i+1 || i > 0 && s.Customers > segments.Segments[i-1].Customers {
			t.Errorf("segment %d at place %d with %d customers: numbers run from 1 by size", s.Number, i+1, s.Customers)
		}
		n := 0
		for j, number := range labels.column(t, "number") {
			if number == fmt.Sprint(s.Number) {
				n++
				if id, name := labels.cells["segment_id"][j], labels.cells["segment"][j]; id != s.ID || name != s.Name["de"] {
					t.Fatalf("row %d: %s %q, the segment is %s %q", j, id, name, s.ID, s.Name["de"])
				}
			}
		}
		if n != s.Customers {
			t.Errorf("segment %d has %d customers, labels.parquet %d", s.Number, s.Customers, n)
		}
	}
	var model struct {
		Features *struct {
			Sources []struct {
				Name string `json:"name"`
				Key  string `json:"key"`
			} `json:"sources"`
			Columns []struct {
				Name string `json:"name"`
			} `json:"columns"`
		} `json:"features"`
	}
	decode(t, filepath.Join(run, "model.json"), &model)
	if model.Features == nil || len(model.Features.Sources) != 4 || len(model.Features.Columns) == 0 || model.Features.Sources[0].Key != "customer_id" {
		t.Errorf("model.json lacks source columns and feature definitions: %+v", model.Features)
	}
}

// Every file that the program writes has the rights that the umask leaves.
func TestFilesHaveTheRightsOfTheUmask(t *testing.T) {
	bin, dir := segovia(t), bare(t, company(t))
	defer syscall.Umask(syscall.Umask(0o027)) // inherited by the program
	_, run := publish(t, bin, dir, "company.yaml", "--out", "out")
	call(t, bin, dir, "features", "company.yaml", "--out", "step")
	call(t, bin, dir, "predict", "--model", run, "--out", "labels.csv", filepath.Join(run, "features.parquet"))
	n := 0
	for _, where := range []string{"out", "step", "labels.csv"} {
		err := filepath.WalkDir(filepath.Join(dir, where), func(name string, d os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			want := os.FileMode(0o640)
			if d.IsDir() {
				want = 0o750
			}
			if err == nil && info.Mode().Perm() != want {
				t.Errorf("%s has the rights %o, want %o", name, info.Mode().Perm(), want)
			}
			n++
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if n < 16 {
		t.Errorf("only %d files were written", n)
	}
}
