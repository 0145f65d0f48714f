package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The committed assembly is what the generator writes.
func TestAssemblyIsFresh(t *testing.T) {
	out := filepath.Join(t.TempDir(), "probe_amd64.s")
	if text, err := exec.Command("go", "run", ".", "-out", out).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	want, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../probe/probe_amd64.s")
	if err != nil {
		t.Fatal(err)
	}
	// The first line names the command that wrote the file.
	_, want, _ = bytes.Cut(want, []byte("\n"))
	_, got, _ = bytes.Cut(got, []byte("\n"))
	if !bytes.Equal(got, want) {
		t.Error("kernels/probe/probe_amd64.s is not what kernels/_gen/probe writes: run `make assembly`")
	}
}
