package e2e

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/cpuid/v2"

	"segovia/kernels/kerneltest"
	"segovia/kernels/paths"
)

// deterministic are the artifacts that are functions of input, configuration and seed alone.
var deterministic = []string{"labels.parquet", "segments.json", "features.parquet", "model.json", "sweep.json", "value.json",
	"regions.json", "customers.parquet"}

// preparations are other ways to the matrix, each with arithmetic of its own.
var preparations = map[string][]string{
	"components": {"--set", "prep.pca.variance=0.9"},
	"robust":     {"--set", "prep.scale=robust", "--set", "prep.impute=mean", "--set", "segment.best_failing=true"},
	"minmax":     {"--set", "prep.scale=minmax", "--set", "segment.best_failing=true"},
}

// artifacts reads the deterministic artifacts of a run, sweep.json without its environment.
func artifacts(t *testing.T, run string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, name := range deterministic {
		if _, err := os.Stat(filepath.Join(run, name)); os.IsNotExist(err) && slices.Contains(deterministic[5:], name) {
			continue // without the sections on the value of customers
		}
		data := read(t, filepath.Join(run, name))
		if name == "sweep.json" {
			data = withoutEnvironment(t, data)
		}
		out[name] = data
	}
	return out
}

// withoutEnvironment takes the last member, environment, away and leaves every other byte as it is.
func withoutEnvironment(t *testing.T, data []byte) []byte {
	t.Helper()
	at := bytes.LastIndex(data, []byte("\n  \"environment\": {"))
	if at < 0 {
		t.Fatal("sweep.json has no environment at its end")
	}
	var rest map[string]any
	if err := json.Unmarshal(append([]byte("{"), data[at:]...), &rest); err != nil || len(rest) != 1 {
		t.Fatalf("environment is not the last member of sweep.json: %v", err)
	}
	return data[:at]
}

// same holds the artifacts of a run against those of the first one.
func same(t *testing.T, run string, want map[string][]byte) {
	t.Helper()
	got := artifacts(t, run)
	for _, name := range deterministic {
		if !bytes.Equal(got[name], want[name]) {
			at := 0
			for at < min(len(got[name]), len(want[name])) && got[name][at] == want[name][at] {
				at++
			}
			t.Errorf("%s: %d bytes, want %d, the first difference at %d:\n%.300q\nwant\n%.300q", name, len(got[name]),
				len(want[name]), at, got[name][max(0, at-100):], want[name][max(0, at-100):])
		}
	}
}

// The same job gives the same bytes, whatever the number of threads, the names, order, number and format of the files, the
// folder, and the instruction set that the program was compiled for.
func TestSameBytes(t *testing.T) {
	bin := segovia(t)
	dir := company(t)
	first, run := publish(t, bin, dir, "company.yaml", "--out", "one", "--threads", "1")
	if first.Customers != customers || first.K < 2 {
		t.Fatalf("the run is %+v", first)
	}
	want := artifacts(t, run)

	t.Run("threads", func(t *testing.T) {
		for _, n := range []string{"2", "7"} {
			_, run := publish(t, bin, dir, "company.yaml", "--out", "threads"+n, "--threads", n)
			same(t, run, want)
		}
	})
	t.Run("again", func(t *testing.T) {
		_, run := publish(t, bin, dir, "company.yaml", "--out", "one", "--fresh")
		same(t, run, want)
	})
	t.Run("renamed", func(t *testing.T) {
		dir := renamed(t)
		_, run := publish(t, bin, "/", filepath.Join(dir, "company.yaml"), "--out", filepath.Join(dir, "out"))
		same(t, run, want)
	})
	t.Run("divided", func(t *testing.T) {
		for seed := range uint64(2) {
			_, run := publish(t, bin, divided(t, seed), "company.yaml", "--out", "out", "--threads", "3")
			same(t, run, want)
		}
	})
	t.Run("mixed formats", func(t *testing.T) {
		_, run := publish(t, bin, mixed(t), "company.yaml", "--out", "out")
		same(t, run, want)
	})
	t.Run("memory", func(t *testing.T) {
		call(t, bin, dir, "features", "company.yaml", "--out", "little", "--memory", "64MiB")
		if !bytes.Equal(read(t, filepath.Join(dir, "little", "features.parquet")), want["features.parquet"]) {
			t.Error("with little memory the features differ")
		}
	})
	t.Run("paths", func(t *testing.T) {
		for _, path := range paths.All() {
			if path.Available() == nil {
				_, run := publish(t, bin, dir, "company.yaml", "--out", path.Name(), "--path", path.Name())
				same(t, run, want)
			}
		}
	})
	t.Run("another seed", func(t *testing.T) { // else the comparisons above could not fail
		_, run := publish(t, bin, dir, "company.yaml", "--out", "other", "--seed", "8")
		if bytes.Equal(artifacts(t, run)["sweep.json"], want["sweep.json"]) {
			t.Error("another seed gives the same sweep.json")
		}
	})
	t.Run("instruction set", func(t *testing.T) {
		kerneltest.Require(t, "amd64v3", cpuid.CPU.X64Level() >= 3)
		v3, err := newer()
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(read(t, v3), read(t, bin)) {
			t.Fatal("both builds are the same program")
		}
		_, run := publish(t, v3, dir, "company.yaml", "--out", "v3")
		same(t, run, want)
		for name, set := range preparations {
			_, run1 := publish(t, bin, dir, append(set, "company.yaml", "--out", "v1-"+name)...)
			_, run3 := publish(t, v3, dir, append(set, "company.yaml", "--out", "v3-"+name)...)
			t.Run(name, func(t *testing.T) { same(t, run3, artifacts(t, run1)) })
		}
	})
}

