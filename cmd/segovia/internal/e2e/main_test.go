package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"segovia/kernels/kerneltest"
)

// binDir holds the programs under test for as long as the tests run.
var binDir string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "segovia-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binDir = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// build compiles the program; with a level for that instruction set (GOAMD64), without one for the plainest.
func build(level string) (string, error) {
	file := filepath.Join(binDir, "segovia"+level)
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", file, "segovia/cmd/segovia")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if runtime.GOARCH == "amd64" {
		cmd.Env = append(cmd.Env, "GOAMD64="+level)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("cannot build: %w\n%s", err, out)
	}
	return file, nil
}

var (
	plain = sync.OnceValues(func() (string, error) { return build("v1") })
	newer = sync.OnceValues(func() (string, error) { return build("v3") })
)

// segovia returns the program's path.
func segovia(t *testing.T) string {
	t.Helper()
	file, err := plain()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// command is one call of a program in a folder, without the variables that change what it does.
func command(bin, dir string, args ...string) *exec.Cmd {
	cmd := exec.Command(bin, args...)
	cmd.Dir = dir
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "SEGOVIA_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	return cmd
}

// call runs a program, which must succeed, and returns its standard output.
func call(t *testing.T, bin, dir string, args ...string) []byte {
	t.Helper()
	cmd := command(bin, dir, args...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("segovia %s: %v\n%s%s", strings.Join(args, " "), err, out, errs.Bytes())
	}
	return out
}

// summary is the last line that `run --json` prints.
type summary struct {
	Event     string `json:"event"`
	Status    string `json:"status"`
	RunID     string `json:"run_id"`
	Dir       string `json:"dir"`
	LabelHash string `json:"label_hash"`
	Customers int    `json:"customers"`
	K         int    `json:"k"`
}

// publish makes a run, which must be published, and returns what it says and the absolute path of the run's folder.
func publish(t *testing.T, bin, dir string, args ...string) (summary, string) {
	t.Helper()
	out := bytes.TrimSpace(call(t, bin, dir, append([]string{"run", "--json"}, args...)...))
	var s summary
	if err := json.Unmarshal(out[bytes.LastIndexByte(out, '\n')+1:], &s); err != nil {
		t.Fatalf("the last line of the run is no summary: %v\n%s", err, out)
	}
	if s.Event != "end" || s.Status != "published" {
		t.Fatalf("the run ended with %+v", s)
	}
	if filepath.IsAbs(s.Dir) {
		return s, s.Dir
	}
	return s, filepath.Join(dir, s.Dir)
}

// read returns a file's bytes.
func read(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// decode reads a JSON file into v.
func decode(t *testing.T, file string, v any) {
	t.Helper()
	if err := json.Unmarshal(read(t, file), v); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// put writes a file and the folders above it.
func put(t *testing.T, file string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

// shared returns a path beside the repository; the test is skipped, or fails where it must run, when it is not there.
func shared(t *testing.T, parts ...string) string {
	t.Helper()
	file, err := filepath.Abs(filepath.Join(append([]string{"../../../../../shared"}, parts...)...))
	if err == nil {
		_, err = os.Stat(file)
	}
	kerneltest.Require(t, "shared", err == nil)
	return file
}

// example returns the absolute path of a configuration in cmd/segovia/examples.
func example(t *testing.T, name string) string {
	t.Helper()
	file, err := filepath.Abs(filepath.Join("../../examples", name))
	if err != nil {
		t.Fatal(err)
	}
	return file
}
