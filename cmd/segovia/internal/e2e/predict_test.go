package e2e

import (
	"bytes"
	"encoding/csv"
	"path/filepath"
	"slices"
	"testing"
)

// The kept model labels the customers that it was fitted on exactly as the run did: from the run's features and from the
// raw sources, with any number of threads, in any format. Distances and margins agree to the last bit.
func TestPredictAsTheRun(t *testing.T) {
	bin, dir := segovia(t), bare(t, company(t))
	s, run := publish(t, bin, dir, "company.yaml", "--out", "out")
	want := read(t, filepath.Join(run, "labels.parquet"))
	labels := readParquet(t, filepath.Join(run, "labels.parquet"))
	if labels.n != customers || !slices.IsSorted(labels.column(t, "customer_id")) {
		t.Fatalf("labels.parquet has %d rows, or they are not in key order", labels.n)
	}
	features := filepath.Join(run, "features.parquet")
	for _, c := range []struct {
		name string
		args []string
	}{
		{"features", []string{features}},
		{"features with id and threads", []string{features, "--id", "customer_id", "--threads", "7"}},
		{"sources", []string{"company.yaml"}},
		{"sources with threads", []string{"company.yaml", "--threads", "1"}},
		{"sources in other files", []string{filepath.Join(divided(t, 9), "company.yaml")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "labels.parquet")
			call(t, bin, dir, append([]string{"predict", "--model", run, "--out", out}, c.args...)...)
			got := readParquet(t, out)
			for _, name := range labels.names {
				if !slices.Equal(got.column(t, name), labels.cells[name]) {
					t.Errorf("column %s differs", name)
				}
			}
			if !bytes.Equal(read(t, out), want) {
				t.Error("the file is not labels.parquet byte for byte")
			}
		})
	}
	for name, set := range preparations {
		t.Run(name, func(t *testing.T) {
			s, run := publish(t, bin, dir, append(set, "company.yaml", "--out", name)...)
			for _, from := range []string{filepath.Join(run, "features.parquet"), "company.yaml"} {
				if out := call(t, bin, dir, "predict", "--json", "--model", run, from); !bytes.Contains(out, []byte(s.LabelHash)) {
					t.Errorf("from %s: the label hash is not that of the run, %s: %s", filepath.Base(from), s.LabelHash, out)
				}
			}
		})
	}
	t.Run("csv", func(t *testing.T) {
		records, err := csv.NewReader(bytes.NewReader(call(t, bin, dir, "predict", "--model", filepath.Join(run, "model.json"), features))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(records[0], labels.names) || len(records) != customers+1 {
			t.Fatalf("%d rows, header %v", len(records)-1, records[0])
		}
		for i, r := range records[1:] {
			for j, name := range labels.names {
				if r[j] != labels.cells[name][i] {
					t.Fatalf("row %d: %s is %s, want %s", i, name, r[j], labels.cells[name][i])
				}
			}
		}
	})
	t.Run("json", func(t *testing.T) {
		if out := call(t, bin, dir, "predict", "--json", "--model", run, "company.yaml"); !bytes.Contains(out, []byte(s.LabelHash)) {
			t.Errorf("the label hash is not that of the run, %s: %s", s.LabelHash, out)
		}
	})
	t.Run("features as CSV", func(t *testing.T) {
		// A table from elsewhere has no types but those that its text shows; the labels are the same.
		tb := readParquet(t, features)
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		record := slices.Clone(tb.names)
		_ = w.Write(record)
		for i := range tb.n {
			for j, name := range tb.names {
				if record[j] = tb.cells[name][i]; record[j] == "(null)" {
					record[j] = ""
				}
			}
			_ = w.Write(record)
		}
		if w.Flush(); w.Error() != nil {
			t.Fatal(w.Error())
		}
		file := filepath.Join(t.TempDir(), "features.csv")
		put(t, file, b.Bytes())
		if out := call(t, bin, dir, "predict", "--json", "--model", run, file); !bytes.Contains(out, []byte(s.LabelHash)) {
			t.Errorf("the label hash is not that of the run, %s: %s", s.LabelHash, out)
		}
	})
}

// A configuration whose features mean something else than those of the model is refused: the labels would look right and
// be wrong.
func TestPredictRefusesOtherFeatures(t *testing.T) {
	bin, dir := segovia(t), bare(t, company(t))
	_, run := publish(t, bin, dir, "company.yaml", "--out", "out")
	cmd := command(bin, dir, "predict", "--model", run, "company.yaml", "--set", "features.window=180d")
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != 18 || !bytes.Contains(out, []byte("SEG-STA-001")) || !bytes.Contains(out, []byte("365d")) {
		t.Errorf("exit code %d, %v: %s", cmd.ProcessState.ExitCode(), err, out)
	}
}