// Nothing of the machine or of where the files lie stands in the artifacts that do not depend on them.
func TestNothingOfTheMachine(t *testing.T) {
	dir := company(t)
	s, run := publish(t, segovia(t), dir, "company.yaml", "--out", "out")
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	forbidden := []string{dir, "orders_20", "orders/", ".csv", "csv.", s.RunID}
	if len(host) > 4 { // a shorter name may stand in a word
		forbidden = append(forbidden, host)
	}
	for name, data := range artifacts(t, run) {
		for _, f := range forbidden {
			if at := bytes.Index(data, []byte(f)); at >= 0 {
				t.Errorf("%s: %q stands in ...%.200q", name, f, data[max(0, at-80):])
			}
		}
	}
}

// A ready table gives the same sweep and the same labels with its rows in any order and any number of threads.
func TestSameSweepOfATable(t *testing.T) {
	bin, dir := segovia(t), company(t)
	call(t, bin, dir, "features", "company.yaml", "--out", "out")
	tb := readParquet(t, filepath.Join(dir, "out", "features.parquet"))
	names := []string{"customer_id", "recency_days", "orders_12m", "revenue_12m", "contacts_12m", "usage"}
	var body [][]byte
	for i := range tb.n {
		var row []string
		for _, name := range names {
			row = append(row, tb.column(t, name)[i])
		}
		body = append(body, []byte(strings.Join(row, ",")+"\n"))
	}
	header := []byte(strings.Join(names, ",") + "\n")
	var want, labels []byte
	for i, threads := range []string{"1", "2", "7"} {
		random := rand.New(rand.NewPCG(uint64(i), 1))
		put(t, filepath.Join(dir, "table.csv"), deal(header, body, 1, random)[0])
		out := call(t, bin, dir, "sweep", "table.csv", "--id", "customer_id", "--k", "2..5", "--restarts", "3", "--bootstrap", "4", "--boot-restarts", "2", "--gap", "4", "--prediction-strength", "2",
			"--threads", threads, "--json", "--labels", "labels.parquet")
		at := bytes.LastIndex(out, []byte(`"environment"`))
		if at < 0 {
			t.Fatalf("no environment in %s", out)
		}
		file := read(t, filepath.Join(dir, "labels.parquet"))
		if i == 0 {
			want, labels = out[:at], file
			continue
		}
		if !bytes.Equal(out[:at], want) || !bytes.Equal(file, labels) {
			t.Errorf("%s threads and other rows first: the sweep differs", threads)
		}
	}
}
